//! The main job, judged from outside: processes of their own sign over real connections, killed or not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use countersign_tests::programs;
use countersign_tests::talk::Talk;
use k256::schnorr::{Signature, VerifyingKey};
use serde_json::Value;

#[path = "phones/deadlines.rs"]
mod deadlines;

#[test]
fn two_three_and_fifteen_phones_sign() {
    for (count, items) in [(2, 1), (3, 2), (15, 1)] {
        let signed = phones(&["--count", &count.to_string(), "--items", &items.to_string()]);

        assert_signed(&signed, count, items);
        assert_eq!(signed["attempts"], 1);
    }
}

#[test]
fn a_hundred_items_are_signed_in_one_session() {
    let signed = phones(&["--items", "100"]);

    assert_signed(&signed, 3, 100);
}

#[test]
fn a_phone_killed_anywhere_does_not_keep_the_others_from_signing() {
    for count in [2, 3] {
        for slot in 0..count {
            for phase in ["proposed", "nonces", "partials"] {
                let signed = phones(&["--count", &count.to_string(), "--kill", &format!("{slot}@{phase}")]);

                assert_signed(&signed, count, 1);
                assert_eq!(signed["killed"], 1, "{count} phones, {slot}@{phase}");
            }
        }
    }
}

#[test]
fn nonces_lost_with_a_killed_phone_cost_one_more_attempt_and_no_more() {
    let signed = phones(&["--count", "3", "--kill", "0@nonces"]);

    assert_eq!(signed["attempts"], 2);
    let checked = signed["partials_checked"].as_u64().expect("a number");
    assert!(checked >= 3, "the checker saw the partial signatures of every phone: {checked}");
}

#[test]
fn a_second_process_on_the_same_journal_is_turned_away_and_the_first_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = start(folder.path());

    let second = command(folder.path()).stdin(Stdio::null()).output().expect("it runs");

    assert_eq!(second.status.code(), Some(4), "{}", String::from_utf8_lossy(&second.stderr));
    assert!(words(&second).contains("open elsewhere"), "{}", words(&second));
    assert_eq!(first.ask("status")["answer"], "status");
}

#[test]
fn a_journal_of_another_program_or_a_damaged_one_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut phone = start(folder.path());
    phone.say("quit");
    assert!(phone.wait().success());
    let path = folder.path().join("journal.db");
    let good = std::fs::read(&path).expect("a journal");

    let mut damaged = good.clone();
    let at = good.windows(5).rposition(|bytes| bytes == b"/ip4/").expect("a record holds our card");
    damaged[at] ^= 1;
    for bad in [damaged, good[..good.len() / 2].to_vec(), b"not a journal at all".to_vec()] {
        std::fs::write(&path, &bad).expect("a writable folder");
        let run = command(folder.path()).stdin(Stdio::null()).output().expect("it runs");

        assert_eq!(run.status.code(), Some(4), "{}", words(&run));
        assert_eq!(std::fs::read(&path).expect("a file"), bad, "it was left alone");
    }
}

#[test]
fn a_phone_answers_a_wrong_command_with_what_to_do_and_lives() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut phone = start(folder.path());
    let nobody = "00".repeat(32);

    for (line, kind) in [
        ("propose nowhere 00".to_owned(), "caller"),
        (format!("approve {nobody}"), "caller"),
        ("add countersign:AAAA".to_owned(), "caller"),
        ("wallet alone".to_owned(), "caller"),
    ] {
        let answer = phone.ask(&line);
        assert_eq!(answer["error"]["kind"], kind, "{line}: {answer}");
        assert!(answer["error"]["text"].as_str().is_some_and(|text| text.len() > 10), "{line}: {answer}");
    }
    assert_eq!(phone.ask("status")["answer"], "status");
}

/// Starts one `phone`, spoken to as a machine would.
fn start(folder: &Path) -> Talk {
    Talk::start(&mut command(folder))
}

fn assert_signed(signed: &Value, count: usize, items: usize) {
    assert_eq!(signed["participants"].as_array().map(Vec::len), Some(count));
    let list = signed["items"].as_array().expect("items");
    assert_eq!(list.len(), items);
    for item in list {
        let bytes = |name: &str| hex::decode(item[name].as_str().expect("hex")).expect("hex");
        let key: [u8; 32] = bytes("output_key").try_into().expect("an x-only key");
        let signature = Signature::try_from(bytes("signature").as_slice()).expect("a signature");
        let key = VerifyingKey::from_bytes(&key.into()).expect("a key");
        key.verify_raw(&bytes("digest"), &signature).expect("it verifies");
    }
    for name in ["elapsed_ms", "crypto_ms", "messages", "bytes"] {
        assert!(signed[name].as_f64().is_some_and(|number| number > 0.0), "{name}");
    }
}

/// Runs `phones` and returns what it prints: one JSON object, and nothing else.
fn phones(arguments: &[&str]) -> Value {
    let run = Command::new(program("phones")).arg("--json").args(arguments).output().expect("it runs");
    assert!(run.status.success(), "phones {arguments:?}: {}", words(&run));
    serde_json::from_slice(&run.stdout).expect("one JSON object")
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(program("phone"));
    command.args(["--json", "--dir"]).arg(folder).env("COUNTERSIGN_PASSPHRASE", "a test's own");
    command
}

fn words(run: &std::process::Output) -> String {
    [&run.stdout, &run.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// Builds the programs, once, and returns where one is.
fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| programs::build(false)).join(name)
}
