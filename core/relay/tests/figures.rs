//! The page with figures.

mod rig;

use rig::{House, Phone, ask};

#[tokio::test]
async fn the_page_shows_what_is_there() {
    let house = House::new(|_| {}).await;
    let (mut ada, bob) = (Phone::new(), house.resident().await);
    ada.call(&house.address, bob.peer).await.expect("a circuit");
    house.await_figure("countersign_relay_circuits", 1).await;
    let before = bytes(&house.page().await);
    ada.echo(bob.peer, &[1; 50_000]).await.expect("an echo");

    let page = house.page().await;
    assert_eq!(rig::figure(&page, "countersign_relay_connections"), 2);
    assert_eq!(rig::figure(&page, "countersign_relay_reservations"), 1);
    assert_eq!(rig::figure(&page, "libp2p_relay_events_total{event=\"CircuitReqAccepted\"}"), 1);
    // There and back, and each of these into the relay and out of it.
    let passed = bytes(&page) - before;
    assert!((200_000..260_000).contains(&passed), "{passed} bytes");
    assert!(
        !page.contains(&ada.peer.to_string()) && !page.contains(&bob.peer.to_string()),
        "nobody is named"
    );

    drop((ada, bob));
    for what in ["connections", "reservations", "circuits"] {
        house.await_figure(&format!("countersign_relay_{what}"), 0).await;
    }
    assert_eq!(house.figure("countersign_relay_circuits_ended_total{why=\"broken\"}").await, 1);
}

#[tokio::test]
async fn whoever_asks_for_something_else_is_told_so() {
    let house = House::new(|_| {}).await;
    let page = house.relay.metrics_address().expect("it has one");
    assert_eq!(rig::get(page, "/health").await, "ok\n");
    let (head, _) = ask(page, "GET /secrets HTTP/1.1\r\nhost: relay\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let (head, _) = ask(page, "POST /metrics HTTP/1.1\r\nhost: relay\r\ncontent-length: 0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    house.relay.close().await;
    assert!(tokio::net::TcpStream::connect(page).await.is_err(), "the page ends with the relay");
}

#[tokio::test]
async fn a_relay_can_do_without_a_page() {
    let house = House::new(|config| config.metrics.enabled = false).await;
    assert_eq!(house.relay.metrics_address(), None);
    let bob = house.resident().await;
    Phone::new().call(&house.address, bob.peer).await.expect("it works all the same");
}

#[tokio::test]
async fn readers_that_never_ask_do_not_keep_others_waiting_for_ever() {
    let house = House::new(|_| {}).await;
    let page = house.relay.metrics_address().expect("it has one");
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(tokio::net::TcpStream::connect(page).await.expect("it listens"));
    }
    assert_eq!(tokio::time::timeout(rig::PATIENCE, rig::get(page, "/health")).await.as_deref(), Ok("ok\n"));
}

/// All bytes that came or went.
fn bytes(page: &str) -> u64 {
    let lines = page.lines().filter(|line| line.starts_with("libp2p_bandwidth_bytes_total{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}
