//! What the system is to show while the app does not run, and when it is to wake it.

use countersign_driver::machine::id::{SessionId, WalletId};
use countersign_driver::machine::plan::{
    Action, Arg, Capabilities, DeepLink, Due, Importance, Message, MessageKey, Notice, NotificationKey, Plan,
    PlannedNotification, PlannedWake, WakePlan, WakeReason,
};
use countersign_driver::machine::time::WallTime;

/// What the shell's system can do.
#[uniffi::remote(Record)]
pub struct Capabilities {
    /// How many notifications it holds at most.
    pub max_pending: usize,
    /// Whether it shows a notification at a time of its own.
    pub can_preschedule: bool,
    /// Whether one that is shown can be changed in place.
    pub live_update: bool,
}

/// Every notification that should be on the screen or held by the system.
#[uniffi::remote(Record)]
pub struct Plan {
    /// Names this plan: the same state has the same.
    pub revision: u64,
    /// The notifications, the soonest first.
    pub items: Vec<PlannedNotification>,
    /// Whether some were left out for want of room.
    pub truncated: bool,
}

/// A notification.
#[uniffi::remote(Record)]
pub struct PlannedNotification {
    /// Names it; at most 64 ASCII characters.
    pub key: NotificationKey,
    /// Its place on the screen: one takes the place of another with the same.
    pub slot: String,
    /// What it is.
    pub notice: Notice,
    /// Whether it is to be held, shown, or is shown already.
    pub due: Due,
    /// Milliseconds until it is to be shown.
    pub fire_in_ms: u64,
    /// When, by the wall clock.
    pub fire_at: WallTime,
    /// Milliseconds until it is to be taken away.
    pub remove_in_ms: Option<u64>,
    /// Milliseconds until what it counts down to.
    pub countdown_to_in_ms: Option<u64>,
    /// How loud it is.
    pub importance: Importance,
    /// Whether it stays until the user touches it.
    pub sticky: bool,
    /// What it says.
    pub message: Message,
    /// What it says on a locked screen: takes no arguments.
    pub redacted: MessageKey,
    /// What the user can do.
    pub actions: Vec<Action>,
    /// What it opens.
    pub link: DeepLink,
    /// How weighty it is: the lower the weightier.
    pub rank: u8,
    /// Another one whenever what is shown is another.
    pub content_hash: u64,
}

/// What a notification is.
#[uniffi::remote(Enum)]
pub enum Notice {
    /// A co-signer asks.
    Request,
    /// A session goes on.
    Ongoing,
    /// A session's end is near.
    Warning { threshold_ms: u64 },
    /// A session has expired.
    Expired,
}

/// Whether a notification is shown.
#[uniffi::remote(Enum)]
pub enum Due {
    /// Later.
    Later,
    /// Now.
    Now,
    /// It is already.
    Shown,
}

/// How loud a notification is.
#[uniffi::remote(Enum)]
pub enum Importance {
    /// Without a sound.
    Silent,
    /// As usual.
    Default,
    /// Through the user's quiet.
    TimeSensitive,
}

/// What the user can do from a notification.
#[uniffi::remote(Enum)]
pub enum Action {
    /// Look.
    View,
    /// Put it away.
    Dismiss,
    /// Say yes, in the app.
    Approve,
    /// Say no, in the app.
    Reject,
    /// Consent to a later deadline.
    Extend,
}

/// What a notification opens.
#[uniffi::remote(Record)]
pub struct DeepLink {
    /// Which wallet.
    pub wallet: WalletId,
    /// Which session.
    pub session: SessionId,
}

/// A sentence without words: the shell has them in the user's language.
#[uniffi::remote(Record)]
pub struct Message {
    /// Which sentence.
    pub key: MessageKey,
    /// What stands in it, in order.
    pub args: Vec<Arg>,
}

/// What stands in a sentence.
#[uniffi::remote(Enum)]
pub enum Arg {
    /// A co-signer's name, or several, joined.
    Name(String),
    /// A number, by which the plural is chosen.
    Count(u64),
}

/// Which sentence.
#[uniffi::remote(Enum)]
pub enum MessageKey {
    /// A co-signer with a name asks.
    RequestFrom,
    /// A co-signer asks.
    Request,
    /// A request expired.
    RequestExpired,
    /// A request was replaced.
    RequestSuperseded,
    /// A session goes on.
    Ongoing,
    /// It expires in so many seconds.
    ExpiringSeconds,
    /// It expires in so many minutes.
    ExpiringMinutes,
    /// It expires in so many hours.
    ExpiringHours,
    /// It has expired.
    Expired,
    /// Somebody asks for a later deadline.
    ExtensionAsked,
    /// It is signed.
    Completed,
    /// Somebody said no.
    Declined,
    /// You said no.
    DeclinedByYou,
    /// It was taken back.
    Cancelled,
    /// It cannot be completed.
    Failed,
    /// These co-signers do not answer.
    CannotReach,
    /// No co-signer's card is here.
    NoCards,
    /// A co-signer asks, for a locked screen.
    RequestRedacted,
    /// A session goes on, for a locked screen.
    OngoingRedacted,
    /// A session expires soon, for a locked screen.
    ExpiringRedacted,
    /// A session has expired, for a locked screen.
    ExpiredRedacted,
}

/// When the system is to wake the app.
#[uniffi::remote(Record)]
pub struct WakePlan {
    /// Names this plan.
    pub revision: u64,
    /// The next moment that matters to the user.
    pub next: Option<PlannedWake>,
    /// The next moment at which co-signers may have answered.
    pub refresh: Option<PlannedWake>,
}

/// A moment to be woken at.
#[uniffi::remote(Record)]
pub struct PlannedWake {
    /// In how many milliseconds.
    pub in_ms: u64,
    /// When, by the wall clock.
    pub at: WallTime,
    /// How many milliseconds later will do.
    pub tolerance_ms: u64,
    /// Whether the user will see it.
    pub user_visible: bool,
    /// Whether it is of no use without a network.
    pub needs_network: bool,
    /// Why.
    pub reason: WakeReason,
}

/// Why the app is to be woken.
#[uniffi::remote(Enum)]
pub enum WakeReason {
    /// A session's user is to be told something.
    Notice { session: SessionId, notice: Notice },
    /// Co-signers may have answered.
    Refresh,
}
