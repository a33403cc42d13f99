//! What the user was shown of a session outside the program, and put away.

use super::{Context, Said, Session};
use crate::id::Slot;
use crate::plan::Notice;
use crate::record::Record;

/// What became of a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    /// The system holds it, or has shown it.
    pub(crate) held: bool,
    /// The user put it away.
    pub(crate) dismissed: bool,
}

impl Session {
    /// Returns what became of a notice.
    pub(crate) fn fate(&self, notice: Notice) -> Fate {
        self.notices.get(&notice).copied().unwrap_or_default()
    }

    /// Notes that the system holds these notices, and no others. Durable.
    pub(crate) fn hold(&mut self, mut notices: Vec<Notice>, cx: &mut Context<'_>) {
        notices.sort_unstable();
        let held = self.notices.iter().filter(|(_, fate)| fate.held).map(|(notice, _)| *notice);
        if !held.eq(notices.iter().copied()) {
            self.recall_held(&notices);
            cx.said.push(Said::Persist(vec![Record::Held { session: self.id, notices }]));
        }
    }

    /// Notes that the user put a notice away. Durable; doing so again changes nothing.
    pub(crate) fn dismiss(&mut self, notice: Notice, cx: &mut Context<'_>) {
        if !self.fate(notice).dismissed {
            self.recall_dismissed(notice);
            cx.said.push(Said::Persist(vec![Record::Dismissed { session: self.id, notice }]));
        }
    }

    /// Takes from the journal what the system holds.
    pub(crate) fn recall_held(&mut self, notices: &[Notice]) {
        self.notices.values_mut().for_each(|fate| fate.held = false);
        for notice in notices {
            self.notices.entry(*notice).or_default().held = true;
        }
    }

    /// Takes from the journal what the user put away.
    pub(crate) fn recall_dismissed(&mut self, notice: Notice) {
        self.notices.entry(notice).or_default().dismissed = true;
    }

    /// Returns whether a co-signer asked for our user's approval and had no answer.
    pub(crate) fn is_unanswered(&self) -> bool {
        // A vault that refuses the key takes an approval back, not the answer that it was.
        self.is_request() && !(self.approved || self.outcome().is_some() && self.answered)
    }

    /// Returns whether a co-signer proposed it, not we.
    pub(crate) fn is_request(&self) -> bool {
        self.me != self.terms.proposer
    }

    /// Returns our slot.
    pub(crate) fn me(&self) -> Slot {
        self.me
    }

    /// Returns whether our partial signatures have left.
    pub(crate) fn has_signed(&self) -> bool {
        self.signed
    }
}
