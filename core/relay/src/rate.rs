//! How often something may happen.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Lets each key do something so many times a minute, and all of these at once if it has been quiet for a minute.
pub(crate) struct Rate<K> {
    /// From one to the next.
    pace: Duration,
    /// When each key will have been quiet for long enough to do all at once. Who is not here has been.
    rested_at: HashMap<K, Instant>,
    /// How many keys make it worth forgetting those that have rested.
    sweep_at: usize,
}

impl<K: Eq + Hash> Rate<K> {
    pub(crate) fn per_minute(times: u32) -> Self {
        Self { pace: MINUTE / times, rested_at: HashMap::new(), sweep_at: 64 }
    }

    /// Returns whether `key` may do it now, and counts it if so.
    pub(crate) fn take(&mut self, key: K, now: Instant) -> bool {
        if self.rested_at.len() >= self.sweep_at {
            self.rested_at.retain(|_, rested| *rested > now);
            self.sweep_at = 64.max(2 * self.rested_at.len());
        }
        let rested = self.rested_at.entry(key).or_insert(now);
        let next = (*rested).max(now) + self.pace;
        let may = next <= now + MINUTE;
        if may {
            *rested = next;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_at_once_then_one_at_a_time() {
        let (mut rate, start) = (Rate::per_minute(6), Instant::now());
        let took = (0..10).filter(|_| rate.take("ada", start)).count();
        assert_eq!(took, 6);
        assert!(rate.take("bob", start), "another's rate is another's");
        let later = start + Duration::from_secs(10);
        assert!(rate.take("ada", later) && !rate.take("ada", later));
        let took = (0..10).filter(|_| rate.take("ada", start + 3 * MINUTE)).count();
        assert_eq!(took, 6, "rest is not saved up beyond a minute");
    }

    #[test]
    fn who_has_rested_is_forgotten() {
        let (mut rate, start) = (Rate::per_minute(60), Instant::now());
        for key in 0..10_000u64 {
            assert!(rate.take(key, start + Duration::from_millis(100 * key)));
        }
        assert!(rate.rested_at.len() <= 128, "{} keys", rate.rested_at.len());
    }
}
