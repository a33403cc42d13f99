//! Key aggregation: many participant keys become one key, which tweaks then change (BIP-327).

use std::sync::Arc;

use musig2::KeyAggContext;
use secp::{MaybeScalar, Point};

use crate::key::{KeyFault, ParticipantKey, XOnlyKey};

/// Why keys do not aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyAggFault {
    /// There is no key.
    #[error("no keys")]
    Empty,
    /// This signer's key is none: blame them.
    #[error("signer {signer}: {fault}")]
    Key {
        /// Index in the list of keys, from 0.
        signer: usize,
        /// What is wrong with the key.
        fault: KeyFault,
    },
    /// The keys add up to infinity, which nobody can bring about but by breaking the hash.
    #[error("the aggregate key is infinite")]
    Infinite,
}

/// Why a tweak cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TweakFault {
    /// The tweak is not below the order of the curve.
    #[error("tweak out of range")]
    OutOfRange,
    /// The tweaked key would be infinite.
    #[error("the tweaked key is infinite")]
    Infinite,
    /// The path has a hardened step, which needs a secret that nobody has (BIP-328).
    #[error("hardened step {step}")]
    Hardened {
        /// Index in the path, from 0.
        step: usize,
    },
    /// The path is longer than [`crate::limits::MAX_PATH`].
    #[error("a path of {steps} steps")]
    TooDeep {
        /// Steps that were given.
        steps: usize,
    },
}

/// One change of an aggregate key: a number below the order of the curve, zero included, 32 bytes big-endian.
///
/// Only from a derivation path and a Taproot output, never as raw bytes from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tweak {
    /// Added to the key as it is: a step of BIP-32.
    Plain([u8; 32]),
    /// Added to the key with its Y coordinate made even: BIP-341.
    XOnly([u8; 32]),
}

/// An aggregate key with all that signing under it needs (BIP-327, KeyAgg Context). Cheap to clone.
#[derive(Clone)]
pub struct KeyAgg {
    keys: Arc<[ParticipantKey]>,
    context: Arc<KeyAggContext>,
}

impl KeyAgg {
    /// Aggregates `keys` in the order given (BIP-327, KeyAgg). A key may occur twice.
    ///
    /// # Errors
    ///
    /// [`KeyAggFault::Empty`] or [`KeyAggFault::Infinite`].
    pub fn new(keys: &[ParticipantKey]) -> Result<Self, KeyAggFault> {
        if keys.is_empty() {
            return Err(KeyAggFault::Empty);
        }
        let context = KeyAggContext::new(keys.iter().map(ParticipantKey::point));
        Ok(Self { keys: keys.into(), context: Arc::new(context.map_err(|_| KeyAggFault::Infinite)?) })
    }

    /// Reads keys of 33 bytes each that nobody has checked yet.
    ///
    /// # Errors
    ///
    /// [`KeyAggFault::Key`] names the first signer whose key is none.
    pub fn parse(keys: &[impl AsRef<[u8]>]) -> Result<Vec<ParticipantKey>, KeyAggFault> {
        let parse = |(signer, key): (usize, &_)| {
            ParticipantKey::parse(AsRef::as_ref(key)).map_err(|fault| KeyAggFault::Key { signer, fault })
        };
        keys.iter().enumerate().map(parse).collect()
    }

    /// Applies `tweaks` one after the other (BIP-327, ApplyTweak). Costs one point multiplication each.
    ///
    /// # Errors
    ///
    /// [`TweakFault::OutOfRange`] or [`TweakFault::Infinite`].
    pub fn tweaked(&self, tweaks: &[Tweak]) -> Result<Self, TweakFault> {
        tweaks.iter().try_fold(self.clone(), |key, tweak| key.apply(*tweak))
    }

    /// Applies one tweak. Copies the keys only when somebody else holds them, too.
    pub(super) fn apply(self, tweak: Tweak) -> Result<Self, TweakFault> {
        let (bytes, x_only) = match tweak {
            Tweak::Plain(bytes) => (bytes, false),
            Tweak::XOnly(bytes) => (bytes, true),
        };
        let scalar = MaybeScalar::from_slice(&bytes).map_err(|_| TweakFault::OutOfRange)?;
        let context = Arc::unwrap_or_clone(self.context).with_tweak(scalar, x_only);
        Ok(Self { keys: self.keys, context: Arc::new(context.map_err(|_| TweakFault::Infinite)?) })
    }

    /// Returns the keys in the order they were aggregated.
    pub fn keys(&self) -> &[ParticipantKey] {
        &self.keys
    }

    /// Returns the aggregate key with all tweaks applied (BIP-327, GetPlainPubkey).
    pub fn aggregate(&self) -> ParticipantKey {
        self.context.aggregated_pubkey::<Point>().into()
    }

    /// Returns the X coordinate of [`KeyAgg::aggregate`] (BIP-327, GetXonlyPubkey).
    pub fn x_only(&self) -> XOnlyKey {
        self.aggregate().x_only()
    }

    /// Returns `key` as a point when it is one of the aggregated keys.
    pub(crate) fn signer(&self, key: &ParticipantKey) -> Option<Point> {
        let index = self.keys.iter().position(|ours| ours == key)?;
        self.context.get_pubkey(index)
    }

    /// Returns what the library signs with.
    pub(crate) fn context(&self) -> &KeyAggContext {
        &self.context
    }
}

impl std::fmt::Debug for KeyAgg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyAgg({:?} of {} keys)", self.aggregate(), self.keys.len())
    }
}

/// Sorts keys by their bytes, so that everyone aggregates them in the same order (BIP-327, KeySort).
pub fn key_sort(keys: &mut [ParticipantKey]) {
    keys.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn no_keys_aggregate_to_no_key() {
        assert_eq!(KeyAgg::new(&[]).err(), Some(KeyAggFault::Empty));
    }

    #[test]
    fn a_key_of_another_length_blames_its_signer() {
        let keys = [keys()[0].as_bytes().to_vec(), vec![2; 32]];

        let fault = KeyFault::Length { expected: 33, got: 32 };
        assert_eq!(KeyAgg::parse(&keys), Err(KeyAggFault::Key { signer: 1, fault }));
    }

    #[test]
    fn sorted_keys_aggregate_to_one_key_whatever_order_they_came_in() {
        let mut keys = keys();
        key_sort(&mut keys);
        let aggregate = KeyAgg::new(&keys).expect("a key").aggregate();

        keys.reverse();
        assert_ne!(KeyAgg::new(&keys).expect("a key").aggregate(), aggregate);
        key_sort(&mut keys);
        assert_eq!(KeyAgg::new(&keys).expect("a key").aggregate(), aggregate);
    }

    #[test]
    fn a_tweak_of_zero_is_one_that_changes_nothing_but_the_sign() {
        let agg = KeyAgg::new(&keys()).expect("a key");

        assert_eq!(agg.tweaked(&[Tweak::Plain([0; 32])]).expect("a key").aggregate(), agg.aggregate());
        assert_eq!(agg.tweaked(&[Tweak::XOnly([0; 32])]).expect("a key").x_only(), agg.x_only());
    }

    #[test]
    fn tweaking_leaves_the_key_it_starts_from_as_it_was() {
        let agg = KeyAgg::new(&keys()).expect("a key");
        let before = agg.aggregate();

        let tweaked = agg.tweaked(&[Tweak::Plain([1; 32]), Tweak::XOnly([2; 32])]).expect("a key");

        assert_eq!(agg.aggregate(), before);
        assert_ne!(tweaked.aggregate(), before);
        assert_eq!(tweaked.keys(), agg.keys());
    }

    fn keys() -> [ParticipantKey; 3] {
        [1, 2, 3].map(|byte| SigningKey::from_bytes(&[byte; 32]).expect("in range").participant())
    }
}
