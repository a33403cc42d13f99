//! One co-signer: its command line, its start and its loop.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use countersign_driver::Node;
use countersign_driver::clock::{Clock, SystemClock};
use countersign_driver::machine::effect::{Event, SessionEvent};
use countersign_driver::machine::id::SessionId;
use countersign_driver::machine::node::KeptEvent;
use countersign_driver::machine::session::{Happening, Phase};
use tokio::sync::mpsc;
use tokio::time::Instant;

mod answer;
mod caller;
pub(crate) mod command;
mod detail;
mod fault;
mod identity;
mod network;
mod notices;
mod output;
mod screen;
mod stop;
pub(crate) mod tell;
pub(crate) mod view;
pub(crate) mod words;

use answer::answer;
use command::Command;
use fault::{Failure, Kind};
use output::Output;
pub(crate) use stop::StopAt;

/// How long the address list must stand still before a card is issued for it.
const SETTLE: Duration = Duration::from_millis(50);
/// How long changes are collected before the status is asked for and shown.
const REFRESH: Duration = Duration::from_millis(50);

/// One MuSig2 co-signer in a terminal. Type `help` once it runs.
#[derive(Debug, Parser)]
#[command(name = "phone", version)]
struct Args {
    /// Folder of this co-signer: its vault and its journal. Made if there is none.
    #[arg(long)]
    dir: PathBuf,
    /// What co-signers call this one [default: as before, or the folder's name]
    #[arg(long)]
    name: Option<String>,
    /// Multiaddress to listen at; repeatable [default: as before, or /ip4/127.0.0.1/tcp/0]
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,
    /// Listen nowhere: others reach this one through relays, or not at all.
    #[arg(long, conflicts_with = "listen")]
    dial_only: bool,
    /// Multiaddress of a relay, with its peer id at the end; repeatable
    #[arg(long, value_name = "MULTIADDR")]
    relay: Vec<String>,
    /// Look for co-signers in the local network, and be found there.
    #[arg(long)]
    mdns: bool,
    /// Write every event and answer as one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Approve every request unseen.
    #[arg(long)]
    auto_approve: bool,
    /// Write a log to DIR/phone.log.
    #[arg(long)]
    log: bool,
    /// Stop this process with SIGSTOP at this point of any session.
    #[arg(long, value_name = "PHASE", hide = true)]
    stop_at: Option<StopAt>,
}

/// Runs one co-signer with these arguments, the program's name first.
pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = Args::parse_from(args);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(serve(&args)),
        Err(error) => Err(Failure::new(Kind::Stopped, format!("The system gives no threads: {error}."))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if args.json {
                output::json(boot_us(), serde_json::json!({ "error": failure }));
            } else {
                eprintln!("{}", failure.text);
            }
            failure.kind.exit_code()
        }
    }
}

async fn serve(args: &Args) -> Result<(), Failure> {
    let vault = identity::prepare(&args.dir, args.log)?;
    let (stop, (told, events)) = (stop::Stop::new(args.stop_at), mpsc::unbounded_channel());
    let mut stop = stop;
    let observer = move |event: &Event| {
        let at = boot_us();
        stop.hear(event, at);
        // The loop below may have ended already: then nobody wants to hear.
        let _ = told.send((at, event.clone()));
    };
    let config = identity::config(args);
    let node = Node::open(&config, vault, observer).await?;
    let (output, lines) = Output::open(args.json);
    let mut phone = Phone { args, node, output, ready: false, stale: true };
    let ended = phone.run(events, lines).await;
    let Phone { node, output, .. } = phone;
    let closed = node.close().await;
    drop(output);
    // Why the engine stopped says more than that it did.
    closed?;
    ended
}

/// A running co-signer and whom it shows things to.
struct Phone<'a> {
    args: &'a Args,
    node: Node,
    output: Output,
    /// Whether our card is up to date and was shown.
    ready: bool,
    /// Whether something has changed since the status was shown.
    stale: bool,
}

impl Phone<'_> {
    /// Runs until the user quits or the engine stops.
    async fn run(
        &mut self,
        mut events: mpsc::UnboundedReceiver<(u64, Event)>,
        mut lines: mpsc::UnboundedReceiver<String>,
    ) -> Result<(), Failure> {
        let mut listening = self.node.listening();
        let mut settled = None;
        if self.args.auto_approve {
            self.approve_requested().await?;
        }
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some((at, event)) => self.heard(at, &event).await?,
                    None => return Ok(()),
                },
                kept = self.node.next_event(), if self.output.shows_kept() => self.deal_with(&kept?).await?,
                line = lines.recv() => match line {
                    Some(line) => if self.typed(&line).await == Next::Quit { return Ok(()) },
                    None => return Ok(()),
                },
                Ok(()) = listening.changed() => settled = Some(Instant::now() + SETTLE),
                () = tokio::time::sleep_until(settled.unwrap_or_else(Instant::now)), if settled.is_some() => {
                    settled = None;
                    let addresses = listening.borrow_and_update().clone();
                    self.listens(&addresses).await?;
                }
                () = tokio::time::sleep(REFRESH), if self.stale && self.output.shows_status() => {
                    self.output.status(self.node.status().await?);
                    self.stale = false;
                }
            }
        }
    }

    async fn heard(&mut self, at: u64, event: &Event) -> Result<(), Failure> {
        self.stale = true;
        self.output.event(at, event);
        match event {
            Event::CardIssued(issued) => {
                identity::remember(self.args, &self.node.listening().borrow())?;
                self.say_ready(&issued.card).await?;
            }
            Event::Session(SessionEvent { session, what: Happening::Requested { .. }, .. })
                if self.args.auto_approve =>
            {
                self.approve(*session).await?;
            }
            Event::Session(_) | Event::Link(_) | Event::Clock(_) | Event::Presence(_) => {}
            Event::Preflight(_) | Event::Connectivity(_) => {}
            Event::Refused(_) | Event::RefusedByPeer(_) => {}
        }
        Ok(())
    }

    /// Shows an event that waits, and lets go of it: after a kill in between it is shown once more.
    async fn deal_with(&mut self, event: &KeptEvent) -> Result<(), Failure> {
        self.stale = true;
        self.output.kept(event, &self.node.status().await?);
        Ok(self.node.event_handled(event.id).await?)
    }

    async fn typed(&mut self, line: &str) -> Next {
        let taken = boot_us();
        self.stale = true;
        let (word, result) = match Command::parse(line) {
            Ok(None) => return Next::Again,
            Ok(Some(command)) => (command.word(), answer(&self.node, &command).await),
            Err(text) => ("", Err(Failure::new(Kind::Caller, text))),
        };
        self.output.answer(taken, word, line, result);
        if word == "quit" { Next::Quit } else { Next::Again }
    }

    /// Issues a card unless we have one; says that we can be reached once it names these addresses.
    async fn listens(&mut self, addresses: &[String]) -> Result<(), Failure> {
        let me = self.node.status().await?.participant;
        let cards = self.node.cards().await?;
        let own = cards.iter().find(|card| card.statement().participant == me);
        let named = self.args.name.clone();
        match own {
            // The core itself issues one that names other addresses.
            Some(card) if named.as_ref().is_none_or(|name| *name == card.statement().nickname) => {
                let stands = card.statement().addresses == addresses;
                if stands { self.say_ready(&card.to_text()).await } else { Ok(()) }
            }
            Some(_) | None => {
                let nickname = named
                    .or_else(|| own.map(|card| card.statement().nickname.clone()))
                    .unwrap_or_else(|| identity::folder_name(&self.args.dir));
                Ok(self.node.issue_card(nickname).await?)
            }
        }
    }

    /// Says once that others can reach us with this card.
    async fn say_ready(&mut self, card: &str) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.ready, true) {
            let status = self.node.status().await?;
            self.output.ready(boot_us(), &status, card, &self.node.listening().borrow());
        }
        Ok(())
    }

    async fn approve_requested(&mut self) -> Result<(), Failure> {
        for session in self.node.status().await?.sessions {
            if session.phase == Phase::Requested {
                self.approve(session.id).await?;
            }
        }
        Ok(())
    }

    /// Approves; a session that has ended meanwhile needs no approval.
    async fn approve(&mut self, session: SessionId) -> Result<(), Failure> {
        match self.node.approve(session).await.map_err(Failure::from) {
            Err(failure) if failure.kind != Kind::Caller => Err(failure),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Again,
    Quit,
}

/// Reads the clock that all lines carry: microseconds since boot.
pub(crate) fn boot_us() -> u64 {
    SystemClock.now().boot_us
}
