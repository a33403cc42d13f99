//! How often and how much: lists, cards, questions, known items.

use countersign_machine::Node;
use countersign_machine::Wake;
use countersign_machine::limits::{
    ASK_AGAIN_MAX_MS, ASK_AGAIN_MS, CARD_BURST, CARDS_PER_HOUR, CLOCK_PING_MS, HAVE_BURST, HAVES_PER_SECOND,
    MAX_CLOCK_FALL_MS, MAX_EARLY_BYTES, MAX_HAVE_BYTES, MAX_KNOWN_ITEMS,
};
use countersign_tests::rig::Flight;

use super::*;

#[test]
fn a_peer_may_send_a_burst_of_lists_of_what_it_holds_and_then_four_a_second() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let have = Frame::Have { have: vec![], lost: false }.to_bytes();
    let refused_of = |world: &mut World, count: u64| {
        (0..count).for_each(|_| world.arrive(0, 1, &have));
        std::mem::take(&mut world.phones[1].faults).len() as u64
    };
    world.pass_ms(HAVE_BURST * 1_000);

    assert_eq!(refused_of(&mut world, HAVE_BURST), 0);
    assert_eq!(refused_of(&mut world, 1), 1);
    world.pass_ms(1_000);
    assert_eq!(refused_of(&mut world, HAVES_PER_SECOND), 0);
    assert_eq!(refused_of(&mut world, 1), 1);
    assert!(
        matches!(world.status(1).wallets[0].participants[0].link, LinkState::Reachable { .. }),
        "not muted"
    );
}

#[test]
fn newer_cards_of_one_participant_are_taken_up_to_a_burst_and_then_one_a_minute() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let issue = |world: &mut World, number: u64| {
        world.pass_ms(1);
        world.command(0, |node, _| node.issue_card(number.to_string())).expect("a short nickname");
        world.settle();
        world.status(1).wallets[0].participants[0].nickname.clone().expect("a card")
    };
    for number in 0..CARD_BURST {
        assert_eq!(issue(&mut world, number), number.to_string());
    }

    assert_ne!(issue(&mut world, 100), "100");
    world.pass_ms(3_600_000 / CARDS_PER_HOUR);
    assert_eq!(issue(&mut world, 101), "101");
    assert_ne!(issue(&mut world, 102), "102");
    assert_eq!(world.faults(), []);
}

#[test]
fn a_proposers_items_are_bounded_until_they_are_forgotten() {
    let mut world = World::new(1, 2, Topology::Apart);
    let cancel = |world: &mut World| {
        let session = world.try_propose(0, payload(MAX_ITEMS as u32))?;
        world.settle();
        world.command(0, |node, now| node.cancel(session, now))
    };
    world.phones[0].vault = Vault::Silent;
    for _ in 0..MAX_KNOWN_ITEMS.div_ceil(MAX_ITEMS) {
        assert_eq!(cancel(&mut world), Ok(()));
    }

    let full = CallerFault::TooMany("sessions whose deadline is not long past");
    assert_eq!(cancel(&mut world), Err(full));
    world.pass_ms(DEFAULT_SESSION_MS + FORGET_AFTER_MS + 1);
    assert_eq!(cancel(&mut world), Ok(()));
}

#[test]
fn a_list_of_what_is_held_is_cut_and_what_it_leaves_out_is_sent_again() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.cut(0, 1);
    world.settle();
    world.phones[0].vault = Vault::Silent;
    for _ in 0..MAX_HAVE_BYTES / 40 {
        let session = world.propose(0, payload(1));
        world.command(0, |node, now| node.cancel(session, now)).expect("nobody has signed");
        world.settle();
    }
    let sent = world.sent.len();

    world.mend(0, 1);
    world.phones[0].vault = Vault::Open;
    world.settle();
    let session = world.propose(0, payload(1));
    world.approve_at_once(session);

    let longest = world.sent[sent..].iter().map(|flight| flight.bytes.len()).max().expect("a hello");
    assert!((MAX_HAVE_BYTES / 2..MAX_FRAME_BYTES).contains(&longest), "{longest} bytes");
    world.assert_flawless(session);
}

#[test]
fn early_envelopes_are_bounded_by_their_bytes_too() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.cut(0, 2);
    let session = world.propose(0, payload(1));
    let big = |number: u8| {
        let message = Message::Nonces { attempt: Attempt(0), nonces: vec![2; MAX_EARLY_BYTES / 8] };
        let body = Body { wallet: world.wallet, session: SessionId([number; 32]), slot: Slot(1), message };
        forge::sealed_frame(world.phones[1].transport_seed(), &body)
    };
    let flood: Vec<Vec<u8>> = (0..20).map(big).collect();

    flood.iter().for_each(|frame| world.arrive(1, 2, frame));
    world.approve_at_once(session);

    world.assert_flawless(session);
}

#[test]
fn whoever_has_signed_asks_for_what_it_lacks_ever_more_seldom() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), MAX_SESSION_MS).expect("thirty days");
    world.settle();
    world.lie(&[1], |word| word.withhold(&["partials", "answer", "complete"]));
    world.approve(2, session);
    world.approve(1, session);
    world.settle();
    assert_eq!(world.session(0, session).expect("known").waits_for, [Slot(1)]);

    let mut pause = ASK_AGAIN_MS;
    for _ in 0..14 {
        let sent = world.sent.len();
        world.pass_ms(pause - 1);
        let asks = |world: &World| {
            let since = world.sent[sent..].iter().filter(|flight| flight.from == 0 && flight.to == 2);
            since.filter(|flight| is_have(flight)).count()
        };
        assert_eq!(asks(&world), 0, "before {pause} ms");
        world.pass_ms(1);
        assert_eq!(asks(&world), 1, "after {pause} ms");
        pause = (2 * pause).min(ASK_AGAIN_MAX_MS);
    }
    assert_eq!(pause, ASK_AGAIN_MAX_MS);
}

#[test]
fn co_signers_are_asked_the_time_every_half_minute_while_the_clock_is_suspect() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.set_clock(0, -10 * MAX_CLOCK_FALL_MS as i64);
    world.feed(0, Input::Listening(vec![]));
    assert!(world.status(0).clock_suspect);
    world.settle();
    let pings =
        |world: &World| world.sent.iter().filter(|flight| flight.from == 0 && is_ping(flight)).count();
    let before = pings(&world);

    world.pass_ms(10 * CLOCK_PING_MS);

    assert_eq!(pings(&world) - before, 10);
    let wake = |node: &Node| node.poll_timeout().map(|(_, wake)| wake);
    assert_eq!(world.phones[0].node.as_ref().and_then(wake), Some(Wake::Clock));
}

fn is_have(flight: &Flight) -> bool {
    matches!(Frame::parse(&flight.bytes), Ok(Frame::Have { .. }))
}

fn is_ping(flight: &Flight) -> bool {
    matches!(Frame::parse(&flight.bytes), Ok(Frame::Ping { .. }))
}
