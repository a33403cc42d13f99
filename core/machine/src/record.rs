//! What the journal keeps: past facts, in order. State is what they replay to.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::codec;
use crate::id::{Attempt, NonceSetDigest, PayloadDigest, SessionId, Slot, TransportKey};
use crate::key::ParticipantKey;
use crate::message::{DeclineReason, Terms};

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
#[cbor(flat)]
pub enum Outcome {
    /// Every item has its final signature.
    #[n(0)]
    Completed {
        /// The BIP-340 signatures, 64 bytes an item, in the payload's order.
        #[serde(skip)]
        #[cbor(n(0), with = "minicbor::bytes")]
        signatures: Vec<u8>,
    },
    /// A participant said no.
    #[n(1)]
    Declined {
        /// Who.
        #[n(0)]
        slot: Slot,
        /// Why.
        #[n(1)]
        reason: DeclineReason,
    },
    /// The proposer took it back.
    #[n(2)]
    Cancelled,
    /// The deadline passed.
    #[n(3)]
    Expired,
    /// It cannot be signed.
    #[n(4)]
    Failed {
        /// What went wrong.
        #[n(0)]
        why: Failure,
    },
}

/// Why a session failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
#[cbor(flat)]
pub enum Failure {
    /// A partial signature was wrong (BIP-327, PartialSigVerify).
    #[n(0)]
    WrongPartial {
        /// Whose.
        #[n(0)]
        culprit: Slot,
    },
    /// Nonces were lost in every attempt.
    #[n(1)]
    AttemptsUsedUp,
    /// The signing library refused: nobody is to blame.
    #[n(2)]
    Internal,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Record {
    /// First of all: whose journal this is.
    #[n(0)]
    OwnerNamed {
        /// The participant.
        #[n(0)]
        participant: ParticipantKey,
        /// Its phone.
        #[n(1)]
        transport: TransportKey,
    },
    /// A card was issued or accepted.
    #[n(1)]
    CardKept {
        /// The card.
        #[n(0)]
        card: ByteVec,
    },
    /// A wallet was created.
    #[n(2)]
    WalletCreated {
        /// What the user calls it.
        #[n(0)]
        name: String,
        /// Its keys, sorted.
        #[n(1)]
        keys: Vec<ParticipantKey>,
    },
    /// We proposed; the proposal itself leaves with the nonces.
    #[n(3)]
    Proposed {
        /// The terms.
        #[n(0)]
        terms: Terms,
    },
    /// Another participant's envelope was accepted: a proposal, at once, and whatever contributions are here when
    /// our nonces are used. Those that come later would cost a sync each and can be asked for again.
    #[n(4)]
    EnvelopeKept {
        /// The envelope.
        #[n(0)]
        envelope: ByteVec,
    },
    /// The user approved. Covers every attempt at exactly this payload.
    #[n(5)]
    Approved {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The payload that was shown.
        #[n(1)]
        payload: PayloadDigest,
    },
    /// Our public nonces of an attempt are about to leave. Their secrets live in memory only: after a
    /// restart the attempt is dead.
    #[n(6)]
    NonceCommitted {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The attempt.
        #[n(1)]
        attempt: Attempt,
        /// The envelope that carries them.
        #[n(2)]
        envelope: ByteVec,
    },
    /// Our secret nonces of an attempt are about to be used, for this set of nonces and no other.
    #[n(7)]
    NonceSpent {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The attempt.
        #[n(1)]
        attempt: Attempt,
        /// The set.
        #[n(2)]
        set: NonceSetDigest,
    },
    /// We signed; this is the reply, for whoever asks again.
    #[n(8)]
    Signed {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The attempt.
        #[n(1)]
        attempt: Attempt,
        /// The envelope with our partial signatures.
        #[n(2)]
        envelope: ByteVec,
    },
    /// The session is over.
    #[n(9)]
    Ended {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// How.
        #[n(1)]
        outcome: Outcome,
        /// The signed notice that ended it, for those who have not heard; empty if there is none.
        #[n(2)]
        notice: ByteVec,
    },
}

impl Record {
    /// Encodes the record.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a record; `None` if these bytes are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        codec::decode(bytes)
    }
}
