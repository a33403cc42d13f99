//! What can go wrong, in sentences.

use std::path::PathBuf;

/// Why the phones did not sign, or not well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The system refused something.
    #[error("{what}: {error}.")]
    System {
        /// What could not be done.
        what: &'static str,
        /// What the system said.
        error: std::io::Error,
    },
    /// The relay does not run.
    #[error("The relay cannot be started: {0}.")]
    NoRelay(String),
    /// A phone's process ended by itself.
    #[error("{name} ended unasked ({status}). It said: {said}")]
    Gone {
        /// Its nickname.
        name: String,
        /// Its exit status.
        status: String,
        /// What it wrote to its standard error.
        said: String,
    },
    /// A phone refused a command.
    #[error("{name} refused a command. {text}")]
    Refused {
        /// Its nickname.
        name: String,
        /// Its reason.
        text: String,
    },
    /// A phone wrote something that was not expected.
    #[error("{name} wrote something else than {expected}.")]
    Garbled {
        /// Its nickname.
        name: String,
        /// What should have come.
        expected: &'static str,
    },
    /// The time was over.
    #[error("Gave up after {seconds} s while {waiting}.")]
    TimedOut {
        /// How long it was waited for.
        seconds: u64,
        /// What was going on.
        waiting: String,
    },
    /// A session ended otherwise than with signatures.
    #[error("{name} ended the session without signatures: {outcome}.")]
    Unsigned {
        /// Who says so.
        name: String,
        /// How it ended.
        outcome: String,
    },
    /// The session of an absent phone did not expire as it should.
    #[error("The session did not expire as it should: {0}.")]
    NotExpired(String),
    /// Two phones hold different results.
    #[error("{name} holds another result than the proposer.")]
    Differs {
        /// The other phone.
        name: String,
    },
    /// A signature or a key is wrong.
    #[error("Item {item}: {what}.")]
    Invalid {
        /// The item's index.
        item: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A nonce was used twice, or the journals do not show that it was not.
    #[error("NONCE LAW VIOLATED: {0}.")]
    Nonce(String),
    /// A phone's journal cannot be read back.
    #[error("The journal in {} cannot be read back: {error}.", .dir.display())]
    Journal {
        /// The phone's folder.
        dir: PathBuf,
        /// Why.
        error: String,
    },
    /// The user interrupted.
    #[error("Interrupted.")]
    Interrupted,
}

/// Names what the system refused to do.
pub(crate) fn refused(what: &'static str) -> impl Fn(std::io::Error) -> Fault {
    move |error| Fault::System { what, error }
}
