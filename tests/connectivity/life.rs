//! The life of the app: in the background nobody is dialled, in a moment that the system grants everybody once, and another network
//! is a new beginning.

use countersign_machine::Input;
use countersign_machine::network::{Connected, NetworkState};
use countersign_machine::presence::Here;
use countersign_machine::session::{Custody, Happening, Phase};
use countersign_machine::status::{Blocker, NextAction};
use countersign_tests::rig::{Topology, World, payload};

use super::{dials, is_reachable, row};

#[test]
fn in_a_granted_moment_everybody_is_dialled_once_what_they_have_is_taken_and_nothing_is_signed() {
    for custody in [Custody::Step, Custody::Background, Custody::Session] {
        let mut world = World::new(60, 3, Topology::Mesh);
        let set = |node: &mut countersign_machine::Node, _| {
            node.set_custody(custody);
            Ok(())
        };
        world.command(2, set).expect("it can be set");
        let session = world.propose(0, payload(1));
        world.settle();
        world.command(2, |node, now| node.approve(session, now)).expect("it has come");
        world.settle();
        sleep(&mut world, 2);
        world.command(1, |node, now| node.approve(session, now)).expect("it has come");
        world.settle();
        world.dials.clear();

        world.rise(2);
        world.feed(2, Input::SliceBegan { network: true });
        assert!(!world.phones[2].node.as_ref().expect("it runs").slice_is_done());
        world.settle();

        assert!(world.phones[2].node.as_ref().expect("it runs").slice_is_done());
        assert!(dials(&world, 2, 0) <= 1 && dials(&world, 2, 1) <= 1);
        let shown = world.status(2).sessions[0].clone();
        assert!(shown.progress[1].nonces, "what has come meanwhile is here");
        assert!(!shown.progress[2].partials, "{custody:?}: nothing is signed");
        assert!(!world.told(2, session).iter().any(|told| matches!(told, Happening::PartialsSent { .. })));

        world.feed(2, Input::SliceEnded);
        sleep(&mut world, 2);
        world.rise(2);
        world.feed(2, Input::CameToForeground);
        world.settle();
        world.assert_signed(session);
    }
}

#[test]
fn a_request_that_came_meanwhile_is_told_in_a_granted_moment() {
    let mut world = World::new(61, 2, Topology::Mesh);
    sleep(&mut world, 1);
    let session = world.propose(0, payload(1));
    world.settle();
    assert!(world.status(1).inbox.is_empty());

    world.rise(1);
    world.feed(1, Input::SliceBegan { network: true });
    world.settle();

    assert_eq!(world.status(1).inbox[0].session, session);
    assert_eq!(world.status(1).sessions[0].phase, Phase::Requested);
}

#[test]
fn a_granted_moment_without_a_network_looks_at_what_is_due_and_is_done_at_once() {
    let mut world = World::new(62, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    sleep(&mut world, 0);
    world.sleep_past_every_deadline();
    world.dials.clear();

    world.feed(0, Input::SliceBegan { network: false });
    world.settle();

    assert!(world.phones[0].node.as_ref().expect("it runs").slice_is_done());
    assert_eq!(dials(&world, 0, 1), 0);
    assert!(world.told(0, session).iter().any(|told| matches!(told, Happening::Ended { .. })));
}

#[test]
fn whoever_cannot_be_reached_in_a_granted_moment_does_not_make_it_longer() {
    let mut world = World::new(63, 3, Topology::Mesh);
    sleep(&mut world, 0);
    world.crash(2);
    world.rise(0);
    world.feed(0, Input::SliceBegan { network: true });
    world.settle();

    assert!(world.phones[0].node.as_ref().expect("it runs").slice_is_done());
    assert!(is_reachable(&world, 0, 1));
    assert_eq!(row(&world, 1, 0).presence.map(|said| said.here), None, "presence is off");
}

#[test]
fn who_is_there_for_a_moment_says_away_and_who_is_away_is_shown_so_and_not_as_lost() {
    let mut world = World::new(64, 2, Topology::Mesh);
    world.command(0, |node, now| node.start_presence(3_600_000, now)).expect("an hour");
    world.settle();
    sleep(&mut world, 0);
    assert_eq!(row(&world, 1, 0).link, countersign_machine::link::LinkState::Away);

    world.rise(0);
    world.feed(0, Input::SliceBegan { network: true });
    world.settle();

    assert_eq!(row(&world, 1, 0).presence.expect("it has spoken").here, Here::Away);
    assert!(is_reachable(&world, 1, 0), "for as long as it lasts");
}

#[test]
fn in_the_background_a_session_says_that_the_program_is_to_be_opened() {
    let mut world = World::new(65, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.feed(1, Input::WentToBackground);
    world.command(1, |node, now| node.approve(session, now)).expect("it has come");
    world.settle();

    let shown = world.status(1).sessions[0].clone();
    if shown.phase == Phase::Unlocking {
        assert_eq!(shown.blocked.expect("it waits").by, Blocker::Background);
        assert_eq!(shown.next_action, Some(NextAction::Open));
    }
    world.feed(1, Input::CameToForeground);
    world.settle();
    world.assert_signed(session);
}

#[test]
fn on_another_network_every_connection_is_made_anew_once_and_a_session_goes_on() {
    let mut world = World::new(66, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.dials.clear();
    for generation in 1..=5 {
        world.feed(0, Input::NetworkChanged(NetworkState { generation, ..NetworkState::default() }));
        world.pass_ms(40);
    }
    assert_eq!(restarts(&world), 0, "it settles first");
    world.pass_ms(300);

    assert_eq!(restarts(&world), 1);
    assert!((1..3).all(|other| is_reachable(&world, 0, other)));
    for who in 1..3 {
        world.command(who, |node, now| node.approve(session, now)).expect("it has come");
    }
    world.settle();
    world.assert_signed(session);
}

#[test]
fn the_same_network_said_again_changes_nothing() {
    let mut world = World::new(67, 2, Topology::Mesh);
    world.feed(0, Input::NetworkChanged(NetworkState { validated: false, ..NetworkState::default() }));
    world.pass_ms(1_000);
    assert_eq!(restarts(&world), 0);
    assert!(is_reachable(&world, 0, 1));
}

#[test]
fn a_network_that_changes_in_the_background_is_taken_up_when_the_program_is_opened() {
    let mut world = World::new(68, 2, Topology::Mesh);
    sleep(&mut world, 0);
    world.feed(0, Input::NetworkChanged(NetworkState { generation: 7, ..NetworkState::default() }));
    world.pass_ms(60_000);
    assert_eq!(restarts(&world), 0);
    assert_eq!(world.status(0).connectivity.state, Connected::Resting);

    world.rise(0);
    world.feed(0, Input::CameToForeground);
    world.pass_ms(1_000);

    assert!(is_reachable(&world, 0, 1));
}

/// Lets a phone rest, as its driver does: connections closed, nobody admitted.
fn sleep(world: &mut World, who: usize) {
    world.feed(who, Input::WentToBackground);
    world.settle();
    world.rest(who);
    world.settle();
}

fn restarts(world: &World) -> usize {
    world.phones[0].effects.iter().filter(|name| **name == "restart network").count()
}
