//! The life of the app that holds us: to the background without a socket, a lock or a timer left, and back.
//!
//! Wishes are taken one after the other by the engine's task; one that is not done yet gives way to the next.

use std::time::Duration;

use countersign_machine::Input;
use countersign_machine::plan::WakePlan;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::journal::JournalError;
use crate::net::{Net, NetConfig, NetError};
use crate::node::Error;

/// What is left of a slice's budget for its end: a system that has waited in vain ends the app.
const SLICE_RESERVE: Duration = Duration::from_millis(500);
/// How long closing every connection may take.
const STOP_TIME: Duration = Duration::from_millis(150);
/// How often, while frames are being flushed, it is seen whether they are.
const FLUSH_LOOK: Duration = Duration::from_millis(5);

/// Whether the app runs, as the engine has it.
pub(crate) enum Life {
    /// It is open.
    Open,
    /// It goes to the background: what is queued is sent first.
    Leaving(Leave),
    /// It is in the background: no socket, no lock, no timer.
    Resting,
    /// The system lets it run for a moment.
    Slice(Slice),
}

/// The way to the background.
pub(crate) struct Leave {
    began: Instant,
    until: Instant,
    answers: Vec<oneshot::Sender<SuspendReport>>,
}

/// A moment that the system grants.
pub(crate) struct Slice {
    began: Instant,
    until: Instant,
    /// How often slices had been cancelled when it was asked for.
    pub(crate) cancels: u64,
    answer: oneshot::Sender<SliceReport>,
}

/// What the shell wants of the app's life. Time that the system grants runs from the call on, not from when its turn comes.
pub(crate) enum Wish {
    Foreground(oneshot::Sender<Result<ForegroundReport, Error>>),
    Background { began: Instant, grace: Duration, answer: oneshot::Sender<SuspendReport> },
    Slice { began: Instant, request: SliceRequest, cancels: u64, answer: oneshot::Sender<SliceReport> },
}

/// What came of [`crate::Node::on_foreground`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ForegroundReport {
    /// Whether the network was started anew; if not, the app was open already.
    pub restarted: bool,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What came of [`crate::Node::on_background`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SuspendReport {
    /// Whether nothing of ours runs any more: no connection, no listener, no timer, no lock. It is not if the app came back to the
    /// foreground meanwhile.
    pub quiesced: bool,
    /// How many connections and listeners could not be closed in time.
    pub open_sockets: usize,
    /// How many locks are held still.
    pub held_locks: usize,
    /// How many bytes had been queued for co-signers and did not leave in time. What they said comes again.
    pub unflushed: usize,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When the system is to wake the app.
    pub wake: WakePlan,
}

/// Why the system lets the app run for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// An alarm that was set by the wake plan.
    Alarm,
    /// The system's own refresh.
    Refresh,
    /// Another device's nudge.
    Push,
}

/// A moment that the system grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SliceRequest {
    /// Why.
    pub trigger: Trigger,
    /// For how long at most, in milliseconds: it ends half a second before that.
    pub budget_ms: u64,
    /// Whether the network may be used.
    pub network_allowed: bool,
}

/// What came of [`crate::Node::run_background_slice`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SliceReport {
    /// Whether it ran: not if the app is open, or another process holds the journal.
    pub ran: bool,
    /// Whether every co-signer was asked, and has answered or could not be reached. If not, it was cancelled, or its time was over.
    pub done: bool,
    /// How many connections and listeners could not be closed in time.
    pub open_sockets: usize,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// When the system is to wake the app next.
    pub wake: WakePlan,
}

impl Engine {
    /// Takes a wish. One that contradicts what is under way takes its place.
    pub(crate) async fn take_wish(&mut self, wish: Wish) -> Result<(), Error> {
        match wish {
            Wish::Foreground(answer) => {
                let result = self.come_to_foreground().await;
                let failed = match &result {
                    Err(error) if is_final(error) => Err(error.clone()),
                    Ok(_) | Err(_) => Ok(()),
                };
                // A caller that has gone away needs no answer.
                let _ = answer.send(result);
                failed
            }
            Wish::Background { began, grace, answer } => self.leave(began, grace, answer).await,
            Wish::Slice { began, request, cancels, answer } => {
                self.begin_slice(began, request, cancels, answer).await
            }
        }
    }

    /// Returns when the app's life is to be looked at next, while it changes.
    pub(crate) fn life_changes(&self) -> Option<Instant> {
        match &self.life {
            Life::Open | Life::Resting => None,
            Life::Leaving(leave) => Some(leave.until.min(Instant::now() + FLUSH_LOOK)),
            Life::Slice(slice) if self.machine.slice_is_done() => {
                Some(slice.until.min(Instant::now() + FLUSH_LOOK))
            }
            Life::Slice(slice) => Some(slice.until),
        }
    }

    /// Rests if all is done for which the app still ran, or its time is over.
    pub(crate) async fn look_at_life(&mut self, cancels: u64) -> Result<(), Error> {
        let now = Instant::now();
        let flushed = self.unflushed() == 0;
        match std::mem::replace(&mut self.life, Life::Resting) {
            Life::Leaving(leave) if flushed || now >= leave.until => self.rest(leave).await,
            Life::Slice(slice)
                if now >= slice.until
                    || slice.cancels != cancels
                    || flushed && self.machine.slice_is_done() =>
            {
                self.end_slice(slice).await.map(drop)
            }
            life @ (Life::Open | Life::Leaving(_) | Life::Resting | Life::Slice(_)) => {
                self.life = life;
                Ok(())
            }
        }
    }

    async fn come_to_foreground(&mut self) -> Result<ForegroundReport, Error> {
        let began = Instant::now();
        let restarted = match std::mem::replace(&mut self.life, Life::Open) {
            Life::Open => false,
            Life::Leaving(leave) => {
                self.give_up_leaving(leave);
                self.settle(vec![Input::CameToForeground])?;
                false
            }
            Life::Resting => self.open_again().await?,
            Life::Slice(slice) => {
                self.end_slice(slice).await?;
                self.open_again().await?
            }
        };
        Ok(ForegroundReport { restarted, took_ms: millis(began) })
    }

    /// Starts the network and takes the journal again. If that cannot be, the app rests as before.
    async fn open_again(&mut self) -> Result<bool, Error> {
        self.life = Life::Resting;
        self.journal.wake()?;
        match self.start_net(true) {
            Ok(net) => self.net = Some(net),
            Err(error) => {
                self.lay_journal_to_rest()?;
                return Err(error);
            }
        }
        self.life = Life::Open;
        self.settle(vec![Input::NetworkStarted, Input::CameToForeground])?;
        Ok(true)
    }

    async fn leave(
        &mut self,
        began: Instant,
        grace: Duration,
        answer: oneshot::Sender<SuspendReport>,
    ) -> Result<(), Error> {
        let until = began + grace.saturating_sub(STOP_TIME);
        let mut answers = vec![answer];
        match std::mem::replace(&mut self.life, Life::Resting) {
            Life::Open => {}
            Life::Leaving(leave) => answers.extend(leave.answers),
            Life::Resting => {
                return self.rest(Leave { began, until, answers }).await;
            }
            Life::Slice(slice) => {
                self.end_slice(slice).await?;
                return self.rest(Leave { began, until, answers }).await;
            }
        }
        self.life = Life::Leaving(Leave { began, until, answers });
        self.settle(vec![Input::WentToBackground])
    }

    /// Closes every connection and lets go of the journal.
    async fn rest(&mut self, leave: Leave) -> Result<(), Error> {
        let unflushed = self.unflushed();
        let open_sockets = self.stop_net().await;
        self.life = Life::Resting;
        self.settle(vec![Input::NetworkStopped])?;
        let held_locks = usize::from(self.lay_journal_to_rest().is_err());
        let report = SuspendReport {
            quiesced: open_sockets == 0 && held_locks == 0,
            open_sockets,
            held_locks,
            unflushed,
            took_ms: millis(leave.began),
            wake: self.wake_plan(),
        };
        for answer in leave.answers {
            let _ = answer.send(report.clone());
        }
        Ok(())
    }

    fn give_up_leaving(&mut self, leave: Leave) {
        let report = SuspendReport {
            quiesced: false,
            open_sockets: usize::from(self.net.is_some()),
            held_locks: 1,
            unflushed: self.unflushed(),
            took_ms: millis(leave.began),
            wake: self.wake_plan(),
        };
        for answer in leave.answers {
            // A caller that has gone away needs no answer.
            let _ = answer.send(report.clone());
        }
    }

    async fn begin_slice(
        &mut self,
        began: Instant,
        request: SliceRequest,
        cancels: u64,
        answer: oneshot::Sender<SliceReport>,
    ) -> Result<(), Error> {
        let granted = Duration::from_millis(request.budget_ms);
        let until = began + granted.saturating_sub(SLICE_RESERVE + STOP_TIME);
        match std::mem::replace(&mut self.life, Life::Resting) {
            Life::Resting => {}
            // A slice that is under way gives its place to the next; who is leaving is done with first.
            Life::Slice(slice) => self.end_slice(slice).await?,
            Life::Leaving(leave) => self.rest(leave).await?,
            Life::Open => {
                self.life = Life::Open;
                self.refuse_slice(began, answer);
                return Ok(());
            }
        }
        tracing::debug!(?request, "a moment in the background");
        if let Err(error) = self.journal.wake().map_err(Error::from) {
            tracing::warn!(%error, "this moment is lost");
            self.refuse_slice(began, answer);
            return if is_final(&error) { Err(error) } else { Ok(()) };
        }
        let network = request.network_allowed;
        let mut inputs = Vec::new();
        match self.start_net(false) {
            Ok(net) if network => {
                self.net = Some(net);
                inputs.push(Input::NetworkStarted);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "no network in this moment"),
        }
        let network = self.net.is_some();
        inputs.push(Input::SliceBegan { network });
        self.life = Life::Slice(Slice { began, until, cancels, answer });
        let now = self.now();
        self.settle(inputs)?;
        self.decide(|machine| machine.handle_timeout(now));
        self.settle(Vec::new())
    }

    fn refuse_slice(&mut self, began: Instant, answer: oneshot::Sender<SliceReport>) {
        let wake = self.wake_plan();
        let report = SliceReport { ran: false, done: false, open_sockets: 0, took_ms: millis(began), wake };
        // A caller that has gone away needs no answer.
        let _ = answer.send(report);
    }

    async fn end_slice(&mut self, slice: Slice) -> Result<(), Error> {
        let done = self.machine.slice_is_done();
        self.settle(vec![Input::SliceEnded])?;
        let open_sockets = self.stop_net().await;
        self.life = Life::Resting;
        self.settle(vec![Input::NetworkStopped])?;
        let wake = self.wake_plan();
        let _ = self.lay_journal_to_rest();
        let report = SliceReport { ran: true, done, open_sockets, took_ms: millis(slice.began), wake };
        let _ = slice.answer.send(report);
        Ok(())
    }

    /// Stops the network and starts it again, at the addresses that the phone has now. Where it cannot listen it dials only.
    pub(crate) fn restart_net(&mut self, local: Vec<String>) -> Vec<Input> {
        self.local = local;
        self.net = None;
        let mut inputs = vec![Input::NetworkStopped];
        let listens = matches!(self.life, Life::Open | Life::Leaving(_));
        let started = self.start_net(listens).or_else(|error| {
            tracing::warn!(%error, "nobody can dial us on this network");
            inputs.push(Input::Listening(Vec::new()));
            self.start_net(false)
        });
        match started {
            Ok(net) => {
                self.net = Some(net);
                inputs.push(Input::NetworkStarted);
            }
            Err(error) => tracing::error!(%error, "the network cannot be started"),
        }
        inputs
    }

    fn start_net(&mut self, listens: bool) -> Result<Net, Error> {
        let transport = self.vault.transport_secret()?;
        if !listens {
            return Ok(Net::start(&transport, &NetConfig::default())?);
        }
        let mut wanted = self.config.clone();
        wanted.listen = wanted.listen.iter().flat_map(|address| concrete(address, &self.local)).collect();
        let mut known = wanted.clone();
        known.listen.iter_mut().for_each(|address| *address = at_known_port(address, &self.listens.borrow()));
        let started = Net::start(&transport, &known);
        if matches!(started, Err(NetError::Listen(_))) {
            // Somebody else has taken the port meanwhile.
            return Ok(Net::start(&transport, &wanted)?);
        }
        Ok(started?)
    }

    async fn stop_net(&mut self) -> usize {
        match self.net.take() {
            Some(net) => net.stop(STOP_TIME).await,
            None => 0,
        }
    }

    fn unflushed(&self) -> usize {
        self.net.as_ref().map_or(0, Net::queued)
    }

    /// Takes the journal's files and locks for a call that writes. One that is not at rest has them.
    ///
    /// # Errors
    ///
    /// Why it cannot be had; nothing has changed then, and the call is refused.
    pub(crate) fn take_journal(&mut self) -> Result<(), Error> {
        Ok(self.journal.wake()?)
    }

    /// Lets go of the journal's files and locks while the app rests: nobody else may be kept from them.
    pub(crate) fn lay_journal_to_rest(&mut self) -> Result<(), Error> {
        Ok(self.journal.rest()?)
    }

    fn wake_plan(&mut self) -> WakePlan {
        let now = self.now();
        self.decide(|machine| machine.wake_plan(now))
    }
}

/// Returns whether nothing can be done after this but to open the node anew. What only keeps it from the network, or from a journal
/// that somebody else holds just now, passes.
fn is_final(error: &Error) -> bool {
    match error {
        Error::Net(_) | Error::Vault(_) => false,
        Error::Journal(JournalError::Locked | JournalError::Full | JournalError::Unavailable(_)) => false,
        Error::Journal(_) | Error::Caller(_) | Error::Store(_) | Error::Key(_) => true,
        Error::Entropy(_) | Error::NotReady(_) | Error::Stopped => true,
    }
}

/// Returns what is to be listened at for an address of the configuration: for one that stands for all addresses, if the shell has
/// told those of the phone, each of them.
fn concrete(address: &str, local: &[String]) -> Vec<String> {
    let (four, six) = ("/ip4/0.0.0.0/", "/ip6/::/");
    let (rest, name, is_of_kind): (_, _, fn(&str) -> bool) =
        match (address.strip_prefix(four), address.strip_prefix(six)) {
            (Some(rest), _) => (rest, "ip4", |ip| !ip.contains(':')),
            (None, Some(rest)) => (rest, "ip6", |ip| ip.contains(':')),
            (None, None) => return vec![address.to_owned()],
        };
    if local.is_empty() {
        return vec![address.to_owned()];
    }
    local.iter().filter(|ip| is_of_kind(ip)).map(|ip| format!("/{name}/{ip}/{rest}")).collect()
}

/// Returns an address of the configuration with the port that was listened at before, if any port will do: co-signers know it.
fn at_known_port(address: &str, before: &[String]) -> String {
    let Some((head, tail)) = address.split_once("/tcp/0").filter(|(_, tail)| tail.is_empty()) else {
        return address.to_owned();
    };
    let prefix = format!("{head}/tcp/");
    let port = before.iter().find_map(|known| known.strip_prefix(&prefix)?.parse::<u16>().ok());
    port.map_or_else(|| address.to_owned(), |port| format!("{prefix}{port}{tail}"))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_stands_for_all_becomes_those_that_the_phone_has() {
        let local = ["192.168.0.7", "2001:db8::7", "10.0.0.9"].map(str::to_owned);
        assert_eq!(concrete("/ip4/0.0.0.0/tcp/0", &local), ["/ip4/192.168.0.7/tcp/0", "/ip4/10.0.0.9/tcp/0"]);
        assert_eq!(concrete("/ip6/::/tcp/0", &local), ["/ip6/2001:db8::7/tcp/0"]);
        assert_eq!(concrete("/ip4/0.0.0.0/tcp/0", &[]), ["/ip4/0.0.0.0/tcp/0"]);
        assert_eq!(concrete("/ip4/127.0.0.1/tcp/1", &local), ["/ip4/127.0.0.1/tcp/1"]);
    }

    #[test]
    fn whoever_comes_back_listens_at_the_port_that_co_signers_know() {
        let before = ["/ip4/127.0.0.1/tcp/4711", "/ip4/10.0.0.9/tcp/4712"].map(str::to_owned);
        assert_eq!(at_known_port("/ip4/10.0.0.9/tcp/0", &before), "/ip4/10.0.0.9/tcp/4712");
        assert_eq!(at_known_port("/ip4/10.0.0.8/tcp/0", &before), "/ip4/10.0.0.8/tcp/0");
        assert_eq!(at_known_port("/ip4/10.0.0.9/tcp/9", &before), "/ip4/10.0.0.9/tcp/9");
    }
}
