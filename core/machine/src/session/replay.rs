//! A session read back from the journal.

use std::sync::Arc;

use super::{Context, Contribution, Session, Stage};
use crate::id::{Attempt, NonceSetDigest, PayloadDigest, SessionId, Slot};
use crate::message::{Envelope, Message, Terms};
use crate::record::{Failure, Outcome};
use crate::time::Now;
use crate::wallet::Wallet;

/// A session while its records are read, oldest first.
pub(crate) struct Replay {
    session: Session,
    /// The newest attempt for which we made nonces. They died with the process.
    touched: Option<Attempt>,
    /// The newest attempt that we signed, and for which nonces.
    signed: Option<(Attempt, NonceSetDigest)>,
}

impl Replay {
    /// Starts from a proposal's terms, whatever time it is by now; `None` if no session could have them.
    pub(crate) fn new(terms: Terms, wallet: Arc<Wallet>, me: Slot, now: Now) -> Option<Self> {
        let session = Session::build(terms, wallet, me, now).ok()?;
        Some(Self { session, touched: None, signed: None })
    }

    /// Returns the session's id.
    pub(crate) fn id(&self) -> SessionId {
        self.session.id
    }

    /// Notes that the user approved `payload`; `None` if the session signs another.
    pub(crate) fn approved(&mut self, payload: PayloadDigest) -> Option<()> {
        self.session.approved = true;
        (payload == self.session.payload).then_some(())
    }

    /// Notes an envelope that was kept, ours or another's; `None` if it does not fit.
    pub(crate) fn kept(&mut self, envelope: &Envelope) -> Option<()> {
        let body = envelope.body();
        self.session.wallet.key(body.slot)?;
        let attempt = match &body.message {
            Message::Propose { .. } => Attempt(0),
            Message::Nonces { attempt, .. }
            | Message::Partials { attempt, .. }
            | Message::Answer { attempt, .. } => *attempt,
            Message::Complete { .. } | Message::Decline { .. } | Message::Cancel => return None,
        };
        if matches!(body.message, Message::Propose { .. }) {
            self.session.proposal = Some(envelope.clone());
        }
        self.reach(attempt);
        if attempt == self.session.attempt {
            let given = Contribution::read(&body.message, self.session.keys.len()).ok()?;
            self.session.board.put(body.slot, given, envelope.clone(), true).ok()?;
        }
        Some(())
    }

    /// Notes that our nonces of `attempt` were made.
    pub(crate) fn touched(&mut self, attempt: Attempt) {
        self.reach(attempt);
        self.touched = Some(attempt);
    }

    /// Notes that our nonces of `attempt` were used for `set`: partial signatures for other sets were put aside.
    pub(crate) fn spent(&mut self, attempt: Attempt, set: NonceSetDigest) {
        self.touched(attempt);
        if attempt == self.session.attempt {
            self.session.board.drop_other_sets(set);
        }
    }

    /// Notes our partial signatures; `None` if they do not fit.
    pub(crate) fn signed(&mut self, envelope: &Envelope) -> Option<()> {
        let (Message::Partials { attempt, set, .. } | Message::Answer { attempt, set, .. }) =
            &envelope.body().message
        else {
            return None;
        };
        self.signed = Some((*attempt, *set));
        self.session.signed = true;
        self.kept(envelope)
    }

    /// Notes the end.
    pub(crate) fn ended(&mut self, outcome: Outcome, notice: Option<Envelope>) {
        self.session.stage = Stage::Closed(outcome, notice);
    }

    /// Goes on from what was read: a signed attempt waits for the others, an unsigned one is dead and the next
    /// begins.
    pub(crate) fn resume(self, cx: &mut Context<'_>) -> Session {
        let Self { mut session, touched, signed } = self;
        if session.expire(cx) {
            return session;
        }
        match signed {
            Some((attempt, set)) if attempt == session.attempt => {
                match session.board.aggregate_nonces(session.keys.len()) {
                    Some(aggregates) => session.stage = Stage::Signed { aggregates, set },
                    None => session.close(Outcome::Failed { why: Failure::Internal }, None, [], cx),
                }
            }
            _ if touched == Some(session.attempt) => session.lose_nonces(cx),
            _ => {}
        }
        session.advance(cx);
        session
    }

    /// Moves on to `attempt` if it is a later one.
    fn reach(&mut self, attempt: Attempt) {
        if attempt > self.session.attempt {
            self.session.start_attempt(attempt);
        }
    }
}
