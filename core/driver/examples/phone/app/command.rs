//! What can be typed.

use std::fs;

use countersign_driver::machine::id::PayloadDigest;
use countersign_driver::machine::limits::{DEFAULT_SESSION_MS, PREFLIGHT_MS};
use countersign_driver::machine::message::{DeclineReason, Item, Payload};
use countersign_driver::machine::network::NetworkState;
use countersign_driver::machine::plan::NotificationKey;
use countersign_driver::machine::wallet::derive::{KeyPath, Taproot};

/// Usual length of a moment in the background, in milliseconds.
const SLICE_MS: u64 = 8_000;

/// Shown on `help`.
pub(crate) const HELP: &str = "\
card                        show our card, for the others to add
add CARD                    take another's card
wallet NAME [WHO ...]       create a wallet of ourselves and these keys or nicknames, or of all cards added
wallets                     list the wallets and their participants
connect [WHO]               dial everybody, or this one, again, now
disconnect WHO              dial this one no more until asked to
preflight WALLET [5s]       find out whether every co-signer of a wallet answers
propose WALLET DIGEST[,DIGEST ...] [--path m/0/5] [--taproot untweaked|keyspend|ROOT]
                            [--text TEXT] [--for 300s]
                            [--check]: only if every co-signer answers
propose WALLET @FILE        the same with a JSON array of {digest, path, taproot}
approve SESSION             agree to sign; covers every attempt
reject SESSION [user|unrecognised|policy]
cancel SESSION              take our own proposal back
extend SESSION [300s]       consent to a deadline so much later than now, or to the one others ask for
inbox                       list what co-signers ask, what became of it and how long there is
plan                        show the notifications that the system should hold or show now
wakes                       show when the system should wake this program
dismiss KEY                 put a notification of the plan away, or the request it is of
warn TIME [TIME ...]        choose when to warn of a session's end, such as warn 10m 2m; usual or none
events                      show what was not dealt with yet, and deal with it
presence TIME               tell co-signers that we are here, each time for so long, such as 1h; or off
background                  do as if the user had left this program
foreground                  do as if the user had come back
slice [8s]                  do as if the system let this program run for a moment in the background
network off | GENERATION [IP ...]
                            do as if there were no network, or another one with these addresses
evidence SESSION            show what proves that a participant broke the protocol
judge HEX                   judge such evidence; @FILE reads the hex from a file
status                      show everything
session SESSION             show a session's items, tweaks, keys and signatures
counters                    show how much was sent, synced and calculated, and what the timer woke us for
quit
A wallet is named by its name or the first digits of its id, a session by the first digits of its id.";

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Card,
    Add {
        card: String,
    },
    Wallet {
        name: String,
        holders: Vec<String>,
    },
    Wallets,
    /// `None` for everybody.
    Connect {
        who: Option<String>,
    },
    Disconnect {
        who: String,
    },
    Preflight {
        wallet: String,
        budget_ms: u64,
    },
    Propose {
        wallet: String,
        payload: Payload,
        lasts_ms: u64,
        check: bool,
    },
    Approve {
        session: String,
    },
    Reject {
        session: String,
        reason: DeclineReason,
    },
    Cancel {
        session: String,
    },
    Extend {
        session: String,
        lasts_ms: Option<u64>,
    },
    Inbox,
    Plan,
    Wakes,
    Dismiss {
        key: NotificationKey,
    },
    /// `None` for the usual warnings.
    Warn {
        thresholds_ms: Option<Vec<u64>>,
    },
    Events,
    /// `None` to stop.
    Presence {
        ttl_ms: Option<u64>,
    },
    Background,
    Foreground,
    Slice {
        budget_ms: u64,
    },
    Network(NetworkState),
    Evidence {
        session: String,
    },
    Judge {
        evidence: Vec<u8>,
    },
    Status,
    Session {
        session: String,
    },
    Counters,
    Quit,
}

impl Command {
    /// Reads a line; `None` if it is empty.
    ///
    /// # Errors
    ///
    /// Returns a sentence that says what should have been typed.
    pub(crate) fn parse(line: &str) -> Result<Option<Self>, String> {
        let words = split(line)?;
        let Some((word, rest)) = words.split_first() else { return Ok(None) };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        let command = match (word.as_str(), rest.as_slice()) {
            ("help", []) => Self::Help,
            ("card", []) => Self::Card,
            ("add", [card]) => Self::Add { card: (*card).to_owned() },
            ("wallet", [name, holders @ ..]) => {
                let holders = holders.iter().map(|&holder| holder.to_owned()).collect();
                Self::Wallet { name: (*name).to_owned(), holders }
            }
            ("wallets", []) => Self::Wallets,
            ("connect", []) => Self::Connect { who: None },
            ("connect", [who]) => Self::Connect { who: Some((*who).to_owned()) },
            ("disconnect", [who]) => Self::Disconnect { who: (*who).to_owned() },
            ("preflight", [wallet]) => {
                Self::Preflight { wallet: (*wallet).to_owned(), budget_ms: PREFLIGHT_MS }
            }
            ("preflight", [wallet, time]) => {
                Self::Preflight { wallet: (*wallet).to_owned(), budget_ms: duration(time)? }
            }
            ("propose", [wallet, what, options @ ..]) => propose(wallet, what, options)?,
            ("approve", [session]) => Self::Approve { session: (*session).to_owned() },
            ("reject", [session]) => {
                Self::Reject { session: (*session).to_owned(), reason: DeclineReason::User }
            }
            ("reject", [session, why]) => {
                Self::Reject { session: (*session).to_owned(), reason: reason(why)? }
            }
            ("cancel", [session]) => Self::Cancel { session: (*session).to_owned() },
            ("extend", [session]) => Self::Extend { session: (*session).to_owned(), lasts_ms: None },
            ("extend", [session, time]) => {
                Self::Extend { session: (*session).to_owned(), lasts_ms: Some(duration(time)?) }
            }
            ("inbox", []) => Self::Inbox,
            ("plan", []) => Self::Plan,
            ("wakes", []) => Self::Wakes,
            ("dismiss", [key]) => Self::Dismiss { key: notification(key)? },
            ("warn", ["usual"]) => Self::Warn { thresholds_ms: None },
            ("warn", ["none"]) => Self::Warn { thresholds_ms: Some(Vec::new()) },
            ("warn", times @ [_, ..]) => {
                let thresholds_ms = times.iter().map(|time| duration(time)).collect::<Result<_, _>>()?;
                Self::Warn { thresholds_ms: Some(thresholds_ms) }
            }
            ("events", []) => Self::Events,
            ("presence", ["off"]) => Self::Presence { ttl_ms: None },
            ("presence", [time]) => Self::Presence { ttl_ms: Some(duration(time)?) },
            ("background", []) => Self::Background,
            ("foreground", []) => Self::Foreground,
            ("slice", []) => Self::Slice { budget_ms: SLICE_MS },
            ("slice", [time]) => Self::Slice { budget_ms: duration(time)? },
            ("network", ["off"]) => Self::Network(NetworkState { online: false, ..NetworkState::default() }),
            ("network", [generation, addresses @ ..]) => Self::Network(NetworkState {
                generation: generation.parse().map_err(|_| usage("network"))?,
                local_addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
                ..NetworkState::default()
            }),
            ("evidence", [session]) => Self::Evidence { session: (*session).to_owned() },
            ("judge", [evidence]) => Self::Judge { evidence: read_hex(evidence)? },
            ("status", []) => Self::Status,
            ("session", [session]) => Self::Session { session: (*session).to_owned() },
            ("counters", []) => Self::Counters,
            ("quit", []) => Self::Quit,
            (word, _) => return Err(usage(word)),
        };
        Ok(Some(command))
    }

    /// Returns the word it begins with.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Card => "card",
            Self::Add { .. } => "add",
            Self::Wallet { .. } => "wallet",
            Self::Wallets => "wallets",
            Self::Connect { .. } => "connect",
            Self::Disconnect { .. } => "disconnect",
            Self::Preflight { .. } => "preflight",
            Self::Propose { .. } => "propose",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Cancel { .. } => "cancel",
            Self::Extend { .. } => "extend",
            Self::Inbox => "inbox",
            Self::Plan => "plan",
            Self::Wakes => "wakes",
            Self::Dismiss { .. } => "dismiss",
            Self::Warn { .. } => "warn",
            Self::Events => "events",
            Self::Presence { .. } => "presence",
            Self::Background => "background",
            Self::Foreground => "foreground",
            Self::Slice { .. } => "slice",
            Self::Network(_) => "network",
            Self::Evidence { .. } => "evidence",
            Self::Judge { .. } => "judge",
            Self::Status => "status",
            Self::Session { .. } => "session",
            Self::Counters => "counters",
            Self::Quit => "quit",
        }
    }
}

/// Reads a duration such as `300s`, `5m`, `2h` or `1d` as milliseconds.
///
/// # Errors
///
/// Returns a sentence that says what should have been typed.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "s" => Some(1_000_u64),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    number
        .parse::<u64>()
        .ok()
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .ok_or_else(|| format!("'{text}' is no duration. Type 300s, 5m, 2h or 1d, for example."))
}

fn propose(wallet: &str, what: &str, options: &[&str]) -> Result<Command, String> {
    let (mut path, mut taproot) = (None, None);
    let check = options.contains(&"--check");
    let options: Vec<&str> = options.iter().copied().filter(|option| *option != "--check").collect();
    let (mut text, mut lasts_ms) = (String::new(), DEFAULT_SESSION_MS);
    for option in options.chunks(2) {
        match option {
            ["--path", steps] => path = Some(self::steps(steps)?),
            ["--taproot", word] => taproot = Some(self::taproot(word)?),
            ["--text", words] => text = (*words).to_owned(),
            ["--for", time] => lasts_ms = duration(time)?,
            _ => return Err(usage("propose")),
        }
    }
    let items = match what.strip_prefix('@') {
        Some(_) if path.is_some() || taproot.is_some() => {
            return Err("A file names the path of each item: leave --path and --taproot out.".to_owned());
        }
        Some(file) => read_items(file)?,
        None => {
            let key = KeyPath::new(path.unwrap_or_default(), taproot.unwrap_or(Taproot::KeySpend))
                .map_err(|fault| format!("This path has no key: {fault}."))?;
            what.split(',').map(|digest| item(digest, key.clone())).collect::<Result<_, _>>()?
        }
    };
    Ok(Command::Propose { wallet: wallet.to_owned(), payload: Payload { items, text }, lasts_ms, check })
}

/// One item in a file.
#[derive(serde::Deserialize)]
struct Entry {
    digest: String,
    #[serde(flatten)]
    key: KeyPath,
}

fn read_items(file: &str) -> Result<Vec<Item>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file} cannot be read: {error}."))?;
    let entries: Vec<Entry> = serde_json::from_str(&text).map_err(|error| {
        format!(
            "{file} is no JSON array of items: {error}. One item is \
             {{\"digest\": \"<64 hex digits>\", \"path\": [0, 5], \"taproot\": \"key_spend\"}}."
        )
    })?;
    entries.into_iter().map(|Entry { digest, key }| item(&digest, key)).collect()
}

fn item(digest: &str, key: KeyPath) -> Result<Item, String> {
    let digest = hex32(digest).ok_or_else(|| format!("'{digest}' is no digest. Type 64 hex digits."))?;
    Ok(Item { digest, key })
}

fn steps(text: &str) -> Result<Vec<u32>, String> {
    let wrong = || format!("'{text}' is no path. Type m or m/0/5, for example; no step is hardened.");
    match text.strip_prefix('m').ok_or_else(wrong)? {
        "" => Ok(Vec::new()),
        below => {
            let steps = below.strip_prefix('/').ok_or_else(wrong)?;
            steps.split('/').map(|step| step.parse().map_err(|_| wrong())).collect()
        }
    }
}

fn taproot(word: &str) -> Result<Taproot, String> {
    match word {
        "untweaked" => Ok(Taproot::Untweaked),
        "keyspend" | "key_spend" => Ok(Taproot::KeySpend),
        root => hex32(root).map(Taproot::ScriptTree).ok_or_else(|| {
            format!("'{root}' is nothing Taproot does. Type untweaked, keyspend or a Merkle root in hex.")
        }),
    }
}

fn reason(word: &str) -> Result<DeclineReason, String> {
    match word {
        "user" => Ok(DeclineReason::User),
        "unrecognised" => Ok(DeclineReason::Unrecognised),
        "policy" => Ok(DeclineReason::Policy),
        other => Err(format!("'{other}' is no reason. Type user, unrecognised or policy.")),
    }
}

fn notification(text: &str) -> Result<NotificationKey, String> {
    let wrong = |_| format!("'{text}' is no key of a notification. Type plan to see those there are.");
    text.parse().map_err(wrong)
}

fn read_hex(text: &str) -> Result<Vec<u8>, String> {
    let text = match text.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(|error| format!("{file} cannot be read: {error}."))?,
        None => text.to_owned(),
    };
    hex::decode(text.trim()).map_err(|error| format!("This is no hex: {error}."))
}

fn hex32(text: &str) -> Option<[u8; 32]> {
    text.parse().ok().map(|PayloadDigest(bytes)| bytes)
}

fn usage(word: &str) -> String {
    let known = HELP.lines().find(|line| line.split(' ').next() == Some(word));
    match known {
        Some(line) => format!("Type it as: {}", line.split("  ").next().unwrap_or(line)),
        None => format!("'{word}' is no command. Type help to see them all."),
    }
}

/// Splits a line at spaces outside of double quotes.
fn split(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for letter in line.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            space if space.is_whitespace() && !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    if quoted {
        return Err("A quotation mark is missing.".to_owned());
    }
    words.extend(word);
    Ok(words)
}
