//! The one task: the swarm, what it reports, and its end.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use futures::{FutureExt, StreamExt};
use libp2p::core::transport::ListenerId;
use libp2p::identity::Keypair;
use libp2p::metrics::Registry;
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::{ConnectionId, ListenError, NetworkBehaviour, SwarmEvent};
use libp2p::{
    Multiaddr, PeerId, Swarm, SwarmBuilder, TransportError, identify, memory_connection_limits, noise, relay,
    tcp, yamux,
};
use tokio::sync::{oneshot, watch};

use crate::admission::{Admission, address_of, refusal};
use crate::config::Config;
use crate::fence::Fence;
use crate::metrics::Figures;
use crate::quota::SharedQuota;
use crate::relay::Error;
use crate::rendezvous::{Codec, MeetingPoint, Message, PROTOCOL};

/// How long a newcomer has to say who it is.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection is kept that holds and does nothing.
const IDLE: Duration = Duration::from_secs(20);
/// How long the system has to name the addresses that we listen at.
const LISTENING: Duration = Duration::from_secs(10);
/// How long a phone has to send a request to the meeting point, and to take the answer.
const ANSWERED: Duration = Duration::from_secs(10);
/// Most such requests of one connection at once.
const MAX_REQUESTS: usize = 8;
/// Most streams of one connection: a phone's circuits, and a few more. Each may hold 256 KiB that nobody has read yet.
const MAX_STREAMS: usize = 128;
/// Most streams of one connection whose protocol is not yet known.
const MAX_NEGOTIATING: usize = 16;
/// How often counts are logged, if they have changed.
const COUNTS: Duration = Duration::from_secs(60);

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct Behaviour {
    admission: Admission,
    memory: memory_connection_limits::Behaviour,
    identify: identify::Behaviour,
    relay: Fence,
    rendezvous: request_response::Behaviour<Codec>,
}

/// A swarm that listens.
pub(crate) struct Engine {
    swarm: Swarm<Behaviour>,
    external: Vec<Multiaddr>,
    listeners: Vec<ListenerId>,
    addresses: watch::Sender<Vec<Multiaddr>>,
    peers: HashMap<PeerId, Vec<Connection>>,
    quota: SharedQuota,
    meeting: MeetingPoint,
    figures: Figures,
    replaced_after: Duration,
    stop_within: Duration,
    logged: [usize; 4],
}

/// A connection of a phone.
struct Connection {
    id: ConnectionId,
    since: Instant,
    address: IpAddr,
}

impl Engine {
    /// Starts to listen, and returns once the addresses are known: they are kept up to date in what is returned beside it.
    pub(crate) async fn start(
        keypair: Keypair,
        config: &Config,
        registry: &mut Registry,
    ) -> Result<(Self, watch::Receiver<Vec<Multiaddr>>), Error> {
        let quota = SharedQuota::new(config);
        let mut swarm = build_swarm(keypair, config, &quota, registry)?;
        for address in &config.external {
            swarm.add_external_address(address.clone());
        }
        let mut listeners = Vec::new();
        for address in &config.listen {
            let id = swarm.listen_on(address.clone()).map_err(|error| cannot_listen(address, &error))?;
            listeners.push(id);
        }
        // Later than at any earlier start, unless the clock has gone back: then old cookies are refused, or hide what is new.
        let first = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(1, |since| since.as_micros() as u64);
        let (addresses, listening) = watch::channel(Vec::new());
        let mut engine = Self {
            swarm,
            external: config.external.clone(),
            listeners,
            addresses,
            peers: HashMap::new(),
            quota,
            meeting: MeetingPoint::new(config.rendezvous.clone(), first),
            figures: Figures::new(registry),
            replaced_after: Duration::from_secs(config.connections.replaced_after_s),
            stop_within: Duration::from_secs(config.stop_s),
            logged: [0; 4],
        };
        let ready = tokio::time::timeout(LISTENING, engine.listen()).await;
        ready.map_err(|_| Error::Listen {
            field: "listen",
            address: config.listen.iter().map(Multiaddr::to_string).collect::<Vec<_>>().join(", "),
            problem: "the system names no address".into(),
        })?;
        Ok((engine, listening))
    }

    /// Waits until every listener has an address, and takes those that come with it.
    async fn listen(&mut self) {
        let mut waiting: BTreeSet<String> = self.listeners.iter().map(ListenerId::to_string).collect();
        while !waiting.is_empty() {
            let event = self.swarm.select_next_some().await;
            if let SwarmEvent::NewListenAddr { listener_id, .. } = &event {
                waiting.remove(&listener_id.to_string());
            }
            self.on_event(event);
        }
        while let Some(event) = self.swarm.select_next_some().now_or_never() {
            self.on_event(event);
        }
    }

    /// Serves until `stop` says so, or who holds its other end is gone.
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let addresses = self.addresses.borrow().len();
        tracing::info!(addresses, "the relay runs");
        let mut counts = tokio::time::interval(COUNTS);
        loop {
            let next_end = self.meeting.next_end();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                () = until(next_end) => self.meeting.expire(Instant::now()),
                _ = counts.tick() => self.log_counts(),
                _ = &mut stop => break,
            }
            self.count();
        }
        self.shut().await;
    }

    /// Stops listening, and closes whatever is open.
    async fn shut(mut self) {
        let [connections, _, circuits, _] = self.counts();
        tracing::info!(connections, circuits, "the relay stops");
        for listener in std::mem::take(&mut self.listeners) {
            self.swarm.remove_listener(listener);
        }
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // It may be gone by now, which is what we want.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let stop_within = self.stop_within;
        let quiet = async {
            while self.swarm.network_info().num_peers() > 0 {
                let event = self.swarm.select_next_some().await;
                if let SwarmEvent::ConnectionEstablished { peer_id, .. } = &event {
                    // It was at the door already.
                    let _ = self.swarm.disconnect_peer_id(*peer_id);
                }
                self.on_event(event);
            }
        };
        let in_time = tokio::time::timeout(stop_within, quiet).await.is_ok();
        tracing::info!(in_time, "the relay has stopped");
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "libp2p's enum grows; what is not named here is only counted"
    )]
    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        self.figures.record(&event);
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Relay(event)) => self.on_relay_event(event),
            SwarmEvent::Behaviour(BehaviourEvent::Rendezvous(request_response::Event::Message {
                peer,
                message: request_response::Message::Request { request, channel, .. },
                ..
            })) => self.on_request(peer, request, channel),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(peer_id, connection_id, address_of(endpoint.get_remote_address()));
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } => {
                let connections = self.peers.entry(peer_id).or_default();
                connections.retain(|connection| connection.id != connection_id);
                if connections.is_empty() {
                    self.peers.remove(&peer_id);
                    self.quota.lock().release(peer_id);
                }
                tracing::debug!(peer = short(peer_id), "a connection closed");
            }
            SwarmEvent::IncomingConnectionError { error, .. } => self.on_refused(&error),
            SwarmEvent::NewListenAddr { address, .. } => {
                if self.external.is_empty() {
                    self.swarm.add_external_address(address);
                }
                self.tell_addresses();
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                if self.external.is_empty() {
                    self.swarm.remove_external_address(&address);
                }
                self.tell_addresses();
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "a connection could not be taken");
            }
            SwarmEvent::ListenerClosed { reason: Err(error), .. } => {
                tracing::error!(%error, "the relay does not listen any more");
            }
            _ => {}
        }
    }

    /// Closes a phone's older connections: it has come back from another network, and would be looked for in vain on these.
    fn on_connected(&mut self, peer: PeerId, id: ConnectionId, address: IpAddr) {
        tracing::debug!(peer = short(peer), "connected");
        let connections = self.peers.entry(peer).or_default();
        for old in connections.iter().filter(|old| old.since.elapsed() >= self.replaced_after) {
            self.swarm.close_connection(old.id);
        }
        connections.push(Connection { id, since: Instant::now(), address });
    }

    fn on_refused(&mut self, error: &ListenError) {
        if let Some(why) = refusal(error) {
            tracing::debug!(why, "a connection was refused");
            self.figures.refused("connection", &why);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not named here is deprecated, and only counted"
    )]
    fn on_relay_event(&mut self, event: relay::Event) {
        self.figures.record(&event);
        match event {
            relay::Event::ReservationReqAccepted { src_peer_id, renewed } => {
                tracing::debug!(peer = short(src_peer_id), renewed, "a reservation");
            }
            relay::Event::ReservationReqDenied { src_peer_id, .. } => {
                tracing::debug!(peer = short(src_peer_id), "no reservation");
                self.figures.refused("reservation", "limit");
            }
            relay::Event::ReservationTimedOut { src_peer_id } => self.quota.lock().release(src_peer_id),
            relay::Event::CircuitReqAccepted { src_peer_id, dst_peer_id } => {
                tracing::debug!(from = short(src_peer_id), to = short(dst_peer_id), "a circuit");
                let newest = self.peers.get(&src_peer_id).and_then(|connections| connections.last());
                if let Some(connection) = newest {
                    self.quota.lock().opened(src_peer_id, dst_peer_id, connection.address);
                }
            }
            relay::Event::CircuitReqDenied { src_peer_id, dst_peer_id, status } => {
                tracing::debug!(from = short(src_peer_id), to = short(dst_peer_id), ?status, "no circuit");
                let why = match status {
                    relay::StatusCode::NoReservation => "no_reservation",
                    relay::StatusCode::ResourceLimitExceeded => "limit",
                    _ => "failed",
                };
                self.figures.refused("circuit", why);
            }
            relay::Event::CircuitClosed { src_peer_id, dst_peer_id, error } => {
                self.on_circuit_ended(src_peer_id, dst_peer_id, error.as_ref());
            }
            _ => {}
        }
    }

    fn on_circuit_ended(&mut self, from: PeerId, to: PeerId, error: Option<&std::io::Error>) {
        // libp2p says it twice if the phone that was called has gone.
        if self.quota.lock().closed(from, to) {
            let why = error.map_or("closed", why_it_ended);
            tracing::debug!(from = short(from), to = short(to), why, "a circuit ended");
            self.figures.circuit_ended(why);
        }
    }

    fn on_request(
        &mut self,
        peer: PeerId,
        request: Message,
        channel: request_response::ResponseChannel<Message>,
    ) {
        let Some(connection) = self.peers.get(&peer).and_then(|connections| connections.last()) else {
            return;
        };
        let (answered, answer) = self.meeting.answer(peer, connection.address, request, Instant::now());
        tracing::debug!(peer = short(peer), ?answered, "asked");
        self.figures.answered(answered);
        if let Some(answer) = answer {
            // A phone that is gone needs no answer.
            let _ = self.swarm.behaviour_mut().rendezvous.send_response(channel, answer);
        }
    }

    /// Tells the addresses that phones are to use.
    fn tell_addresses(&self) {
        let listening: Vec<Multiaddr> = self.swarm.listeners().cloned().collect();
        let told = if self.external.is_empty() { &listening } else { &self.external };
        let me = *self.swarm.local_peer_id();
        let named = told.iter().filter_map(|address| address.clone().with_p2p(me).ok());
        self.addresses.send_replace(named.collect());
    }

    /// Connections, reservations, circuits, registrations.
    fn counts(&self) -> [usize; 4] {
        let quota = self.quota.lock();
        let connections = self.peers.values().map(Vec::len).sum();
        [connections, quota.reservations(), quota.circuits(), self.meeting.len()]
    }

    fn count(&self) {
        let Figures { connections, reservations, circuits, registrations, .. } = &self.figures;
        for (gauge, value) in
            [connections, reservations, circuits, registrations].into_iter().zip(self.counts())
        {
            gauge.set(value as i64);
        }
    }

    fn log_counts(&mut self) {
        let counts = self.counts();
        if self.logged != counts {
            let [connections, reservations, circuits, registrations] = counts;
            tracing::info!(connections, reservations, circuits, registrations, "counts");
            self.logged = counts;
        }
    }
}

fn build_swarm(
    keypair: Keypair,
    config: &Config,
    quota: &SharedQuota,
    registry: &mut Registry,
) -> Result<Swarm<Behaviour>, Error> {
    let public = keypair.public();
    let requests = request_response::Config::default()
        .with_request_timeout(ANSWERED)
        .with_max_concurrent_streams(MAX_REQUESTS);
    let about = identify::Config::new("/countersign-relay/1".into(), public.clone())
        .with_agent_version(concat!("countersign-relay/", env!("CARGO_PKG_VERSION")).into())
        .with_hide_listen_addrs(true)
        .with_cache_size(0);
    let mut relay = relay::Behaviour::new(public.to_peer_id(), quota.relay_config(config));
    relay.set_status(Some(relay::Status::Enable));
    let memory = config.connections.memory_mib * 1024 * 1024;
    let behaviour = |_: &Keypair| Behaviour {
        admission: Admission::new(config.connections.clone()),
        memory: memory_connection_limits::Behaviour::with_max_bytes(memory),
        identify: identify::Behaviour::new(about),
        relay: Fence::new(relay),
        rendezvous: request_response::Behaviour::new([(PROTOCOL, ProtocolSupport::Inbound)], requests),
    };
    let muxer = || {
        let mut muxer = yamux::Config::default();
        muxer.set_max_num_streams(MAX_STREAMS);
        muxer
    };
    let swarm = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, muxer)
        .map_err(|error| Error::Transport(error.to_string()))?
        .with_bandwidth_metrics(registry)
        .with_behaviour(behaviour)
        .map_err(|error| Error::Transport(error.to_string()))?
        .with_swarm_config(|swarm| {
            swarm.with_idle_connection_timeout(IDLE).with_max_negotiating_inbound_streams(MAX_NEGOTIATING)
        })
        .with_connection_timeout(HANDSHAKE)
        .build();
    Ok(swarm)
}

/// Waits for a moment, or for ever if there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// Returns the end of a phone's name: enough to follow it through a log, not enough to know it elsewhere.
fn short(peer: PeerId) -> String {
    let name = peer.to_base58();
    name[name.len().saturating_sub(6)..].to_owned()
}

/// Returns the name of what ended a circuit: libp2p tells a full one only by its words.
fn why_it_ended(error: &std::io::Error) -> &'static str {
    if error.kind() == std::io::ErrorKind::TimedOut {
        "duration"
    } else if error.to_string().contains("Max circuit bytes") {
        "bytes"
    } else {
        "broken"
    }
}

fn cannot_listen(address: &Multiaddr, error: &TransportError<std::io::Error>) -> Error {
    let problem = match error {
        TransportError::MultiaddrNotSupported(_) if address.iter().any(|part| part == Protocol::QuicV1) => {
            "QUIC is not built in".into()
        }
        TransportError::MultiaddrNotSupported(_) => "it is no TCP address".into(),
        TransportError::Other(error) => error.to_string(),
    };
    Error::Listen { field: "listen", address: address.to_string(), problem }
}
