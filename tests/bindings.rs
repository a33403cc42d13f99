//! The library as other languages have it: the sources that are generated for them, and Python as the cheapest caller.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use countersign_tests::programs;
use k256::schnorr::{Signature, VerifyingKey};
use serde_json::Value;

#[test]
fn two_sign_and_a_second_implementation_verifies_it() {
    let Some(said) = live("two_sign") else { return };

    let signed: Value = serde_json::from_str(said.lines().next().expect("a line")).expect("JSON");
    let bytes = |name: &str| hex::decode(signed[name].as_str().expect("hex")).expect("hex");
    let key: [u8; 32] = bytes("key").try_into().expect("an x-only key");
    let key = VerifyingKey::from_bytes(&key.into()).expect("a key");
    let signature = Signature::try_from(bytes("signature").as_slice()).expect("a signature");
    key.verify_raw(&bytes("digest"), &signature).expect("it verifies");
}

#[test]
fn sessions_end_in_every_other_way() {
    live("every_other_end");
}

#[test]
fn a_vault_may_refuse_throw_and_be_slow() {
    live("a_vault_that_refuses_and_is_slow");
}

#[test]
fn errors_arrive_with_their_types_and_fields() {
    live("errors_are_typed");
}

#[test]
fn a_task_that_is_cancelled_loses_and_doubles_nothing() {
    live("whoever_stops_waiting_loses_and_doubles_nothing");
}

#[test]
fn an_app_goes_to_the_background_and_comes_back() {
    live("the_life_of_the_app");
}

#[test]
fn a_panic_in_any_exported_call_is_an_error_and_the_next_call_works() {
    live("a_panic_is_an_error_and_the_next_call_works");
}

#[test]
fn of_many_lives_no_thread_and_no_descriptor_is_left() {
    live("nothing_is_left_of_many_lives");
}

#[test]
fn a_whole_sessions_log_holds_no_key_name_or_text() {
    live("the_log_says_nothing_that_is_nobodys_business");
}

#[test]
fn what_is_generated_is_checked_against_the_library() {
    let (library, out) = generated();
    assert!(bindgen(&[library.as_path(), out], true), "it was generated from it");

    let changed = tempfile::tempdir().expect("a folder");
    for language in ["kotlin", "swift", "python"] {
        std::fs::create_dir(changed.path().join(language)).expect("a folder");
    }
    assert!(!bindgen(&[library.as_path(), changed.path()], true), "nothing is there");
}

/// Runs one of the functions of `bindings/life.py`, and returns what it said; none where there is no Python, with the reason printed.
fn live(name: &str) -> Option<String> {
    let (_, out) = generated();
    let python = Command::new("python3").arg("--version").stdin(Stdio::null()).output();
    if let Err(error) = python {
        println!("skipped: python3 does not run: {error}");
        return None;
    }
    let run = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/life.py"))
        .arg(name)
        .env("PYTHONPATH", out.join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.ends_with("done\n"), "{said}");
    Some(said)
}

/// Builds the library and generates everything from it, once; returns where both are.
fn generated() -> (PathBuf, &'static Path) {
    static OUT: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let (library, out) = OUT.get_or_init(|| {
        let library = programs::library(&["panics"]);
        let out = library.parent().expect("it lies in a folder").join("bindings");
        assert!(bindgen(&[library.as_path(), &out], false), "it generates");
        let beside = out.join("python").join(library.file_name().expect("a name"));
        // A copy that is loaded may not change: it is put in place as a whole.
        let fresh = out.join("fresh");
        std::fs::copy(&library, &fresh).expect("room");
        std::fs::rename(&fresh, &beside).expect("the same disk");
        (library, out)
    });
    (library.clone(), out)
}

/// Runs the generator; returns whether it succeeds.
fn bindgen(paths: &[&Path; 2], check: bool) -> bool {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PROGRAM.get_or_init(programs::bindgen));
    command.args(paths).args(check.then_some("--check")).stdin(Stdio::null());
    command.output().expect("it runs").status.success()
}
