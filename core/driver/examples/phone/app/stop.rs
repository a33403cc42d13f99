//! Stops this process at an exact point of a session, so that another can kill it there.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use countersign_driver::machine::effect::Event;
use countersign_driver::machine::id::{Attempt, SessionId};
use countersign_driver::machine::session::Happening;
use rustix::process::{Signal, getpid, kill_process};

use super::output;

/// How long frames handed to the network before the event may take to leave.
const LEAVE: Duration = Duration::from_millis(20);

/// Where to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StopAt {
    /// The proposal is durable, ours or another's.
    Proposed,
    /// Our nonces have left: those of a last signer leave with its partial signatures.
    Nonces,
    /// Our partial signatures have left.
    Partials,
}

/// Waits for the point.
pub(crate) struct Stop {
    at: Option<StopAt>,
    /// Attempts whose nonces left on their own.
    sent: BTreeSet<(SessionId, Attempt)>,
}

impl Stop {
    /// Stops at `at`, or never.
    pub(crate) fn new(at: Option<StopAt>) -> Self {
        Self { at, sent: BTreeSet::new() }
    }

    /// Takes every event, on the engine's task: while this stops, the engine does nothing more.
    pub(crate) fn hear(&mut self, event: &Event, boot_us: u64) {
        let Event::Session(event) = event else { return };
        let reached = match event.what {
            Happening::Requested { .. } | Happening::Proposed => Some(StopAt::Proposed),
            Happening::NoncesSent { attempt } => {
                self.sent.insert((event.session, attempt));
                Some(StopAt::Nonces)
            }
            Happening::PartialsSent { attempt } => {
                let answered = !self.sent.contains(&(event.session, attempt));
                let nonces = self.at.filter(|at| *at == StopAt::Nonces && answered);
                nonces.or(Some(StopAt::Partials))
            }
            Happening::Progressed
            | Happening::KeyRefused
            | Happening::NonceSetsDiffer
            | Happening::Blamed { .. }
            | Happening::OwnPastFound { .. }
            | Happening::ExtensionAsked { .. }
            | Happening::Extended { .. }
            | Happening::Expiring { .. }
            | Happening::RequestExpired
            | Happening::Ended { .. } => None,
        };
        if let Some(phase) = self.at.take_if(|at| reached == Some(*at)) {
            sleep(LEAVE);
            output::json(boot_us, serde_json::json!({ "stopped_at": phase, "session": event.session }));
            if let Err(error) = kill_process(getpid(), Signal::STOP) {
                eprintln!("This process cannot stop itself: {error}.");
            }
            // The signal may reach another thread first.
            sleep(LEAVE);
        }
    }
}
