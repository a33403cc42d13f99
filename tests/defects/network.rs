//! Defects in what connections, waits and deaths did.

use super::*;

#[test]
fn d8_a_disconnection_in_either_round_pauses_and_the_same_session_completes() {
    for name in ["propose", "nonces", "partials"] {
        for lost in 0..4 {
            let mut world = World::new(1, 3, Topology::Star);
            let session = world.propose(0, payload(1));
            if name != "propose" {
                world.settle();
                world.approve(1, session);
                world.approve(2, session);
                run_until_flies(&mut world, name);
            }
            world.cut(0, 1 + lost % 2);
            world.settle();
            world.pass_ms(60_000 * lost as u64);
            assert!(!world.is_completed(1 + lost % 2, session), "{name}");

            world.mend(0, 1 + lost % 2);
            world.approve_at_once(session);

            world.assert_flawless(session);
            let sessions = world.status(1).sessions;
            assert_eq!((sessions.len(), sessions[0].id), (1, session));
            assert_eq!(sessions[0].attempt, Attempt(0));
        }
    }
}

#[test]
fn d16_three_to_fifteen_signers_complete_over_any_connected_graph() {
    for count in 3..=15 {
        for topology in [Topology::Star, Topology::Chain] {
            let mut world = World::new(1, count, topology);
            let session = world.propose(count / 2, payload(1));
            world.approve_at_once(session);
            world.assert_flawless(session);
        }
        for seed in 0..4 {
            let mut world = World::new(seed, count, Topology::Apart);
            for who in 1..count {
                world.mend(who, drawn(seed, who) % who);
            }
            for extra in 0..drawn(seed, 100) % count {
                let (a, b) = (drawn(seed, 200 + extra) % count, drawn(seed, 300 + extra) % count);
                if a != b {
                    world.mend(a, b);
                }
            }
            world.settle();
            let session = world.propose(drawn(seed, 400) % count, payload(1));
            world.approve_at_once(session);
            world.assert_flawless(session);
        }
    }
}

#[test]
fn d17_every_wait_ends_at_the_deadline_and_says_who_was_awaited() {
    let waits: [(&str, Vec<u8>, Phase); 3] = [
        ("nobody approves", vec![1, 2], Phase::Nonces),
        ("one does not approve", vec![2], Phase::Nonces),
        ("one's partials are lost", vec![2], Phase::Partials),
    ];
    for (what, awaited, phase) in waits {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        if what != "nobody approves" {
            world.approve(1, session);
        }
        if phase == Phase::Partials {
            world.lie(&[2], |word| word.withhold(&["partials", "complete"]));
            world.approve(2, session);
        }
        world.settle();
        let shown = world.session(0, session).expect("known");
        assert_eq!((shown.phase, shown.outcome), (phase, None), "{what}");
        let slots: Vec<Slot> = awaited.into_iter().map(Slot).collect();
        assert_eq!(shown.waits_for, slots, "{what}");
        let (at, _) = world.phones[0].node.as_ref().and_then(|node| node.poll_timeout()).expect("a wake-up");
        assert!(at.ms_from(world.now.boot) <= DEFAULT_SESSION_MS);

        world.pass_ms(DEFAULT_SESSION_MS - 1);
        assert_eq!(world.session(0, session).expect("known").waits_for, slots, "{what}");
        world.pass_ms(1);

        for who in world.honest(&[2]) {
            let outcome = world.session(who, session).expect("known").outcome;
            assert_eq!(outcome, Some(Outcome::Expired), "{what}");
        }
    }
}

#[test]
fn d18_slot_0_works_in_every_role() {
    for role in ["proposes", "approves first", "approves last", "declines", "cancels"] {
        let mut world = World::new(1, 3, Topology::Mesh);
        let proposer = if ["proposes", "cancels"].contains(&role) { 0 } else { 1 };
        let session = world.propose(proposer, payload(1));
        world.settle();
        let done = match role {
            "declines" => world.command(0, |node, now| node.decline(session, DeclineReason::User, now)),
            "cancels" => world.command(0, |node, now| node.cancel(session, now)),
            "approves last" => {
                world.approve(2, session);
                world.settle();
                Ok(())
            }
            _ => Ok(()),
        };
        assert_eq!(done, Ok(()));
        world.settle();
        match role {
            "declines" => {
                let reason = DeclineReason::User;
                assert_eq!(world.outcome(session), Some(Outcome::Declined { slot: Slot(0), reason }));
            }
            "cancels" => assert_eq!(world.outcome(session), Some(Outcome::Cancelled)),
            _ => {
                world.approve_in_turn(session);
                world.assert_flawless(session);
            }
        }
    }
}

#[test]
fn d18_any_signer_may_die_after_the_partials_and_all_have_the_signature() {
    for victim in 0..3 {
        for last_words_arrive in [false, true] {
            for more in 0..20 {
                let mut world = World::new(1, 3, Topology::Mesh);
                world.last_words_arrive = last_words_arrive;
                let session = world.propose(0, payload(1));
                world.settle();
                world.approve(1, session);
                world.approve(2, session);
                run_until_flies(&mut world, "partials");
                for _ in 0..more {
                    if let Some(step) = world.steps().first().copied() {
                        world.take(step);
                    }
                }
                world.crash(victim);
                world.settle();

                world.restart(victim);
                world.approve_at_once(session);

                world.assert_flawless(session);
            }
        }
    }
}

/// Lets things happen until a message of this name flies.
fn run_until_flies(world: &mut World, name: &str) {
    while !world.flying.iter().any(|flight| flight.carries(name)) {
        world.take(world.steps()[0]);
    }
}

/// Returns a number that the seed and the place determine.
fn drawn(seed: u64, place: usize) -> usize {
    let hash = forge::tagged_hash("rig/drawn", &[&seed.to_be_bytes(), &place.to_be_bytes()]);
    usize::from(hash[0])
}
