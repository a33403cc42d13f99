//! A program that is started, spoken to in lines and answers in JSON, one object a line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long is waited for a line before the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program; killed when it is dropped.
pub struct Talk {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    /// What it said when it was ready.
    pub ready: Value,
}

impl Talk {
    /// Starts a program and waits until it is ready.
    ///
    /// # Panics
    ///
    /// Panics if it does not start, or is not ready within a minute.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (said, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        let mut talk = Self { child, stdin, lines, ready: Value::Null };
        talk.ready = talk.read(|value| value["event"] == "ready");
        talk
    }

    /// Says a line.
    ///
    /// # Panics
    ///
    /// Panics if the program has ended.
    pub fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").expect("it listens");
    }

    /// Says a line and returns its answer, or the error that it is answered with; events before it are skipped.
    ///
    /// # Panics
    ///
    /// Panics if none comes within a minute.
    pub fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.read(|value| value.get("answer").is_some() || value.get("error").is_some())
    }

    /// Reads lines until one is wanted.
    ///
    /// # Panics
    ///
    /// Panics if none comes within a minute.
    pub fn read(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).expect("it says what is awaited within a minute");
            let value = serde_json::from_str(&line).expect("one object a line");
            if wanted(&value) {
                return value;
            }
        }
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be waited for.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
