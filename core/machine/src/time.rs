//! The two clocks a decision may need, and what names a run of the second. The driver reads them; the machine compares.

use crate::key::tagged_hash;
use crate::limits::MAX_CLOCK_FALL_MS;

/// Milliseconds since the Unix epoch. People, proposals and cards speak it; the user can move it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    minicbor::Encode,
    minicbor::Decode,
    serde::Serialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct WallTime(#[n(0)] pub u64);

/// Microseconds since the phone booted, sleep included. Nobody can move it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct BootTime(#[n(0)] pub u64);

/// Names one run of the phone's system, from one boot to the next: boot times are comparable within it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct BootId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 16]);

impl BootId {
    /// Makes the id of the boot that the system calls `name`: a UUID, a count of boots, whatever it has.
    pub fn of(name: &str) -> Self {
        let hash = tagged_hash("countersign/boot", &[name.as_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }
}

/// Both clocks, read together, for somebody who may read it after a reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
pub struct Moment {
    /// The wall clock, as far as it was believed.
    #[n(0)]
    pub wall: WallTime,
    /// The boot clock.
    #[n(1)]
    pub boot: BootTime,
    /// Which boot, if the system says so.
    #[n(2)]
    pub boot_id: Option<BootId>,
}

/// Whether the phone was booted between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    /// It was not: boot times are comparable.
    Same,
    /// It was.
    Other,
    /// It was, or somebody moved the wall clock; nobody can tell.
    Unsure,
}

impl Moment {
    /// Returns whether the phone was booted between this moment and a later one. Without a name of the boot the two clocks
    /// tell, if neither was moved.
    pub(crate) fn boot_until(&self, now: &Self) -> Boot {
        if now.boot < self.boot {
            return Boot::Other;
        }
        match (self.boot_id, now.boot_id) {
            (Some(then), Some(now)) if then == now => Boot::Same,
            (Some(_), Some(_)) => Boot::Other,
            (None, _) | (_, None) => {
                let apart = |moment: &Self| i128::from(moment.wall.0) - i128::from(moment.boot.0 / 1000);
                let drift = apart(now).abs_diff(apart(self));
                if drift <= u128::from(MAX_CLOCK_FALL_MS) { Boot::Same } else { Boot::Unsure }
            }
        }
    }
}

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: WallTime,
    /// The boot clock.
    pub boot: BootTime,
}

impl BootTime {
    /// Returns the moment `ms` milliseconds later.
    pub fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1000)))
    }

    /// Returns the moment `ms` milliseconds earlier, or the boot if that is later.
    pub fn before_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms.saturating_mul(1000)))
    }

    /// Returns the whole milliseconds from `now` to this moment: 0 once it has come.
    pub fn ms_from(self, now: Self) -> u64 {
        self.0.saturating_sub(now.0).div_ceil(1000)
    }
}

impl WallTime {
    /// Returns the milliseconds from `now` to this moment: 0 once it has come.
    pub fn ms_from(self, now: Self) -> u64 {
        self.0.saturating_sub(now.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_at_the_edge_of_their_type_saturate() {
        assert_eq!(BootTime(u64::MAX).after_ms(u64::MAX), BootTime(u64::MAX));
        assert_eq!(WallTime(3).ms_from(WallTime(u64::MAX)), 0);
        assert_eq!(BootTime(1).ms_from(BootTime(0)), 1);
        assert_eq!(BootTime(1).before_ms(u64::MAX), BootTime(0));
    }

    #[test]
    fn a_boot_is_known_by_its_name_and_by_a_clock_that_fell() {
        let at = |wall: u64, boot_ms: u64, name: Option<&str>| Moment {
            wall: WallTime(wall),
            boot: BootTime(boot_ms * 1000),
            boot_id: name.map(BootId::of),
        };
        let then = at(1_000_000, 5_000, Some("a"));

        assert_eq!(
            then.boot_until(&at(9_000_000, 5_001, Some("a"))),
            Boot::Same,
            "whatever the wall clock says"
        );
        assert_eq!(then.boot_until(&at(1_000_001, 5_001, Some("b"))), Boot::Other);
        assert_eq!(
            then.boot_until(&at(1_000_001, 4_999, Some("a"))),
            Boot::Other,
            "time does not run backwards"
        );
    }

    #[test]
    fn without_a_name_the_drift_of_the_two_clocks_tells_a_boot_from_none() {
        let at = |wall: u64, boot_ms: u64| Moment {
            wall: WallTime(wall),
            boot: BootTime(boot_ms * 1000),
            boot_id: None,
        };
        let then = at(1_000_000, 50_000);

        assert_eq!(then.boot_until(&at(1_100_000, 150_000)), Boot::Same);
        assert_eq!(then.boot_until(&at(1_160_000, 150_000)), Boot::Same, "a minute is a correction");
        assert_eq!(then.boot_until(&at(1_160_001, 150_000)), Boot::Unsure);
        assert_eq!(then.boot_until(&at(1_100_000, 49_999)), Boot::Other);
        let named = Moment { boot_id: Some(BootId::of("a")), ..then };
        assert_eq!(named.boot_until(&at(1_100_000, 150_000)), Boot::Same, "a name that is not told any more");
    }
}
