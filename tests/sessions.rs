//! Sessions end with the same valid signatures on every phone, whatever the network does meanwhile.

use countersign_machine::fault::CallerFault;
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::limits::{DEFAULT_SESSION_MS, MAX_ITEMS, MAX_PATH, MAX_TEXT_BYTES};
use countersign_machine::message::{DeclineReason, Item, Payload};
use countersign_machine::record::Outcome;
use countersign_machine::session::{Happening, Phase};
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use countersign_tests::rig::{Step, Topology, Vault, World, payload};

#[test]
fn everybody_signs_over_a_full_mesh() {
    for count in [2, 3, 5, 15] {
        let mut world = World::new(1, count, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.approve_at_once(session);
        world.assert_flawless(session);

        let session = world.propose(count - 1, payload(2));
        world.approve_in_turn(session);
        world.assert_flawless(session);
    }
}

#[test]
fn a_hundred_signers_sign() {
    let mut world = World::new(2, 100, Topology::Mesh);
    let session = world.propose(41, payload(1));

    world.approve_at_once(session);

    world.assert_flawless(session);
    assert_eq!(world.oracle.partials(), 100);
}

#[test]
fn everybody_signs_over_a_star_a_chain_and_a_ring_whoever_proposes() {
    for topology in [Topology::Star, Topology::Chain, Topology::Ring] {
        for count in 3..=7 {
            for proposer in 0..count {
                let mut world = World::new(3, count, topology);
                let session = world.propose(proposer, payload(1));
                world.approve_at_once(session);
                world.assert_flawless(session);
            }
        }
    }
}

#[test]
fn fifteen_signers_sign_over_a_chain() {
    let mut world = World::new(4, 15, Topology::Chain);
    let session = world.propose(0, payload(1));

    world.approve_in_turn(session);

    world.assert_flawless(session);
}

#[test]
fn one_session_signs_many_items_under_different_keys() {
    for items in [1, 2, 100] {
        for count in [2, 3] {
            let mut world = World::new(5, count, Topology::Mesh);
            let session = world.propose(0, payload(items));
            world.approve_at_once(session);
            world.assert_flawless(session);
        }
    }
}

#[test]
fn the_largest_payload_fits_every_limit() {
    let mut world = World::new(6, 2, Topology::Mesh);
    let key = KeyPath::new(vec![(1 << 31) - 1; MAX_PATH], Taproot::ScriptTree([0xff; 32])).expect("a path");
    let items = (0..MAX_ITEMS).map(|n| Item { digest: [n as u8; 32], key: key.clone() }).collect();
    let session = world.propose(0, Payload { items, text: "x".repeat(MAX_TEXT_BYTES) });

    world.approve_at_once(session);

    world.assert_flawless(session);
    let largest = world.sent.iter().map(|flight| flight.bytes.len()).max();
    println!("the largest frame has {} bytes", largest.expect("frames were sent"));
}

#[test]
fn two_phones_need_a_proposal_an_answer_and_a_completion() {
    let mut world = World::new(7, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));

    world.approve_at_once(session);

    world.assert_flawless(session);
    assert_eq!(world.said(0, 1), ["propose", "complete"]);
    assert_eq!(world.said(1, 0), ["answer"]);
}

#[test]
fn the_proposer_has_the_signature_after_one_round_trip() {
    let mut world = World::new(7, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.settle_answers();

    assert_eq!(world.flying.len(), 1, "the answer");
    world.take(Step::Frame(0));
    world.settle_answers();

    assert!(world.is_completed(0, session));
}

#[test]
fn a_full_mesh_forwards_nothing() {
    let count = 5;
    let mut world = World::new(8, count, Topology::Mesh);
    let before = world.sent.len();
    let session = world.propose(0, payload(1));

    world.approve_at_once(session);

    world.assert_flawless(session);
    let sent = world.sent[before..].iter().filter(|flight| flight.envelope().is_some()).count();
    assert_eq!(sent, 2 * count * (count - 1), "each phone tells each other one thing a round");
}

#[test]
fn every_message_may_come_twice() {
    for (count, topology) in [(2, Topology::Mesh), (3, Topology::Mesh), (4, Topology::Chain)] {
        let mut world = World::new(9, count, topology);
        let session = world.propose(0, payload(2));
        settle_doubling(&mut world);
        for who in 1..count {
            world.approve(who, session);
        }
        settle_doubling(&mut world);

        world.assert_flawless(session);
    }
}

#[test]
fn nonces_may_come_before_the_proposal() {
    let mut world = World::new(10, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle_answers();
    deliver(&mut world, "propose", 1);
    world.approve(1, session);
    world.settle_answers();

    deliver(&mut world, "nonces", 2);
    assert_eq!(world.session(2, session), None, "the proposal has not come");

    world.approve_at_once(session);
    world.assert_flawless(session);
}

#[test]
fn partial_signatures_may_come_before_the_nonces_that_they_go_with() {
    let mut world = World::new(11, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.approve(2, session);
    world.settle_answers();
    deliver_from(&mut world, "nonces", 1, 0);
    deliver_from(&mut world, "nonces", 2, 0);
    world.settle_answers();

    deliver_from(&mut world, "partials", 0, 2);
    assert_eq!(world.session(2, session).expect("known").phase, Phase::Nonces);

    world.settle();
    world.assert_flawless(session);
}

#[test]
fn a_disconnection_in_the_first_round_pauses_the_attempt() {
    for lost in ["propose", "nonces"] {
        let mut world = World::new(12, 3, Topology::Star);
        let session = world.propose(0, payload(1));
        if lost == "nonces" {
            world.settle();
            world.approve(1, session);
        }
        world.cut(0, 1);
        world.approve_at_once(session);
        assert_eq!(world.outcome(session), None);
        assert!(world.session(0, session).expect("known").waits_for.contains(&Slot(1)));

        world.mend(0, 1);
        world.approve_at_once(session);

        world.assert_flawless(session);
        assert_eq!(world.session(0, session).expect("known").attempt, Attempt(0));
    }
}

#[test]
fn a_disconnection_in_the_second_round_pauses_the_attempt() {
    let mut world = World::new(13, 3, Topology::Star);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.approve(2, session);
    while !world.flying.iter().any(|flight| flight.carries("partials")) {
        world.take(world.steps()[0]);
    }

    world.cut(0, 1);
    world.settle();
    assert!(!world.is_completed(1, session));

    world.mend(0, 1);
    world.settle();
    world.assert_flawless(session);
    assert_eq!(world.session(1, session).expect("known").attempt, Attempt(0));
}

#[test]
fn a_phone_that_missed_the_end_is_completed_by_the_signatures_alone() {
    let mut world = World::new(14, 2, Topology::Mesh);
    let session = world.propose(0, payload(3));
    world.settle();
    world.approve(1, session);
    world.settle_answers();
    world.take(Step::Frame(0));
    world.settle_answers();
    world.cut(0, 1);
    assert!(world.is_completed(0, session) && !world.is_completed(1, session));
    let before = world.sent.len();

    world.mend(0, 1);
    world.settle();

    world.assert_flawless(session);
    let words: Vec<_> = world.sent[before..].iter().filter_map(|flight| flight.envelope()).collect();
    let names: Vec<_> = words.iter().map(|envelope| envelope.body().message.name()).collect();
    assert_eq!(names.iter().filter(|name| **name == "complete").count(), 1, "{names:?}");
}

#[test]
fn a_decline_reaches_everybody() {
    for topology in [Topology::Mesh, Topology::Star, Topology::Chain] {
        let mut world = World::new(15, 4, topology);
        let session = world.propose(1, payload(1));
        world.settle();

        let declined = world.command(3, |node, now| node.decline(session, DeclineReason::User, now));

        assert_eq!(declined, Ok(()));
        world.settle();
        let expected = Outcome::Declined { slot: Slot(3), reason: DeclineReason::User };
        assert_eq!(world.outcome(session), Some(expected));
        assert_eq!(world.faults(), []);
    }
}

#[test]
fn a_cancellation_reaches_everybody_and_is_the_proposers_alone() {
    let mut world = World::new(16, 4, Topology::Chain);
    let session = world.propose(1, payload(1));
    world.settle();
    let meddled = world.command(2, |node, now| node.cancel(session, now));
    assert_eq!(meddled, Err(CallerFault::NotProposer));

    let cancelled = world.command(1, |node, now| node.cancel(session, now));

    assert_eq!(cancelled, Ok(()));
    world.settle();
    assert_eq!(world.outcome(session), Some(Outcome::Cancelled));
    assert_eq!(world.faults(), []);
}

#[test]
fn a_decline_reaches_who_was_away() {
    let mut world = World::new(17, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.cut(0, 2);
    world.cut(1, 2);
    let declined = world.command(1, |node, now| node.decline(session, DeclineReason::Policy, now));
    assert_eq!(declined, Ok(()));
    world.settle();
    assert_eq!(world.session(2, session).expect("known").outcome, None);

    world.mend(0, 2);
    world.settle();

    assert!(matches!(world.outcome(session), Some(Outcome::Declined { slot: Slot(1), .. })));
}

#[test]
fn a_session_expires_everywhere_at_its_deadline_and_not_before() {
    let mut world = World::new(18, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();

    world.pass_ms(DEFAULT_SESSION_MS - 1);
    assert_eq!(world.session(2, session).expect("known").outcome, None);
    world.pass_ms(1);

    assert_eq!(world.outcome(session), Some(Outcome::Expired));
    let late = world.command(1, |node, now| node.approve(session, now));
    assert_eq!(late, Err(CallerFault::Ended(session)));
}

#[test]
fn a_decline_after_the_own_signature_is_refused() {
    let mut world = World::new(19, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.settle_answers();

    let late = world.command(1, |node, now| node.decline(session, DeclineReason::User, now));

    assert_eq!(late, Err(CallerFault::AlreadySigned));
    world.settle();
    world.assert_flawless(session);
}

#[test]
fn approving_twice_is_approving_once() {
    let mut world = World::new(20, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    let records = world.phones[1].journal.len();
    let effects = world.phones[1].effects.len();

    world.approve(1, session);

    assert_eq!(world.phones[1].journal.len(), records);
    assert_eq!(world.phones[1].effects.len(), effects);
    world.settle();
    world.assert_flawless(session);
}

#[test]
fn a_vault_that_refused_is_asked_again_after_the_next_approval() {
    for refused_step in 0..2 {
        let mut world = World::new(21, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        world.approve(1, session);
        world.approve(2, session);
        if refused_step == 1 {
            world.settle_answers();
        }
        world.phones[2].vault = Vault::Locked;
        world.phones[2].replace_answers();
        world.settle();
        assert_eq!(world.outcome(session), None);

        world.phones[2].vault = Vault::Open;
        world.approve_at_once(session);

        world.assert_flawless(session);
    }
}

#[test]
fn a_journal_and_a_vault_may_answer_after_the_end() {
    for question in ["read back", "ask key"] {
        for end in ["decline", "deadline", "deadline unnoticed"] {
            let mut world = World::new(22, 2, Topology::Mesh);
            let session = world.propose(0, payload(1));
            world.settle();
            world.approve(1, session);
            while world.phones[1].effects.last() != Some(&question) {
                world.take(Step::Answer(1));
            }

            match end {
                "decline" => {
                    let no = world.command(1, |node, now| node.decline(session, DeclineReason::User, now));
                    assert_eq!(no, Ok(()));
                }
                "deadline" => world.expire_without_answers(),
                _ => world.sleep_past_every_deadline(),
            }
            world.take(Step::Answer(1));
            world.settle();

            let ended = world.outcome(session).expect("the same end everywhere");
            assert!(!matches!(ended, Outcome::Completed { .. }), "{question}, {end}: {ended:?}");
            assert_eq!(world.oracle.partials(), 0, "nothing was signed after the end");
        }
    }
}

#[test]
fn sessions_of_one_wallet_do_not_mix() {
    let mut world = World::new(23, 3, Topology::Mesh);
    let sessions: Vec<SessionId> = (0..12).map(|n| world.propose(n % 3, payload(1))).collect();

    for session in &sessions {
        world.approve_at_once(*session);
    }

    sessions.iter().for_each(|session| world.assert_flawless(*session));
}

#[test]
fn the_user_is_told_each_step_once() {
    let mut world = World::new(24, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.approve_at_once(session);

    let end = Happening::Ended { outcome: world.outcome(session).expect("one end") };
    let attempt = Attempt(0);
    let proposer = [
        Happening::Proposed,
        Happening::NoncesSent { attempt },
        Happening::Progressed,
        Happening::PartialsSent { attempt },
        end.clone(),
    ];
    assert_eq!(world.told(0, session), proposer);
    let other = [Happening::Requested { proposer: Slot(0) }, Happening::PartialsSent { attempt }, end];
    assert_eq!(world.told(1, session), other);
}

/// Settles, every envelope arriving once more after all that was in flight with it.
fn settle_doubling(world: &mut World) {
    loop {
        world.settle_answers();
        let Some(flight) = world.flying.front().cloned() else { return };
        world.take(Step::Frame(0));
        world.settle_answers();
        if flight.envelope().is_some() {
            world.arrive(flight.from, flight.to, &flight.bytes);
            world.settle_answers();
            world.arrive(flight.from, flight.to, &flight.bytes);
        }
    }
}

/// Delivers the frame with the message of this name that flies to `to`.
fn deliver(world: &mut World, name: &str, to: usize) {
    let at = world.flying.iter().position(|flight| flight.to == to && flight.carries(name));
    world.take(Step::Frame(at.expect("such a frame flies")));
    world.settle_answers();
}

/// Delivers the frame with the message of this name that flies between two phones.
fn deliver_from(world: &mut World, name: &str, from: usize, to: usize) {
    let at =
        world.flying.iter().position(|flight| (flight.from, flight.to) == (from, to) && flight.carries(name));
    world.take(Step::Frame(at.expect("such a frame flies")));
    world.settle_answers();
}
