//! What the system is to show while the program does not run, and when it is to wake it: the shell makes the system equal to
//! this. No words: message keys and arguments, which the shell puts into the user's language.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

use crate::id::{SessionId, WalletId};
use crate::limits::{MAX_PENDING, STICKY_MS, URGENT_MS};
use crate::time::WallTime;

/// What the shell's system can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Capabilities {
    /// Notifications that the system holds for a program at a time.
    pub max_pending: usize,
    /// Whether the system shows a notification at its time though the program does not run. If not, it wakes the program,
    /// which shows it.
    pub can_preschedule: bool,
    /// Whether a notification stands on the screen for as long as a session lives, with a countdown that the system draws.
    pub live_update: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { max_pending: MAX_PENDING, can_preschedule: true, live_update: false }
    }
}

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, serde::Serialize)]
#[cbor(flat)]
#[serde(rename_all = "snake_case", tag = "notice")]
pub enum Notice {
    /// A co-signer asks for the user's approval.
    #[n(0)]
    Request,
    /// The session lives: who has signed, and how much time is left.
    #[n(1)]
    Ongoing,
    /// The session expires soon.
    #[n(2)]
    Warning {
        /// How long before its deadline, in milliseconds.
        #[n(0)]
        threshold_ms: u64,
    },
    /// The session has expired.
    #[n(3)]
    Expired,
}

impl Notice {
    /// Returns whether it speaks of the deadline: a later deadline has its own.
    pub(crate) fn is_of_deadline(&self) -> bool {
        match self {
            Self::Warning { .. } | Self::Expired => true,
            Self::Request | Self::Ongoing => false,
        }
    }

    /// Returns its place among notices of the same moment: the most urgent is 0.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Expired => 0,
            Self::Warning { threshold_ms } if *threshold_ms < STICKY_MS => 1,
            Self::Warning { threshold_ms } if *threshold_ms < URGENT_MS => 2,
            Self::Warning { threshold_ms } if *threshold_ms == URGENT_MS => 3,
            Self::Warning { .. } => 4,
            Self::Request => 5,
            Self::Ongoing => 6,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("request"),
            Self::Ongoing => f.write_str("ongoing"),
            Self::Warning { threshold_ms } => write!(f, "warning{threshold_ms}"),
            Self::Expired => f.write_str("expired"),
        }
    }
}

/// A text is no key of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a notification")]
pub struct NotificationKeyFault;

/// Names a notification at the system, the same in every plan: `s` and the first 32 hex digits of its session, a colon, and
/// what it is about. At most 61 characters of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotificationKey {
    session: [u8; 16],
    notice: Notice,
}

impl NotificationKey {
    /// Names the notification of a session about `notice`.
    pub fn new(session: SessionId, notice: Notice) -> Self {
        let mut first = [0; 16];
        first.copy_from_slice(&session.0[..16]);
        Self { session: first, notice }
    }

    /// Returns whether it is of this session.
    pub fn is_of(&self, session: SessionId) -> bool {
        session.0.starts_with(&self.session)
    }

    /// Returns what it is about.
    pub fn notice(&self) -> Notice {
        self.notice
    }

    /// Returns the place on the screen that all notifications of its session share: one takes another's.
    pub fn slot(&self) -> String {
        let key = self.to_string();
        key.split(':').next().unwrap_or_default().to_owned()
    }
}

impl fmt::Display for NotificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("s")?;
        crate::hex::write(f, &self.session)?;
        write!(f, ":{}", self.notice)
    }
}

impl FromStr for NotificationKey {
    type Err = NotificationKeyFault;

    fn from_str(text: &str) -> Result<Self, NotificationKeyFault> {
        let (session, notice) =
            text.strip_prefix('s').and_then(|rest| rest.split_once(':')).ok_or(NotificationKeyFault)?;
        let notice = match (notice, notice.strip_prefix("warning")) {
            ("request", _) => Notice::Request,
            ("ongoing", _) => Notice::Ongoing,
            ("expired", _) => Notice::Expired,
            (_, Some(ms)) => Notice::Warning { threshold_ms: ms.parse().map_err(|_| NotificationKeyFault)? },
            (_, None) => return Err(NotificationKeyFault),
        };
        let key = Self { session: crate::hex::parse(session).map_err(|_| NotificationKeyFault)?, notice };
        if key.to_string() == text { Ok(key) } else { Err(NotificationKeyFault) }
    }
}

impl serde::Serialize for NotificationKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Every notification that should be on the screen or held by the system; whatever else is there of ours goes away.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Plan {
    /// Changes whenever the shell has something to do; goes into [`crate::Node::ack_plan`].
    pub revision: u64,
    /// Those that should be there now first, then by when they come.
    pub items: Vec<PlannedNotification>,
    /// Whether some are left out because the system holds no more.
    pub truncated: bool,
}

/// Whether a notification is to be put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// At its time.
    Later,
    /// Now: it has not been seen yet.
    Now,
    /// It was put up before. If it is there still it stays, updated without a sound; if not, the user has put it away.
    Shown,
}

/// How much a notification may disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    /// Not at all.
    Silent,
    /// As usual.
    Default,
    /// Through a phone's quiet.
    TimeSensitive,
}

/// What the user can do at a notification, or in the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Open the program at the session.
    View,
    /// Put it away.
    Dismiss,
    /// Say yes: within the program alone.
    Approve,
    /// Say no: within the program alone.
    Reject,
    /// Consent to a later deadline, or ask for one: within the program alone.
    Extend,
}

/// What a notification opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DeepLink {
    /// The wallet.
    pub wallet: WalletId,
    /// The session.
    pub session: SessionId,
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedNotification {
    /// Its name at the system.
    pub key: NotificationKey,
    /// Its place on the screen: it takes the place of another notification there.
    pub slot: String,
    /// What it is about.
    #[serde(flatten)]
    pub notice: Notice,
    /// Whether it is to be put up.
    pub due: Due,
    /// Milliseconds until its time; 0 once that has come.
    pub fire_in_ms: u64,
    /// Its time by the wall clock as that is set now.
    pub fire_at: WallTime,
    /// Milliseconds until it is of no use any more. That a session has expired is of use until somebody looks.
    pub remove_in_ms: Option<u64>,
    /// Milliseconds until the moment that it counts down to, if it counts.
    pub countdown_to_in_ms: Option<u64>,
    /// How much it may disturb.
    pub importance: Importance,
    /// Whether it stays until it is touched.
    pub sticky: bool,
    /// What it says.
    pub message: Message,
    /// What it says where others can read it: has no arguments.
    pub redacted: MessageKey,
    /// What can be done at it.
    pub actions: Vec<Action>,
    /// What it opens.
    pub link: DeepLink,
    /// Its place among those of the same moment: the most urgent is 0.
    pub rank: u8,
    /// The same for as long as nothing but the time has changed.
    pub content_hash: u64,
}

/// What is to be said, for the shell to put into words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// Which sentence.
    pub key: MessageKey,
    /// What it speaks of, in the order that the key gives.
    pub args: Vec<Arg>,
}

impl Message {
    /// Makes a sentence without arguments.
    pub(crate) fn plain(key: MessageKey) -> Self {
        Self { key, args: Vec::new() }
    }

    /// Makes a sentence with one argument.
    pub(crate) fn of(key: MessageKey, arg: Arg) -> Self {
        Self { key, args: vec![arg] }
    }
}

/// What a sentence speaks of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// What a co-signer calls itself: its own words.
    Name(String),
    /// A number of things, or of units of time; governs a plural.
    Count(u64),
}

/// A sentence that every shell has in every language. Those that end in `Redacted` take no arguments and give nothing away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKey {
    /// (name) is requesting your signature.
    RequestFrom,
    /// New signing request received: its author has no name.
    Request,
    /// A signing request has expired.
    RequestExpired,
    /// Another session of the same things takes the request's place.
    RequestSuperseded,
    /// The session waits for co-signers: (count) of (count) have signed.
    Ongoing,
    /// The session expires in (count) seconds.
    ExpiringSeconds,
    /// The session expires in (count) minutes.
    ExpiringMinutes,
    /// The session expires in (count) hours.
    ExpiringHours,
    /// A signing session has expired.
    Expired,
    /// (name) asks for more time.
    ExtensionAsked,
    /// Everything is signed.
    Completed,
    /// (name) has declined.
    Declined,
    /// The user has declined.
    DeclinedByYou,
    /// The proposer has taken it back.
    Cancelled,
    /// It could not be signed.
    Failed,
    /// (name) cannot be reached: one name for each who is not there.
    CannotReach,
    /// No card of any co-signer is here yet.
    NoCards,
    /// As [`MessageKey::Request`].
    RequestRedacted,
    /// As [`MessageKey::Ongoing`].
    OngoingRedacted,
    /// As [`MessageKey::ExpiringMinutes`].
    ExpiringRedacted,
    /// As [`MessageKey::Expired`].
    ExpiredRedacted,
}

/// When the system is to wake the program.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WakePlan {
    /// Changes whenever the shell has something to do.
    pub revision: u64,
    /// The next moment that the user is to be told of.
    pub next: Option<PlannedWake>,
    /// The next moment at which it is worth asking the co-signers for news.
    pub refresh: Option<PlannedWake>,
}

/// One such moment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PlannedWake {
    /// Milliseconds until it.
    pub in_ms: u64,
    /// When that is by the wall clock as it is set now.
    pub at: WallTime,
    /// How much later it may be, in milliseconds.
    pub tolerance_ms: u64,
    /// Whether the user sees something of it.
    pub user_visible: bool,
    /// Whether it is of use without a network.
    pub needs_network: bool,
    /// Why.
    pub reason: WakeReason,
}

/// Why the system is to wake the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum WakeReason {
    /// A session's user is to be warned, or told that it has expired.
    Notice {
        /// Which session.
        session: SessionId,
        /// Of what.
        #[serde(flatten)]
        notice: Notice,
    },
    /// Co-signers may have answered.
    Refresh,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_text_and_from_no_other() {
        let session = SessionId([0xf3; 32]);
        let notices = [
            Notice::Request,
            Notice::Ongoing,
            Notice::Warning { threshold_ms: 300_000 },
            Notice::Warning { threshold_ms: u64::MAX },
            Notice::Expired,
        ];
        for notice in notices {
            let key = NotificationKey::new(session, notice);
            let text = key.to_string();
            assert_eq!(text.parse(), Ok(key));
            assert!(text.is_ascii() && text.len() <= 64, "{text}");
            assert_eq!(key.slot(), format!("s{}", "f3".repeat(16)));
            assert!(key.is_of(session) && !key.is_of(SessionId([0; 32])));
        }
        let slot = format!("s{}", "f3".repeat(16));
        let upper = format!("s{}", "F3".repeat(16));
        for faulty in ["", "s", "sf3:request"] {
            assert_eq!(faulty.parse::<NotificationKey>(), Err(NotificationKeyFault), "{faulty}");
        }
        for notice in ["warning", "warning0300", "warning-1", "requests", ""] {
            assert_eq!(
                format!("{slot}:{notice}").parse::<NotificationKey>(),
                Err(NotificationKeyFault),
                "{notice}"
            );
        }
        assert_eq!(format!("{upper}:request").parse::<NotificationKey>(), Err(NotificationKeyFault));
    }
}
