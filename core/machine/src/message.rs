//! What co-signers say to each other about a session, each word signed by its author's phone.

use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey as Ed25519Key, VerifyingKey};
use minicbor::{Decode, Encode};

use crate::codec;
use crate::fault::PeerFault;
use crate::id::{
    Attempt, EnvelopeId, NonceSetDigest, PayloadDigest, SessionId, Slot, Things, TransportKey, WalletId,
};
use crate::key::{tagged_hash, wiped_after};
use crate::limits::{MAX_ENVELOPE_BYTES, MAX_ITEMS, MAX_TEXT_BYTES};
use crate::time::WallTime;
use crate::wallet::derive::KeyPath;

/// The only version of an envelope.
pub const ENVELOPE_VERSION: u16 = 1;

/// Bytes of one public nonce (BIP-327).
pub(crate) const NONCE_BYTES: usize = 66;
/// Bytes of one partial signature (BIP-327).
pub(crate) const PARTIAL_BYTES: usize = 32;
/// Bytes of one final signature (BIP-340).
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// One thing to sign.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Item {
    /// The 32-byte message of BIP-340: for Bitcoin the BIP-341 signature hash.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// Which key of the wallet signs: it gives the tweaks.
    #[n(1)]
    pub key: KeyPath,
}

/// What a session signs: 1 to [`MAX_ITEMS`] items and the proposer's words about them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Payload {
    /// The items, in the order in which signatures come out.
    #[n(0)]
    pub items: Vec<Item>,
    /// Descriptive text, at most [`MAX_TEXT_BYTES`] bytes. It is the proposer's claim: nothing checks it.
    #[n(1)]
    pub text: String,
}

/// What a proposal fixes for good; its hash is the session's id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Terms {
    /// The wallet that signs.
    #[n(0)]
    pub wallet: WalletId,
    /// Who proposes.
    #[n(1)]
    pub proposer: Slot,
    /// When, by the proposer's clock.
    #[n(2)]
    pub created: WallTime,
    /// When the session expires.
    #[n(3)]
    pub deadline: WallTime,
    /// 32 random bytes: the same payload proposed twice makes two sessions.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub random: [u8; 32],
    /// What is to be signed.
    #[n(5)]
    pub payload: Payload,
}

/// Why a participant says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// The user said no.
    #[n(0)]
    User,
    /// The user does not recognise what is to be signed.
    #[n(1)]
    Unrecognised,
    /// A policy forbids it.
    #[n(2)]
    Policy,
    /// Its phone cannot sign: it lost its nonces in every attempt, or its own signature did not verify.
    #[n(3)]
    GaveUp,
}

/// A step of a session.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Message {
    /// Opens the session. Carries the proposer's public nonces for attempt 0, 66 bytes an item.
    #[n(0)]
    Propose {
        /// The terms whose hash is the session id.
        #[n(0)]
        terms: Terms,
        /// The proposer's public nonces.
        #[cbor(n(1), with = "minicbor::bytes")]
        nonces: Vec<u8>,
    },
    /// Round 1: public nonces, 66 bytes an item.
    #[n(1)]
    Nonces {
        /// The attempt they are for.
        #[n(0)]
        attempt: Attempt,
        /// The public nonces.
        #[cbor(n(1), with = "minicbor::bytes")]
        nonces: Vec<u8>,
    },
    /// Round 2: partial signatures, 32 bytes an item.
    #[n(2)]
    Partials {
        /// The attempt they are for.
        #[n(0)]
        attempt: Attempt,
        /// Which nonces they were made for.
        #[n(1)]
        set: NonceSetDigest,
        /// The partial signatures.
        #[cbor(n(2), with = "minicbor::bytes")]
        partials: Vec<u8>,
    },
    /// Both rounds at once, from the last signer: it held all other nonces and had published none.
    #[n(3)]
    Answer {
        /// The attempt they are for.
        #[n(0)]
        attempt: Attempt,
        /// Which nonces the partial signatures were made for, its own among them.
        #[n(1)]
        set: NonceSetDigest,
        /// Its public nonces, 66 bytes an item.
        #[cbor(n(2), with = "minicbor::bytes")]
        nonces: Vec<u8>,
        /// Its partial signatures, 32 bytes an item.
        #[cbor(n(3), with = "minicbor::bytes")]
        partials: Vec<u8>,
    },
    /// The end: final BIP-340 signatures, 64 bytes an item, in the payload's order.
    #[n(4)]
    Complete {
        /// The signatures.
        #[cbor(n(0), with = "minicbor::bytes")]
        signatures: Vec<u8>,
    },
    /// The author will not sign. Ends the session for all.
    #[n(5)]
    Decline {
        /// Why.
        #[n(0)]
        reason: DeclineReason,
    },
    /// The proposer takes the proposal back. Ends the session for all.
    #[n(6)]
    Cancel,
    /// The author consents to a later deadline. The deadline moves once every participant has consented, to the
    /// earliest of what they consented to.
    #[n(7)]
    Extend {
        /// The latest deadline that the author consents to.
        #[n(0)]
        until: WallTime,
    },
}

/// What an envelope's signature covers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Body {
    /// The wallet.
    #[n(0)]
    pub wallet: WalletId,
    /// The session.
    #[n(1)]
    pub session: SessionId,
    /// The author.
    #[n(2)]
    pub slot: Slot,
    /// What the author says.
    #[n(3)]
    pub message: Message,
}

/// A message with its author's signature; forwarded byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    id: EnvelopeId,
    hash: [u8; 32],
    signature: [u8; 64],
    body: Body,
    bytes: Arc<[u8]>,
}

/// An envelope's form on the wire.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Sealed {
    #[n(0)]
    version: u16,
    #[cbor(n(1), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[cbor(n(2), with = "minicbor::bytes")]
    signature: [u8; 64],
}

/// A phone's Ed25519 secret: signs envelopes and is its libp2p identity. Wiped on drop; never shown.
pub struct TransportSecret(Box<Ed25519Key>);

impl TransportSecret {
    /// Takes the 32-byte seed of RFC 8032.
    pub fn new(seed: &[u8; 32]) -> Self {
        // On the heap: a value that is moved stays where it was, too.
        Self(wiped_after(|| Box::new(Ed25519Key::from_bytes(seed))))
    }

    /// Returns the public half.
    pub fn public(&self) -> TransportKey {
        TransportKey(self.0.verifying_key().to_bytes())
    }

    /// Signs 32 bytes that a tagged hash made.
    pub(crate) fn sign(&self, hash: &[u8; 32]) -> [u8; 64] {
        wiped_after(|| self.0.sign(hash).to_bytes())
    }
}

impl std::fmt::Debug for TransportSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TransportSecret(..)")
    }
}

impl TransportKey {
    /// Checks `signature` of a tagged hash, strictly: one signature has one form (RFC 8032; no small-order
    /// keys).
    pub(crate) fn verifies(&self, hash: &[u8; 32], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(hash, &signature).is_ok())
    }
}

impl Envelope {
    /// Signs `message` as `slot` of `wallet`.
    pub(crate) fn seal(
        secret: &TransportSecret,
        wallet: WalletId,
        session: SessionId,
        slot: Slot,
        message: Message,
    ) -> Self {
        let body = Body { wallet, session, slot, message };
        let encoded = codec::encode(&body);
        let hash = signing_hash(&encoded);
        let signature = secret.sign(&hash);
        let bytes = codec::encode(&Sealed { version: ENVELOPE_VERSION, body: encoded, signature });
        Self { id: EnvelopeId::of(&hash), hash, signature, body, bytes: bytes.into() }
    }

    /// Reads an envelope without believing it: the caller finds the author's card, then asks
    /// [`Envelope::is_signed_by`].
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, PeerFault> {
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(PeerFault::TooLong { bytes: bytes.len(), limit: MAX_ENVELOPE_BYTES });
        }
        let malformed = PeerFault::Malformed { what: "envelope" };
        match version(bytes) {
            Some(ENVELOPE_VERSION) => {}
            Some(found) => return Err(PeerFault::UnknownVersion { found }),
            None => return Err(malformed),
        }
        let sealed: Sealed = codec::decode(bytes).ok_or(malformed)?;
        let body: Body = codec::decode(&sealed.body).ok_or(malformed)?;
        let hash = signing_hash(&sealed.body);
        let signature = sealed.signature;
        Ok(Self { id: EnvelopeId::of(&hash), hash, signature, body, bytes: bytes.into() })
    }

    /// Returns whether the holder of `key` signed this.
    pub fn is_signed_by(&self, key: &TransportKey) -> bool {
        key.verifies(&self.hash, &self.signature)
    }

    /// Returns the id by which two phones compare what they hold.
    pub fn id(&self) -> EnvelopeId {
        self.id
    }

    /// Returns what the envelope says.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Returns the exact bytes, as they are forwarded and kept.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Body { session, slot, message, .. } = &self.body;
        write!(f, "Envelope({session:?}, slot {slot}, {})", message.name())
    }
}

impl Message {
    /// Returns the message's name, for logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Propose { .. } => "propose",
            Self::Nonces { .. } => "nonces",
            Self::Partials { .. } => "partials",
            Self::Answer { .. } => "answer",
            Self::Complete { .. } => "complete",
            Self::Decline { .. } => "decline",
            Self::Cancel => "cancel",
            Self::Extend { .. } => "extend",
        }
    }

    /// Returns the public nonces it carries, and for which attempt.
    pub fn nonces(&self) -> Option<(Attempt, &[u8])> {
        match self {
            Self::Propose { nonces, .. } => Some((Attempt(0), nonces)),
            Self::Nonces { attempt, nonces } | Self::Answer { attempt, nonces, .. } => {
                Some((*attempt, nonces))
            }
            Self::Partials { .. } | Self::Complete { .. } => None,
            Self::Decline { .. } | Self::Cancel | Self::Extend { .. } => None,
        }
    }

    /// Returns the partial signatures it carries, for which attempt and which nonces.
    pub fn partials(&self) -> Option<(Attempt, NonceSetDigest, &[u8])> {
        match self {
            Self::Partials { attempt, set, partials } | Self::Answer { attempt, set, partials, .. } => {
                Some((*attempt, *set, partials))
            }
            Self::Propose { .. } | Self::Nonces { .. } | Self::Complete { .. } => None,
            Self::Decline { .. } | Self::Cancel | Self::Extend { .. } => None,
        }
    }
}

impl Terms {
    /// Returns the id of the session with these terms.
    pub fn session_id(&self) -> SessionId {
        SessionId(tagged_hash("countersign/session", &[&codec::encode(self)]))
    }

    /// Names what is signed by which wallet.
    pub(crate) fn things(&self) -> Things {
        Things::of(self.wallet, &codec::encode(&self.payload.items))
    }
}

impl Payload {
    /// Returns the digest to which an approval is bound.
    pub fn digest(&self) -> PayloadDigest {
        PayloadDigest(tagged_hash("countersign/payload", &[&codec::encode(self)]))
    }

    /// Checks the limits: the same check for our own proposals and for others'.
    ///
    /// # Errors
    ///
    /// Returns what breaks a limit.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.items.is_empty() {
            return Err("no items");
        }
        if self.items.len() > MAX_ITEMS {
            return Err("more than 1000 items");
        }
        if self.text.len() > MAX_TEXT_BYTES {
            return Err("text over 4096 bytes");
        }
        Ok(())
    }
}

/// Returns the version, the first element of the array, which every version will have.
fn version(bytes: &[u8]) -> Option<u16> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()??;
    decoder.u16().ok()
}

/// Returns the 32 bytes that an envelope's author signs.
fn signing_hash(body: &[u8]) -> [u8; 32] {
    tagged_hash("countersign/envelope", &[body])
}
