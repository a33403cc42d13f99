//! One test for each thing that a liar, a fault of the network or a damaged disk can bring: it is refused with a
//! typed fault, changes nothing, and an honest session goes on.

use countersign_machine::card::Card;
use countersign_machine::fault::{Fault, PeerFault, StoreFault};
use countersign_machine::frame::{Frame, Reach, Refusal};
use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, Slot, TransportKey, WalletId};
use countersign_machine::key::{Seed, SigningKey};
use countersign_machine::limits::{
    DEFAULT_SESSION_MS, MAX_ATTEMPT, MAX_CLOCK_SKEW_MS, MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES, MAX_OPEN_SESSIONS,
    MAX_SESSION_MS,
};
use countersign_machine::link::{LinkPath, LinkState};
use countersign_machine::message::{Body, DeclineReason, Envelope, Message, Terms, TransportSecret};
use countersign_machine::record::{Failure, Outcome, Record};
use countersign_machine::session::{Happening, Phase};
use countersign_machine::time::WallTime;
use countersign_machine::wallet::Wallet;
use countersign_machine::{Input, Node};
use countersign_tests::rig::{Flight, Step, Topology, World, forge, payload};

#[test]
fn a_frame_cut_at_any_length_is_malformed() {
    let mut scene = Scene::new();
    let frame = forge::frame(scene.proposal.bytes().to_vec());

    for length in 0..frame.len() {
        let fault = scene.refuse(LIAR, VICTIM, &frame[..length]);
        assert_eq!(fault, PeerFault::Malformed { what: "frame" }, "{length} bytes");
    }

    scene.finish();
}

#[test]
fn an_envelope_cut_at_any_length_is_malformed() {
    let mut scene = Scene::new();
    let envelope = scene.proposal.bytes().to_vec();

    for length in 0..envelope.len() {
        let fault = scene.refuse(LIAR, VICTIM, &forge::frame(envelope[..length].to_vec()));
        assert_eq!(fault, PeerFault::Malformed { what: "envelope" }, "{length} bytes");
    }

    scene.finish();
}

#[test]
fn a_frame_or_an_envelope_over_its_limit_is_refused_unread() {
    let mut scene = Scene::new();

    let frame = vec![0; MAX_FRAME_BYTES + 1];
    let limit = MAX_FRAME_BYTES;
    assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::TooLong { bytes: limit + 1, limit });

    let frame = forge::frame(vec![0; MAX_ENVELOPE_BYTES + 1]);
    let limit = MAX_ENVELOPE_BYTES;
    assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::TooLong { bytes: limit + 1, limit });

    scene.finish();
}

#[test]
fn any_flipped_bit_of_an_envelope_is_noticed() {
    let mut scene = Scene::new();
    let envelope = scene.proposal.bytes().to_vec();

    for at in 0..envelope.len() {
        for bit in 0..8 {
            let mut flipped = envelope.clone();
            flipped[at] ^= 1 << bit;
            let _typed = scene.refuse_or_differ(LIAR, VICTIM, &forge::frame(flipped));
        }
    }

    scene.finish();
}

#[test]
fn no_flipped_byte_of_any_frame_does_harm() {
    let scene = Scene::new();
    let kinds = |flight: &&Flight| (flight.to == VICTIM).then_some(&flight.bytes).is_some();
    let frames: Vec<Flight> = scene.world.sent.iter().filter(kinds).cloned().collect();
    let mut scene = Scene::new();

    for flight in &frames {
        for at in 0..flight.bytes.len() {
            let mut bytes = flight.bytes.to_vec();
            bytes[at] ^= 1 << (at % 8);
            scene.world.arrive(flight.from, VICTIM, &bytes);
        }
    }

    scene.world.settle();
    scene.finish();
}

#[test]
fn a_repeated_message_changes_nothing() {
    let mut scene = Scene::new();
    let before = scene.world.status(VICTIM);
    let heard: Vec<Flight> = scene.world.sent.iter().filter(|flight| flight.to == VICTIM).cloned().collect();

    for flight in heard.iter().filter(|flight| flight.envelope().is_some()) {
        let effects = scene.world.phones[VICTIM].effects.len();
        scene.world.arrive(flight.from, VICTIM, &flight.bytes);
        assert_eq!(scene.world.phones[VICTIM].effects.len(), effects);
    }

    assert_eq!(scene.world.status(VICTIM), before);
    assert_eq!(scene.world.faults(), []);
    scene.finish();
}

#[test]
fn an_envelope_with_any_field_changed_is_wrongly_signed() {
    let mut scene = Scene::new();
    let nonces = scene.nonces.clone();
    let other = scene.world.wallet_of(&[VICTIM, LIAR]);
    let Message::Nonces { nonces: bytes, .. } = &nonces.body().message else { panic!("nonces") };
    let changes: [fn(&mut Body, WalletId); 4] = [
        |body, _| body.session.0[0] ^= 1,
        |body, _| body.slot = Slot(PROPOSER as u8),
        |body, _| body.message = Message::Cancel,
        |body, other| body.wallet = other,
    ];
    let mut forged: Vec<Body> = changes
        .iter()
        .map(|change| {
            let mut body = nonces.body().clone();
            change(&mut body, other);
            body
        })
        .collect();
    let message = Message::Nonces { attempt: Attempt(1), nonces: bytes.clone() };
    forged.push(Body { message, ..nonces.body().clone() });

    for body in forged {
        let bytes = envelope_with_signature_of(&nonces, &body);
        assert_eq!(scene.refuse(LIAR, VICTIM, &forge::frame(bytes)), PeerFault::BadSignature, "{body:?}");
    }

    scene.finish();
}

#[test]
fn a_member_of_another_wallet_has_no_say_in_this_one() {
    let mut scene = Scene::new();
    let other = scene.world.wallet_of(&[LIAR, VICTIM]);
    let message = Message::Decline { reason: DeclineReason::User };
    let body = Body { wallet: other, slot: Slot(0), message, ..scene.nonces.body().clone() };

    let fault = scene.refuse_body(LIAR, VICTIM, &body);

    assert_eq!(fault, PeerFault::UnknownWallet(other));
    scene.finish();
}

#[test]
fn an_envelope_of_a_wallet_that_we_are_not_in_is_refused() {
    let mut scene = Scene::new();
    let other = scene.world.wallet_of(&[PROPOSER, LIAR]);
    let body = Body { wallet: other, ..scene.nonces.body().clone() };

    assert_eq!(scene.refuse_body(LIAR, VICTIM, &body), PeerFault::UnknownWallet(other));

    scene.finish();
}

#[test]
fn an_envelope_of_a_wallet_that_its_bearer_is_not_in_is_refused() {
    let mut scene = Scene::new();
    let other = scene.world.wallet_of(&[PROPOSER, VICTIM]);
    let body = Body { wallet: other, slot: Slot(0), ..scene.nonces.body().clone() };
    let honest = forge::sealed_frame(scene.world.phones[PROPOSER].transport_seed(), &body);

    assert_eq!(scene.refuse(LIAR, VICTIM, &honest), PeerFault::UnknownWallet(other));

    scene.finish();
}

#[test]
fn nobody_speaks_for_another_slot() {
    let mut scene = Scene::new();
    for (slot, fault) in [
        (PROPOSER, PeerFault::BadSignature),
        (VICTIM, PeerFault::BadSignature),
        (3, PeerFault::WrongSlot(Slot(3))),
        (255, PeerFault::WrongSlot(Slot(255))),
    ] {
        let message = Message::Decline { reason: DeclineReason::User };
        let body = Body { slot: Slot(slot as u8), message, ..scene.nonces.body().clone() };
        assert_eq!(scene.refuse_body(LIAR, VICTIM, &body), fault);
    }

    scene.finish();
}

#[test]
fn a_second_phone_with_our_own_key_is_refused() {
    let mut scene = Scene::new();
    let body = Body { slot: Slot(VICTIM as u8), ..scene.nonces.body().clone() };
    let frame = forge::sealed_frame(scene.world.phones[VICTIM].transport_seed(), &body);

    assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::WrongSlot(Slot(VICTIM as u8)));

    scene.finish();
}

#[test]
fn a_decline_from_a_stranger_to_the_wallet_is_refused() {
    let mut world = World::new(1, 4, Topology::Mesh);
    world.wallet = world.wallet_of(&[0, 1, 2]);
    let mut scene = Scene::start(world);
    let body = Body {
        slot: Slot(0),
        message: Message::Decline { reason: DeclineReason::User },
        ..scene.nonces.body().clone()
    };

    assert_eq!(scene.refuse_body(3, VICTIM, &body), PeerFault::UnknownWallet(body.wallet));
    scene.world.approve_at_once(scene.session);
    let shown = scene.world.session(VICTIM, scene.session).expect("known");
    assert!(matches!(shown.outcome, Some(Outcome::Completed { .. })));
}

#[test]
fn an_envelope_of_an_unknown_version_makes_the_link_incompatible_and_no_more() {
    let mut scene = Scene::new();
    let body = minicbor::to_vec(scene.nonces.body()).expect("memory");
    let frame = forge::frame(forge::envelope(2, &body, &[0; 64]));

    assert_eq!(scene.refuse_version(&frame), PeerFault::UnknownVersion { found: 2 });

    scene.finish();
}

#[test]
fn a_hello_of_an_unknown_version_makes_the_link_incompatible_until_the_next_good_one() {
    let mut scene = Scene::new();
    let card = scene.world.phones[LIAR].card().as_bytes().to_vec();
    let hello = |version| {
        let card = card.clone().into();
        Frame::Hello { version, card, have: vec![] }.to_bytes()
    };

    assert_eq!(scene.refuse_version(&hello(7)), PeerFault::UnknownVersion { found: 7 });

    scene.world.arrive(LIAR, VICTIM, &hello(1));
    assert!(matches!(scene.link(), LinkState::Reachable { .. }));
    scene.finish();
}

#[test]
fn a_strangers_frame_is_not_even_answered() {
    let mut scene = Scene::new();
    let peer = TransportKey([9; 32]);
    let bytes = Frame::Ping { challenge: [0; 32] }.to_bytes().to_vec();
    let (status, sent) = (scene.world.status(VICTIM), scene.world.sent.len());

    scene.world.feed(VICTIM, Input::FrameArrived { peer, bytes });

    let fault = scene.world.phones[VICTIM].faults.pop();
    assert_eq!(fault, Some(Fault::Peer { peer, slot: None, kind: PeerFault::Stranger }));
    assert_eq!(scene.world.status(VICTIM), status);
    assert_eq!(scene.world.sent.len(), sent);
    scene.finish();
}

#[test]
fn nothing_comes_before_the_hello() {
    let mut world = World::new(1, 2, Topology::Apart);
    let peer = world.phones[1].transport();
    world.feed(0, Input::LinkUp { peer, path: LinkPath::Direct });
    let frames = [
        Frame::Ping { challenge: [0; 32] },
        Frame::Pong { challenge: [0; 32], wall: WallTime(0), signature: [0; 64] },
        Frame::Have { have: vec![] },
        Frame::Envelope { reach: Reach::default(), envelope: vec![].into() },
    ];

    for frame in frames {
        world.feed(0, Input::FrameArrived { peer, bytes: frame.to_bytes().to_vec() });
        let fault = world.phones[0].faults.pop();
        assert_eq!(fault, Some(Fault::Peer { peer, slot: None, kind: PeerFault::NoHello }));
    }
}

#[test]
fn a_hello_with_anothers_card_is_refused() {
    let mut scene = Scene::new();
    let theft = scene.world.phones[PROPOSER].card();
    let stranger = SigningKey::from_bytes(&[9; 32]).expect("in range");
    let (transport, now) = (scene.world.phones[LIAR].transport(), scene.world.now.wall);
    let until = WallTime(now.0 + 1000);
    let invented =
        Card::issue(&stranger, Seed::new([0; 32]), transport, "x".into(), vec![], now, until).expect("short");

    for card in [theft, invented] {
        assert_eq!(scene.refuse_hello(card.as_bytes()), PeerFault::BadCard);
    }

    scene.finish();
}

#[test]
fn a_hello_with_a_card_out_of_date_is_refused() {
    let mut scene = Scene::new();
    let phone = &scene.world.phones[LIAR];
    let now = scene.world.now.wall;
    let (from, until) = (WallTime(now.0 - 10), WallTime(now.0));
    let card = Card::issue(&phone.key(), Seed::new([0; 32]), phone.transport(), "x".into(), vec![], from, until);

    let fault = scene.refuse_hello(card.expect("short").as_bytes());

    assert_eq!(fault, PeerFault::CardOutOfDate { from, until });
    scene.finish();
}

#[test]
fn a_pong_that_nobody_asked_for_is_refused() {
    let mut scene = Scene::new();
    let pong = Frame::Pong { challenge: [0; 32], wall: WallTime(0), signature: [0; 64] };

    assert_eq!(scene.refuse(LIAR, VICTIM, &pong.to_bytes()), PeerFault::BadSignature);

    scene.finish();
}

#[test]
fn a_forged_completion_is_not_believed() {
    let mut scene = Scene::new();
    let forged = Message::Complete { signatures: vec![7; 64 * ITEMS] };
    assert_eq!(scene.refuse_message(forged), PeerFault::FalseCompletion);

    let short = Message::Complete { signatures: vec![7; 64] };
    assert_eq!(scene.refuse_message(short), PeerFault::WrongCount { expected: ITEMS, got: 1 });

    scene.finish();
}

#[test]
fn a_completion_with_the_signatures_of_another_session_is_not_believed() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let former = world.propose(PROPOSER, payload(ITEMS as u32 + 2));
    world.approve_at_once(former);
    let Some(Outcome::Completed { signatures }) = world.outcome(former) else { panic!("completed") };
    let mut scene = Scene::start(world);

    let replayed = Message::Complete { signatures: signatures[64..64 * (ITEMS + 1)].to_vec() };

    assert_eq!(scene.refuse_message(replayed), PeerFault::FalseCompletion);
    scene.finish();
}

#[test]
fn a_cancellation_by_anybody_but_the_proposer_is_refused() {
    let mut scene = Scene::new();

    assert_eq!(scene.refuse_message(Message::Cancel), PeerFault::NotProposer);

    scene.finish();
}

#[test]
fn a_second_set_of_nonces_for_one_attempt_is_refused() {
    let mut scene = Scene::new();
    let Message::Propose { nonces, .. } = &scene.proposal.body().message else { panic!("a proposal") };
    let nonces = nonces.clone();

    let fault = scene.refuse_message(Message::Nonces { attempt: Attempt(0), nonces });

    assert_eq!(fault, PeerFault::Equivocation);
    scene.finish();
}

#[test]
fn a_second_proposal_for_one_session_is_refused_from_whomever() {
    let mut scene = Scene::new();
    let Message::Nonces { nonces, .. } = &scene.nonces.body().message else { panic!("nonces") };
    let Message::Propose { terms, .. } = &scene.proposal.body().message else { panic!("a proposal") };
    let again = Message::Propose { terms: terms.clone(), nonces: nonces.clone() };
    let body = Body { message: again.clone(), ..scene.proposal.body().clone() };

    assert_eq!(scene.refuse_body(PROPOSER, VICTIM, &body), PeerFault::Equivocation);
    let fault = scene.refuse_message(again);
    assert_eq!(fault, PeerFault::BadProposal("its terms are of another session"));

    scene.finish();
}

#[test]
fn a_wrong_number_of_contributions_is_refused() {
    let mut scene = Scene::new();
    let (attempt, set) = (Attempt(1), NonceSetDigest([0; 32]));
    for got in [0, ITEMS - 1, ITEMS + 1] {
        let (nonces, partials) = (vec![2; 66 * got], vec![2; 32 * got]);
        let messages = [
            Message::Nonces { attempt, nonces: nonces.clone() },
            Message::Partials { attempt, set, partials: partials.clone() },
            Message::Answer { attempt, set, nonces, partials },
        ];
        for message in messages {
            assert_eq!(scene.refuse_message(message), PeerFault::WrongCount { expected: ITEMS, got });
        }
    }

    scene.finish();
}

#[test]
fn a_nonce_of_any_other_length_than_66_bytes_is_refused() {
    let mut scene = Scene::new();
    for length in [65, 67, 97, 132] {
        let message = Message::Nonces { attempt: Attempt(1), nonces: vec![2; length * ITEMS] };
        assert!(matches!(scene.refuse_message(message), PeerFault::WrongCount { .. }));
    }

    scene.finish();
}

#[test]
fn a_nonce_that_is_no_point_and_a_partial_signature_that_is_no_scalar_are_refused() {
    let mut scene = Scene::new();
    let (attempt, set) = (Attempt(1), NonceSetDigest([0; 32]));
    let Message::Nonces { nonces, .. } = &scene.nonces.body().message else { panic!("nonces") };
    let mut nonces = nonces.clone();
    nonces[66 + 33..66 + 66].fill(0);
    let spoilt = Message::Nonces { attempt, nonces };
    assert_eq!(scene.refuse_message(spoilt), PeerFault::InvalidNonce { item: 1 });

    let mut partials = vec![1; 32 * ITEMS];
    partials[32..64].fill(0xff);
    let spoilt = Message::Partials { attempt, set, partials };
    assert_eq!(scene.refuse_message(spoilt), PeerFault::InvalidPartial { item: 1 });

    scene.finish();
}

#[test]
fn an_attempt_over_the_limit_is_refused() {
    let mut scene = Scene::new();
    let Message::Nonces { nonces, .. } = &scene.nonces.body().message else { panic!("nonces") };
    let message = Message::Nonces { attempt: Attempt(MAX_ATTEMPT + 1), nonces: nonces.clone() };

    assert_eq!(scene.refuse_message(message), PeerFault::AttemptTooHigh(MAX_ATTEMPT + 1));

    scene.finish();
}

#[test]
fn a_proposal_that_breaks_a_rule_is_refused() {
    let mut scene = Scene::new();
    let now = scene.world.now.wall.0;
    let breaks: [(&str, fn(&mut Terms, u64)); 7] = [
        ("deadline passed", |terms, now| terms.deadline = WallTime(now)),
        ("from the future", |terms, now| {
            terms.created = WallTime(now + MAX_CLOCK_SKEW_MS + 1);
            terms.deadline = WallTime(terms.created.0 + DEFAULT_SESSION_MS);
        }),
        ("too long", |terms, now| terms.deadline = WallTime(now + MAX_SESSION_MS + 1)),
        ("no items", |terms, _| terms.payload.items.clear()),
        ("too many items", |terms, _| {
            let item = terms.payload.items[0].clone();
            terms.payload.items = vec![item; 1001];
        }),
        ("too much text", |terms, _| terms.payload.text = "x".repeat(4097)),
        ("another proposer", |terms, _| terms.proposer = Slot(PROPOSER as u8)),
    ];
    for (rule, break_it) in breaks {
        let Message::Propose { terms, nonces } = scene.proposal.body().message.clone() else {
            panic!("a proposal")
        };
        let mut terms = Terms { proposer: Slot(LIAR as u8), ..terms };
        break_it(&mut terms, now);
        let body = Body {
            wallet: terms.wallet,
            session: terms.session_id(),
            slot: Slot(LIAR as u8),
            message: Message::Propose { terms, nonces },
        };

        let fault = scene.refuse_body(LIAR, VICTIM, &body);

        assert!(matches!(fault, PeerFault::BadProposal(_) | PeerFault::Late), "{rule}: {fault}");
    }

    scene.finish();
}

#[test]
fn a_session_id_that_is_not_the_hash_of_the_terms_is_refused() {
    let mut scene = Scene::new();
    let body = Body { session: SessionId([7; 32]), ..scene.proposal.body().clone() };

    let fault = scene.refuse_body(PROPOSER, VICTIM, &body);

    assert_eq!(fault, PeerFault::BadProposal("its terms are of another session"));
    scene.finish();
}

#[test]
fn one_proposer_cannot_open_sessions_without_end() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for _ in 0..MAX_OPEN_SESSIONS {
        world.propose(0, payload(1));
    }
    world.settle();
    assert_eq!(world.faults(), []);
    let one_more = world.try_propose(0, payload(1));
    assert!(one_more.is_err());

    let first = world.first_sent(|message| matches!(message, Message::Propose { .. })).expect("proposals");
    let Message::Propose { mut terms, nonces } = first.body().message.clone() else { panic!("a proposal") };
    terms.random = [7; 32];
    let body =
        Body { session: terms.session_id(), message: Message::Propose { terms, nonces }, ..first.body().clone() };
    let frame = forge::sealed_frame(world.phones[0].transport_seed(), &body);
    world.arrive(0, 1, &frame);

    let fault = world.phones[1].faults.pop().expect("a fault");
    assert!(matches!(fault, Fault::Peer { kind: PeerFault::TooMany("open sessions"), .. }), "{fault}");
}

#[test]
fn an_envelope_after_the_deadline_is_late() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    while world.flying.is_empty() {
        world.take(Step::Answer(1));
    }

    world.expire_without_answers();
    world.settle();

    assert_eq!(world.outcome(session), Some(Outcome::Expired));
    assert_eq!(world.oracle.partials(), 1, "the proposer did not sign any more");
}

#[test]
fn a_wrong_partial_signature_names_its_author_at_every_honest_phone() {
    for count in [2, 3, 5] {
        for liar in 0..count {
            let mut world = World::new(1, count, Topology::Mesh);
            let session = world.propose(0, payload(ITEMS as u32));
            world.settle();
            (1..count).for_each(|who| world.approve(who, session));

            settle_spoiling(&mut world, liar);

            let culprit = Slot(liar as u8);
            let expected = Outcome::Failed { why: Failure::WrongPartial { culprit } };
            for honest in (0..count).filter(|who| *who != liar) {
                let shown = world.session(honest, session).expect("known");
                assert_eq!(shown.outcome, Some(expected.clone()), "phone {honest} on {liar} of {count}");
            }
            world.oracle.assert_silent();
        }
    }
}

#[test]
fn partial_signatures_for_other_nonces_are_put_aside_and_do_not_spoil_the_journal() {
    let mut scene = Scene::new();
    let lie = Message::Partials {
        attempt: Attempt(0),
        set: NonceSetDigest([7; 32]),
        partials: vec![1; 32 * ITEMS],
    };
    let frame = scene.sealed(LIAR, lie);
    scene.world.arrive(LIAR, PROPOSER, &frame);
    scene.world.settle();

    scene.world.approve_at_once(scene.session);

    scene.world.assert_flawless(scene.session);
    let told = scene.world.told(PROPOSER, |event| match event {
        countersign_machine::effect::Event::Session(event) => Some(event.what.clone()),
        _ => None,
    });
    assert!(told.contains(&Happening::NonceSetsDiffer), "{told:?}");
    scene.world.crash(PROPOSER);
    scene.world.restart(PROPOSER);
    scene.world.assert_signed(scene.session);
}

#[test]
fn partial_signatures_for_other_nonces_than_we_signed_with_are_refused() {
    let mut scene = Scene::new();
    scene.world.approve(VICTIM, scene.session);
    while scene.world.session(VICTIM, scene.session).expect("known").phase != Phase::Partials {
        scene.world.take(scene.world.steps()[0]);
    }
    let lie = Message::Partials {
        attempt: Attempt(0),
        set: NonceSetDigest([7; 32]),
        partials: vec![1; 32 * ITEMS],
    };

    assert_eq!(scene.refuse_message(lie), PeerFault::OtherNonceSet);

    scene.finish();
}

#[test]
fn an_empty_or_headless_journal_is_refused() {
    let scene = Scene::new();
    let no_owner = |records: &[Vec<u8>]| scene.open(VICTIM, records) == Err(NO_OWNER);

    assert!(no_owner(&[]));
    assert!(no_owner(&scene.world.phones[VICTIM].journal[1..]));
}

#[test]
fn another_phones_journal_is_refused() {
    let scene = Scene::new();

    let opened = scene.open(VICTIM, &scene.world.phones[LIAR].journal);

    assert_eq!(opened, Err(StoreFault::OtherOwner));
}

#[test]
fn a_record_cut_at_any_length_is_unreadable() {
    let scene = Scene::new();
    let journal = &scene.world.phones[LIAR].journal;
    for at in 0..journal.len() {
        for length in 0..journal[at].len() {
            let mut cut = journal.clone();
            cut[at].truncate(length);
            assert_eq!(scene.open(LIAR, &cut), Err(StoreFault::Unreadable { at }), "{length} bytes of {at}");
        }
    }
}

#[test]
fn records_in_another_order_are_inconsistent() {
    let scene = Scene::new();
    let journal = &scene.world.phones[LIAR].journal;
    let is = |kind: fn(&Record) -> bool| {
        let found = journal.iter().position(|bytes| Record::parse(bytes).as_ref().is_some_and(kind));
        found.expect("such a record")
    };
    let wallet = is(|record| matches!(record, Record::WalletCreated { .. }));
    let proposal = is(|record| matches!(record, Record::EnvelopeKept { .. }));
    let approval = is(|record| matches!(record, Record::Approved { .. }));
    let what = "it does not follow from those before";

    for (late, early) in [(wallet, proposal), (proposal, approval)] {
        let mut shuffled = journal.clone();
        let record = shuffled.remove(late);
        shuffled.push(record);
        let at = early - 1;
        assert_eq!(scene.open(LIAR, &shuffled), Err(StoreFault::Inconsistent { at, what }));
    }
    let mut twice = journal.clone();
    twice.push(journal[0].clone());
    let at = journal.len();
    assert_eq!(scene.open(LIAR, &twice), Err(StoreFault::Inconsistent { at, what }));
}

#[test]
fn no_flipped_bit_of_a_journal_makes_the_phone_panic() {
    let mut scene = Scene::new();
    scene.world.approve(VICTIM, scene.session);
    while !scene.world.phones[LIAR].journal.iter().any(|r| matches!(Record::parse(r), Some(Record::Signed { .. })))
    {
        scene.world.take(scene.world.steps()[0]);
    }
    let mut opened = 0;
    let journal = &scene.world.phones[LIAR].journal;
    for at in scene.before..journal.len() {
        for byte in 0..journal[at].len() {
            for bit in 0..8 {
                let mut damaged = journal.clone();
                damaged[at][byte] ^= 1 << bit;
                opened += usize::from(scene.open(LIAR, &damaged).is_ok());
            }
        }
    }
    println!("{opened} damaged journals could be read");
}

#[test]
fn a_journal_that_does_not_give_back_what_was_written_stops_the_phone_before_it_signs() {
    for answer in [None, Some(vec![]), Some(b"junk".to_vec())] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        world.approve(1, session);
        world.take(Step::Answer(1));
        assert_eq!(world.phones[1].effects.last(), Some(&"read back"));

        let stopped = world.act(1, |node, now| node.handle_input(Input::ReadBack(answer), now));

        assert_eq!(stopped, Some(Err(Fault::Store(StoreFault::NotReadBack))));
        assert_eq!(world.oracle.partials(), 0);
    }
}

#[test]
fn a_journal_that_gives_back_an_older_record_stops_the_phone_before_it_signs() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let sessions = [world.propose(0, payload(1)), world.propose(0, payload(1))];
    world.settle();
    sessions.iter().for_each(|session| world.approve(1, *session));
    let spent = |world: &World| {
        let last = world.phones[1].journal.last().expect("records").clone();
        matches!(Record::parse(&last), Some(Record::NonceSpent { .. })).then_some(last)
    };
    world.take(Step::Answer(1));
    let older = spent(&world).expect("the first session's");
    world.take(Step::Answer(1));
    assert_ne!(spent(&world).expect("the second session's"), older);
    let read = |node: &mut Node, now| node.handle_input(Input::ReadBack(Some(older.clone())), now);
    assert_eq!(world.act(1, read), Some(Ok(())));

    let stopped = world.act(1, read);

    assert_eq!(stopped, Some(Err(Fault::Store(StoreFault::NotReadBack))));
    assert_eq!(world.oracle.partials(), 1, "the first session's");
}

const PROPOSER: usize = 0;
const LIAR: usize = 1;
const VICTIM: usize = 2;
const ITEMS: usize = 2;
const NO_OWNER: StoreFault = StoreFault::Inconsistent { at: 0, what: "no owner is named" };

/// Three phones in the middle of a session: the proposer and the liar have given nonces, the victim is asked.
struct Scene {
    world: World,
    session: SessionId,
    proposal: Envelope,
    nonces: Envelope,
    /// How many records the liar's journal had before the session.
    before: usize,
}

impl Scene {
    fn new() -> Self {
        Self::start(World::new(1, 3, Topology::Mesh))
    }

    fn start(mut world: World) -> Self {
        let before = world.phones[LIAR].journal.len();
        let session = world.propose(PROPOSER, payload(ITEMS as u32));
        world.settle();
        world.approve(LIAR, session);
        world.settle();
        let envelope = |name| {
            let of_session = |message: &Message| message.name() == name;
            let all = world.sent.iter().filter_map(Flight::envelope);
            let mut all = all.filter(|envelope| envelope.body().session == session);
            all.find(|envelope| of_session(&envelope.body().message)).expect("it was sent")
        };
        Self { session, proposal: envelope("propose"), nonces: envelope("nonces"), before, world }
    }

    /// Brings `bytes` and asserts that they are refused without any other effect. Returns why.
    fn refuse(&mut self, from: usize, to: usize, bytes: &[u8]) -> PeerFault {
        let before = self.world.status(to);
        let kind = self.refuse_loosely(from, to, bytes, &["send", "tell refused"]);
        assert_eq!(self.world.status(to), before, "a refused frame changes nothing");
        kind
    }

    fn refuse_loosely(&mut self, from: usize, to: usize, bytes: &[u8], allowed: &[&str]) -> PeerFault {
        let world = &mut self.world;
        let (effects, sent) = (world.phones[to].effects.len(), world.sent.len());

        world.arrive(from, to, bytes);

        let fault = world.phones[to].faults.pop().expect("the frame was accepted");
        let Fault::Peer { peer, kind, .. } = fault else { panic!("not a peer's fault: {fault}") };
        assert_eq!(peer, world.phones[from].transport());
        assert_eq!(world.phones[to].effects[effects..], *allowed);
        let answer = Frame::parse(&world.sent[sent].bytes).expect("a frame");
        assert_eq!(answer, Frame::Refuse { why: Refusal::from(kind) });
        world.flying.pop_back();
        kind
    }

    /// Brings a frame with a damaged envelope: refused, or else taken for an unknown session's.
    fn refuse_or_differ(&mut self, from: usize, to: usize, bytes: &[u8]) -> PeerFault {
        let kind = {
            let effects = self.world.phones[to].effects.len();
            self.world.arrive(from, to, bytes);
            let fault = self.world.phones[to].faults.pop().expect("the frame was accepted");
            let Fault::Peer { kind, .. } = fault else { panic!("not a peer's fault: {fault}") };
            let done = &self.world.phones[to].effects[effects..];
            assert!(done.iter().all(|effect| ["send", "tell", "tell refused"].contains(effect)), "{done:?}");
            self.world.flying.pop_back();
            kind
        };
        kind
    }

    fn refuse_version(&mut self, bytes: &[u8]) -> PeerFault {
        let before = self.world.status(VICTIM).sessions;
        let kind = self.refuse_loosely(LIAR, VICTIM, bytes, &["tell", "send", "tell refused"]);
        assert_eq!(self.world.status(VICTIM).sessions, before);
        assert_eq!(self.link(), LinkState::Incompatible);
        kind
    }

    fn refuse_body(&mut self, from: usize, to: usize, body: &Body) -> PeerFault {
        let frame = forge::sealed_frame(self.world.phones[from].transport_seed(), body);
        self.refuse(from, to, &frame)
    }

    /// Lets the liar say something in the session, in its own name.
    fn refuse_message(&mut self, message: Message) -> PeerFault {
        let frame = self.sealed(LIAR, message);
        self.refuse(LIAR, VICTIM, &frame)
    }

    fn refuse_hello(&mut self, card: &[u8]) -> PeerFault {
        let hello = Frame::Hello { version: 1, card: card.to_vec().into(), have: vec![] };
        self.refuse(LIAR, VICTIM, &hello.to_bytes())
    }

    fn sealed(&self, who: usize, message: Message) -> Vec<u8> {
        let body = Body { message, slot: Slot(who as u8), ..self.nonces.body().clone() };
        forge::sealed_frame(self.world.phones[who].transport_seed(), &body)
    }

    /// Returns how the victim sees its link to the liar.
    fn link(&self) -> LinkState {
        self.world.status(VICTIM).wallets[0].participants[LIAR].link
    }

    fn open(&self, who: usize, records: &[Vec<u8>]) -> Result<(), StoreFault> {
        let secret = TransportSecret::new(self.world.phones[who].transport_seed());
        Node::open(records.iter().map(Vec::as_slice), secret, [0; 32], self.world.now).map(|_| ())
    }

    /// Asserts that the session goes on to its signatures.
    fn finish(mut self) {
        self.world.phones.iter_mut().for_each(|phone| phone.faults.clear());
        self.world.approve_at_once(self.session);
        self.world.assert_flawless(self.session);
    }
}

/// Puts the signature of `envelope` under another body.
fn envelope_with_signature_of(envelope: &Envelope, body: &Body) -> Vec<u8> {
    let bytes = envelope.bytes();
    let signature = bytes[bytes.len() - 64..].try_into().expect("64 bytes");
    forge::envelope(1, &minicbor::to_vec(body).expect("memory"), &signature)
}

/// Settles, the liar's partial signatures changed by one on their way.
fn settle_spoiling(world: &mut World, liar: usize) {
    while let Some(step) = world.steps().first().copied() {
        if let Step::Frame(at) = step
            && let Some(envelope) = world.flying[at].envelope()
            && envelope.body().slot == Slot(liar as u8)
        {
            let mut body = envelope.body().clone();
            match &mut body.message {
                Message::Partials { partials, .. } | Message::Answer { partials, .. } => partials[40] ^= 1,
                Message::Complete { .. } => body.message = wrong_partials(world),
                _ => {}
            }
            let frame = forge::sealed_frame(world.phones[liar].transport_seed(), &body);
            world.flying[at].bytes = frame.into();
        }
        world.take(step);
    }
}

/// Makes partial signatures that are none, for the nonces that everybody signed with.
fn wrong_partials(world: &World) -> Message {
    let sets = world.sent.iter().filter_map(Flight::envelope).filter_map(|envelope| {
        match envelope.body().message {
            Message::Partials { set, .. } | Message::Answer { set, .. } => Some(set),
            _ => None,
        }
    });
    let set = sets.last().expect("somebody signed");
    Message::Partials { attempt: Attempt(0), set, partials: vec![1; 32 * ITEMS] }
}

trait Wallets {
    /// Creates the wallet of these phones on all of them.
    fn wallet_of(&mut self, who: &[usize]) -> WalletId;
}

impl Wallets for World {
    fn wallet_of(&mut self, who: &[usize]) -> WalletId {
        let keys = who.iter().map(|who| self.phones[*who].participant()).collect();
        let wallet = Wallet::new("another".into(), keys).expect("different keys");
        self.create_wallet(&wallet);
        self.settle();
        wallet.id()
    }
}
