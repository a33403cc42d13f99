//! When the system is to wake the program.

use countersign_machine::limits::{EXPIRY_TOLERANCE_MS, REFRESH_MS};
use countersign_machine::plan::{Notice, NotificationKey, PlannedWake, WakeReason};
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_tests::rig::{Topology, World, payload};

use super::{HOUR, MINUTE, asked, extend, node, wake_plan_of, warning};

#[test]
fn the_next_moment_that_the_user_is_told_of_is_the_next_wake() {
    let (mut world, session) = asked(26 * HOUR);
    for (ms, notice, in_ms, tolerance_ms) in [
        (0, warning(24 * 60), 2 * HOUR, 144 * MINUTE),
        (2 * HOUR, warning(60), 23 * HOUR, 6 * MINUTE),
        (23 * HOUR, warning(5), 55 * MINUTE, 30_000),
        (51 * MINUTE, warning(5), 4 * MINUTE, 30_000),
        (4 * MINUTE, warning(2), 3 * MINUTE, 12_000),
        (3 * MINUTE, warning(1), MINUTE, 6_000),
        (MINUTE, Notice::Expired, MINUTE, EXPIRY_TOLERANCE_MS),
    ] {
        world.pass_ms(ms);
        for who in 0..2 {
            let at = WallTime(world.now_of(who).wall.0 + in_ms);
            let reason = WakeReason::Notice { session, notice };
            let (user_visible, needs_network) = (true, false);
            let expected = PlannedWake { in_ms, at, tolerance_ms, user_visible, needs_network, reason };
            assert_eq!(wake_plan_of(&world, who).next, Some(expected));
        }
    }
    world.pass_ms(MINUTE);
    assert_eq!(wake_plan_of(&world, 1).next, None);
}

#[test]
fn asking_the_co_signers_for_news_is_worth_it_while_a_session_is_open() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let idle = wake_plan_of(&world, 1);
    assert_eq!((idle.next, idle.refresh), (None, None), "there is nothing to wake for");

    let session = world.try_propose_for(0, payload(1), HOUR).expect("within the limits");
    world.settle();
    let refresh = wake_plan_of(&world, 1).refresh.expect("a session is open");
    let expected = PlannedWake {
        in_ms: REFRESH_MS,
        at: WallTime(world.now_of(1).wall.0 + REFRESH_MS),
        tolerance_ms: REFRESH_MS,
        user_visible: false,
        needs_network: true,
        reason: WakeReason::Refresh,
    };
    assert_eq!(refresh, expected);

    world.approve_at_once(session);
    world.assert_flawless(session);
    let done = wake_plan_of(&world, 1);
    assert_eq!((done.next, done.refresh), (None, None));
    assert_eq!(done.revision, idle.revision, "as if it had never been");
}

#[test]
fn of_several_sessions_the_one_that_comes_first_wakes_and_what_was_put_away_does_not() {
    let (mut world, first) = asked(10 * MINUTE);
    let second = world.try_propose_for(0, payload(2), 11 * MINUTE).expect("within the limits");
    world.settle();
    let next = |world: &World| wake_plan_of(world, 1).next.expect("two sessions are open").reason;
    assert_eq!(next(&world), WakeReason::Notice { session: first, notice: warning(5) });

    let revision = wake_plan_of(&world, 1).revision;
    let key = NotificationKey::new(first, warning(5));
    world.command(1, |node, now| node.dismiss(key, now)).expect("known");
    assert_eq!(next(&world), WakeReason::Notice { session: second, notice: warning(5) });
    assert_ne!(wake_plan_of(&world, 1).revision, revision);

    world.pass_ms(6 * MINUTE);
    assert_eq!(next(&world), WakeReason::Notice { session: first, notice: warning(2) });
}

#[test]
fn a_wake_plan_has_a_new_revision_when_its_moment_moves_and_none_as_time_passes() {
    let (mut world, session) = asked(20 * MINUTE);
    let before = wake_plan_of(&world, 1);
    world.pass_ms(7 * MINUTE);
    let after = wake_plan_of(&world, 1);
    assert_eq!(after.revision, before.revision);
    assert_eq!(after.next.as_ref().map(|next| next.at), before.next.as_ref().map(|next| next.at));
    let now = world.now_of(1);
    for us in [1, 499, 999] {
        let now = Now { boot: BootTime(now.boot.0 + us), ..now };
        assert_eq!(node(&world, 1).wake_plan(now).revision, before.revision, "{us} microseconds later");
        assert_eq!(node(&world, 1).plan(now).revision, node(&world, 1).plan(world.now_of(1)).revision);
    }

    for who in 0..2 {
        extend(&mut world, who, session, MINUTE).expect("later");
    }
    world.settle();
    assert_ne!(wake_plan_of(&world, 1).revision, before.revision);
    world.set_clock(1, 5_000);
    assert_ne!(wake_plan_of(&world, 1).next.map(|next| next.at), before.next.map(|next| next.at));
}
