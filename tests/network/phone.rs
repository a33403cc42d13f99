//! One `phone` process in a namespace, spoken to as a machine would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use countersign_machine::card::Card;
use serde_json::Value;

use super::namespace::Namespace;
use crate::programs;
use crate::talk::{Talk, piped};

/// How often it is looked whether something is as wanted.
const LOOK: Duration = Duration::from_millis(20);

/// A running co-signer. It ends with this process.
pub struct Phone {
    /// What co-signers call it.
    pub name: String,
    talk: Talk,
}

impl Phone {
    /// Starts one with these arguments, and waits until it is ready.
    pub fn start(name: &str, namespace: &Namespace, folder: &Path, arguments: &[String]) -> Self {
        let mut command = Command::new(program());
        command.args(["--json", "--name", name, "--dir"]).arg(folder.join(name)).args(arguments);
        command.env("COUNTERSIGN_PASSPHRASE", "a test's own");
        piped(&mut command);
        Self { name: name.to_owned(), talk: Talk::attach(namespace.spawn(command).expect("it starts")) }
    }

    /// Types a line.
    ///
    /// # Panics
    ///
    /// Panics if it has ended.
    pub fn say(&mut self, line: &str) {
        self.talk.say(line);
    }

    /// Types a line and returns its answer.
    pub fn ask(&mut self, line: &str) -> Value {
        let answer = self.talk.ask(line);
        assert!(answer.get("error").is_none(), "{}: {line}: {answer}", self.name);
        answer
    }

    /// Reads on until something is wanted; what comes before it is skipped.
    pub fn read(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.talk.read(wanted)
    }

    /// Forgets what it has said before its last answer and nobody has read.
    pub fn forget(&mut self) {
        self.talk.forget();
    }

    /// Waits until the addresses on its card are as wanted.
    pub fn await_card(&mut self, limit: Duration, wanted: impl Fn(&[String]) -> bool) {
        let began = Instant::now();
        loop {
            let answer = self.ask("card");
            let card = Card::from_text(answer["card"].as_str().expect("text")).expect("our own card");
            let addresses = &card.statement().addresses;
            if wanted(addresses) {
                return;
            }
            assert!(began.elapsed() <= limit, "{}: {addresses:?}", self.name);
            std::thread::sleep(LOOK);
        }
    }

    /// Lets it quit, and waits until it has.
    pub fn quit(&mut self) {
        self.ask("quit");
        assert!(self.talk.wait().success(), "{} quits", self.name);
    }

    /// Kills it as the system would.
    pub fn kill(&mut self) {
        self.talk.kill();
    }

    /// Asks for the status until it is as wanted, and returns it; `None` if it is not within `limit`.
    pub fn status(&mut self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let began = Instant::now();
        loop {
            let status = self.ask("status");
            if wanted(&status) {
                return Some(status);
            }
            if began.elapsed() > limit {
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Returns the number of its process.
    pub fn id(&self) -> u32 {
        self.talk.id()
    }
}

/// Builds the program, as this was built, once, and returns where it is.
fn program() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| programs::build(!cfg!(debug_assertions))).join("phone")
}
