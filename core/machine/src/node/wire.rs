//! Frames in and out: hello, the exchange of what each side has, envelopes and pings.

use std::sync::Arc;

use super::Node;
use super::early::Waiting;
use crate::card::Card;
use crate::effect::{Effect, Event, RefusedByPeer, RefusedEvent};
use crate::fault::{Fault, PeerFault};
use crate::frame::{Frame, Holding, LINK_VERSION, Reach, Refusal};
use crate::id::{EnvelopeId, Slot, TransportKey};
use crate::limits::{MAX_HAVE_BYTES, MAX_OPEN_SESSIONS};
use crate::link::{Link, LinkPath};
use crate::message::{Envelope, Message};
use crate::session::{Accepted, Context, Session};
use crate::time::Now;
use crate::wallet::Wallet;

/// Why a frame is refused, and what can be said of whose it was.
struct Refused {
    slot: Option<Slot>,
    envelope: Option<EnvelopeId>,
    kind: PeerFault,
}

impl From<PeerFault> for Refused {
    fn from(kind: PeerFault) -> Self {
        Self { slot: None, envelope: None, kind }
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
        let early = link.up(path);
        if had_lost && !self.has_lost() {
            self.ask_neighbours();
        }
        self.greet(peer);
        if let Some(have) = early {
            self.greeted(peer, &have, now);
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
        self.tell_link(peer);
        self.ask_neighbours();
    }

    /// Takes a frame; a refused one is answered with the reason.
    pub(super) fn frame_arrived(&mut self, peer: TransportKey, bytes: &[u8], now: Now) -> Result<(), Fault> {
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
        let Err(Refused { slot, envelope, kind }) = result else { return Ok(()) };
        let envelope = envelope.map(|id| id.0.to_vec()).unwrap_or_default().into();
        self.send(peer, &Frame::Refuse { why: kind.into(), envelope });
        self.effects.push_back(Effect::Tell(Event::Refused(RefusedEvent { peer, slot, fault: kind })));
        Err(Fault::Peer { peer, slot, kind })
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
                link.knows_nothing();
                link.set_lost(lost);
                self.send_missing(peer, &have, now);
                Ok(())
            }
            Frame::Envelope { reach, envelope } => self.take_envelope(peer, reach, &envelope, now),
            Frame::Ping { challenge } => {
                self.send(peer, &Frame::pong(&self.secret, &peer, challenge, now.wall));
                Ok(())
            }
            Frame::Pong { challenge, wall, signature } => {
                if link.awaits(&challenge) {
                    if !link.pong((&self.secret.public(), &peer), challenge, wall, &signature, now) {
                        return Err(PeerFault::BadSignature.into());
                    }
                    self.tell_link(peer);
                }
                Ok(())
            }
            Frame::Refuse { why, envelope: _ } => {
                if why == Refusal::Version && !link.is_heard() {
                    link.incompatible();
                    self.tell_link(peer);
                }
                self.effects.push_back(Effect::Tell(Event::RefusedByPeer(RefusedByPeer { peer, why })));
                Ok(())
            }
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
        self.keep_card(card, now);
        if up {
            self.greeted(peer, have, now);
        }
        if again {
            self.ask_for_missing(peer);
        }
        Ok(())
    }

    /// Both sides have said hello: send what the other lacks and measure the link.
    fn greeted(&mut self, peer: TransportKey, have: &[Holding], now: Now) {
        self.send_missing(peer, have, now);
        if let Some(link) = self.links.get_mut(&peer) {
            let ping = link.ping(&mut self.dice, now);
            self.send(peer, &ping);
        }
        self.tell_link(peer);
    }

    /// Sends what `peer` lacks of the sessions that we share: everything of open ones, and of those that have
    /// ended for us but not for it, the notice.
    fn send_missing(&mut self, peer: TransportKey, have: &[Holding], now: Now) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        have.iter().flat_map(Holding::ids).for_each(|id| {
            link.knows(id);
        });
        let participant = link.participant;
        let shared: Vec<&Session> = self
            .sessions
            .values()
            .filter(|session| session.wallet().slot_of(&participant).is_some())
            .collect();
        let mut said = Vec::new();
        let cx = Context { now, secret: &self.secret, said: &mut said };
        let mut missing = Vec::new();
        for session in shared {
            if session.outcome().is_none() {
                missing.extend(session.envelopes());
            } else if have.iter().any(|holding| holding.session == session.id()) {
                missing.extend(session.notice(&cx));
            }
        }
        for envelope in missing {
            self.send_envelope(peer, envelope.id(), &carry(Reach::default(), &envelope));
        }
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
        let refused = |slot, kind| Refused { slot, envelope: Some(id), kind };
        let nobody = |kind| refused(None, kind);
        let body = envelope.body();
        let link = self.links.get_mut(&peer).ok_or(nobody(PeerFault::Stranger))?;
        let unknown = PeerFault::UnknownWallet(body.wallet);
        let wallet = Arc::clone(self.wallets.get(&body.wallet).ok_or(nobody(unknown))?);
        if wallet.slot_of(&link.participant).is_none() {
            return Err(nobody(unknown));
        }
        let author = wallet.key(body.slot).ok_or(nobody(PeerFault::WrongSlot(body.slot)))?;
        let card = self.cards.get(author).ok_or(nobody(PeerFault::BadSignature))?;
        if !envelope.is_signed_by(&card.statement().transport) {
            return Err(nobody(PeerFault::BadSignature));
        }
        link.knows(envelope.id());
        let slot = body.slot;
        self.take_verified(peer, reach, envelope, &wallet, now).map_err(|kind| refused(Some(slot), kind))
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
            (Some(session), message) if session.outcome().is_some() => {
                let asks =
                    !matches!(message, Message::Complete { .. } | Message::Decline { .. } | Message::Cancel);
                let mut said = Vec::new();
                let notice = session.notice(&Context { now, secret: &self.secret, said: &mut said });
                if let Some(notice) = notice.filter(|_| asks) {
                    self.send_envelope(peer, notice.id(), &carry(Reach::default(), &notice));
                }
                Ok(())
            }
            (Some(_), _) => {
                let accepted = self.step(id, now, |session, cx| session.accept(&envelope, cx));
                if accepted.unwrap_or(Ok(Accepted::Known))? == Accepted::New {
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
        if me == body.slot {
            return Err(PeerFault::WrongSlot(me));
        }
        if self.open_sessions(wallet.id()) >= MAX_OPEN_SESSIONS {
            return Err(PeerFault::TooMany("open sessions"));
        }
        let mut session = Session::open(terms.clone(), Arc::clone(wallet), me, now)?;
        let mut said = Vec::new();
        session.accept(envelope, &mut Context { now, secret: &self.secret, said: &mut said })?;
        let id = session.id();
        self.sessions.insert(id, session);
        self.carry_out(id, said);
        self.forward(peer, reach, envelope, wallet);
        let (waiting, dropped) = self.early.entry(wallet.id()).or_default().take(id);
        for Waiting { envelope, from, reach } in waiting {
            if let Err(fault) = self.take_verified(from, reach, envelope, wallet, now) {
                let slot = None;
                self.effects.push_back(Effect::Tell(Event::Refused(RefusedEvent {
                    peer: from,
                    slot,
                    fault,
                })));
            }
        }
        if dropped {
            self.ask_neighbours();
        }
        Ok(())
    }

    /// Sends our own envelope to every participant that is linked.
    pub(super) fn publish(&mut self, envelope: &Envelope) {
        let Some(wallet) = self.wallets.get(&envelope.body().wallet).map(Arc::clone) else { return };
        self.spread(Reach::default(), envelope, &wallet, None);
    }

    /// Sends another's envelope to the linked participants whom it does not reach otherwise. Who has lost a link
    /// is reached by nobody for certain.
    fn forward(&mut self, from: TransportKey, reach: Reach, envelope: &Envelope, wallet: &Wallet) {
        self.spread(reach, envelope, wallet, Some(from));
    }

    fn spread(&mut self, mut reach: Reach, envelope: &Envelope, wallet: &Wallet, from: Option<TransportKey>) {
        let author = envelope.body().slot.index();
        reach.add(author);
        reach.add(wallet.slot_of(&self.me).map_or(0, Slot::index));
        let linked: Vec<(TransportKey, usize)> = self
            .links
            .iter()
            .filter(|(peer, link)| link.is_up() && link.is_heard() && Some(**peer) != from)
            .filter_map(|(peer, link)| Some((*peer, link, wallet.slot_of(&link.participant)?.index())))
            .filter(|(_, link, slot)| !reach.covers(*slot) || link.has_lost() && *slot != author)
            .map(|(peer, _, slot)| (peer, slot))
            .collect();
        linked.iter().for_each(|(_, slot)| reach.add(*slot));
        let frame = carry(reach, envelope);
        for (peer, _) in linked {
            self.send_envelope(peer, envelope.id(), &frame);
        }
    }

    /// Sends a frame that carries an envelope, unless the peer is known to hold it.
    fn send_envelope(&mut self, peer: TransportKey, id: EnvelopeId, frame: &Arc<[u8]>) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.is_up() && link.knows(id) {
            self.effects.push_back(Effect::Send { peer, frame: Arc::clone(frame) });
        }
    }

    /// Tells every neighbour what we hold, so that it sends what we lack.
    fn ask_neighbours(&mut self) {
        let linked: Vec<TransportKey> = self
            .links
            .iter()
            .filter(|(_, link)| link.is_up() && link.is_heard())
            .map(|(peer, _)| *peer)
            .collect();
        linked.into_iter().for_each(|peer| self.ask_for_missing(peer));
    }

    fn ask_for_missing(&mut self, peer: TransportKey) {
        let (have, lost) = (self.holdings(&peer), self.has_lost());
        self.send(peer, &Frame::Have { have, lost });
    }

    /// Returns whether a link that we had is down.
    fn has_lost(&self) -> bool {
        self.links.values().any(Link::is_lost)
    }

    /// Lists what we hold of the open sessions that we share with `peer`, as far as it fits into a frame.
    fn holdings(&self, peer: &TransportKey) -> Vec<Holding> {
        let Some(link) = self.links.get(peer) else { return Vec::new() };
        let mut room = MAX_HAVE_BYTES;
        self.sessions
            .values()
            .filter(|session| session.outcome().is_none())
            .filter(|session| session.wallet().slot_of(&link.participant).is_some())
            .map(|session| Holding::new(session.id(), session.envelopes().iter().map(Envelope::id)))
            .take_while(|holding| {
                let fits = holding.weight() <= room;
                room = room.saturating_sub(holding.weight());
                fits
            })
            .collect()
    }

    fn send(&mut self, peer: TransportKey, frame: &Frame) {
        if self.links.get(&peer).is_some_and(|link| link.is_up()) {
            self.effects.push_back(Effect::Send { peer, frame: frame.to_bytes() });
        }
    }
}

/// Makes the frame that carries an envelope.
fn carry(reach: Reach, envelope: &Envelope) -> Arc<[u8]> {
    Frame::Envelope { reach, envelope: envelope.bytes().to_vec().into() }.to_bytes()
}
