//! What a screen shows.

use countersign_driver::life::{ForegroundReport, SliceReport, SliceRequest, SuspendReport, Trigger};
use countersign_driver::machine::effect::KeyPurpose;
use countersign_driver::machine::evidence::Offence;
use countersign_driver::machine::id::{Attempt, SessionId, Slot, TransportKey, WalletId};
use countersign_driver::machine::key::{ParticipantKey, XOnlyKey};
use countersign_driver::machine::link::{DialFault, LinkPath, LinkState, Tried};
use countersign_driver::machine::network::{Connected, Connectivity, NetworkState, Obstacle, RelayStatus};
use countersign_driver::machine::plan::{Action, Message, WakePlan};
use countersign_driver::machine::preflight::{Found, PreflightReport};
use countersign_driver::machine::presence::Here;
use countersign_driver::machine::record::Outcome;
use countersign_driver::machine::session::{Custody, Phase};
use countersign_driver::machine::status::{
    Blamed, Blocked, Blocker, NextAction, OwnPresence, ParticipantStatus, PeerPresence, Progress, Request,
    RequestState, SessionStatus, Status, WalletStatus,
};
use countersign_driver::machine::time::WallTime;

/// Everything a screen shows.
#[uniffi::remote(Record)]
pub struct Status {
    /// Our key in every wallet: 33 bytes in hex.
    pub participant: ParticipantKey,
    /// The key of our connections: 32 bytes in hex.
    pub transport: TransportKey,
    /// Our card as text, once issued.
    pub card: Option<String>,
    /// Whether the wall clock cannot be trusted: nothing is signed then.
    pub clock_suspect: bool,
    /// Whether the app is in the background.
    pub background: bool,
    /// How well we are connected, and why not better.
    pub connectivity: Connectivity,
    /// Our own presence, if it is told.
    pub presence: Option<OwnPresence>,
    /// The wallets.
    pub wallets: Vec<WalletStatus>,
    /// The sessions, also ended ones that are not forgotten.
    pub sessions: Vec<SessionStatus>,
    /// What co-signers ask.
    pub inbox: Vec<Request>,
    /// How many requests wait for an answer.
    pub badge: usize,
}

/// Our own presence.
#[uniffi::remote(Record)]
pub struct OwnPresence {
    /// How long each word of it holds, in milliseconds.
    pub ttl_ms: u64,
    /// When it was last told to anybody.
    pub last_refresh: Option<WallTime>,
    /// Milliseconds until it is told again.
    pub next_in_ms: Option<u64>,
}

/// A co-signer's presence.
#[uniffi::remote(Record)]
pub struct PeerPresence {
    /// Whether it is there.
    pub here: Here,
    /// When it said so, by its clock.
    pub said_at: WallTime,
    /// For how many milliseconds that holds.
    pub left_ms: u64,
}

/// Whether a phone is there.
#[uniffi::remote(Enum)]
pub enum Here {
    /// Its program is open.
    Online,
    /// Its program is in the background.
    Away,
    /// It does not want to be shown.
    Withdrawn,
}

/// What a co-signer asks of the user.
#[uniffi::remote(Record)]
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
#[uniffi::remote(Enum)]
pub enum RequestState {
    /// It waits for an answer.
    Pending,
    /// The user said yes.
    Approved,
    /// The user said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// It was over before the user answered.
    Cancelled,
    /// The same things are signed already, or asked for anew.
    Superseded,
}

/// A wallet.
#[uniffi::remote(Record)]
pub struct WalletStatus {
    /// Its id.
    pub id: WalletId,
    /// What its user calls it.
    pub name: String,
    /// Its aggregate key: 32 bytes in hex.
    pub aggregate_key: XOnlyKey,
    /// Its participants, by slot.
    pub participants: Vec<ParticipantStatus>,
}

/// A participant, as a row on a screen.
#[uniffi::remote(Record)]
pub struct ParticipantStatus {
    /// Its slot.
    pub slot: Slot,
    /// Its key.
    pub key: ParticipantKey,
    /// What it calls itself, if we have its card.
    pub nickname: Option<String>,
    /// The key of its connections, if we have its card.
    pub transport: Option<TransportKey>,
    /// Where its link stands.
    pub link: LinkState,
    /// What it last said of being there.
    pub presence: Option<PeerPresence>,
    /// When anything last came from it.
    pub last_seen: Option<WallTime>,
    /// How often in a row it was dialled in vain.
    pub failed_dials: u32,
    /// The addresses that were dialled in vain, and why.
    pub tried: Vec<Tried>,
    /// Milliseconds until it is dialled again.
    pub redial_in_ms: Option<u64>,
}

/// Where a link stands.
#[uniffi::remote(Enum)]
pub enum LinkState {
    /// It is ourselves.
    Myself,
    /// We have no card of it: invite it.
    Unknown,
    /// No address is known: it must dial us.
    NoAddress,
    /// A dial is under way.
    Dialling,
    /// It answers.
    Reachable { path: LinkPath, rtt_us: Option<u64>, clock_ahead_ms: Option<i64> },
    /// It does not answer; it is dialled again.
    Unreachable { why: Option<DialFault> },
    /// Its program is in the background.
    Away,
    /// It speaks another version: one of the two needs an update.
    Incompatible,
    /// It sent too much that is invalid.
    Muted,
}

/// How two phones are connected.
#[uniffi::remote(Enum)]
pub enum LinkPath {
    /// Over the internet.
    Direct,
    /// Within the local network.
    Lan,
    /// Over WebRTC.
    Webrtc,
    /// Through a relay.
    Relay,
}

/// Why a dial failed.
#[uniffi::remote(Enum)]
pub enum DialFault {
    /// Nobody answered in time.
    NoAnswer,
    /// The connection was refused.
    Refused,
    /// Somebody else answered.
    WrongPeer,
    /// No address could be used.
    NoUsableAddress,
    /// Any other failure.
    Transport,
}

/// An address that was dialled in vain.
#[uniffi::remote(Record)]
pub struct Tried {
    /// The multiaddress.
    pub address: String,
    /// What came of it.
    pub why: DialFault,
}

/// A session.
#[uniffi::remote(Record)]
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
    /// How far it is.
    pub phase: Phase,
    /// The running attempt.
    pub attempt: Attempt,
    /// Milliseconds until the attempt begins, if it pauses.
    pub begins_in_ms: Option<u64>,
    /// What each participant has contributed, by slot.
    pub progress: Vec<Progress>,
    /// Whom it waits for.
    pub waits_for: Vec<Slot>,
    /// When it expires.
    pub deadline: WallTime,
    /// Milliseconds until then.
    pub remaining_ms: u64,
    /// The later deadline that somebody asks for.
    pub asked_until: Option<WallTime>,
    /// The warning that was given last, in milliseconds before the end.
    pub warned_ms: Option<u64>,
    /// What to say of it.
    pub message: Message,
    /// What keeps it from going on.
    pub blocked: Option<Blocked>,
    /// What the user can do.
    pub next_action: Option<NextAction>,
    /// Who broke the protocol.
    pub blamed: Vec<Blamed>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// How far a session is.
#[uniffi::remote(Enum)]
pub enum Phase {
    /// It waits for our user.
    Requested,
    /// It waits for our key.
    Unlocking,
    /// Public nonces are exchanged.
    Nonces,
    /// Partial signatures are exchanged.
    Partials,
    /// It is over.
    Ended,
}

/// What a participant has contributed to the running attempt.
#[uniffi::remote(Record)]
pub struct Progress {
    /// Its public nonces.
    pub nonces: bool,
    /// Its partial signatures.
    pub partials: bool,
}

/// What keeps a session from going on.
#[uniffi::remote(Record)]
pub struct Blocked {
    /// What.
    pub by: Blocker,
    /// Whose.
    pub whom: Vec<Slot>,
    /// For how many milliseconds at most.
    pub until_ms: u64,
}

/// What can keep a session from going on.
#[uniffi::remote(Enum)]
pub enum Blocker {
    /// Our user's answer.
    Approval,
    /// Our key.
    Key,
    /// The app, which is in the background.
    Background,
    /// A wall clock that can be trusted.
    Clock,
    /// A first word of any co-signer since the start.
    Company,
    /// The pause before the next attempt.
    Pause,
    /// Public nonces.
    Nonces,
    /// Partial signatures.
    Partials,
}

/// What the user can do for a session.
#[uniffi::remote(Enum)]
pub enum NextAction {
    /// Say yes or no.
    Answer,
    /// Let the vault give the key.
    Unlock,
    /// Open the app.
    Open,
    /// Set the wall clock right.
    SetClock,
    /// Reach the co-signers whom it waits for.
    Connect,
    /// Consent to the later deadline.
    AgreeToExtension,
    /// Wait.
    Wait,
}

/// A participant that broke the protocol.
#[uniffi::remote(Record)]
pub struct Blamed {
    /// Who.
    pub slot: Slot,
    /// How.
    pub offence: Offence,
}

/// How well we are connected, and why not better.
#[uniffi::remote(Record)]
pub struct Connectivity {
    /// In one word.
    pub state: Connected,
    /// What stands in the way, the weightiest first.
    pub reasons: Vec<Obstacle>,
    /// Our relays.
    pub relays: Vec<RelayStatus>,
}

/// How well we are connected.
#[uniffi::remote(Enum)]
pub enum Connected {
    /// The app is in the background.
    Resting,
    /// There is no network.
    Offline,
    /// No co-signer is known.
    Nobody,
    /// No co-signer is connected.
    Disconnected,
    /// One is being dialled.
    Connecting,
    /// Some are connected.
    Partly,
    /// All are.
    Fully,
}

/// What stands in the way.
#[uniffi::remote(Enum)]
pub enum Obstacle {
    /// The app is in the background.
    InBackground,
    /// There is no network.
    NoNetwork,
    /// The system keeps the app from using it.
    NetworkBlocked,
    /// It leads nowhere: a sign-in page, perhaps.
    NetworkNotValidated,
    /// Our card is not issued.
    NoCard,
    /// There is no wallet, or no co-signer's card.
    NoCosigner,
    /// We listen nowhere.
    NotListening,
    /// No relay has a place for us.
    NoRelay,
    /// Co-signers do not answer.
    Missing { cosigners: usize },
}

/// A relay.
#[uniffi::remote(Record)]
pub struct RelayStatus {
    /// Its key.
    pub relay: TransportKey,
    /// Its multiaddress.
    pub address: String,
    /// Whether it has a place for us.
    pub up: bool,
    /// Why not.
    pub why: Option<DialFault>,
    /// Milliseconds until it is asked again.
    pub retry_in_ms: Option<u64>,
}

/// What the phone's network is like.
#[uniffi::remote(Record)]
pub struct NetworkState {
    /// Whether there is one.
    pub online: bool,
    /// Whether the system keeps the app from using it.
    pub blocked: bool,
    /// Whether the system has reached the internet over it.
    pub validated: bool,
    /// Whether the local network may be used.
    pub lan_allowed: bool,
    /// Another one for every other network.
    pub generation: u64,
    /// The phone's own IP addresses.
    pub local_addresses: Vec<String>,
}

/// Whether every co-signer of a wallet answers.
#[uniffi::remote(Record)]
pub struct PreflightReport {
    /// The wallet.
    pub wallet: WalletId,
    /// Whether all have answered.
    pub ready: bool,
    /// How many are there, ourselves among them.
    pub connected: usize,
    /// How many participants there are.
    pub total: usize,
    /// What those are called who have not answered.
    pub missing: Vec<String>,
    /// Every participant, by slot.
    pub participants: Vec<Found>,
    /// What to say, if not all have answered.
    pub message: Option<Message>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What a pre-flight found out of a participant.
#[uniffi::remote(Record)]
pub struct Found {
    /// Who.
    pub slot: Slot,
    /// What it is called.
    pub name: String,
    /// Whether it answers.
    pub connected: bool,
    /// Where its link stands.
    pub link: LinkState,
    /// How often it was dialled in vain.
    pub failed_dials: u64,
    /// Which addresses were dialled in vain.
    pub tried: Vec<Tried>,
}

/// For what the vault is asked.
#[uniffi::remote(Enum)]
pub enum KeyPurpose {
    /// To issue our card, or to begin a new journal.
    Card,
    /// To issue it anew because our addresses have changed: may be refused without asking the user.
    Addresses,
    /// To make nonces.
    Nonces,
    /// To sign.
    Sign,
}

/// How long a session may keep the key.
#[uniffi::remote(Enum)]
pub enum Custody {
    /// For one step.
    Step,
    /// Until the app goes to the background.
    Background,
    /// Until the session ends.
    Session,
}

/// What came of `on_foreground`.
#[uniffi::remote(Record)]
pub struct ForegroundReport {
    /// Whether the network was started anew.
    pub restarted: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What came of `on_background`.
#[uniffi::remote(Record)]
pub struct SuspendReport {
    /// Whether nothing of ours runs any more.
    pub quiesced: bool,
    /// How many connections and listeners could not be closed in time.
    pub open_sockets: usize,
    /// How many locks are held still.
    pub held_locks: usize,
    /// How many bytes did not leave in time.
    pub unflushed: usize,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When the system is to wake the app.
    pub wake: WakePlan,
}

/// A moment that the system grants.
#[uniffi::remote(Record)]
pub struct SliceRequest {
    /// Why.
    pub trigger: Trigger,
    /// For how long at most, in milliseconds.
    pub budget_ms: u64,
    /// Whether the network may be used.
    pub network_allowed: bool,
}

/// Why the system grants a moment.
#[uniffi::remote(Enum)]
pub enum Trigger {
    /// An alarm of the wake plan.
    Alarm,
    /// The system's own refresh.
    Refresh,
    /// Another device's nudge.
    Push,
}

/// What came of `run_background_slice`.
#[uniffi::remote(Record)]
pub struct SliceReport {
    /// Whether it ran.
    pub ran: bool,
    /// Whether every co-signer was asked, and has answered or could not be reached.
    pub done: bool,
    /// How many connections could not be closed in time.
    pub open_sockets: usize,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When the system is to wake the app next.
    pub wake: WakePlan,
}
