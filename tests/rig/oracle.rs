//! Whoever sees every nonce and every partial signature, and would have the key if a nonce ever signed twice.

use std::collections::{BTreeMap, BTreeSet};

use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, EnvelopeId, NonceSetDigest, SessionId, Slot, WalletId};
use countersign_machine::key::ParticipantKey;
use countersign_machine::message::{Envelope, Message, Terms};
use countersign_machine::record::Record;
use countersign_machine::session::nonce::{AggregateNonce, PublicNonce};
use countersign_machine::session::partial::PartialSignature;
use countersign_machine::wallet::Wallet;
use countersign_machine::wallet::key_agg::KeyAgg;

use super::extract::{self, Challenge};
use super::forge::tagged_hash;
use super::{Phone, judge};

/// Bytes of a public nonce.
const NONCE: usize = 66;
/// Bytes of a partial signature.
const PARTIAL: usize = 32;

/// What a phone of ours must never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// One public nonce signed under two challenges, or twice under one with different results.
    NonceReused {
        /// Whose.
        signer: Slot,
    },
    /// Partial signatures that no nonces ever shown explain, or that do not verify.
    Unexplained {
        /// Whose.
        signer: Slot,
    },
    /// One public nonce signed so often that the signer's secret key could be computed, and it was.
    KeyExtracted {
        /// Whose.
        signer: Slot,
    },
    /// Nonces or partial signatures were sent that the sender's journal does not hold.
    NotDurable {
        /// Whose.
        sender: Slot,
    },
    /// Partial signatures were made before the signer's journal called their nonces consumed.
    NotConsumed {
        /// Whose.
        signer: Slot,
    },
}

/// What a journal calls consumed: a session's attempt and the set of its nonces.
type Consumed = (SessionId, Attempt, NonceSetDigest);

/// A signer's key and one of its public nonces.
type Nonce = ([u8; 33], [u8; NONCE]);

/// A nonce, what it signed and with which result.
type Use = (Nonce, Challenge, [u8; PARTIAL]);

/// Watches.
#[derive(Clone, Default)]
pub struct Oracle {
    wallets: BTreeMap<WalletId, Wallet>,
    sessions: BTreeMap<SessionId, Watched>,
    /// Every nonce ever shown, also before its session was known.
    nonces: BTreeMap<(SessionId, Attempt, Slot), BTreeSet<Vec<u8>>>,
    uses: BTreeMap<Nonce, BTreeMap<Challenge, [u8; PARTIAL]>>,
    seen: BTreeSet<EnvelopeId>,
    judged: BTreeSet<EnvelopeId>,
    /// What the honest phones' journals hold.
    journals: BTreeMap<ParticipantKey, Journal>,
    violations: Vec<Violation>,
    partials: usize,
}

/// What matters of one journal.
#[derive(Clone, Default)]
struct Journal {
    /// Nonces and partial signatures, the phone's own among them.
    contributions: BTreeSet<EnvelopeId>,
    consumed: BTreeSet<Consumed>,
}

/// A session's items.
#[derive(Clone)]
struct Watched {
    wallet: WalletId,
    items: Vec<(KeyAgg, [u8; 32])>,
}

impl Oracle {
    /// Learns which keys make a wallet.
    pub fn learn_wallet(&mut self, wallet: Wallet) {
        self.wallets.insert(wallet.id(), wallet);
    }

    /// Returns a wallet that it knows.
    pub fn wallet(&self, id: &WalletId) -> &Wallet {
        self.wallets.get(id).expect("every wallet of a world is learnt")
    }

    /// Reads records at the moment at which an honest phone makes them durable together.
    pub fn read(&mut self, author: &ParticipantKey, records: &[Record]) {
        for record in records {
            if let Record::Proposed { terms } = record {
                self.learn_session(terms);
            } else if let Record::EnvelopeKept { envelope } | Record::NonceCommitted { envelope, .. } = record
            {
                self.note(&parse(envelope));
            } else if let Record::Signed { envelope, .. } = record {
                let envelope = parse(envelope);
                self.note(&envelope);
                self.judge(&envelope);
                self.must_be_consumed(author, &envelope);
            }
        }
        self.journals.entry(*author).or_default().extend(records);
    }

    /// Reads a journal from which a phone has just started: older facts do not count any more.
    pub fn reread(&mut self, author: &ParticipantKey, journal: &[Vec<u8>]) {
        let records: Vec<Record> = journal.iter().filter_map(|bytes| Record::parse(bytes)).collect();
        let mut durable = Journal::default();
        durable.extend(&records);
        self.journals.insert(*author, durable);
    }

    fn must_be_consumed(&mut self, author: &ParticipantKey, envelope: &Envelope) {
        let body = envelope.body();
        let Some((attempt, set, _)) = body.message.partials() else { return };
        let consumed = (body.session, attempt, set);
        if !self.journals.get(author).is_some_and(|journal| journal.consumed.contains(&consumed)) {
            self.violations.push(Violation::NotConsumed { signer: body.slot });
        }
    }

    /// Sees what anybody, honest or not, puts on the wire: the nonces in it can explain signatures.
    pub fn overhear(&mut self, frame: &[u8]) {
        if let Some(envelope) = envelope_of(frame) {
            self.note(&envelope);
        }
    }

    /// Sees what an honest phone sends. Its own contributions must be in its journal.
    pub fn witness(&mut self, sender: &Phone, frame: &[u8]) {
        let Some(envelope) = envelope_of(frame) else { return };
        self.note(&envelope);
        let slot = envelope.body().slot;
        if self.author(&envelope) != Some(&sender.participant()) {
            return;
        }
        self.judge(&envelope);
        let contributes = match envelope.body().message {
            Message::Propose { .. }
            | Message::Nonces { .. }
            | Message::Partials { .. }
            | Message::Answer { .. } => true,
            Message::Complete { .. } | Message::Decline { .. } | Message::Cancel => false,
            Message::Extend { .. } => false,
        };
        let journal = self.journals.get(&sender.participant());
        let durable = journal.is_some_and(|journal| journal.contributions.contains(&envelope.id()));
        if contributes && !durable {
            self.violations.push(Violation::NotDurable { sender: slot });
        }
    }

    /// Returns what was seen that must never be.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Returns how many partial signatures were judged.
    pub fn partials(&self) -> usize {
        self.partials
    }

    /// Returns whether these are the final signatures of a session, by an implementation of BIP-340 that the machine
    /// does not use.
    pub fn verifies(&self, session: SessionId, signatures: &[u8]) -> bool {
        self.sessions.get(&session).is_some_and(|session| {
            let mut items = session.items.iter().zip(signatures.chunks(64));
            signatures.len() == session.items.len() * 64
                && items
                    .all(|((agg, message), bytes)| judge::verifies(agg.x_only().as_bytes(), message, bytes))
        })
    }

    /// Asserts that nothing was seen that must never be.
    ///
    /// # Panics
    ///
    /// Panics if it was.
    pub fn assert_silent(&self) {
        assert_eq!(self.violations, []);
    }

    fn author(&self, envelope: &Envelope) -> Option<&ParticipantKey> {
        let body = envelope.body();
        self.wallets.get(&body.wallet)?.key(body.slot)
    }

    fn learn_session(&mut self, terms: &Terms) {
        let Some(wallet) = self.wallets.get(&terms.wallet) else { return };
        self.sessions.entry(terms.session_id()).or_insert_with(|| {
            let key = |path| wallet.aggregate().at(path).expect("an honest phone checks paths");
            let items = terms.payload.items.iter().map(|item| (key(&item.key), item.digest)).collect();
            Watched { wallet: terms.wallet, items }
        });
    }

    fn note(&mut self, envelope: &Envelope) {
        if !self.seen.insert(envelope.id()) {
            return;
        }
        let body = envelope.body();
        let (attempt, nonces) = match &body.message {
            Message::Propose { terms, nonces } => {
                self.learn_session(terms);
                (Attempt(0), nonces)
            }
            Message::Nonces { attempt, nonces } | Message::Answer { attempt, nonces, .. } => {
                (*attempt, nonces)
            }
            Message::Partials { .. }
            | Message::Complete { .. }
            | Message::Decline { .. }
            | Message::Cancel
            | Message::Extend { .. } => return,
        };
        let place = (body.session, attempt, body.slot);
        self.nonces.entry(place).or_default().insert(nonces.clone());
    }

    /// Finds out what an honest phone's partial signatures are for, and whether their nonces were used before.
    fn judge(&mut self, envelope: &Envelope) {
        if !self.judged.insert(envelope.id()) {
            return;
        }
        let body = envelope.body();
        let Some((attempt, set, partials)) = body.message.partials() else { return };
        match self.explain(body.session, body.slot, attempt, &set, partials) {
            Some(found) => {
                for (nonce, challenge, partial) in found {
                    self.partials += 1;
                    let uses = self.uses.entry(nonce).or_default();
                    let former = uses.insert(challenge, partial);
                    if uses.len() > 1 || former.is_some_and(|former| former != partial) {
                        self.violations.push(Violation::NonceReused { signer: body.slot });
                    }
                    if self.extract(envelope, &nonce).is_some() {
                        self.violations.push(Violation::KeyExtracted { signer: body.slot });
                    }
                }
            }
            None => self.violations.push(Violation::Unexplained { signer: body.slot }),
        }
    }

    /// Computes the signer's secret key if this nonce has signed three times.
    fn extract(&self, envelope: &Envelope, nonce: &Nonce) -> Option<[u8; 32]> {
        let mut uses = self.uses.get(nonce)?.iter();
        let three = [uses.next()?, uses.next()?, uses.next()?];
        let wallet = self.wallets.get(&envelope.body().wallet)?;
        extract::secret_key(wallet.keys(), wallet.key(envelope.body().slot)?, three)
    }

    /// Finds the nonces with this digest and verifies every partial signature against them.
    fn explain(
        &self,
        id: SessionId,
        slot: Slot,
        attempt: Attempt,
        set: &NonceSetDigest,
        partials: &[u8],
    ) -> Option<Vec<Use>> {
        let session = self.sessions.get(&id)?;
        let wallet = self.wallets.get(&session.wallet)?;
        let shown: Vec<&BTreeSet<Vec<u8>>> =
            wallet.slots().map(|slot| self.nonces.get(&(id, attempt, slot))).collect::<Option<_>>()?;
        let all = choose(&shown, &mut Vec::new(), &|chosen| digest(id, attempt, chosen) == *set)?;
        let signer = wallet.key(slot)?;
        let mut found = Vec::new();
        for (item, ((agg, message), partial)) in
            session.items.iter().zip(partials.chunks_exact(PARTIAL)).enumerate()
        {
            let nonces: Vec<PublicNonce> = all
                .iter()
                .map(|nonces| PublicNonce::parse(&nonces[item * NONCE..(item + 1) * NONCE]).ok())
                .collect::<Option<_>>()?;
            let sum = AggregateNonce::sum(&nonces);
            let ours = &nonces[slot.index()];
            let partial = PartialSignature::parse(partial).ok()?;
            partial.verify(agg, &sum, signer, ours, message).ok()?;
            let challenge = (sum.to_bytes(), *agg.aggregate().as_bytes(), *message);
            found.push(((*signer.as_bytes(), ours.to_bytes()), challenge, partial.to_bytes()));
        }
        (found.len() == session.items.len()).then_some(found)
    }
}

impl Journal {
    fn extend(&mut self, records: &[Record]) {
        for record in records {
            if let Record::NonceSpent { session, attempt, set } = record {
                self.consumed.insert((*session, *attempt, *set));
            } else if let Record::NonceCommitted { envelope, .. }
            | Record::Signed { envelope, .. }
            | Record::EnvelopeKept { envelope } = record
            {
                self.contributions.insert(parse(envelope).id());
            }
        }
    }
}

fn parse(envelope: &[u8]) -> Envelope {
    Envelope::parse(envelope).expect("an honest phone keeps envelopes")
}

/// Tries one nonce list a slot until `fits` says yes.
fn choose<'a>(
    shown: &[&'a BTreeSet<Vec<u8>>],
    chosen: &mut Vec<&'a Vec<u8>>,
    fits: &impl Fn(&[&Vec<u8>]) -> bool,
) -> Option<Vec<&'a Vec<u8>>> {
    let Some(next) = shown.get(chosen.len()) else {
        return fits(chosen).then(|| chosen.clone());
    };
    for nonces in *next {
        chosen.push(nonces);
        let found = choose(shown, chosen, fits);
        chosen.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

fn digest(session: SessionId, attempt: Attempt, nonces: &[&Vec<u8>]) -> NonceSetDigest {
    let bytes: Vec<u8> = nonces.iter().flat_map(|nonces| nonces.iter().copied()).collect();
    NonceSetDigest(tagged_hash("countersign/nonces", &[&session.0, &[attempt.0], &bytes]))
}

fn envelope_of(frame: &[u8]) -> Option<Envelope> {
    let Frame::Envelope { envelope, .. } = Frame::parse(frame).ok()? else { return None };
    Envelope::parse(&envelope).ok()
}
