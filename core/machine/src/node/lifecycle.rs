//! Whether the program runs, and on what network: foreground, background, moments that the system grants.

use super::{Mode, Node};
use crate::effect::{ConnectivityChanged, Effect, Event};
use crate::id::TransportKey;
use crate::limits::SETTLE_MS;
use crate::link::{Link, LinkState};
use crate::network::{Connected, Connectivity, NetworkState, Obstacle};
use crate::presence::Here;
use crate::session::{Custody, Session};
use crate::time::{BootTime, Now};

impl Node {
    /// Rests: nobody is dialled, nothing begun. Whoever is connected hears that we are away, and the journal what time it is.
    pub(super) fn go_to_background(&mut self, now: Now) {
        if self.custody != Custody::Session {
            self.sessions.values_mut().for_each(Session::forget_key);
        }
        if let Some(ttl_ms) = self.presence.pause().filter(|_| self.mode == Mode::Foreground) {
            self.tell_presence(Here::Away, ttl_ms, now);
            self.unregister(now);
        }
        self.mode = Mode::Background;
        self.time_all();
        self.note_clocks();
    }

    /// Goes on: dials whoever is not connected, and says that we are here.
    pub(super) fn come_to_foreground(&mut self, now: Now) {
        self.mode = Mode::Foreground;
        self.presence.resume(now);
        self.links.values_mut().for_each(|link| link.hurry(now));
        self.time_all();
        self.proceed(now);
    }

    /// Uses a moment that the system grants: expiries and warnings first, then, over the network, whatever co-signers have.
    pub(super) fn begin_slice(&mut self, network: bool, now: Now) {
        if self.mode == Mode::Foreground {
            return;
        }
        self.mode = Mode::Slice { network, since: now.boot };
        self.links.values_mut().for_each(|link| link.hurry(now));
        self.time_all();
        self.proceed(now);
    }

    /// Rests again.
    pub(super) fn end_slice(&mut self, now: Now) {
        if matches!(self.mode, Mode::Slice { .. }) {
            self.go_to_background(now);
        }
    }

    /// Returns whether a moment in the background has brought all that it can: every co-signer has been asked, and has answered
    /// or could not be reached.
    pub fn slice_is_done(&self) -> bool {
        let Mode::Slice { network, since } = self.mode else { return true };
        let asked = |(_, link): (&TransportKey, &Link)| {
            link.is_proven_after(0) || link.failed_since(since) || link.is_homeless()
        };
        !network || !self.network.is_usable() || self.links.iter().all(asked)
    }

    /// Notes what the network is like. On another one every connection is made anew, once it has settled.
    pub(super) fn network_changed(&mut self, network: NetworkState, now: Now) {
        let other = network.is_another(&self.network);
        let usable = network.is_usable() && !self.network.is_usable();
        self.network = network;
        if other {
            let settled = now.boot.after_ms(SETTLE_MS);
            self.restarts = Some(self.restarts.map_or(settled, |due| due.min(settled)));
        } else if usable {
            self.links.values_mut().for_each(|link| link.hurry(now));
            self.relays.values_mut().filter(|relay| !relay.is_up()).for_each(|relay| relay.renew(now));
        }
        self.time_all();
    }

    /// Makes every connection anew.
    pub(super) fn restart_network(&mut self) {
        self.restarts = None;
        if self.mode != Mode::Background {
            self.effects.push_back(Effect::RestartNetwork(self.network.local_addresses.clone()));
        }
    }

    /// Returns when every connection is made anew, if it is to be.
    pub(super) fn next_restart(&self) -> Option<BootTime> {
        self.restarts.filter(|_| self.mode == Mode::Foreground)
    }

    /// Notes that no connection stands any more.
    pub(super) fn network_stopped(&mut self, now: Now) {
        let up: Vec<TransportKey> =
            self.links.iter().filter(|(_, link)| link.is_up()).map(|(peer, _)| *peer).collect();
        for link in self.links.values_mut() {
            link.reset(&mut self.dice, now);
        }
        self.relays.values_mut().for_each(|relay| relay.renew(now));
        self.time_all();
        up.into_iter().for_each(|peer| self.tell_link(peer));
    }

    /// Lets the co-signers in again, and dials them.
    pub(super) fn network_started(&mut self, now: Now) {
        self.network_stopped(now);
        self.effects.extend(self.links.keys().map(|peer| Effect::Admit(*peer)));
    }

    /// Returns whether co-signers may be dialled.
    pub(super) fn may_dial(&self) -> bool {
        let allowed = match self.mode {
            Mode::Foreground => true,
            Mode::Slice { network, .. } => network,
            Mode::Background => false,
        };
        allowed && self.network.is_usable() && self.restarts.is_none() && self.cards.contains_key(&self.me)
    }

    /// Says how well we are connected, if that has changed.
    pub(super) fn look_at_connectivity(&mut self, now: Now) {
        let state = self.connected(now);
        if self.connected != Some(state) {
            self.connected = Some(state);
            self.effects.push_back(Effect::Tell(Event::Connectivity(ConnectivityChanged { state })));
        }
    }

    fn connected(&self, now: Now) -> Connected {
        let states = || self.links.values().map(|link| link.state(now));
        let reached = self.reached(now);
        if self.mode == Mode::Background {
            Connected::Resting
        } else if !self.network.is_usable() {
            Connected::Offline
        } else if self.links.is_empty() {
            Connected::Nobody
        } else if reached == self.links.len() {
            Connected::Fully
        } else if reached > 0 {
            Connected::Partly
        } else if states().any(|state| state == LinkState::Dialling) {
            Connected::Connecting
        } else {
            Connected::Disconnected
        }
    }

    fn reached(&self, now: Now) -> usize {
        self.links.values().filter(|link| matches!(link.state(now), LinkState::Reachable { .. })).count()
    }

    /// Shows how well we are connected, and why not better.
    pub(super) fn connectivity(&self, now: Now) -> Connectivity {
        let missing = self.links.len() - self.reached(now);
        let reasons = [
            (self.mode == Mode::Background, Obstacle::InBackground),
            (!self.network.online, Obstacle::NoNetwork),
            (self.network.online && self.network.blocked, Obstacle::NetworkBlocked),
            (self.network.is_usable() && !self.network.validated, Obstacle::NetworkNotValidated),
            (!self.cards.contains_key(&self.me), Obstacle::NoCard),
            (self.links.is_empty(), Obstacle::NoCosigner),
            (self.listening.is_empty(), Obstacle::NotListening),
            (!self.relays.is_empty() && !self.relays.values().any(|relay| relay.is_up()), Obstacle::NoRelay),
            (missing > 0, Obstacle::Missing { cosigners: missing }),
        ];
        Connectivity {
            state: self.connected(now),
            reasons: reasons
                .into_iter()
                .filter(|(stands, _)| *stands)
                .map(|(_, obstacle)| obstacle)
                .collect(),
            relays: self.relays.iter().map(|(id, relay)| relay.show(*id, now)).collect(),
        }
    }
}
