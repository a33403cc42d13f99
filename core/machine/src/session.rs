//! One session: from a proposal to the signatures, or to a stated end.
//!
//! Attempts run inside it. An attempt collects public nonces (round 1), then partial signatures (round 2);
//! whoever loses its secret nonces starts the next one, unseen by the users.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::evidence::Verdict;
use crate::fault::{CallerFault, PeerFault};
use crate::id::{Attempt, NonceSetDigest, PayloadDigest, SessionId, Slot, Things};
use crate::key::{ParticipantKey, Seed, SigningKey};
use crate::limits::{
    ASK_AGAIN_MAX_MS, ASK_AGAIN_MS, MAX_ATTEMPT, MAX_CLOCK_SKEW_MS, MAX_SESSION_MS, MIN_SESSION_MS,
};
use crate::message::{Envelope, Message, Terms, TransportSecret};
use crate::plan::Notice;
use crate::record::{Outcome, Record};
use crate::time::{BootTime, Now, WallTime};
use crate::wallet::{ItemKeys, Wallet};

mod blame;
mod board;
mod context;
pub(crate) mod contribution;
mod end;
pub mod nonce;
mod notices;
pub mod partial;
pub(crate) mod replay;
mod round;
mod show;
mod steps;
mod timer;

use board::Board;
#[cfg(test)]
pub(crate) use board::OthersSum;
pub(crate) use context::Context;
use contribution::Contribution;
use end::Consents;
use nonce::AggregateNonce;
pub(crate) use notices::Fate;
use round::NonceRound;
pub use show::{Happening, Phase};
pub use steps::Custody;
use timer::Timer;

/// A session, open or ended.
pub(crate) struct Session {
    id: SessionId,
    wallet: Arc<Wallet>,
    me: Slot,
    terms: Terms,
    payload: PayloadDigest,
    /// Others of the same things take its place.
    things: Things,
    /// The items' keys. They cost a point multiplication a step, so there are none before they are needed, and none
    /// once it is over.
    keys: ItemKeys,
    /// The deadline that holds: the terms', or the later one to which all have consented.
    deadline: WallTime,
    timer: Timer,
    /// What the user was shown outside the program.
    notices: BTreeMap<Notice, Fate>,
    /// Each slot's consents to a later deadline.
    consents: Vec<Consents>,
    /// The proposal as its author signed it. The proposer has none until its nonces are made.
    proposal: Option<Envelope>,
    approved: bool,
    /// Whether the user ever approved: a vault that refuses the key takes the approval back, not the answer.
    answered: bool,
    attempt: Attempt,
    /// When the current attempt may begin for us. Others' nonces begin it at once.
    not_before: BootTime,
    /// Whether nonces of ours have been shown, as far as we know.
    shown: bool,
    /// Whether our journal was read back and no co-signer has yet told us what it holds: an older copy of the
    /// journal may not know which nonces we have shown.
    alone: bool,
    board: Board,
    stage: Stage,
    /// Whether partial signatures of ours, of whatever attempt, have left: they cannot be taken back.
    signed: bool,
    /// Whether we have asked the others who sent two nonces in this attempt.
    searched: bool,
    /// When we ask our neighbours again for what we lack, once our partial signatures have left, and how often we have.
    asks: (BootTime, u32),
    /// Whether a co-signer has asked for this session: then it hears of the completion, however it comes.
    asked_for: bool,
    /// What was proven against participants.
    convictions: Vec<Conviction>,
    /// The participant's key, as long as the custody setting lets us keep it.
    key: Option<SigningKey>,
}

/// Where we stand in the current attempt. Secret nonces move from stage to stage and end in a signature.
enum Stage {
    /// For the user's approval, the other side's word after a restart, or the pause between attempts.
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
    /// Whether the journal has given the consumed record back.
    proven: bool,
    /// Whether the vault was asked for the key.
    asked: bool,
    /// Whether our nonces travel with our partial signatures.
    answers: bool,
}

/// What was proven against a participant, and the evidence for others.
pub(crate) struct Conviction {
    pub(crate) verdict: Verdict,
    pub(crate) evidence: Arc<[u8]>,
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
    /// Ask for fresh entropy, to make the nonces of an attempt with a key that we hold.
    AskSeed(Attempt),
    /// Send this to every participant.
    Publish(Envelope),
    /// Send this evidence to every participant.
    Accuse(Arc<[u8]>),
    /// Ask every neighbour for what we lack.
    Search,
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
    /// Returns [`PeerFault::BadProposal`] if the terms break a limit, [`PeerFault::Late`] if the deadline has passed,
    /// [`PeerFault::FromFuture`] if the proposer's clock is too far ahead of ours.
    pub(crate) fn open(terms: Terms, wallet: Arc<Wallet>, me: Slot, now: Now) -> Result<Self, PeerFault> {
        if terms.deadline <= now.wall {
            return Err(PeerFault::Late);
        }
        if terms.created.ms_from(now.wall) > MAX_CLOCK_SKEW_MS {
            return Err(PeerFault::FromFuture);
        }
        let lasts = terms.deadline.ms_from(terms.created);
        if !(MIN_SESSION_MS..=MAX_SESSION_MS).contains(&lasts) {
            return Err(PeerFault::BadProposal("it lasts too short or too long"));
        }
        terms.payload.check().map_err(PeerFault::BadProposal)?;
        Ok(Self::build(terms, wallet, me, now))
    }

    fn build(terms: Terms, wallet: Arc<Wallet>, me: Slot, now: Now) -> Self {
        let signers = wallet.keys().len();
        Self {
            id: terms.session_id(),
            me,
            payload: terms.payload.digest(),
            things: terms.things(),
            keys: ItemKeys::default(),
            deadline: terms.deadline,
            timer: Timer::new(terms.created, terms.deadline, now),
            notices: BTreeMap::new(),
            terms,
            consents: vec![Consents::default(); signers],
            proposal: None,
            approved: false,
            answered: false,
            attempt: Attempt(0),
            not_before: BootTime(0),
            shown: false,
            alone: false,
            board: Board::new(signers),
            wallet,
            stage: Stage::Waiting,
            signed: false,
            searched: false,
            asks: (BootTime(0), 0),
            asked_for: false,
            convictions: Vec::new(),
            key: None,
        }
    }

    /// Returns how many items it signs.
    fn items(&self) -> usize {
        self.terms.payload.items.len()
    }

    /// Derives the items' keys, once; returns whether there are any: but one path in 2¹²⁷ leads to one.
    fn derive_keys(&mut self) -> bool {
        if self.keys.len() == 0
            && let Ok(keys) = self.wallet.item_keys(&self.terms.payload)
        {
            self.keys = keys;
        }
        self.keys.len() == self.items()
    }

    /// Starts our own proposal: proposing is approving.
    pub(crate) fn propose(&mut self, cx: &mut Context<'_>) {
        cx.said.push(Said::Persist(vec![Record::Proposed { terms: self.terms.clone() }]));
        self.keep_time(cx);
        cx.said.push(Said::Tell(Happening::Proposed));
        self.consent_to_payload(cx);
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
        let (slot, message) = (envelope.body().slot, &envelope.body().message);
        if !matches!(message, Message::Complete { .. }) && self.expire(cx) {
            return Err(PeerFault::Late);
        }
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
            Message::Extend { until } => return self.take_consent(*until, envelope, cx),
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
            Contribution::read(message, self.items())?;
            self.recall(envelope, attempt, opens, cx);
            return Ok(if opens { Accepted::New } else { Accepted::Known });
        }
        if self.me == self.terms.proposer && self.proposal.is_none() && !self.shown {
            // Who answers our proposal has it, though our journal does not know that it left.
            self.find_past(attempt, cx);
            self.proceed(cx);
            return Ok(Accepted::New);
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
        let given = match Contribution::read(&envelope.body().message, self.items()) {
            Ok(given) => given,
            Err(fault) if opens => return Err(fault),
            Err(fault) => return self.blame_invalid(envelope, fault, cx),
        };
        if attempt == self.attempt
            && let Some(held) = self.board.conflicting(envelope)
        {
            let held = held.clone();
            return self.blame_conflict(&held, envelope, cx);
        }
        let other = |set| attempt == self.attempt && self.set().is_some_and(|ours| ours != set);
        if given.set().is_some_and(other) {
            self.search(cx);
            return Err(PeerFault::OtherNonceSet);
        }
        if attempt > self.attempt {
            self.start_attempt(attempt);
        }
        self.not_before = BootTime(0);
        if opens {
            self.proposal = Some(envelope.clone());
            cx.said.push(Said::Persist(vec![kept(envelope)]));
            self.keep_time(cx);
        }
        if attempt == self.attempt && !self.board.put(slot, given, envelope.clone(), opens) && !opens {
            return Ok(Accepted::Known);
        }
        self.advance(cx);
        self.tell_progress(opens, cx);
        Ok(Accepted::New)
    }

    fn tell_progress(&self, opens: bool, cx: &mut Context<'_>) {
        if self.outcome().is_none() {
            let proposer = self.terms.proposer;
            let happening = if opens { Happening::Requested { proposer } } else { Happening::Progressed };
            cx.said.push(Said::Tell(happening));
        }
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
            self.consent_to_payload(cx);
        }
        Ok(())
    }

    fn consent_to_payload(&mut self, cx: &mut Context<'_>) {
        let (session, payload) = (self.id, self.payload);
        cx.said.push(Said::Persist(vec![Record::Approved { session, payload, at: cx.now.wall }]));
        (self.approved, self.answered) = (true, true);
        self.advance(cx);
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
        seed: Seed,
        cx: &mut Context<'_>,
    ) -> Result<(), CallerFault> {
        if self.expire(cx) {
            return Ok(());
        }
        if self.wallet.key(self.me) != Some(&key.participant()) {
            self.lock(step, cx);
            return Err(CallerFault::OtherKey);
        }
        match step {
            KeyStep::Nonces(attempt) if self.unlocks(attempt) => {
                self.key = Some(key);
                self.take_seed(attempt, seed, cx);
            }
            KeyStep::Sign(attempt) if attempt == self.attempt => {
                if let Stage::Spending(spending) = &mut self.stage {
                    spending.asked = false;
                    self.key = Some(key);
                    self.advance(cx);
                }
            }
            KeyStep::Nonces(_) | KeyStep::Sign(_) => {}
        }
        self.put_key_away(cx);
        Ok(())
    }

    /// Takes the entropy for the nonces of `attempt`.
    pub(crate) fn take_seed(&mut self, attempt: Attempt, seed: Seed, cx: &mut Context<'_>) {
        if self.expire(cx) || !self.unlocks(attempt) {
            return;
        }
        match self.key.take() {
            Some(key) if cx.may_sign() => self.make_nonces(key, &seed, cx),
            Some(_) | None => {
                self.stage = Stage::Waiting;
                self.advance(cx);
            }
        }
        self.put_key_away(cx);
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
        if found {
            spending.proven = true;
            self.advance(cx);
            self.put_key_away(cx);
        } else {
            self.lose_nonces(cx);
        }
    }

    /// Forgets the key, wherever the session stands: the next step asks the vault.
    pub(crate) fn forget_key(&mut self) {
        self.key = None;
    }

    /// Returns whether no co-signer has told us what it holds since our journal was read back.
    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }

    /// Notes that a co-signer has told us all it holds.
    pub(crate) fn exchanged(&mut self, cx: &mut Context<'_>) {
        self.alone = false;
        self.proceed(cx);
    }

    /// Notes that a participant speaks through another phone now: what the former one has signed in this attempt
    /// could be verified by nobody who does not hold it already, so the next attempt begins.
    pub(crate) fn replace_phone(&mut self, participant: &ParticipantKey, cx: &mut Context<'_>) {
        let Some(slot) = self.wallet.slot_of(participant) else { return };
        if !self.expire(cx) && self.board.progress(slot) != (false, false) {
            self.lose_nonces(cx);
            self.advance(cx);
        }
    }

    /// Goes on with what nothing keeps waiting any more, or ends if the deadline has passed.
    pub(crate) fn proceed(&mut self, cx: &mut Context<'_>) {
        if self.expire(cx) {
            return;
        }
        self.warn(cx);
        self.advance(cx);
        let (at, count) = self.asks;
        if matches!(self.stage, Stage::Signed { .. }) && at <= cx.now.boot {
            let pause = ASK_AGAIN_MS.saturating_mul(1 << count.min(16)).min(ASK_AGAIN_MAX_MS);
            self.asks = (cx.now.boot.after_ms(pause), count + 1);
            cx.said.push(Said::Search);
        }
    }

    /// Notes that a co-signer has asked what we hold of this session.
    pub(crate) fn note_asker(&mut self) {
        self.asked_for = true;
    }

    /// Returns whether a co-signer has asked for it: others may lack more than their neighbours think.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.asked_for
    }

    /// Takes word of our own doing that our journal does not hold: it is an older copy, or another phone uses our
    /// keys. The nonces that belong to it are lost, so the next attempt begins.
    fn recall(&mut self, envelope: &Envelope, attempt: Attempt, opens: bool, cx: &mut Context<'_>) {
        if opens {
            self.proposal = Some(envelope.clone());
            cx.said.push(Said::Persist(vec![kept(envelope)]));
            self.keep_time(cx);
        }
        self.find_past(attempt, cx);
        self.signed |= envelope.body().message.partials().is_some();
        self.proceed(cx);
        self.tell_progress(opens, cx);
    }

    /// Begins the attempt after one in which we may have shown nonces that our journal does not know.
    fn find_past(&mut self, attempt: Attempt, cx: &mut Context<'_>) {
        self.shown = true;
        cx.said.push(Said::Tell(Happening::OwnPastFound { attempt }));
        if attempt >= self.attempt {
            self.start_attempt(attempt);
            self.lose_nonces(cx);
        }
    }

    /// Asks the others, once an attempt, who sent two different nonces.
    fn search(&mut self, cx: &mut Context<'_>) {
        if !std::mem::replace(&mut self.searched, true) {
            cx.said.extend([Said::Tell(Happening::NonceSetsDiffer), Said::Search]);
        }
    }

    /// Signs `message` as ours.
    fn seal(&self, message: Message, secret: &TransportSecret) -> Envelope {
        Envelope::seal(secret, self.wallet.id(), self.id, self.me, message)
    }

    /// Returns whether we wait for the key, or for entropy, to make the nonces of `attempt`.
    fn unlocks(&self, attempt: Attempt) -> bool {
        attempt == self.attempt && matches!(self.stage, Stage::Unlocking)
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
