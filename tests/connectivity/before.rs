//! Before a session: who answers, and what is said of those who do not.

use countersign_machine::card::Card;
use countersign_machine::fault::CallerFault;
use countersign_machine::link::{DialFault, LinkState};
use countersign_machine::plan::{Arg, MessageKey};
use countersign_tests::rig::{Topology, World};

use super::{dials, is_reachable, preflight, report_of, row};

#[test]
fn b1_one_result_for_each_participant_and_all_connected_only_if_every_one_is() {
    let mut world = World::new(1, 4, Topology::Mesh);
    let report = preflight(&mut world, 0, 5_000, 0).expect("all is known at once");
    assert_eq!((report.ready, report.connected, report.total), (true, 4, 4));
    assert_eq!(report.participants.len(), 4);
    assert_eq!((report.missing.as_slice(), report.message), ([].as_slice(), None));

    world.crash(2);
    let report = preflight(&mut world, 0, 5_000, 5_000).expect("its time is over");

    assert_eq!((report.ready, report.connected, report.total), (false, 3, 4));
    assert_eq!(report.participants.iter().filter(|one| !one.connected).count(), 1);
    assert!(!report.participants[2].connected);
}

#[test]
fn b2_we_ourselves_are_there_and_never_dialled() {
    let mut world = World::new(2, 3, Topology::Apart);
    let report = preflight(&mut world, 1, 5_000, 6_000).expect("its time is over");

    assert!(report.participants[1].connected);
    assert_eq!(report.participants[1].link, LinkState::Myself);
    assert_eq!((report.connected, dials(&world, 1, 1)), (1, 0));
}

#[test]
fn b3_whoever_cannot_be_reached_is_told_apart_by_why() {
    let mut world = World::new(3, 3, Topology::Apart);
    // A phone that listens nowhere: its newer card has no address.
    world.feed(1, countersign_machine::Input::Listening(vec![]));
    world.command(1, |node, _| node.issue_card("phone 1".into())).expect("a short name");
    world.settle();
    let card: Card = world.phones[1].card();
    world.command(0, |node, now| node.add_card(card, now)).expect("a newer card");
    world.dials.clear();

    let report = preflight(&mut world, 0, 5_000, 6_000).expect("its time is over");

    assert_eq!(report.participants[1].link, LinkState::NoAddress);
    assert_eq!(dials(&world, 0, 1), 0, "there is nothing to dial");
    assert_eq!(report.participants[2].link, LinkState::Unreachable { why: Some(DialFault::NoAnswer) });
    assert_eq!(report.participants[2].tried.len(), 1, "each address has its reason");
}

#[test]
fn b4_whoever_is_connected_is_not_dialled_but_asked_and_a_connection_that_only_seems_to_stand_counts_for_nothing()
 {
    let mut world = World::new(4, 2, Topology::Mesh);
    world.dials.clear();
    let report = preflight(&mut world, 0, 5_000, 0).expect("it has answered");
    assert!(report.ready && world.dials.is_empty());

    // The other side's answers are lost from now on, and nobody says so.
    let wallet = world.wallet;
    let id = world.command(0, |node, now| node.preflight(wallet, 3_000, now)).expect("a wallet of ours");
    world.flying.clear();
    world.pass_ms(3_000);

    let report = report_of(&world, 0, id).expect("its time is over");
    assert!(!report.ready);
    assert_eq!(report.missing, ["phone 1"]);
}

#[test]
fn b5_a_dial_that_fails_is_repeated_after_1_and_2_seconds_and_three_in_vain_are_a_verdict() {
    let mut world = World::new(5, 2, Topology::Apart);
    world.pass_ms(70_000);
    world.dials.clear();
    let begun = world.now.boot;
    let wallet = world.wallet;
    let id = world.command(0, |node, now| node.preflight(wallet, 10_000, now)).expect("a wallet of ours");
    let mut moments = Vec::new();
    let mut seen = 0;
    for _ in 0..500 {
        world.pass_ms(10);
        if dials(&world, 0, 1) > seen {
            seen = dials(&world, 0, 1);
            moments.push(world.now.boot.ms_from(begun));
        }
    }

    // The pauses are 1 s and 2 s with an eighth of jitter either way.
    assert!(moments[0] <= 10, "{moments:?}");
    assert!((865..=1_135).contains(&(moments[1] - moments[0])), "{moments:?}");
    assert!((1_740..=2_260).contains(&(moments[2] - moments[1])), "{moments:?}");
    let report = report_of(&world, 0, id);
    let report = report.expect("three dials are enough");
    assert_eq!(report.participants[1].failed_dials, 3);
    assert!(report.took_ms < 4_000, "long before its time was over: {}", report.took_ms);
}

#[test]
fn b6_every_address_is_dialled_the_direct_ones_first_and_the_report_lists_them_all() {
    let mut world = World::new(6, 2, Topology::Apart);
    let addresses = ["/memory/2", "/memory/77", "/memory/9/p2p-circuit"].map(str::to_owned).to_vec();
    world.feed(1, countersign_machine::Input::Listening(addresses));
    world.command(1, |node, _| node.issue_card("phone 1".into())).expect("a short name");
    world.settle();
    let card = world.phones[1].card();
    world.command(0, |node, now| node.add_card(card, now)).expect("a newer card");
    world.settle();
    world.dials.clear();

    let report = preflight(&mut world, 0, 5_000, 5_000).expect("three rounds of dials");

    let asked: Vec<_> = world.dials.iter().filter(|(who, ..)| *who == 0).map(|(.., to)| to.clone()).collect();
    assert_eq!(asked[0], ["/memory/2", "/memory/77"]);
    assert_eq!(asked[1], ["/memory/9/p2p-circuit"]);
    let tried: Vec<_> = report.participants[1].tried.iter().map(|tried| tried.address.as_str()).collect();
    assert_eq!(tried, ["/memory/2", "/memory/77", "/memory/9/p2p-circuit"]);
}

#[test]
fn b8_a_report_names_people_and_says_one_sentence() {
    let mut world = World::new(8, 3, Topology::Mesh);
    world.crash(1);
    world.crash(2);
    let report = preflight(&mut world, 0, 5_000, 5_000).expect("its time is over");

    assert_eq!((report.ready, report.connected, report.total), (false, 1, 3));
    assert_eq!(report.missing, ["phone 1", "phone 2"]);
    let message = report.message.expect("there is something to say");
    assert_eq!(message.key, MessageKey::CannotReach);
    assert_eq!(message.args, [Arg::Name("phone 1".into()), Arg::Name("phone 2".into())]);
    assert!(report.took_ms <= 5_000);
}

#[test]
fn b9_a_participant_without_a_card_makes_the_wallet_not_ready_and_is_named() {
    let mut world = World::new(9, 3, Topology::Mesh);
    let stranger = World::new(90, 2, Topology::Apart).phones[0].participant();
    let known = world.phones[1].participant();
    let wallet = world
        .command(0, |node, now| {
            let me = node.status(now).participant;
            node.create_wallet("with a stranger".into(), vec![me, known, stranger], now)
        })
        .expect("three keys");
    let id = world.command(0, |node, now| node.preflight(wallet, 5_000, now)).expect("a wallet of ours");
    world.settle();

    let report = report_of(&world, 0, id);
    let report = report.expect("it is known at once");
    assert_eq!((report.ready, report.connected, report.total), (false, 2, 3));
    assert_eq!(report.missing, [stranger.to_string()[..8].to_owned()]);
    assert!(report.participants.iter().any(|one| one.link == LinkState::Unknown));
}

#[test]
fn b10_an_absent_co_signer_keeps_nobody_from_beginning_who_wants_to_and_the_session_waits() {
    let mut world = World::new(10, 2, Topology::Mesh);
    world.crash(1);
    world.settle();
    assert!(!preflight(&mut world, 0, 5_000, 5_000).expect("its time is over").ready);

    let session = world.propose(0, countersign_tests::rig::payload(1));
    world.settle();
    world.restart(1);
    world.settle();
    world.command(1, |node, now| node.approve(session, now)).expect("it has come");
    world.settle();

    world.assert_signed(session);
}

#[test]
fn d10_and_a_pre_flight_that_cannot_be_is_refused_and_changes_nothing() {
    let mut world = World::new(11, 2, Topology::Mesh);
    let wallet = world.wallet;
    let before = world.status(0);
    for (wallet, budget_ms, fault) in [
        (countersign_machine::id::WalletId([7; 32]), 5_000, None),
        (wallet, 0, Some(CallerFault::OutOfRange("a pre-flight"))),
        (wallet, 60_001, Some(CallerFault::OutOfRange("a pre-flight"))),
    ] {
        let refused = world.command(0, |node, now| node.preflight(wallet, budget_ms, now));
        let fault = fault.unwrap_or(CallerFault::UnknownWallet(wallet));
        assert_eq!(refused.expect_err("it cannot be"), fault);
    }
    assert_eq!(world.status(0), before);
    world.silent_dials = true;
    world.crash(1);
    for _ in 0..16 {
        world.command(0, |node, now| node.preflight(wallet, 60_000, now)).expect("there is room");
    }
    let one_more = world.command(0, |node, now| node.preflight(wallet, 60_000, now));
    assert_eq!(one_more.expect_err("there are enough"), CallerFault::TooMany("pre-flights"));
}

#[test]
fn d11_of_fifteen_one_dead_all_is_known_within_the_budget_and_the_living_at_once() {
    let mut world = World::new(12, 15, Topology::Star);
    world.crash(7);
    world.silent_dials = true;
    let wallet = world.wallet;
    let id = world.command(0, |node, now| node.preflight(wallet, 5_000, now)).expect("a wallet of ours");
    world.settle();

    let living = (1..15).filter(|other| is_reachable(&world, 0, *other)).count();
    assert_eq!(living, 13, "they are shown before the report comes");
    world.pass_ms(5_000);
    let report = report_of(&world, 0, id);
    let report = report.expect("its time is over");
    assert_eq!((report.connected, report.took_ms, report.missing.len()), (14, 5_000, 1));
    assert_eq!(row(&world, 0, 7).slot, report.participants[7].slot);
}
