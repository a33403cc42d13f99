//! A world that one seed determines: real nodes, clocks that jump, a bad network, phones that die, stores that fail,
//! and co-signers that lie. Then all is well again, and every session must come to its end.
//!
//! After every step a judge looks. Who finds something wrong gets the seed, the decisions that it takes
//! ([`shrink()`]), and the same run as often as needed.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use countersign_machine::effect::{Effect, Event as Told};
use countersign_machine::fault::Fault as Refusal;
use countersign_machine::id::{SessionId, TransportKey};
use countersign_machine::session::Happening;
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::{Input, Node};

pub(crate) mod dice;
mod end;
mod judge;
mod kit;
mod liar;
mod life;
mod network;
mod people;
mod schedule;
mod shrink;

use judge::Judge;
pub use judge::Violation;
pub use kit::Kit;
use liar::Liar;
pub use liar::Trick;
use network::{Link, MS};
pub use schedule::{Decision, Disk, Fate, Fault};
use schedule::{FAULTS_MS, Odds, Schedule, TAME_MS};
pub use shrink::shrink;

use crate::rig::Phone;

/// What may happen in a world.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kinds of faults.
    pub faults: BTreeSet<Fault>,
    /// The only decisions that stand, if not all do.
    pub only: Option<BTreeSet<Decision>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { faults: Fault::ALL.iter().map(|(fault, _)| *fault).collect(), only: None }
    }
}

/// How a world went.
pub struct Report {
    /// What was wrong, if anything was.
    pub violation: Option<Violation>,
    /// What was decided and when, in microseconds from the start.
    pub taken: Vec<(u64, Decision)>,
    /// A hash of everything that happened.
    pub trace: u64,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Runs the world of `seed`.
pub fn run(kit: &Kit, seed: u64, options: &Options) -> Report {
    let mut world = World::new(kit, seed, options);
    let ran = catch_unwind(AssertUnwindSafe(|| world.live()));
    if let Err(panic) = ran {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
        world.judge.object(Violation::Panicked(text.to_owned()));
    }
    world.report()
}

/// Something that will happen.
enum Event {
    Planned(Decision),
    /// A phone's vault, journal or dialler answers it, unless it has died since.
    Answer {
        who: usize,
        life: u64,
        input: Input,
    },
    Dialled {
        from: usize,
        to: usize,
        life: u64,
    },
    LinkUp {
        who: usize,
        other: usize,
        id: u64,
    },
    LinkDown {
        who: usize,
        other: usize,
        id: u64,
    },
    Frame {
        from: usize,
        to: usize,
        id: u64,
        bytes: Arc<[u8]>,
    },
    PartEnds(u64),
    StoreHasRoom {
        who: usize,
    },
    Approves {
        who: usize,
        session: SessionId,
    },
    Withdraws {
        who: usize,
        session: SessionId,
    },
    Restarts {
        who: usize,
    },
    Returns {
        who: usize,
    },
    Heals,
    /// Every user opens the program.
    Looks,
}

/// A phone and what befalls it.
struct Handset {
    phone: Phone,
    /// How often it has started.
    life: u64,
    /// How many effects it has carried out, how many records it was asked for, in all its lives.
    effects: u64,
    reads: u64,
    /// By how much its wall clock is ahead, in milliseconds.
    ahead_ms: i64,
    /// When its boot clock was 0.
    booted: u64,
    /// When its node wants to be woken.
    wake: Option<u64>,
    liar: Option<Liar>,
    /// Whether its store refuses to write.
    full: bool,
    /// What it will find when it starts again.
    disk: Disk,
    /// How many records its journal had before anything happened.
    before: usize,
}

/// A world.
pub(crate) struct World<'a> {
    kit: &'a Kit,
    schedule: Schedule,
    odds: Odds,
    /// Microseconds from the start, and something more.
    now: u64,
    events: BTreeMap<(u64, u64), Event>,
    /// How many events and connections were made: their numbers.
    drawn: u64,
    phones: Vec<Handset>,
    /// Before which effect of which phone the killer strikes.
    strikes: BTreeMap<(usize, u64), Decision>,
    roads: BTreeSet<(usize, usize)>,
    links: BTreeMap<(usize, usize), Link>,
    /// How many frames each has sent to each.
    frames: BTreeMap<(usize, usize), u64>,
    /// The partitions that stand.
    parts: Vec<u64>,
    healed: bool,
    sessions: BTreeMap<SessionId, people::Known>,
    /// Whether a clock was so far off that it could end a session.
    far_off: bool,
    /// How often nonces may have been lost: deaths, refused keys, forgotten records.
    losses: usize,
    judge: Judge,
    trace: u64,
    counts: BTreeMap<&'static str, u64>,
}

/// When a world begins: late enough for a boot clock that began before it.
const START: u64 = 1_000_000_000_000;
/// What the wall clocks show then, in milliseconds.
const START_WALL: u64 = 1_700_000_000_000;
/// How long all is well before every session must have come to its end, in milliseconds.
const WELL_MS: u64 = 180_000;
/// More steps than any world takes that comes to rest.
const MAX_STEPS: u64 = 10_000;

impl<'a> World<'a> {
    fn new(kit: &'a Kit, seed: u64, options: &Options) -> Self {
        let schedule = Schedule::new(seed, &options.faults, options.only.as_ref());
        let liars = schedule.liars(kit.phones.len());
        let count = kit.phones.len();
        let mut judge = Judge::default();
        judge.oracle.learn_wallet(kit.wallet.clone());
        judge.suspects.clone_from(&liars);
        let phones = kit.phones.iter().enumerate().map(|(who, phone)| Handset {
            phone: phone.twin(),
            life: 0,
            effects: 0,
            reads: 0,
            ahead_ms: 0,
            booted: START - 1_000_000,
            wake: None,
            liar: liars
                .contains(&who)
                .then(|| Liar::new(*phone.transport_seed(), who, count, schedule.dice(&[20, who as u64]))),
            full: false,
            disk: Disk::Good,
            before: phone.journal.len(),
        });
        let phones = phones.collect();
        Self {
            kit,
            odds: schedule.odds(),
            now: START,
            events: BTreeMap::new(),
            drawn: 0,
            phones,
            strikes: schedule.strikes(count),
            roads: BTreeSet::new(),
            links: BTreeMap::new(),
            frames: BTreeMap::new(),
            parts: Vec::new(),
            healed: false,
            sessions: BTreeMap::new(),
            far_off: false,
            losses: 0,
            judge,
            trace: 0,
            counts: BTreeMap::new(),
            schedule,
        }
    }

    fn report(self) -> Report {
        let Self { judge, schedule, phones, trace, mut counts, .. } = self;
        let lies = |who: &&usize| phones[**who].liar.is_some();
        counts.insert("partial signatures judged", judge.oracle.partials() as u64);
        counts.insert("liars", phones.iter().filter(|handset| handset.liar.is_some()).count() as u64);
        counts.insert("liars unmasked", judge.unmasked.iter().filter(lies).count() as u64);
        Report { violation: judge.verdict(), taken: schedule.taken, trace, counts }
    }

    /// Lives through the faults and the time after them.
    fn live(&mut self) {
        self.build_roads();
        (0..self.phones.len()).for_each(|who| self.start(who));
        for (ms, decision) in self.schedule.plan(self.phones.len()) {
            self.later(ms * MS, Event::Planned(decision));
        }
        self.later(FAULTS_MS * MS, Event::Heals);
        let end = START + (FAULTS_MS + WELL_MS) * MS;
        for step in 0.. {
            if self.judge.verdict().is_some() {
                return;
            }
            if step == MAX_STEPS {
                return self.judge.object(Violation::Restless);
            }
            let wake = (0..self.phones.len()).filter_map(|who| Some((self.phones[who].wake?, who))).min();
            let event = self.events.first_key_value().map(|(key, _)| key.0);
            let next = [wake.map(|(at, _)| at), event].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            match wake.filter(|(at, _)| event.is_none_or(|event| *at < event)) {
                Some((_, who)) => self.wake(who),
                None => {
                    if let Some((_, event)) = self.events.pop_first() {
                        self.happen(event);
                    }
                }
            }
        }
        self.now = end;
        self.judge_the_end();
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Planned(decision) => self.carry_through(decision),
            Event::Answer { who, life, input } => {
                if self.phones[who].life == life {
                    self.feed(who, input);
                }
            }
            Event::Dialled { from, to, life } => {
                if self.phones[from].life == life {
                    self.dialled(from, to, life);
                }
            }
            Event::LinkUp { who, other, id } => self.link_up(who, other, id),
            Event::LinkDown { who, other, id } => self.link_down(who, other, id),
            Event::Frame { from, to, id, bytes } => self.arrive(from, to, id, &bytes),
            Event::PartEnds(bits) => self.parts.retain(|part| *part != bits),
            Event::StoreHasRoom { who } => self.phones[who].full = false,
            Event::Approves { who, session } => self.approve(who, session),
            Event::Withdraws { who, session } => self.withdraw(who, session),
            Event::Restarts { who } => self.restart(who),
            Event::Returns { who } => self.feed(who, Input::CameToForeground),
            Event::Heals => self.heal(),
            Event::Looks => self.look(),
        }
    }

    /// Lets a planned decision happen if it stands.
    fn carry_through(&mut self, decision: Decision) {
        if !self.takes(decision) {
            return;
        }
        match decision {
            Decision::Proposes { who, number, items, lasts_ms } => self.propose(who, number, items, lasts_ms),
            Decision::Full { who, ms } => {
                self.phones[who].full = true;
                self.later(ms * MS, Event::StoreHasRoom { who });
            }
            Decision::Jumps { who, ms } => {
                self.phones[who].ahead_ms = ms;
                self.far_off |= ms.unsigned_abs() > TAME_MS;
            }
            Decision::Parts { bits, ms } => self.part(bits, ms),
            Decision::OneWay { from, to } => {
                if self.roads.contains(&(to, from)) {
                    self.roads.remove(&(from, to));
                }
            }
            Decision::Drops { a, b } => self.break_link(a, b, 8_000 * MS),
            Decision::Leaves { who, ms } => {
                self.feed(who, Input::WentToBackground);
                self.later(ms * MS, Event::Returns { who });
            }
            Decision::Hesitates { .. }
            | Decision::Declines { .. }
            | Decision::Cancels { .. }
            | Decision::Frame { .. }
            | Decision::Lies { .. }
            | Decision::Strikes { .. }
            | Decision::Forgets { .. }
            | Decision::Refuses { .. }
            | Decision::Dawdles { .. } => {}
        }
    }

    /// Returns what a phone's clocks show.
    fn clock(&self, who: usize) -> Now {
        let handset = &self.phones[who];
        let wall = START_WALL.wrapping_add((self.now - START) / MS).wrapping_add_signed(handset.ahead_ms);
        Now { wall: WallTime(wall), boot: BootTime(self.now - handset.booted) }
    }

    fn feed(&mut self, who: usize, input: Input) {
        if let Some(Err(Refusal::Store(_))) = self.act(who, |node, now| node.handle_input(input, now)) {
            self.crash(who, 1_000, Disk::Good);
        }
    }

    fn wake(&mut self, who: usize) {
        self.act(who, |node, now| node.handle_timeout(now));
    }

    /// Does something on a living phone and carries out what its node orders.
    fn act<T>(&mut self, who: usize, act: impl FnOnce(&mut Node, Now) -> T) -> Option<T> {
        let now = self.clock(who);
        let result = act(self.phones[who].phone.node.as_mut()?, now);
        self.note(&[self.now, who as u64]);
        self.carry_out(who);
        Some(result)
    }

    fn carry_out(&mut self, who: usize) {
        while let Some(effect) = self.phones[who].phone.node.as_mut().and_then(Node::poll_effect) {
            self.phones[who].effects += 1;
            let persists = matches!(effect, Effect::Persist(_));
            if persists && self.phones[who].full {
                self.count("full stores");
                return self.crash(who, 1_000, Disk::Good);
            }
            let strike = self.strikes.remove(&(who, self.phones[who].effects));
            if let Some(decision @ Decision::Strikes { finished, down_ms, disk, .. }) = strike
                && !self.healed
                && self.takes(decision)
            {
                if finished && persists {
                    self.execute(who, effect);
                }
                return self.crash(who, down_ms, disk);
            }
            self.execute(who, effect);
        }
        let booted = self.phones[who].booted;
        let wake = self.phones[who].phone.node.as_ref().and_then(Node::poll_timeout);
        self.phones[who].wake = wake.map(|(at, _)| at.0.saturating_add(booted));
    }

    fn execute(&mut self, who: usize, effect: Effect) {
        match effect {
            Effect::Persist(records) => self.persist(who, &records),
            Effect::ReadBack => self.read_back(who),
            Effect::Compact(forgotten) => self.phones[who].phone.compact(&forgotten),
            Effect::AskKey { ticket, purpose: _ } => self.ask_vault(who, ticket),
            Effect::AskSeed { ticket } => self.draw_seed(who, ticket),
            Effect::Admit(_)
            | Effect::Reserve { .. }
            | Effect::Register { .. }
            | Effect::Unregister { .. }
            | Effect::Discover { .. } => {}
            Effect::RestartNetwork(_) => self.restart_network(who),
            Effect::Exclude(peer) | Effect::Cut(peer) => {
                if let Some(other) = self.phone_of(&peer) {
                    self.break_link(who, other, 0);
                }
            }
            Effect::Dial { peer, addresses: _ } => self.dial(who, &peer),
            Effect::Send { peer, frame } => self.send(who, &peer, frame),
            Effect::Tell(event) => self.tell(who, &event),
        }
    }

    fn send(&mut self, who: usize, peer: &TransportKey, frame: Arc<[u8]>) {
        let Some(to) = self.phone_of(peer) else { return };
        self.note_bytes(&frame);
        let Some(liar) = &mut self.phones[who].liar else {
            self.judge.oracle.witness(&self.phones[who].phone, &frame);
            self.judge.weigh(who, &frame);
            return self.transmit(who, to, frame);
        };
        liar.hear(&frame);
        let number = self.frames.get(&(who, to)).copied().unwrap_or_default();
        let dice = self.schedule.dice(&[24, who as u64, to as u64, number]);
        let said = match liar.twist(peer, &frame, dice) {
            Some((trick, said)) if self.takes(Decision::Lies { who, to, number, trick }) => said,
            Some(_) | None => vec![frame],
        };
        for frame in said {
            self.judge.oracle.overhear(&frame);
            self.transmit(who, to, frame);
        }
    }

    fn tell(&mut self, who: usize, event: &Told) {
        if self.phones[who].liar.is_none() {
            self.judge.hear(who, event);
        }
        if let Told::Session(event) = event {
            self.hear(who, event.session, &event.what);
            if let Happening::Ended { outcome } = &event.what {
                self.count(judge::name_of(outcome));
            }
        }
    }

    /// Returns whether a decision stands and notes it. None does once all is well.
    fn takes(&mut self, decision: Decision) -> bool {
        !self.healed && self.schedule.takes(self.now - START, decision)
    }

    fn later(&mut self, us: u64, event: Event) {
        self.at(self.now + us, event);
    }

    fn at(&mut self, at: u64, event: Event) {
        self.drawn += 1;
        self.events.insert((at, self.drawn), event);
    }

    fn phone_of(&self, peer: &TransportKey) -> Option<usize> {
        self.phones.iter().position(|handset| handset.phone.transport() == *peer)
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn note(&mut self, words: &[u64]) {
        for word in words {
            self.trace = (self.trace ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
        }
    }

    fn note_bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.note(&[u64::from_le_bytes(word)]);
        }
    }
}
