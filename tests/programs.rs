//! The project's programs, built and found.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Builds `phone` and `phones`, as a release or as tests are built, and returns the folder that holds both.
///
/// # Panics
///
/// Panics if cargo cannot build them.
pub fn build(release: bool) -> PathBuf {
    let phones = executable(&["-p", "countersign-driver", "--examples"], "phones", release);
    phones.parent().expect("programs lie in a folder").to_owned()
}

/// Builds `countersign-relay`, as a release or as tests are built, and returns where it is.
///
/// # Panics
///
/// Panics if cargo cannot build it.
pub fn relay(release: bool) -> PathBuf {
    executable(&["-p", "countersign-relay", "--bins"], "countersign-relay", release)
}

fn executable(what: &[&str], name: &str, release: bool) -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--locked", "--message-format", "json"])
        .args(what)
        .args(release.then_some("--release"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = String::from_utf8(built.stdout).expect("cargo speaks text");
    let found = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["target"]["name"] == name && line["executable"].is_string())
        .expect("cargo names what it built");
    PathBuf::from(found["executable"].as_str().expect("a path"))
}
