//! Numbers that a seed determines: quick, and no secret.

/// A row of numbers (splitmix64).
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Starts the row of `seed` and `key`: other keys, other rows, whatever has been drawn from them.
    pub(crate) fn new(seed: u64, key: &[u64]) -> Self {
        let mut dice = Self(seed);
        for part in key {
            dice.0 = dice.draw() ^ part;
        }
        dice
    }

    /// Draws the next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Draws a number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// Draws an index into a list of `len` things.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Draws a number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Draws yes, so many times out of a thousand.
    pub(crate) fn yes(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// Draws 32 bytes.
    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.draw().to_be_bytes()));
        bytes
    }
}
