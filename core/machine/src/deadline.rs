//! What must be done by when: one ordered structure, and the warnings before a session expires.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::CallerFault;
use crate::limits::{IN_APP_ONLY_MS, MAX_SESSION_MS, MAX_WARNINGS, WARNINGS_MS};
use crate::time::BootTime;

/// Moments in order, at most one for each thing. Every operation costs the logarithm of how many there are.
#[derive(Clone, Debug)]
pub struct Deadlines<K> {
    moments: BTreeMap<K, BootTime>,
    order: BTreeSet<(BootTime, K)>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { moments: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Deadlines<K> {
    /// Sets the moment of a thing, in place of the one it had; `None` takes it away.
    pub fn set(&mut self, what: K, at: Option<BootTime>) {
        let former = match at {
            Some(at) => self.moments.insert(what, at),
            None => self.moments.remove(&what),
        };
        if former != at {
            self.order.extend(at.map(|at| (at, what)));
            former.map(|former| self.order.remove(&(former, what)));
        }
    }

    /// Returns the first moment, and what it is for.
    pub fn first(&self) -> Option<(BootTime, K)> {
        self.order.first().copied()
    }

    /// Takes away the first thing whose moment has come, and returns it.
    pub fn take_due(&mut self, now: BootTime) -> Option<K> {
        let (_, what) = self.first().filter(|(at, _)| *at <= now)?;
        self.order.pop_first();
        self.moments.remove(&what);
        Some(what)
    }
}

/// How long before a session expires its user is warned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warnings {
    /// Milliseconds before the end, longest first.
    thresholds_ms: Vec<u64>,
    /// Whether the caller chose them.
    own: bool,
}

impl Default for Warnings {
    fn default() -> Self {
        Self { thresholds_ms: WARNINGS_MS.to_vec(), own: false }
    }
}

impl Warnings {
    /// Makes a list of the caller's own, in any order; an empty one warns of nothing but the end.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::TooMany`] over [`MAX_WARNINGS`], [`CallerFault::OutOfRange`] if one is shorter than a second
    /// or as long as the longest session.
    pub fn own(mut thresholds_ms: Vec<u64>) -> Result<Self, CallerFault> {
        thresholds_ms.sort_unstable_by(|a, b| b.cmp(a));
        thresholds_ms.dedup();
        if thresholds_ms.len() > MAX_WARNINGS {
            return Err(CallerFault::TooMany("warnings"));
        }
        if thresholds_ms.iter().any(|threshold| !(1_000..MAX_SESSION_MS).contains(threshold)) {
            return Err(CallerFault::OutOfRange("a warning"));
        }
        Ok(Self { thresholds_ms, own: true })
    }

    /// Returns the warnings that are still to come, longest first, of a session that had `lasts_ms` when its deadline was
    /// set and whose last warning was `warned_ms`.
    pub(crate) fn to_come(&self, lasts_ms: u64, warned_ms: Option<u64>) -> impl Iterator<Item = u64> {
        let below = warned_ms.unwrap_or(u64::MAX).min(lasts_ms);
        self.thresholds_ms.iter().copied().filter(move |threshold| *threshold < below)
    }

    /// Returns the most urgent warning whose time has come: those before it have lost their meaning.
    pub(crate) fn due(&self, lasts_ms: u64, warned_ms: Option<u64>, left_ms: u64) -> Option<u64> {
        self.to_come(lasts_ms, warned_ms).filter(|threshold| left_ms <= *threshold).last()
    }

    /// Returns whether there is such a warning.
    pub(crate) fn has(&self, threshold_ms: u64) -> bool {
        self.thresholds_ms.contains(&threshold_ms)
    }

    /// Returns whether the system shows a warning, too, not the open program alone.
    pub(crate) fn is_for_system(&self, threshold_ms: u64) -> bool {
        self.own || threshold_ms != IN_APP_ONLY_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_comes_first_and_a_thing_has_one_moment() {
        let mut deadlines = Deadlines::default();
        deadlines.set('b', Some(BootTime(5)));
        deadlines.set('a', Some(BootTime(5)));
        deadlines.set('c', Some(BootTime(1)));
        deadlines.set('c', Some(BootTime(9)));
        deadlines.set('d', Some(BootTime(2)));
        deadlines.set('d', None);

        assert_eq!(deadlines.first(), Some((BootTime(5), 'a')));
        assert_eq!(deadlines.take_due(BootTime(4)), None);
        let due: Vec<char> = std::iter::from_fn(|| deadlines.take_due(BootTime(9))).collect();
        assert_eq!(due, ['a', 'b', 'c']);
        assert_eq!(deadlines.first(), None);
    }

    #[test]
    fn setting_the_same_moment_again_changes_nothing() {
        let mut deadlines = Deadlines::default();
        deadlines.set('a', Some(BootTime(5)));
        deadlines.set('a', Some(BootTime(5)));

        assert_eq!(deadlines.take_due(BootTime(5)), Some('a'));
        assert_eq!(deadlines.take_due(BootTime(5)), None);
    }

    #[test]
    fn only_warnings_shorter_than_the_session_come() {
        let of = |lasts_ms| Warnings::default().to_come(lasts_ms, None).collect::<Vec<_>>();

        assert_eq!(of(60_000), [0_u64; 0]);
        assert_eq!(of(300_000), [120_000, 60_000]);
        assert_eq!(of(86_400_000), WARNINGS_MS[1..]);
        assert_eq!(of(86_400_001), WARNINGS_MS);
    }

    #[test]
    fn a_late_wake_warns_once_of_the_most_urgent_and_never_again_of_those_before() {
        let warnings = Warnings::default();

        assert_eq!(warnings.due(700_000, None, 600_001), None);
        assert_eq!(warnings.due(700_000, None, 600_000), Some(600_000));
        assert_eq!(warnings.due(700_000, None, 90_000), Some(120_000));
        assert_eq!(warnings.due(700_000, Some(120_000), 90_000), None);
        assert_eq!(warnings.due(700_000, Some(120_000), 1), Some(60_000));
    }

    #[test]
    fn the_callers_own_list_is_sorted_bounded_and_all_for_the_system() {
        let own = Warnings::own(vec![30_000, 600_000, 30_000]).expect("two warnings");

        assert_eq!(own.to_come(u64::MAX, None).collect::<Vec<_>>(), [600_000, 30_000]);
        assert!(own.is_for_system(600_000) && !Warnings::default().is_for_system(600_000));
        assert_eq!(Warnings::own(vec![999]), Err(CallerFault::OutOfRange("a warning")));
        assert_eq!(Warnings::own(vec![MAX_SESSION_MS]), Err(CallerFault::OutOfRange("a warning")));
        let many = (1..=MAX_WARNINGS as u64 + 1).map(|n| n * 1_000).collect();
        assert_eq!(Warnings::own(many), Err(CallerFault::TooMany("warnings")));
    }
}
