//! Phones that are not awake when a warning is due, or die of it.

use countersign_machine::Input;
use countersign_machine::id::SessionId;
use countersign_machine::plan::Notice;
use countersign_machine::record::Record;
use countersign_machine::session::Happening;
use countersign_tests::rig::{Topology, World, payload};

use super::{HOUR, MINUTE, SECOND};
use super::{deadline, deal_with_events, end, records, sleep, wake_all, warning, watch};

const LASTS: u64 = 11 * MINUTE;

#[test]
fn in_the_background_the_warning_for_the_open_program_waits_until_it_is_open_or_a_later_one_takes_its_place()
{
    for opens in [true, false] {
        let (mut world, session) = asked();
        let until = deadline(&world, 1, session);
        let known = world.told(1, session).len();
        world.feed(1, Input::WentToBackground);
        world.pass_ms(LASTS - 8 * MINUTE);
        assert_eq!(world.told(1, session)[known..], [], "nobody looks");

        if opens {
            world.feed(1, Input::CameToForeground);
            world.settle();
            assert_eq!(world.told(1, session)[known..], [warning(until, 10 * MINUTE, 8 * MINUTE)]);
        }
        let known = world.told(1, session).len();
        world.pass_ms(3 * MINUTE);
        assert_eq!(world.told(1, session)[known..], [warning(until, 5 * MINUTE, 5 * MINUTE)]);
    }
}

#[test]
fn a_phone_asleep_over_several_warnings_gives_the_most_urgent_and_says_how_much_is_really_left() {
    let table: [(u64, u64, &[u64]); 5] = [
        (9 * MINUTE + 59 * SECOND, 10 * MINUTE, &[5 * MINUTE, 2 * MINUTE, MINUTE]),
        (3 * MINUTE, 5 * MINUTE, &[2 * MINUTE, MINUTE]),
        (2 * MINUTE, 2 * MINUTE, &[MINUTE]),
        (61 * SECOND, 2 * MINUTE, &[MINUTE]),
        (1, MINUTE, &[]),
    ];
    for (left_ms, threshold_ms, rest) in table {
        let (mut world, session) = asked();
        let until = deadline(&world, 1, session);
        let known = world.told(1, session).len();

        sleep(&mut world, LASTS - left_ms);
        wake_all(&mut world);

        assert_eq!(world.told(1, session)[known..], [warning(until, threshold_ms, left_ms)]);
        let heard = watch(&mut world, session, left_ms + HOUR);
        let warnings = rest.iter().map(|ms| (left_ms - ms, warning(until, *ms, *ms)));
        let expected: Vec<_> = warnings.chain(end(true).into_iter().map(|what| (left_ms, what))).collect();
        assert_eq!(heard[1], expected, "asleep until {left_ms} ms were left");
    }
}

#[test]
fn a_phone_asleep_over_all_warnings_hears_of_one_end_and_of_nothing_else() {
    for over in [0, 1, HOUR, 100 * HOUR] {
        let (mut world, session) = asked();
        let known = [0, 1].map(|who| world.told(who, session).len());

        sleep(&mut world, LASTS + over);
        wake_all(&mut world);
        world.pass_ms(HOUR);

        for (who, known) in known.into_iter().enumerate() {
            assert_eq!(world.told(who, session)[known..], end(who == 1), "phone {who}");
            assert_eq!(warned(&world, who, session), [0_u64; 0]);
        }
    }
}

#[test]
fn a_phone_that_wakes_for_something_else_warns_all_the_same() {
    let (mut world, session) = asked();
    let until = deadline(&world, 1, session);
    let known = world.told(1, session).len();
    sleep(&mut world, LASTS - 90 * SECOND);

    world.act(1, |node, now| node.connect(now));
    world.settle();

    assert_eq!(world.told(1, session)[known..], [warning(until, 2 * MINUTE, 90 * SECOND)]);
}

#[test]
fn a_phone_that_is_restarted_between_warnings_repeats_none_and_leaves_none_out() {
    for reboots in [false, true] {
        for named in [false, true] {
            let (mut world, session) = asked();
            if !named {
                world.phones[1].boots = None;
                world.crash(1);
                world.restart(1);
                world.settle();
            }
            let until = deadline(&world, 1, session);
            let known = world.told(1, session).len();
            for _ in 0..22 {
                world.pass_ms(LASTS / 22);
                world.crash(1);
                if reboots {
                    world.reboot(1);
                } else {
                    world.restart(1);
                }
                world.settle();
            }
            world.pass_ms(HOUR);

            let expected = [10, 5, 2, 1].map(|minutes| warning(until, minutes * MINUTE, minutes * MINUTE));
            let expected: Vec<_> = expected.into_iter().chain(end(true)).collect();
            let told = &world.told(1, session)[known..];
            let asked_anew = |what: &&Happening| !matches!(what, Happening::Progressed);
            let told: Vec<_> = told.iter().filter(asked_anew).cloned().collect();
            assert_eq!(told, expected, "reboots: {reboots}, named: {named}");
        }
    }
}

#[test]
fn a_phone_that_dies_before_a_warning_is_durable_gives_it_once_it_is_back() {
    let (mut world, session) = asked();
    let until = deadline(&world, 1, session);
    let known = die_while_warning(&mut world, session, 1);
    assert_eq!(warned(&world, 1, session), [0_u64; 0]);

    world.pass_ms(3 * SECOND);
    world.restart(1);
    world.settle();

    assert_eq!(warned(&world, 1, session), [10 * MINUTE]);
    let told = &world.told(1, session)[known..];
    assert_eq!(told, [warning(until, 10 * MINUTE, 10 * MINUTE - 3 * SECOND)]);
}

#[test]
fn a_phone_that_dies_between_a_warnings_record_and_the_telling_finds_it_among_its_events_and_never_repeats_it()
 {
    let (mut world, session) = asked();
    let until = deadline(&world, 1, session);
    let lost = warning(until, 10 * MINUTE, 10 * MINUTE);
    let known = die_while_warning(&mut world, session, 2);
    assert_eq!(warned(&world, 1, session), [10 * MINUTE]);
    assert_eq!(world.told(1, session).len(), known, "the user has not heard");

    world.pass_ms(3 * SECOND);
    world.restart(1);
    world.settle();
    let events = deal_with_events(&mut world, 1, session);

    assert_eq!(events.iter().filter(|what| **what == lost).count(), 1, "{events:?}");
    let shown = world.session(1, session).expect("known");
    assert_eq!(shown.warned_ms, Some(10 * MINUTE));
    world.crash(1);
    world.restart(1);
    world.settle();
    assert_eq!(deal_with_events(&mut world, 1, session), [], "they are dealt with");
    world.pass_ms(LASTS);
    let expected = [5, 2, 1].map(|minutes| warning(until, minutes * MINUTE, minutes * MINUTE));
    let expected: Vec<_> = expected.into_iter().chain(end(true)).collect();
    assert_eq!(world.told(1, session)[known..], expected);
    assert_eq!(deal_with_events(&mut world, 1, session), expected);
}

#[test]
fn a_phone_that_dies_between_the_record_of_the_end_and_the_telling_finds_it_among_its_events() {
    let (mut world, session) = asked();
    world.pass_ms(LASTS - 1);
    deal_with_events(&mut world, 1, session);
    let known = world.told(1, session).len();
    world.kill_before_effect(1, 2);
    world.pass_ms(1);
    assert!(world.phones[1].node.is_none());

    world.restart(1);
    world.settle();

    assert_eq!(deal_with_events(&mut world, 1, session), end(true));
    assert_eq!(world.told(1, session).len(), known, "it is not told once more");
    let plan = world.phones[1].node.as_ref().expect("alive").plan(world.now_of(1));
    assert_eq!(plan.items.iter().map(|item| item.notice).collect::<Vec<_>>(), [Notice::Expired]);
}

/// Two phones and a session of eleven minutes that the second is asked about.
fn asked() -> (World, SessionId) {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), LASTS).expect("eleven minutes");
    world.settle();
    (world, session)
}

/// Lets the second phone die before its `count`th effect when the first warning is due; returns how much its user had been
/// told.
fn die_while_warning(world: &mut World, session: SessionId, count: usize) -> usize {
    world.pass_ms(MINUTE - 1);
    let known = world.told(1, session).len();
    world.kill_before_effect(1, count);
    world.pass_ms(1);
    assert!(world.phones[1].node.is_none(), "it died of it");
    known
}

/// Returns the warnings of a session in a phone's journal, in milliseconds before its deadline.
fn warned(world: &World, who: usize, of: SessionId) -> Vec<u64> {
    let mut all = Vec::new();
    for record in records(world, who) {
        if let Record::Warned { session, threshold_ms, .. } = record
            && session == of
        {
            all.push(threshold_ms);
        }
    }
    all
}
