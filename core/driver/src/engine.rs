//! The engine: one task, one `select!`, effects in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_machine::effect::{Event, KeyPurpose, PreflightDone};
use countersign_machine::fault::Fault;
use countersign_machine::id::{EventId, TransportKey};
use countersign_machine::input::KeyTicket;
use countersign_machine::key::{Seed, SigningKey};
use countersign_machine::link::{DialFault, Tried};
use countersign_machine::preflight::{PreflightId, PreflightReport};
use countersign_machine::record::{Record, survivors};
use countersign_machine::time::{BootTime, Now};
use countersign_machine::{self as machine, Effect, Input, Wake};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::journal::Journal;
use crate::life::{Life, Wish};
use crate::net::{Net, NetConfig, NetEvent};
use crate::node::Error;
use crate::vault::{Secret32, Vault, VaultError};

/// Longest single sleep: tokio's clock stops while a phone sleeps, so the boot clock is read again at least
/// this often.
const MAX_SLEEP: Duration = Duration::from_secs(30);
/// How long closing every connection may take when all ends.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// What a caller wants.
pub(crate) enum Command {
    /// This done with the engine; it gives back how to answer, once all that follows from it is durable.
    Do(Box<dyn FnOnce(&mut Engine) -> Answer + Send>),
    /// The app's life changed.
    Live(Wish),
    /// All ends.
    Close,
}

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
    /// Somebody waits for the app's life to change, or has cancelled a slice.
    Life,
}

/// Carries out one machine's orders.
pub(crate) struct Engine {
    pub(crate) machine: machine::Node,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) counters: Counters,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) vault: Arc<dyn Vault>,
    /// None while the app rests.
    pub(crate) net: Option<Net>,
    /// Where to listen.
    pub(crate) config: NetConfig,
    /// The phone's own IP addresses, if the shell has told them.
    pub(crate) local: Vec<String>,
    pub(crate) life: Life,
    /// How often slices were cancelled.
    pub(crate) cancels: watch::Receiver<u64>,
    /// Who waits for a pre-flight.
    pub(crate) preflights: BTreeMap<PreflightId, oneshot::Sender<PreflightReport>>,
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
            let rests = matches!(self.life, Life::Resting);
            let wake = self.machine.poll_timeout().filter(|_| !rests);
            let now = self.now();
            let changes = self.life_changes();
            let cancelled = match &self.life {
                Life::Slice(slice) => Some(slice.cancels),
                Life::Open | Life::Leaving(_) | Life::Resting => None,
            };
            let turn = tokio::select! {
                command = commands.recv() => Turn::Command(command),
                event = next_of(&mut self.net) => Turn::Net(event),
                Some((ticket, secret)) = self.keys.next() => Turn::Key(ticket, secret),
                () = sleep_until(wake, now.boot) => Turn::Timer,
                () = at(changes) => Turn::Life,
                () = more_than(&mut self.cancels, cancelled) => Turn::Life,
            };
            let inputs = match turn {
                Turn::Command(None | Some(Command::Close)) => return self.close().await,
                Turn::Command(Some(Command::Live(wish))) => {
                    self.take_wish(wish).await?;
                    continue;
                }
                Turn::Life => {
                    let cancels = *self.cancels.borrow();
                    self.look_at_life(cancels).await?;
                    continue;
                }
                Turn::Command(Some(Command::Do(command))) => {
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

    /// Ends for good.
    async fn close(mut self) -> Result<(), Error> {
        if let Some(net) = self.net.take() {
            net.stop(CLOSE_TIME).await;
        }
        Ok(self.journal.close()?)
    }

    /// Reads the clocks.
    pub(crate) fn now(&self) -> Now {
        self.clock.now().into()
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
    pub(crate) fn settle(&mut self, mut inputs: Vec<Input>) -> Result<(), Error> {
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
                if matches!(self.life, Life::Resting) {
                    self.lay_journal_to_rest()?;
                }
                let waits = self.machine.next_event().map(|event| event.id);
                self.waiting.send_if_modified(|waiting| std::mem::replace(waiting, waits) != waits);
                return Ok(());
            }
        }
    }

    /// Carries out one effect; returns what must be fed back at once.
    fn carry_out(&mut self, effect: Effect) -> Result<Vec<Input>, Error> {
        match effect {
            Effect::Persist(records) => {
                let bytes: Vec<Vec<u8>> = records.iter().map(Record::to_bytes).collect();
                let start = Instant::now();
                self.journal.wake()?;
                self.journal.append(&bytes)?;
                self.counters.syncs += 1;
                self.counters.sync_us += micros(start);
            }
            Effect::Compact(forgotten) => {
                tracing::info!(sessions = forgotten.len(), "rewriting the journal without old sessions");
                self.journal.wake()?;
                self.journal.rewrite(&|records| survivors(records, &forgotten))?;
            }
            Effect::ReadBack => return Ok(vec![Input::ReadBack(self.journal.last()?)]),
            Effect::AskKey { ticket, purpose } => {
                return Ok(self.ask_vault(ticket, purpose)?.into_iter().collect());
            }
            Effect::AskSeed { ticket } => {
                return Ok(vec![Input::SeedGiven { ticket, seed: self.draw_seed()? }]);
            }
            Effect::RestartNetwork(local) => return Ok(self.restart_net(local)),
            Effect::Send { peer, frame } => {
                self.counters.frames_sent += 1;
                self.counters.bytes_sent += frame.len() as u64;
                if let Some(net) = &mut self.net {
                    net.send(&peer, frame);
                }
            }
            Effect::Tell(event) => {
                (self.observer)(&event);
                if let Event::Preflight(PreflightDone { id, report }) = event
                    && let Some(answer) = self.preflights.remove(&id)
                {
                    // A caller that has gone away needs no answer.
                    let _ = answer.send(report);
                }
            }
            Effect::Dial { peer, addresses } => return Ok(self.dial(peer, addresses).into_iter().collect()),
            // While the network is stopped there is nobody to ask.
            Effect::Admit(peer) => self.with_net(|net| net.admit(peer)),
            Effect::Exclude(peer) => self.with_net(|net| net.exclude(peer)),
            Effect::Cut(peer) => self.with_net(|net| net.cut(peer)),
            Effect::Reserve { relay, address } => self.with_net(|net| net.reserve(relay, &address)),
            Effect::Register { relay, namespaces, ttl_ms } => {
                self.with_net(|net| net.register(relay, &namespaces, ttl_ms))
            }
            Effect::Unregister { relay, namespaces } => {
                self.with_net(|net| net.unregister(relay, &namespaces))
            }
            Effect::Discover { relay, namespaces } => self.with_net(|net| net.discover(relay, &namespaces)),
        }
        Ok(Vec::new())
    }

    /// Dials; returns what the machine is to know of a failure that shows at once.
    fn dial(&mut self, peer: TransportKey, addresses: Vec<String>) -> Option<Input> {
        let tried = match &mut self.net {
            Some(net) => net.dial(peer, &addresses).err()?,
            None => {
                addresses.into_iter().map(|address| Tried { address, why: DialFault::Transport }).collect()
            }
        };
        Some(Input::DialFailed { peer, tried })
    }

    fn with_net(&mut self, ask: impl FnOnce(&mut Net)) {
        if let Some(net) = &mut self.net {
            ask(net);
        }
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

    /// Returns what the machine is to know of an event of the network.
    fn input_of(&mut self, event: NetEvent) -> Input {
        match event {
            NetEvent::Up(peer, path) => Input::LinkUp { peer, path },
            NetEvent::Down(peer) => Input::LinkDown { peer },
            NetEvent::DialFailed(peer, tried) => Input::DialFailed { peer, tried },
            NetEvent::Frame(peer, bytes) => {
                self.counters.frames_received += 1;
                Input::FrameArrived { peer, bytes }
            }
            NetEvent::Listening(addresses) => {
                self.listens.send_replace(addresses.clone());
                Input::Listening(addresses)
            }
            NetEvent::RelayUp(relay) => Input::RelayUp { relay },
            NetEvent::RelayDown(relay, why) => Input::RelayDown { relay, why },
            NetEvent::Found(peer, addresses, source, ttl_ms) => {
                Input::Found { peer, addresses, source, ttl_ms }
            }
            NetEvent::Registered(_, found) => Input::Registered { found },
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

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Waits for the network's next event; for ever if it is stopped.
async fn next_of(net: &mut Option<Net>) -> NetEvent {
    match net {
        Some(net) => net.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for a moment; for ever if there is none.
async fn at(moment: Option<tokio::time::Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Waits until a count exceeds `known`; for ever if there is nothing to exceed, or nobody counts any more.
async fn more_than(count: &mut watch::Receiver<u64>, known: Option<u64>) {
    let Some(known) = known else { return std::future::pending().await };
    if count.wait_for(|count| *count != known).await.is_err() {
        std::future::pending().await
    }
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
