//! What users set and decide: how long keys are kept, when sessions end, what is approved, which phone speaks.

use std::collections::BTreeMap;

use countersign_machine::Input;
use countersign_machine::fault::{CallerFault, PeerFault};
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::limits::{DEFAULT_SESSION_MS, MAX_ATTEMPT, MAX_SESSION_MS};
use countersign_machine::message::Message;
use countersign_machine::record::{Outcome, Record};
use countersign_machine::session::{Custody, Happening, Phase};
use countersign_machine::time::WallTime;
use countersign_tests::rig::scene::{LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Topology, World, payload};

#[test]
fn custody_for_one_step_asks_the_vault_for_nonces_and_again_to_sign() {
    let mut world = World::new(1, 3, Topology::Mesh);

    for sessions in 1..=3 {
        let asked = count(&world, "ask key");
        let session = world.propose(0, payload(2));
        world.approve_at_once(session);
        world.assert_flawless(session);
        assert_eq!(since(&world, "ask key", &asked), [2, 2, 2], "session {sessions}");
    }
}

#[test]
fn custody_for_one_step_asks_the_last_signer_once_for_both() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let asked = count(&world, "ask key");

    let session = world.propose(0, payload(2));
    world.approve_at_once(session);

    world.assert_flawless(session);
    assert_eq!(since(&world, "ask key", &asked), [2, 1]);
}

#[test]
fn custody_for_the_session_asks_the_vault_once_whatever_the_attempts() {
    let mut world = World::new(1, 3, Topology::Mesh);
    set_custody(&mut world, Custody::Session);
    let (keys, seeds) = (count(&world, "ask key"), count(&world, "ask seed"));
    let session = world.propose(0, payload(2));
    world.settle();
    world.approve(1, session);
    world.settle();
    for _ in 0..2 {
        world.crash(2);
        world.restart(2);
        world.settle();
        world.approve_at_once(session);
        if world.outcome(session).is_none() {
            world.crash(2);
        }
    }

    world.assert_flawless(session);
    assert_eq!(since(&world, "ask key", &keys)[..2], [1, 1]);
    let attempts = world.session(0, session).expect("known").attempt.0;
    assert_eq!(since(&world, "ask seed", &seeds)[..2], [usize::from(attempts); 2]);
}

#[test]
fn custody_for_the_session_asks_again_for_the_next_session() {
    let mut world = World::new(1, 3, Topology::Mesh);
    set_custody(&mut world, Custody::Session);
    for session in 1..=3 {
        let asked = count(&world, "ask key");
        let id = world.propose(0, payload(1));
        world.approve_at_once(id);
        world.assert_flawless(id);
        assert_eq!(since(&world, "ask key", &asked), [1, 1, 1], "session {session}");
    }
}

#[test]
fn custody_until_the_background_wipes_the_key_there_and_for_the_session_does_not() {
    for (custody, to_background, expected) in [
        (Custody::Background, true, 2),
        (Custody::Background, false, 1),
        (Custody::Session, true, 1),
        (Custody::Step, false, 2),
    ] {
        let mut world = World::new(1, 3, Topology::Mesh);
        set_custody(&mut world, custody);
        let asked = count(&world, "ask key");
        let session = world.propose(0, payload(2));
        world.settle();
        world.approve(1, session);
        world.settle();
        if to_background {
            (0..2).for_each(|who| world.feed(who, Input::WentToBackground));
        }

        world.approve_at_once(session);

        world.assert_flawless(session);
        assert_eq!(since(&world, "ask key", &asked)[..2], [expected; 2], "{custody:?}, {to_background}");
    }
}

#[test]
fn a_new_custody_setting_wipes_keys_that_are_held() {
    let mut world = World::new(1, 3, Topology::Mesh);
    set_custody(&mut world, Custody::Session);
    let asked = count(&world, "ask key");
    let session = world.propose(0, payload(2));
    world.settle();
    world.approve(1, session);
    world.settle();

    set_custody(&mut world, Custody::Session);
    world.approve_at_once(session);

    world.assert_flawless(session);
    assert_eq!(since(&world, "ask key", &asked), [2, 2, 1]);
}

#[test]
fn a_deadline_moves_once_all_have_consented_and_to_the_earliest_of_what_they_consented_to() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let deadline = world.session(0, session).expect("known").deadline;
    let later = |ms: u64| WallTime(deadline.0 + ms);
    for (who, ms) in [(0, 30_000), (2, 10_000)] {
        extend(&mut world, who, session, later(ms)).expect("later");
        world.settle();
        for shown in (0..3).map(|who| world.session(who, session).expect("known")) {
            assert_eq!(shown.deadline, deadline, "phone 1 has not consented");
        }
    }
    assert_eq!(world.session(1, session).expect("known").asked_until, Some(later(10_000)));

    extend(&mut world, 1, session, later(20_000)).expect("later");
    world.settle();

    for who in 0..3 {
        assert_eq!(world.session(who, session).expect("known").deadline, later(10_000), "phone {who}");
        assert!(world.told(who, session).contains(&Happening::Extended { deadline: later(10_000) }));
    }
    world.pass_ms(DEFAULT_SESSION_MS + 9_999);
    assert_eq!(world.outcome(session), None);
    world.pass_ms(1);
    assert_eq!(world.outcome(session), Some(Outcome::Expired));
    assert_eq!(world.faults(), []);
}

#[test]
fn an_extended_session_goes_on_after_its_old_deadline_and_after_restarts() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let deadline = world.session(0, session).expect("known").deadline;
    let later = WallTime(deadline.0 + DEFAULT_SESSION_MS);
    extend(&mut world, 0, session, later).expect("later");
    world.settle();
    for who in 0..3 {
        world.crash(who);
        world.restart(who);
        world.settle();
        let asked = world.session(who, session).expect("known").asked_until;
        assert_eq!(asked, (who > 0).then_some(later), "phone {who} still asks its user");
    }
    for who in 1..3 {
        extend(&mut world, who, session, later).expect("later");
    }
    world.settle();
    for who in 0..3 {
        world.crash(who);
        world.restart(who);
        world.settle();
        assert_eq!(world.session(who, session).expect("known").deadline, later, "phone {who}");
    }

    world.pass_ms(DEFAULT_SESSION_MS + 1_000);
    world.crash(1);
    world.restart(1);
    world.approve_at_once(session);

    world.assert_flawless(session);
}

#[test]
fn a_deadline_is_not_extended_to_the_past_or_over_thirty_days() {
    let mut scene = Scene::default();
    let Message::Propose { terms, .. } = scene.proposal.body().message.clone() else { panic!("a proposal") };
    let (deadline, longest) = (terms.deadline, WallTime(terms.created.0 + MAX_SESSION_MS));
    let session = scene.session;
    for until in [WallTime(0), deadline, WallTime(longest.0 + 1), WallTime(u64::MAX)] {
        assert_eq!(extend(&mut scene.world, VICTIM, session, until), Err(CallerFault::Deadline), "{until:?}");
    }
    for until in [WallTime(longest.0 + 1), WallTime(u64::MAX)] {
        assert_eq!(scene.refuse_message(Message::Extend { until }), PeerFault::BadExtension);
    }
    let past = scene.sealed(LIAR, Message::Extend { until: WallTime(1) });
    scene.world.arrive(LIAR, VICTIM, &past);
    assert_eq!(scene.world.session(VICTIM, session).expect("known").asked_until, None);

    for who in [PROPOSER, LIAR, VICTIM] {
        extend(&mut scene.world, who, session, longest).expect("thirty days");
    }
    scene.world.settle();

    assert_eq!(scene.world.session(VICTIM, session).expect("known").deadline, longest);
    scene.finish();
}

#[test]
fn nothing_is_signed_by_a_clock_that_fell_back_whatever_the_step() {
    let mut steps = 0;
    for moment in 0.. {
        let mut world = World::new(1, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        let alive = pass(&mut world, session, moment);
        world.set_clock(1, -600_000);
        let shown = contributions(&world, 1, session);
        let spent = consumed(&world, 1);
        world.approve_at_once(session);

        assert!(world.is_completed(1, session) || world.status(1).clock_suspect, "at {moment}");
        assert_eq!(contributions(&world, 1, session), shown, "at {moment}");
        assert_eq!(consumed(&world, 1), spent, "no nonces are used up in vain, at {moment}");

        world.set_clock(1, 0);
        world.meet_again(0, 1);
        world.approve_at_once(session);
        world.assert_signed(session);
        world.oracle.assert_silent();
        steps += 1;
        if !alive {
            break;
        }
    }

    println!("{steps} moments");
}

#[test]
fn a_clock_that_is_set_right_is_suspect_until_a_co_signer_confirms_it() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.set_clock(1, 240_000);
    world.settle();
    world.act(1, |node, now| node.handle_timeout(now));
    let session = world.propose(0, payload(1));
    world.settle();
    world.set_clock(1, 0);
    world.approve(1, session);
    assert!(world.status(1).clock_suspect);
    assert_eq!(world.session(1, session).expect("known").phase, Phase::Unlocking);
    assert_eq!(contributions(&world, 1, session), 0);

    world.settle();

    assert!(!world.status(1).clock_suspect, "the others' pongs agree");
    world.approve_at_once(session);
    world.assert_flawless(session);
}

#[test]
fn one_approval_covers_eight_attempts_and_no_other_payload() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    world.settle();
    for restart in 1..=MAX_ATTEMPT {
        world.crash(1);
        world.restart(1);
        world.settle();
        world.pass_pause();
        let shown = world.session(1, session).expect("known");
        assert_eq!((shown.attempt, shown.phase), (Attempt(restart), Phase::Nonces));
    }
    let approved = |world: &World, id: SessionId| {
        let records = world.phones[1].journal.iter().filter_map(|bytes| Record::parse(bytes));
        records.filter(|record| matches!(record, Record::Approved { session, .. } if *session == id)).count()
    };
    assert_eq!(approved(&world, session), 1);

    world.approve(2, session);
    world.settle();
    world.assert_flawless(session);
    let mut changed = payload(1);
    changed.items[0].digest[31] ^= 1;
    let other = world.propose(0, changed);
    world.settle();

    assert_ne!(other, session);
    assert!(world.is_asked(1, other));
    assert_eq!(approved(&world, other), 0);
}

#[test]
fn a_replaced_phone_signs_in_the_next_attempt() {
    for moment in [0, 1, 2] {
        let mut world = World::new(1, 3, Topology::Mesh);
        world.pass_ms(1_000);
        let session = world.propose(0, payload(2));
        world.settle();
        (1..=moment).for_each(|who| world.approve(who, session));
        if moment == 1 {
            world.settle();
        }

        world.replace_phone(1);
        world.settle();
        world.approve_at_once(session);

        world.assert_signed(session);
        world.oracle.assert_silent();
        assert_eq!(world.blamed(session, &[]), []);
        let attempt = world.session(0, session).expect("known").attempt;
        assert!(attempt <= Attempt(1), "{moment}: {attempt:?}");
    }
}

#[test]
fn two_phones_need_two_messages_until_the_proposer_has_the_signature() {
    let mut world = World::new(7, 2, Topology::Mesh);
    let before = world.sent.len();
    let session = world.propose(0, payload(1));
    world.settle();
    world.approve(1, session);
    while !world.is_completed(0, session) {
        let next = world.steps()[0];
        world.take(next);
        let words = world.sent[before..].iter().filter(|flight| flight.envelope().is_some()).count();
        assert!(words <= 2 || world.is_completed(0, session), "{words} messages");
    }

    assert_eq!((world.said(0, 1)[0], world.said(1, 0)), ("propose", vec!["answer"]));
}

#[test]
fn three_signers_of_two_hundred_and_fifty_items_say_two_things_each() {
    let mut world = World::new(7, 3, Topology::Mesh);
    let session = world.propose(0, payload(250));

    world.approve_at_once(session);

    world.assert_flawless(session);
    let mut said: BTreeMap<Slot, Vec<_>> = BTreeMap::new();
    for envelope in world.sent.iter().filter_map(Flight::envelope) {
        let ids = said.entry(envelope.body().slot).or_default();
        if !ids.contains(&envelope.id()) {
            ids.push(envelope.id());
        }
    }
    assert!(said.values().all(|ids| ids.len() <= 2), "{said:?}");
}

/// Returns how often each phone has carried out an effect of this name.
fn count(world: &World, name: &str) -> Vec<usize> {
    let of_phone = |effects: &Vec<&str>| effects.iter().filter(|effect| **effect == name).count();
    world.phones.iter().map(|phone| of_phone(&phone.effects)).collect()
}

fn since(world: &World, name: &str, before: &[usize]) -> Vec<usize> {
    count(world, name).iter().zip(before).map(|(now, before)| now - before).collect()
}

fn set_custody(world: &mut World, custody: Custody) {
    for who in 0..world.phones.len() {
        world.act(who, |node, _| node.set_custody(custody));
    }
}

fn extend(world: &mut World, who: usize, session: SessionId, until: WallTime) -> Result<(), CallerFault> {
    world.command(who, |node, now| node.extend(session, until, now))
}

/// Lets `moments` things happen, users approving when nothing else does. Returns whether there were so many.
fn pass(world: &mut World, session: SessionId, moments: usize) -> bool {
    for _ in 0..moments {
        if let Some(step) = world.steps().first().copied() {
            world.take(step);
            continue;
        }
        let Some(who) = (0..3).find(|who| world.is_asked(*who, session)) else { return false };
        world.approve(who, session);
    }
    true
}

/// Returns how often a phone's journal calls nonces consumed.
fn consumed(world: &World, who: usize) -> usize {
    let records = world.phones[who].journal.iter().filter_map(|bytes| Record::parse(bytes));
    records.filter(|record| matches!(record, Record::NonceSpent { .. })).count()
}

/// Returns how many of a phone's own contributions its journal holds.
fn contributions(world: &World, who: usize, id: SessionId) -> usize {
    let records = world.phones[who].journal.iter().filter_map(|bytes| Record::parse(bytes));
    let made = |record: &Record| {
        let made = matches!(record, Record::NonceCommitted { .. } | Record::Signed { .. });
        made && record.session() == Some(id)
    };
    records.filter(made).count()
}
