//! What happens in a world beside the phones' own work: every decision that a seed makes, by name.
//!
//! A decision draws from a row of its own, so leaving one out changes no other. That is what makes a trace shrink.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::liar::Trick;

/// A kind of fault, for `--faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Frames vanish, or the link breaks with them.
    Loss,
    /// Frames come twice.
    Duplicates,
    /// Frames overtake each other.
    Reorder,
    /// Frames come late.
    Delay,
    /// The network falls into two parts for a while.
    Partitions,
    /// One reaches the other, but not the other way.
    OneWay,
    /// Links drop.
    Links,
    /// Phones die between two effects.
    Crashes,
    /// Vaults refuse or are slow.
    Vault,
    /// Stores are full, cannot be read, or forget the newest record when it is read back.
    Store,
    /// Phones start from an older copy of their journal.
    Rollback,
    /// Wall clocks jump.
    Clocks,
    /// Some co-signers lie.
    Liars,
    /// Users decline and cancel.
    People,
    /// Users put the program into the background.
    Background,
}

impl Fault {
    /// Every kind, with its name.
    pub const ALL: [(Self, &str); 15] = [
        (Self::Loss, "loss"),
        (Self::Duplicates, "duplicates"),
        (Self::Reorder, "reorder"),
        (Self::Delay, "delay"),
        (Self::Partitions, "partitions"),
        (Self::OneWay, "one-way"),
        (Self::Links, "links"),
        (Self::Crashes, "crashes"),
        (Self::Vault, "vault"),
        (Self::Store, "store"),
        (Self::Rollback, "rollback"),
        (Self::Clocks, "clocks"),
        (Self::Liars, "liars"),
        (Self::People, "people"),
        (Self::Background, "background"),
    ];
}

/// What becomes of a frame.
#[expect(missing_docs, reason = "the fields say what they are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It vanishes, unnoticed.
    Lost,
    /// The link breaks: it and all behind it are lost.
    Breaks,
    /// It comes twice.
    Twice,
    /// It and all behind it come late.
    Late { ms: u64 },
    /// It comes late, and those behind it do not.
    Overtaken { ms: u64 },
}

/// What a phone that died finds when it starts again.
#[expect(missing_docs, reason = "the fields say what they are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disk {
    /// Its journal.
    Good,
    /// An older copy: so many per cent of what was written.
    Old { percent: u64 },
    /// A journal that cannot be read; the good copy comes back when the faults stop, or never.
    Unreadable { for_good: bool },
}

/// Something that a seed decides.
#[expect(missing_docs, reason = "the fields say what they are")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// A user proposes.
    Proposes { who: usize, number: u64, items: u64, lasts_ms: u64 },
    /// A user takes a while to approve.
    Hesitates { who: usize, session: usize, ms: u64 },
    /// A user declines.
    Declines { who: usize, session: usize, ms: u64 },
    /// A proposer cancels.
    Cancels { who: usize, session: usize, ms: u64 },
    /// Something happens to the frame of this number on its way.
    Frame { from: usize, to: usize, number: u64, fate: Fate },
    /// A liar changes or adds to a frame.
    Lies { who: usize, to: usize, number: u64, trick: Trick },
    /// A phone dies before its effect of this number; a store may have finished it.
    Strikes { who: usize, effect: u64, finished: bool, down_ms: u64, disk: Disk },
    /// A store refuses to write for a while: the phone stops whenever it tries.
    Full { who: usize, ms: u64 },
    /// The store gives back an older record than the newest.
    Forgets { who: usize, number: u64 },
    /// A vault refuses.
    Refuses { who: usize, number: u64 },
    /// A vault takes long.
    Dawdles { who: usize, number: u64, ms: u64 },
    /// A wall clock jumps.
    Jumps { who: usize, ms: i64 },
    /// The network falls into two parts: the bits say who is in one of them.
    Parts { bits: u64, ms: u64 },
    /// One phone cannot dial the other, though it can be dialled.
    OneWay { from: usize, to: usize },
    /// A link drops.
    Drops { a: usize, b: usize },
    /// A program goes to the background for a while.
    Leaves { who: usize, ms: u64 },
}

/// The decisions of one seed.
pub(super) struct Schedule {
    pub(super) seed: u64,
    faults: BTreeSet<Fault>,
    only: Option<BTreeSet<Decision>>,
    /// What was decided, and when, in microseconds from the start.
    pub(super) taken: Vec<(u64, Decision)>,
}

/// How bad the network and the vaults of a world are: times out of a thousand, at most.
#[derive(Clone, Copy, Default)]
pub(super) struct Odds {
    pub(super) lost: u64,
    pub(super) breaks: u64,
    pub(super) twice: u64,
    pub(super) late: u64,
    pub(super) overtaken: u64,
    pub(super) refuses: u64,
    pub(super) dawdles: u64,
    pub(super) forgets: u64,
    pub(super) declines: u64,
    pub(super) cancels: u64,
}

/// Milliseconds for which faults happen.
pub(super) const FAULTS_MS: u64 = 60_000;

impl Schedule {
    /// Starts the schedule of `seed`. Only these kinds of faults happen, each in every second world, and of what is
    /// decided then only what is in `only`.
    pub(super) fn new(seed: u64, allowed: &BTreeSet<Fault>, only: Option<&BTreeSet<Decision>>) -> Self {
        let here = |fault: &&Fault| Dice::new(seed, &[1, **fault as u64]).yes(500);
        let faults = allowed.iter().filter(here).copied().collect();
        Self { seed, faults, only: only.cloned(), taken: Vec::new() }
    }

    /// Starts a row of numbers for one purpose.
    pub(super) fn dice(&self, key: &[u64]) -> Dice {
        Dice::new(self.seed, key)
    }

    /// Returns whether a decision stands, and notes it if it does.
    pub(super) fn takes(&mut self, at: u64, decision: Decision) -> bool {
        let stands = self.only.as_ref().is_none_or(|only| only.contains(&decision));
        if stands {
            self.taken.push((at, decision));
        }
        stands
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Draws how bad this world is.
    pub(super) fn odds(&self) -> Odds {
        let mut dice = self.dice(&[2]);
        let mut draw = |fault, most| dice.between(1, most) * u64::from(self.has(fault));
        Odds {
            lost: draw(Fault::Loss, 60),
            breaks: draw(Fault::Loss, 60),
            twice: draw(Fault::Duplicates, 200),
            late: draw(Fault::Delay, 200),
            overtaken: draw(Fault::Reorder, 200),
            refuses: draw(Fault::Vault, 200),
            dawdles: draw(Fault::Vault, 400),
            forgets: draw(Fault::Store, 100),
            declines: draw(Fault::People, 100),
            cancels: draw(Fault::People, 100),
        }
    }

    /// Draws who lies: seldom more than one, and never everybody.
    pub(super) fn liars(&self, phones: usize) -> BTreeSet<usize> {
        let mut dice = self.dice(&[3]);
        if !self.has(Fault::Liars) {
            return BTreeSet::new();
        }
        let most = if dice.yes(250) { phones - 1 } else { 1 };
        (0..most).map(|_| dice.index(phones)).collect()
    }

    /// Draws what happens at its own time, in milliseconds from the start.
    pub(super) fn plan(&self, phones: usize) -> Vec<(u64, Decision)> {
        let mut dice = self.dice(&[4]);
        let mut plan = Vec::new();
        for number in 0..few(&mut dice) {
            let lasts_ms = if dice.yes(800) { LONG_MS } else { dice.between(1_000, 30_000) };
            let who = dice.index(phones);
            let items = few(&mut dice);
            let at = dice.below(20_000) * number.min(1);
            plan.push((at, Decision::Proposes { who, number, items, lasts_ms }));
        }
        let mut dice = self.dice(&[5]);
        let count = |dice: &mut Dice, fault, most| if self.has(fault) { dice.between(1, most) } else { 0 };
        for _ in 0..count(&mut dice, Fault::Partitions, 3) {
            let bits = dice.between(1, (1 << (phones - 1)) - 1);
            plan.push((dice.below(FAULTS_MS), Decision::Parts { bits, ms: dice.between(10, 20_000) }));
        }
        for _ in 0..count(&mut dice, Fault::Links, 6) {
            let (a, b) = two(&mut dice, phones);
            plan.push((dice.below(30_000), Decision::Drops { a: a.min(b), b: a.max(b) }));
        }
        for _ in 0..count(&mut dice, Fault::OneWay, 3) {
            let (from, to) = two(&mut dice, phones);
            plan.push((0, Decision::OneWay { from, to }));
        }
        for _ in 0..count(&mut dice, Fault::Store, 2) {
            let (who, ms) = (dice.index(phones), dice.between(1, 10_000));
            plan.push((dice.below(20_000), Decision::Full { who, ms }));
        }
        for _ in 0..count(&mut dice, Fault::Clocks, 4) {
            let far = if dice.yes(200) { 3 * 24 * 60 * 60 * 1000 } else { TAME_MS / 4 };
            let ms = dice.below(2 * far) as i64 - far as i64;
            plan.push((dice.below(FAULTS_MS), Decision::Jumps { who: dice.index(phones), ms }));
        }
        for _ in 0..count(&mut dice, Fault::Background, 4) {
            let (who, ms) = (dice.index(phones), dice.between(10, 30_000));
            plan.push((dice.below(FAULTS_MS), Decision::Leaves { who, ms }));
        }
        plan
    }

    /// Draws when the killer strikes: before which effects of which phones.
    pub(super) fn strikes(&self, phones: usize) -> BTreeMap<(usize, u64), Decision> {
        let mut dice = self.dice(&[6]);
        let deadly = [Fault::Crashes, Fault::Rollback, Fault::Store].into_iter().any(|fault| self.has(fault));
        let count = if deadly { dice.between(1, 2 * phones as u64) } else { 0 };
        let strike = |_| {
            let (who, effect) = (dice.index(phones), dice.between(1, 120));
            let disk = match dice.below(4) {
                0 if self.has(Fault::Rollback) => Disk::Old { percent: dice.below(100) },
                1 if self.has(Fault::Store) => Disk::Unreadable { for_good: dice.yes(300) },
                _ => Disk::Good,
            };
            let (finished, down_ms) = (dice.yes(500), dice.between(1, 20_000));
            ((who, effect), Decision::Strikes { who, effect, finished, down_ms, disk })
        };
        (0..count).map(strike).collect()
    }
}

/// How long a session lasts that nothing but time could end, in milliseconds.
pub(super) const LONG_MS: u64 = 20 * 60 * 1000;
/// How far a clock may be off without harm to such a session, in milliseconds.
pub(super) const TAME_MS: u64 = 2 * 60 * 1000;

fn two(dice: &mut Dice, phones: usize) -> (usize, usize) {
    let (a, step) = (dice.index(phones), 1 + dice.index(phones - 1));
    (a, (a + step) % phones)
}

/// Draws one to three, mostly one: what is signed costs most of a world's time.
fn few(dice: &mut Dice) -> u64 {
    1 + u64::from(dice.yes(350)) + u64::from(dice.yes(150))
}
