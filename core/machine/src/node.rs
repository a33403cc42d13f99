//! The root of the machine: routes inputs to links and sessions, and merges what they say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::card::Card;
use crate::deadline::{Deadlines, Warnings};
use crate::effect::{CardIssued, ClockChanged, Effect, Event, KeyPurpose, LinkChanged, SessionEvent};
use crate::fault::{CallerFault, Fault, StoreFault};
use crate::id::{Attempt, Dice, SessionId, Slot, TransportKey, WalletId};
use crate::input::{Input, KeyTicket};
use crate::key::{ParticipantKey, Seed, SigningKey};
use crate::limits::{
    CARD_BURST, CARDS_PER_HOUR, COMPACT_AFTER, DEFAULT_CARD_MS, FORGET_AFTER_MS, MAX_ADDRESS_BYTES,
    MAX_ADDRESSES, MAX_CARD_AHEAD_MS, MAX_CARDS, MAX_ISSUED_ADDRESS_BYTES, MAX_KNOWN_ITEMS,
    MAX_KNOWN_SESSIONS, MAX_OPEN_SESSIONS,
};
use crate::link::{Allowance, Link};
use crate::message::TransportSecret;
use crate::network::{Connected, NetworkState};
use crate::plan::Capabilities;
use crate::preflight::PreflightId;
use crate::presence::Refreshing;
use crate::record::Record;
use crate::relay::Relay;
use crate::session::{Context, Custody, KeyStep, Said, Session};
use crate::time::{BootTime, Now, WallTime};
use crate::wallet::Wallet;

mod clock;
mod commands;
mod early;
mod events;
mod exchange;
mod inbox;
mod lifecycle;
mod open;
mod plan;
mod preflight;
mod relays;
mod show;
mod timing;
mod wire;

use clock::Clock;
use early::Early;
use events::Events;
pub use events::KeptEvent;
use preflight::Preflight;

/// Why the machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// A session's deadline comes.
    Deadline(SessionId),
    /// A session's deadline is near: its user is warned.
    Warning(SessionId),
    /// A session goes on: the pause before its next attempt is over, or it asks once more for what it lacks.
    Session(SessionId),
    /// Co-signers are told once more that we are here.
    Presence,
    /// Co-signers are asked for the time, which may confirm a suspect clock.
    Clock,
    /// A co-signer is to be dialled again.
    Dial(TransportKey),
    /// A co-signer has not answered a ping: its connection is dead.
    Silence(TransportKey),
    /// The time of a pre-flight is over.
    Preflight,
    /// A relay is asked for a place.
    Relay(TransportKey),
    /// Co-signers learn where we listen now.
    Move,
    /// The phone has another network: every connection is made anew.
    Network,
}

/// Whether the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is open.
    Foreground,
    /// It is in the background: nobody is dialled, and no attempt begun.
    Background,
    /// The system lets it run for a moment in the background: nothing is signed.
    Slice {
        /// Whether the network may be used.
        network: bool,
        /// Since when.
        since: BootTime,
    },
}

/// One phone's co-signer.
pub struct Node {
    me: ParticipantKey,
    secret: TransportSecret,
    dice: Dice,
    custody: Custody,
    clock: Clock,
    cards: BTreeMap<ParticipantKey, Card>,
    wallets: BTreeMap<WalletId, Arc<Wallet>>,
    sessions: BTreeMap<SessionId, Session>,
    early: BTreeMap<WalletId, Early>,
    links: BTreeMap<TransportKey, Link>,
    listening: Vec<String>,
    questions: BTreeMap<KeyTicket, Question>,
    asked: u64,
    /// The records that the journal is to give back, in the order in which it was asked.
    reading: VecDeque<Record>,
    /// Sessions whose records the journal still holds though we have forgotten them.
    forgotten: BTreeSet<SessionId>,
    /// How many cards in the journal are replaced by later ones.
    replaced: usize,
    /// How many newer cards peers may still bring, by participant.
    card_allowances: BTreeMap<ParticipantKey, Allowance>,
    /// When co-signers are asked the time again, while our wall clock is suspect.
    asks_time: BootTime,
    /// When everything is due.
    deadlines: Deadlines<Wake>,
    warnings: Warnings,
    presence: Refreshing,
    shell: Capabilities,
    mode: Mode,
    network: NetworkState,
    /// When every connection is made anew, because the phone has another network.
    restarts: Option<BootTime>,
    /// When co-signers learn that we listen elsewhere.
    moves: Option<BootTime>,
    relays: BTreeMap<TransportKey, Relay>,
    /// When rendezvous points may be asked again.
    asks_rendezvous: BootTime,
    preflights: BTreeMap<PreflightId, Preflight>,
    /// How many pre-flights there were.
    checked: u64,
    /// How well we were connected when the program last heard of it.
    connected: Option<Connected>,
    /// What the program has yet to deal with.
    events: Events,
    effects: VecDeque<Effect>,
}

/// What a question to the vault is for.
enum Question {
    Card { nickname: String, moved: bool },
    Step { session: SessionId, step: KeyStep },
    Seed { session: SessionId, attempt: Attempt },
}

impl Node {
    /// Takes a fact.
    ///
    /// # Errors
    ///
    /// Returns why it was refused; nothing has changed then. A [`Fault::Store`] means that the driver must stop:
    /// the journal is not what the machine wrote.
    pub fn handle_input(&mut self, input: Input, now: Now) -> Result<(), Fault> {
        self.look_at_clock(now);
        let result = self.take_input(input, now);
        self.look_around(now);
        result
    }

    /// Notes what any input may have changed: pre-flights may be over, and we may be connected better or worse.
    fn look_around(&mut self, now: Now) {
        self.look_at_preflights(now);
        self.look_at_connectivity(now);
        self.time_rest();
    }

    fn take_input(&mut self, input: Input, now: Now) -> Result<(), Fault> {
        match input {
            Input::ReadBack(bytes) => self.read_back(bytes.as_deref(), now),
            Input::KeyGiven { ticket, key, seed } => Ok(self.key_given(ticket, key, seed, now)?),
            Input::KeyRefused { ticket } => {
                self.key_refused(ticket, now);
                Ok(())
            }
            Input::SeedGiven { ticket, seed } => {
                if let Some(Question::Seed { session, attempt }) = self.questions.remove(&ticket) {
                    self.step(session, now, |session, cx| session.take_seed(attempt, seed, cx));
                }
                Ok(())
            }
            Input::WentToBackground => {
                self.go_to_background(now);
                Ok(())
            }
            Input::CameToForeground => {
                self.come_to_foreground(now);
                Ok(())
            }
            Input::ShellKnown(shell) => {
                self.shell = shell;
                Ok(())
            }
            Input::Listening(addresses) => {
                self.listens(addresses, now);
                Ok(())
            }
            Input::SliceBegan { network } => {
                self.begin_slice(network, now);
                Ok(())
            }
            Input::SliceEnded => {
                self.end_slice(now);
                Ok(())
            }
            Input::NetworkChanged(network) => {
                self.network_changed(network, now);
                Ok(())
            }
            Input::NetworkStopped => {
                self.network_stopped(now);
                Ok(())
            }
            Input::NetworkStarted => {
                self.network_started(now);
                Ok(())
            }
            Input::RelaysKnown(relays) => {
                self.relays_known(relays, now);
                Ok(())
            }
            Input::RelayUp { relay } => {
                self.relay_up(relay, now);
                Ok(())
            }
            Input::RelayDown { relay, why } => {
                self.relay_down(relay, why, now);
                Ok(())
            }
            Input::Registered { found } => {
                self.registered(found, now);
                Ok(())
            }
            Input::Found { peer, addresses, source, ttl_ms } => {
                self.found(peer, addresses, (source, ttl_ms), now);
                Ok(())
            }
            Input::LinkUp { peer, path } => {
                self.link_up(peer, path, now);
                Ok(())
            }
            Input::LinkDown { peer } => {
                self.link_down(peer, now);
                Ok(())
            }
            Input::DialFailed { peer, tried } => {
                if let Some(link) = self.links.get_mut(&peer) {
                    link.dial_failed(tried, &mut self.dice, now);
                    self.time_link(peer);
                    self.tell_link(peer);
                    self.discover(now);
                }
                Ok(())
            }
            Input::FrameArrived { peer, bytes } => self.frame_arrived(peer, &bytes, now),
        }
    }

    /// Returns the next order, until there is none.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn read_back(&mut self, bytes: Option<&[u8]>, now: Now) -> Result<(), Fault> {
        let expected = self.reading.pop_front();
        let found = expected.is_some() && bytes.and_then(Record::parse) == expected;
        if let Some(Record::NonceSpent { session, attempt, .. }) = expected {
            self.step(session, now, |session, cx| session.read_back(attempt, found, cx));
        }
        if found { Ok(()) } else { Err(StoreFault::NotReadBack.into()) }
    }

    fn key_given(
        &mut self,
        ticket: KeyTicket,
        key: SigningKey,
        seed: Seed,
        now: Now,
    ) -> Result<(), CallerFault> {
        match self.questions.remove(&ticket) {
            Some(Question::Card { nickname, .. }) => self.sign_card(nickname, &key, seed, now),
            Some(Question::Step { session, step }) => {
                self.step(session, now, |session, cx| session.unlock(step, key, seed, cx)).unwrap_or(Ok(()))
            }
            Some(Question::Seed { .. }) | None => Ok(()),
        }
    }

    fn key_refused(&mut self, ticket: KeyTicket, now: Now) {
        if let Some(Question::Step { session, step }) = self.questions.remove(&ticket) {
            self.step(session, now, |session, cx| session.lock(step, cx));
        }
    }

    fn sign_card(
        &mut self,
        nickname: String,
        key: &SigningKey,
        seed: Seed,
        now: Now,
    ) -> Result<(), CallerFault> {
        if key.participant() != self.me {
            return Err(CallerFault::OtherKey);
        }
        // A card from when the clock was ahead would outlive this one, if nobody was to believe in it.
        let held = self.cards.get(&self.me).map_or(WallTime(0), |card| card.statement().issued);
        let ahead = held.ms_from(now.wall);
        let issued = if ahead > MAX_CARD_AHEAD_MS { now.wall } else { now.wall.max(WallTime(held.0 + 1)) };
        if ahead > MAX_CARD_AHEAD_MS {
            self.cards.remove(&self.me);
        }
        let dates = (issued, WallTime(issued.0.saturating_add(DEFAULT_CARD_MS)));
        let card = Card::issue(key, seed, &self.secret, nickname, self.addresses(), dates)
            .map_err(CallerFault::Card)?;
        let text = card.to_text();
        self.keep_card(card, now);
        self.greet_all();
        self.effects.push_back(Effect::Tell(Event::CardIssued(CardIssued { card: text })));
        Ok(())
    }

    /// Returns where we listen, as far as that fits onto a card.
    fn addresses(&self) -> Vec<String> {
        let mut room = MAX_ISSUED_ADDRESS_BYTES;
        let fits = |address: &&String| {
            let fits = address.len() <= MAX_ADDRESS_BYTES.min(room);
            room -= if fits { address.len() } else { 0 };
            fits
        };
        self.listening.iter().filter(fits).take(MAX_ADDRESSES).cloned().collect()
    }

    /// Keeps a card that is newer than the one held, meets the phone it names, and lets neighbours know; returns
    /// whether it was newer.
    fn keep_card(&mut self, card: Card, now: Now) -> bool {
        let participant = card.statement().participant;
        let held = self.cards.get(&participant);
        if held.is_some_and(|held| !card.replaces(held)) {
            return false;
        }
        let former = held.map(|held| held.statement().transport);
        self.persist(vec![Record::CardKept { card: card.as_bytes().to_vec().into() }]);
        let transport = card.statement().transport;
        self.cards.insert(participant, card);
        if former.is_some() {
            self.replaced += 1;
            self.compact_if_worth_it();
            if participant != self.me {
                self.gossip_card(&participant);
            }
        }
        if let Some(former) = former.filter(|former| *former != transport) {
            if self.links.remove(&former).is_some() {
                self.effects.push_back(Effect::Exclude(former));
                self.time_link(former);
                if self.clock.forget(&former) {
                    self.clock_changed(now);
                }
            }
            let open: Vec<SessionId> = self.open_sessions().map(Session::id).collect();
            for id in open {
                self.step(id, now, |session, cx| session.replace_phone(&participant, cx));
            }
        }
        self.meet_cosigners(now);
        if let Some(link) = self.links.get_mut(&transport) {
            link.hurry(now);
            self.time_link(transport);
        }
        if participant == self.me {
            self.time_all();
        }
        true
    }

    /// Keeps a newer card that a peer has brought, unless it is one of too many; returns whether it was kept.
    fn take_newer_card(&mut self, card: Card, now: Now) -> bool {
        let participant = card.statement().participant;
        if self.cards.get(&participant).is_some_and(|held| !card.replaces(held)) {
            return false;
        }
        if !self.cards.contains_key(&participant) && self.cards.len() >= MAX_CARDS {
            return false;
        }
        let fresh = || Allowance::new(CARD_BURST, now);
        let allowance = self.card_allowances.entry(participant).or_insert_with(fresh);
        allowance.take(CARD_BURST, CARDS_PER_HOUR, 3_600_000_000, now) && self.keep_card(card, now)
    }

    /// Makes a link to every co-signer whose card we hold and who has none yet.
    fn meet_cosigners(&mut self, now: Now) {
        let cosigners = self.wallets.values().flat_map(|wallet| wallet.keys());
        let cards = cosigners.filter(|key| **key != self.me).filter_map(|key| self.cards.get(key));
        let met = cards
            .filter(|card| card.check_date(now.wall).is_ok())
            .map(|card| (card.statement().participant, card.statement().transport));
        let met = met.filter(|(_, peer)| !self.links.contains_key(peer));
        let met: BTreeMap<_, _> = met.map(|(participant, peer)| (peer, participant)).collect();
        for (peer, participant) in met {
            self.links.insert(peer, Link::new(participant, now));
            self.effects.push_back(Effect::Admit(peer));
            self.time_link(peer);
        }
    }

    /// Lets a session take a step and carries out what it says. `None` if there is no such session.
    fn step<T>(
        &mut self,
        id: SessionId,
        now: Now,
        step: impl FnOnce(&mut Session, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let session = self.sessions.get_mut(&id)?;
        let mut said = Vec::new();
        let mut cx = Context {
            now,
            clock_suspect: self.clock.is_suspect(),
            clock_sure: !self.clock.is_doubted(),
            custody: self.custody,
            boot_id: self.clock.boot_id(),
            mode: self.mode,
            warnings: &self.warnings,
            secret: &self.secret,
            cards: &self.cards,
            said: &mut said,
        };
        let result = step(session, &mut cx);
        self.carry_out(id, said);
        self.time_session(id);
        Some(result)
    }

    /// Lets all open sessions go on.
    fn proceed(&mut self, now: Now) {
        let open: Vec<SessionId> = self.open_sessions().map(Session::id).collect();
        for id in open {
            self.step(id, now, |session, cx| session.proceed(cx));
        }
    }

    /// Looks at the clock. One that fell back stops all signing until a co-signer confirms it; one that is right again
    /// lets it go on.
    fn look_at_clock(&mut self, now: Now) {
        if self.clock.look(now) {
            self.clock_changed(now);
        }
    }

    fn clock_changed(&mut self, now: Now) {
        let suspect = self.clock.is_suspect();
        self.note_clocks();
        self.effects.push_back(Effect::Tell(Event::Clock(ClockChanged { suspect })));
        if suspect {
            self.time_all();
            return self.ask_time(now);
        }
        let open: Vec<SessionId> = self.open_sessions().map(Session::id).collect();
        for id in open {
            self.step(id, now, |session, cx| session.recount(cx));
        }
        self.time_all();
        self.meet_cosigners(now);
        let deaf: Vec<TransportKey> =
            self.links.iter().filter(|(_, link)| link.is_deaf()).map(|(peer, _)| *peer).collect();
        for peer in deaf {
            // Its hello may have been refused for its date: only a new connection brings another.
            self.effects.extend([Effect::Exclude(peer), Effect::Admit(peer)]);
            self.link_down(peer, now);
        }
    }

    /// Makes room for one more session of `proposer`.
    ///
    /// # Errors
    ///
    /// Returns what there are too many of.
    fn make_room(&mut self, wallet: WalletId, proposer: Slot, now: Now) -> Result<(), &'static str> {
        self.forget_old(now);
        let of_proposer =
            |session: &&Session| session.wallet().id() == wallet && session.terms().proposer == proposer;
        if self.open_sessions().filter(of_proposer).count() >= MAX_OPEN_SESSIONS {
            return Err("open sessions");
        }
        let known = self.sessions.values().filter(of_proposer);
        let (sessions, items) = known
            .fold((0, 0), |(count, items), session| (count + 1, items + session.terms().payload.items.len()));
        if sessions >= MAX_KNOWN_SESSIONS || items >= MAX_KNOWN_ITEMS {
            return Err("sessions whose deadline is not long past");
        }
        Ok(())
    }

    /// Forgets sessions that ended and whose deadline is long past, and has the journal rewritten once that is
    /// worth it.
    fn forget_old(&mut self, now: Now) {
        if !self.clock.is_sure(now) {
            return;
        }
        let old = |session: &&Session| {
            session.outcome().is_some() && session.deadline().0.saturating_add(FORGET_AFTER_MS) < now.wall.0
        };
        let old: BTreeSet<SessionId> = self.sessions.values().filter(old).map(Session::id).collect();
        self.sessions.retain(|id, _| !old.contains(id));
        self.events.forget(&old);
        self.forgotten.extend(old);
        self.compact_if_worth_it();
    }

    fn compact_if_worth_it(&mut self) {
        if self.forgotten.len() + self.replaced >= COMPACT_AFTER {
            self.replaced = 0;
            self.effects.push_back(Effect::Compact(std::mem::take(&mut self.forgotten)));
        }
    }

    fn open_sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(|session| session.outcome().is_none())
    }

    /// Turns what a session said into effects.
    fn carry_out(&mut self, id: SessionId, said: Vec<Said>) {
        for said in said {
            match said {
                Said::Persist(records) => self.persist(records),
                Said::ReadBack(record) => {
                    self.reading.push_back(record);
                    self.effects.push_back(Effect::ReadBack);
                }
                Said::AskKey(step) => self.ask(Question::Step { session: id, step }),
                Said::AskSeed(attempt) => self.ask(Question::Seed { session: id, attempt }),
                Said::Publish(envelope) => self.publish(&envelope),
                Said::Accuse(evidence) => self.accuse(id, &evidence),
                Said::Search => self.ask_neighbours(),
                Said::Tell(what) => {
                    if let Some(session) = self.sessions.get(&id) {
                        let wallet = session.wallet().id();
                        let event = SessionEvent { wallet, session: id, what };
                        self.events.keep(&event);
                        self.effects.push_back(Effect::Tell(Event::Session(event)));
                    }
                }
            }
        }
    }

    /// Queues records; those that follow each other directly become durable together, after what the clocks show.
    fn persist(&mut self, records: Vec<Record>) {
        if !matches!(self.effects.back(), Some(Effect::Persist(_))) {
            self.effects.push_back(Effect::Persist(Vec::new()));
            self.note_clocks();
        }
        if let Some(Effect::Persist(queued)) = self.effects.back_mut() {
            queued.extend(records);
        }
    }

    /// Lets the journal know what the clocks show.
    fn note_clocks(&mut self) {
        let Some(at) = self.clock.last_look() else { return };
        let look = Record::Looked { at };
        if let Some(Effect::Persist(queued)) = self.effects.back_mut() {
            queued.push(look);
        } else {
            self.effects.push_back(Effect::Persist(vec![look]));
        }
    }

    fn ask(&mut self, question: Question) {
        self.asked += 1;
        let ticket = KeyTicket(self.asked);
        let purpose = match question {
            Question::Card { moved: false, .. } => Some(KeyPurpose::Card),
            Question::Card { moved: true, .. } => Some(KeyPurpose::Addresses),
            Question::Step { step: KeyStep::Nonces(_), .. } => Some(KeyPurpose::Nonces),
            Question::Step { step: KeyStep::Sign(_), .. } => Some(KeyPurpose::Sign),
            Question::Seed { .. } => None,
        };
        self.questions.insert(ticket, question);
        self.effects.push_back(match purpose {
            Some(purpose) => Effect::AskKey { ticket, purpose },
            None => Effect::AskSeed { ticket },
        });
    }

    fn tell_link(&mut self, peer: TransportKey) {
        self.effects.push_back(Effect::Tell(Event::Link(LinkChanged { peer })));
    }
}
