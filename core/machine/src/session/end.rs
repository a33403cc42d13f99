//! How a session ends, and how its deadline moves.

use super::{Accepted, Context, Happening, Said, Session, Stage, kept};
use crate::fault::{CallerFault, PeerFault};
use crate::id::Slot;
use crate::key::Signature;
use crate::limits::{MAX_EXTENSIONS, MAX_SESSION_MS};
use crate::message::{Envelope, Message, SIGNATURE_BYTES};
use crate::record::{Outcome, Record};
use crate::session::contribution::are_signatures;
use crate::time::WallTime;
use crate::wallet::ItemKeys;

impl Session {
    /// Takes the final signatures, from whomever they come: they prove themselves, and nothing undoes them. So
    /// they also correct every other end.
    pub(super) fn complete(
        &mut self,
        signatures: &[u8],
        envelope: &Envelope,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        if matches!(self.outcome(), Some(Outcome::Completed { .. })) {
            return Ok(Accepted::Known);
        }
        let whole = signatures.len() == self.items() * SIGNATURE_BYTES;
        let valid = whole && self.derive_keys() && are_signatures(signatures, &self.keys);
        if self.outcome().is_some() {
            self.keys = ItemKeys::default();
        }
        if !valid {
            return self.blame_forgery(envelope, cx);
        }
        let outcome = Outcome::Completed { signatures: signatures.to_vec() };
        self.close(outcome, Some(envelope.clone()), [], cx);
        Ok(Accepted::New)
    }

    /// Ends the session because our user says so: `message` is our decline or cancellation.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::AlreadySigned`] once our partial signatures have left,
    /// [`CallerFault::NotProposer`] if another proposed what we cancel, [`CallerFault::Ended`].
    pub(crate) fn withdraw(&mut self, message: Message, cx: &mut Context<'_>) -> Result<(), CallerFault> {
        if self.expire(cx) {
            return Err(CallerFault::Ended(self.id));
        }
        if self.signed {
            return Err(CallerFault::AlreadySigned);
        }
        let outcome = match &message {
            Message::Decline { reason } => Outcome::Declined { slot: self.me, reason: *reason },
            Message::Cancel if self.me == self.terms.proposer => Outcome::Cancelled,
            Message::Cancel => return Err(CallerFault::NotProposer),
            Message::Propose { .. }
            | Message::Nonces { .. }
            | Message::Partials { .. }
            | Message::Answer { .. }
            | Message::Complete { .. }
            | Message::Extend { .. } => return Err(CallerFault::Payload("not a withdrawal")),
        };
        let notice = self.seal(message, cx.secret);
        self.close(outcome, Some(notice.clone()), [Said::Publish(notice)], cx);
        Ok(())
    }

    /// Consents to a later deadline. Durable; consenting again to the same changes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::Ended`]; [`CallerFault::Deadline`] if `until` is not later than the deadline that
    /// holds or over [`MAX_SESSION_MS`] after the proposal; [`CallerFault::TooMany`] after [`MAX_EXTENSIONS`].
    pub(crate) fn extend(&mut self, until: WallTime, cx: &mut Context<'_>) -> Result<(), CallerFault> {
        if self.expire(cx) {
            return Err(CallerFault::Ended(self.id));
        }
        if until <= self.deadline || !self.may_last(until) {
            return Err(CallerFault::Deadline);
        }
        let ours = &self.consents[self.me.index()];
        if ours.given >= MAX_EXTENSIONS {
            return Err(CallerFault::TooMany("extensions"));
        }
        if ours.until().is_none_or(|held| held < until) {
            let envelope = self.seal(Message::Extend { until }, cx.secret);
            cx.said.push(Said::Persist(vec![kept(&envelope)]));
            self.add_consent(envelope.clone(), cx);
            cx.said.push(Said::Publish(envelope));
        }
        Ok(())
    }

    /// Takes a participant's consent to a later deadline.
    pub(super) fn take_consent(
        &mut self,
        until: WallTime,
        envelope: &Envelope,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        let slot = envelope.body().slot;
        if !self.may_last(until) {
            return Err(PeerFault::BadExtension);
        }
        let theirs = &self.consents[slot.index()];
        if until <= self.deadline || theirs.until().is_some_and(|held| held >= until) {
            return Ok(Accepted::Known);
        }
        if theirs.given >= MAX_EXTENSIONS {
            return Err(PeerFault::TooMany("extensions"));
        }
        cx.said.push(Said::Persist(vec![kept(envelope)]));
        if !self.add_consent(envelope.clone(), cx) && slot != self.me {
            cx.said.push(Said::Tell(Happening::ExtensionAsked { slot, until }));
        }
        Ok(Accepted::New)
    }

    /// Keeps a consent. The deadline is the earliest to which all have consented, once all have.
    pub(super) fn note_consent(&mut self, envelope: Envelope) {
        let slot = envelope.body().slot;
        let consents = &mut self.consents[slot.index()];
        consents.given += 1;
        consents.newest = Some(envelope);
        let agreed = self.consents.iter().map(Consents::until).min().flatten();
        self.deadline = agreed.map_or(self.deadline, |agreed| agreed.max(self.deadline));
    }

    /// Keeps a consent and lives on for as long as all have consented to; returns whether that is longer.
    fn add_consent(&mut self, envelope: Envelope, cx: &mut Context<'_>) -> bool {
        self.note_consent(envelope);
        let longer = self.follow_deadline(cx.now.boot);
        if longer {
            self.keep_time(cx);
            cx.said.push(Said::Tell(Happening::Extended { deadline: self.deadline }));
        }
        longer
    }

    /// Returns the earliest deadline to which others have consented and we have not.
    pub(crate) fn asked_until(&self) -> Option<WallTime> {
        let ours = self.consents[self.me.index()].until().unwrap_or(self.deadline);
        let asked = self.consents.iter().filter_map(Consents::until).filter(|until| *until > ours).min();
        asked.filter(|_| self.outcome().is_none())
    }

    /// Returns who asks us for a later deadline, if somebody does.
    pub(crate) fn asker(&self) -> Option<Slot> {
        let asked = self.asked_until()?;
        let slots = self.wallet.slots().zip(&self.consents);
        slots.filter(|(_, consents)| consents.until() == Some(asked)).map(|(slot, _)| slot).next()
    }

    fn may_last(&self, until: WallTime) -> bool {
        until.ms_from(self.terms.created) <= MAX_SESSION_MS
    }

    /// Ends the session with its signatures, of our own aggregation; tells the others if they may lack them.
    pub(super) fn close_completed(
        &mut self,
        outcome: Outcome,
        tells: bool,
        then: impl IntoIterator<Item = Said>,
        cx: &mut Context<'_>,
    ) {
        let notice = completion(&outcome).filter(|_| tells).map(|message| self.seal(message, cx.secret));
        let publish = notice.clone().map(Said::Publish);
        self.close(outcome, notice, publish.into_iter().chain(then), cx);
    }

    /// Ends the session for good: makes the end durable, says `then`, and tells the user.
    pub(super) fn close(
        &mut self,
        outcome: Outcome,
        notice: Option<Envelope>,
        then: impl IntoIterator<Item = Said>,
        cx: &mut Context<'_>,
    ) {
        let bytes = notice.as_ref().map(|notice| notice.bytes().to_vec()).unwrap_or_default();
        let record = Record::Ended { session: self.id, outcome: outcome.clone(), notice: bytes.into() };
        cx.said.push(Said::Persist(vec![record]));
        cx.said.extend(then);
        if outcome == Outcome::Expired && self.is_request() && !self.answered {
            cx.said.push(Said::Tell(Happening::RequestExpired));
        }
        cx.said.push(Said::Tell(Happening::Ended { outcome: outcome.clone() }));
        if self.signed && !matches!(outcome, Outcome::Completed { .. }) {
            // Others may have all that we have signed for.
            cx.said.push(Said::Search);
        }
        self.stage = Stage::Closed(outcome, notice);
        self.board.clear();
        self.keys = ItemKeys::default();
        self.key = None;
    }
}

/// One participant's consents to a later deadline.
#[derive(Clone, Default)]
pub(super) struct Consents {
    /// The newest.
    pub(super) newest: Option<Envelope>,
    /// How many there were.
    given: usize,
}

impl Consents {
    /// Returns the deadline that was consented to last.
    fn until(&self) -> Option<WallTime> {
        match &self.newest.as_ref()?.body().message {
            Message::Extend { until } => Some(*until),
            Message::Propose { .. }
            | Message::Nonces { .. }
            | Message::Partials { .. }
            | Message::Answer { .. }
            | Message::Complete { .. }
            | Message::Decline { .. }
            | Message::Cancel => None,
        }
    }
}

pub(super) fn outcome_of(signatures: &[Signature]) -> Outcome {
    Outcome::Completed { signatures: signatures.iter().flat_map(|s| *s.as_bytes()).collect() }
}

/// Returns the message by which a completed session completes a laggard.
pub(super) fn completion(outcome: &Outcome) -> Option<Message> {
    match outcome {
        Outcome::Completed { signatures } => Some(Message::Complete { signatures: signatures.clone() }),
        Outcome::Declined { .. } | Outcome::Cancelled | Outcome::Expired | Outcome::Failed { .. } => None,
    }
}
