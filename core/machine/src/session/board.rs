//! What the participants have contributed to one attempt: everything here is public.

use crate::evidence::conflict;
use crate::id::{Attempt, NonceSetDigest, SessionId, Slot};
use crate::key::Signature;
use crate::message::Envelope;
use crate::session::contribution::Contribution;
use crate::session::nonce::{AggregateNonce, PublicNonce};
use crate::session::partial::{PartialSignature, aggregate};
use crate::wallet::{ItemKeys, Wallet};

/// One attempt's contributions, slot by slot.
pub(crate) struct Board {
    places: Vec<Place>,
}

/// Proof that all other signers' nonces of an attempt are here while ours are not: only [`Board::all_others`]
/// makes one. BIP-327 lets exactly this signer derive its nonces deterministically (DeterministicSign).
pub(crate) struct AllOthers(Vec<OthersSum>);

/// The sum of all other signers' nonces of one item, in the hands of a signer who has shown none.
pub(crate) struct OthersSum(AggregateNonce);

/// One signer's contributions. An answer fills both.
#[derive(Default)]
struct Place {
    nonces: Option<Vec<PublicNonce>>,
    partials: Option<(NonceSetDigest, Vec<PartialSignature>)>,
    /// The envelopes that carried them, each with whether the journal has it.
    envelopes: Vec<(Envelope, bool)>,
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

    /// Returns the envelope of the same author that contributes something else to the same place.
    pub(crate) fn conflicting(&self, envelope: &Envelope) -> Option<&Envelope> {
        let place = self.places.get(envelope.body().slot.index())?;
        place.envelopes.iter().map(|(held, _)| held).find(|held| conflict(held, envelope).is_some())
    }

    /// Places a contribution and the envelope that carried it, already in the journal or not. What the slot has
    /// given already stays as it is; returns whether there was anything new.
    pub(crate) fn put(&mut self, slot: Slot, given: Contribution, envelope: Envelope, kept: bool) -> bool {
        let place = &mut self.places[slot.index()];
        let fresh = given.nonces.is_some() && place.nonces.is_none()
            || given.partials.is_some() && place.partials.is_none();
        if fresh {
            place.nonces = place.nonces.take().or(given.nonces);
            place.partials = place.partials.take().or(given.partials);
            place.envelopes.push((envelope, kept));
        }
        fresh
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
        all_but_ours.then(|| AllOthers(self.sums(items).into_iter().map(OthersSum).collect()))
    }

    /// Sums the nonces, item by item, once every slot's are here (BIP-327, NonceAgg).
    pub(crate) fn aggregate_nonces(&self, items: usize) -> Option<Vec<AggregateNonce>> {
        self.places.iter().all(|place| place.nonces.is_some()).then(|| self.sums(items))
    }

    fn sums(&self, items: usize) -> Vec<AggregateNonce> {
        let given: Vec<&Vec<PublicNonce>> = self.places.iter().filter_map(|p| p.nonces.as_ref()).collect();
        (0..items).map(|item| AggregateNonce::sum(given.iter().map(|nonces| &nonces[item]))).collect()
    }

    /// Returns the digest of all nonces; each is there by now.
    pub(crate) fn nonce_set(&self, session: SessionId, attempt: Attempt) -> NonceSetDigest {
        NonceSetDigest::of(session, attempt, &self.all_nonces())
    }

    /// Returns all nonces, slot by slot and item by item, 66 bytes each.
    pub(crate) fn all_nonces(&self) -> Vec<u8> {
        let nonces = self.places.iter().filter_map(|place| place.nonces.as_ref()).flatten();
        nonces.flat_map(PublicNonce::to_bytes).collect()
    }

    /// Puts the partial signatures aside that were made for another set than `set`; returns whether there were any.
    /// Their envelopes stay: they may show who sent two.
    pub(crate) fn drop_other_sets(&mut self, set: NonceSetDigest) -> bool {
        let mut found = false;
        for place in &mut self.places {
            found |= place.partials.take_if(|(theirs, _)| *theirs != set).is_some();
        }
        found
    }

    /// Returns the nonces of `slot`.
    pub(crate) fn nonces_of(&self, slot: Slot) -> Option<&[PublicNonce]> {
        self.places[slot.index()].nonces.as_deref()
    }

    /// Returns the envelope that carried the partial signatures of `slot`.
    pub(crate) fn partials_of(&self, slot: Slot) -> Option<&Envelope> {
        let place = &self.places[slot.index()];
        let carries = |(held, _): &&(Envelope, bool)| {
            held.body().message.partials().map(|(_, set, _)| set)
                == place.partials.as_ref().map(|(set, _)| *set)
        };
        place.envelopes.iter().find(carries).map(|(envelope, _)| envelope)
    }

    /// Aggregates every item's partial signatures once all are here.
    ///
    /// Each result is verified once, as a whole; only if that fails is every partial signature looked at, to
    /// name the one at fault (BIP-327, PartialSigAgg and PartialSigVerify).
    ///
    /// # Errors
    ///
    /// Returns whose part was wrong; nobody's if all are as they should be.
    pub(crate) fn finish(
        &self,
        wallet: &Wallet,
        keys: &ItemKeys,
        aggregates: &[AggregateNonce],
    ) -> Option<Result<Vec<Signature>, Option<Slot>>> {
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
        Some(signatures.map_err(|_| self.culprit(wallet, keys, aggregates)))
    }

    /// Finds the slot whose partial signature is wrong.
    fn culprit(&self, wallet: &Wallet, keys: &ItemKeys, aggregates: &[AggregateNonce]) -> Option<Slot> {
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
        wallet.slots().find(wrong)
    }
}

impl AllOthers {
    /// Returns the sums, in the payload's order.
    pub(crate) fn sums(&self) -> &[OthersSum] {
        &self.0
    }
}

impl OthersSum {
    /// Returns the sum.
    pub(crate) fn aggregate(&self) -> &AggregateNonce {
        &self.0
    }

    /// Takes a test vector's word that this is the sum of all others' nonces.
    #[cfg(test)]
    pub(crate) fn given(sum: AggregateNonce) -> Self {
        Self(sum)
    }
}
