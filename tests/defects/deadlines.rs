//! Defects in what users were told of time, and in whose words.

use countersign_machine::Input;
use countersign_machine::limits::DEFAULT_PRESENCE_MS;
use countersign_machine::message::Payload;
use countersign_machine::plan::{Arg, Due, MessageKey, Notice, Plan};
use countersign_machine::session::Happening;
use countersign_machine::status::RequestState;

use super::*;

const MINUTE: u64 = 60_000;

#[test]
fn d23_a_request_alone_is_timed_expires_and_is_told_of() {
    for restarts in [false, true] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        world.cut(0, 1);
        world.feed(1, Input::WentToBackground);
        if restarts {
            world.crash(1);
            world.restart(1);
            world.feed(1, Input::WentToBackground);
        }
        let known = world.told(1, session).len();
        let (at, _) = world.phones[1].node.as_ref().and_then(|node| node.poll_timeout()).expect("a wake-up");
        assert_eq!(at.ms_from(world.now.boot), DEFAULT_SESSION_MS - 2 * MINUTE, "its first warning");

        world.pass_ms(DEFAULT_SESSION_MS);

        let told = &world.told(1, session)[known..];
        let ends = [Happening::RequestExpired, Happening::Ended { outcome: Outcome::Expired }];
        assert_eq!(told[2..], ends, "after two warnings, restarts: {restarts}");
        let request = &world.status(1).inbox[0];
        assert_eq!((request.session, request.state), (session, RequestState::Expired));
        let [item] = &plan(&world, 1).items[..] else { panic!("one notification") };
        assert_eq!((item.notice, item.due), (Notice::Expired, Due::Now));
        assert_eq!(item.message.key, MessageKey::RequestExpired);
        assert_eq!(world.status(1).badge, 0);
    }
}

#[test]
fn d24_a_warning_as_long_as_the_session_is_never_given() {
    for (lasts_ms, thresholds) in [
        (MINUTE, vec![]),
        (2 * MINUTE, vec![1]),
        (5 * MINUTE, vec![2, 1]),
        (10 * MINUTE, vec![5, 2, 1]),
        (60 * MINUTE, vec![10, 5, 2, 1]),
    ] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.try_propose_for(0, payload(1), lasts_ms).expect("within the limits");
        world.settle();
        assert_eq!(warned(&world, 1, session), [], "not at once");

        world.pass_ms(lasts_ms);

        let all: Vec<u64> = thresholds.into_iter().map(|minutes: u64| minutes * MINUTE).collect();
        assert_eq!(warned(&world, 1, session), all.iter().map(|ms| (*ms, *ms)).collect::<Vec<_>>());
    }
}

#[test]
fn d24_a_late_wake_gives_one_warning_and_says_how_much_is_really_left() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 20 * MINUTE).expect("twenty minutes");
    world.settle();
    world.crash(1);
    world.pass_ms(18 * MINUTE + 30_000);
    world.restart(1);
    world.settle();

    assert_eq!(warned(&world, 1, session), [(2 * MINUTE, 90_000)]);
    let shown = plan(&world, 1);
    let now: Vec<Notice> =
        shown.items.iter().filter(|item| item.due == Due::Now).map(|item| item.notice).collect();
    assert_eq!(now, [Notice::Warning { threshold_ms: 2 * MINUTE }]);
}

#[test]
fn d24_the_callers_warning_time_has_effect() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let own = Some(vec![17 * MINUTE]);
    world.command(1, |node, now| node.set_warnings(own, now)).expect("one warning");
    let session = world.try_propose_for(0, payload(1), 20 * MINUTE).expect("twenty minutes");
    world.settle();
    let later = plan(&world, 1).items.into_iter().filter(|item| item.due == Due::Later);
    let later: Vec<_> = later.map(|item| (item.notice, item.fire_in_ms)).collect();
    let warning = Notice::Warning { threshold_ms: 17 * MINUTE };
    assert_eq!(later, [(warning, 3 * MINUTE), (Notice::Expired, 20 * MINUTE)]);

    world.pass_ms(20 * MINUTE);

    assert_eq!(warned(&world, 1, session), [(17 * MINUTE, 17 * MINUTE)]);
}

#[test]
fn d25_the_system_holds_every_warning_while_the_program_is_dead() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 20 * MINUTE).expect("twenty minutes");
    world.settle();
    let held = plan(&world, 1);
    let later = |plan: &Plan| -> Vec<(Notice, u64)> {
        let later = plan.items.iter().filter(|item| item.due == Due::Later);
        later.map(|item| (item.notice, item.fire_in_ms)).collect()
    };
    // The ten-minute warning is for the open program alone.
    let mut all: Vec<_> =
        [5, 2, 1].map(|n| (Notice::Warning { threshold_ms: n * MINUTE }, (20 - n) * MINUTE)).into();
    all.push((Notice::Expired, 20 * MINUTE));
    assert_eq!(later(&held), all);
    world.command(1, |node, now| node.ack_plan(held.revision, &[], now)).expect("the newest plan");

    world.crash(1);
    world.pass_ms(16 * MINUTE);
    world.restart(1);

    // What the system has shown meanwhile is not put up again, and what it holds is what is still to come.
    let after = plan(&world, 1);
    let [first, rest @ ..] = &after.items[..] else { panic!("a warning was shown") };
    assert_eq!((first.notice, first.due), (Notice::Warning { threshold_ms: 5 * MINUTE }, Due::Shown));
    assert_eq!(first.slot, held.items[0].slot, "in the place of the request");
    let keys: Vec<_> = rest.iter().map(|item| item.key).collect();
    let expected: Vec<_> = held.items.iter().rev().take(3).rev().map(|item| item.key).collect();
    assert_eq!(keys, expected, "under the same names");
    assert_eq!(later(&after)[0].1, 2 * MINUTE);

    world.crash(1);
    world.pass_ms(30 * MINUTE);
    world.restart(1);
    let over = plan(&world, 1);
    let [item] = &over.items[..] else { panic!("one notification: {over:?}") };
    assert_eq!((item.notice, item.due), (Notice::Expired, Due::Shown));
    let expired = world.session(1, session).expect("known").outcome;
    assert_eq!(expired, Some(Outcome::Expired));
}

#[test]
fn d25_the_last_refresh_moves_only_when_somebody_was_reached() {
    let mut world = World::new(1, 2, Topology::Apart);
    world.command(0, |node, now| node.start_presence(DEFAULT_PRESENCE_MS, now)).expect("an hour");
    world.settle();
    world.pass_ms(90 * MINUTE);
    assert_eq!(last_refresh(&world, 0), None, "published to nobody is not published");

    world.mend(0, 1);
    world.settle();
    let reached = last_refresh(&world, 0);
    assert_eq!(reached, Some(world.now.wall));
    world.pass_ms(24 * MINUTE);
    assert_eq!(last_refresh(&world, 0), Some(world.now.wall), "refreshed after 40 %");
    let reached = last_refresh(&world, 0);

    world.cut(0, 1);
    world.settle();
    world.pass_ms(5 * 60 * MINUTE);
    assert_eq!(last_refresh(&world, 0), reached, "the old time is kept");
}

#[test]
fn d26_what_is_shown_of_a_proposal_is_computed_from_the_items_that_are_signed() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let payload = Payload { text: "1 item: pay nobody anything".into(), ..payload(3) };
    let session = world.propose(0, payload.clone());
    world.settle();

    let shown = world.session(1, session).expect("known");
    assert_eq!(shown.items, 3, "whatever the text says");
    let node = world.phones[1].node.as_ref().expect("alive");
    let terms = node.terms(session).expect("known");
    assert_eq!(terms.payload, payload);
    assert_eq!(terms.session_id(), session, "the terms that were signed, and no other");
    assert_eq!(shown.text, payload.text, "the proposer's words, in a field of their own");

    let other = Payload { text: "3 items".into(), ..payload };
    let other = world.propose(0, other);
    assert_ne!(other, session, "the words are signed, too");
}

#[test]
fn d26_no_notification_and_no_inbox_says_a_word_of_the_proposals_text() {
    const WORDS: &str = "urgent: approve within 1 minute";
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, Payload { text: WORDS.into(), ..payload(2) });
    world.settle();
    let Value::Object(status) = serde_json::to_value(world.status(1)).expect("JSON") else {
        panic!("an object")
    };
    let with_words: Vec<&String> =
        status.iter().filter(|(_, value)| value.to_string().contains(WORDS)).map(|(name, _)| name).collect();
    assert_eq!(with_words, ["sessions"]);
    assert_eq!(status["sessions"].to_string().matches(WORDS).count(), 1, "in `text` alone");
    assert_eq!(status["sessions"][0]["text"], WORDS);

    for moment in 0..6 {
        let plan = plan(&world, 1);
        assert!(!serde_json::to_string(&plan).expect("JSON").contains(WORDS), "minute {moment}");
        for item in &plan.items {
            let names = item.message.args.iter().filter(|arg| matches!(arg, Arg::Name(_)));
            let from_peer = usize::from(item.notice == Notice::Request);
            assert_eq!(names.count(), from_peer, "a name is its bearer's own word, and marked as one");
        }
        world.pass_ms(MINUTE);
    }
    let message = &world.session(1, session).expect("known").message;
    assert_eq!((message.key, &message.args[..]), (MessageKey::RequestExpired, &[][..]));
}

fn plan(world: &World, who: usize) -> Plan {
    world.phones[who].node.as_ref().expect("alive").plan(world.now_of(who))
}

fn last_refresh(world: &World, who: usize) -> Option<WallTime> {
    world.status(who).presence.expect("it was started").last_refresh
}

/// Returns the warnings that a phone's user was given: which, and how much was left, in milliseconds.
fn warned(world: &World, who: usize, session: SessionId) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    for what in world.told(who, session) {
        if let Happening::Expiring { threshold_ms, left_ms, .. } = what {
            all.push((threshold_ms, left_ms));
        }
    }
    all
}
