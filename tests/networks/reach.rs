//! Phones that move to another network, vanish, or are not there at all: who is found, how soon, and who is named.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use countersign_tests::network::is_permitted;
use countersign_tests::network::line::Conditions;
use serde_json::json;

use countersign_tests::network::group::{Group, Lan, SOON, address};

/// How soon a phone that was told of another network is linked again.
const MOVED: Duration = Duration::from_secs(3);
/// How soon two that dial each other at once are linked: a dial that fails is repeated after a second.
const CROSSED: Duration = Duration::from_millis(900);
/// How long it may take to find out who answers.
const BUDGET: Duration = Duration::from_secs(5);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(500);

#[test]
fn a_phone_that_moves_to_another_network_in_the_midst_of_a_session_is_linked_within_three_seconds() {
    if !is_permitted() {
        return;
    }
    for moves in [0, 1] {
        let mut lan = Lan::new(2, 21);
        // As on a phone: the shell tells which addresses there are.
        let everywhere = vec!["--listen".to_owned(), "/ip4/0.0.0.0/tcp/4001".to_owned()];
        lan.group = Group::with(&[0, 1].map(|at| (&lan.namespaces[at], everywhere.clone())));
        for at in 0..2 {
            lan.group.phones[at].ask(&format!("network 1 {}", address(at)));
            let here = format!("/ip4/{}/tcp/4001", address(at));
            lan.group.phones[at].await_card(SOON, |addresses| addresses == std::slice::from_ref(&here));
        }
        lan.group.meet();
        lan.group.await_links();
        let session = lan.group.propose();
        lan.group.await_request(1);

        let elsewhere = Ipv4Addr::new(10, 0, 0, 77);
        lan.switch.readdress(&lan.namespaces[moves], lan.ports[moves], elsewhere).expect("an address");
        let began = Instant::now();
        lan.group.phones[moves].ask(&format!("network 2 {elsewhere}"));
        // The link goes down first.
        lan.group.phones[moves].forget();
        lan.group.phones[moves].read(|value| value["event"] == "link");
        lan.group.await_link(moves, 1 - moves, "reachable");
        let took = began.elapsed();
        println!("linked {took:?} after it was told of the other network");
        assert!(took <= MOVED, "{took:?}");

        lan.group.approve(1, &session);
        lan.group.assert_signed(&session, 0, SOON);
    }
}

#[test]
fn phones_that_dial_each_other_at_the_same_moment_are_linked_at_once() {
    if !is_permitted() {
        return;
    }
    let mut lan = Lan::linked(2, 25, Conditions::delayed(50));
    for _ in 0..5 {
        for phone in &mut lan.group.phones {
            phone.ask("background");
        }
        let began = Instant::now();
        for phone in &mut lan.group.phones {
            phone.say("foreground");
        }
        for phone in &mut lan.group.phones {
            phone.read(|value| value["answer"] == "foreground");
        }
        lan.group.await_link(0, 1, "reachable");
        lan.group.await_link(1, 0, "reachable");

        let took = began.elapsed();
        println!("linked {took:?} after both began to dial");
        assert!(took <= CROSSED, "{took:?}: somebody had to dial again");
    }
}

#[test]
fn a_pre_flight_names_whoever_is_in_a_black_hole_within_its_budget_linked_before_or_not() {
    if !is_permitted() {
        return;
    }
    for was_linked in [false, true] {
        let mut lan = if was_linked { Lan::linked(3, 22, Conditions::default()) } else { Lan::new(3, 22) };
        lan.switch.isolate(lan.ports[1]);
        if !was_linked {
            lan.group.meet();
        }

        let began = Instant::now();
        let report = lan.group.phones[0].ask("preflight shared 5s");
        let took = began.elapsed();

        println!("bob in a black hole, linked before: {was_linked}; known after {took:?}");
        assert!(took <= BUDGET + SLACK, "{took:?}");
        assert_eq!((&report["ready"], &report["missing"]), (&json!(false), &json!(["bob"])), "{report}");
        assert_eq!((&report["connected"], &report["total"]), (&json!(2), &json!(3)), "{report}");
    }
}

#[test]
fn a_phone_that_vanished_without_a_word_is_linked_anew_when_it_comes_back() {
    if !is_permitted() {
        return;
    }
    let mut lan = Lan::linked(2, 23, Conditions::default());
    let session = lan.group.propose();
    lan.group.await_request(1);

    // Nobody hears of its end: to ada the connection still stands.
    lan.switch.isolate(lan.ports[1]);
    lan.group.phones[1].kill();
    lan.group.await_link(0, 1, "reachable");
    lan.switch.heal();
    lan.group.restart(1, &lan.namespaces[1], address(1));
    lan.group.approve(1, &session);

    lan.group.assert_signed(&session, 0, SOON);
}

#[test]
fn a_line_that_works_one_way_only_is_gone_round_by_way_of_the_third() {
    if !is_permitted() {
        return;
    }
    for (from, to) in [(0, 1), (1, 0)] {
        let mut lan = Lan::linked(3, 24, Conditions::default());
        lan.switch.cut_one_way(lan.ports[from], lan.ports[to]);

        let began = Instant::now();
        let session = lan.group.propose();
        (1..3).for_each(|who| lan.group.approve(who, &session));
        lan.group.assert_signed(&session, 0, SOON);

        println!("nothing from {from} to {to}: signed after {:?}", began.elapsed());
        assert!(lan.switch.counts().cut > 0);
    }
}
