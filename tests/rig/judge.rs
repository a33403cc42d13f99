//! What must hold in the end, checked with an implementation of BIP-340 that the machine does not use.

use countersign_machine::id::SessionId;
use countersign_machine::message::{Item, Payload};
use countersign_machine::record::Outcome;
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use k256::schnorr::{Signature, VerifyingKey};

use super::World;
use super::forge::tagged_hash;

/// Makes a payload of `count` different items under all kinds of keys.
pub fn payload(count: u32) -> Payload {
    let item = |number: u32| {
        let root = tagged_hash("rig/root", &[&number.to_be_bytes()]);
        let (path, taproot) = match number % 4 {
            0 => (vec![], Taproot::Untweaked),
            1 => (vec![0, number], Taproot::KeySpend),
            2 => (vec![], Taproot::KeySpend),
            _ => (vec![1, 2, 3], Taproot::ScriptTree(root)),
        };
        Item {
            digest: tagged_hash("rig/item", &[&number.to_be_bytes()]),
            key: KeyPath::new(path, taproot).expect("a short unhardened path"),
        }
    };
    Payload { items: (0..count).map(item).collect(), text: format!("{count} items") }
}

/// Verifies one signature.
pub(super) fn verifies(output: &[u8; 32], message: &[u8; 32], signature: &[u8]) -> bool {
    let Ok(output) = VerifyingKey::from_bytes(output.into()) else { return false };
    Signature::try_from(signature).is_ok_and(|signature| output.verify_raw(message, &signature).is_ok())
}

impl World {
    /// Returns the outcome that all living phones show, if it is one and the same.
    pub fn outcome(&self, session: SessionId) -> Option<Outcome> {
        let alive = (0..self.phones.len()).filter(|who| self.phones[*who].node.is_some());
        let mut outcomes = alive.map(|who| self.session(who, session).and_then(|shown| shown.outcome));
        let first = outcomes.next()??;
        outcomes.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    /// Returns whether a living phone has the signatures.
    pub fn is_completed(&self, who: usize, session: SessionId) -> bool {
        let outcome = self.session(who, session).and_then(|shown| shown.outcome);
        matches!(outcome, Some(Outcome::Completed { .. }))
    }

    /// Says where each phone stands, for a failed assertion.
    pub fn describe(&self, session: SessionId) -> String {
        let mut text = String::new();
        for (who, phone) in self.phones.iter().enumerate() {
            if phone.node.is_none() {
                text += &format!("\n{who}: dead");
            } else if let Some(shown) = self.session(who, session) {
                text += &format!(
                    "\n{who}: {:?}, {:?}, waits for {:?}, {:?}",
                    shown.phase, shown.attempt, shown.waits_for, shown.outcome
                );
            } else {
                text += &format!("\n{who}: knows nothing");
            }
            text += &format!(", {:?}", phone.faults);
        }
        text
    }

    /// Asserts that every phone holds the same signatures, each valid under its item's output key.
    ///
    /// # Panics
    ///
    /// Panics if it is not so.
    pub fn assert_signed(&self, session: SessionId) {
        let Some(Outcome::Completed { signatures }) = self.outcome(session) else {
            panic!("not all phones have completed:{}", self.describe(session));
        };
        let node = self.phones.iter().find_map(|phone| phone.node.as_ref()).expect("a living phone");
        let terms = node.terms(session).expect("the session is known");
        let wallet = node.wallet(terms.wallet).expect("the wallet is known");
        assert_eq!(signatures.len(), terms.payload.items.len() * 64);
        for (item, signature) in terms.payload.items.iter().zip(signatures.chunks_exact(64)) {
            let output = wallet.output_key(&item.key).expect("the path has a key");
            assert!(verifies(output.as_bytes(), &item.digest, signature), "a valid signature");
        }
    }

    /// Asserts that every phone holds the same valid signatures, that nobody refused anything, and that the oracle
    /// has seen nothing wrong.
    ///
    /// # Panics
    ///
    /// Panics if it is not so.
    pub fn assert_flawless(&self, session: SessionId) {
        self.assert_signed(session);
        assert_eq!(self.faults(), [], "somebody honest was refused");
        self.oracle.assert_silent();
    }
}
