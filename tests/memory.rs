//! A key that was used and a nonce that has signed are nowhere in the process any more, on the heap or a stack:
//! not even eight bytes of them, negated or in another order. While they are held they lie in one place.
//!
//! A test starts itself as a second process, the subject, which signs and writes its memory to files. The subject
//! holds its secrets masked, except inside the machine; the test that reads the files computes them on its own.
#![cfg(target_os = "linux")]

use std::path::Path;

use countersign_machine::key::SigningKey;
use countersign_machine::session::nonce::{AggregateNonce, PublicNonce};
use countersign_machine::wallet::Wallet;
use countersign_machine::wallet::key_agg::KeyAgg;
use countersign_tests::rig::forge::tagged_hash;
use countersign_tests::rig::payload;
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::ops::Reduce;
use k256::elliptic_curve::sec1::ToSec1Point;
use k256::{ProjectivePoint, Scalar};

#[path = "memory/remains.rs"]
mod remains;
#[path = "memory/subject.rs"]
mod subject;

use remains::{Remains, Secret};
use subject::{EXTRA, End, ITEMS, MASK, MESSAGE, MOST_DRAWS, masked_key, masked_seed};

#[test]
fn a_key_and_its_nonces_leave_nothing_behind() {
    let name = "a_key_and_its_nonces_leave_nothing_behind";
    let Some(remains) = Remains::of(name, subject::sign_alone) else { return };
    let wallet = wallet(2);
    let secrets = [0, 1].map(|draw| {
        let nonce = nonce_gen(&key(0), &seed(0, draw), wallet.aggregate(), &MESSAGE, &EXTRA);
        assert_eq!(public_nonce(&nonce)[..], remains.fact(&format!("nonce {draw}")));
        nonce.map(|half| Secret::new("a nonce", half))
    });
    let [signed, dropped] = secrets;
    let key_alone = [Secret::new("the key", key(0))];
    let passing = [0, 1].map(|draw| Secret::new("what makes a nonce", mixed(&key(0), &seed(0, draw))));

    for (stage, held) in
        [("made", vec![&key_alone[..], &signed, &dropped]), ("signed", vec![&key_alone, &dropped])]
    {
        held.into_iter().for_each(|secrets| remains.assert_held(stage, secrets));
        remains.assert_gone(stage, &passing);
    }
    remains.assert_gone("signed", &signed);
    remains.assert_gone("dropped", &signed);
    remains.assert_gone("dropped", &dropped);
    remains.assert_gone("dropped", &key_alone);
    remains.assert_gone("dropped", &passing);
}

#[test]
fn two_phones_forget_keys_and_nonces_once_a_session_has_its_signatures() {
    let name = "two_phones_forget_keys_and_nonces_once_a_session_has_its_signatures";
    judge_session(name, 2, |folder| subject::sign_together(folder, 2, End::Signatures), End::Signatures);
}

#[test]
fn three_phones_forget_keys_and_nonces_once_a_session_has_its_signatures() {
    let name = "three_phones_forget_keys_and_nonces_once_a_session_has_its_signatures";
    judge_session(name, 3, |folder| subject::sign_together(folder, 3, End::Signatures), End::Signatures);
}

#[test]
fn phones_forget_nonces_that_have_signed_nothing_when_a_session_is_declined() {
    let name = "phones_forget_nonces_that_have_signed_nothing_when_a_session_is_declined";
    judge_session(name, 3, |folder| subject::sign_together(folder, 3, End::Decline), End::Decline);
}

/// Judges a session of `count` phones, all of which but the last make fresh nonces.
fn judge_session(name: &str, count: usize, subject: fn(&Path), end: End) {
    let Some(remains) = Remains::of(name, subject) else { return };
    let wallet = wallet(count);
    let session = remains.fact("session");
    let public: Vec<Vec<u8>> = (0..count).map(|who| remains.fact(&format!("nonces {who}"))).collect();
    let (mut keys, mut fresh, mut derived, mut passing) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for who in 0..count {
        keys.push(Secret::new("the key", key(who)));
        for (index, item) in (0_u32..).zip(payload(ITEMS).items) {
            let at = index as usize * 66;
            let Some(expected) = public[who].get(at..at + 66) else { continue };
            let agg = wallet.aggregate().at(&item.key).expect("a key");
            let extra = tagged_hash("countersign/extra", &[&session, &[0], &index.to_be_bytes()]);
            let others =
                (0..count).filter(|other| *other != who).filter_map(|other| public[other].get(at..at + 66));
            let others: Vec<_> = others.map(|nonce| PublicNonce::parse(nonce).expect("a nonce")).collect();
            let others = AggregateNonce::sum(&others).to_bytes();
            for draw in 0..MOST_DRAWS {
                let seed = tagged_hash("countersign/seed", &[&seed(who, draw), &index.to_be_bytes()]);
                let nonce = nonce_gen(&key(who), &seed, &agg, &item.digest, &extra);
                let last = deterministic_nonce(&key(who), &seed, &others, &agg, &item.digest);
                if public_nonce(&nonce) == expected {
                    fresh.extend(nonce.map(|half| Secret::new("a fresh nonce", half)));
                } else if public_nonce(&last) == expected {
                    derived.extend(last.map(|half| Secret::new("the last signer's nonce", half)));
                } else {
                    continue;
                }
                passing.push(Secret::new("what makes the nonce", mixed(&key(who), &seed)));
                passing.push(Secret::new("an item's seed", seed));
            }
        }
    }
    let halves = 2 * ITEMS as usize;
    let of_last = if end == End::Signatures { halves } else { 0 };
    assert_eq!(
        (fresh.len(), derived.len()),
        ((count - 1) * halves, of_last),
        "each public nonce is explained"
    );

    remains.assert_held("waiting", &keys[..1]);
    remains.assert_held("waiting", &fresh);
    let all: Vec<Secret> = [keys, fresh, derived, passing].into_iter().flatten().collect();
    remains.assert_gone("ended", &all);
}

/// Makes the two halves of a secret nonce (BIP-327, NonceGen with all optional arguments).
fn nonce_gen(
    key: &[u8; 32],
    seed: &[u8; 32],
    agg: &KeyAgg,
    message: &[u8; 32],
    extra: &[u8; 32],
) -> [[u8; 32]; 2] {
    let mixed = mixed(key, seed);
    let public = SigningKey::from_bytes(key).expect("in range").participant();
    let (aggregate, length) = (agg.x_only(), 32_u64.to_be_bytes());
    [0, 1].map(|half| {
        let parts: [&[u8]; 11] = [
            &mixed,
            &[33],
            public.as_bytes(),
            &[32],
            aggregate.as_bytes(),
            &[1],
            &length,
            message,
            &32_u32.to_be_bytes(),
            extra,
            &[half],
        ];
        reduced(tagged_hash("MuSig/nonce", &parts))
    })
}

/// Makes the two halves of the last signer's secret nonce (BIP-327, DeterministicSign with randomness).
fn deterministic_nonce(
    key: &[u8; 32],
    seed: &[u8; 32],
    others: &[u8; 66],
    agg: &KeyAgg,
    message: &[u8; 32],
) -> [[u8; 32]; 2] {
    let mixed = mixed(key, seed);
    let (aggregate, length) = (agg.x_only(), 32_u64.to_be_bytes());
    [0, 1].map(|half| {
        let parts: [&[u8]; 6] = [&mixed, others, aggregate.as_bytes(), &length, message, &[half]];
        reduced(tagged_hash("MuSig/deterministic/nonce", &parts))
    })
}

/// Mixes a key with a seed: who knows the result makes the nonce (BIP-327, NonceGen, `rand`).
fn mixed(key: &[u8; 32], seed: &[u8; 32]) -> [u8; 32] {
    xor(key, &tagged_hash("MuSig/aux", &[seed]))
}

/// Returns the public nonce of two secret halves.
fn public_nonce(halves: &[[u8; 32]; 2]) -> [u8; 66] {
    let mut public = [0; 66];
    for (half, bytes) in halves.iter().zip(public.chunks_exact_mut(33)) {
        let point = ProjectivePoint::GENERATOR * scalar(half);
        bytes.copy_from_slice(point.to_affine().to_sec1_point(true).as_bytes());
    }
    public
}

fn reduced(hash: [u8; 32]) -> [u8; 32] {
    <Scalar as Reduce<k256::FieldBytes>>::reduce(&hash.into()).to_bytes().into()
}

fn scalar(bytes: &[u8; 32]) -> Scalar {
    Option::from(Scalar::from_repr((*bytes).into())).expect("in range")
}

fn wallet(count: usize) -> Wallet {
    let keys = (0..count).map(|who| SigningKey::from_bytes(&key(who)).expect("in range").participant());
    Wallet::new("wallet".into(), keys.collect()).expect("different keys")
}

/// Returns the secret key of a phone.
fn key(who: usize) -> [u8; 32] {
    xor(&masked_key(who), &[MASK; 32])
}

/// Returns what the vault of a phone draws.
fn seed(who: usize, draw: usize) -> [u8; 32] {
    xor(&masked_seed(who, draw), &[MASK; 32])
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| a[at] ^ b[at])
}
