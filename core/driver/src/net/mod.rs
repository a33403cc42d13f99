//! The network: one libp2p swarm, and one long-lived stream each way to every co-signer.
//!
//! A phone writes frames on the stream that it opened and reads them from the stream that the other opened. Streams
//! are negotiated lazily, so the first frame costs no round trip. Between two phones several connections may stand, directly or
//! through relays: frames take the best. A link goes down when none is left. When frames take another connection, some may be
//! lost with the former; the exchange that begins each stream makes up for them.

mod aside;
mod circuit;
mod fault;
mod frames;
#[cfg(feature = "mdns")]
mod lan;
mod link;
mod names;
mod relay;
mod rendezvous;
mod streams;
mod tasks;
#[cfg(test)]
mod tests;
mod transport;

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU8;
use std::time::Duration;

use countersign_machine::id::TransportKey;
use countersign_machine::key::{wiped_after, wiped_deep_after};
use countersign_machine::link::{DialFault, LinkPath, Source, Tried};
use futures::stream::StreamExt;
use libp2p::core::transport::ListenerId;
use libp2p::core::upgrade::Version;
use libp2p::identity::{self, Keypair, PublicKey};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{self, ConnectionId, DialError, NetworkBehaviour, SwarmEvent};
use libp2p::{PeerId, Swarm, TransportError, allow_block_list, connection_limits, dcutr, identify};
use tokio::sync::mpsc;

use self::aside::Aside;
use self::circuit::Ask;
use self::frames::Report;
use self::link::Peer;
use self::relay::Relay;
use self::tasks::Tasks;
use crate::vault::Secret32;

/// What we say that we are; its last part is the version.
const IDENTITY: &str = "countersign/1";
/// Most frames that have been read but not yet taken by the machine.
const MAX_UNREAD_FRAMES: usize = 64;
/// Most connections that strangers may be in the middle of opening.
const MAX_PENDING_INCOMING: u32 = 64;
/// Most connections to one peer: both sides may dial at once, and a new one may come before the old is gone.
const MAX_PER_PEER: u32 = 4;
/// Most connections that others have opened: one from every other signer of five of the largest wallets. It keeps those that
/// misbehave together from taking every descriptor, of which a process on a phone may have 1024.
const MAX_INCOMING: u32 = 512;
/// How long a connection without any stream is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long until libp2p asks again who we are talking to. The answer does not change: as good as never.
const IDENTIFY_INTERVAL: Duration = Duration::from_secs(30 * 24 * 3600);
/// Most addresses taken from one message about a peer.
const MAX_FOUND: usize = countersign_machine::limits::MAX_ADDRESSES;

/// Where the network listens, and how it looks for others.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetConfig {
    /// Multiaddresses to listen at; none to dial only.
    pub(crate) listen: Vec<String>,
    /// Whether to look for co-signers in the local network, and be found there.
    pub(crate) mdns: bool,
}

/// What the network reports.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NetEvent {
    /// A peer is connected and takes frames. It comes again, without [`NetEvent::Down`], when frames take another connection from
    /// now on: the other side is to be greeted anew.
    Up(TransportKey, LinkPath),
    /// No connection is left, or frames may have been lost.
    Down(TransportKey),
    /// A dial led to no connection: every address with its reason. There is one for each dial that does.
    DialFailed(TransportKey, Vec<Tried>),
    /// A frame came.
    Frame(TransportKey, Vec<u8>),
    /// The addresses at which we can be dialled, those through relays among them: the whole list.
    Listening(Vec<String>),
    /// A relay has granted what was asked of it: we can be dialled through it.
    RelayUp(TransportKey),
    /// A relay cannot be reached, refuses, or keeps us no longer. It is to be asked again.
    RelayDown(TransportKey, DialFault),
    /// A co-signer's addresses were found; they hold for so many milliseconds.
    Found(TransportKey, Vec<String>, Source, u64),
    /// Whether a rendezvous point has taken all of a registration.
    Registered(TransportKey, bool),
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
    /// Listening on all addresses needs to watch the interfaces, which this build does not: name the addresses.
    #[error(
        "'{0}' stands for all addresses, which this build does not watch: name each address to listen at"
    )]
    Unspecified(String),
    /// This build does not look for others in the local network.
    #[error("this build does not look for others in the local network")]
    NoMdns,
}

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct Behaviour {
    // These two come first: what they refuse, the others never see.
    allowed: allow_block_list::Behaviour<allow_block_list::AllowedPeers>,
    limits: connection_limits::Behaviour,
    streams: streams::Streams,
    identify: identify::Behaviour,
    relay: libp2p::relay::client::Behaviour,
    dcutr: dcutr::Behaviour,
    rendezvous: rendezvous::Behaviour,
}

/// The swarm and the tasks that read and write its streams.
pub(crate) struct Net {
    swarm: Swarm<Behaviour>,
    /// On the heap: a value that is moved stays where it was, too.
    keypair: Box<Keypair>,
    tasks: Tasks,
    aside: Aside,
    /// The co-signers that may connect.
    peers: HashMap<PeerId, Peer>,
    /// The relays that are asked to keep us, and those that circuits to co-signers go through.
    relays: HashMap<PeerId, Relay>,
    /// The relays that dials wait for.
    asked: mpsc::UnboundedReceiver<Ask>,
    questions: rendezvous::Questions,
    registering: HashMap<PeerId, relay::Registering>,
    #[cfg(feature = "mdns")]
    lan: Option<lan::Lan>,
    /// What the reading and writing tasks report.
    reports: mpsc::Receiver<Report>,
    reporter: mpsc::Sender<Report>,
    /// What is to be told before anything else happens: a few for each call and each event of the swarm.
    events: VecDeque<NetEvent>,
    /// The addresses that were told last.
    told: Vec<String>,
    /// The number of the newest stream.
    streams: u64,
}

impl Net {
    /// Starts a swarm that lets nobody in yet.
    pub(crate) fn start(transport: &Secret32, config: &NetConfig) -> Result<Self, NetError> {
        let keypair = keypair(transport)?;
        let tasks = Tasks::default();
        let aside = Aside::default();
        let (mut swarm, asked) =
            wiped_deep_after::<SWARM_STACK, _>(|| build_swarm(&keypair, tasks.clone(), &aside))?;
        for address in &config.listen {
            let parsed = address.parse().map_err(|_| NetError::Address(address.clone()))?;
            if cfg!(not(feature = "interfaces")) && transport::is_unspecified(&parsed) {
                return Err(NetError::Unspecified(address.clone()));
            }
            swarm.listen_on(parsed).map_err(|error| NetError::Listen(listen_error(&error)))?;
        }
        if cfg!(not(feature = "mdns")) && config.mdns {
            return Err(NetError::NoMdns);
        }
        let (reporter, reports) = mpsc::channel(MAX_UNREAD_FRAMES);
        Ok(Self {
            #[cfg(feature = "mdns")]
            lan: config.mdns.then(|| lan::Lan::start(*swarm.local_peer_id(), &aside)).transpose()?,
            swarm,
            keypair,
            tasks,
            aside,
            peers: HashMap::new(),
            relays: HashMap::new(),
            asked,
            questions: rendezvous::Questions::default(),
            registering: HashMap::new(),
            reports,
            reporter,
            events: VecDeque::new(),
            told: Vec::new(),
            streams: 0,
        })
    }

    /// Lets `key` connect.
    pub(crate) fn admit(&mut self, key: TransportKey) {
        let Some(id) = peer_id(&key) else { return };
        self.peers.entry(id).or_insert_with(|| Peer::new(key));
        self.allow(id);
        #[cfg(feature = "mdns")]
        if let Some(addresses) = self.lan.as_ref().and_then(|lan| lan.addresses_of(&id)) {
            self.found(id, addresses, Source::Lan, lan::TTL_MS);
        }
    }

    /// Cuts the connections to `key` and lets it connect no more.
    pub(crate) fn exclude(&mut self, key: TransportKey) {
        let Some(id) = peer_id(&key) else { return };
        self.peers.remove(&id);
        self.allow(id);
    }

    /// Dials all addresses at once; a failure that shows at once is returned, any other comes as an event.
    ///
    /// Dials that are under way when a connection stands are not told of.
    pub(crate) fn dial(&mut self, key: TransportKey, addresses: &[String]) -> Result<(), Vec<Tried>> {
        let all = |why| addresses.iter().map(|address| Tried { address: address.clone(), why }).collect();
        let Some(id) = peer_id(&key) else { return Err(all(DialFault::NoUsableAddress)) };
        let Some(peer) = self.peers.get_mut(&id) else { return Err(all(DialFault::Transport)) };
        let parsed: Vec<Multiaddr> = addresses.iter().filter_map(|address| address.parse().ok()).collect();
        let options = DialOpts::peer_id(id)
            .addresses(parsed)
            .condition(PeerCondition::Always)
            .override_dial_concurrency_factor(NonZeroU8::MAX)
            // From the port that we listen at, two that dial each other at the same moment would make one TCP connection of two diallers,
            // and none to answer. Only who punches a hole wants that.
            .allocate_new_port()
            .build();
        let connection = options.connection_id();
        self.swarm.dial(options).map_err(|error| fault::tried(addresses, id, &error))?;
        peer.dials.push((connection, addresses.to_vec()));
        Ok(())
    }

    /// Returns how many bytes wait to be written, or are written and not yet flushed.
    pub(crate) fn queued(&self) -> usize {
        self.peers.values().filter_map(|peer| peer.writer.as_ref()).map(link::Writer::queued).sum()
    }

    /// Returns the next event. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> NetEvent {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            #[cfg(feature = "mdns")]
            let found = lan::next(&mut self.lan);
            #[cfg(not(feature = "mdns"))]
            let found = std::future::pending::<(PeerId, Vec<String>)>();
            tokio::select! {
                event = self.swarm.select_next_some() => self.swarm_event(event),
                Some(report) = self.reports.recv() => self.report(report),
                Some(ask) = self.asked.recv() => self.ask(ask),
                (id, addresses) = found => self.found(id, addresses, Source::Lan, LAN_TTL_MS),
            }
        }
    }

    /// Closes everything and waits until it is closed, but no longer than `within`; returns how many tasks are left.
    ///
    /// No socket, listener or task of the network is left after it, if it returns 0.
    pub(crate) async fn stop(mut self, within: Duration) -> usize {
        let end = tokio::time::Instant::now() + within;
        let allowed: Vec<PeerId> = self.peers.keys().chain(self.relays.keys()).copied().collect();
        self.peers.clear();
        self.relays.clear();
        for id in allowed {
            self.allow(id);
        }
        let closing = async {
            while self.swarm.connected_peers().next().is_some() {
                self.swarm.select_next_some().await;
            }
        };
        if tokio::time::timeout_at(end, closing).await.is_err() {
            tracing::warn!("connections were not closed in time");
        }
        let Self { swarm, tasks, aside, .. } = self;
        drop(swarm);
        aside.stop(end).await;
        tasks.stop(end.saturating_duration_since(tokio::time::Instant::now())).await
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p's enum grows; what is not named here needs nothing"
    )]
    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Streams(event)) => self.stream(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(
                identify::Event::Received { peer_id, .. } | identify::Event::Error { peer_id, .. },
            )) => self.greeted(peer_id),
            SwarmEvent::Behaviour(BehaviourEvent::Relay(event)) => self.relay_event(&event),
            SwarmEvent::Behaviour(BehaviourEvent::Rendezvous(event)) => self.rendezvous_event(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.relay_connected(peer_id);
                self.connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, .. } => {
                self.disconnected(peer_id, connection_id);
                if num_established == 0 {
                    self.relay_disconnected(peer_id);
                }
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(id), connection_id, error } => {
                self.relay_failed(id, connection_id, &error);
                self.dial_failed(id, connection_id, &error);
            }
            SwarmEvent::NewListenAddr { listener_id, address } => self.listens(listener_id, &address, true),
            SwarmEvent::ExpiredListenAddr { listener_id, address } => {
                self.listens(listener_id, &address, false)
            }
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                self.reservation_ended(listener_id, &reason);
                self.listening();
            }
            other => tracing::trace!(?other, "swarm"),
        }
    }

    fn dial_failed(&mut self, id: PeerId, connection: ConnectionId, error: &DialError) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(at) = peer.dials.iter().position(|(dialled, _)| *dialled == connection) else { return };
        let (_, addresses) = peer.dials.swap_remove(at);
        self.events.push_back(NetEvent::DialFailed(peer.key, fault::tried(&addresses, id, error)));
    }

    /// Takes an address at which we listen from now on, or no more.
    #[cfg_attr(
        not(feature = "mdns"),
        expect(unused_variables, reason = "nobody is told in the local network")
    )]
    fn listens(&mut self, listener: ListenerId, address: &Multiaddr, listens: bool) {
        #[cfg(feature = "mdns")]
        if let Some(lan) = self.lan.as_mut().filter(|_| !is_circuit(address)) {
            lan.listens(listener, address, listens);
        }
        self.listening();
    }

    /// Tells where we can be dialled, if that is news.
    fn listening(&mut self) {
        let addresses: Vec<String> = self.addresses().iter().map(Multiaddr::to_string).collect();
        if addresses != self.told {
            self.told.clone_from(&addresses);
            self.events.push_back(NetEvent::Listening(addresses));
        }
    }

    /// Returns the addresses at which we can be dialled: those we listen at, and one for each relay that keeps us.
    fn addresses(&self) -> Vec<Multiaddr> {
        let direct = self.swarm.listeners().filter(|address| !is_circuit(address)).cloned();
        direct.chain(self.relays.iter().filter_map(|(id, relay)| relay.circuit(*id))).collect()
    }

    /// Tells of a co-signer's addresses; of a stranger's, nothing.
    fn found(&mut self, id: PeerId, addresses: Vec<String>, source: Source, ttl_ms: u64) {
        if let Some(peer) = self.peers.get(&id) {
            let addresses: Vec<String> = addresses.into_iter().take(MAX_FOUND).collect();
            self.events.push_back(NetEvent::Found(peer.key, addresses, source, ttl_ms));
        }
    }

    /// Lets a peer connect if it is a co-signer or a relay, or closes its connections and lets it no more.
    fn allow(&mut self, id: PeerId) {
        let allowed = &mut self.swarm.behaviour_mut().allowed;
        if self.peers.contains_key(&id) || self.relays.contains_key(&id) {
            allowed.allow_peer(id);
        } else {
            allowed.disallow_peer(id);
        }
    }
}

/// How long what was found in the local network holds, in milliseconds: as long as libp2p's mDNS says that it does.
#[cfg(feature = "mdns")]
const LAN_TTL_MS: u64 = lan::TTL_MS;
#[cfg(not(feature = "mdns"))]
const LAN_TTL_MS: u64 = 0;

/// Stack that building a swarm may need, in bytes: transports sign certificates with our key, and are moved about.
const SWARM_STACK: usize = 256 * 1024;

fn keypair(transport: &Secret32) -> Result<Box<Keypair>, NetError> {
    wiped_after(|| {
        let mut seed = zeroize::Zeroizing::new(*transport.expose());
        let secret = identity::ed25519::SecretKey::try_from_bytes(seed.as_mut_slice())
            .map_err(|error| NetError::Transport(error.to_string()))?;
        Ok(Box::new(identity::ed25519::Keypair::from(secret).into()))
    })
}

fn build_swarm(
    keypair: &Keypair,
    tasks: Tasks,
    aside: &Aside,
) -> Result<(Swarm<Behaviour>, mpsc::UnboundedReceiver<Ask>), NetError> {
    let id = keypair.public().to_peer_id();
    let wires = transport::build(keypair, aside)?;
    let limits = connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(MAX_PENDING_INCOMING))
        .with_max_established_incoming(Some(MAX_INCOMING))
        .with_max_established_per_peer(Some(MAX_PER_PEER));
    let identity = identify::Config::new(IDENTITY.to_owned(), keypair.public())
        .with_agent_version(IDENTITY.to_owned())
        .with_interval(IDENTIFY_INTERVAL)
        .with_hide_listen_addrs(true)
        .with_cache_size(0);
    let behaviour = Behaviour {
        allowed: allow_block_list::Behaviour::default(),
        limits: connection_limits::Behaviour::new(limits),
        streams: streams::Streams::default(),
        identify: identify::Behaviour::new(identity),
        relay: wires.relay,
        dcutr: dcutr::Behaviour::new(id),
        rendezvous: rendezvous::behaviour(),
    };
    let config = swarm::Config::with_executor(tasks)
        .with_idle_connection_timeout(IDLE_TIMEOUT)
        .with_substream_upgrade_protocol_override(Version::V1Lazy);
    Ok((Swarm::new(wires.transport, behaviour, id, config), wires.asked))
}

/// Reads a relay's multiaddress: which relay it is, and where.
///
/// # Errors
///
/// [`NetError::Address`] if it is none, or does not end in the peer id of an Ed25519 key.
pub(crate) fn relay_of(address: &str) -> Result<(TransportKey, String), NetError> {
    let wrong = || NetError::Address(address.to_owned());
    let mut parsed: Multiaddr = address.parse().map_err(|_| wrong())?;
    let Some(Protocol::P2p(id)) = parsed.pop() else { return Err(wrong()) };
    let key = PublicKey::try_decode_protobuf(id.as_ref().digest()).map_err(|_| wrong())?;
    let key = key.try_into_ed25519().map_err(|_| wrong())?;
    Ok((TransportKey(key.to_bytes()), parsed.to_string()))
}

/// Returns the libp2p name of a transport key; `None` if it is no point of the curve.
fn peer_id(key: &TransportKey) -> Option<PeerId> {
    let key = identity::ed25519::PublicKey::try_from_bytes(&key.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

fn is_circuit(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// Returns an address without the name of the peer that it ends with.
fn without_peer(mut address: Multiaddr, id: PeerId) -> Multiaddr {
    if address.iter().last() == Some(Protocol::P2p(id)) {
        address.pop();
    }
    address
}

fn listen_error(error: &TransportError<std::io::Error>) -> String {
    match error {
        TransportError::MultiaddrNotSupported(address) => format!("{address} is not supported"),
        TransportError::Other(error) => error.to_string(),
    }
}
