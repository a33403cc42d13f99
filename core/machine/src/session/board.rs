//! What the participants have contributed to one attempt: everything here is public.

use crate::fault::PeerFault;
use crate::id::{Attempt, NonceSetDigest, SessionId, Slot};
use crate::key::{Signature, tagged_hash};
use crate::message::{Envelope, Message, NONCE_BYTES, PARTIAL_BYTES};
use crate::record::Failure;
use crate::session::nonce::{AggregateNonce, PublicNonce};
use crate::session::partial::{PartialSignature, aggregate};
use crate::session::round::AllOthers;
use crate::wallet::{ItemKeys, Wallet};

/// One attempt's contributions, slot by slot.
pub(crate) struct Board {
    places: Vec<Place>,
}

/// One signer's contributions. An answer fills both.
#[derive(Default)]
struct Place {
    nonces: Option<Vec<PublicNonce>>,
    partials: Option<(NonceSetDigest, Vec<PartialSignature>)>,
    /// The envelopes that carried them, each with whether the journal has it.
    envelopes: Vec<(Envelope, bool)>,
}

/// A message's contributions, parsed and checked on their own.
pub(crate) struct Contribution {
    nonces: Option<Vec<PublicNonce>>,
    partials: Option<(NonceSetDigest, Vec<PartialSignature>)>,
}

impl Contribution {
    /// Reads the nonces and partial signatures out of `message` for `items` items. A message without any
    /// gives an empty contribution.
    ///
    /// # Errors
    ///
    /// Returns which item's contribution is invalid, or that their number is wrong.
    pub(crate) fn read(message: &Message, items: usize) -> Result<Self, PeerFault> {
        let (nonces, partials) = match message {
            Message::Propose { nonces, .. } | Message::Nonces { nonces, .. } => (Some(nonces), None),
            Message::Partials { set, partials, .. } => (None, Some((set, partials))),
            Message::Answer { set, nonces, partials, .. } => (Some(nonces), Some((set, partials))),
            Message::Complete { .. } | Message::Decline { .. } | Message::Cancel => (None, None),
        };
        let nonces = nonces
            .map(|bytes| {
                each(bytes, NONCE_BYTES, items, |item, bytes| {
                    PublicNonce::parse(bytes).map_err(|_| PeerFault::InvalidNonce { item })
                })
            })
            .transpose()?;
        let partials = partials
            .map(|(set, bytes)| {
                each(bytes, PARTIAL_BYTES, items, |item, bytes| {
                    PartialSignature::parse(bytes).map_err(|_| PeerFault::InvalidPartial { item })
                })
                .map(|partials| (*set, partials))
            })
            .transpose()?;
        Ok(Self { nonces, partials })
    }

    /// Returns the nonce set that the partial signatures were made for, if there are any.
    pub(crate) fn set(&self) -> Option<NonceSetDigest> {
        self.partials.as_ref().map(|(set, _)| *set)
    }
}

impl Board {
    /// Makes an empty board for `signers` slots.
    pub(crate) fn new(signers: usize) -> Self {
        Self { places: (0..signers).map(|_| Place::default()).collect() }
    }

    /// Returns whether this very envelope has a place here.
    pub(crate) fn holds(&self, envelope: &Envelope) -> bool {
        let place = self.places.get(envelope.body().slot.index());
        place.is_some_and(|place| place.envelopes.iter().any(|(held, _)| held.id() == envelope.id()))
    }

    /// Places a contribution and the envelope that carried it, already in the journal or not.
    ///
    /// # Errors
    ///
    /// Returns [`PeerFault::Equivocation`] if the slot has filled that place with something else.
    pub(crate) fn put(
        &mut self,
        slot: Slot,
        given: Contribution,
        envelope: Envelope,
        kept: bool,
    ) -> Result<(), PeerFault> {
        let place = &mut self.places[slot.index()];
        let taken = given.nonces.is_some() && place.nonces.is_some()
            || given.partials.is_some() && place.partials.is_some();
        if taken {
            return Err(PeerFault::Equivocation);
        }
        place.nonces = given.nonces.or(place.nonces.take());
        place.partials = given.partials.or(place.partials.take());
        place.envelopes.push((envelope, kept));
        Ok(())
    }

    /// Places our nonces and the envelope that carries them, or none if our answer will.
    pub(crate) fn put_own_nonces(&mut self, me: Slot, nonces: Vec<PublicNonce>, envelope: Option<Envelope>) {
        let place = &mut self.places[me.index()];
        place.nonces = Some(nonces);
        place.envelopes.extend(envelope.map(|envelope| (envelope, true)));
    }

    /// Places our partial signatures and the envelope that carries them.
    pub(crate) fn put_own_partials(
        &mut self,
        me: Slot,
        set: NonceSetDigest,
        partials: Vec<PartialSignature>,
        envelope: Envelope,
    ) {
        let place = &mut self.places[me.index()];
        place.partials = Some((set, partials));
        place.envelopes.push((envelope, true));
    }

    /// Returns whether `slot` has given nonces, and partial signatures.
    pub(crate) fn progress(&self, slot: Slot) -> (bool, bool) {
        let place = &self.places[slot.index()];
        (place.nonces.is_some(), place.partials.is_some())
    }

    /// Forgets everything but who had contributed what.
    pub(crate) fn clear(&mut self) {
        for place in &mut self.places {
            place.nonces = place.nonces.take().map(|_| Vec::new());
            place.partials = place.partials.take().map(|(set, _)| (set, Vec::new()));
            place.envelopes = Vec::new();
        }
    }

    /// Returns all envelopes, slot by slot.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        self.places.iter().flat_map(|place| &place.envelopes).map(|(envelope, _)| envelope)
    }

    /// Marks every envelope as kept and returns those that were not.
    pub(crate) fn keep_all(&mut self) -> Vec<Envelope> {
        let mut fresh = Vec::new();
        for (envelope, kept) in self.places.iter_mut().flat_map(|place| &mut place.envelopes) {
            if !std::mem::replace(kept, true) {
                fresh.push(envelope.clone());
            }
        }
        fresh
    }

    /// Sums all others' nonces if every one of them is here and none of ours is.
    pub(crate) fn all_others(&self, me: Slot, items: usize) -> Option<AllOthers> {
        let all_but_ours =
            self.places.iter().enumerate().all(|(at, place)| place.nonces.is_some() == (at != me.index()));
        all_but_ours.then(|| AllOthers { sums: self.sums(items) })
    }

    /// Sums the nonces, item by item, once every slot's are here (BIP-327, NonceAgg).
    pub(crate) fn aggregate_nonces(&self, items: usize) -> Option<Vec<AggregateNonce>> {
        self.places.iter().all(|place| place.nonces.is_some()).then(|| self.sums(items))
    }

    fn sums(&self, items: usize) -> Vec<AggregateNonce> {
        let given: Vec<&Vec<PublicNonce>> = self.places.iter().filter_map(|p| p.nonces.as_ref()).collect();
        (0..items).map(|item| AggregateNonce::sum(given.iter().map(|nonces| &nonces[item]))).collect()
    }

    /// Returns the digest of all nonces, slot by slot and item by item; each is there by now.
    pub(crate) fn nonce_set(&self, session: SessionId, attempt: Attempt) -> NonceSetDigest {
        let mut bytes = Vec::new();
        for nonce in self.places.iter().filter_map(|place| place.nonces.as_ref()).flatten() {
            bytes.extend_from_slice(&nonce.to_bytes());
        }
        NonceSetDigest(tagged_hash("countersign/nonces", &[&session.0, &[attempt.0], &bytes]))
    }

    /// Drops the partial signatures that were made for another set than `set`; returns whether there were any.
    pub(crate) fn drop_other_sets(&mut self, set: NonceSetDigest) -> bool {
        let mut found = false;
        for place in &mut self.places {
            if place.partials.as_ref().is_some_and(|(theirs, _)| *theirs != set) {
                found = true;
                place.partials = None;
                place
                    .envelopes
                    .retain(|(envelope, _)| !matches!(envelope.body().message, Message::Partials { .. }));
            }
        }
        found
    }

    /// Returns the nonces of `slot`.
    pub(crate) fn nonces_of(&self, slot: Slot) -> Option<&[PublicNonce]> {
        self.places[slot.index()].nonces.as_deref()
    }

    /// Aggregates every item's partial signatures once all are here.
    ///
    /// Each result is verified once, as a whole; only if that fails is every partial signature looked at, to
    /// name the one at fault (BIP-327, PartialSigAgg and PartialSigVerify).
    ///
    /// # Errors
    ///
    /// Returns who made it fail.
    pub(crate) fn finish(
        &self,
        wallet: &Wallet,
        keys: &ItemKeys,
        aggregates: &[AggregateNonce],
    ) -> Option<Result<Vec<Signature>, Failure>> {
        let partials: Vec<&Vec<PartialSignature>> = self
            .places
            .iter()
            .map(|place| place.partials.as_ref().map(|(_, partials)| partials))
            .collect::<Option<_>>()?;
        let signatures = keys
            .iter()
            .zip(aggregates)
            .enumerate()
            .map(|(item, ((key, digest), nonce))| {
                aggregate(key, nonce, partials.iter().map(|given| given[item]), digest)
            })
            .collect::<Result<_, _>>();
        Some(signatures.map_err(|_| self.failure(wallet, keys, aggregates)))
    }

    /// Finds the slot whose partial signature is wrong.
    fn failure(&self, wallet: &Wallet, keys: &ItemKeys, aggregates: &[AggregateNonce]) -> Failure {
        let wrong = |slot: &Slot| {
            let place = &self.places[slot.index()];
            let (Some(signer), Some(nonces), Some((_, partials))) =
                (wallet.key(*slot), &place.nonces, &place.partials)
            else {
                return false;
            };
            keys.iter().zip(aggregates).zip(nonces.iter().zip(partials)).any(
                |(((key, digest), sum), (nonce, partial))| {
                    partial.verify(key, sum, signer, nonce, digest).is_err()
                },
            )
        };
        match wallet.slots().find(wrong) {
            Some(culprit) => Failure::WrongPartial { culprit },
            None => Failure::Internal,
        }
    }
}

/// Cuts `bytes` into `items` pieces of `width` bytes and reads each.
fn each<T>(
    bytes: &[u8],
    width: usize,
    items: usize,
    read: impl Fn(usize, &[u8]) -> Result<T, PeerFault>,
) -> Result<Vec<T>, PeerFault> {
    if bytes.len() != width * items {
        return Err(PeerFault::WrongCount { expected: items, got: bytes.len() / width });
    }
    bytes.chunks_exact(width).enumerate().map(|(item, bytes)| read(item, bytes)).collect()
}
