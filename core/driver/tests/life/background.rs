//! To the background and back: what a process holds then, and who may take its journal meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign_driver::journal::JournalError;
use countersign_driver::{Error, Node};
use tokio::time::sleep;

use super::child::{CALLS, Child};
use super::process::{held, timed};
use super::rig::{
    ANY_PORT, LASTS_MS, PATIENCE, introduce, journal, open, payload, prepare, proposed, records,
};

/// How many co-signers are connected while the app goes to the background.
const LINKS: u8 = 20;

#[tokio::test]
async fn criterion_6_amid_a_hundred_writes_and_twenty_links_the_app_rests_in_time_and_holds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = journal(folder.path(), 0);
    let _friends = befriend(folder.path(), LINKS).await;
    let mut child = Child::start(&path, 0, ANY_PORT).await;
    child.reaches(LINKS.into()).await;
    let open = held(child.id());
    assert!(open.sockets > LINKS.into() && open.locks > 0, "all links and the journal are held: {open:?}");

    let came = child.ask("burst 4000").await;

    println!("{} after {} ms", came["report"], came["took_ms"]);
    assert!(came["took_ms"].as_u64().expect("a number") <= 4_000, "{came:#}");
    assert_eq!(came["report"]["quiesced"], true);
    let counted = came["report"]["took_ms"].as_u64().expect("a number");
    assert!(
        counted + 50 >= came["took_ms"].as_u64().expect("a number"),
        "the wait for others counts: {came:#}"
    );
    let rests = held(child.id());
    assert_eq!((rests.sockets, rests.locks), (0, 0), "{rests:?}");
    assert_no_timer(&child).await;
    let (mut proposed, mut sessions) = (proposed(&records(&path)), strings(&came["sessions"]));
    proposed.sort();
    sessions.sort();
    assert_eq!(sessions.len(), CALLS);
    assert_eq!(proposed, sessions, "what a call has returned is durable");
}

#[tokio::test]
async fn criterion_6_a_thousand_flips_end_in_the_last_wish_and_leak_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = journal(folder.path(), 0);
    let _friends = befriend(folder.path(), 2).await;
    let mut child = Child::start(&path, 0, ANY_PORT).await;
    child.reaches(2).await;
    assert_eq!(child.ask("background 4000").await["quiesced"], true);
    let before = held(child.id());

    assert_eq!(child.ask("flips 500").await, true, "the last wish was the background");
    assert_eq!(held(child.id()), before);
    assert_no_timer(&child).await;
    assert_eq!(child.ask("flips 501").await, false, "the last wish was the foreground");
    child.reaches(2).await;
    assert_eq!(child.ask("background 4000").await["quiesced"], true);

    assert_eq!(held(child.id()), before);
    assert_eq!((before.sockets, before.locks), (0, 0));
}

#[tokio::test]
async fn a_kill_at_rest_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path(), 2).await;
    let path = journal(folder.path(), 0);
    let mut child = Child::start(&path, 0, ANY_PORT).await;
    let before = strings(&vec![child.ask("propose").await].into());
    assert_eq!(child.ask("background 4000").await["quiesced"], true);
    let at_rest = strings(&vec![child.ask("propose").await].into());
    let kept = records(&path);
    child.kill().await;

    assert_eq!(records(&path), kept);
    let again = open(&path, 0, &[ANY_PORT]).await;
    let shown = again.status().await.expect("it runs").sessions;
    let shown: Vec<String> = shown.iter().map(|session| session.id.to_string()).collect();
    assert!(before.iter().chain(&at_rest).all(|session| shown.contains(session)), "{shown:?}");
}

#[tokio::test]
async fn whoever_finds_its_journal_held_waits_and_whoever_finds_it_overtaken_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path(), 2).await;
    let path = journal(folder.path(), 0);
    let mut child = Child::start(&path, 0, ANY_PORT).await;
    assert_eq!(child.ask("background 4000").await["quiesced"], true);

    let other = open(&path, 0, &[]).await;
    assert_eq!(child.ask("foreground").await["error"], "Journal(Locked)");
    let slice = child.ask("slice 2000").await;
    assert_eq!((&slice["ran"], &slice["done"]), (&false.into(), &false.into()), "{slice:#}");
    let rests = child.ask("status").await;
    assert_eq!(rests["background"], true, "it rests as before");
    let written = other.counters().await.expect("it runs").syncs;
    other.close().await.expect("a quiet end");
    assert_eq!(written, 0, "nothing was written");
    assert_eq!(child.ask("foreground").await["restarted"], true, "it comes back once the journal is free");

    assert_eq!(child.ask("background 4000").await["quiesced"], true);
    let other = open(&path, 0, &[]).await;
    other.set_warnings(Some(vec![1_000])).await.expect("a second");
    other.close().await.expect("a quiet end");
    assert_eq!(child.ask("foreground").await["error"], "Journal(Overtaken)");
    assert_eq!(child.ask("foreground").await["error"], "Stopped");
    let stopped = held(child.id());
    assert_eq!((stopped.sockets, stopped.locks), (0, 0), "{stopped:?}");
}

#[tokio::test]
async fn a_call_at_rest_that_finds_the_journal_held_is_refused_and_the_next_one_works() {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path(), 2).await;
    let path = journal(folder.path(), 0);
    let node = open(&path, 0, &[]).await;
    let wallet = node.status().await.expect("it runs").wallets[0].id;
    assert!(node.on_background(1_000).await.expect("it runs").quiesced);

    let other = open(&path, 0, &[]).await;
    let refused = node.propose(wallet, payload(1), LASTS_MS).await;
    assert_eq!(refused, Err(Error::Journal(JournalError::Locked)));
    assert_eq!(node.set_warnings(None).await, Err(Error::Journal(JournalError::Locked)));
    assert!(node.status().await.expect("it runs").sessions.is_empty(), "nothing has begun");
    other.close().await.expect("a quiet end");

    node.propose(wallet, payload(1), LASTS_MS).await.expect("the journal is free");
    node.close().await.expect("a quiet end");
    assert_eq!(proposed(&records(&path)).len(), 1);
}

/// Makes a co-signer with a wallet of two for each of so many others, who run; it itself is closed again.
async fn befriend(folder: &Path, count: u8) -> Vec<Node> {
    let me = open(&journal(folder, 0), 0, &[ANY_PORT]).await;
    let mut friends = Vec::new();
    for who in 1..=count {
        let friend = open(&journal(folder, who), who, &[ANY_PORT]).await;
        introduce(&[&me, &friend]).await;
        friends.push(friend);
    }
    me.close().await.expect("a quiet end");
    friends
}

/// Asserts that no thread of a process waits for a moment to come, once all have done what they were at.
async fn assert_no_timer(child: &Child) {
    let is_running = |calls: &Vec<String>| calls.iter().any(|call| call.starts_with("running"));
    let began = Instant::now();
    while timed(child.id()).as_ref().is_some_and(is_running) && began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(5)).await;
    }
    match timed(child.id()) {
        Some(timed) => assert!(timed.is_empty(), "these wake up by themselves: {timed:?}"),
        None => println!("skipped: the system does not say what a thread waits for"),
    }
}

fn strings(list: &serde_json::Value) -> Vec<String> {
    let texts = list.as_array().expect("a list").iter();
    texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
}
