//! Participants that send too much, too slowly or the wrong time.

use countersign_machine::fault::{Fault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, Slot};
use countersign_machine::limits::{
    COMPACT_AFTER, DEFAULT_SESSION_MS, FRAME_BURST, FRAMES_PER_SECOND, MAX_EARLY_ENVELOPES, MAX_EXTENSIONS,
    MAX_INVALID,
};
use countersign_machine::link::LinkState;
use countersign_machine::message::{Body, Message};
use countersign_machine::record::Outcome;
use countersign_machine::record::Record;
use countersign_machine::session::Phase;
use countersign_machine::time::WallTime;
use countersign_tests::rig::scene::{ITEMS, LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Topology, World, forge, payload};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

#[test]
fn flood_of_pings() {
    let ping = |number: u64| {
        let challenge = forge::tagged_hash("rig/flood", &[&number.to_be_bytes()]);
        Frame::Ping { challenge }.to_bytes().to_vec()
    };

    assert_flood_is_vain(2 * FRAME_BURST, ping, |fault| {
        matches!(fault, Fault::Peer { kind: PeerFault::TooMany("frames"), .. })
    });
}

#[test]
fn flood_of_envelopes_for_sessions_that_nobody_proposed() {
    let scene = Scene::default();
    let seed = *scene.world.phones[LIAR].transport_seed();
    let nonces = scene.nonces.body().clone();
    let envelope = move |number: u64| {
        let session = SessionId(forge::tagged_hash("rig/flood", &[&number.to_be_bytes()]));
        forge::sealed_frame(&seed, &Body { session, ..nonces.clone() })
    };

    assert_flood_is_vain(20 * MAX_EARLY_ENVELOPES as u64, envelope, |_| false);
}

#[test]
fn flood_of_junk() {
    let junk = |number: u64| forge::tagged_hash("rig/junk", &[&number.to_be_bytes()]).to_vec();

    assert_flood_is_vain(2 * FRAME_BURST, junk, |fault| {
        matches!(
            fault,
            Fault::Peer { kind: PeerFault::Malformed { .. } | PeerFault::UnknownVersion { .. }, .. }
        )
    });
}

#[test]
fn flood_of_extensions() {
    let mut scene = Scene::default();
    let deadline = scene.world.session(VICTIM, scene.session).expect("known").deadline;
    let kept = |scene: &Scene| {
        let records = scene.world.phones[VICTIM].journal.iter().filter_map(|bytes| Record::parse(bytes));
        records.filter(|record| matches!(record, Record::EnvelopeKept { .. })).count()
    };
    let before = kept(&scene);
    for ms in 1..=2_000 {
        let until = WallTime(deadline.0 + ms);
        let frame = scene.sealed(LIAR, Message::Extend { until });
        scene.world.arrive(LIAR, VICTIM, &frame);
    }

    let shown = scene.world.session(VICTIM, scene.session).expect("known");
    let last = WallTime(deadline.0 + MAX_EXTENSIONS as u64);
    assert_eq!((shown.deadline, shown.asked_until), (deadline, Some(last)));
    assert_eq!(kept(&scene), before + MAX_EXTENSIONS);
    scene.finish();
}

#[test]
fn flood_of_cards() {
    let mut scene = Scene::default();
    let records: Vec<usize> = scene.world.phones.iter().map(|phone| phone.journal.len()).collect();
    let liar = &scene.world.phones[LIAR];
    let (key, seed, transport) = (liar.key(), *liar.transport_seed(), liar.transport());
    let now = scene.world.now.wall.0;
    for ms in 1..=1_000 {
        let dates = (WallTime(now + ms), WallTime(now + 1_000_000));
        let card = forge::card(&key.participant(), &transport.0, dates, (&key, &seed));
        scene.world.arrive(LIAR, VICTIM, &Frame::Card { card: card.into() }.to_bytes());
    }
    scene.world.settle();

    for who in [PROPOSER, VICTIM] {
        let grown = scene.world.phones[who].journal.len() - records[who];
        assert!(grown <= COMPACT_AFTER, "{grown} more records at {who}");
    }
    scene.finish();
}

#[test]
fn ten_invalid_messages_mute_and_a_new_connection_by_the_user_unmutes() {
    let mut scene = Scene::default();
    let invalid = Message::Nonces { attempt: Attempt(9), nonces: vec![] };
    let frame = scene.sealed(LIAR, invalid);
    for _ in 1..MAX_INVALID {
        scene.world.arrive(LIAR, VICTIM, &frame);
    }
    assert!(matches!(scene.link(), LinkState::Reachable { .. }), "{:?}", scene.link());
    scene.world.arrive(LIAR, VICTIM, &frame);
    assert_eq!(scene.link(), LinkState::Muted);

    scene.world.phones[VICTIM].faults.clear();
    let effects = scene.world.phones[VICTIM].effects.len();
    for _ in 0..1000 {
        scene.world.arrive(LIAR, VICTIM, &frame);
        scene.world.arrive(LIAR, VICTIM, &Frame::Ping { challenge: [0; 32] }.to_bytes());
    }
    assert_eq!(scene.world.phones[VICTIM].effects.len(), effects, "nothing is answered, nobody told");
    assert_eq!(scene.world.phones[VICTIM].faults, []);

    scene.world.cut(LIAR, VICTIM);
    scene.world.settle();
    assert_eq!(scene.link(), LinkState::Muted, "a new connection alone does not unmute");
    scene.world.mend(LIAR, VICTIM);
    scene.world.settle();
    assert!(matches!(scene.link(), LinkState::Reachable { .. }), "{:?}", scene.link());
    scene.finish();
}

#[test]
fn invalid_messages_of_a_liar_do_not_mute_the_honest_phone_that_forwards_them() {
    let mut scene = Scene::default();
    let invalid = Message::Nonces { attempt: Attempt(9), nonces: vec![] };
    let frame = scene.sealed(LIAR, invalid);

    for _ in 0..3 * MAX_INVALID {
        scene.world.arrive(PROPOSER, VICTIM, &frame);
    }

    let links = scene.world.status(VICTIM).wallets[0].participants.clone();
    assert!(matches!(links[PROPOSER].link, LinkState::Reachable { .. }), "{:?}", links[PROPOSER]);
    assert!(matches!(links[LIAR].link, LinkState::Reachable { .. }), "nor is who did not bring them");
    scene.finish();
}

#[test]
fn invalid_messages_for_sessions_not_yet_proposed_do_not_mute_the_honest_phone_that_forwards_them() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(PROPOSER, payload(1));
    while world.flying.is_empty() {
        world.take(world.steps()[0]);
    }
    for number in 0..2 * MAX_INVALID {
        let message = Message::Nonces { attempt: Attempt(9), nonces: number.to_be_bytes().to_vec() };
        let body = Body { wallet: world.wallet, session, slot: Slot(LIAR as u8), message };
        let frame = forge::sealed_frame(world.phones[LIAR].transport_seed(), &body);
        world.arrive(PROPOSER, VICTIM, &frame);
    }

    world.settle();

    let links = world.status(VICTIM).wallets[0].participants.clone();
    assert!(matches!(links[PROPOSER].link, LinkState::Reachable { .. }), "{:?}", links[PROPOSER]);
    world.phones[VICTIM].faults.clear();
    world.approve_at_once(session);
    world.assert_flawless(session);
}

#[test]
fn a_slow_clock_of_our_own_mutes_nobody_honest() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.set_clock(1, -600_000);
    world.settle();
    for _ in 0..2 * MAX_INVALID {
        world.propose(0, payload(1));
        world.settle();
    }

    let link = world.status(1).wallets[0].participants[0].link;
    assert!(matches!(link, LinkState::Reachable { .. }), "{link:?}");
}

#[test]
fn a_new_phone_mutes_nobody_who_brings_what_the_old_one_proposed() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.pass_ms(1_000);
    for _ in 0..2 * MAX_INVALID {
        world.propose(1, payload(1));
    }
    world.settle();

    world.replace_phone(1);
    world.settle();

    for who in 0..3 {
        for (other, participant) in world.status(who).wallets[0].participants.iter().enumerate() {
            assert_ne!(participant.link, LinkState::Muted, "{other} at {who}");
        }
    }
}

#[test]
fn nobody_mutes_itself_or_an_honest_phone_over_its_own_words() {
    let mut scene = Scene::default();
    let sent: Vec<Flight> = scene.world.sent.clone();
    for _ in 0..2 * MAX_INVALID {
        for flight in sent.iter().filter(|flight| flight.envelope().is_some()) {
            for (from, to) in [(LIAR, VICTIM), (PROPOSER, VICTIM), (VICTIM, PROPOSER), (LIAR, PROPOSER)] {
                scene.world.arrive(from, to, &flight.bytes);
            }
        }
    }

    for who in 0..3 {
        for (slot, participant) in scene.world.status(who).wallets[0].participants.iter().enumerate() {
            let reachable = matches!(participant.link, LinkState::Reachable { .. });
            let expected = if slot == who { participant.link == LinkState::Myself } else { reachable };
            assert!(expected, "{slot} at {who}: {:?}", participant.link);
        }
    }
    assert_eq!(scene.world.faults(), []);
    scene.finish();
}

#[test]
fn slow_drip() {
    let mut scene = Scene::default();
    let (session, step) = (scene.session, 60_000);
    let nonces = forge::frame(scene.nonces.bytes().to_vec());
    let set = NonceSetDigest([7; 32]);
    for minute in 0..DEFAULT_SESSION_MS / step {
        for to in [PROPOSER, VICTIM] {
            let partials = vec![minute as u8 + 1; 32 * ITEMS];
            let drop = scene.sealed(LIAR, Message::Partials { attempt: Attempt(0), set, partials });
            scene.world.arrive(LIAR, to, &drop);
            scene.world.arrive(LIAR, to, &nonces);
            scene.world.arrive(LIAR, to, &Frame::Have { have: vec![], lost: true }.to_bytes());
        }
        for who in [PROPOSER, VICTIM] {
            let shown = scene.world.session(who, session).expect("known");
            assert_eq!(shown.remaining_ms, DEFAULT_SESSION_MS - minute * step);
            assert_eq!(shown.outcome, None);
        }
        scene.world.pass_ms(step - u64::from(minute == 4));
    }
    assert_eq!(scene.world.session(VICTIM, session).expect("known").phase, Phase::Requested);

    scene.world.pass_ms(1);

    assert_eq!(scene.world.outcome(session), Some(Outcome::Expired));
    scene.world.oracle.assert_silent();
}

#[test]
fn pong_with_a_wrong_time() {
    for wrong in [-DAY, -DAY / 2, DAY, 300 * DAY] {
        let mut scene = Scene::default();
        scene.world.set_clock(LIAR, wrong);
        scene.world.cut(LIAR, VICTIM);
        scene.world.mend(LIAR, VICTIM);
        scene.world.settle();
        let LinkState::Reachable { clock_ahead_ms, .. } = scene.link() else { panic!("{:?}", scene.link()) };
        assert_eq!(clock_ahead_ms, Some(wrong));
        assert!(!scene.world.status(VICTIM).clock_suspect);

        scene.world.pass_ms(DEFAULT_SESSION_MS - 1);
        assert_eq!(scene.world.session(VICTIM, scene.session).expect("known").outcome, None);
        scene.world.pass_ms(1);

        let late = scene.world.command(VICTIM, |node, now| node.approve(scene.session, now));
        assert!(late.is_err());
        scene.world.crash(VICTIM);
        scene.world.restart(VICTIM);
        scene.world.settle();
        for who in [PROPOSER, VICTIM] {
            let shown = scene.world.session(who, scene.session).expect("known");
            assert_eq!(shown.outcome, Some(Outcome::Expired));
            assert!(!scene.world.status(who).clock_suspect);
        }
        assert_eq!(scene.world.oracle.partials(), 0);
    }
}

#[test]
fn pong_that_confirms_a_clock_that_was_put_back() {
    let mut scene = Scene::default();
    scene.world.cut(PROPOSER, VICTIM);
    for who in [LIAR, VICTIM] {
        scene.world.set_clock(who, -DAY);
    }
    scene.world.settle();
    assert!(!scene.world.status(VICTIM).clock_suspect, "the liar has confirmed it");

    scene.world.pass_ms(DEFAULT_SESSION_MS);

    let shown = scene.world.session(VICTIM, scene.session).expect("known");
    assert_eq!(shown.outcome, Some(Outcome::Expired), "the boot clock counts");
    assert_eq!(scene.world.oracle.partials(), 0);
}

/// Lets the liar flood the victim and asserts that two other phones sign a session of theirs with as many frames as
/// ever, that the flood changes nothing and that it brings only these faults.
fn assert_flood_is_vain(frames: u64, frame: impl Fn(u64) -> Vec<u8>, expected: impl Fn(&Fault) -> bool) {
    let (mut calm, mut world) = (World::new(1, 3, Topology::Mesh), World::new(1, 3, Topology::Mesh));
    for world in [&mut calm, &mut world] {
        world.wallet = world.wallet_of(&[PROPOSER, VICTIM]);
    }
    let (sessions, records) = (world.status(VICTIM).sessions, world.phones[VICTIM].journal.len());
    for number in 0..frames / 2 {
        world.arrive(LIAR, VICTIM, &frame(number));
    }
    assert_eq!((world.status(VICTIM).sessions, world.phones[VICTIM].journal.len()), (sessions, records));

    let told = |world: &mut World, flood: &mut dyn FnMut(&mut World)| {
        let session = world.propose(PROPOSER, payload(1));
        flood(world);
        world.settle();
        flood(world);
        world.approve(VICTIM, session);
        flood(world);
        world.settle();
        let shown = world.session(VICTIM, session).expect("known");
        assert!(matches!(shown.outcome, Some(Outcome::Completed { .. })), "{}", world.describe(session));
        let between = |flight: &&Flight| [PROPOSER, VICTIM].contains(&flight.from) && flight.to != LIAR;
        world.sent.iter().filter(between).count()
    };
    let mut number = frames / 2;
    let flooded = told(&mut world, &mut |world| {
        for _ in 0..frames / 6 {
            world.arrive(LIAR, VICTIM, &frame(number));
            number += 1;
        }
    });

    assert_eq!(flooded, told(&mut calm, &mut |_| {}), "frames between honest phones");
    assert_eq!(world.phones[PROPOSER].faults, []);
    let faults = &world.phones[VICTIM].faults;
    assert!(faults.iter().all(&expected), "{:?}", faults.iter().find(|fault| !expected(fault)));
    let greetings = 10;
    let by_rate = (frames + greetings).saturating_sub(FRAME_BURST);
    assert!(faults.len() as u64 <= by_rate.max(u64::from(MAX_INVALID)), "{} faults", faults.len());
    world.oracle.assert_silent();
    assert!(world.now.boot.0 < 1_000_000 + 1_000_000 / FRAMES_PER_SECOND, "all in one moment");
}
