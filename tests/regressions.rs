//! What once went wrong, one test each.

use countersign_machine::Input;
use countersign_machine::card::Card;
use countersign_machine::evidence::{EvidenceFault, verify_evidence};
use countersign_machine::frame::{Frame, Refusal};
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::key::Seed;
use countersign_machine::limits::{MAX_CARD_AHEAD_MS, MAX_INVALID};
use countersign_machine::link::{LinkPath, LinkState};
use countersign_machine::message::{Body, Envelope, Message, TransportSecret};
use countersign_machine::record::{Failure, Outcome, Record};
use countersign_machine::time::{Now, WallTime};
use countersign_tests::rig::scene::{LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Step, Topology, Vault, World, forge, payload};

#[path = "regressions/time.rs"]
mod time;

const HOUR_MS: u64 = 3_600_000;

#[test]
fn evidence_that_came_after_the_end_opened_the_session_again_at_the_next_start() {
    for completes in [false, true] {
        let mut world = World::new(1, 2, Topology::Mesh);
        let session = world.propose(0, payload(1));
        world.settle();
        let evidence = equivocation(&world, session, 1, 0);
        if completes {
            world.approve_at_once(session);
        } else {
            world.command(0, |node, now| node.cancel(session, now)).expect("nobody has signed");
            world.flying.clear();
        }
        let end = world.session(0, session).expect("known").outcome;

        world.arrive(1, 0, &evidence_frame(&evidence));
        world.crash(0);
        world.restart(0);

        let shown = world.session(0, session).expect("known");
        assert!(end.is_some() && shown.outcome == end, "{end:?} became {:?}", shown.outcome);
        assert_eq!(shown.blamed.len(), 1, "what was proven is kept");
    }
}

#[test]
fn a_proposal_of_our_own_that_another_brought_back_was_forgotten_by_a_restart() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let before = world.phones[0].journal.len();
    let session = world.propose(0, payload(1));
    world.settle();
    world.crash(0);
    world.phones[0].journal.truncate(before);
    world.restart(0);
    world.settle();

    world.crash(0);
    world.restart(0);
    world.settle();
    world.approve_at_once(session);

    for who in 0..3 {
        assert_eq!(world.session(who, session).expect("known").blamed, [], "phone {who}");
    }
    world.assert_signed(session);
    world.crash(0);
    world.restart(0);
}

#[test]
fn a_proposer_whose_journal_had_lost_its_proposal_answered_those_who_had_it() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    let proposal =
        world.first_sent(|message| matches!(message, Message::Propose { .. })).expect("a proposal");
    (1..3).for_each(|who| world.approve(who, session));
    world.cut(0, 1);
    world.cut(0, 2);
    world.settle();
    world.crash(0);
    // The proposal and the approval stay, the nonces that left with it do not.
    let committed = |bytes: &Vec<u8>| matches!(Record::parse(bytes), Some(Record::NonceCommitted { .. }));
    let lost = world.phones[0].journal.iter().position(committed).expect("they left");
    world.phones[0].journal.truncate(lost);
    world.restart(0);
    world.settle();
    world.mend(0, 1);
    world.mend(0, 2);
    // Its own words come last.
    let own =
        |flight: &Flight| flight.to == 0 && flight.envelope().is_some_and(|held| held.id() == proposal.id());
    while let Some(at) = world.steps().iter().position(|step| match step {
        Step::Answer(_) => true,
        Step::Frame(at) => !own(&world.flying[*at]),
    }) {
        world.take(world.steps()[at]);
    }
    world.settle();

    world.crash(0);
    world.restart(0);
    world.approve_at_once(session);

    assert_eq!(world.session(1, session).expect("known").blamed, []);
    world.assert_signed(session);
}

#[test]
fn a_spoilt_proposal_under_our_own_name_was_kept_and_the_journal_did_not_open_any_more() {
    let mut scene = Scene::default();
    let Message::Propose { mut terms, .. } = scene.proposal.body().message.clone() else {
        panic!("a proposal")
    };
    let slot = Slot(VICTIM as u8);
    terms.proposer = slot;
    let (wallet, session) = (terms.wallet, terms.session_id());
    let message = Message::Propose { terms, nonces: vec![1; 5] };
    let body = Body { wallet, session, slot, message };
    let frame = forge::sealed_frame(scene.world.phones[VICTIM].transport_seed(), &body);

    scene.world.arrive(LIAR, VICTIM, &frame);
    scene.world.crash(VICTIM);
    scene.world.restart(VICTIM);

    assert_eq!(scene.world.session(VICTIM, session), None);
}

#[test]
fn phones_that_started_with_slow_clocks_signed_after_the_deadline() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();
    world.phones[1].vault = Vault::Silent;
    world.approve(1, session);
    world.settle();
    let right = world.now;
    (0..2).for_each(|who| world.crash(who));
    world.cut(0, 1);
    world.now.wall.0 -= 2 * HOUR_MS;
    (0..2).for_each(|who| world.restart(who));
    world.phones[1].vault = Vault::Open;
    world.settle();
    assert!((0..2).all(|who| world.status(who).clock_suspect));

    world.now = Now { wall: WallTime(right.wall.0 + 600_000), boot: right.boot.after_ms(600_000) };
    world.mend(0, 1);
    world.settle();

    assert_eq!(world.outcome(session), Some(Outcome::Expired));
    assert_eq!(world.oracle.partials(), 0);
}

#[test]
fn a_phone_that_started_in_1970_met_nobody_once_its_clock_was_right() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.crash(0);
    let right = world.now;
    world.now.wall = WallTime(0);
    world.phones[0].open([9; 32], world.now).expect("its own journal");
    world.now = Now { wall: WallTime(right.wall.0 + 60_000), boot: right.boot.after_ms(60_000) };

    world.feed(0, Input::Listening(vec!["/memory/1".into()]));
    world.pass_ms(120_000);

    assert!(matches!(link(&world, 0, 1), LinkState::Reachable { .. }), "{:?}", link(&world, 0, 1));
}

#[test]
fn an_honest_bearer_of_a_replaced_phones_proposals_was_muted() {
    let mut world = World::new(1, 3, Topology::Mesh);
    world.pass_ms(1_000);
    world.cut(0, 2);
    world.cut(1, 2);
    for _ in 0..MAX_INVALID {
        world.propose(0, payload(1));
    }
    world.settle();
    world.cut(0, 1);
    let card = card_of_another_phone(&world, 0);
    for who in [1, 2] {
        let card = card.clone();
        world.command(who, |node, now| node.add_card(card, now)).expect("a newer card");
    }

    world.mend(1, 2);
    world.settle();
    let session = world.propose(1, payload(1));
    world.settle();

    assert!(matches!(link(&world, 2, 1), LinkState::Reachable { .. }));
    assert!(world.session(2, session).is_some(), "it hears what the bearer proposes");
}

#[test]
fn a_death_between_the_blame_and_the_end_left_the_session_open() {
    let mut deaths = 0;
    for count in 1..20 {
        let mut scene = Scene::default();
        let frame = scene.sealed(LIAR, Message::Nonces { attempt: Attempt(1), nonces: vec![2; 66] });
        scene.world.kill_before_effect(VICTIM, count);
        scene.world.arrive(LIAR, VICTIM, &frame);
        if !scene.world.spare() {
            break;
        }
        deaths += 1;
        scene.world.restart(VICTIM);
        let shown = scene.world.session(VICTIM, scene.session).expect("known");
        assert_eq!(shown.blamed.is_empty(), shown.outcome.is_none(), "died before effect {count}");
    }
    assert!(deaths > 2, "{deaths} deaths");
}

#[test]
fn a_peer_that_came_back_while_it_was_muted_stayed_unheard_for_good() {
    let mut scene = Scene::default();
    (0..MAX_INVALID).for_each(|_| scene.world.arrive(LIAR, VICTIM, &[0xff]));
    assert_eq!(scene.link(), LinkState::Muted);
    let [liar, victim] = [LIAR, VICTIM].map(|who| scene.world.phones[who].transport());
    scene.world.feed(VICTIM, Input::LinkDown { peer: liar });
    scene.world.feed(LIAR, Input::LinkDown { peer: victim });
    scene.world.flying.clear();
    scene.world.feed(VICTIM, Input::LinkUp { peer: liar, path: LinkPath::Direct });
    scene.world.feed(LIAR, Input::LinkUp { peer: victim, path: LinkPath::Direct });
    scene.world.settle();

    scene.world.forgive(VICTIM);
    scene.world.settle();

    assert!(matches!(scene.link(), LinkState::Reachable { .. }), "{:?}", scene.link());
    scene.finish();
}

#[test]
fn whoever_was_convicted_first_was_named_for_what_nobody_did() {
    let mut scene = Scene::default();
    scene.convict(Message::Complete { signatures: vec![7; 64] });
    while scene.world.session(PROPOSER, scene.session).expect("known").outcome.is_none() {
        scene.world.crash(PROPOSER);
        scene.world.restart(PROPOSER);
        scene.world.settle();
        scene.world.pass_pause();
    }

    let shown = |who| scene.world.session(who, scene.session).expect("known").outcome;
    assert_eq!(shown(PROPOSER), Some(Outcome::Failed { why: Failure::AttemptsUsedUp }));
    assert!(matches!(shown(VICTIM), Some(Outcome::Declined { slot, .. }) if slot == Slot(PROPOSER as u8)));
}

#[test]
fn a_card_that_we_issued_with_a_fast_clock_could_not_be_replaced() {
    let mut world = World::new(1, 2, Topology::Mesh);
    world.cut(0, 1);
    let right = world.now;
    world.now.wall.0 += 2 * MAX_CARD_AHEAD_MS;
    world.command(0, |node, _| node.issue_card("ahead".into())).expect("a short nickname");
    world.settle();
    world.now = Now { wall: WallTime(right.wall.0 + 1_000), boot: right.boot.after_ms(1_000) };

    world.command(0, |node, _| node.issue_card("right".into())).expect("a short nickname");
    world.settle();

    let held = Card::from_text(&world.status(0).card.expect("a card")).expect("a card");
    assert_eq!(held.statement().nickname, "right");
    assert_eq!(world.phones[0].card(), held, "what is told is what is held");
    world.mend(0, 1);
    world.settle();
    assert!(matches!(link(&world, 1, 0), LinkState::Reachable { .. }));
}

#[test]
fn evidence_for_an_attempt_that_there_is_not_convinced() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.propose(0, payload(1));
    world.settle();

    let evidence = equivocation(&world, session, 1, 200);

    assert_eq!(verify_evidence(&evidence).err(), Some(EvidenceFault::Innocent));
}

#[test]
fn the_refusal_of_a_hello_was_lost_with_the_connection_that_another_one_replaced() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let peer = world.phones[1].transport();
    world.feed(0, Input::LinkDown { peer });
    let card = world.phones[1].card().as_bytes().to_vec().into();
    let hello = Frame::Hello { version: 7, card, have: vec![], lost: false }.to_bytes();
    let refusal = Frame::Refuse { why: Refusal::Version, envelope: vec![].into() };

    // It came before our side of the connection stood; then frames take another one.
    world.arrive(1, 0, &hello);
    for _ in 0..2 {
        world.flying.clear();
        world.feed(0, Input::LinkUp { peer, path: LinkPath::Direct });

        let said: Vec<Frame> =
            world.flying.iter().map(|flight| Frame::parse(&flight.bytes).expect("our own frame")).collect();
        assert!(matches!(said[0], Frame::Hello { .. }) && said[1..] == [refusal.clone()], "{said:?}");
    }
}

#[test]
fn a_ping_that_was_lost_with_a_connection_that_another_replaced_was_never_repeated() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let peer = world.phones[1].transport();
    let wallet = world.wallet;
    world.command(0, |node, now| node.preflight(wallet, 5_000, now)).expect("a wallet of ours");
    world.flying.clear();

    world.feed(0, Input::LinkUp { peer, path: LinkPath::Direct });

    let said: Vec<Frame> =
        world.flying.iter().map(|flight| Frame::parse(&flight.bytes).expect("our own frame")).collect();
    assert!(matches!(said[..], [Frame::Hello { .. }, Frame::Ping { .. }]), "{said:?}");
}

/// Makes evidence that a phone has sent two different nonces.
fn equivocation(world: &World, session: SessionId, who: usize, attempt: u8) -> Vec<u8> {
    let words = [b"one", b"two"].map(|salt| {
        let message = Message::Nonces { attempt: Attempt(attempt), nonces: forge::nonces(1, salt) };
        let body = Body { wallet: world.wallet, session, slot: Slot(who as u8), message };
        forge::seal(world.phones[who].transport_seed(), &body)
    });
    let [one, two] = words.each_ref().map(|bytes| Envelope::parse(bytes).expect("an envelope"));
    let (first, second) = if one.id() < two.id() { (one, two) } else { (two, one) };
    let wallet =
        world.phones.iter().find_map(|phone| phone.node.as_ref()).and_then(|node| node.wallet(world.wallet));
    let keys = wallet.expect("the wallet is known").keys();
    let charge = forge::Charge::Equivocation(first.bytes(), second.bytes());
    forge::evidence(keys, world.phones[who].card().as_bytes(), charge)
}

fn evidence_frame(evidence: &[u8]) -> Vec<u8> {
    Frame::Evidence { evidence: evidence.to_vec().into() }.to_bytes().to_vec()
}

/// Makes a newer card of a participant, for a phone that there is not.
fn card_of_another_phone(world: &World, who: usize) -> Card {
    let dates = (world.now.wall, WallTime(world.now.wall.0 + HOUR_MS));
    let phone = TransportSecret::new(&[77; 32]);
    let key = world.phones[who].key();
    Card::issue(&key, Seed::new([3; 32]), &phone, "new".into(), vec![], dates).expect("a short nickname")
}

/// Returns how one phone sees its link to another.
fn link(world: &World, who: usize, other: usize) -> LinkState {
    world.status(who).wallets[0].participants[other].link
}
