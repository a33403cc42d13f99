//! Round 1's secret half: one secret nonce an item, made together and used up together.

use crate::id::{Attempt, SessionId};
use crate::key::{Seed, SigningKey, tagged_hash};
use crate::message::NONCE_BYTES;
use crate::session::board::AllOthers;
use crate::session::nonce::{AggregateNonce, PublicNonce, SecretNonce, SignFault};
use crate::session::partial::PartialSignature;
use crate::wallet::ItemKeys;

/// Our secret nonces of one attempt, one an item. Gone, by move, once they have signed.
pub(crate) struct NonceRound(Vec<SecretNonce>);

impl NonceRound {
    /// Makes fresh nonces (BIP-327, NonceGen, with every optional argument), one child of `seed` an item.
    pub(crate) fn fresh(
        seed: &Seed,
        key: &SigningKey,
        keys: &ItemKeys,
        session: SessionId,
        attempt: Attempt,
    ) -> Self {
        let mut nonces = Vec::with_capacity(keys.len());
        for (index, (aggregate, digest)) in (0_u32..).zip(keys.iter()) {
            let extra = tagged_hash("countersign/extra", &[&session.0, &[attempt.0], &index.to_be_bytes()]);
            let aggregate = aggregate.x_only();
            nonces.push(SecretNonce::generate(seed.child(index), key, &aggregate, digest, &extra));
        }
        Self(nonces)
    }

    /// Derives the last signer's nonces (BIP-327, DeterministicSign, with its optional randomness).
    ///
    /// # Errors
    ///
    /// Returns [`SignFault`] if the others' nonces sum to infinity: somebody cheats.
    pub(crate) fn last(
        others: AllOthers,
        seed: &Seed,
        key: &SigningKey,
        keys: &ItemKeys,
    ) -> Result<Self, SignFault> {
        let mut nonces = Vec::with_capacity(keys.len());
        for (index, ((aggregate, digest), sum)) in (0_u32..).zip(keys.iter().zip(others.sums())) {
            let rand = Some(seed.child(index));
            nonces.push(SecretNonce::derive_for_last_signer(key, sum, aggregate, digest, rand)?);
        }
        Ok(Self(nonces))
    }

    /// Returns the public nonces, in the payload's order.
    pub(crate) fn public(&self) -> Vec<PublicNonce> {
        self.0.iter().map(|nonce| nonce.public().clone()).collect()
    }

    /// Signs every item, using the nonces up.
    ///
    /// # Errors
    ///
    /// Returns [`SignFault`]; the nonces are gone all the same.
    pub(crate) fn sign(
        self,
        key: &SigningKey,
        keys: &ItemKeys,
        aggregates: &[AggregateNonce],
    ) -> Result<Vec<PartialSignature>, SignFault> {
        self.0
            .into_iter()
            .zip(keys.iter().zip(aggregates))
            .map(|(nonce, ((aggregate, digest), sum))| nonce.sign(key, aggregate, sum, digest))
            .collect()
    }
}

/// Returns the nonces' bytes as a message carries them.
pub(crate) fn nonce_bytes(nonces: &[PublicNonce]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(nonces.len() * NONCE_BYTES);
    nonces.iter().for_each(|nonce| bytes.extend_from_slice(&nonce.to_bytes()));
    bytes
}
