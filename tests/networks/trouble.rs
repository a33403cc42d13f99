//! Sessions on networks that cut, delay, lose, repeat and drip: they pause, and end in the attempt they began in.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use countersign_tests::network::is_permitted;
use countersign_tests::network::line::Conditions;

use countersign_tests::network::group::{Lan, SOON};

/// How long a long cut lasts.
const LONG: Duration = Duration::from_secs(30);
/// How long a short one does.
const SHORT: Duration = Duration::from_secs(3);
/// How long after it has healed a session may take: TCP's pause before it sends again doubles while nothing gets
/// through, so about as long as the cut has lasted, and as much again for a busy machine.
const AFTER: Duration = Duration::from_secs(60);

/// When Bob is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Before he has heard of the session.
    Proposal,
    /// In round 1: before his nonces are with the others.
    Nonces,
    /// In round 2: before his partial signatures are.
    Partials,
}

#[test]
fn a_cut_of_half_a_minute_in_either_round_heals_and_costs_no_attempt() {
    if is_permitted() {
        at_once([(2, Moment::Partials), (3, Moment::Nonces), (3, Moment::Partials)], |(count, moment)| {
            cut_and_heal(count, moment, LONG);
        });
    }
}

#[test]
fn a_short_cut_heals_as_well() {
    if is_permitted() {
        at_once([(2, Moment::Proposal), (3, Moment::Proposal), (2, Moment::Nonces)], |(count, moment)| {
            cut_and_heal(count, moment, SHORT);
        });
    }
}

#[test]
fn a_long_way_that_loses_one_packet_in_twenty_costs_no_attempt() {
    if !is_permitted() {
        return;
    }
    let far = Conditions { delay_ms: 200, lost: 50, ..Conditions::default() };
    for count in [2, 3] {
        let mut lan = Lan::linked(count, 11, far);

        let took = sign(&mut lan);

        println!("{count} phones, 200 ms each way, 5 % lost: {took:?}; {:?}", lan.switch.counts());
        assert!(took > Duration::from_millis(400), "there and back: {took:?}");
        assert!(lan.switch.counts().lost > 0);
    }
}

#[test]
fn packets_that_come_twice_and_out_of_order_do_no_harm() {
    if !is_permitted() {
        return;
    }
    let bad =
        Conditions { delay_ms: 10, jitter_ms: 10, doubled: 200, held_back: 200, ..Conditions::default() };
    let mut lan = Lan::linked(3, 12, bad);

    let took = sign(&mut lan);

    println!("3 phones, 20 % doubled, 20 % held back: {took:?}; {:?}", lan.switch.counts());
    assert!(lan.switch.counts().doubled > 0);
}

#[test]
fn a_line_that_works_one_way_only_pauses_a_session_until_it_heals() {
    if !is_permitted() {
        return;
    }
    at_once([(0, 1), (1, 0)], |(from, to)| {
        let mut lan = Lan::linked(2, 13, Conditions::default());
        lan.switch.cut_one_way(lan.ports[from], lan.ports[to]);
        let session = lan.group.propose();
        let hears = to == 0;
        if hears {
            lan.group.approve(1, &session);
        }
        std::thread::sleep(SHORT);
        lan.group.await_missing(&[1]);
        assert!(lan.switch.counts().cut > 0);

        lan.switch.heal();
        if !hears {
            lan.group.approve(1, &session);
        }

        lan.group.assert_signed(&session, 0, AFTER);
    });
}

#[test]
fn a_line_that_drips_is_waited_for() {
    if !is_permitted() {
        return;
    }
    let mut lan = Lan::linked(2, 14, Conditions::default());
    lan.switch.set_all(Conditions { bits_per_second: Some(1_000), ..Conditions::default() });

    let took = sign(&mut lan);

    println!("2 phones, 1 kbit/s: {took:?}; {:?}", lan.switch.counts());
    assert!(took > Duration::from_secs(2), "it dripped: {took:?}");
}

#[test]
fn a_phone_whose_packets_vanish_is_named_as_missing_and_no_other() {
    if !is_permitted() {
        return;
    }
    let mut lan = Lan::new(3, 15);
    lan.switch.isolate(lan.ports[1]);
    lan.group.meet();
    let session = lan.group.propose();
    lan.group.approve(2, &session);

    lan.group.await_link(0, 1, "unreachable");
    lan.group.await_link(0, 2, "reachable");
    lan.group.await_missing(&[1]);
    let status = lan.group.phones[0].ask("status");
    let slot = lan.group.slot(1);
    assert_eq!(status["wallets"][0]["participants"][slot]["why"], "no_answer", "{status}");
    assert_eq!(status["sessions"][0]["blocked"]["whom"], serde_json::json!([slot]), "{status}");
}

#[test]
fn a_phone_that_starts_again_at_another_address_is_found_and_signs_in_the_same_attempt() {
    if !is_permitted() {
        return;
    }
    let mut lan = Lan::linked(2, 16, Conditions::default());
    let session = lan.group.propose();
    lan.group.await_request(1);

    let elsewhere = Ipv4Addr::new(10, 0, 0, 77);
    lan.group.phones[1].quit();
    lan.switch.readdress(&lan.namespaces[1], lan.ports[1], elsewhere).expect("an address");
    lan.group.restart(1, &lan.namespaces[1], elsewhere);
    lan.group.approve(1, &session);

    lan.group.assert_signed(&session, 0, AFTER);
}

/// Cuts Bob off at this moment, for so long; then everybody signs, in the attempt that had begun.
fn cut_and_heal(count: usize, moment: Moment, lasts: Duration) {
    let mut lan = Lan::linked(count, 10, Conditions::delayed(20));
    let bob = lan.ports[1];
    if moment == Moment::Proposal {
        lan.switch.isolate(bob);
    }
    let session = lan.group.propose();
    match moment {
        Moment::Proposal => {}
        Moment::Nonces => {
            lan.group.await_request(1);
            lan.switch.isolate(bob);
            lan.group.approve(1, &session);
        }
        Moment::Partials => {
            if count > 2 {
                lan.group.approve(1, &session);
                lan.group.await_progress(2, 1, "nonces");
            }
            // He hears what makes him sign, and is not heard.
            lan.switch.mute(bob);
        }
    }
    (2..count).for_each(|who| lan.group.approve(who, &session));
    if moment == Moment::Partials {
        if count == 2 {
            lan.group.approve(1, &session);
        }
        lan.group.await_progress(1, 1, "partials");
        lan.switch.isolate(bob);
    }
    std::thread::sleep(lasts);
    lan.group.await_missing(&[1]);
    assert!(lan.switch.counts().cut > 0);

    let healed = Instant::now();
    lan.switch.heal();
    if moment == Moment::Proposal {
        lan.group.approve(1, &session);
    }
    lan.group.assert_signed(&session, 0, AFTER);
    println!("{count} phones, cut before the {moment:?} for {lasts:?}: {:?} after", healed.elapsed());
}

/// Lets everybody sign, and returns how long it took.
fn sign(lan: &mut Lan) -> Duration {
    let began = Instant::now();
    let session = lan.group.propose();
    (1..lan.group.phones.len()).for_each(|who| lan.group.approve(who, &session));
    lan.group.assert_signed(&session, 0, SOON);
    began.elapsed()
}

/// Judges all cases at the same time: most of it is waiting.
fn at_once<T: Send, const N: usize>(cases: [T; N], judge: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| judge(case));
        }
    });
}
