//! What goes out: our envelopes, others' forwarded, and whatever a neighbour lacks.

use std::sync::Arc;

use super::Node;
use crate::effect::Effect;
use crate::evidence;
use crate::frame::{Frame, Holding, Reach};
use crate::id::{EnvelopeId, SessionId, Slot, TransportKey};
use crate::key::ParticipantKey;
use crate::limits::{MAX_ENVELOPE_BYTES, MAX_HAVE_BYTES};
use crate::link::Link;
use crate::message::Envelope;
use crate::record::Outcome;
use crate::session::Session;
use crate::time::Now;
use crate::wallet::Wallet;

impl Node {
    /// Sends what `peer` lacks of the sessions that we share: everything of open ones, and of those that have
    /// ended for us but not for it, how.
    pub(super) fn send_missing(&mut self, peer: TransportKey, have: &[Holding]) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        have.iter().flat_map(Holding::ids).for_each(|id| {
            link.knows(id);
        });
        let participant = link.participant;
        let shared =
            self.sessions.values().filter(|session| session.wallet().slot_of(&participant).is_some());
        let (open, ended): (Vec<&Session>, Vec<&Session>) =
            shared.partition(|session| session.outcome().is_none());
        let asked = |session: &&&Session| have.iter().any(|holding| holding.session == session.id());
        let id = |session: &&Session| session.id();
        let asked_for: Vec<SessionId> = open.iter().chain(ended.iter()).filter(asked).map(id).collect();
        let ended: Vec<SessionId> = ended.iter().filter(asked).map(id).collect();
        let ids: Vec<SessionId> = open.iter().map(id).collect();
        let held = open.iter().flat_map(|session| session.envelopes());
        let missing: Vec<_> = held
            .filter(|envelope| !self.links.get(&peer).is_some_and(|link| link.is_known(&envelope.id())))
            .map(|envelope| (envelope.id(), carry(Reach::default(), envelope)))
            .collect();
        for (id, frame) in missing {
            self.send_envelope(peer, id, &frame);
        }
        for id in asked_for {
            self.sessions.entry(id).and_modify(Session::note_asker);
        }
        ids.into_iter().for_each(|id| self.send_evidence(peer, id));
        ended.into_iter().for_each(|id| self.send_end(peer, id));
    }

    /// Sends what we have said ourselves while the peer could not be reached: it need not say first what it holds.
    pub(super) fn send_owed(&mut self, peer: TransportKey) {
        let Some(owed) = self.links.get_mut(&peer).map(Link::take_owed).filter(|owed| !owed.is_empty())
        else {
            return;
        };
        let open = self.sessions.values().filter(|session| session.outcome().is_none());
        let held = open.flat_map(Session::envelopes).filter(|held| owed.contains(&held.id()));
        let frames: Vec<_> = held.map(|held| (held.id(), carry(Reach::default(), held))).collect();
        for (id, frame) in frames {
            self.send_envelope(peer, id, &frame);
        }
    }

    /// Tells the peer how a session ended: the signed notice, or what proves a participant guilty.
    pub(super) fn send_end(&mut self, peer: TransportKey, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if let Some(notice) = session.notice(&self.secret) {
            self.send_envelope(peer, notice.id(), &carry(Reach::default(), &notice));
        }
        self.send_evidence(peer, id);
    }

    /// Tells a peer that shows another end that the session is completed.
    pub(super) fn correct(&mut self, peer: TransportKey, id: SessionId) {
        let end = self.sessions.get(&id).and_then(Session::outcome);
        if matches!(end, Some(Outcome::Completed { .. })) {
            self.send_end(peer, id);
        }
    }

    /// Sends the evidence that we hold in a session, as far as each piece fits into a frame. The envelopes that it
    /// was made from went round in any case.
    fn send_evidence(&mut self, peer: TransportKey, id: SessionId) {
        let convictions = self.sessions.get(&id).map(Session::convictions).unwrap_or_default();
        let pieces: Vec<_> = convictions.iter().map(|conviction| Arc::clone(&conviction.evidence)).collect();
        for evidence in pieces {
            self.send_piece(peer, &evidence);
        }
    }

    fn send_piece(&mut self, peer: TransportKey, evidence: &Arc<[u8]>) {
        let id = EnvelopeId::of(&evidence::hash(evidence));
        let news = self.links.get_mut(&peer).is_some_and(|link| link.is_up() && link.shows(id));
        if news && evidence.len() <= MAX_ENVELOPE_BYTES {
            self.send(peer, &Frame::Evidence { evidence: evidence.to_vec().into() });
        }
    }

    /// Sends new evidence to every linked participant of the session.
    pub(super) fn accuse(&mut self, id: SessionId, evidence: &Arc<[u8]>) {
        let Some(wallet) = self.sessions.get(&id).map(|session| Arc::clone(session.wallet())) else { return };
        for peer in self.neighbours(|link| wallet.slot_of(&link.participant).is_some()) {
            self.send_piece(peer, evidence);
        }
    }

    /// Sends a participant's new card to the neighbours that share a wallet with it.
    pub(super) fn gossip_card(&mut self, participant: &ParticipantKey) {
        let wallets: Vec<Arc<Wallet>> =
            self.wallets.values().filter(|wallet| wallet.slot_of(participant).is_some()).cloned().collect();
        let shares = |link: &Link| {
            link.participant != *participant
                && wallets.iter().any(|wallet| wallet.slot_of(&link.participant).is_some())
        };
        for peer in self.neighbours(shares) {
            self.send_card(peer, participant);
        }
    }

    /// Answers a refused envelope with the card of its author, once, and with the envelope again: the peer may hold an
    /// older card.
    pub(super) fn vouch(&mut self, peer: TransportKey, refused: &[u8]) {
        let found = self.sessions.values().flat_map(Session::envelopes).find(|held| held.id().0 == *refused);
        let Some(envelope) = found else { return };
        let (id, frame) = (envelope.id(), carry(Reach::default(), envelope));
        let body = envelope.body();
        let (Some(wallet), Some(link)) = (self.wallets.get(&body.wallet), self.links.get_mut(&peer)) else {
            return;
        };
        let author = wallet.key(body.slot).filter(|_| wallet.slot_of(&link.participant).is_some()).copied();
        if let Some(author) = author
            && author != self.me
            && link.vouches(author)
        {
            link.lacks(&id);
            self.send_card(peer, &author);
            self.send_envelope(peer, id, &frame);
        }
    }

    fn send_card(&mut self, peer: TransportKey, participant: &ParticipantKey) {
        if let Some(card) = self.cards.get(participant) {
            let card = card.as_bytes().to_vec().into();
            self.send(peer, &Frame::Card { card });
        }
    }

    /// Sends our own envelope to every participant that is linked; whoever is not gets it with our next hello.
    pub(super) fn publish(&mut self, envelope: &Envelope) {
        let Some(wallet) = self.wallets.get(&envelope.body().wallet).map(Arc::clone) else { return };
        let absent = self.links.values_mut().filter(|link| !link.is_heard() || !link.is_up());
        absent
            .filter(|link| wallet.slot_of(&link.participant).is_some())
            .for_each(|link| link.owe(envelope.id()));
        self.spread(Reach::default(), envelope, &wallet, None);
    }

    /// Sends another's envelope to the linked participants whom it does not reach otherwise. Who has lost a link
    /// is reached by nobody for certain.
    pub(super) fn forward(&mut self, from: TransportKey, reach: Reach, envelope: &Envelope, wallet: &Wallet) {
        self.spread(reach, envelope, wallet, Some(from));
    }

    fn spread(&mut self, mut reach: Reach, envelope: &Envelope, wallet: &Wallet, from: Option<TransportKey>) {
        let author = envelope.body().slot.index();
        reach.add(author);
        reach.add(wallet.slot_of(&self.me).map_or(0, Slot::index));
        let all_covered = wallet.slots().all(|slot| reach.covers(slot.index()));
        if all_covered && !self.links.values().any(Link::has_lost) {
            return;
        }
        let linked: Vec<(TransportKey, usize)> = self
            .links
            .iter()
            .filter(|(peer, link)| link.is_up() && link.is_heard() && Some(**peer) != from)
            .filter_map(|(peer, link)| Some((*peer, link, wallet.slot_of(&link.participant)?.index())))
            .filter(|(_, link, slot)| !reach.covers(*slot) || link.has_lost() && *slot != author)
            .map(|(peer, _, slot)| (peer, slot))
            .collect();
        if linked.is_empty() {
            return;
        }
        linked.iter().for_each(|(_, slot)| reach.add(*slot));
        let frame = carry(reach, envelope);
        for (peer, _) in linked {
            self.send_envelope(peer, envelope.id(), &frame);
        }
    }

    /// Sends what we have said ourselves in open sessions to the other neighbours once more: it may not have come to `peer`, whom we
    /// reach no longer and they may.
    pub(super) fn go_round(&mut self, peer: TransportKey) {
        let Some(participant) = self.links.get(&peer).map(|link| link.participant) else { return };
        let open = self.sessions.values().filter(|session| session.outcome().is_none());
        let own: Vec<(Arc<Wallet>, Envelope)> = open
            .filter(|session| session.wallet().slot_of(&participant).is_some())
            .flat_map(|session| session.envelopes().map(|held| (Arc::clone(session.wallet()), held.clone())))
            .filter(|(wallet, held)| wallet.slot_of(&self.me) == Some(held.body().slot))
            .collect();
        for (wallet, envelope) in own {
            let mut reach = Reach::default();
            reach.add(envelope.body().slot.index());
            let linked = self.neighbours(|link| wallet.slot_of(&link.participant).is_some());
            for link in linked.iter().filter_map(|peer| self.links.get(peer)) {
                wallet.slot_of(&link.participant).into_iter().for_each(|slot| reach.add(slot.index()));
            }
            let frame = carry(reach, &envelope);
            for peer in linked {
                self.links.entry(peer).and_modify(|link| link.lacks(&envelope.id()));
                self.send_envelope(peer, envelope.id(), &frame);
            }
        }
    }

    /// Sends a frame that carries an envelope, unless the peer is known to hold it.
    pub(super) fn send_envelope(&mut self, peer: TransportKey, id: EnvelopeId, frame: &Arc<[u8]>) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.is_up() && link.knows(id) {
            self.effects.push_back(Effect::Send { peer, frame: Arc::clone(frame) });
            self.doubt(peer);
        }
    }

    /// Waits for something to come over a link on which we have just sent an envelope: it may be lost. If nothing has come for long
    /// already, asks at once.
    fn doubt(&mut self, peer: TransportKey) {
        let Some(seen) = self.clock.last_look() else { return };
        let Some(link) = self.links.get_mut(&peer) else { return };
        link.sent(seen.boot);
        if link.is_quiet(seen.boot) {
            self.ping(peer, Now { wall: seen.wall, boot: seen.boot });
        } else {
            self.time_link(peer);
        }
    }

    /// Tells every neighbour what we hold, so that it sends what we lack.
    pub(super) fn ask_neighbours(&mut self) {
        self.neighbours(|_| true).into_iter().for_each(|peer| self.ask_for_missing(peer));
    }

    /// Pings every neighbour.
    pub(super) fn ping_all(&mut self, now: Now) {
        self.neighbours(|_| true).into_iter().for_each(|peer| self.ping(peer, now));
    }

    pub(super) fn ping(&mut self, peer: TransportKey, now: Now) {
        if let Some(link) = self.links.get_mut(&peer) {
            let ping = link.ping(&mut self.dice, now);
            self.send(peer, &ping);
            self.time_link(peer);
        }
    }

    /// Returns the peers of this kind whose links are up.
    pub(super) fn neighbours(&self, kind: impl Fn(&Link) -> bool) -> Vec<TransportKey> {
        let up = |link: &Link| link.is_up() && link.is_heard() && kind(link);
        self.links.iter().filter(|(_, link)| up(link)).map(|(peer, _)| *peer).collect()
    }

    pub(super) fn ask_for_missing(&mut self, peer: TransportKey) {
        let (have, lost) = (self.holdings(&peer), self.has_lost());
        self.send(peer, &Frame::Have { have, lost });
    }

    /// Returns whether a link that we had is down.
    pub(super) fn has_lost(&self) -> bool {
        self.links.values().any(Link::is_lost)
    }

    /// Lists what we hold of the sessions that we share with `peer` and of which it may know more, as far as that fits
    /// into a frame.
    pub(super) fn holdings(&self, peer: &TransportKey) -> Vec<Holding> {
        let Some(link) = self.links.get(peer) else { return Vec::new() };
        let mut room = MAX_HAVE_BYTES;
        self.sessions
            .values()
            .filter(|session| session.is_unsure())
            .filter(|session| session.wallet().slot_of(&link.participant).is_some())
            .map(|session| Holding::new(session.id(), session.envelopes().map(Envelope::id)))
            .take_while(|holding| {
                let fits = holding.weight() <= room;
                room = room.saturating_sub(holding.weight());
                fits
            })
            .collect()
    }

    pub(super) fn send(&mut self, peer: TransportKey, frame: &Frame) {
        if self.links.get(&peer).is_some_and(|link| link.is_up()) {
            self.effects.push_back(Effect::Send { peer, frame: frame.to_bytes() });
        }
    }
}

/// Makes the frame that carries an envelope.
fn carry(reach: Reach, envelope: &Envelope) -> Arc<[u8]> {
    Frame::Envelope { reach, envelope: envelope.bytes().to_vec().into() }.to_bytes()
}
