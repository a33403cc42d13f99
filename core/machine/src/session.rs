//! One session: from a proposal to the signatures, or to a stated end.
//!
//! Attempts run inside it. An attempt collects public nonces (round 1), then partial signatures (round 2);
//! whoever loses its secret nonces starts the next one, unseen by the users.

use std::sync::Arc;

use crate::fault::{CallerFault, PeerFault};
use crate::id::{Attempt, NonceSetDigest, PayloadDigest, SessionId, Slot};
use crate::key::{Seed, Signature, SigningKey};
use crate::limits::{MAX_ATTEMPT, MAX_CLOCK_SKEW_MS, MAX_SESSION_MS, MIN_SESSION_MS};
use crate::message::{Envelope, Message, SIGNATURE_BYTES, Terms, TransportSecret};
use crate::record::{Failure, Outcome, Record};
use crate::time::{BootTime, Now};
use crate::wallet::{ItemKeys, Wallet};

mod board;
pub mod nonce;
pub mod partial;
pub(crate) mod replay;
mod round;
mod show;

use board::{Board, Contribution};
use nonce::AggregateNonce;
use partial::PartialSignature;
use round::{NonceRound, nonce_bytes};
pub use show::{Happening, Phase};

/// A session that has not ended.
pub(crate) struct Session {
    id: SessionId,
    wallet: Arc<Wallet>,
    me: Slot,
    terms: Terms,
    payload: PayloadDigest,
    keys: ItemKeys,
    expires: BootTime,
    /// The proposal as its author signed it. The proposer has none until its nonces are made.
    proposal: Option<Envelope>,
    approved: bool,
    attempt: Attempt,
    board: Board,
    stage: Stage,
    /// Whether partial signatures of ours, of whatever attempt, have left: they cannot be taken back.
    signed: bool,
}

/// Where we stand in the current attempt. Secret nonces move from stage to stage and end in a signature.
enum Stage {
    /// For the user's approval.
    Waiting,
    /// For the key, to make nonces.
    Unlocking,
    /// Round 1: our nonces are out; the others' come in.
    Committed(NonceRound),
    /// Between the rounds: the consumed record is written; waiting to read it back and for the key.
    Spending(Spending),
    /// Round 2: our partial signatures are out; the nonces are gone.
    Signed {
        /// The sums of the nonces that all signed with.
        aggregates: Vec<AggregateNonce>,
        /// Their digest.
        set: NonceSetDigest,
    },
    /// Over. Holds how, and the notice that said so.
    Closed(Outcome, Option<Envelope>),
}

/// Nonces that the journal already calls consumed.
struct Spending {
    round: NonceRound,
    aggregates: Vec<AggregateNonce>,
    set: NonceSetDigest,
    /// The last signer has its key already, for both of its steps in one.
    key: Option<SigningKey>,
    /// Whether our nonces travel with our partial signatures.
    answers: bool,
}

/// What a session tells its node, in the order in which it must happen.
#[derive(Debug)]
pub(crate) enum Said {
    /// Make these durable before anything that follows.
    Persist(Vec<Record>),
    /// Show that the record just written, this one, can be read.
    ReadBack(Record),
    /// Ask the vault for the key.
    AskKey(KeyStep),
    /// Send this to every participant.
    Publish(Envelope),
    /// Tell the user.
    Tell(Happening),
}

/// What the signing key is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyStep {
    /// To make the nonces of an attempt.
    Nonces(Attempt),
    /// To sign with them.
    Sign(Attempt),
}

/// What every step of a session needs from its node.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) secret: &'a TransportSecret,
    pub(crate) said: &'a mut Vec<Said>,
}

/// Whether an accepted envelope told us anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It did: others may lack it, too.
    New,
    /// It did not: held already, or of an attempt that is over.
    Known,
}

impl Session {
    /// Opens the session with `terms`.
    ///
    /// # Errors
    ///
    /// Returns [`PeerFault::BadProposal`] if the terms break a limit and [`PeerFault::Late`] if the deadline
    /// has passed.
    pub(crate) fn open(terms: Terms, wallet: Arc<Wallet>, me: Slot, now: Now) -> Result<Self, PeerFault> {
        if terms.deadline <= now.wall {
            return Err(PeerFault::Late);
        }
        if terms.created.ms_from(now.wall) > MAX_CLOCK_SKEW_MS {
            return Err(PeerFault::BadProposal("it comes from the future"));
        }
        let lasts = terms.deadline.ms_from(terms.created);
        if !(MIN_SESSION_MS..=MAX_SESSION_MS).contains(&lasts) {
            return Err(PeerFault::BadProposal("it lasts too short or too long"));
        }
        terms.payload.check().map_err(PeerFault::BadProposal)?;
        Self::build(terms, wallet, me, now)
    }

    fn build(terms: Terms, wallet: Arc<Wallet>, me: Slot, now: Now) -> Result<Self, PeerFault> {
        let keys =
            wallet.item_keys(&terms.payload).map_err(|_| PeerFault::BadProposal("a key path has no key"))?;
        Ok(Self {
            id: terms.session_id(),
            me,
            payload: terms.payload.digest(),
            keys,
            expires: now.boot.after_ms(terms.deadline.ms_from(now.wall)),
            terms,
            proposal: None,
            approved: false,
            attempt: Attempt(0),
            board: Board::new(wallet.keys().len()),
            wallet,
            stage: Stage::Waiting,
            signed: false,
        })
    }

    /// Starts our own proposal: proposing is approving.
    pub(crate) fn propose(&mut self, cx: &mut Context<'_>) {
        cx.said.push(Said::Persist(vec![
            Record::Proposed { terms: self.terms.clone() },
            Record::Approved { session: self.id, payload: self.payload },
        ]));
        cx.said.push(Said::Tell(Happening::Proposed));
        self.approved = true;
        self.advance(cx);
    }

    /// Takes a co-signer's envelope, its signature and session already checked.
    ///
    /// # Errors
    ///
    /// Returns what is wrong; nothing has changed then.
    pub(crate) fn accept(
        &mut self,
        envelope: &Envelope,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        if self.expire(cx) {
            return Err(PeerFault::Late);
        }
        let (slot, message) = (envelope.body().slot, &envelope.body().message);
        let attempt = match message {
            Message::Propose { terms, .. } if slot == self.terms.proposer && *terms == self.terms => {
                Attempt(0)
            }
            Message::Propose { .. } => {
                return Err(PeerFault::BadProposal("its terms are of another session"));
            }
            Message::Nonces { attempt, .. }
            | Message::Partials { attempt, .. }
            | Message::Answer { attempt, .. } => *attempt,
            Message::Complete { signatures } => return self.complete(signatures, envelope, cx),
            Message::Decline { reason } => {
                let outcome = Outcome::Declined { slot, reason: *reason };
                self.close(outcome, Some(envelope.clone()), [], cx);
                return Ok(Accepted::New);
            }
            Message::Cancel if slot == self.terms.proposer => {
                self.close(Outcome::Cancelled, Some(envelope.clone()), [], cx);
                return Ok(Accepted::New);
            }
            Message::Cancel => return Err(PeerFault::NotProposer),
        };
        if attempt.0 > MAX_ATTEMPT {
            return Err(PeerFault::AttemptTooHigh(attempt.0));
        }
        let opens = matches!(message, Message::Propose { .. }) && self.proposal.is_none();
        if attempt < self.attempt && !opens {
            return Ok(Accepted::Known);
        }
        if attempt == self.attempt && self.board.holds(envelope) {
            return Ok(Accepted::Known);
        }
        if slot == self.me {
            return Err(PeerFault::WrongSlot(slot));
        }
        self.accept_contribution(envelope, attempt, opens, cx)
    }

    fn accept_contribution(
        &mut self,
        envelope: &Envelope,
        attempt: Attempt,
        opens: bool,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        let slot = envelope.body().slot;
        let given = Contribution::read(&envelope.body().message, self.keys.len())?;
        if given
            .set()
            .is_some_and(|set| attempt == self.attempt && self.set().is_some_and(|ours| ours != set))
        {
            return Err(PeerFault::OtherNonceSet);
        }
        if attempt > self.attempt {
            self.start_attempt(attempt);
        }
        if attempt == self.attempt {
            self.board.put(slot, given, envelope.clone(), opens)?;
        }
        if opens {
            self.proposal = Some(envelope.clone());
            cx.said.push(Said::Persist(vec![kept(envelope)]));
        }
        self.advance(cx);
        if self.outcome().is_none() {
            let proposer = self.terms.proposer;
            let happening = if opens { Happening::Requested { proposer } } else { Happening::Progressed };
            cx.said.push(Said::Tell(happening));
        }
        Ok(Accepted::New)
    }

    /// Takes the final signatures, from whomever they come: they prove themselves.
    fn complete(
        &mut self,
        signatures: &[u8],
        envelope: &Envelope,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        let expected = self.keys.len();
        if signatures.len() != expected * SIGNATURE_BYTES {
            return Err(PeerFault::WrongCount { expected, got: signatures.len() / SIGNATURE_BYTES });
        }
        let valid =
            self.keys.iter().zip(signatures.chunks_exact(SIGNATURE_BYTES)).all(|((key, digest), bytes)| {
                Signature::parse(bytes).is_ok_and(|signature| signature.verify(&key.x_only(), digest))
            });
        if !valid {
            return Err(PeerFault::FalseCompletion);
        }
        let outcome = Outcome::Completed { signatures: signatures.to_vec() };
        self.close(outcome, Some(envelope.clone()), [], cx);
        Ok(Accepted::New)
    }

    /// Notes the user's approval of exactly this payload. Approving twice is approving once.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::Ended`] once the deadline has passed.
    pub(crate) fn approve(&mut self, cx: &mut Context<'_>) -> Result<(), CallerFault> {
        if self.expire(cx) {
            return Err(CallerFault::Ended(self.id));
        }
        if !self.approved {
            let record = Record::Approved { session: self.id, payload: self.payload };
            cx.said.push(Said::Persist(vec![record]));
            self.approved = true;
            self.advance(cx);
        }
        Ok(())
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
            | Message::Complete { .. } => return Err(CallerFault::Payload("not a withdrawal")),
        };
        let notice = self.seal(message, cx);
        self.close(outcome, Some(notice.clone()), [Said::Publish(notice)], cx);
        Ok(())
    }

    /// Takes the key for `step`. A key for a step that has passed meanwhile is dropped.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::OtherKey`] if this is not the participant's key; the session asks again when
    /// it next needs one.
    pub(crate) fn unlock(
        &mut self,
        step: KeyStep,
        key: SigningKey,
        seed: &Seed,
        cx: &mut Context<'_>,
    ) -> Result<(), CallerFault> {
        if self.expire(cx) {
            return Ok(());
        }
        if self.wallet.key(self.me) != Some(&key.participant()) {
            self.lock(step, cx);
            return Err(CallerFault::OtherKey);
        }
        match (step, &self.stage) {
            (KeyStep::Nonces(attempt), Stage::Unlocking) if attempt == self.attempt => {
                self.make_nonces(key, seed, cx);
            }
            (KeyStep::Sign(attempt), Stage::Spending(_)) if attempt == self.attempt => self.sign(&key, cx),
            _ => {}
        }
        Ok(())
    }

    /// Notes that the vault refused the key: the session waits for its user to approve again.
    ///
    /// Nonces that were to sign are consumed; the next attempt brings new ones.
    pub(crate) fn lock(&mut self, step: KeyStep, cx: &mut Context<'_>) {
        match (step, &self.stage) {
            (KeyStep::Nonces(attempt), Stage::Unlocking) if attempt == self.attempt => {
                self.stage = Stage::Waiting;
            }
            (KeyStep::Sign(attempt), Stage::Spending(_)) if attempt == self.attempt => self.lose_nonces(cx),
            _ => return,
        }
        if self.outcome().is_none() {
            self.approved = false;
            cx.said.push(Said::Tell(Happening::KeyRefused));
        }
    }

    /// Notes whether the journal gave back our consumed record of `attempt`; if not, the nonces are gone.
    /// The answer to an attempt that has passed meanwhile is dropped.
    pub(crate) fn read_back(&mut self, attempt: Attempt, found: bool, cx: &mut Context<'_>) {
        if self.expire(cx) || attempt != self.attempt {
            return;
        }
        let Stage::Spending(spending) = &mut self.stage else { return };
        if !found {
            return self.lose_nonces(cx);
        }
        match spending.key.take() {
            Some(key) => self.sign(&key, cx),
            None => cx.said.push(Said::AskKey(KeyStep::Sign(attempt))),
        }
    }

    /// Ends the session if its deadline has passed; returns whether it is over.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) -> bool {
        if self.outcome().is_none() && cx.now.boot >= self.expires {
            self.close(Outcome::Expired, None, [], cx);
        }
        self.outcome().is_some()
    }

    /// Takes the next step that needs nobody else.
    fn advance(&mut self, cx: &mut Context<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Waiting) {
            Stage::Waiting if self.approved => {
                self.stage = Stage::Unlocking;
                cx.said.push(Said::AskKey(KeyStep::Nonces(self.attempt)));
            }
            Stage::Committed(round) => match self.board.aggregate_nonces(self.keys.len()) {
                Some(aggregates) => self.spend(round, aggregates, None, false, cx),
                None => self.stage = Stage::Committed(round),
            },
            Stage::Signed { aggregates, set } => {
                let result = self.board.finish(&self.wallet, &self.keys, &aggregates);
                self.stage = Stage::Signed { aggregates, set };
                if let Some(result) = result {
                    self.close(outcome_of(result), None, [], cx);
                }
            }
            other @ (Stage::Waiting | Stage::Unlocking | Stage::Spending(_) | Stage::Closed(..)) => {
                self.stage = other;
            }
        }
    }

    /// Round 1: makes our nonces and sends them, or keeps them for the answer if all others' are here.
    fn make_nonces(&mut self, key: SigningKey, seed: &Seed, cx: &mut Context<'_>) {
        let items = self.keys.len();
        if let Some(others) = self.board.all_others(self.me, items)
            && let Ok(round) = NonceRound::last(&others, seed, &key, &self.keys)
        {
            self.board.put_own_nonces(self.me, round.public(), None);
            if let Some(aggregates) = self.board.aggregate_nonces(items) {
                return self.spend(round, aggregates, Some(key), true, cx);
            }
        }
        let round = NonceRound::fresh(seed, &key, &self.keys, self.id, self.attempt);
        let public = round.public();
        let nonces = nonce_bytes(&public);
        let opens = self.proposal.is_none() && self.attempt == Attempt(0);
        let message = if opens {
            Message::Propose { terms: self.terms.clone(), nonces }
        } else {
            Message::Nonces { attempt: self.attempt, nonces }
        };
        let envelope = self.seal(message, cx);
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
        self.advance(cx);
    }

    /// Between the rounds: the nonces are consumed in the journal before they are used.
    fn spend(
        &mut self,
        round: NonceRound,
        aggregates: Vec<AggregateNonce>,
        key: Option<SigningKey>,
        answers: bool,
        cx: &mut Context<'_>,
    ) {
        let set = self.board.nonce_set(self.id, self.attempt);
        if self.board.drop_other_sets(set) {
            cx.said.push(Said::Tell(Happening::NonceSetsDiffer));
        }
        let mut records: Vec<Record> = self.board.keep_all().iter().map(kept).collect();
        let spent = Record::NonceSpent { session: self.id, attempt: self.attempt, set };
        records.push(spent.clone());
        cx.said.push(Said::Persist(records));
        cx.said.push(Said::ReadBack(spent));
        self.stage = Stage::Spending(Spending { round, aggregates, set, key, answers });
    }

    /// Round 2: uses the nonces up. If ours are the last partial signatures the others need only the result.
    fn sign(&mut self, key: &SigningKey, cx: &mut Context<'_>) {
        let Stage::Spending(spending) = std::mem::replace(&mut self.stage, Stage::Waiting) else { return };
        let Spending { round, aggregates, set, answers, .. } = spending;
        let Ok(partials) = round.sign(key, &self.keys, &aggregates) else {
            return self.close(Outcome::Failed { why: Failure::Internal }, None, [], cx);
        };
        let attempt = self.attempt;
        let bytes = partials.iter().flat_map(PartialSignature::to_bytes).collect();
        let message = if answers {
            let nonces = self.board.nonces_of(self.me).map(nonce_bytes).unwrap_or_default();
            Message::Answer { attempt, set, nonces, partials: bytes }
        } else {
            Message::Partials { attempt, set, partials: bytes }
        };
        let envelope = self.seal(message, cx);
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
            None => cx.said.extend([Said::Publish(envelope), sent]),
            Some(Err(why)) => {
                self.close(Outcome::Failed { why }, None, [Said::Publish(envelope), sent], cx);
            }
            Some(Ok(signatures)) => {
                let outcome = outcome_of(Ok(signatures));
                let notice = completion(&outcome).map(|message| self.seal(message, cx));
                let publish = notice.clone().map(Said::Publish);
                self.close(outcome, notice, publish.into_iter().chain([sent]), cx);
            }
        }
    }

    /// Starts the next attempt because the nonces of this one are lost, or gives up after the last.
    fn lose_nonces(&mut self, cx: &mut Context<'_>) {
        if self.attempt.0 < MAX_ATTEMPT {
            self.start_attempt(Attempt(self.attempt.0 + 1));
        } else {
            self.close(Outcome::Failed { why: Failure::AttemptsUsedUp }, None, [], cx);
        }
    }

    /// Forgets the current attempt, secret nonces and all, and stands ready for `attempt`.
    fn start_attempt(&mut self, attempt: Attempt) {
        self.attempt = attempt;
        self.board = Board::new(self.wallet.keys().len());
        self.stage = Stage::Waiting;
    }

    /// Ends the session for good: makes the end durable, says `then`, and tells the user.
    fn close(
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
        cx.said.push(Said::Tell(Happening::Ended { outcome: outcome.clone() }));
        self.stage = Stage::Closed(outcome, notice);
        self.board.clear();
    }

    /// Signs `message` as ours.
    fn seal(&self, message: Message, cx: &Context<'_>) -> Envelope {
        Envelope::seal(cx.secret, self.wallet.id(), self.id, self.me, message)
    }

    /// Returns the digest of the nonces that we sign or signed with.
    fn set(&self) -> Option<NonceSetDigest> {
        match &self.stage {
            Stage::Spending(spending) => Some(spending.set),
            Stage::Signed { set, .. } => Some(*set),
            Stage::Waiting | Stage::Unlocking | Stage::Committed(_) | Stage::Closed(..) => None,
        }
    }
}

fn kept(envelope: &Envelope) -> Record {
    Record::EnvelopeKept { envelope: envelope.bytes().to_vec().into() }
}

fn outcome_of(result: Result<Vec<Signature>, Failure>) -> Outcome {
    match result {
        Ok(signatures) => {
            Outcome::Completed { signatures: signatures.iter().flat_map(|s| *s.as_bytes()).collect() }
        }
        Err(why) => Outcome::Failed { why },
    }
}

/// Returns the message by which a completed session completes a laggard.
fn completion(outcome: &Outcome) -> Option<Message> {
    match outcome {
        Outcome::Completed { signatures } => Some(Message::Complete { signatures: signatures.clone() }),
        Outcome::Declined { .. } | Outcome::Cancelled | Outcome::Expired | Outcome::Failed { .. } => None,
    }
}
