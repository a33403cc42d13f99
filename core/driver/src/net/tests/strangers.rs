//! Whoever is not let in.

use std::net::TcpStream;
use std::time::Duration;

use countersign_machine::link::{DialFault, LinkPath};

use super::connections::wait_for;
use super::rig::{Phone, TCP, linked};
use crate::net::{MAX_PENDING_INCOMING, NetEvent};

#[tokio::test]
async fn a_stranger_is_refused() {
    let (mut near, mut far) = (Phone::start(1, &[]), Phone::start(2, &[TCP]));
    near.admit(far.key).await;
    let address = far.address().await;

    near.dial(far.key, &address).await;
    near.send(far.key, b"let me in").await;

    near.down(far.key).await;
    assert_eq!(far.during(Duration::from_millis(100)).await, []);
}

#[tokio::test]
async fn whoever_is_excluded_loses_its_link_and_cannot_come_back() {
    let (mut near, mut far, address) = linked(TCP, LinkPath::Direct).await;
    let other = near.key;

    far.ask(move |net| net.exclude(other)).await;
    near.down(far.key).await;
    near.dial(far.key, &address).await;

    near.down(far.key).await;
    assert_eq!(far.during(Duration::from_millis(100)).await, []);
}

#[tokio::test]
async fn a_relay_is_written_nothing_and_its_frames_are_not_read() {
    let (mut near, mut far) = (Phone::start(1, &[]), Phone::start(2, &[TCP]));
    far.admit(near.key).await;
    let (relay, address) = (far.key, far.address().await);

    near.ask(move |net| net.reserve(relay, &address)).await;
    far.up(near.key, LinkPath::Direct).await;
    far.send(near.key, b"from a relay").await;

    // It is none, in truth: it refuses, or has hung up before because nobody reads it.
    let event = near.next().await;
    let NetEvent::RelayDown(whose, DialFault::Refused | DialFault::Transport) = event else {
        panic!("{event:?}")
    };
    assert_eq!(whose, far.key);
    assert_eq!(near.during(Duration::from_millis(200)).await, []);
    assert!(!far.during(Duration::ZERO).await.iter().any(|event| matches!(event, NetEvent::Frame(..))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_connections_is_held_to_a_few() {
    let (_near, far, address) = linked(TCP, LinkPath::Direct).await;
    let port = address.rsplit('/').next().and_then(|port| port.parse().ok()).expect("a port");

    let flood: Vec<TcpStream> =
        (0..300).filter_map(|_| TcpStream::connect(("127.0.0.1", port)).ok()).collect();

    assert!(flood.len() > 200, "the system takes them: {}", flood.len());
    wait_for(&far, |net| {
        let pending = net.swarm.network_info().connection_counters().num_pending_incoming();
        assert!(pending <= MAX_PENDING_INCOMING, "{pending}");
        pending == MAX_PENDING_INCOMING
    })
    .await;
}
