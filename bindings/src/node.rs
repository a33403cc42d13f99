//! The one object: a running co-signer.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_driver as driver;
use countersign_driver::life::{ForegroundReport, SliceReport, SliceRequest, SuspendReport};
use countersign_driver::machine::card::{Card, Statement};
use countersign_driver::machine::evidence::Offence;
use countersign_driver::machine::evidence::{self, Verdict};
use countersign_driver::machine::id::{Attempt, EventId, SessionId, Slot, TransportKey, WalletId};
use countersign_driver::machine::key::{ParticipantKey, XOnlyKey};
use countersign_driver::machine::limits::PREFLIGHT_MS;
use countersign_driver::machine::message::DeclineReason;
use countersign_driver::machine::network::NetworkState;
use countersign_driver::machine::node::KeptEvent;
use countersign_driver::machine::plan::{Capabilities, NotificationKey, Plan, WakePlan};
use countersign_driver::machine::preflight::PreflightReport;
use countersign_driver::machine::session::Custody;
use countersign_driver::machine::status::Status;
use countersign_driver::machine::time::WallTime;
use tokio::sync::Notify;

use crate::border::{Abort, Home};
use crate::error::NodeError;
use crate::payload::Payload;
use crate::ports::{ForeignVault, LanDiscovery, Observer, Vault, tell};

/// What the service is called in the local network.
const SERVICE: &str = "_countersign._tcp";

/// How to run a co-signer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Config {
    /// The journal's file. Its folder must exist, be private and be excluded from backups.
    pub journal: String,
    /// Multiaddresses to listen at, such as `/ip4/192.0.2.7/tcp/0`; none to dial only.
    #[uniffi(default = [])]
    pub listen: Vec<String>,
    /// Multiaddresses of relays, each with the relay's peer id at its end.
    #[uniffi(default = [])]
    pub relays: Vec<String>,
    /// What names the running boot of the phone, such as Android's `BOOT_COUNT`; `None` for what the system itself says.
    #[uniffi(default = None)]
    pub boot: Option<String>,
}

/// Who broke the protocol, as evidence shows it to anybody.
#[uniffi::remote(Record)]
pub struct Verdict {
    /// In which wallet.
    pub wallet: WalletId,
    /// In which session.
    pub session: SessionId,
    /// In which attempt; a completion belongs to none.
    pub attempt: Option<Attempt>,
    /// Which slot did it.
    pub slot: Slot,
    /// Whose key sits there.
    pub participant: ParticipantKey,
    /// What it did.
    pub offence: Offence,
}

/// What a journal comes to, for a program that only looks.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Glance {
    /// What the app would show.
    pub status: Status,
    /// The notifications that should be shown, or held by the system.
    pub plan: Plan,
}

/// Looks into the journal while the app rests, as an extension of it does: needs no secret, connects to nobody and writes nothing. `boot`
/// is that of [`Config`].
///
/// # Errors
///
/// [`NodeError::JournalLocked`] while the co-signer runs: it shows what there is itself.
#[uniffi::export]
pub async fn glance(
    journal: String,
    boot: Option<String>,
    capabilities: Capabilities,
) -> Result<Glance, NodeError> {
    let look = async move {
        let (status, plan) = driver::Node::glance(journal.as_ref(), boot.as_deref(), capabilities)?;
        Ok(Glance { status, plan })
    };
    Home::shared()?.run(look).await
}

/// A running co-signer. Every call may be made at any time from any thread; one whose caller goes away is done all the same. Dropped
/// without `close` it stops as a kill would stop it, which loses nothing.
#[derive(uniffi::Object)]
pub struct Node {
    node: Arc<driver::Node>,
    lan: Option<Arc<dyn LanDiscovery>>,
    /// Tells the observer.
    teller: Mutex<Option<Abort>>,
    home: Arc<Home>,
}

#[uniffi::export]
impl Node {
    /// Opens the journal, or begins a new one, and runs. A new one asks the vault for the signing secret.
    ///
    /// # Errors
    ///
    /// What stands in the way; nothing runs then.
    #[uniffi::constructor(name = "open")]
    pub async fn open(
        config: Config,
        vault: Arc<dyn Vault>,
        observer: Option<Arc<dyn Observer>>,
        lan: Option<Arc<dyn LanDiscovery>>,
    ) -> Result<Arc<Self>, NodeError> {
        let home = Home::shared()?;
        let changed = Arc::new(Notify::new());
        let notify = Arc::clone(&changed);
        let opening = async move {
            let Config { journal, listen, relays, boot } = config;
            let config = driver::Config { journal: journal.into(), listen, relays, mdns: false, boot };
            let vault = Arc::new(ForeignVault(vault));
            Ok(driver::Node::open(&config, vault, move |_| notify.notify_one()).await?)
        };
        let node = Arc::new(home.run(opening).await?);
        let teller = observer.map(|observer| home.beside(tell(changed, observer))).transpose()?;
        let node = Arc::new(Self { node, lan, teller: Mutex::new(teller), home });
        node.look_around();
        Ok(node)
    }

    /// Stops, and returns once the journal and every socket are closed.
    ///
    /// # Errors
    ///
    /// Why it had stopped before, if it had.
    pub async fn close(&self) -> Result<(), NodeError> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.stop_looking();
        let node = Arc::clone(&self.node);
        self.home.run(async move { Ok(node.close().await?) }).await
    }

    /// Asks the vault for our card with the addresses we listen at by now; once it is issued [`Node::status`] has it.
    ///
    /// # Errors
    ///
    /// [`NodeError::Invalid`] for a nickname of over 64 bytes; [`NodeError::Vault`].
    pub async fn issue_card(&self, nickname: String) -> Result<(), NodeError> {
        self.call(move |node| async move { node.issue_card(nickname).await }).await
    }

    /// Takes a co-signer's card as text, and returns whose it is.
    ///
    /// # Errors
    ///
    /// [`NodeError::Invalid`] if it cannot be used.
    pub async fn add_card(&self, text: String) -> Result<ParticipantKey, NodeError> {
        self.call(move |node| async move { node.add_card(&text).await }).await
    }

    /// Creates a wallet of 2 to 100 keys, ours among them.
    ///
    /// # Errors
    ///
    /// [`NodeError::Invalid`] says what is wrong with the keys.
    pub async fn create_wallet(
        &self,
        name: String,
        keys: Vec<ParticipantKey>,
    ) -> Result<WalletId, NodeError> {
        self.call(move |node| async move { node.create_wallet(name, keys).await }).await
    }

    /// Finds out whether every co-signer of a wallet answers a signed ping within a budget; `None` for the usual 5 s.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`]; [`NodeError::Invalid`] for a budget out of range.
    pub async fn preflight(
        &self,
        wallet: WalletId,
        budget_ms: Option<u64>,
    ) -> Result<PreflightReport, NodeError> {
        let budget_ms = budget_ms.unwrap_or(PREFLIGHT_MS);
        self.call(move |node| async move { node.preflight(wallet, budget_ms).await }).await
    }

    /// Proposes a payload if every co-signer answers within the usual budget. Proposing is approving.
    ///
    /// # Errors
    ///
    /// [`NodeError::NotReady`] names who does not answer; as [`Node::propose`].
    pub async fn initiate(
        &self,
        wallet: WalletId,
        payload: Payload,
        lasts_ms: u64,
    ) -> Result<SessionId, NodeError> {
        let payload = payload.try_into()?;
        self.call(move |node| async move { node.initiate(wallet, payload, lasts_ms, PREFLIGHT_MS).await })
            .await
    }

    /// Proposes a payload, whoever is there: the session waits for the others until its deadline.
    ///
    /// # Errors
    ///
    /// [`NodeError::Invalid`] says what is wrong with it.
    pub async fn propose(
        &self,
        wallet: WalletId,
        payload: Payload,
        lasts_ms: u64,
    ) -> Result<SessionId, NodeError> {
        let payload = payload.try_into()?;
        self.call(move |node| async move { node.propose(wallet, payload, lasts_ms).await }).await
    }

    /// Approves what a session shows; once, for every attempt.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`], [`NodeError::Ended`].
    pub async fn approve(&self, session: SessionId) -> Result<(), NodeError> {
        self.call(move |node| async move { node.approve(session).await }).await
    }

    /// Declines: ends the session for all.
    ///
    /// # Errors
    ///
    /// As [`Node::approve`]; [`NodeError::AlreadySigned`].
    pub async fn decline(&self, session: SessionId, reason: DeclineReason) -> Result<(), NodeError> {
        self.call(move |node| async move { node.decline(session, reason).await }).await
    }

    /// Takes our own proposal back: ends the session for all.
    ///
    /// # Errors
    ///
    /// As [`Node::decline`]; [`NodeError::Invalid`] if it is another's.
    pub async fn cancel(&self, session: SessionId) -> Result<(), NodeError> {
        self.call(move |node| async move { node.cancel(session).await }).await
    }

    /// Consents to a deadline so many milliseconds from now, or with `None` to the one that others ask for.
    ///
    /// # Errors
    ///
    /// As [`Node::approve`]; [`NodeError::Invalid`].
    pub async fn extend(&self, session: SessionId, lasts_ms: Option<u64>) -> Result<(), NodeError> {
        self.call(move |node| async move {
            match lasts_ms {
                Some(lasts_ms) => node.extend(session, lasts_ms).await,
                None => node.agree_to_extension(session).await,
            }
        })
        .await
    }

    /// Returns everything a screen shows.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`], as every call.
    pub async fn status(&self) -> Result<Status, NodeError> {
        self.call(|node| async move { node.status().await }).await
    }

    /// Returns what a session signs.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`].
    pub async fn payload(&self, session: SessionId) -> Result<Payload, NodeError> {
        let terms = self.call(move |node| async move { node.terms(session).await }).await?;
        Ok(terms.payload.into())
    }

    /// Returns the keys under which a session's signatures verify (BIP-340), one an item: 32 bytes in hex.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`].
    pub async fn output_keys(&self, session: SessionId) -> Result<Vec<XOnlyKey>, NodeError> {
        let terms = self.call(move |node| async move { node.terms(session).await }).await?;
        let wallet = self.call(move |node| async move { node.wallet(terms.wallet).await }).await?;
        let keys = terms.payload.items.iter().map(|item| wallet.output_key(&item.key));
        keys.collect::<Result<_, _>>().map_err(|fault| NodeError::internal(&fault))
    }

    /// Returns the addresses at which we can be dialled by now.
    pub fn listening(&self) -> Vec<String> {
        self.node.listening().borrow().clone()
    }

    /// Waits for the oldest event that the user has not been told: the same until [`Node::event_handled`], also after a restart. Whoever
    /// stops waiting loses nothing.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn next_event(&self) -> Result<KeptEvent, NodeError> {
        let node = Arc::clone(&self.node);
        self.home.wait(async move { Ok(node.next_event().await?) }).await
    }

    /// Says that the user has been told.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn event_handled(&self, id: EventId) -> Result<(), NodeError> {
        self.call(move |node| async move { node.event_handled(id).await }).await
    }

    /// Says what the shell's system can do.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn set_capabilities(&self, capabilities: Capabilities) -> Result<(), NodeError> {
        self.call(move |node| async move { node.set_capabilities(capabilities).await }).await
    }

    /// Returns every notification that should be shown, or held by the system.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn plan(&self) -> Result<Plan, NodeError> {
        self.call(|node| async move { node.plan().await }).await
    }

    /// Returns when the system is to wake the app.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn wake_plan(&self) -> Result<WakePlan, NodeError> {
        self.call(|node| async move { node.wake_plan().await }).await
    }

    /// Says that the system equals the plan of this revision, but for `failed`.
    ///
    /// # Errors
    ///
    /// [`NodeError::StalePlan`].
    pub async fn ack_plan(&self, revision: u64, failed: Vec<NotificationKey>) -> Result<(), NodeError> {
        self.call(move |node| async move { node.ack_plan(revision, failed).await }).await
    }

    /// Says that the user put a notification away.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`].
    pub async fn dismiss(&self, key: NotificationKey) -> Result<(), NodeError> {
        self.call(move |node| async move { node.dismiss(key).await }).await
    }

    /// Sets how long before a session expires its user is warned, in milliseconds; `None` for the usual.
    ///
    /// # Errors
    ///
    /// [`NodeError::Invalid`], [`NodeError::TooMany`].
    pub async fn set_warnings(&self, thresholds_ms: Option<Vec<u64>>) -> Result<(), NodeError> {
        self.call(move |node| async move { node.set_warnings(thresholds_ms).await }).await
    }

    /// Sets how long the signing key may be kept once the vault has given it; at first, for one step. Not durable.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn set_custody(&self, custody: Custody) -> Result<(), NodeError> {
        self.call(move |node| async move { node.set_custody(custody).await }).await
    }

    /// Lets co-signers know that we are here, for `ttl_ms` at a time; with `None` no more.
    ///
    /// # Errors
    ///
    /// [`NodeError::Invalid`] under 10 s or over a day.
    pub async fn set_presence(&self, ttl_ms: Option<u64>) -> Result<(), NodeError> {
        self.call(move |node| async move {
            match ttl_ms {
                Some(ttl_ms) => node.start_presence(ttl_ms).await,
                None => node.stop_presence().await,
            }
        })
        .await
    }

    /// Says that the app is in the foreground.
    ///
    /// # Errors
    ///
    /// [`NodeError::JournalLocked`]: it rests as before. [`NodeError::JournalOvertaken`]: open it anew. [`NodeError::System`].
    pub async fn on_foreground(&self) -> Result<ForegroundReport, NodeError> {
        self.look_around();
        self.call(|node| async move { node.on_foreground().await }).await
    }

    /// Says that the app goes to the background; returns when no socket, lock or timer is left, after `grace_ms` at the latest.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn on_background(&self, grace_ms: u64) -> Result<SuspendReport, NodeError> {
        self.stop_looking();
        self.call(move |node| async move { node.on_background(grace_ms).await }).await
    }

    /// Uses a moment that the system grants. Nothing is signed in it.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn run_background_slice(&self, request: SliceRequest) -> Result<SliceReport, NodeError> {
        self.call(move |node| node.run_background_slice(request)).await
    }

    /// Ends the moment that runs. Returns at once.
    pub fn cancel_slice(&self) {
        self.node.cancel_slice();
    }

    /// Says what the phone's network is like now.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn on_network_changed(&self, network: NetworkState) -> Result<(), NodeError> {
        self.call(move |node| async move { node.on_network_changed(network).await }).await
    }

    /// Takes a co-signer's addresses in the local network, for `ttl_ms` milliseconds.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn add_lan_candidate(
        &self,
        peer: TransportKey,
        addresses: Vec<String>,
        ttl_ms: u64,
    ) -> Result<(), NodeError> {
        self.call(move |node| async move { node.add_lan_candidate(peer, addresses, ttl_ms).await }).await
    }

    /// Dials one co-signer now, or with `None` everybody who is not connected.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`].
    pub async fn connect(&self, participant: Option<ParticipantKey>) -> Result<(), NodeError> {
        self.call(move |node| async move {
            match participant {
                Some(participant) => node.connect_to(participant).await,
                None => node.connect().await,
            }
        })
        .await
    }

    /// Dials one co-signer no more until asked to.
    ///
    /// # Errors
    ///
    /// [`NodeError::Unknown`].
    pub async fn stop_connecting(&self, participant: ParticipantKey) -> Result<(), NodeError> {
        self.call(move |node| async move { node.stop_connecting(participant).await }).await
    }

    /// Returns the evidence held against participants of a session: each piece convinces anybody.
    ///
    /// # Errors
    ///
    /// [`NodeError::Stopped`].
    pub async fn evidence(&self, session: SessionId) -> Result<Vec<Vec<u8>>, NodeError> {
        self.call(move |node| async move { node.evidence(session).await }).await
    }
}

impl Node {
    async fn call<T, F>(&self, command: impl FnOnce(Arc<driver::Node>) -> F) -> Result<T, NodeError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, driver::Error>> + Send + 'static,
    {
        let running = command(Arc::clone(&self.node));
        self.home.run(async move { Ok(running.await?) }).await
    }

    fn look_around(&self) {
        if self.lan.as_ref().is_some_and(|lan| lan.start(SERVICE.to_owned()).is_err()) {
            tracing::warn!("nobody is looked for in the local network");
        }
    }

    fn stop_looking(&self) {
        if self.lan.as_ref().is_some_and(|lan| lan.stop().is_err()) {
            tracing::warn!("somebody may still be looked for in the local network");
        }
    }
}

/// What a card says, once both of its signatures are verified.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CardStatement {
    /// Whose it is.
    pub participant: ParticipantKey,
    /// The key of their connections.
    pub transport: TransportKey,
    /// When it was issued: of two cards of one participant the later holds.
    pub issued: WallTime,
    /// First moment at which it does not hold any more.
    pub until: WallTime,
    /// What they call themselves: words of a peer.
    pub nickname: String,
    /// Where to dial them, as multiaddresses.
    pub addresses: Vec<String>,
}

/// Reads a card's text without taking it, so that the user sees first whose it is; needs no node.
///
/// # Errors
///
/// [`NodeError::Invalid`] says why it is no card.
#[uniffi::export]
pub fn read_card(text: &str) -> Result<CardStatement, NodeError> {
    let card = Card::from_text(text).map_err(|fault| NodeError::invalid(&fault))?;
    let Statement { participant, transport, issued, until, nickname, addresses, .. } =
        card.statement().clone();
    Ok(CardStatement { participant, transport, issued, until, nickname, addresses })
}

/// Judges a piece of evidence; needs no node.
///
/// # Errors
///
/// [`NodeError::Invalid`] says why it proves nothing.
#[uniffi::export]
pub fn judge(evidence: Vec<u8>) -> Result<Verdict, NodeError> {
    evidence::verify_evidence(&evidence).map_err(|fault| NodeError::invalid(&fault))
}
