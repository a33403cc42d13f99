//! Participants that tell each phone something else.

use countersign_machine::evidence::Offence;
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::limits::DEFAULT_SESSION_MS;
use countersign_machine::link::LinkState;
use countersign_machine::message::{DeclineReason, Message};
use countersign_machine::record::{Failure, Outcome};
use countersign_machine::status::Blamed;
use countersign_tests::rig::scene::{ITEMS, LIAR, PROPOSER, VICTIM};
use countersign_tests::rig::{Topology, Word, World, payload};

#[test]
fn equivocation_by_a_liar_that_then_behaves() {
    for count in 3..=7 {
        for liar in 0..count {
            let (world, session) = session_with(count, &[liar], |word| word.equivocate(1));

            world.assert_signed(session);
            assert_unharmed(&world, &[liar]);
            assert_eq!(world.blamed(session, &[liar]), [equivocation(liar)], "{liar} of {count}");
            let shown = world.session(world.honest(&[liar])[0], session).expect("known");
            assert_eq!(shown.attempt, Attempt(1));
        }
    }
}

#[test]
fn equivocation_by_a_liar_that_goes_on() {
    for count in 3..=7 {
        for liar in 0..count {
            let (world, session) = session_with(count, &[liar], |word| word.equivocate(8));

            assert_fails(&world, session, liar, Offence::Equivocation);
            assert_eq!(world.blamed(session, &[liar]), [equivocation(liar); 2], "{liar} of {count}");
        }
    }
}

#[test]
fn equivocation_by_several_liars() {
    for count in 4..=7_usize {
        for set in (1_u32..1 << count).step_by(3) {
            let liars: Vec<usize> = (0..count).filter(|who| set & 1 << who != 0).collect();
            if !(2..=3.min(count - 2)).contains(&liars.len()) {
                continue;
            }
            let (world, session) = session_with(count, &liars, |word| word.equivocate(8));

            assert_unharmed(&world, &liars);
            assert_ne!(world.blamed(session, &liars), [], "{liars:?} of {count}");
            for who in world.honest(&liars) {
                let outcome = world.session(who, session).expect("known").outcome;
                let Some(Outcome::Failed { why: Failure::Blamed { culprit, .. } }) = outcome else {
                    panic!("{outcome:?} at {who}, {liars:?} of {count}")
                };
                assert!(liars.contains(&culprit.index()));
            }
        }
    }
}

#[test]
fn equivocation_over_a_star_and_a_chain() {
    for topology in [Topology::Star, Topology::Chain, Topology::Ring] {
        for liar in 0..5 {
            let mut world = World::new(1, 5, topology);
            world.lie(&[liar], |word| word.equivocate(1));
            let session = world.propose(0, payload(1));

            world.approve_at_once(session);

            world.assert_signed(session);
            assert_unharmed(&world, &[liar]);
            world.blamed(session, &[liar]);
        }
    }
}

#[test]
fn wrong_partial() {
    for count in 3..=7 {
        for liar in 0..count {
            let (world, session) = session_with(count, &[liar], Word::spoil);

            assert_fails(&world, session, liar, Offence::WrongPartial);
            let [blamed] = world.blamed(session, &[liar])[..] else { panic!("one offence") };
            assert_eq!((blamed.slot, blamed.offence), (Slot(liar as u8), Offence::WrongPartial));
        }
    }
}

#[test]
fn wrong_partials_of_several_liars() {
    for liars in [[0, 1], [0, 4], [2, 3], [1, 4]] {
        let (world, session) = session_with(5, &liars, Word::spoil);

        assert_unharmed(&world, &liars);
        assert_ne!(world.blamed(session, &liars), [], "{liars:?}");
        for who in world.honest(&liars) {
            let outcome = world.session(who, session).expect("known").outcome;
            assert!(matches!(outcome, Some(Outcome::Failed { .. })), "{outcome:?}");
        }
    }
}

#[test]
fn wrong_partial_to_one_phone_only() {
    let spoil_for_victim = |word: &Word| match word.to {
        VICTIM => word.spoil(),
        _ => word.truth(),
    };
    let (mut world, session) = session_with(3, &[LIAR], spoil_for_victim);
    assert!(world.is_completed(PROPOSER, session));

    world.meet_again(PROPOSER, VICTIM);

    world.assert_signed(session);
    assert_unharmed(&world, &[LIAR]);
    let [blamed] = world.blamed(session, &[LIAR])[..] else { panic!("one offence") };
    assert_eq!((blamed.slot, blamed.offence), (Slot(LIAR as u8), Offence::WrongPartial));
}

#[test]
fn declined_to_one_and_signed_with_another() {
    let two_faced = |word: &Word| {
        let signs = word.withhold(&["partials", "complete"]).is_empty();
        let decline = Message::Decline { reason: DeclineReason::User };
        if signs && word.to == VICTIM { vec![decline] } else { word.truth() }
    };
    let (mut world, session) = session_with(3, &[LIAR], two_faced);
    assert!(world.is_completed(PROPOSER, session));

    world.meet_again(PROPOSER, VICTIM);

    world.assert_flawless(session);
    assert_eq!(world.blamed(session, &[LIAR]), []);
}

#[test]
fn nonce_withheld() {
    for count in [2, 3, 5] {
        for liar in 1..count {
            let (mut world, session) = session_with(count, &[liar], |_| vec![]);
            for who in world.honest(&[liar]) {
                let waits_for = world.session(who, session).expect("known").waits_for;
                assert_eq!(waits_for, [Slot(liar as u8)], "{who} on {liar} of {count}");
            }

            world.pass_ms(DEFAULT_SESSION_MS);

            assert_eq!(world.outcome(session), Some(Outcome::Expired));
            assert_eq!(world.oracle.partials(), ITEMS, "the liar alone has everybody's nonces");
            assert_unharmed(&world, &[liar]);
            assert_eq!(world.blamed(session, &[liar]), []);
        }
    }
}

#[test]
fn partial_withheld() {
    for liar in 0..3 {
        let silent = |word: &Word| word.withhold(&["partials", "complete"]);
        let (mut world, session) = session_with(3, &[liar], silent);
        for who in world.honest(&[liar]) {
            assert_eq!(world.session(who, session).expect("known").waits_for, [Slot(liar as u8)]);
        }

        world.pass_ms(DEFAULT_SESSION_MS);

        for who in world.honest(&[liar]) {
            assert_eq!(world.session(who, session).expect("known").outcome, Some(Outcome::Expired));
        }
        assert_unharmed(&world, &[liar]);
    }
}

/// Runs a session of two items that the first phone proposes, the liars lying from its beginning.
fn session_with(
    count: usize,
    liars: &[usize],
    lie: impl FnMut(&Word) -> Vec<Message> + Send + Sync + 'static,
) -> (World, SessionId) {
    let mut world = World::new(1, count, Topology::Mesh);
    world.lie(liars, lie);
    let session = world.propose(0, payload(ITEMS as u32));
    world.approve_at_once(session);
    (world, session)
}

/// Asserts that the session has failed on every honest phone, naming the liar.
fn assert_fails(world: &World, session: SessionId, liar: usize, offence: Offence) {
    assert_unharmed(world, &[liar]);
    let why = Failure::Blamed { culprit: Slot(liar as u8), offence };
    for who in world.honest(&[liar]) {
        let shown = world.session(who, session).expect("known");
        assert_eq!(shown.outcome, Some(Outcome::Failed { why }), "{}", world.describe(session));
    }
}

/// Asserts that no nonce signed twice and that no honest phone has muted another.
fn assert_unharmed(world: &World, liars: &[usize]) {
    world.oracle.assert_silent();
    for who in world.honest(liars) {
        let status = world.status(who);
        for other in world.honest(liars) {
            assert_ne!(status.wallets[0].participants[other].link, LinkState::Muted, "{other} at {who}");
        }
    }
}

fn equivocation(liar: usize) -> Blamed {
    Blamed { slot: Slot(liar as u8), offence: Offence::Equivocation }
}
