//! Where the fuzzer begins: the real words of a few sessions, and scripts of whole ones.

use std::collections::BTreeMap;

use countersign_machine::card::Card;
use countersign_machine::evidence::{Offence, verify_evidence};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, NonceSetDigest, Slot};
use countersign_machine::message::{DeclineReason, Envelope, Message};
use countersign_machine::record::{Failure, Outcome, Record};
use countersign_machine::time::WallTime;

use super::steps::Kind::{
    self, Answers, Approves, Arrives, Backgrounds, Boots, Cancels, Cuts, Damages, Declines, Dies, Dismisses,
    Doubles, Errs, Extends, Falls, Foregrounds, Fuses, Handles, Introduces, Junk, Lies, Links, Locks, Mends,
    Overtakes, Passes, Plans, Presents, Proposes, ReadsBack, Refuses, Repeats, Restarts, RollsBack, Settles,
    Sleeps, Unlocks, Vanishes, Wakes, Warns,
};
use crate::rig::scene::{ITEMS, LIAR, Scene};
use crate::rig::{Topology, World, payload};

/// Inputs by the name of their target and their own.
pub type Seeds = BTreeMap<(&'static str, String), Vec<u8>>;

/// Returns inputs for every target: one of each kind that real phones make of `seed`. With seed 1 the records of one
/// phone go on where the journal ends to which [`super::record`] appends them.
pub fn all(seed: u64) -> Seeds {
    let mut seeds = Seeds::new();
    let mut worlds =
        vec![signed(seed, 2), signed(seed, 3), refused(seed, true), refused(seed, false), expired(seed)];
    worlds.extend([extended(seed), introduced(seed), noticed(seed)]);
    worlds.extend((0..4).map(|offence| convicted(seed, offence)));
    for world in worlds {
        world.sent.iter().for_each(|flight| add_frame(&mut seeds, &flight.bytes));
        for phone in &world.phones {
            phone.journal.iter().for_each(|bytes| add_record(&mut seeds, bytes));
            add_card(&mut seeds, &phone.card());
        }
    }
    add_next_records(&mut seeds, seed);
    add_scripts(&mut seeds);
    seeds
}

/// Returns the name of a frame's kind.
pub fn name_of_frame(frame: &Frame) -> &'static str {
    match frame {
        Frame::Hello { .. } => "hello",
        Frame::Have { .. } => "have",
        Frame::Envelope { .. } => "envelope",
        Frame::Ping { .. } => "ping",
        Frame::Pong { .. } => "pong",
        Frame::Refuse { .. } => "refuse",
        Frame::Card { .. } => "card",
        Frame::Evidence { .. } => "evidence",
        Frame::Presence { .. } => "presence",
    }
}

/// Returns the name of a record's kind.
pub fn name_of_record(record: &Record) -> &'static str {
    match record {
        Record::OwnerNamed { .. } => "owner-named",
        Record::CardKept { .. } => "card-kept",
        Record::WalletCreated { .. } => "wallet-created",
        Record::Proposed { .. } => "proposed",
        Record::EnvelopeKept { .. } => "envelope-kept",
        Record::Approved { .. } => "approved",
        Record::NonceCommitted { .. } => "nonce-committed",
        Record::NonceSpent { .. } => "nonce-spent",
        Record::Signed { .. } => "signed",
        Record::Ended { outcome, .. } => match outcome {
            Outcome::Completed { .. } => "ended-completed",
            Outcome::Declined { .. } => "ended-declined",
            Outcome::Cancelled => "ended-cancelled",
            Outcome::Expired => "ended-expired",
            Outcome::Failed { .. } => "ended-failed",
        },
        Record::Blamed { .. } => "blamed",
        Record::Looked { .. } => "looked",
        Record::Timed { .. } => "timed",
        Record::Warned { .. } => "warned",
        Record::Held { .. } => "held",
        Record::Dismissed { .. } => "dismissed",
        Record::Handled { .. } => "handled",
        Record::WarningsChosen { .. } => "warnings-chosen",
        Record::PresenceChosen { .. } => "presence-chosen",
    }
}

/// A session that is signed in spite of a death, a lost link and a refused frame.
fn signed(seed: u64, count: usize) -> World {
    let mut world = World::new(seed, count, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.cut(0, 1);
    world.approve(1, session);
    world.mend(0, 1);
    world.crash(0);
    world.restart(0);
    world.arrive(1, 0, b"junk");
    world.settle();
    world.approve_at_once(session);
    world
}

fn refused(seed: u64, by_proposer: bool) -> World {
    let mut world = World::new(seed, 2, Topology::Mesh);
    let session = world.propose(0, payload(3));
    world.settle();
    let done = if by_proposer {
        world.command(0, |node, now| node.cancel(session, now))
    } else {
        world.command(1, |node, now| node.decline(session, DeclineReason::Unrecognised, now))
    };
    done.expect("nobody has signed");
    world.settle();
    world
}

fn expired(seed: u64) -> World {
    let mut world = World::new(seed, 2, Topology::Mesh);
    world.propose(0, payload(1));
    world.settle();
    world.expire_without_answers();
    world
}

/// A session whose deadline moves.
fn extended(seed: u64) -> World {
    let mut world = World::new(seed, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let until = WallTime(world.now.wall.0 + 3_600_000);
    for who in 0..2 {
        world.command(who, |node, now| node.extend(session, until, now)).expect("a later deadline");
        world.settle();
    }
    world
}

/// A session whose user is present, chooses when to be warned, and deals with what the phone shows.
fn noticed(seed: u64) -> World {
    let mut world = World::new(seed, 2, Topology::Mesh);
    world.command(1, |node, now| node.start_presence(60_000, now)).expect("a minute");
    world.command(1, |node, now| node.set_warnings(Some(vec![30_000]), now)).expect("one warning");
    world.propose(0, payload(1));
    world.settle();
    world.act(1, |node, now| {
        let plan = node.plan(now);
        node.ack_plan(plan.revision, &[], now).expect("the plan of this moment");
        node.dismiss(plan.items[0].key, now).expect("a notification of the plan");
        let event = node.next_event().expect("the request").id;
        node.event_handled(event, now);
    });
    world.pass_ms(280_000);
    world
}

/// Three phones of which one has a new card.
fn introduced(seed: u64) -> World {
    let mut world = World::new(seed, 3, Topology::Mesh);
    world.pass_ms(1000);
    world.command(0, |node, _| node.issue_card("another".into())).expect("a short nickname");
    world.settle();
    world
}

/// A session in which somebody does one of four things that convict it.
fn convicted(seed: u64, offence: usize) -> World {
    let mut scene = Scene::new(World::new(seed, 3, Topology::Mesh));
    let (attempt, set) = (Attempt(0), NonceSetDigest([7; 32]));
    let Message::Propose { nonces, .. } = scene.proposal.body().message.clone() else { unreachable!() };
    let lie = match offence {
        0 => Message::Nonces { attempt: Attempt(1), nonces: vec![0; 66 * ITEMS] },
        1 => Message::Partials { attempt, set, partials: vec![0xff; 32 * ITEMS] },
        2 => Message::Nonces { attempt, nonces },
        _ => Message::Complete { signatures: vec![7; 64 * ITEMS] },
    };
    scene.convict(lie);
    scene.world
}

/// Adds what the phone in the middle of a session may write next.
fn add_next_records(seeds: &mut Seeds, seed: u64) {
    let Scene { mut world, session, .. } = Scene::new(World::new(seed, 3, Topology::Mesh));
    let length = world.phones[LIAR].journal.len();
    world.approve_at_once(session);
    for bytes in &world.phones[LIAR].journal[length..] {
        if let Some(record) = Record::parse(bytes) {
            add(seeds, "record", format!("next-{}", name_of_record(&record)), bytes);
        }
    }
    for (name, why) in [
        ("blamed", Failure::Blamed { culprit: Slot(1), offence: Offence::WrongPartial }),
        ("attempts-used-up", Failure::AttemptsUsedUp),
        ("internal", Failure::Internal),
    ] {
        let record = Record::Ended { session, outcome: Outcome::Failed { why }, notice: vec![].into() };
        add(seeds, "record", format!("ended-failed-{name}"), &record.to_bytes());
    }
}

fn add(seeds: &mut Seeds, target: &'static str, name: String, bytes: &[u8]) {
    seeds.entry((target, name)).or_insert_with(|| bytes.to_vec());
}

fn add_frame(seeds: &mut Seeds, bytes: &[u8]) {
    let Ok(frame) = Frame::parse(bytes) else { return };
    let mut name = name_of_frame(&frame).to_owned();
    if let Frame::Envelope { envelope: inner, .. } = &frame
        && let Ok(envelope) = Envelope::parse(inner)
    {
        let said = envelope.body().message.name();
        add(seeds, "envelope", said.to_owned(), inner);
        name = format!("{name}-{said}");
    }
    if let Frame::Hello { have, .. } | Frame::Have { have, .. } = &frame
        && !have.is_empty()
    {
        name += "-of-sessions";
    }
    if let Frame::Evidence { evidence } = &frame
        && let Ok(verdict) = verify_evidence(evidence)
    {
        name = format!("{name}-{:?}", verdict.offence).to_lowercase();
        add(seeds, "evidence", name.clone(), evidence);
    }
    add(seeds, "frame", name, bytes);
}

fn add_record(seeds: &mut Seeds, bytes: &[u8]) {
    if let Some(record) = Record::parse(bytes) {
        add(seeds, "record", name_of_record(&record).to_owned(), bytes);
    }
}

fn add_card(seeds: &mut Seeds, card: &Card) {
    let statement = minicbor::to_vec(card.statement()).expect("writing to memory does not fail");
    add(seeds, "card", "card".to_owned(), card.as_bytes());
    add(seeds, "card", "text".to_owned(), card.to_text().as_bytes());
    add(seeds, "card", "statement".to_owned(), &statement);
}

/// Scenes, by their number in a script.
const FRESH_2: u8 = 0;
const FRESH_3: u8 = 1;
const PROPOSED_2: u8 = 2;
const PROPOSED_3: u8 = 3;
const SIGNED_BY_ONE_2: u8 = 4;
const SIGNED_BY_ONE_3: u8 = 5;
const ENDED_3: u8 = 6;

/// One step of a script, and the bytes that it takes besides.
type Line<'a> = (Kind, u8, u8, u8, &'a [u8]);

fn add_script(seeds: &mut Seeds, name: &str, [scene, how]: [u8; 2], lines: &[Line<'_>]) {
    let mut script = vec![scene, how];
    for (kind, a, b, c, more) in lines {
        script.extend([kind.number(), *a, *b, *c]);
        script.extend(*more);
    }
    add(seeds, "node", name.to_owned(), &script);
}

fn add_scripts(seeds: &mut Seeds) {
    let step = |kind| (kind, 0, 0, 0, &[] as &[u8]);
    let by = |kind, a| (kind, a, 0, 0, &[] as &[u8]);
    let hello = seeds.get(&("frame", "hello".to_owned())).cloned().unwrap_or_default();
    let settled = [by(Proposes, 0), step(Settles), by(Approves, 1), by(Approves, 2), step(Settles)];
    add_script(seeds, "two-sign", [FRESH_2, 0], &settled);
    add_script(seeds, "three-sign", [FRESH_3, 1], &settled);
    let slowly: Vec<Line<'_>> = (0..20).flat_map(|turn| [by(Arrives, turn), by(Answers, turn)]).collect();
    let slowly = [&[by(Proposes, 1), by(Approves, 0), by(Approves, 2)], slowly.as_slice()].concat();
    add_script(seeds, "step-by-step", [FRESH_3, 2], &slowly);
    add_script(seeds, "nothing", [SIGNED_BY_ONE_3, 0], &[]);
    let dies = [by(Approves, 1), by(Answers, 1), by(Dies, 1), step(Settles), by(Restarts, 1), step(Settles)];
    add_script(seeds, "dies", [PROPOSED_2, 0], &dies);
    let fuses = [(Fuses, 1, 6, 0, &[] as &[u8]), by(Approves, 1), step(Settles), by(Restarts, 1)];
    add_script(seeds, "dies-before-an-effect", [PROPOSED_3, 0], &fuses);
    let apart =
        [by(Cuts, 3), by(Cuts, 5), by(Approves, 1), (Passes, 8, 0, 0, &[]), by(Mends, 3), step(Settles)];
    add_script(seeds, "apart", [PROPOSED_3, 0], &apart);
    let locked = [(Locks, 1, 1, 0, &[] as &[u8]), by(Approves, 1), step(Settles), (Locks, 1, 0, 0, &[])];
    add_script(seeds, "locked", [PROPOSED_2, 0], &[&locked[..], &[by(Approves, 1), step(Settles)]].concat());
    let astray = [by(Approves, 1), by(Answers, 1), by(Overtakes, 1), by(Doubles, 0), by(Vanishes, 0)];
    let again = [(Damages, 0, 128, 7, &[] as &[u8]), (Repeats, 2, 5, 0, &[]), by(Wakes, 2), step(Settles)];
    add_script(seeds, "astray", [PROPOSED_3, 0], &[&astray[..], &again[..]].concat());
    let junk = [(Junk, 1, hello.len() as u8, (hello.len() >> 8) as u8, hello.as_slice()), step(Settles)];
    add_script(seeds, "a-strange-hello", [FRESH_2, 0], &junk);
    for kind in 0..8 {
        let lies: Vec<Line<'_>> = [[0, 0], [0, 8], [1, 24], [2, 3], [9, 16], [1, 6]]
            .iter()
            .map(|more| (Lies, 2, kind, 0, more.as_slice()))
            .collect();
        let lines = [&[by(Approves, 1), step(Settles)], lies.as_slice(), &[step(Settles)]].concat();
        add_script(
            seeds,
            &format!("lies-{kind}"),
            [if kind % 2 == 0 { PROPOSED_3 } else { PROPOSED_2 }, 0],
            &lines,
        );
    }
    add_script(seeds, "declines", [PROPOSED_3, 0], &[by(Declines, 2), step(Settles)]);
    add_script(seeds, "cancels", [PROPOSED_3, 0], &[by(Cancels, 0), by(Cancels, 1), step(Settles)]);
    let errs: Vec<Line<'_>> = (0..10).map(|what| (Errs, 0, what, 7, &[] as &[u8])).collect();
    add_script(seeds, "errs", [ENDED_3, 0], &errs);
    let wrong = [by(Approves, 1), by(Answers, 1), (ReadsBack, 1, 3, 1, &[]), by(Restarts, 1), step(Settles)];
    add_script(seeds, "reads-back", [PROPOSED_2, 0], &wrong);
    let keys = [by(Approves, 1), (Unlocks, 1, 0, 1, &[]), (Unlocks, 1, 0, 17, &[]), (Refuses, 1, 0, 1, &[])];
    add_script(seeds, "keys", [PROPOSED_2, 0], &[&keys[..], &[step(Settles)]].concat());
    let meets: Vec<Line<'_>> = (0..6).map(|what| (Introduces, 1, what, 2, &[] as &[u8])).collect();
    add_script(seeds, "introduces", [PROPOSED_3, 0], &[&meets[..], &[step(Settles)]].concat());
    let links: Vec<Line<'_>> = (0..20).map(|what| (Links, what, what, what / 5, &[] as &[u8])).collect();
    add_script(seeds, "links", [PROPOSED_3, 0], &[&links[..], &[step(Settles)]].concat());
    add_script(
        seeds,
        "rolls-back",
        [PROPOSED_2, 0],
        &[by(Approves, 1), step(Settles), (RollsBack, 1, 1, 0, &[])],
    );
    let extends = [(Extends, 0, 0, 9, &[] as &[u8]), step(Settles), (Extends, 1, 0, 9, &[]), step(Settles)];
    add_script(seeds, "extends", [PROPOSED_2, 0], &extends);
    let falls = [(Falls, 0, 10, 0, &[] as &[u8]), by(Approves, 1), step(Settles), (Falls, 1, 10, 0, &[])];
    add_script(seeds, "clock-falls", [PROPOSED_2, 0], &[&falls[..], &[step(Settles)]].concat());
    let away = [by(Approves, 1), by(Answers, 1), (Backgrounds, 1, 1, 0, &[] as &[u8]), step(Settles)];
    add_script(seeds, "background", [PROPOSED_2, 0], &away);
    let back = [by(Foregrounds, 1), step(Settles), by(Boots, 0), by(Boots, 1), step(Settles)];
    add_script(seeds, "foreground", [PROPOSED_2, 0], &[&away[..], &back[..]].concat());
    let own = (Warns, 1, 3, 40, &[] as &[u8]);
    let seen = [by(Handles, 1), by(Plans, 1), (Plans, 1, 63, 0, &[]), own, (Passes, 255, 0, 0, &[])];
    let away = [(Dismisses, 1, 1, 0, &[] as &[u8]), (Presents, 0, 10, 10, &[]), by(Presents, 0)];
    add_script(seeds, "notices", [PROPOSED_3, 0], &[&seen[..], &away[..], &[step(Settles)]].concat());
    add_script(seeds, "sleeps", [PROPOSED_2, 0], &[(Sleeps, 0, 1, 0, &[]), step(Settles)]);
    add_script(seeds, "sleeps-a-year", [SIGNED_BY_ONE_2, 0], &[(Sleeps, 13, 1, 0, &[]), step(Settles)]);
}
