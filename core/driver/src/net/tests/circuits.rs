//! Links through relays, what becomes of them, and who is found at rendezvous points.

use std::time::Duration;

use countersign_machine::link::{DialFault, LinkPath, Source};

use super::connections::{connections, wait_for};
use super::rig::{Phone, RelayServer, TCP};
use crate::net::{NetEvent, peer_id};

/// Starts two that know each other, of which the second is kept by the relay.
async fn kept_by(relay: &RelayServer, listen: &[&str]) -> (Phone, Phone) {
    let (near, mut far) = (Phone::start(1, listen), Phone::start(2, listen));
    near.admit(far.key).await;
    far.admit(near.key).await;
    far.reserve(relay).await;
    let key = relay.key;
    far.until(|event| (event == NetEvent::RelayUp(key)).then_some(())).await;
    (near, far)
}

#[tokio::test]
async fn a_link_through_a_relay_carries_frames_and_moves_to_a_direct_connection() {
    let relay = RelayServer::start(7, 8, false).await;
    let (mut near, mut far) = kept_by(&relay, &[TCP]).await;
    near.dial(far.key, &relay.circuit()).await;
    near.up(far.key, LinkPath::Relay).await;
    far.up(near.key, LinkPath::Relay).await;
    near.send(far.key, b"through the relay").await;
    assert_eq!(far.frame().await, b"through the relay");
    far.send(near.key, b"and back").await;
    assert_eq!(near.frame().await, b"and back");

    let direct = far.ask(|net| net.addresses()[0].to_string()).await;
    near.dial(far.key, &direct).await;

    assert_eq!(near.next().await, NetEvent::Up(far.key, LinkPath::Direct));
    assert_eq!(far.next().await, NetEvent::Up(near.key, LinkPath::Direct));
    let (one, other) = (near.key, far.key);
    wait_for(&near, move |net| connections(net, other).len() == 1).await;
    wait_for(&far, move |net| connections(net, one).len() == 1).await;
    for number in 0..50 {
        near.send(far.key, &[number]).await;
        far.send(near.key, &[number + 100]).await;
    }
    for number in 0..50 {
        assert_eq!(far.next().await, NetEvent::Frame(near.key, vec![number]));
        assert_eq!(near.next().await, NetEvent::Frame(far.key, vec![number + 100]));
    }
}

#[tokio::test]
async fn a_link_through_a_relay_becomes_direct_by_hole_punching() {
    let relay = RelayServer::start(7, 8, true).await;
    let (mut near, mut far) = kept_by(&relay, &[TCP]).await;

    near.dial(far.key, &relay.circuit()).await;

    near.up(far.key, LinkPath::Direct).await;
    far.up(near.key, LinkPath::Direct).await;
    let other = far.key;
    wait_for(&near, move |net| connections(net, other).len() == 1).await;
    near.send(far.key, b"straight").await;
    assert_eq!(far.frame().await, b"straight");
}

#[tokio::test]
async fn of_two_circuits_that_cross_both_sides_keep_the_same_one() {
    let relay = RelayServer::start(7, 8, false).await;
    let (mut near, mut far) = kept_by(&relay, &[]).await;
    near.reserve(&relay).await;
    let key = relay.key;
    near.until(|event| (event == NetEvent::RelayUp(key)).then_some(())).await;

    near.dial(far.key, &relay.circuit()).await;
    far.dial(near.key, &relay.circuit()).await;
    near.up(far.key, LinkPath::Relay).await;
    far.up(near.key, LinkPath::Relay).await;

    let (one, other) = (near.key, far.key);
    tokio::time::sleep(Duration::from_millis(300)).await;
    for (phone, peer) in [(&near, other), (&far, one)] {
        wait_for(phone, move |net| connections(net, peer).len() == 1).await;
    }
    near.send(far.key, b"on the one").await;
    far.send(near.key, b"that is left").await;
    assert_eq!((far.frame().await, near.frame().await), (b"on the one".to_vec(), b"that is left".to_vec()));
}

#[tokio::test]
async fn a_reservation_is_told_listed_and_lost_with_its_relay() {
    let relay = RelayServer::start(7, 8, false).await;
    let mut phone = Phone::start(1, &[]);
    let (key, circuit) = (relay.key, relay.circuit());

    phone.reserve(&relay).await;
    // A second time is the same.
    phone.reserve(&relay).await;

    assert_eq!(phone.next().await, NetEvent::RelayUp(key));
    assert_eq!(phone.next().await, NetEvent::Listening(vec![circuit]));
    relay.kill().await;
    assert_eq!(phone.next().await, NetEvent::RelayDown(key, DialFault::Transport));
    assert_eq!(phone.next().await, NetEvent::Listening(vec![]));
    assert_eq!(phone.during(Duration::from_millis(200)).await, []);
}

#[tokio::test]
async fn a_relay_that_refuses_or_is_not_there_says_so_once() {
    let relay = RelayServer::start(7, 0, false).await;
    let mut phone = Phone::start(1, &[]);
    let key = relay.key;

    phone.reserve(&relay).await;
    assert_eq!(phone.next().await, NetEvent::RelayDown(key, DialFault::Refused));

    relay.kill().await;
    wait_for(&phone, |net| net.relays.is_empty()).await;
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let nobody = format!("/ip4/127.0.0.1/tcp/{closed}");
    phone.ask(move |net| net.reserve(key, &nobody)).await;
    assert_eq!(phone.next().await, NetEvent::RelayDown(key, DialFault::Refused));
    phone.ask(move |net| net.reserve(key, "nowhere")).await;
    assert_eq!(phone.next().await, NetEvent::RelayDown(key, DialFault::NoUsableAddress));
    assert_eq!(phone.during(Duration::from_millis(200)).await, []);
    wait_for(&phone, |net| net.relays.is_empty()).await;
}

#[tokio::test]
async fn a_relay_can_be_left_at_any_moment_and_asked_again() {
    let relay = RelayServer::start(7, 8, false).await;
    let mut phone = Phone::start(1, &[]);
    let key = relay.key;
    for wait_ms in [0, 0, 1, 2, 3, 5, 8, 13, 21] {
        phone.reserve(&relay).await;
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        phone.ask(move |net| net.leave(key)).await;
    }

    phone.reserve(&relay).await;

    let circuit = relay.circuit();
    wait_for(&phone, move |net| net.addresses().iter().any(|address| address.to_string() == circuit)).await;
    phone.ask(move |net| net.leave(key)).await;
    phone.until(|event| (event == NetEvent::Listening(vec![])).then_some(())).await;
    wait_for(&phone, |net| net.relays.is_empty()).await;
}

#[tokio::test]
async fn circuits_and_a_reservation_share_one_connection_to_their_relay() {
    let relay = RelayServer::start(7, 8, false).await;
    let (mut near, far) = kept_by(&relay, &[]).await;
    let mut third = Phone::start(3, &[]);
    near.admit(third.key).await;
    third.admit(near.key).await;
    third.reserve(&relay).await;
    let key = relay.key;
    third.until(|event| (event == NetEvent::RelayUp(key)).then_some(())).await;

    let (circuit, address) = (relay.circuit(), relay.address.clone());
    let (one, other) = (far.key, third.key);
    let begun = near
        .ask(move |net| {
            let first = net.dial(one, std::slice::from_ref(&circuit));
            net.reserve(key, &address);
            (first, net.dial(other, &[circuit]))
        })
        .await;

    assert_eq!(begun, (Ok(()), Ok(())));
    let mut left = vec![
        NetEvent::RelayUp(key),
        NetEvent::Up(far.key, LinkPath::Relay),
        NetEvent::Up(third.key, LinkPath::Relay),
    ];
    near.until(|event| {
        assert!(!matches!(event, NetEvent::DialFailed(..) | NetEvent::RelayDown(..)), "{event:?}");
        left.retain(|awaited| *awaited != event);
        left.is_empty().then_some(())
    })
    .await;
    let id = peer_id(&key).expect("a key");
    let counted = near.ask(move |net| net.swarm.network_info().connection_counters().num_established()).await;
    assert_eq!(counted, 3, "one to each co-signer and one to {id}");
}

#[tokio::test]
async fn a_circuit_to_somebody_that_its_relay_does_not_keep_is_refused() {
    let relay = RelayServer::start(7, 8, false).await;
    let mut near = Phone::start(1, &[]);
    let stranger = Phone::start(2, &[]).key;
    near.admit(stranger).await;

    near.dial(stranger, &relay.circuit()).await;

    let tried =
        near.until(|event| if let NetEvent::DialFailed(_, tried) = event { Some(tried) } else { None }).await;
    assert_eq!(tried[0].why, DialFault::Refused, "{tried:?}");
    relay.kill().await;
    wait_for(&near, |net| net.relays.is_empty()).await;
}

#[tokio::test]
async fn a_circuit_through_a_relay_that_is_not_there_has_the_relays_reason() {
    let mut near = Phone::start(1, &[]);
    let stranger = Phone::start(2, &[]).key;
    near.admit(stranger).await;
    let relay = RelayServer::start(7, 8, false).await;
    let circuit = relay.circuit();
    relay.kill().await;

    near.dial(stranger, &circuit).await;

    let tried =
        near.until(|event| if let NetEvent::DialFailed(_, tried) = event { Some(tried) } else { None }).await;
    assert_eq!(tried[0].why, DialFault::Refused, "{tried:?}");
    wait_for(&near, |net| net.relays.is_empty()).await;
}

#[tokio::test]
async fn a_relay_that_goes_away_takes_the_links_through_it_down() {
    let relay = RelayServer::start(7, 8, false).await;
    let (mut near, mut far) = kept_by(&relay, &[]).await;
    near.dial(far.key, &relay.circuit()).await;
    near.up(far.key, LinkPath::Relay).await;
    far.up(near.key, LinkPath::Relay).await;

    relay.kill().await;

    near.down(far.key).await;
    far.down(near.key).await;
}

#[tokio::test]
async fn whoever_registers_is_found_by_its_co_signers_and_by_nobody_else() {
    let relay = RelayServer::start(7, 8, false).await;
    let key = relay.key;
    let (mut near, mut far) = kept_by(&relay, &[TCP]).await;
    let mut stranger = Phone::start(3, &[]);
    near.reserve(&relay).await;
    near.until(|event| (event == NetEvent::RelayUp(key)).then_some(())).await;
    stranger.reserve(&relay).await;
    stranger.until(|event| (event == NetEvent::RelayUp(key)).then_some(())).await;
    let names = || vec!["ours".to_owned(), "ours, too".to_owned()];
    let two_hours = 2 * 60 * 60 * 1000;
    for phone in [&mut far, &mut stranger] {
        phone.ask(move |net| net.register(key, &names(), two_hours)).await;
        phone.until(|event| (event == NetEvent::Registered(key, true)).then_some(())).await;
    }

    near.ask(move |net| net.discover(key, &names()[..1])).await;

    let found = near.until(|event| if let NetEvent::Found(..) = event { Some(event) } else { None }).await;
    let NetEvent::Found(whom, addresses, source, ttl_ms) = found else { panic!("{found:?}") };
    // What the relay keeps can be dialled by strangers; what listens on loopback cannot.
    assert_eq!((whom, addresses, source), (far.key, vec![relay.circuit()], Source::Rendezvous));
    assert!((two_hours - 60_000..=two_hours).contains(&ttl_ms), "{ttl_ms}");
    assert_eq!(near.during(Duration::from_millis(200)).await, [], "the stranger is nobody");

    far.ask(move |net| net.unregister(key, &names())).await;
    near.ask(move |net| net.discover(key, &names())).await;
    assert_eq!(near.during(Duration::from_millis(500)).await, [], "nobody is there any more");
}

#[tokio::test]
async fn a_registration_that_is_refused_says_so() {
    let relay = RelayServer::start(7, 8, false).await;
    let (key, mut phone) = (relay.key, Phone::start(1, &[]));
    let register =
        move |ttl_ms| move |net: &mut crate::net::Net| net.register(key, &["ours".to_owned()], ttl_ms);
    phone.ask(register(7_200_000)).await;
    assert_eq!(phone.next().await, NetEvent::Registered(key, false), "we do not know that relay");
    phone.reserve(&relay).await;
    phone.until(|event| if let NetEvent::Listening(_) = event { Some(()) } else { None }).await;

    phone.ask(register(1000)).await;

    assert_eq!(phone.next().await, NetEvent::Registered(key, false), "nobody is registered for a second");
}
