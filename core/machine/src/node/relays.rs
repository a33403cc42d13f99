//! Finding each other: relays, rendezvous points, the local network, and a new card when our addresses change.

use super::{Mode, Node, Question};
use crate::effect::Effect;
use crate::id::TransportKey;
use crate::limits::{
    DISCOVER_EVERY_MS, MAX_CLOCK_SKEW_MS, MAX_PRESENCE_MS, MAX_RELAYS, MIN_REGISTRATION_MS, SETTLE_MS,
};
use crate::link::{DialFault, Link, Source};
use crate::presence::Here;
use crate::relay::Relay;
use crate::time::{BootTime, Now};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl Node {
    /// Takes the list of relays.
    pub(super) fn relays_known(&mut self, relays: Vec<(TransportKey, String)>, now: Now) {
        let relays = relays.into_iter().take(MAX_RELAYS);
        self.relays = relays.map(|(relay, address)| (relay, Relay::new(address, now))).collect();
        self.time_all();
    }

    /// Returns when a relay is asked for a place: only while the program is open.
    pub(super) fn next_relay(&self, relay: &TransportKey) -> Option<BootTime> {
        let wanted = self.mode == Mode::Foreground && self.network.is_usable() && self.restarts.is_none();
        self.relays.get(relay).filter(|_| wanted)?.due()
    }

    /// Asks a relay for a place.
    pub(super) fn ask_relay(&mut self, id: TransportKey) {
        if let Some(relay) = self.relays.get_mut(&id) {
            let address = relay.ask();
            self.effects.push_back(Effect::Reserve { relay: id, address });
            self.time_relay(id);
        }
    }

    /// Lets co-signers find us at a rendezvous point that has come, and looks for them.
    pub(super) fn relay_up(&mut self, id: TransportKey, now: Now) {
        if let Some(relay) = self.relays.get_mut(&id) {
            relay.up();
            self.time_relay(id);
            if let Some(ttl_ms) = self.shown_for() {
                self.register(ttl_ms, now);
            }
            self.asks_rendezvous = now.boot;
            self.discover(now);
        }
    }

    /// Asks a relay again later.
    pub(super) fn relay_down(&mut self, id: TransportKey, why: DialFault, now: Now) {
        if let Some(relay) = self.relays.get_mut(&id) {
            relay.down(why, &mut self.dice, now);
            self.time_relay(id);
        }
    }

    fn shown_for(&self) -> Option<u64> {
        self.presence.ttl_ms().filter(|_| self.mode == Mode::Foreground)
    }

    /// Lets co-signers find us at every rendezvous point.
    pub(super) fn register(&mut self, ttl_ms: u64, now: Now) {
        let ttl_ms = ttl_ms.max(MIN_REGISTRATION_MS);
        for (relay, namespaces) in self.meeting_points(now) {
            self.effects.push_back(Effect::Register { relay, namespaces, ttl_ms });
        }
    }

    /// Lets co-signers find us nowhere any more.
    pub(super) fn unregister(&mut self, now: Now) {
        for (relay, namespaces) in self.meeting_points(now) {
            self.effects.push_back(Effect::Unregister { relay, namespaces });
        }
    }

    /// Takes a rendezvous point's word that co-signers can find us now: that is a refresh of our presence, too.
    pub(super) fn registered(&mut self, found: bool, now: Now) {
        if found && self.shown_for().is_some() && self.presence.wants_company(now) {
            self.presence_reached(now);
        }
    }

    /// Looks for co-signers that are not connected, at every rendezvous point; not more often than every few seconds.
    pub(super) fn discover(&mut self, now: Now) {
        let somebody_is_missing = self.links.values().any(|link| !link.is_up());
        if now.boot >= self.asks_rendezvous && somebody_is_missing && self.may_dial() {
            self.asks_rendezvous = now.boot.after_ms(DISCOVER_EVERY_MS);
            for (relay, namespaces) in self.meeting_points(now) {
                self.effects.push_back(Effect::Discover { relay, namespaces });
            }
        }
    }

    /// Returns every rendezvous point that has come, with the names under which our wallets meet there. Around midnight they
    /// are those of both days: clocks differ.
    fn meeting_points(&self, now: Now) -> Vec<(TransportKey, Vec<String>)> {
        let day = |wall: u64| wall / DAY_MS;
        let first = day(now.wall.0.saturating_sub(MAX_CLOCK_SKEW_MS));
        let last = day(now.wall.0.saturating_add(MAX_CLOCK_SKEW_MS));
        let names: Vec<String> = self
            .wallets
            .values()
            .flat_map(|wallet| (first..=last).map(|day| wallet.namespace(day)))
            .collect();
        let up = self.relays.iter().filter(|(_, relay)| relay.is_up() && !names.is_empty());
        up.map(|(id, _)| (*id, names.clone())).collect()
    }

    /// Takes addresses at which a co-signer was found, and dials it if there is a new one and it is not connected.
    pub(super) fn found(
        &mut self,
        peer: TransportKey,
        addresses: Vec<String>,
        (source, ttl_ms): (Source, u64),
        now: Now,
    ) {
        let until = now.boot.after_ms(ttl_ms.min(MAX_PRESENCE_MS));
        let Some(link) = self.links.get_mut(&peer) else { return };
        if link.found(addresses, source, until) {
            link.hurry(now);
            self.time_link(peer);
        }
    }

    /// Notes where we listen. Once that has settled co-signers learn of it: by a new card, and by our presence.
    pub(super) fn listens(&mut self, addresses: Vec<String>, now: Now) {
        if self.listening != addresses {
            self.listening = addresses;
            self.moves = self.has_moved().then(|| now.boot.after_ms(SETTLE_MS));
            self.time_all();
        }
    }

    /// Returns whether we listen elsewhere than our card says.
    fn has_moved(&self) -> bool {
        let card = self.cards.get(&self.me);
        let said = card.map(|card| &card.statement().addresses);
        !self.listening.is_empty() && said.is_some_and(|said| *said != self.addresses())
    }

    /// Returns when co-signers are to learn where we listen now.
    pub(super) fn next_move(&self) -> Option<BootTime> {
        self.moves.filter(|_| self.mode == Mode::Foreground)
    }

    /// Lets co-signers know where we listen now.
    pub(super) fn tell_addresses(&mut self, now: Now) {
        self.moves = None;
        let asked = self.questions.values().any(|question| matches!(question, Question::Card { .. }));
        let nickname = self.cards.get(&self.me).map(|card| card.statement().nickname.clone());
        if let Some(nickname) = nickname.filter(|_| !asked && self.has_moved()) {
            self.ask(Question::Card { nickname, moved: true });
        }
        if let Some(ttl_ms) = self.shown_for() {
            self.tell_presence(Here::Online, ttl_ms, now);
            self.register(ttl_ms, now);
        }
    }

    /// Returns whether a link leads to nobody until a rendezvous point has been asked.
    pub(super) fn may_still_be_found(&self, link: &Link) -> bool {
        link.is_homeless() && self.relays.values().any(Relay::is_up)
    }
}
