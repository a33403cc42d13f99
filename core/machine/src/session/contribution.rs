//! What a message contributes to an attempt, read out of its bytes.

use crate::fault::PeerFault;
use crate::id::NonceSetDigest;
use crate::key::Signature;
use crate::message::{Message, NONCE_BYTES, PARTIAL_BYTES, SIGNATURE_BYTES};
use crate::session::nonce::PublicNonce;
use crate::session::partial::PartialSignature;
use crate::wallet::ItemKeys;
use crate::wallet::key_agg::KeyAgg;

/// A message's contributions, parsed and checked on their own.
pub(crate) struct Contribution {
    pub(super) nonces: Option<Vec<PublicNonce>>,
    pub(super) partials: Option<(NonceSetDigest, Vec<PartialSignature>)>,
}

impl Contribution {
    /// Reads the nonces and partial signatures out of `message` for `items` items. A message without any
    /// gives an empty contribution.
    ///
    /// # Errors
    ///
    /// Returns which item's contribution is invalid, or that their number is wrong.
    pub(crate) fn read(message: &Message, items: usize) -> Result<Self, PeerFault> {
        let nonces = message.nonces().map(|(_, bytes)| read_nonces(bytes, items)).transpose()?;
        let partials = message.partials().map(|(_, set, bytes)| Ok((set, read_partials(bytes, items)?)));
        Ok(Self { nonces, partials: partials.transpose()? })
    }

    /// Returns the nonce set that the partial signatures were made for, if there are any.
    pub(crate) fn set(&self) -> Option<NonceSetDigest> {
        self.partials.as_ref().map(|(set, _)| *set)
    }
}

/// Reads the public nonces of `items` items.
///
/// # Errors
///
/// Returns [`PeerFault::WrongCount`] or [`PeerFault::InvalidNonce`].
pub(crate) fn read_nonces(bytes: &[u8], items: usize) -> Result<Vec<PublicNonce>, PeerFault> {
    each(bytes, NONCE_BYTES, items, |item, bytes| {
        PublicNonce::parse(bytes).map_err(|_| PeerFault::InvalidNonce { item })
    })
}

/// Reads the partial signatures of `items` items.
///
/// # Errors
///
/// Returns [`PeerFault::WrongCount`] or [`PeerFault::InvalidPartial`].
pub(crate) fn read_partials(bytes: &[u8], items: usize) -> Result<Vec<PartialSignature>, PeerFault> {
    each(bytes, PARTIAL_BYTES, items, |item, bytes| {
        PartialSignature::parse(bytes).map_err(|_| PeerFault::InvalidPartial { item })
    })
}

/// Returns whether `bytes` hold every item's valid signature (BIP-340).
pub(crate) fn are_signatures(bytes: &[u8], keys: &ItemKeys) -> bool {
    let verifies = |((key, digest), bytes): ((&KeyAgg, &[u8; 32]), &[u8])| {
        Signature::parse(bytes).is_ok_and(|signature| signature.verify(&key.x_only(), digest))
    };
    bytes.len() == keys.len() * SIGNATURE_BYTES
        && keys.iter().zip(bytes.chunks_exact(SIGNATURE_BYTES)).all(verifies)
}

/// Cuts `bytes` into `items` pieces of `width` bytes and reads each.
fn each<T>(
    bytes: &[u8],
    width: usize,
    items: usize,
    read: impl Fn(usize, &[u8]) -> Result<T, PeerFault>,
) -> Result<Vec<T>, PeerFault> {
    if bytes.len() != width * items {
        return Err(PeerFault::WrongCount { expected: items, got: bytes.len() / width });
    }
    bytes.chunks_exact(width).enumerate().map(|(item, bytes)| read(item, bytes)).collect()
}
