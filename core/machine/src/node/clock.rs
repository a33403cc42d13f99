//! Whether the wall clock can be trusted. People can move it; the boot clock they cannot.

use crate::limits::{FORGET_AFTER_MS, MAX_CLOCK_BEHIND_MS, MAX_CLOCK_FALL_MS, MAX_CLOCK_SKEW_MS};
use crate::time::{BootTime, Now, WallTime};

/// Watches the wall clock against the boot clock, and against what the journal has seen.
///
/// A session's time left is read off the wall clock when it is taken or read back, and counted on the boot clock from then
/// on. So a clock that has fallen back would let new ones outlive their deadlines: nothing is signed by it. One that runs
/// ahead gives new ones less time, and the others none less: it is believed.
#[derive(Default)]
pub(super) struct Clock {
    /// The latest wall time that was believed, and when.
    believed: Option<(WallTime, BootTime)>,
    suspect: bool,
    /// When we began to watch.
    began: BootTime,
    /// Whether the last co-signer that told the time agreed.
    confirmed: bool,
}

impl Clock {
    /// Starts with the latest wall time that the journal has seen.
    pub(super) fn start(seen: WallTime, now: Now) -> Self {
        let suspect = now.wall.0.saturating_add(MAX_CLOCK_BEHIND_MS) < seen.0;
        Self { believed: Some((seen.max(now.wall), now.boot)), suspect, began: now.boot, confirmed: false }
    }

    /// Looks at both clocks; returns whether that changed what we think of the wall clock.
    pub(super) fn look(&mut self, now: Now) -> bool {
        let was = self.suspect;
        let expected = self.believed.map_or(now.wall, |(wall, boot)| {
            WallTime(wall.0.saturating_add(now.boot.0.saturating_sub(boot.0) / 1000))
        });
        self.suspect =
            if was { now.wall < expected } else { now.wall.0.saturating_add(MAX_CLOCK_FALL_MS) < expected.0 };
        self.believed = Some((if self.suspect { expected } else { now.wall }, now.boot));
        was != self.suspect
    }

    /// Takes a co-signer's authenticated word on how far its clock is ahead of ours; returns whether that cleared
    /// the suspicion.
    pub(super) fn confirm(&mut self, ahead_ms: i64, now: Now) -> bool {
        self.confirmed = ahead_ms.unsigned_abs() <= MAX_CLOCK_SKEW_MS;
        let clears = self.suspect && self.confirmed;
        if clears {
            self.suspect = false;
            self.believed = Some((now.wall, now.boot));
        }
        clears
    }

    /// Returns whether what the wall clock calls long past may be forgotten: a co-signer agrees with it, or it has
    /// run for an hour before our eyes.
    pub(super) fn is_sure(&self, now: Now) -> bool {
        let watched = now.boot >= self.began.after_ms(FORGET_AFTER_MS);
        !self.suspect && (self.confirmed || watched)
    }

    /// Returns whether the wall clock cannot be trusted.
    pub(super) fn is_suspect(&self) -> bool {
        self.suspect
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_falls_back_is_suspect_until_it_is_set_right() {
        let mut clock = Clock::start(WallTime(0), at(1_000_000, 0));

        assert!(!clock.look(at(1_030_000, 60_000)), "half a minute is a correction");
        assert!(clock.look(at(1_000_000, 120_000)), "a minute and a half is none");
        assert!(clock.is_suspect());
        assert!(!clock.look(at(1_059_000, 121_000)), "still behind");
        assert!(clock.look(at(1_091_000, 121_000)));
        assert!(!clock.is_suspect());
    }

    #[test]
    fn a_clock_that_jumps_ahead_is_not_suspect() {
        let mut clock = Clock::start(WallTime(0), at(1_000_000, 0));

        assert!(!clock.look(at(9_000_000, 1)));
    }

    #[test]
    fn a_clock_behind_the_journal_is_suspect_until_a_co_signer_confirms_it() {
        let mut clock = Clock::start(WallTime(2_000_000), at(1_000_000, 0));
        assert!(clock.is_suspect());

        assert!(!clock.confirm(1_000_000, at(1_000_000, 5)), "it says that we are behind, too");
        assert!(clock.confirm(-2_000, at(1_000_000, 5)));
        assert!(!clock.is_suspect());
        assert!(!clock.look(at(1_000_001, 6)));
    }

    fn at(wall: u64, boot_ms: u64) -> Now {
        Now { wall: WallTime(wall), boot: BootTime(boot_ms * 1000) }
    }
}
