//! Draws randomness; what it is used for is decided elsewhere.

use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// The source of every random byte.
pub trait Entropy: Send {
    /// Fills `out` with 32 bytes nobody can guess.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the system has none to give; `out` is then not to be used.
    fn fill(&mut self, out: &mut [u8; 32]) -> Result<(), EntropyError>;
}

/// The system gave no randomness. Nobody but the system can help: nothing secret may be made now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no entropy: {0}")]
pub struct EntropyError(String);

/// The operating system's random generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, out: &mut [u8; 32]) -> Result<(), EntropyError> {
        getrandom::fill(out).map_err(|error| EntropyError(error.to_string()))
    }
}

/// The same bytes for the same seed: SHA-256 over the seed and a counter.
///
/// For tests. Keys or nonces drawn from it outside a test are known to whoever knows the seed.
pub struct SeededEntropy {
    seed: [u8; 32],
    drawn: u64,
}

impl SeededEntropy {
    /// Starts the sequence of `seed` from its beginning.
    pub fn new(seed: [u8; 32]) -> Self {
        SeededEntropy { seed, drawn: 0 }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, out: &mut [u8; 32]) -> Result<(), EntropyError> {
        let hash = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_be_bytes()).finalize();
        out.copy_from_slice(&hash);
        self.drawn += 1;
        Ok(())
    }
}

impl Drop for SeededEntropy {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_never_draws_the_same_twice() {
        let drawn = draw(&mut SystemEntropy, 8);
        assert!(drawn.iter().enumerate().all(|(i, bytes)| !drawn[..i].contains(bytes)));
    }

    #[test]
    fn a_seed_gives_one_sequence_and_another_seed_another() {
        let first = draw(&mut SeededEntropy::new([1; 32]), 8);
        assert_eq!(first, draw(&mut SeededEntropy::new([1; 32]), 8));
        assert_ne!(first, draw(&mut SeededEntropy::new([2; 32]), 8));
        assert_ne!(first[0], first[1]);
    }

    #[test]
    fn the_seeded_sequence_stays_as_it_was() {
        let first = draw(&mut SeededEntropy::new([0; 32]), 1);
        assert_eq!(hex::encode(first[0]), "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb");
    }

    fn draw(entropy: &mut dyn Entropy, times: usize) -> Vec<[u8; 32]> {
        let draw_one = |_| {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes).expect("there is entropy");
            bytes
        };
        (0..times).map(draw_one).collect()
    }
}
