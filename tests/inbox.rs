//! What co-signers ask of the user, what keeps a session from going on, what the program is told, and who is there.

use countersign_machine::fault::CallerFault;
use countersign_machine::id::{Attempt, SessionId};
use countersign_machine::message::{self, DeclineReason};
use countersign_machine::node::KeptEvent;
use countersign_machine::plan::{Action, Arg, Due, Message, MessageKey, Notice, NotificationKey};
use countersign_machine::record::Outcome;
use countersign_machine::session::Happening;
use countersign_machine::status::{Request, RequestState};
use countersign_machine::time::WallTime;
use countersign_machine::{Node, Wake};
use countersign_tests::rig::scene::{ITEMS, Scene, VICTIM};
use countersign_tests::rig::{Topology, World, payload};

#[path = "inbox/blocked.rs"]
mod blocked;
#[path = "inbox/events.rs"]
mod events;
#[path = "inbox/presence.rs"]
mod presence;
#[path = "inbox/random.rs"]
mod random;

const MINUTE: u64 = 60_000;

#[test]
fn what_has_become_of_each_request_stands_in_the_inbox_and_survives_restarts() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let mut ask = |number: u32, minutes: u64| {
        world.try_propose_for(0, payload(number), minutes * MINUTE).expect("within the limits")
    };
    let expired = ask(1, 2);
    let [late, pending, approved, rejected, cancelled, declined, completed] =
        [(2, 30), (3, 20), (4, 15), (5, 14), (6, 13), (7, 12), (8, 11)].map(|(number, ms)| ask(number, ms));
    world.settle();
    assert_eq!(world.status(2).inbox.len(), 8);
    assert_eq!((world.status(2).badge, world.status(0).inbox.len()), (8, 0), "nobody asks the proposer");

    world.pass_ms(2 * MINUTE);
    world.approve(2, approved);
    world.approve_at_once(completed);
    decline(&mut world, 2, rejected);
    decline(&mut world, 1, declined);
    world.command(0, |node, now| node.cancel(cancelled, now)).expect("its own");
    world.settle();

    let said = |key| Message { key, args: vec![] };
    let named = |key, name: &str| Message { key, args: vec![Arg::Name(name.into())] };
    let signed = Message { key: MessageKey::Ongoing, args: vec![Arg::Count(0), Arg::Count(3)] };
    let asked = named(MessageKey::RequestFrom, "phone 0");
    let answer = [Action::View, Action::Dismiss, Action::Approve, Action::Reject, Action::Extend];
    let (over, done) = ([Action::View, Action::Dismiss], [Action::View]);
    let table: [(SessionId, RequestState, Message, &[Action]); 8] = [
        (pending, RequestState::Pending, asked.clone(), &answer),
        (late, RequestState::Pending, asked, &answer),
        (expired, RequestState::Expired, said(MessageKey::RequestExpired), &over),
        (completed, RequestState::Approved, said(MessageKey::Completed), &done),
        (declined, RequestState::Cancelled, named(MessageKey::Declined, "phone 1"), &over),
        (cancelled, RequestState::Cancelled, said(MessageKey::Cancelled), &over),
        (rejected, RequestState::Rejected, said(MessageKey::DeclinedByYou), &done),
        (approved, RequestState::Approved, signed, &[Action::View, Action::Extend]),
    ];
    for restart in [false, true] {
        if restart {
            restart_phone(&mut world, 2);
        }
        let status = world.status(2);
        assert_eq!((status.inbox.len(), status.badge), (8, 2), "after a restart: {restart}");
        for (request, (session, state, message, actions)) in status.inbox.iter().zip(&table) {
            let shown = status.sessions.iter().find(|shown| shown.id == *session).expect("known");
            let expected = Request {
                session: *session,
                wallet: world.wallet,
                proposer: shown.proposer,
                state: *state,
                message: message.clone(),
                actions: actions.to_vec(),
                dismissed: false,
                remaining_ms: shown.remaining_ms,
            };
            assert_eq!(*request, expected, "after a restart: {restart}");
            assert_eq!(shown.message, *message, "the session says the same");
        }
    }
}

#[test]
fn a_request_that_failed_before_it_was_answered_was_cancelled() {
    let mut scene = Scene::default();
    let nonces = vec![0xff; 66 * ITEMS];
    scene.convict(message::Message::Nonces { attempt: Attempt(1), nonces });
    let (world, session) = (&mut scene.world, scene.session);

    for _ in 0..2 {
        let shown = request(world, VICTIM, session);
        assert!(matches!(
            world.session(VICTIM, session).expect("known").outcome,
            Some(Outcome::Failed { .. })
        ));
        assert_eq!((shown.state, shown.message.key), (RequestState::Cancelled, MessageKey::Failed));
        restart_phone(world, VICTIM);
    }
}

#[test]
fn a_request_whose_things_are_signed_in_another_session_is_superseded() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let [signed, left] = [0, 1].map(|who| world.propose(who, payload(2)));
    world.settle();
    assert_eq!(
        request(&world, 2, left).state,
        RequestState::Pending,
        "two who ask the same are two requests"
    );
    assert_eq!(world.status(2).badge, 2);

    world.approve_at_once(signed);

    for restart in [false, true] {
        if restart {
            restart_phone(&mut world, 2);
        }
        let shown = request(&world, 2, left);
        let said = Message { key: MessageKey::RequestSuperseded, args: vec![] };
        assert_eq!((shown.state, &shown.message), (RequestState::Superseded, &said));
        assert_eq!(shown.actions, [Action::View, Action::Dismiss, Action::Reject]);
        assert_eq!(world.status(2).badge, 0);
        assert!(!planned(&world, 2, left).contains(&(Notice::Request, Due::Now)), "nobody need see it");
    }
    world.approve(2, left);
    assert_eq!(request(&world, 2, left).state, RequestState::Approved, "the user may all the same");
}

#[test]
fn a_request_that_its_proposer_asks_anew_is_superseded_by_the_newest() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(world.propose(0, payload(2)));
        world.pass_ms(1_000);
    }
    let mut other = payload(2);
    other.items[1].digest[0] ^= 1;
    let other = world.propose(0, other);
    world.settle();
    let states = |world: &World| sessions.iter().map(|id| request(world, 1, *id).state).collect::<Vec<_>>();
    let (old, new) = (RequestState::Superseded, RequestState::Pending);

    assert_eq!(states(&world), [old, old, new]);
    assert_eq!(request(&world, 1, other).state, new, "one item differs");
    assert_eq!(world.status(1).badge, 2);
    world.command(0, |node, now| node.cancel(sessions[2], now)).expect("its own");
    world.settle();
    assert_eq!(states(&world), [old, new, RequestState::Cancelled], "the one before it counts again");
}

#[test]
fn the_badge_counts_what_waits_for_an_answer_and_was_not_put_away() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let [first, second, third] = [1, 2, 3].map(|number| world.propose(0, payload(number)));
    world.settle();
    assert_eq!(world.status(1).badge, 3);

    dismiss(&mut world, 1, first, Notice::Request);
    for restart in [false, true] {
        if restart {
            restart_phone(&mut world, 1);
        }
        let shown = request(&world, 1, first);
        assert_eq!((shown.dismissed, shown.state), (true, RequestState::Pending), "it can be answered still");
        assert!(shown.actions.contains(&Action::Approve));
        assert_eq!(world.status(1).badge, 2);
    }
    decline(&mut world, 1, second);
    assert_eq!(world.status(1).badge, 1);
    world.approve_at_once(third);
    assert_eq!(world.status(1).badge, 0);
    world.approve_at_once(first);
    world.assert_signed(first);
}

#[test]
fn an_expired_request_can_be_put_away_on_its_own() {
    let (mut world, session) = alone();
    dismiss(&mut world, 1, session, Notice::Request);
    world.pass_ms(5 * MINUTE);
    let shown = request(&world, 1, session);
    assert_eq!((shown.state, shown.dismissed, shown.remaining_ms), (RequestState::Expired, false, 0));

    dismiss(&mut world, 1, session, Notice::Expired);
    restart_phone(&mut world, 1);

    assert!(request(&world, 1, session).dismissed);
    assert_eq!(planned(&world, 1, session), []);
}

#[test]
fn a_request_alone_is_timed_and_expires_and_tells_the_user() {
    let (mut world, session) = alone();
    world.crash(0);
    let timer = world.phones[1].node.as_ref().and_then(Node::poll_timeout);
    assert!(timer.is_some(), "there is a moment to wait for");
    let mut shown = vec![planned(&world, 1, session)[0]];
    for ms in [3 * MINUTE, MINUTE, MINUTE] {
        world.pass_ms(ms);
        shown.push(planned(&world, 1, session)[0]);
    }
    let warning = |minutes: u64| Notice::Warning { threshold_ms: minutes * MINUTE };
    let expected =
        [Notice::Request, warning(2), warning(1), Notice::Expired].map(|notice| (notice, Due::Now));
    assert_eq!(shown, expected);
    assert_eq!(request(&world, 1, session).state, RequestState::Expired);
    let told: Vec<Happening> = kept(&mut world, 1).into_iter().map(|event| event.event.what).collect();
    let [Happening::Requested { .. }, first, second, Happening::RequestExpired, Happening::Ended { outcome }] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    let threshold = |told: &Happening| {
        let Happening::Expiring { threshold_ms, left_ms, .. } = told else { return None };
        Some((*threshold_ms, *left_ms))
    };
    assert_eq!(threshold(first), Some((2 * MINUTE, 2 * MINUTE)));
    assert_eq!(threshold(second), Some((MINUTE, MINUTE)));
    assert_eq!(*outcome, Outcome::Expired);
    let wakes = world.phones[1].node.as_ref().and_then(Node::poll_timeout).map(|(_, wake)| wake);
    assert!(matches!(wakes, Some(Wake::Dial(_))), "nothing of the session is left to wait for: {wakes:?}");
}

/// Makes two phones of which the second knows one thing: that the first asks for a signature within five minutes.
fn alone() -> (World, SessionId) {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    (world, session)
}

fn restart_phone(world: &mut World, who: usize) {
    world.crash(who);
    world.restart(who);
    world.settle();
}

fn request(world: &World, who: usize, session: SessionId) -> Request {
    let inbox = world.status(who).inbox;
    inbox.into_iter().find(|request| request.session == session).expect("it is asked for that")
}

fn decline(world: &mut World, who: usize, session: SessionId) {
    let declined = world.command(who, |node, now| node.decline(session, DeclineReason::User, now));
    declined.expect("nothing is signed yet");
}

fn dismiss(world: &mut World, who: usize, session: SessionId, notice: Notice) {
    let key = NotificationKey::new(session, notice);
    world.command(who, |node, now| node.dismiss(key, now)).expect("the session is known");
}

/// Consents to a deadline so many milliseconds after the first one.
fn extend(world: &mut World, who: usize, session: SessionId, ms: u64) -> Result<(), CallerFault> {
    let node = world.phones[who].node.as_ref().expect("the phone is alive");
    let until = WallTime(node.terms(session).expect("known").deadline.0 + ms);
    world.command(who, |node, now| node.extend(session, until, now))
}

/// Returns what a phone's plan says of a session.
fn planned(world: &World, who: usize, session: SessionId) -> Vec<(Notice, Due)> {
    let node = world.phones[who].node.as_ref().expect("the phone is alive");
    let items = node.plan(world.now_of(who)).items.into_iter();
    items.filter(|item| item.link.session == session).map(|item| (item.notice, item.due)).collect()
}

/// Takes every event that waits, dealing with each.
fn kept(world: &mut World, who: usize) -> Vec<KeptEvent> {
    let mut all = Vec::new();
    while let Some(event) = next(world, who) {
        world.act(who, |node, now| node.event_handled(event.id, now));
        all.push(event);
    }
    all
}

/// Returns the event that a phone's program is to deal with next.
fn next(world: &World, who: usize) -> Option<KeptEvent> {
    world.phones[who].node.as_ref().expect("the phone is alive").next_event().cloned()
}
