//! What co-signers ask of the user.

use std::collections::BTreeSet;

use super::Node;
use super::plan::ongoing;
use crate::id::{SessionId, Things};
use crate::plan::{Action, Arg, Message, MessageKey, Notice};
use crate::record::Outcome;
use crate::session::Session;
use crate::status::{Request, RequestState};
use crate::time::{Now, WallTime};

impl Node {
    /// Lists the requests of all sessions that others proposed, those that end first at the top.
    pub(super) fn inbox(&self, now: Now) -> Vec<Request> {
        let superseded = self.superseded();
        let requests = self.sessions.values().filter(|session| session.is_request());
        let mut inbox: Vec<Request> = requests
            .map(|session| self.show_request(session, superseded.contains(&session.id()), now))
            .collect();
        inbox.sort_by_key(|request| (request.state != RequestState::Pending, request.remaining_ms));
        inbox
    }

    fn show_request(&self, session: &Session, superseded: bool, now: Now) -> Request {
        let state = state_of(session, superseded);
        let actions = match state {
            RequestState::Pending => {
                vec![Action::View, Action::Dismiss, Action::Approve, Action::Reject, Action::Extend]
            }
            RequestState::Approved if session.outcome().is_none() => vec![Action::View, Action::Extend],
            RequestState::Superseded => vec![Action::View, Action::Dismiss, Action::Reject],
            RequestState::Approved | RequestState::Rejected => vec![Action::View],
            RequestState::Expired | RequestState::Cancelled => vec![Action::View, Action::Dismiss],
        };
        let notice = if state == RequestState::Expired { Notice::Expired } else { Notice::Request };
        Request {
            session: session.id(),
            wallet: session.wallet().id(),
            proposer: session.terms().proposer,
            state,
            message: if superseded {
                Message::plain(MessageKey::RequestSuperseded)
            } else {
                self.describe(session)
            },
            actions,
            dismissed: session.fate(notice).dismissed,
            remaining_ms: session.expires().ms_from(now.boot),
        }
    }

    /// Returns the unanswered requests whose place another session of the same things has taken: it is signed already, or
    /// the same proposer has asked anew.
    pub(super) fn superseded(&self) -> BTreeSet<SessionId> {
        let completed = |session: &&Session| matches!(session.outcome(), Some(Outcome::Completed { .. }));
        let signed: BTreeSet<Things> =
            self.sessions.values().filter(completed).map(Session::things).collect();
        let waits = |session: &&Session| matches!(session.outcome(), None | Some(Outcome::Expired));
        let mut all: Vec<_> = self
            .sessions
            .values()
            .filter(waits)
            .map(|session| (session.things(), session.terms().proposer, age(session), session))
            .collect();
        all.sort_unstable_by_key(|(things, proposer, age, _)| (*things, *proposer, *age));
        let alike = all.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1));
        alike
            .flat_map(|alike| {
                let is_signed = signed.contains(&alike[0].0);
                let old = if is_signed { alike } else { &alike[..alike.len() - 1] };
                old.iter().map(|(.., session)| session).filter(|session| session.is_unanswered())
            })
            .map(|session| session.id())
            .collect()
    }

    /// Says in a sentence where a session stands.
    pub(super) fn describe(&self, session: &Session) -> Message {
        let named = |key, slot| Message::of(key, Arg::Name(self.nickname(session, slot).unwrap_or_default()));
        match session.outcome() {
            Some(Outcome::Completed { .. }) => Message::plain(MessageKey::Completed),
            Some(Outcome::Declined { slot, .. }) if *slot == session.me() => {
                Message::plain(MessageKey::DeclinedByYou)
            }
            Some(Outcome::Declined { slot, .. }) => named(MessageKey::Declined, *slot),
            Some(Outcome::Cancelled) => Message::plain(MessageKey::Cancelled),
            Some(Outcome::Expired) if session.is_unanswered() => Message::plain(MessageKey::RequestExpired),
            Some(Outcome::Expired) => Message::plain(MessageKey::Expired),
            Some(Outcome::Failed { .. }) => Message::plain(MessageKey::Failed),
            None if session.is_unanswered() => self.request_from(session),
            None => match session.asker() {
                Some(slot) => named(MessageKey::ExtensionAsked, slot),
                None => ongoing(session),
            },
        }
    }
}

/// Orders sessions of the same things: an open one takes the place of one that has expired, and a newer one that of an older.
fn age(session: &Session) -> (bool, WallTime, SessionId) {
    (session.outcome().is_none(), session.terms().created, session.id())
}

fn state_of(session: &Session, superseded: bool) -> RequestState {
    match session.outcome() {
        Some(Outcome::Declined { slot, .. }) if *slot == session.me() => RequestState::Rejected,
        _ if !session.is_unanswered() => RequestState::Approved,
        None | Some(Outcome::Expired) if superseded => RequestState::Superseded,
        None => RequestState::Pending,
        Some(Outcome::Expired) => RequestState::Expired,
        Some(
            Outcome::Completed { .. }
            | Outcome::Declined { .. }
            | Outcome::Cancelled
            | Outcome::Failed { .. },
        ) => RequestState::Cancelled,
    }
}
