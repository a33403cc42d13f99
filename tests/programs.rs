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

/// Builds the library that other languages call, with the phones' set of features and these, and returns where it is.
///
/// # Panics
///
/// Panics if cargo cannot build it.
pub fn library(features: &[&str]) -> PathBuf {
    library_of(features, "dev")
}

/// As [`library`], as it ships in phones.
///
/// # Panics
///
/// Panics if cargo cannot build it.
pub fn mobile_library(features: &[&str]) -> PathBuf {
    library_of(features, "mobile")
}

fn library_of(features: &[&str], profile: &str) -> PathBuf {
    let features = features.join(",");
    let what = ["-p", "countersign-bindings", "--lib", "--features", &features];
    let built = build_of(&what, profile);
    let named = |name: &str| name.ends_with(".so") || name.ends_with(".dylib");
    let files = built.iter().filter(|line| line["target"]["name"] == "countersign");
    let mut files = files.flat_map(|line| line["filenames"].as_array().cloned().unwrap_or_default());
    let library = files.find(|file| file.as_str().is_some_and(named)).expect("cargo names what it built");
    PathBuf::from(library.as_str().expect("a path"))
}

/// Builds the generator of the sources of other languages, and returns where it is.
///
/// # Panics
///
/// Panics if cargo cannot build it.
pub fn bindgen() -> PathBuf {
    executable(&["-p", "countersign-bindings", "--bin", "bindgen", "--features", "cli"], "bindgen", false)
}

fn executable(what: &[&str], name: &str, release: bool) -> PathBuf {
    let built = build_of(what, if release { "release" } else { "dev" });
    let found = built
        .iter()
        .find(|line| line["target"]["name"] == name && line["executable"].is_string())
        .expect("cargo names what it built");
    PathBuf::from(found["executable"].as_str().expect("a path"))
}

/// Builds something, and returns what cargo says of it.
fn build_of(what: &[&str], profile: &str) -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--locked", "--message-format", "json", "--profile", profile])
        .args(what)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = String::from_utf8(built.stdout).expect("cargo speaks text");
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
