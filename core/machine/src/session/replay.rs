//! A session read back from the journal.

use std::sync::Arc;

use super::{Context, Contribution, Conviction, Happening, Session, Stage};
use crate::evidence::{Evidence, Offence, Verdict};
use crate::id::{Attempt, NonceSetDigest, PayloadDigest, SessionId, Slot};
use crate::limits::{ASK_AGAIN_MS, MAX_ATTEMPT};
use crate::message::{Envelope, Message, Terms};
use crate::record::{Failure, Outcome};
use crate::time::{BootTime, Moment, Now, WallTime};
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
        terms.payload.check().ok()?;
        let session = Session::build(terms, wallet, me, now);
        Some(Self { session, touched: None, signed: None })
    }

    /// Returns the session's id.
    pub(crate) fn id(&self) -> SessionId {
        self.session.id
    }

    /// Notes that the user approved `payload`; `None` if the session signs another.
    pub(crate) fn approved(&mut self, payload: PayloadDigest) -> Option<()> {
        (self.session.approved, self.session.answered) = (true, true);
        (payload == self.session.payload).then_some(())
    }

    /// Notes an envelope that was kept, ours or another's, and returns what the user was told of it; `None` if it does
    /// not fit.
    pub(crate) fn kept(&mut self, envelope: &Envelope) -> Option<Option<Happening>> {
        let body = envelope.body();
        self.session.wallet.key(body.slot)?;
        if body.slot == self.session.me && body.message.nonces().is_some() {
            // Also a proposal of ours that another has brought back: its nonces died with whoever made them.
            self.touched = body.message.nonces().map(|(attempt, _)| attempt).max(self.touched);
        }
        let attempt = match &body.message {
            Message::Propose { .. } => Attempt(0),
            Message::Nonces { attempt, .. }
            | Message::Partials { attempt, .. }
            | Message::Answer { attempt, .. } => *attempt,
            Message::Extend { until } => return Some(self.consented(*until, envelope)),
            Message::Complete { .. } | Message::Decline { .. } | Message::Cancel => return None,
        };
        let opens = matches!(body.message, Message::Propose { .. }) && self.session.proposal.is_none();
        if matches!(body.message, Message::Propose { .. }) {
            self.session.proposal = Some(envelope.clone());
        }
        let told = opens.then_some(Happening::Requested { proposer: self.session.terms.proposer });
        self.reach(attempt);
        if attempt == self.session.attempt {
            let given = Contribution::read(&body.message, self.session.items()).ok()?;
            // Two words of our own: we found the older one later. Others' are never kept together.
            if self.session.board.conflicting(envelope).is_some() {
                return (body.slot == self.session.me).then_some(told);
            }
            self.session.board.put(body.slot, given, envelope.clone(), true);
        }
        Some(told)
    }

    fn consented(&mut self, until: WallTime, envelope: &Envelope) -> Option<Happening> {
        let (before, slot) = (self.session.deadline, envelope.body().slot);
        self.session.note_consent(envelope.clone());
        let deadline = self.session.deadline;
        let asked = (slot != self.session.me).then_some(Happening::ExtensionAsked { slot, until });
        if deadline > before { Some(Happening::Extended { deadline }) } else { asked }
    }

    /// Notes that our nonces of `attempt` were made.
    pub(crate) fn touched(&mut self, attempt: Attempt) {
        self.reach(attempt);
        self.session.shown = true;
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
        self.kept(envelope).map(|_| ())
    }

    /// Notes what was proven against a participant, and returns it; `None` if it speaks of something else.
    pub(crate) fn blamed(&mut self, evidence: Vec<u8>) -> Option<Verdict> {
        let verdict = Evidence::parse(&evidence).ok()?.accusation()?;
        if verdict.session != self.session.id {
            return None;
        }
        self.session.convictions.push(Conviction { verdict, evidence: evidence.into() });
        if let (Offence::Equivocation, Some(Attempt(void))) = (verdict.offence, verdict.attempt) {
            self.reach(Attempt(void.saturating_add(1).min(MAX_ATTEMPT)));
        }
        Some(verdict)
    }

    /// Notes how much time was left, and when that was found out.
    pub(crate) fn timed(&mut self, deadline: WallTime, at: Moment, expires: BootTime, sure: bool) {
        self.session.recall_time(deadline, at, expires, sure);
    }

    /// Notes that the user was warned.
    pub(crate) fn warned(&mut self, deadline: WallTime, threshold_ms: u64) {
        self.session.recall_warning(deadline, threshold_ms);
    }

    /// Returns the session as far as it was read.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the session as far as it was read.
    pub(crate) fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Notes the end.
    pub(crate) fn ended(&mut self, outcome: Outcome, notice: Option<Envelope>) {
        self.session.board.clear();
        self.session.stage = Stage::Closed(outcome, notice);
    }

    /// Returns the session as it was read, and what is left to do.
    pub(crate) fn into_parts(self) -> (Session, Resume) {
        (self.session, Resume { touched: self.touched, signed: self.signed })
    }

    /// Moves on to `attempt` if it is a later one. An end stays an end.
    fn reach(&mut self, attempt: Attempt) {
        if attempt > self.session.attempt && self.session.outcome().is_none() {
            self.session.start_attempt(attempt);
        }
    }
}

/// How a session that was read back goes on.
pub(crate) struct Resume {
    touched: Option<Attempt>,
    signed: Option<(Attempt, NonceSetDigest)>,
}

impl Resume {
    /// Goes on from what was read: a signed attempt waits for the others, an unsigned one is dead and the next
    /// begins.
    ///
    /// How much time is left has been found out: [`Session::resume_time`].
    pub(crate) fn apply(self, session: &mut Session, cx: &mut Context<'_>) {
        session.alone = true;
        if session.expire(cx) {
            return;
        }
        match self.signed {
            Some((attempt, set)) if attempt == session.attempt => {
                match session.board.aggregate_nonces(session.items()) {
                    Some(aggregates) if session.derive_keys() => {
                        session.stage = Stage::Signed { aggregates, set };
                        session.asks = (cx.now.boot.after_ms(ASK_AGAIN_MS), 1);
                    }
                    Some(_) | None => return session.give_up(Failure::Internal, cx),
                }
            }
            _ if self.touched == Some(session.attempt) => session.lose_nonces(cx),
            _ => {}
        }
        session.proceed(cx);
    }
}
