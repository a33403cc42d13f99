//! What went wrong, grouped by what the caller can do about it.

use std::fmt::Display;

use countersign_driver::Error;
use countersign_driver::journal::JournalError;
use countersign_driver::machine::fault::CallerFault;
use countersign_driver::vault::VaultError;

/// Why a call failed. Nothing was changed, unless it says so. No key, amount, nickname or address stands in it: it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
#[non_exhaustive]
pub enum NodeError {
    /// Wait, or invite them: these co-signers do not answer. Nothing was begun.
    #[error("{connected} of {total} co-signers answer")]
    NotReady {
        /// What they are called; only for the screen.
        missing: Vec<String>,
        /// How many answer, ourselves among them.
        connected: u64,
        /// How many the wallet has.
        total: u64,
    },
    /// Propose again: the session is over.
    #[error("session {session} has ended")]
    Ended {
        /// Which session.
        session: String,
    },
    /// Too late: our partial signatures have left. It ends by itself, completed or expired.
    #[error("our partial signatures have left")]
    AlreadySigned,
    /// Show everything anew: what was asked about is not there, or not any more.
    #[error("{what} is not known here")]
    Unknown {
        /// What it is.
        what: String,
    },
    /// Ask for the plan again: it is another by now.
    #[error("the plan has changed meanwhile")]
    StalePlan,
    /// Wait until some have ended, or take fewer.
    #[error("too many {what}")]
    TooMany {
        /// Of what.
        what: String,
    },
    /// Correct the call.
    #[error("{reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// Let the user act: the vault gave no key.
    #[error("the vault gave no key: {fault}")]
    Vault {
        /// Why.
        fault: VaultFault,
    },
    /// Close the other one first: another process holds the journal.
    #[error("the journal is open elsewhere")]
    JournalLocked,
    /// Open it anew: another process has written to the journal.
    #[error("the journal has been written to meanwhile")]
    JournalOvertaken,
    /// Let the user make room.
    #[error("no room is left for the journal")]
    StorageFull,
    /// Nobody can repair it: the journal is damaged, another's, or of a newer version. It was left alone.
    #[error("the journal cannot be used: {reason}")]
    JournalUnusable {
        /// What is wrong with it.
        reason: String,
    },
    /// Try again: the system let us not read, write, listen or draw entropy.
    #[error("the system refuses: {reason}")]
    System {
        /// What it said.
        reason: String,
    },
    /// Open it again: the co-signer has stopped.
    #[error("the co-signer has stopped")]
    Stopped,
    /// Report it: a fault of this library. The next call works.
    #[error("a fault of this library: {reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

/// Why the vault gave no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum VaultFault {
    /// The user said no.
    #[error("the user cancelled")]
    UserCancelled,
    /// Too many wrong tries: the system lets nobody in for a while.
    #[error("it is locked out")]
    LockedOut,
    /// The key is gone for good, as after new biometry was enrolled.
    #[error("the key was invalidated")]
    Invalidated,
    /// The phone has not been unlocked since it started.
    #[error("it is not available before the first unlock")]
    NotAvailableBeforeFirstUnlock,
    /// There is no such secret.
    #[error("it has no such secret")]
    NotFound,
    /// Any other failure.
    #[error("it is unavailable: {reason}")]
    Unavailable {
        /// What happened.
        reason: String,
    },
}

/// Why something that the app implements failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum PortFault {
    /// It threw.
    #[error("{reason}")]
    Failed {
        /// What.
        reason: String,
    },
}

impl NodeError {
    pub(crate) fn internal(error: &impl Display) -> Self {
        Self::Internal { reason: error.to_string() }
    }

    pub(crate) fn invalid(error: &impl Display) -> Self {
        Self::Invalid { reason: error.to_string() }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for VaultFault {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable { reason: error.reason }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for PortFault {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

impl From<VaultFault> for VaultError {
    fn from(fault: VaultFault) -> Self {
        match fault {
            VaultFault::UserCancelled => Self::UserCancelled,
            VaultFault::LockedOut => Self::LockedOut,
            VaultFault::Invalidated => Self::Invalidated,
            VaultFault::NotAvailableBeforeFirstUnlock => Self::NotAvailableBeforeFirstUnlock,
            VaultFault::NotFound => Self::NotFound,
            VaultFault::Unavailable { reason } => Self::Unavailable(reason),
        }
    }
}

impl From<VaultError> for VaultFault {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::UserCancelled => Self::UserCancelled,
            VaultError::LockedOut => Self::LockedOut,
            VaultError::Invalidated => Self::Invalidated,
            VaultError::NotAvailableBeforeFirstUnlock => Self::NotAvailableBeforeFirstUnlock,
            VaultError::NotFound => Self::NotFound,
            VaultError::Unavailable(reason) => Self::Unavailable { reason },
            VaultError::WrongPassphrase | VaultError::AlreadyExists | VaultError::Corrupt(_) => {
                Self::Unavailable { reason: error.to_string() }
            }
        }
    }
}

impl From<CallerFault> for NodeError {
    fn from(fault: CallerFault) -> Self {
        match fault {
            CallerFault::Ended(session) => Self::Ended { session: session.to_string() },
            CallerFault::AlreadySigned => Self::AlreadySigned,
            CallerFault::UnknownWallet(_) => Self::Unknown { what: "wallet".to_owned() },
            CallerFault::UnknownSession(_) => Self::Unknown { what: "session".to_owned() },
            CallerFault::UnknownNotice => Self::Unknown { what: "notification".to_owned() },
            CallerFault::NoCardOf(_) => Self::Unknown { what: "card".to_owned() },
            CallerFault::StalePlan => Self::StalePlan,
            CallerFault::TooMany(what) => Self::TooMany { what: what.to_owned() },
            CallerFault::SignerCount(_)
            | CallerFault::DuplicateKey { .. }
            | CallerFault::NoAggregate
            | CallerFault::NotParticipant
            | CallerFault::Card(_)
            | CallerFault::Payload(_)
            | CallerFault::Deadline
            | CallerFault::NotProposer
            | CallerFault::TooLong(_)
            | CallerFault::OutOfRange(_)
            | CallerFault::OtherKey
            | CallerFault::NoCard => Self::invalid(&fault),
        }
    }
}

impl From<JournalError> for NodeError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Locked => Self::JournalLocked,
            JournalError::Overtaken => Self::JournalOvertaken,
            JournalError::Full => Self::StorageFull,
            JournalError::Foreign | JournalError::NewerVersion { .. } | JournalError::Corrupt { .. } => {
                Self::JournalUnusable { reason: error.to_string() }
            }
            JournalError::TooLong { .. } => Self::internal(&error),
            JournalError::Unavailable(reason) => Self::System { reason },
        }
    }
}

impl From<Error> for NodeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Caller(fault) => fault.into(),
            Error::Journal(error) => error.into(),
            Error::Store(fault) => Self::JournalUnusable { reason: fault.to_string() },
            Error::Vault(error) => Self::Vault { fault: error.into() },
            Error::Key(_) => Self::invalid(&error),
            Error::Entropy(_) | Error::Net(_) => Self::System { reason: error.to_string() },
            Error::NotReady(report) => Self::NotReady {
                missing: report.missing,
                connected: report.connected as u64,
                total: report.total as u64,
            },
            Error::Stopped => Self::Stopped,
        }
    }
}
