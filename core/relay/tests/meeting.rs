//! libp2p's own rendezvous client at the relay's meeting point.
#![expect(clippy::wildcard_enum_match_arm, reason = "the test waits for one thing at a time")]

mod rig;

use std::time::Duration;

use libp2p::PeerId;
use libp2p::rendezvous::client::Event;
use libp2p::rendezvous::{Cookie, ErrorCode, Namespace};
use libp2p::swarm::SwarmEvent;
use rig::{BehaviourEvent, House, Phone};

#[tokio::test]
async fn who_knows_the_name_finds_who_registered_until_it_is_taken_back() {
    let house = House::new(|_| {}).await;
    let (mut ada, mut bob) = (visitor(&house).await, visitor(&house).await);
    assert_eq!(register(&mut ada, &house, "wallet", Some(60)).await, Ok(60));
    assert_eq!(register(&mut bob, &house, "wallet", None).await, Ok(7200));
    let (found, cookie) = discover(&mut ada, &house, Some("wallet"), None).await.expect("an answer");
    assert_eq!(found, [(ada.peer, 60), (bob.peer, 7200)]);
    let (later, cookie) = discover(&mut bob, &house, Some("wallet"), Some(cookie)).await.expect("an answer");
    assert_eq!(later, [], "nothing is new");
    assert_eq!(discover(&mut bob, &house, Some("other"), None).await.expect("an answer").0, []);
    assert_eq!(discover(&mut bob, &house, Some("other"), Some(cookie)).await, Err(ErrorCode::InvalidCookie));
    assert_eq!(house.figure("countersign_relay_registrations").await, 2);

    let relay = house.relay.peer_id();
    bob.tell(move |swarm| swarm.behaviour_mut().rendezvous.unregister(name("wallet"), relay));
    house.await_figure("countersign_relay_registrations", 1).await;
    assert_eq!(
        discover(&mut bob, &house, Some("wallet"), None).await.expect("an answer").0,
        [(ada.peer, 60)]
    );
}

#[tokio::test]
async fn a_registration_runs_out_by_itself_and_outlives_its_connection() {
    let house = House::new(|config| config.rendezvous.min_ttl_s = 1).await;
    let mut ada = visitor(&house).await;
    let peer = ada.peer;
    assert_eq!(register(&mut ada, &house, "wallet", Some(4)).await, Ok(4));
    drop(ada);
    house.await_figure("countersign_relay_connections", 0).await;
    let mut bob = visitor(&house).await;
    let (found, _) = discover(&mut bob, &house, Some("wallet"), None).await.expect("an answer");
    assert!(matches!(found[..], [(who, 1..=4)] if who == peer), "{found:?}");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(house.figure("countersign_relay_registrations").await, 0, "nobody had to ask");
    assert_eq!(discover(&mut bob, &house, Some("wallet"), None).await.expect("an answer").0, []);
}

#[tokio::test]
async fn each_limit_of_the_meeting_point_is_answered_as_what_it_is() {
    let house = House::new(|config| {
        config.rendezvous.total = 3;
        config.rendezvous.per_peer = 2;
    })
    .await;
    let (mut ada, mut bob) = (visitor(&house).await, visitor(&house).await);
    assert_eq!(register(&mut ada, &house, "one", Some(59)).await, Err(ErrorCode::InvalidTtl));
    assert_eq!(register(&mut ada, &house, "one", Some(86_401)).await, Err(ErrorCode::InvalidTtl));
    assert_eq!(register(&mut ada, &house, "one", Some(60)).await, Ok(60));
    assert_eq!(register(&mut ada, &house, "two", Some(60)).await, Ok(60));
    assert_eq!(register(&mut ada, &house, "three", Some(60)).await, Err(ErrorCode::Unavailable));
    assert_eq!(register(&mut ada, &house, "two", Some(61)).await, Ok(61), "hers already");
    assert_eq!(register(&mut bob, &house, "one", Some(60)).await, Ok(60));
    assert_eq!(register(&mut bob, &house, "two", Some(60)).await, Err(ErrorCode::Unavailable));
    let page = house.page().await;
    let figure = |how: &str| {
        rig::figure(&page, &format!("countersign_relay_answered_total{{what=\"register\",how=\"{how}\"}}"))
    };
    assert_eq!([figure("ok"), figure("invalid_ttl"), figure("unavailable")], [4, 2, 2]);
}

#[tokio::test]
async fn nobody_is_told_who_meets_here() {
    let house = House::new(|_| {}).await;
    let mut ada = visitor(&house).await;
    assert_eq!(register(&mut ada, &house, "wallet", Some(60)).await, Ok(60));
    let mut eve = visitor(&house).await;
    assert_eq!(discover(&mut eve, &house, None, None).await, Err(ErrorCode::NotAuthorized));
}

/// A phone that is connected to the relay and knows an address to register.
async fn visitor(house: &House) -> Phone {
    let mut phone = Phone::new();
    phone.tell(|swarm| swarm.add_external_address("/ip4/192.0.2.1/tcp/1".parse().expect("an address")));
    phone.dial(&house.address).await.expect("the relay is there");
    phone
}

async fn register(phone: &mut Phone, house: &House, at: &str, ttl_s: Option<u64>) -> Result<u64, ErrorCode> {
    let (relay, at) = (house.relay.peer_id(), name(at));
    phone.tell(move |swarm| {
        swarm.behaviour_mut().rendezvous.register(at, relay, ttl_s).expect("it has an address");
    });
    phone
        .wait(|event| match event {
            SwarmEvent::Behaviour(BehaviourEvent::Rendezvous(Event::Registered { ttl, .. })) => {
                Some(Ok(*ttl))
            }
            SwarmEvent::Behaviour(BehaviourEvent::Rendezvous(Event::RegisterFailed { error, .. })) => {
                Some(Err(*error))
            }
            _ => None,
        })
        .await
}

/// Returns who is there, each with the seconds that it has left, in the order of registration.
async fn discover(
    phone: &mut Phone,
    house: &House,
    at: Option<&str>,
    cookie: Option<Cookie>,
) -> Result<(Vec<(PeerId, u64)>, Cookie), ErrorCode> {
    let (relay, at) = (house.relay.peer_id(), at.map(name));
    phone.tell(move |swarm| swarm.behaviour_mut().rendezvous.discover(at, cookie, None, relay));
    phone
        .wait(|event| match event {
            SwarmEvent::Behaviour(BehaviourEvent::Rendezvous(Event::Discovered {
                registrations,
                cookie,
                ..
            })) => {
                let who = registrations.iter().map(|found| (found.record.peer_id(), found.ttl)).collect();
                Some(Ok((who, cookie.clone())))
            }
            SwarmEvent::Behaviour(BehaviourEvent::Rendezvous(Event::DiscoverFailed { error, .. })) => {
                Some(Err(*error))
            }
            _ => None,
        })
        .await
}

fn name(text: &str) -> Namespace {
    Namespace::new(text.to_owned()).expect("it is short")
}
