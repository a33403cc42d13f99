//! Bytes that come from outside. Reading them never panics; whatever can be read is written back as the very same
//! bytes and keeps every limit; whatever is too long is refused.

use std::sync::OnceLock;

use countersign_machine::Node;
use countersign_machine::card::{Card, Statement};
use countersign_machine::evidence::{Evidence, verify_evidence};
use countersign_machine::fault::PeerFault;
use countersign_machine::frame::Frame;
use countersign_machine::id::{EnvelopeId, TransportKey};
use countersign_machine::limits::{
    MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_CARD_BYTES, MAX_ENVELOPE_BYTES, MAX_FRAME_BYTES, MAX_NAME_BYTES,
    MAX_PATH,
};
use countersign_machine::message::{Envelope, Message, Terms, TransportSecret};
use countersign_machine::record::Record;

use super::forger::sign_statement;
use crate::rig::forge::{self, tagged_hash};
use crate::rig::scene::{LIAR, Scene};
use crate::rig::{Topology, World};

/// Makes the world in which cards and records are read.
pub(super) fn get_ready() {
    world();
}

/// Reads a frame, and what it carries.
///
/// # Panics
///
/// Panics if it is written back as other bytes, or is over a limit.
pub fn frame(bytes: &[u8]) {
    let frame = match Frame::parse(bytes) {
        Ok(frame) => frame,
        Err(fault) => return refused(bytes, MAX_FRAME_BYTES, fault),
    };
    assert!(bytes.len() <= MAX_FRAME_BYTES, "a frame over the limit was read");
    assert_eq!(*frame.to_bytes(), *bytes, "one meaning has one form");
    match frame {
        Frame::Hello { card: inner, .. } | Frame::Card { card: inner } => card(&inner),
        Frame::Evidence { evidence: inner } => evidence(&inner),
        Frame::Envelope { envelope: inner, .. } => envelope(&inner),
        Frame::Have { .. } | Frame::Ping { .. } | Frame::Pong { .. } => {}
        Frame::Refuse { .. } | Frame::Presence { .. } => {}
    }
}

/// Reads an envelope.
///
/// # Panics
///
/// Panics if it is written back as other bytes, has another id than its body, or is over a limit.
pub fn envelope(bytes: &[u8]) {
    let envelope = match Envelope::parse(bytes) {
        Ok(envelope) => envelope,
        Err(fault) => return refused(bytes, MAX_ENVELOPE_BYTES, fault),
    };
    assert!(bytes.len() <= MAX_ENVELOPE_BYTES, "an envelope over the limit was read");
    assert_eq!(**envelope.bytes(), *bytes, "it is forwarded as it came");
    let body = minicbor::to_vec(envelope.body()).expect("writing to memory does not fail");
    let signature = bytes.last_chunk().expect("an envelope ends in a signature");
    assert_eq!(forge::envelope(1, &body, signature), bytes, "one meaning has one form");
    let hash = tagged_hash("countersign/envelope", &[&body]);
    assert_eq!(EnvelopeId(*hash.first_chunk().expect("32 bytes")), envelope.id());
    assert!(!envelope.is_signed_by(&TransportKey([0; 32])), "a key of small order signs nothing");
    if let Message::Propose { terms, .. } = &envelope.body().message {
        check_terms(terms);
    }
}

/// Reads a piece of evidence, and judges it.
///
/// # Panics
///
/// Panics if it is written back as other bytes, or convicts somebody by bytes that cannot be read.
pub fn evidence(bytes: &[u8]) {
    let verdict = verify_evidence(bytes);
    match Evidence::parse(bytes) {
        Ok(evidence) => {
            assert_eq!(evidence.to_bytes(), bytes, "one meaning has one form");
            assert_eq!(evidence.verify(), verdict);
        }
        Err(fault) => assert_eq!(verdict, Err(fault)),
    }
}

/// Reads a card, as bytes and as text; and what would be on a card, signed by the keys that it names if they are
/// ours.
///
/// # Panics
///
/// Panics if it is written back as other bytes, or is over a limit.
pub fn card(bytes: &[u8]) {
    check_card(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(card) = Card::from_text(text)
    {
        assert_eq!(card.to_text(), text.trim(), "one card has one text");
    }
    if let Ok(statement) = minicbor::decode::<Statement>(bytes) {
        let signed = sign_statement(world(), &statement, bytes);
        let known = world().phones.iter().any(|phone| phone.participant() == statement.participant);
        let read = check_card(&signed);
        assert!(known || !read, "a card was read that its participant has not signed");
    }
}

/// Reads a record, what it carries, and a journal that it ends.
///
/// # Panics
///
/// Panics if it is written back as other bytes, or if a phone starts from the journal and then panics.
pub fn record(bytes: &[u8]) {
    let Some(record) = Record::parse(bytes) else { return };
    assert_eq!(record.to_bytes(), bytes, "one meaning has one form");
    match &record {
        Record::CardKept { card: inner } => card(inner),
        Record::EnvelopeKept { envelope: inner }
        | Record::NonceCommitted { envelope: inner, .. }
        | Record::Signed { envelope: inner, .. }
        | Record::Ended { notice: inner, .. } => envelope(inner),
        Record::Proposed { terms } => check_terms(terms),
        Record::Blamed { evidence: inner, .. } => evidence(inner),
        Record::OwnerNamed { .. }
        | Record::WalletCreated { .. }
        | Record::Approved { .. }
        | Record::NonceSpent { .. }
        | Record::Looked { .. }
        | Record::Timed { .. }
        | Record::Warned { .. }
        | Record::Held { .. }
        | Record::Dismissed { .. }
        | Record::Handled { .. }
        | Record::WarningsChosen { .. }
        | Record::PresenceChosen { .. } => {}
    }
    start_from(bytes);
}

/// Starts a phone in the middle of a session whose journal ends in `last`, and lets every deadline pass.
fn start_from(last: &[u8]) {
    let world = world();
    let phone = &world.phones[LIAR];
    let records = phone.journal.iter().map(Vec::as_slice).chain([last]);
    let secret = TransportSecret::new(phone.transport_seed());
    let Ok(mut node) = Node::open(records, secret, [7; 32], None, world.now) else { return };
    let mut now = world.now;
    for _ in 0..3 {
        while node.poll_effect().is_some() {}
        node.status(now);
        node.handle_timeout(now);
        assert!(node.poll_timeout().is_none_or(|(next, _)| next > now.boot), "what was due is done");
        now.boot = node.poll_timeout().map_or(now.boot, |(next, _)| next);
    }
}

/// Reads a card; returns whether it is one.
fn check_card(bytes: &[u8]) -> bool {
    let card = match Card::parse(bytes) {
        Ok(card) => card,
        Err(fault) => {
            refused(bytes, MAX_CARD_BYTES, fault);
            return false;
        }
    };
    assert!(bytes.len() <= MAX_CARD_BYTES, "a card over the limit was read");
    assert_eq!(card.as_bytes(), bytes);
    assert_eq!(Card::from_text(&card.to_text()), Ok(card.clone()));
    let statement = card.statement();
    let body = minicbor::to_vec(statement).expect("writing to memory does not fail");
    assert!(bytes.windows(body.len()).any(|part| part == body), "one meaning has one form");
    assert!(statement.nickname.len() <= MAX_NAME_BYTES);
    assert!(statement.addresses.len() <= MAX_ADDRESSES);
    assert!(statement.addresses.iter().all(|address| address.len() <= MAX_ADDRESS_BYTES));
    assert!(statement.issued < statement.until);
    assert!(card.check_date(statement.until).is_err(), "a card ends on time");
    true
}

/// Asserts that what is too long is refused because it is.
fn refused(bytes: &[u8], limit: usize, fault: PeerFault) {
    if bytes.len() > limit {
        assert_eq!(fault, PeerFault::TooLong { bytes: bytes.len(), limit });
    }
}

/// Asserts that terms can be shown and named.
fn check_terms(terms: &Terms) {
    assert_eq!(terms.session_id(), terms.clone().session_id());
    terms.payload.digest();
    assert!(terms.payload.items.iter().all(|item| item.key.path().len() <= MAX_PATH));
}

/// Returns three phones in the middle of a session, always the same.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| Scene::new(World::new(1, 3, Topology::Mesh)).world.asleep())
}
