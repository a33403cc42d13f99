//! English for every sentence that the machine names by a key: another language takes another file like this one.

use countersign_driver::machine::network::Connected;
use countersign_driver::machine::plan::{Arg, Message, MessageKey};

use super::view::printable;

/// Says how well a phone is connected.
pub(crate) fn connected(state: Connected) -> &'static str {
    match state {
        Connected::Resting => "In the background: nobody is connected.",
        Connected::Offline => "There is no network.",
        Connected::Nobody => "No co-signer is known yet.",
        Connected::Disconnected => "No co-signer can be reached.",
        Connected::Connecting => "Connecting …",
        Connected::Partly => "Some co-signers are connected.",
        Connected::Fully => "All co-signers are connected.",
    }
}

/// Returns the heading above a sentence.
pub(crate) fn title(key: MessageKey) -> &'static str {
    match key {
        MessageKey::RequestFrom
        | MessageKey::Request
        | MessageKey::RequestExpired
        | MessageKey::RequestSuperseded
        | MessageKey::RequestRedacted => "Signing Request",
        MessageKey::ExpiringSeconds
        | MessageKey::ExpiringMinutes
        | MessageKey::ExpiringHours
        | MessageKey::ExpiringRedacted => "Session Expiring Soon",
        MessageKey::Expired | MessageKey::ExpiredRedacted => "Session Expired",
        MessageKey::Ongoing
        | MessageKey::OngoingRedacted
        | MessageKey::ExtensionAsked
        | MessageKey::Completed
        | MessageKey::Declined
        | MessageKey::DeclinedByYou
        | MessageKey::Cancelled
        | MessageKey::Failed => "Signing Session",
        MessageKey::CannotReach | MessageKey::NoCards => "Connection",
    }
}

/// Returns the sentence.
pub(crate) fn text(Message { key, args }: &Message) -> String {
    let mut names = args.iter().filter_map(|arg| match arg {
        Arg::Name(name) if !name.trim().is_empty() => Some(printable(name)),
        Arg::Name(_) | Arg::Count(_) => None,
    });
    let mut counts = args.iter().filter_map(|arg| match arg {
        Arg::Count(count) => Some(*count),
        Arg::Name(_) => None,
    });
    let name = names.next().unwrap_or_else(|| "A co-signer".to_owned());
    let mut count = || counts.next().unwrap_or_default();
    match key {
        MessageKey::CannotReach => {
            let others = names.map(|other| format!(", {other}")).collect::<String>();
            format!("Cannot reach: {name}{others}")
        }
        MessageKey::NoCards => "No co-signer's card is here yet".to_owned(),
        MessageKey::RequestFrom => format!("{name} is requesting your signature"),
        MessageKey::RequestSuperseded => "Another session has taken this request's place".to_owned(),
        MessageKey::Ongoing => format!("{} of {} have signed", count(), count()),
        MessageKey::ExpiringSeconds => format!("Signing session expires in {}", units(count(), "second")),
        MessageKey::ExpiringMinutes => format!("Signing session expires in {}", units(count(), "minute")),
        MessageKey::ExpiringHours => format!("Signing session expires in {}", units(count(), "hour")),
        MessageKey::ExtensionAsked => format!("{name} asks for more time"),
        MessageKey::Completed => "Everything is signed".to_owned(),
        MessageKey::Declined => format!("{name} has declined"),
        MessageKey::DeclinedByYou => "You have declined".to_owned(),
        MessageKey::Cancelled => "The proposer has taken it back".to_owned(),
        MessageKey::Failed => "It could not be signed".to_owned(),
        MessageKey::RequestExpired => "A signing request has expired".to_owned(),
        MessageKey::Request
        | MessageKey::Expired
        | MessageKey::RequestRedacted
        | MessageKey::OngoingRedacted
        | MessageKey::ExpiringRedacted
        | MessageKey::ExpiredRedacted => redacted(*key).to_owned(),
    }
}

/// Returns the sentence where others can read it: who asks and how long there is stays unsaid.
pub(crate) fn redacted(key: MessageKey) -> &'static str {
    match key {
        MessageKey::RequestFrom | MessageKey::Request | MessageKey::RequestRedacted => {
            "New signing request received"
        }
        MessageKey::ExpiringSeconds
        | MessageKey::ExpiringMinutes
        | MessageKey::ExpiringHours
        | MessageKey::ExpiringRedacted => "A signing session expires soon",
        MessageKey::RequestExpired | MessageKey::Expired | MessageKey::ExpiredRedacted => {
            "A signing session has expired"
        }
        MessageKey::Ongoing | MessageKey::OngoingRedacted => "A signing session waits for co-signers",
        MessageKey::RequestSuperseded
        | MessageKey::ExtensionAsked
        | MessageKey::Completed
        | MessageKey::Declined
        | MessageKey::DeclinedByYou
        | MessageKey::Cancelled
        | MessageKey::Failed => "A signing session has news",
        MessageKey::CannotReach | MessageKey::NoCards => "Co-signers cannot be reached",
    }
}

/// Returns a length of time in the largest unit that says it exactly.
pub(crate) fn span(ms: u64) -> String {
    match ms {
        ms if ms % 3_600_000 == 0 => units(ms / 3_600_000, "hour"),
        ms if ms % 60_000 == 0 => units(ms / 60_000, "minute"),
        ms => units(ms / 1_000, "second"),
    }
}

fn units(count: u64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
