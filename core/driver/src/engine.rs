//! The engine: one task, one `select!`, effects in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_machine::effect::{Event, KeyPurpose};
use countersign_machine::fault::Fault;
use countersign_machine::id::{EventId, TransportKey};
use countersign_machine::input::KeyTicket;
use countersign_machine::key::{Seed, SigningKey};
use countersign_machine::link::{DialFault, Tried};
use countersign_machine::record::{Record, survivors};
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::{self as machine, Effect, Input, Wake};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::journal::Journal;
use crate::net::{Net, NetEvent};
use crate::node::Error;
use crate::vault::{Secret32, Vault, VaultError};

/// Longest single sleep: tokio's clock stops while a phone sleeps, so the boot clock is read again at least
/// this often.
const MAX_SLEEP: Duration = Duration::from_secs(30);

/// What a command does with the engine; it gives back how to answer, once all that follows from it is durable.
pub(crate) type Command = Box<dyn FnOnce(&mut Engine) -> Answer + Send>;

/// Answers the caller of a command.
pub(crate) type Answer = Box<dyn FnOnce() + Send>;

/// How much the engine has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counters {
    /// Frames sent.
    pub frames_sent: u64,
    /// Bytes of the frames sent.
    pub bytes_sent: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Times the journal was made durable.
    pub syncs: u64,
    /// Microseconds spent making it durable.
    pub sync_us: u64,
    /// Microseconds spent deciding, which is mostly cryptography.
    pub machine_us: u64,
    /// Times the timer woke the engine, by why.
    pub wakes: Wakes,
}

/// How often the timer woke the engine, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Wakes {
    /// A deadline came.
    pub deadline: u64,
    /// A deadline was near.
    pub warning: u64,
    /// A session went on.
    pub session: u64,
    /// Co-signers were told that we are here.
    pub presence: u64,
    /// Co-signers were asked for the time.
    pub clock: u64,
    /// A co-signer was dialled.
    pub dial: u64,
    /// A co-signer had not answered a ping.
    pub silence: u64,
    /// The time of a pre-flight was over.
    pub preflight: u64,
    /// A relay was asked for a place.
    pub relay: u64,
    /// Co-signers were told where we listen.
    pub moved: u64,
    /// Every connection was made anew.
    pub network: u64,
    /// Nothing was due yet: the boot clock was read again, in case the phone had slept.
    pub look: u64,
}

impl Wakes {
    fn count(&mut self, why: Option<Wake>) {
        let counter = match why {
            Some(Wake::Deadline(_)) => &mut self.deadline,
            Some(Wake::Warning(_)) => &mut self.warning,
            Some(Wake::Session(_)) => &mut self.session,
            Some(Wake::Presence) => &mut self.presence,
            Some(Wake::Clock) => &mut self.clock,
            Some(Wake::Dial(_)) => &mut self.dial,
            Some(Wake::Silence(_)) => &mut self.silence,
            Some(Wake::Preflight) => &mut self.preflight,
            Some(Wake::Relay(_)) => &mut self.relay,
            Some(Wake::Move) => &mut self.moved,
            Some(Wake::Network) => &mut self.network,
            None => &mut self.look,
        };
        *counter += 1;
    }
}

/// What the engine woke up for.
enum Turn {
    /// A caller asks for something, or no caller is left.
    Command(Option<Command>),
    Net(NetEvent),
    /// The vault has answered.
    Key(KeyTicket, Result<Secret32, VaultError>),
    Timer,
}

/// Carries out one machine's orders.
pub(crate) struct Engine {
    pub(crate) machine: machine::Node,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) counters: Counters,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) net: Net,
    pub(crate) observer: Box<dyn FnMut(&Event) + Send>,
    pub(crate) listens: watch::Sender<Vec<String>>,
    /// Names the oldest event that waits.
    pub(crate) waiting: watch::Sender<Option<EventId>>,
    pub(crate) keys: FuturesUnordered<BoxFuture<'static, (KeyTicket, Result<Secret32, VaultError>)>>,
}

impl Engine {
    /// Runs until the last handle is gone or the journal fails. The journal is closed when this returns.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>) -> Result<(), Error> {
        self.settle(Vec::new())?;
        loop {
            let wake = self.machine.poll_timeout();
            let now = self.now();
            let turn = tokio::select! {
                command = commands.recv() => Turn::Command(command),
                event = self.net.next() => Turn::Net(event),
                Some((ticket, secret)) = self.keys.next() => Turn::Key(ticket, secret),
                () = sleep_until(wake, now.boot) => Turn::Timer,
            };
            let inputs = match turn {
                Turn::Command(None) => return Ok(self.journal.close()?),
                Turn::Command(Some(command)) => {
                    let answer = command(&mut self);
                    self.settle(Vec::new())?;
                    answer();
                    continue;
                }
                Turn::Net(event) => vec![self.input_of(event)],
                Turn::Key(ticket, secret) => vec![self.key_input(ticket, secret)?],
                Turn::Timer => {
                    self.woken(wake);
                    Vec::new()
                }
            };
            self.settle(inputs)?;
        }
    }

    /// Reads the clocks.
    pub(crate) fn now(&self) -> Now {
        let reading = self.clock.now();
        Now { wall: WallTime(reading.wall_ms), boot: BootTime(reading.boot_us) }
    }

    fn woken(&mut self, wake: Option<(BootTime, Wake)>) {
        let now = self.now();
        let due = wake.filter(|(at, _)| *at <= now.boot);
        self.counters.wakes.count(due.map(|(_, why)| why));
        match due {
            Some((at, why)) => {
                tracing::debug!(?why, late_us = now.boot.0 - at.0, "woken");
                self.decide(|machine| machine.handle_timeout(now));
            }
            None => tracing::debug!(next = ?wake.map(|(_, why)| why), "woken to read the boot clock"),
        }
    }

    /// Feeds `inputs`, then carries out all effects and feeds what comes of them, until nothing is left.
    fn settle(&mut self, mut inputs: Vec<Input>) -> Result<(), Error> {
        loop {
            for input in inputs.drain(..) {
                let now = self.now();
                match self.decide(|machine| machine.handle_input(input, now)) {
                    Ok(()) => {}
                    Err(Fault::Store(fault)) => return Err(Error::Store(fault)),
                    Err(fault @ (Fault::Peer { .. } | Fault::Caller(_))) => {
                        tracing::info!(%fault, "refused");
                    }
                }
            }
            while let Some(effect) = self.machine.poll_effect() {
                inputs.extend(self.carry_out(effect)?);
            }
            if inputs.is_empty() {
                let waits = self.machine.next_event().map(|event| event.id);
                self.waiting.send_if_modified(|waiting| std::mem::replace(waiting, waits) != waits);
                return Ok(());
            }
        }
    }

    /// Carries out one effect; returns what must be fed back at once.
    fn carry_out(&mut self, effect: Effect) -> Result<Option<Input>, Error> {
        match effect {
            Effect::Persist(records) => {
                let bytes: Vec<Vec<u8>> = records.iter().map(Record::to_bytes).collect();
                let start = Instant::now();
                self.journal.append(&bytes)?;
                self.counters.syncs += 1;
                self.counters.sync_us += micros(start);
            }
            Effect::Compact(forgotten) => {
                tracing::info!(sessions = forgotten.len(), "rewriting the journal without old sessions");
                self.journal.rewrite(&|records| survivors(records, &forgotten))?;
            }
            Effect::ReadBack => return Ok(Some(Input::ReadBack(self.journal.last()?))),
            Effect::AskKey { ticket, purpose } => return self.ask_vault(ticket, purpose),
            Effect::AskSeed { ticket } => {
                return Ok(Some(Input::SeedGiven { ticket, seed: self.draw_seed()? }));
            }
            Effect::Admit(peer) => self.net.admit(peer),
            Effect::Exclude(peer) | Effect::Cut(peer) => self.net.exclude(peer),
            Effect::Reserve { .. }
            | Effect::Register { .. }
            | Effect::Unregister { .. }
            | Effect::Discover { .. }
            | Effect::RestartNetwork(_) => {}
            Effect::Dial { peer, addresses } => {
                let failed = self.net.dial(peer, &addresses).err();
                return Ok(failed.map(|why| dial_failed(peer, why)));
            }
            Effect::Send { peer, frame } => {
                self.counters.frames_sent += 1;
                self.counters.bytes_sent += frame.len() as u64;
                self.net.send(&peer, frame);
            }
            Effect::Tell(event) => (self.observer)(&event),
        }
        Ok(None)
    }

    /// Asks the vault. A vault that need not wait for its user answers at once.
    fn ask_vault(&mut self, ticket: KeyTicket, purpose: KeyPurpose) -> Result<Option<Input>, Error> {
        let vault = Arc::clone(&self.vault);
        let mut question = async move { (ticket, vault.signing_secret(purpose).await) }.boxed();
        match (&mut question).now_or_never() {
            Some((ticket, secret)) => self.key_input(ticket, secret).map(Some),
            None => {
                self.keys.push(question);
                Ok(None)
            }
        }
    }

    fn key_input(&mut self, ticket: KeyTicket, secret: Result<Secret32, VaultError>) -> Result<Input, Error> {
        match secret.map(|secret| SigningKey::from_bytes(secret.expose())) {
            Ok(Ok(key)) => Ok(Input::KeyGiven { ticket, key, seed: self.draw_seed()? }),
            Ok(Err(fault)) => {
                tracing::error!(%fault, "the vault holds no valid signing key");
                Ok(Input::KeyRefused { ticket })
            }
            Err(error) => {
                tracing::warn!(%error, "the vault gave no key");
                Ok(Input::KeyRefused { ticket })
            }
        }
    }

    fn draw_seed(&mut self) -> Result<Seed, Error> {
        let mut fresh = [0; 32];
        self.entropy.fill(&mut fresh)?;
        let seed = Seed::new(fresh);
        zeroize::Zeroize::zeroize(&mut fresh);
        Ok(seed)
    }

    fn input_of(&mut self, event: NetEvent) -> Input {
        match event {
            NetEvent::Up(peer, path) => Input::LinkUp { peer, path },
            NetEvent::Down(peer) => Input::LinkDown { peer },
            NetEvent::DialFailed(peer, why) => dial_failed(peer, why),
            NetEvent::Frame(peer, bytes) => {
                self.counters.frames_received += 1;
                Input::FrameArrived { peer, bytes }
            }
            NetEvent::Listening(addresses) => {
                self.listens.send_replace(addresses.clone());
                Input::Listening(addresses)
            }
        }
    }

    /// Lets the machine decide, and counts the time it takes.
    pub(crate) fn decide<T>(&mut self, decision: impl FnOnce(&mut machine::Node) -> T) -> T {
        let start = Instant::now();
        let result = decision(&mut self.machine);
        self.counters.machine_us += micros(start);
        result
    }
}

fn dial_failed(peer: TransportKey, why: DialFault) -> Input {
    Input::DialFailed { peer, tried: vec![Tried { address: String::new(), why }] }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Sleeps until the machine wants to be woken, but never longer than [`MAX_SLEEP`]; for ever if it does not.
async fn sleep_until(wake: Option<(BootTime, Wake)>, now: BootTime) {
    match wake {
        Some((at, _)) => {
            tokio::time::sleep(Duration::from_micros(at.0.saturating_sub(now.0)).min(MAX_SLEEP)).await
        }
        None => std::future::pending().await,
    }
}
