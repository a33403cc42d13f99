//! A log in memory, with faults on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Journal, JournalError, Rewriting, check_lengths};

/// A log that nothing survives but its handles: for tests and simulations.
///
/// A clone is another handle to the same log. Drop the one a node owns and hand a clone to the next node, and
/// that was a crash and a restart.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    records: Vec<Vec<u8>>,
    /// How many appends succeed first, and what the one after them fails with. A rewriting counts as one.
    fault: Option<(u64, JournalError)>,
}

impl MemoryJournal {
    /// Makes an empty log.
    pub fn new() -> Self {
        MemoryJournal::default()
    }

    /// Makes a log that holds `records`, oldest first: a snapshot restored.
    pub fn restored(records: Vec<Vec<u8>>) -> Self {
        MemoryJournal(Arc::new(Mutex::new(State { records, fault: None })))
    }

    /// Returns a snapshot of all records, oldest first.
    pub fn records(&self) -> Vec<Vec<u8>> {
        self.state().records.clone()
    }

    /// Lets `successes` more appends succeed and fails the one after them, once, with `error`.
    ///
    /// Replaces a fault that was set before and has not struck.
    pub fn fail_after(&self, successes: u64, error: JournalError) {
        self.state().fault = Some((successes, error));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn strike(&mut self) -> Result<(), JournalError> {
        match self.fault.take() {
            Some((0, error)) => Err(error),
            Some((successes, error)) => {
                self.fault = Some((successes - 1, error));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Journal for MemoryJournal {
    fn rest(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    fn wake(&mut self) -> Result<(), JournalError> {
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<(), JournalError> {
        Ok(())
    }

    fn replay(&self) -> Result<Vec<Vec<u8>>, JournalError> {
        Ok(self.records())
    }

    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), JournalError> {
        check_lengths(records)?;
        let mut state = self.state();
        state.strike()?;
        state.records.extend_from_slice(records);
        Ok(())
    }

    fn rewrite(&mut self, survivors: Rewriting<'_>) -> Result<(), JournalError> {
        let mut state = self.state();
        state.strike()?;
        let left = survivors(state.records.clone());
        check_lengths(&left)?;
        state.records = left;
        Ok(())
    }

    fn last(&self) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(self.state().records.last().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::journal_conformance!(conformance, || {
        let journal = MemoryJournal::new();
        move || journal.clone()
    });

    #[test]
    fn the_chosen_append_fails_once_and_changes_nothing() {
        let mut journal = MemoryJournal::new();
        journal.fail_after(1, JournalError::Full);

        journal.append(&[vec![1]]).expect("the first append succeeds");
        assert_eq!(journal.append(&[vec![2], vec![3]]), Err(JournalError::Full));
        assert_eq!(journal.records(), [[1]]);

        journal.append(&[vec![2]]).expect("the fault struck once");
        assert_eq!(journal.records(), [[1], [2]]);
    }

    #[test]
    fn a_restored_snapshot_knows_nothing_of_what_came_after_it() {
        let mut journal = MemoryJournal::restored(vec![vec![1]]);
        let snapshot = journal.records();
        journal.append(&[vec![2]]).expect("memory takes it");

        let restored = MemoryJournal::restored(snapshot);

        assert_eq!(restored.last(), Ok(Some(vec![1])));
        assert_eq!(journal.last(), Ok(Some(vec![2])));
    }
}
