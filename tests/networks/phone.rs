//! One `phone` process in a namespace, spoken to as a machine would.

use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use countersign_tests::network::namespace::Namespace;
use countersign_tests::programs;
use serde_json::Value;

/// The port at which every phone listens.
const PORT: u16 = 4_001;
/// How long an answer may take: nothing of it goes over a network.
const ANSWER: Duration = Duration::from_secs(30);

/// A running co-signer. It ends with this process.
pub(crate) struct Phone {
    /// What co-signers call it.
    pub(crate) name: &'static str,
    child: Child,
    stdin: ChildStdin,
    lines: mpsc::Receiver<Value>,
}

impl Phone {
    /// Starts one that listens at `address`, and waits until it is ready.
    pub(crate) fn start(name: &'static str, namespace: &Namespace, folder: &Path, address: Ipv4Addr) -> Self {
        let mut command = Command::new(program());
        command
            .args(["--json", "--name", name, "--listen", &format!("/ip4/{address}/tcp/{PORT}"), "--dir"])
            .arg(folder.join(name))
            .env("COUNTERSIGN_PASSPHRASE", "a test's own")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = namespace.spawn(command).expect("it starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (heard, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let values = stdout.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line));
            for value in values {
                if heard.send(value.expect("one object a line")).is_err() {
                    return;
                }
            }
        });
        let mut phone = Self { name, child, stdin, lines };
        let ready = phone.read(|value| value["event"] == "ready");
        assert!(ready.is_some(), "{name} listens at {address}");
        phone
    }

    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").expect("it listens");
    }

    /// Types a line and returns its answer; events before it are skipped.
    pub(crate) fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        let wanted = |value: &Value| value.get("answer").is_some() || value.get("error").is_some();
        let answer = self.read(wanted).unwrap_or_else(|| panic!("{} answers {line}", self.name));
        assert!(answer.get("error").is_none(), "{}: {line}: {answer}", self.name);
        answer
    }

    /// Lets it quit, and waits until it has.
    pub(crate) fn quit(&mut self) {
        self.ask("quit");
        assert!(self.child.wait().expect("it ends").success(), "{} quits", self.name);
    }

    /// Asks for the status until it is as wanted, and returns it; `None` if it is not within `limit`.
    pub(crate) fn status(&mut self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let began = Instant::now();
        loop {
            let status = self.ask("status");
            if wanted(&status) {
                return Some(status);
            }
            if began.elapsed() > limit {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns the number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads lines until one is wanted; `None` if none is in time, or it has ended.
    fn read(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let began = Instant::now();
        loop {
            let value = self.lines.recv_timeout(ANSWER.saturating_sub(began.elapsed())).ok()?;
            if wanted(&value) {
                return Some(value);
            }
        }
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the program, once, and returns where it is.
fn program() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| programs::build(false)).join("phone")
}
