//! What a user asks of connectivity, from before a session to its end: one test each, over real connections.

use countersign_driver::machine::id::{SessionId, WalletId};
use countersign_driver::machine::link::{DialFault, LinkState};
use countersign_driver::machine::session::Phase;
use countersign_driver::{Error, Node};
use tempfile::TempDir;

use super::rig::{
    ANY_PORT, LASTS_MS, all_signed, approve_all, introduce, journal, open, payload, reached, until,
};

/// How long it may take to find out who answers, in milliseconds.
const BUDGET_MS: u64 = 2_000;

#[tokio::test]
async fn before_a_session_it_is_verified_that_every_participant_answers() {
    let group = Group::linked().await;

    let report = group.nodes[0].preflight(group.wallet, BUDGET_MS).await.expect("a wallet of ours");

    assert!(report.ready && report.participants.iter().all(|one| one.connected), "{report:#?}");
    assert!(report.took_ms < BUDGET_MS, "{report:#?}");
}

#[tokio::test]
async fn a_session_whose_participants_do_not_all_answer_is_not_begun_and_the_reason_is_said() {
    let mut group = Group::linked().await;
    group.close(2).await;

    let refused = group.nodes[0].initiate(group.wallet, payload(1), LASTS_MS, BUDGET_MS).await;

    let Err(Error::NotReady(report)) = refused else { panic!("{refused:?}") };
    assert_eq!(report.missing, ["cyd"]);
    assert!(report.message.is_some());
    let gone = report.participants.iter().find(|one| !one.connected).expect("one is gone");
    assert!(gone.tried.iter().all(|tried| tried.why == DialFault::Refused), "{gone:?}");
    assert!(group.nodes[0].status().await.expect("it runs").sessions.is_empty());
}

#[tokio::test]
async fn a_participant_that_is_lost_during_a_session_is_noticed() {
    let mut group = Group::linked().await;
    group.propose().await;

    group.close(2).await;

    until(&group.nodes[0], "the loss", |status| reached(status) == 1).await;
    let status = group.nodes[0].status().await.expect("it runs");
    assert_eq!(status.sessions[0].outcome, None, "the session waits");
}

#[tokio::test]
async fn a_lost_participant_is_connected_again_without_anybodys_help() {
    let mut group = Group::linked().await;
    let address = group.close(2).await;
    until(&group.nodes[0], "the loss", |status| reached(status) == 1).await;

    group.reopen(2, &address).await;

    for node in &group.nodes {
        until(node, "everybody", |status| reached(status) == 2).await;
    }
}

#[tokio::test]
async fn every_participants_connection_is_shown_as_it_changes() {
    let mut group = Group::linked().await;
    let slot = group.slot_of(2).await;
    let shown =
        |status: &countersign_driver::machine::status::Status| status.wallets[0].participants[slot].link;
    let reachable = |link| matches!(link, LinkState::Reachable { rtt_us: Some(_), .. });

    let status = group.nodes[0].status().await.expect("it runs");
    assert_eq!(status.wallets[0].participants.iter().filter(|one| one.link == LinkState::Myself).count(), 1);
    until(&group.nodes[0], "it is reachable", |status| reachable(shown(status))).await;
    let address = group.close(2).await;
    until(&group.nodes[0], "it is dialled", |status| !reachable(shown(status))).await;
    let refused = LinkState::Unreachable { why: Some(DialFault::Refused) };
    until(&group.nodes[0], "it is unreachable", |status| shown(status) == refused).await;
    group.reopen(2, &address).await;
    until(&group.nodes[0], "it is reachable again", |status| reachable(shown(status))).await;
}

#[tokio::test]
async fn nonces_are_exchanged_between_all_who_are_connected() {
    let group = Group::linked().await;
    group.propose().await;
    until(&group.nodes[1], "the proposal", |status| !status.inbox.is_empty()).await;
    approve_all(&group.nodes[1]).await;

    let has_two = |status: &countersign_driver::machine::status::Status| {
        status
            .sessions
            .first()
            .is_some_and(|session| session.progress.iter().filter(|one| one.nonces).count() == 2)
    };
    for node in &group.nodes {
        until(node, "the nonces of both who have approved", has_two).await;
    }
    let status = group.nodes[2].status().await.expect("it runs");
    assert_eq!(status.sessions[0].phase, Phase::Requested, "the third has still to say yes");
}

#[tokio::test]
async fn a_whole_session_works_from_its_beginning_to_everybodys_signature() {
    let group = Group::linked().await;
    group.nodes[0].initiate(group.wallet, payload(1), LASTS_MS, BUDGET_MS).await.expect("all answer");
    for node in &group.nodes[1..] {
        until(node, "the proposal", |status| !status.inbox.is_empty()).await;
        approve_all(node).await;
    }

    let mut signatures = Vec::new();
    for node in &group.nodes {
        let status = until(node, "signatures", |status| all_signed(status, 1)).await;
        signatures.push(status.sessions[0].outcome.clone());
    }
    assert!(signatures.iter().all(|outcome| *outcome == signatures[0]), "one signature for all");
}

/// Three co-signers.
struct Group {
    nodes: Vec<Node>,
    wallet: WalletId,
    folder: TempDir,
}

impl Group {
    /// Starts them and waits until they are connected.
    async fn linked() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut nodes = Vec::new();
        for who in 0..3 {
            nodes.push(open(&journal(folder.path(), who), who, &[ANY_PORT]).await);
        }
        let wallet = introduce(&nodes.iter().collect::<Vec<_>>()).await;
        for node in &nodes {
            until(node, "everybody", |status| reached(status) == 2).await;
        }
        Self { nodes, wallet, folder }
    }

    async fn propose(&self) -> SessionId {
        self.nodes[0].propose(self.wallet, payload(1), LASTS_MS).await.expect("a session")
    }

    /// Ends the last one, and returns where it listened.
    async fn close(&mut self, who: usize) -> String {
        let node = self.nodes.remove(who);
        let address = node.listening().borrow()[0].clone();
        node.close().await.expect("a quiet end");
        address
    }

    async fn reopen(&mut self, who: u8, address: &str) {
        self.nodes.push(open(&journal(self.folder.path(), who), who, &[address]).await);
    }

    async fn slot_of(&self, who: usize) -> usize {
        let key = self.nodes[who].status().await.expect("it runs").participant;
        let wallet = self.nodes[0].wallet(self.wallet).await.expect("ours");
        wallet.slot_of(&key).expect("a participant").index()
    }
}
