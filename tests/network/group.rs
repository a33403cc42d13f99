//! Co-signers who share a wallet, wherever they are.

use std::net::Ipv4Addr;
use std::time::Duration;

use k256::schnorr::{Signature, VerifyingKey};
use serde_json::Value;
use tempfile::TempDir;

use super::line::Conditions;
use super::namespace::Namespace;
use super::phone::Phone;
use super::switch::{Port, Switch};

/// What they are called, in the order in which they are started. The first proposes.
const NAMES: [&str; 15] =
    ["ada", "bob", "eve", "dan", "gus", "ivo", "kim", "lou", "max", "ned", "pia", "roy", "sam", "tom", "una"];
/// The port at which every phone listens.
const PORT: u16 = 4_001;
/// How long links may take to come up, and a message to arrive, where nothing is cut.
pub const SOON: Duration = Duration::from_secs(60);

/// Some running phones.
pub struct Group {
    /// The phones, in the order in which they were started.
    pub phones: Vec<Phone>,
    folder: TempDir,
}

impl Group {
    /// Starts a phone that listens at each of these places; they know nothing of each other.
    pub fn new(places: &[(&Namespace, Ipv4Addr)]) -> Self {
        let listening: Vec<_> =
            places.iter().map(|(namespace, address)| (*namespace, listen(*address))).collect();
        Self::with(&listening)
    }

    /// Starts a phone with these arguments in each of these namespaces; they know nothing of each other.
    pub fn with(phones: &[(&Namespace, Vec<String>)]) -> Self {
        let mut group = Self { phones: Vec::new(), folder: tempfile::tempdir().expect("a folder") };
        for (name, (namespace, arguments)) in NAMES.into_iter().zip(phones) {
            group.phones.push(Phone::start(name, namespace, group.folder.path(), arguments));
        }
        group
    }

    /// Starts one that has ended again, from its journal, at this address.
    pub fn restart(&mut self, who: usize, namespace: &Namespace, address: Ipv4Addr) {
        self.phones[who] = Phone::start(NAMES[who], namespace, self.folder.path(), &listen(address));
    }

    /// Gives everybody everybody's card, and makes the wallet `shared` of all.
    pub fn meet(&mut self) {
        let card = |phone: &mut Phone| text(&phone.ask("card")["card"]).to_owned();
        let cards: Vec<String> = self.phones.iter_mut().map(card).collect();
        for (at, phone) in self.phones.iter_mut().enumerate() {
            for card in cards.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, card)| card) {
                phone.ask(&format!("add {card}"));
            }
            phone.ask("wallet shared");
        }
    }

    /// Waits until one's link to another is as wanted.
    pub fn await_link(&mut self, who: usize, whose: usize, wanted: &str) {
        let slot = self.slot(whose);
        let is_so = |status: &Value| status["wallets"][0]["participants"][slot]["link"] == wanted;
        let name = NAMES[whose];
        assert!(self.phones[who].status(SOON, is_so).is_some(), "{} finds {name} {wanted}", NAMES[who]);
    }

    /// Waits until one's link to another takes this path.
    pub fn await_path(&mut self, who: usize, whose: usize, wanted: &str) {
        let slot = self.slot(whose);
        let takes = |status: &Value| status["wallets"][0]["participants"][slot]["path"] == wanted;
        let name = NAMES[whose];
        assert!(self.phones[who].status(SOON, takes).is_some(), "{} reaches {name} {wanted}", NAMES[who]);
    }

    /// Waits until everybody reaches everybody.
    pub fn await_links(&mut self) {
        let count = self.phones.len();
        for (who, whose) in (0..count).flat_map(|who| (0..count).map(move |whose| (who, whose))) {
            if who != whose {
                self.await_link(who, whose, "reachable");
            }
        }
    }

    /// Lets the first propose, and returns the session's id.
    pub fn propose(&mut self) -> String {
        let answer = self.phones[0].ask(&format!("propose shared {}", "5a".repeat(32)));
        text(&answer["session"]).to_owned()
    }

    /// Waits until one has heard of the session.
    pub fn await_request(&mut self, who: usize) {
        let asked = self.phones[who].status(SOON, |status| !status["sessions"][0].is_null());
        assert!(asked.is_some(), "{} is asked", NAMES[who]);
    }

    /// Lets one approve, once it is asked.
    pub fn approve(&mut self, who: usize, session: &str) {
        self.await_request(who);
        self.phones[who].ask(&format!("approve {session}"));
    }

    /// Waits until one has another's `nonces` or `partials`.
    pub fn await_progress(&mut self, who: usize, whose: usize, what: &str) {
        let slot = self.slot(whose);
        let has = |status: &Value| status["sessions"][0]["progress"][slot][what] == true;
        assert!(self.phones[who].status(SOON, has).is_some(), "{} has {what} of slot {slot}", NAMES[who]);
    }

    /// Waits until the session is open at the first, and waits for these alone.
    pub fn await_missing(&mut self, whom: &[usize]) {
        let mut slots: Vec<usize> = whom.iter().map(|who| self.slot(*who)).collect();
        slots.sort_unstable();
        let waits = |status: &Value| {
            let session = &status["sessions"][0];
            session["outcome"].is_null() && session["waits_for"] == serde_json::json!(slots)
        };
        let status = self.phones[0].status(SOON, waits);
        assert!(status.is_some(), "it waits for {slots:?}: {}", self.phones[0].ask("status"));
    }

    /// Returns the slot of one in the wallet.
    pub fn slot(&mut self, who: usize) -> usize {
        let status = self.phones[0].ask("status");
        let participants = status["wallets"][0]["participants"].as_array().expect("participants");
        participants.iter().position(|one| one["nickname"] == NAMES[who]).expect("a slot")
    }

    /// Waits until the session is complete for everybody, for `limit` at each, in attempt `attempt`, with the same
    /// valid signature.
    pub fn assert_signed(&mut self, session: &str, attempt: u64, limit: Duration) {
        let mut signatures = Vec::new();
        for phone in &mut self.phones {
            let ended = |status: &Value| !status["sessions"][0]["outcome"].is_null();
            let status = phone.status(limit, ended);
            let status = status.unwrap_or_else(|| panic!("{} ends within {limit:?}", phone.name));
            assert_eq!(status["sessions"][0]["attempt"], attempt, "{}: {status}", phone.name);
            let detail = phone.ask(&format!("session {session}"));
            assert_eq!(detail["outcome"]["how"], "completed", "{}: {detail}", phone.name);
            let item = &detail["items"][0];
            let bytes = |name: &str| hex::decode(text(&item[name])).expect("hex");
            let signature = Signature::try_from(bytes("signature").as_slice()).expect("a signature");
            let key: [u8; 32] = bytes("output_key").try_into().expect("an x-only key");
            let key = VerifyingKey::from_bytes(&key.into()).expect("a key");
            key.verify_raw(&bytes("digest"), &signature).expect("it verifies");
            signatures.push(bytes("signature"));
        }
        signatures.dedup();
        assert_eq!(signatures.len(), 1, "one signature for all");
    }
}

/// Phones in one net, each in a namespace of its own.
pub struct Lan {
    // In this order they end.
    /// The phones.
    pub group: Group,
    /// Their places on the net.
    pub ports: Vec<Port>,
    /// The net.
    pub switch: Switch,
    /// Where they run.
    pub namespaces: Vec<Namespace>,
}

impl Lan {
    /// Starts `count` phones, who know nothing of each other, on a good net whose later troubles `seed` determines.
    pub fn new(count: usize, seed: u64) -> Self {
        let switch = Switch::new(seed).expect("a switch");
        let namespaces: Vec<_> = (0..count).map(|_| Namespace::new().expect("a namespace")).collect();
        let plug = |(at, namespace)| switch.plug(namespace, address(at)).expect("a port");
        let ports = namespaces.iter().enumerate().map(plug).collect();
        let places: Vec<_> =
            namespaces.iter().enumerate().map(|(at, namespace)| (namespace, address(at))).collect();
        Self { group: Group::new(&places), ports, switch, namespaces }
    }

    /// Does the same under these conditions, and links all.
    pub fn linked(count: usize, seed: u64, conditions: Conditions) -> Self {
        let mut lan = Self::new(count, seed);
        lan.switch.set_all(conditions);
        lan.group.meet();
        lan.group.await_links();
        lan
    }
}

/// Returns what lets a phone listen at an address.
pub fn listen(address: Ipv4Addr) -> Vec<String> {
    vec!["--listen".to_owned(), format!("/ip4/{address}/tcp/{PORT}")]
}

/// Returns the address of the phone at this place of a net.
pub fn address(at: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, 1 + at as u8)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
