//! What two linked phones say to each other: one frame, one CBOR array.

use std::sync::Arc;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::codec;
use crate::fault::PeerFault;
use crate::id::{EnvelopeId, SessionId, TransportKey};
use crate::key::tagged_hash;
use crate::limits::{MAX_FRAME_BYTES, MAX_SIGNERS};
use crate::message::TransportSecret;
use crate::presence::Presence;
use crate::time::WallTime;

/// The only version of the link's language.
pub const LINK_VERSION: u16 = 1;

/// Bytes of an [`EnvelopeId`] on the wire.
const ID_BYTES: usize = 16;

/// What a phone holds of one open session.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Holding {
    /// The session.
    #[n(0)]
    pub session: SessionId,
    /// The ids of the envelopes held, 16 bytes each.
    #[cbor(n(1), with = "minicbor::bytes")]
    ids: Vec<u8>,
}

impl Holding {
    /// Lists what is held of `session`.
    pub fn new(session: SessionId, held: impl IntoIterator<Item = EnvelopeId>) -> Self {
        Self { session, ids: held.into_iter().flat_map(|id| id.0).collect() }
    }

    /// Returns about how many bytes this takes in a frame.
    pub(crate) fn weight(&self) -> usize {
        self.ids.len() + size_of::<SessionId>() + 8
    }

    /// Returns the ids listed.
    pub fn ids(&self) -> impl Iterator<Item = EnvelopeId> {
        self.ids.chunks_exact(ID_BYTES).map(|chunk| {
            let mut id = [0; ID_BYTES];
            id.copy_from_slice(chunk);
            EnvelopeId(id)
        })
    }
}

/// Which slots an envelope has reached or will reach without the receiver's help: one bit a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Reach(#[cbor(n(0), with = "minicbor::bytes")] [u8; MAX_SIGNERS.div_ceil(8)]);

impl Reach {
    /// Adds slot number `index`.
    pub fn add(&mut self, index: usize) {
        if let Some(byte) = self.0.get_mut(index / 8) {
            *byte |= 1 << (index % 8);
        }
    }

    /// Returns whether slot number `index` is covered.
    pub fn covers(&self, index: usize) -> bool {
        self.0.get(index / 8).is_some_and(|byte| byte & 1 << (index % 8) != 0)
    }
}

/// Why a frame was refused, told to its sender. Never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The receiver does not speak this version: one of the two needs an update.
    #[n(0)]
    Version,
    /// The bytes are no frame, or over a limit.
    #[n(1)]
    Malformed,
    /// The sender may not say this: wrong wallet, slot, signature or card.
    #[n(2)]
    NotYours,
    /// The content is invalid: a nonce, a partial signature, a proposal or a completion.
    #[n(3)]
    Invalid,
    /// The session's deadline has passed.
    #[n(4)]
    Late,
    /// The receiver's limits are reached: try again later.
    #[n(5)]
    Busy,
    /// The partial signatures are for other nonces than the receiver holds: somebody sent two sets, and it need
    /// not be their author.
    #[n(6)]
    OtherNonces,
}

impl From<PeerFault> for Refusal {
    fn from(fault: PeerFault) -> Self {
        match fault {
            PeerFault::UnknownVersion { .. } => Self::Version,
            PeerFault::TooLong { .. } | PeerFault::Malformed { .. } | PeerFault::NoHello => Self::Malformed,
            PeerFault::Stranger
            | PeerFault::BadCard
            | PeerFault::CardOutOfDate { .. }
            | PeerFault::BadSignature
            | PeerFault::UnknownAuthor
            | PeerFault::UnknownWallet(_)
            | PeerFault::WrongSlot(_)
            | PeerFault::NotProposer => Self::NotYours,
            PeerFault::BadProposal(_)
            | PeerFault::FromFuture
            | PeerFault::InvalidNonce { .. }
            | PeerFault::InvalidPartial { .. }
            | PeerFault::WrongCount { .. }
            | PeerFault::AttemptTooHigh(_)
            | PeerFault::Equivocation
            | PeerFault::FalseAccusation
            | PeerFault::BadExtension
            | PeerFault::FalseCompletion => Self::Invalid,
            PeerFault::OtherNonceSet => Self::OtherNonces,
            PeerFault::Late => Self::Late,
            PeerFault::TooMany(_) => Self::Busy,
        }
    }
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Frame {
    /// First on every stream: who speaks, and what it holds of its open sessions.
    #[n(0)]
    Hello {
        /// Version of the link's language: 1.
        #[n(0)]
        version: u16,
        /// The sender's card.
        #[n(1)]
        card: ByteVec,
        /// What it holds.
        #[n(2)]
        have: Vec<Holding>,
        /// As in a have.
        #[n(3)]
        lost: bool,
    },
    /// What the sender holds now; the receiver sends what is missing.
    #[n(1)]
    Have {
        /// What it holds.
        #[n(0)]
        have: Vec<Holding>,
        /// Whether a link that it had is down: what others were to send over it may be lost, so nobody
        /// else's [`Reach`] covers it.
        #[n(1)]
        lost: bool,
    },
    /// An envelope, its author's bytes unchanged.
    #[n(2)]
    Envelope {
        /// The slots that need no forwarding.
        #[n(0)]
        reach: Reach,
        /// The envelope.
        #[n(1)]
        envelope: ByteVec,
    },
    /// Asks for a signed sign of life.
    #[n(3)]
    Ping {
        /// 32 unpredictable bytes.
        #[cbor(n(0), with = "minicbor::bytes")]
        challenge: [u8; 32],
    },
    /// Answers a ping.
    #[n(4)]
    Pong {
        /// The ping's challenge.
        #[cbor(n(0), with = "minicbor::bytes")]
        challenge: [u8; 32],
        /// The answering phone's wall clock.
        #[n(1)]
        wall: WallTime,
        /// Its signature: see [`pong_hash`].
        #[cbor(n(2), with = "minicbor::bytes")]
        signature: [u8; 64],
    },
    /// A frame was refused.
    #[n(5)]
    Refuse {
        /// Why.
        #[n(0)]
        why: Refusal,
        /// The id of the envelope it carried; empty if it carried none that could be read.
        #[n(1)]
        envelope: ByteVec,
    },
    /// A participant's card, for somebody who may lack it. Whoever has one refuses what it cannot verify with it.
    #[n(6)]
    Card {
        /// The card.
        #[n(0)]
        card: ByteVec,
    },
    /// Evidence against a participant: see [`crate::evidence`].
    #[n(7)]
    Evidence {
        /// The evidence.
        #[n(0)]
        evidence: ByteVec,
    },
    /// Whether the sender is there.
    #[n(8)]
    Presence {
        /// Its word.
        #[n(0)]
        presence: Presence,
    },
}

impl Frame {
    /// Encodes the frame.
    pub fn to_bytes(&self) -> Arc<[u8]> {
        codec::encode(self).into()
    }

    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// Returns [`PeerFault::TooLong`] or [`PeerFault::Malformed`]; a hello of another version is
    /// [`PeerFault::UnknownVersion`], whatever else it holds.
    pub fn parse(bytes: &[u8]) -> Result<Self, PeerFault> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(PeerFault::TooLong { bytes: bytes.len(), limit: MAX_FRAME_BYTES });
        }
        if let Some(found) = hello_version(bytes).filter(|found| *found != LINK_VERSION) {
            return Err(PeerFault::UnknownVersion { found });
        }
        codec::decode(bytes).filter(Self::is_whole).ok_or(PeerFault::Malformed { what: "frame" })
    }

    /// Returns whether the bytes begin as a hello or a card does.
    pub(crate) fn introduces(bytes: &[u8]) -> bool {
        let mut decoder = minicbor::Decoder::new(bytes);
        decoder.array().is_ok() && decoder.u8().is_ok_and(|kind| [0, 6].contains(&kind))
    }

    /// Returns whether every list of ids holds whole ids.
    fn is_whole(&self) -> bool {
        match self {
            Self::Hello { have, .. } | Self::Have { have, .. } => {
                have.iter().all(|holding| holding.ids.len().is_multiple_of(ID_BYTES))
            }
            Self::Refuse { envelope, .. } => [0, ID_BYTES].contains(&envelope.len()),
            Self::Envelope { .. } | Self::Ping { .. } | Self::Pong { .. } => true,
            Self::Presence { presence } => presence.is_within_limits(),
            Self::Card { .. } | Self::Evidence { .. } => true,
        }
    }

    /// Answers a ping from `asker` at `wall`.
    pub(crate) fn pong(
        secret: &TransportSecret,
        asker: &TransportKey,
        challenge: [u8; 32],
        wall: WallTime,
    ) -> Self {
        let signature = secret.sign(&pong_hash(&challenge, asker, &secret.public(), wall));
        Self::Pong { challenge, wall, signature }
    }
}

/// Returns the 32 bytes that a pong's signature covers: the challenge, who asked, who answers and when.
pub(crate) fn pong_hash(
    challenge: &[u8; 32],
    asker: &TransportKey,
    answerer: &TransportKey,
    wall: WallTime,
) -> [u8; 32] {
    tagged_hash("countersign/pong", &[challenge, &asker.0, &answerer.0, &wall.0.to_be_bytes()])
}

/// Returns the version of a frame that begins as a hello does.
fn hello_version(bytes: &[u8]) -> Option<u16> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()??;
    (decoder.u8().ok()? == 0).then(|| decoder.u16().ok())?
}
