//! Whatever comes, in whatever order: nothing panics, no nonce signs twice, and honest phones sign in the end.

use countersign_machine::card::Card;
use countersign_machine::frame::Frame;
use countersign_machine::id::SessionId;
use countersign_machine::message::{DeclineReason, Envelope};
use countersign_machine::record::Record;
use countersign_tests::rig::{Step, Topology, Vault, World, payload};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..600)) {
        read(&bytes);
    }

    #[test]
    fn damaged_words_of_a_real_session_are_read_without_panic(
        pick in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = pick.get(words()).clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read(&bytes);
        read(&bytes[..cut.index(bytes.len())]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_makes_a_nonce_sign_twice(
        seed in any::<u64>(),
        happenings in vec(prop_oneof![3 => honest(), 1 => evil()], 0..120),
    ) {
        let mut run = Run::new(seed);
        happenings.iter().for_each(|happening| run.let_happen(happening));
        run.heal();
        run.world.oracle.assert_silent();
    }

    #[test]
    fn links_that_die_for_good_leave_the_others_to_carry_everything(
        seed in any::<u64>(),
        mut happenings in vec(any_one(), 20..160),
        deaths in vec((0_usize..60, prop::sample::select(vec![(0, 2), (0, 3), (1, 3)])), 1..4),
    ) {
        let mut world = World::new(seed, 4, Topology::Mesh);
        let session = world.propose(0, payload(1));
        for (moment, which) in happenings.drain(..).enumerate() {
            for (_, (a, b)) in deaths.iter().filter(|(at, _)| *at == moment) {
                world.cut(*a, *b);
            }
            let_one_happen(&mut world, session, &which);
        }
        deaths.iter().for_each(|(_, (a, b))| world.cut(*a, *b));
        world.approve_at_once(session);
        world.assert_flawless(session);
    }

    #[test]
    fn honest_phones_sign_once_the_network_is_well(
        seed in any::<u64>(),
        happenings in vec(honest(), 0..120),
    ) {
        let mut run = Run::new(seed);
        happenings.iter().for_each(|happening| run.let_happen(happening));
        run.heal();
        for session in &run.sessions {
            let known = (0..COUNT).any(|who| run.world.session(who, *session).is_some());
            if known {
                run.world.assert_flawless(*session);
            }
        }
    }
}

const COUNT: usize = 3;
/// Fewer than the attempts of a session.
const MAX_DEATHS: usize = 6;
const MAX_SESSIONS: usize = 4;

/// Something that happens.
#[derive(Clone, Debug)]
enum Happening {
    /// Whatever is first on one of the ways arrives.
    Arrives(prop::sample::Index),
    /// A vault or a journal answers.
    Answers(usize),
    Proposes(usize),
    Approves(usize, prop::sample::Index),
    Cuts(usize, usize),
    Mends(usize, usize),
    Dies(usize),
    Restarts(usize),
    Locks(usize),
    Unlocks(usize),
    /// A frame that was sent before arrives once more, at the same phone or at another, from whomever.
    Repeats(prop::sample::Index, usize, usize),
    /// A frame that was sent before arrives damaged.
    Damages(prop::sample::Index, prop::sample::Index, u8),
    Junk(usize, usize, Vec<u8>),
    /// What is in flight arrives out of its order.
    Overtakes(prop::sample::Index),
    Declines(usize, prop::sample::Index),
    Passes(u64),
    /// An old copy of the journal comes back.
    RollsBack(usize, prop::sample::Index),
}

fn who() -> impl Strategy<Value = usize> {
    0..COUNT
}

fn any_one() -> impl Strategy<Value = prop::sample::Index> {
    any::<prop::sample::Index>()
}

fn honest() -> impl Strategy<Value = Happening> {
    use Happening::{Answers, Approves, Arrives, Cuts, Dies, Locks, Mends, Proposes, Restarts, Unlocks};
    prop_oneof![
        12 => any_one().prop_map(Arrives),
        8 => who().prop_map(Answers),
        1 => who().prop_map(Proposes),
        4 => (who(), any_one()).prop_map(|(who, which)| Approves(who, which)),
        1 => (who(), who()).prop_map(|(a, b)| Cuts(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Mends(a, b)),
        1 => who().prop_map(Dies),
        2 => who().prop_map(Restarts),
        1 => who().prop_map(Locks),
        2 => who().prop_map(Unlocks),
    ]
}

fn evil() -> impl Strategy<Value = Happening> {
    use Happening::{Damages, Declines, Junk, Overtakes, Passes, Repeats, RollsBack};
    prop_oneof![
        4 => (any_one(), who(), who()).prop_map(|(which, from, to)| Repeats(which, from, to)),
        4 => (any_one(), any_one(), any::<u8>()).prop_map(|(which, at, byte)| Damages(which, at, byte)),
        2 => (who(), who(), vec(any::<u8>(), 0..80)).prop_map(|(from, to, bytes)| Junk(from, to, bytes)),
        4 => any_one().prop_map(Overtakes),
        1 => (who(), any_one()).prop_map(|(who, which)| Declines(who, which)),
        1 => (0_u64..400_000).prop_map(Passes),
        2 => (who(), any_one()).prop_map(|(who, length)| RollsBack(who, length)),
    ]
}

/// A world in which things happen.
struct Run {
    world: World,
    sessions: Vec<SessionId>,
    deaths: usize,
    /// How many records each journal had before anything happened.
    before: Vec<usize>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut world = World::new(seed, COUNT, Topology::Mesh);
        let before = world.phones.iter().map(|phone| phone.journal.len()).collect();
        let sessions = vec![world.propose(0, payload(1))];
        Self { world, sessions, deaths: 0, before }
    }

    fn let_happen(&mut self, happening: &Happening) {
        let world = &mut self.world;
        match happening {
            Happening::Arrives(which) => {
                let mut firsts = world.steps_in_order();
                firsts.retain(|step| matches!(step, Step::Frame(_)));
                if !firsts.is_empty() {
                    world.take(*which.get(&firsts));
                }
            }
            Happening::Answers(who) => world.take(Step::Answer(*who)),
            Happening::Proposes(who) => {
                if world.phones[*who].node.is_some() && self.sessions.len() < MAX_SESSIONS {
                    self.sessions.extend(world.try_propose(*who, payload(1)));
                }
            }
            Happening::Approves(who, which) => {
                let session = *which.get(&self.sessions);
                world.act(*who, |node, now| node.approve(session, now));
            }
            Happening::Cuts(a, b) if a != b => world.cut(*a, *b),
            Happening::Mends(a, b) if a != b => world.mend(*a, *b),
            Happening::Cuts(..) | Happening::Mends(..) => {}
            Happening::Dies(who) => self.die(*who),
            Happening::Restarts(who) => self.restart(*who),
            Happening::Locks(who) => world.phones[*who].vault = Vault::Locked,
            Happening::Unlocks(who) => world.phones[*who].vault = Vault::Open,
            Happening::Repeats(which, from, to) => {
                let bytes = which.get(&world.sent).bytes.clone();
                if from != to {
                    world.arrive(*from, *to, &bytes);
                }
            }
            Happening::Damages(which, at, byte) => {
                let flight = which.get(&world.sent).clone();
                let mut bytes = flight.bytes.to_vec();
                let at = at.index(bytes.len());
                bytes[at] = *byte;
                world.arrive(flight.from, flight.to, &bytes);
            }
            Happening::Junk(from, to, bytes) => world.arrive(*from, *to, bytes),
            Happening::Overtakes(which) => {
                if !world.flying.is_empty() {
                    world.take(Step::Frame(which.index(world.flying.len())));
                }
            }
            Happening::Declines(who, which) => {
                let session = *which.get(&self.sessions);
                world.act(*who, |node, now| node.decline(session, DeclineReason::User, now));
            }
            Happening::Passes(ms) => world.pass_ms(*ms),
            Happening::RollsBack(who, length) => {
                self.die(*who);
                let (shortest, longest) = (self.before[*who], self.world.phones[*who].journal.len());
                if self.world.phones[*who].node.is_none() {
                    let length = shortest + length.index(longest - shortest + 1);
                    self.world.phones[*who].journal.truncate(length);
                }
                self.restart(*who);
            }
        }
    }

    fn die(&mut self, who: usize) {
        if self.deaths < MAX_DEATHS && self.world.phones[who].node.is_some() {
            self.deaths += 1;
            self.world.crash(who);
        }
    }

    fn restart(&mut self, who: usize) {
        if self.world.phones[who].node.is_none() {
            self.world.restart(who);
        }
    }

    /// Makes everything well and lets the users approve.
    fn heal(&mut self) {
        for who in 0..COUNT {
            self.world.phones[who].vault = Vault::Open;
            self.restart(who);
        }
        self.world.settle();
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            self.world.mend(a, b);
            self.world.settle();
        }
        for session in &self.sessions {
            self.world.approve_at_once(*session);
        }
    }
}

/// Lets a frame, in order on its way, or an answer arrive or a user approve.
fn let_one_happen(world: &mut World, session: SessionId, which: &prop::sample::Index) {
    let asked = (0..world.phones.len()).filter(|who| world.is_asked(*who, session));
    let asked: Vec<usize> = asked.collect();
    let steps = world.steps_in_order();
    if asked.is_empty() && steps.is_empty() {
        return;
    }
    let at = which.index(asked.len() + steps.len());
    match asked.get(at) {
        Some(who) => world.approve(*who, session),
        None => world.take(steps[at - asked.len()]),
    }
}

/// Reads bytes as everything that comes from outside.
fn read(bytes: &[u8]) {
    let _ = Frame::parse(bytes);
    let _ = Envelope::parse(bytes);
    let _ = Card::parse(bytes);
    let _ = Record::parse(bytes);
}

/// Returns every frame, envelope, card and record of a session, made once.
fn words() -> &'static [Vec<u8>] {
    static WORDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    WORDS.get_or_init(|| {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.propose(0, payload(4));
        world.approve_at_once(session);
        let frames = world.sent.iter().map(|flight| flight.bytes.to_vec());
        let envelopes = world.sent.iter().filter_map(|flight| Some(flight.envelope()?.bytes().to_vec()));
        let cards = world.phones.iter().map(|phone| phone.card().as_bytes().to_vec());
        let records = world.phones.iter().flat_map(|phone| phone.journal.iter().cloned());
        frames.chain(envelopes).chain(cards).chain(records).collect()
    })
}
