//! Any message may come at any time: every order of events that makes a difference is tried.
//!
//! Two events at different phones commute, so one of their two orders stands for both (sleep sets). Every
//! order of what one phone sees is tried, whatever link it comes over.

use std::collections::BTreeSet;

use countersign_machine::id::SessionId;
use countersign_tests::rig::{Flight, Step, Topology, World, payload};

#[test]
fn two_phones_sign_two_sessions_in_every_order() {
    let run = Run { proposers: &[0, 1], ..Run::new(2, Topology::Mesh) };

    println!("2 phones, 2 sessions: {}", run.explore(usize::MAX));
}

#[test]
fn three_phones_sign_in_every_order_of_frames_and_approvals() {
    for approve_at_once in [true, false] {
        let run = Run { approve_at_once, ..Run::new(3, Topology::Mesh) };
        println!("3 phones: {}", run.explore(usize::MAX));
    }
}

#[test]
fn three_phones_in_a_row_sign_in_every_order() {
    for proposer in [&[0], &[1]] {
        let run = Run { proposers: proposer, ..Run::new(3, Topology::Chain) };
        println!("3 phones in a row: {}", run.explore(usize::MAX));
    }
}

#[test]
fn three_phones_sign_whenever_their_vaults_and_journals_answer() {
    let run = Run { answer_at_once: false, ..Run::new(3, Topology::Mesh) };

    println!("3 phones, slow vaults: {}", run.explore(300));
}

#[test]
fn two_phones_sign_whenever_their_vaults_answer_and_whenever_one_is_restarted() {
    let slow = Run { answer_at_once: false, ..Run::new(2, Topology::Mesh) };
    println!("2 phones, slow vaults: {}", slow.explore(usize::MAX));

    let mortal = Run { deaths: 1, ..slow };
    println!("2 phones, slow vaults, one death: {}", mortal.explore(usize::MAX));
}

/// Something that happens at one phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Frame {
        to: usize,
        from: usize,
        number: usize,
    },
    Approval {
        to: usize,
        session: usize,
    },
    Answer {
        to: usize,
    },
    /// It dies and comes back: its links go down and up.
    Death {
        of: usize,
    },
}

impl Event {
    /// Returns at which phone it happens; `None` if others notice at once.
    fn phone(self) -> Option<usize> {
        match self {
            Self::Frame { to, .. } | Self::Approval { to, .. } | Self::Answer { to } => Some(to),
            Self::Death { .. } => None,
        }
    }
}

/// How far a search went.
#[derive(Default)]
struct Explored {
    /// Orders that went to their end.
    orders: usize,
    /// States of the world on their ways; one that two ways lead to counts twice.
    states: usize,
}

impl std::fmt::Display for Explored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} orders, {} states visited, no deadlock", self.orders, self.states)
    }
}

/// A world to run in all orders.
#[derive(Clone, Copy)]
struct Run {
    count: usize,
    topology: Topology,
    /// Who proposes; each makes one session.
    proposers: &'static [usize],
    /// Whether users approve as soon as they are asked.
    approve_at_once: bool,
    /// Whether vaults and journals answer as soon as they are asked.
    answer_at_once: bool,
    /// How often a phone may die.
    deaths: usize,
}

impl Run {
    fn new(count: usize, topology: Topology) -> Self {
        Self { count, topology, proposers: &[0], approve_at_once: true, answer_at_once: true, deaths: 0 }
    }

    /// Walks all orders, at most `limit`. Each must end with the signatures: where nothing can happen any more, all
    /// have signed. Returns how many there were.
    fn explore(&self, limit: usize) -> Explored {
        let mut seen = Explored::default();
        let mut branches = vec![(Vec::new(), BTreeSet::new())];
        while let Some((mut order, mut asleep)) = branches.pop() {
            let (mut world, sessions) = self.replay(&order);
            loop {
                let events = self.choices(&world, &sessions, &order);
                let mut awake = events.iter().copied().filter(|event| !asleep.contains(event));
                let Some(next) = awake.next() else {
                    seen.orders += usize::from(self.events(&world, &sessions).is_empty());
                    break;
                };
                let mut tried: BTreeSet<Event> = asleep.iter().copied().chain([next]).collect();
                for other in awake {
                    branches.push(([&order[..], &[other]].concat(), untouched(&tried, other)));
                    tried.insert(other);
                }
                asleep = untouched(&asleep, next);
                self.apply(&mut world, &sessions, next);
                seen.states += 1;
                order.push(next);
            }
            if self.events(&world, &sessions).is_empty() {
                for session in &sessions {
                    world.approve_at_once(*session);
                    world.assert_flawless(*session);
                }
            }
            if seen.orders == limit {
                break;
            }
        }
        seen
    }

    fn replay(&self, order: &[Event]) -> (World, Vec<SessionId>) {
        let mut world = World::new(1, self.count, self.topology);
        let sessions: Vec<_> = self.proposers.iter().map(|who| world.propose(*who, payload(1))).collect();
        self.catch_up(&mut world, &sessions);
        order.iter().for_each(|event| self.apply(&mut world, &sessions, *event));
        (world, sessions)
    }

    fn apply(&self, world: &mut World, sessions: &[SessionId], event: Event) {
        match event {
            Event::Frame { .. } => {
                let at = world.flying.iter().position(|flight| arrival(flight) == event);
                world.take(Step::Frame(at.expect("the frame still flies")));
            }
            Event::Approval { to, session } => world.approve(to, sessions[session]),
            Event::Answer { to } => world.take(Step::Answer(to)),
            Event::Death { of } => {
                world.crash(of);
                world.restart(of);
            }
        }
        self.catch_up(world, sessions);
    }

    /// Does what is to be done at once.
    fn catch_up(&self, world: &mut World, sessions: &[SessionId]) {
        let at_once = |event: &Event| match event {
            Event::Frame { .. } => false,
            Event::Approval { .. } => self.approve_at_once,
            Event::Answer { .. } => self.answer_at_once,
            Event::Death { .. } => false,
        };
        if let Some(event) = self.events(world, sessions).into_iter().find(at_once) {
            self.apply(world, sessions, event);
        }
    }

    /// Returns what can happen next, deaths included.
    fn choices(&self, world: &World, sessions: &[SessionId], order: &[Event]) -> Vec<Event> {
        let died = order.iter().filter(|event| matches!(event, Event::Death { .. })).count();
        let mortals = if died < self.deaths { 0..self.count } else { 0..0 };
        let events = self.events(world, sessions);
        // When nothing else can happen a death would begin another session's worth of orders.
        let mortals = if events.is_empty() { 0..0 } else { mortals };
        events.into_iter().chain(mortals.map(|of| Event::Death { of })).collect()
    }

    /// Returns what must happen yet.
    fn events(&self, world: &World, sessions: &[SessionId]) -> Vec<Event> {
        // A greeting overtaken by what follows it is refused, rightly: over one connection frames keep their order.
        let mut ways = BTreeSet::new();
        let in_order = |flight: &&Flight| self.deaths == 0 || ways.insert((flight.from, flight.to));
        let mut events: Vec<Event> = world.flying.iter().filter(in_order).map(arrival).collect();
        for to in 0..self.count {
            for (session, id) in sessions.iter().enumerate() {
                events.extend(world.is_asked(to, *id).then_some(Event::Approval { to, session }));
            }
        }
        events.extend(world.steps().into_iter().filter_map(|step| match step {
            Step::Answer(to) => Some(Event::Answer { to }),
            Step::Frame(_) => None,
        }));
        events
    }
}

/// Returns who of `asleep` sleeps on after `event`: those at other phones.
fn untouched(asleep: &BTreeSet<Event>, event: Event) -> BTreeSet<Event> {
    let apart = |sleeper: &Event| sleeper.phone().zip(event.phone()).is_some_and(|(a, b)| a != b);
    asleep.iter().copied().filter(apart).collect()
}

fn arrival(flight: &Flight) -> Event {
    let Flight { from, to, number, .. } = *flight;
    Event::Frame { to, from, number }
}
