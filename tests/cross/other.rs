//! Other implementations of BIP-327, all behind the same bytes.

use libsecp256k1::musig::{
    AggregatedNonce, KeyAggCache, PartialSignature, PublicNonce, SecretNonce, Session, SessionSecretRand,
    new_nonce_pair,
};
use libsecp256k1::{Keypair, PublicKey, SecretKey, schnorr};
use schnorr_fun::binonce::{Nonce, NonceKeyPair};
use schnorr_fun::fun::marker::{EvenY, Normal, Public, Zero};
use schnorr_fun::fun::nonce::NoNonces;
use schnorr_fun::fun::{Point, Scalar};
use schnorr_fun::musig::{AggKey, MuSig, SignSession, new_without_nonce_generation};
use sha2_for_schnorr_fun::Sha256;

use countersign_tests::rig::forge::tagged_hash;

/// An aggregate key with its tweaks, as another implementation has it. A signer is its place in the list of keys.
pub(crate) trait Other: Sized {
    /// What it is called.
    const NAME: &str;

    /// A secret nonce.
    type Secret;

    /// Aggregates keys in the order given.
    fn aggregate(keys: &[[u8; 33]]) -> Self;

    /// Returns the aggregate key as it is after plain tweaks alone.
    fn key(&self) -> [u8; 33];

    /// Returns the X coordinate of the aggregate key with all its tweaks.
    fn x_only(&self) -> [u8; 32];

    /// Adds a plain tweak.
    fn add_plain(self, tweak: [u8; 32]) -> Self;

    /// Adds an x-only tweak, after which no plain one comes.
    fn add_x_only(self, tweak: [u8; 32]) -> Self;

    /// Makes a nonce from a fresh seed.
    fn nonce(&self, key: &[u8; 32], seed: [u8; 32], message: &[u8; 32]) -> (Self::Secret, [u8; 66]);

    /// Signs with the key of `signer`.
    fn sign(&self, round: &Round, signer: usize, key: &[u8; 32], secret: Self::Secret) -> [u8; 32];

    /// Says whether this is the signer's part.
    fn accepts(&self, round: &Round, signer: usize, partial: &[u8; 32]) -> bool;

    /// Adds the parts up.
    fn finish(&self, round: &Round, partials: &[[u8; 32]]) -> [u8; 64];

    /// Says whether the message is signed under the key with all its tweaks.
    fn verifies(&self, signature: &[u8; 64], message: &[u8; 32]) -> bool;
}

/// What all signers know when they sign: their nonces, in the order of their keys, and the message.
pub(crate) struct Round {
    pub(crate) nonces: Vec<[u8; 66]>,
    pub(crate) message: [u8; 32],
}

/// The musig module of libsecp256k1.
pub(crate) struct Libsecp {
    keys: Vec<PublicKey>,
    cache: KeyAggCache,
}

impl Libsecp {
    fn session(&self, round: &Round) -> Session {
        let nonces: Vec<PublicNonce> =
            round.nonces.iter().map(|bytes| PublicNonce::from_byte_array(bytes).expect("a nonce")).collect();
        let sum = AggregatedNonce::new(&nonces.iter().collect::<Vec<_>>());
        Session::new(&self.cache, sum, &round.message)
    }
}

impl Other for Libsecp {
    const NAME: &str = "libsecp256k1";

    type Secret = SecretNonce;

    fn aggregate(keys: &[[u8; 33]]) -> Self {
        let key = |bytes: &[u8; 33]| PublicKey::from_byte_array_compressed(*bytes).expect("a key");
        let keys: Vec<PublicKey> = keys.iter().map(key).collect();
        let cache = KeyAggCache::new(&keys.iter().collect::<Vec<_>>());
        Self { keys, cache }
    }

    fn key(&self) -> [u8; 33] {
        self.cache.agg_pk_full().serialize()
    }

    fn x_only(&self) -> [u8; 32] {
        self.cache.agg_pk_full().x_only_public_key().0.to_byte_array()
    }

    fn add_plain(mut self, tweak: [u8; 32]) -> Self {
        let tweak = libsecp256k1::Scalar::from_be_bytes(tweak).expect("in range");
        self.cache.pubkey_ec_tweak_add(&tweak).expect("a key");
        self
    }

    fn add_x_only(mut self, tweak: [u8; 32]) -> Self {
        let tweak = libsecp256k1::Scalar::from_be_bytes(tweak).expect("in range");
        self.cache.pubkey_xonly_tweak_add(&tweak).expect("a key");
        self
    }

    fn nonce(&self, key: &[u8; 32], seed: [u8; 32], message: &[u8; 32]) -> (SecretNonce, [u8; 66]) {
        let seed = SessionSecretRand::assume_uniformly_random(seed);
        let key = SecretKey::from_secret_bytes(*key).expect("in range");
        let (secret, public) =
            new_nonce_pair(seed, Some(&self.cache), Some(key), key.public_key(), Some(message), Some(EXTRA));
        (secret, public.serialize())
    }

    fn sign(&self, round: &Round, signer: usize, key: &[u8; 32], secret: SecretNonce) -> [u8; 32] {
        let pair = Keypair::from_secret_bytes(*key).expect("in range");
        assert_eq!(pair.public_key(), self.keys[signer], "the library aborts on another key");
        self.session(round).partial_sign(secret, &pair, &self.cache).serialize()
    }

    fn accepts(&self, round: &Round, signer: usize, partial: &[u8; 32]) -> bool {
        let Ok(partial) = PartialSignature::from_byte_array(partial) else { return false };
        let nonce = PublicNonce::from_byte_array(&round.nonces[signer]).expect("a nonce");
        self.session(round).partial_verify(&self.cache, &partial, &nonce, self.keys[signer])
    }

    fn finish(&self, round: &Round, partials: &[[u8; 32]]) -> [u8; 64] {
        let partial = |bytes| PartialSignature::from_byte_array(bytes).expect("a part");
        let partials: Vec<PartialSignature> = partials.iter().map(partial).collect();
        let whole = self.session(round).partial_sig_agg(&partials.iter().collect::<Vec<_>>());
        whole.assume_valid().to_byte_array()
    }

    fn verifies(&self, signature: &[u8; 64], message: &[u8; 32]) -> bool {
        let signature = schnorr::Signature::from_byte_array(*signature);
        self.cache.agg_pk_full().x_only_public_key().0.verify(message, &signature).is_ok()
    }
}

/// What BIP-327's NonceGen is given besides, by whoever takes it.
pub(crate) const EXTRA: [u8; 32] = [0xe7; 32];

/// The musig module of schnorr_fun.
pub(crate) struct SchnorrFun {
    musig: MuSig<Sha256, NoNonces>,
    key: FunKey,
}

/// Its types tell a key that BIP-340 verifies with from one that only plain tweaks have changed.
enum FunKey {
    Plain(AggKey<Normal>),
    EvenY(AggKey<EvenY>),
}

impl SchnorrFun {
    fn even(&self) -> AggKey<EvenY> {
        match &self.key {
            FunKey::Plain(key) => key.clone().into_xonly_key(),
            FunKey::EvenY(key) => key.clone(),
        }
    }

    fn session(&self, round: &Round) -> SignSession {
        let nonce = |bytes: &[u8; 66]| Nonce::from_bytes(*bytes).expect("a nonce");
        let nonces = round.nonces.iter().map(nonce).collect();
        self.musig.start_sign_session(&self.even(), nonces, schnorr_fun::Message::raw(&round.message))
    }
}

impl Other for SchnorrFun {
    const NAME: &str = "schnorr_fun";

    type Secret = NonceKeyPair;

    fn aggregate(keys: &[[u8; 33]]) -> Self {
        let musig = new_without_nonce_generation();
        let key = |bytes: &[u8; 33]| Point::from_bytes(*bytes).expect("a key");
        let key = FunKey::Plain(musig.new_agg_key(keys.iter().map(key).collect()));
        Self { musig, key }
    }

    fn key(&self) -> [u8; 33] {
        match &self.key {
            FunKey::Plain(key) => key.agg_public_key().to_bytes(),
            FunKey::EvenY(_) => panic!("only plain tweaks keep the sign"),
        }
    }

    fn x_only(&self) -> [u8; 32] {
        self.even().agg_public_key().to_xonly_bytes()
    }

    fn add_plain(self, tweak: [u8; 32]) -> Self {
        let FunKey::Plain(key) = self.key else { panic!("a plain tweak comes before an x-only one") };
        Self { key: FunKey::Plain(key.tweak(scalar(tweak)).expect("a key")), ..self }
    }

    fn add_x_only(self, tweak: [u8; 32]) -> Self {
        let key = self.even().tweak(scalar(tweak)).expect("a key");
        Self { key: FunKey::EvenY(key), ..self }
    }

    /// The library leaves nonces to its user; these are hashes.
    fn nonce(&self, key: &[u8; 32], seed: [u8; 32], message: &[u8; 32]) -> (NonceKeyPair, [u8; 66]) {
        let half = |half: u8| tagged_hash("cross/nonce", &[&seed, key, &self.x_only(), message, &[half]]);
        let secret = schnorr_fun::binonce::SecretNonce::from_bytes(
            [half(0), half(1)].concat().try_into().expect("64 bytes"),
        );
        let pair = NonceKeyPair::from_secret(secret.expect("in range"));
        let public = pair.public().to_bytes();
        (pair, public)
    }

    fn sign(&self, round: &Round, signer: usize, key: &[u8; 32], secret: NonceKeyPair) -> [u8; 32] {
        let pair = self.musig.new_keypair(Scalar::from_bytes(*key).expect("in range"));
        self.musig.sign(&self.even(), &self.session(round), signer, &pair, secret).to_bytes()
    }

    fn accepts(&self, round: &Round, signer: usize, partial: &[u8; 32]) -> bool {
        let Some(partial) = Scalar::from_bytes(*partial) else { return false };
        self.musig.verify_partial_signature(&self.even(), &self.session(round), signer, partial)
    }

    fn finish(&self, round: &Round, partials: &[[u8; 32]]) -> [u8; 64] {
        let partials = partials.iter().map(|bytes| scalar(*bytes));
        self.musig.combine_partial_signatures(&self.even(), &self.session(round), partials).to_bytes()
    }

    fn verifies(&self, signature: &[u8; 64], message: &[u8; 32]) -> bool {
        let Some(signature) = schnorr_fun::Signature::from_bytes(*signature) else { return false };
        let (key, message) = (self.even().agg_public_key(), schnorr_fun::Message::raw(message));
        self.musig.schnorr.verify(&key, message, &signature)
    }
}

fn scalar(bytes: [u8; 32]) -> Scalar<Public, Zero> {
    Scalar::from_bytes(bytes).expect("in range")
}
