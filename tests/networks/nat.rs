//! What routers let through, and what phones behind them make of it.

use std::io::{ErrorKind, Result};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;

use countersign_tests::network::line::Conditions;
use countersign_tests::network::router::Mapping;
use countersign_tests::relay::RelayProcess;

use crate::homes::{DIAL, Homes, PORT, passes};
use countersign_tests::network::group::{Group, SOON, listen};

/// How long to wait for a dial that cannot succeed.
const HOPELESS: Duration = Duration::from_millis(2_500);

#[test]
fn phones_behind_routers_reach_a_server_and_not_each_other() {
    let Some(homes) = Homes::new(Mapping::Kept) else { return };

    for home in 0..2 {
        let (_stream, seen) = homes.call(home, 0).expect("the server is reached");
        assert_eq!(*seen.ip(), Homes::router(home), "it sees the router's address");
    }
    let _listeners = [0, 1].map(|home| homes.listen(home));
    for address in [Homes::router(1), Homes::phone(1)] {
        let dialled = homes.dial(0, SocketAddrV4::new(address, PORT), HOPELESS);
        assert!(is_silence(&dialled), "{address}: {dialled:?}");
    }
}

#[test]
fn a_router_that_keeps_ports_shows_one_address_to_everybody_and_another_shows_one_to_each() {
    for mapping in [Mapping::Kept, Mapping::Random] {
        let Some(homes) = Homes::new(mapping) else { return };

        let seen = [0, 1].map(|server| homes.call(0, server).expect("the server is reached").1);

        assert_eq!(seen[0] == seen[1], mapping == Mapping::Kept, "{mapping:?}: {seen:?}");
        if mapping == Mapping::Kept {
            assert_eq!(seen[0].port(), PORT);
        }
    }
}

#[test]
fn a_hole_can_be_punched_through_routers_that_keep_ports_and_through_no_others() {
    for mapping in [Mapping::Kept, Mapping::Random] {
        let Some(homes) = Homes::new(mapping) else { return };
        let seen = [0, 1].map(|home| homes.call(home, 0).expect("the server is reached").1);

        let limit = if mapping == Mapping::Kept { DIAL } else { HOPELESS };
        let dial = |home: usize| homes.dial(home, seen[1 - home], limit);
        let [here, there] = std::thread::scope(|scope| {
            let other = scope.spawn(|| dial(1));
            [dial(0), other.join().expect("it ends")]
        });

        match mapping {
            Mapping::Kept => {
                let mut ends = [here, there].map(|end| end.expect("a hole was punched"));
                assert!(passes(&mut ends));
                ends.reverse();
                assert!(passes(&mut ends));
            }
            Mapping::Random => assert!(is_silence(&here) && is_silence(&there), "{here:?} {there:?}"),
        }
    }
}

#[test]
fn a_phone_behind_a_router_signs_with_one_on_the_internet() {
    let Some(homes) = Homes::new(Mapping::Random) else { return };
    let places = [(&homes.phones[0], Homes::phone(0)), (&homes.servers[0], Homes::server(0))];
    let mut group = Group::new(&places);
    group.meet();
    group.await_links();

    let session = group.propose();
    group.approve(1, &session);

    group.assert_signed(&session, 0, SOON);
}

#[test]
fn phones_behind_two_routers_sign_by_way_of_a_third_that_both_reach() {
    let Some(homes) = Homes::new(Mapping::Random) else { return };
    let places = [
        (&homes.phones[0], Homes::phone(0)),
        (&homes.phones[1], Homes::phone(1)),
        (&homes.servers[0], Homes::server(0)),
    ];
    let mut group = Group::new(&places);
    group.meet();
    group.await_link(0, 2, "reachable");
    group.await_link(1, 2, "reachable");
    group.await_link(0, 1, "unreachable");

    let session = group.propose();
    (1..3).for_each(|who| group.approve(who, &session));

    group.assert_signed(&session, 0, SOON);
    group.await_link(0, 1, "unreachable");
}

#[test]
fn phones_behind_two_routers_meet_at_a_relay_and_go_on_directly_where_the_routers_let_them() {
    for (mapping, last) in [(Mapping::Kept, "direct"), (Mapping::Random, "relay")] {
        let Some(homes) = Homes::new(mapping) else { return };
        // A hole takes some round trips: until then the path is seen to lead through the relay.
        homes.internet().set_all(Conditions::delayed(50));
        let listens = format!("/ip4/{}/tcp/4001", Homes::server(0));
        let relay = RelayProcess::start(&listens, "", |command| homes.servers[0].spawn(command));
        let arguments =
            |home| [listen(Homes::phone(home)), vec!["--relay".into(), relay.address.clone()]].concat();
        let mut group = Group::with(&[0, 1].map(|home| (&homes.phones[home], arguments(home))));
        for phone in &mut group.phones {
            phone.await_card(SOON, |addresses| addresses.iter().any(|one| one.contains("/p2p-circuit")));
        }

        group.meet();

        (0..2).for_each(|who| group.await_path(who, 1 - who, "relay"));
        (0..2).for_each(|who| group.await_path(who, 1 - who, last));
        let session = group.propose();
        group.approve(1, &session);
        group.assert_signed(&session, 0, SOON);
        (0..2).for_each(|who| group.await_path(who, 1 - who, last));
    }
}

/// Returns whether nobody answered, not even to refuse.
fn is_silence(dialled: &Result<TcpStream>) -> bool {
    dialled.as_ref().is_err_and(|error| error.kind() == ErrorKind::TimedOut)
}
