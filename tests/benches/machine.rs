//! How long a phone decides for a whole session, beside the least `musig2` calls that the same signatures need.
//!
//! `machine` is the time inside one phone's node from a proposal to the end, averaged over all phones of a mesh.
//! `bare` is one signer's share of the same work by bare library calls: make nonces, read the others', add them up,
//! sign, read the others' partial signatures, aggregate and verify once. `sealed` adds what no protocol over an untrusted
//! network can leave out: one signature for each message sent and one verification for each received.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign_machine::limits::{DEFAULT_SESSION_MS, FORGET_AFTER_MS};
use countersign_machine::record::Outcome;
use countersign_machine::wallet::derive::Taproot;
use countersign_tests::rig::{Topology, World, payload};
use criterion::Criterion;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use musig2::secp::{MaybeScalar, Point, Scalar};
use musig2::{
    AggNonce, BinaryEncoding, CompactSignature, KeyAggContext, PartialSignature, PubNonce, SecNonce,
};

/// Signers and items of each measured session.
const SIZES: [(usize, u32); 15] = [
    (2, 1),
    (3, 1),
    (5, 1),
    (15, 1),
    (100, 1),
    (2, 100),
    (3, 100),
    (5, 100),
    (15, 100),
    (100, 100),
    (2, 1000),
    (3, 1000),
    (5, 1000),
    (15, 1000),
    (100, 1000),
];
/// Signers times items from which on a session is run once: it takes seconds, and differs little from run to run.
const ONCE_FROM: u64 = 10_000;

/// The mean of every measurement, by name and size.
type Means = RefCell<BTreeMap<(&'static str, usize, u32), Duration>>;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let means = Means::default();
    for (signers, items) in SIZES {
        if !wanted(signers, items) {
            continue;
        }
        let mut world = World::new(7, signers, Topology::Mesh);
        measure(&mut criterion, &means, ("machine", signers, items), || session(&mut world, items));
        let bare = Bare::new(signers, items);
        measure(&mut criterion, &means, ("bare", signers, items), || bare.sign());
        let seal = Seal::new(signers, items);
        measure(&mut criterion, &means, ("seal", signers, items), || seal.exchange());
    }
    criterion.final_summary();
    report(&means.borrow());
}

/// Times `run` through criterion, or once if a run is long, and notes the mean.
fn measure(
    criterion: &mut Criterion,
    means: &Means,
    (name, signers, items): (&'static str, usize, u32),
    mut run: impl FnMut() -> Duration,
) {
    let note = |mean| means.borrow_mut().insert((name, signers, items), mean);
    if signers as u64 * u64::from(items) >= ONCE_FROM {
        let once = run();
        println!("{name}/{signers}x{items}: {once:?}, once");
        note(once);
        return;
    }
    criterion.bench_function(&format!("{name}/{signers}x{items}"), |bencher| {
        bencher.iter_custom(|runs| {
            let total: Duration = (0..runs).map(|_| run()).sum();
            note(total / u32::try_from(runs).unwrap_or(u32::MAX));
            total
        });
    });
}

/// Lets all phones of `world` sign a payload; returns the mean time that one of them decided.
fn session(world: &mut World, items: u32) -> Duration {
    world.spent = Duration::ZERO;
    let session = world.propose(0, payload(items));
    world.approve_at_once(session);
    assert!(matches!(world.outcome(session), Some(Outcome::Completed { .. })), "it completes");
    let spent = world.spent;
    world.sent.clear();
    world.pass_ms(DEFAULT_SESSION_MS + FORGET_AFTER_MS + 1);
    spent / u32::try_from(world.phones.len()).expect("a wallet's worth of phones")
}

/// One signer's work by bare library calls, everything that others would bring prepared.
struct Bare {
    context: KeyAggContext,
    key: Scalar,
    digests: Vec<[u8; 32]>,
    tweaks: Vec<Vec<(MaybeScalar, bool)>>,
    /// Every other signer's nonces, item by item.
    nonces: Vec<Vec<Vec<u8>>>,
    /// The sum of every other signer's partial signatures cannot be known before ours: these stand for their bytes.
    partials: Vec<Vec<[u8; 32]>>,
    others: Vec<Scalar>,
    secrets: Vec<Vec<[u8; 32]>>,
}

impl Bare {
    fn new(signers: usize, items: u32) -> Self {
        let scalar = |n: usize| Scalar::try_from(n as u128 + 1).expect("a small number");
        let keys: Vec<Scalar> = (0..signers).map(scalar).collect();
        let context = KeyAggContext::new(keys.iter().map(|key| key.base_point_mul())).expect("keys");
        let digests: Vec<[u8; 32]> =
            (0..items).map(|n| [u8::try_from(n % 251).expect("small"); 32]).collect();
        let tweaks = payload(items)
            .items
            .iter()
            .map(|item| {
                let steps = item.key.path().len();
                let taproot = usize::from(item.key.taproot() != Taproot::Untweaked);
                (0..steps + taproot).map(|at| (scalar(at).into(), at == steps)).collect()
            })
            .collect();
        let secrets: Vec<Vec<[u8; 32]>> =
            (1..signers).map(|who| (0..items).map(|n| seed(who, n)).collect()).collect();
        let nonces = secrets
            .iter()
            .zip(&keys[1..])
            .map(|(seeds, key)| {
                let make = |seed: &[u8; 32]| SecNonce::build_with_seckey(*seed, *key).build().public_nonce();
                seeds.iter().map(|seed| make(seed).to_bytes().to_vec()).collect()
            })
            .collect();
        let mut bare = Self {
            context,
            key: keys[0],
            digests,
            tweaks,
            nonces,
            partials: Vec::new(),
            others: keys[1..].to_vec(),
            secrets,
        };
        bare.partials = bare.sign_for_the_others();
        bare
    }

    /// Returns the others' partial signatures for the nonces that [`Bare::sign`] will make.
    fn sign_for_the_others(&self) -> Vec<Vec<[u8; 32]>> {
        let own: Vec<PubNonce> =
            self.own_nonces(&self.contexts()).iter().map(SecNonce::public_nonce).collect();
        let contexts = self.contexts();
        let sums = self.sums(&own);
        self.others
            .iter()
            .zip(&self.secrets)
            .map(|(key, seeds)| {
                let sign = |item: usize| {
                    let nonce = SecNonce::build_with_seckey(seeds[item], *key).build();
                    let partial: PartialSignature =
                        musig2::sign_partial(&contexts[item], *key, nonce, &sums[item], self.digests[item])
                            .expect("a signer");
                    partial.serialize()
                };
                (0..seeds.len()).map(sign).collect()
            })
            .collect()
    }

    fn contexts(&self) -> Vec<KeyAggContext> {
        let tweak = |tweaks: &Vec<(MaybeScalar, bool)>| self.context.clone().with_tweaks(tweaks.clone());
        self.tweaks.iter().map(|tweaks| tweak(tweaks).expect("small tweaks")).collect()
    }

    fn own_nonces(&self, contexts: &[KeyAggContext]) -> Vec<SecNonce> {
        (0..)
            .zip(contexts.iter().zip(&self.digests))
            .map(|(n, (context, digest))| {
                let aggregate: Point = context.aggregated_pubkey();
                SecNonce::generate(seed(0, n), self.key, aggregate, digest, seed(99, n))
            })
            .collect()
    }

    fn sums(&self, own: &[PubNonce]) -> Vec<AggNonce> {
        let read = |nonces: &Vec<Vec<u8>>| -> Vec<PubNonce> {
            nonces.iter().map(|bytes| PubNonce::from_bytes(bytes).expect("a nonce")).collect()
        };
        let others: Vec<Vec<PubNonce>> = self.nonces.iter().map(read).collect();
        let all = |item: usize| others.iter().map(move |nonces| &nonces[item]);
        own.iter().enumerate().map(|(item, own)| AggNonce::sum(all(item).chain([own]))).collect()
    }

    /// Does one signer's share of a whole session; returns how long it took.
    fn sign(&self) -> Duration {
        let start = Instant::now();
        let contexts = self.contexts();
        let secret = self.own_nonces(&contexts);
        let public: Vec<PubNonce> = secret.iter().map(SecNonce::public_nonce).collect();
        let sums = self.sums(&public);
        let own: Vec<PartialSignature> = secret
            .into_iter()
            .enumerate()
            .map(|(item, nonce)| {
                musig2::sign_partial(&contexts[item], self.key, nonce, &sums[item], self.digests[item])
                    .expect("a signer")
            })
            .collect();
        for (item, own) in own.into_iter().enumerate() {
            let others = self
                .partials
                .iter()
                .map(|partials| PartialSignature::from_slice(&partials[item]).expect("a scalar"));
            let signature: CompactSignature = musig2::aggregate_partial_signatures(
                &contexts[item],
                &sums[item],
                others.chain([own]),
                self.digests[item],
            )
            .expect("a signature");
            black_box(signature);
        }
        start.elapsed()
    }
}

/// The messages of one signer's share: two sent, two received from every other.
struct Seal {
    key: SigningKey,
    public: VerifyingKey,
    received: Vec<(Vec<u8>, ed25519_dalek::Signature)>,
    messages: [Vec<u8>; 2],
}

impl Seal {
    fn new(signers: usize, items: u32) -> Self {
        let key = SigningKey::from_bytes(&[7; 32]);
        let messages = [66, 32].map(|width| vec![1; items as usize * width + 120]);
        let signed = |message: &Vec<u8>| (message.clone(), key.sign(&hash(message)));
        let received = (1..signers).flat_map(|_| messages.iter().map(signed)).collect();
        Self { public: key.verifying_key(), received, messages, key }
    }

    fn exchange(&self) -> Duration {
        let start = Instant::now();
        for message in &self.messages {
            black_box(self.key.sign(&hash(message)));
        }
        for (message, signature) in &self.received {
            self.public.verify_strict(&hash(message), signature).expect("its author signed it");
        }
        start.elapsed()
    }
}

fn hash(message: &[u8]) -> [u8; 32] {
    countersign_tests::rig::forge::tagged_hash("countersign/envelope", &[message])
}

fn seed(who: usize, item: u32) -> [u8; 32] {
    let who = u32::try_from(who).expect("a slot");
    countersign_tests::rig::forge::tagged_hash("bench/seed", &[&who.to_be_bytes(), &item.to_be_bytes()])
}

/// Returns whether the sizes named in the environment, as `COUNTERSIGN_BENCH=15x1,3x100`, have this one; all are
/// measured if none are named.
fn wanted(signers: usize, items: u32) -> bool {
    let named = std::env::var("COUNTERSIGN_BENCH").unwrap_or_default();
    named.is_empty() || named.split(',').any(|size| size == format!("{signers}x{items}"))
}

/// Prints the ratios.
fn report(means: &BTreeMap<(&'static str, usize, u32), Duration>) {
    println!(
        "\n| signers | items | machine | bare musig2 | envelopes | machine / bare | machine / (bare + envelopes) |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for (signers, items) in SIZES {
        let mean = |name| means.get(&(name, signers, items)).map(Duration::as_secs_f64);
        if let (Some(machine), Some(bare), Some(seal)) = (mean("machine"), mean("bare"), mean("seal")) {
            println!(
                "| {signers} | {items} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} | {:.2} |",
                machine * 1e3,
                bare * 1e3,
                seal * 1e3,
                machine / bare,
                machine / (bare + seal),
            );
        }
    }
}
