//! A liar's tools: envelopes and frames of any content, made without the machine's own encoders where it matters.

use countersign_machine::frame::{Frame, Reach};
use countersign_machine::id::TransportKey;
use countersign_machine::message::{Body, ENVELOPE_VERSION};
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
