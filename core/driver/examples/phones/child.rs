//! One phone: its folder, its process, and what it has said so far.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use super::AS_PHONE;
use super::app::StopAt;
use super::fault::{Fault, refused};

/// Environment variable with the vaults' passphrase, and what it is unless the user has set it: the keys here
/// live as long as this program.
const PASSPHRASE: (&str, &str) = ("COUNTERSIGN_PASSPHRASE", "countersign");

/// Something that phone number `index` said in its `life`; `None` when it ended.
pub(crate) struct Said {
    pub(crate) index: usize,
    pub(crate) life: u32,
    pub(crate) value: Option<Value>,
}

/// One phone.
pub(crate) struct Phone {
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    /// How often its process was started.
    pub(crate) life: u32,
    process: Option<Child>,
    stdin: Option<ChildStdin>,
    /// Commands without an answer yet.
    pub(crate) pending: usize,
    /// The newest answer to each command.
    pub(crate) answers: BTreeMap<String, Value>,
    pub(crate) participant: String,
    pub(crate) card: Option<String>,
    pub(crate) session: Seen,
    /// Whether it has left for good.
    pub(crate) absent: bool,
    /// Whether its links have changed since it was asked for its status.
    pub(crate) stale: bool,
}

/// What a phone has said of the session.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) id: Option<String>,
    pub(crate) attempt: u64,
    pub(crate) nonces: bool,
    pub(crate) partials: bool,
    /// How it ended, and when by the boot clock.
    pub(crate) ended: Option<(Value, u64)>,
    /// How often it was said to have ended.
    pub(crate) ends: usize,
    /// The warnings before its end, in the order in which they came.
    pub(crate) warnings: Vec<Warned>,
}

/// A warning that a phone gave, in milliseconds before the deadline.
#[derive(Clone, Copy)]
pub(crate) struct Warned {
    /// When it was to be given.
    pub(crate) threshold_ms: u64,
    /// When it was given.
    pub(crate) left_ms: u64,
}

impl Phone {
    /// Makes a phone that is not running.
    pub(crate) fn new(index: usize, name: String, dir: PathBuf) -> Self {
        Self {
            index,
            name,
            dir,
            life: 0,
            process: None,
            stdin: None,
            pending: 0,
            answers: BTreeMap::new(),
            participant: String::new(),
            card: None,
            session: Seen::default(),
            absent: false,
            stale: false,
        }
    }

    /// Starts its process; what it says goes to `heard`.
    pub(crate) fn start(
        &mut self,
        stop_at: Option<StopAt>,
        log: bool,
        relay: Option<&str>,
        heard: mpsc::UnboundedSender<Said>,
    ) -> Result<(), Fault> {
        let stderr = File::options().create(true).append(true).open(self.dir.join("stderr"));
        let program = std::env::current_exe().map_err(refused("This program cannot be found"))?;
        let mut command = Command::new(program);
        command.args([AS_PHONE, "--json", "--auto-approve", "--name", &self.name, "--dir"]).arg(&self.dir);
        if log {
            command.arg("--log");
        }
        if let Some(relay) = relay {
            command.args(["--dial-only", "--relay", relay]);
        }
        if let Some(value) = stop_at.and_then(|at| clap::ValueEnum::to_possible_value(&at)) {
            command.args(["--stop-at", value.get_name()]);
        }
        if std::env::var_os(PASSPHRASE.0).is_none() {
            command.env(PASSPHRASE.0, PASSPHRASE.1);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        // An interrupt from the keyboard is for us alone: we then kill the phones.
        command.process_group(0);
        command.stderr(stderr.map_err(refused("A phone's folder cannot be written"))?);
        let mut process = command.spawn().map_err(refused("A phone cannot be started"))?;
        self.life += 1;
        (self.pending, self.card) = (0, None);
        self.answers.clear();
        self.stdin = process.stdin.take();
        let (index, life) = (self.index, self.life);
        if let Some(stdout) = process.stdout.take() {
            tokio::spawn(async move {
                let mut lines = BufReader::new(stdout).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let value = Some(serde_json::from_str(&line).unwrap_or(Value::String(line)));
                    if heard.send(Said { index, life, value }).is_err() {
                        return;
                    }
                }
                // Nobody waits any more once the receiver is gone.
                let _ = heard.send(Said { index, life, value: None });
            });
        }
        self.process = Some(process);
        Ok(())
    }

    /// Types a line.
    pub(crate) async fn type_line(&mut self, line: &str) -> Result<(), Fault> {
        let stdin = self.stdin.as_mut().ok_or_else(|| Fault::Gone {
            name: self.name.clone(),
            status: "not running".to_owned(),
            said: String::new(),
        })?;
        self.pending += 1;
        let line = format!("{line}\n");
        match stdin.write_all(line.as_bytes()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.gone().await),
        }
    }

    /// Returns whether it has answered that it quits.
    pub(crate) fn has_quit(&self) -> bool {
        self.answers.contains_key("quit")
    }

    /// Kills the process, as the system kills an app, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<(), Fault> {
        self.stdin = None;
        match self.process.take() {
            Some(mut process) => process.kill().await.map_err(refused("A phone cannot be killed")),
            None => Ok(()),
        }
    }

    /// Waits until the process has ended by itself, and says with what.
    pub(crate) async fn wait(&mut self) -> Result<String, Fault> {
        self.stdin = None;
        match self.process.take() {
            Some(mut process) => {
                let status = process.wait().await.map_err(refused("A phone cannot be waited for"))?;
                Ok(status.to_string())
            }
            None => Ok("not running".to_owned()),
        }
    }

    /// Waits until the process, which was told to quit, has ended well.
    pub(crate) async fn end(&mut self) -> Result<(), Fault> {
        let status = self.wait().await?;
        if status.contains("exit status: 0") {
            return Ok(());
        }
        Err(Fault::Gone { name: self.name.clone(), status, said: String::new() })
    }

    /// Returns the fault of a process that ended unasked.
    pub(crate) async fn gone(&mut self) -> Fault {
        let status = match self.wait().await {
            Ok(status) => status,
            Err(fault) => return fault,
        };
        let last =
            self.answers.get("").and_then(|answer| answer["error"]["text"].as_str()).map(str::to_owned);
        let said = last.or_else(|| fs::read_to_string(self.dir.join("stderr")).ok()).unwrap_or_default();
        Fault::Gone { name: self.name.clone(), status, said: said.trim().to_owned() }
    }

    /// Notes what the phone said of the session at `at`.
    pub(crate) fn note(&mut self, event: &str, value: &Value, at: u64) {
        let seen = &mut self.session;
        if let Some(id) = value["session"].as_str().or(value["id"].as_str()) {
            seen.id = Some(id.to_owned());
        }
        match event {
            "nonces_sent" => {
                let attempt = value["attempt"].as_u64().unwrap_or_default();
                (seen.attempt, seen.nonces, seen.partials) = (attempt, true, false);
            }
            "partials_sent" => {
                let attempt = value["attempt"].as_u64().unwrap_or_default();
                (seen.attempt, seen.nonces, seen.partials) = (attempt, true, true);
            }
            "expiring" => {
                let number = |name: &str| value[name].as_u64().unwrap_or_default();
                let warned = Warned { threshold_ms: number("threshold_ms"), left_ms: number("left_ms") };
                seen.warnings.push(warned);
            }
            "ended" => {
                seen.ends += 1;
                seen.ended.get_or_insert_with(|| (value["outcome"].clone(), at));
            }
            _ => {}
        }
    }

    /// Notes an end that its status shows: a phone that is started again tells of it in no event.
    pub(crate) fn note_status(&mut self, status: &Value, at: u64) {
        let session = &status["sessions"][0];
        if !session["outcome"].is_null() {
            self.session.attempt = session["attempt"].as_u64().unwrap_or_default();
            self.note("", session, at);
            self.session.ended.get_or_insert_with(|| (session["outcome"].clone(), at));
        }
    }
}
