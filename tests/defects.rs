//! Defects of an earlier program, by their numbers: this one has none of them.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use countersign_machine::evidence::Offence;
use countersign_machine::fault::{CallerFault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::limits::{DEFAULT_SESSION_MS, MAX_SESSION_MS};
use countersign_machine::link::{DialFault, LinkPath, LinkState};
use countersign_machine::message::{Body, DeclineReason, Envelope, Message, Terms, TransportSecret};
use countersign_machine::record::{Failure, Outcome, Record};
use countersign_machine::session::Phase;
use countersign_machine::status::Blamed;
use countersign_machine::time::WallTime;
use countersign_tests::rig::scene::{ITEMS, LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Step, Topology, World, forge, payload};
use serde_json::Value;

#[path = "defects/deadlines.rs"]
mod deadlines;
#[path = "defects/network.rs"]
mod network;

#[test]
fn d1_every_message_that_we_make_is_taken_by_ourselves() {
    let mut seen = BTreeSet::new();
    for run in 0..5 {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(PROPOSER, payload(ITEMS as u32));
        world.settle();
        for who in 0..3 {
            let until = WallTime(world.now.wall.0 + 2 * DEFAULT_SESSION_MS);
            world.command(who, |node, now| node.extend(session, until, now)).expect("later");
        }
        let done = match run {
            0 => world.command(PROPOSER, |node, now| node.cancel(session, now)),
            1 => world.command(LIAR, |node, now| node.decline(session, DeclineReason::User, now)),
            2 => {
                world.approve_in_turn(session);
                Ok(())
            }
            _ => {
                world.approve_at_once(session);
                Ok(())
            }
        };
        assert_eq!(done, Ok(()));
        world.settle();
        assert_eq!(world.faults(), [], "run {run}");
        seen.extend(world.sent.iter().filter_map(Flight::envelope).map(|words| words.body().message.name()));
        for flight in &world.sent {
            let frame = Frame::parse(&flight.bytes).expect("what we make we read");
            assert_eq!(*frame.to_bytes(), *flight.bytes, "in one form");
        }
    }

    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.approve_at_once(session);
    seen.extend(world.sent.iter().filter_map(Flight::envelope).map(|words| words.body().message.name()));
    let all = ["propose", "nonces", "partials", "answer", "complete", "decline", "cancel", "extend"];
    assert_eq!(seen, all.into_iter().collect());
}

#[test]
fn d1_nobody_is_its_own_peer() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.approve_at_once(session);

    assert!(world.sent.iter().all(|flight| flight.from != flight.to));
    for who in 0..3 {
        let peer = world.phones[who].transport();
        let ping = Frame::Ping { challenge: [0; 32] }.to_bytes().to_vec();
        let (effects, own) = (world.phones[who].effects.len(), world.sent.len());
        world.feed(who, countersign_machine::Input::FrameArrived { peer, bytes: ping });
        assert_eq!(world.sent.len(), own);
        assert_eq!(world.phones[who].effects[effects..], ["tell refused"]);
        for (slot, participant) in world.status(who).wallets[0].participants.iter().enumerate() {
            assert_eq!(participant.link == LinkState::Myself, slot == who);
        }
    }
}

#[test]
fn d2_all_sign_the_digest_of_the_proposal_that_its_proposer_signed() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let proposed = payload(4);
    let session = world.propose(1, proposed.clone());
    world.settle();
    for who in 0..3 {
        let node = world.phones[who].node.as_ref().expect("alive");
        let terms = node.terms(session).expect("known");
        assert_eq!((&terms.payload, terms.session_id()), (&proposed, session), "phone {who}");
        assert_eq!(terms.payload.digest(), proposed.digest());
    }
    let proposal = world.first_sent(|message| matches!(message, Message::Propose { .. })).expect("sent");
    assert!(proposal.is_signed_by(&world.phones[1].transport()));

    world.approve_at_once(session);

    world.assert_flawless(session);
    let Some(Outcome::Completed { signatures }) = world.outcome(session) else { panic!("completed") };
    let node = world.phones[0].node.as_ref().expect("alive");
    for (item, signature) in proposed.items.iter().zip(signatures.chunks_exact(64)) {
        let key = node.wallet(world.wallet).expect("known").output_key(&item.key).expect("a key");
        let key = k256::schnorr::VerifyingKey::from_bytes(key.as_bytes().into()).expect("a point");
        let signature = k256::schnorr::Signature::try_from(signature).expect("64 bytes");
        assert!(key.verify_raw(&item.digest, &signature).is_ok());
        let mut other = item.digest;
        other[0] ^= 1;
        assert!(key.verify_raw(&other, &signature).is_err(), "exactly that digest");
    }
}

#[test]
fn d3_nonces_may_come_before_our_own_exist_and_completion_in_any_order() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        world.approve(1, session);
        world.settle();
        let before = world.session(2, session).expect("known");
        assert!(before.progress[1].nonces && !before.progress[2].nonces, "before ours exist");
        world.approve(2, session);
        while let Some(step) = preferred(&world, order) {
            world.take(step);
        }

        world.assert_flawless(session);
    }
}

#[test]
fn d4_partial_signatures_that_come_early_are_kept_for_their_attempt_and_used() {
    for lose in [false, true] {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        if lose {
            world.crash(0);
            world.restart(0);
            world.settle();
        }
        world.approve(1, session);
        world.approve(2, session);
        let late = |flight: &Flight| {
            let nonces = flight.carries("nonces") && flight.from == 1;
            flight.to == 2 && (nonces || flight.carries("complete"))
        };
        while let Some(at) = world.steps().iter().position(|step| match step {
            Step::Answer(_) => true,
            Step::Frame(at) => !late(&world.flying[*at]),
        }) {
            world.take(world.steps()[at]);
        }
        let shown = world.session(2, session).expect("known");
        assert_eq!((shown.phase, shown.attempt), (Phase::Nonces, Attempt(u8::from(lose))));
        assert!(shown.progress[1].partials && !shown.progress[1].nonces, "{shown:?}");
        let before = world.sent.len();

        world.settle();

        world.assert_flawless(session);
        let again =
            world.sent[before..].iter().filter(|flight| flight.from == 1 && flight.carries("partials"));
        assert_eq!(again.count(), 0, "what came early was used");
    }
}

#[test]
fn d5_the_same_words_again_change_nothing_and_other_words_convict() {
    let mut scene = Scene::default();
    let nonces = forge::frame(scene.nonces.bytes().to_vec());
    let before = (scene.world.status(VICTIM), scene.world.phones[VICTIM].effects.len());
    for _ in 0..3 {
        scene.world.arrive(LIAR, VICTIM, &nonces);
    }
    assert_eq!((scene.world.status(VICTIM), scene.world.phones[VICTIM].effects.len()), before);
    let replies = |scene: &mut Scene| {
        let sent = scene.world.sent.len();
        let have = Frame::Have { have: vec![], lost: false };
        scene.world.arrive(LIAR, VICTIM, &have.to_bytes());
        let sent = scene.world.sent.drain(sent..);
        sent.map(|flight| flight.bytes).collect::<Vec<_>>()
    };
    assert_eq!(replies(&mut scene), replies(&mut scene), "the same reply");

    let other = Message::Nonces { attempt: Attempt(0), nonces: forge::nonces(ITEMS, b"other") };

    assert_eq!(scene.convict(other), Offence::Equivocation);
    scene.finish();
}

#[test]
fn d6_sessions_are_created_up_to_the_edges_of_time() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for ms in [DEFAULT_SESSION_MS, MAX_SESSION_MS] {
        let session = world.try_propose_for(0, payload(1), ms).expect("a session is created");
        world.approve_at_once(session);
        world.assert_flawless(session);
    }
    let wallet = world.wallet;
    for deadline in [0, 1, world.now.wall.0, u64::MAX - 1, u64::MAX] {
        let propose = |node: &mut countersign_machine::Node, now| {
            node.propose(wallet, payload(1), WallTime(deadline), [1; 32], now)
        };
        assert_eq!(world.command(0, propose), Err(CallerFault::Deadline), "{deadline}");
    }
}

#[test]
fn d6_a_peers_times_at_the_edges_are_read_and_refused() {
    let mut scene = Scene::default();
    let Message::Propose { terms, nonces } = scene.proposal.body().message.clone() else {
        panic!("a proposal")
    };
    let now = scene.world.now.wall.0;
    let edges = [0, 1, now, u64::MAX - 1, u64::MAX];
    for (created, deadline) in edges.iter().flat_map(|created| edges.map(|deadline| (*created, deadline))) {
        let (created, deadline) = (WallTime(created), WallTime(deadline));
        let terms = Terms { proposer: Slot(LIAR as u8), created, deadline, ..terms.clone() };
        let bytes = minicbor::to_vec(&terms).expect("memory");
        assert_eq!(minicbor::decode(&bytes).ok(), Some(terms.clone()));
        let session = terms.session_id();
        let message = Message::Propose { terms, nonces: nonces.clone() };
        let body = Body { session, slot: Slot(LIAR as u8), message, ..scene.proposal.body().clone() };

        let fault = scene.refuse_body(LIAR, VICTIM, &body);

        let expected = matches!(fault, PeerFault::Late | PeerFault::FromFuture | PeerFault::BadProposal(_));
        assert!(expected, "{created:?} to {deadline:?}: {fault}");
    }
    scene.finish();
}

#[test]
fn d7_a_hundred_callers_are_served_one_at_a_time() {
    for callers in [4, 100] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        let (before, now) = (world.phones[1].journal.len(), world.now);
        let node = Mutex::new(world.phones[1].node.take().expect("alive"));
        thread::scope(|scope| {
            for caller in 0..callers {
                let node = &node;
                scope.spawn(move || {
                    let mut node = node.lock().expect("no caller panics");
                    assert_eq!(node.approve(session, now), Ok(()), "caller {caller}");
                    assert!(node.status(now).sessions.iter().any(|shown| shown.id == session));
                });
            }
        });
        world.phones[1].node = Some(node.into_inner().expect("no caller panicked"));
        world.act(1, |_, _| ());

        world.approve_at_once(session);

        world.assert_flawless(session);
        let records = world.phones[1].journal[before..].iter().filter_map(|bytes| Record::parse(bytes));
        assert_eq!(records.filter(|record| matches!(record, Record::Approved { .. })).count(), 1);
    }
}

#[test]
fn d13_every_word_is_bound_to_the_slot_of_its_key_and_ours_is_not_reassigned() {
    let mut scene = Scene::default();
    for (by, slot) in [(LIAR, PROPOSER), (LIAR, VICTIM), (PROPOSER, LIAR), (PROPOSER, VICTIM)] {
        for message in scene.every_message() {
            let body = Body { slot: Slot(slot as u8), message, ..scene.nonces.body().clone() };
            assert_eq!(scene.refuse_body(by, VICTIM, &body), PeerFault::BadSignature, "{by} as {slot}");
        }
    }
    for who in 0..3 {
        let status = scene.world.status(who);
        let own = &status.wallets[0].participants[who];
        assert_eq!((own.key, own.link), (status.participant, LinkState::Myself));
    }
    scene.finish();
}

#[test]
fn d13_a_final_signature_is_verified_before_it_is_believed() {
    let mut scene = Scene::default();
    scene.world.cut(PROPOSER, VICTIM);
    scene.world.cut(LIAR, VICTIM);
    scene.world.settle();
    scene.world.mend(LIAR, VICTIM);
    scene.world.settle();
    let genuine = {
        let mut other = Scene::default();
        other.world.approve_at_once(other.session);
        let Some(Outcome::Completed { signatures }) = other.world.outcome(other.session) else {
            panic!("completed")
        };
        (other.session, signatures)
    };
    assert_eq!(genuine.0, scene.session, "one seed, one session");
    for byte in [0, 63, 64, 127] {
        let mut signatures = genuine.1.clone();
        signatures[byte] ^= 1;
        let frame = scene.sealed(LIAR, Message::Complete { signatures });
        scene.world.arrive(LIAR, VICTIM, &frame);
        assert!(!scene.world.is_completed(VICTIM, scene.session), "byte {byte}");
    }

    let frame = scene.sealed(LIAR, Message::Complete { signatures: genuine.1 });
    scene.world.arrive(LIAR, VICTIM, &frame);

    assert!(scene.world.is_completed(VICTIM, scene.session));
}

#[test]
fn d14_nobody_without_the_participant_key_speaks_for_a_slot() {
    let mut scene = Scene::default();
    let now = scene.world.now.wall;
    let dates = (WallTime(now.0 + 1), WallTime(now.0 + 1_000_000));
    let seed = [9; 32];
    let transport = TransportSecret::new(&seed).public();
    let participant = scene.world.phones[PROPOSER].participant();
    let (liar, owner) = (scene.world.phones[LIAR].key(), scene.world.phones[PROPOSER].key());
    let rogue = forge::card(&participant, &transport.0, dates, (&liar, &seed));
    let card = |bytes: Vec<u8>| Frame::Card { card: bytes.into() }.to_bytes();
    let body = Body {
        slot: Slot(PROPOSER as u8),
        message: Message::Decline { reason: DeclineReason::User },
        ..scene.nonces.body().clone()
    };
    let word = forge::sealed_frame(&seed, &body);
    assert_eq!(scene.refuse(LIAR, VICTIM, &card(rogue)), PeerFault::BadCard);
    assert_eq!(scene.refuse(LIAR, VICTIM, &word), PeerFault::BadSignature);

    let true_one = forge::card(&participant, &transport.0, dates, (&owner, &seed));
    scene.world.arrive(LIAR, VICTIM, &card(true_one));
    scene.world.arrive(LIAR, VICTIM, &word);

    let outcome = scene.world.session(VICTIM, scene.session).expect("known").outcome;
    let declined = Outcome::Declined { slot: Slot(PROPOSER as u8), reason: DeclineReason::User };
    assert_eq!(outcome, Some(declined), "the key's own word on its new phone");
}

#[test]
fn d15_what_is_unsigned_wrongly_signed_or_repeated_changes_nothing() {
    let mut scene = Scene::default();
    let heard: Vec<Envelope> = scene.world.sent.iter().filter_map(Flight::envelope).collect();
    for message in scene.every_message() {
        let body = Body { message, ..scene.nonces.body().clone() };
        let bytes = minicbor::to_vec(&body).expect("memory");
        for signature in [[0; 64], [0xff; 64], [1; 64]] {
            let frame = forge::frame(forge::envelope(1, &bytes, &signature));
            assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::BadSignature);
        }
        if body != *scene.nonces.body() {
            let frame = forge::frame(forge::with_signature_of(&scene.nonces, &body));
            assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::BadSignature);
        }
        let mut unsigned = minicbor::Encoder::new(Vec::new());
        unsigned.array(2).and_then(|e| e.u16(1)).and_then(|e| e.bytes(&bytes)).expect("memory");
        let frame = forge::frame(unsigned.into_writer());
        assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::Malformed { what: "envelope" });
    }
    let before = (scene.world.status(VICTIM), scene.world.phones[VICTIM].journal.clone());
    for words in &heard {
        scene.world.arrive(LIAR, VICTIM, &forge::frame(words.bytes().to_vec()));
    }

    assert_eq!((scene.world.status(VICTIM), scene.world.phones[VICTIM].journal.clone()), before);
    scene.finish();
}

#[test]
fn d19_consumed_nonces_stay_consumed_after_the_end_a_restart_and_a_compaction() {
    for declined in [false, true] {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        world.approve(1, session);
        world.settle();
        if declined {
            let no = world.command(2, |node, now| node.decline(session, DeclineReason::User, now));
            assert_eq!(no, Ok(()));
        } else {
            world.approve(2, session);
        }
        world.settle();
        let ended = world.outcome(session).expect("one end");
        let marks = |world: &World| -> Vec<Vec<u8>> {
            let mark = |bytes: &&Vec<u8>| {
                let record = Record::parse(bytes);
                matches!(record, Some(Record::NonceSpent { .. } | Record::NonceCommitted { .. }))
            };
            let journals = world.phones.iter().flat_map(|phone| &phone.journal);
            journals.filter(mark).cloned().collect()
        };
        let before = marks(&world);
        assert!(!before.is_empty());
        let (partials, said) = (world.oracle.partials(), contributions(&world, session));

        for who in 0..3 {
            world.crash(who);
            world.restart(who);
            world.settle();
            let records = std::mem::take(&mut world.phones[who].journal);
            let left = countersign_machine::record::survivors(records, &BTreeSet::new());
            world.phones[who].journal = left;
            world.crash(who);
            world.restart(who);
            world.settle();
        }
        let heard: Vec<Flight> = world.sent.clone();
        for flight in heard.iter().filter(|flight| flight.envelope().is_some()) {
            world.arrive(flight.from, flight.to, &flight.bytes);
        }
        world.settle();

        assert_eq!(marks(&world), before, "declined: {declined}");
        assert_eq!(world.outcome(session), Some(ended));
        assert_eq!((world.oracle.partials(), contributions(&world, session)), (partials, said));
        world.oracle.assert_silent();
    }
}

#[test]
fn d20_a_public_nonce_has_exactly_the_66_bytes_of_bip_327() {
    let nonce = forge::nonces(1, b"one");
    assert!(countersign_machine::session::nonce::PublicNonce::parse(&nonce).is_ok());
    let lengths = [0, 1, 32, 33, 64, 65, 67, 97, 98, 132];
    for length in lengths {
        let bytes: Vec<u8> = nonce.iter().cycle().take(length).copied().collect();
        assert!(countersign_machine::session::nonce::PublicNonce::parse(&bytes).is_err(), "{length} bytes");

        let mut scene = Scene::default();
        let given = nonce.iter().cycle().take(length * ITEMS).copied().collect();
        let offence = scene.convict(Message::Nonces { attempt: Attempt(1), nonces: given });
        assert_eq!(offence, Offence::InvalidNonce, "{length} bytes");
        let blamed = [Blamed { slot: Slot(LIAR as u8), offence }];
        assert_eq!(scene.world.session(VICTIM, scene.session).expect("known").blamed, blamed);
    }
}

#[test]
fn d21_every_state_has_its_own_name() {
    let phases = [Phase::Requested, Phase::Unlocking, Phase::Nonces, Phase::Partials, Phase::Ended];
    let reason = DeclineReason::User;
    let outcomes = [
        Outcome::Completed { signatures: vec![] },
        Outcome::Declined { slot: Slot(1), reason },
        Outcome::Cancelled,
        Outcome::Expired,
        Outcome::Failed { why: Failure::AttemptsUsedUp },
    ];
    let culprit = Slot(1);
    let offences =
        [Offence::InvalidNonce, Offence::WrongPartial, Offence::Equivocation, Offence::ForgedCompletion];
    let failures = [Failure::AttemptsUsedUp, Failure::Internal];
    let failures = failures.into_iter().chain(offences.map(|offence| Failure::Blamed { culprit, offence }));
    let path = LinkPath::Direct;
    let links = [
        LinkState::Myself,
        LinkState::Unknown,
        LinkState::NoAddress,
        LinkState::Dialling,
        LinkState::Reachable { path, rtt_us: None, clock_ahead_ms: None },
        LinkState::Unreachable { why: Some(DialFault::NoAnswer) },
        LinkState::Away,
        LinkState::Incompatible,
        LinkState::Muted,
    ];
    let reasons =
        [DeclineReason::User, DeclineReason::Unrecognised, DeclineReason::Policy, DeclineReason::GaveUp];

    assert_distinct(phases.iter().map(serde_json::to_value), None);
    assert_distinct(outcomes.iter().map(serde_json::to_value), Some("how"));
    assert_distinct(failures.map(serde_json::to_value), None);
    assert_distinct(links.iter().map(serde_json::to_value), Some("link"));
    assert_distinct(reasons.iter().map(serde_json::to_value), None);
    let world = World::new(1, 2, Topology::Mesh);
    let status = serde_json::to_value(world.status(0)).expect("JSON");
    assert_eq!(status["wallets"][0]["participants"][0]["link"], "self");
    assert_eq!(status["wallets"][0]["participants"][1]["link"], "reachable");
}

/// Asserts that no two of these values, or of their parts of this name, are the same, and none is empty.
fn assert_distinct(values: impl Iterator<Item = serde_json::Result<Value>>, part: Option<&str>) {
    let values: Vec<Value> = values.map(|value| value.expect("JSON")).collect();
    let names: Vec<&Value> = values.iter().map(|value| part.map_or(value, |part| &value[part])).collect();
    let texts: BTreeSet<String> = names.iter().map(|name| name.to_string()).collect();
    assert_eq!(texts.len(), values.len(), "{names:?}");
    assert!(names.iter().all(|name| !name.is_null()), "{names:?}");
}

/// Returns the next step if what these phones send or answer comes first, in this order.
fn preferred(world: &World, order: [usize; 3]) -> Option<Step> {
    let from = |step: &Step| match step {
        Step::Answer(who) => *who,
        Step::Frame(at) => world.flying[*at].from,
    };
    let rank = |step: &Step| order.iter().position(|who| *who == from(step));
    world.steps_in_order().into_iter().min_by_key(rank)
}

/// Returns the ids of every contribution that was ever sent in a session.
fn contributions(world: &World, session: SessionId) -> BTreeSet<[u8; 16]> {
    let said = world.sent.iter().filter_map(Flight::envelope);
    let said = said.filter(|words| words.body().session == session);
    let contributes = |words: &Envelope| {
        let name = words.body().message.name();
        ["propose", "nonces", "partials", "answer"].contains(&name)
    };
    said.filter(contributes).map(|words| words.id().0).collect()
}
