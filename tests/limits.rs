//! Every bound that a peer or a caller can reach: at it all is well, one over is refused or makes room.

use std::collections::BTreeMap;

use countersign_machine::card::Card;
use countersign_machine::evidence::{EvidenceFault, verify_evidence};
use countersign_machine::fault::{CallerFault, Fault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::key::SigningKey;
use countersign_machine::limits::{
    ATTEMPT_PAUSE_MS, COMPACT_AFTER, DEFAULT_SESSION_MS, FORGET_AFTER_MS, FRAME_BURST, FRAMES_PER_SECOND,
    MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_ATTEMPT, MAX_CARDS, MAX_CLOCK_SKEW_MS, MAX_EARLY_ENVELOPES,
    MAX_ENVELOPE_BYTES, MAX_EVIDENCE_BYTES, MAX_EVIDENCE_PER_SLOT, MAX_FRAME_BYTES, MAX_ISSUED_ADDRESS_BYTES,
    MAX_ITEMS, MAX_KNOWN_SESSIONS, MAX_NAME_BYTES, MAX_OPEN_SESSIONS, MAX_PATH, MAX_SESSION_MS,
    MAX_TEXT_BYTES, MAX_WALLETS, MIN_SESSION_MS,
};
use countersign_machine::link::LinkState;
use countersign_machine::message::{Body, DeclineReason, Message, Payload, TransportSecret};
use countersign_machine::record::{Failure, Outcome};
use countersign_machine::time::WallTime;
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use countersign_machine::{Input, session::Phase};
use countersign_tests::rig::scene::{LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Topology, Vault, World, forge, payload};

#[path = "limits/journal.rs"]
mod journal;
#[path = "limits/pace.rs"]
mod pace;

#[test]
fn one_proposers_open_sessions_take_nothing_from_another() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for _ in 0..MAX_OPEN_SESSIONS {
        world.propose(0, payload(1));
    }
    world.settle();
    assert_eq!(world.try_propose(0, payload(1)), Err(CallerFault::TooMany("open sessions")));

    let session = world.propose(1, payload(1));
    world.approve_at_once(session);

    world.assert_flawless(session);
    let first = world.status(0).sessions.iter().find(|shown| shown.proposer == Slot(0)).expect("some").id;
    world.approve_at_once(first);
    assert!(world.is_completed(0, first));
    assert!(world.try_propose(0, payload(1)).is_ok(), "one has ended");
}

#[test]
fn one_proposers_known_sessions_are_bounded_until_they_are_forgotten() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for _ in 0..MAX_KNOWN_SESSIONS {
        let session = world.propose(0, payload(1));
        world.settle();
        let cancelled = world.command(0, |node, now| node.cancel(session, now));
        assert_eq!(cancelled, Ok(()));
        world.settle();
    }
    let full = CallerFault::TooMany("sessions whose deadline is not long past");
    assert_eq!(world.try_propose(0, payload(1)), Err(full.clone()));
    let another = world.propose(1, payload(1));
    world.approve_at_once(another);
    assert!(world.is_completed(0, another), "another's share is its own");

    world.pass_ms(DEFAULT_SESSION_MS + FORGET_AFTER_MS);
    assert_eq!(world.try_propose(0, payload(1)), Err(full));
    world.pass_ms(1);
    let session = world.propose(0, payload(1));
    world.approve_at_once(session);

    world.assert_flawless(session);
    assert_eq!(world.status(0).sessions.len(), 1, "all others are forgotten");
}

#[test]
fn a_peer_cannot_make_us_remember_more_sessions_than_its_share() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let first = world.propose(0, payload(1));
    world.settle();
    let proposal = world.first_sent(|message| matches!(message, Message::Propose { .. })).expect("sent");
    let say = |world: &mut World, number: usize, cancel: bool| {
        let Message::Propose { mut terms, nonces } = proposal.body().message.clone() else {
            panic!("a proposal")
        };
        terms.random = forge::tagged_hash("rig/number", &[&number.to_be_bytes()]);
        let session = terms.session_id();
        let messages = [Message::Propose { terms, nonces }, Message::Cancel];
        for message in messages.into_iter().take(1 + usize::from(cancel)) {
            let body = Body { session, message, ..proposal.body().clone() };
            let frame = forge::sealed_frame(world.phones[0].transport_seed(), &body);
            world.arrive(0, 1, &frame);
        }
        world.phones[1].faults.pop()
    };
    for number in 1..MAX_KNOWN_SESSIONS {
        assert_eq!(say(&mut world, number, true), None);
    }

    let Some(Fault::Peer { kind, .. }) = say(&mut world, 0, false) else { panic!("refused") };

    assert_eq!(kind, PeerFault::TooMany("sessions whose deadline is not long past"));
    assert_eq!(world.status(1).sessions.len(), MAX_KNOWN_SESSIONS);
    world.approve_at_once(first);
    world.assert_signed(first);
}

#[test]
fn a_caller_cannot_propose_more_than_a_peer_would_take() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let item = payload(1).items[0].clone();
    let with =
        |items: usize, text: usize| Payload { items: vec![item.clone(); items], text: "x".repeat(text) };
    for (items, text, fault) in [
        (0, 0, Some("no items")),
        (MAX_ITEMS + 1, 0, Some("more than 1000 items")),
        (1, MAX_TEXT_BYTES + 1, Some("text over 4096 bytes")),
        (1, MAX_TEXT_BYTES, None),
    ] {
        let proposed = world.try_propose(0, with(items, text));
        assert_eq!(proposed.err(), fault.map(CallerFault::Payload));
    }
    for (ms, refused) in [
        (MIN_SESSION_MS - 1, true),
        (MIN_SESSION_MS, false),
        (MAX_SESSION_MS, false),
        (MAX_SESSION_MS + 1, true),
        (u64::MAX, true),
    ] {
        let proposed = world.try_propose_for(0, with(1, 0), ms);
        assert_eq!(proposed.err(), refused.then_some(CallerFault::Deadline), "{ms} ms");
    }
    assert!(KeyPath::new(vec![0; MAX_PATH], Taproot::KeySpend).is_ok());
    assert!(KeyPath::new(vec![0; MAX_PATH + 1], Taproot::KeySpend).is_err());
    assert!(KeyPath::new(vec![1 << 31], Taproot::KeySpend).is_err());
    world.settle();
    assert_eq!(world.faults(), []);
}

#[test]
fn a_peers_key_path_over_the_limit_is_malformed() {
    let mut scene = Scene::default();
    let body = minicbor::to_vec(scene.proposal.body()).expect("memory");
    let path = [0x82, 0x82, 0x00, 0x01];
    let at = body.windows(4).position(|four| four == path).expect("the path of the second item");
    let longer = [&body[..at], &[0x82, 0x8b], &[0; MAX_PATH + 1], &body[at + 4..]].concat();

    let fault = scene.refuse(PROPOSER, VICTIM, &forge::frame(forge::envelope(1, &longer, &[0; 64])));

    assert_eq!(fault, PeerFault::Malformed { what: "envelope" });
    scene.finish();
}

#[test]
fn a_proposal_as_far_ahead_as_clocks_may_differ_is_taken() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.set_clock(0, MAX_CLOCK_SKEW_MS as i64);
    let session = world.propose(0, payload(1));

    world.approve_at_once(session);

    world.assert_flawless(session);
}

#[test]
fn a_frame_and_an_envelope_of_the_full_length_are_read() {
    let mut scene = Scene::default();

    let frame = scene.refuse(LIAR, VICTIM, &vec![0; MAX_FRAME_BYTES]);
    assert_eq!(frame, PeerFault::Malformed { what: "frame" });
    let envelope = scene.refuse(LIAR, VICTIM, &forge::frame(vec![0; MAX_ENVELOPE_BYTES]));
    assert_eq!(envelope, PeerFault::Malformed { what: "envelope" });

    scene.finish();
}

#[test]
fn evidence_over_its_limit_is_malformed() {
    assert_eq!(verify_evidence(&vec![0; MAX_EVIDENCE_BYTES + 1]), Err(EvidenceFault::Malformed));
}

#[test]
fn as_many_early_envelopes_as_fit_are_kept_and_what_is_dropped_is_asked_for_again() {
    let big = MAX_ENVELOPE_BYTES - 1_000;
    for (others, bytes, dropped) in [
        (MAX_EARLY_ENVELOPES - 1, 100, false),
        (MAX_EARLY_ENVELOPES, 100, true),
        (4, big, false),
        (5, big, true),
    ] {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(PROPOSER, payload(1));
        let at = loop {
            let at = world.flying.iter().position(|flight| flight.to == LIAR && flight.carries("propose"));
            let next = world.steps()[0];
            if let Some(at) = at {
                break at;
            }
            world.take(next);
        };
        let flight = world.flying[at].clone();
        world.arrive(flight.from, flight.to, &flight.bytes);
        world.approve(LIAR, session);
        world.settle_answers();
        let nonces = world.flying.iter().find(|flight| flight.to == VICTIM && flight.carries("nonces"));
        let nonces = nonces.expect("the nonces fly").clone();
        world.arrive(LIAR, VICTIM, &nonces.bytes);
        for number in 0..others {
            let id = SessionId(forge::tagged_hash("rig/early", &[&number.to_be_bytes()]));
            let message = Message::Nonces { attempt: Attempt(0), nonces: vec![2; bytes] };
            let body = Body { wallet: world.wallet, session: id, slot: Slot(LIAR as u8), message };
            let frame = forge::sealed_frame(world.phones[LIAR].transport_seed(), &body);
            world.arrive(LIAR, VICTIM, &frame);
        }
        world.flying.retain(|flight| !flight.carries("nonces"));

        let before = world.sent.len();
        let proposal = world.flying.iter().position(|flight| flight.to == VICTIM).expect("the proposal");
        let proposal = world.flying.remove(proposal).expect("it flies");
        world.arrive(PROPOSER, VICTIM, &proposal.bytes);

        let heard = world.session(VICTIM, session).expect("known").progress[LIAR].nonces;
        assert_eq!(heard, !dropped, "{others} of {bytes} bytes");
        let asked = world.sent[before..].iter().filter(|flight| {
            flight.from == VICTIM && matches!(Frame::parse(&flight.bytes), Ok(Frame::Have { .. }))
        });
        assert_eq!(asked.count(), if dropped { 2 } else { 0 });
        world.settle();
        assert!(world.session(VICTIM, session).expect("known").progress[LIAR].nonces);
        world.meet_again(PROPOSER, LIAR);
        world.approve_at_once(session);
        world.assert_flawless(session);
    }
}

#[test]
fn attempts_begin_after_exact_pauses_and_the_eighth_is_the_last() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    for attempt in 1..=MAX_ATTEMPT {
        world.crash(0);
        world.restart(0);
        world.settle();
        let pause = if attempt == 1 { 0 } else { ATTEMPT_PAUSE_MS << (attempt - 2) };
        let shown = world.session(0, session).expect("known");
        assert_eq!(shown.attempt, Attempt(attempt));
        assert_eq!(shown.begins_in_ms, (pause > 0).then_some(pause));
        let draws = world.phones[0].draws;
        if pause > 0 {
            world.pass_ms(pause - 1);
            world.settle();
            assert_eq!(world.session(0, session).expect("known").phase, Phase::Unlocking);
            assert_eq!(world.phones[0].draws, draws, "not yet");
            world.pass_ms(1);
            world.settle();
        }
        assert_eq!(world.session(0, session).expect("known").phase, Phase::Nonces);
    }

    world.crash(0);
    world.restart(0);
    world.settle();

    let why = Failure::AttemptsUsedUp;
    assert_eq!(world.session(0, session).expect("known").outcome, Some(Outcome::Failed { why }));
    let told = Outcome::Declined { slot: Slot(0), reason: DeclineReason::GaveUp };
    assert_eq!(world.session(1, session).expect("known").outcome, Some(told));
    world.oracle.assert_silent();
}

#[test]
fn anothers_nonces_end_the_pause() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.settle();
    for _ in 0..3 {
        world.crash(0);
        world.restart(0);
        world.settle();
    }
    assert_eq!(world.session(0, session).expect("known").attempt, Attempt(2));
    assert_eq!(world.session(0, session).expect("known").begins_in_ms, Some(ATTEMPT_PAUSE_MS));
    let message = Message::Nonces { attempt: Attempt(2), nonces: forge::nonces(1, b"pause") };
    let body = Body { wallet: world.wallet, session, slot: Slot(1), message };
    let frame = forge::sealed_frame(world.phones[1].transport_seed(), &body);

    world.arrive(1, 0, &frame);

    assert_eq!(world.session(0, session).expect("known").begins_in_ms, None);
}

#[test]
fn a_peer_may_send_a_burst_of_frames_and_then_a_thousand_a_second_and_hears_once_of_more() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let pong = Frame::Pong { challenge: [0; 32], wall: WallTime(0), signature: [0; 64] }.to_bytes();
    let refused_of = |world: &mut World, frames: u64| {
        (0..frames).for_each(|_| world.arrive(0, 1, &pong));
        std::mem::take(&mut world.phones[1].faults).len() as u64
    };
    world.pass_ms(60_000);

    assert_eq!(refused_of(&mut world, FRAME_BURST), 0);
    assert_eq!(refused_of(&mut world, 10), 1);
    for (ms, more) in [(1, 1), (10, 10), (1_000, FRAMES_PER_SECOND), (3_600_000, FRAME_BURST)] {
        world.flying.clear();
        world.pass_ms(ms);
        assert_eq!(refused_of(&mut world, more), 0, "after {ms} ms");
        assert_eq!(refused_of(&mut world, 2), 1, "after {ms} ms");
    }
}

#[test]
fn no_more_evidence_is_kept_than_three_pieces_a_slot() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.lie(&[LIAR], |word| word.equivocate(8));
    let session = world.propose(PROPOSER, payload(1));
    world.approve_at_once(session);
    world.behave();
    assert_eq!(world.blamed(session, &[LIAR]).len(), 2, "a second equivocation ends the session");
    let mut forge_completion = |byte| {
        let message = Message::Complete { signatures: vec![byte; 64] };
        let body = Body { wallet: world.wallet, session, slot: Slot(LIAR as u8), message };
        let frame = forge::sealed_frame(world.phones[LIAR].transport_seed(), &body);
        world.arrive(LIAR, VICTIM, &frame);
        (world.session(VICTIM, session).expect("known").blamed.len(), world.phones[VICTIM].journal.len())
    };

    let (pieces, records) = forge_completion(7);

    assert_eq!(pieces, MAX_EVIDENCE_PER_SLOT);
    assert_eq!(forge_completion(8), (pieces, records));
}

#[test]
fn cards_are_kept_up_to_their_number_and_replaced_beyond() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let now = world.now.wall;
    let card = |number: usize, issued: u64| {
        let secret = forge::tagged_hash("rig/card", &[&number.to_be_bytes()]);
        let key = SigningKey::from_bytes(&secret).expect("in range");
        let transport = TransportSecret::new(&secret).public();
        let dates = (WallTime(issued), WallTime(now.0 + 1_000_000));
        let bytes = forge::card(&key.participant(), &transport.0, dates, (&key, &secret));
        Card::parse(&bytes).expect("a card")
    };
    let held = world.phones.len();
    let add = |world: &mut World, card: Card| world.command(0, |node, now| node.add_card(card, now));
    for number in held..MAX_CARDS {
        assert!(add(&mut world, card(number, now.0)).is_ok(), "card {number}");
    }

    assert_eq!(add(&mut world, card(0, now.0)), Err(CallerFault::TooMany("cards")));
    assert!(add(&mut world, card(held, now.0 + 1)).is_ok(), "a newer one of somebody known");
    assert_eq!(world.phones[0].node.as_ref().expect("alive").cards().count(), MAX_CARDS);
}

#[test]
fn wallets_are_kept_up_to_their_number() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let me = world.phones[0].participant();
    let create = |world: &mut World, number: usize| {
        let secret = forge::tagged_hash("rig/wallet", &[&number.to_be_bytes()]);
        let other = SigningKey::from_bytes(&secret).expect("in range").participant();
        world.command(0, |node, now| node.create_wallet("w".into(), vec![me, other], now))
    };
    for number in 1..MAX_WALLETS {
        assert!(create(&mut world, number).is_ok(), "wallet {number}");
    }

    assert_eq!(create(&mut world, 0), Err(CallerFault::TooMany("wallets")));
    assert_eq!(world.status(0).wallets.len(), MAX_WALLETS);
}

#[test]
fn names_are_as_long_as_their_limit() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let keys: Vec<_> = world.phones.iter().map(|phone| phone.participant()).collect();
    for (length, refused) in [(MAX_NAME_BYTES, false), (MAX_NAME_BYTES + 1, true)] {
        let name = "x".repeat(length);
        let issued = world.command(0, |node, _| node.issue_card(name.clone()));
        assert_eq!(issued.is_err(), refused, "a nickname of {length}");
        let created = world.command(0, |node, now| node.create_wallet(name, keys.clone(), now));
        assert_eq!(created.is_err(), refused, "a wallet's name of {length}");
    }
    world.settle();
    assert_eq!(world.phones[0].card().statement().nickname.len(), MAX_NAME_BYTES);
}

#[test]
fn a_card_is_issued_with_as_many_addresses_as_fit() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for (lengths, expected) in [
        (vec![10; MAX_ADDRESSES + 3], vec![10; MAX_ADDRESSES]),
        (vec![MAX_ADDRESS_BYTES + 1, MAX_ADDRESS_BYTES], vec![MAX_ADDRESS_BYTES]),
        (vec![MAX_ADDRESS_BYTES; 7], vec![MAX_ADDRESS_BYTES; MAX_ISSUED_ADDRESS_BYTES / MAX_ADDRESS_BYTES]),
    ] {
        world.pass_ms(10);
        let addresses = lengths.iter().map(|length| "/".repeat(*length)).collect();
        world.feed(0, Input::Listening(addresses));
        let issued = world.command(0, |node, _| node.issue_card("x".repeat(MAX_NAME_BYTES)));
        assert_eq!(issued, Ok(()));
        world.settle();

        let card = world.phones[0].card();
        let issued: Vec<usize> = card.statement().addresses.iter().map(String::len).collect();
        assert_eq!(issued, expected);
    }
    assert_eq!(world.faults(), []);
}
