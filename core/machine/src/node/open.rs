//! A node made anew, or read back from its journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::Node;
use super::clock::Clock;
use crate::card::Card;
use crate::fault::StoreFault;
use crate::id::{Dice, SessionId};
use crate::key::ParticipantKey;
use crate::message::{Envelope, Message, Terms, TransportSecret};
use crate::record::Record;
use crate::session::Custody;
use crate::session::replay::Replay;
use crate::time::{BootTime, Now, WallTime};
use crate::wallet::Wallet;

impl Node {
    /// Makes a node with an empty journal: its first effect names the owner there.
    ///
    /// `seed` is 32 fresh random bytes for jitter and challenges; it is no secret.
    pub fn create(participant: ParticipantKey, secret: TransportSecret, seed: [u8; 32]) -> Self {
        let transport = secret.public();
        let mut node = Self::bare(participant, secret, seed);
        node.persist(vec![Record::OwnerNamed { participant, transport }]);
        node
    }

    /// Reads a node back from its journal's records, oldest first, and goes on from there: signed attempts
    /// wait for the others, unsigned ones are dead and the next begins.
    ///
    /// # Errors
    ///
    /// Returns [`StoreFault`] if the records are not what a node writes, or another identity's.
    pub fn open<'a>(
        records: impl IntoIterator<Item = &'a [u8]>,
        secret: TransportSecret,
        seed: [u8; 32],
        now: Now,
    ) -> Result<Self, StoreFault> {
        let mut records = records.into_iter().enumerate().map(|(at, bytes)| {
            Record::parse(bytes).map(|record| (at, record)).ok_or(StoreFault::Unreadable { at })
        });
        let first = records.next().transpose()?.map(|(_, record)| record);
        let Some(Record::OwnerNamed { participant, transport }) = first else {
            return Err(StoreFault::Inconsistent { at: 0, what: "no owner is named" });
        };
        if transport != secret.public() {
            return Err(StoreFault::OtherOwner);
        }
        let mut node = Self::bare(participant, secret, seed);
        let mut sessions = BTreeMap::new();
        let mut seen = WallTime(0);
        for record in records {
            let (at, record) = record?;
            seen = seen.max(time_of(&record));
            node.recall(record, &mut sessions, now)
                .ok_or(StoreFault::Inconsistent { at, what: "it does not follow from those before" })?;
        }
        let issued = node.cards.get(&node.me).map(|card| card.statement().issued);
        node.clock = Clock::start(issued.map_or(seen, |issued| issued.max(seen)), now);
        node.resume(sessions, now);
        node.forget_old(now);
        Ok(node)
    }

    fn bare(me: ParticipantKey, secret: TransportSecret, seed: [u8; 32]) -> Self {
        Self {
            me,
            secret,
            dice: Dice::new(seed),
            custody: Custody::default(),
            clock: Clock::default(),
            cards: BTreeMap::new(),
            wallets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            early: BTreeMap::new(),
            links: BTreeMap::new(),
            listening: Vec::new(),
            questions: BTreeMap::new(),
            asked: 0,
            reading: VecDeque::new(),
            forgotten: BTreeSet::new(),
            replaced: 0,
            card_allowances: BTreeMap::new(),
            asks_time: BootTime(0),
            effects: VecDeque::new(),
        }
    }

    /// Takes one record; `None` if it cannot be true after those before it.
    fn recall(&mut self, record: Record, sessions: &mut BTreeMap<SessionId, Replay>, now: Now) -> Option<()> {
        match record {
            Record::OwnerNamed { .. } => return None,
            Record::CardKept { card } => {
                let card = Card::parse(&card).ok()?;
                let former = self.cards.insert(card.statement().participant, card);
                self.replaced += usize::from(former.is_some());
            }
            Record::WalletCreated { name, keys } => {
                let wallet = Wallet::new(name, keys).ok()?;
                self.wallets.insert(wallet.id(), Arc::new(wallet));
            }
            Record::Proposed { terms } => {
                let replay = self.replay(terms, now)?;
                sessions.insert(replay.id(), replay);
            }
            Record::EnvelopeKept { envelope } => {
                let envelope = Envelope::parse(&envelope).ok()?;
                if let Message::Propose { terms, .. } = &envelope.body().message
                    && !sessions.contains_key(&envelope.body().session)
                {
                    let replay = self.replay(terms.clone(), now)?;
                    sessions.insert(replay.id(), replay);
                }
                sessions.get_mut(&envelope.body().session)?.kept(&envelope)?;
            }
            Record::Approved { session, payload, at: _ } => sessions.get_mut(&session)?.approved(payload)?,
            Record::NonceCommitted { session, attempt, envelope } => {
                let replay = sessions.get_mut(&session)?;
                replay.touched(attempt);
                replay.kept(&Envelope::parse(&envelope).ok()?)?;
            }
            Record::NonceSpent { session, attempt, set } => sessions.get_mut(&session)?.spent(attempt, set),
            Record::Signed { session, envelope, .. } => {
                sessions.get_mut(&session)?.signed(&Envelope::parse(&envelope).ok()?)?;
            }
            Record::Ended { session, outcome, notice } => {
                let notice = if notice.is_empty() { None } else { Some(Envelope::parse(&notice).ok()?) };
                sessions.get_mut(&session)?.ended(outcome, notice);
            }
            Record::Blamed { session, evidence } => {
                sessions.get_mut(&session)?.blamed(evidence.to_vec())?;
            }
        }
        Some(())
    }

    fn replay(&self, terms: Terms, now: Now) -> Option<Replay> {
        let wallet = Arc::clone(self.wallets.get(&terms.wallet)?);
        let me = wallet.slot_of(&self.me)?;
        Replay::new(terms, wallet, me, now)
    }

    fn resume(&mut self, sessions: BTreeMap<SessionId, Replay>, now: Now) {
        self.meet_cosigners(now);
        for (id, replay) in sessions {
            let (session, resume) = replay.into_parts();
            self.sessions.insert(id, session);
            self.step(id, now, |session, cx| resume.apply(session, cx));
        }
    }
}

/// Returns when, by our own clock, the record was written, if it says so.
fn time_of(record: &Record) -> WallTime {
    match record {
        Record::Approved { at, .. } => *at,
        Record::Proposed { terms } => terms.created,
        Record::OwnerNamed { .. }
        | Record::CardKept { .. }
        | Record::WalletCreated { .. }
        | Record::EnvelopeKept { .. }
        | Record::NonceCommitted { .. }
        | Record::NonceSpent { .. }
        | Record::Signed { .. }
        | Record::Ended { .. }
        | Record::Blamed { .. } => WallTime(0),
    }
}
