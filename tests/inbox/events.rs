//! What the program has yet to deal with.

use countersign_machine::Node;
use countersign_machine::effect::Event;
use countersign_machine::id::{EventId, SessionId, Slot};
use countersign_machine::limits::{CLOCK_PING_MS, FORGET_AFTER_MS, MAX_EVENTS};
use countersign_machine::message::{Body, Message};
use countersign_machine::record::{Outcome, Record};
use countersign_machine::session::Happening;
use countersign_tests::rig::{Step, Topology, World, forge, payload};

use super::{MINUTE, alone, extend, kept, next, restart_phone};

#[test]
fn everything_that_the_user_must_hear_of_waits_in_the_order_in_which_it_happened() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 20 * MINUTE).expect("within the limits");
    let short = world.try_propose_for(0, payload(2), 2 * MINUTE).expect("within the limits");
    world.settle();
    world.pass_ms(10 * MINUTE);
    for who in [0, 1, 2] {
        extend(&mut world, who, session, 10 * MINUTE).expect("later");
        world.settle();
    }
    let proposal = world.first_sent(|message| message.name() == "propose").expect("it was proposed");
    let forged = Message::Complete { signatures: vec![7; 64] };
    let body = Body { session, slot: Slot(1), message: forged, ..proposal.body().clone() };
    let frame = forge::sealed_frame(world.phones[1].transport_seed(), &body);
    world.arrive(1, 2, &frame);
    world.settle();
    world.approve_at_once(session);
    world.assert_signed(session);

    let tables: [(usize, &[&str]); 2] = [
        (
            0,
            &[
                "proposed", "proposed", "expiring", "ended", "expiring", "asked", "extended", "blamed",
                "ended",
            ],
        ),
        (
            2,
            &[
                "requested",
                "requested",
                "expiring",
                "request expired",
                "ended",
                "expiring",
                "asked",
                "asked",
                "extended",
                "blamed",
                "ended",
            ],
        ),
    ];
    for (who, names) in tables {
        let told: Vec<(SessionId, Happening)> = told(&world, who);
        let waiting: Vec<(SessionId, Happening)> =
            kept(&mut world, who).into_iter().map(|event| (event.event.session, event.event.what)).collect();
        assert_eq!(waiting, told, "phone {who}");
        let found: Vec<&str> = waiting.iter().filter_map(|(_, what)| name(what)).collect();
        assert_eq!(found, names, "phone {who}");
        assert!(waiting.iter().any(|(of, _)| *of == short));
    }
}

#[test]
fn an_event_is_the_same_until_it_was_dealt_with_and_comes_back_after_a_restart() {
    let (mut world, session) = alone();
    world.pass_ms(3 * MINUTE);
    let first = next(&world, 1).expect("a request waits");
    assert_eq!(first.event.what, Happening::Requested { proposer: Slot(0) });
    assert_eq!((first.event.session, next(&world, 1)), (session, Some(first.clone())));
    let waiting = all_waiting(&world, 1);
    assert_eq!(waiting.len(), 2);
    restart_phone(&mut world, 1);
    assert_eq!(all_waiting(&world, 1), waiting);

    world.act(1, |node, now| node.event_handled(first.id, now));
    assert_eq!(all_waiting(&world, 1), waiting[1..]);
    restart_phone(&mut world, 1);
    assert_eq!(all_waiting(&world, 1), waiting[1..]);

    let written = handled(&world, 1);
    assert_eq!(written, [first.id]);
    world.act(1, |node, now| node.event_handled(first.id, now));
    let other = "00".repeat(16).parse().expect("an id");
    world.act(1, |node, now| node.event_handled(other, now));
    assert_eq!((all_waiting(&world, 1), handled(&world, 1)), (waiting[1..].to_vec(), written));

    assert_eq!(kept(&mut world, 1).len(), 1);
    restart_phone(&mut world, 1);
    assert_eq!(next(&world, 1), None);
    world.pass_ms(MINUTE);
    assert_eq!(all_waiting(&world, 1).len(), 1, "the last minute is another");
}

#[test]
fn events_may_be_dealt_with_in_any_order() {
    let (mut world, _) = alone();
    world.pass_ms(5 * MINUTE);
    let waiting = all_waiting(&world, 1);
    assert_eq!(waiting.len(), 5);
    world.act(1, |node, now| node.event_handled(waiting[3], now));
    let left = [&waiting[..3], &waiting[4..]].concat();

    assert_eq!(all_waiting(&world, 1), left);
    restart_phone(&mut world, 1);
    assert_eq!(all_waiting(&world, 1), left);
}

#[test]
fn for_a_program_that_takes_no_events_the_oldest_are_dropped() {
    let (mut world, _) = alone();
    let proposal = world.first_sent(|message| message.name() == "propose").expect("it was proposed");
    let Message::Propose { terms, nonces } = proposal.body().message.clone() else { panic!("a proposal") };
    let mut sessions = Vec::new();
    for number in 0..MAX_EVENTS / 2 {
        let mut terms = terms.clone();
        terms.random = forge::tagged_hash("inbox/number", &[&number.to_be_bytes()]);
        let session = terms.session_id();
        sessions.push(session);
        for message in [Message::Propose { terms, nonces: nonces.clone() }, Message::Cancel] {
            let body = Body { session, message, ..proposal.body().clone() };
            let frame = forge::sealed_frame(world.phones[0].transport_seed(), &body);
            world.arrive(0, 1, &frame);
        }
        world.flying.clear();
        if number + 1 < MAX_EVENTS / 2 {
            let oldest = next(&world, 1).expect("some wait").event.session;
            assert_eq!(oldest, proposal.body().session, "all that have happened are there");
        }
    }

    let waiting = all_waiting(&world, 1);
    assert_eq!(waiting.len(), MAX_EVENTS);
    let first = next(&world, 1).expect("some wait");
    assert_eq!(
        (first.event.session, first.event.what),
        (sessions[0], Happening::Requested { proposer: Slot(0) })
    );
    world.crash(1);
    world.restart(1);
    assert_eq!(all_waiting(&world, 1), waiting, "the journal leads to the same");
}

#[test]
fn the_events_of_a_forgotten_session_go_with_it() {
    let (mut world, session) = alone();
    world.pass_ms(5 * MINUTE + FORGET_AFTER_MS + CLOCK_PING_MS);
    assert_eq!(next(&world, 1).expect("it expired").event.session, session);

    let young = world.propose(0, payload(2));
    world.settle();

    let waiting = kept(&mut world, 1);
    assert!(waiting.iter().all(|event| event.event.session == young) && waiting.len() == 1, "{waiting:?}");
}

#[test]
fn a_completion_after_another_end_is_one_more_end() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.settle();
    world.cut(1, 2);
    world.settle();
    world.approve(2, session);
    world.settle_answers();
    while let Some(at) = world.flying.iter().position(|flight| flight.from == 2) {
        world.take(Step::Frame(at));
    }
    world.cut(0, 2);
    world.settle();
    assert!(world.is_completed(0, session) && !world.is_completed(2, session));
    world.pass_ms(5 * MINUTE);
    let expired = Happening::Ended { outcome: Outcome::Expired };
    assert_eq!(told(&world, 2).last(), Some(&(session, expired.clone())));

    world.mend(0, 2);
    world.settle();

    assert!(world.is_completed(2, session));
    for _ in 0..2 {
        let waiting = all_waiting(&world, 2);
        let mut twin = twin_of(&world, 2);
        let mut whats = Vec::new();
        while let Some(event) = twin.next_event().cloned() {
            twin.event_handled(event.id, world.now_of(2));
            whats.push(event.event.what);
        }
        let [.., before_last, Happening::Ended { outcome: Outcome::Completed { .. } }] = &whats[..] else {
            panic!("{whats:?}")
        };
        assert_eq!((before_last, whats.len()), (&expired, waiting.len()));
        restart_phone(&mut world, 2);
        assert_eq!(all_waiting(&world, 2), waiting);
    }
}

/// Returns the ids of all events that wait on a phone, and takes none.
pub(super) fn all_waiting(world: &World, who: usize) -> Vec<EventId> {
    let mut ids = Vec::new();
    let mut twin = twin_of(world, who);
    while let Some(id) = twin.next_event().map(|event| event.id) {
        twin.event_handled(id, world.now_of(who));
        ids.push(id);
    }
    assert_eq!(next(world, who).map(|event| event.id), ids.first().copied());
    ids
}

/// Returns a copy of a phone's node that its journal leads to.
pub(super) fn twin_of(world: &World, who: usize) -> Node {
    let phone = &world.phones[who];
    phone.node_from(&phone.journal, [7; 32], world.now_of(who)).expect("a journal that a node wrote")
}

/// Returns what a phone's user was told of the kinds that are kept, oldest first.
fn told(world: &World, who: usize) -> Vec<(SessionId, Happening)> {
    let mut told = Vec::new();
    for event in &world.phones[who].events {
        if let Event::Session(event) = event
            && name(&event.what).is_some()
        {
            told.push((event.session, event.what.clone()));
        }
    }
    told
}

/// Returns the events that a phone's journal calls dealt with.
fn handled(world: &World, who: usize) -> Vec<EventId> {
    let records = world.phones[who].journal.iter().filter_map(|bytes| Record::parse(bytes));
    let handled = records
        .filter_map(|record| if let Record::Handled { event, .. } = record { Some(event) } else { None });
    handled.collect()
}

/// Names what is kept; all else says only that the read model has changed.
fn name(what: &Happening) -> Option<&'static str> {
    match what {
        Happening::Requested { .. } => Some("requested"),
        Happening::Proposed => Some("proposed"),
        Happening::Expiring { .. } => Some("expiring"),
        Happening::RequestExpired => Some("request expired"),
        Happening::ExtensionAsked { .. } => Some("asked"),
        Happening::Extended { .. } => Some("extended"),
        Happening::Blamed { .. } => Some("blamed"),
        Happening::Ended { .. } => Some("ended"),
        Happening::NoncesSent { .. }
        | Happening::PartialsSent { .. }
        | Happening::Progressed
        | Happening::KeyRefused
        | Happening::NonceSetsDiffer
        | Happening::OwnPastFound { .. } => None,
    }
}
