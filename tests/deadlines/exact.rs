//! The warnings of a session, each at its moment.

use countersign_machine::fault::CallerFault;
use countersign_machine::limits::{DEFAULT_SESSION_MS, MAX_SESSION_MS, MAX_WARNINGS};
use countersign_machine::record::Record;
use countersign_machine::session::Happening;
use countersign_machine::time::WallTime;
use countersign_tests::rig::{Topology, World, payload};

use super::{DAY, HOUR, MINUTE, SECOND, deadline, end, records, wake_all, warning, watch};

#[test]
fn each_warning_shorter_than_the_session_comes_at_its_moment_and_then_one_end() {
    let table: [(u64, &[u64]); 8] = [
        (MINUTE, &[]),
        (5 * MINUTE - SECOND, &[2 * MINUTE, MINUTE]),
        (5 * MINUTE, &[2 * MINUTE, MINUTE]),
        (10 * MINUTE, &[5 * MINUTE, 2 * MINUTE, MINUTE]),
        (11 * MINUTE, &[10 * MINUTE, 5 * MINUTE, 2 * MINUTE, MINUTE]),
        (HOUR, &[10 * MINUTE, 5 * MINUTE, 2 * MINUTE, MINUTE]),
        (DAY, &[HOUR, 10 * MINUTE, 5 * MINUTE, 2 * MINUTE, MINUTE]),
        (7 * DAY, &[DAY, HOUR, 10 * MINUTE, 5 * MINUTE, 2 * MINUTE, MINUTE]),
    ];
    for (lasts_ms, thresholds) in table {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.try_propose_for(0, payload(1), lasts_ms).expect("within the limits");
        world.settle();
        let until = deadline(&world, 0, session);
        for who in 0..2 {
            let warns = |what: &Happening| matches!(what, Happening::Expiring { .. });
            assert!(!world.told(who, session).iter().any(warns), "{lasts_ms} ms, phone {who}: not at once");
        }

        let heard = watch(&mut world, session, lasts_ms + 2 * HOUR);

        for (who, heard) in heard.into_iter().enumerate() {
            assert_eq!(heard, fires(until, lasts_ms, thresholds, who == 1), "{lasts_ms} ms, phone {who}");
        }
        assert_eq!(world.faults(), []);
    }
}

#[test]
fn the_callers_own_list_takes_the_place_of_the_usual_one_and_survives_a_restart() {
    for restarts in [false, true] {
        let mut world = World::new(1, 2, Topology::Mesh);
        set_warnings(&mut world, 1, Some(vec![45 * SECOND, 3 * MINUTE, 45 * SECOND])).expect("two warnings");
        if restarts {
            world.crash(1);
            world.restart(1);
        }
        let session = world.propose(0, payload(1));
        world.settle();
        let until = deadline(&world, 0, session);
        if restarts {
            world.crash(1);
            world.restart(1);
            world.settle();
        }

        let heard = watch(&mut world, session, DEFAULT_SESSION_MS + HOUR);

        let own = fires(until, DEFAULT_SESSION_MS, &[3 * MINUTE, 45 * SECOND], true);
        assert_eq!(heard[1], own, "restarts: {restarts}");
        let usual = fires(until, DEFAULT_SESSION_MS, &[2 * MINUTE, MINUTE], false);
        assert_eq!(heard[0], usual, "another phone's list is its own");
    }
}

#[test]
fn an_empty_list_warns_of_nothing_but_the_end() {
    let mut world = World::new(1, 2, Topology::Mesh);
    set_warnings(&mut world, 1, Some(vec![])).expect("no warning");
    let session = world.try_propose_for(0, payload(1), DAY).expect("a day");
    world.settle();
    world.crash(1);
    world.restart(1);
    world.settle();

    let heard = watch(&mut world, session, DAY + HOUR);

    let until = deadline(&world, 1, session);
    assert_eq!(heard[1], fires(until, DAY, &[], true));
}

#[test]
fn a_new_list_holds_for_open_sessions_and_gives_at_once_what_is_due() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 30 * MINUTE).expect("half an hour");
    world.settle();
    let until = deadline(&world, 1, session);
    world.pass_ms(5 * MINUTE);

    set_warnings(&mut world, 1, Some(vec![28 * MINUTE, 26 * MINUTE, 7 * MINUTE])).expect("three warnings");
    world.settle();
    assert_eq!(world.told(1, session).last(), Some(&warning(until, 26 * MINUTE, 25 * MINUTE)));
    world.pass_ms(19 * MINUTE);
    set_warnings(&mut world, 1, None).expect("the usual ones");
    let heard = watch(&mut world, session, 6 * MINUTE + HOUR);

    assert_eq!(heard[1], fires(until, 6 * MINUTE, &[5 * MINUTE, 2 * MINUTE, MINUTE], true));
    let sevens =
        world.told(1, session).iter().filter(|what| **what == warning(until, 7 * MINUTE, 7 * MINUTE)).count();
    assert_eq!(sevens, 1);
}

#[test]
fn a_list_out_of_range_is_refused_and_changes_nothing() {
    let mut world = World::new(1, 2, Topology::Mesh);
    set_warnings(&mut world, 1, Some(vec![90 * SECOND])).expect("one warning");
    let before = world.phones[1].journal.clone();
    let many = (1..=MAX_WARNINGS as u64 + 1).map(|n| n * MINUTE).collect();
    for (list, fault) in [
        (vec![0], CallerFault::OutOfRange("a warning")),
        (vec![SECOND - 1], CallerFault::OutOfRange("a warning")),
        (vec![MINUTE, MAX_SESSION_MS], CallerFault::OutOfRange("a warning")),
        (vec![u64::MAX], CallerFault::OutOfRange("a warning")),
        (many, CallerFault::TooMany("warnings")),
    ] {
        assert_eq!(set_warnings(&mut world, 1, Some(list.clone())), Err(fault), "{list:?}");
    }
    assert_eq!(world.phones[1].journal, before);
    for list in [vec![SECOND, MAX_SESSION_MS - 1], vec![90 * SECOND]] {
        set_warnings(&mut world, 1, Some(list)).expect("at the limits");
    }
    let chosen = records(&world, 1).filter(|record| matches!(record, Record::WarningsChosen { .. })).count();
    assert_eq!(chosen, 3);

    let session = world.propose(0, payload(1));
    world.settle();
    let until = deadline(&world, 1, session);
    let heard = watch(&mut world, session, DEFAULT_SESSION_MS);

    assert_eq!(heard[1], fires(until, DEFAULT_SESSION_MS, &[90 * SECOND], true));
}

#[test]
fn a_later_deadline_has_its_own_warnings_and_the_former_has_none_any_more() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let former = deadline(&world, 0, session);
    let first = watch(&mut world, session, 3 * MINUTE + 30 * SECOND);
    assert_eq!(first[1], [(3 * MINUTE, warning(former, 2 * MINUTE, 2 * MINUTE))]);

    let later = WallTime(former.0 + 10 * MINUTE);
    for who in 0..2 {
        world.command(who, |node, now| node.extend(session, later, now)).expect("later");
    }
    world.settle();
    wake_all(&mut world);
    let lasts_ms = 11 * MINUTE + 30 * SECOND;
    let heard = watch(&mut world, session, lasts_ms + HOUR);

    let thresholds = [10 * MINUTE, 5 * MINUTE, 2 * MINUTE, MINUTE];
    for (who, heard) in heard.into_iter().enumerate() {
        assert_eq!(heard, fires(later, lasts_ms, &thresholds, who == 1), "phone {who}");
    }
}

fn set_warnings(world: &mut World, who: usize, list: Option<Vec<u64>>) -> Result<(), CallerFault> {
    world.command(who, |node, now| node.set_warnings(list, now))
}

/// Returns what a phone's user hears of a session that lasts so long, and when.
fn fires(until: WallTime, lasts_ms: u64, thresholds: &[u64], asked: bool) -> Vec<(u64, Happening)> {
    let warnings = thresholds.iter().map(|ms| (lasts_ms - ms, warning(until, *ms, *ms)));
    warnings.chain(end(asked).into_iter().map(|what| (lasts_ms, what))).collect()
}
