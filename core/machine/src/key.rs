//! Keys, signatures and fresh randomness, each its own type and checked where it comes in.

use std::sync::LazyLock;

use secp::{Point, Scalar};
use secp256k1::{All, Keypair, PublicKey, Secp256k1, SecretKey, XOnlyPublicKey, schnorr};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::hex::HexFault;

/// Why bytes are not the key or signature they were given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The bytes have another length.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Bytes that the type has.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// The bytes encode no point of the curve, or not in the compressed form.
    #[error("not a point of the curve")]
    NotAPoint,
    /// The secret key is zero or not below the order of the curve.
    #[error("secret key out of range")]
    SecretOutOfRange,
    /// The text is not the hex of such bytes.
    #[error(transparent)]
    Hex(#[from] HexFault),
}

/// Gives a type with `parse` and `as_bytes` its faces: hex for people and JSON, a byte string in CBOR.
/// Every way in goes through `parse`.
macro_rules! checked_bytes {
    ($name:ident, $length:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::hex::write(f, &self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                crate::hex::write(f, &self.0[..4])?;
                f.write_str("..)")
            }
        }

        impl std::str::FromStr for $name {
            type Err = KeyFault;

            fn from_str(text: &str) -> Result<Self, KeyFault> {
                Self::parse(&crate::hex::parse::<$length>(text)?)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                decoder: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                let at = decoder.position();
                Self::parse(decoder.bytes()?).map_err(|fault| minicbor::decode::Error::message(fault).at(at))
            }
        }
    };
}

/// A participant's plain public key: 33 bytes, compressed, a point of the curve (BIP-327, Public Key Order).
///
/// Sorts as BIP-327's KeySort does: by its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantKey([u8; 33]);

checked_bytes!(ParticipantKey, 33);

impl ParticipantKey {
    /// Takes 33 bytes: 2 or 3, then an X coordinate.
    ///
    /// # Errors
    ///
    /// [`KeyFault::Length`], or [`KeyFault::NotAPoint`] when no point has these bytes (BIP-327, cpoint).
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFault> {
        let bytes = exactly(bytes)?;
        match PublicKey::from_byte_array_compressed(bytes) {
            Ok(_) => Ok(Self(bytes)),
            Err(_) => Err(KeyFault::NotAPoint),
        }
    }

    /// Returns the 33 bytes.
    pub fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// Returns the X coordinate alone, as BIP-340 verifies with it.
    pub fn x_only(&self) -> XOnlyKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&self.0[1..]);
        XOnlyKey(bytes)
    }

    /// Decompresses the point: a square root, so a few microseconds.
    pub(crate) fn point(&self) -> Point {
        Point::from_slice(&self.0).expect("a participant key was a point when it was made")
    }
}

impl From<Point> for ParticipantKey {
    fn from(point: Point) -> Self {
        Self(point.serialize())
    }
}

/// A public key without its sign: 32 bytes, an X coordinate of the curve (BIP-340, Public Key Conversion).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct XOnlyKey([u8; 32]);

checked_bytes!(XOnlyKey, 32);

impl XOnlyKey {
    /// Takes 32 bytes that are the X coordinate of a point.
    ///
    /// # Errors
    ///
    /// [`KeyFault::Length`], or [`KeyFault::NotAPoint`] when no point has this coordinate (BIP-340, lift_x).
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFault> {
        let bytes = exactly(bytes)?;
        match XOnlyPublicKey::from_byte_array(bytes) {
            Ok(_) => Ok(Self(bytes)),
            Err(_) => Err(KeyFault::NotAPoint),
        }
    }

    /// Returns the 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the point with this X coordinate whose Y coordinate is even (BIP-340, lift_x).
    pub(crate) fn point(&self) -> Point {
        Point::lift_x(self.0).expect("an x-only key was a coordinate of a point when it was made")
    }
}

/// A Schnorr signature: 64 bytes, the nonce's X coordinate and a scalar (BIP-340).
///
/// Any 64 bytes are one: [`Signature::verify`] decides what they are worth.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 64]);

checked_bytes!(Signature, 64);

impl Signature {
    /// Takes the 64 bytes as they are.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Takes 64 bytes as they are.
    ///
    /// # Errors
    ///
    /// [`KeyFault::Length`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFault> {
        exactly(bytes).map(Self)
    }

    /// Returns the 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Says whether `key` signed `message`, which may have any length (BIP-340, Verification).
    pub fn verify(&self, key: &XOnlyKey, message: &[u8]) -> bool {
        let key = XOnlyPublicKey::from_byte_array(key.0).expect("an x-only key was a point when it was made");
        CURVE.verify_schnorr(&schnorr::Signature::from_byte_array(self.0), message, &key).is_ok()
    }
}

/// 32 fresh, uniformly random bytes from the driver, for one use: spent by move, wiped on drop.
///
/// They lie on the heap, so that moving a seed leaves no copy behind.
pub struct Seed(Box<Zeroizing<[u8; 32]>>);

impl Seed {
    /// Takes 32 bytes that the system's generator made for this and nothing else.
    pub fn new(mut bytes: [u8; 32]) -> Self {
        let mut seed = Self(Box::default());
        seed.0.copy_from_slice(&bytes);
        bytes.zeroize();
        seed
    }

    /// Derives the seed of the item at `index`, so that one draw serves a whole payload. Children of one
    /// seed are as good as independent draws; take each index once.
    pub(crate) fn child(&self, index: u32) -> Self {
        wiped_after(|| Self::new(tagged_hash("countersign/seed", &[self.expose(), &index.to_be_bytes()])))
    }

    /// Returns the bytes, for what consumes them next.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A participant's secret key: a number from 1 to below the order of the curve. Wiped on drop.
///
/// It lies on the heap, so that moving the key leaves no copy behind.
pub struct SigningKey {
    secret: Box<Zeroizing<[u8; 32]>>,
    point: Point,
    participant: ParticipantKey,
}

impl SigningKey {
    /// Takes 32 bytes, big-endian. The caller wipes its own copy.
    ///
    /// # Errors
    ///
    /// [`KeyFault::SecretOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyFault> {
        wiped_after(|| {
            let scalar = Scalar::from_slice(bytes).map_err(|_| KeyFault::SecretOutOfRange)?;
            let point = scalar.base_point_mul();
            let mut key = Self { secret: Box::default(), point, participant: point.into() };
            key.secret.copy_from_slice(bytes);
            Ok(key)
        })
    }

    /// Returns the public key (BIP-327, IndividualPubkey). Costs nothing.
    pub fn participant(&self) -> ParticipantKey {
        self.participant
    }

    /// Signs `message`, which may have any length, with `aux` against side channels
    /// (BIP-340, Default Signing).
    pub fn sign(&self, message: &[u8], aux: Seed) -> Signature {
        wiped_after(|| {
            let mut pair = Keypair::from_secret_key(&CURVE, &SecretKey::from(self.scalar()));
            let signature = CURVE.sign_schnorr_with_aux_rand(message, &pair, aux.expose());
            pair.non_secure_erase();
            Signature(signature.to_byte_array())
        })
    }

    /// Copies the secret for one calculation; call it inside [`wiped_after`].
    pub(crate) fn scalar(&self) -> Scalar {
        Scalar::from_slice(&self.secret[..]).expect("a signing key was in range when it was made")
    }

    /// Returns the public key as a point. Costs nothing.
    pub(crate) fn point(&self) -> Point {
        self.point
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey(of {:?})", self.participant)
    }
}

/// Hashes `parts`, one after the other, for the purpose that `tag` names (BIP-340, tagged hashes).
pub(crate) fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    let start = Sha256::new().chain_update(tag).chain_update(tag);
    parts.iter().fold(start, |hash, part| hash.chain_update(part)).finalize().into()
}

/// Does `work` and overwrites the stack it has used: the curve libraries pass secrets by value and wipe nothing.
///
/// What `work` returns must not be secret, or lie on the heap.
pub fn wiped_after<T>(work: impl FnOnce() -> T) -> T {
    wiped_deep_after::<SCRUBBED_BYTES, T>(work)
}

/// As [`wiped_after`], for work that needs up to `BYTES` of stack.
pub fn wiped_deep_after<const BYTES: usize, T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    fn overwrite<const BYTES: usize>() {
        std::hint::black_box(&mut [0_u8; BYTES]);
    }
    let result = apart(work);
    overwrite::<BYTES>();
    result
}

/// Stack to overwrite, in bytes: more than a signature needs.
const SCRUBBED_BYTES: usize = 16 * 1024;

/// What libsecp256k1 wants to be handed for signing and verifying. Holds no secret.
static CURVE: LazyLock<Secp256k1<All>> = LazyLock::new(Secp256k1::new);

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], KeyFault> {
    bytes.try_into().map_err(|_| KeyFault::Length { expected: N, got: bytes.len() })
}

/// Does not compile when a type has a trait that it must not have: then two ways to name `check` fit.
#[cfg(test)]
macro_rules! assert_not_impl {
    ($type:ty: $trait:path) => {{
        trait Ambiguous<A> {
            fn check() {}
        }
        impl<T: ?Sized> Ambiguous<()> for T {}
        impl<T: ?Sized + $trait> Ambiguous<u8> for T {}
        <$type as Ambiguous<_>>::check();
    }};
}
#[cfg(test)]
pub(crate) use assert_not_impl;

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [0xa5; 32];

    #[test]
    fn a_secret_is_neither_copied_compared_nor_written() {
        assert_not_impl!(Seed: Clone);
        assert_not_impl!(Seed: std::fmt::Debug);
        assert_not_impl!(Seed: PartialEq);
        assert_not_impl!(Seed: serde::Serialize);
        assert_not_impl!(Seed: minicbor::Encode<()>);
        assert_not_impl!(SigningKey: Clone);
        assert_not_impl!(SigningKey: PartialEq);
        assert_not_impl!(SigningKey: serde::Serialize);
        assert_not_impl!(SigningKey: minicbor::Encode<()>);
    }

    #[test]
    fn a_signing_key_shows_whose_it_is_and_nothing_secret() {
        let shown = format!("{:?}", key());

        assert!(shown.contains(&key().participant().to_string()[..8]));
        assert!(!shown.contains("a5a5") && !shown.contains("165, 165"));
    }

    #[test]
    fn every_child_of_a_seed_is_another_and_none_is_its_parent() {
        let seed = Seed::new(SECRET);
        let other = Seed::new([0xa6; 32]);
        let mut all = vec![*seed.expose(), *other.child(0).expose()];
        all.extend((0..100).map(|index| *seed.child(index).expose()));

        assert_eq!(seed.child(0).expose(), Seed::new(SECRET).child(0).expose());
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 102);
    }

    #[test]
    fn a_key_reads_back_from_hex_json_and_cbor() {
        let plain = key().participant();
        let signature = key().sign(b"message", Seed::new([1; 32]));

        assert_eq!(plain.to_string().parse(), Ok(plain));
        assert_eq!(plain.x_only().to_string().parse(), Ok(plain.x_only()));
        assert_eq!(signature.to_string().parse(), Ok(signature));
        let all = (plain, plain.x_only(), signature);
        let bytes = minicbor::to_vec(all).expect("bytes");
        assert_eq!(bytes.len(), 1 + 2 + 33 + 2 + 32 + 2 + 64);
        assert_eq!(minicbor::decode::<(ParticipantKey, XOnlyKey, Signature)>(&bytes).expect("keys"), all);
        let toml = toml::to_string(&std::collections::BTreeMap::from([("key", plain)])).expect("text");
        assert_eq!(toml, format!("key = \"{plain}\"\n"));
        let back: std::collections::BTreeMap<String, ParticipantKey> = toml::from_str(&toml).expect("a key");
        assert_eq!(back["key"], plain);
    }

    #[test]
    fn a_key_that_is_no_point_comes_in_nowhere() {
        let off = [0_u8; 33];

        assert_eq!(ParticipantKey::parse(&off), Err(KeyFault::NotAPoint));
        assert_eq!(ParticipantKey::parse(&off[1..]), Err(KeyFault::Length { expected: 33, got: 32 }));
        assert_eq!(XOnlyKey::parse(&off[1..]), Err(KeyFault::NotAPoint));
        assert_eq!("00".repeat(33).parse::<ParticipantKey>(), Err(KeyFault::NotAPoint));
        assert!(matches!("0".parse::<XOnlyKey>(), Err(KeyFault::Hex(_))));
        let bytes = minicbor::to_vec(minicbor::bytes::ByteArray::from(off)).expect("bytes");
        assert!(minicbor::decode::<ParticipantKey>(&bytes).is_err());
    }

    #[test]
    fn a_secret_key_out_of_range_is_refused() {
        for bytes in [[0; 32], [0xff; 32]] {
            assert_eq!(SigningKey::from_bytes(&bytes).err(), Some(KeyFault::SecretOutOfRange));
        }
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&SECRET).expect("in range")
    }
}
