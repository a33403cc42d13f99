//! Sessions in which some signers are the machine and some another implementation of BIP-327: libsecp256k1's own,
//! or schnorr_fun's.

use countersign_machine::key::{ParticipantKey, Seed, SigningKey};
use countersign_machine::session::nonce::{AggregateNonce, PublicNonce, SecretNonce};
use countersign_machine::session::partial::{PartialSignature, aggregate};
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use countersign_machine::wallet::key_agg::{KeyAgg, Tweak};
use countersign_tests::rig::forge::tagged_hash;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha512};

#[path = "cross/foreigner.rs"]
mod foreigner;
#[path = "cross/other.rs"]
mod other;

use foreigner::{Meeting, PARTS};
use other::{EXTRA, Libsecp, Other, Round, SchnorrFun};

/// Sessions with each implementation.
const SESSIONS: u32 = 200;
/// Sessions of whole phones with each implementation.
const MEETINGS: u32 = 25;

#[test]
fn the_machine_and_libsecp256k1_sign_together() {
    sign_together::<Libsecp>();
}

#[test]
fn the_machine_and_schnorr_fun_sign_together() {
    sign_together::<SchnorrFun>();
}

#[test]
fn from_one_seed_the_machine_and_libsecp256k1_make_one_nonce() {
    for number in 0..SESSIONS {
        let mut dice = Dice::new("nonce", number);
        let signers = Signers::new(&mut dice, 2);
        let (seed, message) = (dice.bytes(), dice.bytes());

        let ours = signers.ours.x_only();
        let ours = SecretNonce::generate(Seed::new(seed), &signers.key(0), &ours, &message, &EXTRA);
        let (_, theirs) = Libsecp::aggregate(&signers.keys).nonce(&signers.secrets[0], seed, &message);

        assert_eq!(ours.public().to_bytes(), theirs);
    }
}

#[test]
fn phones_complete_sessions_with_a_signer_from_libsecp256k1() {
    meet::<Libsecp>();
}

#[test]
fn phones_complete_sessions_with_a_signer_from_schnorr_fun() {
    meet::<SchnorrFun>();
}

fn sign_together<O: Other>() {
    let mut tally = Tally::default();
    for number in 0..SESSIONS {
        let mut dice = Dice::new(O::NAME, number);
        let count = 2 + dice.below(4);
        let signers = Signers::new(&mut dice, count);
        let (path, kind) = random_path(&mut dice);
        let (ours, theirs) = tweak_both::<O>(&signers, &path);
        let is_theirs = dice.split(count);

        let mixed = Mixed { ours, theirs, signers, is_theirs };
        mixed.sign(&mut dice);

        tally.sessions += 1;
        tally.kinds[kind] += 1;
        let others = mixed.is_theirs.iter().filter(|is_theirs| **is_theirs).count();
        tally.signers[0] += count - others;
        tally.signers[1] += others;
    }

    let Tally { sessions, signers: [ours, theirs], kinds: [none, derived, key_spend, tree] } = tally;
    println!("{sessions} sessions: {ours} signers are the machine, {theirs} are {}", O::NAME);
    println!("untweaked {none}, derived {derived}, key spend {key_spend}, script tree {tree}");
    assert_eq!(sessions, SESSIONS);
    assert_eq!(tally.kinds.iter().sum::<u32>(), SESSIONS);
    assert!(tally.kinds.iter().all(|sessions| *sessions > 20), "every kind of key came up");
}

/// What came up.
#[derive(Default)]
struct Tally {
    sessions: u32,
    /// Signers that were the machine, and others.
    signers: [usize; 2],
    /// Sessions without a tweak, under a derived key, a key spend and a script tree.
    kinds: [u32; 4],
}

/// One session's signers and the key they sign under, as both implementations have it.
struct Mixed<O: Other> {
    ours: KeyAgg,
    theirs: O,
    signers: Signers,
    is_theirs: Vec<bool>,
}

/// One signer's secret nonce.
enum Secret<O: Other> {
    Ours(SecretNonce),
    Theirs(O::Secret),
}

impl<O: Other> Mixed<O> {
    /// Runs a session and asserts that both implementations agree on all of it.
    fn sign(&self, dice: &mut Dice) {
        let message = dice.bytes();
        let (secrets, nonces): (Vec<Secret<O>>, Vec<[u8; 66]>) =
            (0..self.signers.secrets.len()).map(|signer| self.nonce(signer, dice.bytes(), &message)).unzip();
        let round = Round { nonces, message };
        let public: Vec<PublicNonce> =
            round.nonces.iter().map(|nonce| PublicNonce::parse(nonce).expect("a nonce")).collect();
        let sum = AggregateNonce::sum(&public);

        let mut partials = Vec::new();
        for (signer, secret) in secrets.into_iter().enumerate() {
            let key = &self.signers.secrets[signer];
            let partial = match secret {
                Secret::Ours(secret) => {
                    let partial = secret.sign(&self.signers.key(signer), &self.ours, &sum, &message);
                    partial.expect("a part").to_bytes()
                }
                Secret::Theirs(secret) => self.theirs.sign(&round, signer, key, secret),
            };
            assert!(self.theirs.accepts(&round, signer, &partial), "they accept every part");
            let (signer, nonce) = (&self.ours.keys()[signer], &public[signer]);
            let partial = PartialSignature::parse(&partial).expect("a part");
            assert_eq!(partial.verify(&self.ours, &sum, signer, nonce, &message), Ok(()));
            partials.push(partial);
        }

        let ours = aggregate(&self.ours, &sum, partials.iter().copied(), &message).expect("a signature");
        let bytes: Vec<[u8; 32]> = partials.iter().map(PartialSignature::to_bytes).collect();
        assert_eq!(self.theirs.finish(&round, &bytes), *ours.as_bytes());
        assert!(ours.verify(&self.ours.x_only(), &message));
        assert!(self.theirs.verifies(ours.as_bytes(), &message));
        let judge = k256::schnorr::VerifyingKey::from_bytes((&self.theirs.x_only()).into()).expect("a key");
        let judged = k256::schnorr::Signature::try_from(&ours.as_bytes()[..]).expect("64 bytes");
        judge.verify_raw(&message, &judged).expect("a valid signature");

        let mut spoilt = bytes[0];
        spoilt[31] ^= 1;
        assert!(!self.theirs.accepts(&round, 0, &spoilt), "they do not accept everything");
        assert!(!self.theirs.verifies(ours.as_bytes(), &dice.bytes()));
    }

    fn nonce(&self, signer: usize, seed: [u8; 32], message: &[u8; 32]) -> (Secret<O>, [u8; 66]) {
        if self.is_theirs[signer] {
            let (secret, public) = self.theirs.nonce(&self.signers.secrets[signer], seed, message);
            return (Secret::Theirs(secret), public);
        }
        let (seed, key) = (Seed::new(seed), self.signers.key(signer));
        let secret = SecretNonce::generate(seed, &key, &self.ours.x_only(), message, &EXTRA);
        let public = secret.public().to_bytes();
        (Secret::Ours(secret), public)
    }
}

/// Signers' secret keys, their public keys in an order of no meaning, and what these aggregate to.
struct Signers {
    secrets: Vec<[u8; 32]>,
    keys: Vec<[u8; 33]>,
    ours: KeyAgg,
}

impl Signers {
    fn new(dice: &mut Dice, count: usize) -> Self {
        let secrets: Vec<[u8; 32]> = (0..count).map(|_| dice.bytes()).collect();
        let participants: Vec<ParticipantKey> =
            secrets.iter().map(|secret| signing_key(secret).participant()).collect();
        let keys = participants.iter().map(|key| *key.as_bytes()).collect();
        Self { secrets, keys, ours: KeyAgg::new(&participants).expect("a key") }
    }

    fn key(&self, signer: usize) -> SigningKey {
        signing_key(&self.secrets[signer])
    }
}

fn signing_key(secret: &[u8; 32]) -> SigningKey {
    SigningKey::from_bytes(secret).expect("a hash is in range but once in 2^128")
}

/// Chooses a path of one of four kinds.
fn random_path(dice: &mut Dice) -> (KeyPath, usize) {
    let kind = dice.below(4);
    let steps = match kind {
        0 => 0,
        1 => 1 + dice.below(3),
        _ => dice.below(3),
    };
    let taproot = match kind {
        0 | 1 => Taproot::Untweaked,
        2 => Taproot::KeySpend,
        _ => Taproot::ScriptTree(dice.bytes()),
    };
    let path = (0..steps).map(|_| dice.number() >> 1).collect();
    (KeyPath::new(path, taproot).expect("a short unhardened path"), kind)
}

/// Aggregates and tweaks in both implementations and asserts that all keys on the way are the same.
fn tweak_both<O: Other>(signers: &Signers, path: &KeyPath) -> (KeyAgg, O) {
    let mut theirs = O::aggregate(&signers.keys);
    assert_eq!(theirs.key(), *signers.ours.aggregate().as_bytes());
    assert_eq!(theirs.x_only(), *signers.ours.x_only().as_bytes());
    let (tweaked, tweaks) = tweak(theirs, path);
    theirs = tweaked;
    let ours = signers.ours.at(path).expect("a key");
    assert_eq!(signers.ours.tweaks_for(path).expect("a key"), tweaks);
    assert_eq!(theirs.x_only(), *ours.x_only().as_bytes());
    (ours, theirs)
}

/// Follows a path from another implementation's aggregate key, by BIP-328, BIP-32 and BIP-341 and without the
/// machine. Returns the tweaks, too.
fn tweak<O: Other>(mut key: O, path: &KeyPath) -> (O, Vec<Tweak>) {
    let mut tweaks = Vec::new();
    let mut chain_code: [u8; 32] = sha2::Sha256::digest("MuSig2MuSig2MuSig2").into();
    for index in path.path() {
        let mac = <Hmac<Sha512> as KeyInit>::new_from_slice(&chain_code).expect("any length");
        let mac = mac.chain_update(key.key()).chain_update(index.to_be_bytes()).finalize().into_bytes();
        let (step, below) = mac.split_at(32);
        let step = step.try_into().expect("32 bytes");
        chain_code = below.try_into().expect("32 bytes");
        tweaks.push(Tweak::Plain(step));
        key = key.add_plain(step);
    }
    let internal = key.x_only();
    let output = match path.taproot() {
        Taproot::Untweaked => return (key, tweaks),
        Taproot::KeySpend => tagged_hash("TapTweak", &[&internal]),
        Taproot::ScriptTree(root) => tagged_hash("TapTweak", &[&internal, &root]),
    };
    tweaks.push(Tweak::XOnly(output));
    (key.add_x_only(output), tweaks)
}

/// Lets phones sign with a signer from elsewhere, in every place and at every moment.
fn meet<O: Other>() {
    let mut phones = 0;
    for number in 0..MEETINGS {
        let mut dice = Dice::new("meeting", number);
        let count = 2 + dice.below(4);
        let meeting = Meeting::new(u64::from(number), count, dice.below(count));
        let part = PARTS[number as usize % PARTS.len()];

        meeting.hold::<O>(part, 1 + dice.below(4) as u32);

        phones += count - 1;
    }

    println!("{MEETINGS} sessions of phones with {}: {phones} nodes completed", O::NAME);
}

/// Whatever looks random and is the same in every run.
struct Dice {
    seed: [u8; 32],
    count: u32,
}

impl Dice {
    fn new(what: &str, number: u32) -> Self {
        Self { seed: tagged_hash("cross/dice", &[what.as_bytes(), &number.to_be_bytes()]), count: 0 }
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.count += 1;
        tagged_hash("cross/roll", &[&self.seed, &self.count.to_be_bytes()])
    }

    fn number(&mut self) -> u32 {
        self.bytes()[..4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    fn below(&mut self, end: usize) -> usize {
        self.number() as usize % end
    }

    /// Says who of `count` is on the other side, at least one on each.
    fn split(&mut self, count: usize) -> Vec<bool> {
        let mut sides: Vec<bool> = (0..count).map(|_| self.below(2) == 0).collect();
        if sides.iter().all(|side| *side == sides[0]) {
            let turned = self.below(count);
            sides[turned] = !sides[turned];
        }
        sides
    }
}
