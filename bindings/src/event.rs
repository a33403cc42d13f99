//! What has happened to sessions.

use countersign_driver::machine::effect::SessionEvent;
use countersign_driver::machine::evidence::Offence;
use countersign_driver::machine::id::{Attempt, EventId, SessionId, Slot, WalletId};
use countersign_driver::machine::message::DeclineReason;
use countersign_driver::machine::node::KeptEvent;
use countersign_driver::machine::record::{Failure, Outcome};
use countersign_driver::machine::session::Happening;
use countersign_driver::machine::time::WallTime;

/// Something that the user must hear of. It comes again, also after a restart, until it is dealt with.
#[uniffi::remote(Record)]
pub struct KeptEvent {
    /// Names it, across restarts.
    pub id: EventId,
    /// What happened, and where.
    pub event: SessionEvent,
}

/// Something that happened to a session.
#[uniffi::remote(Record)]
pub struct SessionEvent {
    /// Which wallet.
    pub wallet: WalletId,
    /// Which session.
    pub session: SessionId,
    /// What.
    pub what: Happening,
}

/// What happened to a session.
#[uniffi::remote(Enum)]
pub enum Happening {
    /// A co-signer asks the user to sign.
    Requested { proposer: Slot },
    /// Our proposal is made.
    Proposed,
    /// Our public nonces have left.
    NoncesSent { attempt: Attempt },
    /// Our partial signatures have left.
    PartialsSent { attempt: Attempt },
    /// A co-signer has contributed.
    Progressed,
    /// The vault gave no key: approve once more.
    KeyRefused,
    /// Somebody sent different nonces to different co-signers.
    NonceSetsDiffer,
    /// A participant broke the protocol, and there is proof.
    Blamed { slot: Slot, offence: Offence },
    /// Others hold what we signed and do not know: an older copy of the journal, or another phone with our keys.
    OwnPastFound { attempt: Attempt },
    /// A participant asks for a later deadline.
    ExtensionAsked { slot: Slot, until: WallTime },
    /// The deadline is later now.
    Extended { deadline: WallTime },
    /// The deadline is near.
    Expiring { deadline: WallTime, threshold_ms: u64, left_ms: u64 },
    /// Nobody answered the request in time.
    RequestExpired,
    /// It is over.
    Ended { outcome: Outcome },
}

/// How a session ended.
#[uniffi::remote(Enum)]
pub enum Outcome {
    /// With a BIP-340 signature of 64 bytes for each item, one after the other.
    Completed { signatures: Vec<u8> },
    /// A participant said no.
    Declined { slot: Slot, reason: DeclineReason },
    /// The proposer took it back.
    Cancelled,
    /// Its deadline passed.
    Expired,
    /// It cannot be completed.
    Failed { why: Failure },
}

/// Why a participant says no.
#[uniffi::remote(Enum)]
pub enum DeclineReason {
    /// The user said no.
    User,
    /// The user does not recognise what is to be signed.
    Unrecognised,
    /// A policy forbids it.
    Policy,
    /// Its phone cannot sign.
    GaveUp,
}

/// Why a session cannot be completed.
#[uniffi::remote(Enum)]
pub enum Failure {
    /// A participant broke the protocol.
    Blamed { culprit: Slot, offence: Offence },
    /// Every attempt lost its nonces.
    AttemptsUsedUp,
    /// A fault of this software.
    Internal,
}

/// What a participant did against the protocol.
#[uniffi::remote(Enum)]
pub enum Offence {
    /// It signed public nonces that are none.
    InvalidNonce,
    /// It signed a wrong partial signature.
    WrongPartial,
    /// It signed two different contributions for one place.
    Equivocation,
    /// It signed final signatures that do not verify.
    ForgedCompletion,
}
