//! The read model: one truth about links and sessions, made when asked for.

use crate::evidence::Offence;
use crate::id::{Attempt, SessionId, Slot, TransportKey, WalletId};
use crate::key::{ParticipantKey, XOnlyKey};
use crate::link::LinkState;
use crate::record::Outcome;
use crate::session::Phase;
use crate::time::WallTime;

/// Everything that a screen shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Status {
    /// Our participant key.
    pub participant: ParticipantKey,
    /// Our transport key.
    pub transport: TransportKey,
    /// Our own card as text, once issued.
    pub card: Option<String>,
    /// Whether the wall clock cannot be trusted: nothing is signed then.
    pub clock_suspect: bool,
    /// Every wallet.
    pub wallets: Vec<WalletStatus>,
    /// Every session that is open or whose deadline is not long past.
    pub sessions: Vec<SessionStatus>,
}

/// A wallet.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct WalletStatus {
    /// Its id.
    pub id: WalletId,
    /// What the user calls it.
    pub name: String,
    /// Its untweaked aggregate key.
    pub aggregate_key: XOnlyKey,
    /// Its participants, by slot.
    pub participants: Vec<ParticipantStatus>,
}

/// A participant of a wallet.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ParticipantStatus {
    /// Its slot.
    pub slot: Slot,
    /// Its key.
    pub key: ParticipantKey,
    /// What it calls itself, once we have its card.
    pub nickname: Option<String>,
    /// Its phone, once we have its card.
    pub transport: Option<TransportKey>,
    /// Whether it can be reached.
    #[serde(flatten)]
    pub link: LinkState,
}

/// A session.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SessionStatus {
    /// Its id.
    pub id: SessionId,
    /// Its wallet.
    pub wallet: WalletId,
    /// Who proposed it.
    pub proposer: Slot,
    /// How many items it signs.
    pub items: usize,
    /// The proposer's words: nothing checks them.
    pub text: String,
    /// Where it stands.
    pub phase: Phase,
    /// The current attempt.
    pub attempt: Attempt,
    /// Milliseconds until the current attempt begins, if it waits for that: nonces were lost more than once.
    pub begins_in_ms: Option<u64>,
    /// Every participant's progress in the current attempt, by slot.
    pub progress: Vec<Progress>,
    /// Whom it waits for: those whose nonces, or then partial signatures, are missing.
    pub waits_for: Vec<Slot>,
    /// When it expires.
    pub deadline: WallTime,
    /// The later deadline that others ask us to consent to, if they do.
    pub asked_until: Option<WallTime>,
    /// Milliseconds until then, by the boot clock.
    pub remaining_ms: u64,
    /// What was proven against participants.
    pub blamed: Vec<Blamed>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
}

/// One participant's contributions to the current attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Whether its public nonces are here.
    pub nonces: bool,
    /// Whether its partial signatures are here.
    pub partials: bool,
}

/// Something proven against a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Blamed {
    /// Who.
    pub slot: Slot,
    /// What it did.
    pub offence: Offence,
}
