//! What once went wrong with time, and with what the user is shown.

use std::collections::BTreeMap;

use countersign_machine::Input;
use countersign_machine::fault::CallerFault;
use countersign_machine::id::SessionId;
use countersign_machine::node::KeptEvent;
use countersign_machine::plan::{Capabilities, Due, Notice, NotificationKey, PlannedNotification};
use countersign_machine::presence::Here;
use countersign_machine::time::WallTime;
use countersign_tests::rig::{Topology, Vault, World, payload};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

#[test]
fn a_phone_killed_in_its_first_start_after_a_boot_gave_sessions_the_time_it_had_been_up() {
    for cut in 1..12 {
        let mut world = World::new(1, 2, Topology::Mesh);
        world.pass_ms(10 * DAY);
        for minutes in [2, 10, 10, 10] {
            world.try_propose_for(0, payload(1), minutes * MINUTE).expect("a session");
        }
        world.settle();
        let before = left(&world, 1);
        world.crash(1);
        world.pass_ms(3 * MINUTE);
        world.boot(1);
        world.kill_before_effect(1, cut);
        world.restart(1);
        if world.spare() {
            world.restart(1);
        }
        for (session, left_ms) in left(&world, 1) {
            assert!(left_ms <= before[&session] - 3 * MINUTE, "cut {cut}: {left_ms} ms");
        }
    }
}

#[test]
fn a_session_that_had_expired_was_shown_with_the_time_that_the_phone_had_been_up() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.pass_ms(10 * DAY);
    let session = world.try_propose_for(0, payload(1), 10 * MINUTE).expect("a session");
    world.pass_ms(11 * MINUTE);
    world.reboot(1);
    world.feed(1, Input::WentToBackground);
    world.crash(1);
    world.restart(1);

    let item = &plan_of(&world, 1)[0];
    assert_eq!(item.notice, Notice::Expired);
    assert_eq!((world.session(1, session).expect("known").remaining_ms, item.fire_in_ms), (0, 0));
}

#[test]
fn time_read_off_a_suspect_clock_stayed_though_the_clock_was_set_right_while_the_program_was_off() {
    for restarts in [false, true] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.try_propose_for(0, payload(1), 30 * MINUTE).expect("a session");
        world.settle();
        world.crash(1);
        world.pass_ms(20 * MINUTE);
        world.set_clock(1, -36_000_000);
        world.boot(1);
        world.cut(0, 1);
        world.restart(1);
        assert!(world.status(1).clock_suspect);
        assert_eq!(left(&world, 1)[&session], 30 * MINUTE, "what was left when it last looked");

        if restarts {
            world.crash(1);
        }
        world.set_clock(1, 0);
        if restarts {
            world.restart(1);
        }
        world.settle();
        world.act(1, |node, now| node.handle_timeout(now));

        assert!(!world.status(1).clock_suspect);
        assert_eq!(left(&world, 1), left(&world, 0));
    }
}

#[test]
fn ten_minutes_before_the_end_the_notice_of_an_hour_went_away() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.try_propose_for(0, payload(1), 120 * MINUTE).expect("a session");
    world.settle();
    world.pass_ms(65 * MINUTE);
    acknowledge(&mut world, 1);
    let hour = [(Notice::Warning { threshold_ms: 60 * MINUTE }, Due::Shown)];
    assert_eq!(shown(&world, 1), hour);

    world.pass_ms(46 * MINUTE);

    assert_eq!(shown(&world, 1), hour);
}

#[test]
fn a_request_whose_place_a_warning_had_taken_was_not_put_up_again_after_an_extension() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 10 * MINUTE).expect("a session");
    world.settle();
    acknowledge(&mut world, 1);
    world.pass_ms(6 * MINUTE);
    acknowledge(&mut world, 1);
    assert_eq!(shown(&world, 1), [(Notice::Warning { threshold_ms: 5 * MINUTE }, Due::Shown)]);

    let until = WallTime(world.session(0, session).expect("known").deadline.0 + 60 * MINUTE);
    for who in 0..2 {
        world.command(who, |node, now| node.extend(session, until, now)).expect("later");
        world.settle();
    }

    assert_eq!(shown(&world, 1), [(Notice::Request, Due::Now)]);
}

#[test]
fn a_request_was_not_put_up_again_once_the_one_in_its_place_was_cancelled() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.try_propose_for(0, payload(1), 60 * MINUTE).expect("a session");
    world.settle();
    acknowledge(&mut world, 1);
    world.pass_ms(10);
    let newer = world.try_propose_for(0, payload(1), 60 * MINUTE).expect("a session");
    world.settle();
    acknowledge(&mut world, 1);
    world.command(0, |node, now| node.cancel(newer, now)).expect("nobody has signed");
    world.settle();

    assert_eq!(world.status(1).badge, 1);
    assert_eq!(shown(&world, 1), [(Notice::Request, Due::Now)]);
}

#[test]
fn a_warning_that_the_plan_had_left_out_again_counted_as_shown() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let far = world.try_propose_for(0, payload(1), 60 * MINUTE).expect("a session");
    world.settle();
    acknowledge(&mut world, 1);
    let small = Capabilities { max_pending: 6, ..Capabilities::default() };
    world.feed(1, Input::ShellKnown(small));
    for _ in 0..3 {
        world.try_propose_for(0, payload(2), 30 * MINUTE).expect("a session");
    }
    world.settle();
    let waits = |item: &PlannedNotification| item.link.session == far && item.due == Due::Later;
    assert!(!plan_of(&world, 1).iter().any(waits), "there is no room for it");
    acknowledge(&mut world, 1);
    world.crash(1);
    world.pass_ms(56 * MINUTE);
    world.restart(1);

    assert!(shown(&world, 1).contains(&(Notice::Warning { threshold_ms: 5 * MINUTE }, Due::Now)));
}

#[test]
fn what_was_signed_already_expired_as_a_request() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.propose(0, payload(1));
    world.settle();
    world.pass_ms(1_000);
    let newer = world.propose(0, payload(1));
    world.approve_at_once(newer);

    for _ in 0..6 {
        world.pass_ms(MINUTE);
        assert_eq!(shown(&world, 1), []);
    }
}

#[test]
fn a_request_that_expired_after_its_vault_had_refused_was_another_after_a_restart() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.phones[1].vault = Vault::Locked;
    world.approve(1, session);
    world.pass_ms(6 * MINUTE);
    let (inbox, live) = (world.status(1).inbox, events_of(&mut world, 1));

    world.crash(1);
    world.restart(1);

    assert_eq!(world.status(1).inbox, inbox);
    assert_eq!(events_of(&mut world, 1), live);
}

#[test]
fn our_own_consent_that_the_journal_had_lost_asked_us_for_an_extension() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let old = world.phones[1].journal.clone();
    let until = WallTime(world.session(0, session).expect("known").deadline.0 + 60 * MINUTE);
    world.command(1, |node, now| node.extend(session, until, now)).expect("later");
    world.settle();
    world.crash(1);
    world.phones[1].journal = old;
    world.restart(1);
    world.settle();
    let live = events_of(&mut world, 1);

    world.crash(1);
    world.restart(1);

    assert_eq!(events_of(&mut world, 1), live);
}

#[test]
fn a_phone_whose_clock_had_been_ahead_could_not_withdraw_its_presence() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let here = |world: &World| {
        let key = world.phones[0].participant();
        let wallets = world.status(1).wallets;
        let shown = wallets[0].participants.iter().find(|shown| shown.key == key).expect("a co-signer");
        shown.presence.map(|presence| presence.here)
    };
    world.set_clock(0, 86_400_000);
    world.command(0, |node, now| node.start_presence(60_000, now)).expect("a minute");
    world.settle();
    world.set_clock(0, 0);
    world.pass_ms(5 * MINUTE);
    assert_eq!(here(&world), Some(Here::Online));

    world.act(0, |node, now| node.stop_presence(now));
    world.settle();

    assert_eq!(here(&world), None);
}

#[test]
fn a_warning_began_an_attempt_in_the_background() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 10 * MINUTE).expect("a session");
    world.settle();
    world.approve(1, session);
    world.settle();
    let pauses = |world: &World| world.session(1, session).expect("known").begins_in_ms.is_some();
    for _ in 0..7 {
        if !pauses(&world) {
            world.crash(1);
            world.restart(1);
            world.settle();
        }
    }
    assert!(pauses(&world), "it has lost its nonces often enough");
    world.feed(1, Input::WentToBackground);
    let asked = |world: &World| world.phones[1].effects.iter().filter(|effect| **effect == "ask key").count();
    let before = asked(&world);

    world.pass_ms(9 * MINUTE);
    assert_eq!(asked(&world), before);

    world.feed(1, Input::CameToForeground);
    world.settle();
    assert_eq!(asked(&world), before + 1, "it goes on in the foreground");
}

#[test]
fn dismissing_what_no_session_has_was_written_down() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let before = world.phones[1].journal.len();
    for threshold_ms in 0..100 {
        let key = NotificationKey::new(session, Notice::Warning { threshold_ms });
        let dismissed = world.command(1, |node, now| node.dismiss(key, now));
        assert_eq!(dismissed, Err(CallerFault::UnknownNotice));
    }
    assert_eq!(world.phones[1].journal.len(), before);
}

/// Returns how much time a phone shows of each open session.
fn left(world: &World, who: usize) -> BTreeMap<SessionId, u64> {
    let open = world.status(who).sessions.into_iter().filter(|session| session.outcome.is_none());
    open.map(|session| (session.id, session.remaining_ms)).collect()
}

fn plan_of(world: &World, who: usize) -> Vec<PlannedNotification> {
    world.phones[who].node.as_ref().expect("it lives").plan(world.now_of(who)).items
}

/// Returns what should be on a phone's screen.
fn shown(world: &World, who: usize) -> Vec<(Notice, Due)> {
    let now = plan_of(world, who).into_iter().filter(|item| item.due != Due::Later);
    now.map(|item| (item.notice, item.due)).collect()
}

fn acknowledge(world: &mut World, who: usize) {
    let taken = world.command(who, |node, now| node.ack_plan(node.plan(now).revision, &[], now));
    taken.expect("the plan of this moment");
}

/// Takes the events that wait at a phone; its journal does not hear of it.
fn events_of(world: &mut World, who: usize) -> Vec<KeptEvent> {
    let now = world.now_of(who);
    let node = world.phones[who].node.as_mut().expect("it lives");
    let events = std::iter::from_fn(|| {
        let event = node.next_event()?.clone();
        node.event_handled(event.id, now);
        Some(event)
    });
    let events = events.collect();
    while node.poll_effect().is_some() {}
    events
}
