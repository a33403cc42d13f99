//! The read model: one truth about links and sessions, made when asked for.

use crate::evidence::Offence;
use crate::id::{Attempt, SessionId, Slot, TransportKey, WalletId};
use crate::key::{ParticipantKey, XOnlyKey};
use crate::link::{LinkState, Tried};
use crate::network::Connectivity;
use crate::plan::{Action, Message};
use crate::presence::Here;
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
    /// Whether the program is in the background.
    pub background: bool,
    /// How well we are connected, and why not better.
    pub connectivity: Connectivity,
    /// Our presence, if co-signers are to know of it.
    pub presence: Option<OwnPresence>,
    /// Every wallet.
    pub wallets: Vec<WalletStatus>,
    /// Every session that is open or whose deadline is not long past.
    pub sessions: Vec<SessionStatus>,
    /// What co-signers ask of the user: what waits for an answer first, then what ends first.
    pub inbox: Vec<Request>,
    /// How many requests wait for an answer and were not put away.
    pub badge: usize,
}

/// Our own presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OwnPresence {
    /// For how long each word of it holds, in milliseconds.
    pub ttl_ms: u64,
    /// When it last reached a co-signer.
    pub last_refresh: Option<WallTime>,
    /// Milliseconds until it is said again; never while the program is in the background.
    pub next_in_ms: Option<u64>,
}

/// A co-signer's presence: its own word, which the link may contradict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PeerPresence {
    /// Whether it is there.
    pub here: Here,
    /// When it said so, by its clock.
    pub said_at: WallTime,
    /// For how much longer that holds, in milliseconds.
    pub left_ms: u64,
}

/// What a co-signer asks of the user.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Request {
    /// The session.
    pub session: SessionId,
    /// Its wallet.
    pub wallet: WalletId,
    /// Who asks.
    pub proposer: Slot,
    /// What has become of it.
    pub state: RequestState,
    /// What to say of it.
    pub message: Message,
    /// What the user can do.
    pub actions: Vec<Action>,
    /// Whether the user put its notification away.
    pub dismissed: bool,
    /// Milliseconds until it expires.
    pub remaining_ms: u64,
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It waits for an answer.
    Pending,
    /// The user said yes; how the session went on is its own matter.
    Approved,
    /// The user said no.
    Rejected,
    /// Its deadline passed without an answer.
    Expired,
    /// It was over before the user answered: the proposer took it back, another participant said no, or it failed.
    Cancelled,
    /// The same things are signed already, or the proposer has asked for them anew.
    Superseded,
}

/// What keeps a session from going on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Blocked {
    /// What it waits for.
    pub by: Blocker,
    /// From whom.
    pub whom: Vec<Slot>,
    /// For how long at most, in milliseconds.
    pub until_ms: u64,
}

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocker {
    /// Our user's answer.
    Approval,
    /// Our key, which the vault or its user gives.
    Key,
    /// The program, which is in the background: nothing is begun or signed there.
    Background,
    /// A wall clock that can be trusted.
    Clock,
    /// A first word of any co-signer since the program was started.
    Company,
    /// The end of the pause before the next attempt.
    Pause,
    /// Public nonces.
    Nonces,
    /// Partial signatures.
    Partials,
}

/// What the user can do for a session to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Say yes or no.
    Answer,
    /// Let the vault give the key.
    Unlock,
    /// Open the program.
    Open,
    /// Set the wall clock right.
    SetClock,
    /// Reach the co-signers whom it waits for.
    Connect,
    /// Consent to the later deadline that others ask for.
    AgreeToExtension,
    /// Nothing: others have to.
    Wait,
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
    /// What it last said of being there, as long as that holds.
    pub presence: Option<PeerPresence>,
    /// When anything last came from it since the program was started, by our wall clock.
    pub last_seen: Option<WallTime>,
    /// How often in a row it was dialled in vain.
    pub failed_dials: u32,
    /// The addresses that were dialled in vain in the last round.
    pub tried: Vec<Tried>,
    /// Milliseconds until it is dialled again, if it is to be.
    pub redial_in_ms: Option<u64>,
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
    /// Milliseconds until then, by the boot clock.
    pub remaining_ms: u64,
    /// The later deadline that others ask us to consent to, if they do.
    pub asked_until: Option<WallTime>,
    /// The last warning that was given, in milliseconds before the deadline; while there is one the session is expiring.
    pub warned_ms: Option<u64>,
    /// What to say of it.
    pub message: Message,
    /// What keeps it from going on.
    pub blocked: Option<Blocked>,
    /// What the user can do.
    pub next_action: Option<NextAction>,
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
