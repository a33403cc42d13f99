//! A deep sleep, and wall clocks that people move, within one boot.

use countersign_machine::Input;
use countersign_machine::fault::CallerFault;
use countersign_machine::id::SessionId;
use countersign_machine::plan::Notice;
use countersign_machine::record::Outcome;
use countersign_tests::rig::{Topology, World, payload};

use super::{DAY, HOUR, MINUTE, SECOND};
use super::{contributions, deadline, deal_with_events, end, remaining, sleep, watch};

const LASTS: u64 = 10 * MINUTE;

#[test]
fn criterion_1_an_hour_of_sleep_over_a_stored_session_ends_it_once_with_no_burst_and_no_signature() {
    for wall_slept in [true, false] {
        let (mut world, session) = halfway();
        let before = [0, 1, 2].map(|who| contributions(&world, who, session));
        let known = [0, 1, 2].map(|who| world.told(who, session).len());
        (0..3).for_each(|who| drop(deal_with_events(&mut world, who, session)));
        (0..3).for_each(|who| world.crash(who));

        sleep(&mut world, HOUR);
        if !wall_slept {
            world.now.wall.0 -= HOUR;
        }
        for who in 0..3 {
            world.restart(who);
            let early = world.command(who, |node, now| node.approve(session, now));
            assert_eq!(early, Err(CallerFault::Ended(session)), "phone {who}");
        }
        world.settle();
        world.pass_ms(HOUR - MINUTE);

        assert_eq!(world.outcome(session), Some(Outcome::Expired));
        for who in 0..3 {
            let heard = end(who == 2);
            assert_eq!(deal_with_events(&mut world, who, session), heard, "phone {who}, once");
            assert!(
                heard.ends_with(&world.told(who, session)[known[who]..]),
                "phone {who}: no more than that"
            );
            assert_eq!(contributions(&world, who, session), before[who], "phone {who}");
            let plan = world.phones[who].node.as_ref().expect("alive").plan(world.now_of(who));
            let notices: Vec<Notice> = plan.items.iter().map(|item| item.notice).collect();
            assert_eq!(notices, [Notice::Expired], "phone {who}");
        }
        world.oracle.assert_silent();
    }
}

#[test]
fn criterion_1_an_hour_of_sleep_of_a_running_program_does_the_same() {
    let (mut world, session) = halfway();
    let before = [0, 1, 2].map(|who| contributions(&world, who, session));
    let known = [0, 1, 2].map(|who| world.told(who, session).len());

    sleep(&mut world, HOUR);
    let late = world.command(2, |node, now| node.approve(session, now));
    assert_eq!(late, Err(CallerFault::Ended(session)), "before anybody looked at the time");
    super::wake_all(&mut world);

    for who in 0..3 {
        assert_eq!(world.told(who, session)[known[who]..], end(who == 2), "phone {who}");
        assert_eq!(contributions(&world, who, session), before[who], "phone {who}");
    }
}

// A change of the time zone changes how the wall clock is shown, not the clock: it counts from the epoch, in UTC. What a
// person who sets the shown time by hand does is in the tests below.

#[test]
fn criterion_2_a_wall_clock_moved_by_a_day_changes_nothing_of_what_is_left_within_a_run() {
    for (who, named) in [(0, true), (1, true), (0, false), (1, false)] {
        for days in [1, -1] {
            let (mut world, session) = halfway();
            if !named {
                world.phones[who].boots = None;
                world.crash(who);
                world.restart(who);
                world.settle();
            }
            let left = remaining(&world, who, session);

            world.set_clock(who, days * DAY as i64);
            assert_eq!(remaining(&world, who, session), left, "before it is noticed");
            world.settle();
            assert_eq!(remaining(&world, who, session), left, "after");
            world.pass_ms(70 * SECOND);
            assert_eq!(remaining(&world, who, session), left - 70 * SECOND);
            world.set_clock(who, 0);
            world.settle();
            assert_eq!(remaining(&world, who, session), left - 70 * SECOND, "and back");
            world.set_clock(who, days * DAY as i64);

            let heard = watch(&mut world, session, LASTS);
            let ended = heard[who].iter().filter(|(_, what)| end(false).contains(what));
            assert_eq!(ended.map(|(at, _)| *at).collect::<Vec<_>>(), [left - 70 * SECOND]);
        }
    }
}

#[test]
fn criterion_2_a_wall_clock_moved_by_a_day_changes_nothing_of_what_is_left_over_a_restart_in_the_same_boot() {
    for who in 0..3 {
        for days in [1, -1] {
            let (mut world, session) = halfway();
            let left = remaining(&world, who, session);

            world.crash(who);
            world.set_clock(who, days * DAY as i64);
            world.restart(who);
            assert_eq!(remaining(&world, who, session), left, "phone {who}, {days} days");
            world.settle();
            world.pass_ms(45 * SECOND);
            world.crash(who);
            world.set_clock(who, 0);
            world.pass_ms(15 * SECOND);
            world.restart(who);
            world.settle();

            assert_eq!(remaining(&world, who, session), left - MINUTE, "phone {who}, {days} days and back");
        }
    }
}

#[test]
fn criterion_2_where_the_system_has_no_name_for_the_boot_a_moved_clock_gives_nothing_over_a_restart() {
    for who in 0..3 {
        // Back: it cannot have been later before. Ahead: as if the phone had been off for a day, and nobody can tell.
        for (days, unnoticed) in [(-1, Some(())), (1, None)] {
            let (mut world, session) = nameless(who);
            let left = remaining(&world, who, session);
            world.crash(who);
            world.set_clock(who, days * DAY as i64);
            world.restart(who);

            assert_eq!(
                remaining(&world, who, session),
                unnoticed.map_or(0, |()| left),
                "phone {who}, {days}"
            );
        }
        // What the program saw move, and told its journal, is no riddle later.
        let (mut world, session) = nameless(who);
        let left = remaining(&world, who, session);
        world.set_clock(who, DAY as i64);
        world.settle();
        world.pass_ms(2 * SECOND);
        world.feed(who, Input::WentToBackground);
        world.crash(who);
        world.restart(who);

        assert_eq!(remaining(&world, who, session), left - 2 * SECOND, "phone {who}");
    }
}

/// Three phones whose systems name no boot for one of them, and the session of [`halfway`].
fn nameless(who: usize) -> (World, SessionId) {
    let (mut world, session) = halfway();
    world.phones[who].boots = None;
    world.crash(who);
    world.restart(who);
    world.settle();
    (world, session)
}

/// Three phones and a session of ten minutes, a minute old, that the first has proposed, the second has approved and the
/// third is asked about.
fn halfway() -> (World, SessionId) {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(2), LASTS).expect("ten minutes");
    world.settle();
    world.approve(1, session);
    world.settle();
    world.pass_ms(MINUTE);
    assert_eq!(deadline(&world, 2, session).ms_from(world.now.wall), LASTS - MINUTE);
    (world, session)
}
