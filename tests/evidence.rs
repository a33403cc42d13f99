//! Evidence convinces anybody of what a liar did, and nobody of what an honest phone did not do.

use std::collections::BTreeMap;

use countersign_machine::evidence::{EvidenceFault, Offence, Verdict, verify_evidence};
use countersign_machine::fault::{Fault, PeerFault};
use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, SessionId, Slot};
use countersign_machine::key::ParticipantKey;
use countersign_machine::message::{Envelope, Message, Terms};
use countersign_machine::status::Blamed;
use countersign_tests::rig::forge::{self, Charge};
use countersign_tests::rig::scene::{ITEMS, LIAR, PROPOSER, Scene, VICTIM};
use countersign_tests::rig::{Flight, Step, Topology, Word, World, payload};

#[path = "evidence/mutation.rs"]
mod mutation;

#[test]
fn every_offence_makes_evidence_that_convinces_a_third_person() {
    for case in cases() {
        for who in [PROPOSER, VICTIM] {
            let [bytes] = &case.evidence(who)[..] else { panic!("one piece of {:?}", case.offence) };

            let verdict = verify_evidence(bytes).expect("evidence");

            assert_eq!(verdict, case.verdict(), "phone {who}");
        }
    }
}

#[test]
fn evidence_survives_a_restart() {
    for mut case in cases() {
        for who in [PROPOSER, VICTIM] {
            let (evidence, shown) = (case.evidence(who), case.blamed(who));
            case.world.crash(who);
            case.world.restart(who);

            assert_eq!(case.evidence(who), evidence);
            assert_eq!(case.blamed(who), shown, "at once");
            case.world.settle();
            assert_eq!(case.evidence(who), evidence, "and later");
        }
    }
}

#[test]
fn evidence_convinces_a_phone_that_was_away() {
    for mut case in cases() {
        let evidence = case.evidence(VICTIM);
        let before = case.away.expect("its journal before the lie");
        case.world.crash(PROPOSER);
        case.world.phones[PROPOSER].journal.truncate(before);
        case.world.cut(PROPOSER, LIAR);
        case.world.restart(PROPOSER);
        assert_eq!(case.evidence(PROPOSER), Vec::<Vec<u8>>::new());

        case.world.settle();

        assert_eq!(case.evidence(PROPOSER), evidence, "{:?}", case.offence);
        let outcome = |who| case.world.session(who, case.session).expect("known").outcome;
        assert_eq!(outcome(PROPOSER), outcome(VICTIM));
    }
}

#[test]
fn evidence_convinces_whoever_brings_it_and_only_once() {
    for mut case in cases() {
        let bytes = case.evidence(VICTIM).remove(0);
        let records = case.world.phones[VICTIM].journal.len();
        case.world.phones[VICTIM].faults.clear();
        let frame = Frame::Evidence { evidence: bytes.into() }.to_bytes();
        for from in [LIAR, PROPOSER] {
            case.world.arrive(from, VICTIM, &frame);
        }

        assert_eq!(case.world.phones[VICTIM].journal.len(), records);
        assert_eq!(case.blamed(VICTIM).len(), 1);
        assert_eq!(case.world.phones[VICTIM].faults, []);
    }
}

#[test]
fn evidence_of_another_wallet_or_session_changes_nothing_here() {
    let foreign =
        Case::by_message(Message::Complete { signatures: vec![7; 64 * ITEMS] }, Offence::ForgedCompletion);
    let bytes = foreign.evidence(VICTIM).remove(0);
    let mut world = World::new(9, 3, Topology::Mesh);
    let session = world.propose(PROPOSER, payload(1));
    world.settle();
    let before = world.status(VICTIM);

    let frame = Frame::Evidence { evidence: bytes.into() }.to_bytes();
    world.arrive(LIAR, VICTIM, &frame);

    assert_eq!(world.status(VICTIM), before);
    world.approve_at_once(session);
    world.assert_flawless(session);
}

#[test]
fn deaths_of_phones_and_links_never_make_evidence() {
    let mut runs = 0;
    for victim in 0..3 {
        for cut in 1.. {
            let mut world = World::new(1, 3, Topology::Mesh);
            world.last_words_arrive = cut % 2 == 0;
            world.kill_before_effect(victim, cut);
            let session = world.propose(0, payload(ITEMS as u32));
            world.approve_at_once(session);
            let died = world.spare();
            if died {
                world.restart(victim);
            }
            world.cut(victim, (victim + 1) % 3);
            world.approve_at_once(session);

            assert_eq!(evidence_of_all(&world, session), Vec::<Vec<u8>>::new(), "{victim} before {cut}");
            runs += 1;
            if !died {
                break;
            }
        }
    }

    println!("{runs} runs");
}

#[test]
fn frames_lost_repeated_and_out_of_order_never_make_evidence() {
    for seed in 0..60 {
        let mut row = mutation::Row(seed);
        let mut world = World::new(seed, 3, Topology::Mesh);
        let session = world.propose(0, payload(1));
        for _ in 0..200 {
            if let Some(who) = (0..3).find(|who| world.is_asked(*who, session) && row.below(4) == 0) {
                world.approve(who, session);
            }
            let steps = world.steps();
            let Some(step) = steps.get(row.below(steps.len().max(1))).copied() else { continue };
            match (step, row.below(6)) {
                (Step::Frame(at), 0) => world.flying.push_back(world.flying[at].clone()),
                (Step::Frame(at), 1) => {
                    let Flight { from, to, .. } = world.flying[at];
                    world.cut(from, to);
                    world.mend(from, to);
                }
                _ => world.take(step),
            }
        }
        world.approve_at_once(session);

        assert_eq!(evidence_of_all(&world, session), Vec::<Vec<u8>>::new(), "seed {seed}");
        world.assert_signed(session);
        world.oracle.assert_silent();
        let early =
            |(_, fault): &(usize, Fault)| matches!(fault, Fault::Peer { kind: PeerFault::NoHello, .. });
        assert!(world.faults().iter().all(early), "{:?}", world.faults());
    }
}

#[test]
fn no_words_of_honest_phones_make_evidence_against_one() {
    let mut tried = 0;
    for victim in 0..3 {
        for cut in 1..60 {
            let mut world = World::new(1, 3, Topology::Mesh);
            world.last_words_arrive = true;
            for next in [victim, (victim + 1) % 3] {
                world.kill_before_effect(next, cut);
                let session = world.propose(next, payload(ITEMS as u32));
                world.approve_at_once(session);
                if world.spare() {
                    world.restart(next);
                }
                world.approve_at_once(session);
            }
            tried += charge_everybody(&world, &[]);
        }
    }

    println!("{tried} charges");
    assert!(tried > 10_000);
}

#[test]
fn no_words_of_a_session_with_a_liar_make_evidence_against_another() {
    let mut tried = 0;
    for case in cases() {
        tried += charge_everybody(&case.world, &[LIAR]);
    }

    println!("{tried} charges");
}

/// A session in which the liar was convicted of one offence.
struct Case {
    world: World,
    session: SessionId,
    offence: Offence,
    attempt: Option<Attempt>,
    /// How many records the proposer's journal had before the conviction.
    away: Option<usize>,
}

impl Case {
    /// The liar says this in the middle of a session.
    fn by_message(message: Message, offence: Offence) -> Self {
        let attempt = match &message {
            Message::Nonces { attempt, .. } | Message::Partials { attempt, .. } => Some(*attempt),
            Message::Propose { .. }
            | Message::Answer { .. }
            | Message::Complete { .. }
            | Message::Decline { .. }
            | Message::Cancel
            | Message::Extend { .. } => None,
        };
        let mut scene = Scene::default();
        let away = Some(scene.world.phones[PROPOSER].journal.len());
        assert_eq!(scene.convict(message), offence);
        Self { world: scene.world, session: scene.session, offence, attempt, away }
    }

    /// The liar changes its own words.
    fn by_lie(lie: impl FnMut(&Word) -> Vec<Message> + Send + Sync + 'static, offence: Offence) -> Self {
        let mut world = World::new(1, 3, Topology::Mesh);
        world.lie(&[LIAR], lie);
        let session = world.propose(PROPOSER, payload(ITEMS as u32));
        world.settle();
        let away = Some(world.phones[PROPOSER].journal.len());
        world.approve_at_once(session);
        world.behave();
        Self { world, session, offence, attempt: Some(Attempt(0)), away }
    }

    fn evidence(&self, who: usize) -> Vec<Vec<u8>> {
        evidence(&self.world, who, self.session)
    }

    fn blamed(&self, who: usize) -> Vec<Blamed> {
        self.world.session(who, self.session).expect("known").blamed
    }

    fn verdict(&self) -> Verdict {
        Verdict {
            wallet: self.world.wallet,
            session: self.session,
            attempt: self.attempt,
            slot: Slot(LIAR as u8),
            participant: self.world.phones[LIAR].participant(),
            offence: self.offence,
        }
    }
}

/// Makes every kind of evidence once: a wrong partial signature is judged with the nonces, or is no number.
fn cases() -> Vec<Case> {
    let attempt = Attempt(1);
    let set = countersign_machine::id::NonceSetDigest([7; 32]);
    let nonces = vec![0; 66 * ITEMS];
    let partials = vec![0xff; 32 * ITEMS];
    vec![
        Case::by_message(Message::Nonces { attempt, nonces }, Offence::InvalidNonce),
        Case::by_message(Message::Partials { attempt, set, partials }, Offence::WrongPartial),
        Case::by_message(Message::Complete { signatures: vec![7; 64 * ITEMS] }, Offence::ForgedCompletion),
        Case::by_lie(Word::spoil, Offence::WrongPartial),
        Case::by_lie(|word| word.equivocate(1), Offence::Equivocation),
    ]
}

fn evidence(world: &World, who: usize, session: SessionId) -> Vec<Vec<u8>> {
    let node = world.phones[who].node.as_ref().expect("the phone is alive");
    node.evidence(session).map(<[u8]>::to_vec).collect()
}

fn evidence_of_all(world: &World, session: SessionId) -> Vec<Vec<u8>> {
    (0..world.phones.len()).flat_map(|who| evidence(world, who, session)).collect()
}

/// Tries every charge that can be made of what was said in a world, against everybody, under everybody's card; asserts
/// that only liars can be convicted. Returns how many were tried.
fn charge_everybody(world: &World, liars: &[usize]) -> usize {
    let said: BTreeMap<_, Envelope> =
        world.sent.iter().filter_map(Flight::envelope).map(|envelope| (envelope.id(), envelope)).collect();
    let said: Vec<Envelope> = said.into_values().collect();
    let node = world.phones[0].node.as_ref().expect("alive");
    let keys: Vec<ParticipantKey> = node.wallet(world.wallet).expect("known").keys().to_vec();
    let cards: Vec<_> = world.phones.iter().map(|phone| phone.card()).collect();
    let mut tried = 0;
    let mut charge = |slot: Slot, charge: Charge<'_>| {
        for (who, card) in cards.iter().enumerate() {
            if who != slot.index() && tried % 16 != 0 {
                continue;
            }
            tried += 1;
            let bytes = forge::evidence(&keys, card.as_bytes(), charge);
            if let Ok(verdict) = verify_evidence(&bytes) {
                assert!(liars.contains(&verdict.slot.index()), "{verdict:?}");
            }
        }
    };
    for envelope in &said {
        let body = envelope.body();
        let terms = terms_of(&said, body.session);
        let bytes = envelope.bytes();
        charge(body.slot, Charge::InvalidNonce(&terms, bytes));
        charge(body.slot, Charge::ForgedCompletion(&terms, bytes));
        if matches!(body.message, Message::Partials { .. } | Message::Answer { .. }) {
            for nonces in nonce_sets(&said, body.session, keys.len()) {
                charge(body.slot, Charge::WrongPartial(&terms, &nonces, bytes));
            }
        }
        for other in said.iter().filter(|other| other.body().session == body.session) {
            if other.body().slot == body.slot || bytes[bytes.len() - 1] % 8 == 0 {
                charge(body.slot, Charge::Equivocation(bytes, other.bytes()));
            }
        }
    }
    tried
}

fn terms_of(said: &[Envelope], session: SessionId) -> Terms {
    let mut of_session = said.iter().map(Envelope::body).filter(|body| body.session == session);
    let terms = of_session.find_map(|body| {
        if let Message::Propose { terms, .. } = &body.message { Some(terms.clone()) } else { None }
    });
    terms.expect("a session is proposed")
}

/// Returns no nonces, and every list of one set of nonces a slot, whatever the attempts.
fn nonce_sets(said: &[Envelope], session: SessionId, signers: usize) -> Vec<Vec<u8>> {
    let mut sets = vec![vec![]];
    for slot in 0..signers {
        let of_slot = said.iter().map(Envelope::body);
        let of_slot = of_slot.filter(|body| body.session == session && body.slot.index() == slot);
        let shown: Vec<&Vec<u8>> = of_slot.filter_map(|body| nonces_of(&body.message)).collect();
        sets = sets
            .iter()
            .flat_map(|set: &Vec<u8>| shown.iter().map(move |nonces| [set.as_slice(), nonces].concat()))
            .collect();
    }
    sets.push(vec![]);
    sets
}

fn nonces_of(message: &Message) -> Option<&Vec<u8>> {
    match message {
        Message::Propose { nonces, .. } | Message::Nonces { nonces, .. } | Message::Answer { nonces, .. } => {
            Some(nonces)
        }
        Message::Partials { .. } | Message::Complete { .. } => None,
        Message::Decline { .. } | Message::Cancel | Message::Extend { .. } => None,
    }
}
