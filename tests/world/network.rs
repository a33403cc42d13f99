//! The network of a world: links as a driver sees them, and the frames on them.

use std::sync::Arc;

use countersign_machine::Input;
use countersign_machine::id::TransportKey;
use countersign_machine::link::{DialFault, LinkPath, Tried};

use super::schedule::{Decision, Fate};
use super::{Event, World};

/// A connection between two phones; side 0 is the lower number's.
pub(super) struct Link {
    id: u64,
    /// Which sides think that it stands.
    up: [bool; 2],
    /// Whether what each side sends is lost from now on.
    broken: [bool; 2],
    /// When the newest frame of each side arrives.
    newest: [u64; 2],
    /// Whether something happened on it that its users were not told: it must be renewed for them to go on.
    dirty: bool,
}

/// Microseconds of a millisecond.
pub(super) const MS: u64 = 1000;
/// How long a dial waits for an answer, in microseconds.
const DIAL_US: u64 = 5_000 * MS;
/// How soon the end of a connection is noticed at best, in microseconds.
const SOON_US: u64 = 10 * MS;

impl World<'_> {
    /// Builds a connected graph of roads, the same for all times.
    pub(super) fn build_roads(&mut self) {
        let mut dice = self.schedule.dice(&[10]);
        let extra = dice.below(1001);
        for who in 1..self.phones.len() {
            let known = dice.index(who);
            for other in 0..who {
                if other == known || dice.yes(extra) {
                    self.roads.extend([(who, other), (other, who)]);
                }
            }
        }
    }

    /// A phone dials another: the answer comes later.
    pub(super) fn dial(&mut self, from: usize, peer: &TransportKey) {
        let Some(to) = self.phone_of(peer) else { return };
        let life = self.phones[from].life;
        let delay = self.latency(from, to);
        self.later(delay, Event::Dialled { from, to, life });
    }

    /// A dial arrives, or does not.
    pub(super) fn dialled(&mut self, from: usize, to: usize, life: u64) {
        let alive = self.phones[to].phone.node.is_some();
        let road = self.roads.contains(&(from, to)) && !self.is_parted(from, to);
        if alive && road {
            return self.raise(from, to);
        }
        let (why, delay) = if road { (DialFault::Refused, 0) } else { (DialFault::NoAnswer, DIAL_US) };
        let tried = vec![Tried { address: format!("/memory/{}", to + 1), why }];
        let input = Input::DialFailed { peer: self.phones[to].phone.transport(), tried };
        self.later(delay, Event::Answer { who: from, life, input });
    }

    /// Makes a new connection unless a good one stands; an old one ends first for whoever had not noticed.
    fn raise(&mut self, from: usize, to: usize) {
        let way = pair(from, to);
        if let Some(link) = self.links.get(&way) {
            if link.broken == [false; 2] {
                return;
            }
            let id = link.id;
            self.link_down(from, to, id);
            self.link_down(to, from, id);
        }
        self.drawn += 1;
        let id = self.drawn;
        let link = Link { id, up: [false; 2], broken: [false; 2], newest: [self.now; 2], dirty: false };
        self.links.insert(way, link);
        let lag = self.schedule.dice(&[11, id]).below(3 * MS);
        self.later(0, Event::LinkUp { who: from, other: to, id });
        self.later(lag, Event::LinkUp { who: to, other: from, id });
    }

    /// One side learns that a connection stands.
    pub(super) fn link_up(&mut self, who: usize, other: usize, id: u64) {
        let Some(link) = self.links.get_mut(&pair(who, other)).filter(|link| link.id == id) else { return };
        if self.phones[who].phone.node.is_none() {
            return self.break_link(who, other, 0);
        }
        link.up[side(who, other)] = true;
        if link.broken != [false; 2] {
            self.later(SOON_US, Event::LinkDown { who, other, id });
        }
        let peer = self.phones[other].phone.transport();
        self.feed(who, Input::LinkUp { peer, path: LinkPath::Direct });
    }

    /// One side learns that a connection is gone.
    pub(super) fn link_down(&mut self, who: usize, other: usize, id: u64) {
        let Some(link) = self.links.get_mut(&pair(who, other)).filter(|link| link.id == id) else { return };
        if std::mem::take(&mut link.up[side(who, other)]) {
            let peer = self.phones[other].phone.transport();
            self.feed(who, Input::LinkDown { peer });
        }
    }

    /// Breaks every link of a phone and lets it begin anew, as its driver would.
    pub(super) fn restart_network(&mut self, who: usize) {
        (0..self.phones.len()).for_each(|other| self.break_link(who, other, 0));
        let life = self.phones[who].life;
        for input in [Input::NetworkStopped, Input::NetworkStarted] {
            self.later(SOON_US, Event::Answer { who, life, input });
        }
    }

    /// Ends a connection; both sides learn of it within `most` microseconds.
    pub(super) fn break_link(&mut self, a: usize, b: usize, most: u64) {
        let Some(link) = self.links.get_mut(&pair(a, b)) else { return };
        if link.broken == [true; 2] {
            return;
        }
        link.broken = [true; 2];
        let id = link.id;
        let mut dice = self.schedule.dice(&[12, id]);
        for (who, other) in [(a, b), (b, a)] {
            let delay = dice.between(SOON_US, SOON_US + most);
            self.later(delay, Event::LinkDown { who, other, id });
        }
    }

    /// Cuts a dead phone off; its last words may still arrive.
    pub(super) fn leave(&mut self, who: usize) {
        for other in 0..self.phones.len() {
            let Some(link) = self.links.get_mut(&pair(who, other)) else { continue };
            let mut dice = self.schedule.dice(&[13, link.id]);
            link.up[side(who, other)] = false;
            link.broken[side(other, who)] = true;
            link.broken[side(who, other)] |= dice.yes(500);
            let most = if dice.yes(500) { SOON_US } else { 8_000 * MS };
            let (id, delay) = (link.id, dice.between(SOON_US, SOON_US + most));
            self.later(delay, Event::LinkDown { who: other, other: who, id });
        }
    }

    /// Renews every connection on which something went wrong unnoticed, and all if cards were refused because a clock
    /// was days off.
    pub(super) fn renew_links(&mut self) {
        let dirty = |(way, link): (&(usize, usize), &Link)| (link.dirty || self.far_off).then_some(*way);
        let ways: Vec<_> = self.links.iter().filter_map(dirty).collect();
        ways.into_iter().for_each(|(a, b)| self.break_link(a, b, 0));
    }

    /// Puts a frame on its way, with whatever happens to it there.
    pub(super) fn transmit(&mut self, from: usize, to: usize, bytes: Arc<[u8]>) {
        let count = self.frames.entry((from, to)).or_default();
        *count += 1;
        let number = *count;
        self.count("frames sent");
        let fate = self.fate(from, to, number);
        let arrives = self.now + self.latency(from, to);
        let side = side(from, to);
        let Some(link) = self.links.get_mut(&pair(from, to)) else { return };
        let id = link.id;
        if link.broken[side] {
            return self.count("frames lost");
        }
        let mut at = arrives.max(link.newest[side]);
        match fate {
            Some(Fate::Lost) => {
                link.dirty = true;
                return self.count("frames lost");
            }
            Some(Fate::Breaks) => {
                self.count("frames lost");
                return self.break_link(from, to, 8_000 * MS);
            }
            Some(Fate::Overtaken { ms }) => {
                link.dirty = true;
                at += ms * MS;
            }
            Some(Fate::Late { ms }) => {
                at += ms * MS;
                link.newest[side] = at;
            }
            Some(Fate::Twice) | None => link.newest[side] = at,
        }
        if fate == Some(Fate::Twice) {
            self.at(at, Event::Frame { from, to, id, bytes: Arc::clone(&bytes) });
        }
        self.at(at, Event::Frame { from, to, id, bytes });
    }

    /// A frame arrives if its connection still stands.
    pub(super) fn arrive(&mut self, from: usize, to: usize, id: u64, bytes: &Arc<[u8]>) {
        let link = self.links.get(&pair(from, to)).filter(|link| link.id == id);
        if link.is_none_or(|link| link.broken[side(from, to)]) || self.phones[to].phone.node.is_none() {
            return self.count("frames lost");
        }
        if let Some(liar) = &mut self.phones[to].liar {
            liar.hear(bytes);
        }
        let peer = self.phones[from].phone.transport();
        self.feed(to, Input::FrameArrived { peer, bytes: bytes.to_vec() });
    }

    fn fate(&mut self, from: usize, to: usize, number: u64) -> Option<Fate> {
        if self.healed {
            return None;
        }
        let odds = self.odds;
        let way = [14, from as u64, to as u64];
        let mut dice = self.schedule.dice(&[way[0], way[1], way[2], number]);
        // Every way is bad in its own measure.
        let share = self.schedule.dice(&way).below(1001);
        let mut falls = |odds: u64| dice.below(1_000_000) < odds * share;
        let fate = if falls(odds.lost) {
            Fate::Lost
        } else if falls(odds.breaks) {
            Fate::Breaks
        } else if falls(odds.twice) {
            Fate::Twice
        } else if falls(odds.late) {
            Fate::Late { ms: dice.between(10, 3_000) }
        } else if falls(odds.overtaken) {
            Fate::Overtaken { ms: dice.between(1, 500) }
        } else {
            return None;
        };
        self.takes(Decision::Frame { from, to, number, fate }).then_some(fate)
    }

    /// Draws how long a frame is under way, in microseconds: half of it is the way's own.
    fn latency(&mut self, from: usize, to: usize) -> u64 {
        let own = self.schedule.dice(&[15, from as u64, to as u64]).between(MS, 60 * MS);
        let sent = self.frames.get(&(from, to)).copied().unwrap_or_default();
        own + self.schedule.dice(&[16, from as u64, to as u64, sent]).below(own)
    }

    /// Parts the network for a while; the connections between the parts break.
    pub(super) fn part(&mut self, bits: u64, ms: u64) {
        self.parts.push(bits);
        for a in 0..self.phones.len() {
            for b in a + 1..self.phones.len() {
                if self.is_parted(a, b) {
                    self.break_link(a, b, 8_000 * MS);
                }
            }
        }
        self.later(ms * MS, Event::PartEnds(bits));
    }

    fn is_parted(&self, a: usize, b: usize) -> bool {
        self.parts.iter().any(|bits| (bits >> a ^ bits >> b) & 1 == 1)
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// Returns which side of a connection with `other` a phone is.
fn side(who: usize, other: usize) -> usize {
    usize::from(who > other)
}
