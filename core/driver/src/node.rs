//! The handle by which a program holds a running co-signer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_machine::card::Card;
use countersign_machine::effect::{Event, KeyPurpose};
use countersign_machine::fault::{CallerFault, StoreFault};
use countersign_machine::id::{EventId, SessionId, WalletId};
use countersign_machine::key::{KeyFault, ParticipantKey, SigningKey};
use countersign_machine::message::{DeclineReason, Payload, Terms, TransportSecret};
use countersign_machine::node::KeptEvent;
use countersign_machine::plan::{Capabilities, NotificationKey, Plan, WakePlan};
use countersign_machine::preflight::PreflightReport;
use countersign_machine::session::Custody;
use countersign_machine::status::Status;
use countersign_machine::time::{BootId, Now, WallTime};
use countersign_machine::wallet::Wallet;
use countersign_machine::{self as machine, Input};
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::clock::{self, Clock, SystemClock};
use crate::engine::{Command, Counters, Engine};
use crate::entropy::{Entropy, EntropyError, SystemEntropy};
use crate::journal::{Journal, JournalError, SqliteJournal};
use crate::life::Life;
use crate::net::{Net, NetConfig, NetError, relay_of};
use crate::vault::{Vault, VaultError};

mod live;

/// Commands waiting for the engine before a caller has to wait, too.
const MAX_COMMANDS: usize = 64;

/// How to run a co-signer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The journal's file. Its folder must exist, be private and be excluded from backups.
    pub journal: PathBuf,
    /// Multiaddresses to listen at, such as `/ip4/127.0.0.1/tcp/0`; none to dial only. All addresses of the machine
    /// (`/ip4/0.0.0.0/tcp/0`) are only watched by a build with the feature `interfaces`; elsewhere [`Node::on_network_changed`] tells
    /// them.
    pub listen: Vec<String>,
    /// Multiaddresses of relays, each with the relay's peer id at its end (`/dns4/relay.example/tcp/4001/p2p/12D3KooW…`): at most 8.
    /// Co-signers reach us through them, and find us there.
    pub relays: Vec<String>,
    /// Whether to look for co-signers in the local network by mDNS, and be found there: needs the feature `mdns`.
    pub mdns: bool,
    /// What names the running boot of the phone, such as Android's `BOOT_COUNT`; `None` for what the system itself says
    /// ([`crate::clock::boot_id`]), if it does.
    pub boot: Option<String>,
}

/// Why a call failed, or why the co-signer stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller must act.
    #[error(transparent)]
    Caller(#[from] CallerFault),
    /// The journal's keeper must act; the co-signer has stopped.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal's content cannot be used; the co-signer has stopped.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The vault, or its user, must act.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The vault's signing secret is no key.
    #[error("the vault's signing secret is invalid: {0}")]
    Key(#[from] KeyFault),
    /// The system gives no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Not every co-signer answers: begin all the same, or reach them first. Nothing was created.
    #[error("{} of {} co-signers can be reached", .0.connected, .0.total)]
    NotReady(Box<PreflightReport>),
    /// The network cannot be started.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The co-signer has stopped; [`Node::close`] says why.
    #[error("the co-signer has stopped")]
    Stopped,
}

/// A running co-signer. Dropping it stops it as a kill would; [`Node::close`] waits for the end.
pub struct Node {
    commands: mpsc::Sender<Command>,
    listening: watch::Receiver<Vec<String>>,
    /// Names the oldest event that waits.
    waits: watch::Receiver<Option<EventId>>,
    /// How often slices were cancelled.
    cancelling: watch::Sender<u64>,
    /// None once somebody has waited for its end.
    engine: Mutex<Option<JoinHandle<Result<(), Error>>>>,
}

impl Node {
    /// Opens the journal, or makes a new one, and starts the co-signer on the current tokio runtime.
    ///
    /// `observer` is called in order with every event, on the engine's task: it must not block.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Caller`]; nothing runs then. A journal that is open elsewhere is
    /// [`JournalError::Locked`].
    pub async fn open(
        config: &Config,
        vault: Arc<dyn Vault>,
        observer: impl FnMut(&Event) + Send + 'static,
    ) -> Result<Self, Error> {
        let journal = Box::new(SqliteJournal::open(&config.journal)?);
        Self::open_with(
            config,
            vault,
            Box::new(observer),
            journal,
            Arc::new(SystemClock),
            Box::new(SystemEntropy),
        )
        .await
    }

    /// As [`Node::open`], with the journal, clock and entropy of a test.
    ///
    /// # Errors
    ///
    /// As [`Node::open`].
    pub async fn open_with(
        config: &Config,
        vault: Arc<dyn Vault>,
        observer: Box<dyn FnMut(&Event) + Send>,
        journal: Box<dyn Journal>,
        clock: Arc<dyn Clock>,
        mut entropy: Box<dyn Entropy>,
    ) -> Result<Self, Error> {
        let transport = vault.transport_secret()?;
        let secret = TransportSecret::new(transport.expose());
        let mut seed = [0; 32];
        entropy.fill(&mut seed)?;
        let records = journal.replay()?;
        let boot_id = config.boot.clone().or_else(clock::boot_id).map(|name| BootId::of(&name));
        let now = clock.now().into();
        let machine = if records.is_empty() {
            let key = vault.signing_secret(KeyPurpose::Card).await?;
            let participant = SigningKey::from_bytes(key.expose())?.participant();
            machine::Node::create(participant, secret, seed, boot_id, now)
        } else {
            machine::Node::open(records.iter().map(Vec::as_slice), secret, seed, boot_id, now)?
        };
        let relays: Vec<_> = config.relays.iter().map(|relay| relay_of(relay)).collect::<Result<_, _>>()?;
        let net_config = NetConfig { listen: config.listen.clone(), mdns: config.mdns };
        let net = Net::start(&transport, &net_config)?;
        let (commands, queue) = mpsc::channel(MAX_COMMANDS);
        let (listens, listening) = watch::channel(Vec::new());
        let (waiting, waits) = watch::channel(machine.next_event().map(|event| event.id));
        let (cancelling, cancels) = watch::channel(0);
        let mut engine = Engine {
            machine,
            entropy,
            counters: Counters::default(),
            clock,
            journal,
            vault,
            net: Some(net),
            config: net_config,
            local: Vec::new(),
            life: Life::Open,
            cancels,
            preflights: BTreeMap::new(),
            observer,
            listens,
            waiting,
            keys: FuturesUnordered::new(),
        };
        engine.settle(vec![Input::RelaysKnown(relays)])?;
        Ok(Self {
            commands,
            listening,
            waits,
            cancelling,
            engine: Mutex::new(Some(tokio::spawn(engine.run(queue)))),
        })
    }

    /// Says what the journal comes to by now, for a program that only looks, such as an extension of the app. Needs no secret, connects to
    /// nobody and writes nothing; `boot` is that of [`Config`], and `shell` is whom the plan is for.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`], with [`JournalError::Locked`] while the co-signer runs, who shows what there is itself; [`Error::Store`].
    pub fn glance(journal: &Path, boot: Option<&str>, shell: Capabilities) -> Result<(Status, Plan), Error> {
        let records = SqliteJournal::read(journal)?;
        let now = SystemClock.now().into();
        let boot_id = boot.map(str::to_owned).or_else(clock::boot_id).map(|name| BootId::of(&name));
        Ok(machine::Node::glance(records.iter().map(Vec::as_slice), shell, boot_id, now)?)
    }

    /// Issues our card with the addresses we listen at by now; the event `card_issued` brings it.
    ///
    /// # Errors
    ///
    /// [`Error::Caller`] or [`Error::Stopped`], as for every call below. One that changes something is refused with [`Error::Journal`] while the
    /// app rests and somebody else holds its journal ([`JournalError::Locked`]) or has written to it ([`JournalError::Overtaken`]).
    pub async fn issue_card(&self, nickname: String) -> Result<(), Error> {
        Ok(self.change(|machine, _| machine.issue_card(nickname)).await??)
    }

    /// Shows the addresses we listen at, as they change; none at first. It closes when the co-signer stops.
    pub fn listening(&self) -> watch::Receiver<Vec<String>> {
        self.listening.clone()
    }

    /// Returns every card we hold, our own among them once issued.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn cards(&self) -> Result<Vec<Card>, Error> {
        self.timed(|machine, _| machine.cards().cloned().collect()).await
    }

    /// Takes a co-signer's card as text.
    ///
    /// # Errors
    ///
    /// [`CallerFault::Card`] if it cannot be used; [`Error::Stopped`].
    pub async fn add_card(&self, text: &str) -> Result<ParticipantKey, Error> {
        let card = Card::from_text(text).map_err(CallerFault::Card)?;
        Ok(self.change(move |machine, now| machine.add_card(card, now)).await??)
    }

    /// Creates a wallet of `keys`, ours among them.
    ///
    /// # Errors
    ///
    /// What is wrong with the keys; [`Error::Stopped`].
    pub async fn create_wallet(&self, name: String, keys: Vec<ParticipantKey>) -> Result<WalletId, Error> {
        Ok(self.change(move |machine, now| machine.create_wallet(name, keys, now)).await??)
    }

    /// Proposes `payload`, to be signed within `lasts_ms` milliseconds. Proposing is approving.
    ///
    /// # Errors
    ///
    /// What is wrong with the proposal; [`Error::Entropy`]; [`Error::Stopped`].
    pub async fn propose(
        &self,
        wallet: WalletId,
        payload: Payload,
        lasts_ms: u64,
    ) -> Result<SessionId, Error> {
        self.ask(move |engine| {
            engine.take_journal()?;
            let now = engine.now();
            let mut random = [0; 32];
            engine.entropy.fill(&mut random)?;
            let deadline = WallTime(now.wall.0.saturating_add(lasts_ms));
            Ok(engine.decide(|machine| machine.propose(wallet, payload, deadline, random, now))?)
        })
        .await?
    }

    /// Approves what the session shows.
    ///
    /// # Errors
    ///
    /// [`CallerFault::UnknownSession`], [`CallerFault::Ended`]; [`Error::Stopped`].
    pub async fn approve(&self, session: SessionId) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.approve(session, now)).await??)
    }

    /// Declines: ends the session for all.
    ///
    /// # Errors
    ///
    /// As [`Node::approve`], and [`CallerFault::AlreadySigned`].
    pub async fn decline(&self, session: SessionId, reason: DeclineReason) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.decline(session, reason, now)).await??)
    }

    /// Takes our own proposal back: ends the session for all.
    ///
    /// # Errors
    ///
    /// As [`Node::decline`], and [`CallerFault::NotProposer`].
    pub async fn cancel(&self, session: SessionId) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.cancel(session, now)).await??)
    }

    /// Consents to a later deadline, in milliseconds from now; it moves once every participant has consented.
    ///
    /// # Errors
    ///
    /// As [`Node::approve`], and [`CallerFault::Deadline`].
    pub async fn extend(&self, session: SessionId, lasts_ms: u64) -> Result<(), Error> {
        let extend = move |machine: &mut machine::Node, now: Now| {
            machine.extend(session, WallTime(now.wall.0.saturating_add(lasts_ms)), now)
        };
        Ok(self.change(extend).await??)
    }

    /// Consents to the later deadline that others ask for.
    ///
    /// # Errors
    ///
    /// As [`Node::extend`]; [`CallerFault::Deadline`] if nobody asks.
    pub async fn agree_to_extension(&self, session: SessionId) -> Result<(), Error> {
        let agree = move |machine: &mut machine::Node, now: Now| {
            let asked = machine.status(now).sessions.into_iter().find(|shown| shown.id == session);
            let until = asked.ok_or(CallerFault::UnknownSession(session))?.asked_until;
            machine.extend(session, until.ok_or(CallerFault::Deadline)?, now)
        };
        Ok(self.change(agree).await??)
    }

    /// Returns the evidence held against participants of a session: each piece convinces a third person
    /// ([`countersign_machine::evidence::verify_evidence`]).
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn evidence(&self, session: SessionId) -> Result<Vec<Vec<u8>>, Error> {
        self.timed(move |machine, _| machine.evidence(session).map(<[u8]>::to_vec).collect()).await
    }

    /// Sets how long the signing key may be kept once the vault has given it; at first, for one step.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn set_custody(&self, custody: Custody) -> Result<(), Error> {
        self.timed(move |machine, _| machine.set_custody(custody)).await
    }

    /// Says what the shell's system can do: [`Node::plan`] follows it. Not durable.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn set_capabilities(&self, shell: Capabilities) -> Result<(), Error> {
        self.tell(Input::ShellKnown(shell)).await
    }

    /// Returns every notification that should be on the screen or held by the system now.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn plan(&self) -> Result<Plan, Error> {
        self.timed(|machine, now| machine.plan(now)).await
    }

    /// Returns when the system is to wake the program next.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn wake_plan(&self) -> Result<WakePlan, Error> {
        self.timed(|machine, now| machine.wake_plan(now)).await
    }

    /// Says that the system holds, or shows, the plan of this revision but for the notifications in `failed`. Durable.
    ///
    /// # Errors
    ///
    /// [`CallerFault::StalePlan`] if the plan is another by now; [`Error::Stopped`].
    pub async fn ack_plan(&self, revision: u64, failed: Vec<NotificationKey>) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.ack_plan(revision, &failed, now)).await??)
    }

    /// Says that the user put a notification away. Durable.
    ///
    /// # Errors
    ///
    /// [`CallerFault::UnknownNotice`]; [`Error::Stopped`].
    pub async fn dismiss(&self, key: NotificationKey) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.dismiss(key, now)).await??)
    }

    /// Waits for the oldest event that the program has not dealt with, and returns it: the same until
    /// [`Node::event_handled`], also after a restart. Cancelling the wait loses nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn next_event(&self) -> Result<KeptEvent, Error> {
        let mut waits = self.waits.clone();
        loop {
            waits.wait_for(Option::is_some).await.map_err(|_| Error::Stopped)?;
            if let Some(event) = self.waiting_event().await? {
                return Ok(event);
            }
        }
    }

    /// Returns what [`Node::next_event`] would return, or `None` if it would wait.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn waiting_event(&self) -> Result<Option<KeptEvent>, Error> {
        self.timed(|machine, _| machine.next_event().cloned()).await
    }

    /// Says that the program has dealt with an event. Durable.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn event_handled(&self, id: EventId) -> Result<(), Error> {
        self.change(move |machine, now| machine.event_handled(id, now)).await
    }

    /// Sets how long before a session expires its user is warned, in milliseconds; `None` for the usual. Durable.
    ///
    /// # Errors
    ///
    /// [`CallerFault::OutOfRange`] or [`CallerFault::TooMany`] for such a list; [`Error::Stopped`].
    pub async fn set_warnings(&self, thresholds_ms: Option<Vec<u64>>) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.set_warnings(thresholds_ms, now)).await??)
    }

    /// Lets co-signers know that we are here, at once and then again after 40 % of `ttl_ms`, while in the foreground.
    /// Durable.
    ///
    /// # Errors
    ///
    /// [`CallerFault::OutOfRange`] if `ttl_ms` is under 10 s or over a day; [`Error::Stopped`].
    pub async fn start_presence(&self, ttl_ms: u64) -> Result<(), Error> {
        Ok(self.change(move |machine, now| machine.start_presence(ttl_ms, now)).await??)
    }

    /// Lets co-signers know no more whether we are here. Durable.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn stop_presence(&self) -> Result<(), Error> {
        self.change(|machine, now| machine.stop_presence(now)).await
    }

    /// Returns everything a screen shows.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn status(&self) -> Result<Status, Error> {
        self.timed(|machine, now| machine.status(now)).await
    }

    /// Returns the wallet with this id.
    ///
    /// # Errors
    ///
    /// [`CallerFault::UnknownWallet`]; [`Error::Stopped`].
    pub async fn wallet(&self, id: WalletId) -> Result<Wallet, Error> {
        let wallet = self.timed(move |machine, _| machine.wallet(id).cloned()).await?;
        Ok(wallet.ok_or(CallerFault::UnknownWallet(id))?)
    }

    /// Returns what a session signs and until when.
    ///
    /// # Errors
    ///
    /// [`CallerFault::UnknownSession`]; [`Error::Stopped`].
    pub async fn terms(&self, id: SessionId) -> Result<Terms, Error> {
        let terms = self.timed(move |machine, _| machine.terms(id).cloned()).await?;
        Ok(terms.ok_or(CallerFault::UnknownSession(id))?)
    }

    /// Returns how much the engine has done.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn counters(&self) -> Result<Counters, Error> {
        self.ask(|engine| engine.counters).await
    }

    /// Stops the co-signer and waits until its journal and sockets are closed. Calls that come later are refused.
    ///
    /// # Errors
    ///
    /// Why it had stopped before, if it had; [`Error::Stopped`] if it was closed before.
    pub async fn close(&self) -> Result<(), Error> {
        // One that has stopped by itself takes no commands.
        let _ = self.commands.send(Command::Close).await;
        let engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        match engine {
            Some(engine) => engine.await.unwrap_or(Err(Error::Stopped)),
            None => Err(Error::Stopped),
        }
    }

    /// Brings a fact of the shell's; the machine refuses none of these.
    async fn tell(&self, input: Input) -> Result<(), Error> {
        self.timed(|machine, now| machine.handle_input(input, now)).await?.map_err(|_| Error::Stopped)
    }

    /// Lets the machine change something, if the journal can be had: at rest somebody else may hold it.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut machine::Node, Now) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(|engine| {
            engine.take_journal()?;
            let now = engine.now();
            Ok(engine.decide(|machine| change(machine, now)))
        })
        .await?
    }

    async fn timed<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut machine::Node, Now) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(|engine| {
            let now = engine.now();
            engine.decide(|machine| question(machine, now))
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let command: Command = Command::Do(Box::new(move |engine| {
            let result = question(engine);
            Box::new(move || {
                // A caller that has gone away needs no answer.
                let _ = answer.send(result);
            })
        }));
        self.commands.send(command).await.map_err(|_| Error::Stopped)?;
        answered.await.map_err(|_| Error::Stopped)
    }
}
