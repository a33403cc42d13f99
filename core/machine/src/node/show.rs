//! What a node shows of itself.

use super::Node;
use crate::card::Card;
use crate::id::{SessionId, WalletId};
use crate::key::ParticipantKey;
use crate::link::LinkState;
use crate::message::Terms;
use crate::session::{Conviction, Session};
use crate::status::{Blamed, ParticipantStatus, Progress, SessionStatus, Status, WalletStatus};
use crate::time::Now;
use crate::wallet::Wallet;

impl Node {
    /// Returns everything a screen shows, as of `now`.
    pub fn status(&self, now: Now) -> Status {
        Status {
            participant: self.me,
            transport: self.secret.public(),
            card: self.cards.get(&self.me).map(|card| card.to_text()),
            clock_suspect: self.clock.is_suspect(),
            wallets: self.wallets.values().map(|wallet| self.show_wallet(wallet)).collect(),
            sessions: self.sessions.values().map(|session| show_session(session, now)).collect(),
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

    fn show_wallet(&self, wallet: &Wallet) -> WalletStatus {
        let participants = wallet.slots().zip(wallet.keys()).map(|(slot, key)| {
            let statement = self.cards.get(key).map(|card| card.statement());
            ParticipantStatus {
                slot,
                key: *key,
                nickname: statement.map(|statement| statement.nickname.clone()),
                transport: statement.map(|statement| statement.transport),
                link: self.link_state(key),
            }
        });
        WalletStatus {
            id: wallet.id(),
            name: wallet.name().to_owned(),
            aggregate_key: wallet.aggregate().x_only(),
            participants: participants.collect(),
        }
    }

    fn link_state(&self, key: &ParticipantKey) -> LinkState {
        if *key == self.me {
            return LinkState::Myself;
        }
        let link = self.cards.get(key).and_then(|card| self.links.get(&card.statement().transport));
        link.map_or(LinkState::Unknown, |link| link.state())
    }
}

fn show_session(session: &Session, now: Now) -> SessionStatus {
    let progress: Vec<Progress> = session
        .wallet()
        .slots()
        .map(|slot| session.progress(slot))
        .map(|(nonces, partials)| Progress { nonces, partials })
        .collect();
    let all_nonces = progress.iter().all(|one| one.nonces);
    let missing = |one: &Progress| if all_nonces { !one.partials } else { !one.nonces };
    let waits_for = match session.outcome() {
        Some(_) => Vec::new(),
        None => {
            let slots = session.wallet().slots().zip(&progress);
            slots.filter(|(_, one)| missing(one)).map(|(slot, _)| slot).collect()
        }
    };
    let terms = session.terms();
    SessionStatus {
        id: session.id(),
        wallet: session.wallet().id(),
        proposer: terms.proposer,
        items: terms.payload.items.len(),
        text: terms.payload.text.clone(),
        phase: session.phase(),
        attempt: session.attempt(),
        begins_in_ms: session.begins().map(|begins| begins.ms_from(now.boot)).filter(|ms| *ms > 0),
        progress,
        waits_for,
        deadline: session.deadline(),
        asked_until: session.asked_until(),
        remaining_ms: session.expires().ms_from(now.boot),
        blamed: session
            .convictions()
            .iter()
            .map(|Conviction { verdict, .. }| Blamed { slot: verdict.slot, offence: verdict.offence })
            .collect(),
        outcome: session.outcome().cloned(),
    }
}
