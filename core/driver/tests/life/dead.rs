//! Connections that are dead though nobody has said so: what the phone does as soon as it may know.

use std::time::{Duration, Instant};

use countersign_driver::Node;
use countersign_driver::machine::effect::KeyPurpose;
use countersign_driver::machine::id::WalletId;
use countersign_driver::machine::network::NetworkState;
use countersign_driver::vault::VaultError;
use tempfile::TempDir;
use tokio::sync::watch;

use super::proxy::Proxy;
use super::rig::{
    ANY_PORT, LASTS_MS, all_signed, approve_all, introduce, journal, open, open_with, payload, port_of,
    reached, until, vault,
};

/// How soon everybody is dialled again.
const REDIALLED: Duration = Duration::from_secs(1);
/// How soon they are connected.
const CONNECTED: Duration = Duration::from_secs(3);

#[tokio::test]
async fn criterion_9_on_another_network_dead_connections_are_made_anew_and_what_was_lost_in_them_comes_again()
{
    let pair = Pair::start().await;
    pair.propose_into_the_dark().await;

    let began = Instant::now();
    let network = NetworkState { generation: 1, ..NetworkState::default() };
    pair.ada.on_network_changed(network).await.expect("it runs");

    pair.assert_connected_anew(began).await;
    pair.sign_all().await;
}

#[tokio::test]
async fn criterion_9_back_in_the_foreground_dead_connections_are_made_anew_and_what_was_lost_in_them_comes_again()
 {
    let pair = Pair::start().await;
    pair.propose_into_the_dark().await;
    let report = pair.ada.on_background(1_000).await.expect("it runs");
    assert!(report.quiesced && report.took_ms <= 1_000, "nobody has to take leave of the dead: {report:?}");

    let began = Instant::now();
    assert!(pair.ada.on_foreground().await.expect("it runs").restarted);

    pair.assert_connected_anew(began).await;
    pair.sign_all().await;
}

#[cfg(feature = "interfaces")]
#[tokio::test]
async fn on_a_network_where_it_cannot_listen_a_phone_still_dials() {
    use countersign_driver::machine::network::Obstacle;

    let folder = tempfile::tempdir().expect("a folder");
    let ada = open(&journal(folder.path(), 0), 0, &["/ip4/0.0.0.0/tcp/0"]).await;
    let bob = open(&journal(folder.path(), 1), 1, &[ANY_PORT]).await;
    introduce(&[&ada, &bob]).await;
    until(&ada, "a link", |status| reached(status) == 1).await;

    // An address of the documentation's, which no machine has: the shell was too early, or is wrong.
    let local_addresses = vec!["192.0.2.1".to_owned()];
    let network = NetworkState { generation: 1, local_addresses, ..NetworkState::default() };
    ada.on_network_changed(network).await.expect("it runs");

    until(&ada, "the end of the link", |status| reached(status) == 0).await;
    until(&ada, "a new link", |status| reached(status) == 1).await;
    let connectivity = ada.status().await.expect("it runs").connectivity;
    assert!(connectivity.reasons.contains(&Obstacle::NotListening), "{connectivity:?}");
}

/// Two phones, one of which the other finds only through a proxy.
struct Pair {
    ada: Node,
    bob: Node,
    wallet: WalletId,
    proxy: Proxy,
    _folder: TempDir,
}

impl Pair {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = [0, 1].map(|who| journal(folder.path(), who));
        let ada = open(&paths[0], 0, &[]).await;
        let bob = open(&paths[1], 1, &[ANY_PORT]).await;
        let wallet = introduce(&[&ada, &bob]).await;
        let known = port_of(&bob);
        bob.close().await.expect("a quiet end");

        let (lead, leads) = watch::channel(0);
        let proxy = Proxy::start(known, leads).await;
        // Its vault gives no key for a card that would say where it listens now.
        let secrets = vault(1);
        secrets.refuse_signing(Some(VaultError::UserCancelled));
        let bob = open_with(&paths[1], secrets.clone(), &[ANY_PORT]).await;
        until(&bob, "the question for a new card", |_| secrets.asked().contains(&KeyPurpose::Addresses))
            .await;
        secrets.refuse_signing(None);
        lead.send_replace(port_of(&bob));
        ada.connect().await.expect("it runs");
        until(&ada, "a link", |status| reached(status) == 1).await;
        Self { ada, bob, wallet, proxy, _folder: folder }
    }

    async fn propose_into_the_dark(&self) {
        self.ada.propose(self.wallet, payload(1), LASTS_MS).await.expect("a session");
        until(&self.bob, "the proposal", |status| status.sessions.len() == 1).await;
        self.proxy.go_dark();
        self.ada.propose(self.wallet, payload(2), LASTS_MS).await.expect("a session");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(self.bob.status().await.expect("it runs").sessions.len(), 1, "nothing passes");
        assert_eq!(reached(&self.ada.status().await.expect("it runs")), 1, "nobody has said so");
    }

    async fn assert_connected_anew(&self, began: Instant) {
        let anew = || self.proxy.accepted().into_iter().find(|accepted| *accepted >= began);
        until(&self.ada, "a new link", |status| anew().is_some() && reached(status) == 1).await;
        let connected = began.elapsed();
        let redialled = anew().expect("it was accepted") - began;
        println!("redialled after {redialled:?}, connected after {connected:?}");
        assert!(redialled <= REDIALLED, "redialled after {redialled:?}");
        assert!(connected <= CONNECTED, "connected after {connected:?}");
    }

    async fn sign_all(&self) {
        until(&self.bob, "what was lost", |status| status.sessions.len() == 2).await;
        assert_eq!(approve_all(&self.bob).await, 2);
        until(&self.ada, "signatures", |status| all_signed(status, 2)).await;
        until(&self.bob, "signatures", |status| all_signed(status, 2)).await;
    }
}
