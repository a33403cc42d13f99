//! What must hold in a world after every step, and at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use countersign_machine::effect::{Event, RefusedEvent, SessionEvent};
use countersign_machine::fault::{PeerFault, StoreFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::key::ParticipantKey;
use countersign_machine::limits::{MAX_ATTEMPT, MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES, MAX_ITEMS};
use countersign_machine::message::{Envelope, Message};
use countersign_machine::record::{Failure, Outcome, Record};
use countersign_machine::session::Happening;
use countersign_machine::time::WallTime;

use crate::rig::oracle::{self, Oracle};

/// What must never be. Phones and sessions by their number.
#[expect(missing_docs, reason = "the fields say what they are")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The oracle says so.
    Oracle(oracle::Violation),
    /// Something panicked.
    Panicked(String),
    /// The world does not come to rest.
    Restless,
    /// A journal that a phone wrote is refused when it starts.
    JournalRefused { who: usize, fault: StoreFault },
    /// A phone says of an honest co-signer that it does wrong.
    Blamed { who: usize, slot: Slot, what: String },
    /// A session that had ended ended otherwise.
    EndChanged { who: usize, from: Outcome, to: Outcome },
    /// What a phone shows of an end is not what its journal says.
    EndForgotten { who: usize, session: usize },
    /// The signatures of a completed session do not verify.
    InvalidSignature { who: usize },
    /// What is sent breaks a limit.
    OverLimit { who: usize, what: &'static str },
    /// One honest phone has completed and another, connected with it, has not.
    Contradiction { completed: usize, other: usize, session: usize, shown: String },
    /// A session is still open and the phone does not say whom it waits for.
    Nameless { who: usize, session: usize },
    /// Nothing stands in the way of a session, and it has not come to its signatures.
    Unfinished { who: usize, session: usize, shown: String },
    /// A session outlived its deadline.
    Overdue { who: usize, session: usize },
    /// A user was warned of the same thing twice.
    WarnedTwice { who: usize, session: SessionId, threshold_ms: u64 },
}

impl Violation {
    /// Returns whether another violation is of the same kind.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Oracle(one), Self::Oracle(other)) => discriminant(one) == discriminant(other),
            _ => discriminant(self) == discriminant(other),
        }
    }
}

/// Watches a world.
#[derive(Default)]
pub(super) struct Judge {
    pub(super) oracle: Oracle,
    /// Who may be blamed: those that lie, and those that came back with an old journal.
    pub(super) suspects: BTreeSet<usize>,
    /// What each phone's journal says of ends.
    pub(super) ends: BTreeMap<usize, BTreeMap<SessionId, Outcome>>,
    /// Suspects of whom some honest phone says that they do wrong.
    pub(super) unmasked: BTreeSet<usize>,
    verified: BTreeSet<Vec<u8>>,
    /// Which warnings were given to whom.
    warned: BTreeSet<(usize, SessionId, WallTime, u64)>,
    found: Option<Violation>,
}

impl Judge {
    /// Notes a violation; only the first counts.
    pub(super) fn object(&mut self, violation: Violation) {
        self.found.get_or_insert(violation);
    }

    /// Returns the first violation.
    pub(super) fn verdict(&self) -> Option<Violation> {
        let heard = || self.oracle.violations().first().map(|violation| Violation::Oracle(*violation));
        self.found.clone().or_else(heard)
    }

    /// Sees an honest phone's records become durable.
    pub(super) fn read(&mut self, who: usize, author: &ParticipantKey, records: &[Record]) {
        self.oracle.read(author, records);
        for record in records {
            if let Record::Ended { session, outcome, .. } = record {
                self.end(who, *session, outcome);
            }
        }
    }

    fn end(&mut self, who: usize, session: SessionId, outcome: &Outcome) {
        if let Outcome::Completed { signatures } = outcome
            && self.verified.insert(signatures.clone())
            && !self.oracle.verifies(session, signatures)
        {
            self.object(Violation::InvalidSignature { who });
        }
        if let Outcome::Failed { why: Failure::Blamed { culprit, offence } } = outcome {
            self.blame(who, *culprit, &format!("{offence:?}"));
        }
        let completed = matches!(outcome, Outcome::Completed { .. });
        let former = self.ends.entry(who).or_default().insert(session, outcome.clone());
        if let Some(former) = former.filter(|former| former != outcome)
            && (!completed || matches!(former, Outcome::Completed { .. }))
        {
            self.object(Violation::EndChanged { who, from: former, to: outcome.clone() });
        }
    }

    /// Reads a journal from which a phone starts.
    pub(super) fn reread(&mut self, who: usize, author: &ParticipantKey, journal: &[Vec<u8>]) {
        self.oracle.reread(author, journal);
        let records = journal.iter().filter_map(|bytes| Record::parse(bytes));
        let ends = records.filter_map(|record| {
            let Record::Ended { session, outcome, .. } = record else { return None };
            Some((session, outcome))
        });
        self.ends.insert(who, ends.collect());
    }

    /// Sees what an honest phone tells its user.
    pub(super) fn hear(&mut self, who: usize, event: &Event) {
        if let Event::Refused(RefusedEvent { slot: Some(slot), fault, .. }) = event
            && blames(fault)
        {
            self.blame(who, *slot, &fault.to_string());
        }
        if let Event::Session(SessionEvent { session, what, .. }) = event
            && let Happening::Expiring { deadline, threshold_ms, .. } = *what
            && !self.warned.insert((who, *session, deadline, threshold_ms))
            && !self.suspects.contains(&who)
        {
            self.object(Violation::WarnedTwice { who, session: *session, threshold_ms });
        }
        if let Event::Session(SessionEvent { what: Happening::Blamed { slot, offence }, .. }) = event {
            self.blame(who, *slot, &format!("{offence:?}"));
        }
    }

    fn blame(&mut self, who: usize, slot: Slot, what: &str) {
        if self.suspects.contains(&slot.index()) {
            self.unmasked.insert(slot.index());
        } else {
            self.object(Violation::Blamed { who, slot, what: what.into() });
        }
    }

    /// Sees a frame that an honest phone sends.
    pub(super) fn weigh(&mut self, who: usize, bytes: &[u8]) {
        let mut broken = (bytes.len() > MAX_FRAME_BYTES).then_some("frame");
        if let Ok(Frame::Envelope { envelope, .. }) = Frame::parse(bytes)
            && let Ok(parsed) = Envelope::parse(&envelope)
        {
            let high = |attempt: &Attempt| (attempt.0 > MAX_ATTEMPT).then_some("attempt");
            broken = broken.or((envelope.len() > MAX_ENVELOPE_BYTES).then_some("envelope"));
            broken = broken.or(match &parsed.body().message {
                Message::Propose { terms, .. } => (terms.payload.items.len() > MAX_ITEMS).then_some("items"),
                Message::Nonces { attempt, .. }
                | Message::Partials { attempt, .. }
                | Message::Answer { attempt, .. } => high(attempt),
                Message::Complete { .. } | Message::Decline { .. } => None,
                Message::Cancel | Message::Extend { .. } => None,
            });
        }
        if let Some(what) = broken {
            self.object(Violation::OverLimit { who, what });
        }
    }
}

/// Returns whether a refusal says of the envelope's author that it does wrong. The author's clock, other
/// participants and the receiver's own limits are no wrong of its.
fn blames(fault: &PeerFault) -> bool {
    match fault {
        PeerFault::WrongSlot(_)
        | PeerFault::InvalidNonce { .. }
        | PeerFault::InvalidPartial { .. }
        | PeerFault::WrongCount { .. }
        | PeerFault::AttemptTooHigh(_)
        | PeerFault::Equivocation
        | PeerFault::FalseCompletion
        | PeerFault::BadExtension
        | PeerFault::NotProposer => true,
        PeerFault::TooLong { .. }
        | PeerFault::Malformed { .. }
        | PeerFault::UnknownVersion { .. }
        | PeerFault::Stranger
        | PeerFault::NoHello
        | PeerFault::BadCard
        | PeerFault::CardOutOfDate { .. }
        | PeerFault::BadSignature
        | PeerFault::UnknownAuthor
        | PeerFault::FromFuture
        | PeerFault::FalseAccusation
        | PeerFault::UnknownWallet(_)
        | PeerFault::BadProposal(_)
        | PeerFault::OtherNonceSet
        | PeerFault::Late
        | PeerFault::TooMany(_) => false,
    }
}

/// Names an end, for counting.
pub(super) fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed { .. } => "completed",
        Outcome::Declined { .. } => "declined",
        Outcome::Cancelled => "cancelled",
        Outcome::Expired => "expired",
        Outcome::Failed { .. } => "failed",
    }
}

/// Returns whether a user is asked to approve, for the first time or once more.
pub(super) fn asks(what: &Happening) -> bool {
    match what {
        Happening::Requested { .. } | Happening::KeyRefused => true,
        Happening::Proposed
        | Happening::NoncesSent { .. }
        | Happening::PartialsSent { .. }
        | Happening::Progressed
        | Happening::NonceSetsDiffer
        | Happening::Blamed { .. }
        | Happening::OwnPastFound { .. }
        | Happening::ExtensionAsked { .. }
        | Happening::Extended { .. }
        | Happening::Expiring { .. }
        | Happening::RequestExpired
        | Happening::Ended { .. } => false,
    }
}
