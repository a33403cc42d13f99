//! The driver's example programs, built and found.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Builds `phone` and `phones`, as a release or as tests are built, and returns the folder that holds both.
///
/// # Panics
///
/// Panics if cargo cannot build them.
pub fn build(release: bool) -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--locked", "-p", "countersign-driver", "--examples", "--message-format", "json"])
        .args(release.then_some("--release"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = String::from_utf8(built.stdout).expect("cargo speaks text");
    let phones = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|line| line["target"]["name"] == "phones" && line["executable"].is_string())
        .expect("cargo names what it built");
    let path = Path::new(phones["executable"].as_str().expect("a path"));
    path.parent().expect("programs lie in a folder").to_owned()
}
