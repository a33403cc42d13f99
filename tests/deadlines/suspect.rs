//! Criterion 3: another boot with a wall clock that has fallen back.

use countersign_machine::Input;
use countersign_machine::fault::{Fault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::SessionId;
use countersign_machine::session::Custody;
use countersign_machine::session::Phase;
use countersign_machine::status::{Blocker, NextAction};
use countersign_machine::time::WallTime;
use countersign_tests::rig::{Flight, Step, Topology, Vault, World, forge, payload};

use super::{HOUR, MINUTE, SECOND};
use super::{contributions, remaining};

const BACK: i64 = -(HOUR as i64);

#[test]
fn criterion_3_a_clock_an_hour_back_after_a_boot_gives_no_time_back_and_signs_nothing_until_it_is_right() {
    for who in 0..3 {
        let (mut world, session) = young();
        let before = contributions(&world, who, session);
        let left = boot_with(&mut world, who, session, BACK);
        assert!(remaining(&world, who, session) <= left);
        assert!(world.status(who).clock_suspect, "phone {who}, from the start");
        world.settle();
        if who > 0 {
            world.approve(who, session);
        }
        world.approve_at_once(session);
        world.pass_ms(70 * SECOND);

        assert!(world.status(who).clock_suspect, "the others say that it is wrong");
        assert!(remaining(&world, who, session) <= left - 70 * SECOND, "phone {who}");
        assert_eq!(contributions(&world, who, session), before, "phone {who}");
        let shown = world.session(who, session).expect("known");
        assert_eq!(shown.next_action, Some(NextAction::SetClock));
        assert_eq!(shown.blocked.expect("open").by, Blocker::Clock);

        world.set_clock(who, 0);
        world.pass_ms(30 * SECOND);
        world.approve_at_once(session);
        world.assert_signed(session);
        world.oracle.assert_silent();
    }
}

#[test]
fn criterion_3_a_clock_that_ran_an_hour_ahead_before_a_boot_signs_nothing_until_a_co_signers_pong() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.set_clock(1, HOUR as i64);
    world.settle();
    let session = world.try_propose_for(0, payload(1), 24 * HOUR).expect("a day");
    world.settle();
    assert_eq!(remaining(&world, 1, session), 23 * HOUR, "by its clock");
    world.pass_ms(MINUTE);
    let left = boot_with(&mut world, 1, session, 0);
    settle_but_for_pongs(&mut world);
    world.approve(1, session);
    settle_but_for_pongs(&mut world);
    assert!(world.status(1).clock_suspect);
    assert_eq!(remaining(&world, 1, session), left, "the hour does not come back");
    assert_eq!(world.session(1, session).expect("known").phase, Phase::Unlocking);
    assert_eq!(contributions(&world, 1, session), [0, 0, 0]);

    let lie = pong_of(&world, 0, 1, &[7; 32], world.now.wall);
    world.arrive(0, 1, &lie);
    let Some(Fault::Peer { kind, .. }) = world.phones[1].faults.pop() else { panic!("it was taken") };
    assert_eq!(kind, PeerFault::BadSignature);
    settle_but_for_pongs(&mut world);
    assert!(world.status(1).clock_suspect, "another's word is no co-signer's");
    assert_eq!(contributions(&world, 1, session), [0, 0, 0]);

    world.settle();

    assert!(!world.status(1).clock_suspect);
    assert_eq!(remaining(&world, 1, session), left);
    world.approve_at_once(session);
    world.assert_signed(session);
    world.oracle.assert_silent();
}

#[test]
fn criterion_3_however_often_a_phone_boots_with_whatever_clock_its_time_left_never_grows() {
    for named in [true, false] {
        let (mut world, session) = young();
        if !named {
            world.phones[2].boots = None;
            world.crash(2);
            world.restart(2);
            world.settle();
        }
        let mut left = remaining(&world, 2, session);
        for (boot, hours) in [-1, 0, -2, 5, -5, 0, -1, -1].into_iter().enumerate() {
            boot_with(&mut world, 2, session, hours * HOUR as i64);
            world.settle();
            assert!(remaining(&world, 2, session) <= left, "boot {boot}, named: {named}");
            world.pass_ms(SECOND);
            left = remaining(&world, 2, session);
        }
    }
}

#[test]
fn criterion_3_one_liar_of_three_that_confirms_a_fallen_clock_is_outvoted_once_the_other_speaks() {
    let (liar, victim) = (1, 2);
    let (mut world, session) = young();
    let before = contributions(&world, victim, session);
    let left = boot_with(&mut world, victim, session, BACK);
    settle_but_for_pongs(&mut world);
    let agrees = world.now_of(victim).wall;
    let lie = pong_of(&world, liar, victim, &seed(&world, liar), agrees);
    world.flying.retain(|flight| !(is_pong(flight) && (flight.from, flight.to) == (liar, victim)));

    world.arrive(liar, victim, &lie);
    assert!(!world.status(victim).clock_suspect, "nobody has contradicted it yet");
    assert!(remaining(&world, victim, session) <= left);
    world.settle();
    assert!(world.status(victim).clock_suspect, "one against one");
    world.approve(victim, session);
    world.settle();
    assert_eq!(contributions(&world, victim, session), before);
    assert!(remaining(&world, victim, session) <= left);

    world.set_clock(victim, 0);
    world.pass_ms(30 * SECOND);
    assert!(!world.status(victim).clock_suspect, "both agree with the right time");
    world.approve_at_once(session);
    world.assert_signed(session);
    world.oracle.assert_silent();
}

#[test]
fn criterion_3_a_phone_that_dies_while_it_finds_out_what_is_left_after_a_boot_gives_nothing_back() {
    let mut deaths = 0;
    for (seed, effects) in (0..3).flat_map(|seed| (1..12).map(move |effects| (seed, effects))) {
        let mut world = World::new(seed, 2, Topology::Mesh);
        let short = [world.propose(0, payload(1)), world.propose(0, payload(2))];
        let long = [3, 4].map(|items| world.try_propose_for(0, payload(items), HOUR).expect("an hour"));
        world.settle();
        world.pass_ms(4 * MINUTE);
        world.feed(1, Input::WentToBackground);
        let left = long.map(|session| remaining(&world, 1, session));
        world.crash(1);
        world.pass_ms(2 * MINUTE);

        world.set_clock(1, 0);
        world.kill_before_effect(1, effects);
        world.reboot(1);
        deaths += usize::from(world.spare());
        world.crash(1);
        world.set_clock(1, BACK);
        world.restart(1);
        world.settle();

        for (session, left) in long.into_iter().zip(left) {
            assert!(remaining(&world, 1, session) <= left, "died before effect {effects}");
        }
        for session in short {
            assert!(remaining(&world, 1, session) <= MINUTE, "died before effect {effects}");
        }
    }
    assert!(deaths >= 15, "it died {deaths} times");
}

#[test]
fn criterion_3_a_session_that_has_expired_has_no_time_left_whatever_the_clocks_say_after_a_boot() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.pass_ms(5 * MINUTE - SECOND / 2);
    world.feed(1, Input::WentToBackground);
    world.pass_ms(SECOND / 2);
    assert_eq!(world.session(1, session).expect("known").phase, Phase::Ended);

    for _ in 0..2 {
        boot_with(&mut world, 1, session, BACK);
        world.settle();
        assert_eq!(remaining(&world, 1, session), 0);
        let plan = world.phones[1].node.as_ref().expect("alive").plan(world.now_of(1));
        let fires: Vec<u64> = plan.items.iter().map(|item| item.fire_in_ms).collect();
        assert_eq!(fires, [0], "it is over now");
        world.crash(1);
        world.restart(1);
        assert_eq!(remaining(&world, 1, session), 0, "after a restart, too");
    }
}

/// Three phones and a session of a day that the second and the third are asked about, a minute old.
fn young() -> (World, SessionId) {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 24 * HOUR).expect("a day");
    world.settle();
    world.pass_ms(MINUTE);
    (world, session)
}

/// Boots a phone half a minute after its last look at the clocks, its wall clock set; the greetings are in flight. Returns
/// how much time was left at that look: a clock that fell back does not tell for how long the phone was off.
fn boot_with(world: &mut World, who: usize, session: SessionId, ahead_ms: i64) -> u64 {
    world.feed(who, Input::WentToBackground);
    let left = remaining(world, who, session);
    world.crash(who);
    world.pass_ms(30 * SECOND);
    world.set_clock(who, ahead_ms);
    world.reboot(who);
    left
}

/// Lets everything happen but the arrival of pongs.
fn settle_but_for_pongs(world: &mut World) {
    let next = |world: &World| {
        world.steps().into_iter().find(|step| match step {
            Step::Answer(_) => true,
            Step::Frame(at) => !is_pong(&world.flying[*at]),
        })
    };
    while let Some(step) = next(world) {
        world.take(step);
    }
}

fn is_pong(flight: &Flight) -> bool {
    matches!(Frame::parse(&flight.bytes), Ok(Frame::Pong { .. }))
}

/// Answers the last ping of `asker` to `answerer` with any time, signed by whoever has this seed.
fn pong_of(world: &World, answerer: usize, asker: usize, seed: &[u8; 32], wall: WallTime) -> Vec<u8> {
    let pings = world.sent.iter().rev().filter(|flight| (flight.from, flight.to) == (asker, answerer));
    let mut challenges = pings.filter_map(|flight| {
        let Ok(Frame::Ping { challenge }) = Frame::parse(&flight.bytes) else { return None };
        Some(challenge)
    });
    let challenge = challenges.next().expect("it has asked");
    forge::pong(seed, &world.phones[asker].transport(), challenge, wall).to_bytes().to_vec()
}

fn seed(world: &World, who: usize) -> [u8; 32] {
    *world.phones[who].transport_seed()
}

#[test]
fn time_that_was_kept_because_a_liar_confirmed_the_clock_goes_once_the_clock_is_set_right() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 30 * MINUTE).expect("half an hour");
    world.settle();
    world.crash(2);
    world.pass_ms(20 * MINUTE);
    world.set_clock(2, BACK);
    world.reboot(2);
    settle_but_for_pongs(&mut world);
    assert!(world.status(2).clock_suspect);
    assert_eq!(remaining(&world, 2, session), 30 * MINUTE);
    let agrees = world.now_of(2).wall;
    let lie = pong_of(&world, 1, 2, &seed(&world, 1), agrees);
    world.flying.retain(|flight| !is_pong(flight));
    world.arrive(1, 2, &lie);
    assert!(!world.status(2).clock_suspect);

    world.set_clock(2, 0);
    world.act(2, |node, now| node.handle_timeout(now));

    assert!(!world.status(2).clock_suspect);
    assert_eq!(remaining(&world, 2, session), remaining(&world, 0, session));
}

#[test]
fn a_pong_to_a_ping_of_before_the_clock_moved_confirms_the_moved_clock_of_nobody() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.set_clock(1, HOUR as i64);
    world.settle();
    world.act(1, |node, now| node.handle_timeout(now));
    world.set_clock(1, 0);
    world.act(1, |node, now| node.handle_timeout(now));
    assert!(world.status(1).clock_suspect, "it has asked");
    world.set_clock(1, BACK);
    world.act(1, |node, now| node.handle_timeout(now));
    let answer = world.now.wall;
    let honest = pong_of(&world, 0, 1, &seed(&world, 0), answer);
    world.arrive(0, 1, &honest);

    assert!(world.status(1).clock_suspect, "it is an hour behind");
}

#[test]
fn a_journal_of_before_times_were_kept_gives_an_extended_session_no_more_than_its_deadline() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 5 * MINUTE).expect("five minutes");
    world.settle();
    let until = WallTime(world.session(0, session).expect("known").deadline.0 + HOUR);
    for who in 0..2 {
        world.command(who, |node, now| node.extend(session, until, now)).expect("later");
        world.settle();
    }
    world.pass_ms(15 * MINUTE);
    world.crash(1);
    world.phones[1].journal.retain(|bytes| {
        let record = countersign_machine::record::Record::parse(bytes);
        !matches!(
            record,
            Some(
                countersign_machine::record::Record::Timed { .. }
                    | countersign_machine::record::Record::Looked { .. }
                    | countersign_machine::record::Record::Warned { .. }
            )
        )
    });
    world.restart(1);

    assert_eq!(remaining(&world, 1, session), remaining(&world, 0, session));
}

#[test]
fn a_key_that_comes_in_the_background_is_not_kept_until_the_end() {
    let mut asked = Vec::new();
    for (custody, early) in
        [(Custody::Step, false), (Custody::Background, false), (Custody::Background, true)]
    {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.try_propose_for(0, payload(1), HOUR).expect("an hour");
        world.settle();
        world.act(1, |node, _| node.set_custody(custody));
        world.phones[1].vault = countersign_tests::rig::Vault::Silent;
        world.approve(1, session);
        let ticket = *world.phones[1].tickets.last().expect("it was asked");
        if !early {
            world.feed(1, Input::WentToBackground);
        }
        let (key, s) = (world.phones[1].key(), world.phones[1].draw());
        world.feed(1, Input::KeyGiven { ticket, key, seed: s });
        if early {
            world.feed(1, Input::WentToBackground);
        }
        world.settle();
        let before = world.phones[1].tickets.len();
        world.approve(2, session);
        world.settle();
        asked.push((contributions(&world, 1, session), world.phones[1].tickets.len() - before));
    }
    assert_eq!(asked, [([1, 1, 0], 1); 3], "Step, Background, Background with the key given before");
}

#[test]
fn a_session_opened_while_a_liar_vouched_for_the_clock_has_the_right_time_once_the_clock_is_right() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.cut(0, 2);
    world.cut(1, 2);
    let session = world.try_propose_for(0, payload(1), 3 * HOUR).expect("three hours");
    world.settle();
    world.pass_ms(3 * HOUR - 10 * MINUTE);
    world.feed(2, Input::WentToBackground);
    world.set_clock(2, BACK);
    world.crash(2);
    world.boot(2);
    world.mend(0, 2);
    world.mend(1, 2);
    world.restart(2);
    assert!(world.status(2).clock_suspect);
    // The hellos alone, so that it asks for the time, and then the lie.
    for _ in 0..2 {
        while let Some(at) = world.flying.iter().position(|flight| {
            matches!(Frame::parse(&flight.bytes), Ok(Frame::Hello { .. } | Frame::Ping { .. }))
        }) {
            world.take(Step::Frame(at));
        }
        let wakes = world.status(2).clock_suspect;
        assert!(wakes);
        world.act(2, |node, now| node.handle_timeout(now));
    }
    let agrees = world.now_of(2).wall;
    let lie = pong_of(&world, 1, 2, &seed(&world, 1), agrees);
    world.flying.retain(|flight| !is_pong(flight));
    world.arrive(1, 2, &lie);
    assert!(!world.status(2).clock_suspect);
    settle_but_for_pongs(&mut world);

    world.set_clock(2, 0);
    world.act(2, |node, now| node.handle_timeout(now));
    assert!(!world.status(2).clock_suspect);
    assert_eq!(remaining(&world, 2, session), remaining(&world, 0, session));
}

#[test]
fn no_order_of_background_and_foreground_strands_a_session() {
    let mut dice = 12345_u64;
    let mut roll = |n: u64| {
        dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (dice >> 33) % n
    };
    for run in 0..600_u64 {
        let mut world = World::new(run, 3, Topology::Mesh);
        let proposer = (run % 2) as usize;
        let custody = [Custody::Step, Custody::Background, Custody::Session][(run % 3) as usize];
        world.act(1, |node, _| node.set_custody(custody));
        world.phones[1].vault = Vault::Silent;
        let session = world.try_propose_for(proposer, payload(1), 24 * HOUR).expect("a day");
        let mut log = Vec::new();
        for _ in 0..14 {
            let what = roll(10);
            log.push(what);
            match what {
                0 | 1 => world.feed(1, Input::WentToBackground),
                2 => world.feed(1, Input::CameToForeground),
                3 => {
                    if world.is_asked(1, session) {
                        world.approve(1, session);
                    }
                }
                4 | 5 => {
                    if let Some(ticket) = world.phones[1].tickets.pop() {
                        let (key, seed) = (world.phones[1].key(), world.phones[1].draw());
                        world.feed(1, Input::KeyGiven { ticket, key, seed });
                    }
                }
                6 => world.settle(),
                7 => {
                    if world.is_asked(2, session) {
                        world.approve(2, session);
                    }
                }
                8 => {
                    if roll(3) == 0 {
                        world.crash(1);
                        world.restart(1);
                    } else {
                        world.settle_answers();
                    }
                }
                _ => world.pass_ms(SECOND * roll(20)),
            }
        }
        world.feed(1, Input::CameToForeground);
        world.phones[1].vault = Vault::Open;
        for _ in 0..4 {
            for ticket in std::mem::take(&mut world.phones[1].tickets) {
                let (key, seed) = (world.phones[1].key(), world.phones[1].draw());
                world.feed(1, Input::KeyGiven { ticket, key, seed });
            }
            world.approve_at_once(session);
        }
        world.pass_ms(10 * MINUTE);
        let shown = world.session(1, session).expect("known");
        assert!(shown.outcome.is_some(), "run {run} {log:?}: {:?} {:?}", shown.phase, shown.blocked);
        world.assert_signed(session);
        world.oracle.assert_silent();
    }
}
