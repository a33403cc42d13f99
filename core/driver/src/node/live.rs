//! The calls that have to do with connections and the life of the app.

use std::time::Duration;

use countersign_machine::Input;
use countersign_machine::fault::CallerFault;
use countersign_machine::id::{SessionId, TransportKey, WalletId};
use countersign_machine::key::ParticipantKey;
use countersign_machine::link::Source;
use countersign_machine::message::Payload;
use countersign_machine::network::NetworkState;
use countersign_machine::preflight::PreflightReport;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Error, Node};
use crate::engine::Command;
use crate::life::{ForegroundReport, SliceReport, SliceRequest, SuspendReport, Wish};

impl Node {
    /// Says that the app is in the foreground, where it also starts: listens again, and dials every co-signer. May be called at any
    /// time, from anywhere; of several wishes that contradict each other the last one is what remains.
    ///
    /// # Errors
    ///
    /// [`Error::Net`] if the network cannot be started, [`Error::Journal`] with [`JournalError::Locked`](crate::journal::JournalError::Locked) if another process has the
    /// journal: the app then rests as before. With [`JournalError::Overtaken`](crate::journal::JournalError::Overtaken) the co-signer stops, and is to be opened anew.
    /// [`Error::Stopped`].
    pub async fn on_foreground(&self) -> Result<ForegroundReport, Error> {
        let (answer, answered) = oneshot::channel();
        self.live(Wish::Foreground(answer)).await?;
        answered.await.map_err(|_| Error::Stopped)?
    }

    /// Says that the app goes to the background. Co-signers hear that we are away and get what is queued for them, for `grace_ms`
    /// milliseconds at most; then no connection, listener, timer or lock is left, the journal is on the disk, and a key that may be
    /// kept only until now is wiped. Calls that change something still work, and take the journal for that moment; if somebody else has
    /// it, they are refused.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn on_background(&self, grace_ms: u64) -> Result<SuspendReport, Error> {
        let (answer, answered) = oneshot::channel();
        let (began, grace) = (Instant::now(), Duration::from_millis(grace_ms));
        self.live(Wish::Background { began, grace, answer }).await?;
        answered.await.map_err(|_| Error::Stopped)
    }

    /// Uses a moment that the system grants in the background: ends and warns of what is due, connects, takes what co-signers
    /// have, and gives them what they lack. Nothing is signed. Ends as soon as nothing more is to be had, half a second before the
    /// budget is over at the latest, or when [`Node::cancel_slice`] says so, from the moment of this call on.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub fn run_background_slice(
        &self,
        request: SliceRequest,
    ) -> impl Future<Output = Result<SliceReport, Error>> + Send + use<> {
        let cancels = *self.cancelling.borrow();
        let (answer, answered) = oneshot::channel();
        let wish = Wish::Slice { began: Instant::now(), request, cancels, answer };
        let commands = self.commands.clone();
        async move {
            commands.send(Command::Live(wish)).await.map_err(|_| Error::Stopped)?;
            answered.await.map_err(|_| Error::Stopped)
        }
    }

    /// Ends the slice that runs, or was asked for before. Returns at once.
    pub fn cancel_slice(&self) {
        self.cancelling.send_modify(|cancels| *cancels += 1);
    }

    /// Says what the phone's network is like now. On another network every connection is made anew; without one nobody is dialled.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn on_network_changed(&self, network: NetworkState) -> Result<(), Error> {
        self.tell(Input::NetworkChanged(network)).await
    }

    /// Takes a co-signer's addresses in the local network, as the system's own discovery has found them, for `ttl_ms` milliseconds;
    /// in place of those found before. Those of a stranger are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn add_lan_candidate(
        &self,
        peer: TransportKey,
        addresses: Vec<String>,
        ttl_ms: u64,
    ) -> Result<(), Error> {
        self.tell(Input::Found { peer, addresses, source: Source::Lan, ttl_ms }).await
    }

    /// Finds out whether every co-signer of a wallet answers: all are asked at once, by a signed ping. Returns as soon as that is
    /// known, and after `budget_ms` milliseconds at the latest (usual: [`countersign_machine::limits::PREFLIGHT_MS`]); until then
    /// [`Node::status`] shows who has answered already.
    ///
    /// # Errors
    ///
    /// What is wrong with the question ([`countersign_machine::Node::preflight`]); [`Error::Stopped`].
    pub async fn preflight(&self, wallet: WalletId, budget_ms: u64) -> Result<PreflightReport, Error> {
        let (answer, answered) = oneshot::channel();
        self.ask(move |engine| {
            let now = engine.now();
            let id = engine.decide(|machine| machine.preflight(wallet, budget_ms, now))?;
            engine.preflights.insert(id, answer);
            Ok::<_, CallerFault>(())
        })
        .await??;
        answered.await.map_err(|_| Error::Stopped)
    }

    /// Proposes `payload` as [`Node::propose`] does, once a pre-flight of `budget_ms` milliseconds at most has found that every
    /// co-signer answers. Whoever would rather begin with some absent calls [`Node::propose`]: the session waits for them.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`] says who does not answer; nothing was created then. As [`Node::preflight`] and [`Node::propose`].
    pub async fn initiate(
        &self,
        wallet: WalletId,
        payload: Payload,
        lasts_ms: u64,
        budget_ms: u64,
    ) -> Result<SessionId, Error> {
        let report = self.preflight(wallet, budget_ms).await?;
        if !report.ready {
            return Err(Error::NotReady(Box::new(report)));
        }
        self.propose(wallet, payload, lasts_ms).await
    }

    /// Dials every co-signer that is not connected, now, and listens again to those that were muted.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`].
    pub async fn connect(&self) -> Result<(), Error> {
        self.timed(|machine, now| machine.connect(now)).await
    }

    /// Dials one co-signer now, if it is not connected, and listens again to it if it was muted.
    ///
    /// # Errors
    ///
    /// [`CallerFault::NoCardOf`]; [`Error::Stopped`].
    pub async fn connect_to(&self, participant: ParticipantKey) -> Result<(), Error> {
        Ok(self.timed(move |machine, now| machine.connect_to(participant, now)).await??)
    }

    /// Dials one co-signer no more until [`Node::connect`], another network or the foreground.
    ///
    /// # Errors
    ///
    /// As [`Node::connect_to`].
    pub async fn stop_connecting(&self, participant: ParticipantKey) -> Result<(), Error> {
        Ok(self.timed(move |machine, now| machine.stop_connecting(participant, now)).await??)
    }

    async fn live(&self, wish: Wish) -> Result<(), Error> {
        self.commands.send(Command::Live(wish)).await.map_err(|_| Error::Stopped)
    }
}
