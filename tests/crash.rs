//! A phone may die before any effect, or come back with an old disk: the session goes on, and no nonce ever signs
//! twice.

use countersign_machine::id::{SessionId, Slot};
use countersign_machine::record::Outcome;
use countersign_tests::rig::oracle::Violation;
use countersign_tests::rig::{Topology, World, payload};

#[test]
fn a_phone_that_dies_before_any_effect_comes_back_and_all_sign() {
    for (count, topology) in GRAPHS {
        for script in SCRIPTS {
            let mut cuts = 0;
            for victim in 0..count {
                for last_words_arrive in [false, true] {
                    cuts += (1..)
                        .take_while(|cut| {
                            let mut run = Run::new(count, topology, script);
                            run.world.last_words_arrive = last_words_arrive;
                            let died = run.die(victim, *cut);
                            run.come_back_and_sign(victim);
                            died
                        })
                        .count();
                }
            }
            println!("{count} phones, {topology:?}, {script:?}: {cuts} cut points");
        }
    }
}

#[test]
fn two_deaths_in_one_session_do_no_harm() {
    let mut cuts = 0;
    for victims in [[0, 0], [0, 1], [1, 0], [1, 1]] {
        for first in 1.. {
            let mut second = 1;
            let died_first = loop {
                let mut run = Run::new(2, Topology::Mesh, Script::InTurn);
                let died_first = run.die(victims[0], first);
                run.world.kill_before_effect(victims[1], second);
                if died_first {
                    run.world.restart(victims[0]);
                }
                run.world.approve_at_once(run.session);
                let died_again = run.world.spare();
                run.come_back_and_sign(victims[1]);
                if !died_again {
                    break died_first;
                }
                cuts += 1;
                second += 1;
            };
            if !died_first {
                break;
            }
        }
    }

    println!("{cuts} pairs of cut points");
}

#[test]
fn a_phone_that_keeps_dying_gives_up_after_eight_attempts() {
    let mut run = Run::new(2, Topology::Mesh, Script::InTurn);
    run.session = run.world.propose(0, payload(1));
    run.world.settle();
    for _ in 0..8 {
        run.world.crash(0);
        run.world.restart(0);
        run.world.settle();
        run.world.pass_pause();
    }

    let shown = run.world.session(0, run.session).expect("known");
    assert!(matches!(shown.outcome, Some(Outcome::Failed { .. })), "{shown:?}");
    run.world.oracle.assert_silent();
}

#[test]
fn no_old_copy_of_a_journal_revives_a_nonce() {
    put_back_every_copy(&[(2, Script::InTurn), (2, Script::AtOnce), (3, Script::InTurn)]);
}

#[test]
fn no_old_copy_of_a_journal_of_one_of_four_revives_a_nonce() {
    put_back_every_copy(&[(4, Script::AtOnce)]);
}

#[test]
fn no_old_copy_of_a_journal_of_one_of_five_revives_a_nonce() {
    put_back_every_copy(&[(5, Script::InTurn)]);
}

#[test]
fn a_generator_that_is_cloned_with_the_disk_is_what_the_oracle_would_notice() {
    let mut run = Run::new(2, Topology::Mesh, Script::InTurn);
    run.go();
    let drawn = run.world.phones[0].draws - 2;
    let clone = |run: &mut Run| {
        for (who, records) in [(0, 2), (1, 0)] {
            run.world.crash(who);
            run.world.phones[who].journal.truncate(run.before[who] + records);
        }
        run.world.phones[0].draws = drawn;
        run.world.restart(0);
        run.world.restart(1);
        run.world.approve_at_once(run.session);
        run.world.oracle.violations().to_vec()
    };
    let signer = Slot(0);
    let (reused, extracted) = (Violation::NonceReused { signer }, Violation::KeyExtracted { signer });

    assert_eq!(clone(&mut run), [reused; 2], "two signatures with one nonce, of each of two items");
    assert_eq!(clone(&mut run)[2..], [reused, extracted, reused, extracted], "the third gives the key away");
}

#[test]
fn a_link_that_dies_for_good_at_any_moment_leaves_a_connected_graph() {
    let mut cuts = 0;
    for script in SCRIPTS {
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            for moment in 0.. {
                let mut run = Run::new(3, Topology::Mesh, script);
                let alive = run.pass(moment);
                run.world.cut(a, b);
                run.world.approve_at_once(run.session);
                run.world.assert_flawless(run.session);
                if !alive {
                    break;
                }
                cuts += 1;
            }
        }
    }

    println!("{cuts} cut links");
}

const GRAPHS: [(usize, Topology); 5] = [
    (2, Topology::Mesh),
    (3, Topology::Mesh),
    (3, Topology::Chain),
    (4, Topology::Mesh),
    (5, Topology::Mesh),
];

/// Kills each phone before each of its effects and starts it with every copy of its journal since the session began.
fn put_back_every_copy(cases: &[(usize, Script)]) {
    let (mut copies, mut signed) = (0, 0);
    for &(count, script) in cases {
        for victim in 0..count {
            for cut in 1.. {
                let mut run = Run::new(count, Topology::Mesh, script);
                let shortest = run.before[victim];
                let died = run.die(victim, cut);
                let longest = run.world.phones[victim].journal.len();
                for length in shortest..=longest {
                    let mut run = Run::new(count, Topology::Mesh, script);
                    run.die(victim, cut);
                    signed += usize::from(run.go_on_with_a_copy(victim, length));
                    copies += 1;
                }
                if !died {
                    break;
                }
            }
        }
    }

    println!("{copies} old copies restored; {signed} of the sessions were signed all the same");
}

const SCRIPTS: [Script; 2] = [Script::InTurn, Script::AtOnce];

/// In which order the users approve.
#[derive(Clone, Copy, Debug)]
enum Script {
    InTurn,
    AtOnce,
}

/// A session that somebody is about to propose.
struct Run {
    world: World,
    script: Script,
    session: SessionId,
    /// How long each journal was before.
    before: Vec<usize>,
}

impl Run {
    fn new(count: usize, topology: Topology, script: Script) -> Self {
        let world = World::new(1, count, topology);
        let before = world.phones.iter().map(|phone| phone.journal.len()).collect();
        Self { world, script, session: SessionId([0; 32]), before }
    }

    /// Runs the script; kills the phone before its `cut`th effect. Returns whether there were so many.
    fn die(&mut self, victim: usize, cut: usize) -> bool {
        self.world.kill_before_effect(victim, cut);
        self.go();
        self.world.spare()
    }

    fn go(&mut self) {
        self.session = self.world.propose(0, payload(2));
        match self.script {
            Script::InTurn => self.world.approve_in_turn(self.session),
            Script::AtOnce => self.world.approve_at_once(self.session),
        }
    }

    /// Restarts the phone if it is dead and asserts that all sign.
    fn come_back_and_sign(&mut self, victim: usize) {
        if self.world.phones[victim].node.is_none() {
            self.world.restart(victim);
        }
        self.world.approve_at_once(self.session);
        let known = |who| self.world.session(who, self.session).is_some();
        if (0..self.world.phones.len()).any(known) {
            self.world.assert_flawless(self.session);
        }
    }

    /// Restarts the phone with the first `length` records of its journal. Returns whether all have signed in the
    /// end; a new session must be signed in any case.
    fn go_on_with_a_copy(&mut self, victim: usize, length: usize) -> bool {
        let world = &mut self.world;
        world.crash(victim);
        world.phones[victim].journal.truncate(length);
        world.restart(victim);
        world.approve_at_once(self.session);
        world.oracle.assert_silent();
        let signed = matches!(world.outcome(self.session), Some(Outcome::Completed { .. }));

        let next = world.propose(victim, payload(1));
        world.approve_at_once(next);
        world.assert_signed(next);
        world.oracle.assert_silent();
        signed
    }

    /// Proposes and lets `moments` things happen. Returns whether there were so many.
    fn pass(&mut self, moments: usize) -> bool {
        self.session = self.world.propose(0, payload(1));
        for _ in 0..moments {
            let Some(step) = self.world.steps().into_iter().next() else {
                let asked = (0..3).filter(|who| self.world.is_asked(*who, self.session));
                let asked: Vec<usize> = match self.script {
                    Script::InTurn => asked.take(1).collect(),
                    Script::AtOnce => asked.collect(),
                };
                if asked.is_empty() {
                    return false;
                }
                asked.into_iter().for_each(|who| self.world.approve(who, self.session));
                continue;
            };
            self.world.take(step);
        }
        true
    }
}
