//! Whatever a fuzzer has found worth keeping, once more: every input in `fuzz/corpus/`.

use std::alloc::System;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use cap::Cap;
use countersign_machine::card::Card;
use countersign_machine::fault::PeerFault;
use countersign_machine::frame::Frame;
use countersign_machine::limits::{MAX_CARD_BYTES, MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES};
use countersign_machine::message::Envelope;
use countersign_machine::record::{Outcome, Record};
use countersign_tests::fuzzing::{TARGETS, Target, get_ready, play, seeds};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Held by each test, so that none counts another's memory.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn every_input_that_is_kept_still_holds() {
    let _alone = alone();
    get_ready();
    for target in TARGETS {
        for (name, input) in corpus(target.name) {
            println!("{}/{name}", target.name);
            target.run_within(&ALLOCATOR, &input);
        }
    }
}

#[test]
fn every_seed_still_holds() {
    let _alone = alone();
    for ((target, name), input) in seeds::all(2) {
        println!("{target}/{name}");
        (Target::named(target).run)(&input);
    }
}

#[test]
fn the_corpora_hold_every_kind_of_word() {
    let _alone = alone();
    for (target, name) in seeds::all(1).into_keys() {
        let kinds: BTreeSet<String> =
            corpus(target).iter().filter_map(|(_, input)| kind(target, input)).collect();
        let seed = &seeds::all(1)[&(target, name.clone())];
        if let Some(wanted) = kind(target, seed) {
            assert!(kinds.contains(&wanted), "no {target} is like {name}");
        }
    }
}

#[test]
fn the_scripts_end_in_every_way() {
    let _alone = alone();
    let mut ends = BTreeSet::new();
    for (_, script) in corpus("node") {
        let (world, sessions) = play(&script);
        ends.extend(sessions.iter().map(|session| match world.outcome(*session) {
            Some(Outcome::Completed { .. }) => "completed",
            Some(Outcome::Declined { .. }) => "declined",
            Some(Outcome::Cancelled) => "cancelled",
            Some(Outcome::Expired) => "expired",
            Some(Outcome::Failed { .. }) => "failed",
            None => "open",
        }));
    }
    assert!(
        ["completed", "declined", "cancelled", "expired"].iter().all(|end| ends.contains(end)),
        "{ends:?}"
    );
}

#[test]
fn whatever_is_over_a_limit_is_refused_unread() {
    let _alone = alone();
    let too_long = |bytes, limit| PeerFault::TooLong { bytes, limit };
    for target in TARGETS {
        for (_, input) in corpus(target.name) {
            let stretched = |length| input.iter().chain(std::iter::repeat(&0)).copied().take(length);
            let [frame, envelope, card]: [Vec<u8>; 3] = [MAX_FRAME_BYTES, MAX_ENVELOPE_BYTES, MAX_CARD_BYTES]
                .map(|limit| stretched(limit + 1).collect());
            assert_eq!(Frame::parse(&frame), Err(too_long(frame.len(), MAX_FRAME_BYTES)));
            assert_eq!(Envelope::parse(&envelope), Err(too_long(envelope.len(), MAX_ENVELOPE_BYTES)));
            assert_eq!(Card::parse(&card), Err(too_long(card.len(), MAX_CARD_BYTES)));
        }
    }
}

/// Returns what kind of word an input is; scripts are of no kind.
fn kind(target: &str, input: &[u8]) -> Option<String> {
    match target {
        "frame" => Frame::parse(input).ok().map(|frame| seeds::name_of_frame(&frame).to_owned()),
        "envelope" => Envelope::parse(input).ok().map(|envelope| envelope.body().message.name().to_owned()),
        "card" => Card::parse(input).ok().map(|_| "card".to_owned()),
        "record" => Record::parse(input).map(|record| seeds::name_of_record(&record).to_owned()),
        _ => None,
    }
}

/// Returns the inputs that are kept for a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut inputs: Vec<_> = files
        .map(|file| {
            let file = file.expect("a folder that can be read");
            let name = file.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(file.path()).expect("a file that can be read"))
        })
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "nothing is kept for {target}");
    inputs
}

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
