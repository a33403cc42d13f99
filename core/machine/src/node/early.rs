//! Envelopes that came before the proposal of their session.

use std::collections::VecDeque;

use crate::frame::Reach;
use crate::id::{SessionId, TransportKey};
use crate::limits::{MAX_EARLY_BYTES, MAX_EARLY_ENVELOPES};
use crate::message::Envelope;

/// One wallet's early envelopes, oldest first, their signatures already checked.
#[derive(Default)]
pub(super) struct Early {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    /// Whether some had to go: once the proposal is here, the others are asked again.
    dropped: bool,
}

/// One envelope and where it came from.
pub(super) struct Waiting {
    pub(super) envelope: Envelope,
    pub(super) from: TransportKey,
    pub(super) reach: Reach,
}

impl Early {
    /// Keeps an envelope; the oldest give way if there are too many.
    pub(super) fn push(&mut self, waiting: Waiting) {
        if self.waiting.iter().any(|held| held.envelope.id() == waiting.envelope.id()) {
            return;
        }
        self.bytes += waiting.envelope.bytes().len();
        self.waiting.push_back(waiting);
        while self.waiting.len() > MAX_EARLY_ENVELOPES || self.bytes > MAX_EARLY_BYTES {
            let Some(oldest) = self.waiting.pop_front() else { break };
            self.bytes -= oldest.envelope.bytes().len();
            self.dropped = true;
        }
    }

    /// Takes the envelopes of `session`, and whether any may have been dropped.
    pub(super) fn take(&mut self, session: SessionId) -> (Vec<Waiting>, bool) {
        let (taken, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|waiting| waiting.envelope.body().session == session);
        self.waiting = left.into();
        self.bytes -= taken.iter().map(|waiting| waiting.envelope.bytes().len()).sum::<usize>();
        (taken, std::mem::take(&mut self.dropped))
    }
}
