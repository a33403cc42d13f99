//! What the program has yet to deal with: durable, in order, each until it says so.
//!
//! Nothing is written for an event: each follows from a record that is written anyway, so a restart brings back those that
//! were not dealt with. Everything else that is told ([`crate::effect::Event`]) only says that [`Node::status`] has changed.

use std::collections::{BTreeSet, VecDeque};

use super::Node;
use crate::codec;
use crate::effect::SessionEvent;
use crate::id::{EventId, SessionId};
use crate::limits::MAX_EVENTS;
use crate::record::Record;
use crate::session::Happening;
use crate::time::Now;

/// An event that waits until the program has dealt with it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeptEvent {
    /// Names it, across restarts.
    pub id: EventId,
    /// What happened, and where.
    #[serde(flatten)]
    pub event: SessionEvent,
}

/// The events that wait.
#[derive(Default)]
pub(super) struct Events(VecDeque<KeptEvent>);

impl Events {
    /// Keeps an event if it is of the kind that the user must be told of; the oldest makes room.
    pub(super) fn keep(&mut self, event: &SessionEvent) {
        let Some(what) = content(&event.what) else { return };
        let id = EventId::of(event.session, &what);
        if self.0.iter().any(|kept| kept.id == id) {
            return;
        }
        if self.0.len() >= MAX_EVENTS {
            self.0.pop_front();
        }
        self.0.push_back(KeptEvent { id, event: event.clone() });
    }

    /// Returns the oldest.
    pub(super) fn first(&self) -> Option<&KeptEvent> {
        self.0.front()
    }

    /// Lets go of an event; returns the session that it was of.
    pub(super) fn take(&mut self, id: EventId) -> Option<SessionId> {
        let at = self.0.iter().position(|kept| kept.id == id)?;
        Some(self.0.remove(at)?.event.session)
    }

    /// Lets go of whatever happened in these sessions.
    pub(super) fn forget(&mut self, sessions: &BTreeSet<SessionId>) {
        self.0.retain(|kept| !sessions.contains(&kept.event.session));
    }
}

impl Node {
    /// Returns the oldest event that the program has not dealt with: the same until [`Node::event_handled`].
    ///
    /// Kept are those of which the user must hear: a request, our own proposal, a warning, an expired request, an extension
    /// asked for or agreed to, what was proven against somebody, and every end. They come back after a restart, at least once
    /// each; at most [`MAX_EVENTS`] wait.
    pub fn next_event(&self) -> Option<&KeptEvent> {
        self.events.first()
    }

    /// Notes that the program has dealt with an event. Durable; an event that does not wait is none to deal with.
    pub fn event_handled(&mut self, id: EventId, now: Now) {
        self.look_at_clock(now);
        if let Some(session) = self.events.take(id) {
            self.persist(vec![Record::Handled { session, event: id }]);
        }
    }
}

/// Returns what makes an event different from every other of its session, if it is of the kind that is kept.
fn content(what: &Happening) -> Option<Vec<u8>> {
    match what {
        Happening::Requested { proposer } => Some(codec::encode(&(0_u8, proposer))),
        Happening::Proposed => Some(codec::encode(&(1_u8,))),
        Happening::Expiring { deadline, threshold_ms, left_ms: _ } => {
            Some(codec::encode(&(2_u8, deadline, threshold_ms)))
        }
        Happening::RequestExpired => Some(codec::encode(&(3_u8,))),
        Happening::ExtensionAsked { slot, until } => Some(codec::encode(&(4_u8, slot, until))),
        Happening::Extended { deadline } => Some(codec::encode(&(5_u8, deadline))),
        Happening::Blamed { slot, offence } => Some(codec::encode(&(6_u8, slot, offence))),
        Happening::Ended { outcome } => Some(codec::encode(&(7_u8, outcome))),
        Happening::NoncesSent { .. }
        | Happening::PartialsSent { .. }
        | Happening::Progressed
        | Happening::KeyRefused
        | Happening::NonceSetsDiffer
        | Happening::OwnPastFound { .. } => None,
    }
}
