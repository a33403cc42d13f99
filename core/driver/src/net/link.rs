//! The links to co-signers: which of the connections to one carries frames.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_machine::id::TransportKey;
use countersign_machine::link::LinkPath;
use libp2p::core::ConnectedPoint;
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::ConnectionId;
use libp2p::{PeerId, Stream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::frames::{self, Report, Said};
use super::streams::{Happened, StreamEvent};
use super::{Net, NetEvent, peer_id};

/// Most bytes waiting to be written to one peer: a peer that reads nothing loses its link, not our memory.
pub(super) const MAX_QUEUED_BYTES: usize = 4 * 1024 * 1024;

/// A co-signer that may connect.
pub(super) struct Peer {
    pub(super) key: TransportKey,
    /// The connections that stand, without those that we are closing.
    connections: Vec<Standing>,
    /// Those that wait for the other side's first stream, until they stand.
    early: Vec<ConnectionId>,
    /// Writes our frames, on one of them. There is one as long as any stands.
    pub(super) writer: Option<Writer>,
    /// Reads the newest stream that the other side has opened.
    reader: Option<Reader>,
    /// The dials under way, and their addresses as they were given: directly, and a moment later through relays.
    pub(super) dials: Vec<(ConnectionId, Vec<String>)>,
}

/// A connection that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    connection: ConnectionId,
    path: LinkPath,
    /// Whether it is a circuit that gives way to one that was dialled from the other end.
    yields: bool,
}

/// Our stream to a peer.
pub(super) struct Writer {
    stream: u64,
    connection: ConnectionId,
    path: LinkPath,
    frames: mpsc::UnboundedSender<Arc<[u8]>>,
    /// The other end, until the stream is open.
    queue: Option<mpsc::UnboundedReceiver<Arc<[u8]>>>,
    queued: Arc<AtomicUsize>,
    task: Option<AbortHandle>,
}

/// A peer's stream to us.
struct Reader {
    stream: u64,
    connection: ConnectionId,
    path: LinkPath,
    /// Dropped when the connection has ended.
    open: Option<oneshot::Sender<()>>,
    task: AbortHandle,
}

impl Peer {
    /// A peer that is not connected.
    pub(super) fn new(key: TransportKey) -> Self {
        Self {
            key,
            connections: Vec::new(),
            early: Vec::new(),
            writer: None,
            reader: None,
            dials: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn connections(&self) -> Vec<ConnectionId> {
        self.connections.iter().map(|one| one.connection).collect()
    }

    /// Returns the best connection: directly, else over WebRTC, else through a relay; the oldest of equals.
    fn best(&self) -> Option<Standing> {
        self.connections.iter().copied().min_by_key(|one| detour(one.path))
    }
}

impl Writer {
    /// Returns how many bytes wait to be written, or are written and not yet flushed.
    pub(super) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Net {
    /// Hands a frame to the peer's writer; a peer that has stopped reading loses its link.
    pub(crate) fn send(&mut self, key: &TransportKey, frame: Arc<[u8]>) {
        let Some(id) = peer_id(key) else { return };
        let Some(writer) = self.peers.get(&id).and_then(|peer| peer.writer.as_ref()) else { return };
        let length = frame.len();
        let queued = writer.queued.fetch_add(length, Ordering::Relaxed) + length;
        if queued > MAX_QUEUED_BYTES {
            tracing::warn!(peer = %id, queued, "the peer reads nothing: its link is cut");
            self.cut_link(id);
        } else if writer.frames.send(frame).is_err() {
            tracing::debug!(peer = %id, "the writer has ended: its report is on its way");
        }
    }

    /// Closes every connection to a co-signer, and says that the link is down.
    pub(super) fn cut_link(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let was_up = peer.writer.is_some() || peer.reader.is_some();
        peer.writer = None;
        peer.reader = None;
        let standing = peer.connections.drain(..).map(|one| one.connection);
        for connection in standing.chain(peer.early.drain(..)) {
            self.swarm.close_connection(connection);
        }
        if was_up {
            self.events.push_back(NetEvent::Down(peer.key));
        }
    }

    /// Takes a new connection.
    pub(super) fn connected(&mut self, id: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let path = path_of(endpoint);
        if path == LinkPath::Webrtc && endpoint.is_listener() {
            // libp2p's dialler loses streams that come before it is ready for them: its own first stream shows that it is.
            peer.early.push(connection);
        } else {
            self.stands(id, connection, path, endpoint.is_listener());
        }
    }

    /// Takes a connection that can be used. Of circuits that both sides have dialled one is left: else each side would punch a hole for its
    /// own, and the two dials meet as two diallers. Frames take it if it is better than the one they take now, or as good and the other
    /// side has made it: it would not have if ours still stood for it.
    fn stands(&mut self, id: PeerId, connection: ConnectionId, path: LinkPath, is_theirs: bool) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        // Whatever else was under way need not be told of any more.
        peer.dials.clear();
        let yields = path == LinkPath::Relay && is_theirs == (id > *self.swarm.local_peer_id());
        let circuits = || peer.connections.iter().filter(|one| one.path == LinkPath::Relay);
        if yields && circuits().any(|one| !one.yields) {
            self.swarm.close_connection(connection);
            return;
        }
        let replaced: Vec<ConnectionId> = if path == LinkPath::Relay && !yields {
            peer.connections.extract_if(.., |one| one.yields).map(|one| one.connection).collect()
        } else {
            Vec::new()
        };
        peer.connections.push(Standing { connection, path, yields });
        let takes = |writer: &Writer| {
            detour(path) < detour(writer.path)
                || is_theirs && detour(path) == detour(writer.path)
                || replaced.contains(&writer.connection)
        };
        if peer.writer.as_ref().is_none_or(takes) {
            self.write_on(id, connection, path);
        }
        for connection in replaced {
            self.swarm.close_connection(connection);
        }
    }

    /// Takes note that a connection has ended.
    pub(super) fn disconnected(&mut self, id: PeerId, connection: ConnectionId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.early.retain(|early| *early != connection);
        let Some(index) = peer.connections.iter().position(|one| one.connection == connection) else {
            return;
        };
        peer.connections.remove(index);
        if let Some(reader) = peer.reader.as_mut().filter(|reader| reader.connection == connection) {
            reader.open = None;
        }
        if peer.writer.take_if(|writer| writer.connection == connection).is_some() {
            self.reroute(id);
        }
    }

    /// Lets frames take the best connection that is left. If there is none the link is down, once all that the peer has
    /// sent is read.
    fn reroute(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if let Some(best) = peer.best() {
            self.write_on(id, best.connection, best.path);
        } else if peer.reader.is_none() {
            self.events.push_back(NetEvent::Down(peer.key));
        }
    }

    /// Lets frames take a connection, from the next frame on.
    fn write_on(&mut self, id: PeerId, connection: ConnectionId, path: LinkPath) {
        let stream = self.number_stream();
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let (frames, queue) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let queue = Some(queue);
        peer.writer = Some(Writer { stream, connection, path, frames, queue, queued, task: None });
        self.swarm.behaviour_mut().streams.open(id, connection);
        self.events.push_back(NetEvent::Up(peer.key, path));
        self.close_detours(id);
    }

    /// Takes what became of a stream.
    pub(super) fn stream(&mut self, StreamEvent { peer, connection, what }: StreamEvent) {
        match what {
            Happened::Opened(stream) => self.opened(peer, connection, stream),
            Happened::Failed => {
                let writer = self.peers.get(&peer).and_then(|peer| peer.writer.as_ref());
                if let Some(writer) = writer.filter(|writer| writer.connection == connection) {
                    self.broken(peer, writer.stream);
                }
            }
            Happened::Incoming(stream) => self.read_from(peer, connection, stream),
        }
    }

    /// Starts the task that writes frames on our stream, if they still take its connection.
    fn opened(&mut self, id: PeerId, connection: ConnectionId, stream: Stream) {
        let Some(writer) = self.peers.get_mut(&id).and_then(|peer| peer.writer.as_mut()) else { return };
        if writer.connection != connection {
            return;
        }
        let Some(queue) = writer.queue.take() else { return };
        let (number, counter, reports) = (writer.stream, Arc::clone(&writer.queued), self.reporter.clone());
        let path = writer.path;
        writer.task = Some(self.tasks.spawn(async move {
            if let Err(error) = frames::write(stream, queue, &counter, path).await {
                tracing::debug!(peer = %id, %error, "our stream broke");
            }
            // Nobody is left to be told when the network has been dropped.
            let _ = reports.send(Report { peer: id, stream: number, what: Said::Ended }).await;
        }));
    }

    /// Starts the task that reads the peer's stream, in place of an older one.
    fn read_from(&mut self, id: PeerId, connection: ConnectionId, stream: Stream) {
        let number = self.number_stream();
        let early =
            self.peers.get_mut(&id).map(|peer| peer.early.extract_if(.., |early| *early == connection));
        if early.is_some_and(|mut early| early.next().is_some()) {
            self.stands(id, connection, LinkPath::Webrtc, true);
        }
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(Standing { path, .. }) = peer.connections.iter().find(|one| one.connection == connection)
        else {
            return;
        };
        let (open, closed) = oneshot::channel();
        let task = self.tasks.spawn(frames::read(id, number, stream, self.reporter.clone(), closed));
        peer.reader = Some(Reader { stream: number, connection, path: *path, open: Some(open), task });
        self.close_detours(id);
    }

    /// Closes the connections through relays once neither side uses one.
    fn close_detours(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let (Some(writer), Some(reader)) = (&peer.writer, &peer.reader) else { return };
        if writer.path == LinkPath::Relay || reader.path == LinkPath::Relay {
            return;
        }
        for circuit in peer.connections.extract_if(.., |one| one.path == LinkPath::Relay) {
            self.swarm.close_connection(circuit.connection);
        }
    }

    /// Takes what a reading or writing task says. One that was replaced counts no more: its frames came too late.
    pub(super) fn report(&mut self, Report { peer: id, stream, what }: Report) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        if peer.writer.as_ref().is_some_and(|writer| writer.stream == stream) {
            return self.broken(id, stream);
        }
        if peer.reader.as_ref().is_none_or(|reader| reader.stream != stream) {
            return;
        }
        match what {
            Said::Frame(bytes) => self.events.push_back(NetEvent::Frame(peer.key, bytes)),
            Said::Unreadable => {
                tracing::warn!(peer = %id, "the peer sent something that is no frame: its link is cut");
                self.cut_link(id);
            }
            Said::Ended => {
                peer.reader = None;
                if peer.writer.is_none() {
                    self.events.push_back(NetEvent::Down(peer.key));
                }
            }
        }
    }

    /// Closes the connection on which our stream broke. It is not renewed there: the other side would not know that frames
    /// are lost.
    fn broken(&mut self, id: PeerId, stream: u64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(writer) = peer.writer.take_if(|writer| writer.stream == stream) else { return };
        peer.connections.retain(|one| one.connection != writer.connection);
        if let Some(reader) = peer.reader.as_mut().filter(|reader| reader.connection == writer.connection) {
            reader.open = None;
        }
        self.swarm.close_connection(writer.connection);
        self.reroute(id);
    }

    fn number_stream(&mut self) -> u64 {
        self.streams += 1;
        self.streams
    }
}

/// Returns how far from direct a path is.
fn detour(path: LinkPath) -> u8 {
    match path {
        LinkPath::Direct | LinkPath::Lan => 0,
        LinkPath::Webrtc => 1,
        LinkPath::Relay => 2,
    }
}

/// Returns the path of a connection, read off its addresses.
fn path_of(endpoint: &ConnectedPoint) -> LinkPath {
    if endpoint.is_relayed() { LinkPath::Relay } else { path_to(endpoint.get_remote_address()) }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "libp2p's enum grows; other parts say nothing of the path"
)]
fn path_to(address: &Multiaddr) -> LinkPath {
    let mut path = LinkPath::Direct;
    for part in address {
        match part {
            Protocol::WebRTC | Protocol::WebRTCDirect => return LinkPath::Webrtc,
            Protocol::Ip4(ip) if ip.is_private() || ip.is_link_local() => path = LinkPath::Lan,
            Protocol::Ip6(ip) if ip.is_unique_local() || ip.is_unicast_link_local() => path = LinkPath::Lan,
            _ => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_off_the_address() {
        let cases = [
            ("/ip4/203.0.113.7/tcp/1", LinkPath::Direct),
            ("/ip4/127.0.0.1/udp/1/quic-v1", LinkPath::Direct),
            ("/ip4/192.168.1.7/tcp/1", LinkPath::Lan),
            ("/ip6/fe80::1/tcp/1", LinkPath::Lan),
            ("/ip4/192.168.1.7/udp/1/webrtc-direct", LinkPath::Webrtc),
        ];
        for (address, path) in cases {
            assert_eq!(path_to(&address.parse().expect("an address")), path, "{address}");
        }
    }

    #[test]
    fn the_best_connection_is_direct_and_the_oldest() {
        let mut peer = Peer::new(TransportKey([1; 32]));
        let [relayed, browser, first, second] = [1, 2, 3, 4].map(ConnectionId::new_unchecked);
        let standing = |connection, path| Standing { connection, path, yields: false };
        peer.connections = vec![standing(relayed, LinkPath::Relay), standing(browser, LinkPath::Webrtc)];
        assert_eq!(peer.best(), Some(standing(browser, LinkPath::Webrtc)));

        peer.connections.extend([standing(first, LinkPath::Lan), standing(second, LinkPath::Direct)]);

        assert_eq!(peer.best(), Some(standing(first, LinkPath::Lan)));
    }
}
