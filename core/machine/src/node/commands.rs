//! What the user asks for.

use std::sync::Arc;

use super::{Mode, Node, Question};
use crate::card::Card;
use crate::deadline::Warnings;
use crate::effect::Effect;
use crate::fault::{CallerFault, PeerFault};
use crate::id::{SessionId, TransportKey, WalletId};
use crate::key::ParticipantKey;
use crate::limits::{MAX_CARDS, MAX_NAME_BYTES, MAX_SESSION_MS, MAX_WALLETS, MIN_SESSION_MS};
use crate::link::Link;
use crate::message::{DeclineReason, Message, Payload, Terms};
use crate::presence::Here;
use crate::record::Record;
use crate::session::{Context, Custody, Session};
use crate::time::{Now, WallTime};
use crate::wallet::Wallet;

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
        self.ask(Question::Card { nickname, moved: false });
        Ok(())
    }

    /// Takes a co-signer's card, however it came. Durable; an older card than the one held changes nothing.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::Card`] if it cannot be used and [`CallerFault::TooMany`] at
    /// [`MAX_CARDS`].
    pub fn add_card(&mut self, card: Card, now: Now) -> Result<ParticipantKey, CallerFault> {
        self.look_at_clock(now);
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
        self.look_at_clock(now);
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
        let me = wallet.slot_of(&self.me).ok_or(CallerFault::NotParticipant)?;
        self.look_at_clock(now);
        self.make_room(wallet.id(), me, now).map_err(CallerFault::TooMany)?;
        let terms = Terms { wallet: wallet.id(), proposer: me, created: now.wall, deadline, random, payload };
        let session = Session::open(terms, wallet, me, now)
            .map_err(|_| CallerFault::Payload("a key path has no key"))?;
        let id = session.id();
        if self.sessions.contains_key(&id) {
            return Err(CallerFault::Payload("exactly this has been proposed already"));
        }
        self.sessions.insert(id, session);
        self.step(id, now, |session, cx| session.propose(cx));
        Ok(id)
    }

    /// Sets how long the participant's key may be kept once the vault has given it. Keys that sessions hold already
    /// are wiped.
    pub fn set_custody(&mut self, custody: Custody) {
        self.custody = custody;
        self.sessions.values_mut().for_each(Session::forget_key);
    }

    /// Consents to a later deadline for a session; it moves once every participant has consented. Durable.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::UnknownSession`], [`CallerFault::Ended`], or [`CallerFault::Deadline`] if `until` is
    /// not later than the session's deadline or too late.
    pub fn extend(&mut self, session: SessionId, until: WallTime, now: Now) -> Result<(), CallerFault> {
        self.command(session, now, |session, cx| session.extend(until, cx))
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

    /// Sets how long before a session expires its user is warned: a list of the caller's own, or the usual
    /// ([`crate::limits::WARNINGS_MS`]). Durable; holds for open sessions, too, one whose time has come is given at once.
    ///
    /// # Errors
    ///
    /// As [`Warnings::own`].
    pub fn set_warnings(&mut self, thresholds_ms: Option<Vec<u64>>, now: Now) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        let warnings = thresholds_ms.clone().map_or(Ok(Warnings::default()), Warnings::own)?;
        if warnings != self.warnings {
            self.persist(vec![Record::WarningsChosen { thresholds_ms }]);
            self.warnings = warnings;
            self.time_all();
        }
        Ok(())
    }

    /// Lets co-signers know that we are here, at once and then again after 40 % of `ttl_ms`, for as long as the program is
    /// in the foreground. Durable; replaces what was set before.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::OutOfRange`] if `ttl_ms` is under 10 s or over a day.
    pub fn start_presence(&mut self, ttl_ms: u64, now: Now) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        let before = self.presence.ttl_ms();
        self.presence.start(ttl_ms, now)?;
        if before != Some(ttl_ms) {
            self.persist(vec![Record::PresenceChosen { ttl_ms: Some(ttl_ms) }]);
        }
        if self.mode != Mode::Foreground {
            self.presence.pause();
        }
        self.time_all();
        Ok(())
    }

    /// Lets co-signers know no more whether we are here; those who are connected hear of it. Durable.
    pub fn stop_presence(&mut self, now: Now) {
        self.look_at_clock(now);
        if let Some(ttl_ms) = self.presence.stop() {
            self.persist(vec![Record::PresenceChosen { ttl_ms: None }]);
            self.tell_presence(Here::Withdrawn, ttl_ms, now);
            self.unregister(now);
            self.time_all();
        }
    }

    /// Dials every co-signer that is not connected, now, and listens again to those that were muted.
    pub fn connect(&mut self, now: Now) {
        self.look_at_clock(now);
        self.meet_cosigners(now);
        let mut forgiven = Vec::new();
        for (peer, link) in &mut self.links {
            link.hurry(now);
            if link.unmute() {
                forgiven.push(*peer);
            }
        }
        self.relays.values_mut().filter(|relay| !relay.is_up()).for_each(|relay| relay.renew(now));
        self.time_all();
        for peer in forgiven {
            self.ask_for_missing(peer);
            self.tell_link(peer);
        }
    }

    /// Dials one co-signer now, if it is not connected, and listens again to it if it was muted.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::NoCardOf`] if its card is not here.
    pub fn connect_to(&mut self, participant: ParticipantKey, now: Now) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        self.meet_cosigners(now);
        let (peer, link) = self.link_to(&participant)?;
        link.hurry(now);
        let forgiven = link.unmute();
        self.time_link(peer);
        if forgiven {
            self.ask_for_missing(peer);
        }
        self.tell_link(peer);
        Ok(())
    }

    /// Dials one co-signer no more until the user connects, the network changes or the program comes to the foreground. A
    /// connection that stands is left.
    ///
    /// # Errors
    ///
    /// As [`Node::connect_to`].
    pub fn stop_connecting(&mut self, participant: ParticipantKey, now: Now) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        let (peer, link) = self.link_to(&participant)?;
        if link.rest() {
            self.effects.push_back(Effect::Cut(peer));
        }
        self.time_link(peer);
        self.tell_link(peer);
        self.look_around(now);
        Ok(())
    }

    fn link_to(&mut self, participant: &ParticipantKey) -> Result<(TransportKey, &mut Link), CallerFault> {
        let card = self.cards.get(participant).filter(|_| *participant != self.me);
        let peer = card.ok_or(CallerFault::NoCardOf(*participant))?.statement().transport;
        let link = self.links.get_mut(&peer).ok_or(CallerFault::NoCardOf(*participant))?;
        Ok((peer, link))
    }

    /// Lets a session take a step that the user asked for.
    fn command(
        &mut self,
        id: SessionId,
        now: Now,
        step: impl FnOnce(&mut Session, &mut Context<'_>) -> Result<(), CallerFault>,
    ) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        match self.sessions.get(&id).map(|session| session.outcome().is_some()) {
            None => Err(CallerFault::UnknownSession(id)),
            Some(true) => Err(CallerFault::Ended(id)),
            Some(false) => self.step(id, now, step).unwrap_or(Err(CallerFault::UnknownSession(id))),
        }
    }
}
