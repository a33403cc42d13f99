//! Little worlds in which anything may happen: whoever drops all events misses nothing that [`Node::status`] shows, and what
//! was told before a death is told after it.

use countersign_machine::Node;
use countersign_machine::fault::CallerFault;
use countersign_machine::id::{EventId, SessionId};
use countersign_machine::message::DeclineReason;
use countersign_machine::record::Outcome;
use countersign_machine::time::Now;
use countersign_tests::rig::{Step, Topology, World, payload};

use super::events::twin_of;
use super::{MINUTE, kept};

const WORLDS: u64 = 120;
const PHONES: usize = 3;

#[test]
fn whoever_drops_all_events_sees_the_same_as_who_deals_with_each() {
    let mut ends = [0; 5];
    for seed in 1..=WORLDS {
        let (mut taking, mut dropping) = (Life::new(seed), Life::new(seed));
        for step in 0..30 {
            taking.step();
            (0..PHONES).for_each(|who| taking.take_events(who));
            dropping.step();
            if step % 10 == 9 {
                assert_eq!(taking.shown(), dropping.shown(), "seed {seed}, step {step}");
            }
        }
        for life in [&mut taking, &mut dropping] {
            life.rest();
            // Half of the worlds see their deadlines.
            life.world.pass_ms(seed % 2 * 15 * MINUTE);
        }
        (0..PHONES).for_each(|who| taking.take_events(who));
        assert_eq!(taking.shown(), dropping.shown(), "seed {seed}");
        for who in 0..PHONES {
            assert_eq!(drained(&taking.world, who), [], "seed {seed}: all of phone {who} was dealt with");
            let replayed = drained(&dropping.world, who);
            let live: Vec<EventId> = kept(&mut dropping.world, who).iter().map(|event| event.id).collect();
            assert_eq!(live, replayed, "seed {seed}, phone {who}");
        }
        for outcome in dropping.outcomes() {
            ends[kind(outcome.as_ref())] += 1;
        }
    }

    println!("open, completed, declined or failed, cancelled, expired: {ends:?}");
    assert!(ends.iter().all(|count| *count > 10), "worlds end in every way: {ends:?}");
}

struct Life {
    world: World,
    sessions: Vec<SessionId>,
    dice: u64,
}

impl Life {
    fn new(seed: u64) -> Self {
        let world = World::new(seed, PHONES, Topology::Mesh);
        Self { world, sessions: Vec::new(), dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// Lets one thing happen.
    fn step(&mut self) {
        let who = self.below(PHONES as u64) as usize;
        let number = self.below(self.sessions.len().max(1) as u64) as usize;
        let session = self.sessions.get(number).copied();
        match (self.below(20), session) {
            (0..4, _) | (_, None) => self.propose(who),
            (4..10, Some(session)) => self.ask(who, |node, now| node.approve(session, now)),
            (10, Some(session)) if self.below(3) == 0 => {
                self.ask(who, |node, now| node.decline(session, DeclineReason::User, now));
            }
            (11, Some(session)) => self.ask(who, |node, now| node.cancel(session, now)),
            (12, Some(session)) => self.extend(session),
            (13 | 14, _) => self.kill(who),
            (15, _) => self.restart(who),
            (16, _) => {
                let (number, frames) = (self.below(4) as usize, self.world.flying.len());
                for _ in 0..number.min(frames) {
                    self.world.take(Step::Frame(0));
                }
            }
            (17, _) => {
                let ms = self.below(3 * MINUTE);
                self.world.pass_ms(ms);
            }
            (_, Some(_)) => self.world.settle(),
        }
    }

    /// Lets a user ask for something; where that is refused, or the phone dead, it is as good.
    fn ask(&mut self, who: usize, command: impl FnOnce(&mut Node, Now) -> Result<(), CallerFault>) {
        self.world.act(who, command);
    }

    fn propose(&mut self, who: usize) {
        let (items, ms) = (1 + self.below(2) as u32, MINUTE / 2 + self.below(12 * MINUTE));
        if self.world.phones[who].node.is_some() && self.sessions.len() < 8 {
            let session = self.world.try_propose_for(who, payload(items), ms).expect("within the limits");
            self.sessions.push(session);
        }
    }

    fn extend(&mut self, session: SessionId) {
        let ms = 1_000 * (1 + self.below(300));
        let deadline = |world: &World, who: usize| {
            let node = world.phones[who].node.as_ref()?;
            node.status(world.now_of(who)).sessions.into_iter().find(|shown| shown.id == session)
        };
        let deadlines = (0..PHONES).filter_map(|who| deadline(&self.world, who)).map(|shown| shown.deadline);
        let Some(mut until) = deadlines.max() else { return };
        until.0 += ms;
        for who in 0..PHONES {
            self.ask(who, |node, now| node.extend(session, until, now));
        }
    }

    /// Kills a phone at once, or before one of its next effects while the others go on.
    fn kill(&mut self, who: usize) {
        if self.below(2) == 0 || self.world.phones[who].node.is_none() {
            return self.world.crash(who);
        }
        let effects = 1 + self.below(6) as usize;
        self.world.kill_before_effect(who, effects);
        for session in self.sessions.clone() {
            self.ask(who, |node, now| node.approve(session, now));
        }
        self.world.settle();
        self.world.spare();
    }

    fn restart(&mut self, who: usize) {
        if self.world.phones[who].node.is_none() {
            self.world.restart(who);
        } else {
            self.world.reboot(who);
        }
    }

    /// Starts whoever is dead, and lets everything happen that is due.
    fn rest(&mut self) {
        for who in 0..PHONES {
            if self.world.phones[who].node.is_none() {
                self.world.restart(who);
            }
        }
        self.world.settle();
        for who in 0..PHONES {
            self.world.act(who, |node, now| node.handle_timeout(now));
        }
        self.world.settle();
    }

    fn take_events(&mut self, who: usize) {
        if self.world.phones[who].node.is_some() {
            kept(&mut self.world, who);
        }
    }

    /// Returns what every living phone shows.
    fn shown(&self) -> Vec<Option<String>> {
        let shown = |who: usize| {
            let node = self.world.phones[who].node.as_ref()?;
            Some(serde_json::to_string(&node.status(self.world.now_of(who))).expect("plain data"))
        };
        (0..PHONES).map(shown).collect()
    }

    fn outcomes(&self) -> Vec<Option<Outcome>> {
        self.world.status(0).sessions.into_iter().map(|shown| shown.outcome).collect()
    }

    /// Draws a number below `bound` (xorshift).
    fn below(&mut self, bound: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 16) % bound
    }
}

/// Returns the ids of the events that a phone's journal brings back.
fn drained(world: &World, who: usize) -> Vec<EventId> {
    let mut twin = twin_of(world, who);
    let mut ids = Vec::new();
    while let Some(id) = twin.next_event().map(|event| event.id) {
        twin.event_handled(id, world.now_of(who));
        ids.push(id);
    }
    ids
}

fn kind(outcome: Option<&Outcome>) -> usize {
    match outcome {
        None => 0,
        Some(Outcome::Completed { .. }) => 1,
        Some(Outcome::Declined { .. } | Outcome::Failed { .. }) => 2,
        Some(Outcome::Cancelled) => 3,
        Some(Outcome::Expired) => 4,
    }
}
