use super::*;
use crate::key::SigningKey;

#[test]
fn addresses_through_relays_are_dialled_after_a_head_start_or_once_the_direct_ones_have_failed() {
    let (mut link, mut dice) = (link(), Dice::new([1; 32]));
    assert_eq!(link.dial(route(&["/direct"], &["/relayed"]), at(0)), Some(vec!["/direct".into()]));
    assert_eq!(link.redial(), Some(at(HEAD_START_MS).boot));

    assert_eq!(link.dial(Route::default(), at(HEAD_START_MS)), Some(vec!["/relayed".into()]));
    assert_eq!(link.redial(), None, "all are under way");
    link.dial_failed(tried("/direct", DialFault::NoAnswer), &mut dice, at(300));
    assert_eq!(link.state(at(300)), LinkState::Dialling, "the other half is under way");
    link.dial_failed(tried("/relayed", DialFault::Refused), &mut dice, at(400));

    assert_eq!(link.state(at(400)), LinkState::Unreachable { why: Some(DialFault::NoAnswer) });
    assert_eq!(link.tried().len(), 2);
    assert_eq!(link.failed_dials(), (1, 1), "a race is one dial");

    link.hurry(at(500));
    link.dial(route(&["/direct"], &["/relayed"]), at(500));
    link.dial_failed(tried("/direct", DialFault::Refused), &mut dice, at(501));
    assert_eq!(link.redial(), Some(at(501).boot), "there is nothing to wait for");
}

#[test]
fn with_nothing_but_relays_there_is_no_head_start_and_with_nothing_at_all_no_dial() {
    let mut link = link();
    assert_eq!(link.dial(route(&[], &["/relayed"]), at(0)), Some(vec!["/relayed".into()]));
    assert_eq!(link.redial(), None);

    let mut link = self::link();
    assert_eq!(link.dial(Route::default(), at(0)), None);
    assert_eq!((link.state(at(0)), link.redial()), (LinkState::NoAddress, None));
}

#[test]
fn a_ping_without_an_answer_ends_the_connection_and_every_next_one_is_given_twice_the_time() {
    let (mut link, mut dice) = (link(), Dice::new([1; 32]));
    for (round, wait) in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000].into_iter().enumerate() {
        link.up(LinkPath::Direct);
        link.hello(&[]);
        assert_eq!(link.waits_until(), None, "nothing was asked");
        link.ping(&mut dice, at(7));
        assert_eq!(link.waits_until(), Some(at(7 + wait).boot), "round {round}");
        link.fall_silent(&mut dice, at(7 + wait));
        assert_eq!(link.redial(), Some(at(7 + wait).boot));
        assert_eq!(link.waits_until(), None);
    }
}

#[test]
fn whatever_comes_shows_that_the_connection_stands_but_only_an_answer_proves_it() {
    let (mut link, mut dice) = (link(), Dice::new([1; 32]));
    link.up(LinkPath::Direct);
    link.hello(&[]);
    link.admits(at(0));
    assert!(!link.is_quiet(at(PROBE_AFTER_MS - 1).boot) && link.is_quiet(at(PROBE_AFTER_MS).boot));

    link.ping(&mut dice, at(20_000));
    assert!(!link.is_quiet(at(20_000).boot), "it is being asked");
    link.admits(at(23_000));

    assert_eq!(link.waits_until(), Some(at(28_000).boot));
    assert!(!link.is_proven_after(0));
    assert_eq!(link.last_seen(), Some(at(23_000).wall));
}

#[test]
fn after_an_envelope_something_is_waited_for_and_whatever_comes_ends_that() {
    let (mut link, mut dice) = (link(), Dice::new([1; 32]));
    link.up(LinkPath::Direct);
    link.hello(&[]);
    link.admits(at(0));
    assert_eq!(link.waits_until(), None);

    link.sent(at(100).boot);
    link.sent(at(3_000).boot);
    assert_eq!((link.waits_until(), link.is_asked()), (Some(at(PROBE_AFTER_MS).boot), false));
    link.ping(&mut dice, at(PROBE_AFTER_MS));
    assert_eq!((link.waits_until(), link.is_asked()), (Some(at(20_000).boot), true));
    link.fall_silent(&mut dice, at(20_000));
    assert_eq!(link.waits_until(), None);

    link.up(LinkPath::Direct);
    link.hello(&[]);
    link.sent(at(40_000).boot);
    assert_eq!(link.waits_until(), Some(at(40_000).boot), "nothing has come for long: it is asked at once");
    link.admits(at(40_100));
    assert_eq!(link.waits_until(), None);
}

#[test]
fn a_phone_that_hangs_up_before_its_hello_is_dialled_with_growing_pauses() {
    let mut link = link();
    let mut dice = Dice::new([1; 32]);
    let mut pause = || {
        link.dial(route(&["/direct"], &[]), at(0));
        link.up(LinkPath::Direct);
        link.down(&mut dice, Now::default());
        link.redial().expect("a next dial").ms_from(BootTime(0))
    };

    let first = pause();
    assert!((875..=1125).contains(&first), "{first}");
    assert!(pause() > first);
}

#[test]
fn a_connection_lost_after_the_hello_is_dialled_again_at_once() {
    let mut link = link();
    link.up(LinkPath::Direct);
    link.hello(&[]);

    link.down(&mut Dice::new([1; 32]), Now::default());

    assert_eq!(link.redial(), Some(BootTime(0)));
}

#[test]
fn what_the_other_side_knows_is_remembered_up_to_a_limit() {
    let mut link = link();
    let id = |number: usize| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        EnvelopeId(id)
    };
    assert!((0..MAX_KNOWN_PER_LINK).all(|number| link.knows(id(number)) && link.shows(id(number))));
    assert!(!link.knows(id(0)) && !link.shows(id(0)), "it is no news");

    assert!(link.knows(id(MAX_KNOWN_PER_LINK)) && link.shows(id(MAX_KNOWN_PER_LINK)));

    assert!(link.knows(id(0)) && link.shows(id(0)), "it was forgotten to make room");
}

#[test]
fn no_dial_is_due_while_one_is_under_way_or_a_connection_stands() {
    let mut link = link();
    assert!(link.redial().is_some());

    link.dial(route(&["/direct"], &[]), at(0));
    assert_eq!(link.redial(), None);

    link.up(LinkPath::Direct);
    assert_eq!(link.redial(), None);
}

#[test]
fn a_pong_counts_only_for_the_ping_that_was_sent_and_only_once() {
    let secret = crate::message::TransportSecret::new(&[3; 32]);
    let me = TransportKey([4; 32]);
    let peer = secret.public();
    let mut link = link();
    link.up(LinkPath::Direct);
    link.hello(&[]);
    let sent = Now { wall: WallTime(1000), boot: BootTime(0) };
    let Frame::Ping { challenge } = link.ping(&mut Dice::new([1; 32]), sent) else { panic!("a ping") };
    let Frame::Pong { wall, signature, .. } = Frame::pong(&secret, &me, challenge, WallTime(1507)) else {
        panic!("a pong")
    };
    let back = Now { wall: WallTime(1004), boot: BootTime(4000) };

    assert!(!link.pong((&me, &peer), [0; 32], wall, &signature, back), "another challenge");
    assert!(!link.pong((&me, &peer), challenge, WallTime(9), &signature, back), "another time");
    assert!(link.pong((&me, &peer), challenge, wall, &signature, back));
    assert!(!link.pong((&me, &peer), challenge, wall, &signature, back), "a second time");
    let expected =
        LinkState::Reachable { path: LinkPath::Direct, rtt_us: Some(4000), clock_ahead_ms: Some(505) };
    assert_eq!(link.state(back), expected);
    assert!(link.is_proven_after(0) && !link.is_proven_after(1), "of that one");
}

fn at(ms: u64) -> Now {
    Now { wall: WallTime(1_000_000 + ms), boot: BootTime(ms * 1000) }
}

fn route(direct: &[&str], relayed: &[&str]) -> Route {
    let text = |list: &[&str]| list.iter().map(|address| (*address).to_owned()).collect();
    Route { direct: text(direct), relayed: text(relayed) }
}

fn tried(address: &str, why: DialFault) -> Vec<Tried> {
    vec![Tried { address: address.to_owned(), why }]
}

fn link() -> Link {
    let key = SigningKey::from_bytes(&[1; 32]).expect("a valid secret");
    Link::new(key.participant(), Now::default())
}
