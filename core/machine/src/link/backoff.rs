//! Pauses between tries that fail.

use crate::id::Dice;
use crate::limits::{REDIAL_FIRST_MS, REDIAL_MAX_MS};
use crate::time::{BootTime, Now};

/// Counts tries that have failed in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure; returns when to try again: after a pause that doubles, with a quarter of jitter.
    pub(crate) fn pause(&mut self, dice: &mut Dice, now: Now) -> BootTime {
        let pause = REDIAL_FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(REDIAL_MAX_MS);
        let jitter = dice.below(pause / 4 + 1);
        self.failures = self.failures.saturating_add(1);
        now.boot.after_ms(pause - pause / 8 + jitter)
    }

    /// Forgets the failures: the next pause is the first again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Returns how many tries in a row have failed.
    pub(crate) fn failures(self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let mut dice = Dice::new([1; 32]);
        let mut pause = |backoff: &mut Backoff| backoff.pause(&mut dice, Now::default()).ms_from(BootTime(0));
        for expected in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let (pause, expected) = (pause(&mut backoff), expected * 1000);
            assert!((expected * 7 / 8..=expected * 9 / 8).contains(&pause), "{pause} for {expected}");
        }
        assert_eq!(backoff.failures(), 9);

        backoff.reset();

        assert!(pause(&mut backoff) <= 1125);
    }

    #[test]
    fn one_seed_always_gives_the_same_pauses() {
        let row = |seed: u8| {
            let (mut backoff, mut dice) = (Backoff::default(), Dice::new([seed; 32]));
            (0..8).map(|_| backoff.pause(&mut dice, Now::default())).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
    }
}
