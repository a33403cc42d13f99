//! libp2p's relay behind a fence that mends what it does wrong.
//!
//! - libp2p-relay 0.22 asserts that whoever is granted a reservation is still known to it. A phone whose renewal is being granted at the very
//!   moment at which its old reservation runs out is not. The panic ends that phone's connection instead of the relay: the assertion stands
//!   before anything is changed.
//! - It rings at a phone for ten callers at once, and forgets any more: they would wait for nothing. Here they wait for their turn.

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, relay};

/// Most callers for whom libp2p rings at one phone at once.
const MAX_RINGING: usize = 10;
/// How what libp2p tells the connection of a phone that is called begins, and how what comes back does: the types are its own secret.
const RING: &str = "Left(In::NegotiateOutboundConnect ";
const ANSWERED: [&str; 2] =
    ["Left(Event::OutboundConnectNegotiated ", "Left(Event::OutboundConnectNegotiationFailed "];

type Order = ToSwarm<relay::Event, THandlerInEvent<relay::Behaviour>>;

/// The relay, whose connections must end, and who is being called.
pub(crate) struct Fence {
    inner: relay::Behaviour,
    broken: VecDeque<(PeerId, ConnectionId)>,
    called: HashMap<ConnectionId, Called>,
    /// Calls whose turn has come.
    next: VecDeque<Order>,
}

/// The connection of a phone that is called.
#[derive(Default)]
struct Called {
    ringing: usize,
    waiting: VecDeque<Order>,
}

impl Fence {
    pub(crate) fn new(inner: relay::Behaviour) -> Self {
        Self { inner, broken: VecDeque::new(), called: HashMap::new(), next: VecDeque::new() }
    }

    /// Returns an order that may be carried out now, or keeps it until a caller before it has had its answer.
    fn in_turn(&mut self, order: Order) -> Option<Order> {
        let ToSwarm::NotifyHandler { handler: NotifyHandler::One(id), event, .. } = &order else {
            return Some(order);
        };
        if !begins(event, RING) {
            return Some(order);
        }
        let called = self.called.entry(*id).or_default();
        if called.ringing >= MAX_RINGING {
            called.waiting.push_back(order);
            return None;
        }
        called.ringing += 1;
        Some(order)
    }

    /// Lets the next caller's turn come.
    fn answered(&mut self, id: ConnectionId) {
        let Some(called) = self.called.get_mut(&id) else { return };
        match called.waiting.pop_front() {
            Some(order) => self.next.push_back(order),
            None => called.ringing -= 1,
        }
        if called.ringing == 0 {
            self.called.remove(&id);
        }
    }
}

impl NetworkBehaviour for Fence {
    type ConnectionHandler = <relay::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = relay::Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        remote: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(id, peer, remote, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ConnectionClosed(closed) = &event {
            // Whoever was waiting for it is told by the end of its stream.
            self.called.remove(&closed.connection_id);
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        if ANSWERED.iter().any(|answer| begins(&event, answer)) {
            self.answered(id);
        }
        let inner = &mut self.inner;
        let told = catch_unwind(AssertUnwindSafe(move || inner.on_connection_handler_event(peer, id, event)));
        if told.is_err() {
            tracing::warn!("a connection is closed: what it did was not foreseen");
            self.broken.push_back((peer, id));
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some((peer_id, id)) = self.broken.pop_front() {
            return Poll::Ready(ToSwarm::CloseConnection { peer_id, connection: CloseConnection::One(id) });
        }
        if let Some(order) = self.next.pop_front() {
            return Poll::Ready(order);
        }
        while let Poll::Ready(order) = self.inner.poll(context) {
            if let Some(order) = self.in_turn(order) {
                return Poll::Ready(order);
            }
        }
        Poll::Pending
    }
}

/// Returns whether what libp2p prints of a thing begins like that.
fn begins(thing: &impl Debug, beginning: &str) -> bool {
    format!("{thing:?}").starts_with(beginning)
}

#[cfg(test)]
mod tests;
