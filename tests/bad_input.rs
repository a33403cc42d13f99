//! What a liar or a broken network can bring before it is known what it says: one test each. It is
//! refused with a typed fault; it changes nothing, and an honest session
//! goes on.

use countersign_machine::Input;
use countersign_machine::card::Card;
use countersign_machine::fault::{Fault, PeerFault};
use countersign_machine::frame::{Frame, Reach};
use countersign_machine::id::{Attempt, Slot, TransportKey, WalletId};
use countersign_machine::key::{Seed, SigningKey};
use countersign_machine::limits::{MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES};
use countersign_machine::link::{LinkPath, LinkState};
use countersign_machine::message::{Body, DeclineReason, Message, TransportSecret};
use countersign_machine::record::Outcome;
use countersign_machine::session::Happening;
use countersign_machine::time::WallTime;
use countersign_tests::rig::scene::{LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Topology, World, forge};

#[test]
fn a_frame_cut_at_any_length_is_malformed() {
    let mut scene = Scene::default();
    let frame = forge::frame(scene.proposal.bytes().to_vec());

    for length in 0..frame.len() {
        let fault = scene.refuse(LIAR, VICTIM, &frame[..length]);
        assert_eq!(fault, PeerFault::Malformed { what: "frame" }, "{length} bytes");
    }

    scene.finish();
}

#[test]
fn an_envelope_cut_at_any_length_is_malformed() {
    let mut scene = Scene::default();
    let envelope = scene.proposal.bytes().to_vec();

    for length in 0..envelope.len() {
        let fault = scene.refuse(LIAR, VICTIM, &forge::frame(envelope[..length].to_vec()));
        assert_eq!(fault, PeerFault::Malformed { what: "envelope" }, "{length} bytes");
    }

    scene.finish();
}

#[test]
fn a_frame_or_an_envelope_over_its_limit_is_refused_unread() {
    let mut scene = Scene::default();

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
    let mut scene = Scene::default();
    let envelope = scene.proposal.bytes().to_vec();

    for at in 0..envelope.len() {
        for bit in 0..8 {
            let mut flipped = envelope.clone();
            flipped[at] ^= 1 << bit;
            scene.world.forgive(VICTIM);
            scene.world.arrive(LIAR, VICTIM, &forge::frame(flipped));
            let fault = scene.world.phones[VICTIM].faults.pop();
            assert!(matches!(fault, Some(Fault::Peer { .. })), "bit {bit} of byte {at}: {fault:?}");
        }
    }

    scene.finish();
}

#[test]
fn no_flipped_byte_of_any_frame_does_harm() {
    let mut scene = Scene::default();
    let sent = scene.world.sent.iter();
    let frames: Vec<Flight> = sent.filter(|flight| flight.to == VICTIM).cloned().collect();

    for flight in &frames {
        for at in 0..flight.bytes.len() {
            let mut bytes = flight.bytes.to_vec();
            bytes[at] ^= 1 << (at % 8);
            scene.world.forgive(VICTIM);
            scene.world.arrive(flight.from, VICTIM, &bytes);
        }
    }

    scene.world.settle();
    scene.finish();
}

#[test]
fn a_repeated_message_changes_nothing() {
    let mut scene = Scene::default();
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
    let mut scene = Scene::default();
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
        let bytes = forge::with_signature_of(&nonces, &body);
        assert_eq!(scene.refuse(LIAR, VICTIM, &forge::frame(bytes)), PeerFault::BadSignature, "{body:?}");
    }

    scene.finish();
}

#[test]
fn a_member_of_another_wallet_has_no_say_in_this_one() {
    let mut scene = Scene::default();
    let other = scene.world.wallet_of(&[LIAR, VICTIM]);
    let message = Message::Decline { reason: DeclineReason::User };
    let body = Body { wallet: other, slot: Slot(0), message, ..scene.nonces.body().clone() };

    let fault = scene.refuse_body(LIAR, VICTIM, &body);

    assert_eq!(fault, PeerFault::UnknownWallet(other));
    scene.finish();
}

#[test]
fn an_envelope_of_a_wallet_that_we_are_not_in_is_refused() {
    let mut scene = Scene::default();
    let other = scene.world.wallet_of(&[PROPOSER, LIAR]);
    let body = Body { wallet: other, ..scene.nonces.body().clone() };

    assert_eq!(scene.refuse_body(LIAR, VICTIM, &body), PeerFault::UnknownWallet(other));

    scene.finish();
}

#[test]
fn an_envelope_of_a_wallet_that_its_bearer_is_not_in_is_refused() {
    let mut scene = Scene::default();
    let other = scene.world.wallet_of(&[PROPOSER, VICTIM]);
    let body = Body { wallet: other, slot: Slot(0), ..scene.nonces.body().clone() };
    let honest = forge::sealed_frame(scene.world.phones[PROPOSER].transport_seed(), &body);

    assert_eq!(scene.refuse(LIAR, VICTIM, &honest), PeerFault::UnknownWallet(other));

    scene.finish();
}

#[test]
fn nobody_speaks_for_another_slot() {
    let mut scene = Scene::default();
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
fn a_second_phone_with_our_own_key_raises_the_alarm_and_spoils_no_more_than_an_attempt() {
    let mut scene = Scene::default();
    let body = Body { slot: Slot(VICTIM as u8), ..scene.nonces.body().clone() };
    let frame = forge::sealed_frame(scene.world.phones[VICTIM].transport_seed(), &body);

    scene.world.arrive(LIAR, VICTIM, &frame);

    let alarm = Happening::OwnPastFound { attempt: Attempt(0) };
    assert!(scene.world.told(VICTIM, scene.session).contains(&alarm));
    assert_eq!(scene.world.status(VICTIM).sessions[0].attempt, Attempt(1));
    scene.finish();
}

#[test]
fn a_decline_from_a_stranger_to_the_wallet_is_refused() {
    let mut world = World::new(1, 4, Topology::Mesh);
    world.wallet = world.wallet_of(&[0, 1, 2]);
    let mut scene = Scene::new(world);
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
fn an_envelope_of_an_unknown_version_is_refused() {
    let mut scene = Scene::default();
    let body = minicbor::to_vec(scene.nonces.body()).expect("memory");
    let frame = forge::frame(forge::envelope(2, &body, &[0; 64]));

    assert_eq!(scene.refuse(LIAR, VICTIM, &frame), PeerFault::UnknownVersion { found: 2 });

    scene.finish();
}

#[test]
fn a_hello_of_an_unknown_version_makes_the_link_incompatible_until_the_next_good_one() {
    let mut scene = Scene::default();
    let card = scene.world.phones[LIAR].card().as_bytes().to_vec();
    let hello = |version| {
        let card = card.clone().into();
        Frame::Hello { version, card, have: vec![], lost: false }.to_bytes()
    };

    assert_eq!(scene.refuse_version(&hello(7)), PeerFault::UnknownVersion { found: 7 });

    scene.world.arrive(LIAR, VICTIM, &hello(1));
    assert!(matches!(scene.link(), LinkState::Reachable { .. }));
    scene.finish();
}

#[test]
fn a_strangers_frame_is_not_even_answered() {
    let mut scene = Scene::default();
    let peer = TransportKey([9; 32]);
    let bytes = Frame::Ping { challenge: [0; 32] }.to_bytes().to_vec();

    let fault = scene.ignore(Input::FrameArrived { peer, bytes });

    assert_eq!(fault, Fault::Peer { peer, slot: None, kind: PeerFault::Stranger });
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
        Frame::Have { have: vec![], lost: false },
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
    let mut scene = Scene::default();
    let theft = scene.world.phones[PROPOSER].card();
    let stranger = SigningKey::from_bytes(&[9; 32]).expect("in range");
    let transport = TransportSecret::new(scene.world.phones[LIAR].transport_seed());
    let now = scene.world.now.wall;
    let dates = (now, WallTime(now.0 + 1000));
    let invented = Card::issue(&stranger, Seed::new([0; 32]), &transport, "x".into(), vec![], dates);
    let invented = invented.expect("short");

    for card in [theft, invented] {
        assert_eq!(scene.refuse_hello(card.as_bytes()), PeerFault::BadCard);
    }

    scene.finish();
}

#[test]
fn a_hello_with_a_card_out_of_date_is_refused() {
    let mut scene = Scene::default();
    let phone = &scene.world.phones[LIAR];
    let now = scene.world.now.wall;
    let (from, until) = (WallTime(now.0 - 10), WallTime(now.0));
    let transport = TransportSecret::new(phone.transport_seed());
    let card = Card::issue(&phone.key(), Seed::new([0; 32]), &transport, "x".into(), vec![], (from, until));

    let fault = scene.refuse_hello(card.expect("short").as_bytes());

    assert_eq!(fault, PeerFault::CardOutOfDate { from, until });
    scene.finish();
}

#[test]
fn a_pong_that_answers_no_ping_of_ours_changes_nothing() {
    let mut scene = Scene::default();
    let (status, effects) = (scene.world.status(VICTIM), scene.world.phones[VICTIM].effects.len());
    let pong = Frame::Pong { challenge: [0; 32], wall: WallTime(0), signature: [0; 64] };

    scene.world.arrive(LIAR, VICTIM, &pong.to_bytes());

    assert_eq!(scene.world.status(VICTIM), status);
    assert_eq!(scene.world.phones[VICTIM].effects.len(), effects);
    scene.finish();
}

#[test]
fn a_pong_that_another_phone_signed_is_refused() {
    let mut scene = Scene::default();
    scene.world.cut(LIAR, VICTIM);
    scene.world.settle();
    scene.world.mend(LIAR, VICTIM);
    let ping = |world: &World| {
        let ours = world.sent.iter().rev().take_while(|flight| !is_hello(flight));
        let mut ours = ours.filter(|flight| (flight.from, flight.to) == (VICTIM, LIAR));
        ours.find_map(|flight| match Frame::parse(&flight.bytes) {
            Ok(Frame::Ping { challenge }) => Some(challenge),
            _ => None,
        })
    };
    while ping(&scene.world).is_none() {
        scene.world.take(scene.world.steps()[0]);
    }
    let challenge = ping(&scene.world).expect("the victim asks");
    let pong = Frame::Pong { challenge, wall: WallTime(0), signature: [7; 64] };

    assert_eq!(scene.refuse(LIAR, VICTIM, &pong.to_bytes()), PeerFault::BadSignature);

    scene.world.settle();
    scene.finish();
}

fn is_hello(flight: &Flight) -> bool {
    matches!(Frame::parse(&flight.bytes), Ok(Frame::Hello { .. }))
}
