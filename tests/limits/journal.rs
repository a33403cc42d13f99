//! The journal stays short, and loses nothing that matters.

use countersign_machine::Node;
use countersign_machine::record::Record;
use countersign_machine::status::SessionStatus;

use super::*;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How many days the phones are used.
const DAYS: usize = 35;
/// How many sessions they sign a day.
const SESSIONS_A_DAY: usize = 12;
/// More records than one of these sessions ever makes.
const RECORDS_A_SESSION: usize = 8;

#[test]
fn weeks_of_sessions_leave_a_short_journal_that_loses_nothing_that_matters() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let mut deadlines = BTreeMap::new();
    let open = world.try_propose_for(0, payload(1), MAX_SESSION_MS).expect("thirty days");
    deadlines.insert(open, world.now.wall.0 + MAX_SESSION_MS);
    let (mut longest, mut compacted) = (0, 0);
    for day in 0..DAYS {
        for number in 0..SESSIONS_A_DAY {
            let proposer = (day + number) % 2;
            let session = world.propose(proposer, payload(1));
            deadlines.insert(session, world.now.wall.0 + DEFAULT_SESSION_MS);
            world.settle();
            match number % 4 {
                0 => world.pass_ms(DEFAULT_SESSION_MS),
                1 => world
                    .command(1 - proposer, |node, now| node.decline(session, DeclineReason::User, now))
                    .expect("it is open"),
                _ => world.approve(1 - proposer, session),
            }
            world.settle();
            for who in 0..2 {
                compacted += assert_only_old_ones_dropped(&mut world, who, &deadlines);
                longest = longest.max(world.phones[who].journal.len());
            }
            world.pass_ms(DAY_MS / SESSIONS_A_DAY as u64);
        }
        if day % 3 == 0 {
            world.crash(day % 2);
            world.restart(day % 2);
            world.settle();
        }
        (0..2).for_each(|who| assert_nothing_is_lost(&world, who));
        let alive = world.session(1, open).is_some_and(|shown| shown.outcome.is_none());
        assert_eq!(alive, day + 1 < 30, "the long session on day {day}");
    }

    let written = world.phones[0].archive.len();
    println!(
        "{written} records were written, the journal never held more than {longest}; {compacted} dropped"
    );
    let remembered = 2 * SESSIONS_A_DAY + COMPACT_AFTER + 1;
    assert!(longest < remembered * RECORDS_A_SESSION, "{longest} records");
    assert!(written > 3 * longest, "{written} records in all");
    assert_eq!(world.faults(), []);
    world.oracle.assert_silent();
}

#[test]
fn cards_that_later_ones_replace_do_not_fill_the_journal() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for number in 0..4 * COMPACT_AFTER {
        world.pass_ms(61_000);
        let issued = world.command(0, |node, _| node.issue_card(format!("card {number}")));
        assert_eq!(issued, Ok(()));
        world.settle();
        let session = world.propose(0, payload(1));
        world.approve_at_once(session);
        let cards = |who: usize| {
            let journal = world.phones[who].journal.iter();
            let kept = journal.filter_map(|bytes| Record::parse(bytes));
            kept.filter(|record| matches!(record, Record::CardKept { .. })).count()
        };
        assert!((0..2).all(|who| cards(who) <= COMPACT_AFTER + 2), "{} and {}", cards(0), cards(1));
        if number % 100 == 99 {
            world.pass_ms(DEFAULT_SESSION_MS + FORGET_AFTER_MS + 1);
        }
    }

    let newest = format!("card {}", 4 * COMPACT_AFTER - 1);
    for who in 0..2 {
        world.crash(who);
        world.restart(who);
        let shown = world.status(who).wallets[0].participants[0].nickname.clone();
        assert_eq!(shown.as_deref(), Some(newest.as_str()));
    }
}

/// Asserts that every session newly dropped from a journal ended, and more than an hour after its deadline. Returns how
/// many were dropped.
fn assert_only_old_ones_dropped(
    world: &mut World,
    who: usize,
    deadlines: &BTreeMap<SessionId, u64>,
) -> usize {
    let dropped = std::mem::take(&mut world.phones[who].dropped);
    for session in &dropped {
        assert!(deadlines[session] + FORGET_AFTER_MS < world.now.wall.0, "{session:?} at phone {who}");
        assert_eq!(world.session(who, *session), None);
    }
    dropped.len()
}

/// Asserts that the journal leads to the same as every record ever written would.
fn assert_nothing_is_lost(world: &World, who: usize) {
    let phone = &world.phones[who];
    let node = |records: &[Vec<u8>]| phone.node_from(records, [0; 32], world.now).expect("a journal");
    let by_id = |node: Node| -> BTreeMap<SessionId, SessionStatus> {
        node.status(world.now).sessions.into_iter().map(|shown| (shown.id, shown)).collect()
    };
    let (short, full) = (by_id(node(&phone.journal)), by_id(node(&phone.archive)));

    // Neither has forgotten anything yet: their clocks are not confirmed.
    for alive in world.status(who).sessions {
        let shown = &short[&alive.id];
        assert_eq!(shown, &full[&alive.id], "phone {who}");
        assert_eq!((&shown.outcome, shown.deadline), (&alive.outcome, alive.deadline));
    }
}
