//! Links over one connection, over several, and over none.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use countersign_machine::id::TransportKey;
use countersign_machine::limits::MAX_FRAME_BYTES;
use countersign_machine::link::{DialFault, LinkPath, Tried};
use libp2p::swarm::ConnectionId;

use super::rig::{Phone, TCP, in_time, linked, network};
use crate::net::link::MAX_QUEUED_BYTES;
use crate::net::{Net, NetEvent, peer_id};

#[tokio::test]
async fn a_second_connection_changes_nothing_until_the_first_breaks() {
    let (mut near, mut far, address) = linked(TCP, LinkPath::Direct).await;
    let other = far.key;
    near.dial(far.key, &address).await;
    wait_for(&near, move |net| connections(net, other).len() == 2).await;
    assert_eq!(near.during(Duration::from_millis(200)).await, []);

    let broken = near.ask(move |net| connections(net, other)[0]).await;
    near.ask(move |net| net.swarm.close_connection(broken)).await;

    assert_eq!(near.next().await, NetEvent::Up(far.key, LinkPath::Direct));
    assert_eq!(far.next().await, NetEvent::Up(near.key, LinkPath::Direct));
    near.send(far.key, b"over the second").await;
    far.send(near.key, b"and back").await;
    assert_eq!(far.next().await, NetEvent::Frame(near.key, b"over the second".to_vec()));
    assert_eq!(near.next().await, NetEvent::Frame(far.key, b"and back".to_vec()));
}

#[tokio::test]
async fn the_last_frames_before_the_end_are_read_before_the_link_is_down() {
    let (near, mut far, _) = linked(TCP, LinkPath::Direct).await;
    let other = far.key;
    for number in 0..100 {
        near.send(far.key, &[number; 1000]).await;
    }
    wait_for(&near, |net| net.queued() == 0).await;

    near.ask(move |net| net.cut(other)).await;

    for number in 0..100 {
        assert_eq!(far.next().await, NetEvent::Frame(near.key, vec![number; 1000]));
    }
    assert_eq!(far.next().await, NetEvent::Down(near.key));
}

#[tokio::test]
async fn a_link_that_was_cut_is_down_at_once_and_can_be_dialled_at_once() {
    let (mut near, mut far, address) = linked(TCP, LinkPath::Direct).await;
    let other = far.key;

    near.ask(move |net| net.cut(other)).await;
    near.dial(far.key, &address).await;

    assert_eq!(near.next().await, NetEvent::Down(far.key));
    assert_eq!(near.next().await, NetEvent::Up(far.key, LinkPath::Direct));
    far.up(near.key, LinkPath::Direct).await;
    near.send(far.key, b"again").await;
    assert_eq!(far.frame().await, b"again");
}

#[tokio::test]
async fn a_peer_that_never_reads_is_cut_at_the_bound() {
    let (mut far, far_key) = network(2, &[TCP]);
    let mut near = Phone::start(1, &[]);
    far.admit(near.key);
    near.admit(far_key).await;
    let NetEvent::Listening(addresses) = in_time(far.next()).await else { panic!("it listens") };
    near.dial(far_key, &addresses[0]).await;
    // From here on nobody runs the far one: what it has no room for stays with us.
    assert_eq!(in_time(far.next()).await, NetEvent::Up(near.key, LinkPath::Direct));
    near.up(far_key, LinkPath::Direct).await;

    let frame: Arc<[u8]> = vec![7; MAX_FRAME_BYTES].into();
    let mut sent = 0;
    while !near.ask(move |net| connections(net, far_key).is_empty()).await {
        let frame = Arc::clone(&frame);
        near.ask(move |net| net.send(&far_key, frame)).await;
        let queued = near.ask(|net| net.queued()).await;
        assert!(queued <= MAX_QUEUED_BYTES, "{queued} bytes wait");
        sent += 1;
        assert!(sent < 1000, "it is cut before long");
    }

    near.down(far_key).await;
}

#[tokio::test]
async fn every_address_that_was_dialled_in_vain_has_its_reason() {
    let (mut near, mut far) = (Phone::start(1, &[]), Phone::start(2, &[TCP]));
    let mut somebody_else = Phone::start(3, &[TCP]);
    near.admit(far.key).await;
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let expected = [
        (format!("/ip4/127.0.0.1/tcp/{}", port(&closed)), DialFault::Refused),
        (format!("/ip4/127.0.0.1/tcp/{}", port(&silent)), DialFault::NoAnswer),
        (somebody_else.address().await, DialFault::WrongPeer),
        ("/dnsaddr/localhost".to_owned(), DialFault::NoUsableAddress),
        ("/ip4/127.0.0.1/sctp/7".to_owned(), DialFault::NoUsableAddress),
        ("nowhere".to_owned(), DialFault::NoUsableAddress),
        (format!("/dns4/localhost/tcp/{}", port(&closed)), DialFault::Refused),
        // It does not know us.
        (far.address().await, DialFault::Transport),
    ];
    drop(closed);
    let (others, last) = expected.split_at(expected.len() - 1);
    let addresses: Vec<String> = others.iter().map(|(address, _)| address.clone()).collect();
    let other = far.key;

    near.ask(move |net| net.dial(other, &addresses)).await.expect("the dial begins");

    let tried = |tried: &[(String, DialFault)]| -> Vec<Tried> {
        tried.iter().map(|(address, why)| Tried { address: address.clone(), why: *why }).collect()
    };
    assert_eq!(near.next().await, NetEvent::DialFailed(far.key, tried(others)));
    // The dialler's side of a connection stands before the other side closes it.
    near.dial(far.key, &last[0].0).await;
    assert_eq!(near.next().await, NetEvent::Up(far.key, LinkPath::Direct));
    assert_eq!(near.next().await, NetEvent::Down(far.key));
}

#[tokio::test]
async fn a_dial_that_leads_nowhere_at_once_says_so_at_once() {
    let near = Phone::start(1, &[]);
    let other = TransportKey([9; 32]);
    near.admit(other).await;
    for addresses in [vec![], vec!["nowhere".to_owned()]] {
        let given = addresses.clone();
        let tried = near.ask(move |net| net.dial(other, &addresses)).await.expect_err("nowhere");
        assert!(tried.iter().map(|tried| &tried.address).eq(&given));
        assert!(tried.iter().all(|tried| tried.why == DialFault::NoUsableAddress), "{tried:?}");
    }
}

#[tokio::test]
async fn every_dial_of_several_at_once_says_that_it_led_nowhere() {
    let mut near = Phone::start(1, &[]);
    let other = Phone::start(2, &[]).key;
    near.admit(other).await;
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let addresses = [format!("/ip4/127.0.0.1/tcp/{closed}")];

    near.ask(move |net| (net.dial(other, &addresses), net.dial(other, &addresses)))
        .await
        .1
        .expect("it begins");

    for _ in 0..2 {
        assert!(matches!(near.next().await, NetEvent::DialFailed(..)));
    }
    assert_eq!(near.during(Duration::from_millis(100)).await, []);
}

/// Waits until something holds of a network.
pub(super) async fn wait_for(phone: &Phone, holds: impl Fn(&Net) -> bool + Clone + Send + 'static) {
    in_time(async {
        while !phone
            .ask({
                let holds = holds.clone();
                move |net| holds(net)
            })
            .await
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Returns the connections to a co-signer, oldest first.
pub(super) fn connections(net: &Net, key: TransportKey) -> Vec<ConnectionId> {
    net.peers[&peer_id(&key).expect("a key")].connections()
}
