//! Co-signers that know each other, and what is asked of them again and again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_driver::journal::{Journal, SqliteJournal};
use countersign_driver::machine::id::WalletId;
use countersign_driver::machine::link::LinkState;
use countersign_driver::machine::message::{Item, Payload};
use countersign_driver::machine::record::{Outcome, Record};
use countersign_driver::machine::status::{RequestState, Status};
use countersign_driver::machine::wallet::derive::{KeyPath, Taproot};
use countersign_driver::vault::{MemoryVault, Secret32};
use countersign_driver::{Config, Node};
use tokio::time::{sleep, timeout};

/// Where everybody listens who is to be found.
pub(super) const ANY_PORT: &str = "/ip4/127.0.0.1/tcp/0";
/// How long a session lasts, in milliseconds: longer than any test.
pub(super) const LASTS_MS: u64 = 600_000;
/// Longest wait for what must come, far over any machine's pauses.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// What the co-signers call themselves.
const NAMES: [&str; 3] = ["ada", "bob", "cyd"];

/// Returns the file of a co-signer's journal.
pub(super) fn journal(folder: &Path, who: u8) -> PathBuf {
    folder.join(format!("{who}.db"))
}

/// Returns a co-signer's vault; nobody else's is like it.
pub(super) fn vault(who: u8) -> Arc<MemoryVault> {
    Arc::new(MemoryVault::new(Secret32::new(&[who; 32]), Secret32::new(&[who + 100; 32])))
}

/// Starts a co-signer with its own vault, and waits until it listens, if it is to.
pub(super) async fn open(path: &Path, who: u8, listen: &[&str]) -> Node {
    open_with(path, vault(who), listen).await
}

/// As [`open`], with a vault.
pub(super) async fn open_with(path: &Path, vault: Arc<MemoryVault>, listen: &[&str]) -> Node {
    let listen: Vec<String> = listen.iter().map(|address| (*address).to_owned()).collect();
    let listens = !listen.is_empty();
    let config = Config { journal: path.to_owned(), listen, ..Config::default() };
    let node = Node::open(&config, vault, |_| {}).await.expect("it starts");
    if listens {
        timeout(PATIENCE, node.listening().wait_for(|addresses| !addresses.is_empty()))
            .await
            .expect("in time")
            .expect("it runs");
    }
    node
}

/// Lets everybody have everybody's card, and the wallet of all.
pub(super) async fn introduce(nodes: &[&Node]) -> WalletId {
    let (mut cards, mut keys) = (Vec::new(), Vec::new());
    for (node, name) in nodes.iter().zip(NAMES) {
        if node.status().await.expect("it runs").card.is_none() {
            node.issue_card(name.into()).await.expect("a short nickname");
        }
        let status = until(node, "a card", |status| status.card.is_some()).await;
        cards.extend(status.card);
        keys.push(status.participant);
    }
    let mut wallets = Vec::new();
    for node in nodes {
        for card in &cards {
            node.add_card(card).await.expect("a card of today");
        }
        wallets.push(node.create_wallet("Family".into(), keys.clone()).await.expect("two keys or more"));
    }
    wallets[0]
}

/// Makes two or three co-signers that know each other, and closes them again. Returns where each is to listen.
pub(super) async fn prepare(folder: &Path, count: u8) -> Vec<String> {
    let mut nodes = Vec::new();
    for who in 0..count {
        nodes.push(open(&journal(folder, who), who, &[ANY_PORT]).await);
    }
    introduce(&nodes.iter().collect::<Vec<_>>()).await;
    let mut addresses = Vec::new();
    for node in nodes {
        addresses.push(node.listening().borrow()[0].clone());
        node.close().await.expect("a quiet end");
    }
    addresses
}

/// Returns the port at which a co-signer listens.
pub(super) fn port_of(node: &Node) -> u16 {
    let listening = node.listening().borrow().clone();
    listening[0].rsplit('/').next().and_then(|port| port.parse().ok()).expect("a port at the end")
}

/// Asks until what a co-signer shows is as it should be, and returns it.
pub(super) async fn until(node: &Node, what: &str, holds: impl Fn(&Status) -> bool) -> Status {
    let waits = async {
        loop {
            let status = node.status().await.expect("it runs");
            if holds(&status) {
                return status;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waits).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

/// Returns how many co-signers answer, in all wallets.
pub(super) fn reached(status: &Status) -> usize {
    let everybody = status.wallets.iter().flat_map(|wallet| &wallet.participants);
    everybody.filter(|one| matches!(one.link, LinkState::Reachable { .. })).count()
}

/// Approves whatever a co-signer is asked for, and returns how much it was.
pub(super) async fn approve_all(node: &Node) -> usize {
    let mut inbox = node.status().await.expect("it runs").inbox;
    inbox.retain(|request| request.state == RequestState::Pending);
    for request in &inbox {
        node.approve(request.session).await.expect("it waits for an answer");
    }
    inbox.len()
}

/// Returns whether every session of which there are so many is signed.
pub(super) fn all_signed(status: &Status, count: usize) -> bool {
    let signed = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Completed { .. }));
    status.sessions.len() == count && status.sessions.iter().all(|session| signed(&session.outcome))
}

/// Reads a journal whose owner does not hold it: this is another process than the owner's, or the owner is closed.
pub(super) fn records(path: &Path) -> Vec<Record> {
    let journal = SqliteJournal::open(path).expect("nobody holds it");
    let records = journal.replay().expect("it is sound");
    Box::new(journal).close().expect("a quiet end");
    records.iter().map(|bytes| Record::parse(bytes).expect("what we wrote we read")).collect()
}

/// Returns the sessions that records tell that we have proposed.
pub(super) fn proposed(records: &[Record]) -> Vec<String> {
    let session = |record: &Record| {
        if let Record::Proposed { terms } = record { Some(terms.session_id().to_string()) } else { None }
    };
    records.iter().filter_map(session).collect()
}

/// Returns whether records tell of a nonce or signature of ours.
pub(super) fn has_signed(records: &[Record]) -> bool {
    records.iter().any(|record| matches!(record, Record::NonceSpent { .. } | Record::Signed { .. }))
}

pub(super) fn payload(digest: u8) -> Payload {
    let key = KeyPath::new(vec![], Taproot::KeySpend).expect("no step");
    Payload { items: vec![Item { digest: [digest; 32], key }], text: String::new() }
}
