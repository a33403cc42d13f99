//! Several co-signers, each a process of its own, sign together on this computer.
//!
//! `cargo run --release -p countersign-driver --example phones -- --help`

mod absence;
#[path = "../phone/app/mod.rs"]
mod app;
mod check;
mod child;
mod crowd;
mod fault;
mod journals;
mod relay;
mod report;
mod run;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;
use std::str::FromStr;

use app::StopAt;
use clap::{Parser, ValueEnum};
use fault::Fault;

/// First argument by which this program runs itself as one phone.
const AS_PHONE: &str = "as-one-phone";
/// Exit code of a program that the user interrupted.
const INTERRUPTED: u8 = 130;

/// Starts phones as separate processes, lets them find each other and sign, and checks what comes out.
#[derive(Clone, Debug, Parser)]
#[command(name = "phones", version)]
struct Args {
    /// How many phones sign.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=100))]
    count: u8,
    /// How many items they sign in one session.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    items: u16,
    /// Write the result as one JSON object.
    #[arg(long)]
    json: bool,
    /// Kill a phone at a point of the session (proposed, nonces or partials) and start it again; repeatable.
    #[arg(long, value_name = "SLOT@PHASE")]
    kill: Vec<Kill>,
    /// Time from the proposal to its deadline.
    #[arg(long, default_value = "300s", value_name = "TIME", value_parser = app::command::duration)]
    deadline: u64,
    /// Who proposes.
    #[arg(long, default_value_t = 0, value_name = "SLOT")]
    proposer: u8,
    /// Let a phone leave for good once the wallet is there, so that the session expires; repeatable.
    #[arg(long, value_name = "SLOT")]
    absent: Vec<u8>,
    /// When every phone warns of the deadline, such as 3s,1s [default: as usual]
    #[arg(long, value_name = "TIME,...", value_delimiter = ',', value_parser = app::command::duration)]
    warn: Vec<u64>,
    /// Let the phones listen nowhere, so that they reach each other only through a relay, which runs for as long as this.
    #[arg(long)]
    relay: bool,
    /// Keep the phones' folders, with their logs.
    #[arg(long)]
    keep: bool,
}

impl Args {
    /// Returns what cannot be done as asked, if there is something.
    fn contradiction(&self) -> Option<String> {
        let count = self.count;
        let killed = || self.kill.iter().map(|kill| kill.slot);
        let mut named = killed().chain(self.absent.iter().copied()).chain([self.proposer]);
        if let Some(slot) = named.find(|slot| *slot >= count) {
            return Some(format!(
                "There is no slot {slot}: {count} phones have the slots 0 to {}.",
                count - 1
            ));
        }
        if self.absent.contains(&self.proposer) {
            return Some(format!(
                "Slot {0} proposes: name another with --absent or --proposer.",
                self.proposer
            ));
        }
        killed().find(|slot| self.absent.contains(slot)).map(|slot| {
            format!("Slot {slot} cannot be both killed and absent: name it with one of --kill and --absent.")
        })
    }
}

/// Whom to kill, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kill {
    slot: u8,
    at: StopAt,
}

impl FromStr for Kill {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no kill. Type 1@nonces, for example.");
        let (slot, at) = text.split_once('@').ok_or_else(wrong)?;
        let slot = slot.parse().map_err(|_| wrong())?;
        Ok(Kill { slot, at: StopAt::from_str(at, false).map_err(|_| wrong())? })
    }
}

fn main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == AS_PHONE) {
        words.remove(1);
        return app::main(words.into_iter());
    }
    let args = Args::parse();
    if let Some(text) = args.contradiction() {
        eprintln!("{text}");
        return ExitCode::from(2);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The system gives no threads: {error}.");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run::run(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            if matches!(fault, Fault::Interrupted) { ExitCode::from(INTERRUPTED) } else { ExitCode::FAILURE }
        }
    }
}
