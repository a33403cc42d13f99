//! What can go wrong, grouped by who must act. A refused input changes nothing.

use crate::id::{SessionId, Slot, TransportKey, WalletId};
use crate::key::ParticipantKey;
use crate::time::WallTime;

/// Why an input was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A peer must act: what it sent cannot be used.
    #[error("peer {peer:?}{}: {kind}", .slot.map(|s| format!(" as slot {s}")).unwrap_or_default())]
    Peer {
        /// Whose link it came over.
        peer: TransportKey,
        /// The participant it speaks for, once that is proven.
        slot: Option<Slot>,
        /// What is wrong.
        kind: PeerFault,
    },
    /// The caller must act.
    #[error(transparent)]
    Caller(#[from] CallerFault),
    /// Whoever keeps the journal must act.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// What is wrong with something a peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerFault {
    /// The bytes are longer than [`crate::limits`] allows.
    #[error("{bytes} bytes are over the limit of {limit}")]
    TooLong {
        /// Bytes that came.
        bytes: usize,
        /// Bytes that may come.
        limit: usize,
    },
    /// The bytes are no message of this protocol, or not in its one deterministic encoding.
    #[error("malformed {what}")]
    Malformed {
        /// The type that was expected.
        what: &'static str,
    },
    /// The message has a version that we do not speak.
    #[error("version {found} is unknown")]
    UnknownVersion {
        /// The version it names.
        found: u16,
    },
    /// No card we hold names the sender.
    #[error("no card names this peer")]
    Stranger,
    /// A frame other than a hello came first.
    #[error("no hello yet")]
    NoHello,
    /// The card is not signed by the participant key it names, or not for this peer.
    #[error("the card is not this participant's")]
    BadCard,
    /// The card's validity has not begun or is over.
    #[error("the card is valid from {from:?} until {until:?}")]
    CardOutOfDate {
        /// First valid moment.
        from: WallTime,
        /// First moment no longer valid.
        until: WallTime,
    },
    /// The envelope's signature is not the one of the slot it names.
    #[error("wrong signature")]
    BadSignature,
    /// We hold no card of the slot that the envelope names.
    #[error("no card of its author")]
    UnknownAuthor,
    /// The message names a wallet that we are not in, that the sender is not in, or that the session is not of.
    #[error("wallet {0} is not ours")]
    UnknownWallet(WalletId),
    /// The message names a slot that the wallet does not have, or ours.
    #[error("slot {0} cannot send this")]
    WrongSlot(Slot),
    /// The session id is not the hash of the terms, or the terms break a limit.
    #[error("bad proposal: {0}")]
    BadProposal(&'static str),
    /// The proposal was made later than our clock shows: one of the two clocks is wrong.
    #[error("the proposal comes from the future")]
    FromFuture,
    /// A public nonce is no pair of points (BIP-327, NonceAgg: blame this signer).
    #[error("invalid nonce for item {item}")]
    InvalidNonce {
        /// Index of the item.
        item: usize,
    },
    /// A partial signature is no scalar (BIP-327, PartialSigAgg: blame this signer).
    #[error("invalid partial signature for item {item}")]
    InvalidPartial {
        /// Index of the item.
        item: usize,
    },
    /// The message has nonces or signatures for another number of items.
    #[error("{got} contributions for {expected} items")]
    WrongCount {
        /// Items of the payload.
        expected: usize,
        /// Contributions that came.
        got: usize,
    },
    /// The attempt is over [`crate::limits::MAX_ATTEMPT`].
    #[error("attempt {0} is over the limit")]
    AttemptTooHigh(u8),
    /// A second, different message for a place that the same signer already filled.
    #[error("a different message for the same place")]
    Equivocation,
    /// The partial signatures were made for nonces other than those we hold.
    #[error("made for another set of nonces")]
    OtherNonceSet,
    /// The final signature does not verify (BIP-340).
    #[error("the final signature is invalid")]
    FalseCompletion,
    /// A piece of evidence proves nothing.
    #[error("the evidence proves nothing")]
    FalseAccusation,
    /// The session would last longer than [`crate::limits::MAX_SESSION_MS`].
    #[error("the session would last too long")]
    BadExtension,
    /// Only the proposer cancels.
    #[error("only the proposer cancels")]
    NotProposer,
    /// The message is for a session whose deadline has passed.
    #[error("the deadline has passed")]
    Late,
    /// The peer has filled what [`crate::limits`] gives it.
    #[error("too many {0}")]
    TooMany(&'static str),
}

/// What is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallerFault {
    /// Fewer or more signers than a wallet may have.
    #[error("{0} signers: a wallet has 2 to 100")]
    SignerCount(usize),
    /// Two participants share a key: two devices with one seed cannot be told apart.
    #[error("slot {first} and another have the same key")]
    DuplicateKey {
        /// The first of the two, by sorted position.
        first: Slot,
    },
    /// The keys cancel each other out (BIP-327, KeyAgg).
    #[error("these keys have no aggregate")]
    NoAggregate,
    /// Our own key is not among the wallet's.
    #[error("we are not a participant of this wallet")]
    NotParticipant,
    /// There is no such wallet.
    #[error("wallet {0} is unknown")]
    UnknownWallet(WalletId),
    /// There is no such session.
    #[error("session {0} is unknown")]
    UnknownSession(SessionId),
    /// The card cannot be used.
    #[error("the card cannot be used: {0}")]
    Card(PeerFault),
    /// The payload cannot be signed.
    #[error("the payload cannot be signed: {0}")]
    Payload(&'static str),
    /// The deadline is too near, too far or past.
    #[error("the deadline must be 1 s to 30 days away")]
    Deadline,
    /// The session is over.
    #[error("session {0} has ended")]
    Ended(SessionId),
    /// Our partial signatures have left: they cannot be taken back.
    #[error("too late: our partial signatures have been sent")]
    AlreadySigned,
    /// Only the proposer cancels; anybody else declines.
    #[error("only the proposer cancels")]
    NotProposer,
    /// The text, name or address list is over its limit.
    #[error("{0} is over its limit")]
    TooLong(&'static str),
    /// There are as many as [`crate::limits`] allows.
    #[error("too many {0}")]
    TooMany(&'static str),
    /// The secret key given is not the one this node speaks for.
    #[error("the vault holds another key")]
    OtherKey,
    /// A length of time is shorter or longer than [`crate::limits`] allows.
    #[error("{0} is too short or too long")]
    OutOfRange(&'static str),
    /// No session has such a notification.
    #[error("no session has this notification")]
    UnknownNotice,
    /// The plan has changed since it was asked for: ask again.
    #[error("the plan has changed meanwhile")]
    StalePlan,
    /// This participant's card is not here, or it is ourselves: there is nobody to dial.
    #[error("no card of {0} is here")]
    NoCardOf(ParticipantKey),
    /// A card must be issued first: nobody could verify what we send.
    #[error("issue a card first")]
    NoCard,
}

/// What is wrong with the journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// A record cannot be read.
    #[error("journal record {at} is unreadable")]
    Unreadable {
        /// Its index, from 0.
        at: usize,
    },
    /// The journal belongs to another identity.
    #[error("the journal belongs to another identity")]
    OtherOwner,
    /// A record contradicts those before it.
    #[error("journal record {at}: {what}")]
    Inconsistent {
        /// Its index, from 0.
        at: usize,
        /// What it contradicts.
        what: &'static str,
    },
    /// The consumed record was not found again after it had been written: signing is refused.
    #[error("the journal did not give back what was written")]
    NotReadBack,
}

impl PeerFault {
    /// Returns whether no honest peer would have sent this. What came late, what our limits could not hold and what
    /// we cannot judge yet is nobody's fault.
    pub(crate) fn is_invalid(self) -> bool {
        match self {
            Self::TooLong { .. }
            | Self::Malformed { .. }
            | Self::BadCard
            | Self::BadSignature
            | Self::WrongSlot(_)
            | Self::BadProposal(_)
            | Self::InvalidNonce { .. }
            | Self::InvalidPartial { .. }
            | Self::WrongCount { .. }
            | Self::AttemptTooHigh(_)
            | Self::Equivocation
            | Self::FalseCompletion
            | Self::FalseAccusation
            | Self::BadExtension
            | Self::NotProposer => true,
            Self::UnknownVersion { .. }
            | Self::Stranger
            | Self::NoHello
            | Self::CardOutOfDate { .. }
            | Self::UnknownAuthor
            | Self::FromFuture
            | Self::UnknownWallet(_)
            | Self::OtherNonceSet
            | Self::Late
            | Self::TooMany(_) => false,
        }
    }
}
