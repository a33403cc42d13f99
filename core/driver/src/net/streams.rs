//! A libp2p behaviour with one stream each way on every connection.
//!
//! We open ours when told to, on one connection and no other. Of the streams that the other side opens only the newest counts.

use std::collections::VecDeque;
use std::task::{Context, Poll};

use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::core::{Endpoint, Multiaddr};
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{PeerId, Stream, StreamProtocol};

/// The stream protocol's name; its frames are described in PROTOCOL.md.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/countersign/1");

/// A stream, and whose and which connection's it is.
#[derive(Debug)]
pub(super) struct StreamEvent {
    pub(super) peer: PeerId,
    pub(super) connection: ConnectionId,
    pub(super) what: Happened,
}

/// What became of a stream.
#[derive(Debug)]
pub(super) enum Happened {
    /// Ours is open.
    Opened(Stream),
    /// Ours could not be opened.
    Failed,
    /// The other side has opened one.
    Incoming(Stream),
}

/// The streams of all connections. It holds no more than one order for each that the swarm has not yet taken.
#[derive(Default)]
pub(super) struct Streams {
    queue: VecDeque<ToSwarm<StreamEvent, Open>>,
}

/// The order to open our stream.
#[derive(Debug)]
pub(super) struct Open;

impl Streams {
    /// Opens our stream on a connection.
    pub(super) fn open(&mut self, peer_id: PeerId, connection: ConnectionId) {
        let handler = NotifyHandler::One(connection);
        self.queue.push_back(ToSwarm::NotifyHandler { peer_id, handler, event: Open });
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = Handler;
    type ToSwarm = StreamEvent;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn on_swarm_event(&mut self, _: FromSwarm) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        what: THandlerOutEvent<Self>,
    ) {
        self.queue.push_back(ToSwarm::GenerateEvent(StreamEvent { peer, connection, what }));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.queue.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

/// The streams of one connection. A connection lives on as long as it has any, by libp2p's own count.
#[derive(Default)]
pub(super) struct Handler {
    /// Whether ours is to be opened.
    wanted: bool,
    /// What became of ours.
    ours: Option<Happened>,
    /// The newest that the other side has opened.
    theirs: Option<Stream>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Open;
    type ToBehaviour = Happened;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Self::ToBehaviour>> {
        if std::mem::take(&mut self.wanted) {
            let protocol = SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ());
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        let news = self.ours.take().or_else(|| self.theirs.take().map(Happened::Incoming));
        news.map_or(Poll::Pending, |what| Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(what)))
    }

    fn on_behaviour_event(&mut self, Open: Open) {
        self.wanted = true;
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p's enum grows; no other event concerns a stream of ours"
    )]
    fn on_connection_event(&mut self, event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. }) => {
                self.theirs = Some(protocol);
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, .. }) => {
                self.ours = Some(Happened::Opened(protocol));
            }
            ConnectionEvent::DialUpgradeError(_) => self.ours = Some(Happened::Failed),
            _ => {}
        }
    }
}
