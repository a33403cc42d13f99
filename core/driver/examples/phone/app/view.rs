//! The status as lines of at most 80 columns, the same for a live screen and for plain text.

use std::fmt::Display;

use countersign_driver::machine::evidence::Offence;
use countersign_driver::machine::id::Slot;
use countersign_driver::machine::limits::{MAX_ATTEMPT, STICKY_MS};
use countersign_driver::machine::link::{DialFault, LinkPath, LinkState};
use countersign_driver::machine::message::DeclineReason;
use countersign_driver::machine::presence::Here;
use countersign_driver::machine::record::{Failure, Outcome};
use countersign_driver::machine::session::Phase;
use countersign_driver::machine::status::{
    Blocked, Blocker, NextAction, ParticipantStatus, Progress, SessionStatus, Status, WalletStatus,
};
use countersign_driver::machine::wallet::derive::Taproot;
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};

/// Most slots shown as one dot each; more are counted.
const DOTS: usize = 24;

/// Returns the whole status: wallets, then open sessions, then those that have ended.
pub(crate) fn lines(status: &Status) -> Vec<Line<'static>> {
    if status.wallets.is_empty() {
        return vec![Line::from("No wallet yet. Add the cards of your co-signers, then type: wallet NAME")];
    }
    let mut lines = vec![head(status)];
    lines.extend(status.wallets.iter().flat_map(wallet));
    let (ended, open): (Vec<_>, Vec<_>) =
        status.sessions.iter().partition(|session| session.phase == Phase::Ended);
    for one in open.into_iter().chain(ended) {
        lines.extend(session(one, status.wallets.iter().find(|wallet| wallet.id == one.wallet)));
    }
    lines
}

/// Returns what concerns everything: the inbox, and whether we are there for the others.
pub(crate) fn head(status: &Status) -> Line<'static> {
    let badge = match status.badge {
        0 => Span::raw("inbox empty"),
        1 => "inbox 1 request waits".yellow().bold(),
        many => format!("inbox {many} requests wait").yellow().bold(),
    };
    let mut spans = vec![badge];
    let presence = match (&status.presence, status.background) {
        (Some(_), false) => Some("  co-signers hear that we are here".into()),
        (Some(_), true) => Some("  co-signers hear that we are away".yellow()),
        (None, true) => Some("  in the background".yellow()),
        (None, false) => None,
    };
    spans.extend(presence);
    if status.clock_suspect {
        spans.push("  the clock is uncertain: nothing is signed".red());
    }
    Line::from(spans)
}

/// Returns a wallet and its participants, a line each.
pub(crate) fn wallet(wallet: &WalletStatus) -> Vec<Line<'static>> {
    let signers = wallet.participants.len();
    let head = format!("wallet {}  {signers} of {signers}  {}", printable(&wallet.name), short(&wallet.id));
    std::iter::once(Line::from(head.bold())).chain(wallet.participants.iter().map(participant)).collect()
}

fn participant(one: &ParticipantStatus) -> Line<'static> {
    let name = one.nickname.as_deref().map_or_else(|| short(&one.key), printable);
    let (link, path) = link(&one.link);
    let mut spans = vec![Span::raw(format!("  {:>2}  {:<14.14}  ", one.slot, name)), link, Span::raw(path)];
    spans.extend(one.presence.and_then(|presence| match presence.here {
        Here::Online => Some("  online".green()),
        Here::Away => Some("  away".yellow()),
        Here::Withdrawn => None,
    }));
    Line::from(spans)
}

/// Returns a link's icon and word, then its path and round trip.
pub(crate) fn link(state: &LinkState) -> (Span<'static>, String) {
    let (colour, word, path) = match state {
        LinkState::Myself => (Color::Reset, "◆ this phone".to_owned(), String::new()),
        LinkState::Unknown => (Color::Yellow, "? no card yet".to_owned(), String::new()),
        LinkState::NoAddress => (Color::Yellow, "○ no address: it dials us".to_owned(), String::new()),
        LinkState::Dialling => (Color::Yellow, "◌ dialling".to_owned(), String::new()),
        LinkState::Reachable { path, rtt_us, .. } => {
            let trip = rtt_us.map(|us| format!("  {} ms", millis(us))).unwrap_or_default();
            (Color::Green, "● reachable".to_owned(), format!("{:<6}{trip}", path_word(*path)))
        }
        LinkState::Unreachable { why } => {
            let why = why.map(|why| format!(": {}", fault_word(why))).unwrap_or_default();
            (Color::Red, format!("○ out of reach{why}"), String::new())
        }
        LinkState::Away => (Color::Yellow, "○ away".to_owned(), String::new()),
        LinkState::Muted => (Color::Red, "✗ muted: it sends nonsense".to_owned(), String::new()),
        LinkState::Incompatible => (Color::Red, "✗ needs an update, or we do".to_owned(), String::new()),
    };
    (Span::styled(format!("{word:<14}  "), Style::new().fg(colour)), path)
}

/// Returns a session's lines. `wallet` names its participants.
pub(crate) fn session(session: &SessionStatus, wallet: Option<&WalletStatus>) -> Vec<Line<'static>> {
    let items = if session.items == 1 { "1 item".to_owned() } else { format!("{} items", session.items) };
    let head = format!("session {}  {items}  ", short(&session.id));
    if let Some(outcome) = &session.outcome {
        let (colour, words) = outcome_words(outcome);
        return vec![Line::from(vec![Span::raw(head), Span::styled(words, Style::new().fg(colour))])];
    }
    let phase = match session.phase {
        Phase::Requested => "asked for",
        Phase::Unlocking => "unlocking the key",
        Phase::Nonces => "round 1, nonces",
        Phase::Partials => "round 2, signatures",
        Phase::Ended => "ended",
    };
    let attempt = format!("  attempt {} of {}", session.attempt.0 + 1, MAX_ATTEMPT + 1);
    let left = format!("{}  ", countdown(session.remaining_ms));
    let mut lines = vec![
        Line::from(vec![
            Span::raw(head),
            Span::styled(left, urgency(session)),
            Span::styled(phase, Style::new().fg(Color::Cyan)),
            Span::raw(attempt),
        ]),
        Line::from(format!("  nonces    {}", dots(&session.progress, |one| one.nonces))),
        Line::from(format!("  partials  {}", dots(&session.progress, |one| one.partials))),
    ];
    if let Some(blocked) = &session.blocked {
        lines.push(Line::from(format!("  waits for {:.68}", blocker_words(blocked, wallet))));
    }
    if let Some(action) = session.next_action {
        lines.push(Line::from(format!("  next      {:.68}", action_words(action, &short(&session.id)))));
    }
    lines
}

/// Returns what an open session waits for.
fn blocker_words(blocked: &Blocked, wallet: Option<&WalletStatus>) -> String {
    let name = |slot: &Slot| {
        let participant = wallet.and_then(|wallet| wallet.participants.get(slot.index()));
        let name = participant.and_then(|one| one.nickname.as_deref().map(printable));
        name.unwrap_or_else(|| format!("participant {slot}"))
    };
    let whom = blocked.whom.iter().map(name).collect::<Vec<_>>().join(", ");
    match blocked.by {
        Blocker::Approval => "your answer".to_owned(),
        Blocker::Key => "the key, which the vault gives".to_owned(),
        Blocker::Background => "the program, which is in the background".to_owned(),
        Blocker::Clock => format!("a clock to trust, confirmed by {whom}"),
        Blocker::Company => format!("a first word of {whom}"),
        Blocker::Pause => format!("the next attempt, in {} s", blocked.until_ms.div_ceil(1000)),
        Blocker::Nonces => format!("the nonces of {whom}"),
        Blocker::Partials => format!("the signatures of {whom}"),
    }
}

/// Returns what the user can do for the session with this short id.
fn action_words(action: NextAction, id: &str) -> String {
    match action {
        NextAction::Answer => format!("approve {id} or reject {id}"),
        NextAction::Open => "type foreground".to_owned(),
        NextAction::Unlock => format!("let the vault give the key; if it refused, approve {id} again"),
        NextAction::SetClock => "set the clock right, or connect to those who confirm it".to_owned(),
        NextAction::Connect => "have them open their phones, then connect".to_owned(),
        NextAction::AgreeToExtension => format!("others ask for more time: extend {id} to agree"),
        NextAction::Wait => "nothing to do: it is the others' turn".to_owned(),
    }
}

/// Returns how a countdown looks: red under two minutes, yellow once there was a warning.
fn urgency(session: &SessionStatus) -> Style {
    match (session.remaining_ms < STICKY_MS, session.warned_ms) {
        (true, _) => Style::new().fg(Color::Red).bold(),
        (false, Some(_)) => Style::new().fg(Color::Yellow).bold(),
        (false, None) => Style::new().bold(),
    }
}

/// Returns the status as it is `age_ms` later if nothing but time has passed.
pub(crate) fn aged(status: &Status, age_ms: u64) -> Status {
    let mut status = status.clone();
    for session in &mut status.sessions {
        let until = session.blocked.as_mut().map(|blocked| &mut blocked.until_ms);
        for left in until.into_iter().chain([&mut session.remaining_ms]) {
            *left = left.saturating_sub(age_ms);
        }
    }
    status
}

/// Returns the status without the time that runs.
pub(crate) fn timeless(status: &Status) -> Status {
    aged(status, u64::MAX)
}

/// Returns the time until a deadline: minutes and seconds, or from an hour on hours and minutes.
pub(crate) fn countdown(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    match (seconds / 86_400, seconds / 3600 % 24) {
        (0, 0) => format!("{}:{:02} left", seconds / 60, seconds % 60),
        (0, hours) => format!("{hours}:{:02} h left", seconds / 60 % 60),
        (days, hours) => format!("{days} d {hours} h left"),
    }
}

/// Returns how a session ended, with a colour.
pub(crate) fn outcome_words(outcome: &Outcome) -> (Color, String) {
    match outcome {
        Outcome::Completed { .. } => (Color::Green, "✓ completed".to_owned()),
        Outcome::Declined { slot, reason } => {
            let why = match reason {
                DeclineReason::User => "declined it",
                DeclineReason::Unrecognised => "does not recognise it",
                DeclineReason::Policy => "has a policy against it",
                DeclineReason::GaveUp => "cannot sign: its phone gave up",
            };
            (Color::Red, format!("✗ participant {slot} {why}"))
        }
        Outcome::Cancelled => (Color::Red, "✗ the proposer cancelled it".to_owned()),
        Outcome::Expired => (Color::Red, "✗ expired".to_owned()),
        Outcome::Failed { why } => {
            let why = match why {
                Failure::Blamed { culprit, offence } => {
                    format!("participant {culprit} {}", offence_words(*offence))
                }
                Failure::AttemptsUsedUp => "nonces were lost in every attempt".to_owned(),
                Failure::Internal => "the signing library refused".to_owned(),
            };
            (Color::Red, format!("✗ failed: {why}"))
        }
    }
}

/// Returns what a participant did, in words.
pub(crate) fn offence_words(offence: Offence) -> &'static str {
    match offence {
        Offence::InvalidNonce => "sent nonces that are none",
        Offence::WrongPartial => "signed wrongly",
        Offence::Equivocation => "sent different contributions for one place",
        Offence::ForgedCompletion => "forged the final signature",
    }
}

/// Returns what Taproot does to a key, in words.
pub(crate) fn taproot(taproot: Taproot) -> String {
    match taproot {
        Taproot::Untweaked => "untweaked".to_owned(),
        Taproot::KeySpend => "key spend".to_owned(),
        Taproot::ScriptTree(root) => format!("script tree {}", hex::encode(root)),
    }
}

/// Returns the first eight digits of an id.
pub(crate) fn short(id: &impl Display) -> String {
    id.to_string().chars().take(8).collect()
}

/// Returns another's text without what would move the cursor or change colours.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Returns milliseconds with the digits that matter.
pub(crate) fn millis(us: u64) -> String {
    let tenths = us / 100;
    if us < 1_000 { format!("0.{:02}", us / 10) } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn dots(progress: &[Progress], given: impl Fn(&Progress) -> bool) -> String {
    if progress.len() > DOTS {
        return format!("{} of {}", progress.iter().filter(|one| given(one)).count(), progress.len());
    }
    let dots: Vec<&str> = progress.iter().map(|one| if given(one) { "●" } else { "○" }).collect();
    dots.join(" ")
}

fn path_word(path: LinkPath) -> &'static str {
    match path {
        LinkPath::Direct => "direct",
        LinkPath::Lan => "lan",
        LinkPath::Webrtc => "webrtc",
        LinkPath::Relay => "relay",
    }
}

pub(crate) fn fault_word(fault: DialFault) -> &'static str {
    match fault {
        DialFault::NoAnswer => "no answer",
        DialFault::Refused => "refused",
        DialFault::WrongPeer => "somebody else answers there",
        DialFault::NoUsableAddress => "its card has no usable address",
        DialFault::Transport => "the connection failed",
    }
}
