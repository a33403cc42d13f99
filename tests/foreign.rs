//! The co-signer in JavaScript: its packages, and the Node that runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Returns the command that starts one with these arguments; none where there is no Node, with the reason printed.
pub fn command(arguments: &[&str]) -> Option<Command> {
    let mut command = Command::new(node()?);
    command.current_dir(folder()).arg("src/main.js").args(arguments);
    Some(command)
}

/// Installs the packages, once, and returns a Node that can run them; none, with the reason printed, where there is no
/// npm or none for this machine.
pub fn node() -> Option<&'static Path> {
    static NODE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match NODE.get_or_init(install) {
        Ok(node) => Some(node),
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let runs = |program: &Path| Command::new(program).arg("--version").stdin(Stdio::null()).output();
    runs(Path::new("npm")).map_err(|error| format!("npm does not run: {error}"))?;
    let (lock, installed) = (folder().join("package-lock.json"), folder().join("node_modules/.installed"));
    let wanted = std::fs::read(&lock).expect("a lock file");
    if !std::fs::read(&installed).is_ok_and(|held| held == wanted) {
        let run = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder())
            .output()
            .expect("npm runs");
        assert!(run.status.success(), "{}", words(&run));
        std::fs::write(&installed, &wanted).expect("a writable folder");
    }
    // One of the packages is Node itself, so that all run the same.
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let brought = folder().join(format!("node_modules/node-linux-{machine}/bin/node"));
    let candidates = [brought, PathBuf::from("node")];
    let found = candidates.into_iter().find(|node| {
        let version = runs(node).map(|run| words(&run)).unwrap_or_default();
        let major = version.trim().trim_start_matches('v').split('.').next().map(str::parse::<u32>);
        matches!(major, Some(Ok(22..)))
    });
    found.ok_or_else(|| "there is no Node 22 for this machine".to_owned())
}

/// Returns the folder of the program.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}

/// Returns what a process has written.
pub fn words(run: &Output) -> String {
    [&run.stdout, &run.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}
