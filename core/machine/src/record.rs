//! What the journal keeps: past facts, in order. State is what they replay to.

use std::collections::BTreeSet;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::card::Card;
use crate::codec;
use crate::evidence::Offence;
use crate::id::{Attempt, EventId, NonceSetDigest, PayloadDigest, SessionId, Slot, TransportKey};
use crate::key::ParticipantKey;
use crate::message::{DeclineReason, Envelope, Terms};
use crate::plan::Notice;
use crate::time::{BootTime, Moment, WallTime};

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
    /// A participant broke the protocol, and what it signed itself proves it.
    #[n(0)]
    Blamed {
        /// Who.
        #[n(0)]
        culprit: Slot,
        /// What it did.
        #[n(1)]
        offence: Offence,
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
        /// When, by our wall clock.
        #[n(2)]
        at: WallTime,
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
    /// Something was proven against a participant.
    #[n(10)]
    Blamed {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The evidence, for whoever asks: see [`crate::evidence`].
        #[n(1)]
        evidence: ByteVec,
    },
    /// We looked at the clocks; the newest counts.
    #[n(11)]
    Looked {
        /// What they showed.
        #[n(0)]
        at: Moment,
    },
    /// How much time a session has was found out: when it was opened, extended, or resumed after another boot.
    #[n(12)]
    Timed {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The deadline that held.
        #[n(1)]
        deadline: WallTime,
        /// When that was.
        #[n(2)]
        at: Moment,
        /// When it expires, by the same boot's clock.
        #[n(3)]
        expires: BootTime,
        /// Whether the wall clock could be trusted.
        #[n(4)]
        sure: bool,
    },
    /// The user is warned that a session expires soon.
    #[n(13)]
    Warned {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The deadline that held.
        #[n(1)]
        deadline: WallTime,
        /// Which warning: how long before the deadline it was due, in milliseconds.
        #[n(2)]
        threshold_ms: u64,
        /// How long there really was, in milliseconds.
        #[n(3)]
        left_ms: u64,
    },
    /// The system holds, or shows, these notices of a session and no others; the newest counts.
    #[n(14)]
    Held {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// Which.
        #[n(1)]
        notices: Vec<Notice>,
    },
    /// The user put a notice away.
    #[n(15)]
    Dismissed {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// Which.
        #[n(1)]
        notice: Notice,
    },
    /// The program has dealt with an event of a session.
    #[n(16)]
    Handled {
        /// The session.
        #[n(0)]
        session: SessionId,
        /// The event.
        #[n(1)]
        event: EventId,
    },
    /// The user chose when to be warned; `None` for the usual.
    #[n(17)]
    WarningsChosen {
        /// Milliseconds before the end.
        #[n(0)]
        thresholds_ms: Option<Vec<u64>>,
    },
    /// The user wants to be shown as present, or no more.
    #[n(18)]
    PresenceChosen {
        /// For how long each word of it holds, in milliseconds; `None` to be shown no more.
        #[n(0)]
        ttl_ms: Option<u64>,
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

    /// Returns the session it is about, if it is about one.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::OwnerNamed { .. } | Self::CardKept { .. } | Self::WalletCreated { .. } => None,
            Self::Looked { .. } | Self::WarningsChosen { .. } | Self::PresenceChosen { .. } => None,
            Self::Proposed { terms } => Some(terms.session_id()),
            Self::EnvelopeKept { envelope } => Some(Envelope::parse(envelope).ok()?.body().session),
            Self::Approved { session, .. }
            | Self::NonceCommitted { session, .. }
            | Self::NonceSpent { session, .. }
            | Self::Signed { session, .. }
            | Self::Ended { session, .. }
            | Self::Blamed { session, .. }
            | Self::Timed { session, .. }
            | Self::Warned { session, .. }
            | Self::Held { session, .. }
            | Self::Dismissed { session, .. }
            | Self::Handled { session, .. } => Some(*session),
        }
    }

    /// Returns what a later record of the same kind replaces, if one does.
    fn subject(&self) -> Option<Subject> {
        match self {
            Self::CardKept { card } => Some(Subject::Card(Card::parse(card).ok()?.statement().participant)),
            Self::Looked { .. } => Some(Subject::Clocks),
            Self::WarningsChosen { .. } => Some(Subject::Warnings),
            Self::PresenceChosen { .. } => Some(Subject::Presence),
            Self::OwnerNamed { .. } | Self::WalletCreated { .. } | Self::Proposed { .. } => None,
            Self::EnvelopeKept { .. } | Self::Approved { .. } | Self::NonceCommitted { .. } => None,
            Self::NonceSpent { .. } | Self::Signed { .. } | Self::Ended { .. } => None,
            Self::Blamed { .. } | Self::Timed { .. } | Self::Warned { .. } | Self::Held { .. } => None,
            Self::Dismissed { .. } | Self::Handled { .. } => None,
        }
    }
}

/// What only the newest record counts of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Card(ParticipantKey),
    Clocks,
    Warnings,
    Presence,
}

/// Returns what is left of a journal's records, oldest first, without the `forgotten` sessions and without those that
/// later ones replace. What cannot be read stays.
pub fn survivors(records: Vec<Vec<u8>>, forgotten: &BTreeSet<SessionId>) -> Vec<Vec<u8>> {
    let mut subjects = BTreeSet::new();
    let mut left = records;
    let mut stays = |bytes: &Vec<u8>| {
        let Some(record) = Record::parse(bytes) else { return true };
        let replaced = record.subject().is_some_and(|subject| !subjects.insert(subject));
        !replaced && record.session().is_none_or(|session| !forgotten.contains(&session))
    };
    left.reverse();
    left.retain(&mut stays);
    left.reverse();
    left
}
