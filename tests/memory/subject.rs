//! The process whose memory is judged.

use std::collections::VecDeque;
use std::fmt::Write;
use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use countersign_machine::card::Card;
use countersign_machine::effect::{Effect, Event};
use countersign_machine::frame::Frame;
use countersign_machine::key::{ParticipantKey, Seed, SigningKey};
use countersign_machine::limits::DEFAULT_SESSION_MS;
use countersign_machine::link::LinkPath;
use countersign_machine::message::{DeclineReason, Envelope, Message, TransportSecret};
use countersign_machine::record::Outcome;
use countersign_machine::session::nonce::{AggregateNonce, SecretNonce};
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::wallet::Wallet;
use countersign_machine::{Input, Node};
use countersign_tests::rig::payload;
use zeroize::Zeroizing;

/// Hides a secret from a search for it.
pub(crate) const MASK: u8 = 0x5a;
/// What is signed without a session.
pub(crate) const MESSAGE: [u8; 32] = *b"thirty-two bytes for two signers";
/// What a nonce without a session is for.
pub(crate) const EXTRA: [u8; 32] = *b"another thirty-two bytes of what";
/// How many items a session signs.
pub(crate) const ITEMS: u32 = 2;
/// How often a vault is asked at most.
pub(crate) const MOST_DRAWS: usize = 8;

/// The fraction of pi, nothing up the sleeve.
const DIGITS: [u8; 32] = [
    0x24, 0x3f, 0x6a, 0x88, 0x85, 0xa3, 0x08, 0xd3, 0x13, 0x19, 0x8a, 0x2e, 0x03, 0x70, 0x73, 0x44, 0xa4,
    0x09, 0x38, 0x22, 0x29, 0x9f, 0x31, 0xd0, 0x08, 0x2e, 0xfa, 0x98, 0xec, 0x4e, 0x6c, 0x89,
];

/// Returns the secret key of a phone, masked.
pub(crate) fn masked_key(who: usize) -> [u8; 32] {
    DIGITS.map(|digit| digit.wrapping_mul(2 * who as u8 + 1).wrapping_add(who as u8))
}

/// Returns what a vault draws, masked.
pub(crate) fn masked_seed(who: usize, draw: usize) -> [u8; 32] {
    DIGITS.map(|digit| digit.wrapping_mul(3).wrapping_add((16 * (who + 1) + draw) as u8))
}

/// Signs once without a session, and drops another nonce.
pub(crate) fn sign_alone(folder: &Path) {
    let witness = Witness::new(folder, &["made", "signed", "dropped"]);
    let other = key(1).participant();
    let wallet = Wallet::new("wallet".into(), vec![key(0).participant(), other]).expect("different keys");
    let agg = wallet.aggregate();
    let key = key(0);
    let nonce = |draw| SecretNonce::generate(seed(0, draw), &key, &agg.x_only(), &MESSAGE, &EXTRA);
    let (signed, dropped) = (nonce(0), nonce(1));
    let mut facts = String::new();
    for (draw, nonce) in [&signed, &dropped].into_iter().enumerate() {
        tell(&mut facts, &format!("nonce {draw}"), &nonce.public().to_bytes());
    }
    fs::write(folder.join("facts"), facts).expect("room for the facts");

    witness.look();
    let sum = AggregateNonce::sum([signed.public(), dropped.public()]);
    signed.sign(&key, agg, &sum, &MESSAGE).expect("a part");
    witness.look();
    key.sign(&MESSAGE, seed(0, 2));
    drop((dropped, key));
    witness.look();
}

/// How a session ends, after all but the last phone have sent nonces.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The last phone signs, and so do all.
    Signatures,
    /// The last phone declines.
    Decline,
}

/// Lets `count` phones go through a session in which all but the last make fresh nonces.
pub(crate) fn sign_together(folder: &Path, count: usize, end: End) {
    let witness = Witness::new(folder, &["waiting", "ended"]);
    let mut table = Table::new(count);
    let deadline = WallTime(table.now.wall.0 + DEFAULT_SESSION_MS);
    let (wallet, now) = (table.wallet.id(), table.now);
    let proposed = table.phones[0].node.propose(wallet, payload(ITEMS), deadline, [7; 32], now);
    let session = proposed.expect("a payload within the limits");
    table.settle();
    for who in 1..count - 1 {
        table.phones[who].node.approve(session, now).expect("an open session");
        table.settle();
    }

    let held = key(0);
    witness.look();
    drop(held);
    let last = &mut table.phones[count - 1].node;
    let done = match end {
        End::Signatures => last.approve(session, now),
        End::Decline => last.decline(session, DeclineReason::User, now),
    };
    done.expect("an open session");
    table.settle();

    let mut facts = String::new();
    tell(&mut facts, "session", &session.0);
    for (who, nonces) in table.nonces.iter().enumerate() {
        tell(&mut facts, &format!("nonces {who}"), nonces);
    }
    fs::write(folder.join("facts"), facts).expect("room for the facts");
    for phone in &table.phones {
        let outcome = phone.node.status(now).sessions[0].outcome.clone();
        let completed = matches!(outcome, Some(Outcome::Completed { .. }));
        assert_eq!(completed, end == End::Signatures, "{outcome:?}");
        assert!(outcome.is_some(), "the session has ended");
    }
    witness.look();
}

fn tell(facts: &mut String, name: &str, value: &[u8]) {
    writeln!(facts, "{name}: {}", hex::encode(value)).expect("writing to memory does not fail");
}

/// Phones that reach each other at once.
struct Table {
    phones: Vec<Phone>,
    wallet: Wallet,
    now: Now,
    /// The public nonces that each phone has sent.
    nonces: Vec<Vec<u8>>,
}

/// A phone whose vault makes the key anew each time from its masked form.
struct Phone {
    node: Node,
    record: Option<Vec<u8>>,
    inputs: VecDeque<Input>,
    card: Option<Card>,
    draws: usize,
}

impl Table {
    fn new(count: usize) -> Self {
        let keys: Vec<ParticipantKey> = (0..count).map(|who| key(who).participant()).collect();
        let wallet = Wallet::new("wallet".into(), keys.clone()).expect("different keys");
        let now = Now { wall: WallTime(1_700_000_000_000), boot: BootTime(1_000_000) };
        let phone = |who: usize| Phone {
            node: Node::create(keys[who], transport(who), [who as u8; 32], None, now),
            record: None,
            inputs: VecDeque::from([Input::Listening(vec![format!("/memory/{}", who + 1)])]),
            card: None,
            draws: 0,
        };
        let mut table =
            Self { phones: (0..count).map(phone).collect(), wallet, now, nonces: vec![Vec::new(); count] };
        table.settle();
        for phone in &mut table.phones {
            phone.node.issue_card("phone".into()).expect("a short nickname");
        }
        table.settle();
        table.introduce(&keys);
        table
    }

    fn introduce(&mut self, keys: &[ParticipantKey]) {
        let cards: Vec<Card> = self.phones.iter().filter_map(|phone| phone.card.clone()).collect();
        for (who, phone) in self.phones.iter_mut().enumerate() {
            for (other, card) in cards.iter().enumerate().filter(|(other, _)| *other != who) {
                phone.node.add_card(card.clone(), self.now).expect("a card just issued");
                let peer = transport(other).public();
                phone.inputs.push_back(Input::LinkUp { peer, path: LinkPath::Direct });
            }
            phone
                .node
                .create_wallet("wallet".into(), keys.to_vec(), self.now)
                .expect("the keys make a wallet");
        }
        self.settle();
    }

    /// Lets everything happen that is due.
    fn settle(&mut self) {
        loop {
            (0..self.phones.len()).for_each(|who| self.carry_out(who));
            let Some(phone) = self.phones.iter_mut().find(|phone| !phone.inputs.is_empty()) else { return };
            let input = phone.inputs.pop_front().expect("there is one");
            phone.node.handle_input(input, self.now).expect("nobody lies");
        }
    }

    fn carry_out(&mut self, who: usize) {
        while let Some(effect) = self.phones[who].node.poll_effect() {
            let phone = &mut self.phones[who];
            match effect {
                Effect::Persist(records) => phone.record = records.last().map(|record| record.to_bytes()),
                Effect::ReadBack => phone.inputs.push_back(Input::ReadBack(phone.record.clone())),
                Effect::AskKey { ticket, purpose: _ } => {
                    let seed = seed(who, phone.draws);
                    phone.draws += 1;
                    phone.inputs.push_back(Input::KeyGiven { ticket, key: key(who), seed });
                }
                Effect::Send { peer, frame } => {
                    self.note(who, &frame);
                    let to = (0..self.phones.len()).find(|to| transport(*to).public() == peer);
                    let arrived =
                        Input::FrameArrived { peer: transport(who).public(), bytes: frame.to_vec() };
                    self.phones[to.expect("one of the phones")].inputs.push_back(arrived);
                }
                Effect::Tell(Event::CardIssued(issued)) => {
                    phone.card = Some(Card::from_text(&issued.card).expect("a card"));
                }
                Effect::AskSeed { .. } | Effect::Compact(_) => panic!("no key is kept, nothing forgotten"),
                Effect::Admit(_)
                | Effect::Exclude(_)
                | Effect::Dial { .. }
                | Effect::Cut(_)
                | Effect::Reserve { .. }
                | Effect::Register { .. }
                | Effect::Unregister { .. }
                | Effect::Discover { .. }
                | Effect::RestartNetwork(_)
                | Effect::Tell(Event::Link(_) | Event::Session(_) | Event::Clock(_) | Event::Presence(_))
                | Effect::Tell(Event::Preflight(_) | Event::Connectivity(_))
                | Effect::Tell(Event::Refused(_) | Event::RefusedByPeer(_)) => {}
            }
        }
    }

    /// Notes the nonces that a phone sends of its own.
    fn note(&mut self, who: usize, frame: &[u8]) {
        let Ok(Frame::Envelope { envelope, .. }) = Frame::parse(frame) else { return };
        let envelope = Envelope::parse(&envelope).expect("an envelope");
        let is_own = envelope.is_signed_by(&transport(who).public());
        if let Message::Propose { nonces, .. }
        | Message::Nonces { nonces, .. }
        | Message::Answer { nonces, .. } = &envelope.body().message
            && is_own
        {
            self.nonces[who].clone_from(nonces);
        }
    }
}

fn transport(who: usize) -> TransportSecret {
    TransportSecret::new(&[who as u8 + 1; 32])
}

/// Makes the secret key of a phone and leaves no copy.
fn key(who: usize) -> SigningKey {
    let mut bytes = Zeroizing::new(masked_key(who));
    unmask(&mut bytes);
    SigningKey::from_bytes(&bytes).expect("in range")
}

/// Draws what a vault draws. A seed is worthless without the key.
fn seed(who: usize, draw: usize) -> Seed {
    let mut bytes = masked_seed(who, draw);
    unmask(&mut bytes);
    Seed::new(bytes)
}

fn unmask(bytes: &mut [u8; 32]) {
    bytes.iter_mut().for_each(|byte| *byte ^= black_box(MASK));
}

/// Another thread, which writes the memory of this process to files. The thread that it looks at only waits
/// meanwhile, allocates nothing and so covers no traces.
struct Witness {
    /// Odd while it looks.
    looks: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Witness {
    /// Waits to look once at each stage.
    fn new(folder: &Path, stages: &'static [&'static str]) -> Self {
        let (folder, looks) = (folder.to_owned(), Arc::new(AtomicUsize::new(0)));
        let asked = looks.clone();
        let thread = std::thread::spawn(move || {
            for (number, stage) in stages.iter().enumerate() {
                while asked.load(Ordering::SeqCst) <= 2 * number {
                    std::thread::sleep(Duration::from_millis(1));
                }
                dump(&folder.join(stage));
                asked.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { looks, thread }
    }

    /// Lets it look, at the next stage.
    fn look(&self) {
        let seen = self.looks.fetch_add(1, Ordering::SeqCst) + 2;
        while self.looks.load(Ordering::SeqCst) != seen {
            assert!(
                !self.thread.is_finished() || self.looks.load(Ordering::SeqCst) == seen,
                "it saw nothing"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Writes all writable memory of this process to files, one a region.
fn dump(folder: &Path) {
    fs::create_dir(folder).expect("a folder that is not there yet");
    let memory = File::open("/proc/self/mem").expect("the memory of this process");
    let map = fs::read_to_string("/proc/self/maps").expect("the map of this process");
    for region in map.lines() {
        let mut words = region.split_whitespace();
        let (range, rights) = (words.next().expect("a range"), words.next().expect("rights"));
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').expect("two ends");
        let address = |text| u64::from_str_radix(text, 16).expect("hex");
        let name = words.nth(3).and_then(|path| path.rsplit('/').next()).unwrap_or("nameless");
        let file = File::create(folder.join(format!("{start} {name}"))).expect("room for the memory");
        copy(&memory, &file, address(start), address(end));
    }
}

/// Copies a range of memory through a buffer that is wiped in the end, lest the copy be taken for the original.
fn copy(memory: &File, file: &File, start: u64, end: u64) {
    let mut buffer = Zeroizing::new([0; 4096]);
    let mut at = start;
    while at < end {
        let length = buffer.len().min((end - at) as usize);
        let read = memory.read_at(&mut buffer[..length], at).expect("memory that is mapped");
        assert!(read > 0, "memory that is mapped");
        file.write_all_at(&buffer[..read], at - start).expect("room for the memory");
        at += read as u64;
    }
}
