//! Names of things: fixed-length identifiers and positions, each its own type.

use crate::key::tagged_hash;

/// Defines a 32-byte identifier shown as lower-case hex and encoded as a CBOR byte string.
macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::hex::write(f, &self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                crate::hex::write(f, &self.0[..4])?;
                f.write_str("..)")
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::hex::HexFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::hex::parse(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

id32!(
    /// Names a wallet: a tagged hash of its sorted participant keys.
    WalletId
);
id32!(
    /// Names a session: a tagged hash of the proposal's terms.
    SessionId
);
id32!(
    /// Binds an approval to what was approved: a tagged hash of the payload.
    PayloadDigest
);
id32!(
    /// Binds partial signatures to the nonces they were made for: a tagged hash of every signer's
    /// public nonces of one attempt.
    NonceSetDigest
);
id32!(
    /// A phone's Ed25519 public key, which is also its libp2p identity (RFC 8032).
    TransportKey
);

/// A participant's index in the wallet's sorted keys, from 0.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    minicbor::Encode,
    minicbor::Decode,
    serde::Serialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Slot(#[n(0)] pub u8);

impl Slot {
    /// Returns the slot as an index into per-participant lists.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl NonceSetDigest {
    /// Digests the public nonces of `attempt`, slot by slot and item by item.
    pub(crate) fn of(session: SessionId, attempt: Attempt, nonces: &[u8]) -> Self {
        Self(tagged_hash("countersign/nonces", &[&session.0, &[attempt.0], nonces]))
    }
}

/// One run of the two rounds with fresh nonces, from 0 to [`crate::limits::MAX_ATTEMPT`].
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    minicbor::Encode,
    minicbor::Decode,
    serde::Serialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Attempt(#[n(0)] pub u8);

/// The first 16 bytes of the hash that an envelope's signature covers: two phones that name the same
/// id hold the same message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvelopeId(pub [u8; 16]);

impl std::fmt::Debug for EnvelopeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnvelopeId(")?;
        crate::hex::write(f, &self.0[..4])?;
        f.write_str("..)")
    }
}

impl EnvelopeId {
    /// Cuts an id out of the hash an envelope's signature covers.
    pub(crate) fn of(hash: &[u8; 32]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }
}

/// Names what is signed by which wallet, whatever is said about it: sessions of the same things name the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Things(u128);

impl Things {
    /// Hashes the items as they are encoded.
    pub(crate) fn of(wallet: WalletId, items: &[u8]) -> Self {
        let hash = tagged_hash("countersign/things", &[&wallet.0, items]);
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Self(u128::from_be_bytes(first))
    }
}

/// Names an event that the program has to deal with, across restarts: a hash of what happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct EventId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl EventId {
    /// Hashes what happened in a session.
    pub(crate) fn of(session: SessionId, what: &[u8]) -> Self {
        let hash = tagged_hash("countersign/event", &[&session.0, what]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::hex::write(f, &self.0)
    }
}

impl std::fmt::Debug for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventId({self})")
    }
}

impl std::str::FromStr for EventId {
    type Err = crate::hex::HexFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::hex::parse(text).map(Self)
    }
}

impl serde::Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Makes unpredictable, replayable bytes from one seed: jitter and ping challenges, never a secret.
pub(crate) struct Dice {
    seed: [u8; 32],
    count: u64,
}

impl Dice {
    /// Starts the row that `seed` determines.
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, count: 0 }
    }

    /// Returns the next 32 bytes.
    pub(crate) fn roll(&mut self) -> [u8; 32] {
        self.count += 1;
        tagged_hash("countersign/dice", &[&self.seed, &self.count.to_be_bytes()])
    }

    /// Returns the next number below `bound`, which must not be 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let mut low = [0; 8];
        low.copy_from_slice(&self.roll()[..8]);
        u64::from_be_bytes(low) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_from_the_hex_it_shows() {
        let id = WalletId([7; 32]);

        assert_eq!(id.to_string().parse::<WalletId>(), Ok(id));
        assert!("07".parse::<WalletId>().is_err());
    }

    #[test]
    fn one_seed_always_rolls_the_same_row() {
        let row = |seed| {
            let mut dice = Dice::new([seed; 32]);
            (dice.roll(), dice.below(1000))
        };

        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
    }
}
