//! What befalls a packet on its way: pure, in virtual time, determined by a seed.

use std::time::Duration;

use crate::world::dice::Dice;

/// How much later than its neighbours a packet comes that was held back.
pub const HELD_BACK: Duration = Duration::from_millis(30);
/// Most bytes that wait for a slow line; what comes then is dropped, as a full buffer does.
pub const BUFFER_BYTES: u64 = 16 * 1024;

/// How a line treats its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// How long each packet takes, in milliseconds.
    pub delay_ms: u64,
    /// Up to how much longer it takes, in milliseconds, each other. Order stays.
    pub jitter_ms: u64,
    /// How many of a thousand packets are lost.
    pub lost: u64,
    /// How many of a thousand come twice.
    pub doubled: u64,
    /// How many of a thousand come [`HELD_BACK`] later, after others that were sent after them.
    pub held_back: u64,
    /// How many bits pass in a second; `None` for any number.
    pub bits_per_second: Option<u64>,
}

impl Conditions {
    /// Returns a good line that takes `delay_ms`.
    pub fn delayed(delay_ms: u64) -> Self {
        Self { delay_ms, ..Self::default() }
    }
}

/// The way from one end of a link to the other. What befalls the n-th packet depends on the seed, on n, and on the
/// conditions that hold then: not on what befell others.
pub struct Line {
    conditions: Conditions,
    dice: Dice,
    /// When the last packet has left the buffer.
    free_at: Duration,
    /// When the last packet arrives that keeps its place.
    last: Duration,
}

impl Line {
    /// Makes the line from one end to another: each has its own fate.
    pub fn new(seed: u64, from: u64, to: u64, conditions: Conditions) -> Self {
        Self { conditions, dice: Dice::new(seed, &[from, to]), free_at: Duration::ZERO, last: Duration::ZERO }
    }

    /// Changes how it treats packets from now on. What is on its way stays there, and may be overtaken.
    pub fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
        (self.free_at, self.last) = (Duration::ZERO, Duration::ZERO);
    }

    /// Takes a packet of `length` bytes at `now`, and returns when it arrives: once, twice or never.
    pub fn take(&mut self, now: Duration, length: usize) -> Vec<Duration> {
        let Conditions { delay_ms, jitter_ms, lost, doubled, held_back, bits_per_second } = self.conditions;
        // As many throws for every packet: nobody's fate moves another's.
        let is_lost = self.dice.yes(lost);
        let is_doubled = self.dice.yes(doubled);
        let is_held_back = self.dice.yes(held_back);
        let jitter = Duration::from_millis(self.dice.between(0, jitter_ms));

        let starts = self.free_at.max(now);
        let mut passed = starts;
        if let Some(rate) = bits_per_second {
            let micros = |bytes: u64| Duration::from_micros(bytes * 8_000_000 / rate.max(1));
            if starts - now > micros(BUFFER_BYTES) {
                return Vec::new();
            }
            passed += micros(length as u64);
            self.free_at = passed;
        }
        if is_lost {
            return Vec::new();
        }
        let arrives = (passed + Duration::from_millis(delay_ms) + jitter).max(self.last);
        let arrives = if is_held_back {
            arrives + HELD_BACK
        } else {
            self.last = arrives;
            arrives
        };
        vec![arrives; if is_doubled { 2 } else { 1 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Conditions =
        Conditions { delay_ms: 0, jitter_ms: 0, lost: 0, doubled: 0, held_back: 0, bits_per_second: None };

    #[test]
    fn a_good_line_delivers_at_once_and_a_delayed_one_later() {
        assert_eq!(line(GOOD).take(ms(7), 100), [ms(7)]);
        assert_eq!(line(Conditions::delayed(200)).take(ms(7), 100), [ms(207)]);
    }

    #[test]
    fn jitter_stays_within_its_bound_differs_and_keeps_the_order() {
        let arrivals = fates(Conditions { delay_ms: 50, jitter_ms: 20, ..GOOD }, 1000);

        let mut delays: Vec<Duration> = Vec::new();
        for (at, arrivals) in arrivals.iter().enumerate() {
            assert_eq!(arrivals.len(), 1);
            delays.push(arrivals[0] - ms(at as u64));
        }
        assert!(delays.iter().all(|delay| (ms(50)..=ms(70)).contains(delay)));
        assert!(delays.contains(&ms(70)) && delays.iter().any(|delay| *delay < ms(60)));
        assert!(arrivals.is_sorted());
    }

    #[test]
    fn as_many_packets_are_lost_doubled_and_held_back_as_was_set() {
        let bad = Conditions { delay_ms: 10, lost: 50, doubled: 200, held_back: 100, ..GOOD };
        let arrivals = fates(bad, 10_000);

        let count = |wanted: usize| arrivals.iter().filter(|arrivals| arrivals.len() == wanted).count();
        assert!((400..600).contains(&count(0)), "{}", count(0));
        assert!((1_750..2_050).contains(&count(2)), "{}", count(2));
        let late = |(at, arrivals): &(usize, &Vec<Duration>)| {
            arrivals.first().is_some_and(|arrives| *arrives == ms(*at as u64 + 10) + HELD_BACK)
        };
        let held_back = arrivals.iter().enumerate().filter(late).count();
        assert!((850..1_050).contains(&held_back), "{held_back}");
        assert!(!arrivals.iter().flatten().is_sorted(), "others overtake them");
    }

    #[test]
    fn a_slow_line_passes_so_many_bits_a_second_and_drops_what_its_buffer_cannot_hold() {
        let mut slow = line(Conditions { bits_per_second: Some(8_000), ..GOOD });
        assert_eq!(slow.take(ms(0), 500), [ms(500)]);
        assert_eq!(slow.take(ms(0), 500), [ms(1_000)]);
        assert_eq!(slow.take(ms(5_000), 500), [ms(5_500)], "nothing is saved up");

        let carried: usize = (0..1_000).map(|_| slow.take(ms(5_500), 1_000).len()).sum();
        assert_eq!(carried, 17, "the buffer, and the packet that is on its way");
        assert_eq!(slow.take(ms(60_000), 1_000), [ms(61_000)], "it drains");
        slow.set(GOOD);
        assert_eq!(slow.take(ms(60_001), 1_000), [ms(60_001)], "nothing waits for what waited before");
    }

    #[test]
    fn one_seed_gives_one_fate_and_another_line_or_seed_another() {
        let bad = Conditions { jitter_ms: 40, lost: 100, doubled: 100, held_back: 100, ..GOOD };
        let run = |mut line: Line| -> Vec<_> { (0..200).map(|at| line.take(ms(at), 100)).collect() };

        let first = run(Line::new(5, 0, 1, bad));
        assert_eq!(run(Line::new(5, 0, 1, bad)), first);
        assert_ne!(run(Line::new(5, 1, 0, bad)), first);
        assert_ne!(run(Line::new(6, 0, 1, bad)), first);
    }

    #[test]
    fn conditions_that_change_leave_later_packets_their_fate() {
        let bad = Conditions { lost: 300, ..GOOD };
        let mut changed = line(GOOD);
        (0..50).for_each(|at| assert_eq!(changed.take(ms(at), 100).len(), 1));
        changed.set(bad);
        let rest: Vec<_> = (50..200).map(|at| changed.take(ms(at), 100)).collect();

        assert_eq!(rest, fates(bad, 200)[50..]);
    }

    fn fates(conditions: Conditions, count: u64) -> Vec<Vec<Duration>> {
        let mut line = line(conditions);
        (0..count).map(|at| line.take(ms(at), 100)).collect()
    }

    fn line(conditions: Conditions) -> Line {
        Line::new(1, 0, 1, conditions)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }
}
