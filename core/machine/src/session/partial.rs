//! Partial signatures: made by [`SecretNonce::sign`](super::nonce::SecretNonce::sign), aggregated here.

use secp::MaybeScalar;

use super::nonce::{AggregateNonce, PublicNonce};
use crate::key::{ParticipantKey, Signature};
use crate::wallet::key_agg::KeyAgg;

/// Why a partial signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartialFault {
    /// The bytes are not 32.
    #[error("expected 32 bytes, got {got}")]
    Length {
        /// Bytes that were given.
        got: usize,
    },
    /// The number is not below the order of the curve.
    #[error("partial signature out of range")]
    OutOfRange,
    /// The signer's key is none of the aggregated ones.
    #[error("the signer is not in the aggregate")]
    UnknownSigner,
    /// It is not this signer's contribution to this signature.
    #[error("wrong partial signature")]
    Invalid,
}

/// Why partial signatures do not make a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AggregateFault {
    /// This signer's bytes are no partial signature: blame them.
    #[error("signer {signer}: {fault}")]
    Partial {
        /// Index in the list of partial signatures, from 0.
        signer: usize,
        /// What is wrong with the bytes.
        fault: PartialFault,
    },
    /// The aggregate does not verify. To learn whose fault it is, verify each.
    #[error("the aggregate signature does not verify")]
    Invalid,
}

/// One signer's part of a signature: a number below the order of the curve, zero included, 32 bytes
/// big-endian (BIP-327, psig). It proves nobody's consent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PartialSignature(MaybeScalar);

impl PartialSignature {
    /// Takes 32 bytes.
    ///
    /// # Errors
    ///
    /// [`PartialFault::Length`] or [`PartialFault::OutOfRange`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PartialFault> {
        if bytes.len() != 32 {
            return Err(PartialFault::Length { got: bytes.len() });
        }
        MaybeScalar::from_slice(bytes).map(Self).map_err(|_| PartialFault::OutOfRange)
    }

    /// Reads partial signatures of 32 bytes each that nobody has checked yet (BIP-327, PartialSigAgg).
    ///
    /// # Errors
    ///
    /// [`AggregateFault::Partial`] names the first signer whose bytes are none.
    pub fn parse_all(partials: &[impl AsRef<[u8]>]) -> Result<Vec<Self>, AggregateFault> {
        let parse = |(signer, partial): (usize, &_)| {
            Self::parse(AsRef::as_ref(partial)).map_err(|fault| AggregateFault::Partial { signer, fault })
        };
        partials.iter().enumerate().map(parse).collect()
    }

    /// Returns the 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.serialize()
    }

    /// Checks that this is what `signer`, who sent `nonce`, owes to the signature of `message` under the
    /// tweaked key `agg` (BIP-327, PartialSigVerify). It names a culprit only if contributions are authenticated and
    /// `aggregate_nonce` is our own sum.
    ///
    /// # Errors
    ///
    /// [`PartialFault::UnknownSigner`] or [`PartialFault::Invalid`].
    pub fn verify(
        &self,
        agg: &KeyAgg,
        aggregate_nonce: &AggregateNonce,
        signer: &ParticipantKey,
        nonce: &PublicNonce,
        message: &[u8],
    ) -> Result<(), PartialFault> {
        let signer = agg.signer(signer).ok_or(PartialFault::UnknownSigner)?;
        let (aggregate_nonce, nonce) = (aggregate_nonce.inner(), nonce.inner());
        musig2::verify_partial(agg.context(), self.0, aggregate_nonce, signer, nonce, message)
            .map_err(|_| PartialFault::Invalid)
    }

    /// Wraps what the library signed.
    pub(super) fn from_scalar(scalar: MaybeScalar) -> Self {
        Self(scalar)
    }
}

impl std::fmt::Debug for PartialSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PartialSignature(")?;
        crate::hex::write(f, &self.to_bytes()[..4])?;
        f.write_str("..)")
    }
}

/// Adds up every signer's partial signature to the signature of `message` under the tweaked key `agg`
/// (BIP-327, PartialSigAgg). The result is verified already.
///
/// # Errors
///
/// [`AggregateFault::Invalid`].
pub fn aggregate(
    agg: &KeyAgg,
    aggregate_nonce: &AggregateNonce,
    partials: impl IntoIterator<Item = PartialSignature>,
    message: &[u8],
) -> Result<Signature, AggregateFault> {
    let scalars = partials.into_iter().map(|partial| partial.0);
    musig2::aggregate_partial_signatures(agg.context(), aggregate_nonce.inner(), scalars, message)
        .map(Signature::from_bytes)
        .map_err(|_| AggregateFault::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Seed, SigningKey};
    use crate::session::nonce::SecretNonce;

    #[test]
    fn zero_is_a_partial_signature_and_a_short_one_is_not() {
        assert_eq!(PartialSignature::parse(&[0; 32]).expect("zero").to_bytes(), [0; 32]);
        assert_eq!(PartialSignature::parse(&[0; 31]), Err(PartialFault::Length { got: 31 }));
    }

    #[test]
    fn whoever_is_not_in_the_aggregate_signed_nothing() {
        let round = Round::new();
        let stranger = SigningKey::from_bytes(&[9; 32]).expect("in range").participant();

        let verdict = round.partials[0].verify(&round.agg, &round.sum, &stranger, &round.nonces[0], MESSAGE);

        assert_eq!(verdict, Err(PartialFault::UnknownSigner));
    }

    #[test]
    fn one_wrong_part_spoils_the_signature_and_is_found() {
        let mut round = Round::new();
        let whole = aggregate(&round.agg, &round.sum, round.partials, MESSAGE).expect("a signature");
        assert!(whole.verify(&round.agg.x_only(), MESSAGE));

        round.partials[1] = round.partials[0];

        let spoilt = aggregate(&round.agg, &round.sum, round.partials, MESSAGE);
        assert_eq!(spoilt, Err(AggregateFault::Invalid));
        assert_eq!(round.verify(0), Ok(()));
        assert_eq!(round.verify(1), Err(PartialFault::Invalid));
    }

    #[test]
    fn a_missing_part_is_no_signature() {
        let round = Round::new();

        let spoilt = aggregate(&round.agg, &round.sum, [round.partials[0]], MESSAGE);

        assert_eq!(spoilt, Err(AggregateFault::Invalid));
    }

    const MESSAGE: &[u8] = b"message";

    /// Two signers who have signed.
    struct Round {
        agg: KeyAgg,
        sum: AggregateNonce,
        nonces: [PublicNonce; 2],
        partials: [PartialSignature; 2],
    }

    impl Round {
        fn new() -> Self {
            let keys = [1, 2].map(|byte| SigningKey::from_bytes(&[byte; 32]).expect("in range"));
            let agg = KeyAgg::new(&[keys[0].participant(), keys[1].participant()]).expect("a key");
            let secret = |index: usize| {
                let seed = Seed::new([7; 32]).child(index as u32);
                SecretNonce::generate(seed, &keys[index], &agg.x_only(), MESSAGE, b"")
            };
            let secrets = [secret(0), secret(1)];
            let nonces = [secrets[0].public().clone(), secrets[1].public().clone()];
            let sum = AggregateNonce::sum(&nonces);
            let [first, second] = secrets;
            let partials = [(first, &keys[0]), (second, &keys[1])]
                .map(|(secret, key)| secret.sign(key, &agg, &sum, MESSAGE).expect("a part"));
            Self { agg, sum, nonces, partials }
        }

        fn verify(&self, index: usize) -> Result<(), PartialFault> {
            let signer = &self.agg.keys()[index];
            self.partials[index].verify(&self.agg, &self.sum, signer, &self.nonces[index], MESSAGE)
        }
    }
}
