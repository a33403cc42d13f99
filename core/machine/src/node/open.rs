//! A node made anew, or read back from its journal.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::clock::Clock;
use super::events::Events;
use super::{Mode, Node};
use crate::card::Card;
use crate::deadline::{Deadlines, Warnings};
use crate::effect::SessionEvent;
use crate::fault::StoreFault;
use crate::id::{Dice, SessionId, TransportKey};
use crate::key::ParticipantKey;
use crate::message::{Envelope, Message, Terms, TransportSecret};
use crate::network::NetworkState;
use crate::plan::{Capabilities, Plan};
use crate::presence::Refreshing;
use crate::record::{Outcome, Record};
use crate::session::replay::Replay;
use crate::session::{Custody, Happening};
use crate::status::Status;
use crate::time::{BootId, BootTime, Moment, Now};
use crate::wallet::Wallet;

impl Node {
    /// Makes a node with an empty journal: its first effect names the owner there.
    ///
    /// `seed` is 32 fresh random bytes for jitter and challenges; it is no secret. `boot_id` names this run of the boot
    /// clock, if the system does.
    pub fn create(
        participant: ParticipantKey,
        secret: TransportSecret,
        seed: [u8; 32],
        boot_id: Option<BootId>,
        now: Now,
    ) -> Self {
        let transport = secret.public();
        let mut node = Self::bare(participant, secret, seed);
        node.persist(vec![Record::OwnerNamed { participant, transport }]);
        node.clock = Clock::start(None, boot_id, now);
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
        boot_id: Option<BootId>,
        now: Now,
    ) -> Result<Self, StoreFault> {
        let owner = secret.public();
        Self::read(records, secret, seed, boot_id, now, |transport| transport == owner)
    }

    /// Says what a journal comes to by now, for somebody who only looks: no secret is at hand, and nothing is signed, sent or
    /// written. `shell` is whom the plan is for.
    ///
    /// # Errors
    ///
    /// Returns [`StoreFault`] if the records are not what a node writes.
    pub fn glance<'a>(
        records: impl IntoIterator<Item = &'a [u8]>,
        shell: Capabilities,
        boot_id: Option<BootId>,
        now: Now,
    ) -> Result<(Status, Plan), StoreFault> {
        let mut owner = None;
        // What it would sign with this goes nowhere: it ends here.
        let nobody = TransportSecret::new(&[0; 32]);
        let mut node = Self::read(records, nobody, [0; 32], boot_id, now, |named| {
            owner = Some(named);
            true
        })?;
        node.shell = shell;
        let mut status = node.status(now);
        status.transport = owner.unwrap_or(status.transport);
        Ok((status, node.plan(now)))
    }

    fn read<'a>(
        records: impl IntoIterator<Item = &'a [u8]>,
        secret: TransportSecret,
        seed: [u8; 32],
        boot_id: Option<BootId>,
        now: Now,
        is_owner: impl FnOnce(TransportKey) -> bool,
    ) -> Result<Self, StoreFault> {
        let mut records = records.into_iter().enumerate().map(|(at, bytes)| {
            Record::parse(bytes).map(|record| (at, record)).ok_or(StoreFault::Unreadable { at })
        });
        let first = records.next().transpose()?.map(|(_, record)| record);
        let Some(Record::OwnerNamed { participant, transport }) = first else {
            return Err(StoreFault::Inconsistent { at: 0, what: "no owner is named" });
        };
        if !is_owner(transport) {
            return Err(StoreFault::OtherOwner);
        }
        let mut node = Self::bare(participant, secret, seed);
        let mut sessions = BTreeMap::new();
        let mut seen = None;
        for record in records {
            let (at, record) = record?;
            if let Record::Looked { at } = record {
                seen = Some(at);
            }
            node.recall(record, &mut sessions, now)
                .ok_or(StoreFault::Inconsistent { at, what: "it does not follow from those before" })?;
        }
        node.clock = Clock::start(seen, boot_id, now);
        node.presence.resume(now);
        node.resume(sessions, seen, now);
        node.forget_old(now);
        node.time_all();
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
            deadlines: Deadlines::default(),
            warnings: Warnings::default(),
            presence: Refreshing::default(),
            shell: Capabilities::default(),
            mode: Mode::Foreground,
            network: NetworkState::default(),
            restarts: None,
            moves: None,
            relays: BTreeMap::new(),
            asks_rendezvous: BootTime(0),
            preflights: BTreeMap::new(),
            checked: 0,
            connected: None,
            events: Events::default(),
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
                let id = replay.id();
                self.relive(sessions.entry(id).or_insert(replay), Happening::Proposed);
            }
            Record::EnvelopeKept { envelope } => {
                let envelope = Envelope::parse(&envelope).ok()?;
                if let Message::Propose { terms, .. } = &envelope.body().message
                    && !sessions.contains_key(&envelope.body().session)
                {
                    let replay = self.replay(terms.clone(), now)?;
                    sessions.insert(replay.id(), replay);
                }
                let replay = sessions.get_mut(&envelope.body().session)?;
                if let Some(happening) = replay.kept(&envelope)? {
                    self.relive(replay, happening);
                }
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
                let replay = sessions.get_mut(&session)?;
                if outcome == Outcome::Expired && replay.session().is_unanswered() {
                    self.relive(replay, Happening::RequestExpired);
                }
                replay.ended(outcome.clone(), notice);
                self.relive(replay, Happening::Ended { outcome });
            }
            Record::Blamed { session, evidence } => {
                let replay = sessions.get_mut(&session)?;
                let verdict = replay.blamed(evidence.to_vec())?;
                self.relive(replay, Happening::Blamed { slot: verdict.slot, offence: verdict.offence });
            }
            Record::Looked { .. } => {}
            Record::Timed { session, deadline, at, expires, sure } => {
                sessions.get_mut(&session)?.timed(deadline, at, expires, sure);
            }
            Record::Warned { session, deadline, threshold_ms, left_ms } => {
                let replay = sessions.get_mut(&session)?;
                replay.warned(deadline, threshold_ms);
                self.relive(replay, Happening::Expiring { deadline, threshold_ms, left_ms });
            }
            Record::Held { session, notices } => {
                sessions.get_mut(&session)?.session_mut().recall_held(&notices);
            }
            Record::Dismissed { session, notice } => {
                sessions.get_mut(&session)?.session_mut().recall_dismissed(notice);
            }
            Record::Handled { session, event } => {
                sessions.get(&session)?;
                self.events.take(event);
            }
            Record::WarningsChosen { thresholds_ms } => {
                self.warnings = thresholds_ms.map_or(Ok(Warnings::default()), Warnings::own).ok()?;
            }
            Record::PresenceChosen { ttl_ms: None } => {
                self.presence.stop();
            }
            Record::PresenceChosen { ttl_ms: Some(ttl_ms) } => self.presence.start(ttl_ms, now).ok()?,
        }
        Some(())
    }

    /// Keeps an event that a record tells of.
    fn relive(&mut self, replay: &Replay, what: Happening) {
        let session = replay.session();
        self.events.keep(&SessionEvent { wallet: session.wallet().id(), session: session.id(), what });
    }

    fn replay(&self, terms: Terms, now: Now) -> Option<Replay> {
        let wallet = Arc::clone(self.wallets.get(&terms.wallet)?);
        let me = wallet.slot_of(&self.me)?;
        Replay::new(terms, wallet, me, now)
    }

    fn resume(&mut self, sessions: BTreeMap<SessionId, Replay>, seen: Option<Moment>, now: Now) {
        self.meet_cosigners(now);
        let mut resumes = Vec::new();
        for (id, replay) in sessions {
            let (session, resume) = replay.into_parts();
            self.sessions.insert(id, session);
            resumes.push((id, resume));
            // For all of them first, so that it becomes durable together: a look at this boot's clocks says nothing of what is
            // left by the last boot's.
            self.step(id, now, |session, cx| session.resume_time(seen, cx));
        }
        for (id, resume) in resumes {
            self.step(id, now, |session, cx| resume.apply(session, cx));
        }
    }
}
