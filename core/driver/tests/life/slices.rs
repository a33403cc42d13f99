//! Moments that the system grants in the background.

use std::time::{Duration, Instant};

use countersign_driver::Node;
use countersign_driver::life::{SliceReport, SliceRequest, Trigger};
use countersign_driver::machine::record::Record;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::child::Child;
use super::process::held;
use super::rig::{
    ANY_PORT, LASTS_MS, all_signed, has_signed, introduce, journal, open, payload, port_of, prepare, reached,
    records, until,
};

#[tokio::test]
async fn criterion_7_a_moment_in_which_a_co_signer_never_answers_ends_in_time() {
    let group = Group::start().await;
    for (budget_ms, done) in [(8_000, true), (3_000, false)] {
        let began = Instant::now();
        let report = slice(&group.ada, budget_ms).await;
        let took = began.elapsed();
        println!("{budget_ms} ms were granted, {took:?} used");
        assert!(took <= Duration::from_millis(budget_ms - 500), "{took:?} of {budget_ms} ms: {report:?}");
        assert_eq!((report.ran, report.done, report.open_sockets), (true, done, 0));
    }
}

#[tokio::test]
async fn criterion_7_a_moment_that_is_cancelled_ends_at_once() {
    let group = Group::start().await;
    let slice = slice(&group.ada, 8_000);
    let cancel = async {
        until(&group.ada, "who answers", |status| reached(status) == 1).await;
        group.ada.cancel_slice();
        Instant::now()
    };
    let (report, cancelled) = tokio::join!(slice, cancel);
    let after = cancelled.elapsed();
    println!("over {after:?} after it was cancelled");
    assert!(after <= Duration::from_millis(250), "over {after:?} after it was cancelled");
    assert_eq!((report.ran, report.done, report.open_sockets), (true, false, 0));
}

#[tokio::test]
async fn a_moment_that_is_cancelled_right_after_it_was_asked_for_ends_at_once() {
    let group = Group::start().await;
    let request = SliceRequest { trigger: Trigger::Refresh, budget_ms: 8_000, network_allowed: true };
    let slice = group.ada.run_background_slice(request);
    group.ada.cancel_slice();
    let began = Instant::now();
    let report = slice.await.expect("it runs");
    assert!(began.elapsed() <= Duration::from_millis(250), "{report:?}");
    assert!(!report.done && report.open_sockets == 0, "{report:?}");
}

#[tokio::test]
async fn what_is_approved_at_rest_is_durable_and_signed_only_in_the_foreground() {
    let folder = tempfile::tempdir().expect("a folder");
    let listen = prepare(folder.path(), 2).await;
    let ada = open(&journal(folder.path(), 0), 0, &[&listen[0]]).await;
    let path = journal(folder.path(), 1);
    let mut bob = Child::start(&path, 1, ANY_PORT).await;
    bob.reaches(1).await;
    assert_eq!(bob.ask("background 4000").await["quiesced"], true);
    let wallet = ada.status().await.expect("it runs").wallets[0].id;
    let session = ada.propose(wallet, payload(1), LASTS_MS).await.expect("a session");
    let is_kept = |record: &Record| matches!(record, Record::EnvelopeKept { .. });
    assert!(!records(&path).iter().any(is_kept), "nobody was there");

    let report = bob.ask("slice 8000").await;
    assert_eq!((&report["ran"], &report["done"]), (&true.into(), &true.into()), "{report:#}");
    assert!(records(&path).iter().any(is_kept), "the proposal is durable");

    assert_eq!(bob.ask("approve").await, 1);
    let at_rest = held(bob.id());
    assert_eq!((at_rest.locks, at_rest.sockets), (0, 0), "{at_rest:?}");
    let approved = |record: &Record| matches!(record, Record::Approved { session: of, .. } if *of == session);
    assert!(records(&path).iter().any(approved));

    assert_eq!(bob.ask("slice 8000").await["done"], true);
    assert!(!has_signed(&records(&path)), "nothing is signed in the background");
    let shown = ada.status().await.expect("it runs").sessions.remove(0);
    assert!(shown.progress.iter().all(|one| !one.partials), "{:?}", shown.progress);

    assert_eq!(bob.ask("foreground").await["restarted"], true);
    until(&ada, "signatures", |status| all_signed(status, 1)).await;
}

#[tokio::test]
async fn a_kill_in_a_granted_moment_loses_nothing_and_the_request_is_there_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let Group { ada: bob, cyd, deaf, .. } = Group::start_in(folder.path()).await;
    bob.close().await.expect("a quiet end");
    let path = journal(folder.path(), 0);
    let mut child = Child::start(&path, 0, ANY_PORT).await;
    child.reaches(1).await;
    assert_eq!(child.ask("background 4000").await["quiesced"], true);
    let wallet = cyd.status().await.expect("it runs").wallets[0].id;
    let session = cyd.propose(wallet, payload(1), LASTS_MS).await.expect("a session");

    child.order("slice 30000").await;
    child.shows("the request", |status| !status["inbox"].as_array().expect("a list").is_empty()).await;
    child.kill().await;

    assert!(!has_signed(&records(&path)));
    let again = open(&path, 0, &[ANY_PORT]).await;
    assert_eq!(again.status().await.expect("it runs").inbox[0].session, session);
    drop(deaf);
}

/// Three phones: one that rests, one that is there, and one whose port is taken by somebody who never answers.
struct Group {
    ada: Node,
    cyd: Node,
    deaf: TcpListener,
    _folder: Option<TempDir>,
}

impl Group {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let group = Self::start_in(folder.path()).await;
        Self { _folder: Some(folder), ..group }
    }

    async fn start_in(folder: &std::path::Path) -> Self {
        let mut nodes = Vec::new();
        for who in 0..3 {
            nodes.push(open(&journal(folder, who), who, &[ANY_PORT]).await);
        }
        introduce(&nodes.iter().collect::<Vec<_>>()).await;
        let [ada, bob, cyd] = <[Node; 3]>::try_from(nodes).ok().expect("three");
        let port = port_of(&bob);
        bob.close().await.expect("a quiet end");
        let deaf = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
        until(&ada, "who is there", |status| reached(status) == 1).await;
        assert!(ada.on_background(1_000).await.expect("it runs").quiesced);
        Self { ada, cyd, deaf, _folder: None }
    }
}

async fn slice(node: &Node, budget_ms: u64) -> SliceReport {
    let request = SliceRequest { trigger: Trigger::Alarm, budget_ms, network_allowed: true };
    node.run_background_slice(request).await.expect("it runs")
}
