//! What a damaged or wrong disk can give back: one test each.

use countersign_machine::fault::{Fault, StoreFault};
use countersign_machine::record::Record;
use countersign_machine::{Input, Node};
use countersign_tests::rig::scene::{LIAR, Scene, VICTIM};
use countersign_tests::rig::{Step, Topology, World, payload};

#[test]
fn an_empty_or_headless_journal_is_refused() {
    let scene = Scene::default();
    let no_owner = |records: &[Vec<u8>]| scene.open(VICTIM, records) == Err(NO_OWNER);

    assert!(no_owner(&[]));
    assert!(no_owner(&scene.world.phones[VICTIM].journal[1..]));
}

#[test]
fn another_phones_journal_is_refused() {
    let scene = Scene::default();

    let opened = scene.open(VICTIM, &scene.world.phones[LIAR].journal);

    assert_eq!(opened, Err(StoreFault::OtherOwner));
}

#[test]
fn a_record_cut_at_any_length_is_unreadable() {
    let scene = Scene::default();
    let journal = &scene.world.phones[LIAR].journal;
    for at in 0..journal.len() {
        for length in 0..journal[at].len() {
            let mut cut = journal.clone();
            cut[at].truncate(length);
            assert_eq!(scene.open(LIAR, &cut), Err(StoreFault::Unreadable { at }), "{length} bytes of {at}");
        }
    }
}

#[test]
fn records_in_another_order_are_inconsistent() {
    let scene = Scene::default();
    let journal = &scene.world.phones[LIAR].journal;
    let is = |kind: fn(&Record) -> bool| {
        let found = journal.iter().position(|bytes| Record::parse(bytes).as_ref().is_some_and(kind));
        found.expect("such a record")
    };
    let wallet = is(|record| matches!(record, Record::WalletCreated { .. }));
    let proposal = is(|record| matches!(record, Record::EnvelopeKept { .. }));
    let what = "it does not follow from those before";

    for late in [wallet, proposal] {
        let mut shuffled = journal.clone();
        let record = shuffled.remove(late);
        shuffled.push(record);
        let first = |record: &Record| matches!(record, Record::Timed { .. } | Record::EnvelopeKept { .. });
        let follows = |bytes: &Vec<u8>| Record::parse(bytes).as_ref().is_some_and(first);
        let at = late + shuffled[late..].iter().position(follows).expect("one follows from the late one");
        assert_eq!(scene.open(LIAR, &shuffled), Err(StoreFault::Inconsistent { at, what }));
    }
    let mut twice = journal.clone();
    twice.push(journal[0].clone());
    let at = journal.len();
    assert_eq!(scene.open(LIAR, &twice), Err(StoreFault::Inconsistent { at, what }));
}

#[test]
fn no_flipped_bit_of_a_journal_makes_the_phone_panic() {
    let mut scene = Scene::default();
    scene.world.approve(VICTIM, scene.session);
    while !scene.world.phones[LIAR]
        .journal
        .iter()
        .any(|r| matches!(Record::parse(r), Some(Record::Signed { .. })))
    {
        scene.world.take(scene.world.steps()[0]);
    }
    let mut opened = 0;
    let journal = &scene.world.phones[LIAR].journal;
    for at in scene.before..journal.len() {
        for byte in 0..journal[at].len() {
            for bit in 0..8 {
                let mut damaged = journal.clone();
                damaged[at][byte] ^= 1 << bit;
                opened += usize::from(scene.open(LIAR, &damaged).is_ok());
            }
        }
    }
    println!("{opened} damaged journals could be read");
}

#[test]
fn a_journal_that_does_not_give_back_what_was_written_stops_the_phone_before_it_signs() {
    for answer in [None, Some(vec![]), Some(b"junk".to_vec())] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        world.approve(1, session);
        world.take(Step::Answer(1));
        assert_eq!(world.phones[1].effects.last(), Some(&"read back"));

        let stopped = world.act(1, |node, now| node.handle_input(Input::ReadBack(answer), now));

        assert_eq!(stopped, Some(Err(Fault::Store(StoreFault::NotReadBack))));
        assert_eq!(world.oracle.partials(), 0);
    }
}

#[test]
fn a_journal_that_gives_back_an_older_record_stops_the_phone_before_it_signs() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let sessions = [world.propose(0, payload(1)), world.propose(0, payload(1))];
    world.settle();
    sessions.iter().for_each(|session| world.approve(1, *session));
    let spent = |world: &World| {
        let last = world.phones[1].journal.last().expect("records").clone();
        matches!(Record::parse(&last), Some(Record::NonceSpent { .. })).then_some(last)
    };
    world.take(Step::Answer(1));
    let older = spent(&world).expect("the first session's");
    world.take(Step::Answer(1));
    assert_ne!(spent(&world).expect("the second session's"), older);
    let read = |node: &mut Node, now| node.handle_input(Input::ReadBack(Some(older.clone())), now);
    assert_eq!(world.act(1, read), Some(Ok(())));

    let stopped = world.act(1, read);

    assert_eq!(stopped, Some(Err(Fault::Store(StoreFault::NotReadBack))));
    assert_eq!(world.oracle.partials(), 1, "the first session's");
}

const NO_OWNER: StoreFault = StoreFault::Inconsistent { at: 0, what: "no owner is named" };
