use std::env;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::*;

crate::journal_conformance!(conformance, || {
    let place = Place::new();
    move || place.open()
});

#[test]
fn every_append_is_synced_to_the_disk_itself() {
    let place = Place::new();
    let journal = place.open();
    let read = |name| pragma(journal.db().expect("awake"), name).expect("SQLite knows its settings");
    assert_eq!([read("synchronous"), read("fullfsync"), read("checkpoint_fullfsync")], [2, 1, 1]);
    let mode: String = journal
        .db()
        .expect("awake")
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .expect("it has a mode");
    assert_eq!(mode, "wal");
}

#[test]
fn only_its_owner_can_read_the_files() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&records(1)).expect("there is room");
    for file in [place.file(), place.wal()] {
        let mode = fs::metadata(file).expect("the file exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_closed_journal_is_one_file() {
    let place = Place::filled(5);
    assert!(!place.wal().exists());
    assert_eq!(place.open().replay(), Ok(records(5)));
}

#[test]
fn a_second_open_in_the_same_process_is_locked_and_takes_the_lock_from_nobody() {
    let place = Place::new();
    let journal = place.open();
    for _ in 0..2 {
        assert_eq!(place.try_open().err(), Some(JournalError::Locked));
    }
    assert_eq!(place.open_in_a_child(), "Err(Locked)");
    drop(journal);
    assert!(place.try_open().is_ok());
}

#[test]
fn another_process_is_locked_out_until_the_journal_is_closed() {
    let place = Place::new();
    let mut journal = place.open();
    assert_eq!(place.open_in_a_child(), "Err(Locked)");
    journal.append(&records(2)).expect("there is room");
    assert_eq!(place.open_in_a_child(), "Err(Locked)");
    Box::new(journal).close().expect("nothing is wrong");
    assert_eq!(place.open_in_a_child(), "Ok(2)");
}

#[test]
fn a_journal_at_rest_holds_no_lock_and_nothing_of_it_works_until_it_wakes() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&records(2)).expect("there is room");

    journal.rest().expect("nothing is wrong");

    assert!(!place.wal().exists());
    assert_eq!(place.open_in_a_child(), "Ok(2)");
    assert!(matches!(journal.append(&records(1)), Err(JournalError::Unavailable(_))));
    assert!(matches!(journal.last(), Err(JournalError::Unavailable(_))));
    journal.wake().expect("nobody has written");
    assert_eq!(place.open_in_a_child(), "Err(Locked)");
    assert_eq!(journal.replay(), Ok(records(2)));
}

#[test]
fn a_journal_that_others_hold_or_have_written_to_while_it_rested_does_not_wake() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&records(2)).expect("there is room");
    journal.rest().expect("nothing is wrong");
    let mut other = place.open();
    assert_eq!(journal.wake(), Err(JournalError::Locked));

    other.append(&records(1)).expect("there is room");
    Box::new(other).close().expect("nothing is wrong");

    assert_eq!(journal.wake(), Err(JournalError::Overtaken));
    assert_eq!(place.open_in_a_child(), "Ok(3)", "it took no lock");
}

#[test]
fn a_journal_whose_older_copy_was_put_back_while_it_rested_does_not_wake() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&records(1)).expect("there is room");
    journal.rest().expect("nothing is wrong");
    let older = place.bytes();
    journal.wake().expect("nobody has written");
    journal.append(&records(1)).expect("there is room");
    journal.rest().expect("nothing is wrong");

    fs::write(place.file(), older).expect("the file can be written");

    assert_eq!(journal.wake(), Err(JournalError::Overtaken));
}

#[test]
fn of_many_opens_at_once_at_most_one_gets_the_log() {
    for _ in 0..20 {
        let place = Place::new();
        let start = Barrier::new(4);
        let open = || {
            start.wait();
            place.try_open()
        };
        let opened: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().expect("opening never panics")).collect()
        });
        assert!(opened.iter().filter(|journal| journal.is_ok()).count() <= 1);
        assert!(opened.iter().all(|journal| matches!(journal, Ok(_) | Err(JournalError::Locked))));
        drop(opened);
        assert_eq!(place.open().replay(), Ok(vec![]));
    }
}

#[test]
fn what_was_acknowledged_survives_a_killed_process() {
    let place = Place::new();
    for round in 1..=4 {
        let mut child = place.child("append");
        let acknowledged = lines(&mut child).nth(20 * round).expect("the child appends until it is killed");
        child.kill().expect("it still runs");
        child.wait().expect("it was ours to wait for");

        let found = place.open().replay().expect("a killed process damages nothing");

        let acknowledged: usize = acknowledged.parse().expect("the child prints a count");
        assert!(found.len() >= acknowledged);
        assert_eq!(found, records(found.len()));
    }
}

#[test]
fn a_full_disk_refuses_the_whole_batch_and_the_log_goes_on_when_there_is_room() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&records(3)).expect("there is room");
    journal
        .db()
        .expect("awake")
        .pragma_update(None, "max_page_count", 8)
        .expect("SQLite has a limit of pages");

    assert_eq!(journal.append(&[vec![1], vec![2; 100_000]]), Err(JournalError::Full));
    assert_eq!(journal.replay(), Ok(records(3)));

    journal
        .db()
        .expect("awake")
        .pragma_update(None, "max_page_count", 1_000)
        .expect("SQLite has a limit of pages");
    journal.append(&[record(3)]).expect("there is room again");
    drop(journal);
    assert_eq!(place.open().replay(), Ok(records(4)));
}

#[test]
fn an_empty_file_is_a_new_log() {
    let place = Place::new();
    fs::write(place.file(), []).expect("the directory is ours");
    let mut journal = place.open();
    assert_eq!(journal.last(), Ok(None));
    journal.append(&records(1)).expect("there is room");
    assert_eq!(journal.replay(), Ok(records(1)));
}

#[test]
fn a_creation_cut_by_a_power_failure_is_started_again() {
    let place = Place::new();
    // The rollback journal of an empty database, its one page not yet counted, beside pages that never arrived.
    let mut hot = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x02\0\0\0\x10\0".to_vec();
    hot.resize(512, 0);
    fs::write(place.beside("-journal"), hot).expect("the directory is ours");
    fs::write(place.file(), [0; 8192]).expect("the directory is ours");
    assert_eq!(place.open().replay(), Ok(vec![]));
}

#[test]
fn a_file_of_something_else_is_foreign_and_left_alone() {
    for bytes in
        [vec![7], vec![0; 100], b"not a database, but longer than its header".repeat(200), noise(10_000)]
    {
        let place = Place::new();
        fs::write(place.file(), &bytes).expect("the directory is ours");
        assert_eq!(place.try_open().err(), Some(JournalError::Foreign));
        place.assert_only_content_is(&bytes);
    }
}

#[test]
fn a_database_of_something_else_is_foreign_and_left_alone() {
    for mode in ["DELETE", "WAL"] {
        let place = Place::new();
        let db = Connection::open(place.file()).expect("the directory is ours");
        db.pragma_update(None, "journal_mode", mode).expect("SQLite has this mode");
        db.execute_batch("CREATE TABLE record(x); INSERT INTO record VALUES (1)").expect("there is room");
        drop(db);
        let bytes = place.bytes();
        assert_eq!(place.try_open().err(), Some(JournalError::Foreign));
        place.assert_only_content_is(&bytes);
    }
}

#[test]
fn a_database_of_something_else_that_crashed_keeps_its_write_ahead_log() {
    let place = Place::new();
    let db = Connection::open(place.file()).expect("the directory is ours");
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).expect("SQLite has this setting");
    db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE record(x)").expect("there is room");
    drop(db);
    let before = (place.bytes(), fs::read(place.wal()).expect("it was not checkpointed"));

    assert_eq!(place.try_open().err(), Some(JournalError::Foreign));

    assert_eq!((place.bytes(), fs::read(place.wal()).expect("it is still there")), before);
}

#[test]
fn a_journal_of_a_newer_version_says_which_and_is_left_alone() {
    let place = Place::filled(2);
    place.sql("PRAGMA user_version = 2");
    let bytes = place.bytes();
    assert_eq!(place.try_open().err(), Some(JournalError::NewerVersion { found: 2, known: 1 }));
    assert_eq!(place.bytes(), bytes);
}

#[test]
fn a_log_edited_with_sqlite_names_the_first_record_that_is_wrong() {
    let cases = [
        ("UPDATE record SET bytes = x'00' WHERE seq = 2", 2),
        ("UPDATE record SET bytes = x'' WHERE seq = 4", 4),
        ("UPDATE record SET chain = zeroblob(32) WHERE seq = 1", 1),
        ("UPDATE record SET chain = x'00' WHERE seq = 1", 1),
        ("DELETE FROM record WHERE seq = 0", 0),
        ("DELETE FROM record WHERE seq = 3", 3),
        ("DELETE FROM record WHERE seq = 4", 4),
        ("DELETE FROM record", 0),
        ("INSERT INTO record SELECT 5, bytes, chain FROM record WHERE seq = 4", 5),
        ("INSERT INTO record SELECT -1, bytes, chain FROM record WHERE seq = 4", 0),
        ("UPDATE record SET seq = -1 WHERE seq = 1; UPDATE record SET seq = 1 WHERE seq = 2", 0),
        ("UPDATE record SET seq = 10 WHERE seq = 4", 4),
        ("DELETE FROM head", 0),
        ("UPDATE head SET count = 3", 3),
        ("UPDATE head SET count = -1", 0),
        ("UPDATE head SET count = 9223372036854775807", 5),
        ("UPDATE head SET chain = zeroblob(32)", 4),
        ("INSERT INTO record VALUES (9223372036854775807, x'', x'')", 5),
        ("ALTER TABLE record ADD COLUMN more BLOB", 0),
        ("DROP TABLE head", 0),
        ("CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END", 0),
        ("PRAGMA user_version = 0", 0),
    ];
    for (edit, first_wrong) in cases {
        let place = Place::filled(5);
        place.sql(edit);
        let found = place.try_open().and_then(|journal| journal.replay());
        assert!(
            matches!(found, Err(JournalError::Corrupt { at, .. }) if at == first_wrong),
            "{edit}: {found:?}"
        );
    }
}

#[test]
fn a_lost_newest_record_is_an_error_and_never_an_empty_log() {
    for edit in [
        "DELETE FROM record",
        "DELETE FROM head",
        "UPDATE head SET count = 0",
        "UPDATE record SET bytes = x''",
    ] {
        let place = Place::filled(1);
        place.sql(edit);
        let mut journal = place.open();
        assert!(matches!(journal.last(), Err(JournalError::Corrupt { at: 0, .. })), "{edit}");
        assert!(matches!(journal.append(&records(1)), Err(JournalError::Corrupt { at: 0, .. })), "{edit}");
    }
}

#[test]
fn the_last_record_is_read_from_the_file_and_not_from_memory() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&[b"find me".to_vec()]).expect("there is room");
    assert_eq!(journal.last(), Ok(Some(b"find me".to_vec())));

    let wal = fs::read(place.wal()).expect("the record is in it");
    let offset = wal.windows(7).rposition(|window| window == b"find me").expect("the record is in it");
    let file = OpenOptions::new().write(true).open(place.wal()).expect("it is ours");
    file.write_all_at(b"found", offset as u64).expect("it is ours");

    assert!(matches!(journal.last(), Err(JournalError::Corrupt { at: 0, .. })));
}

#[test]
fn a_log_whose_file_was_taken_away_or_replaced_is_unavailable_and_not_empty() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&records(1)).expect("there is room");

    fs::rename(place.file(), place.beside(".old")).expect("the directory is ours");
    assert!(matches!(journal.last(), Err(JournalError::Unavailable(_))));
    assert!(matches!(journal.append(&records(1)), Err(JournalError::Unavailable(_))));

    fs::write(place.file(), []).expect("the directory is ours");
    assert!(matches!(journal.last(), Err(JournalError::Unavailable(_))));

    drop(journal);
    for _ in 0..2 {
        assert!(matches!(place.try_open().err(), Some(JournalError::Corrupt { at: 0, .. })));
        fs::remove_file(place.file()).ok();
    }
    assert!(place.wal().exists());
}

#[test]
fn a_directory_or_a_path_to_nowhere_is_unavailable() {
    let place = Place::new();
    for path in [place.directory.path().to_owned(), place.directory.path().join("no/journal.db")] {
        assert!(matches!(SqliteJournal::open(path).err(), Some(JournalError::Unavailable(_))));
    }
}

#[test]
fn a_flipped_bit_anywhere_in_the_file_gives_the_same_records_or_an_error() {
    let place = Place::filled(40);
    let good = place.bytes();
    let offsets = (0..512).chain((512..good.len()).step_by(29));
    let mut found_errors = 0;
    for offset in offsets {
        let mut bad = good.clone();
        bad[offset] ^= 1 << (offset % 8);
        let damaged = Place::new();
        fs::write(damaged.file(), &bad).expect("the directory is ours");
        match damaged.try_open().and_then(|journal| Ok((journal.replay()?, journal.last()?))) {
            Ok(found) => assert_eq!(found, (records(40), records(40).pop()), "offset {offset}"),
            Err(_) => found_errors += 1,
        }
    }
    assert!(found_errors > 200);
}

#[test]
fn a_damaged_file_that_is_refused_at_open_is_left_alone() {
    let place = Place::filled(40);
    let good = place.bytes();
    for offset in 0..512 {
        let mut bad = good.clone();
        bad[offset] ^= 0xff;
        let damaged = Place::new();
        fs::write(damaged.file(), &bad).expect("the directory is ours");
        if damaged.try_open().is_err() {
            assert!(damaged.bytes() == bad, "offset {offset}");
        }
    }
}

#[test]
fn a_cut_file_is_an_error_unless_nothing_is_left() {
    let place = Place::filled(40);
    let good = place.bytes();
    for length in (1..600).chain((600..good.len()).step_by(61)) {
        let cut = Place::new();
        fs::write(cut.file(), &good[..length]).expect("the directory is ours");
        let found = cut.try_open().and_then(|journal| journal.replay());
        assert!(found.is_err(), "{length} of {} bytes", good.len());
    }
}

#[test]
fn a_cut_or_damaged_write_ahead_log_loses_only_its_newest_appends() {
    let place = Place::new();
    let mut journal = place.open();
    (0..12).for_each(|i| journal.append(&[record(i)]).expect("there is room"));
    drop(journal);
    let (file, wal) = (place.bytes(), fs::read(place.wal()).expect("it was not checkpointed"));
    let mut lengths_found = std::collections::BTreeSet::new();
    for offset in (0..64).chain((64..wal.len()).step_by(197)) {
        let mut flipped = wal.clone();
        flipped[offset] ^= 1 << (offset % 8);
        for bad in [&flipped, &wal[..offset]] {
            let damaged = Place::new();
            fs::write(damaged.file(), &file).expect("the directory is ours");
            fs::write(damaged.wal(), bad).expect("the directory is ours");
            let found = damaged.open().replay().expect("a damaged tail is taken for a crash");
            assert_eq!(found, records(found.len()), "offset {offset}");
            lengths_found.insert(found.len());
        }
    }
    assert_eq!(lengths_found, (0..12).collect());
}

#[test]
fn the_chain_stays_as_it_was() {
    assert_eq!(
        hex::encode(link(&genesis(), b"record")),
        "a0339eef0ff08c7be1e351aa1fa2efa8ebcd3a44880a3515abfafe3cb698efc1"
    );
}

/// The child's side of the tests above: does nothing unless a parent says where and what.
#[test]
#[ignore = "is run in a process of its own by other tests"]
fn a_child_process_does_what_its_parent_says() {
    let (Ok(path), Ok(order)) = (env::var("JOURNAL_PATH"), env::var("JOURNAL_ORDER")) else { return };
    let journal = SqliteJournal::open(path);
    if order == "open" {
        println!("\n> {:?}", journal.and_then(|journal| journal.replay()).map(|records| records.len()));
        return;
    }
    let mut journal = journal.expect("the parent holds no lock");
    let mut count = journal.replay().expect("it is sound").len();
    loop {
        let batch: Vec<Vec<u8>> = (count..count + 1 + count % 3).map(record).collect();
        journal.append(&batch).expect("there is room");
        count += batch.len();
        println!("\n> {count}");
        std::io::stdout().flush().expect("the parent listens");
    }
}

/// A directory for one log, gone when dropped.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Place { directory: TempDir::new().expect("there is a temporary directory") }
    }

    /// A closed log of `count` records.
    fn filled(count: usize) -> Self {
        let place = Place::new();
        let mut journal = place.open();
        journal.append(&records(count)).expect("there is room");
        Box::new(journal).close().expect("nothing is wrong");
        place
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("journal.db{suffix}"))
    }

    fn file(&self) -> PathBuf {
        self.beside("")
    }

    fn wal(&self) -> PathBuf {
        self.beside("-wal")
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.file()).expect("the file exists")
    }

    fn try_open(&self) -> Result<SqliteJournal, JournalError> {
        SqliteJournal::open(self.file())
    }

    fn open(&self) -> SqliteJournal {
        self.try_open().expect("the log can be opened")
    }

    fn sql(&self, sql: &str) {
        Connection::open(self.file()).and_then(|db| db.execute_batch(sql)).expect("the statement is right");
    }

    /// SQLite may leave an empty write-ahead log.
    fn assert_only_content_is(&self, bytes: &[u8]) {
        assert!(self.bytes() == bytes);
        let files = fs::read_dir(self.directory.path()).expect("the directory is ours");
        let total: u64 =
            files.map(|file| file.and_then(|file| file.metadata()).expect("it is ours").len()).sum();
        assert_eq!(total, bytes.len() as u64);
    }

    fn child(&self, order: &str) -> Child {
        Command::new(env::current_exe().expect("a test knows its program"))
            .args(["--exact", "journal::sqlite::tests::a_child_process_does_what_its_parent_says"])
            .args(["--ignored", "--nocapture"])
            .env("JOURNAL_PATH", self.file())
            .env("JOURNAL_ORDER", order)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a test can start itself")
    }

    fn open_in_a_child(&self) -> String {
        let mut child = self.child("open");
        let answer = lines(&mut child).last().expect("the child answers");
        child.wait().expect("it was ours to wait for");
        answer
    }
}

/// What the child says, without what the test harness says.
fn lines(child: &mut Child) -> impl Iterator<Item = String> {
    let stdout = BufReader::new(child.stdout.take().expect("its output is piped"));
    stdout.lines().filter_map(|line| Some(line.ok()?.strip_prefix("> ")?.to_owned()))
}

/// The record every log of these tests has at `index`; each tenth fills more than a page.
fn record(index: usize) -> Vec<u8> {
    let length = if index % 10 == 9 { 9_000 } else { 10 + index };
    (index..index + length).map(|i| i as u8).collect()
}

fn records(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(record).collect()
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}
