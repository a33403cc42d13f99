//! All phones at once: what they say is taken here, and who is to be killed is killed.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc;

use super::Kill;
use super::child::{Phone, Said};
use super::fault::Fault;
use super::table::{Links, Table};

/// How often the table is drawn at most, and the time in it at least.
const REDRAW: Duration = Duration::from_millis(100);

/// The phones, in the order in which they were made until [`Crowd::sort`], then by slot.
pub(crate) struct Crowd {
    pub(crate) phones: Vec<Phone>,
    kills: Vec<Kill>,
    /// Whether the phones write logs.
    log: bool,
    /// The relay through which alone they reach each other, if it is not directly.
    pub(crate) relay: Option<String>,
    /// How many processes were killed.
    pub(crate) killed: usize,
    heard: mpsc::UnboundedReceiver<Said>,
    speaker: mpsc::UnboundedSender<Said>,
    pub(crate) table: Table,
    drawn: Instant,
    /// What is going on, also for whoever runs out of time.
    pub(crate) waiting: String,
}

impl Crowd {
    /// Gathers phones that are not running.
    pub(crate) fn new(phones: Vec<Phone>, kills: Vec<Kill>, log: bool, table: Table) -> Self {
        let (speaker, heard) = mpsc::unbounded_channel();
        let waiting = String::new();
        let relay = None;
        Self { phones, kills, log, relay, killed: 0, heard, speaker, table, drawn: Instant::now(), waiting }
    }

    /// Starts the phone at `at`, to be killed if its slot is to be.
    pub(crate) fn start(&mut self, at: usize, kill: Option<Kill>) -> Result<(), Fault> {
        self.phones[at].start(kill.map(|kill| kill.at), self.log, self.relay.as_deref(), self.speaker.clone())
    }

    /// Brings the phones into the order of their slots, and starts those again that will be killed.
    pub(crate) async fn sort(&mut self) -> Result<(), Fault> {
        self.phones.sort_by(|one, other| one.participant.cmp(&other.participant));
        let slots: Vec<usize> = self.kills.iter().map(|kill| usize::from(kill.slot)).collect();
        for slot in slots {
            self.phones[slot].kill().await?;
            self.start_slot(slot)?;
        }
        Ok(())
    }

    /// Starts the phone at `slot` with what is next to befall it.
    fn start_slot(&mut self, slot: usize) -> Result<(), Fault> {
        let next = self.kills.iter().find(|kill| usize::from(kill.slot) == slot).copied();
        self.start(slot, next)
    }

    /// Lets the phone at `slot` quit for good.
    pub(crate) async fn leave(&mut self, slot: usize) -> Result<(), Fault> {
        self.phones[slot].type_line("quit").await?;
        self.until(|crowd| crowd.phones[slot].has_quit()).await?;
        self.phones[slot].absent = true;
        self.table.links[slot] = Links::default();
        self.phones[slot].end().await
    }

    /// Types a line at every phone that is there.
    pub(crate) async fn type_all(&mut self, line: &str) -> Result<(), Fault> {
        for phone in self.phones.iter_mut().filter(|phone| !phone.absent) {
            phone.type_line(line).await?;
        }
        Ok(())
    }

    /// Types a line at every phone that is there and waits for all answers; returns them by slot.
    pub(crate) async fn ask_all(&mut self, line: &str) -> Result<Vec<Value>, Fault> {
        let word = line.split(' ').next().unwrap_or(line).to_owned();
        self.type_all(line).await?;
        self.settle().await?;
        let answer = |phone: &mut Phone| {
            let garbled = || Fault::Garbled { name: phone.name.clone(), expected: "an answer" };
            phone.answers.get(&word).cloned().ok_or_else(garbled)
        };
        self.phones.iter_mut().filter(|phone| !phone.absent).map(answer).collect()
    }

    /// Waits until every command is answered.
    pub(crate) async fn settle(&mut self) -> Result<(), Fault> {
        self.until(|crowd| crowd.phones.iter().all(|phone| phone.pending == 0)).await
    }

    /// Takes what the phones say until `enough`.
    pub(crate) async fn until(&mut self, mut enough: impl FnMut(&Self) -> bool) -> Result<(), Fault> {
        while !enough(self) {
            if self.drawn.elapsed() >= REDRAW {
                self.draw();
                self.look_at_links().await?;
            }
            // The crowd holds a sender itself, so the channel stays open; a timeout is for drawing.
            if let Ok(Some(said)) = tokio::time::timeout(REDRAW, self.heard.recv()).await {
                self.take(said).await?;
            }
        }
        Ok(())
    }

    /// Asks those whose links have changed.
    async fn look_at_links(&mut self) -> Result<(), Fault> {
        let asks = |phone: &&mut Phone| phone.stale && phone.pending == 0 && !phone.has_quit();
        for phone in self.phones.iter_mut().filter(asks) {
            phone.stale = false;
            phone.type_line("status").await?;
        }
        Ok(())
    }

    /// Draws the table.
    pub(crate) fn draw(&mut self) {
        self.drawn = Instant::now();
        self.table.draw(&self.phones, &self.waiting);
    }

    async fn take(&mut self, Said { index, life, value }: Said) -> Result<(), Fault> {
        let Some(slot) = self.phones.iter().position(|phone| phone.index == index && phone.life == life)
        else {
            return Ok(());
        };
        let phone = &mut self.phones[slot];
        let Some(value) = value else {
            return if phone.has_quit() { Ok(()) } else { Err(phone.gone().await) };
        };
        let Some(at) = value["boot_us"].as_u64() else {
            return Err(Fault::Garbled { name: phone.name.clone(), expected: "a JSON object with boot_us" });
        };
        if let Some(phase) = value["stopped_at"].as_str() {
            phone.note("", &value, at);
            let phase = phase.to_owned();
            return self.kill(slot, &phase).await;
        }
        if let Some(word) = value["answer"].as_str() {
            phone.pending = phone.pending.saturating_sub(1);
            if let Some(text) = value["error"]["text"].as_str() {
                return Err(Fault::Refused { name: phone.name.clone(), text: text.to_owned() });
            }
            if word == "status" {
                self.table.links[slot] = Links::read(&value);
                phone.note_status(&value, at);
            }
            phone.answers.insert(word.to_owned(), value);
            return Ok(());
        }
        match value["event"].as_str() {
            Some("ready") => {
                phone.participant = value["participant"].as_str().unwrap_or_default().to_owned();
                phone.card = value["card"].as_str().map(str::to_owned);
            }
            Some("link") => phone.stale = true,
            Some(event) => {
                let event = event.to_owned();
                phone.note(&event, &value, at);
            }
            None => {
                phone.answers.insert(String::new(), value);
            }
        }
        Ok(())
    }

    /// Kills the phone that has stopped at `phase`, and starts it again.
    async fn kill(&mut self, slot: usize, phase: &str) -> Result<(), Fault> {
        self.phones[slot].kill().await?;
        self.killed += 1;
        self.kills
            .remove(self.kills.iter().position(|kill| usize::from(kill.slot) == slot).unwrap_or_default());
        let name = &self.phones[slot].name;
        self.table.note(&format!("Killed {name} (slot {slot}) at {phase}; starting it again."));
        self.draw();
        (self.phones[slot].session.nonces, self.phones[slot].session.partials) = (false, false);
        self.start_slot(slot)?;
        // Events of a session that ended before the kill do not come again: the status says it.
        self.phones[slot].type_line("status").await
    }
}
