//! The root of the machine: routes inputs to links and sessions, and merges what they say.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::card::Card;
use crate::effect::{CardIssued, Effect, Event, KeyPurpose, LinkChanged, SessionEvent};
use crate::fault::{CallerFault, Fault, PeerFault, StoreFault};
use crate::id::{Dice, SessionId, TransportKey, WalletId};
use crate::input::{Input, KeyTicket};
use crate::key::{ParticipantKey, Seed, SigningKey};
use crate::limits::{
    DEFAULT_CARD_MS, MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_CARDS, MAX_ISSUED_ADDRESS_BYTES, MAX_NAME_BYTES,
    MAX_OPEN_SESSIONS, MAX_SESSION_MS, MAX_WALLETS, MIN_SESSION_MS,
};
use crate::link::Link;
use crate::message::{DeclineReason, Message, Payload, Terms, TransportSecret};
use crate::record::Record;
use crate::session::{Context, KeyStep, Said, Session};
use crate::time::{BootTime, Now, WallTime};
use crate::wallet::Wallet;

mod early;
mod open;
mod show;
mod wire;

use early::Early;

/// Why the machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// A session's deadline comes.
    Deadline(SessionId),
    /// A co-signer is to be dialled again.
    Dial(TransportKey),
}

/// One phone's co-signer.
pub struct Node {
    me: ParticipantKey,
    secret: TransportSecret,
    dice: Dice,
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
    effects: VecDeque<Effect>,
}

/// What a question to the vault is for.
enum Question {
    Card { nickname: String },
    Step { session: SessionId, step: KeyStep },
}

impl Node {
    /// Issues our card with the addresses we listen at. The vault is asked for the key; an event brings the card.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::TooLong`] if the nickname is over [`MAX_NAME_BYTES`].
    pub fn issue_card(&mut self, nickname: String) -> Result<(), CallerFault> {
        if nickname.len() > MAX_NAME_BYTES {
            return Err(CallerFault::TooLong("nickname"));
        }
        self.ask(Question::Card { nickname });
        Ok(())
    }

    /// Takes a co-signer's card, however it came. Durable; an older card than the one held changes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::Card`] if it cannot be used and [`CallerFault::TooMany`] at
    /// [`MAX_CARDS`].
    pub fn add_card(&mut self, card: Card, now: Now) -> Result<ParticipantKey, CallerFault> {
        let participant = card.statement().participant;
        card.check_date(now.wall).map_err(CallerFault::Card)?;
        if participant == self.me && card.statement().transport != self.secret.public() {
            return Err(CallerFault::Card(PeerFault::BadCard));
        }
        if !self.cards.contains_key(&participant) && self.cards.len() >= MAX_CARDS {
            return Err(CallerFault::TooMany("cards"));
        }
        self.keep_card(card, now);
        Ok(participant)
    }

    /// Creates the wallet of these participants, ourselves among them. Durable; creating it again renames nothing.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the keys or the name.
    pub fn create_wallet(
        &mut self,
        name: String,
        keys: Vec<ParticipantKey>,
        now: Now,
    ) -> Result<WalletId, CallerFault> {
        if name.len() > MAX_NAME_BYTES {
            return Err(CallerFault::TooLong("name"));
        }
        if !keys.contains(&self.me) {
            return Err(CallerFault::NotParticipant);
        }
        if self.wallets.len() >= MAX_WALLETS {
            return Err(CallerFault::TooMany("wallets"));
        }
        let wallet = Wallet::new(name.clone(), keys)?;
        let id = wallet.id();
        if !self.wallets.contains_key(&id) {
            self.persist(vec![Record::WalletCreated { name, keys: wallet.keys().to_vec() }]);
            self.wallets.insert(id, Arc::new(wallet));
            self.meet_cosigners(now);
        }
        Ok(id)
    }

    /// Proposes `payload` to the wallet's participants, to be signed before `deadline`. Proposing is approving.
    ///
    /// `random` is 32 fresh random bytes: the same payload proposed twice makes two sessions.
    ///
    /// # Errors
    ///
    /// Returns what is wrong; nothing has been created then.
    pub fn propose(
        &mut self,
        wallet: WalletId,
        payload: Payload,
        deadline: WallTime,
        random: [u8; 32],
        now: Now,
    ) -> Result<SessionId, CallerFault> {
        let wallet = Arc::clone(self.wallets.get(&wallet).ok_or(CallerFault::UnknownWallet(wallet))?);
        if !self.cards.contains_key(&self.me) {
            return Err(CallerFault::NoCard);
        }
        payload.check().map_err(CallerFault::Payload)?;
        if !(MIN_SESSION_MS..=MAX_SESSION_MS).contains(&deadline.ms_from(now.wall)) {
            return Err(CallerFault::Deadline);
        }
        if self.open_sessions(wallet.id()) >= MAX_OPEN_SESSIONS {
            return Err(CallerFault::TooMany("open sessions"));
        }
        let me = wallet.slot_of(&self.me).ok_or(CallerFault::NotParticipant)?;
        let terms = Terms { wallet: wallet.id(), proposer: me, created: now.wall, deadline, random, payload };
        let mut session = Session::open(terms, wallet, me, now)
            .map_err(|_| CallerFault::Payload("a key path has no key"))?;
        let id = session.id();
        if self.sessions.contains_key(&id) {
            return Err(CallerFault::Payload("exactly this has been proposed already"));
        }
        let mut said = Vec::new();
        session.propose(&mut Context { now, secret: &self.secret, said: &mut said });
        self.sessions.insert(id, session);
        self.carry_out(id, said);
        Ok(id)
    }

    /// Approves exactly the payload that the session shows. Durable; covers every attempt.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::UnknownSession`] or [`CallerFault::Ended`].
    pub fn approve(&mut self, session: SessionId, now: Now) -> Result<(), CallerFault> {
        self.command(session, now, |session, cx| session.approve(cx))
    }

    /// Declines: ends the session for all.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::UnknownSession`], [`CallerFault::Ended`] or [`CallerFault::AlreadySigned`].
    pub fn decline(
        &mut self,
        session: SessionId,
        reason: DeclineReason,
        now: Now,
    ) -> Result<(), CallerFault> {
        self.command(session, now, |session, cx| session.withdraw(Message::Decline { reason }, cx))
    }

    /// Takes our own proposal back: ends the session for all.
    ///
    /// # Errors
    ///
    /// As [`Node::decline`], and [`CallerFault::NotProposer`].
    pub fn cancel(&mut self, session: SessionId, now: Now) -> Result<(), CallerFault> {
        self.command(session, now, |session, cx| session.withdraw(Message::Cancel, cx))
    }

    /// Dials every co-signer that is not connected, now.
    pub fn connect(&mut self, now: Now) {
        self.links.values_mut().for_each(|link| link.hurry(now));
    }

    /// Takes a fact.
    ///
    /// # Errors
    ///
    /// Returns why it was refused; nothing has changed then. A [`Fault::Store`] means that the driver must stop:
    /// the journal is not what the machine wrote.
    pub fn handle_input(&mut self, input: Input, now: Now) -> Result<(), Fault> {
        match input {
            Input::ReadBack(bytes) => self.read_back(bytes.as_deref(), now),
            Input::KeyGiven { ticket, key, seed } => Ok(self.key_given(ticket, key, seed, now)?),
            Input::KeyRefused { ticket } => {
                self.key_refused(ticket, now);
                Ok(())
            }
            Input::Listening(addresses) => {
                self.listening = addresses;
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
            Input::DialFailed { peer, why } => {
                if let Some(link) = self.links.get_mut(&peer) {
                    link.dial_failed(why, &mut self.dice, now);
                    self.tell_link(peer);
                }
                Ok(())
            }
            Input::FrameArrived { peer, bytes } => self.frame_arrived(peer, &bytes, now),
        }
    }

    /// Does what is due: ends sessions whose deadline has passed, dials whom it is time to dial.
    pub fn handle_timeout(&mut self, now: Now) {
        let due: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.outcome().is_none() && session.expires() <= now.boot)
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.step(id, now, |session, cx| session.expire(cx));
        }
        self.dial_due(now);
    }

    /// Returns the next order, until there is none.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Returns when to call [`Node::handle_timeout`] next, and what for.
    pub fn poll_timeout(&self) -> Option<(BootTime, Wake)> {
        let deadlines = self
            .sessions
            .values()
            .filter(|session| session.outcome().is_none())
            .map(|session| (session.expires(), Wake::Deadline(session.id())));
        let dials = self
            .links
            .iter()
            .filter(|_| self.cards.contains_key(&self.me))
            .filter_map(|(peer, link)| Some((link.redial()?, Wake::Dial(*peer))));
        deadlines.chain(dials).min()
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
            Some(Question::Card { nickname }) => self.sign_card(nickname, &key, seed, now),
            Some(Question::Step { session, step }) => {
                self.step(session, now, |session, cx| session.unlock(step, key, &seed, cx)).unwrap_or(Ok(()))
            }
            None => Ok(()),
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
        let mut room = MAX_ISSUED_ADDRESS_BYTES;
        let fits = |address: &&String| {
            let fits = address.len() <= MAX_ADDRESS_BYTES.min(room);
            room -= if fits { address.len() } else { 0 };
            fits
        };
        let addresses = self.listening.iter().filter(fits).take(MAX_ADDRESSES).cloned().collect();
        let dates = (now.wall, WallTime(now.wall.0.saturating_add(DEFAULT_CARD_MS)));
        let card =
            Card::issue(key, seed, &self.secret, nickname, addresses, dates).map_err(CallerFault::Card)?;
        let text = card.to_text();
        self.keep_card(card, now);
        self.greet_all();
        self.effects.push_back(Effect::Tell(Event::CardIssued(CardIssued { card: text })));
        Ok(())
    }

    /// Keeps a card that is newer than the one held, and meets the phone it names.
    fn keep_card(&mut self, card: Card, now: Now) {
        let participant = card.statement().participant;
        let held = self.cards.get(&participant);
        if held.is_some_and(|held| !card.replaces(held)) {
            return;
        }
        let former = held.map(|held| held.statement().transport);
        self.persist(vec![Record::CardKept { card: card.as_bytes().to_vec().into() }]);
        let transport = card.statement().transport;
        self.cards.insert(participant, card);
        if let Some(former) = former.filter(|former| *former != transport)
            && self.links.remove(&former).is_some()
        {
            self.effects.push_back(Effect::Exclude(former));
        }
        self.meet_cosigners(now);
        if let Some(link) = self.links.get_mut(&transport) {
            link.hurry(now);
        }
    }

    /// Makes a link to every co-signer whose card we hold and who has none yet.
    fn meet_cosigners(&mut self, now: Now) {
        let cosigners = self.wallets.values().flat_map(|wallet| wallet.keys());
        for participant in cosigners.filter(|key| **key != self.me) {
            let Some(card) = self.cards.get(participant) else { continue };
            let peer = card.statement().transport;
            if card.check_date(now.wall).is_ok() && !self.links.contains_key(&peer) {
                self.links.insert(peer, Link::new(*participant, now));
                self.effects.push_back(Effect::Admit(peer));
            }
        }
    }

    fn dial_due(&mut self, now: Now) {
        if !self.cards.contains_key(&self.me) {
            return;
        }
        for (peer, link) in &mut self.links {
            if link.redial().is_none_or(|at| at > now.boot) {
                continue;
            }
            let addresses = match self.cards.get(&link.participant) {
                Some(card) if card.check_date(now.wall).is_ok() => card.statement().addresses.clone(),
                Some(_) | None => Vec::new(),
            };
            link.dialling(!addresses.is_empty());
            if !addresses.is_empty() {
                self.effects.push_back(Effect::Dial { peer: *peer, addresses });
            }
        }
    }

    /// Lets a session take a step that the user asked for.
    fn command(
        &mut self,
        id: SessionId,
        now: Now,
        step: impl FnOnce(&mut Session, &mut Context<'_>) -> Result<(), CallerFault>,
    ) -> Result<(), CallerFault> {
        match self.sessions.get(&id).map(|session| session.outcome().is_some()) {
            None => Err(CallerFault::UnknownSession(id)),
            Some(true) => Err(CallerFault::Ended(id)),
            Some(false) => self.step(id, now, step).unwrap_or(Err(CallerFault::UnknownSession(id))),
        }
    }

    /// Lets a session take a step and carries out what it says. `None` if there is no such session or it is over.
    fn step<T>(
        &mut self,
        id: SessionId,
        now: Now,
        step: impl FnOnce(&mut Session, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let session = self.sessions.get_mut(&id).filter(|session| session.outcome().is_none())?;
        let mut said = Vec::new();
        let result = step(session, &mut Context { now, secret: &self.secret, said: &mut said });
        self.carry_out(id, said);
        Some(result)
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
                Said::Publish(envelope) => self.publish(&envelope),
                Said::Tell(what) => {
                    if let Some(session) = self.sessions.get(&id) {
                        let wallet = session.wallet().id();
                        let event = Event::Session(SessionEvent { wallet, session: id, what });
                        self.effects.push_back(Effect::Tell(event));
                    }
                }
            }
        }
    }

    /// Queues records; those that follow each other directly become durable together.
    fn persist(&mut self, records: Vec<Record>) {
        if let Some(Effect::Persist(queued)) = self.effects.back_mut() {
            queued.extend(records);
        } else {
            self.effects.push_back(Effect::Persist(records));
        }
    }

    fn ask(&mut self, question: Question) {
        self.asked += 1;
        let ticket = KeyTicket(self.asked);
        let purpose = match question {
            Question::Card { .. } => KeyPurpose::Card,
            Question::Step { step: KeyStep::Nonces(_), .. } => KeyPurpose::Nonces,
            Question::Step { step: KeyStep::Sign(_), .. } => KeyPurpose::Sign,
        };
        self.questions.insert(ticket, question);
        self.effects.push_back(Effect::AskKey { ticket, purpose });
    }

    fn tell_link(&mut self, peer: TransportKey) {
        self.effects.push_back(Effect::Tell(Event::Link(LinkChanged { peer })));
    }

    fn open_sessions(&self, wallet: WalletId) -> usize {
        let open = |session: &&Session| session.outcome().is_none() && session.wallet().id() == wallet;
        self.sessions.values().filter(open).count()
    }
}
