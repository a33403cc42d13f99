//! A program that is started, spoken to in lines and answers in JSON, one object a line.

use std::collections::VecDeque;
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
    /// What it said before an answer, and nobody has read yet.
    unread: VecDeque<Value>,
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
        Self::attach(piped(command).spawn().expect("it starts"))
    }

    /// Waits until a program that was started from [`piped`] is ready.
    ///
    /// # Panics
    ///
    /// Panics if it has no pipes, or is not ready within a minute.
    #[must_use]
    pub fn attach(mut child: Child) -> Self {
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
        let mut talk = Self { child, stdin, lines, unread: VecDeque::new(), ready: Value::Null };
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

    /// Says a line and returns its answer, or the error that it is answered with. What it says before that waits for
    /// [`Talk::read`].
    ///
    /// # Panics
    ///
    /// Panics if none comes within a minute.
    pub fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        let until = Instant::now() + PATIENCE;
        loop {
            let value = self.hear(until);
            if value.get("answer").is_some() || value.get("error").is_some() {
                return value;
            }
            self.unread.push_back(value);
        }
    }

    /// Reads on until something is wanted; what comes before it is skipped.
    ///
    /// # Panics
    ///
    /// Panics if none comes within a minute.
    pub fn read(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let value = self.unread.pop_front().unwrap_or_else(|| self.hear(until));
            if wanted(&value) {
                return value;
            }
        }
    }

    /// Forgets what it has said before its last answer and nobody has read.
    pub fn forget(&mut self) {
        self.unread.clear();
    }

    fn hear(&self, until: Instant) -> Value {
        let left = until.saturating_duration_since(Instant::now());
        let line = self.lines.recv_timeout(left).expect("it says what is awaited within a minute");
        serde_json::from_str(&line).expect("one object a line")
    }

    /// Returns the number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as the system would, and waits for its end.
    ///
    /// # Panics
    ///
    /// Panics if it has been waited for already.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.wait();
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

/// Lets a command be spoken to once it is started.
pub fn piped(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null())
}

impl Drop for Talk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
