//! A liar's tools: envelopes, cards, evidence and frames of any content, made without the machine's own encoders where
//! it matters.

use countersign_machine::frame::{Frame, Reach};
use countersign_machine::id::TransportKey;
use countersign_machine::key::{ParticipantKey, Seed, SigningKey as ParticipantSecret};
use countersign_machine::message::{Body, ENVELOPE_VERSION, Envelope, Terms};
use countersign_machine::time::WallTime;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

/// Hashes `parts`, one after the other, under `tag` (BIP-340).
pub fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    let start = Sha256::new().chain_update(tag).chain_update(tag);
    parts.iter().fold(start, |hash, part| hash.chain_update(part)).finalize().into()
}

/// Signs `body` with the transport secret of `seed`.
pub fn seal(seed: &[u8; 32], body: &Body) -> Vec<u8> {
    let body = minicbor::to_vec(body).expect("writing to memory does not fail");
    let hash = tagged_hash("countersign/envelope", &[&body]);
    let signature = SigningKey::from_bytes(seed).sign(&hash).to_bytes();
    envelope(ENVELOPE_VERSION, &body, &signature)
}

/// Puts the signature of `envelope` under another body.
pub fn with_signature_of(envelope: &Envelope, body: &Body) -> Vec<u8> {
    let bytes = envelope.bytes();
    let signature = bytes[bytes.len() - 64..].try_into().expect("64 bytes");
    self::envelope(
        ENVELOPE_VERSION,
        &minicbor::to_vec(body).expect("writing to memory does not fail"),
        &signature,
    )
}

/// Puts an envelope together.
pub fn envelope(version: u16, body: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let written = encoder.array(3).and_then(|e| e.u16(version)).and_then(|e| e.bytes(body));
    written.and_then(|e| e.bytes(signature)).expect("writing to memory does not fail");
    encoder.into_writer()
}

/// Puts an envelope into a frame that needs no forwarding to anybody yet.
pub fn frame(envelope: Vec<u8>) -> Vec<u8> {
    Frame::Envelope { reach: Reach::default(), envelope: envelope.into() }.to_bytes().to_vec()
}

/// Signs `body` and puts it into a frame.
pub fn sealed_frame(seed: &[u8; 32], body: &Body) -> Vec<u8> {
    frame(seal(seed, body))
}

/// Answers a ping of `asker` with any time.
pub fn pong(seed: &[u8; 32], asker: &TransportKey, challenge: [u8; 32], wall: WallTime) -> Frame {
    let secret = SigningKey::from_bytes(seed);
    let answerer = secret.verifying_key().to_bytes();
    let parts: [&[u8]; 4] = [&challenge, &asker.0, &answerer, &wall.0.to_be_bytes()];
    let signature = secret.sign(&tagged_hash("countersign/pong", &parts)).to_bytes();
    Frame::Pong { challenge, wall, signature }
}

/// Makes public nonces that are points and whose secrets nobody uses, others for each `salt`.
pub fn nonces(items: usize, salt: &[u8]) -> Vec<u8> {
    let point = |number: usize| {
        let secret = tagged_hash("rig/nonce", &[salt, &number.to_be_bytes()]);
        let key = ParticipantSecret::from_bytes(&secret).expect("a hash is in range but once in 2^128");
        *key.participant().as_bytes()
    };
    (0..2 * items).flat_map(point).collect()
}

/// Signs a card that says that `transport` speaks for `participant`, with any keys.
pub fn card(
    participant: &ParticipantKey,
    transport: &[u8; 32],
    (issued, until): (WallTime, WallTime),
    (key, seed): (&ParticipantSecret, &[u8; 32]),
) -> Vec<u8> {
    let statement = written(|e| {
        e.array(7)?.u16(1)?.encode(participant)?.bytes(transport)?.encode(issued)?.encode(until)?;
        e.str("rogue")?.array(0)?;
        Ok(())
    });
    let hash = tagged_hash("countersign/card", &[&statement]);
    let consent = key.sign(&hash, Seed::new([0; 32]));
    let signature = SigningKey::from_bytes(seed).sign(&hash).to_bytes();
    written(|e| {
        e.array(3)?.bytes(&statement)?.bytes(consent.as_bytes())?.bytes(&signature)?;
        Ok(())
    })
}

/// What a piece of evidence could be made of.
#[derive(Clone, Copy)]
pub enum Charge<'a> {
    /// An envelope with public nonces that are said to be none.
    InvalidNonce(&'a Terms, &'a [u8]),
    /// Every signer's nonces, and an envelope with a partial signature that is said to be wrong.
    WrongPartial(&'a Terms, &'a [u8], &'a [u8]),
    /// Two envelopes that are said to contradict each other.
    Equivocation(&'a [u8], &'a [u8]),
    /// An envelope with final signatures that are said to be forged.
    ForgedCompletion(&'a Terms, &'a [u8]),
}

/// Puts a piece of evidence together.
pub fn evidence(keys: &[ParticipantKey], card: &[u8], charge: Charge<'_>) -> Vec<u8> {
    written(|e| {
        e.array(4)?.u16(1)?.encode(keys)?.bytes(card)?;
        match charge {
            Charge::InvalidNonce(terms, envelope) => e.array(3)?.u8(0)?.encode(terms)?.bytes(envelope)?,
            Charge::WrongPartial(terms, nonces, envelope) => {
                e.array(4)?.u8(1)?.encode(terms)?.bytes(nonces)?.bytes(envelope)?
            }
            Charge::Equivocation(first, second) => e.array(3)?.u8(2)?.bytes(first)?.bytes(second)?,
            Charge::ForgedCompletion(terms, envelope) => e.array(3)?.u8(3)?.encode(terms)?.bytes(envelope)?,
        };
        Ok(())
    })
}

type Writer = minicbor::Encoder<Vec<u8>>;

fn written(
    write: impl FnOnce(&mut Writer) -> Result<(), minicbor::encode::Error<std::convert::Infallible>>,
) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    write(&mut encoder).expect("writing to memory does not fail");
    encoder.into_writer()
}
