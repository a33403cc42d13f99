//! Who says that it is there, when, and who believes it.

use countersign_machine::effect::Event;
use countersign_machine::fault::{CallerFault, Fault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::limits::{
    DEFAULT_PRESENCE_MS, MAX_INVALID, MAX_PRESENCE_MS, MIN_PRESENCE_MS, PRESENCE_RETRY_MS,
};
use countersign_machine::link::LinkState;
use countersign_machine::presence::{Here, Presence};
use countersign_machine::status::{OwnPresence, PeerPresence};
use countersign_machine::time::BootTime;
use countersign_machine::{Input, Node, Wake};
use countersign_tests::rig::{Topology, World};

use super::{MINUTE, restart_phone};

#[test]
fn a_presence_is_said_at_once_and_again_after_two_fifths_of_its_validity() {
    for (ttl_ms, every_ms) in [
        (MIN_PRESENCE_MS, 4_000),
        (10_001, 4_000),
        (99_999, 39_999),
        (DEFAULT_PRESENCE_MS, 1_440_000),
        (MAX_PRESENCE_MS, 34_560_000),
    ] {
        let mut world = World::new(1, 3, Topology::Mesh);
        start(&mut world, ttl_ms);
        for round in 0..3 {
            let said = said(&mut world);
            assert_eq!(said.len(), 2, "one to each: {said:?}");
            for (to, presence) in &said {
                let found = (presence.here, presence.at, presence.ttl_ms);
                assert!(*to > 0 && found == (Here::Online, world.now_of(0).wall, ttl_ms), "{presence:?}");
            }
            let last_refresh = Some(world.now_of(0).wall);
            let shown = OwnPresence { ttl_ms, last_refresh, next_in_ms: Some(every_ms) };
            assert_eq!(world.status(0).presence, Some(shown), "round {round}");
            let (due, _) = timer(&world).expect("it is said again");
            assert_eq!(due, world.now_of(0).boot.after_ms(every_ms));
            world.pass_ms(every_ms - 1);
            assert_eq!(self::said(&mut world), vec![], "not before");
            world.pass_ms(1);
        }
        assert_eq!(refreshed(&world), [(true, every_ms); 4]);
    }
}

#[test]
fn a_new_validity_takes_the_place_of_the_old_one() {
    let mut world = World::new(1, 2, Topology::Mesh);
    start(&mut world, 100_000);
    world.pass_ms(10_000);
    said(&mut world);
    start(&mut world, 50_000);
    assert_eq!(said(&mut world).len(), 1, "at once");
    for _ in 0..5 {
        world.pass_ms(19_999);
        assert_eq!(said(&mut world), vec![]);
        world.pass_ms(1);
        let [(1, presence)] = &said(&mut world)[..] else { panic!("one, and none of the old ones") };
        assert_eq!(presence.ttl_ms, 50_000);
    }

    for ttl_ms in [0, MIN_PRESENCE_MS - 1, MAX_PRESENCE_MS + 1, u64::MAX] {
        let refused = world.command(0, |node, now| node.start_presence(ttl_ms, now));
        assert_eq!(refused, Err(CallerFault::OutOfRange("a presence")));
    }
    assert_eq!(world.status(0).presence.map(|own| own.ttl_ms), Some(50_000));
}

#[test]
fn stopping_withdraws_it_and_leaves_no_timer() {
    let mut world = World::new(1, 3, Topology::Mesh);
    start(&mut world, 100_000);
    world.pass_ms(1_000);
    said(&mut world);
    world.act(0, |node, now| node.stop_presence(now));
    world.settle();

    assert_eq!(heres(&mut world), [Here::Withdrawn; 2]);
    assert_eq!((world.status(0).presence, timer(&world)), (None, None));
    assert_eq!((seen(&world, 1), seen(&world, 2)), (None, None));
    world.act(0, |node, now| node.stop_presence(now));
    for restart in [false, true] {
        if restart {
            restart_phone(&mut world, 0);
        }
        world.pass_ms(10 * MINUTE);
        assert_eq!((heres(&mut world), timer(&world)), (vec![], None));
        assert_eq!(world.status(0).presence, None);
    }
}

#[test]
fn a_restart_goes_on_with_it_at_once() {
    let mut world = World::new(1, 2, Topology::Mesh);
    start(&mut world, 100_000);
    world.pass_ms(10_000);
    for _ in 0..2 {
        said(&mut world);
        restart_phone(&mut world, 0);
        assert_eq!(heres(&mut world), [Here::Online]);
        let next_in_ms = Some(40_000);
        let last_refresh = Some(world.now_of(0).wall);
        assert_eq!(world.status(0).presence, Some(OwnPresence { ttl_ms: 100_000, last_refresh, next_in_ms }));
        assert_eq!(seen(&world, 1), Some((Here::Online, 100_000)));
        world.pass_ms(39_999);
        assert_eq!(heres(&mut world), []);
        world.pass_ms(1);
        assert_eq!(heres(&mut world), [Here::Online]);
        world.pass_ms(1_000);
    }
}

#[test]
fn in_the_background_it_says_that_it_is_away_once_and_in_the_foreground_that_it_is_back() {
    let mut world = World::new(1, 2, Topology::Mesh);
    start(&mut world, 100_000);
    world.pass_ms(1_000);
    said(&mut world);
    for _ in 0..2 {
        world.feed(0, Input::WentToBackground);
        world.settle();
    }
    assert_eq!(heres(&mut world), [Here::Away]);
    assert_eq!(seen(&world, 1), Some((Here::Away, 100_000)));
    assert_eq!(timer(&world), None);
    assert_eq!(world.status(0).presence.map(|own| own.next_in_ms), Some(None));
    world.pass_ms(MINUTE);
    assert_eq!(heres(&mut world), []);
    assert_eq!(seen(&world, 1), Some((Here::Away, 40_000)));
    start(&mut world, 50_000);
    assert_eq!((heres(&mut world), timer(&world)), (vec![], None), "nor with another validity");

    world.feed(0, Input::CameToForeground);
    world.settle();

    assert_eq!(heres(&mut world), [Here::Online]);
    assert_eq!(seen(&world, 1), Some((Here::Online, 50_000)));
    world.pass_ms(20_000);
    assert_eq!(heres(&mut world), [Here::Online]);
}

#[test]
fn with_nobody_there_it_is_tried_again_after_growing_pauses_until_somebody_comes() {
    let mut world = World::new(1, 2, Topology::Mesh);
    start(&mut world, 100_000);
    let reached = Some(world.now_of(0).wall);
    world.pass_ms(1_000);
    world.crash(1);
    world.pass_ms(39_000);
    let mut tries = vec![(true, 40_000), (false, PRESENCE_RETRY_MS)];
    assert_eq!(refreshed(&world), tries);
    for (pause, next) in [(5_000, 10_000), (10_000, 20_000), (20_000, 40_000), (40_000, 40_000)] {
        world.pass_ms(pause - 1);
        assert_eq!(refreshed(&world), tries);
        world.pass_ms(1);
        tries.push((false, next));
        assert_eq!(refreshed(&world), tries);
        let shown = OwnPresence { ttl_ms: 100_000, last_refresh: reached, next_in_ms: Some(next) };
        assert_eq!(world.status(0).presence, Some(shown), "it was published the first time only");
    }

    world.pass_ms(7_000);
    said(&mut world);
    world.restart(1);
    world.settle();

    tries.push((true, 40_000));
    assert_eq!(refreshed(&world), tries, "who comes is told, and that is the refresh");
    assert_eq!(heres(&mut world), [Here::Online]);
    assert_eq!(world.status(0).presence.map(|own| own.last_refresh), Some(Some(world.now_of(0).wall)));
    assert_eq!(seen(&world, 1), Some((Here::Online, 100_000)));
}

#[test]
fn who_comes_between_two_refreshes_is_told_and_the_others_are_not_told_again() {
    let mut world = World::new(1, 3, Topology::Mesh);
    start(&mut world, 100_000);
    world.pass_ms(15_000);
    world.crash(2);
    said(&mut world);
    world.restart(2);
    world.settle();

    assert_eq!(said(&mut world).iter().map(|(to, _)| *to).collect::<Vec<_>>(), [2]);
    assert_eq!(
        (seen(&world, 1), seen(&world, 2)),
        (Some((Here::Online, 85_000)), Some((Here::Online, 100_000)))
    );
    assert_eq!(world.status(0).presence.and_then(|own| own.next_in_ms), Some(25_000), "as before");
}

#[test]
fn co_signers_believe_it_for_as_long_as_it_says_and_no_longer() {
    let mut world = World::new(1, 3, Topology::Mesh);
    assert_eq!(seen(&world, 1), None);
    start(&mut world, 100_000);
    let said_at = world.now_of(0).wall;
    world.pass_ms(30_000);
    let shown = world.status(1).wallets[0].participants[0].presence;
    assert_eq!(shown, Some(PeerPresence { here: Here::Online, said_at, left_ms: 70_000 }));
    world.crash(0);
    world.pass_ms(69_999);
    assert_eq!(seen(&world, 1), Some((Here::Online, 1)));
    world.pass_ms(1);
    assert_eq!((seen(&world, 1), seen(&world, 2)), (None, None));
}

#[test]
fn a_presence_that_another_has_signed_is_refused_and_counted_and_changes_nothing() {
    let mut world = World::new(1, 3, Topology::Mesh);
    start(&mut world, 100_000);
    let genuine = frames(&world).last().expect("it was said").1.clone();
    world.command(1, |node, now| node.start_presence(50_000, now)).expect("within the limits");
    world.pass_ms(1_000);
    let mut changed = genuine;
    *changed.last_mut().expect("a signature") ^= 1;
    let is_presence = |bytes: &[u8]| matches!(Frame::parse(bytes), Ok(Frame::Presence { .. }));
    let of_another = world.sent.iter().find(|flight| flight.from == 1 && is_presence(&flight.bytes));
    let of_another = of_another.expect("the other says it, too").bytes.to_vec();
    for number in 1..=MAX_INVALID {
        let before = world.status(2).sessions;
        world.arrive(0, 2, if number % 2 == 0 { &changed } else { &of_another });
        let Some(Fault::Peer { kind, .. }) = world.phones[2].faults.pop() else { panic!("it was taken") };
        assert_eq!(kind, PeerFault::BadSignature);
        assert_eq!(world.status(2).sessions, before);
        assert_eq!(seen(&world, 2), Some((Here::Online, 99_000)));
        let muted = world.status(2).wallets[0].participants[0].link == LinkState::Muted;
        assert_eq!(muted, number == MAX_INVALID, "after {number}");
    }
}

#[test]
fn the_last_word_counts_whatever_the_clock_of_whoever_says_it_shows() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.set_clock(0, 3_600_000);
    world.settle();
    start(&mut world, 100_000);
    assert_eq!(seen(&world, 1).map(|(here, _)| here), Some(Here::Online));

    world.pass_ms(1_000);
    world.set_clock(0, 0);
    world.settle();
    world.feed(0, Input::WentToBackground);
    world.settle();

    assert_eq!(seen(&world, 1), Some((Here::Away, 100_000)));
    assert_eq!(world.faults(), []);
}

/// Lets the first phone say from now on that it is there.
fn start(world: &mut World, ttl_ms: u64) {
    world.command(0, |node, now| node.start_presence(ttl_ms, now)).expect("within the limits");
    world.settle();
}

/// Returns what the first phone's timer waits for, if that is its presence.
fn timer(world: &World) -> Option<(BootTime, Wake)> {
    let next = world.phones[0].node.as_ref().and_then(Node::poll_timeout);
    next.filter(|(_, wake)| *wake == Wake::Presence)
}

/// Returns how the first phone is seen by another, and for how much longer.
fn seen(world: &World, who: usize) -> Option<(Here, u64)> {
    let shown = world.status(who).wallets[0].participants[0].presence;
    shown.map(|presence| (presence.here, presence.left_ms))
}

/// Takes what the first phone has said of being there since this was asked last, and to whom.
fn said(world: &mut World) -> Vec<(usize, Presence)> {
    let all = frames(world).into_iter().map(|(to, bytes)| {
        let Ok(Frame::Presence { presence }) = Frame::parse(&bytes) else { panic!("a presence") };
        (to, presence)
    });
    let all = all.collect();
    world.sent.clear();
    all
}

fn heres(world: &mut World) -> Vec<Here> {
    said(world).into_iter().map(|(_, presence)| presence.here).collect()
}

/// Returns the frames in which the first phone says whether it is there.
fn frames(world: &World) -> Vec<(usize, Vec<u8>)> {
    let own = world.sent.iter().filter(|flight| flight.from == 0);
    let presences = own.filter(|flight| matches!(Frame::parse(&flight.bytes), Ok(Frame::Presence { .. })));
    presences.map(|flight| (flight.to, flight.bytes.to_vec())).collect()
}

/// Returns for each time that the first phone has said it whether somebody was there, and when the next is due.
fn refreshed(world: &World) -> Vec<(bool, u64)> {
    let mut all = Vec::new();
    for event in &world.phones[0].events {
        if let Event::Presence(refreshed) = event {
            all.push((refreshed.reached, refreshed.next_in_ms));
        }
    }
    all
}
