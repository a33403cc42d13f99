//! What a participant can say that is not so: one test each. It is refused with a typed fault; it changes nothing, and an honest session
//! goes on.

use countersign_machine::evidence::Offence;
use countersign_machine::fault::{Fault, PeerFault};
use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, Slot};
use countersign_machine::limits::{
    DEFAULT_SESSION_MS, MAX_ATTEMPT, MAX_CLOCK_SKEW_MS, MAX_OPEN_SESSIONS, MAX_SESSION_MS,
};
use countersign_machine::message::{Body, Message, Terms};
use countersign_machine::record::{Failure, Outcome};
use countersign_machine::session::{Happening, Phase};
use countersign_machine::status::Blamed;
use countersign_machine::time::WallTime;
use countersign_tests::rig::scene::{ITEMS, LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Step, Topology, World, forge, payload};

#[test]
fn a_forged_completion_convicts_its_author_and_is_not_believed() {
    for length in [64, 64 * ITEMS] {
        let mut scene = Scene::default();

        let offence = scene.convict(Message::Complete { signatures: vec![7; length] });

        assert_eq!(offence, Offence::ForgedCompletion);
        let again = Message::Complete { signatures: vec![8; length] };
        assert_eq!(scene.refuse_message(again), PeerFault::FalseCompletion, "known by now");
        scene.finish();
    }
}

#[test]
fn a_completion_with_the_signatures_of_another_session_is_not_believed() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let former = world.propose(PROPOSER, payload(ITEMS as u32 + 2));
    world.approve_at_once(former);
    let Some(Outcome::Completed { signatures }) = world.outcome(former) else { panic!("completed") };
    let mut scene = Scene::new(world);

    let replayed = Message::Complete { signatures: signatures[64..64 * (ITEMS + 1)].to_vec() };

    assert_eq!(scene.convict(replayed), Offence::ForgedCompletion);
    scene.finish();
}

#[test]
fn a_cancellation_by_anybody_but_the_proposer_is_refused() {
    let mut scene = Scene::default();

    assert_eq!(scene.refuse_message(Message::Cancel), PeerFault::NotProposer);

    scene.finish();
}

#[test]
fn a_second_set_of_nonces_for_one_attempt_convicts_its_author_and_voids_the_attempt() {
    let mut scene = Scene::default();
    let Message::Propose { nonces, .. } = &scene.proposal.body().message else { panic!("a proposal") };
    let nonces = nonces.clone();

    let offence = scene.convict(Message::Nonces { attempt: Attempt(0), nonces });

    assert_eq!(offence, Offence::Equivocation);
    scene.finish();
}

#[test]
fn a_second_proposal_for_one_session_convicts_its_author_and_nobody_else_makes_one() {
    let mut scene = Scene::default();
    let Message::Nonces { nonces, .. } = &scene.nonces.body().message else { panic!("nonces") };
    let Message::Propose { terms, .. } = &scene.proposal.body().message else { panic!("a proposal") };
    let again = Message::Propose { terms: terms.clone(), nonces: nonces.clone() };
    let fault = scene.refuse_message(again.clone());
    assert_eq!(fault, PeerFault::BadProposal("its terms are of another session"));

    let body = Body { message: again, ..scene.proposal.body().clone() };
    let frame = forge::sealed_frame(scene.world.phones[PROPOSER].transport_seed(), &body);
    scene.world.arrive(PROPOSER, VICTIM, &frame);

    let blamed = scene.world.status(VICTIM).sessions[0].blamed.clone();
    assert_eq!(blamed, [Blamed { slot: Slot(PROPOSER as u8), offence: Offence::Equivocation }]);
}

#[test]
fn a_wrong_number_of_contributions_convicts_their_author() {
    let (attempt, set) = (Attempt(1), NonceSetDigest([0; 32]));
    for got in [0, ITEMS - 1, ITEMS + 1] {
        let (nonces, partials) = (vec![2; 66 * got], vec![2; 32 * got]);
        let messages = [
            (Message::Nonces { attempt, nonces: nonces.clone() }, Offence::InvalidNonce),
            (Message::Partials { attempt, set, partials: partials.clone() }, Offence::WrongPartial),
            (Message::Answer { attempt, set, nonces, partials }, Offence::InvalidNonce),
        ];
        for (message, offence) in messages {
            assert_fails(message, offence);
        }
    }
}

#[test]
fn a_nonce_of_any_other_length_than_66_bytes_convicts_its_author() {
    for length in [65, 67, 97, 132] {
        let message = Message::Nonces { attempt: Attempt(1), nonces: vec![2; length * ITEMS] };
        assert_fails(message, Offence::InvalidNonce);
    }
}

#[test]
fn a_nonce_that_is_no_point_and_a_partial_signature_that_is_no_scalar_convict_their_author() {
    let (attempt, set) = (Attempt(1), NonceSetDigest([0; 32]));
    let Message::Nonces { mut nonces, .. } = Scene::default().nonces.body().message.clone() else {
        panic!("nonces")
    };
    nonces[66 + 33..66 + 66].fill(0);
    assert_fails(Message::Nonces { attempt, nonces }, Offence::InvalidNonce);

    let mut partials = vec![1; 32 * ITEMS];
    partials[32..64].fill(0xff);
    assert_fails(Message::Partials { attempt, set, partials }, Offence::WrongPartial);
}

#[test]
fn an_attempt_over_the_limit_is_refused() {
    let mut scene = Scene::default();
    let Message::Nonces { nonces, .. } = &scene.nonces.body().message else { panic!("nonces") };
    let message = Message::Nonces { attempt: Attempt(MAX_ATTEMPT + 1), nonces: nonces.clone() };

    assert_eq!(scene.refuse_message(message), PeerFault::AttemptTooHigh(MAX_ATTEMPT + 1));

    scene.finish();
}

#[test]
fn a_proposal_that_breaks_a_rule_is_refused() {
    let mut scene = Scene::default();
    let now = scene.world.now.wall.0;
    type Break = fn(&mut Terms, u64);
    let breaks: [(&str, Break); 7] = [
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

        let expected = matches!(fault, PeerFault::BadProposal(_) | PeerFault::Late | PeerFault::FromFuture);
        assert!(expected, "{rule}: {fault}");
    }

    scene.finish();
}

#[test]
fn a_session_id_that_is_not_the_hash_of_the_terms_is_refused() {
    let mut scene = Scene::default();
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
    let body = Body {
        session: terms.session_id(),
        message: Message::Propose { terms, nonces },
        ..first.body().clone()
    };
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
            let why = Failure::Blamed { culprit, offence: Offence::WrongPartial };
            let expected = Outcome::Failed { why };
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
    let mut scene = Scene::default();
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
    let told = scene.world.told(PROPOSER, scene.session);
    assert!(told.contains(&Happening::NonceSetsDiffer), "{told:?}");
    scene.world.crash(PROPOSER);
    scene.world.restart(PROPOSER);
    scene.world.assert_signed(scene.session);
}

#[test]
fn an_answer_for_other_nonces_counts_for_its_nonces_alone_after_a_restart_too() {
    let mut scene = Scene::default();
    let Message::Nonces { nonces, .. } = &scene.nonces.body().message else { panic!("nonces") };
    let lie = Message::Answer {
        attempt: Attempt(0),
        set: NonceSetDigest([7; 32]),
        nonces: nonces.clone(),
        partials: vec![1; 32 * ITEMS],
    };
    let frame = scene.sealed(VICTIM, lie);
    scene.world.arrive(VICTIM, PROPOSER, &frame);
    scene.world.cut(PROPOSER, VICTIM);
    scene.world.cut(LIAR, VICTIM);
    scene.world.settle();
    let before = scene.world.session(PROPOSER, scene.session).expect("known");
    assert!(scene.world.told(PROPOSER, scene.session).contains(&Happening::NonceSetsDiffer));

    scene.world.crash(PROPOSER);
    scene.world.restart(PROPOSER);
    scene.world.settle();

    let after = scene.world.session(PROPOSER, scene.session).expect("known");
    assert_eq!((before.waits_for, before.outcome), (vec![Slot(VICTIM as u8)], None));
    assert_eq!((after.waits_for, after.outcome), (vec![Slot(VICTIM as u8)], None));
    scene.world.oracle.assert_silent();
}

#[test]
fn partial_signatures_for_other_nonces_than_we_signed_with_are_refused_and_the_others_asked() {
    let mut scene = Scene::default();
    scene.world.approve(VICTIM, scene.session);
    while scene.world.session(VICTIM, scene.session).expect("known").phase != Phase::Partials {
        scene.world.take(scene.world.steps()[0]);
    }
    let lie = Message::Partials {
        attempt: Attempt(0),
        set: NonceSetDigest([7; 32]),
        partials: vec![1; 32 * ITEMS],
    };

    assert_eq!(scene.refuse_and_search(lie.clone()), PeerFault::OtherNonceSet);
    assert_eq!(scene.refuse_message(lie), PeerFault::OtherNonceSet, "the others are asked once");

    scene.finish();
}

/// Asserts that all phones end a fresh session, naming the liar, when it says this.
fn assert_fails(message: Message, offence: Offence) {
    let mut scene = Scene::default();
    assert_eq!(scene.convict(message), offence);
    let why = Failure::Blamed { culprit: Slot(LIAR as u8), offence };
    for honest in [PROPOSER, VICTIM] {
        let shown = scene.world.session(honest, scene.session).expect("known");
        assert_eq!(shown.outcome, Some(Outcome::Failed { why }));
    }
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
                Message::Propose { .. }
                | Message::Nonces { .. }
                | Message::Decline { .. }
                | Message::Extend { .. }
                | Message::Cancel => {}
            }
            let frame = forge::sealed_frame(world.phones[liar].transport_seed(), &body);
            world.flying[at].bytes = frame.into();
        }
        world.take(step);
    }
}

/// Makes partial signatures that are none, for the nonces that everybody signed with.
fn wrong_partials(world: &World) -> Message {
    let sets =
        world.sent.iter().filter_map(Flight::envelope).filter_map(|envelope| match envelope.body().message {
            Message::Partials { set, .. } | Message::Answer { set, .. } => Some(set),
            Message::Propose { .. }
            | Message::Nonces { .. }
            | Message::Complete { .. }
            | Message::Decline { .. }
            | Message::Extend { .. }
            | Message::Cancel => None,
        });
    let mut sets = sets.rev();
    let set = sets.next().expect("somebody signed");
    Message::Partials { attempt: Attempt(0), set, partials: vec![1; 32 * ITEMS] }
}
