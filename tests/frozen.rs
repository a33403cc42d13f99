//! The bytes of everything that is kept, sent or shown to others, frozen: whoever changes one of them must notice.

use std::collections::{BTreeMap, BTreeSet};

use countersign_machine::evidence::Offence;
use countersign_machine::frame::{Frame, Holding, Reach, Refusal};
use countersign_machine::id::{
    Attempt, EnvelopeId, EventId, NonceSetDigest, PayloadDigest, SessionId, Slot, TransportKey, WalletId,
};
use countersign_machine::key::{ParticipantKey, SigningKey};
use countersign_machine::message::{DeclineReason, Item, Message, Payload, Terms};
use countersign_machine::plan::Notice;
use countersign_machine::presence::{Here, Presence};
use countersign_machine::record::{Failure, Outcome, Record};
use countersign_machine::time::{BootId, BootTime, Moment, WallTime};
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use countersign_tests::fuzzing::seeds::{self, name_of_frame, name_of_record};
use countersign_tests::rig::forge::tagged_hash;

const FROZEN: &str = include_str!("frozen/bytes.txt");

#[test]
fn no_byte_of_a_record_message_or_frame_has_changed() {
    let made: BTreeMap<String, Vec<u8>> = records().into_iter().chain(messages()).chain(frames()).collect();

    let lines = made.iter().map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes)));
    let text: String = lines.collect();

    assert_eq!(text, FROZEN, "if this is meant, tests/frozen/bytes.txt becomes:\n{text}");
}

#[test]
fn every_frozen_record_and_frame_reads_back() {
    for (name, bytes) in records() {
        assert_eq!(Record::parse(&bytes).map(|record| record.to_bytes()), Some(bytes), "{name}");
    }
    for (name, bytes) in frames() {
        assert_eq!(*Frame::parse(&bytes).expect("a frame").to_bytes(), *bytes, "{name}");
    }
    for (name, bytes) in messages() {
        let message: Message = minicbor::decode(&bytes).expect("a message");
        assert_eq!(minicbor::to_vec(message).expect("bytes"), bytes, "{name}");
    }
}

/// The evidence is made by a whole session: its hash stands for its bytes.
#[test]
fn no_byte_of_evidence_has_changed() {
    let evidence = seeds::all(1).into_iter().filter(|((target, _), _)| *target == "evidence");
    let made: BTreeMap<String, String> =
        evidence.map(|((_, name), bytes)| (name, hex::encode(tagged_hash("frozen", &[&bytes])))).collect();

    let frozen = [
        ("evidence-equivocation", "f14b5540a1da62c518341305b93eb71f2aa501ff18682ff78921c99315d5f910"),
        ("evidence-forgedcompletion", "1e7e75f417d5d92c11e19818aebe28d342337139db62284fa1631a740bb8ee0b"),
        ("evidence-invalidnonce", "0f04adda11b29f6e490b953d0074c4cec0645d60e5882117f81dc099dc4dbd7e"),
        ("evidence-wrongpartial", "dc304545c8faa2ac050a1d304708e38f4d970ce9c31c6f464890cd8d8f946d13"),
    ];
    assert_eq!(made, frozen.map(|(name, hash)| (name.to_owned(), hash.to_owned())).into());
}

/// Whoever adds a kind of record, message or frame finds that it is not frozen yet.
#[test]
fn every_kind_is_frozen() {
    let names: BTreeSet<&str> = FROZEN.lines().filter_map(|line| line.split(' ').next()).collect();
    for ((target, _), bytes) in seeds::all(1) {
        let name = match target {
            "record" => Record::parse(&bytes).map(|record| format!("record-{}", name_of_record(&record))),
            "frame" => Frame::parse(&bytes).ok().map(|frame| format!("frame-{}", name_of_frame(&frame))),
            _ => None,
        };
        if let Some(name) = name {
            assert!(names.contains(name.as_str()), "{name} is not frozen");
        }
    }
}

fn records() -> Vec<(String, Vec<u8>)> {
    let (session, attempt, set) = (SessionId([2; 32]), Attempt(3), NonceSetDigest([4; 32]));
    let deadline = WallTime(1_800_000_300_000);
    let moment = |boot: Option<&str>| Moment {
        wall: WallTime(1_800_000_000_000),
        boot: BootTime(6_000_000),
        boot_id: boot.map(BootId::of),
    };
    let envelope = || vec![5, 6, 7].into();
    let ended = |outcome| Record::Ended { session, outcome, notice: envelope() };
    let all = [
        Record::OwnerNamed { participant: key(1), transport: TransportKey([8; 32]) },
        Record::CardKept { card: vec![9; 3].into() },
        Record::WalletCreated { name: "Family".into(), keys: vec![key(1), key(2)] },
        Record::Proposed { terms: terms() },
        Record::EnvelopeKept { envelope: envelope() },
        Record::Approved { session, payload: PayloadDigest([10; 32]), at: WallTime(1_800_000_000_000) },
        Record::NonceCommitted { session, attempt, envelope: envelope() },
        Record::NonceSpent { session, attempt, set },
        Record::Signed { session, attempt, envelope: envelope() },
        ended(Outcome::Completed { signatures: vec![11; 64] }),
        ended(Outcome::Declined { slot: Slot(1), reason: DeclineReason::GaveUp }),
        ended(Outcome::Cancelled),
        ended(Outcome::Expired),
        ended(Outcome::Failed {
            why: Failure::Blamed { culprit: Slot(1), offence: Offence::ForgedCompletion },
        }),
        Record::Blamed { session, evidence: vec![12; 3].into() },
        Record::Looked { at: moment(None) },
        Record::Timed {
            session,
            deadline,
            at: moment(Some("a boot")),
            expires: BootTime(7_000_000),
            sure: true,
        },
        Record::Warned { session, deadline, threshold_ms: 300_000, left_ms: 299_999 },
        Record::Held { session, notices: vec![Notice::Request, Notice::Ongoing, Notice::Expired] },
        Record::Dismissed { session, notice: Notice::Warning { threshold_ms: 120_000 } },
        Record::Handled { session, event: EventId([26; 16]) },
        Record::WarningsChosen { thresholds_ms: Some(vec![30_000]) },
        Record::PresenceChosen { ttl_ms: None },
    ];
    let mut named: Vec<_> =
        all.iter().map(|record| (format!("record-{}", name_of_record(record)), record.to_bytes())).collect();
    for (name, why) in [("used-up", Failure::AttemptsUsedUp), ("internal", Failure::Internal)] {
        named.push((format!("record-ended-{name}"), ended(Outcome::Failed { why }).to_bytes()));
    }
    named
}

fn messages() -> Vec<(String, Vec<u8>)> {
    let (attempt, set) = (Attempt(3), NonceSetDigest([4; 32]));
    let (nonces, partials) = (vec![13; 66], vec![14; 32]);
    [
        Message::Propose { terms: terms(), nonces: nonces.clone() },
        Message::Nonces { attempt, nonces: nonces.clone() },
        Message::Partials { attempt, set, partials: partials.clone() },
        Message::Answer { attempt, set, nonces, partials },
        Message::Complete { signatures: vec![15; 64] },
        Message::Decline { reason: DeclineReason::Unrecognised },
        Message::Cancel,
        Message::Extend { until: WallTime(1_800_000_600_000) },
    ]
    .into_iter()
    .map(|message| (format!("message-{}", message.name()), minicbor::to_vec(&message).expect("bytes")))
    .collect()
}

fn frames() -> Vec<(String, Vec<u8>)> {
    let have = || vec![Holding::new(SessionId([2; 32]), [EnvelopeId([16; 16]), EnvelopeId([17; 16])])];
    let card = || vec![9; 3].into();
    let at = WallTime(1_800_000_000_000);
    let addresses = vec!["/memory/1".into()];
    let presence = Presence { here: Here::Withdrawn, at, ttl_ms: 3_600_000, addresses, signature: [19; 64] };
    let mut reach = Reach::default();
    [0, 9, 99].into_iter().for_each(|slot| reach.add(slot));
    [
        Frame::Hello { version: 1, card: card(), have: have(), lost: true },
        Frame::Have { have: have(), lost: false },
        Frame::Envelope { reach, envelope: vec![5, 6, 7].into() },
        Frame::Ping { challenge: [18; 32] },
        Frame::Pong { challenge: [18; 32], wall: WallTime(1_800_000_000_000), signature: [19; 64] },
        Frame::Refuse { why: Refusal::OtherNonces, envelope: vec![16; 16].into() },
        Frame::Card { card: card() },
        Frame::Evidence { evidence: vec![12; 3].into() },
        Frame::Presence { presence },
    ]
    .into_iter()
    .map(|frame| (format!("frame-{}", name_of_frame(&frame)), frame.to_bytes().to_vec()))
    .collect()
}

fn terms() -> Terms {
    let item = |digest, path: &[u32], taproot| Item {
        digest: [digest; 32],
        key: KeyPath::new(path.to_vec(), taproot).expect("short and unhardened"),
    };
    let items = vec![
        item(20, &[], Taproot::Untweaked),
        item(21, &[0, 70_000], Taproot::KeySpend),
        item(22, &[1], Taproot::ScriptTree([23; 32])),
    ];
    Terms {
        wallet: WalletId([24; 32]),
        proposer: Slot(1),
        created: WallTime(1_800_000_000_000),
        deadline: WallTime(1_800_000_300_000),
        random: [25; 32],
        payload: Payload { items, text: "Rent für May".into() },
    }
}

fn key(byte: u8) -> ParticipantKey {
    SigningKey::from_bytes(&[byte; 32]).expect("in range").participant()
}
