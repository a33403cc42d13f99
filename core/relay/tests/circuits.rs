//! Phones that reach each other through the relay and no other way.
#![expect(clippy::wildcard_enum_match_arm, reason = "the test waits for one thing at a time")]

mod rig;

use std::time::{Duration, Instant};

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::identify;
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use rig::{BehaviourEvent, ECHO, House, PATIENCE, Phone};

#[tokio::test]
async fn two_phones_that_only_dial_talk_through_the_relay() {
    let house = House::new(|_| {}).await;
    let (mut ada, bob) = (Phone::new(), house.resident().await);
    ada.call(&house.address, bob.peer).await.expect("a circuit");
    let message: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
    assert_eq!(ada.echo(bob.peer, &message).await, Ok(message));
    house.await_figure("countersign_relay_circuits", 1).await;
}

#[tokio::test]
async fn fifteen_phones_of_a_wallet_all_reach_each_other_with_the_usual_limits() {
    let house = House::new(|_| {}).await;
    let mut phones = Vec::new();
    for _ in 0..15 {
        phones.push(house.resident().await);
    }
    let peers: Vec<_> = phones.iter().map(|phone| phone.peer).collect();
    for (n, phone) in phones.iter_mut().enumerate() {
        for peer in &peers[n + 1..] {
            phone.call(&house.address, *peer).await.expect("a circuit");
            assert_eq!(phone.echo(*peer, b"nonces").await, Ok(b"nonces".to_vec()));
        }
    }
    house.await_figure("countersign_relay_circuits", 15 * 14 / 2).await;
    house.await_figure("countersign_relay_reservations", 15).await;
}

#[tokio::test]
async fn fourteen_phones_that_call_one_far_away_at_once_all_get_through() {
    let house = House::new(|_| {}).await;
    let far = rig::door(&house.address, [127, 0, 0, 2], Duration::from_millis(100)).await;
    let mut bob = Phone::new();
    bob.reserve(&far).await.expect("there is room");
    let mut callers = Vec::new();
    for _ in 0..14 {
        let mut caller = Phone::new();
        caller.dial(&house.address).await.expect("the relay is there");
        callers.push(caller);
    }
    let calls = callers.iter_mut().map(|caller| caller.call(&house.address, bob.peer));
    for (n, called) in futures::future::join_all(calls).await.into_iter().enumerate() {
        assert_eq!(called, Ok(()), "caller {n}");
    }
    house.await_figure("countersign_relay_circuits", 14).await;
}

#[tokio::test]
async fn a_circuit_is_cut_at_its_bytes_and_another_one_takes_its_place() {
    let house = House::new(|config| config.circuits.bytes = 256 * 1024).await;
    let (mut ada, bob) = (Phone::new(), house.resident().await);
    ada.call(&house.address, bob.peer).await.expect("a circuit");
    let mut stream = ada.streams.open_stream(bob.peer, ECHO).await.expect("a stream");
    let (mut passed, mut block) = (0, [7; 4096]);
    while stream.write_all(&block).await.is_ok()
        && stream.flush().await.is_ok()
        && stream.read_exact(&mut block).await.is_ok()
    {
        passed += 2 * block.len();
        assert!(passed <= 256 * 1024, "the circuit carries more than it may");
    }
    assert!(passed >= 200 * 1024, "it was cut after {passed} bytes");
    house.await_figure("countersign_relay_circuits_ended_total{why=\"bytes\"}", 1).await;
    house.await_figure("countersign_relay_circuits", 0).await;
    ada.lose(bob.peer).await;
    ada.call(&house.address, bob.peer).await.expect("another circuit");
    assert_eq!(ada.echo(bob.peer, b"again").await, Ok(b"again".to_vec()));
}

#[tokio::test]
async fn a_circuit_is_cut_at_its_time() {
    let house = House::new(|config| config.circuits.duration_s = 1).await;
    let (mut ada, bob) = (Phone::new(), house.resident().await);
    ada.call(&house.address, bob.peer).await.expect("a circuit");
    ada.lose(bob.peer).await;
    house.await_figure("countersign_relay_circuits_ended_total{why=\"duration\"}", 1).await;
}

#[tokio::test]
async fn no_more_phones_have_reservations_than_may_in_all_and_of_one_address() {
    let house = House::new(|config| {
        config.reservations.total = 3;
        config.reservations.per_ip = 2;
    })
    .await;
    let (_ada, _bob) = (house.resident().await, house.resident().await);
    let denied = Phone::new().reserve(&house.address).await.expect_err("too many of one address");
    assert!(denied.contains("ResourceLimitExceeded"), "{denied}");
    let [second, third] = [
        rig::door(&house.address, [127, 0, 0, 2], Duration::ZERO).await,
        rig::door(&house.address, [127, 0, 0, 3], Duration::ZERO).await,
    ];
    let mut cleo = Phone::new();
    cleo.reserve(&second).await.expect("another address");
    let denied = Phone::new().reserve(&third).await.expect_err("too many");
    assert!(denied.contains("ResourceLimitExceeded"), "{denied}");
    assert_eq!(house.figure("countersign_relay_reservations").await, 3);
    assert_eq!(house.figure("countersign_relay_refused_total{what=\"reservation\",why=\"limit\"}").await, 2);

    drop(cleo);
    house.await_figure("countersign_relay_reservations", 2).await;
    Phone::new().reserve(&third).await.expect("there is room again");
}

#[tokio::test]
async fn reservations_are_asked_for_no_faster_than_an_address_may() {
    let house = House::new(|config| config.reservations.per_ip_minute = 2).await;
    let (_ada, _bob) = (house.resident().await, house.resident().await);
    let denied = Phone::new().reserve(&house.address).await.expect_err("too often");
    assert!(denied.contains("ResourceLimitExceeded"), "{denied}");
}

#[tokio::test]
async fn no_more_circuits_are_open_than_may_in_all_of_one_phone_and_of_one_address() {
    type Limit = fn(&mut countersign_relay::Config);
    let limits: [Limit; 3] = [
        |config| config.circuits.total = 2,
        |config| config.circuits.per_peer = 2,
        |config| config.circuits.per_ip = 2,
    ];
    for limit in limits {
        let house = House::new(limit).await;
        let [bob, cleo, dora] = [house.resident().await, house.resident().await, house.resident().await];
        let mut ada = Phone::new();
        ada.call(&house.address, bob.peer).await.expect("one");
        ada.call(&house.address, cleo.peer).await.expect("two");
        house.await_figure("countersign_relay_circuits", 2).await;
        let denied = ada.call(&house.address, dora.peer).await.expect_err("too many");
        assert!(denied.contains("ResourceLimitExceeded"), "{denied}");
        assert_eq!(house.figure("countersign_relay_refused_total{what=\"circuit\",why=\"limit\"}").await, 1);

        drop(bob);
        house.await_figure("countersign_relay_circuits", 1).await;
        ada.call(&house.address, dora.peer).await.expect("there is room again");
    }
}

#[tokio::test]
async fn circuits_are_asked_for_no_faster_than_an_address_may() {
    let house = House::new(|config| config.circuits.per_ip_minute = 1).await;
    let [bob, cleo] = [house.resident().await, house.resident().await];
    let mut ada = Phone::new();
    ada.call(&house.address, bob.peer).await.expect("one");
    let denied = ada.call(&house.address, cleo.peer).await.expect_err("too often");
    assert!(denied.contains("ResourceLimitExceeded"), "{denied}");
}

#[tokio::test]
async fn who_has_no_reservation_cannot_be_called() {
    let house = House::new(|_| {}).await;
    let (mut ada, mut bob) = (Phone::new(), Phone::new());
    bob.dial(&house.address).await.expect("the relay is there");
    let denied = ada.call(&house.address, bob.peer).await.expect_err("bob has no reservation");
    assert!(denied.contains("NoReservation"), "{denied}");
    assert_eq!(
        house.figure("countersign_relay_refused_total{what=\"circuit\",why=\"no_reservation\"}").await,
        1
    );
}

#[tokio::test]
async fn a_reservation_is_renewed_before_it_runs_out() {
    let house = House::new(|config| config.reservations.duration_s = 4).await;
    let bob = house.resident().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    Phone::new().call(&house.address, bob.peer).await.expect("bob can still be called");
}

#[tokio::test]
async fn a_phone_that_comes_back_from_another_network_is_called_there() {
    let house = House::new(|config| config.connections.replaced_after_s = 0).await;
    let key = Keypair::generate_ed25519();
    let mut old = Phone::with_key(key.clone());
    old.reserve(&house.address).await.expect("there is room");
    let mut new = Phone::with_key(key);
    new.reserve(&house.address).await.expect("there is room");
    old.lose(house.relay.peer_id()).await;
    // Where it was is not looked for any more: many calls, and none goes astray.
    for _ in 0..5 {
        Phone::new().call(&house.address, new.peer).await.expect("it is there");
    }
    assert_eq!(house.figure("countersign_relay_reservations").await, 1);
}

#[tokio::test]
async fn closing_ends_open_circuits_in_its_time_and_lets_nobody_in() {
    let house = House::new(|_| {}).await;
    let (mut ada, mut bob) = (Phone::new(), house.resident().await);
    ada.call(&house.address, bob.peer).await.expect("a circuit");
    let (relay, address) = (house.relay.peer_id(), house.address.clone());
    let begun = Instant::now();
    house.relay.close().await;
    assert!(begun.elapsed() < Duration::from_secs(house.config.stop_s + 1), "{:?}", begun.elapsed());
    ada.lose(bob.peer).await;
    bob.lose(relay).await;
    assert!(Phone::new().dial(&address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn a_peer_that_takes_no_part_in_the_end_does_not_delay_it() {
    let house = House::new(|config| config.stop_s = 1).await;
    // Connections that never say who they are.
    let rig::House { relay, address, .. } = house;
    let silent =
        tokio::net::TcpStream::connect(("127.0.0.1", rig::port(&address))).await.expect("it listens");
    let begun = Instant::now();
    tokio::time::timeout(PATIENCE, relay.close()).await.expect("in time");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    drop(silent);
}

#[tokio::test]
async fn phones_are_told_the_addresses_that_the_settings_name_and_what_the_relay_speaks() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let here = format!("/ip4/127.0.0.1/tcp/{}", free.expect("a port").port());
    let house = House::new(|config| {
        config.listen = vec![here.parse().expect("an address")];
        config.external = vec!["/dns4/relay.example/tcp/4001".parse().expect("an address")];
    })
    .await;
    let name = house.relay.peer_id();
    assert_eq!(house.address.to_string(), format!("/dns4/relay.example/tcp/4001/p2p/{name}"));
    let mut ada = Phone::new();
    ada.dial(&format!("{here}/p2p/{name}").parse().expect("an address")).await.expect("it listens");
    let about = ada
        .wait(|event| match event {
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { info, .. })) => {
                Some(info.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(about.listen_addrs, house.config.external);
    for spoken in ["/libp2p/circuit/relay/0.2.0/hop", "/rendezvous/1.0.0"] {
        assert!(about.protocols.iter().any(|protocol| *protocol == spoken), "{:?}", about.protocols);
    }
}

#[tokio::test]
async fn a_relay_that_starts_again_is_the_same_relay() {
    let house = House::new(|_| {}).await;
    let before = house.relay.peer_id();
    let house = house.again().await;
    assert_eq!(house.relay.peer_id(), before);
    let bob = house.resident().await;
    Phone::new().call(&house.address, bob.peer).await.expect("it works again");
}
