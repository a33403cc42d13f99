//! Pre-flights: whether every co-signer of a wallet answers, found out at once for all and within one budget.

use std::collections::BTreeMap;

use super::Node;
use crate::effect::{Effect, Event, PreflightDone};
use crate::fault::CallerFault;
use crate::id::{TransportKey, WalletId};
use crate::key::ParticipantKey;
use crate::limits::{MAX_PREFLIGHT_MS, MAX_PREFLIGHTS, PREFLIGHT_DIALS};
use crate::link::LinkState;
use crate::plan::{Arg, Message, MessageKey};
use crate::preflight::{Found, PreflightId, PreflightReport};
use crate::time::{BootTime, Now};

/// A pre-flight that is under way.
pub(super) struct Preflight {
    wallet: WalletId,
    began: BootTime,
    ends: BootTime,
    /// How often each co-signer could not be reached before, and how often it had been pinged.
    before: BTreeMap<TransportKey, (u64, u64)>,
}

impl Node {
    /// Begins to find out whether every co-signer of a wallet answers: those that are connected are pinged, the others dialled, all
    /// at once. [`Event::Preflight`] brings the report as soon as all is known, and after `budget_ms` milliseconds at the latest.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::UnknownWallet`], [`CallerFault::NoCard`], [`CallerFault::OutOfRange`] if the budget is 0 or over a
    /// minute, or [`CallerFault::TooMany`].
    pub fn preflight(
        &mut self,
        wallet: WalletId,
        budget_ms: u64,
        now: Now,
    ) -> Result<PreflightId, CallerFault> {
        let cosigners = self.wallets.get(&wallet).ok_or(CallerFault::UnknownWallet(wallet))?.keys().to_vec();
        if !self.cards.contains_key(&self.me) {
            return Err(CallerFault::NoCard);
        }
        if !(1..=MAX_PREFLIGHT_MS).contains(&budget_ms) {
            return Err(CallerFault::OutOfRange("a pre-flight"));
        }
        if self.preflights.len() >= MAX_PREFLIGHTS {
            return Err(CallerFault::TooMany("pre-flights"));
        }
        self.look_at_clock(now);
        self.meet_cosigners(now);
        self.checked += 1;
        let id = PreflightId(self.checked);
        let peers: Vec<TransportKey> = cosigners.iter().filter_map(|key| self.phone_of(key)).collect();
        let before = peers.iter().filter_map(|peer| Some((*peer, self.tries(peer)?))).collect();
        let ends = now.boot.after_ms(budget_ms);
        self.preflights.insert(id, Preflight { wallet, began: now.boot, ends, before });
        for peer in peers {
            if let Some(link) = self.links.get_mut(&peer) {
                if link.is_heard() {
                    self.ping(peer, now);
                } else {
                    link.hurry(now);
                }
                self.time_link(peer);
            }
        }
        self.discover(now);
        self.look_around(now);
        Ok(id)
    }

    /// Ends the pre-flights of which all is known by now.
    pub(super) fn look_at_preflights(&mut self, now: Now) {
        let known = |(id, preflight): (&PreflightId, &Preflight)| {
            let wallet = self.wallets.get(&preflight.wallet)?;
            let all = wallet.keys().iter().all(|key| self.answers(preflight, key, now).is_some());
            all.then_some(*id)
        };
        let known: Vec<PreflightId> = self.preflights.iter().filter_map(known).collect();
        for id in known {
            if let Some(preflight) = self.preflights.remove(&id)
                && let Some(report) = self.report(&preflight, now)
            {
                self.effects.push_back(Effect::Tell(Event::Preflight(PreflightDone { id, report })));
            }
        }
    }

    /// Returns when the first pre-flight's time is over.
    pub(super) fn next_preflight(&self) -> Option<BootTime> {
        self.preflights.values().map(|preflight| preflight.ends).min()
    }

    /// Returns whether a participant answers, or `None` as long as that is not known.
    fn answers(&self, preflight: &Preflight, key: &ParticipantKey, now: Now) -> Option<bool> {
        if *key == self.me {
            return Some(true);
        }
        let peer = self.phone_of(key);
        let Some(link) = peer.and_then(|peer| self.links.get(&peer)) else { return Some(false) };
        let (_, pings) = peer.and_then(|peer| preflight.before.get(&peer)).copied().unwrap_or_default();
        if link.is_proven_after(pings) {
            return Some(true);
        }
        let refuses = matches!(link.state(now), LinkState::Incompatible | LinkState::Muted);
        let given_up = self.dials_of(preflight, key) >= PREFLIGHT_DIALS;
        let nowhere = link.is_homeless() && !self.may_still_be_found(link);
        let cannot_dial = !link.is_up() && !self.may_dial();
        let over = now.boot >= preflight.ends;
        (refuses || given_up || nowhere || cannot_dial || over).then_some(false)
    }

    fn report(&self, preflight: &Preflight, now: Now) -> Option<PreflightReport> {
        let wallet = self.wallets.get(&preflight.wallet)?;
        let found = wallet.slots().zip(wallet.keys()).map(|(slot, key)| Found {
            slot,
            name: self.name_of(key),
            connected: self.answers(preflight, key, now) == Some(true),
            link: self.link_state(key, now),
            failed_dials: self.dials_of(preflight, key),
            tried: self.link_of(key).map(|link| link.tried().to_vec()).unwrap_or_default(),
        });
        let participants: Vec<Found> = found.collect();
        let missing: Vec<String> =
            participants.iter().filter(|one| !one.connected).map(|one| one.name.clone()).collect();
        let nobody_known =
            participants.iter().all(|one| matches!(one.link, LinkState::Myself | LinkState::Unknown));
        let message = match (missing.is_empty(), nobody_known) {
            (true, _) => None,
            (false, true) => Some(Message::plain(MessageKey::NoCards)),
            (false, false) => Some(Message {
                key: MessageKey::CannotReach,
                args: missing.iter().cloned().map(Arg::Name).collect(),
            }),
        };
        Some(PreflightReport {
            wallet: preflight.wallet,
            ready: missing.is_empty(),
            connected: participants.len() - missing.len(),
            total: participants.len(),
            missing,
            participants,
            message,
            took_ms: now.boot.ms_from(preflight.began),
        })
    }

    /// Returns how often a participant was dialled in vain since a pre-flight began.
    fn dials_of(&self, preflight: &Preflight, key: &ParticipantKey) -> u64 {
        let Some(peer) = self.phone_of(key) else { return 0 };
        let (before, _) = preflight.before.get(&peer).copied().unwrap_or_default();
        self.tries(&peer).map_or(0, |(failed, _)| failed.saturating_sub(before))
    }

    /// Returns how often a co-signer could not be reached, and how often it was pinged.
    fn tries(&self, peer: &TransportKey) -> Option<(u64, u64)> {
        self.links.get(peer).map(|link| (link.failed_dials().0, link.pings()))
    }

    fn phone_of(&self, key: &ParticipantKey) -> Option<TransportKey> {
        self.cards.get(key).map(|card| card.statement().transport)
    }

    /// Returns what a participant calls itself, or else how its key begins.
    fn name_of(&self, key: &ParticipantKey) -> String {
        let nickname = self.cards.get(key).map(|card| card.statement().nickname.clone());
        nickname.filter(|name| !name.is_empty()).unwrap_or_else(|| key.to_string().chars().take(8).collect())
    }
}
