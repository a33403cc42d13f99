//! A `countersign-relay` process.

use std::io::{BufRead, BufReader, Result};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::programs;
use crate::talk::piped;

/// A running relay. It ends with this process.
pub struct RelayProcess {
    /// Its multiaddress with its peer id at the end, as phones are told.
    pub address: String,
    child: Child,
    _folder: TempDir,
}

impl RelayProcess {
    /// Lets `spawn` start one that listens at `listen`, with its usual limits and what `settings` adds in TOML, and waits until it is
    /// ready.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub fn start(listen: &str, settings: &str, spawn: impl FnOnce(Command) -> Result<Child>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("relay.toml");
        let settings = format!("listen = [\"{listen}\"]\n{settings}\n[metrics]\nenabled = false\n");
        std::fs::write(&config, settings).expect("a writable folder");
        let mut command = Command::new(program());
        command.args(["--json", "--config"]).arg(&config).arg("--dir").arg(folder.path());
        piped(&mut command);
        let mut child = spawn(command).expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says that it is ready");
        let ready: Value = serde_json::from_str(&line).expect("one object a line");
        let address = ready["addresses"][0].as_str().expect("an address").to_owned();
        Self { address, child, _folder: folder }
    }

    /// Returns its peer id.
    ///
    /// # Panics
    ///
    /// Panics if its address has none.
    pub fn peer_id(&self) -> &str {
        self.address.rsplit_once("/p2p/").expect("a peer id at the end").1
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the program, as this was built, once, and returns where it is.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| programs::relay(!cfg!(debug_assertions))).clone()
}
