//! Finding each other: at a relay, at a rendezvous point, in the local network, by presence, by a new card.

use countersign_machine::Input;
use countersign_machine::id::TransportKey;
use countersign_machine::link::{DialFault, Source};
use countersign_machine::network::{Connected, NetworkState, Obstacle};
use countersign_machine::time::WallTime;
use countersign_tests::rig::{Topology, World};

use super::{dials, is_reachable, row};

const RELAY: TransportKey = TransportKey([9; 32]);

#[test]
fn b16_a_relay_that_does_not_answer_is_asked_again_after_growing_pauses_and_on_another_network_at_once() {
    let mut world = World::new(40, 2, Topology::Mesh);
    know_relay(&mut world, 0);
    let asked = |world: &World| world.phones[0].effects.iter().filter(|name| **name == "reserve").count();
    let mut seen = Vec::new();
    let begun = world.now.boot;
    for _ in 0..1_300 {
        world.pass_ms(100);
        if asked(&world) > seen.len() + 1 {
            seen.push(world.now.boot.ms_from(begun));
        }
    }
    let pauses: Vec<u64> = seen.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.len() >= 5 && pauses.windows(2).take(4).all(|pair| pair[1] > pair[0]), "{pauses:?}");
    let shown = world.status(0).connectivity;
    assert!(shown.reasons.contains(&Obstacle::NoRelay));
    assert_eq!(shown.relays[0].why, Some(DialFault::NoAnswer));

    world.relay = Some(RELAY);
    let network = NetworkState { generation: 1, ..NetworkState::default() };
    world.feed(0, Input::NetworkChanged(network));
    world.pass_ms(300);

    let shown = world.status(0).connectivity;
    assert!(shown.relays[0].up && !shown.reasons.contains(&Obstacle::NoRelay));
}

#[test]
fn a_relay_is_asked_only_while_the_program_is_open() {
    let mut world = World::new(41, 2, Topology::Mesh);
    world.feed(0, Input::WentToBackground);
    know_relay(&mut world, 0);
    world.pass_ms(600_000);
    assert!(!world.phones[0].effects.contains(&"reserve"));

    world.feed(0, Input::CameToForeground);
    world.settle();
    assert!(world.phones[0].effects.contains(&"reserve"));
}

#[test]
fn co_signers_whose_cards_are_out_of_date_find_each_other_at_a_rendezvous_point() {
    let mut world = World::new(42, 2, Topology::Apart);
    world.relay = Some(RELAY);
    for who in 0..2 {
        know_relay(&mut world, who);
        world.command(who, |node, now| node.start_presence(180_000, now)).expect("three minutes");
    }
    world.pass_ms(120_000);

    let found = world.dials.iter().any(|(who, _, to)| *who == 0 && to.contains(&"/found/1".to_owned()));
    assert!(found, "{:?}", world.dials.last());
    assert!(world.status(0).presence.expect("it is on").last_refresh.is_some(), "it was published there");
    let namespaces: Vec<&String> = world.registered.iter().map(|(namespace, _)| namespace).collect();
    assert!(namespaces.iter().all(|name| name.len() == 64), "{namespaces:?}");

    world.feed(0, Input::WentToBackground);
    world.settle();
    assert!(world.registered.iter().all(|(_, who)| *who == 1), "who is away cannot be found");
}

#[test]
fn a_namespace_is_another_every_day_and_of_every_wallet_and_around_midnight_both_are_used() {
    let mut world = World::new(43, 3, Topology::Mesh);
    let wallet = world.oracle.wallet(&world.wallet).clone();
    let other = world.wallet_of(&[0, 1]);
    let other = world.oracle.wallet(&other).clone();
    assert_ne!(wallet.namespace(1), wallet.namespace(2));
    assert_ne!(wallet.namespace(1), other.namespace(1));

    let day = 24 * 60 * 60 * 1000;
    let midnight = (world.now.wall.0 / day + 1) * day;
    for (at, days) in
        [(midnight - 300_001, 1), (midnight - 300_000, 2), (midnight + 299_999, 2), (midnight + 300_000, 1)]
    {
        let mut world = World::new(43, 3, Topology::Mesh);
        world.relay = Some(RELAY);
        world.pass_ms(at - world.now.wall.0);
        world.command(0, |node, now| node.start_presence(180_000, now)).expect("three minutes");
        know_relay(&mut world, 0);
        world.settle();
        assert_eq!(world.now.wall, WallTime(at));
        assert_eq!(world.registered.len(), days, "at {} ms of midnight", at as i64 - midnight as i64);
    }
}

#[test]
fn who_is_found_in_the_local_network_is_dialled_there_first_unless_the_user_has_refused_that() {
    let mut world = World::new(44, 2, Topology::Apart);
    world.silent_dials = false;
    let peer = world.phones[1].transport();
    let found = |ttl_ms| Input::Found { peer, addresses: vec!["/lan/1".into()], source: Source::Lan, ttl_ms };
    world.pass_ms(10_000);
    world.feed(0, found(60_000));
    world.settle();
    let (.., to) = world.dials.last().expect("it is dialled at once");
    assert_eq!(*to, ["/lan/1", "/memory/2"]);

    let refused = NetworkState { lan_allowed: false, ..Default::default() };
    world.feed(0, Input::NetworkChanged(refused));
    world.dials.clear();
    world.pass_ms(60_000);
    assert!(world.dials.iter().all(|(.., to)| !to.contains(&"/lan/1".to_owned())));
}

#[test]
fn a_stranger_that_is_found_is_nobody_to_us() {
    let mut world = World::new(45, 2, Topology::Mesh);
    let before = world.status(0);
    let stranger = TransportKey([8; 32]);
    let addresses = vec!["/lan/1".into()];
    world.feed(0, Input::Found { peer: stranger, addresses, source: Source::Rendezvous, ttl_ms: 60_000 });
    world.settle();
    assert_eq!(world.status(0), before);
}

#[test]
fn b17_other_addresses_come_onto_a_new_card_and_co_signers_dial_them() {
    let mut world = World::new(46, 3, Topology::Mesh);
    let before = world.phones[0].card();
    world.feed(0, Input::Listening(vec!["/memory/1".into(), "/relay/p2p-circuit".into()]));
    world.pass_ms(299);
    assert_eq!(world.phones[0].card(), before, "they may still change");
    world.pass_ms(1);

    let card = world.phones[0].card();
    assert_eq!(card.statement().addresses, ["/memory/1", "/relay/p2p-circuit"]);
    assert_eq!(card.statement().nickname, before.statement().nickname);
    for other in 1..3 {
        let held = world.phones[other].node.as_ref().expect("it runs").cards().any(|held| *held == card);
        assert!(held, "phone {other} has it");
    }
    world.pass_ms(60_000);
    assert_eq!(world.phones[0].card(), card, "one is enough");
}

#[test]
fn where_the_vault_gives_no_key_for_a_new_card_presence_tells_the_addresses() {
    let mut world = World::new(47, 2, Topology::Mesh);
    for who in 0..2 {
        world.command(who, |node, now| node.start_presence(3_600_000, now)).expect("an hour");
    }
    world.settle();
    world.phones[0].vault = countersign_tests::rig::Vault::Locked;
    let before = world.phones[0].card();
    world.feed(0, Input::Listening(vec!["/memory/new".into()]));
    world.pass_ms(300);
    assert_eq!(world.phones[0].card(), before, "nobody signed a new one");

    world.dials.clear();
    world.cut(0, 1);
    world.settle();

    let to =
        world.dials.iter().find(|(who, ..)| *who == 1).map(|(.., to)| to.clone()).expect("it is dialled");
    assert_eq!(to, ["/memory/new", "/memory/1"]);
}

#[test]
fn d22_without_a_co_signer_connected_nobody_is_said_to_be() {
    let mut world = World::new(48, 2, Topology::Apart);
    world.pass_ms(10_000);
    let shown = world.status(0).connectivity;
    assert_eq!(shown.state, Connected::Disconnected);
    assert!(shown.reasons.contains(&Obstacle::Missing { cosigners: 1 }));
    assert!(!is_reachable(&world, 0, 1));

    world.mend(0, 1);
    world.settle();
    let shown = world.status(0).connectivity;
    assert_eq!((shown.state, shown.reasons), (Connected::Fully, vec![]));
}

#[test]
fn b15_what_keeps_us_from_being_connected_is_said_and_nothing_is_dialled_in_vain() {
    let mut world = World::new(49, 2, Topology::Mesh);
    let mut network = NetworkState { online: false, ..NetworkState::default() };
    world.feed(0, Input::NetworkChanged(network.clone()));
    world.cut(0, 1);
    world.settle();
    world.dials.clear();
    world.pass_ms(600_000);

    let shown = world.status(0).connectivity;
    assert_eq!((shown.state, shown.reasons[0]), (Connected::Offline, Obstacle::NoNetwork));
    assert_eq!(dials(&world, 0, 1), 0);
    let report = super::preflight(&mut world, 0, 5_000, 0).expect("without a network all is known at once");
    assert!(!report.ready);

    network.online = true;
    world.feed(0, Input::NetworkChanged(network));
    world.settle();
    assert_eq!(dials(&world, 0, 1), 1, "it is dialled at once");
    assert!(row(&world, 0, 1).redial_in_ms.is_some_and(|ms| ms <= 1_125), "and the pauses begin anew");
}

fn know_relay(world: &mut World, who: usize) {
    world.feed(who, Input::RelaysKnown(vec![(RELAY, "/relay".into())]));
    world.settle();
}

#[test]
fn a_relay_that_loses_us_is_asked_again() {
    let mut world = World::new(50, 2, Topology::Mesh);
    world.relay = Some(RELAY);
    know_relay(&mut world, 0);
    assert!(world.status(0).connectivity.relays[0].up);
    world.feed(0, Input::RelayDown { relay: RELAY, why: DialFault::NoAnswer });
    assert!(!world.status(0).connectivity.relays[0].up);

    world.pass_ms(1_125);

    assert!(world.status(0).connectivity.relays[0].up);
}
