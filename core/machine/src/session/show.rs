//! What others may see of a session.

use std::sync::Arc;

use super::{Context, Session, Stage, completion};
use crate::id::{Attempt, SessionId, Slot};
use crate::message::{Envelope, Terms};
use crate::record::Outcome;
use crate::time::BootTime;
use crate::wallet::Wallet;

/// What happened in a session.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Happening {
    /// A co-signer proposed; the user is asked.
    Requested {
        /// Who proposed.
        proposer: Slot,
    },
    /// Our own proposal is durable.
    Proposed,
    /// Our nonces of an attempt have left.
    NoncesSent {
        /// The attempt.
        attempt: Attempt,
    },
    /// Our partial signatures of an attempt have left.
    PartialsSent {
        /// The attempt.
        attempt: Attempt,
    },
    /// A co-signer's contribution arrived.
    Progressed,
    /// The vault refused our key: approve again to be asked again.
    KeyRefused,
    /// Partial signatures for other nonces than ours were put aside: somebody sent two sets.
    NonceSetsDiffer,
    /// The session is over.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

impl Session {
    /// Returns the session's id.
    pub(crate) fn id(&self) -> SessionId {
        self.id
    }

    /// Returns the wallet that signs.
    pub(crate) fn wallet(&self) -> &Arc<Wallet> {
        &self.wallet
    }

    /// Returns what is signed and until when.
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Returns when the session expires.
    pub(crate) fn expires(&self) -> BootTime {
        self.expires
    }

    /// Returns how the session ended, if it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            Stage::Closed(outcome, _) => Some(outcome),
            Stage::Waiting | Stage::Unlocking | Stage::Committed(_) | Stage::Spending(_) => None,
            Stage::Signed { .. } => None,
        }
    }

    /// Returns the current attempt.
    pub(crate) fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// Returns where we stand, in a word.
    pub(crate) fn phase(&self) -> Phase {
        match &self.stage {
            Stage::Waiting if !self.approved => Phase::Requested,
            Stage::Waiting | Stage::Unlocking => Phase::Unlocking,
            Stage::Committed(_) => Phase::Nonces,
            Stage::Spending(_) | Stage::Signed { .. } => Phase::Partials,
            Stage::Closed(..) => Phase::Ended,
        }
    }

    /// Returns whether `slot` has given nonces, and partial signatures, in the current attempt.
    pub(crate) fn progress(&self, slot: Slot) -> (bool, bool) {
        match self.outcome() {
            Some(Outcome::Completed { .. }) => (true, true),
            Some(_) | None => self.board.progress(slot),
        }
    }

    /// Returns the envelopes another participant may lack, in a good order to read them.
    pub(crate) fn envelopes(&self) -> Vec<Envelope> {
        let proposal = self.proposal.iter();
        let rest = self.board.envelopes().filter(|held| self.proposal.as_ref() != Some(held));
        proposal.chain(rest).cloned().collect()
    }

    /// Returns the signed notice of the end for somebody who has not heard, made now if nobody sent one.
    pub(crate) fn notice(&self, cx: &Context<'_>) -> Option<Envelope> {
        let Stage::Closed(outcome, notice) = &self.stage else { return None };
        notice.clone().or_else(|| completion(outcome).map(|message| self.seal(message, cx)))
    }
}

/// Where a session stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The user has not said yes or no.
    Requested,
    /// Approved; our key is asked for.
    Unlocking,
    /// Round 1: public nonces are exchanged.
    Nonces,
    /// Round 2: partial signatures are exchanged.
    Partials,
    /// Over.
    Ended,
}
