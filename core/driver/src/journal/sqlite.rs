//! The log in one SQLite file.
//!
//! What reading it back finds, and what it cannot:
//!
//! - A changed, missing, moved or added record is found: each row carries the hash chain up to itself, and a
//!   one-row table holds the count and the newest link.
//! - A damaged page or a cut database file is found, by SQLite or by the chain. A file cut to nothing reads as a
//!   new log, unless its write-ahead log lies beside it.
//! - A write-ahead log that is damaged, cut or taken away loses its newest appends *without a trace*: SQLite takes
//!   the first bad frame for the place where a crash interrupted it. What is left is the log as it once was. The
//!   same holds for an older copy of all files.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::ffi::ErrorCode;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::{Journal, JournalError, RECORD_BYTES_MAX, Rewriting, check_lengths};

/// Marks the file as ours in SQLite's header: "CSgn".
const APPLICATION_ID: u32 = 0x4353_676e;

/// The format written here, and the newest one read.
const FORMAT: u32 = 1;

/// The tables, word for word: a file whose schema differs is damaged.
const TABLES: [&str; 2] = [
    "CREATE TABLE record(seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL, chain BLOB NOT NULL) STRICT",
    "CREATE TABLE head(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, chain BLOB NOT NULL) STRICT",
];

/// How often the lock is tried, and the pause before the next time: who only looks has it for a moment.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// One link of the hash chain: SHA-256 of the link before, the record's length (`u32`, big-endian) and its bytes.
type Link = [u8; 32];

/// A log in a SQLite file, for this process alone.
///
/// Dropping it keeps every acknowledged record: they are then in the write-ahead log beside the file, which belongs
/// to it and must be moved with it. [`SqliteJournal::close`] folds the two into one.
///
/// While it is open, nothing else in the process may open and close the file, not even to copy it: POSIX would
/// silently drop the lock that keeps other processes out.
#[derive(Debug)]
pub struct SqliteJournal {
    /// None while it rests.
    db: Option<Connection>,
    /// Where the log ended when it was last laid to rest.
    rested: Option<Head>,
    path: PathBuf,
    identity: Identity,
}

impl SqliteJournal {
    /// Opens the log at `path`, or makes an empty one, readable by its owner only, where no file or an empty file
    /// is. Takes the lock and keeps it. Records are checked by [`Journal::replay`], not here.
    ///
    /// A crash in here leaves no file, an empty one, or an empty log; each opens the next time.
    ///
    /// # Errors
    ///
    /// [`JournalError::Locked`], [`JournalError::Foreign`], [`JournalError::NewerVersion`],
    /// [`JournalError::Corrupt`] or [`JournalError::Unavailable`], having changed nothing in the file;
    /// [`JournalError::Full`] if there is no room for an empty log.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        refuse_orphaned_wal(path)?;
        let db = Some(connect_soon(path, OpenFlags::SQLITE_OPEN_CREATE)?);
        let path = fs::canonicalize(path).map_err(unavailable)?;
        let identity = Identity::of(&path).map_err(unavailable)?;
        Ok(SqliteJournal { db, rested: None, path, identity })
    }

    /// Reads all records of the log at `path` and lets go of it: for somebody who only looks. Holds the lock for that moment; a file that
    /// was closed well stays as it is, byte for byte.
    ///
    /// # Errors
    ///
    /// [`JournalError::Locked`] while somebody has it open, who knows better what it holds; otherwise as [`SqliteJournal::open`] and
    /// [`Journal::replay`]. Where no file is, none is made: [`JournalError::Unavailable`].
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Vec<u8>>, JournalError> {
        let path = path.as_ref();
        refuse_orphaned_wal(path)?;
        let db = connect(path, OpenFlags::empty())?;
        let records = records(&db);
        shut(db)?;
        records
    }

    fn db(&self) -> Result<&Connection, JournalError> {
        self.db.as_ref().ok_or_else(at_rest)
    }

    fn transaction(&mut self) -> Result<Transaction<'_>, JournalError> {
        let db = self.db.as_mut().ok_or_else(at_rest)?;
        db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| at_record(error, 0))
    }

    /// Makes the next read go to the file, and that the file at the path.
    fn go_to_the_store(&self) -> Result<(), JournalError> {
        match Identity::of(&self.path) {
            Ok(found) if found == self.identity => {
                self.db()?.execute_batch("PRAGMA shrink_memory").map_err(|error| at_record(error, 0))
            }
            Ok(_) => Err(JournalError::Unavailable("another file took its place".to_owned())),
            Err(error) => Err(unavailable(error)),
        }
    }
}

impl Journal for SqliteJournal {
    /// Folds the write-ahead log into the file and gives up the lock.
    fn rest(&mut self) -> Result<(), JournalError> {
        let Some(db) = self.db.take() else { return Ok(()) };
        self.rested = Head::read(&db).ok();
        shut(db)
    }

    fn wake(&mut self) -> Result<(), JournalError> {
        if self.db.is_some() {
            return Ok(());
        }
        refuse_orphaned_wal(&self.path)?;
        let db = connect_soon(&self.path, OpenFlags::empty())?;
        if Identity::of(&self.path).map_err(unavailable)? != self.identity {
            return Err(JournalError::Unavailable("another file took its place".to_owned()));
        }
        if Some(Head::read(&db)?) != self.rested {
            return Err(JournalError::Overtaken);
        }
        self.db = Some(db);
        Ok(())
    }

    /// Folds the write-ahead log into the file and gives up the lock.
    fn close(self: Box<Self>) -> Result<(), JournalError> {
        self.db.map_or(Ok(()), shut)
    }

    fn replay(&self) -> Result<Vec<Vec<u8>>, JournalError> {
        self.go_to_the_store()?;
        records(self.db()?)
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), JournalError> {
        check_lengths(records)?;
        self.go_to_the_store()?;
        let transaction = self.transaction()?;
        let (head, _) = newest(&transaction)?;
        insert(&transaction, head, records)?;
        transaction.commit().map_err(|error| at_record(error, 0))
    }

    fn rewrite(&mut self, survivors: Rewriting<'_>) -> Result<(), JournalError> {
        let left = survivors(self.replay()?);
        check_lengths(&left)?;
        let failed = |error| at_record(error, 0);
        let transaction = self.transaction()?;
        transaction.execute("DELETE FROM record", []).map_err(failed)?;
        insert(&transaction, Head { count: 0, chain: genesis() }, &left)?;
        transaction.commit().map_err(failed)
    }

    fn last(&self) -> Result<Option<Vec<u8>>, JournalError> {
        self.go_to_the_store()?;
        newest(self.db()?).map(|(_, record)| record)
    }
}

/// What the log says of itself: how many records, and the link of the newest.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    count: u64,
    chain: Link,
}

impl Head {
    fn read(db: &Connection) -> Result<Self, JournalError> {
        let (count, chain) = db
            .prepare_cached("SELECT count, chain FROM head WHERE id = 0")
            .and_then(|mut select| select.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))))
            .map_err(|error| at_record(error, 0))?;
        let count = u64::try_from(count).map_err(|_| corrupt(0, "the log has a negative length"))?;
        Ok(Head { count, chain })
    }
}

/// Reads all records, and checks each against the chain.
fn records(db: &Connection) -> Result<Vec<Vec<u8>>, JournalError> {
    let mut records = Vec::new();
    let mut chain = genesis();
    let mut at = 0;
    let mut select = db
        .prepare_cached("SELECT seq, bytes, chain FROM record ORDER BY seq")
        .map_err(|error| at_record(error, at))?;
    let mut rows = select.query([]).map_err(|error| at_record(error, at))?;
    while let Some(row) = rows.next().map_err(|error| at_record(error, at))? {
        let (seq, found) = (row.get::<_, i64>(0), row.get::<_, Link>(2));
        let (seq, found) = (seq.map_err(|e| at_record(e, at))?, found.map_err(|e| at_record(e, at))?);
        let bytes = row.get_ref(1).map_err(|error| at_record(error, at))?;
        let bytes = bytes.as_blob().map_err(|_| corrupt(at, "its bytes are of another type"))?;
        if u64::try_from(seq) != Ok(at) {
            return Err(corrupt(at, "it is missing"));
        }
        chain = check_link(chain, bytes, found, at)?;
        records.push(bytes.to_vec());
        at += 1;
    }
    let head = Head::read(db)?;
    if head.count != at {
        return Err(corrupt(at.min(head.count), "the log has another length"));
    }
    if head.chain != chain {
        return Err(corrupt(at.saturating_sub(1), "the log ends in another record"));
    }
    Ok(records)
}

/// Adds records after `head`.
fn insert(db: &Connection, mut head: Head, records: &[Vec<u8>]) -> Result<(), JournalError> {
    let failed = |error| at_record(error, 0);
    let mut insert =
        db.prepare_cached("INSERT INTO record(seq, bytes, chain) VALUES (?1, ?2, ?3)").map_err(failed)?;
    for record in records {
        head.chain = link(&head.chain, record);
        insert.execute(params![as_integer(head.count)?, record, head.chain]).map_err(failed)?;
        head.count += 1;
    }
    let count = as_integer(head.count)?;
    db.prepare_cached("UPDATE head SET count = ?1, chain = ?2")
        .and_then(|mut update| update.execute(params![count, head.chain]))
        .map_err(failed)?;
    Ok(())
}

/// Reads the end of the log and checks the newest record against it.
fn newest(db: &Connection) -> Result<(Head, Option<Vec<u8>>), JournalError> {
    let head = Head::read(db)?;
    let at = head.count.saturating_sub(1);
    let failed = |error| at_record(error, at);
    let max: Option<i64> = db
        .prepare_cached("SELECT max(seq) FROM record")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(failed)?;
    let Some(max) = max else {
        let is_empty = head.count == 0 && head.chain == genesis();
        return if is_empty { Ok((head, None)) } else { Err(corrupt(0, "it is missing")) };
    };
    if head.count == 0 || u64::try_from(max) != Ok(at) {
        return Err(corrupt(at, "the log has another length"));
    }
    let before = if at == 0 {
        genesis()
    } else {
        db.prepare_cached("SELECT chain FROM record WHERE seq = ?1")
            .and_then(|mut select| select.query_row([max - 1], |row| row.get::<_, Link>(0)).optional())
            .map_err(failed)?
            .ok_or(corrupt(at - 1, "it is missing"))?
    };
    let mut select = db.prepare_cached("SELECT bytes FROM record WHERE seq = ?1").map_err(failed)?;
    let record: Vec<u8> = select.query_row([max], |row| row.get(0)).map_err(failed)?;
    check_link(before, &record, head.chain, at)?;
    Ok((head, Some(record)))
}

fn check_link(before: Link, record: &[u8], found: Link, at: u64) -> Result<Link, JournalError> {
    if record.len() > RECORD_BYTES_MAX {
        return Err(corrupt(at, "it is longer than a record can be"));
    }
    if link(&before, record) != found {
        return Err(corrupt(at, "it is not what was written"));
    }
    Ok(found)
}

fn link(before: &Link, record: &[u8]) -> Link {
    let length = u32::try_from(record.len()).expect("a record is no longer than the limit");
    Sha256::new()
        .chain_update(before)
        .chain_update(length.to_be_bytes())
        .chain_update(record)
        .finalize()
        .into()
}

fn genesis() -> Link {
    Sha256::digest("Countersign journal, format 1").into()
}

fn as_integer(count: u64) -> Result<i64, JournalError> {
    i64::try_from(count).map_err(|_| JournalError::Full)
}

/// Refuses to start a new log where an old one lost its file but not its write-ahead log, which SQLite would erase.
fn refuse_orphaned_wal(path: &Path) -> Result<(), JournalError> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    // The write-ahead log first: it is only ever made after the file has content.
    let wal_bytes = length(Path::new(&wal))?;
    if wal_bytes > 0 && length(path)? == 0 {
        return Err(corrupt(0, "the file is gone, its write-ahead log is not"));
    }
    Ok(())
}

fn length(path: &Path) -> Result<u64, JournalError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(unavailable(error)),
    }
}

/// As [`connect`], and waits for who only looks.
fn connect_soon(path: &Path, also: OpenFlags) -> Result<Connection, JournalError> {
    for _ in 1..TRIES {
        match connect(path, also) {
            Err(JournalError::Locked) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    connect(path, also)
}

/// Opens the file, with the lock.
fn connect(path: &Path, also: OpenFlags) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | also;
    let db = Connection::open_with_flags(path, flags).map_err(at_open)?;
    prepare(&db, path)?;
    Ok(db)
}

/// Folds the write-ahead log into the file, and closes it.
fn shut(db: Connection) -> Result<(), JournalError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(at_open)?;
    db.close().map_err(|(_, error)| at_open(error))
}

fn at_rest() -> JournalError {
    JournalError::Unavailable("it is at rest".to_owned())
}

/// Takes the lock, then makes or recognises the log, and only then changes how it is written.
fn prepare(db: &Connection, path: &Path) -> Result<(), JournalError> {
    // Whatever fails below, closing the connection must leave a write-ahead log where it is.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(at_open)?;
    db.busy_timeout(Duration::ZERO).map_err(at_open)?;
    // fullfsync: without it Apple's disks acknowledge before they have written.
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;
         PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; BEGIN EXCLUSIVE",
    )
    .map_err(at_open)?;
    if length(path)? == 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(unavailable)?;
        create(db).map_err(at_open)?;
    } else {
        recognise(db)?;
    }
    db.execute_batch("COMMIT; PRAGMA synchronous = FULL").map_err(at_open)?;
    let mode = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode.map_err(at_open)?.as_str() {
        "wal" => Ok(()),
        _ => Err(JournalError::Unavailable("no write-ahead log is possible here".to_owned())),
    }
}

fn create(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", FORMAT)?;
    TABLES.iter().try_for_each(|table| db.execute_batch(table))?;
    db.execute("INSERT INTO head(id, count, chain) VALUES (0, 0, ?1)", [genesis()]).map(drop)
}

fn recognise(db: &Connection) -> Result<(), JournalError> {
    if pragma(db, "application_id")? != APPLICATION_ID {
        return Err(JournalError::Foreign);
    }
    match pragma(db, "user_version")? {
        FORMAT => {}
        found if found > FORMAT => return Err(JournalError::NewerVersion { found, known: FORMAT }),
        _ => return Err(corrupt(0, "the log has no format")),
    }
    let tables: rusqlite::Result<Vec<String>> = db
        .prepare("SELECT sql FROM sqlite_schema ORDER BY rowid")
        .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect());
    if tables.map_err(at_open)? == TABLES { Ok(()) } else { Err(corrupt(0, "the log has other tables")) }
}

/// Reads a number of SQLite's header, which holds 32 bits and returns them signed.
fn pragma(db: &Connection, name: &str) -> Result<u32, JournalError> {
    db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map(|value| value as u32).map_err(at_open)
}

/// Which file this is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Identity { device: metadata.dev(), inode: metadata.ino() })
    }
}

fn corrupt(at: u64, what: &'static str) -> JournalError {
    JournalError::Corrupt { at, what }
}

fn unavailable(error: io::Error) -> JournalError {
    JournalError::Unavailable(error.to_string())
}

/// At open, a file that SQLite does not recognise is somebody else's.
fn at_open(error: rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => JournalError::Foreign,
        Some(_) | None => at_record(error, 0),
    }
}

fn at_record(error: rusqlite::Error, at: u64) -> JournalError {
    let Some(failure) = error.sqlite_error() else {
        return corrupt(at, "it does not have the columns of a record");
    };
    let code = failure.code;
    if code == ErrorCode::DatabaseBusy || code == ErrorCode::DatabaseLocked {
        JournalError::Locked
    } else if code == ErrorCode::DiskFull {
        JournalError::Full
    } else if code == ErrorCode::DatabaseCorrupt || code == ErrorCode::NotADatabase {
        corrupt(at, "SQLite finds the file malformed")
    } else if code == ErrorCode::ConstraintViolation {
        corrupt(at, "its place in the log is taken")
    } else {
        JournalError::Unavailable(failure.to_string())
    }
}

#[cfg(test)]
mod tests;
