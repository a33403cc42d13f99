//! Reads the clocks; what a reading means is the machine's business.

use std::env::consts::OS;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_machine::time::{BootTime, Now, WallTime};
use rustix::time::{ClockId, clock_gettime};

/// Both clocks, read one right after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Milliseconds since the Unix epoch, as the user set them: may jump either way.
    pub wall_ms: u64,
    /// Microseconds since the device booted, sleep included: only ever grows, and starts over at a reboot.
    pub boot_us: u64,
}

impl From<Reading> for Now {
    fn from(reading: Reading) -> Self {
        Now { wall: WallTime(reading.wall_ms), boot: BootTime(reading.boot_us) }
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Reads both clocks.
    fn now(&self) -> Reading;
}

/// The clocks of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Reading {
        let wall = since_zero(ClockId::Realtime);
        let boot = since_zero(BootClock::of(OS).id());
        Reading { wall_ms: saturate(wall.as_millis()), boot_us: saturate(boot.as_micros()) }
    }
}

/// Clocks that stand still until they are set. For tests.
///
/// A clone is another handle to the same clocks.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Reading>>);

impl ManualClock {
    /// Makes clocks that show `reading`.
    pub fn new(reading: Reading) -> Self {
        ManualClock(Arc::new(Mutex::new(reading)))
    }

    /// Sets both clocks, forwards or back.
    pub fn set(&self, reading: Reading) {
        *self.reading() = reading;
    }

    /// Moves both clocks forwards by `ms` milliseconds.
    pub fn advance_ms(&self, ms: u64) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_add(ms);
        reading.boot_us = reading.boot_us.saturating_add(ms.saturating_mul(1_000));
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Reading {
        *self.reading()
    }
}

/// Returns what names the running boot, or `None` where the system does not say.
///
/// Linux does. Android and iOS hide it from apps: there the shell supplies its own.
pub fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// Which clock counts the time spent asleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BootClock {
    /// `CLOCK_BOOTTIME`. Linux's `CLOCK_MONOTONIC` stops in sleep.
    Boottime,
    /// `CLOCK_MONOTONIC`. Apple's runs in sleep, and there is no `CLOCK_BOOTTIME`.
    Monotonic,
}

impl BootClock {
    fn of(os: &str) -> Self {
        match os {
            "linux" | "android" => BootClock::Boottime,
            _ => BootClock::Monotonic,
        }
    }

    fn id(self) -> ClockId {
        match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            BootClock::Boottime => ClockId::Boottime,
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            BootClock::Boottime => ClockId::Monotonic,
            BootClock::Monotonic => ClockId::Monotonic,
        }
    }
}

/// A clock set before its zero reads as zero.
fn since_zero(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

fn saturate(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn linux_and_android_count_sleep_by_boottime_and_apple_by_monotonic() {
        assert_eq!(BootClock::of("linux"), BootClock::Boottime);
        assert_eq!(BootClock::of("android"), BootClock::Boottime);
        assert_eq!(BootClock::of("ios"), BootClock::Monotonic);
        assert_eq!(BootClock::of("macos"), BootClock::Monotonic);
    }

    #[test]
    fn either_boot_clock_can_be_read_and_moves_on() {
        for clock in [BootClock::Boottime, BootClock::Monotonic] {
            let before = since_zero(clock.id());
            sleep(Duration::from_millis(2));
            assert!(since_zero(clock.id()) >= before + Duration::from_millis(2));
        }
    }

    #[test]
    fn the_system_clock_is_in_milliseconds_of_the_epoch_and_microseconds_of_the_boot() {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        let before = SystemClock.now();
        sleep(Duration::from_millis(5));
        let after = SystemClock.now();

        assert!(u128::from(before.wall_ms).abs_diff(epoch.as_millis()) < 10_000);
        assert!((5_000..5_000_000).contains(&(after.boot_us - before.boot_us)));
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_and_for_all_its_handles() {
        let clock = ManualClock::new(Reading { wall_ms: 1_000, boot_us: 7 });
        let handle = clock.clone();

        clock.advance_ms(3);
        assert_eq!(handle.now(), Reading { wall_ms: 1_003, boot_us: 3_007 });

        handle.set(Reading { wall_ms: 0, boot_us: 1 });
        assert_eq!(clock.now(), Reading { wall_ms: 0, boot_us: 1 });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_names_its_boot_by_the_same_uuid_each_time() {
        let id = boot_id().expect("Linux has a boot id");
        assert_eq!(id.len(), 36);
        assert_eq!(boot_id(), Some(id));
    }
}
