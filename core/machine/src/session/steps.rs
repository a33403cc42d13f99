//! The steps that use the key: making nonces, consuming them, signing with them.

use super::nonce::AggregateNonce;
use super::partial::PartialSignature;
use super::round::{NonceRound, nonce_bytes};
use super::{Context, Happening, KeyStep, Said, Session, Spending, Stage, kept};
use crate::id::Attempt;
use crate::key::{Seed, SigningKey};
use crate::limits::{ASK_AGAIN_MS, ATTEMPT_PAUSE_MS, MAX_ATTEMPT};
use crate::message::{DeclineReason, Message};
use crate::node::Mode;
use crate::record::{Failure, Outcome, Record};
use crate::session::board::Board;
use crate::session::end::outcome_of;
use crate::time::BootTime;

/// How long the participant's key may be kept once the vault has given it. It is wiped in any case when its
/// session ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// For one step: the vault is asked for nonces, and again to sign.
    #[default]
    Step,
    /// Until the app goes to the background.
    Background,
    /// Until the session ends: later attempts run without asking the vault.
    Session,
}

impl Session {
    /// Takes the next step that needs nobody else. Not called after the deadline.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Waiting) {
            Stage::Waiting if self.may_begin(cx) => {
                self.stage = Stage::Unlocking;
                cx.said.push(match self.key {
                    Some(_) => Said::AskSeed(self.attempt),
                    None => Said::AskKey(KeyStep::Nonces(self.attempt)),
                });
            }
            Stage::Committed(round) => match self.board.aggregate_nonces(self.items()) {
                Some(aggregates) if cx.may_sign() => self.spend(round, aggregates, false, cx),
                Some(_) | None => self.stage = Stage::Committed(round),
            },
            Stage::Spending(mut spending) if spending.proven && cx.may_sign() => match self.key.take() {
                Some(key) => self.sign(spending, key, cx),
                None => {
                    if !std::mem::replace(&mut spending.asked, true) {
                        cx.said.push(Said::AskKey(KeyStep::Sign(self.attempt)));
                    }
                    self.stage = Stage::Spending(spending);
                }
            },
            Stage::Signed { aggregates, set } => {
                let result = self.board.finish(&self.wallet, &self.keys, &aggregates);
                self.stage = Stage::Signed { aggregates, set };
                match result {
                    None => {}
                    Some(Ok(signatures)) => {
                        self.close_completed(outcome_of(&signatures), self.asked_for, [], cx)
                    }
                    Some(Err(culprit)) => self.fail_by(culprit, cx),
                }
            }
            other @ (Stage::Waiting | Stage::Unlocking | Stage::Spending(_) | Stage::Closed(..)) => {
                self.stage = other;
            }
        }
    }

    /// Returns when to go on, if only time keeps it waiting: a suspect clock keeps an attempt waiting, too.
    pub(crate) fn next_step(&self, clock_suspect: bool) -> Option<BootTime> {
        let asks = matches!(self.stage, Stage::Signed { .. }).then_some(self.asks.0);
        asks.or(self.begins().filter(|_| !clock_suspect))
    }

    /// Returns when the next attempt is to begin, if the pause before it is all that keeps it waiting.
    pub(crate) fn begins(&self) -> Option<BootTime> {
        let waits = matches!(self.stage, Stage::Waiting) && self.approved && !self.alone;
        waits.then_some(self.not_before)
    }

    fn may_begin(&self, cx: &Context<'_>) -> bool {
        let keeps_waiting = self.alone || cx.mode != Mode::Foreground || cx.clock_suspect;
        self.approved && !keeps_waiting && cx.now.boot >= self.not_before
    }

    /// Round 1: makes our nonces and sends them, or keeps them for the answer if all others' are here.
    pub(super) fn make_nonces(&mut self, key: SigningKey, seed: &Seed, cx: &mut Context<'_>) {
        if !self.derive_keys() {
            return self.give_up(Failure::Internal, cx);
        }
        let items = self.items();
        if cx.may_sign()
            && let Some(others) = self.board.all_others(self.me, items)
            && let Ok(round) = NonceRound::last(others, seed, &key, &self.keys)
        {
            self.board.put_own_nonces(self.me, round.public(), None);
            if let Some(aggregates) = self.board.aggregate_nonces(items) {
                self.key = Some(key);
                return self.spend(round, aggregates, true, cx);
            }
        }
        let round = NonceRound::fresh(seed, &key, &self.keys, self.id, self.attempt);
        self.key = Some(key);
        let public = round.public();
        let nonces = nonce_bytes(&public);
        self.shown = true;
        let opens = self.proposal.is_none() && self.attempt == Attempt(0);
        let message = if opens {
            Message::Propose { terms: self.terms.clone(), nonces }
        } else {
            Message::Nonces { attempt: self.attempt, nonces }
        };
        let envelope = self.seal(message, cx.secret);
        if opens {
            self.proposal = Some(envelope.clone());
        }
        self.board.put_own_nonces(self.me, public, Some(envelope.clone()));
        let record = Record::NonceCommitted {
            session: self.id,
            attempt: self.attempt,
            envelope: envelope.bytes().to_vec().into(),
        };
        cx.said.push(Said::Persist(vec![record]));
        cx.said.push(Said::Publish(envelope));
        cx.said.push(Said::Tell(Happening::NoncesSent { attempt: self.attempt }));
        self.stage = Stage::Committed(round);
        self.put_key_away(cx);
        self.advance(cx);
    }

    /// Between the rounds: the nonces are consumed in the journal before they are used.
    fn spend(
        &mut self,
        round: NonceRound,
        aggregates: Vec<AggregateNonce>,
        answers: bool,
        cx: &mut Context<'_>,
    ) {
        let set = self.board.nonce_set(self.id, self.attempt);
        if self.board.drop_other_sets(set) {
            self.search(cx);
        }
        let mut records: Vec<Record> = self.board.keep_all().iter().map(kept).collect();
        let spent = Record::NonceSpent { session: self.id, attempt: self.attempt, set };
        let lawless = cfg!(feature = "without-consumed-record");
        records.extend((!lawless).then(|| spent.clone()));
        cx.said.push(Said::Persist(records));
        cx.said.extend((!lawless).then_some(Said::ReadBack(spent)));
        let (proven, asked) = (lawless, false);
        self.stage = Stage::Spending(Spending { round, aggregates, set, proven, asked, answers });
        if lawless {
            self.advance(cx);
        }
    }

    /// Round 2: uses the nonces up. If ours are the last partial signatures the others need only the result.
    fn sign(&mut self, spending: Spending, key: SigningKey, cx: &mut Context<'_>) {
        let Spending { round, aggregates, set, answers, .. } = spending;
        let result = round.sign(&key, &self.keys, &aggregates);
        self.key = Some(key);
        let Ok(partials) = result else { return self.give_up(Failure::Internal, cx) };
        let attempt = self.attempt;
        let bytes = partials.iter().flat_map(PartialSignature::to_bytes).collect();
        let message = if answers {
            let nonces = self.board.nonces_of(self.me).map(nonce_bytes).unwrap_or_default();
            Message::Answer { attempt, set, nonces, partials: bytes }
        } else {
            Message::Partials { attempt, set, partials: bytes }
        };
        let envelope = self.seal(message, cx.secret);
        self.board.put_own_partials(self.me, set, partials, envelope.clone());
        self.signed = true;
        let signed = Record::Signed { session: self.id, attempt, envelope: envelope.bytes().to_vec().into() };
        let mut records: Vec<Record> = self.board.keep_all().iter().map(kept).collect();
        records.push(signed);
        cx.said.push(Said::Persist(records));
        let sent = Said::Tell(Happening::PartialsSent { attempt });
        let result = self.board.finish(&self.wallet, &self.keys, &aggregates);
        self.stage = Stage::Signed { aggregates, set };
        match result {
            None => {
                cx.said.extend([Said::Publish(envelope), sent]);
                self.asks = (cx.now.boot.after_ms(ASK_AGAIN_MS), 1);
            }
            Some(Err(culprit)) => {
                cx.said.extend([Said::Publish(envelope), sent]);
                self.fail_by(culprit, cx);
            }
            Some(Ok(signatures)) => self.close_completed(outcome_of(&signatures), true, [sent], cx),
        }
    }

    /// Starts the next attempt, after a pause that grows, because the nonces of this one are lost; gives up after
    /// the last.
    pub(super) fn lose_nonces(&mut self, cx: &mut Context<'_>) {
        if self.attempt.0 < MAX_ATTEMPT {
            self.start_attempt(Attempt(self.attempt.0 + 1));
            let doublings = self.attempt.0.checked_sub(2);
            let pause = doublings.map_or(0, |doublings| ATTEMPT_PAUSE_MS << doublings);
            self.not_before = cx.now.boot.after_ms(pause);
        } else {
            self.give_up(Failure::AttemptsUsedUp, cx);
        }
    }

    /// Forgets the current attempt, secret nonces and all, and stands ready for `attempt`.
    pub(super) fn start_attempt(&mut self, attempt: Attempt) {
        self.attempt = attempt;
        self.not_before = BootTime(0);
        self.searched = false;
        self.board = Board::new(self.wallet.keys().len());
        self.stage = Stage::Waiting;
    }

    /// Ends the session because we cannot sign, and lets the others know.
    pub(super) fn give_up(&mut self, why: Failure, cx: &mut Context<'_>) {
        let notice = self.seal(Message::Decline { reason: DeclineReason::GaveUp }, cx.secret);
        self.close(Outcome::Failed { why }, Some(notice.clone()), [Said::Publish(notice)], cx);
    }

    /// Wipes the key unless the custody setting lets us keep it, or the step is not done.
    pub(super) fn put_key_away(&mut self, cx: &Context<'_>) {
        let answering = matches!(&self.stage, Stage::Spending(spending) if spending.answers) && cx.may_sign();
        let for_one_step = match cx.custody {
            Custody::Step => true,
            Custody::Background => cx.mode != Mode::Foreground,
            Custody::Session => false,
        };
        if for_one_step && !answering || self.outcome().is_some() {
            self.key = None;
        }
    }
}
