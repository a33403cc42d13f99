//! One phone: its node, its journal, its vault and its user's eyes.

use std::collections::{BTreeSet, VecDeque};

use countersign_machine::card::Card;
use countersign_machine::effect::{Effect, Event};
use countersign_machine::fault::{Fault, StoreFault};
use countersign_machine::id::{SessionId, TransportKey};
use countersign_machine::input::KeyTicket;
use countersign_machine::key::{ParticipantKey, Seed, SigningKey};
use countersign_machine::message::TransportSecret;
use countersign_machine::record::{Record, survivors};
use countersign_machine::time::{BootId, BootTime, Now};
use countersign_machine::{Input, Node};

use super::forge::tagged_hash;

/// How a vault answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vault {
    /// It gives the key.
    Open,
    /// It refuses.
    Locked,
    /// It says nothing.
    Silent,
}

/// A phone.
pub struct Phone {
    /// What decides; `None` while the phone is dead.
    pub node: Option<Node>,
    /// Every record, oldest first.
    pub journal: Vec<Vec<u8>>,
    /// Every record ever written, oldest first: what the journal would be had it never been compacted.
    pub archive: Vec<Vec<u8>>,
    /// Every session whose records were dropped from the journal.
    pub dropped: Vec<SessionId>,
    /// How the vault answers.
    pub vault: Vault,
    /// What the user was told, oldest first.
    pub events: Vec<Event>,
    /// What the node refused, oldest first.
    pub faults: Vec<Fault>,
    /// The names of the effects carried out, oldest first.
    pub effects: Vec<&'static str>,
    /// How often the vault's generator was asked. Who sets it back clones the generator.
    pub draws: u64,
    /// Every question to the vault, oldest first.
    pub tickets: Vec<KeyTicket>,
    /// By how many milliseconds its wall clock is ahead of the world's.
    pub(super) ahead_ms: i64,
    /// How often it was booted, which names the boot; `None` if its system has no name for it.
    pub boots: Option<u64>,
    /// When it was booted last, by the world's clock.
    pub(super) booted: BootTime,
    answers: VecDeque<Input>,
    secret: [u8; 32],
    transport: [u8; 32],
    participant: ParticipantKey,
    peer: TransportKey,
}

impl Phone {
    /// Makes a phone with an empty journal.
    pub(super) fn new(secret: [u8; 32], transport: [u8; 32], seed: [u8; 32], now: Now) -> Self {
        let participant = key(&secret).participant();
        let link = TransportSecret::new(&transport);
        let peer = link.public();
        Self {
            node: Some(Node::create(participant, link, seed, Some(BootId::of("boot 0")), now)),
            journal: Vec::new(),
            archive: Vec::new(),
            dropped: Vec::new(),
            vault: Vault::Open,
            events: Vec::new(),
            faults: Vec::new(),
            effects: Vec::new(),
            draws: 0,
            tickets: Vec::new(),
            ahead_ms: 0,
            boots: Some(0),
            booted: BootTime(0),
            answers: VecDeque::new(),
            secret,
            transport,
            participant,
            peer,
        }
    }

    /// Makes a dead phone with the same keys and a copy of the journal.
    pub fn twin(&self) -> Self {
        Self {
            node: None,
            journal: self.journal.clone(),
            vault: self.vault,
            events: Vec::new(),
            faults: Vec::new(),
            effects: Vec::new(),
            draws: self.draws,
            tickets: Vec::new(),
            answers: VecDeque::new(),
            archive: self.archive.clone(),
            dropped: self.dropped.clone(),
            ..*self
        }
    }

    /// Returns the participant for whom the phone speaks.
    pub fn participant(&self) -> ParticipantKey {
        self.participant
    }

    /// Returns the participant's secret key.
    pub fn key(&self) -> SigningKey {
        key(&self.secret)
    }

    /// Returns the participant's secret key as bytes, to sign with it elsewhere.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Returns the phone's transport key.
    pub fn transport(&self) -> TransportKey {
        self.peer
    }

    /// Returns the seed of the phone's transport secret, to speak in its name.
    pub fn transport_seed(&self) -> &[u8; 32] {
        &self.transport
    }

    /// Returns the card that the phone issued.
    pub fn card(&self) -> Card {
        let text = self.events.iter().rev().find_map(|event| match event {
            Event::CardIssued(issued) => Some(issued.card.as_str()),
            Event::Link(_)
            | Event::Session(_)
            | Event::Clock(_)
            | Event::Presence(_)
            | Event::Preflight(_)
            | Event::Connectivity(_)
            | Event::Refused(_)
            | Event::RefusedByPeer(_) => None,
        });
        Card::from_text(text.expect("a card was issued")).expect("the card that was issued")
    }

    /// Starts the phone from its journal.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the journal.
    pub fn open(&mut self, seed: [u8; 32], now: Now) -> Result<(), StoreFault> {
        self.node = Some(self.node_from(&self.journal, seed, now)?);
        Ok(())
    }

    /// Copies the phone as it is while it is off.
    pub(super) fn asleep(&self) -> Self {
        let (events, faults) = (self.events.clone(), self.faults.clone());
        Self { events, faults, effects: self.effects.clone(), ..self.twin() }
    }

    /// Makes the node that these records lead to, beside the one that lives.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the records.
    pub fn node_from(&self, records: &[Vec<u8>], seed: [u8; 32], now: Now) -> Result<Node, StoreFault> {
        let records = records.iter().map(Vec::as_slice);
        let boot_id = self.boots.map(|boots| BootId::of(&format!("boot {boots}")));
        Node::open(records, TransportSecret::new(&self.transport), seed, boot_id, now)
    }

    /// Makes the phone that takes this one's place: the same participant, a new transport key, an empty journal.
    pub(super) fn successor(&self, transport: [u8; 32], seed: [u8; 32], now: Now) -> Self {
        Self::new(self.secret, transport, seed, now)
    }

    pub(super) fn die(&mut self) {
        self.node = None;
        self.answers.clear();
        self.tickets.clear();
    }

    pub(super) fn has_answer(&self) -> bool {
        self.node.is_some() && !self.answers.is_empty()
    }

    pub(super) fn take_answer(&mut self) -> Option<Input> {
        self.answers.pop_front()
    }

    pub(super) fn answer(&mut self, input: Input) {
        self.answers.push_back(input);
    }

    /// Lets the vault answer as it would now what it was asked before.
    pub fn replace_answers(&mut self) {
        let (vault, asked) = (self.vault, std::mem::take(&mut self.answers));
        self.answers = asked
            .into_iter()
            .filter_map(|answer| match (answer, vault) {
                (Input::KeyGiven { ticket, .. }, Vault::Locked) => Some(Input::KeyRefused { ticket }),
                (Input::KeyGiven { .. }, Vault::Silent) => None,
                (other, _) => Some(other),
            })
            .collect();
    }

    /// Takes away what the journal was going to answer next, if it was asked.
    pub fn drop_read_back(&mut self) {
        if let Some(at) = self.answers.iter().position(|answer| matches!(answer, Input::ReadBack(_))) {
            self.answers.remove(at);
        }
    }

    pub(super) fn read_back(&mut self) {
        self.answer(Input::ReadBack(self.journal.last().cloned()));
    }

    /// Returns fresh entropy from the vault's generator.
    pub fn draw(&mut self) -> Seed {
        self.draws += 1;
        Seed::new(tagged_hash("rig/vault", &[&self.secret, &self.draws.to_be_bytes()]))
    }

    /// Appends a record to the journal.
    pub(super) fn write(&mut self, record: &Record) {
        self.journal.push(record.to_bytes());
        self.archive.push(record.to_bytes());
    }

    /// Rewrites the journal as the driver would.
    pub(crate) fn compact(&mut self, forgotten: &BTreeSet<SessionId>) {
        self.dropped.extend(forgotten);
        self.journal = survivors(std::mem::take(&mut self.journal), forgotten);
    }

    pub(super) fn give_seed(&mut self, ticket: KeyTicket) {
        self.tickets.push(ticket);
        let seed = self.draw();
        self.answer(Input::SeedGiven { ticket, seed });
    }

    pub(super) fn give_key(&mut self, ticket: KeyTicket) {
        self.tickets.push(ticket);
        let seed = self.draw();
        match self.vault {
            Vault::Open => self.answer(Input::KeyGiven { ticket, key: self.key(), seed }),
            Vault::Locked => self.answer(Input::KeyRefused { ticket }),
            Vault::Silent => {}
        }
    }
}

fn key(secret: &[u8; 32]) -> SigningKey {
    SigningKey::from_bytes(secret).expect("a hash is in range but once in 2^128")
}

/// Names an effect.
pub(super) fn name_of(effect: &Effect) -> &'static str {
    match effect {
        Effect::Persist(_) => "persist",
        Effect::Compact(_) => "compact",
        Effect::AskSeed { .. } => "ask seed",
        Effect::ReadBack => "read back",
        Effect::AskKey { .. } => "ask key",
        Effect::Admit(_) => "admit",
        Effect::Exclude(_) => "exclude",
        Effect::Dial { .. } => "dial",
        Effect::Cut(_) => "cut",
        Effect::Reserve { .. } => "reserve",
        Effect::Register { .. } => "register",
        Effect::Unregister { .. } => "unregister",
        Effect::Discover { .. } => "discover",
        Effect::RestartNetwork(_) => "restart network",
        Effect::Send { .. } => "send",
        Effect::Tell(Event::Refused(_)) => "tell refused",
        Effect::Tell(_) => "tell",
    }
}
