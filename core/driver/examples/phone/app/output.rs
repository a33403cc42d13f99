//! Shows events, answers and the status: as JSON lines, as plain lines, or on a live screen.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Write};

use countersign_driver::machine::effect::Event;
use countersign_driver::machine::node::KeptEvent;
use countersign_driver::machine::status::Status;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::answer::Answer;
use super::fault::Failure;
use super::screen::Screen;
use super::{boot_us, tell, view};

/// Where things are shown.
pub(crate) enum Output {
    /// One JSON object a line.
    Json,
    /// Plain lines; holds those of the status shown last, without the time that runs.
    Plain(BTreeMap<String, String>),
    /// A terminal with a live block.
    Screen(Screen),
}

impl Output {
    /// Opens the fitting output, and the lines that are typed.
    pub(crate) fn open(json: bool) -> (Self, mpsc::UnboundedReceiver<String>) {
        let (typed, lines) = mpsc::unbounded_channel();
        let on_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        let screen = if on_terminal && !json { Screen::open(typed.clone()) } else { None };
        match screen {
            Some(screen) => (Self::Screen(screen), lines),
            None => {
                read_lines(typed);
                (if json { Self::Json } else { Self::Plain(BTreeMap::new()) }, lines)
            }
        }
    }

    /// Returns whether [`Output::status`] shows anything.
    pub(crate) fn shows_status(&self) -> bool {
        match self {
            Self::Json => false,
            Self::Plain(_) | Self::Screen(_) => true,
        }
    }

    /// Shows an event that happened at `at`.
    pub(crate) fn event(&mut self, at: u64, event: &Event) {
        match self {
            Self::Json => json(at, to_json(event)),
            Self::Plain(_) | Self::Screen(_) => {
                if let Some(text) = tell::passing(event) {
                    self.say(&text);
                }
            }
        }
    }

    /// Returns whether [`Output::kept`] shows anything. A program that reads JSON deals with those events itself: it
    /// types `events`.
    pub(crate) fn shows_kept(&self) -> bool {
        match self {
            Self::Json => false,
            Self::Plain(_) | Self::Screen(_) => true,
        }
    }

    /// Shows an event that waits until it is dealt with.
    pub(crate) fn kept(&mut self, event: &KeptEvent, status: &Status) {
        if let Some(text) = tell::kept(event, status) {
            self.say(&text);
        }
    }

    /// Shows what came of a line that was taken at `taken`.
    pub(crate) fn answer(&mut self, taken: u64, word: &str, line: &str, result: Result<Answer, Failure>) {
        match (self, result) {
            (Self::Json, Ok(answer)) => {
                let mut fields = json!({ "answer": word, "taken_us": taken });
                merge(&mut fields, answer.json);
                json(boot_us(), fields);
            }
            (Self::Json, Err(failure)) => {
                json(boot_us(), json!({ "error": failure, "answer": word, "taken_us": taken }));
            }
            (Self::Screen(screen), result) => {
                screen.echo(line);
                screen.say(&result.map_or_else(|failure| failure.text, |answer| answer.text));
            }
            (shown @ Self::Plain(_), Ok(answer)) => shown.say(&answer.text),
            (Self::Plain(_), Err(failure)) => eprintln!("{}", failure.text),
        }
    }

    /// Shows once who we are and how others reach us.
    pub(crate) fn ready(&mut self, at: u64, status: &Status, card: &str, addresses: &[String]) {
        match self {
            Self::Json => json(
                at,
                json!({
                    "event": "ready",
                    "participant": status.participant,
                    "transport": status.transport,
                    "card": card,
                    "listening": addresses,
                }),
            ),
            Self::Plain(_) | Self::Screen(_) => {
                self.say(&format!("Listening at {}. Type help for the commands.", addresses.join(", ")));
            }
        }
    }

    /// Shows the status: on a screen live, as plain lines what has changed in it.
    pub(crate) fn status(&mut self, status: Status) {
        match self {
            Self::Json => {}
            Self::Screen(screen) => screen.show(status),
            Self::Plain(shown) => {
                let (lines, timeless) = (plain_lines(&status), plain_lines(&view::timeless(&status)));
                for ((key, line), (_, content)) in lines.into_iter().zip(timeless) {
                    if shown.get(&key) != Some(&content) {
                        println!("{line}");
                        shown.insert(key, content);
                    }
                }
            }
        }
    }

    fn say(&mut self, text: &str) {
        match self {
            Self::Json => {}
            Self::Plain(_) if text.is_empty() => {}
            Self::Plain(_) => println!("{text}"),
            Self::Screen(screen) => screen.say(text),
        }
    }
}

/// Writes one JSON object with the time as a line, whole, at once.
pub(crate) fn json(boot_us: u64, mut object: Value) {
    merge(&mut object, json!({ "boot_us": boot_us }));
    let mut out = io::stdout().lock();
    // A reader that has gone away needs no lines.
    let _ = writeln!(out, "{object}").and_then(|()| out.flush());
}

/// Turns one of the machine's types into JSON.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("the machine's types have text keys only")
}

/// Adds the fields of one JSON object to another.
pub(crate) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// Reads lines on a thread of its own, which a runtime that ends need not wait for.
fn read_lines(typed: mpsc::UnboundedSender<String>) {
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if typed.send(line).is_err() {
                return;
            }
        }
    });
}

/// Returns the status line by line, each under a name that stays when its content changes.
fn plain_lines(status: &Status) -> Vec<(String, String)> {
    let mut lines = vec![("head".to_owned(), view::head(status).to_string())];
    for wallet in &status.wallets {
        for (at, line) in view::wallet(wallet).into_iter().enumerate() {
            lines.push((format!("wallet {} {at}", wallet.id), line.to_string()));
        }
    }
    for session in status.sessions.iter().filter(|session| session.outcome.is_none()) {
        let wallet = status.wallets.iter().find(|wallet| wallet.id == session.wallet);
        let shown =
            view::session(session, wallet).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        lines.push((format!("session {}", session.id), shown));
    }
    lines
}
