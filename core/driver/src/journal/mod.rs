//! Keeps the records: a durable log, appended to and now and then rewritten, whose bytes are opaque here.
//!
//! The records are linked by a hash chain, so a record that was changed, removed from the middle or moved is
//! found when it is read. Nothing inside a log can tell that the log *as a whole* is an older copy of itself:
//! a restored backup is the machine's business.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod memory;
mod sqlite;

pub use memory::MemoryJournal;
pub use sqlite::SqliteJournal;

/// The longest record a journal takes, in bytes. Far above any record there is; bounds what a damaged log can
/// make a reader allocate at once.
pub const RECORD_BYTES_MAX: usize = 9 << 20;

/// What [`Journal::rewrite`] leaves of all records, oldest first.
pub type Rewriting<'a> = &'a dyn Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>;

/// The log. It holds each record exactly as it was given, in the order it was given.
pub trait Journal: Send {
    /// Returns all records, oldest first, having checked each against the chain.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] names the first record that is not as it was written; what precedes it is not
    /// returned, since a log without its end is another log. [`JournalError::Unavailable`] if it cannot be read.
    fn replay(&self) -> Result<Vec<Vec<u8>>, JournalError>;

    /// Appends all of `records`, or none. Once it returns `Ok` they survive a killed process and a power cut.
    ///
    /// # Errors
    ///
    /// Any [`JournalError`]; the log is then as before. One case is open: if the disk failed in the very last
    /// step and the process dies before another append, the next one may find all of them, never some.
    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), JournalError>;

    /// Replaces all records by what `survivors` leaves of them, or none. Once it returns `Ok` the new log survives
    /// what an append survives; a crash on the way leaves the old one.
    ///
    /// # Errors
    ///
    /// Any [`JournalError`]; the log is then as before.
    fn rewrite(&mut self, survivors: Rewriting<'_>) -> Result<(), JournalError>;

    /// Returns the newest record as the store holds it now, not as this process remembers it.
    ///
    /// `Ok(None)` only if the log is truly empty.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`] or [`JournalError::Corrupt`] if the store cannot say: never `Ok(None)`.
    fn last(&self) -> Result<Option<Vec<u8>>, JournalError>;

    /// Lets go of every file and lock until [`Journal::wake`], as before the app is suspended. Resting twice is resting once.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`] if the store could not be tidied; its records are durable all the same, and it rests.
    fn rest(&mut self) -> Result<(), JournalError>;

    /// Takes files and locks again, if it rests: nothing else works until then.
    ///
    /// # Errors
    ///
    /// [`JournalError::Overtaken`] if somebody has written to it meanwhile, [`JournalError::Locked`] if somebody holds it, or any
    /// other; it then rests as before.
    fn wake(&mut self) -> Result<(), JournalError>;

    /// Lets go of whatever is held, locks first of all. A log that is dropped instead is left as a crash leaves
    /// it, which loses nothing.
    ///
    /// # Errors
    ///
    /// [`JournalError::Unavailable`] if the store could not be tidied; its records are durable all the same.
    fn close(self: Box<Self>) -> Result<(), JournalError>;
}

/// Why the log could not be opened, read or written. Carries no record bytes: it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Another process, or another part of this one, has it open. The caller closes that one first.
    #[error("the journal is open elsewhere")]
    Locked,
    /// Another process has written to it while this one let it rest. The caller opens it anew: what this one knows is old.
    #[error("the journal has been written to meanwhile")]
    Overtaken,
    /// The file is something else. The caller gave a wrong path; the file was left alone.
    #[error("the file is not a journal")]
    Foreign,
    /// A newer version of this software wrote it. The user updates; the file was left alone.
    #[error("the journal has format {found}, known is {known}")]
    NewerVersion {
        /// The file's format.
        found: u32,
        /// The newest format this version reads.
        known: u32,
    },
    /// The log is not as it was written. Nobody can repair it; signing from it would be unsafe.
    #[error("the journal is damaged at record {at}: {what}")]
    Corrupt {
        /// The index of the first record that cannot be trusted; 0 if none can.
        at: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The disk, or the quota, is full. The user makes room; then it can be tried again.
    #[error("no room left for the journal")]
    Full,
    /// A record is longer than [`RECORD_BYTES_MAX`]. A fault in the caller.
    #[error("a record of {bytes} bytes is too long")]
    TooLong {
        /// The record's length.
        bytes: usize,
    },
    /// The system refused to open, read or write it. May pass; the text says what the system said.
    #[error("the journal is unavailable: {0}")]
    Unavailable(String),
}

/// Refuses a batch with a record that is too long.
fn check_lengths(records: &[Vec<u8>]) -> Result<(), JournalError> {
    match records.iter().map(Vec::len).find(|&bytes| bytes > RECORD_BYTES_MAX) {
        Some(bytes) => Err(JournalError::TooLong { bytes }),
        None => Ok(()),
    }
}
