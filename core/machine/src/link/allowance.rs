//! What somebody may do in a time.

use crate::time::{BootTime, Now};

/// What somebody may still do, and since when that has been counted.
pub(crate) struct Allowance {
    left: u64,
    counted: BootTime,
}

impl Allowance {
    /// Starts full.
    pub(crate) fn new(burst: u64, now: Now) -> Self {
        Self { left: burst, counted: now.boot }
    }

    /// Takes one, of at most `burst` that come back at `count` in `per_us` microseconds; returns whether there was one.
    pub(crate) fn take(&mut self, burst: u64, count: u64, per_us: u64, now: Now) -> bool {
        let elapsed_us = now.boot.0.saturating_sub(self.counted.0);
        let earned = elapsed_us.saturating_mul(count) / per_us;
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(burst);
            self.counted = BootTime(self.counted.0.saturating_add(earned.saturating_mul(per_us) / count));
        }
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}
