//! What went wrong, in sentences that say what to do.

use std::process::ExitCode;

use countersign_driver::Error;
use countersign_driver::journal::JournalError;
use countersign_driver::vault::VaultError;

use super::caller;

/// Who or what must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Whoever typed the command or the arguments.
    Caller,
    /// The journal's keeper.
    Journal,
    /// The journal's keeper: its content is not what was written.
    Store,
    /// The vault, or its user.
    Vault,
    /// The network's keeper.
    Net,
    /// The operating system.
    Entropy,
    /// Nobody: the co-signer has stopped.
    Stopped,
}

impl Kind {
    /// Returns what the process ends with when this ends it.
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Kind::Entropy | Kind::Stopped => ExitCode::from(1),
            Kind::Caller => ExitCode::from(2),
            Kind::Vault => ExitCode::from(3),
            Kind::Journal | Kind::Store => ExitCode::from(4),
            Kind::Net => ExitCode::from(5),
        }
    }
}

/// A failure, in a sentence.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Failure {
    /// Makes one.
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, advice) = match &error {
            Error::Caller(fault) => (Kind::Caller, caller::advice(fault)),
            Error::Journal(fault) => (Kind::Journal, journal_advice(fault)),
            Error::Store(_) => (Kind::Store, "Signing from it would be unsafe: begin again in a new folder."),
            Error::Vault(fault) => (Kind::Vault, vault_advice(fault)),
            Error::Key(_) => (Kind::Vault, "Begin again in a new folder."),
            Error::Entropy(_) => (Kind::Entropy, "Try again later."),
            Error::Net(_) => (Kind::Net, "Give another address with --listen, such as /ip4/127.0.0.1/tcp/0."),
            Error::NotReady(_) => {
                (Kind::Caller, "Type preflight WALLET to see who is missing, or propose without --check.")
            }
            Error::Stopped => (Kind::Stopped, "Start it again."),
        };
        Failure::new(kind, sentence(&error.to_string(), advice))
    }
}

/// Puts a fault's words and the advice into sentences.
fn sentence(fault: &str, advice: &str) -> String {
    let mut letters = fault.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}. {advice}", letters.as_str()).trim_end().to_owned()
}

fn journal_advice(fault: &JournalError) -> &'static str {
    match fault {
        JournalError::Locked => "Quit the other phone that runs in this folder.",
        JournalError::Overtaken => "Start again: another program has used this folder.",
        JournalError::Foreign => "Choose another folder with --dir.",
        JournalError::NewerVersion { .. } => "Update this program.",
        JournalError::Corrupt { .. } => "Signing from it would be unsafe: begin again in a new folder.",
        JournalError::Full => "Make room on the disk and start again.",
        JournalError::TooLong { .. } => "Propose fewer items at once.",
        JournalError::Unavailable(_) => "See that the folder can be written, then start again.",
    }
}

fn vault_advice(fault: &VaultError) -> &'static str {
    match fault {
        VaultError::WrongPassphrase => "Start again with the one that this folder was made with.",
        VaultError::Corrupt(_) | VaultError::Invalidated => {
            "Bring it back from a copy, or choose another folder."
        }
        VaultError::AlreadyExists => "Start again: it will be opened.",
        VaultError::NotFound => "See that the folder exists and can be written.",
        VaultError::UserCancelled | VaultError::LockedOut | VaultError::NotAvailableBeforeFirstUnlock => {
            "Try again later."
        }
        VaultError::Unavailable(_) => "See that the folder can be read and written.",
    }
}
