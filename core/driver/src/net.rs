//! The network: one libp2p swarm, and on every connection one long-lived stream each way.
//!
//! A phone writes frames on the stream that it opened and reads them from the stream that the other opened. Streams
//! are negotiated lazily, so the first frame costs no round trip. A stream that breaks is a link that went down:
//! frames may be lost with it, and the exchange that begins the next one makes up for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_machine::id::TransportKey;
use countersign_machine::limits::{DIAL_TIMEOUT_MS, MAX_FRAME_BYTES};
use countersign_machine::link::{DialFault, LinkPath};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use futures::stream::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::core::upgrade::Version;
use libp2p::identity::{self, Keypair, PublicKey};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{DialError, NetworkBehaviour, SwarmEvent};
use libp2p::{
    PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder, TransportError, allow_block_list, connection_limits,
    noise, tcp, yamux,
};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::vault::Secret32;

/// The stream protocol's name; its frames are described in PROTOCOL.md.
const PROTOCOL: StreamProtocol = StreamProtocol::new("/countersign/1");

/// Most bytes waiting to be written to one peer: a peer that reads nothing loses its link, not our memory.
const MAX_QUEUED_BYTES: usize = 4 * 1024 * 1024;
/// Most streams that peers have opened and the engine has not yet looked at.
const MAX_UNREAD_STREAMS: usize = 256;
/// Most frames that have been read but not yet taken by the machine.
const MAX_UNREAD_FRAMES: usize = 64;
/// Most connections that strangers may be in the middle of opening.
const MAX_PENDING_INCOMING: u32 = 64;
/// Most connections to one peer: both sides may dial at once, and a new one may come before the old is gone.
const MAX_PER_PEER: u32 = 4;
/// How long a connection without any stream is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// What the network reports.
pub(crate) enum NetEvent {
    /// A peer is connected and takes frames.
    Up(TransportKey, LinkPath),
    /// It is not any more, or frames may have been lost.
    Down(TransportKey),
    /// A dial failed.
    DialFailed(TransportKey, DialFault),
    /// A frame came.
    Frame(TransportKey, Vec<u8>),
    /// The addresses at which we listen: the whole list.
    Listening(Vec<String>),
}

/// Why the network could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The transport secret is no Ed25519 seed, or the transport cannot be built from it.
    #[error("the transport cannot be built: {0}")]
    Transport(String),
    /// This is no multiaddress.
    #[error("'{0}' is no multiaddress")]
    Address(String),
    /// The system does not let us listen there.
    #[error("cannot listen: {0}")]
    Listen(String),
}

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct Behaviour {
    allowed: allow_block_list::Behaviour<allow_block_list::AllowedPeers>,
    limits: connection_limits::Behaviour,
    streams: libp2p_stream::Behaviour,
}

/// The swarm and the tasks that read and write its streams.
pub(crate) struct Net {
    swarm: Swarm<Behaviour>,
    control: libp2p_stream::Control,
    /// The streams that peers have opened.
    incoming: mpsc::Receiver<(PeerId, Stream)>,
    peers: HashMap<PeerId, Peer>,
    /// What the reading and writing tasks report.
    reports: mpsc::Receiver<Report>,
    reporter: mpsc::Sender<Report>,
    generation: u64,
}

/// A peer that may connect.
struct Peer {
    key: TransportKey,
    writer: Option<Writer>,
    reader: Option<AbortHandle>,
    path: LinkPath,
    /// Whether every connection is being closed. The link is down once none is left, on both sides.
    closing: bool,
}

struct Writer {
    frames: mpsc::UnboundedSender<Arc<[u8]>>,
    queued: Arc<AtomicUsize>,
    generation: u64,
    task: AbortHandle,
}

enum Report {
    Frame(PeerId, Vec<u8>),
    /// The peer sent something that is no frame.
    Unreadable(PeerId),
    /// The writer of this generation has ended.
    Broken(PeerId, u64),
}

impl Net {
    /// Starts a swarm that lets nobody in yet.
    pub(crate) fn start(transport: &Secret32, listen: &[String]) -> Result<Self, NetError> {
        let mut swarm = build_swarm(keypair(transport)?)?;
        for address in listen {
            let parsed = address.parse().map_err(|_| NetError::Address(address.clone()))?;
            swarm.listen_on(parsed).map_err(|error| NetError::Listen(listen_error(&error)))?;
        }
        let mut control = swarm.behaviour().streams.new_control();
        let accepted =
            control.accept(PROTOCOL).map_err(|_| NetError::Transport("protocol registered twice".into()))?;
        let (opened, incoming) = mpsc::channel(MAX_UNREAD_STREAMS);
        tokio::spawn(collect(accepted, opened));
        let (reporter, reports) = mpsc::channel(MAX_UNREAD_FRAMES);
        let peers = HashMap::new();
        Ok(Self { swarm, control, incoming, peers, reports, reporter, generation: 0 })
    }

    /// Lets `key` connect.
    pub(crate) fn admit(&mut self, key: TransportKey) {
        let Some(id) = peer_id(&key) else { return };
        self.swarm.behaviour_mut().allowed.allow_peer(id);
        let path = LinkPath::Direct;
        self.peers.entry(id).or_insert(Peer { key, writer: None, reader: None, path, closing: false });
    }

    /// Cuts the connection to `key` and lets it connect no more.
    pub(crate) fn exclude(&mut self, key: TransportKey) {
        let Some(id) = peer_id(&key) else { return };
        self.swarm.behaviour_mut().allowed.disallow_peer(id);
        self.peers.remove(&id);
    }

    /// Dials; a failure that shows at once is returned, any other comes as an event.
    pub(crate) fn dial(&mut self, key: TransportKey, addresses: &[String]) -> Result<(), DialFault> {
        let id = peer_id(&key).ok_or(DialFault::NoUsableAddress)?;
        let addresses: Vec<Multiaddr> = addresses.iter().filter_map(|address| address.parse().ok()).collect();
        let options = DialOpts::peer_id(id)
            .addresses(addresses)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .build();
        match self.swarm.dial(options) {
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => Ok(()),
            Err(error) => Err(dial_fault(&error)),
        }
    }

    /// Hands a frame to the peer's writer; a peer that has stopped reading loses its link.
    pub(crate) fn send(&mut self, key: &TransportKey, frame: Arc<[u8]>) {
        let Some(id) = peer_id(key) else { return };
        let Some(writer) = self.peers.get(&id).and_then(|peer| peer.writer.as_ref()) else { return };
        let length = frame.len();
        let queued = writer.queued.fetch_add(length, Ordering::Relaxed) + length;
        if queued > MAX_QUEUED_BYTES {
            tracing::warn!(peer = %id, queued, "the peer reads nothing: its link is cut");
            self.cut(id);
        } else if writer.frames.send(frame).is_err() {
            tracing::debug!(peer = %id, "the writer has ended: its report is on its way");
        }
    }

    /// Returns the next event. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> NetEvent {
        loop {
            let event = tokio::select! {
                event = self.swarm.select_next_some() => self.swarm_event(event),
                Some(report) = self.reports.recv() => self.report(report),
                Some((peer, stream)) = self.incoming.recv() => {
                    self.read_from(peer, stream);
                    None
                }
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p's enum grows; what is not named here needs nothing"
    )]
    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) -> Option<NetEvent> {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                let peer = self.peers.get_mut(&peer_id)?;
                if peer.closing {
                    self.swarm.close_connection(connection_id);
                    return None;
                }
                peer.path = path_of(&endpoint);
                if peer.writer.is_none() { self.write_to(peer_id) } else { None }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                let peer = self.peers.get_mut(&peer_id)?;
                peer.shut();
                peer.closing = false;
                Some(NetEvent::Down(peer.key))
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(id), error, .. } => {
                let peer = self.peers.get(&id)?;
                (!self.swarm.is_connected(&id)).then(|| NetEvent::DialFailed(peer.key, dial_fault(&error)))
            }
            SwarmEvent::NewListenAddr { .. }
            | SwarmEvent::ExpiredListenAddr { .. }
            | SwarmEvent::ListenerClosed { .. } => {
                Some(NetEvent::Listening(self.swarm.listeners().map(Multiaddr::to_string).collect()))
            }
            other => {
                tracing::trace!(?other, "swarm");
                None
            }
        }
    }

    fn report(&mut self, report: Report) -> Option<NetEvent> {
        match report {
            Report::Frame(id, bytes) => Some(NetEvent::Frame(self.peers.get(&id)?.key, bytes)),
            Report::Unreadable(id) => {
                tracing::warn!(peer = %id, "the peer sent something that is no frame: its link is cut");
                self.cut(id);
                None
            }
            Report::Broken(id, generation) => {
                let peer = self.peers.get_mut(&id)?;
                peer.writer.take_if(|writer| writer.generation == generation)?;
                self.cut(id);
                None
            }
        }
    }

    /// Closes every connection to a peer; the event of the last one says that the link is down.
    ///
    /// A stream is not renewed on a connection that stands: the other side would not know that frames are lost.
    fn cut(&mut self, id: PeerId) {
        let connected = self.swarm.disconnect_peer_id(id).is_ok();
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.shut();
            peer.closing = connected;
        }
    }

    /// Starts the task that opens our stream to a peer and writes frames to it.
    fn write_to(&mut self, id: PeerId) -> Option<NetEvent> {
        self.generation += 1;
        let generation = self.generation;
        let (frames, queue) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let (control, reporter) = (self.control.clone(), self.reporter.clone());
        let counter = Arc::clone(&queued);
        let task = tokio::spawn(async move {
            if let Err(error) = write_frames(control, id, queue, &counter).await {
                tracing::debug!(peer = %id, %error, "our stream broke");
            }
            // The engine may be gone already: then nobody needs to know.
            let _ = reporter.send(Report::Broken(id, generation)).await;
        });
        let peer = self.peers.get_mut(&id)?;
        peer.writer = Some(Writer { frames, queued, generation, task: task.abort_handle() });
        Some(NetEvent::Up(peer.key, peer.path))
    }

    /// Starts the task that reads the peer's stream, in place of an older one.
    fn read_from(&mut self, id: PeerId, stream: Stream) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let reporter = self.reporter.clone();
        let task = tokio::spawn(async move { read_frames(id, stream, reporter).await });
        if let Some(former) = peer.reader.replace(task.abort_handle()) {
            former.abort();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    /// Ends both streams.
    fn shut(&mut self) {
        self.writer.take();
        if let Some(reader) = self.reader.take() {
            reader.abort();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Takes over the streams that peers open, as soon as they do: those that come while another waits are dropped.
async fn collect(mut accepted: libp2p_stream::IncomingStreams, opened: mpsc::Sender<(PeerId, Stream)>) {
    while let Some(stream) = accepted.next().await {
        if opened.send(stream).await.is_err() {
            return;
        }
    }
}

/// Opens our stream and writes every queued frame: its length as an unsigned varint, then its bytes. The other
/// side writes nothing on it: reading from it tells when it ends.
async fn write_frames(
    mut control: libp2p_stream::Control,
    id: PeerId,
    mut queue: mpsc::UnboundedReceiver<Arc<[u8]>>,
    queued: &AtomicUsize,
) -> std::io::Result<()> {
    let stream = control.open_stream(id, PROTOCOL).await.map_err(std::io::Error::other)?;
    let (mut reading, mut writing) = stream.split();
    let (mut buffer, mut nothing) = (Vec::new(), [0]);
    loop {
        let first = tokio::select! {
            frame = queue.recv() => frame,
            end = reading.read(&mut nothing) => return end.map(drop),
        };
        let Some(first) = first else { return writing.close().await };
        let mut next = Some(first);
        while let Some(frame) = next {
            queued.fetch_sub(frame.len(), Ordering::Relaxed);
            let mut length = unsigned_varint::encode::usize_buffer();
            buffer.extend_from_slice(unsigned_varint::encode::usize(frame.len(), &mut length));
            buffer.extend_from_slice(&frame);
            next = if buffer.len() < MAX_FRAME_BYTES { queue.try_recv().ok() } else { None };
        }
        writing.write_all(&buffer).await?;
        writing.flush().await?;
        buffer.clear();
    }
}

/// Reads frames until the stream ends. The length is checked before anything is allocated for it.
async fn read_frames(id: PeerId, mut stream: Stream, reporter: mpsc::Sender<Report>) {
    loop {
        let length = match unsigned_varint::aio::read_usize(&mut stream).await {
            Ok(length) if length <= MAX_FRAME_BYTES => length,
            Err(unsigned_varint::io::ReadError::Io(_)) => return,
            Ok(_) | Err(_) => {
                // The engine may be gone already: then nobody needs to know.
                let _ = reporter.send(Report::Unreadable(id)).await;
                return;
            }
        };
        let mut bytes = vec![0; length];
        if stream.read_exact(&mut bytes).await.is_err()
            || reporter.send(Report::Frame(id, bytes)).await.is_err()
        {
            return;
        }
    }
}

fn keypair(transport: &Secret32) -> Result<Keypair, NetError> {
    let mut seed = zeroize::Zeroizing::new(*transport.expose());
    let secret = identity::ed25519::SecretKey::try_from_bytes(seed.as_mut_slice())
        .map_err(|error| NetError::Transport(error.to_string()))?;
    Ok(identity::ed25519::Keypair::from(secret).into())
}

fn build_swarm(keypair: Keypair) -> Result<Swarm<Behaviour>, NetError> {
    let limits = connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(MAX_PENDING_INCOMING))
        .with_max_established_per_peer(Some(MAX_PER_PEER));
    let behaviour = |_: &Keypair| Behaviour {
        allowed: allow_block_list::Behaviour::default(),
        limits: connection_limits::Behaviour::new(limits),
        streams: libp2p_stream::Behaviour::new(),
    };
    let swarm = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| NetError::Transport(error.to_string()))?
        .with_behaviour(behaviour)
        .map_err(|error| NetError::Transport(error.to_string()))?
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(IDLE_TIMEOUT)
                .with_substream_upgrade_protocol_override(Version::V1Lazy)
        })
        .with_connection_timeout(Duration::from_millis(DIAL_TIMEOUT_MS))
        .build();
    Ok(swarm)
}

/// Returns the libp2p name of a transport key; `None` if it is no point of the curve.
fn peer_id(key: &TransportKey) -> Option<PeerId> {
    let key = identity::ed25519::PublicKey::try_from_bytes(&key.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "libp2p's enum grows; other parts say nothing of the path"
)]
fn path_of(endpoint: &ConnectedPoint) -> LinkPath {
    let address = endpoint.get_remote_address();
    for part in address {
        match part {
            Protocol::P2pCircuit => return LinkPath::Relay,
            Protocol::WebRTC | Protocol::WebRTCDirect => return LinkPath::Webrtc,
            Protocol::Ip4(ip) if ip.is_private() || ip.is_link_local() => return LinkPath::Lan,
            Protocol::Ip6(ip) if ip.is_unique_local() || ip.is_unicast_link_local() => return LinkPath::Lan,
            _ => {}
        }
    }
    LinkPath::Direct
}

fn dial_fault(error: &DialError) -> DialFault {
    match error {
        DialError::WrongPeerId { .. } | DialError::LocalPeerId { .. } => DialFault::WrongPeer,
        DialError::NoAddresses => DialFault::NoUsableAddress,
        DialError::Denied { .. } | DialError::Aborted | DialError::DialPeerConditionFalse(_) => {
            DialFault::Transport
        }
        DialError::Transport(tried) => {
            let refused = tried.iter().any(|(_, error)| match error {
                TransportError::Other(error) => is_refusal(error),
                TransportError::MultiaddrNotSupported(_) => false,
            });
            let unusable =
                tried.iter().all(|(_, error)| matches!(error, TransportError::MultiaddrNotSupported(_)));
            match (unusable, refused) {
                (true, _) => DialFault::NoUsableAddress,
                (false, true) => DialFault::Refused,
                (false, false) => DialFault::NoAnswer,
            }
        }
    }
}

/// Returns whether the system's "connection refused" is among an error's causes.
fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
            || error.to_string().contains("onnection refused")
    })
}

fn listen_error(error: &TransportError<std::io::Error>) -> String {
    match error {
        TransportError::MultiaddrNotSupported(address) => format!("{address} is not supported"),
        TransportError::Other(error) => error.to_string(),
    }
}
