//! Whoever sees every nonce and every partial signature, and would have the key if a nonce ever signed twice.

use std::collections::{BTreeMap, BTreeSet};

use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, EnvelopeId, NonceSetDigest, SessionId, Slot, WalletId};
use countersign_machine::message::{Envelope, Message, Terms};
use countersign_machine::record::Record;
use countersign_machine::session::nonce::{AggregateNonce, PublicNonce};
use countersign_machine::session::partial::PartialSignature;
use countersign_machine::wallet::Wallet;
use countersign_machine::wallet::key_agg::KeyAgg;

use super::Phone;
use super::forge::tagged_hash;

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
    /// Nonces or partial signatures were sent that the sender's journal does not hold.
    NotDurable {
        /// Whose.
        sender: Slot,
    },
}

/// A signer's key and one of its public nonces.
type Nonce = ([u8; 33], [u8; NONCE]);

/// What a partial signature is a part of: the aggregate nonce, the output key and the message. They determine
/// the challenge and the nonce coefficient (BIP-327, Sign).
type Challenge = ([u8; NONCE], [u8; 33], [u8; 32]);

/// A nonce, what it signed and with which result.
type Use = (Nonce, Challenge, [u8; PARTIAL]);

/// Watches.
#[derive(Clone, Default)]
pub struct Oracle {
    wallets: BTreeMap<WalletId, Wallet>,
    sessions: BTreeMap<SessionId, Watched>,
    uses: BTreeMap<Nonce, BTreeMap<Challenge, [u8; PARTIAL]>>,
    seen: BTreeSet<EnvelopeId>,
    judged: BTreeSet<EnvelopeId>,
    /// The contributions that their authors' journals hold.
    durable: BTreeSet<EnvelopeId>,
    violations: Vec<Violation>,
    partials: usize,
}

/// A session's items and every nonce ever shown in it.
#[derive(Clone)]
struct Watched {
    wallet: WalletId,
    items: Vec<(KeyAgg, [u8; 32])>,
    nonces: BTreeMap<(Attempt, Slot), BTreeSet<Vec<u8>>>,
}

impl Oracle {
    /// Learns which keys make a wallet.
    pub fn learn_wallet(&mut self, wallet: Wallet) {
        self.wallets.insert(wallet.id(), wallet);
    }

    /// Reads a record at the moment at which an honest phone writes it.
    pub fn read(&mut self, record: &Record) {
        match record {
            Record::Proposed { terms } => self.learn_session(terms),
            Record::NonceCommitted { envelope, .. }
            | Record::Signed { envelope, .. }
            | Record::EnvelopeKept { envelope } => {
                let envelope = Envelope::parse(envelope).expect("an honest phone keeps envelopes");
                self.note(&envelope);
                if !matches!(record, Record::EnvelopeKept { .. }) {
                    self.durable.insert(envelope.id());
                    self.judge(&envelope);
                }
            }
            Record::OwnerNamed { .. }
            | Record::CardKept { .. }
            | Record::WalletCreated { .. }
            | Record::Approved { .. }
            | Record::NonceSpent { .. }
            | Record::Ended { .. }
            | Record::Blamed { .. } => {}
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
        if self.author(&envelope) != Some(sender.participant().as_bytes()) {
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
        if contributes && !self.durable.contains(&envelope.id()) {
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

    /// Asserts that nothing was seen that must never be.
    ///
    /// # Panics
    ///
    /// Panics if it was.
    pub fn assert_silent(&self) {
        assert_eq!(self.violations, []);
    }

    fn author(&self, envelope: &Envelope) -> Option<&[u8; 33]> {
        let body = envelope.body();
        self.wallets.get(&body.wallet)?.key(body.slot).map(|key| key.as_bytes())
    }

    fn learn_session(&mut self, terms: &Terms) {
        let Some(wallet) = self.wallets.get(&terms.wallet) else { return };
        self.sessions.entry(terms.session_id()).or_insert_with(|| {
            let key = |path| wallet.aggregate().at(path).expect("an honest phone checks paths");
            let items = terms.payload.items.iter().map(|item| (key(&item.key), item.digest)).collect();
            Watched { wallet: terms.wallet, items, nonces: BTreeMap::new() }
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
        if let Some(session) = self.sessions.get_mut(&body.session) {
            session.nonces.entry((attempt, body.slot)).or_default().insert(nonces.clone());
        }
    }

    /// Finds out what an honest phone's partial signatures are for, and whether their nonces were used before.
    fn judge(&mut self, envelope: &Envelope) {
        if !self.judged.insert(envelope.id()) {
            return;
        }
        let body = envelope.body();
        let (Message::Partials { attempt, set, partials } | Message::Answer { attempt, set, partials, .. }) =
            &body.message
        else {
            return;
        };
        match self.explain(body.session, body.slot, *attempt, set, partials) {
            Some(found) => {
                for (nonce, challenge, partial) in found {
                    self.partials += 1;
                    let uses = self.uses.entry(nonce).or_default();
                    let former = uses.insert(challenge, partial);
                    if uses.len() > 1 || former.is_some_and(|former| former != partial) {
                        self.violations.push(Violation::NonceReused { signer: body.slot });
                    }
                }
            }
            None => self.violations.push(Violation::Unexplained { signer: body.slot }),
        }
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
            wallet.slots().map(|slot| session.nonces.get(&(attempt, slot))).collect::<Option<_>>()?;
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
    match Frame::parse(frame).ok()? {
        Frame::Envelope { envelope, .. } => Envelope::parse(&envelope).ok(),
        Frame::Hello { .. }
        | Frame::Have { .. }
        | Frame::Ping { .. }
        | Frame::Pong { .. }
        | Frame::Refuse { .. }
        | Frame::Card { .. }
        | Frame::Evidence { .. } => None,
    }
}
