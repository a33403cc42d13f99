//! The laws every [`Journal`] keeps, as tests to run against an implementation.
//!
//! Each law takes an *opener*: called again, it opens the same log again, the journal it returned before having
//! been dropped. [`journal_conformance!`](crate::journal_conformance) makes one `#[test]` of each.

use super::{Journal, JournalError, RECORD_BYTES_MAX};
use crate::entropy::{Entropy, SeededEntropy};

/// Makes a module of tests, one for each law.
///
/// The second argument is a closure that makes a fresh, empty log and returns its opener. It is called once for
/// each law.
///
/// ```ignore
/// journal_conformance!(conformance, || {
///     let journal = MemoryJournal::new();
///     move || journal.clone()
/// });
/// ```
#[macro_export]
macro_rules! journal_conformance {
    ($module:ident, $factory:expr) => {
        $crate::journal_conformance!(@laws $module, $factory,
            an_empty_log_replays_to_nothing_and_has_no_last_record
            records_replay_in_the_order_of_their_appends
            the_last_record_is_the_newest
            appending_nothing_changes_nothing
            equal_records_are_each_kept
            a_record_may_hold_any_bytes_or_none
            a_record_may_be_as_long_as_the_limit
            a_batch_with_one_record_too_long_is_refused_whole
            a_reopened_log_holds_what_was_appended
            a_rested_log_goes_on_where_it_stopped
            a_rewritten_log_holds_what_was_left_and_takes_more
            a_rewriting_with_one_record_too_long_changes_nothing
            any_mixture_of_appends_and_reopenings_matches_a_plain_list
        );
    };
    (@laws $module:ident, $factory:expr, $($law:ident)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $law() {
                    $crate::journal::conformance::$law($factory());
                }
            )*
        }
    };
}

/// What rests and wakes has lost nothing, and takes more; waking twice is waking once, and so is resting.
pub fn a_rested_log_goes_on_where_it_stopped<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a"]);
    for _ in 0..2 {
        journal.rest().expect("it can rest");
    }
    for _ in 0..2 {
        journal.wake().expect("nobody else has written");
    }
    append(&mut journal, &[b"b"]);
    assert_holds(&journal, &[b"a", b"b"]);
    journal.rest().expect("it can rest");
    drop(journal);
    assert_holds(&open(), &[b"a", b"b"]);
}

/// A log nobody wrote to has no records, and says so.
pub fn an_empty_log_replays_to_nothing_and_has_no_last_record<J: Journal>(mut open: impl FnMut() -> J) {
    assert_holds(&open(), &[]);
}

/// One append of many records, or many appends of one: the order is the same.
pub fn records_replay_in_the_order_of_their_appends<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a", b"b"]);
    append(&mut journal, &[b"c"]);
    append(&mut journal, &[b"d", b"e"]);
    assert_holds(&journal, &[b"a", b"b", b"c", b"d", b"e"]);
}

/// The last record follows every append.
pub fn the_last_record_is_the_newest<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a", b"b"]);
    assert_eq!(journal.last(), Ok(Some(b"b".to_vec())));
    append(&mut journal, &[b"c"]);
    assert_eq!(journal.last(), Ok(Some(b"c".to_vec())));
}

/// An empty batch succeeds and leaves the log as it was.
pub fn appending_nothing_changes_nothing<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[]);
    assert_holds(&journal, &[]);
    append(&mut journal, &[b"a"]);
    append(&mut journal, &[]);
    assert_holds(&journal, &[b"a"]);
}

/// A log is a list, not a set.
pub fn equal_records_are_each_kept<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a", b"a"]);
    append(&mut journal, &[b"a"]);
    assert_holds(&journal, &[b"a", b"a", b"a"]);
}

/// The bytes mean nothing to the log; a record without bytes is still a record.
pub fn a_record_may_hold_any_bytes_or_none<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    append(&mut journal, &[b"", &all, b"\0", b"'; DROP TABLE record;--", &[0xff; 9]]);
    append(&mut journal, &[b""]);
    assert_holds(&journal, &[b"", &all, b"\0", b"'; DROP TABLE record;--", &[0xff; 9], b""]);
}

/// A record of exactly [`RECORD_BYTES_MAX`] bytes is taken.
pub fn a_record_may_be_as_long_as_the_limit<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    let longest = vec![7; RECORD_BYTES_MAX];
    append(&mut journal, &[&longest, b"a"]);
    assert_holds(&journal, &[&longest, b"a"]);
}

/// All or none: what precedes the refused record is not kept either.
pub fn a_batch_with_one_record_too_long_is_refused_whole<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a"]);
    let bytes = RECORD_BYTES_MAX + 1;
    assert_eq!(journal.append(&[b"b".to_vec(), vec![0; bytes]]), Err(JournalError::TooLong { bytes }));
    assert_holds(&journal, &[b"a"]);
    append(&mut journal, &[b"c"]);
    assert_holds(&journal, &[b"a", b"c"]);
}

/// What was acknowledged is there after the journal was dropped, not closed.
pub fn a_reopened_log_holds_what_was_appended<J: Journal>(mut open: impl FnMut() -> J) {
    append(&mut open(), &[b"a", b"b"]);
    append(&mut open(), &[b"c"]);
    assert_holds(&open(), &[b"a", b"b", b"c"]);
}

/// What is left is a log like any other, also after it was opened again; nothing may be left at all.
pub fn a_rewritten_log_holds_what_was_left_and_takes_more<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a", b"b", b"c", b"d"]);
    let odd = |records: Vec<Vec<u8>>| records.into_iter().step_by(2).collect();
    journal.rewrite(&odd).expect("a rewriting within the limits succeeds");
    assert_holds(&journal, &[b"a", b"c"]);
    append(&mut journal, &[b"e"]);
    drop(journal);
    let mut journal = open();
    assert_holds(&journal, &[b"a", b"c", b"e"]);
    journal.rewrite(&|_| Vec::new()).expect("a rewriting within the limits succeeds");
    assert_holds(&journal, &[]);
    append(&mut journal, &[b"f"]);
    assert_holds(&journal, &[b"f"]);
}

/// All or none.
pub fn a_rewriting_with_one_record_too_long_changes_nothing<J: Journal>(mut open: impl FnMut() -> J) {
    let mut journal = open();
    append(&mut journal, &[b"a", b"b"]);
    let bytes = RECORD_BYTES_MAX + 1;
    let result = journal.rewrite(&|_| vec![b"c".to_vec(), vec![0; bytes]]);
    assert_eq!(result, Err(JournalError::TooLong { bytes }));
    assert_holds(&journal, &[b"a", b"b"]);
}

/// A few hundred steps drawn from a fixed seed.
pub fn any_mixture_of_appends_and_reopenings_matches_a_plain_list<J: Journal>(mut open: impl FnMut() -> J) {
    let mut entropy = SeededEntropy::new([3; 32]);
    let mut journal = open();
    let mut model: Vec<Vec<u8>> = Vec::new();
    for _ in 0..200 {
        let mut dice = [0; 32];
        entropy.fill(&mut dice).expect("a seed never runs dry");
        if dice[0] < 32 {
            drop(journal);
            journal = open();
        }
        let length = usize::from(dice[1]) * usize::from(dice[2] % 32);
        let batch: Vec<Vec<u8>> = (0..dice[3] % 4).map(|i| vec![dice[4] ^ i; length]).collect();
        journal.append(&batch).expect("an append within the limits succeeds");
        model.extend(batch);
        assert_eq!(journal.last(), Ok(model.last().cloned()));
    }
    assert_eq!(journal.replay(), Ok(model));
}

fn append(journal: &mut impl Journal, records: &[&[u8]]) {
    let records: Vec<Vec<u8>> = records.iter().map(|record| record.to_vec()).collect();
    journal.append(&records).expect("an append within the limits succeeds");
}

fn assert_holds(journal: &impl Journal, records: &[&[u8]]) {
    let records: Vec<Vec<u8>> = records.iter().map(|record| record.to_vec()).collect();
    assert_eq!(journal.last(), Ok(records.last().cloned()));
    assert_eq!(journal.replay(), Ok(records));
}
