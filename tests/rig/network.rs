//! The network of a world: which phones reach which, and what flies between them.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_machine::Input;
use countersign_machine::frame::Frame;
use countersign_machine::id::TransportKey;
use countersign_machine::link::{DialFault, LinkPath, Source, Tried};
use countersign_machine::message::{Envelope, Message};

use super::World;

/// Which phones can reach which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Everybody reaches everybody.
    Mesh,
    /// Everybody reaches the first phone only.
    Star,
    /// Everybody reaches the next and the one before.
    Chain,
    /// As a chain, its ends joined.
    Ring,
    /// Nobody reaches anybody until a test says so.
    Apart,
}

/// A frame that has been sent and has not arrived.
#[derive(Clone, Debug)]
pub struct Flight {
    /// Which phone sent it.
    pub from: usize,
    /// Which phone it goes to.
    pub to: usize,
    /// How many frames had been sent on this way before.
    pub number: usize,
    /// The frame.
    pub bytes: Arc<[u8]>,
}

impl Flight {
    /// Returns the envelope it carries, if it carries one.
    pub fn envelope(&self) -> Option<Envelope> {
        let Ok(Frame::Envelope { envelope, .. }) = Frame::parse(&self.bytes) else { return None };
        Envelope::parse(&envelope).ok()
    }

    /// Returns whether it carries a message of this name.
    pub fn carries(&self, name: &str) -> bool {
        self.envelope().is_some_and(|envelope| envelope.body().message.name() == name)
    }
}

impl World {
    /// Lets every phone dial whom it can reach.
    pub fn connect(&mut self) {
        for who in 0..self.phones.len() {
            self.act(who, |node, now| node.connect(now));
            self.wake(who);
        }
    }

    /// Lets a phone listen again to peers that it has muted.
    pub fn forgive(&mut self, who: usize) {
        self.act(who, |node, now| node.connect(now));
    }

    /// Opens the road between two phones and lets them dial.
    pub fn mend(&mut self, a: usize, b: usize) {
        self.roads.insert(pair(a, b));
        self.act(a, |node, now| node.connect(now));
        self.act(b, |node, now| node.connect(now));
        self.wake(a);
        self.wake(b);
    }

    /// Closes the road between two phones; what flew between them is lost.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.roads.remove(&pair(a, b));
        self.drop_link(a, b);
    }

    /// Stops a phone's network: its connections are closed, and nobody reaches it.
    pub fn rest(&mut self, who: usize) {
        self.resting.insert(who);
        (0..self.phones.len()).for_each(|other| self.drop_link(who, other));
        self.feed(who, Input::NetworkStopped);
    }

    /// Starts a phone's network again.
    pub fn rise(&mut self, who: usize) {
        self.resting.remove(&who);
        self.feed(who, Input::NetworkStarted);
    }

    /// Cuts the link between two phones and lets them meet again.
    pub fn meet_again(&mut self, a: usize, b: usize) {
        self.cut(a, b);
        self.settle();
        self.mend(a, b);
        self.settle();
    }

    /// Brings a frame to a phone as if `from` had sent it.
    pub fn arrive(&mut self, from: usize, to: usize, bytes: &[u8]) {
        self.oracle.overhear(bytes);
        let peer = self.phones[from].transport();
        self.feed(to, Input::FrameArrived { peer, bytes: bytes.to_vec() });
    }

    pub(super) fn build_roads(&mut self, topology: Topology) {
        let count = self.phones.len();
        for a in 0..count {
            for b in a + 1..count {
                let open = match topology {
                    Topology::Mesh => true,
                    Topology::Star => a == 0,
                    Topology::Chain => b == a + 1,
                    Topology::Ring => b == a + 1 || (a == 0 && b == count - 1),
                    Topology::Apart => false,
                };
                if open {
                    self.roads.insert((a, b));
                }
            }
        }
    }

    pub(super) fn drop_link(&mut self, a: usize, b: usize) {
        if self.links.remove(&pair(a, b)) {
            self.flying.retain(|flight| pair(flight.from, flight.to) != pair(a, b));
            // The first ends it; the other hears of that, if it hears anything.
            let hears = !self.deaf.contains(&(a, b));
            for (who, other) in [(a, b)].into_iter().chain(hears.then_some((b, a))) {
                let peer = self.phones[other].transport();
                self.feed(who, Input::LinkDown { peer });
            }
        }
    }

    fn raise_link(&mut self, a: usize, b: usize) {
        if self.links.insert(pair(a, b)) {
            for (who, other) in [(a, b), (b, a)] {
                let peer = self.phones[other].transport();
                self.feed(who, Input::LinkUp { peer, path: LinkPath::Direct });
            }
        }
    }

    pub(super) fn dial(&mut self, who: usize, peer: TransportKey, addresses: Vec<String>) {
        self.dials.push((who, peer, addresses.clone()));
        let reached = self
            .phone_of(&peer)
            .filter(|other| self.roads.contains(&pair(who, *other)) && self.phones[*other].node.is_some())
            .filter(|other| !self.resting.contains(other))
            .filter(|other| !self.deaf.contains(&(who, *other)) && !self.deaf.contains(&(*other, who)));
        match reached {
            Some(other) => self.raise_link(who, other),
            None if self.silent_dials => {}
            None => {
                let why = DialFault::NoAnswer;
                let tried = addresses.into_iter().map(|address| Tried { address, why }).collect();
                self.phones[who].answer(Input::DialFailed { peer, tried });
            }
        }
    }

    /// Lets a relay give a place, if there is one in this world.
    pub(super) fn reserve(&mut self, who: usize, relay: TransportKey) {
        self.phones[who].answer(match self.relay == Some(relay) {
            true => Input::RelayUp { relay },
            false => Input::RelayDown { relay, why: DialFault::NoAnswer },
        });
    }

    /// Notes a phone at the rendezvous point.
    pub(super) fn register(&mut self, who: usize, relay: TransportKey, namespaces: Vec<String>) {
        let found = self.relay == Some(relay);
        if found {
            self.registered.extend(namespaces.into_iter().map(|namespace| (namespace, who)));
        }
        self.phones[who].answer(Input::Registered { found });
    }

    pub(super) fn unregister(&mut self, who: usize, relay: TransportKey, namespaces: &[String]) {
        if self.relay == Some(relay) {
            self.registered.retain(|(namespace, other)| *other != who || !namespaces.contains(namespace));
        }
    }

    /// Tells a phone whom the rendezvous point knows under these names.
    pub(super) fn discover(&mut self, who: usize, relay: TransportKey, namespaces: &[String]) {
        let known: BTreeSet<usize> = self
            .registered
            .iter()
            .filter(|(namespace, other)| {
                self.relay == Some(relay) && *other != who && namespaces.contains(namespace)
            })
            .map(|(_, other)| *other)
            .collect();
        for other in known {
            let (peer, addresses) = (self.phones[other].transport(), vec![format!("/found/{other}")]);
            let found = Input::Found { peer, addresses, source: Source::Rendezvous, ttl_ms: 60_000 };
            self.phones[who].answer(found);
        }
    }

    pub(super) fn send(&mut self, from: usize, peer: TransportKey, bytes: Arc<[u8]>) {
        self.oracle.witness(&self.phones[from], &bytes);
        let Some(to) = self.phone_of(&peer) else { return };
        let mut flight = Flight { from, to, number: 0, bytes };
        let leaving = match &mut self.lie {
            Some(lie) => lie(&flight),
            None => vec![flight.bytes.to_vec()],
        };
        for bytes in leaving {
            let number = self.counts.entry((from, to)).or_default();
            (flight.number, flight.bytes) = (*number, bytes.into());
            *number += 1;
            self.sent.push(flight.clone());
            if self.links.contains(&pair(from, to)) {
                self.flying.push_back(flight.clone());
            }
        }
    }

    /// Returns which phone speaks through this transport key.
    pub fn phone_of(&self, transport: &TransportKey) -> Option<usize> {
        self.phones.iter().position(|phone| phone.transport() == *transport)
    }

    /// Returns the names of the session messages sent from one phone to another so far, oldest first.
    pub fn said(&self, from: usize, to: usize) -> Vec<&'static str> {
        let between = self.sent.iter().filter(|flight| (flight.from, flight.to) == (from, to));
        between.filter_map(Flight::envelope).map(|envelope| envelope.body().message.name()).collect()
    }

    /// Returns the first envelope ever sent whose message `pick` likes.
    pub fn first_sent(&self, pick: impl Fn(&Message) -> bool) -> Option<Envelope> {
        self.sent.iter().filter_map(Flight::envelope).find(|envelope| pick(&envelope.body().message))
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}
