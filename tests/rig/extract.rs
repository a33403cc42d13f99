//! What three partial signatures of one nonce give away: the key.
//!
//! A partial signature is `s = ±(k1 + b·k2) ± e·a·d` (BIP-327, Sign). All but `k1`, `k2` and the key `d` is public, so
//! three of them are three equations with three unknowns.

use countersign_machine::key::ParticipantKey;
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::ops::Reduce;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{AffinePoint, FieldBytes, ProjectivePoint, PublicKey, Scalar};

use super::forge::tagged_hash;

/// What a partial signature is a part of: the aggregate nonce, the output key and the message. They determine
/// the challenge and the nonce coefficient (BIP-327, Sign).
pub(super) type Challenge = ([u8; 66], [u8; 33], [u8; 32]);

/// Solves for the secret key of `signer`, one of the wallet's sorted `keys`, given what one nonce signed.
pub(super) fn secret_key(
    keys: &[ParticipantKey],
    signer: &ParticipantKey,
    uses: [(&Challenge, &[u8; 32]); 3],
) -> Option<[u8; 32]> {
    let coefficient = key_coefficient(keys, signer);
    let mut equations = Vec::new();
    for (challenge, partial) in uses {
        let (sign, b, e) = public_part(challenge)?;
        equations.push(([sign, sign * b, e * coefficient], scalar(*partial)));
    }
    // Tweaks and even keys negate `d` in some equations: at most four different systems, one of which is true.
    [(false, false), (false, true), (true, false), (true, true)]
        .into_iter()
        .find_map(|(second, third)| {
            let mut system: Vec<_> = equations.clone();
            for (equation, negate) in system.iter_mut().skip(1).zip([second, third]) {
                equation.0[2] = if negate { -equation.0[2] } else { equation.0[2] };
            }
            let left = [system[0].0, system[1].0, system[2].0];
            let mut replaced = left;
            for (row, (_, right)) in replaced.iter_mut().zip(&system) {
                row[2] = *right;
            }
            let inverse = Option::<Scalar>::from(determinant(&left).invert())?;
            let found = determinant(&replaced) * inverse;
            [found, -found].into_iter().find(|key| public(key) == *signer.as_bytes())
        })
        .map(|key| key.to_repr().into())
}

/// Returns the sign of the nonce, the nonce coefficient and the challenge (BIP-327, GetSessionValues).
fn public_part((sum, output, message): &Challenge) -> Option<(Scalar, Scalar, Scalar)> {
    let x_only = &output[1..];
    let b = scalar(tagged_hash("MuSig/noncecoef", &[sum, x_only, message]));
    let point = |bytes| PublicKey::from_sec1_bytes(bytes).ok().map(|key| key.to_projective());
    let nonce = (point(&sum[..33])? + point(&sum[33..])? * b).to_affine();
    let e = scalar(tagged_hash("BIP0340/challenge", &[&nonce.x(), x_only, message]));
    let sign = if bool::from(nonce.y_is_odd()) { -Scalar::ONE } else { Scalar::ONE };
    Some((sign, b, e))
}

/// Returns the signer's coefficient in the aggregate key (BIP-327, KeyAggCoef).
fn key_coefficient(keys: &[ParticipantKey], signer: &ParticipantKey) -> Scalar {
    if keys.iter().find(|key| *key != &keys[0]) == Some(signer) {
        return Scalar::ONE;
    }
    let all: Vec<u8> = keys.iter().flat_map(|key| *key.as_bytes()).collect();
    let list = tagged_hash("KeyAgg list", &[&all]);
    scalar(tagged_hash("KeyAgg coefficient", &[&list, signer.as_bytes()]))
}

fn determinant([a, b, c]: &[[Scalar; 3]; 3]) -> Scalar {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

fn scalar(bytes: [u8; 32]) -> Scalar {
    Scalar::reduce(&FieldBytes::from(bytes))
}

fn public(key: &Scalar) -> [u8; 33] {
    let point: AffinePoint = (ProjectivePoint::GENERATOR * key).to_affine();
    point.to_sec1_point(true).as_bytes().try_into().unwrap_or([0; 33])
}

#[cfg(test)]
mod tests {
    use countersign_machine::key::{Seed, SigningKey};
    use countersign_machine::session::nonce::{AggregateNonce, SecretNonce};
    use countersign_machine::wallet::key_agg::{KeyAgg, Tweak, key_sort};

    use super::*;

    #[test]
    fn three_partial_signatures_of_one_nonce_give_the_key_away_under_any_tweak() {
        let secrets = [[1; 32], [2; 32], [3; 32]];
        let signers = secrets.map(|secret| SigningKey::from_bytes(&secret).expect("in range"));
        let mut keys = signers.each_ref().map(SigningKey::participant);
        key_sort(&mut keys);
        let plain = KeyAgg::new(&keys).expect("an aggregate");
        let tweaked = plain.tweaked(&[Tweak::Plain([4; 32]), Tweak::XOnly([5; 32])]).expect("in range");
        for (secret, signer) in secrets.iter().zip(&signers) {
            let nonce = || SecretNonce::generate(Seed::new([9; 32]), signer, &plain.x_only(), b"", b"");
            let other = SecretNonce::generate(Seed::new([8; 32]), &signers[0], &plain.x_only(), b"", b"");
            let sum = AggregateNonce::sum([nonce().public(), other.public()]);
            let uses = [([1; 32], &plain), ([2; 32], &tweaked), ([3; 32], &plain)].map(|(message, agg)| {
                let partial = nonce().sign(signer, agg, &sum, &message).expect("a partial signature");
                ((sum.to_bytes(), *agg.aggregate().as_bytes(), message), partial.to_bytes())
            });
            let [first, second, third] = uses.each_ref().map(|(challenge, partial)| (challenge, partial));

            assert_eq!(secret_key(&keys, &signer.participant(), [first, second, third]), Some(*secret));
            assert_eq!(secret_key(&keys, &signer.participant(), [first, second, second]), None, "two do not");
        }
    }
}
