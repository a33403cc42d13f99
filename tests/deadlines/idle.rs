//! How often a phone is woken while nothing happens.

use std::collections::BTreeMap;

use countersign_machine::limits::{DEFAULT_PRESENCE_MS, MIN_PRESENCE_MS};
use countersign_machine::{Input, Wake};
use countersign_tests::rig::{Topology, World, payload};

use super::{DAY, HOUR, MINUTE, wakes};

/// The warnings and the end of a session of a day, in the open program and in the background.
const OF_SESSION: [(&str, usize); 2] = [("deadline", 1), ("warning", 5)];
const IN_BACKGROUND: [(&str, usize); 2] = [("deadline", 1), ("warning", 4)];

#[test]
fn a_pending_session_of_a_day_wakes_linked_phones_for_its_warnings_and_its_end_alone() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.try_propose_for(0, payload(1), DAY).expect("a day");
    world.settle();

    let count = count_wakes(&mut world, DAY);

    for who in 0..3 {
        let mut expected = BTreeMap::from(OF_SESSION);
        if who == 0 {
            // Whether its proposal has come: asked of both at the same moment.
            expected.insert("silence", 1);
        }
        assert_eq!(count.reasons(who), expected, "phone {who}");
        assert_eq!(count.busiest(who, 23), 1, "phone {who}: an hour before the end");
        assert!(count.all(who) <= 4 * 24);
    }
}

#[test]
fn in_the_background_with_nobody_reachable_no_hour_has_more_than_four_not_even_the_last() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.try_propose_for(0, payload(1), DAY).expect("a day");
    world.settle();
    (0..3).for_each(|who| world.feed(who, Input::WentToBackground));
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        world.cut(a, b);
    }
    world.settle();

    let count = count_wakes(&mut world, DAY);

    for who in 0..3 {
        assert_eq!(count.reasons(who), BTreeMap::from(IN_BACKGROUND), "phone {who}");
        assert!(count.busiest(who, 24) <= 4, "phone {who}");
    }
}

#[test]
fn a_signer_that_waits_for_the_last_one_is_woken_a_few_times_at_first_and_then_once_an_hour() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), DAY).expect("a day");
    world.settle();
    world.lie(&[2], |word| word.withhold(&["partials", "complete"]));
    world.approve_at_once(session);
    assert!(!world.is_completed(0, session), "one keeps its partial signatures back");

    let count = count_wakes(&mut world, DAY);

    for who in 0..2 {
        let reasons = count.reasons(who);
        assert!((20..=40).contains(&reasons["session"]), "phone {who}: {reasons:?}");
        assert!(count.hours(who, 1..23).into_iter().all(|wakes| wakes <= 4), "phone {who}");
        assert!(count.all(who) <= 4 * 24, "phone {who}");
    }
}

#[test]
fn an_hours_presence_adds_one_wake_up_every_twenty_four_minutes() {
    for linked in [true, false] {
        let mut world = World::new(1, 2, Topology::Mesh);
        if !linked {
            (0..2).for_each(|who| world.feed(who, Input::WentToBackground));
            world.cut(0, 1);
        }
        world.try_propose_for(0, payload(1), DAY).expect("a day");
        for who in 0..2 {
            world.command(who, |node, now| node.start_presence(DEFAULT_PRESENCE_MS, now)).expect("an hour");
        }
        world.settle();

        let count = count_wakes(&mut world, DAY);

        // The sixtieth comes at the session's end: one wake-up for both.
        let refreshes = (DAY / (24 * MINUTE)) as usize - 1;
        let presence = linked.then_some(("presence", refreshes));
        let of_session = if linked { OF_SESSION } else { IN_BACKGROUND };
        assert_eq!(count.reasons(0), of_session.into_iter().chain(presence).collect(), "linked: {linked}");
        assert!(count.busiest(0, 23) <= 4, "linked: {linked}");
        assert!(count.all(0) <= 4 * 24);
    }
}

#[test]
fn with_nothing_registered_nobody_is_ever_woken_and_nothing_is_planned() {
    let mut world = World::new(1, 3, Topology::Mesh);
    assert_eq!(wakes(&world), []);
    for who in 0..3 {
        let now = world.now_of(who);
        let node = world.phones[who].node.as_ref().expect("alive");
        assert_eq!((node.plan(now).items, node.wake_plan(now).next), (vec![], None));
        assert_eq!((node.wake_plan(now).refresh, node.next_event()), (None, None));
    }

    let session = world.propose(0, payload(1));
    world.approve_at_once(session);
    for who in 0..3 {
        world.command(who, |node, now| node.start_presence(MIN_PRESENCE_MS, now)).expect("ten seconds");
        world.act(who, |node, now| node.stop_presence(now));
    }
    world.settle();

    assert_eq!(wakes(&world), [], "what is over wakes nobody");
    for who in 0..3 {
        let now = world.now_of(who);
        let node = world.phones[who].node.as_ref().expect("alive");
        assert_eq!((node.plan(now).items, node.wake_plan(now).next), (vec![], None), "phone {who}");
    }
}

/// Every wake-up: whose, in which hour, what for.
struct Count(Vec<(usize, u64, &'static str)>);

impl Count {
    fn reasons(&self, who: usize) -> BTreeMap<&'static str, usize> {
        let mut reasons = BTreeMap::new();
        for (_, _, reason) in self.0.iter().filter(|(of, ..)| *of == who) {
            *reasons.entry(*reason).or_default() += 1;
        }
        reasons
    }

    fn hours(&self, who: usize, hours: std::ops::Range<u64>) -> Vec<usize> {
        let of = |hour| self.0.iter().filter(|(of, at, _)| (*of, *at) == (who, hour)).count();
        hours.map(of).collect()
    }

    /// Returns how many there were in the worst of the first `hours`.
    fn busiest(&self, who: usize, hours: u64) -> usize {
        self.hours(who, 0..hours).into_iter().max().unwrap_or_default()
    }

    fn all(&self, who: usize) -> usize {
        self.0.iter().filter(|(of, ..)| *of == who).count()
    }
}

/// Lets time pass and counts every wake-up.
fn count_wakes(world: &mut World, ms: u64) -> Count {
    let begin = world.now.boot;
    let mut all = Vec::new();
    loop {
        let passed = world.now.boot.ms_from(begin);
        let next = wakes(world).into_iter().map(|(_, in_ms, _)| in_ms).min();
        let Some(in_ms) = next.filter(|in_ms| passed + in_ms <= ms) else { return Count(all) };
        assert!(in_ms > 0, "whoever was woken does not have to be woken again at once");
        let due = wakes(world).into_iter().filter(|(_, at, _)| *at == in_ms);
        all.extend(due.map(|(who, _, wake)| (who, (passed + in_ms - 1) / HOUR, reason(wake))));
        world.pass_ms(in_ms);
    }
}

fn reason(wake: Wake) -> &'static str {
    match wake {
        Wake::Deadline(_) => "deadline",
        Wake::Warning(_) => "warning",
        Wake::Session(_) => "session",
        Wake::Presence => "presence",
        Wake::Clock => "clock",
        Wake::Dial(_) => "dial",
        Wake::Silence(_) => "silence",
        Wake::Preflight => "preflight",
        Wake::Relay(_) => "relay",
        Wake::Move => "move",
        Wake::Network => "network",
    }
}
