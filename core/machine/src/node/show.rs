//! What a node shows of itself.

use super::{Mode, Node};
use crate::card::Card;
use crate::id::{SessionId, Slot, WalletId};
use crate::key::ParticipantKey;
use crate::link::{Link, LinkState};
use crate::message::Terms;
use crate::session::{Conviction, Phase, Session};
use crate::status::{
    Blamed, Blocked, Blocker, NextAction, OwnPresence, ParticipantStatus, PeerPresence, Progress, Request,
    RequestState, SessionStatus, Status, WalletStatus,
};
use crate::time::Now;
use crate::wallet::Wallet;

impl Node {
    /// Returns everything a screen shows, as of `now`.
    pub fn status(&self, now: Now) -> Status {
        let inbox = self.inbox(now);
        let waits = |request: &&Request| request.state == RequestState::Pending && !request.dismissed;
        let badge = inbox.iter().filter(waits).count();
        let presence = self.presence.ttl_ms().map(|ttl_ms| OwnPresence {
            ttl_ms,
            last_refresh: self.presence.last(),
            next_in_ms: self.presence.next().map(|next| next.ms_from(now.boot)),
        });
        Status {
            participant: self.me,
            transport: self.secret.public(),
            card: self.cards.get(&self.me).map(|card| card.to_text()),
            clock_suspect: self.clock.is_suspect(),
            background: self.mode != Mode::Foreground,
            connectivity: self.connectivity(now),
            presence,
            wallets: self.wallets.values().map(|wallet| self.show_wallet(wallet, now)).collect(),
            sessions: self.sessions.values().map(|session| self.show_session(session, now)).collect(),
            inbox,
            badge,
        }
    }

    /// Returns every card we hold, our own among them once issued.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        self.cards.values()
    }

    /// Returns the wallet with this id.
    pub fn wallet(&self, id: WalletId) -> Option<&Wallet> {
        self.wallets.get(&id).map(AsRef::as_ref)
    }

    /// Returns what a session signs and until when.
    pub fn terms(&self, id: SessionId) -> Option<&Terms> {
        self.sessions.get(&id).map(Session::terms)
    }

    /// Returns the evidence held against participants of a session: each piece convinces a third person
    /// ([`crate::evidence::verify_evidence`]).
    pub fn evidence(&self, id: SessionId) -> impl Iterator<Item = &[u8]> {
        let convictions = self.sessions.get(&id).map(Session::convictions).unwrap_or_default();
        convictions.iter().map(|conviction| &*conviction.evidence)
    }

    fn show_wallet(&self, wallet: &Wallet, now: Now) -> WalletStatus {
        let participants = wallet.slots().zip(wallet.keys()).map(|(slot, key)| {
            let statement = self.cards.get(key).map(|card| card.statement());
            ParticipantStatus {
                slot,
                key: *key,
                nickname: statement.map(|statement| statement.nickname.clone()),
                transport: statement.map(|statement| statement.transport),
                link: self.link_state(key, now),
                presence: self.link_of(key).and_then(|link| link.presence(now)).map(|(presence, left_ms)| {
                    PeerPresence { here: presence.here, said_at: presence.at, left_ms }
                }),
                last_seen: self.link_of(key).and_then(Link::last_seen),
                failed_dials: self.link_of(key).map_or(0, |link| link.failed_dials().1),
                tried: self.link_of(key).map(|link| link.tried().to_vec()).unwrap_or_default(),
                redial_in_ms: self.link_of(key).and_then(Link::redial).map(|redial| redial.ms_from(now.boot)),
            }
        });
        WalletStatus {
            id: wallet.id(),
            name: wallet.name().to_owned(),
            aggregate_key: wallet.aggregate().x_only(),
            participants: participants.collect(),
        }
    }

    pub(super) fn link_state(&self, key: &ParticipantKey, now: Now) -> LinkState {
        if *key == self.me {
            return LinkState::Myself;
        }
        self.link_of(key).map_or(LinkState::Unknown, |link| link.state(now))
    }

    pub(super) fn link_of(&self, key: &ParticipantKey) -> Option<&Link> {
        self.links.get(&self.cards.get(key)?.statement().transport)
    }

    fn show_session(&self, session: &Session, now: Now) -> SessionStatus {
        let terms = session.terms();
        let open = session.outcome().is_none();
        let remaining_ms = session.expires().ms_from(now.boot);
        let slots = session.wallet().slots();
        let progress: Vec<Progress> = slots
            .map(|slot| session.progress(slot))
            .map(|(nonces, partials)| Progress { nonces, partials })
            .collect();
        let waits_for = if open { waits_for(session, &progress) } else { Vec::new() };
        let begins_in_ms = session.begins().map(|begins| begins.ms_from(now.boot)).filter(|ms| *ms > 0);
        let blocked = open.then(|| self.blocked(session, &waits_for, begins_in_ms, remaining_ms));
        SessionStatus {
            id: session.id(),
            wallet: session.wallet().id(),
            proposer: terms.proposer,
            items: terms.payload.items.len(),
            text: terms.payload.text.clone(),
            phase: session.phase(),
            attempt: session.attempt(),
            begins_in_ms,
            next_action: blocked.as_ref().map(|blocked| self.next_action(session, blocked, now)),
            blocked,
            progress,
            waits_for,
            deadline: session.deadline(),
            asked_until: session.asked_until(),
            remaining_ms,
            warned_ms: session.warned_ms().filter(|_| open),
            message: self.describe(session),
            blamed: session
                .convictions()
                .iter()
                .map(|Conviction { verdict, .. }| Blamed { slot: verdict.slot, offence: verdict.offence })
                .collect(),
            outcome: session.outcome().cloned(),
        }
    }

    /// Says what an open session waits for, from whom and for how long at most.
    fn blocked(
        &self,
        session: &Session,
        waits_for: &[Slot],
        begins_in_ms: Option<u64>,
        remaining_ms: u64,
    ) -> Blocked {
        let others = || session.wallet().slots().filter(|slot| *slot != session.me()).collect();
        let (by, whom, until_ms) = match session.phase() {
            Phase::Requested => (Blocker::Approval, vec![session.me()], remaining_ms),
            _ if self.clock.is_suspect() && !session.has_signed() => (Blocker::Clock, others(), remaining_ms),
            Phase::Unlocking if session.is_alone() => (Blocker::Company, others(), remaining_ms),
            Phase::Unlocking if self.mode != Mode::Foreground => {
                (Blocker::Background, Vec::new(), remaining_ms)
            }
            Phase::Unlocking => match begins_in_ms {
                Some(begins_in_ms) => (Blocker::Pause, Vec::new(), begins_in_ms.min(remaining_ms)),
                None => (Blocker::Key, vec![session.me()], remaining_ms),
            },
            Phase::Nonces => (Blocker::Nonces, waits_for.to_vec(), remaining_ms),
            Phase::Partials | Phase::Ended if waits_for.contains(&session.me()) => {
                (Blocker::Key, vec![session.me()], remaining_ms)
            }
            Phase::Partials | Phase::Ended => (Blocker::Partials, waits_for.to_vec(), remaining_ms),
        };
        Blocked { by, whom, until_ms }
    }

    fn next_action(&self, session: &Session, blocked: &Blocked, now: Now) -> NextAction {
        let reached = |slot: &Slot| {
            let key = session.wallet().key(*slot);
            key.is_some_and(|key| {
                matches!(self.link_state(key, now), LinkState::Reachable { .. } | LinkState::Myself)
            })
        };
        match blocked.by {
            Blocker::Approval => NextAction::Answer,
            _ if session.asked_until().is_some() => NextAction::AgreeToExtension,
            Blocker::Key => NextAction::Unlock,
            Blocker::Background => NextAction::Open,
            Blocker::Clock => NextAction::SetClock,
            Blocker::Company => NextAction::Connect,
            Blocker::Nonces | Blocker::Partials if !blocked.whom.iter().all(reached) => NextAction::Connect,
            Blocker::Nonces | Blocker::Partials | Blocker::Pause => NextAction::Wait,
        }
    }
}

/// Returns those whose nonces, or then partial signatures, are missing.
fn waits_for(session: &Session, progress: &[Progress]) -> Vec<Slot> {
    let all_nonces = progress.iter().all(|one| one.nonces);
    let missing = |one: &Progress| if all_nonces { !one.partials } else { !one.nonces };
    let slots = session.wallet().slots().zip(progress);
    slots.filter(|(_, one)| missing(one)).map(|(slot, _)| slot).collect()
}
