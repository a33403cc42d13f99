//! What others may see of a session.

use std::sync::Arc;

use super::end::completion;
use super::{Session, Stage};
use crate::evidence::Offence;
use crate::id::{Attempt, SessionId, Slot, Things};
use crate::message::{Envelope, Terms, TransportSecret};
use crate::record::Outcome;
use crate::time::WallTime;
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
    /// Partial signatures were made for other nonces than ours: somebody sent two sets. The others are asked who.
    NonceSetsDiffer,
    /// It is proven that a participant broke the protocol.
    Blamed {
        /// Who.
        slot: Slot,
        /// What it did.
        offence: Offence,
    },
    /// A co-signer holds something that we signed and our journal does not know: it is an older copy, or another
    /// phone uses our keys. The next attempt begins with fresh nonces.
    OwnPastFound {
        /// The attempt that it belongs to.
        attempt: Attempt,
    },
    /// A participant consented to a later deadline; it moves once all have.
    ExtensionAsked {
        /// Who.
        slot: Slot,
        /// Until when.
        until: WallTime,
    },
    /// All have consented: the deadline has moved.
    Extended {
        /// The deadline that holds now.
        deadline: WallTime,
    },
    /// It expires soon. Those warnings whose time came while the program did not run are told as one, the most urgent.
    Expiring {
        /// The deadline that holds.
        deadline: WallTime,
        /// Which warning: how long before the deadline it was due, in milliseconds.
        threshold_ms: u64,
        /// How long there really is, in milliseconds.
        left_ms: u64,
    },
    /// A co-signer's request came to its deadline before the user answered.
    RequestExpired,
    /// The session is over. A completion may follow another end, and corrects it.
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

    /// Returns a name of what is signed by which wallet.
    pub(crate) fn things(&self) -> Things {
        self.things
    }

    /// Returns the deadline that holds.
    pub(crate) fn deadline(&self) -> WallTime {
        self.deadline
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

    /// Returns the envelopes another participant may lack, in a good order to read them; once it is over, the
    /// notice of that.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        let proposal = self.proposal.iter();
        let rest = self.board.envelopes().filter(|held| self.proposal.as_ref() != Some(held));
        let all =
            proposal.chain(rest).chain(self.consents.iter().filter_map(|consents| consents.newest.as_ref()));
        let notice = match &self.stage {
            Stage::Closed(_, notice) => notice.as_ref(),
            Stage::Waiting | Stage::Unlocking | Stage::Committed(_) | Stage::Spending(_) => None,
            Stage::Signed { .. } => None,
        };
        all.filter(|_| self.outcome().is_none()).chain(notice)
    }

    /// Returns whether a co-signer may know more of this session than we: it is not completed.
    pub(crate) fn is_unsure(&self) -> bool {
        !matches!(self.outcome(), Some(Outcome::Completed { .. }))
    }

    /// Returns the signed notice of the end for somebody who has not heard, made now if nobody sent one.
    pub(crate) fn notice(&self, secret: &TransportSecret) -> Option<Envelope> {
        let Stage::Closed(outcome, notice) = &self.stage else { return None };
        notice.clone().or_else(|| completion(outcome).map(|message| self.seal(message, secret)))
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
