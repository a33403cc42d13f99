//! Frames that come in: hello, what the other side has, envelopes, cards, evidence and pings.

use std::sync::Arc;

use super::Node;
use super::early::Waiting;
use crate::card::Card;
use crate::effect::{Effect, Event, RefusedByPeer, RefusedEvent};
use crate::evidence::{self, Evidence};
use crate::fault::{Fault, PeerFault};
use crate::frame::{Frame, Holding, LINK_VERSION, Reach, Refusal};
use crate::id::{EnvelopeId, SessionId, Slot, TransportKey};
use crate::key::ParticipantKey;
use crate::link::{Link, LinkPath};
use crate::message::{Envelope, Message};
use crate::session::{Accepted, Session};
use crate::time::Now;
use crate::wallet::Wallet;

/// Why a frame is refused, and what can be said of whose it was.
struct Refused {
    slot: Option<Slot>,
    /// Who signed it, once that is proven.
    author: Option<ParticipantKey>,
    envelope: Option<EnvelopeId>,
    kind: PeerFault,
}

impl From<PeerFault> for Refused {
    fn from(kind: PeerFault) -> Self {
        Self { slot: None, author: None, envelope: None, kind }
    }
}

impl Node {
    /// Greets the peer: who we are, what we hold.
    pub(super) fn link_up(&mut self, peer: TransportKey, path: LinkPath, now: Now) {
        let had_lost = self.has_lost();
        let Some(link) = self.links.get_mut(&peer) else {
            self.effects.push_back(Effect::Exclude(peer));
            return;
        };
        // On a connection before this one, and with it perhaps lost.
        let asked = link.is_asked() && link.is_heard();
        let early = link.up(path);
        self.time_link(peer);
        if had_lost && !self.has_lost() {
            self.ask_neighbours();
        }
        self.greet(peer);
        if let Some(why) = self.links.get(&peer).and_then(Link::refused) {
            self.send(peer, &Frame::Refuse { why, envelope: Vec::new().into() });
        }
        self.send_owed(peer);
        if let Some(have) = early {
            self.greeted(peer, &have, now);
        } else if asked {
            self.send_missing(peer, &[]);
            self.ping(peer, now);
        }
        self.tell_link(peer);
    }

    /// Says hello to everybody who is connected: our card is new.
    pub(super) fn greet_all(&mut self) {
        let up: Vec<TransportKey> =
            self.links.iter().filter(|(_, link)| link.is_up()).map(|(peer, _)| *peer).collect();
        up.into_iter().for_each(|peer| self.greet(peer));
    }

    fn greet(&mut self, peer: TransportKey) {
        let Some(card) = self.cards.get(&self.me) else { return };
        let card = card.as_bytes().to_vec().into();
        let have = self.holdings(&peer);
        self.send(peer, &Frame::Hello { version: LINK_VERSION, card, have, lost: self.has_lost() });
    }

    /// Asks the remaining neighbours what we may now miss.
    pub(super) fn link_down(&mut self, peer: TransportKey, now: Now) {
        let Some(link) = self.links.get_mut(&peer).filter(|link| link.is_up()) else { return };
        link.down(&mut self.dice, now);
        self.time_link(peer);
        self.tell_link(peer);
        self.ask_neighbours();
    }

    /// Takes a frame; a refused one is answered with the reason. Of a muted peer only hellos and cards are read:
    /// a card may show that it was right. Of frames that are too many the first is answered; once there is room again, what they
    /// held is asked for.
    pub(super) fn frame_arrived(&mut self, peer: TransportKey, bytes: &[u8], now: Now) -> Result<(), Fault> {
        if let Some(link) = self.links.get_mut(&peer) {
            if link.is_muted() && !Frame::introduces(bytes) {
                return Ok(());
            }
            let admitted = link.admits(now);
            match (admitted, link.choke(!admitted)) {
                (true, false) => {}
                (true, true) => {
                    self.ask_for_missing(peer);
                    self.ping(peer, now);
                }
                (false, true) => return self.refused(peer, PeerFault::TooMany("frames").into()),
                (false, false) => return Ok(()),
            }
        }
        let result = match Frame::parse(bytes) {
            Ok(frame) => self.take_frame(peer, frame, now),
            Err(kind) => {
                if let (PeerFault::UnknownVersion { .. }, Some(link)) = (kind, self.links.get_mut(&peer)) {
                    link.incompatible();
                    self.tell_link(peer);
                }
                Err(kind.into())
            }
        };
        let result = result.or_else(|refused| self.refused(peer, refused));
        self.time_link(peer);
        result
    }

    fn refused(&mut self, peer: TransportKey, refused: Refused) -> Result<(), Fault> {
        let Refused { slot, kind, .. } = refused;
        self.refuse(peer, refused);
        Err(Fault::Peer { peer, slot, kind })
    }

    /// Answers a refused frame, tells the user, and counts it against the peer if it is the peer's own fault: not
    /// what another has signed.
    fn refuse(&mut self, peer: TransportKey, refused: Refused) {
        let Refused { slot, author, envelope, kind } = refused;
        let envelope = envelope.map(|id| id.0.to_vec()).unwrap_or_default().into();
        let why = Refusal::from(kind);
        self.links.entry(peer).and_modify(|link| link.refuses(why));
        self.send(peer, &Frame::Refuse { why, envelope });
        self.effects.push_back(Effect::Tell(Event::Refused(RefusedEvent { peer, slot, fault: kind })));
        if let Some(link) = self.links.get_mut(&peer)
            && kind.is_invalid()
            && author.is_none_or(|author| author == link.participant)
        {
            link.offend();
            if link.is_muted() {
                self.tell_link(peer);
            }
        }
    }

    fn take_frame(&mut self, peer: TransportKey, frame: Frame, now: Now) -> Result<(), Refused> {
        let link = self.links.get_mut(&peer).ok_or(PeerFault::Stranger)?;
        let greets = matches!(frame, Frame::Hello { .. } | Frame::Refuse { .. });
        if !greets && !link.is_heard() {
            return Err(PeerFault::NoHello.into());
        }
        match frame {
            Frame::Hello { card, have, lost, .. } => Ok(self.take_hello(peer, &card, &have, lost, now)?),
            Frame::Have { have, lost } => {
                if !link.admits_have(now) {
                    return Err(PeerFault::TooMany("lists of what is held").into());
                }
                link.knows_nothing();
                link.set_lost(lost);
                self.send_missing(peer, &have);
                Ok(())
            }
            Frame::Envelope { reach, envelope } => self.take_envelope(peer, reach, &envelope, now),
            Frame::Ping { challenge } => {
                self.send(peer, &Frame::pong(&self.secret, &peer, challenge, now.wall));
                self.exchanged(peer, now);
                Ok(())
            }
            Frame::Pong { challenge, wall, signature } => {
                if link.awaits(&challenge) {
                    if !link.pong((&self.secret.public(), &peer), challenge, wall, &signature, now) {
                        return Err(PeerFault::BadSignature.into());
                    }
                    let ahead = link.clock_ahead_ms();
                    let changes = ahead.is_some_and(|ahead| self.clock.confirm(peer, ahead));
                    self.tell_link(peer);
                    if changes {
                        self.clock_changed(now);
                    }
                    self.exchanged(peer, now);
                }
                Ok(())
            }
            Frame::Refuse { why, envelope } => {
                if why == Refusal::Version && !link.is_heard() {
                    link.incompatible();
                    self.tell_link(peer);
                }
                self.effects.push_back(Effect::Tell(Event::RefusedByPeer(RefusedByPeer { peer, why })));
                if why == Refusal::NotYours && !envelope.is_empty() {
                    self.vouch(peer, &envelope);
                }
                Ok(())
            }
            Frame::Card { card } => Ok(self.take_card(peer, &card, now)?),
            Frame::Evidence { evidence } => Ok(self.take_evidence(peer, &evidence, now)?),
            Frame::Presence { presence } => {
                if !presence.is_signed_by(&peer) {
                    return Err(PeerFault::BadSignature.into());
                }
                if link.take_presence(presence, now) {
                    self.tell_link(peer);
                }
                Ok(())
            }
        }
    }

    /// Takes another participant's card. If it is newer than the one we hold, the peer was right where we refused.
    fn take_card(&mut self, peer: TransportKey, card: &[u8], now: Now) -> Result<(), PeerFault> {
        let card = Card::parse(card)?;
        card.check_date(now.wall)?;
        let participant = card.statement().participant;
        let link = self.links.get(&peer).ok_or(PeerFault::Stranger)?;
        let shared = |wallet: &Arc<Wallet>| {
            wallet.slot_of(&participant).is_some() && wallet.slot_of(&link.participant).is_some()
        };
        let of_another = participant != self.me && participant != link.participant;
        if !of_another || !self.wallets.values().any(shared) {
            return Ok(());
        }
        if self.take_newer_card(card, now)
            && let Some(link) = self.links.get_mut(&peer)
        {
            link.unmute();
            self.ask_for_missing(peer);
        }
        Ok(())
    }

    /// Takes evidence against a participant of a session that we know.
    fn take_evidence(&mut self, peer: TransportKey, bytes: &[u8], now: Now) -> Result<(), PeerFault> {
        let evidence = Evidence::parse(bytes).map_err(|_| PeerFault::Malformed { what: "evidence" })?;
        let Some(accusation) = evidence.accusation() else { return Err(PeerFault::FalseAccusation) };
        let Some(session) = self.sessions.get(&accusation.session) else { return Ok(()) };
        let link = self.links.get_mut(&peer).ok_or(PeerFault::Stranger)?;
        let held = self.cards.get(&accusation.participant);
        if held.is_some_and(|held| !evidence.is_by_phone(&held.statement().transport)) {
            // The words of a phone that speaks for the accused no more: whoever has stolen it could say anything.
            return Ok(());
        }
        if !evidence.is_of(session.wallet()) || session.wallet().slot_of(&link.participant).is_none() {
            return Err(PeerFault::UnknownWallet(accusation.wallet));
        }
        link.shows(EnvelopeId::of(&evidence::hash(bytes)));
        let id = session.id();
        if !session.is_convicted(&accusation) {
            let verdict = evidence.verify().map_err(|_| PeerFault::FalseAccusation)?;
            self.step(id, now, |session, cx| session.convict(verdict, bytes.into(), cx));
        }
        self.correct(peer, id);
        Ok(())
    }

    /// Notes that the peer has sent all that we lack: it does so before it pings.
    fn exchanged(&mut self, peer: TransportKey, now: Now) {
        let Some(link) = self.links.get(&peer) else { return };
        let participant = link.participant;
        let alone: Vec<SessionId> = self
            .open_sessions()
            .filter(|session| session.is_alone() && session.wallet().slot_of(&participant).is_some())
            .map(Session::id)
            .collect();
        for id in alone {
            self.step(id, now, |session, cx| session.exchanged(cx));
        }
    }

    fn take_hello(
        &mut self,
        peer: TransportKey,
        card: &[u8],
        have: &[Holding],
        lost: bool,
        now: Now,
    ) -> Result<(), PeerFault> {
        let card = Card::parse(card)?;
        card.check_date(now.wall)?;
        let link = self.links.get_mut(&peer).ok_or(PeerFault::Stranger)?;
        if card.statement().transport != peer || card.statement().participant != link.participant {
            return Err(PeerFault::BadCard);
        }
        let again = link.hello(have);
        link.set_lost(lost);
        let up = link.is_up();
        self.time_link(peer);
        self.take_newer_card(card, now);
        if up {
            self.greeted(peer, have, now);
        }
        if again {
            self.ask_for_missing(peer);
        }
        Ok(())
    }

    /// Both sides have said hello: send what the other lacks, then a ping, which says that this was all.
    fn greeted(&mut self, peer: TransportKey, have: &[Holding], now: Now) {
        self.send_missing(peer, have);
        self.ping(peer, now);
        self.greet_with_presence(peer, now);
        self.time_link(peer);
        self.tell_link(peer);
    }

    fn take_envelope(
        &mut self,
        peer: TransportKey,
        reach: Reach,
        bytes: &[u8],
        now: Now,
    ) -> Result<(), Refused> {
        let envelope = Envelope::parse(bytes)?;
        let id = envelope.id();
        let nobody = |kind| Refused { slot: None, author: None, envelope: Some(id), kind };
        let body = envelope.body();
        let link = self.links.get_mut(&peer).ok_or(nobody(PeerFault::Stranger))?;
        let unknown = PeerFault::UnknownWallet(body.wallet);
        let wallet = Arc::clone(self.wallets.get(&body.wallet).ok_or(nobody(unknown))?);
        if wallet.slot_of(&link.participant).is_none() {
            return Err(nobody(unknown));
        }
        let author = wallet.key(body.slot).ok_or(nobody(PeerFault::WrongSlot(body.slot)))?;
        let card = self.cards.get(author).ok_or(nobody(PeerFault::UnknownAuthor))?;
        if !envelope.is_signed_by(&card.statement().transport) {
            // An honest bearer may hold another card of its author than we.
            let author = Some(*author);
            return Err(Refused { slot: None, author, envelope: Some(id), kind: PeerFault::BadSignature });
        }
        link.knows(envelope.id());
        let (slot, author) = (Some(body.slot), Some(*author));
        let taken = self.take_verified(peer, reach, envelope, &wallet, now);
        taken.map_err(|kind| Refused { slot, author, envelope: Some(id), kind })
    }

    /// Takes an envelope whose author is proven.
    fn take_verified(
        &mut self,
        peer: TransportKey,
        reach: Reach,
        envelope: Envelope,
        wallet: &Arc<Wallet>,
        now: Now,
    ) -> Result<(), PeerFault> {
        let id = envelope.body().session;
        match (self.sessions.get(&id), &envelope.body().message) {
            (Some(session), _) if session.wallet().id() != wallet.id() => {
                Err(PeerFault::UnknownWallet(wallet.id()))
            }
            (Some(session), message)
                if session.outcome().is_some() && !matches!(message, Message::Complete { .. }) =>
            {
                if matches!(message, Message::Decline { .. } | Message::Cancel) {
                    self.correct(peer, id);
                } else {
                    self.send_end(peer, id);
                }
                Ok(())
            }
            (Some(_), _) => {
                let accepted = self.step(id, now, |session, cx| session.accept(&envelope, cx));
                let is_new = accepted.unwrap_or(Ok(Accepted::Known))? == Accepted::New;
                // What comes again with a reach is to go to whomever that leaves out.
                if is_new || reach != Reach::default() {
                    let completes = matches!(envelope.body().message, Message::Complete { .. });
                    let asked_for = self.sessions.get(&id).is_some_and(Session::is_asked_for);
                    let reach = if completes && asked_for { Reach::default() } else { reach };
                    self.forward(peer, reach, &envelope, wallet);
                }
                Ok(())
            }
            (None, Message::Propose { .. }) => self.take_proposal(peer, reach, &envelope, wallet, now),
            (None, _) => {
                let early = self.early.entry(wallet.id()).or_default();
                early.push(Waiting { envelope, from: peer, reach });
                Ok(())
            }
        }
    }

    fn take_proposal(
        &mut self,
        peer: TransportKey,
        reach: Reach,
        envelope: &Envelope,
        wallet: &Arc<Wallet>,
        now: Now,
    ) -> Result<(), PeerFault> {
        let body = envelope.body();
        let Message::Propose { terms, .. } = &body.message else { return Ok(()) };
        if terms.wallet != body.wallet || terms.proposer != body.slot || terms.session_id() != body.session {
            return Err(PeerFault::BadProposal("its terms are of another session"));
        }
        let me = wallet.slot_of(&self.me).ok_or(PeerFault::UnknownWallet(body.wallet))?;
        self.make_room(wallet.id(), body.slot, now).map_err(PeerFault::TooMany)?;
        if self.forgotten.contains(&body.session) {
            return Err(PeerFault::Late);
        }
        let session = Session::open(terms.clone(), Arc::clone(wallet), me, now)?;
        let id = session.id();
        self.sessions.insert(id, session);
        let accepted = self.step(id, now, |session, cx| session.accept(envelope, cx));
        if let Some(Err(fault)) = accepted {
            self.sessions.remove(&id);
            self.time_session(id);
            return Err(fault);
        }
        self.forward(peer, reach, envelope, wallet);
        let (waiting, dropped) = self.early.entry(wallet.id()).or_default().take(id);
        for Waiting { envelope, from, reach } in waiting {
            let (slot, id) = (envelope.body().slot, Some(envelope.id()));
            if let Err(kind) = self.take_verified(from, reach, envelope, wallet, now) {
                let author = wallet.key(slot).copied();
                self.refuse(from, Refused { slot: Some(slot), author, envelope: id, kind });
            }
        }
        if dropped {
            self.ask_neighbours();
        }
        Ok(())
    }
}
