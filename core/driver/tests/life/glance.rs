//! A look at the journal by somebody who is not the app.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use countersign_driver::journal::JournalError;
use countersign_driver::machine::plan::{Capabilities, Plan};
use countersign_driver::machine::record::Outcome;
use countersign_driver::machine::status::Status;
use countersign_driver::{Error, Node};
use tokio::time::sleep;

use super::rig::{ANY_PORT, LASTS_MS, introduce, journal, open, payload, prepare, until};

/// How often somebody looks while the app comes and goes, and how often it may do so for that.
const LOOKS: usize = 20;
const FLIPS_MAX: usize = 2_000;

/// Whom the plans are for.
fn shell() -> Capabilities {
    Capabilities::default()
}

fn look(path: &Path) -> Result<(Status, Plan), Error> {
    Node::glance(path, None, shell())
}

/// Everything in the folder of a journal.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> =
        entries.map(|path| (path.display().to_string(), fs::read(&path).expect("a file"))).collect();
    files.sort();
    files
}

#[tokio::test]
async fn who_looks_at_a_resting_journal_sees_what_the_app_would_show_and_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    // Not the first, whose secret is all zeros, as that of whoever only looks.
    let path = journal(folder.path(), 1);
    prepare(folder.path(), 2).await;
    let node = open(&path, 1, &[]).await;
    node.set_capabilities(shell()).await.expect("it runs");
    let wallet = node.status().await.expect("it runs").wallets[0].id;
    node.propose(wallet, payload(1), LASTS_MS).await.expect("two keys");
    assert_eq!(look(&path).err(), Some(Error::Journal(JournalError::Locked)), "the app has it");

    node.on_background(0).await.expect("it runs");
    let before = files(folder.path());
    let (seen, plan) = look(&path).expect("it rests");

    assert_eq!(files(folder.path()), before);
    let shown = node.status().await.expect("it runs");
    assert_eq!((seen.participant, seen.transport), (shown.participant, shown.transport));
    assert_eq!((seen.sessions.len(), seen.badge), (1, shown.badge));
    assert_eq!((seen.sessions[0].id, &seen.wallets[0].name), (shown.sessions[0].id, &shown.wallets[0].name));
    assert_eq!(plan.revision, node.plan().await.expect("it runs").revision);
    assert!(!plan.items.is_empty(), "the session's warnings are planned");
    node.on_foreground().await.expect("nobody has written to it");
    node.close().await.expect("a quiet end");
}

#[tokio::test]
async fn who_looks_sees_a_session_whose_time_is_over_as_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = journal(folder.path(), 0);
    prepare(folder.path(), 2).await;
    let node = open(&path, 0, &[]).await;
    let wallet = node.status().await.expect("it runs").wallets[0].id;
    node.propose(wallet, payload(1), 1_000).await.expect("two keys");
    node.close().await.expect("a quiet end");
    sleep(Duration::from_millis(1_100)).await;

    for _ in 0..2 {
        let (seen, _) = look(&path).expect("it is closed");
        assert_eq!(seen.sessions[0].outcome, Some(Outcome::Expired));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_never_stands_in_the_apps_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = journal(folder.path(), 0);
    let node = open(&path, 0, &[ANY_PORT]).await;
    introduce(&[&node, &open(&journal(folder.path(), 1), 1, &[]).await]).await;
    let (seen, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                seen.fetch_add(usize::from(look(&path).is_ok()), Ordering::Relaxed);
            }
        });
        let flips = async {
            let mut flips = 0;
            while seen.load(Ordering::Relaxed) < LOOKS && flips < FLIPS_MAX {
                node.on_background(0).await?;
                node.on_foreground().await?;
                flips += 1;
            }
            Ok::<_, Error>(())
        };
        let flipped = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(flips));
        over.store(true, Ordering::Relaxed);
        flipped.expect("who only looks is soon gone");
    });
    assert!(seen.into_inner() >= LOOKS, "somebody looked in between");
    until(&node, "the wallet", |status| !status.wallets.is_empty()).await;
    node.close().await.expect("a quiet end");
}

#[test]
fn where_no_journal_is_none_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = journal(folder.path(), 0);
    assert!(matches!(look(&path), Err(Error::Journal(JournalError::Unavailable(_)))));
    fs::write(&path, "something else, and long enough to be told from an empty file").expect("room");
    assert_eq!(look(&path).err(), Some(Error::Journal(JournalError::Foreign)));
    assert_eq!(files(folder.path()).len(), 1);
}
