//! What is due when, and what is done then.

use std::collections::BTreeSet;

use super::{Mode, Node, Wake};
use crate::effect::{Effect, Event, PresenceRefreshed};
use crate::frame::Frame;
use crate::id::{SessionId, TransportKey};
use crate::limits::CLOCK_PING_MS;
use crate::link::Link;
use crate::presence::{Here, Presence};
use crate::session::Session;
use crate::time::{BootTime, Now};

impl Node {
    /// Does what is due: ends sessions whose deadline has passed, warns of those that are near, begins attempts, dials whom
    /// it is time to dial.
    pub fn handle_timeout(&mut self, now: Now) {
        self.look_at_clock(now);
        let due: Vec<Wake> = std::iter::from_fn(|| self.deadlines.take_due(now.boot)).collect();
        let mut proceeded = BTreeSet::new();
        for wake in due {
            match wake {
                Wake::Deadline(id) | Wake::Warning(id) | Wake::Session(id) => {
                    if proceeded.insert(id) {
                        self.step(id, now, |session, cx| session.proceed(cx));
                    }
                }
                Wake::Presence => self.refresh_presence(now),
                Wake::Clock => self.ask_time(now),
                Wake::Dial(peer) => self.dial(peer, now),
                Wake::Silence(peer) => self.fell_silent(peer, now),
                Wake::Relay(relay) => self.ask_relay(relay),
                Wake::Move => self.tell_addresses(now),
                Wake::Network => self.restart_network(),
                // Looked at below, whatever the reason.
                Wake::Preflight => {}
            }
        }
        self.look_around(now);
    }

    /// Returns when to call [`Node::handle_timeout`] next, and what for.
    pub fn poll_timeout(&self) -> Option<(BootTime, Wake)> {
        debug_assert_eq!(self.deadlines.first(), self.recounted(), "a moment was not noted");
        self.deadlines.first()
    }

    /// Notes when a session is to be looked at next.
    pub(super) fn time_session(&mut self, id: SessionId) {
        for (wake, at) in self.moments_of(id) {
            self.deadlines.set(wake, at);
        }
    }

    /// Notes when a co-signer is to be dialled next, and whether there is somebody to ask for the time.
    pub(super) fn time_link(&mut self, peer: TransportKey) {
        for (wake, at) in self.moments_with(&peer) {
            self.deadlines.set(wake, at);
        }
        self.time_clock();
    }

    /// Notes when a relay is to be asked next.
    pub(super) fn time_relay(&mut self, relay: TransportKey) {
        self.deadlines.set(Wake::Relay(relay), self.next_relay(&relay));
    }

    /// Notes when everything is due: whether anything is may have changed for all.
    pub(super) fn time_all(&mut self) {
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        sessions.into_iter().for_each(|id| self.time_session(id));
        let peers: Vec<TransportKey> = self.links.keys().copied().collect();
        peers.into_iter().for_each(|peer| self.time_link(peer));
        let relays: Vec<TransportKey> = self.relays.keys().copied().collect();
        relays.into_iter().for_each(|relay| self.time_relay(relay));
        self.time_rest();
    }

    /// Notes when all that is due which is of no session, link or relay.
    pub(super) fn time_rest(&mut self) {
        for (wake, at) in self.other_moments() {
            self.deadlines.set(wake, at);
        }
    }

    fn time_clock(&mut self) {
        self.deadlines.set(Wake::Clock, self.next_question());
    }

    fn moments_of(&self, id: SessionId) -> [(Wake, Option<BootTime>); 3] {
        let session = self.sessions.get(&id).filter(|session| session.outcome().is_none());
        let step = session.and_then(|session| session.next_step(self.clock.is_suspect()));
        [
            (Wake::Deadline(id), session.map(Session::expires)),
            (
                Wake::Warning(id),
                session
                    .and_then(|session| session.next_warning(&self.warnings, self.mode != Mode::Foreground)),
            ),
            (Wake::Session(id), step.filter(|_| self.mode == Mode::Foreground)),
        ]
    }

    fn moments_with(&self, peer: &TransportKey) -> [(Wake, Option<BootTime>); 2] {
        let link = self.links.get(peer);
        [
            (Wake::Dial(*peer), link.filter(|_| self.may_dial()).and_then(Link::redial)),
            (
                Wake::Silence(*peer),
                link.filter(|_| self.mode != Mode::Background).and_then(Link::waits_until),
            ),
        ]
    }

    fn other_moments(&self) -> [(Wake, Option<BootTime>); 5] {
        [
            (Wake::Clock, self.next_question()),
            (Wake::Presence, self.presence.next()),
            (Wake::Preflight, self.next_preflight()),
            (Wake::Move, self.next_move()),
            (Wake::Network, self.next_restart()),
        ]
    }

    /// Returns when the co-signers are asked for the time: while our clock is suspect and one of them is there.
    fn next_question(&self) -> Option<BootTime> {
        let heard = |link: &Link| link.is_up() && link.is_heard();
        let asks = self.clock.is_suspect() && self.mode != Mode::Background && self.links.values().any(heard);
        asks.then_some(self.asks_time)
    }

    /// Returns what is due first, found by looking at everything.
    fn recounted(&self) -> Option<(BootTime, Wake)> {
        let sessions = self.sessions.keys().flat_map(|id| self.moments_of(*id));
        let links = self.links.keys().flat_map(|peer| self.moments_with(peer));
        let relays = self.relays.keys().map(|relay| (Wake::Relay(*relay), self.next_relay(relay)));
        let all = sessions.chain(links).chain(relays).chain(self.other_moments());
        all.filter_map(|(wake, at)| Some((at?, wake))).min()
    }

    /// Asks the co-signers for the time, which may confirm ours.
    pub(super) fn ask_time(&mut self, now: Now) {
        self.ping_all(now);
        self.asks_time = now.boot.after_ms(CLOCK_PING_MS);
        self.time_clock();
    }

    fn dial(&mut self, peer: TransportKey, now: Now) {
        if let Some(link) = self.links.get_mut(&peer) {
            let card = self.cards.get(&link.participant).filter(|card| card.check_date(now.wall).is_ok());
            let said = card.map(|card| card.statement().addresses.as_slice()).unwrap_or_default();
            let route = link.route(said, self.network.lan_allowed, now);
            match link.dial(route, now) {
                Some(addresses) => self.effects.push_back(Effect::Dial { peer, addresses }),
                None => self.discover(now),
            }
            self.time_link(peer);
        }
    }

    /// Asks whether a connection still stands over which nothing has come after an envelope. One over which a ping was not answered is
    /// dead: it is dialled anew.
    fn fell_silent(&mut self, peer: TransportKey, now: Now) {
        let Some(link) = self.links.get_mut(&peer) else { return };
        if !link.is_asked() {
            link.doubt();
            return self.ping(peer, now);
        }
        link.fall_silent(&mut self.dice, now);
        self.effects.push_back(Effect::Cut(peer));
        self.time_link(peer);
        self.tell_link(peer);
        self.ask_neighbours();
        self.go_round(peer);
    }

    /// Says to every neighbour that we are here.
    fn refresh_presence(&mut self, now: Now) {
        let Some(ttl_ms) = self.presence.ttl_ms() else { return };
        self.register(ttl_ms, now);
        let reached = self.tell_presence(Here::Online, ttl_ms, now);
        self.presence_told(reached, now);
    }

    /// Takes somebody's word that co-signers can know now that we are here.
    pub(super) fn presence_reached(&mut self, now: Now) {
        self.presence_told(true, now);
    }

    fn presence_told(&mut self, reached: bool, now: Now) {
        self.presence.refreshed(reached, now);
        self.deadlines.set(Wake::Presence, self.presence.next());
        let next_in_ms = self.presence.next().map_or(0, |next| next.ms_from(now.boot));
        self.effects.push_back(Effect::Tell(Event::Presence(PresenceRefreshed { reached, next_in_ms })));
    }

    /// Says to every neighbour whether we are here; returns whether there is one.
    pub(super) fn tell_presence(&mut self, here: Here, ttl_ms: u64, now: Now) -> bool {
        let presence = Presence::sign(&self.secret, here, (now.wall, ttl_ms), self.addresses());
        let frame = Frame::Presence { presence };
        let neighbours = self.neighbours(|_| true);
        neighbours.iter().for_each(|peer| self.send(*peer, &frame));
        !neighbours.is_empty()
    }

    /// Says to a neighbour who has just come that we are here. If nobody was there before, that is the refresh.
    pub(super) fn greet_with_presence(&mut self, peer: TransportKey, now: Now) {
        let Some(ttl_ms) = self.presence.ttl_ms() else { return };
        let here = match self.mode {
            Mode::Foreground if self.presence.wants_company(now) => return self.refresh_presence(now),
            Mode::Foreground => Here::Online,
            Mode::Slice { .. } => Here::Away,
            Mode::Background => return,
        };
        let presence = Presence::sign(&self.secret, here, (now.wall, ttl_ms), self.addresses());
        self.send(peer, &Frame::Presence { presence });
    }
}
