//! What a program may rely on when a call has returned, and what it is told of by itself.

use std::sync::Arc;
use std::time::Duration;

use countersign_driver::clock::SystemClock;
use countersign_driver::entropy::SystemEntropy;
use countersign_driver::journal::{JournalError, MemoryJournal};
use countersign_driver::machine::id::WalletId;
use countersign_driver::machine::key::SigningKey;
use countersign_driver::machine::message::{Item, Payload};
use countersign_driver::machine::record::{Outcome, Record};
use countersign_driver::machine::session::Happening;
use countersign_driver::machine::wallet::derive::{KeyPath, Taproot};
use countersign_driver::vault::{MemoryVault, Secret32};
use countersign_driver::{Config, Error, Node};

/// Longest wait for an event that must come, far over any machine's pauses.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_call_returns_only_once_what_it_did_is_durable() {
    let journal = MemoryJournal::new();
    let node = open(&journal).await;
    let wallet = prepare(&node).await;
    let before = journal.records().len();
    let session = node.propose(wallet, payload(1), 60_000).await.expect("a session");
    let records: Vec<_> =
        journal.records()[before..].iter().filter_map(|bytes| Record::parse(bytes)).collect();
    assert!(
        records
            .iter()
            .any(|record| matches!(record, Record::Proposed { terms } if terms.session_id() == session))
    );

    journal.fail_after(0, JournalError::Full);
    assert_eq!(node.cancel(session).await, Err(Error::Stopped), "it was not written, so it was not done");
    assert_eq!(node.close().await, Err(Error::Journal(JournalError::Full)));
}

#[tokio::test]
async fn an_event_waits_until_it_is_dealt_with_even_over_a_restart() {
    let journal = MemoryJournal::new();
    let node = open(&journal).await;
    let wallet = prepare(&node).await;
    let session = node.propose(wallet, payload(1), 60_000).await.expect("a session");
    node.cancel(session).await.expect("nobody has signed");
    let first = node.next_event().await.expect("the proposal");
    assert_eq!((first.event.session, &first.event.what), (session, &Happening::Proposed));
    assert_eq!(node.next_event().await, Ok(first.clone()), "it waits");
    node.close().await.expect("a quiet end");

    let node = open(&journal).await;
    assert_eq!(node.next_event().await, Ok(first.clone()), "it waits still");
    node.event_handled(first.id).await.expect("it runs");
    let second = node.next_event().await.expect("the end");
    assert_eq!(second.event.what, Happening::Ended { outcome: Outcome::Cancelled });
    node.event_handled(second.id).await.expect("it runs");
    node.close().await.expect("a quiet end");

    let node = open(&journal).await;
    let nothing = tokio::time::timeout(Duration::from_millis(20), node.next_event()).await;
    assert!(nothing.is_err(), "all is dealt with");
    let session = node.propose(wallet, payload(2), 60_000).await.expect("a session");
    let third = node.next_event().await.expect("the next proposal");
    assert_eq!(third.event.session, session);
    node.close().await.expect("a quiet end");
}

#[tokio::test]
async fn the_timer_wakes_for_a_warning_and_for_the_end_and_says_why() {
    let node = open(&MemoryJournal::new()).await;
    let wallet = prepare(&node).await;
    node.set_warnings(Some(vec![1_000])).await.expect("a second");
    node.propose(wallet, payload(1), 1_200).await.expect("a session");

    let mut told = Vec::new();
    while told.len() < 3 {
        let event =
            tokio::time::timeout(PATIENCE, node.next_event()).await.expect("in time").expect("it runs");
        node.event_handled(event.id).await.expect("it runs");
        told.push(event.event.what);
    }
    assert_eq!(told[0], Happening::Proposed);
    assert!(
        matches!(told[1], Happening::Expiring { threshold_ms: 1_000, left_ms, .. } if left_ms <= 1_000),
        "{told:?}"
    );
    assert_eq!(told[2], Happening::Ended { outcome: Outcome::Expired });
    let wakes = node.counters().await.expect("it runs").wakes;
    assert_eq!((wakes.warning, wakes.deadline), (1, 1));
    node.close().await.expect("a quiet end");
}

async fn open(journal: &MemoryJournal) -> Node {
    let vault = MemoryVault::new(Secret32::new(&[1; 32]), Secret32::new(&[2; 32]));
    let config = Config { journal: "nowhere".into(), listen: vec![], ..Config::default() };
    let journal = Box::new(journal.clone());
    let (clock, entropy) = (Arc::new(SystemClock), Box::new(SystemEntropy));
    let node = Node::open_with(&config, Arc::new(vault), Box::new(|_| {}), journal, clock, entropy).await;
    node.expect("it starts")
}

/// Gives the node a card and a wallet with somebody who is never there.
async fn prepare(node: &Node) -> WalletId {
    node.issue_card("ada".into()).await.expect("a short nickname");
    let other = SigningKey::from_bytes(&[3; 32]).expect("in range").participant();
    let me = node.status().await.expect("it runs").participant;
    node.create_wallet("Family".into(), vec![me, other]).await.expect("two keys")
}

fn payload(digest: u8) -> Payload {
    let key = KeyPath::new(vec![], Taproot::KeySpend).expect("no step");
    Payload { items: vec![Item { digest: [digest; 32], key }], text: String::new() }
}
