//! `countersign-relay`: the relay as a program.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use countersign_relay::{Config, Error, Level, Log, LogFormat, Relay};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Passes on what phones say to each other, and lets them find each other.
///
/// When it is ready it writes one line with its addresses. It stops on SIGINT and SIGTERM. It exits with 0 when it was stopped, 1 when it
/// could not start or ended by itself, 2 when a setting is wrong.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The settings, in TOML; every one has a default.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The folder of files whose settings are no absolute paths.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Write the line with the addresses as JSON.
    #[arg(long)]
    json: bool,
    /// Only look whether the settings are good, and write them all.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match read_config(&arguments) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    if arguments.check {
        print!("{}", config.to_toml());
        return ExitCode::SUCCESS;
    }
    log(&config.log);
    allow_files(config.files());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("countersign-relay: the runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve(&config, arguments.json)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn read_config(arguments: &Arguments) -> Result<Config, Error> {
    let mut config = match &arguments.config {
        None => Config::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Error::Config(format!("{}: {error}", path.display())))?;
            Config::parse(&text)?
        }
    };
    if config.key_file == Path::new("") {
        return Err(Error::Setting { field: "key_file", problem: "names no file".into() });
    }
    config.key_file = arguments.dir.join(&config.key_file);
    Ok(config)
}

/// Runs a relay until a signal comes.
async fn serve(config: &Config, json: bool) -> Result<ExitCode, Error> {
    // From here on a signal is waited for: one that comes while the relay starts is not lost.
    let (Ok(mut interrupted), Ok(mut terminated)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("countersign-relay: the system lets us wait for no signals");
        return Ok(ExitCode::FAILURE);
    };
    std::fs::create_dir_all(config.key_file.parent().unwrap_or(Path::new(".")))
        .map_err(|error| Error::Key { path: config.key_file.clone(), problem: error.to_string() })?;
    let mut relay = Relay::start(config).await?;
    say_ready(&relay, json);
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        () = relay.ended() => {
            eprintln!("countersign-relay: the relay ended by itself");
            return Ok(ExitCode::FAILURE);
        }
    }
    relay.close().await;
    Ok(ExitCode::SUCCESS)
}

fn say_ready(relay: &Relay, json: bool) {
    let addresses: Vec<String> = relay.addresses().iter().map(ToString::to_string).collect();
    let line = if json {
        let (peer, metrics) = (relay.peer_id().to_string(), relay.metrics_address());
        serde_json::json!({ "ready": true, "peer": peer, "addresses": addresses, "metrics": metrics })
            .to_string()
    } else {
        format!("ready {}", addresses.join(" "))
    };
    let mut out = std::io::stdout().lock();
    // Whoever started us may not be reading: the relay runs all the same.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says what is wrong, and returns whose fault it is.
fn fail(error: &Error) -> ExitCode {
    eprintln!("countersign-relay: {error}");
    match error {
        Error::Config(_) | Error::Setting { .. } | Error::Key { .. } => ExitCode::from(2),
        Error::Listen { .. } | Error::Transport(_) => ExitCode::FAILURE,
    }
}

/// Writes to standard error. libp2p names phones in what it says, so it is heard from `debug` on only.
fn log(settings: &Log) {
    let (ours, others) = match settings.level {
        Level::Error => (LevelFilter::ERROR, LevelFilter::OFF),
        Level::Warn => (LevelFilter::WARN, LevelFilter::OFF),
        Level::Info => (LevelFilter::INFO, LevelFilter::OFF),
        Level::Debug => (LevelFilter::DEBUG, LevelFilter::DEBUG),
        Level::Trace => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    let filter = Targets::new().with_target("countersign_relay", ours).with_default(others);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let registry = tracing_subscriber::registry().with(filter);
    match settings.format {
        LogFormat::Text => registry.with(lines).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
}

/// Raises the number of files that the system lets us open, as far as it lets us.
fn allow_files(wanted: u64) {
    let limit = getrlimit(Resource::Nofile);
    let enough = |value: Option<u64>| value.is_none_or(|value| value >= wanted);
    if enough(limit.current) {
        return;
    }
    let current = if enough(limit.maximum) { Some(wanted) } else { limit.maximum };
    let raised = setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum });
    if raised.is_err() || !enough(current) {
        tracing::warn!(wanted, allowed = ?current, "the system lets the relay open too few files for connections.total");
    }
}
