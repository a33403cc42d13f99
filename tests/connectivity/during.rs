//! During a session: a lost co-signer is seen at once, dialled once at a time, and missed by name.

use std::collections::BTreeSet;

use countersign_machine::Input;
use countersign_machine::frame::Frame;
use countersign_machine::link::{LinkPath, LinkState};
use countersign_machine::session::Phase;
use countersign_tests::rig::{Topology, World, payload};

use super::{dials, is_reachable, row};

#[test]
fn b7_the_path_is_that_of_the_connection_that_stands_and_changes_with_it() {
    let mut world = World::new(20, 2, Topology::Mesh);
    let peer = world.phones[1].transport();
    for path in [LinkPath::Relay, LinkPath::Webrtc, LinkPath::Lan, LinkPath::Direct] {
        world.feed(0, Input::LinkUp { peer, path });
        world.settle();
        let LinkState::Reachable { path: shown, rtt_us, .. } = row(&world, 0, 1).link else {
            panic!("{path:?}")
        };
        assert_eq!(shown, path);
        assert!(rtt_us.is_some(), "the new path is measured, too");
    }
    let session = world.propose(0, payload(1));
    world.settle();
    world.command(1, |node, now| node.approve(session, now)).expect("it has come");
    world.settle();
    world.assert_signed(session);
}

#[test]
fn b11_whoever_is_lost_in_either_round_pauses_the_session_is_dialled_and_completes_it_on_return() {
    for rounds in [0, 1] {
        let mut world = World::new(21 + rounds, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        for who in 1..=usize::try_from(rounds).expect("one or none") {
            world.command(who, |node, now| node.approve(session, now)).expect("it has come");
        }
        world.settle();
        world.cut(0, 2);
        world.cut(1, 2);
        world.settle();
        assert!(!is_reachable(&world, 0, 2), "it is seen at once");
        let attempt = world.status(0).sessions[0].attempt;
        for who in 1..3 {
            world.command(who, |node, now| node.approve(session, now)).ok();
        }
        world.pass_ms(30_000);
        let status = world.status(0);
        assert_ne!(status.sessions[0].phase, Phase::Ended, "it pauses");
        assert!(status.sessions[0].waits_for.iter().any(|slot| slot.index() == 2), "and says for whom");
        assert!(row(&world, 0, 2).failed_dials >= 2);

        world.mend(0, 2);
        world.mend(1, 2);
        world.settle();

        world.assert_signed(session);
        assert_eq!(world.status(0).sessions[0].attempt, attempt);
    }
}

#[test]
fn b12_a_hundred_events_a_second_lead_to_one_dial_at_a_time_and_none_to_ourselves() {
    let mut world = World::new(23, 3, Topology::Mesh);
    world.silent_dials = true;
    world.cut(0, 1);
    world.settle();
    let (peer, me) = (world.phones[1].transport(), world.phones[0].transport());
    let before = dials(&world, 0, 1);
    for _ in 0..100 {
        world.feed(0, Input::LinkDown { peer });
        world.feed(0, Input::LinkDown { peer: me });
        world.pass_ms(10);
    }

    assert!(dials(&world, 0, 1) - before <= 1, "{}", dials(&world, 0, 1));
    assert_eq!(dials(&world, 0, 0), 0);
}

#[test]
fn d12_a_link_that_comes_and_goes_a_hundred_times_a_second_is_dialled_once_at_a_time() {
    let mut world = World::new(24, 2, Topology::Mesh);
    let peer = world.phones[1].transport();
    let mut under_way = 0_i32;
    let mut most = 0;
    for _ in 0..100 {
        let before = dials(&world, 0, 1);
        world.feed(0, Input::LinkDown { peer });
        world.pass_ms(5);
        under_way += i32::try_from(dials(&world, 0, 1) - before).expect("a few");
        most = most.max(under_way);
        world.feed(0, Input::LinkUp { peer, path: LinkPath::Direct });
        under_way = 0;
        world.settle();
    }
    assert!(most <= 1, "{most}");
}

#[test]
fn b13_what_is_shown_of_a_participant_follows_from_its_link_and_names_who_is_missing() {
    let mut world = World::new(25, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    assert!((1..3).all(|other| is_reachable(&world, 0, other)));
    assert_eq!(row(&world, 0, 0).link, LinkState::Myself);

    world.crash(2);
    world.settle();

    let shown = row(&world, 0, 2);
    assert!(matches!(shown.link, LinkState::Unreachable { .. } | LinkState::Dialling), "{:?}", shown.link);
    assert_eq!(shown.last_seen, Some(world.now_of(0).wall));
    let status = world.status(0);
    assert_eq!(status.connectivity.state, countersign_machine::network::Connected::Partly);
    let waits =
        status.sessions.iter().find(|shown| shown.id == session).expect("it is open").waits_for.clone();
    assert!(waits.iter().any(|slot| slot.index() == 2));
}

#[test]
fn b14_a_row_says_what_can_be_done_connect_by_hand_is_the_same_dial_and_can_be_stopped() {
    let mut world = World::new(26, 2, Topology::Apart);
    world.pass_ms(30_000);
    let shown = row(&world, 0, 1);
    assert!(matches!(shown.link, LinkState::Unreachable { .. }));
    assert!(shown.redial_in_ms.is_some(), "it reconnects in so long: {shown:?}");
    assert!(shown.failed_dials > 3 && shown.tried.len() == 1);
    let other = world.phones[1].participant();
    let before = dials(&world, 0, 1);

    world.silent_dials = true;
    for _ in 0..3 {
        world.command(0, |node, now| node.connect_to(other, now)).expect("its card is here");
        world.settle();
    }
    assert_eq!(dials(&world, 0, 1), before + 1);
    assert_eq!(row(&world, 0, 1).link, LinkState::Dialling);

    world.command(0, |node, now| node.stop_connecting(other, now)).expect("its card is here");
    world.pass_ms(100_000);
    assert!(matches!(row(&world, 0, 1).link, LinkState::Unreachable { .. }));
    assert_eq!((dials(&world, 0, 1), row(&world, 0, 1).redial_in_ms), (before + 1, None));

    let me = world.phones[0].participant();
    assert!(world.command(0, |node, now| node.connect_to(me, now)).is_err(), "nobody dials themselves");
}

#[test]
fn a_message_over_a_link_that_was_quiet_for_long_finds_out_whether_the_connection_still_stands() {
    let mut world = World::new(27, 2, Topology::Mesh);
    world.pass_ms(60_000);
    let session = world.propose(0, payload(1));
    world.settle_answers();
    // All that flies is lost, and nobody says so.
    world.flying.clear();
    world.pass_ms(4_999);
    assert!(is_reachable(&world, 0, 1));
    world.dials.clear();

    world.pass_ms(1);
    world.settle();

    assert_eq!(dials(&world, 0, 1), 1, "it is dialled anew");
    assert!(is_reachable(&world, 0, 1), "and answers");
    world.command(1, |node, now| node.approve(session, now)).expect("the proposal came again");
    world.settle();
    world.assert_signed(session);
}

#[test]
fn a_message_that_is_lost_together_with_its_connection_is_missed_within_35_seconds() {
    let mut world = World::new(30, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle_answers();
    // Just now something came; then the connection dies with what flies.
    world.dials.clear();
    world.deaf = BTreeSet::from([(0, 1), (1, 0)]);
    world.pass_ms(34_999);
    assert!(
        is_reachable(&world, 0, 1) && dials(&world, 0, 1) == 0,
        "asked after 15 s, it has 20 s for an answer"
    );

    world.deaf.clear();
    world.pass_ms(1);
    world.settle();

    assert_eq!(dials(&world, 0, 1), 1, "it is dialled anew");
    world.command(1, |node, now| node.approve(session, now)).expect("the proposal came again");
    world.settle();
    world.assert_signed(session);
}

#[test]
fn a_connection_that_is_deaf_one_way_is_gone_round_by_way_of_the_third() {
    for (from, to) in [(0, 1), (1, 0)] {
        let mut world = World::new(31, 3, Topology::Mesh);
        world.deaf.insert((from, to));
        let session = world.propose(0, payload(1));
        world.pass_ms(35_000);
        for who in [1, 2] {
            world.command(who, |node, now| node.approve(session, now)).expect("it has come");
        }

        world.pass_ms(35_000);

        world.assert_signed(session);
    }
}

#[test]
fn a_link_on_which_all_is_well_is_never_asked_and_wakes_nobody() {
    let mut world = World::new(28, 3, Topology::Mesh);
    world.sent.clear();
    world.pass_ms(24 * 60 * 60 * 1000);
    assert!(world.sent.is_empty(), "{:?}", world.sent.first());
    assert!(
        world
            .phones
            .iter()
            .all(|phone| phone.node.as_ref().is_some_and(|node| node.poll_timeout().is_none()))
    );
}

#[test]
fn what_was_proposed_while_a_co_signer_was_away_comes_right_after_the_hello_and_once() {
    let mut world = World::new(28, 2, Topology::Mesh);
    world.cut(0, 1);
    world.settle();
    let session = world.propose(0, payload(1));
    world.settle();
    world.sent.clear();

    world.mend(0, 1);
    assert!(world.flying.iter().any(|flight| flight.to == 0), "the other's hello is still on its way");
    let flies = |frame: &Frame| matches!(frame, Frame::Envelope { .. });
    let frames = sent_by_proposer(&world);
    assert!(matches!(frames[0], Frame::Hello { .. }) && flies(&frames[1]), "{frames:?}");
    world.settle();

    let frames = sent_by_proposer(&world);
    assert_eq!(frames.iter().filter(|frame| flies(frame)).count(), 1, "{frames:?}");
    world.approve(1, session);
    world.settle();
    world.assert_signed(session);
}

fn sent_by_proposer(world: &World) -> Vec<Frame> {
    let sent = world.sent.iter().filter(|flight| flight.from == 0);
    sent.map(|flight| Frame::parse(&flight.bytes).expect("a frame")).collect()
}

#[test]
fn d9_and_d16_whoever_is_reached_only_through_a_relay_gets_every_message() {
    let mut world = World::new(29, 3, Topology::Star);
    for who in 1..3 {
        let (hub, spoke) = (world.phones[0].transport(), world.phones[who].transport());
        world.feed(0, Input::LinkUp { peer: spoke, path: LinkPath::Relay });
        world.feed(who, Input::LinkUp { peer: hub, path: LinkPath::Relay });
    }
    world.settle();
    let session = world.propose(1, payload(1));
    world.settle();
    for who in [0, 2] {
        world.command(who, |node, now| node.approve(session, now)).expect("it has come");
        world.settle();
    }
    world.assert_signed(session);
}
