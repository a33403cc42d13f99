//! Proof, for anybody, that a participant broke the protocol: what it signed itself speaks against it.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::card::Card;
use crate::codec;
use crate::id::{Attempt, NonceSetDigest, SessionId, Slot, TransportKey, WalletId};
use crate::key::{ParticipantKey, tagged_hash};
use crate::limits::{MAX_ATTEMPT, MAX_EVIDENCE_BYTES};
use crate::message::{Body, Envelope, Message, NONCE_BYTES, SIGNATURE_BYTES, Terms};
use crate::session::contribution::{are_signatures, read_nonces, read_partials};
use crate::session::nonce::AggregateNonce;
use crate::wallet::{ItemKeys, Wallet};

/// The only version of a piece of evidence.
const VERSION: u16 = 1;

/// What a participant did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Offence {
    /// It signed public nonces that are none (BIP-327, NonceAgg).
    #[n(0)]
    InvalidNonce,
    /// It signed a partial signature that is not the one it owes (BIP-327, PartialSigVerify).
    #[n(1)]
    WrongPartial,
    /// It signed two different contributions for one place: from malice, or from a backup that was put back.
    #[n(2)]
    Equivocation,
    /// It signed final signatures that do not verify (BIP-340).
    #[n(3)]
    ForgedCompletion,
}

/// What a piece of evidence proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// In which wallet.
    pub wallet: WalletId,
    /// In which session.
    pub session: SessionId,
    /// In which attempt; a completion belongs to none.
    pub attempt: Option<Attempt>,
    /// Which slot did it.
    pub slot: Slot,
    /// Whose key sits there.
    pub participant: ParticipantKey,
    /// What it did.
    pub offence: Offence,
}

/// Why a piece of evidence proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// The bytes are no evidence, over a limit, or of another version.
    #[error("not a piece of evidence")]
    Malformed,
    /// The keys make no wallet, or another than the envelopes name.
    #[error("the keys are not those of the wallet")]
    Keys,
    /// The card is not valid, or not the accused's.
    #[error("the card is not the accused's")]
    Card,
    /// The terms are not those of the session.
    #[error("the terms are not those of the session")]
    Terms,
    /// An envelope is unreadable, or the accused did not sign it.
    #[error("the accused did not sign this")]
    Signature,
    /// All is as it should be: what was signed breaks no rule, or the nonces are not those it was signed for.
    #[error("this shows no offence")]
    Innocent,
}

/// A piece of evidence. It stands alone: no node, no journal and no clock are needed to verify it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Evidence {
    #[n(0)]
    version: u16,
    /// The wallet's keys, sorted: they give the accused's slot a key.
    #[n(1)]
    keys: Vec<ParticipantKey>,
    /// The accused's card: it gives the key a phone, whose signatures the envelopes bear.
    #[n(2)]
    card: ByteVec,
    #[n(3)]
    proof: Proof,
}

/// What speaks against the accused. Envelopes are the exact bytes that it signed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub(crate) enum Proof {
    /// An envelope with public nonces that are none.
    #[n(0)]
    InvalidNonce {
        #[n(0)]
        terms: Terms,
        #[n(1)]
        envelope: ByteVec,
    },
    /// An envelope with a wrong partial signature, and every signer's nonces, 66 bytes an item, slot by slot: the
    /// accused signed their digest. There are none if the partial signature is wrong whatever the nonces.
    #[n(1)]
    WrongPartial {
        #[n(0)]
        terms: Terms,
        #[n(1)]
        nonces: ByteVec,
        #[n(2)]
        envelope: ByteVec,
    },
    /// Two envelopes with different contributions for one place, in the order of their ids.
    #[n(2)]
    Equivocation {
        #[n(0)]
        first: ByteVec,
        #[n(1)]
        second: ByteVec,
    },
    /// An envelope with final signatures that are wrong.
    #[n(3)]
    ForgedCompletion {
        #[n(0)]
        terms: Terms,
        #[n(1)]
        envelope: ByteVec,
    },
}

impl Evidence {
    /// Puts a piece together; whether it proves anything is for [`Evidence::verify`].
    pub(crate) fn new(wallet: &Wallet, card: &Card, proof: Proof) -> Self {
        let card = card.as_bytes().to_vec().into();
        Self { version: VERSION, keys: wallet.keys().to_vec(), card, proof }
    }

    /// Reads a piece of evidence without judging it.
    ///
    /// # Errors
    ///
    /// Returns [`EvidenceFault::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceFault> {
        let read = (bytes.len() <= MAX_EVIDENCE_BYTES).then(|| codec::decode::<Self>(bytes)).flatten();
        read.filter(|evidence| evidence.version == VERSION).ok_or(EvidenceFault::Malformed)
    }

    /// Returns the bytes that a third person verifies.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Returns whether the accused's words are those of this phone.
    pub(crate) fn is_by_phone(&self, transport: &TransportKey) -> bool {
        Card::parse(&self.card).is_ok_and(|card| card.statement().transport == *transport)
    }

    /// Returns what it would prove, judged by nobody yet; `None` if it cannot even be read.
    pub(crate) fn accusation(&self) -> Option<Verdict> {
        let read = |bytes: &ByteVec| Envelope::parse(bytes).ok();
        let attempt = |message: &Message| {
            message.nonces().map(|(attempt, _)| attempt).or(message.partials().map(|(attempt, ..)| attempt))
        };
        let (envelope, offence) = match &self.proof {
            Proof::InvalidNonce { envelope, .. } => (read(envelope)?, Offence::InvalidNonce),
            Proof::WrongPartial { envelope, .. } => (read(envelope)?, Offence::WrongPartial),
            Proof::Equivocation { first, .. } => (read(first)?, Offence::Equivocation),
            Proof::ForgedCompletion { envelope, .. } => (read(envelope)?, Offence::ForgedCompletion),
        };
        let Body { wallet, session, slot, message } = envelope.body();
        let participant = *self.keys.get(slot.index())?;
        let attempt = attempt(message);
        Some(Verdict { wallet: *wallet, session: *session, attempt, slot: *slot, participant, offence })
    }

    /// Returns whether it speaks of this wallet's participants.
    pub(crate) fn is_of(&self, wallet: &Wallet) -> bool {
        wallet.keys() == self.keys
    }

    /// Judges.
    ///
    /// # Errors
    ///
    /// Returns why it proves nothing.
    pub fn verify(&self) -> Result<Verdict, EvidenceFault> {
        let wallet = Wallet::new(String::new(), self.keys.clone()).map_err(|_| EvidenceFault::Keys)?;
        if wallet.keys() != self.keys {
            return Err(EvidenceFault::Keys);
        }
        let card = Card::parse(&self.card).map_err(|_| EvidenceFault::Card)?;
        let read = |bytes: &ByteVec| -> Result<Envelope, EvidenceFault> {
            let envelope = Envelope::parse(bytes).map_err(|_| EvidenceFault::Signature)?;
            let body = envelope.body();
            if body.wallet != wallet.id() {
                return Err(EvidenceFault::Keys);
            }
            if wallet.key(body.slot) != Some(&card.statement().participant) {
                return Err(EvidenceFault::Card);
            }
            let signed = envelope.is_signed_by(&card.statement().transport);
            signed.then_some(envelope).ok_or(EvidenceFault::Signature)
        };
        let items = |terms: &Terms, body: &Body| -> Result<usize, EvidenceFault> {
            let fits = terms.session_id() == body.session && terms.wallet == body.wallet;
            let fits = fits && terms.payload.check().is_ok();
            fits.then_some(terms.payload.items.len()).ok_or(EvidenceFault::Terms)
        };
        let keys_of = |terms: &Terms| wallet.item_keys(&terms.payload).map_err(|_| EvidenceFault::Terms);
        let (envelope, attempt, offence) = match &self.proof {
            Proof::InvalidNonce { terms, envelope } => {
                let envelope = read(envelope)?;
                let items = items(terms, envelope.body())?;
                let (attempt, nonces) = envelope.body().message.nonces().ok_or(EvidenceFault::Innocent)?;
                let valid = read_nonces(nonces, items).is_ok();
                (!valid).then_some((envelope, Some(attempt), Offence::InvalidNonce))
            }
            Proof::WrongPartial { terms, nonces, envelope } => {
                let envelope = read(envelope)?;
                let items = items(terms, envelope.body())?;
                let keys = || keys_of(terms);
                let wrong = partial_is_wrong(&wallet, items, keys, nonces, envelope.body())?;
                wrong.map(|attempt| (envelope, Some(attempt), Offence::WrongPartial))
            }
            Proof::Equivocation { first, second } => {
                let (first, second) = (read(first)?, read(second)?);
                let attempt = (first.id() < second.id()).then(|| conflict(&first, &second)).flatten();
                attempt.map(|attempt| (first, Some(attempt), Offence::Equivocation))
            }
            Proof::ForgedCompletion { terms, envelope } => {
                let envelope = read(envelope)?;
                let items = items(terms, envelope.body())?;
                let Message::Complete { signatures } = &envelope.body().message else {
                    return Err(EvidenceFault::Innocent);
                };
                let whole = signatures.len() == items * SIGNATURE_BYTES;
                let forged = !whole || !are_signatures(signatures, &keys_of(terms)?);
                forged.then_some((envelope, None, Offence::ForgedCompletion))
            }
        }
        .filter(|(_, attempt, _)| attempt.is_none_or(|attempt| attempt.0 <= MAX_ATTEMPT))
        .ok_or(EvidenceFault::Innocent)?;
        let Body { wallet, session, slot, .. } = *envelope.body();
        let participant = card.statement().participant;
        Ok(Verdict { wallet, session, attempt, slot, participant, offence })
    }
}

/// Returns a hash by which two pieces are told apart.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    tagged_hash("countersign/evidence", &[bytes])
}

/// Judges a piece of evidence from its bytes alone: a third person needs nothing else.
///
/// # Errors
///
/// Returns why it proves nothing.
pub fn verify_evidence(bytes: &[u8]) -> Result<Verdict, EvidenceFault> {
    Evidence::parse(bytes)?.verify()
}

/// Returns the attempt for which the two envelopes, of one author, hold different contributions to one place.
pub(crate) fn conflict(first: &Envelope, second: &Envelope) -> Option<Attempt> {
    let (a, b) = (first.body(), second.body());
    if (a.wallet, a.session, a.slot) != (b.wallet, b.session, b.slot) {
        return None;
    }
    let nonces = a.message.nonces().zip(b.message.nonces());
    let partials = a.message.partials().zip(b.message.partials());
    let by_nonces = nonces.filter(|(a, b)| a.0 == b.0 && a.1 != b.1).map(|(a, _)| a.0);
    let by_partials = partials.filter(|(a, b)| a.0 == b.0 && (a.1, a.2) != (b.1, b.2)).map(|(a, _)| a.0);
    by_nonces.or(by_partials)
}

/// Returns the attempt if a partial signature in `body` is wrong for the `nonces` whose digest it names.
fn partial_is_wrong(
    wallet: &Wallet,
    items: usize,
    keys: impl Fn() -> Result<ItemKeys, EvidenceFault>,
    nonces: &[u8],
    body: &Body,
) -> Result<Option<Attempt>, EvidenceFault> {
    let (attempt, set, partials) = body.message.partials().ok_or(EvidenceFault::Innocent)?;
    let Ok(partials) = read_partials(partials, items) else {
        return Ok(nonces.is_empty().then_some(attempt));
    };
    if NonceSetDigest::of(body.session, attempt, nonces) != set {
        return Err(EvidenceFault::Innocent);
    }
    let each_signer = nonces.chunks(items * NONCE_BYTES).map(|bytes| read_nonces(bytes, items));
    let nonces = each_signer.collect::<Result<Vec<_>, _>>().map_err(|_| EvidenceFault::Innocent)?;
    let (Some(signer), Some(theirs)) = (wallet.key(body.slot), nonces.get(body.slot.index())) else {
        return Err(EvidenceFault::Innocent);
    };
    let keys = keys()?;
    let wrong = keys.iter().zip(partials).enumerate().any(|(item, ((key, digest), partial))| {
        let sum = AggregateNonce::sum(nonces.iter().map(|nonces| &nonces[item]));
        partial.verify(key, &sum, signer, &theirs[item], digest).is_err()
    });
    Ok((wrong && nonces.len() == wallet.keys().len()).then_some(attempt))
}
