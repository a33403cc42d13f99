//! The BIPs' test vectors, run through our own types. Each test counts its cases, so that none can vanish.

mod refusal;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};

use self::refusal::{Refusal, refusal};
use crate::key::{ParticipantKey, Seed, Signature, SigningKey, XOnlyKey};
use crate::session::OthersSum;
use crate::session::nonce::{AggregateNonce, PublicNonce, SecretNonce};
use crate::session::partial::{PartialSignature, aggregate};
use crate::wallet::derive::{CHAIN_CODE, tap_tweak};
use crate::wallet::key_agg::{KeyAgg, Tweak, key_sort};

/// Reads a file of cases.
macro_rules! vectors {
    ($name:literal) => {
        read(include_str!(concat!("../../../tests/vectors/", $name, ".toml")))
    };
}

#[test]
fn keys_sort_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct Case {
        keys: Vec<Bytes>,
        sorted: Vec<Bytes>,
    }
    let Valid::<Case> { valid } = vectors!("bip327_key_sort");
    assert_eq!(valid.len(), 1);
    for case in valid {
        let mut keys = KeyAgg::parse(&case.keys).expect("keys");
        key_sort(&mut keys);
        assert_eq!(keys, KeyAgg::parse(&case.sorted).expect("keys"));
    }
}

#[test]
fn keys_aggregate_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct Case {
        keys: Vec<Bytes>,
        aggregate: XOnlyKey,
    }
    #[derive(Deserialize)]
    struct Wrong {
        keys: Vec<Bytes>,
        tweaks: Vec<TweakBytes>,
        refused: Refusal,
    }
    let Both::<Case, Wrong> { valid, refused } = vectors!("bip327_key_agg");
    assert_eq!((valid.len(), refused.len()), (4, 5));
    for case in valid {
        assert_eq!(key(&case.keys, &[]).expect("a key").x_only(), case.aggregate);
    }
    for case in refused {
        assert_eq!(key(&case.keys, &case.tweaks).err(), Some(case.refused));
    }
}

#[test]
fn nonces_are_made_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct Case {
        seed: Bytes,
        secret_key: Option<Bytes>,
        key: ParticipantKey,
        aggregate: Option<XOnlyKey>,
        message: Option<Bytes>,
        extra: Option<Bytes>,
        secret_nonce: Bytes,
        public_nonce: Bytes,
    }
    let Valid::<Case> { valid } = vectors!("bip327_nonce_gen");
    assert_eq!(valid.len(), 4);
    for case in valid {
        let seed = Seed::new(case.seed.sized());
        let nonce = match (case.secret_key, case.aggregate, case.message, case.extra) {
            (Some(secret), Some(aggregate), Some(message), Some(extra)) => {
                let secret = signing_key(&secret);
                assert_eq!(secret.participant(), case.key);
                SecretNonce::generate(seed, &secret, &aggregate, &message.0, &extra.0)
            }
            (None, None, None, None) => SecretNonce::generate_bare(seed, &case.key),
            _ => panic!("a case gives all optional arguments or none"),
        };
        assert_eq!(nonce.to_bytes()[..], case.secret_nonce.0);
        assert_eq!(nonce.public().to_bytes()[..], case.public_nonce.0);
    }
}

#[test]
fn nonces_aggregate_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct Case {
        nonces: Vec<Bytes>,
        aggregate: Bytes,
    }
    #[derive(Deserialize)]
    struct Wrong {
        nonces: Vec<Bytes>,
        refused: Refusal,
    }
    let Both::<Case, Wrong> { valid, refused } = vectors!("bip327_nonce_agg");
    assert_eq!((valid.len(), refused.len()), (2, 3));
    for case in valid {
        let sum = AggregateNonce::sum_bytes(&case.nonces).expect("nonces");
        assert_eq!(sum.to_bytes()[..], case.aggregate.0);
        assert_eq!(AggregateNonce::parse(&case.aggregate.0), Ok(sum));
    }
    for case in refused {
        let fault = AggregateNonce::sum_bytes(&case.nonces).err().map(Refusal::from);
        assert_eq!(fault, Some(case.refused));
    }
}

#[test]
fn parts_are_signed_and_verified_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct File {
        valid: Vec<Signing>,
        sign_refused: Vec<Signing>,
        verify_refused: Vec<Verifying>,
        verify_broken: Vec<Verifying>,
    }
    let File { valid, sign_refused, verify_refused, verify_broken } = vectors!("bip327_sign_verify");
    let counts = [valid.len(), sign_refused.len(), verify_refused.len(), verify_broken.len()];
    assert_eq!(counts, [6, 6, 3, 2]);
    valid.iter().for_each(Signing::succeeds);
    sign_refused.iter().for_each(Signing::fails);
    for case in verify_refused.iter().chain(&verify_broken) {
        assert_eq!(case.verify().err().as_ref(), case.refused.as_ref());
    }
}

#[test]
fn parts_are_signed_under_tweaked_keys_as_bip_327_lists() {
    let Both::<Signing, Signing> { valid, refused } = vectors!("bip327_tweak");
    assert_eq!((valid.len(), refused.len()), (5, 1));
    valid.iter().for_each(Signing::succeeds);
    refused.iter().for_each(Signing::fails);
}

#[test]
fn the_last_signer_signs_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct Case {
        secret_key: Bytes,
        seed: Option<Bytes>,
        others_nonce: Bytes,
        keys: Vec<Bytes>,
        tweaks: Vec<TweakBytes>,
        message: Bytes,
        signer: Option<usize>,
        public_nonce: Option<Bytes>,
        partial: Option<Bytes>,
        refused: Option<Refusal>,
    }
    impl Case {
        fn sign(&self) -> Result<(PublicNonce, PartialSignature), Refusal> {
            let (secret, message) = (signing_key(&self.secret_key), &self.message.0);
            let agg = key(&self.keys, &self.tweaks)?;
            let others = AggregateNonce::parse(&self.others_nonce.0).map_err(|_| refusal("others_nonce"))?;
            let seed = self.seed.as_ref().map(|seed| Seed::new(seed.sized()));
            let nonce = SecretNonce::derive_for_last_signer(
                &secret,
                &OthersSum::given(others.clone()),
                &agg,
                message,
                seed,
            )?;
            let public = nonce.public().clone();
            let sum = AggregateNonce::sum_bytes(&[public.to_bytes(), others.to_bytes()])?;
            let partial = nonce.sign(&secret, &agg, &sum, message)?;
            let signer = &agg.keys()[self.signer.expect("a case that signs says as whom")];
            partial.verify(&agg, &sum, signer, &public, message)?;
            Ok((public, partial))
        }
    }
    let Both::<Case, Case> { valid, refused } = vectors!("bip327_det_sign");
    assert_eq!((valid.len(), refused.len()), (4, 5));
    for case in valid {
        let (public, partial) = case.sign().expect("a signature");
        assert_eq!(Some(public.to_bytes().into()), case.public_nonce);
        assert_eq!(Some(partial.to_bytes().into()), case.partial);
    }
    for case in refused {
        assert_eq!(case.sign().err(), case.refused);
    }
}

#[test]
fn parts_aggregate_as_bip_327_lists() {
    #[derive(Deserialize)]
    struct Case {
        keys: Vec<Bytes>,
        nonces: Vec<Bytes>,
        aggregate_nonce: Bytes,
        tweaks: Vec<TweakBytes>,
        partials: Vec<Bytes>,
        message: Bytes,
        signature: Option<Signature>,
        refused: Option<Refusal>,
    }
    impl Case {
        fn aggregate(&self) -> Result<Signature, Refusal> {
            let agg = key(&self.keys, &self.tweaks)?;
            let sum = AggregateNonce::sum_bytes(&self.nonces)?;
            assert_eq!(sum.to_bytes()[..], self.aggregate_nonce.0);
            let partials = PartialSignature::parse_all(&self.partials)?;
            let signature = aggregate(&agg, &sum, partials, &self.message.0)?;
            assert!(signature.verify(&agg.x_only(), &self.message.0));
            Ok(signature)
        }
    }
    let Both::<Case, Case> { valid, refused } = vectors!("bip327_sig_agg");
    assert_eq!((valid.len(), refused.len()), (4, 1));
    for case in &valid {
        assert_eq!(Some(case.aggregate().expect("a signature")), case.signature);
    }
    for case in &refused {
        assert_eq!(case.aggregate().err(), case.refused);
    }
}

#[test]
fn an_aggregate_key_has_the_extended_key_that_bip_328_lists() {
    #[derive(Deserialize)]
    struct Case {
        keys: Vec<Bytes>,
        aggregate: ParticipantKey,
        xpub: String,
    }
    let Valid::<Case> { valid } = vectors!("bip328");
    assert_eq!(valid.len(), 3);
    for case in valid {
        let aggregate = key(&case.keys, &[]).expect("a key").aggregate();
        assert_eq!(aggregate, case.aggregate);
        // Version of a mainnet public key, then depth, parent and index, all zero (BIP-32).
        let mut expected = vec![0x04, 0x88, 0xb2, 0x1e];
        expected.extend([0; 9]);
        expected.extend(CHAIN_CODE);
        expected.extend(aggregate.as_bytes());
        assert_eq!(base58(&case.xpub)[..78], expected);
    }
}

#[test]
fn signatures_are_made_and_verified_as_bip_340_lists() {
    #[derive(Deserialize)]
    struct File {
        signature: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        secret_key: Option<Bytes>,
        seed: Option<Bytes>,
        key: Bytes,
        message: Bytes,
        signature: Signature,
        verdict: String,
    }
    let File { signature } = vectors!("bip340");
    assert_eq!(signature.len(), 19);
    for case in signature {
        let message = &case.message.0;
        let verdict = match XOnlyKey::parse(&case.key.0) {
            Err(_) => "no_key",
            Ok(key) if case.signature.verify(&key, message) => "right",
            Ok(_) => "wrong",
        };
        assert_eq!(verdict, case.verdict);
        if let (Some(secret), Some(seed)) = (case.secret_key, case.seed) {
            let secret = signing_key(&secret);
            assert_eq!(secret.participant().x_only().as_bytes()[..], case.key.0);
            assert_eq!(secret.sign(message, Seed::new(seed.sized())), case.signature);
        }
    }
}

#[test]
fn keys_become_taproot_outputs_as_bip_341_lists() {
    #[derive(Deserialize)]
    struct File {
        output: Vec<Output>,
        spend: Vec<Spend>,
    }
    #[derive(Deserialize)]
    struct Output {
        internal: XOnlyKey,
        root: Option<Bytes>,
        tweak: Bytes,
        output: XOnlyKey,
    }
    #[derive(Deserialize)]
    struct Spend {
        internal_secret: Bytes,
        root: Option<Bytes>,
        internal: XOnlyKey,
        tweak: Bytes,
        output_secret: Bytes,
        message: Bytes,
        signature: Signature,
    }
    let check = |internal: &XOnlyKey, root: &Option<Bytes>, tweak: &Bytes| {
        let ours = tap_tweak(internal, root.as_ref().map_or(&[], |root| &root.0));
        assert_eq!(ours[..], tweak.0);
        let tweak = secp::MaybeScalar::from_slice(&ours).expect("in range");
        ParticipantKey::from((internal.point() + tweak * secp::G).not_inf().expect("a key")).x_only()
    };
    let File { output, spend } = vectors!("bip341");
    assert_eq!((output.len(), spend.len()), (7, 7));
    for case in output {
        assert_eq!(check(&case.internal, &case.root, &case.tweak), case.output);
    }
    for case in spend {
        assert_eq!(signing_key(&case.internal_secret).participant().x_only(), case.internal);
        let secret = signing_key(&case.output_secret);
        let output = secret.participant().x_only();
        assert_eq!(check(&case.internal, &case.root, &case.tweak), output);
        assert_eq!(secret.sign(&case.message.0, Seed::new([0; 32])), case.signature);
        assert!(case.signature.verify(&output, &case.message.0));
    }
}

/// A file of cases that all succeed.
#[derive(Deserialize)]
struct Valid<V> {
    valid: Vec<V>,
}

/// A file of cases that succeed and cases that are refused.
#[derive(Deserialize)]
struct Both<V, R> {
    valid: Vec<V>,
    refused: Vec<R>,
}

/// One signer signs and everybody verifies.
#[derive(Deserialize)]
struct Signing {
    secret_key: Bytes,
    secret_nonce: Bytes,
    keys: Vec<Bytes>,
    #[serde(default)]
    tweaks: Vec<TweakBytes>,
    #[serde(default)]
    nonces: Vec<Bytes>,
    aggregate_nonce: Bytes,
    message: Bytes,
    signer: Option<usize>,
    partial: Option<Bytes>,
    refused: Option<Refusal>,
}

impl Signing {
    fn succeeds(&self) {
        let partial = self.sign().expect("a signature");
        assert_eq!(Some(partial.to_bytes().into()), self.partial);
        let agg = key(&self.keys, &self.tweaks).expect("a key");
        let sum = AggregateNonce::sum_bytes(&self.nonces).expect("nonces");
        assert_eq!(sum.to_bytes()[..], self.aggregate_nonce.0);
        let signer = self.signer.expect("a case that signs says as whom");
        let nonce = PublicNonce::parse(&self.nonces[signer].0).expect("a nonce");
        partial.verify(&agg, &sum, &agg.keys()[signer], &nonce, &self.message.0).expect("a right one");
    }

    fn fails(&self) {
        assert!(self.refused.is_some());
        assert_eq!(self.sign().err(), self.refused);
    }

    fn sign(&self) -> Result<PartialSignature, Refusal> {
        let agg = key(&self.keys, &self.tweaks)?;
        let sum = AggregateNonce::parse(&self.aggregate_nonce.0)?;
        let nonce = SecretNonce::from_bytes(&self.secret_nonce.sized());
        Ok(nonce.sign(&signing_key(&self.secret_key), &agg, &sum, &self.message.0)?)
    }
}

/// Somebody's partial signature is checked.
#[derive(Deserialize)]
struct Verifying {
    keys: Vec<Bytes>,
    nonces: Vec<Bytes>,
    message: Bytes,
    signer: usize,
    partial: Bytes,
    refused: Option<Refusal>,
}

impl Verifying {
    fn verify(&self) -> Result<(), Refusal> {
        assert!(self.refused.is_some());
        let agg = key(&self.keys, &[])?;
        let sum = AggregateNonce::sum_bytes(&self.nonces)?;
        let nonce = PublicNonce::parse(&self.nonces[self.signer].0)?;
        let partial = PartialSignature::parse(&self.partial.0)?;
        Ok(partial.verify(&agg, &sum, &agg.keys()[self.signer], &nonce, &self.message.0)?)
    }
}

/// Bytes that a file gives in hex.
#[derive(PartialEq, Debug)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn sized<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().expect("the case gives as many bytes as the type has")
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Bytes {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

/// A tweak as a file gives it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum TweakBytes {
    Plain(Bytes),
    XOnly(Bytes),
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("a file of cases")
}

fn key(keys: &[Bytes], tweaks: &[TweakBytes]) -> Result<KeyAgg, Refusal> {
    let tweak = |tweak: &TweakBytes| match tweak {
        TweakBytes::Plain(bytes) => Tweak::Plain(bytes.sized()),
        TweakBytes::XOnly(bytes) => Tweak::XOnly(bytes.sized()),
    };
    let tweaks: Vec<_> = tweaks.iter().map(tweak).collect();
    Ok(KeyAgg::new(&KeyAgg::parse(keys)?)?.tweaked(&tweaks)?)
}

fn signing_key(bytes: &Bytes) -> SigningKey {
    SigningKey::from_bytes(&bytes.sized()).expect("in range")
}

/// Decodes base58 and checks the last four bytes, which are a checksum.
fn base58(text: &str) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    const DIGITS: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = vec![0_u8; 82];
    for digit in text.chars() {
        let mut carry = DIGITS.find(digit).expect("base58");
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = (carry % 256) as u8;
            carry /= 256;
        }
        assert_eq!(carry, 0);
    }
    let checksum = Sha256::digest(Sha256::digest(&bytes[..78]));
    assert_eq!(bytes[78..], checksum[..4]);
    bytes
}
