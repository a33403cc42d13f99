//! A real co-signer whose phone sleeps for an hour: the system's own boot clock is ahead when the journal is opened again.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{env, fs};

use countersign_driver::clock::{Clock, SystemClock};
use countersign_driver::journal::{Journal, SqliteJournal};
use countersign_driver::machine::id::SessionId;
use countersign_driver::machine::key::SigningKey;
use countersign_driver::machine::message::{Item, Payload};
use countersign_driver::machine::record::{Outcome, Record};
use countersign_driver::machine::session::Phase;
use countersign_driver::machine::wallet::derive::{KeyPath, Taproot};
use countersign_driver::vault::{MemoryVault, Secret32};
use countersign_driver::{Config, Node};
use serde_json::{Value, json};
use tokio::time::timeout;

const MINUTE_MS: u64 = 60_000;
const LASTS_MS: u64 = 10 * MINUTE_MS;
const SLEPT_S: u64 = 3_600;
/// How `unshare` runs a program with a boot clock of its own.
const ASLEEP: [&str; 4] = ["--time", "--fork", "--boottime", "3600"];

#[tokio::test]
async fn criterion_1_a_stored_session_of_ten_minutes_ends_once_after_an_hour_of_sleep_and_nothing_is_signed()
{
    if let Err(reason) = can_sleep() {
        println!("skipped: {reason}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    let session = propose(&path).await;
    let before = boot_ms();

    let awake = reopen(Command::new(program()), &path);
    assert_eq!(awake["outcome"], Value::Null, "a restart alone ends nothing: {awake:#}");
    let left = awake["left_ms"].as_u64().expect("a number");
    assert!((LASTS_MS - MINUTE_MS..=LASTS_MS).contains(&left), "{left} ms are left");

    let mut unshare = Command::new("unshare");
    unshare.args(ASLEEP).arg(program());
    let slept = reopen(unshare, &path);

    let passed = slept["boot_ms"].as_u64().expect("a number") - before;
    assert!(passed >= SLEPT_S * 1_000, "the boot clock counts the sleep: {passed} ms");
    assert_eq!(slept["outcome"], json!({ "how": "expired" }));
    assert_eq!(slept["left_ms"], 0);
    assert_eq!(slept["approved"], "ended", "nobody can go on: {slept:#}");
    assert_eq!(names(&slept["told"]), ["ended"], "one end, and no warning before it");
    assert_eq!(names(&slept["waiting"]), ["proposed", "ended"]);
    let plan = slept["plan"].as_array().expect("a list");
    assert_eq!(plan.len(), 1, "{plan:?}");
    assert_eq!((&plan[0]["notice"], &plan[0]["due"]), (&json!("expired"), &json!("now")));
    assert_ended_unsigned(&path, session);
}

/// The child's side of the test above: does nothing unless a parent says where.
#[tokio::test]
async fn a_child_process_opens_the_journal_and_says_what_it_sees() {
    let Ok(path) = env::var("JOURNAL_PATH") else { return };
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let observer = move |event: &_| {
        let event = serde_json::to_value(event).expect("JSON");
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    };
    let node = Node::open(&config(Path::new(&path)), vault(), observer).await.expect("it starts");
    let shown = node.status().await.expect("it runs").sessions.remove(0);
    let over = shown.phase == Phase::Ended;
    let approved = match node.approve(shown.id).await {
        Ok(()) => "yes",
        Err(_) => "ended",
    };
    let plan = node.plan().await.expect("it runs");
    let mut waiting = Vec::new();
    while let Ok(event) = timeout(Duration::from_millis(300), node.next_event()).await {
        let event = event.expect("it runs");
        waiting.push(serde_json::to_value(&event).expect("JSON"));
        if !over {
            break;
        }
        node.event_handled(event.id).await.expect("it runs");
    }
    node.close().await.expect("a quiet end");
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let seen = json!({
        "boot_ms": boot_ms(),
        "outcome": shown.outcome,
        "left_ms": shown.remaining_ms,
        "approved": approved,
        "plan": plan.items,
        "told": told,
        "waiting": waiting,
    });
    println!("\n> {seen}");
}

/// Proposes a session of ten minutes to somebody who cannot be reached, and closes once our nonces are durable.
async fn propose(path: &Path) -> SessionId {
    let node = Node::open(&config(path), vault(), |_| {}).await.expect("it starts");
    node.issue_card("ada".into()).await.expect("a card");
    let other = SigningKey::from_bytes(&[3; 32]).expect("in range").participant();
    let me = node.status().await.expect("it runs").participant;
    let wallet = node.create_wallet("Family".into(), vec![me, other]).await.expect("two keys");
    while node.status().await.expect("it runs").card.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let session = node.propose(wallet, payload(), LASTS_MS).await.expect("ten minutes");
    while node.status().await.expect("it runs").sessions[0].phase != Phase::Nonces {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    node.close().await.expect("a quiet end");
    session
}

/// Opens the journal in a process of its own, and returns what that has seen.
fn reopen(mut command: Command, path: &Path) -> Value {
    command.args(["--exact", "a_child_process_opens_the_journal_and_says_what_it_sees"]);
    command.args(["--nocapture", "--test-threads", "1"]).env("JOURNAL_PATH", path);
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    let words = String::from_utf8_lossy(&output.stdout);
    let seen = words.lines().find_map(|line| line.strip_prefix("> "));
    let seen = seen.unwrap_or_else(|| panic!("{words}{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(seen).expect("JSON")
}

fn assert_ended_unsigned(path: &Path, of: SessionId) {
    let journal = SqliteJournal::open(path).expect("nobody holds it");
    let mut ends = 0;
    for bytes in journal.replay().expect("it is sound") {
        let record = Record::parse(&bytes).expect("what we wrote we read");
        let signs = matches!(record, Record::NonceSpent { .. } | Record::Signed { .. });
        assert!(!signs && !matches!(record, Record::Warned { .. }), "{record:?}");
        if let Record::Ended { session, outcome, .. } = record {
            assert_eq!((session, outcome), (of, Outcome::Expired));
            ends += 1;
        }
    }
    assert_eq!(ends, 1);
}

/// Returns the names of session events, oldest first.
fn names(events: &Value) -> Vec<String> {
    let all = events.as_array().expect("a list").iter().filter(|event| !event["session"].is_null());
    all.map(|event| event["event"].as_str().expect("a name").to_owned()).collect()
}

/// Returns whether the system lets us run a program with a boot clock of its own, or why it does not.
fn can_sleep() -> Result<(), String> {
    if fs::metadata("/proc/self/timens_offsets").is_err() {
        return Err("the kernel has no time namespaces".into());
    }
    let tried = Command::new("unshare").args(ASLEEP).arg("true").output();
    let tried = tried.map_err(|error| format!("there is no unshare: {error}"))?;
    let words = String::from_utf8_lossy(&tried.stderr).into_owned();
    if tried.status.success() { Ok(()) } else { Err(format!("the system does not allow it: {words}")) }
}

fn program() -> std::path::PathBuf {
    env::current_exe().expect("a test knows its program")
}

fn boot_ms() -> u64 {
    SystemClock.now().boot_us / 1_000
}

fn config(path: &Path) -> Config {
    Config { journal: path.to_owned(), listen: vec![], ..Config::default() }
}

fn vault() -> Arc<MemoryVault> {
    Arc::new(MemoryVault::new(Secret32::new(&[1; 32]), Secret32::new(&[2; 32])))
}

fn payload() -> Payload {
    let key = KeyPath::new(vec![], Taproot::KeySpend).expect("no step");
    Payload { items: vec![Item { digest: [7; 32], key }], text: String::new() }
}
