//! Who broke the protocol, shown by what they signed themselves.

use std::sync::Arc;

use super::{Accepted, Context, Conviction, Happening, Said, Session};
use crate::evidence::{Evidence, Offence, Proof, Verdict};
use crate::fault::PeerFault;
use crate::id::Slot;
use crate::limits::{MAX_ATTEMPT, MAX_EVIDENCE_PER_SLOT};
use crate::message::Envelope;
use crate::record::{Failure, Outcome, Record};
use crate::session::contribution::read_nonces;

impl Session {
    /// Blames the author of a contribution that could never be valid.
    pub(super) fn blame_invalid(
        &mut self,
        envelope: &Envelope,
        fault: PeerFault,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        let (terms, bytes) = (self.terms.clone(), envelope.bytes().to_vec().into());
        let nonces = envelope.body().message.nonces();
        let proof = if nonces.is_some_and(|(_, nonces)| read_nonces(nonces, self.items()).is_err()) {
            Proof::InvalidNonce { terms, envelope: bytes }
        } else {
            Proof::WrongPartial { terms, nonces: Vec::new().into(), envelope: bytes }
        };
        self.accuse(envelope.body().slot, proof, cx).ok_or(fault)
    }

    /// Blames the author of two different contributions to one place.
    pub(super) fn blame_conflict(
        &mut self,
        held: &Envelope,
        envelope: &Envelope,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        let (first, second) = if held.id() < envelope.id() { (held, envelope) } else { (envelope, held) };
        let proof = Proof::Equivocation {
            first: first.bytes().to_vec().into(),
            second: second.bytes().to_vec().into(),
        };
        self.accuse(envelope.body().slot, proof, cx).ok_or(PeerFault::Equivocation)
    }

    /// Blames the author of final signatures that do not verify. The session goes on: it has lost nothing.
    pub(super) fn blame_forgery(
        &mut self,
        envelope: &Envelope,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, PeerFault> {
        let envelope_bytes = envelope.bytes().to_vec().into();
        let proof = Proof::ForgedCompletion { terms: self.terms.clone(), envelope: envelope_bytes };
        self.accuse(envelope.body().slot, proof, cx).ok_or(PeerFault::FalseCompletion)
    }

    /// Ends the session because a partial signature was wrong. Ours are verified when they are made, so `None`, or
    /// our own slot, means that the library is at fault.
    pub(super) fn fail_by(&mut self, culprit: Option<Slot>, cx: &mut Context<'_>) {
        let Some(culprit) = culprit.filter(|slot| *slot != self.me) else {
            return self.give_up(Failure::Internal, cx);
        };
        let proof = self.board.partials_of(culprit).map(|envelope| Proof::WrongPartial {
            terms: self.terms.clone(),
            nonces: self.board.all_nonces().into(),
            envelope: envelope.bytes().to_vec().into(),
        });
        if proof.and_then(|proof| self.accuse(culprit, proof, cx)).is_none() {
            self.fail(culprit, Offence::WrongPartial, [], cx);
        }
    }

    /// Makes the evidence, checks it as a third person would, and acts on it. `None` if it proves nothing, or only
    /// what was proven in another way.
    fn accuse(&mut self, slot: Slot, proof: Proof, cx: &mut Context<'_>) -> Option<Accepted> {
        let card = cx.cards.get(self.wallet.key(slot)?)?;
        let evidence = Evidence::new(&self.wallet, card, proof);
        let bytes: Arc<[u8]> = evidence.to_bytes().into();
        if self.convictions.iter().any(|conviction| conviction.evidence == bytes) {
            return Some(Accepted::Known);
        }
        let accepted = self.convict(evidence.verify().ok()?, bytes, cx);
        (accepted == Accepted::New).then_some(accepted)
    }

    /// Keeps what was proven against another participant. Two nonces for one place void the attempt: a backup that
    /// was put back can do that once. Done again, or anything else but a forged completion, it ends the session.
    pub(crate) fn convict(
        &mut self,
        verdict: Verdict,
        evidence: Arc<[u8]>,
        cx: &mut Context<'_>,
    ) -> Accepted {
        let Verdict { slot, offence, attempt, .. } = verdict;
        if self.is_convicted(&verdict) {
            return Accepted::Known;
        }
        let mut convicted = self.convictions.iter().map(|conviction| conviction.verdict);
        let again = convicted.any(|former| (former.slot, former.offence) == (slot, offence));
        let last = attempt.is_some_and(|attempt| attempt.0 >= MAX_ATTEMPT);
        let fatal = match offence {
            Offence::ForgedCompletion => false,
            Offence::Equivocation => again || last,
            Offence::InvalidNonce | Offence::WrongPartial => true,
        };
        let over = self.expire(cx);
        self.convictions.push(Conviction { verdict, evidence: Arc::clone(&evidence) });
        let record = Record::Blamed { session: self.id, evidence: evidence.to_vec().into() };
        cx.said.push(Said::Persist(vec![record]));
        let spread = [Said::Accuse(evidence), Said::Tell(Happening::Blamed { slot, offence })];
        if fatal && !over {
            self.fail(slot, offence, spread, cx);
            return Accepted::New;
        }
        cx.said.extend(spread);
        if !over && offence == Offence::Equivocation {
            if let Some(attempt) = attempt.filter(|attempt| *attempt >= self.attempt) {
                self.attempt = attempt;
                self.lose_nonces(cx);
            }
            self.proceed(cx);
        }
        Accepted::New
    }

    fn fail(
        &mut self,
        culprit: Slot,
        offence: Offence,
        then: impl IntoIterator<Item = Said>,
        cx: &mut Context<'_>,
    ) {
        let why = Failure::Blamed { culprit, offence };
        self.close(Outcome::Failed { why }, None, then, cx);
    }

    /// Returns whether an accusation adds nothing: it is against us, proven, or one of too many.
    pub(crate) fn is_convicted(&self, accusation: &Verdict) -> bool {
        let convicted = || self.convictions.iter().map(|conviction| conviction.verdict);
        let before = convicted().filter(|former| former.slot == accusation.slot).count();
        accusation.slot == self.me
            || before >= MAX_EVIDENCE_PER_SLOT
            || convicted().any(|former| former == *accusation)
    }

    /// Returns what was proven against participants in this session.
    pub(crate) fn convictions(&self) -> &[Conviction] {
        &self.convictions
    }
}
