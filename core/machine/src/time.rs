//! The two clocks a decision may need. The driver reads them; the machine compares.

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(pub u64);

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
    }
}
