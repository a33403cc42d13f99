//! What keeps a session from going on, from whom it waits, and until when.

use countersign_machine::id::{SessionId, Slot};
use countersign_machine::limits::ATTEMPT_PAUSE_MS;
use countersign_machine::status::{Blocked, Blocker, NextAction};
use countersign_tests::rig::{Topology, Vault, World, payload};

use super::{MINUTE, decline, extend, restart_phone};

#[test]
fn a_request_waits_for_our_user_until_the_deadline() {
    let (mut world, session) = asked(3);
    world.pass_ms(MINUTE);

    assert_waits(&world, 1, session, (Blocker::Approval, &[1], 4 * MINUTE), NextAction::Answer);
    extend(&mut world, 0, session, MINUTE).expect("later");
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Approval, &[1], 4 * MINUTE), NextAction::Answer);
}

#[test]
fn round_one_waits_for_those_whose_nonces_are_missing_who_may_have_to_be_reached() {
    let (mut world, session) = asked(3);
    assert_waits(&world, 0, session, (Blocker::Nonces, &[1, 2], 5 * MINUTE), NextAction::Wait);
    world.approve(1, session);
    world.settle();
    assert_waits(&world, 0, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);
    world.crash(1);
    assert_waits(&world, 0, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);
    world.crash(2);
    assert_waits(&world, 0, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Connect);

    world.restart(2);
    world.settle();
    assert_waits(&world, 0, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);
}

#[test]
fn round_two_waits_for_those_whose_partial_signatures_are_missing() {
    let (mut world, session) = asked(4);
    world.lie(&[1], |word| word.withhold(&["partials", "complete"]));
    world.approve_at_once(session);

    assert_waits(&world, 0, session, (Blocker::Partials, &[1], 5 * MINUTE), NextAction::Wait);
    world.crash(1);
    assert_waits(&world, 0, session, (Blocker::Partials, &[1], 5 * MINUTE), NextAction::Connect);
}

#[test]
fn a_vault_that_says_nothing_holds_up_either_round() {
    let (mut world, session) = asked(3);
    world.phones[1].vault = Vault::Silent;
    world.phones[0].vault = Vault::Silent;
    world.approve(1, session);
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Key, &[1], 5 * MINUTE), NextAction::Unlock);

    let (mut world, session) = asked(3);
    world.phones[0].vault = Vault::Silent;
    world.approve_at_once(session);
    assert_waits(&world, 0, session, (Blocker::Key, &[0], 5 * MINUTE), NextAction::Unlock);
    assert_waits(&world, 1, session, (Blocker::Partials, &[0], 5 * MINUTE), NextAction::Wait);
}

#[test]
fn a_vault_that_refuses_leaves_the_answer_to_the_user() {
    let (mut world, session) = asked(3);
    world.phones[1].vault = Vault::Locked;
    world.approve(1, session);
    world.settle();

    assert_waits(&world, 1, session, (Blocker::Approval, &[1], 5 * MINUTE), NextAction::Answer);
}

#[test]
fn a_suspect_clock_holds_up_whoever_has_not_signed_until_it_is_set_right() {
    let (mut world, session) = asked(3);
    world.set_clock(1, -600_000);
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Approval, &[1], 5 * MINUTE), NextAction::Answer);
    world.approve(1, session);
    world.settle();
    assert!(world.status(1).clock_suspect);
    assert_waits(&world, 1, session, (Blocker::Clock, &[0, 2], 5 * MINUTE), NextAction::SetClock);

    world.set_clock(1, 0);
    world.act(1, |node, now| node.handle_timeout(now));
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);
}

#[test]
fn after_a_restart_alone_a_session_waits_for_a_first_word_of_anybody() {
    let (mut world, session) = asked(3);
    (0..3).for_each(|who| world.crash(who));
    world.restart(1);
    world.settle();
    world.approve(1, session);
    world.pass_ms(MINUTE);
    assert_waits(&world, 1, session, (Blocker::Company, &[0, 2], 4 * MINUTE), NextAction::Connect);

    world.restart(2);
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], 4 * MINUTE), NextAction::Wait);
    world.restart(0);
    world.approve_at_once(session);
    world.assert_signed(session);
}

#[test]
fn the_pause_before_an_attempt_is_a_wait_for_nobody_and_ends_first() {
    let (mut world, session) = asked(3);
    world.approve(1, session);
    world.settle();
    restart_phone(&mut world, 1);
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);
    restart_phone(&mut world, 1);
    assert_waits(&world, 1, session, (Blocker::Pause, &[], ATTEMPT_PAUSE_MS), NextAction::Wait);

    world.pass_ms(ATTEMPT_PAUSE_MS);
    let left = 5 * MINUTE - ATTEMPT_PAUSE_MS;
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], left), NextAction::Wait);

    world.pass_ms(left - 500);
    restart_phone(&mut world, 1);
    assert_waits(&world, 1, session, (Blocker::Pause, &[], 500), NextAction::Wait);
}

#[test]
fn whoever_has_approved_is_asked_to_agree_to_an_extension_whatever_else_is_waited_for() {
    let (mut world, session) = asked(3);
    extend(&mut world, 0, session, MINUTE).expect("later");
    world.approve(1, session);
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::AgreeToExtension);
    assert_waits(&world, 0, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);

    extend(&mut world, 1, session, MINUTE).expect("later");
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], 5 * MINUTE), NextAction::Wait);
    extend(&mut world, 2, session, MINUTE).expect("later");
    world.settle();
    assert_waits(&world, 1, session, (Blocker::Nonces, &[2], 6 * MINUTE), NextAction::Wait);
}

#[test]
fn nothing_blocks_a_session_that_is_over() {
    let (mut world, session) = asked(3);
    decline(&mut world, 1, session);
    world.settle();
    for who in 0..3 {
        let shown = world.session(who, session).expect("known");
        assert_eq!((shown.blocked, shown.next_action, shown.waits_for), (None, None, vec![]));
    }
}

/// Makes `count` phones and a session of five minutes that the first has proposed.
fn asked(count: usize) -> (World, SessionId) {
    let mut world = World::new(1, count, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    (world, session)
}

/// Asserts what a session of a phone waits for, from whom and for how long, and what its user can do.
fn assert_waits(
    world: &World,
    who: usize,
    session: SessionId,
    (by, whom, until_ms): (Blocker, &[u8], u64),
    action: NextAction,
) {
    let shown = world.session(who, session).expect("known");
    let whom = whom.iter().map(|slot| Slot(*slot)).collect();
    assert_eq!(shown.blocked, Some(Blocked { by, whom, until_ms }), "phone {who}");
    assert_eq!(shown.next_action, Some(action), "phone {who}");
}
