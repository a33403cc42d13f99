//! Nonces. The only home of secret ones.

use musig2::{AggNonce, BinaryEncoding, PubNonce, SecNonce};
use secp::{MaybeScalar, Point, Scalar};
use zeroize::Zeroizing;

use super::board::OthersSum;
use super::partial::PartialSignature;
#[cfg(test)]
use crate::key::ParticipantKey;
use crate::key::{Seed, SigningKey, XOnlyKey, tagged_hash, wiped_after};
use crate::wallet::key_agg::KeyAgg;

/// Why bytes are no nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NonceFault {
    /// The bytes are not 66.
    #[error("expected 66 bytes, got {got}")]
    Length {
        /// Bytes that were given.
        got: usize,
    },
    /// A half encodes no point of the curve.
    #[error("not a point of the curve")]
    NotAPoint,
}

/// A signer's public nonce is none: blame them (BIP-327, NonceAgg).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nonce of signer {signer}: {fault}")]
pub struct NonceAggFault {
    /// Index in the list of nonces, from 0.
    pub signer: usize,
    /// What is wrong with the nonce.
    pub fault: NonceFault,
}

/// Why a secret nonce did not sign. It is gone all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// The signing key is none of the aggregated ones.
    #[error("the signing key is not in the aggregate")]
    UnknownSigner,
    /// The nonce was made for another signing key.
    #[error("the nonce belongs to another key")]
    WrongKey,
    /// A secret scalar is zero: a wiped nonce, so this would have been its second use.
    #[error("the nonce was used before")]
    ZeroNonce,
    /// A half of the others' aggregate nonce is infinite. Which of them cheats cannot be told from it.
    #[error("the others' aggregate nonce is infinite")]
    InfiniteOthers,
    /// Our own partial signature does not verify: a bug or a broken processor.
    #[error("our partial signature does not verify")]
    SelfCheck,
}

/// Two secret scalars and the key they may sign with: good for one signature (BIP-327, secnonce).
///
/// Signing consumes it. The scalars lie on the heap, so that moving the nonce leaves no copy behind, and are
/// wiped on drop. It survives no restart: nothing can write it down.
pub struct SecretNonce {
    scalars: Box<Zeroizing<[u8; 64]>>,
    signer: Point,
    public: PublicNonce,
}

impl SecretNonce {
    /// Makes a nonce from a fresh `seed` (BIP-327, NonceGen).
    ///
    /// All else is mixed in as a last resort against a bad seed: `aggregate` is the tweaked key, `extra_in`
    /// says what this nonce is for and is shorter than 4 GiB. Costs three point multiplications.
    pub fn generate(
        seed: Seed,
        key: &SigningKey,
        aggregate: &XOnlyKey,
        message: &[u8],
        extra_in: &[u8],
    ) -> Self {
        let aggregate = aggregate.point();
        wiped_after(|| {
            let secret = SecNonce::generate(*seed.expose(), key.scalar(), aggregate, message, extra_in);
            Self::keep(&secret, key.point())
        })
    }

    /// Derives the nonce of the signer who comes last and holds the sum of all `others`' nonces (BIP-327,
    /// DeterministicSign, up to the nonce). Without fresh randomness this is safe for that signer alone, whom
    /// `others` proves to be one.
    ///
    /// # Errors
    ///
    /// [`SignFault::InfiniteOthers`], [`SignFault::UnknownSigner`], and [`SignFault::ZeroNonce`] with
    /// probability 2⁻²⁵⁵.
    pub(crate) fn derive_for_last_signer(
        key: &SigningKey,
        others: &OthersSum,
        agg: &KeyAgg,
        message: &[u8],
        rand: Option<Seed>,
    ) -> Result<Self, SignFault> {
        let others = others.aggregate();
        if others.0.R1.is_infinity() || others.0.R2.is_infinity() {
            return Err(SignFault::InfiniteOthers);
        }
        agg.signer(&key.participant()).ok_or(SignFault::UnknownSigner)?;
        wiped_after(|| {
            let mut secret = Zeroizing::new(key.scalar().serialize());
            if let Some(rand) = rand {
                let mask = Zeroizing::new(tagged_hash("MuSig/aux", &[rand.expose()]));
                secret.iter_mut().zip(mask.iter()).for_each(|(byte, mask)| *byte ^= mask);
            }
            let (others, aggregate) = (others.to_bytes(), agg.x_only());
            let length = (message.len() as u64).to_be_bytes();
            let scalar = |half: u8| {
                let parts: [&[u8]; 6] =
                    [&secret[..], &others, aggregate.as_bytes(), &length, message, &[half]];
                let hash = Zeroizing::new(tagged_hash("MuSig/deterministic/nonce", &parts));
                MaybeScalar::reduce_from(&hash).not_zero().map_err(|_| SignFault::ZeroNonce)
            };
            Ok(Self::keep(&SecNonce::new(scalar(0)?, scalar(1)?, key.point()), key.point()))
        })
    }

    /// Returns the public nonce, which was computed once, when this one was made.
    pub fn public(&self) -> &PublicNonce {
        &self.public
    }

    /// Signs `message` under the tweaked key `agg` and wipes the nonce, also when it fails (BIP-327, Sign).
    /// The result is verified already.
    ///
    /// # Errors
    ///
    /// [`SignFault::UnknownSigner`], [`SignFault::WrongKey`], [`SignFault::ZeroNonce`] or
    /// [`SignFault::SelfCheck`].
    pub fn sign(
        self,
        key: &SigningKey,
        agg: &KeyAgg,
        aggregate_nonce: &AggregateNonce,
        message: &[u8],
    ) -> Result<PartialSignature, SignFault> {
        wiped_after(|| {
            let scalar = |half| Scalar::from_slice(half).map_err(|_| SignFault::ZeroNonce);
            let secret =
                SecNonce::new(scalar(&self.scalars[..32])?, scalar(&self.scalars[32..])?, self.signer);
            musig2::sign_partial(agg.context(), key.scalar(), secret, &aggregate_nonce.0, message)
                .map(PartialSignature::from_scalar)
                .map_err(SignFault::from)
        })
    }

    /// Moves the scalars to the heap; call it inside [`wiped_after`].
    fn keep(secret: &SecNonce, signer: Point) -> Self {
        let bytes = Zeroizing::new(secret.to_bytes());
        let mut scalars: Box<Zeroizing<[u8; 64]>> = Box::new(Zeroizing::new([0; 64]));
        scalars.copy_from_slice(&bytes[..64]);
        Self { scalars, signer, public: PublicNonce(secret.public_nonce()) }
    }
}

impl std::fmt::Debug for SecretNonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretNonce(..)")
    }
}

impl From<musig2::errors::SigningError> for SignFault {
    fn from(error: musig2::errors::SigningError) -> Self {
        use musig2::errors::SigningError;
        match error {
            SigningError::UnknownKey => Self::UnknownSigner,
            SigningError::SecNoncePubkeyMismatch => Self::WrongKey,
            SigningError::SelfVerifyFail => Self::SelfCheck,
        }
    }
}

/// A signer's public nonce: two points, 66 bytes (BIP-327, pubnonce).
#[derive(Clone, PartialEq, Eq)]
pub struct PublicNonce(PubNonce);

impl PublicNonce {
    /// Takes 66 bytes: two compressed points, neither infinite. Costs two square roots.
    ///
    /// # Errors
    ///
    /// [`NonceFault::Length`] or [`NonceFault::NotAPoint`]: blame whoever signed this nonce.
    pub fn parse(bytes: &[u8]) -> Result<Self, NonceFault> {
        sized(bytes)?;
        PubNonce::from_bytes(bytes).map(Self).map_err(|_| NonceFault::NotAPoint)
    }

    /// Returns the 66 bytes.
    pub fn to_bytes(&self) -> [u8; 66] {
        self.0.to_bytes()
    }

    /// Returns what the library verifies with.
    pub(crate) fn inner(&self) -> &PubNonce {
        &self.0
    }
}

impl std::fmt::Debug for PublicNonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PublicNonce(")?;
        crate::hex::write(f, &self.to_bytes()[..4])?;
        f.write_str("..)")
    }
}

/// The sum of public nonces: two points, either of which may be infinite, 66 bytes (BIP-327, aggnonce).
#[derive(Clone, PartialEq, Eq)]
pub struct AggregateNonce(AggNonce);

impl AggregateNonce {
    /// Takes 66 bytes: two compressed points, or 33 zero bytes for an infinite one (BIP-327, cpoint_ext).
    ///
    /// # Errors
    ///
    /// [`NonceFault::Length`] or [`NonceFault::NotAPoint`]: blame whoever aggregated.
    pub fn parse(bytes: &[u8]) -> Result<Self, NonceFault> {
        sized(bytes)?;
        AggNonce::from_bytes(bytes).map(Self).map_err(|_| NonceFault::NotAPoint)
    }

    /// Adds up every signer's public nonce (BIP-327, NonceAgg).
    pub fn sum<'a>(nonces: impl IntoIterator<Item = &'a PublicNonce>) -> Self {
        Self(AggNonce::sum(nonces.into_iter().map(PublicNonce::inner)))
    }

    /// Adds up public nonces of 66 bytes each that nobody has checked yet (BIP-327, NonceAgg).
    ///
    /// # Errors
    ///
    /// Names the first signer whose nonce is none.
    pub fn sum_bytes(nonces: &[impl AsRef<[u8]>]) -> Result<Self, NonceAggFault> {
        let parse = |(signer, nonce): (usize, &_)| {
            PublicNonce::parse(AsRef::as_ref(nonce)).map_err(|fault| NonceAggFault { signer, fault })
        };
        let nonces = nonces.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::sum(&nonces))
    }

    /// Returns the 66 bytes.
    pub fn to_bytes(&self) -> [u8; 66] {
        self.0.to_bytes()
    }

    /// Returns what the library signs with.
    pub(crate) fn inner(&self) -> &AggNonce {
        &self.0
    }
}

impl std::fmt::Debug for AggregateNonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AggregateNonce(")?;
        crate::hex::write(f, &self.to_bytes()[..4])?;
        f.write_str("..)")
    }
}

fn sized(bytes: &[u8]) -> Result<(), NonceFault> {
    if bytes.len() == 66 { Ok(()) } else { Err(NonceFault::Length { got: bytes.len() }) }
}

#[cfg(test)]
impl SecretNonce {
    /// Reads BIP-327's 97 bytes, of a wiped nonce, too.
    pub(crate) fn from_bytes(bytes: &[u8; 97]) -> Self {
        let public = |half| Scalar::from_slice(half).map_or(Point::generator(), |k| k.base_point_mul());
        let public = PublicNonce(PubNonce::new(public(&bytes[..32]), public(&bytes[32..64])));
        let mut scalars = Box::new(Zeroizing::new([0; 64]));
        scalars.copy_from_slice(&bytes[..64]);
        Self { scalars, signer: Point::from_slice(&bytes[64..]).expect("a point"), public }
    }

    /// Makes a nonce with no optional argument.
    pub(crate) fn generate_bare(seed: Seed, key: &ParticipantKey) -> Self {
        Self::keep(&SecNonce::build_with_pubkey(*seed.expose(), key.point()).build(), key.point())
    }

    /// Returns BIP-327's 97 bytes.
    pub(crate) fn to_bytes(&self) -> [u8; 97] {
        let mut bytes = [0; 97];
        bytes[..64].copy_from_slice(&self.scalars[..]);
        bytes[64..].copy_from_slice(&self.signer.serialize());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::assert_not_impl;

    #[test]
    fn a_secret_nonce_is_neither_copied_compared_written_nor_shown() {
        assert_not_impl!(SecretNonce: Clone);
        assert_not_impl!(SecretNonce: PartialEq);
        assert_not_impl!(SecretNonce: serde::Serialize);
        assert_not_impl!(SecretNonce: minicbor::Encode<()>);
        assert_not_impl!(SecretNonce: std::fmt::Display);
        assert_eq!(format!("{:?}", nonce(1, &key(1), b"extra")), "SecretNonce(..)");
    }

    #[test]
    fn every_argument_of_generation_changes_the_nonce() {
        let (key, other) = (key(1), key(2));
        let base = nonce(1, &key, b"extra").to_bytes();

        assert_ne!(nonce(2, &key, b"extra").to_bytes()[..64], base[..64]);
        assert_ne!(nonce(1, &other, b"extra").to_bytes()[..64], base[..64]);
        assert_ne!(nonce(1, &key, b"other").to_bytes()[..64], base[..64]);
        let aggregate = other.participant().x_only();
        let nonce = |aggregate: &XOnlyKey, message: &[u8]| {
            SecretNonce::generate(Seed::new([1; 32]), &key, aggregate, message, b"extra").to_bytes()
        };
        assert_ne!(nonce(&aggregate, b"message")[..64], base[..64]);
        assert_ne!(nonce(&key.participant().x_only(), b"massage")[..64], base[..64]);
    }

    #[test]
    fn the_last_signers_nonce_depends_on_everything_it_is_made_for() {
        let (key, other) = (key(1), key(2));
        let keys = [key.participant(), other.participant()];
        let agg = KeyAgg::new(&keys).expect("a key");
        let swapped = KeyAgg::new(&[keys[1], keys[0]]).expect("a key");
        let others = [1, 2].map(|seed| AggregateNonce::sum([nonce(seed, &other, b"").public()]));
        let others = others.map(OthersSum::given);
        let derive = |others, agg, message: &[u8], rand: Option<u8>| {
            let rand = rand.map(|byte| Seed::new([byte; 32]));
            let nonce = SecretNonce::derive_for_last_signer(&key, others, agg, message, rand);
            nonce.expect("a nonce").to_bytes()
        };

        let mut all = vec![
            derive(&others[0], &agg, b"message", None),
            derive(&others[1], &agg, b"message", None),
            derive(&others[0], &swapped, b"message", None),
            derive(&others[0], &agg, b"massage", None),
            derive(&others[0], &agg, b"message", Some(0)),
        ];

        assert_eq!(derive(&others[0], &agg, b"message", None), all[0]);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn a_nonce_does_not_sign_with_another_key() {
        let keys = [key(1), key(2)];
        let agg = KeyAgg::new(&[keys[0].participant(), keys[1].participant()]).expect("a key");
        let secret = nonce(1, &keys[0], b"");
        let sum = AggregateNonce::sum([secret.public(), nonce(2, &keys[1], b"").public()]);

        assert_eq!(secret.sign(&keys[1], &agg, &sum, b"message"), Err(SignFault::WrongKey));
    }

    #[test]
    fn a_nonce_of_another_length_is_named_as_such() {
        assert_eq!(PublicNonce::parse(&[2; 65]), Err(NonceFault::Length { got: 65 }));
        assert_eq!(AggregateNonce::parse(&[0; 67]), Err(NonceFault::Length { got: 67 }));
    }

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32]).expect("in range")
    }

    fn nonce(seed: u8, key: &SigningKey, extra: &[u8]) -> SecretNonce {
        let aggregate = SigningKey::from_bytes(&[1; 32]).expect("in range").participant().x_only();
        SecretNonce::generate(Seed::new([seed; 32]), key, &aggregate, b"message", extra)
    }
}
