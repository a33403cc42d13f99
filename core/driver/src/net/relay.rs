//! Relays: those that we ask to keep us, so that others can dial us through them, and those that our circuits go through.
//!
//! A reservation at a relay is a listener of libp2p's. To end one the connection to the relay is closed: libp2p's relay client
//! panics if a reservation is granted, or renewed, after its listener was removed.

use countersign_machine::id::TransportKey;
use countersign_machine::link::{DialFault, Source};
use libp2p::PeerId;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::relay::client;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError};
use tokio::sync::oneshot;

use super::circuit::{self, Ask};
use super::rendezvous::{self, Answer};
use super::{Net, NetEvent, fault, peer_id, without_peer};

/// A relay that may be connected to us.
pub(super) struct Relay {
    /// Where it can be dialled.
    address: Multiaddr,
    /// What we ask of it, if it is to keep us.
    reservation: Option<Reservation>,
    stage: Stage,
    /// The circuits that wait for the connection to it.
    waiting: Vec<oneshot::Sender<Result<(), DialFault>>>,
}

/// Registrations under several names that were asked for at once.
pub(super) struct Registering {
    key: TransportKey,
    /// How many are not answered yet.
    left: usize,
    /// Whether all others were taken.
    taken: bool,
}

/// How we stand with a relay.
enum Stage {
    Apart,
    Dialling(ConnectionId),
    /// It has not yet said how it sees us. Hole punching needs to know, and does not wait for it.
    Greeting,
    Connected,
    /// Every connection is being closed.
    Closing,
}

/// The place that a relay is asked to keep for us.
struct Reservation {
    key: TransportKey,
    /// `None` until it is asked.
    listener: Option<ListenerId>,
    granted: bool,
}

impl Relay {
    /// Returns the address at which we can be dialled through it, if it keeps us.
    pub(super) fn circuit(&self, id: PeerId) -> Option<Multiaddr> {
        self.reservation.as_ref()?.granted.then(|| circuit_through(&self.address, id))
    }

    fn is_idle(&self) -> bool {
        self.reservation.is_none() && self.waiting.is_empty() && matches!(self.stage, Stage::Apart)
    }
}

fn circuit_through(address: &Multiaddr, relay: PeerId) -> Multiaddr {
    address.clone().with(Protocol::P2p(relay)).with(Protocol::P2pCircuit)
}

impl Net {
    /// Asks a relay to keep us. What comes of it is told by [`NetEvent::RelayUp`] or [`NetEvent::RelayDown`].
    ///
    /// A relay that keeps us, or is being asked, is not asked again.
    pub(crate) fn reserve(&mut self, relay: TransportKey, address: &str) {
        let (Some(id), Ok(parsed)) = (peer_id(&relay), address.parse::<Multiaddr>()) else {
            return self.events.push_back(NetEvent::RelayDown(relay, DialFault::NoUsableAddress));
        };
        let entry = self.relay(id, without_peer(parsed, id));
        if entry.reservation.is_none() {
            entry.reservation = Some(Reservation { key: relay, listener: None, granted: false });
            self.go_on_with(id);
        }
    }

    /// Lets a relay keep us no more, and closes the connection to it with all circuits.
    #[cfg(test)]
    pub(crate) fn leave(&mut self, relay: TransportKey) {
        let Some((id, entry)) = peer_id(&relay).and_then(|id| Some((id, self.relays.get_mut(&id)?))) else {
            return;
        };
        let granted = entry.reservation.take().is_some_and(|reservation| reservation.granted);
        self.cut_relay(id);
        if granted {
            self.listening();
        }
    }

    /// Registers the addresses that strangers can dial under each of these names. What comes of it is told by
    /// [`NetEvent::Registered`], once for all names.
    pub(crate) fn register(&mut self, relay: TransportKey, namespaces: &[String], ttl_ms: u64) {
        let addresses: Vec<Multiaddr> = self
            .addresses()
            .into_iter()
            .filter(is_public)
            .map(|address| address.with(Protocol::P2p(*self.swarm.local_peer_id())))
            .collect();
        let point = peer_id(&relay).filter(|id| self.relays.contains_key(id) && !addresses.is_empty());
        let Some(id) = point else {
            return self.events.push_back(NetEvent::Registered(relay, false));
        };
        let registering =
            self.registering.entry(id).or_insert(Registering { key: relay, left: 0, taken: true });
        for namespace in namespaces {
            let behaviour = &mut self.swarm.behaviour_mut().rendezvous;
            let signed = (&*self.keypair, &addresses[..]);
            let asked = self.questions.register(behaviour, &id, (namespace, ttl_ms), signed);
            registering.left += usize::from(asked);
            registering.taken &= asked;
        }
        self.registered(id, 0, true);
    }

    /// Takes the registrations under these names back.
    pub(crate) fn unregister(&mut self, relay: TransportKey, namespaces: &[String]) {
        let Some(id) = peer_id(&relay) else { return };
        for namespace in namespaces {
            self.questions.unregister(&mut self.swarm.behaviour_mut().rendezvous, &id, namespace);
        }
    }

    /// Asks who is registered under these names. Each co-signer that is found comes as [`NetEvent::Found`].
    pub(crate) fn discover(&mut self, relay: TransportKey, namespaces: &[String]) {
        let Some(id) = peer_id(&relay) else { return };
        for namespace in namespaces {
            self.questions.discover(&mut self.swarm.behaviour_mut().rendezvous, &id, namespace);
        }
    }

    /// Closes every connection to a peer: a dead one, that no reset has told of.
    pub(crate) fn cut(&mut self, key: TransportKey) {
        let Some(id) = peer_id(&key) else { return };
        self.cut_link(id);
        self.cut_relay(id);
    }

    /// Takes a circuit's question: it is answered once the relay is connected, or cannot be.
    pub(super) fn ask(&mut self, Ask { relay, address, answer }: Ask) {
        let entry = self.relay(relay, address);
        entry.waiting.push(answer);
        self.go_on_with(relay);
    }

    /// Returns what we know of a relay, which may connect from now on.
    fn relay(&mut self, id: PeerId, address: Multiaddr) -> &mut Relay {
        self.swarm.behaviour_mut().allowed.allow_peer(id);
        self.relays.entry(id).or_insert_with(|| Relay {
            address,
            reservation: None,
            stage: Stage::Apart,
            waiting: Vec::new(),
        })
    }

    /// Does what is to be done next about a relay: dial it, or ask it to keep us, or forget it.
    fn go_on_with(&mut self, id: PeerId) {
        let Some(relay) = self.relays.get_mut(&id) else { return };
        match relay.stage {
            Stage::Apart if relay.is_idle() => {
                self.relays.remove(&id);
                self.allow(id);
            }
            Stage::Apart => {
                let options = DialOpts::peer_id(id)
                    .addresses(vec![relay.address.clone()])
                    .condition(PeerCondition::Always)
                    .build();
                relay.stage = Stage::Dialling(options.connection_id());
                let connection = options.connection_id();
                if let Err(error) = self.swarm.dial(options) {
                    self.relay_failed(id, connection, &error);
                }
            }
            Stage::Connected => {
                for answer in relay.waiting.drain(..) {
                    // The dial may have ended otherwise by now.
                    let _ = answer.send(Ok(()));
                }
                if let Some(reservation) = relay.reservation.as_mut().filter(|asked| asked.listener.is_none())
                {
                    match self.swarm.listen_on(circuit_through(&relay.address, id)) {
                        Ok(listener) => reservation.listener = Some(listener),
                        Err(_) => self.lose(id, DialFault::NoUsableAddress),
                    }
                }
            }
            Stage::Dialling(_) | Stage::Greeting | Stage::Closing => {}
        }
    }

    /// Takes note of a connection to somebody, who may be a relay.
    pub(super) fn relay_connected(&mut self, id: PeerId) {
        let Some(relay) = self.relays.get_mut(&id) else { return };
        match relay.stage {
            Stage::Apart | Stage::Dialling(_) => relay.stage = Stage::Greeting,
            Stage::Greeting | Stage::Connected | Stage::Closing => return,
        }
        if relay.reservation.is_none() && relay.waiting.is_empty() && !self.peers.contains_key(&id) {
            self.cut_relay(id);
        }
    }

    /// Takes note that somebody, who may be a relay, has said how it sees us, or does not say it.
    pub(super) fn greeted(&mut self, id: PeerId) {
        if let Some(relay) = self.relays.get_mut(&id)
            && matches!(relay.stage, Stage::Greeting)
        {
            relay.stage = Stage::Connected;
            self.go_on_with(id);
        }
    }

    /// Takes note that no connection to somebody, who may be a relay, is left.
    pub(super) fn relay_disconnected(&mut self, id: PeerId) {
        if let Some(relay) = self.relays.get_mut(&id) {
            relay.stage = Stage::Apart;
            // The end of the listener is told by an event of its own.
            if relay.reservation.as_ref().is_none_or(|reservation| reservation.listener.is_none()) {
                self.go_on_with(id);
            }
        }
    }

    /// Takes note of a dial that failed, which may have been one of a relay.
    pub(super) fn relay_failed(&mut self, id: PeerId, connection: ConnectionId, error: &DialError) {
        let Some(relay) = self.relays.get_mut(&id) else { return };
        if !matches!(relay.stage, Stage::Dialling(dialled) if dialled == connection) {
            return;
        }
        let why = fault::of_dial(error);
        relay.stage = Stage::Apart;
        for answer in relay.waiting.drain(..) {
            // The dial may have ended otherwise by now.
            let _ = answer.send(Err(why));
        }
        self.lose(id, why);
    }

    /// Takes note that a listener has closed, which may have been a reservation.
    pub(super) fn reservation_ended(&mut self, listener: ListenerId, reason: &Result<(), std::io::Error>) {
        let ended = self.relays.iter().find(|(_, relay)| {
            relay.reservation.as_ref().is_some_and(|reservation| reservation.listener == Some(listener))
        });
        if let Some(id) = ended.map(|(id, _)| *id) {
            self.lose(id, circuit::why(reason));
        }
    }

    /// Tells that a relay does not keep us, if it was to.
    fn lose(&mut self, id: PeerId, why: DialFault) {
        let lost = self.relays.get_mut(&id).and_then(|relay| relay.reservation.take());
        if let Some(reservation) = lost {
            self.events.push_back(NetEvent::RelayDown(reservation.key, why));
            if reservation.granted {
                self.listening();
            }
        }
        self.go_on_with(id);
    }

    /// Closes every connection to a relay.
    fn cut_relay(&mut self, id: PeerId) {
        let Some(relay) = self.relays.get_mut(&id) else { return };
        if matches!(relay.stage, Stage::Greeting | Stage::Connected)
            && self.swarm.disconnect_peer_id(id).is_ok()
        {
            relay.stage = Stage::Closing;
        }
    }

    pub(super) fn relay_event(&mut self, event: &client::Event) {
        match event {
            client::Event::ReservationReqAccepted { relay_peer_id, .. } => {
                let relay = self.relays.get_mut(relay_peer_id);
                let Some(reservation) = relay.and_then(|relay| relay.reservation.as_mut()) else { return };
                if !std::mem::replace(&mut reservation.granted, true) {
                    self.events.push_back(NetEvent::RelayUp(reservation.key));
                    self.listening();
                }
            }
            client::Event::OutboundCircuitEstablished { .. }
            | client::Event::InboundCircuitEstablished { .. } => {}
        }
    }

    pub(super) fn rendezvous_event(&mut self, event: rendezvous::Event) {
        match self.questions.event(event) {
            Some((id, Answer::Registered(taken))) => self.registered(id, 1, taken),
            Some((_, Answer::Found(found))) => {
                for (id, addresses, ttl_ms) in found {
                    let texts =
                        addresses.into_iter().map(|address| without_peer(address, id).to_string()).collect();
                    self.found(id, texts, Source::Rendezvous, ttl_ms);
                }
            }
            None => {}
        }
    }

    /// Counts answers to registrations, and tells of the last.
    fn registered(&mut self, id: PeerId, answers: usize, taken: bool) {
        let Some(registering) = self.registering.get_mut(&id) else { return };
        registering.left = registering.left.saturating_sub(answers);
        registering.taken &= taken;
        if registering.left == 0 {
            self.events.push_back(NetEvent::Registered(registering.key, registering.taken));
            self.registering.remove(&id);
        }
    }
}

/// Returns whether strangers may be able to dial an address, and may know it.
fn is_public(address: &Multiaddr) -> bool {
    if super::is_circuit(address) {
        return true;
    }
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local()),
        Some(Protocol::Ip6(ip)) => !(ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local()),
        _ => false,
    }
}
