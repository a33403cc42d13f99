//! A signer from elsewhere in the place of a phone: it speaks as PROTOCOL.md says and signs with another
//! implementation of BIP-327.

use std::collections::BTreeMap;

use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, Slot};
use countersign_machine::limits::DEFAULT_SESSION_MS;
use countersign_machine::message::{Body, Message, Payload, Terms};
use countersign_machine::record::Outcome;
use countersign_machine::time::WallTime;
use countersign_tests::rig::forge::{sealed_frame, tagged_hash};
use countersign_tests::rig::{Flight, Topology, World, payload};

use super::other::{Other, Round};
use super::tweak;

/// What the signer from elsewhere does in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It waits for all other nonces and answers with its own and its partial signatures.
    Answers,
    /// It sends its nonces before anybody approves.
    NoncesFirst,
    /// It sends its nonces after everybody else.
    NoncesLast,
    /// It proposes.
    Proposes,
    /// It proposes, and ends the session with the signatures that it has aggregated.
    Completes,
}

/// Every part.
pub(crate) const PARTS: [Part; 5] =
    [Part::Answers, Part::NoncesFirst, Part::NoncesLast, Part::Proposes, Part::Completes];

/// Phones in one wallet with a signer from elsewhere.
pub(crate) struct Meeting {
    world: World,
    /// Whose phone it has taken the place of.
    place: usize,
}

impl Meeting {
    /// Lets `count` phones make a wallet, after which the one at `place` never decides anything again.
    pub(crate) fn new(seed: u64, count: usize, place: usize) -> Self {
        let mut world = World::new(seed, count, Topology::Mesh);
        world.phones[place].node = None;
        Self { world, place }
    }

    /// Signs `items` things and asserts that all phones end up with valid signatures.
    ///
    /// # Panics
    ///
    /// Panics if they do not.
    pub(crate) fn hold<O: Other>(mut self, part: Part, items: u32) {
        let payload = payload(items);
        let mut foreigner = Foreigner::<O>::new(&self, &payload);
        let nonces = foreigner.nonces.concat();
        let session = match part {
            Part::Proposes | Part::Completes => self.propose(payload, nonces.clone()),
            Part::Answers | Part::NoncesFirst | Part::NoncesLast => {
                self.world.propose((self.place + 1) % self.world.phones.len(), payload)
            }
        };
        self.world.settle();
        let round_1 = Message::Nonces { attempt: Attempt(0), nonces: nonces.clone() };
        if part == Part::NoncesFirst {
            self.say(session, round_1.clone());
        }
        self.world.approve_at_once(session);
        if part == Part::NoncesLast {
            self.say(session, round_1);
        }

        let attempt = Attempt(0);
        let (set, partials) = foreigner.sign(session, &self.heard(session));
        let heard = self.heard(session);
        let last_word = match part {
            Part::Answers => Message::Answer { attempt, set, nonces, partials: partials.concat() },
            Part::Completes => Message::Complete { signatures: foreigner.finish(&heard, &partials).concat() },
            Part::NoncesFirst | Part::NoncesLast | Part::Proposes => {
                Message::Partials { attempt, set, partials: partials.concat() }
            }
        };
        self.say(session, last_word);

        self.world.assert_flawless(session);
        let Some(Outcome::Completed { signatures }) = self.world.outcome(session) else {
            panic!("not completed:{}", self.world.describe(session));
        };
        foreigner.accept(&self.heard(session));
        foreigner.judge(&signatures);
    }

    fn propose(&mut self, payload: Payload, nonces: Vec<u8>) -> SessionId {
        let created = self.world.now.wall;
        let terms = Terms {
            wallet: self.world.wallet,
            proposer: Slot(self.place as u8),
            created,
            deadline: WallTime(created.0 + DEFAULT_SESSION_MS),
            random: [0x72; 32],
            payload,
        };
        let session = terms.session_id();
        self.say(session, Message::Propose { terms, nonces });
        session
    }

    /// Tells every phone, and lets all come of it that comes.
    fn say(&mut self, session: SessionId, message: Message) {
        let body = Body { wallet: self.world.wallet, session, slot: Slot(self.place as u8), message };
        let frame = sealed_frame(self.world.phones[self.place].transport_seed(), &body);
        for to in (0..self.world.phones.len()).filter(|to| *to != self.place) {
            self.world.arrive(self.place, to, &frame);
        }
        self.world.settle();
    }

    /// Returns what has reached the signer from elsewhere.
    fn heard(&self, session: SessionId) -> Heard {
        let mut heard = Heard::default();
        let arrived = self.world.sent.iter().filter(|flight| flight.to == self.place);
        for envelope in arrived.filter_map(Flight::envelope) {
            let body = envelope.body();
            if body.session != session {
                continue;
            }
            let slot = body.slot.index();
            match &body.message {
                Message::Propose { nonces, .. } | Message::Nonces { nonces, .. } => {
                    heard.nonces.insert(slot, split(nonces));
                }
                Message::Partials { partials, .. } => {
                    heard.partials.insert(slot, split(partials));
                }
                Message::Answer { nonces, partials, .. } => {
                    heard.nonces.insert(slot, split(nonces));
                    heard.partials.insert(slot, split(partials));
                }
                Message::Complete { .. } | Message::Decline { .. } => {}
                Message::Cancel | Message::Extend { .. } => {}
            }
        }
        heard
    }
}

/// What phones have said, by slot, item by item.
#[derive(Default)]
struct Heard {
    nonces: BTreeMap<usize, Vec<[u8; 66]>>,
    partials: BTreeMap<usize, Vec<[u8; 32]>>,
}

/// A signer from elsewhere in one session.
struct Foreigner<O: Other> {
    place: usize,
    secret: [u8; 32],
    keys: Vec<O>,
    messages: Vec<[u8; 32]>,
    secrets: Vec<O::Secret>,
    nonces: Vec<[u8; 66]>,
    /// What is signed, item by item, once it has signed.
    rounds: Vec<Round>,
}

impl<O: Other> Foreigner<O> {
    fn new(meeting: &Meeting, payload: &Payload) -> Self {
        let Meeting { world, place } = meeting;
        let secret = *world.phones[*place].secret();
        let all: Vec<[u8; 33]> = world.phones.iter().map(|phone| *phone.participant().as_bytes()).collect();
        let keys: Vec<O> = payload.items.iter().map(|item| tweak(O::aggregate(&all), &item.key).0).collect();
        let messages: Vec<[u8; 32]> = payload.items.iter().map(|item| item.digest).collect();
        let nonce = |(key, message): (&O, &[u8; 32])| {
            key.nonce(&secret, tagged_hash("cross/seed", &[&secret, message]), message)
        };
        let (secrets, nonces) = keys.iter().zip(&messages).map(nonce).unzip();
        Self { place: *place, secret, keys, messages, secrets, nonces, rounds: Vec::new() }
    }

    /// Signs every item with all nonces; the others have sent theirs.
    fn sign(&mut self, session: SessionId, heard: &Heard) -> (NonceSetDigest, Vec<[u8; 32]>) {
        let mut all = heard.nonces.clone();
        all.insert(self.place, self.nonces.clone());
        let bytes: Vec<u8> = all.values().flat_map(|nonces| nonces.concat()).collect();
        let set = NonceSetDigest(tagged_hash("countersign/nonces", &[&session.0, &[0], &bytes]));
        let round = |(item, message): (usize, &[u8; 32])| Round {
            nonces: all.values().map(|nonces| nonces[item]).collect(),
            message: *message,
        };
        self.rounds = self.messages.iter().enumerate().map(round).collect();
        let secrets = std::mem::take(&mut self.secrets);
        let items = self.keys.iter().zip(&self.rounds).zip(secrets);
        let sign = |((key, round), secret): ((&O, &Round), O::Secret)| {
            key.sign(round, self.place, &self.secret, secret)
        };
        (set, items.map(sign).collect())
    }

    /// Asserts that everybody's part so far is what they owe.
    fn accept(&self, heard: &Heard) {
        for (slot, partials) in &heard.partials {
            for ((key, round), partial) in self.keys.iter().zip(&self.rounds).zip(partials) {
                assert!(key.accepts(round, *slot, partial), "the part of slot {slot}");
            }
        }
    }

    /// Adds up everybody's parts.
    fn finish(&self, heard: &Heard, ours: &[[u8; 32]]) -> Vec<[u8; 64]> {
        let mut all = heard.partials.clone();
        all.insert(self.place, ours.to_vec());
        let finish = |(item, (key, round)): (usize, (&O, &Round))| {
            let partials: Vec<[u8; 32]> = all.values().map(|partials| partials[item]).collect();
            key.finish(round, &partials)
        };
        self.keys.iter().zip(&self.rounds).enumerate().map(finish).collect()
    }

    /// Asserts that these are signatures of all items, one after the other.
    fn judge(&self, signatures: &[u8]) {
        let signatures: Vec<[u8; 64]> = split(signatures);
        assert_eq!(signatures.len(), self.keys.len());
        for ((key, message), signature) in self.keys.iter().zip(&self.messages).zip(&signatures) {
            assert!(key.verifies(signature, message));
        }
    }
}

fn split<const N: usize>(bytes: &[u8]) -> Vec<[u8; N]> {
    let (whole, rest) = bytes.as_chunks();
    assert!(rest.is_empty(), "so many bytes an item");
    whole.to_vec()
}
