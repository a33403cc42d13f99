//! The library as other languages have it: the sources that are generated for them, and Python as the cheapest caller.

use std::process::Stdio;

use countersign_tests::library::{self, Library};
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
    let Library { file, sources } = Library::built();
    assert!(library::generate(file, sources, true), "it was generated from it");

    let changed = tempfile::tempdir().expect("a folder");
    for language in ["kotlin", "swift", "python"] {
        std::fs::create_dir(changed.path().join(language)).expect("a folder");
    }
    assert!(!library::generate(file, changed.path(), true), "nothing is there");
}

/// Runs one of the functions of `bindings/life.py`, and returns what it said; none where there is no Python.
fn live(name: &str) -> Option<String> {
    let run = library::python("life.py")?.arg(name).stdin(Stdio::null()).output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.ends_with("done\n"), "{said}");
    Some(said)
}
