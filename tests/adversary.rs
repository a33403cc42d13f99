//! Attacks, each by its name: honest phones are unharmed, the session ends as designed, and all honest phones blame the
//! same participant where one is to blame.

use countersign_machine::card::Card;
use countersign_machine::evidence::Offence;
use countersign_machine::fault::{CallerFault, Fault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, Slot, TransportKey};
use countersign_machine::limits::{DEFAULT_SESSION_MS, FORGET_AFTER_MS, MAX_CLOCK_SKEW_MS, MAX_ITEMS};
use countersign_machine::message::{Body, Envelope, Message, Terms};
use countersign_machine::record::Outcome;
use countersign_machine::time::WallTime;
use countersign_machine::{Input, session::Phase};
use countersign_tests::rig::scene::{ITEMS, LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Step, Topology, World, forge, payload};

#[path = "adversary/nuisance.rs"]
mod nuisance;
#[path = "adversary/two_faced.rs"]
mod two_faced;

#[test]
fn forged_slot() {
    let mut scene = Scene::default();
    for message in scene.every_message() {
        for (slot, expected) in [
            (PROPOSER as u8, PeerFault::BadSignature),
            (VICTIM as u8, PeerFault::BadSignature),
            (3, PeerFault::WrongSlot(Slot(3))),
            (255, PeerFault::WrongSlot(Slot(255))),
        ] {
            let body = Body { slot: Slot(slot), message: message.clone(), ..scene.nonces.body().clone() };
            assert_eq!(scene.refuse_body(LIAR, VICTIM, &body), expected, "{} as {slot}", message.name());
        }
    }

    scene.finish();
}

#[test]
fn replay_over_session() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let former = world.propose(PROPOSER, payload(ITEMS as u32));
    world.approve_at_once(former);
    let heard = envelopes(&world);
    let mut scene = Scene::new(world);

    assert_replay_is_vain(&mut scene, &heard);
    for envelope in &heard {
        let body = Body { session: scene.session, ..envelope.body().clone() };
        assert_refused(&mut scene, envelope, &body);
    }

    scene.finish();
}

#[test]
fn replay_over_attempt() {
    let mut scene = Scene::default();
    let heard = envelopes(&scene.world);
    scene.world.crash(LIAR);
    scene.world.restart(LIAR);
    scene.world.settle();
    assert_eq!(scene.world.session(VICTIM, scene.session).expect("known").attempt, Attempt(1));

    assert_replay_is_vain(&mut scene, &heard);
    for envelope in &heard {
        let mut body = envelope.body().clone();
        if let Message::Nonces { attempt, .. } = &mut body.message {
            *attempt = Attempt(1);
            assert_refused(&mut scene, envelope, &body);
        }
    }

    scene.finish();
}

#[test]
fn replay_over_wallet() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let all = world.wallet;
    world.wallet = world.wallet_of(&[LIAR, VICTIM]);
    let former = world.propose(LIAR, payload(ITEMS as u32));
    world.settle();
    world.approve(VICTIM, former);
    world.settle();
    let heard = envelopes(&world);
    world.wallet = all;
    let mut scene = Scene::new(world);

    assert_replay_is_vain(&mut scene, &heard);
    for envelope in &heard {
        let body = Body { wallet: all, ..envelope.body().clone() };
        assert_refused(&mut scene, envelope, &body);
    }

    scene.finish();
}

#[test]
fn rogue_card() {
    let mut scene = Scene::default();
    let phones = &scene.world.phones;
    let now = scene.world.now.wall;
    let dates = (WallTime(now.0 + 1), WallTime(now.0 + 1_000_000));
    let signed_by_liar = (&phones[LIAR].key(), phones[LIAR].transport_seed());
    let card = |participant: usize, phone: usize| {
        let transport = phones[phone].transport().0;
        forge::card(&phones[participant].participant(), &transport, dates, signed_by_liar)
    };
    let rogues = [
        ("its own card for another's phone", card(LIAR, VICTIM)),
        ("another's card for its own phone", card(PROPOSER, LIAR)),
        ("another's card, signed by itself", card(PROPOSER, PROPOSER)),
        ("the victim's card for its own phone", card(VICTIM, LIAR)),
    ];
    assert!(Card::parse(&card(LIAR, LIAR)).is_ok(), "the forge makes cards");

    for (what, rogue) in rogues {
        assert_eq!(Card::parse(&rogue), Err(PeerFault::BadCard), "{what}");
        let frame = Frame::Card { card: rogue.clone().into() };
        assert_eq!(scene.refuse(LIAR, VICTIM, &frame.to_bytes()), PeerFault::BadCard, "{what}");
        assert_eq!(scene.refuse_hello(&rogue), PeerFault::BadCard, "{what}");
    }

    scene.finish();
}

#[test]
fn replay_of_an_older_card() {
    let mut scene = Scene::default();
    let older = scene.world.phones[PROPOSER].card();
    scene.world.pass_ms(10);
    let issued = scene.world.command(PROPOSER, |node, _| node.issue_card("newer".into()));
    assert_eq!(issued, Ok(()));
    scene.world.settle();
    let before = scene.world.status(VICTIM);
    assert_eq!(before.wallets[0].participants[PROPOSER].nickname.as_deref(), Some("newer"));

    let frame = Frame::Card { card: older.as_bytes().to_vec().into() };
    scene.world.arrive(LIAR, VICTIM, &frame.to_bytes());
    let added = scene.world.command(VICTIM, |node, now| node.add_card(older, now));

    assert!(added.is_ok());
    assert_eq!(scene.world.status(VICTIM), before);
    scene.finish();
}

#[test]
fn cards_of_people_who_share_no_wallet() {
    let mut scene = Scene::default();
    let now = scene.world.now.wall;
    let records = scene.world.phones[VICTIM].journal.len();
    for number in 1..100 {
        let key = countersign_machine::key::SigningKey::from_bytes(&[number; 32]).expect("in range");
        let seed = [number; 32];
        let transport = countersign_machine::message::TransportSecret::new(&seed).public();
        let dates = (now, WallTime(now.0 + 1_000_000));
        let card = forge::card(&key.participant(), &transport.0, dates, (&key, &seed));
        let frame = Frame::Card { card: card.into() };
        scene.world.arrive(LIAR, VICTIM, &frame.to_bytes());
    }

    assert_eq!(scene.world.phones[VICTIM].journal.len(), records);
    let node = scene.world.phones[VICTIM].node.as_ref().expect("alive");
    assert_eq!(node.cards().count(), 3);
    scene.finish();
}

#[test]
fn giant_item_count() {
    let mut scene = Scene::default();
    let Message::Propose { terms, .. } = scene.proposal.body().message.clone() else { panic!("a proposal") };
    let mut terms = Terms { proposer: Slot(LIAR as u8), ..terms };
    terms.payload.items = vec![terms.payload.items[0].clone(); MAX_ITEMS + 1];
    let nonces = forge::nonces(MAX_ITEMS + 1, b"giant");
    let session = terms.session_id();
    let message = Message::Propose { terms, nonces };
    let body = Body { session, slot: Slot(LIAR as u8), message, ..scene.proposal.body().clone() };
    let fault = scene.refuse_body(LIAR, VICTIM, &body);
    assert_eq!(fault, PeerFault::BadProposal("more than 1000 items"));

    let lists: [&[u8]; 3] = [&[0x83, 1, 0x9b], &[0x85, 0, 1, 0x40, 0x9b], &[0x82, 7, 0x5b]];
    for head in lists {
        let frame = [head, &[0xff; 8], &[0; 64]].concat();
        let fault = scene.refuse(LIAR, VICTIM, &frame);
        assert_eq!(fault, PeerFault::Malformed { what: "frame" }, "a list of 2^64 - 1");
    }
    scene.finish();
}

#[test]
fn stale_proposal() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(PROPOSER, payload(1));
    world.approve_at_once(session);
    let heard = envelopes(&world);
    world.pass_ms(DEFAULT_SESSION_MS + FORGET_AFTER_MS + 1_000);
    let mut scene = Scene::new(world);
    assert_eq!(scene.world.session(VICTIM, session), None, "long forgotten");

    let proposal = heard.iter().find(|envelope| envelope.body().message.name() == "propose");
    let frame = forge::frame(proposal.expect("it was sent").bytes().to_vec());
    for from in [PROPOSER, LIAR] {
        assert_eq!(scene.refuse(from, VICTIM, &frame), PeerFault::Late);
    }

    assert_eq!(scene.world.session(VICTIM, session), None);
    scene.finish();
}

#[test]
fn proposal_held_back_until_its_deadline() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(PROPOSER, payload(1));
    while world.flying.is_empty() {
        world.take(world.steps()[0]);
    }
    let held = std::mem::take(&mut world.flying);
    world.pass_ms(DEFAULT_SESSION_MS);

    for flight in &held {
        world.arrive(flight.from, flight.to, &flight.bytes);
        let fault = world.phones[flight.to].faults.pop();
        assert!(matches!(fault, Some(Fault::Peer { kind: PeerFault::Late, .. })), "{fault:?}");
        assert_eq!(world.session(flight.to, session), None);
    }

    assert_eq!(world.session(PROPOSER, session).expect("known").outcome, Some(Outcome::Expired));
}

#[test]
fn future_proposal() {
    let mut scene = Scene::default();
    let Message::Propose { terms, nonces } = scene.proposal.body().message.clone() else {
        panic!("a proposal")
    };
    let proposal = |ahead: u64, random: u8| {
        let created = WallTime(scene.world.now.wall.0 + ahead);
        let deadline = WallTime(created.0 + DEFAULT_SESSION_MS);
        let random = [random; 32];
        let terms = Terms { proposer: Slot(LIAR as u8), created, deadline, random, ..terms.clone() };
        let session = terms.session_id();
        let message = Message::Propose { terms, nonces: nonces.clone() };
        Body { session, slot: Slot(LIAR as u8), message, ..scene.proposal.body().clone() }
    };
    let (late, next_year) = (proposal(MAX_CLOCK_SKEW_MS + 1, 1), proposal(1 << 50, 2));

    for body in [late, next_year] {
        let fault = scene.refuse_body(LIAR, VICTIM, &body);
        assert_eq!(fault, PeerFault::FromFuture);
    }

    scene.finish();
}

#[test]
fn early_completion() {
    for count in 3..=5 {
        for liar in 0..count {
            let mut world = World::new(1, count, Topology::Mesh);
            let session = world.propose(0, payload(2));
            world.settle();
            let body = Body {
                wallet: world.wallet,
                session,
                slot: Slot(liar as u8),
                message: Message::Complete { signatures: vec![7; 128] },
            };
            let frame = forge::sealed_frame(world.phones[liar].transport_seed(), &body);
            for who in world.honest(&[liar]) {
                world.arrive(liar, who, &frame);
            }

            world.approve_at_once(session);

            world.assert_flawless(session);
            let [blamed] = world.blamed(session, &[liar])[..] else { panic!("one offence") };
            assert_eq!((blamed.slot, blamed.offence), (Slot(liar as u8), Offence::ForgedCompletion));
        }
    }
}

#[test]
fn completion_before_the_proposal() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(PROPOSER, payload(1));
    while world.flying.is_empty() {
        world.take(world.steps()[0]);
    }
    let message = Message::Complete { signatures: vec![7; 64] };
    let body = Body { wallet: world.wallet, session, slot: Slot(LIAR as u8), message };
    let frame = forge::sealed_frame(world.phones[LIAR].transport_seed(), &body);
    world.arrive(LIAR, VICTIM, &frame);
    assert_eq!(world.session(VICTIM, session), None);

    world.approve_at_once(session);

    world.assert_flawless(session);
    assert_eq!(world.blamed(session, &[LIAR])[0].offence, Offence::ForgedCompletion);
}

#[test]
fn aborted_by_stranger() {
    let stranger = 3;
    let mut world = World::new(1, 4, Topology::Mesh);
    world.wallet = world.wallet_of(&[0, 1, 2]);
    let mut scene = Scene::new(world);
    let wallet = scene.world.wallet;
    for message in scene.every_message() {
        for slot in 0..4 {
            let body = Body { slot: Slot(slot), message: message.clone(), ..scene.nonces.body().clone() };
            let fault = scene.refuse_body(stranger, VICTIM, &body);
            assert_eq!(fault, PeerFault::UnknownWallet(wallet), "{}", message.name());
        }
        let nobody = TransportKey([9; 32]);
        let bytes = scene.sealed(stranger, message);
        let fault = scene.ignore(Input::FrameArrived { peer: nobody, bytes });
        assert!(matches!(fault, Fault::Peer { kind: PeerFault::Stranger, .. }), "{fault}");
    }

    scene.world.approve_at_once(scene.session);
    for who in 0..3 {
        let shown = scene.world.session(who, scene.session).expect("known");
        assert!(matches!(shown.outcome, Some(Outcome::Completed { .. })));
    }
    assert_eq!(scene.world.session(stranger, scene.session), None);
    scene.world.oracle.assert_silent();
}

#[test]
fn cancellation_by_another_than_the_proposer() {
    let mut scene = Scene::default();

    assert_eq!(scene.refuse_message(Message::Cancel), PeerFault::NotProposer);
    let session = scene.session;
    let meddled = scene.world.command(LIAR, |node, now| node.cancel(session, now));

    assert_eq!(meddled, Err(CallerFault::NotProposer));
    assert_eq!(scene.world.session(VICTIM, session).expect("known").phase, Phase::Requested);
    scene.finish();
}

/// Returns every envelope sent so far.
fn envelopes(world: &World) -> Vec<Envelope> {
    world.sent.iter().filter_map(Flight::envelope).collect()
}

/// Lets the liar repeat the words to both honest phones and asserts that nothing changes.
fn assert_replay_is_vain(scene: &mut Scene, heard: &[Envelope]) {
    for who in [PROPOSER, VICTIM] {
        let before = scene.world.status(who);
        let records = scene.world.phones[who].journal.len();
        for envelope in heard {
            scene.world.arrive(LIAR, who, &forge::frame(envelope.bytes().to_vec()));
        }
        assert_eq!(scene.world.status(who), before);
        assert_eq!(scene.world.phones[who].journal.len(), records);
        let faults = std::mem::take(&mut scene.world.phones[who].faults);
        let foreign = |fault: &Fault| {
            matches!(fault, Fault::Peer { kind: PeerFault::UnknownWallet(_), slot: None, .. })
        };
        assert!(faults.iter().all(foreign), "{faults:?}");
    }
    while let Some(step) = scene.world.steps().into_iter().find(|step| matches!(step, Step::Frame(_))) {
        scene.world.take(step);
    }
}

/// Asserts that the body is refused under the signature of `envelope`, which covers another.
fn assert_refused(scene: &mut Scene, envelope: &Envelope, body: &Body) {
    if body == envelope.body() {
        return;
    }
    let frame = forge::frame(forge::with_signature_of(envelope, body));
    let fault = scene.refuse(LIAR, VICTIM, &frame);
    assert!(matches!(fault, PeerFault::BadSignature | PeerFault::WrongSlot(_)), "{fault}");
}
