//! Before a session: who answers, and what is begun if somebody does not.

use std::time::{Duration, Instant};

use countersign_driver::{Error, Node};

use super::rig::{
    ANY_PORT, LASTS_MS, all_signed, approve_all, introduce, journal, open, payload, proposed, reached,
    records, until,
};

/// How long it may take to find out who answers, in milliseconds.
const BUDGET_MS: u64 = 2_000;

#[tokio::test]
async fn who_does_not_answer_is_named_in_time_and_a_session_can_wait_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = [0, 1, 2].map(|who| journal(folder.path(), who));
    let mut nodes = Vec::new();
    for (path, who) in paths.iter().zip(0..) {
        nodes.push(open(path, who, &[ANY_PORT]).await);
    }
    let wallet = introduce(&nodes.iter().collect::<Vec<_>>()).await;
    let [ada, bob, cyd] = <[Node; 3]>::try_from(nodes).ok().expect("three");

    let report = ada.preflight(wallet, 10_000).await.expect("a wallet of ours");
    assert!(report.ready, "{report:#?}");
    assert_eq!((report.connected, report.total, report.missing.len()), (3, 3, 0));

    until(&ada, "everybody", |status| reached(status) == 2).await;
    cyd.close().await.expect("a quiet end");
    let began = Instant::now();
    let report = ada.preflight(wallet, BUDGET_MS).await.expect("a wallet of ours");
    let took = began.elapsed();
    println!("known after {took:?}");
    assert!(took <= Duration::from_millis(BUDGET_MS + 250), "known after {took:?}");
    assert_eq!((report.ready, report.connected, &report.missing[..]), (false, 2, &["cyd".to_owned()][..]));

    let refused = ada.initiate(wallet, payload(1), LASTS_MS, BUDGET_MS).await;
    let Err(Error::NotReady(report)) = refused else { panic!("{refused:?}") };
    assert_eq!(report.missing, ["cyd"]);
    assert!(ada.status().await.expect("it runs").sessions.is_empty(), "nothing was created");
    assert_eq!(ada.waiting_event().await, Ok(None));

    let session = ada.propose(wallet, payload(2), LASTS_MS).await.expect("it begins all the same");
    until(&bob, "the proposal", |status| !status.inbox.is_empty()).await;
    approve_all(&bob).await;
    let cyd = open(&paths[2], 2, &[ANY_PORT]).await;
    until(&cyd, "the proposal", |status| !status.inbox.is_empty()).await;
    approve_all(&cyd).await;
    for node in [&ada, &bob, &cyd] {
        until(node, "signatures", |status| all_signed(status, 1)).await;
    }
    ada.close().await.expect("a quiet end");
    assert_eq!(proposed(&records(&paths[0])), [session.to_string()], "what was refused was never written");
}
