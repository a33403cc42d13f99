//! Checks signatures without the code that made them: BIP-327's and BIP-341's key arithmetic, and BIP-340's
//! verification, all by another library.

use k256::elliptic_curve::ff::PrimeField;
use k256::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use k256::schnorr::{Signature, VerifyingKey};
use k256::{AffinePoint, ProjectivePoint, Scalar};
use sha2::{Digest, Sha256};

use super::fault::Fault;
use super::report::Item;

/// Checks that `aggregate_key` is the one of `participants` (BIP-327, KeyAgg), that every item's output key is
/// what its tweaks make of it (ApplyTweak), and that its signature is valid under that key (BIP-340).
pub(crate) fn check(participants: &[String], aggregate_key: &str, items: &[Item]) -> Result<(), Fault> {
    let wrong = |item, what| Fault::Invalid { item, what };
    let aggregate = key_agg(participants).ok_or(wrong(0, "the participants' keys have no aggregate"))?;
    if hex::encode(x_only(&aggregate)) != aggregate_key {
        return Err(wrong(0, "the aggregate key is not the one of the participants"));
    }
    for (at, item) in items.iter().enumerate() {
        let mut key = aggregate;
        for tweak in &item.tweaks {
            let scalar = bytes32(&tweak.tweak).and_then(scalar).ok_or(wrong(at, "a tweak is no scalar"))?;
            let base = if tweak.xonly { with_even_y(key) } else { key };
            key = base + ProjectivePoint::GENERATOR * scalar;
        }
        if hex::encode(x_only(&key)) != item.output_key {
            return Err(wrong(at, "the output key is not what the tweaks make of the aggregate key"));
        }
        let digest = bytes32(&item.digest).ok_or(wrong(at, "the digest has another length"))?;
        let signature = hex::decode(&item.signature).unwrap_or_default();
        let signature = Signature::try_from(signature.as_slice())
            .map_err(|_| wrong(at, "the signature has no valid form"))?;
        VerifyingKey::from_bytes(&x_only(&key).into())
            .and_then(|key| key.verify_raw(&digest, &signature))
            .map_err(|_| wrong(at, "the signature is invalid"))?;
    }
    Ok(())
}

/// Aggregates sorted plain keys (BIP-327, KeyAgg).
fn key_agg(participants: &[String]) -> Option<ProjectivePoint> {
    let keys = participants.iter().map(|key| hex::decode(key).ok()).collect::<Option<Vec<Vec<u8>>>>()?;
    let second = keys.iter().find(|key| Some(*key) != keys.first());
    let list = tagged_hash("KeyAgg list", &[&keys.concat()]);
    keys.iter().try_fold(ProjectivePoint::IDENTITY, |sum, key| {
        let point = ProjectivePoint::from(
            AffinePoint::from_sec1_point(&key.as_slice().try_into().ok()?).into_option()?,
        );
        let coefficient = if Some(key) == second {
            Scalar::ONE
        } else {
            // A hash at or over the order comes once in 2¹²⁸: then this refuses where BIP-327 reduces.
            scalar(tagged_hash("KeyAgg coefficient", &[&list, key]))?
        };
        Some(sum + point * coefficient)
    })
}

fn with_even_y(point: ProjectivePoint) -> ProjectivePoint {
    let is_odd = point.to_affine().to_sec1_point(true).as_bytes()[0] == 3;
    if is_odd { -point } else { point }
}

fn x_only(point: &ProjectivePoint) -> [u8; 32] {
    let mut x = [0; 32];
    if let Some(coordinate) = point.to_affine().to_sec1_point(true).as_bytes().get(1..) {
        x.copy_from_slice(coordinate);
    }
    x
}

fn scalar(bytes: [u8; 32]) -> Option<Scalar> {
    Scalar::from_repr(bytes.into()).into_option()
}

fn bytes32(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    let start = Sha256::new().chain_update(tag).chain_update(tag);
    parts.iter().fold(start, |hash, part| hash.chain_update(part)).finalize().into()
}
