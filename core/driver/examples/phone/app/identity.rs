//! The folder of a co-signer: its vault, and what it listened at.

use std::fs::{self, DirBuilder, File};
use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use countersign_driver::entropy::SystemEntropy;
use countersign_driver::vault::{FileVault, Vault};
use countersign_driver::{Config, Error};
use zeroize::Zeroizing;

use super::Args;
use super::fault::{Failure, Kind};

/// Environment variable with the vault's passphrase.
const PASSPHRASE: &str = "COUNTERSIGN_PASSPHRASE";
/// Where to listen when nothing says otherwise.
const ANY_PORT: &str = "/ip4/127.0.0.1/tcp/0";

/// Makes the folder if there is none, begins the log if wanted, and opens or makes the vault.
pub(crate) fn prepare(dir: &Path, log: bool) -> Result<Arc<dyn Vault>, Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| {
        Failure::new(Kind::Caller, format!("The folder {} cannot be made: {error}.", dir.display()))
    })?;
    if log {
        begin_log(&dir.join("phone.log"))?;
    }
    let path = dir.join("vault");
    let is_new = !path.exists();
    let passphrase = passphrase(is_new)?;
    let vault = if is_new {
        FileVault::create_random(&path, passphrase.as_bytes(), &mut SystemEntropy)
    } else {
        FileVault::open(&path, passphrase.as_bytes())
    };
    Ok(Arc::new(vault.map_err(Error::Vault)?))
}

/// Says where the journal is and where to listen: as asked, or as the last time, so that cards stay true.
pub(crate) fn config(Args { dir, listen, dial_only, relay, mdns, .. }: &Args) -> Config {
    let journal = dir.join("journal.db");
    let listen = if *dial_only {
        Vec::new()
    } else if listen.is_empty() {
        let before = fs::read_to_string(dir.join("listen")).unwrap_or_else(|_| ANY_PORT.to_owned());
        before.lines().map(str::to_owned).collect()
    } else {
        listen.clone()
    };
    Config { journal, listen, relays: relay.clone(), mdns: *mdns, ..Config::default() }
}

/// Notes the addresses for the next start, unless they are the user's choice.
pub(crate) fn remember(args: &Args, addresses: &[String]) -> Result<(), Failure> {
    if args.listen.is_empty() && !args.dial_only {
        let own: Vec<&str> = addresses
            .iter()
            .filter(|address| !address.contains("/p2p-circuit"))
            .map(String::as_str)
            .collect();
        fs::write(args.dir.join("listen"), own.join("\n")).map_err(|error| {
            Failure::new(
                Kind::Caller,
                format!("The folder {} cannot be written: {error}.", args.dir.display()),
            )
        })?;
    }
    Ok(())
}

/// Returns what to call a co-signer that gave no name.
pub(crate) fn folder_name(dir: &Path) -> String {
    dir.file_name().map_or_else(|| "phone".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn passphrase(is_new: bool) -> Result<Zeroizing<String>, Failure> {
    if let Ok(given) = std::env::var(PASSPHRASE) {
        return Ok(Zeroizing::new(given));
    }
    let failed = |text: String| Failure::new(Kind::Vault, text);
    if !std::io::stdin().is_terminal() {
        return Err(failed(format!(
            "The vault needs a passphrase. Set {PASSPHRASE}, or start this on a terminal."
        )));
    }
    let ask = |question: &str| {
        rpassword::prompt_password(question)
            .map(Zeroizing::new)
            .map_err(|error| failed(format!("The passphrase cannot be read: {error}.")))
    };
    let given = ask("Passphrase: ")?;
    if is_new && *ask("Once more, for the new vault: ")? != *given {
        return Err(failed("The two passphrases differ. Start again.".to_owned()));
    }
    if given.is_empty() {
        return Err(failed("An empty passphrase protects nothing. Start again with another.".to_owned()));
    }
    Ok(given)
}

fn begin_log(path: &Path) -> Result<(), Failure> {
    let file = File::options().create(true).append(true).open(path).map_err(|error| {
        Failure::new(Kind::Caller, format!("The log {} cannot be written: {error}.", path.display()))
    })?;
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
    Ok(())
}
