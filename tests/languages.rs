//! Co-signers in Kotlin, Swift and Python: the tests of each language's own package, and sessions across them.

use std::process::Output;
use std::time::Duration;

use countersign_tests::foreign::words;
use countersign_tests::library::{self, CoSigner};
use countersign_tests::talk::Talk;
use k256::schnorr::{Signature, VerifyingKey};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const DIGEST: [u8; 32] = [7; 32];
const LASTS_MS: u64 = 600_000;

#[test]
fn what_is_tested_in_kotlin_holds() {
    library::kotlin().into_iter().for_each(assert_passed);
}

#[test]
fn what_is_tested_in_swift_holds() {
    library::swift().into_iter().for_each(assert_passed);
}

#[test]
fn kotlin_swift_and_python_sign_one_session_together() {
    let languages = [CoSigner::Kotlin, CoSigner::Swift, CoSigner::Python];
    let Some(mut group) = Group::of(&languages) else { return };
    let session = group.initiate();
    for other in 1..3 {
        assert_eq!(group.ask(other, "approve", &json!({}))["session"], session);
    }
    group.assert_signed(&session);
    group.close();
}

#[test]
fn two_jvms_sign_though_one_stands_still_for_half_a_minute_in_round_one() {
    let Some(mut group) = Group::of(&[CoSigner::Kotlin, CoSigner::Kotlin]) else { return };
    let still = Pid::from_raw(i32::try_from(group.phones[1].id()).expect("a process"));
    let session = group.initiate();
    kill(still, Signal::SIGSTOP).expect("it is ours");
    std::thread::sleep(Duration::from_secs(30));
    kill(still, Signal::SIGCONT).expect("it is ours");
    assert_eq!(group.ask(1, "approve", &json!({}))["session"], session);
    group.assert_signed(&session);
    group.close();
}

/// Co-signers that share a wallet and are connected.
struct Group {
    phones: Vec<Talk>,
    _folder: tempfile::TempDir,
}

impl Group {
    /// Starts one in each of these languages; none where one of them is missing, with the reason printed.
    fn of(languages: &[CoSigner]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let start = |(number, language): (usize, &CoSigner)| {
            let place = folder.path().join(number.to_string());
            std::fs::create_dir(&place).expect("a folder");
            Some(Talk::start(&mut language.command(&place, number + 1)?))
        };
        let phones = languages.iter().enumerate().map(start).collect::<Option<Vec<Talk>>>()?;
        let mut group = Self { phones, _folder: folder };
        let cards: Vec<Value> = group.phones.iter().map(|phone| phone.ready["card"].clone()).collect();
        for who in 0..group.phones.len() {
            group.ask(who, "wallet", &json!({ "cards": cards }));
        }
        let report = group.ask(0, "preflight", &json!({}));
        assert_eq!(report["ready"], true, "{report}");
        Some(group)
    }

    fn ask(&mut self, who: usize, what: &str, with: &Value) -> Value {
        let mut words = with.clone();
        words["do"] = what.into();
        let answer = self.phones[who].ask(&words.to_string());
        assert_eq!(answer["answer"], what, "{answer}");
        answer
    }

    fn initiate(&mut self) -> Value {
        let terms = json!({ "digest": hex::encode(DIGEST), "lasts_ms": LASTS_MS });
        self.ask(0, "initiate", &terms)["session"].clone()
    }

    /// All have the same signature, and a second implementation verifies it.
    fn assert_signed(&mut self, session: &Value) {
        let with = json!({ "session": session });
        let ends: Vec<Value> = (0..self.phones.len()).map(|who| self.ask(who, "outcome", &with)).collect();
        assert!(ends.iter().all(|end| *end == ends[0] && end["outcome"] == "completed"), "{ends:?}");
        let bytes = |hex: &Value| hex::decode(hex.as_str().expect("hex")).expect("hex");
        let key: [u8; 32] = bytes(&ends[0]["keys"][0]).try_into().expect("an x-only key");
        let key = VerifyingKey::from_bytes(&key.into()).expect("a key");
        let signature = Signature::try_from(&bytes(&ends[0]["signatures"])[..]).expect("a signature");
        key.verify_raw(&DIGEST, &signature).expect("it verifies");
    }

    /// Closes all; no thread of the library is left in any.
    fn close(mut self) {
        for who in 0..self.phones.len() {
            assert_eq!(self.ask(who, "close", &json!({}))["threads"], 0);
            assert!(self.phones[who].wait().success());
        }
    }
}

fn assert_passed(run: &Output) {
    assert!(run.status.success(), "{}", words(run));
    println!("{}", words(run));
}
