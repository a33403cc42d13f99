//! What becomes of a notification: held, shown, put away, or of no use any more.

use countersign_machine::fault::CallerFault;
use countersign_machine::id::SessionId;
use countersign_machine::limits::{CLOCK_PING_MS, FORGET_AFTER_MS};
use countersign_machine::message::DeclineReason;
use countersign_machine::plan::{Due, Notice, NotificationKey};
use countersign_machine::record::Outcome;
use countersign_tests::rig::{Topology, World, payload};

use super::{
    HOUR, MINUTE, acknowledge, asked, extend, know_shell, notices, plan_of, text, wake_plan_of, warning,
};

#[test]
fn what_a_system_holds_counts_as_shown_when_its_time_comes() {
    let (mut world, session) = asked(20 * MINUTE);
    assert_eq!(first(&world, session), (Notice::Request, Due::Now));
    acknowledge(&mut world, 1, &[]);
    assert_eq!(first(&world, session), (Notice::Request, Due::Shown));
    assert!(notices(&plan_of(&world, 1), session)[1..].iter().all(|(_, due)| *due == Due::Later));

    for (ms, notice) in
        [(15 * MINUTE, warning(5)), (3 * MINUTE, warning(2)), (MINUTE, warning(1)), (MINUTE, Notice::Expired)]
    {
        world.pass_ms(ms);
        assert_eq!(first(&world, session), (notice, Due::Shown));
        world.crash(1);
        world.restart(1);
        world.settle();
        assert_eq!(first(&world, session), (notice, Due::Shown), "after a restart");
    }
}

#[test]
fn a_shell_that_cannot_preschedule_puts_up_each_notice_at_its_time() {
    let (mut world, session) = asked(20 * MINUTE);
    know_shell(&mut world, 1, |shell| shell.can_preschedule = false);
    for (ms, notice) in [
        (0, Notice::Request),
        (15 * MINUTE, warning(5)),
        (3 * MINUTE, warning(2)),
        (MINUTE, warning(1)),
        (MINUTE, Notice::Expired),
    ] {
        world.pass_ms(ms);
        assert_eq!(first(&world, session), (notice, Due::Now), "the former is not it");
        acknowledge(&mut world, 1, &[]);
        assert_eq!(first(&world, session), (notice, Due::Shown));
    }
}

#[test]
fn what_came_while_nobody_looked_is_told_as_one_the_most_urgent() {
    let (mut world, session) = asked(20 * MINUTE);
    world.crash(1);
    world.pass_ms(18 * MINUTE + 30_000);
    world.restart(1);
    world.settle();

    let expected = [(warning(2), Due::Now), (warning(1), Due::Later), (Notice::Expired, Due::Later)];
    assert_eq!(notices(&plan_of(&world, 1), session), expected);

    world.crash(1);
    world.pass_ms(HOUR / 2);
    world.restart(1);
    world.settle();
    assert_eq!(notices(&plan_of(&world, 1), session), [(Notice::Expired, Due::Now)]);
}

#[test]
fn what_the_system_refused_is_due_until_it_takes_it() {
    let (mut world, session) = asked(20 * MINUTE);
    let key = |notice| NotificationKey::new(session, notice);
    acknowledge(&mut world, 1, &[key(Notice::Request), key(warning(5))]);
    assert_eq!(first(&world, session), (Notice::Request, Due::Now));

    world.pass_ms(15 * MINUTE);
    assert_eq!(first(&world, session), (warning(5), Due::Now));
    world.pass_ms(3 * MINUTE);
    assert_eq!(first(&world, session), (warning(2), Due::Shown), "this one the system held");
}

#[test]
fn a_word_on_another_plan_is_refused_and_changes_nothing() {
    let (mut world, session) = asked(20 * MINUTE);
    let stale = plan_of(&world, 1).revision;
    let refused = |world: &mut World, revision: u64| {
        let (plan, written) = (text(&plan_of(world, 1)), world.phones[1].journal.len());
        let said = world.command(1, |node, now| node.ack_plan(revision, &[], now));
        assert_eq!(said, Err(CallerFault::StalePlan));
        assert_eq!((text(&plan_of(world, 1)), world.phones[1].journal.len()), (plan, written));
    };
    refused(&mut world, stale ^ 1);
    world.pass_ms(15 * MINUTE);
    refused(&mut world, stale);
    let stale = plan_of(&world, 1).revision;
    world.propose(0, payload(2));
    world.settle();
    refused(&mut world, stale);

    let now = plan_of(&world, 1).revision;
    acknowledge(&mut world, 1, &[]);
    assert_eq!(plan_of(&world, 1).revision, now, "the shell has nothing more to do for it");
    let written = world.phones[1].journal.len();
    acknowledge(&mut world, 1, &[]);
    assert_eq!(world.phones[1].journal.len(), written, "saying so again is no news");
    assert_eq!(first(&world, session), (warning(5), Due::Shown));
}

#[test]
fn what_the_user_put_away_stays_away_whatever_restarts() {
    let (mut world, session) = asked(20 * MINUTE);
    dismiss(&mut world, session, Notice::Request);
    dismiss(&mut world, session, warning(2));
    let left = [(warning(5), Due::Later), (warning(1), Due::Later), (Notice::Expired, Due::Later)];
    assert_eq!(notices(&plan_of(&world, 1), session), left);
    world.crash(1);
    world.restart(1);
    world.settle();
    assert_eq!(notices(&plan_of(&world, 1), session), left);

    world.pass_ms(18 * MINUTE);
    let left = [(warning(1), Due::Later), (Notice::Expired, Due::Later)];
    assert_eq!(notices(&plan_of(&world, 1), session), left, "nothing takes the place of the two minutes");
    world.pass_ms(MINUTE);
    assert_eq!(first(&world, session), (warning(1), Due::Now));
    dismiss(&mut world, session, warning(1));
    dismiss(&mut world, session, Notice::Expired);
    world.pass_ms(2 * MINUTE);
    world.crash(1);
    world.restart(1);
    world.settle();
    assert_eq!(plan_of(&world, 1).items, []);
    let written = world.phones[1].journal.len();
    dismiss(&mut world, session, Notice::Expired);
    assert_eq!(world.phones[1].journal.len(), written, "once is enough");
}

#[test]
fn a_notification_of_no_session_is_not_put_away() {
    let (mut world, session) = asked(20 * MINUTE);
    let written = world.phones[1].journal.len();
    let mut other = session;
    other.0[7] ^= 1;
    let key = NotificationKey::new(other, Notice::Request);

    let dismissed = world.command(1, |node, now| node.dismiss(key, now));

    assert_eq!(dismissed, Err(CallerFault::UnknownNotice));
    assert_eq!(world.phones[1].journal.len(), written);
}

#[test]
fn a_session_that_is_over_has_no_notification_but_of_its_expiry() {
    for end in ["completed", "declined", "cancelled", "failed"] {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.try_propose_for(0, payload(2), 20 * MINUTE).expect("within the limits");
        world.settle();
        (0..3).for_each(|who| know_shell(&mut world, who, |shell| shell.live_update = true));
        world.pass_ms(16 * MINUTE);
        for who in 0..3 {
            acknowledge(&mut world, who, &[]);
            assert_eq!(notices(&plan_of(&world, who), session)[0], (warning(5), Due::Shown));
        }
        match end {
            "completed" => world.approve_at_once(session),
            "declined" => {
                let decline = |world: &mut World| {
                    world.command(2, |node, now| node.decline(session, DeclineReason::User, now))
                };
                decline(&mut world).expect("nothing is signed");
            }
            "cancelled" => world.command(0, |node, now| node.cancel(session, now)).expect("its own"),
            _ => {
                world.lie(&[1], |word| word.spoil());
                world.approve_at_once(session);
            }
        }
        world.settle();
        for who in [0, 2] {
            let outcome = world.session(who, session).and_then(|shown| shown.outcome).expect("it is over");
            let as_meant = match outcome {
                Outcome::Completed { .. } => end == "completed",
                Outcome::Declined { .. } => end == "declined",
                Outcome::Cancelled => end == "cancelled",
                Outcome::Failed { .. } => end == "failed",
                Outcome::Expired => false,
            };
            assert!(as_meant, "{end}: {outcome:?}");
            assert_eq!(plan_of(&world, who).items, [], "{end}");
            let wakes = wake_plan_of(&world, who);
            assert_eq!((wakes.next, wakes.refresh), (None, None), "{end}");
        }
        world.pass_ms(10 * MINUTE);
        assert_eq!(plan_of(&world, 2).items, [], "{end}: nor when its deadline has come");
    }
}

#[test]
fn an_expiry_stays_until_the_session_is_forgotten() {
    let (mut world, session) = asked(20 * MINUTE);
    world.pass_ms(20 * MINUTE + FORGET_AFTER_MS);
    assert_eq!(notices(&plan_of(&world, 1), session), [(Notice::Expired, Due::Now)]);
    acknowledge(&mut world, 1, &[]);
    assert_eq!(notices(&plan_of(&world, 1), session), [(Notice::Expired, Due::Shown)]);
    world.pass_ms(CLOCK_PING_MS);
    let next = world.propose(0, payload(2));
    world.settle();

    assert_eq!(notices(&plan_of(&world, 1), session), []);
    assert!(world.session(1, session).is_none(), "the next proposal makes room");
    assert_eq!(notices(&plan_of(&world, 1), next)[0], (Notice::Request, Due::Now));
}

#[test]
fn a_later_deadline_has_warnings_of_its_own_though_the_former_were_shown_and_put_away() {
    let (mut world, session) = asked(20 * MINUTE);
    know_shell(&mut world, 1, |shell| shell.can_preschedule = false);
    acknowledge(&mut world, 1, &[]);
    for (ms, minutes) in [(15 * MINUTE, 5), (3 * MINUTE, 2)] {
        world.pass_ms(ms);
        acknowledge(&mut world, 1, &[]);
        assert_eq!(first(&world, session), (warning(minutes), Due::Shown));
        dismiss(&mut world, session, warning(minutes));
    }
    dismiss(&mut world, session, Notice::Expired);
    for who in 0..2 {
        extend(&mut world, who, session, 10 * MINUTE).expect("later");
    }
    world.settle();

    for restart in [false, true] {
        if restart {
            world.crash(1);
            world.restart(1);
            world.settle();
            know_shell(&mut world, 1, |shell| shell.can_preschedule = false);
        }
        let expected = [
            // A warning took its place, so it is put up again.
            (Notice::Request, Due::Now),
            (warning(5), Due::Later),
            (warning(2), Due::Later),
            (warning(1), Due::Later),
            (Notice::Expired, Due::Later),
        ];
        assert_eq!(notices(&plan_of(&world, 1), session), expected);
    }
    for (ms, notice) in
        [(7 * MINUTE, warning(5)), (3 * MINUTE, warning(2)), (MINUTE, warning(1)), (MINUTE, Notice::Expired)]
    {
        world.pass_ms(ms);
        assert_eq!(first(&world, session), (notice, Due::Now));
    }
}

/// Returns what is on the second phone's screen.
fn first(world: &World, session: SessionId) -> (Notice, Due) {
    notices(&plan_of(world, 1), session)[0]
}

fn dismiss(world: &mut World, session: SessionId, notice: Notice) {
    let key = NotificationKey::new(session, notice);
    world.command(1, |node, now| node.dismiss(key, now)).expect("the session is known");
}
