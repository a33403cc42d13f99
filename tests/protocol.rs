//! PROTOCOL.md against the code: its worked example, its limits and its grammar.
//!
//! A block of the example that differs is printed as it should stand.

use std::collections::BTreeMap;

use countersign_machine::card::Card;
use countersign_machine::effect::Effect;
use countersign_machine::frame::{Frame, Refusal};
use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, TransportKey};
use countersign_machine::key::{ParticipantKey, Seed, Signature, SigningKey};
use countersign_machine::link::LinkPath;
use countersign_machine::message::{DeclineReason, Envelope, Item, Message, Payload, Terms, TransportSecret};
use countersign_machine::presence::{Here, Presence};
use countersign_machine::record::Record;
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::wallet::Wallet;
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use countersign_machine::{Input, Node, limits};
use countersign_tests::rig::forge::tagged_hash as tagged;

#[path = "protocol/grammar.rs"]
mod grammar;

use grammar::Grammar;

const DOCUMENT: &str = include_str!("../PROTOCOL.md");
const LIMITS: &str = include_str!("../core/machine/src/limits.rs");

#[test]
fn every_block_of_the_example_is_what_two_phones_say() {
    let written = named_blocks();
    let made = Example::run().blocks;

    let mut wrong = String::new();
    for (name, body) in &made {
        if written.get(name.as_str()) != Some(&joined(body)) {
            wrong += &format!("```{name}\n{body}\n```\n");
        }
    }
    assert!(wrong.is_empty(), "PROTOCOL.md should have\n\n{wrong}");
    let unknown: Vec<_> = written.keys().filter(|name| !made.iter().any(|(made, _)| made == *name)).collect();
    assert!(unknown.is_empty(), "nothing makes these blocks: {unknown:?}");
}

#[test]
fn every_hash_and_signature_follows_from_the_document_alone() {
    let example = Example::run();
    let Example { wallet, cards, propose, answer, complete, .. } = &example;
    let key = |slot: usize| cards[slot].statement().transport.0;

    for card in cards {
        let (statement, participant, transport) = signed_parts(card);
        let hash = tagged("countersign/card", &[&statement]);
        assert!(participant.verify(&card.statement().participant.x_only(), &hash));
        assert!(verifies(&card.statement().transport.0, &hash, &transport));
    }
    let keys: Vec<u8> = wallet.keys().iter().flat_map(|key| *key.as_bytes()).collect();
    assert_eq!(wallet.id().0, tagged("countersign/wallet", &[&keys]));
    for envelope in [propose, answer, complete] {
        let (hash, signature) = sealed_parts(envelope);
        assert_eq!(envelope.id().0, hash[..16]);
        assert!(verifies(&key(envelope.body().slot.index()), &hash, &signature));
    }
    let session = propose.body().session;
    assert_eq!(session.0, tagged("countersign/session", &[&cbor(&example.terms)]));
    assert_eq!(
        example.terms.payload.digest().0,
        tagged("countersign/payload", &[&cbor(&example.terms.payload)])
    );
    assert_eq!(example.set.0, nonce_set(session, &[example.nonces_of(0), example.nonces_of(1)]));
    let (challenge, wall, signature) = example.pong;
    assert!(verifies(&key(1), &pong_hash(&challenge, &key(0), &key(1), wall), &signature));
    for (item, signature) in example.terms.payload.items.iter().zip(example.signatures()) {
        assert!(signature.verify(&wallet.output_key(&item.key).expect("a key"), &item.digest));
    }
}

#[test]
fn every_limit_is_the_codes_own() {
    let made = limits();
    let declared: Vec<&str> = LIMITS
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": u"))
        .map(|(name, _)| name)
        .collect();

    for name in declared {
        assert!(made.iter().any(|(made, _)| *made == name), "{name} is not in this test");
    }
    for (name, value) in made {
        let row = DOCUMENT.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("PROTOCOL.md lists no {name}"));
        let cell = row.split('|').nth(2).expect("a value").replace(' ', "");
        assert_eq!(cell, value.to_string(), "{name} in PROTOCOL.md");
    }
}

#[test]
fn the_grammar_fits_what_phones_say() {
    let grammar = Grammar::parse(&blocks("cddl").join("\n"));
    let example = Example::run();

    for frame in example.frames.iter().chain(&other_frames()) {
        grammar.check("frame", frame);
    }
    for message in other_messages(example.set) {
        grammar.check("message", &cbor(&message));
    }
    for taproot in [Taproot::Untweaked, Taproot::ScriptTree([7; 32])] {
        grammar.check("key-path", &cbor(&KeyPath::new(vec![0, (1 << 31) - 1], taproot).expect("a path")));
    }
}

#[test]
fn the_grammar_refuses_what_phones_refuse() {
    let grammar = Grammar::parse(&blocks("cddl").join("\n"));

    for frame in ["", "a0", "8106", "820506", "82034100", "8403", "83050000", "83000280"] {
        let bytes = hex::decode(frame).expect("hex");
        assert!(Frame::parse(&bytes).is_err(), "{frame}");
        assert!(!grammar.fits("frame", &bytes), "{frame}");
    }
}

/// The document's example, run.
struct Example {
    wallet: Wallet,
    cards: Vec<Card>,
    terms: Terms,
    propose: Envelope,
    answer: Envelope,
    complete: Envelope,
    set: NonceSetDigest,
    pong: ([u8; 32], WallTime, [u8; 64]),
    /// Every frame of it, without its length.
    frames: Vec<Vec<u8>>,
    /// Every block of it: the words after the fence, then the body.
    blocks: Vec<(String, String)>,
}

/// When the cards are issued.
const ISSUED: u64 = 1_800_000_000_000;
/// When the proposal is made.
const CREATED: u64 = ISSUED + 60_000;
/// When the phones connect.
const CONNECTED: u64 = CREATED + 5_000;

impl Example {
    fn run() -> Self {
        let mut ada = Phone::new(0x16, 0xa1, 0xc1, 0x50);
        let mut ben = Phone::new(0x18, 0xb2, 0xd2, 0x60);
        let mut blocks = Blocks::default();
        let cards = vec![
            ada.issue_card("Ada", &["/ip4/192.0.2.1/tcp/4001"]),
            ben.issue_card("Ben", &["/ip4/198.51.100.7/tcp/4001", "/dns4/ben.example/tcp/4001"]),
        ];
        let keys: Vec<ParticipantKey> = cards.iter().map(|card| card.statement().participant).collect();
        let wallet = Wallet::new("Rent".into(), keys.clone()).expect("two keys");
        for phone in [&mut ada, &mut ben] {
            phone.join(&cards, &keys);
        }

        let payload = payload();
        let deadline = WallTime(CREATED + 300_000);
        let session = ada
            .node
            .propose(wallet.id(), payload.clone(), deadline, [0x77; 32], at(CREATED))
            .expect("a proposal");
        ada.settle(at(CREATED));
        let terms = ada.node.terms(session).expect("the session").clone();

        let hellos = [ada.connect(&ben, at(CONNECTED)), ben.connect(&ada, at(CONNECTED))];
        ben.hear(&ada, &hellos[0], at(CONNECTED + 20));
        ada.hear(&ben, &hellos[1], at(CONNECTED + 20));
        let [propose, ping]: [Vec<u8>; 2] = ada.take_frames().try_into().expect("a proposal and a ping");
        ben.take_frames();
        ben.hear(&ada, &propose, at(CONNECTED + 40));
        ben.hear(&ada, &ping, at(CONNECTED + 40));
        let [pong]: [Vec<u8>; 1] = ben.take_frames().try_into().expect("a pong");
        ada.hear(&ben, &pong, at(CONNECTED + 60));

        ben.node.approve(session, at(CONNECTED + 9_000)).expect("an approval");
        ben.settle(at(CONNECTED + 9_000));
        let [answer]: [Vec<u8>; 1] = ben.take_frames().try_into().expect("an answer");
        ada.hear(&ben, &answer, at(CONNECTED + 9_020));
        let [complete]: [Vec<u8>; 1] = ada.take_frames().try_into().expect("a completion");
        ben.hear(&ada, &complete, at(CONNECTED + 9_040));

        blocks.identities(&[&ada, &ben], &cards);
        blocks.wallet(&wallet, &payload);
        blocks.session(&terms, [&propose, &answer, &complete]);
        let (challenge, wall, signature) = match Frame::parse(&pong) {
            Ok(Frame::Pong { challenge, wall, signature }) => (challenge, wall, signature),
            other => panic!("no pong: {other:?}"),
        };
        let (asker, answerer) = (ada.transport(), ben.transport());
        blocks.hex("hash-pong", &pong_hash(&challenge, &asker.0, &answerer.0, wall));
        for (name, frame) in
            [("hello-0", &hellos[0]), ("hello-1", &hellos[1]), ("ping", &ping), ("pong", &pong)]
        {
            blocks.hex(&format!("frame-{name}"), &with_length(frame));
        }
        let envelopes = [&propose, &answer, &complete].map(|frame| envelope_in(frame));
        let [first, second, third] = envelopes;
        let Message::Answer { set, .. } = second.body().message else { panic!("no answer") };
        Self {
            wallet,
            cards,
            terms,
            propose: first,
            answer: second,
            complete: third,
            set,
            pong: (challenge, wall, signature),
            frames: [hellos.to_vec(), vec![propose, ping, pong, answer, complete]].concat(),
            blocks: blocks.0,
        }
    }

    fn nonces_of(&self, slot: usize) -> &[u8] {
        nonces_in(&[&self.propose, &self.answer][slot].body().message)
    }

    fn signatures(&self) -> Vec<Signature> {
        let Message::Complete { signatures } = &self.complete.body().message else { panic!("no completion") };
        signatures.chunks(64).map(|bytes| Signature::parse(bytes).expect("64 bytes")).collect()
    }
}

fn payload() -> Payload {
    let item = |digest, path, taproot| Item { digest, key: KeyPath::new(path, taproot).expect("a path") };
    let items =
        vec![item([0xd0; 32], vec![0, 7], Taproot::KeySpend), item([0xd1; 32], vec![], Taproot::Untweaked)];
    Payload { items, text: "Rent for May".into() }
}

/// The example's blocks, in the document's order.
#[derive(Default)]
struct Blocks(Vec<(String, String)>);

impl Blocks {
    fn hex(&mut self, name: &str, bytes: &[u8]) {
        let text = hex::encode(bytes);
        let lines: Vec<&str> =
            text.as_bytes().chunks(128).map(|line| std::str::from_utf8(line).expect("hex")).collect();
        self.0.push((format!("hex {name}"), lines.join("\n")));
    }

    fn text(&mut self, name: &str, text: &str) {
        let lines: Vec<&str> =
            text.as_bytes().chunks(128).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        self.0.push((format!("text {name}"), lines.join("\n")));
    }

    fn identities(&mut self, phones: &[&Phone], cards: &[Card]) {
        for (slot, (phone, card)) in phones.iter().zip(cards).enumerate() {
            let (statement, ..) = signed_parts(card);
            let transport = phone.transport();
            let peer = [&[0x00, 0x24, 0x08, 0x01, 0x12, 0x20], transport.0.as_slice()].concat();
            self.hex(&format!("secret-{slot}"), &phone.secret);
            self.hex(&format!("participant-{slot}"), card.statement().participant.as_bytes());
            self.hex(&format!("transport-seed-{slot}"), &phone.transport_seed);
            self.hex(&format!("transport-{slot}"), &transport.0);
            self.hex(&format!("peer-{slot}"), &peer);
            self.text(&format!("peer-{slot}"), &base58(&peer));
            self.hex(&format!("statement-{slot}"), &statement);
            self.hex(&format!("hash-card-{slot}"), &tagged("countersign/card", &[&statement]));
            self.hex(&format!("card-{slot}"), card.as_bytes());
            self.text(&format!("card-{slot}"), &card.to_text());
        }
    }

    fn wallet(&mut self, wallet: &Wallet, payload: &Payload) {
        self.hex("wallet", &wallet.id().0);
        self.hex("aggregate", wallet.aggregate().aggregate().as_bytes());
        for (at, item) in payload.items.iter().enumerate() {
            let key = wallet.output_key(&item.key).expect("a path to a key");
            self.hex(&format!("output-key-{at}"), key.as_bytes());
        }
    }

    fn session(&mut self, terms: &Terms, frames: [&Vec<u8>; 3]) {
        self.hex("payload", &cbor(&terms.payload));
        self.hex("payload-digest", &terms.payload.digest().0);
        self.hex("terms", &cbor(terms));
        self.hex("session", &terms.session_id().0);
        for (name, frame) in ["propose", "answer", "complete"].iter().zip(frames) {
            let envelope = envelope_in(frame);
            let (hash, _) = sealed_parts(&envelope);
            self.hex(&format!("hash-{name}"), &hash);
            self.hex(&format!("envelope-{name}"), envelope.bytes());
            let whole = with_length(frame);
            self.hex(&format!("head-{name}"), &whole[..whole.len() - envelope.bytes().len()]);
            if let Message::Answer { set, .. } = &envelope.body().message {
                self.hex("nonce-set", &set.0);
            }
        }
    }
}

/// A node, its keys, and what it has sent and not yet been taken away.
struct Phone {
    node: Node,
    secret: [u8; 32],
    transport_seed: [u8; 32],
    /// What the next question to the vault brings along: 32 times this byte.
    fresh: u8,
    journal: Vec<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Phone {
    fn new(secret: u8, transport: u8, dice: u8, fresh: u8) -> Self {
        let (secret, transport_seed) = ([secret; 32], [transport; 32]);
        let key = SigningKey::from_bytes(&secret).expect("a valid secret");
        let node = Node::create(
            key.participant(),
            TransportSecret::new(&transport_seed),
            [dice; 32],
            None,
            at(ISSUED),
        );
        Self { node, secret, transport_seed, fresh, journal: Vec::new(), sent: Vec::new() }
    }

    fn transport(&self) -> TransportKey {
        TransportSecret::new(&self.transport_seed).public()
    }

    fn issue_card(&mut self, nickname: &str, addresses: &[&str]) -> Card {
        let addresses = addresses.iter().map(|&address| address.to_owned()).collect();
        self.feed(Input::Listening(addresses), at(ISSUED));
        self.node.issue_card(nickname.into()).expect("a short nickname");
        self.settle(at(ISSUED));
        let text = self.node.status(at(ISSUED)).card.expect("a card");
        Card::from_text(&text).expect("our own card")
    }

    fn join(&mut self, cards: &[Card], keys: &[ParticipantKey]) {
        for card in cards {
            self.node.add_card(card.clone(), at(ISSUED)).expect("a card in date");
        }
        self.node.create_wallet("Rent".into(), keys.to_vec(), at(ISSUED)).expect("a wallet");
        self.settle(at(ISSUED));
    }

    /// Returns the hello; what follows it waits.
    fn connect(&mut self, other: &Self, now: Now) -> Vec<u8> {
        self.feed(Input::LinkUp { peer: other.transport(), path: LinkPath::Direct }, now);
        self.sent.remove(0)
    }

    fn hear(&mut self, other: &Self, frame: &[u8], now: Now) {
        self.feed(Input::FrameArrived { peer: other.transport(), bytes: frame.to_vec() }, now);
    }

    fn take_frames(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.sent)
    }

    fn feed(&mut self, input: Input, now: Now) {
        self.node.handle_input(input, now).expect("nothing is refused");
        self.settle(now);
    }

    /// Carries out what the node orders; its vault and journal answer at once.
    fn settle(&mut self, now: Now) {
        while let Some(effect) = self.node.poll_effect() {
            match effect {
                Effect::Persist(records) => {
                    self.journal.extend(records.iter().map(Record::to_bytes));
                }
                Effect::ReadBack => {
                    let newest = self.journal.last().cloned();
                    self.node.handle_input(Input::ReadBack(newest), now).expect("our own record");
                }
                Effect::AskKey { ticket, .. } => {
                    let key = SigningKey::from_bytes(&self.secret).expect("a valid secret");
                    let seed = Seed::new([self.fresh; 32]);
                    self.fresh += 1;
                    let given = Input::KeyGiven { ticket, key, seed };
                    self.node.handle_input(given, now).expect("the right key");
                }
                Effect::AskSeed { .. } | Effect::Compact(_) => panic!("not in a session of one step"),
                Effect::Send { frame, .. } => self.sent.push(frame.to_vec()),
                Effect::Admit(_)
                | Effect::Exclude(_)
                | Effect::Dial { .. }
                | Effect::Cut(_)
                | Effect::Reserve { .. }
                | Effect::Register { .. }
                | Effect::Unregister { .. }
                | Effect::Discover { .. }
                | Effect::RestartNetwork(_)
                | Effect::Tell(_) => {}
            }
        }
    }
}

fn at(ms: u64) -> Now {
    Now { wall: WallTime(ms), boot: BootTime((ms - ISSUED) * 1000) }
}

/// Returns a block for every fence with a name: the words after the fence, and the body without line ends.
fn named_blocks() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        let Some(words) = line.strip_prefix("```").filter(|words| !words.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if words.contains(' ') {
            assert!(found.insert(words.to_owned(), body.concat()).is_none(), "{words} is there twice");
        }
    }
    found
}

fn blocks(kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{kind}") {
            found.push(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"));
        }
    }
    found
}

fn joined(body: &str) -> String {
    body.replace('\n', "")
}

macro_rules! named {
    ($($name:ident)*) => { vec![$((stringify!($name), u64::try_from(limits::$name).expect("a limit"))),*] };
}

#[allow(clippy::useless_conversion, reason = "limits have several types")]
fn limits() -> Vec<(&'static str, u64)> {
    named!(
        MIN_SIGNERS MAX_SIGNERS MAX_ITEMS MAX_ATTEMPT MAX_TEXT_BYTES MAX_FRAME_BYTES MAX_ENVELOPE_BYTES
        MAX_HAVE_BYTES MAX_PATH MAX_CARD_AHEAD_MS MAX_ISSUED_ADDRESS_BYTES MAX_CARD_BYTES MAX_ADDRESSES MAX_ADDRESS_BYTES MAX_NAME_BYTES MAX_CARDS MAX_WALLETS MAX_OPEN_SESSIONS
        MAX_KNOWN_SESSIONS MAX_KNOWN_ITEMS FORGET_AFTER_MS MAX_EVIDENCE_BYTES MAX_EVIDENCE_PER_SLOT ATTEMPT_PAUSE_MS MAX_INVALID
        FRAME_BURST FRAMES_PER_SECOND HAVE_BURST HAVES_PER_SECOND CARD_BURST CARDS_PER_HOUR CLOCK_PING_MS MAX_EXTENSIONS
        ASK_AGAIN_MS ASK_AGAIN_MAX_MS COMPACT_AFTER MAX_CLOCK_FALL_MS MAX_CLOCK_BEHIND_MS
        MAX_EARLY_ENVELOPES MAX_EARLY_BYTES MAX_KNOWN_PER_LINK MIN_SESSION_MS MAX_SESSION_MS
        MIN_PRESENCE_MS MAX_PRESENCE_MS DEFAULT_PRESENCE_MS PRESENCE_REFRESH_PERCENT PRESENCE_RETRY_MS
        IN_APP_ONLY_MS URGENT_MS STICKY_MS MAX_WARNINGS MAX_PENDING PLAN_RESERVE TOLERANCE_PART EXPIRY_TOLERANCE_MS REFRESH_MS MAX_EVENTS
        DEFAULT_SESSION_MS MAX_CLOCK_SKEW_MS DEFAULT_CARD_MS REDIAL_FIRST_MS REDIAL_MAX_MS DIAL_TIMEOUT_MS HEAD_START_MS SILENCE_MS DOUBT_SILENCES PROBE_AFTER_MS PREFLIGHT_MS MAX_PREFLIGHT_MS PREFLIGHT_DIALS
        MAX_PREFLIGHTS MAX_RELAYS DISCOVER_EVERY_MS MIN_REGISTRATION_MS SETTLE_MS
    )
}

/// The frames that the example has no use for.
fn other_frames() -> Vec<Vec<u8>> {
    let refusals = [
        Refusal::Version,
        Refusal::Malformed,
        Refusal::NotYours,
        Refusal::Invalid,
        Refusal::Late,
        Refusal::Busy,
        Refusal::OtherNonces,
    ];
    let refuse = refusals.map(|why| Frame::Refuse { why, envelope: vec![7; 16].into() });
    let have = Frame::Have { have: Vec::new(), lost: true };
    let addresses = vec!["/ip4/192.0.2.1/tcp/4001".into()];
    let word =
        Presence { here: Here::Away, at: at(CONNECTED).wall, ttl_ms: 180_000, addresses, signature: [7; 64] };
    let presence = Frame::Presence { presence: word };
    refuse.iter().chain([&have, &presence]).map(|frame| frame.to_bytes().to_vec()).collect()
}

/// The messages that the example has no use for.
fn other_messages(set: NonceSetDigest) -> Vec<Message> {
    let reasons = [DeclineReason::User, DeclineReason::Unrecognised, DeclineReason::Policy];
    let attempt = Attempt(limits::MAX_ATTEMPT);
    let rounds = [
        Message::Nonces { attempt, nonces: vec![2; 66] },
        Message::Partials { attempt, set, partials: vec![0; 32] },
        Message::Cancel,
    ];
    reasons.map(|reason| Message::Decline { reason }).into_iter().chain(rounds).collect()
}

fn pong_hash(challenge: &[u8; 32], asker: &[u8; 32], answerer: &[u8; 32], wall: WallTime) -> [u8; 32] {
    tagged("countersign/pong", &[challenge, asker, answerer, &wall.0.to_be_bytes()])
}

fn nonce_set(session: SessionId, by_slot: &[&[u8]]) -> [u8; 32] {
    tagged("countersign/nonces", &[&session.0, &[0], &by_slot.concat()])
}

fn verifies(key: &[u8; 32], hash: &[u8; 32], signature: &[u8; 64]) -> bool {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).expect("a key");
    key.verify_strict(hash, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
}

/// Cuts a card into the statement's bytes and the signature.
fn signed_parts(card: &Card) -> (Vec<u8>, Signature, [u8; 64]) {
    let mut decoder = minicbor::Decoder::new(card.as_bytes());
    assert_eq!(decoder.array().expect("an array"), Some(3));
    let statement = decoder.bytes().expect("a statement").to_vec();
    let participant = Signature::parse(decoder.bytes().expect("a signature")).expect("64 bytes");
    (statement, participant, decoder.bytes().expect("a signature").try_into().expect("64 bytes"))
}

/// Returns the hash that an envelope's signature covers, and the signature.
fn sealed_parts(envelope: &Envelope) -> ([u8; 32], [u8; 64]) {
    let mut decoder = minicbor::Decoder::new(envelope.bytes());
    assert_eq!(decoder.array().expect("an array"), Some(3));
    assert_eq!(decoder.u16().expect("a version"), 1);
    let hash = tagged("countersign/envelope", &[decoder.bytes().expect("a body")]);
    (hash, decoder.bytes().expect("a signature").try_into().expect("64 bytes"))
}

fn envelope_in(frame: &[u8]) -> Envelope {
    match Frame::parse(frame) {
        Ok(Frame::Envelope { envelope, .. }) => Envelope::parse(&envelope).expect("an envelope"),
        other => panic!("no envelope: {other:?}"),
    }
}

fn nonces_in(message: &Message) -> &[u8] {
    match message {
        Message::Propose { nonces, .. } | Message::Nonces { nonces, .. } | Message::Answer { nonces, .. } => {
            nonces
        }
        Message::Partials { .. } | Message::Complete { .. } => panic!("no nonces in {}", message.name()),
        Message::Decline { .. } | Message::Cancel | Message::Extend { .. } => {
            panic!("no nonces in {}", message.name())
        }
    }
}

/// Puts a frame's length before it, seven bits a byte, the lowest first.
fn with_length(frame: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut left = frame.len();
    while left >= 0x80 {
        bytes.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    [bytes, frame.to_vec()].concat()
}

fn base58(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| 0);
    zeros.chain(digits.into_iter().rev()).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn cbor<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory does not fail")
}
