//! Wallets: a fixed, sorted set of participant keys and the key they make together.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use data_encoding::HEXLOWER;

use crate::fault::CallerFault;
use crate::id::{Slot, WalletId};
use crate::key::{ParticipantKey, XOnlyKey, tagged_hash};
use crate::limits::{MAX_SIGNERS, MIN_SIGNERS};
use crate::message::Payload;

pub mod derive;
pub mod key_agg;

use derive::KeyPath;
use key_agg::{KeyAgg, TweakFault, key_sort};

/// A shared wallet: every participant signs (n of n).
#[derive(Clone)]
pub struct Wallet {
    id: WalletId,
    name: String,
    keys: Vec<ParticipantKey>,
    aggregate: KeyAgg,
}

impl Wallet {
    /// Sorts `keys` (BIP-327, KeySort) and aggregates them (BIP-327, KeyAgg).
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::SignerCount`], [`CallerFault::DuplicateKey`] or [`CallerFault::NoAggregate`].
    pub fn new(name: String, mut keys: Vec<ParticipantKey>) -> Result<Self, CallerFault> {
        if !(MIN_SIGNERS..=MAX_SIGNERS).contains(&keys.len()) {
            return Err(CallerFault::SignerCount(keys.len()));
        }
        key_sort(&mut keys);
        if let Some(first) = keys.windows(2).position(|pair| pair[0] == pair[1]) {
            return Err(CallerFault::DuplicateKey { first: slot(first) });
        }
        let aggregate = KeyAgg::new(&keys).map_err(|_| CallerFault::NoAggregate)?;
        let parts: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes().as_slice()).collect();
        let id = WalletId(tagged_hash("countersign/wallet", &parts));
        Ok(Self { id, name, keys, aggregate })
    }

    /// Returns the wallet's id: the same for all its participants.
    pub fn id(&self) -> WalletId {
        self.id
    }

    /// Returns what the user calls it. Other participants may call it something else.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the participants' keys, sorted: a key's index is its slot.
    pub fn keys(&self) -> &[ParticipantKey] {
        &self.keys
    }

    /// Returns the name under which its participants find each other at a rendezvous point on `day`, counted from the Unix
    /// epoch: 64 hex digits that only who knows all their keys can tell, others every day.
    pub fn namespace(&self, day: u64) -> String {
        let day = day.to_be_bytes();
        let parts: Vec<&[u8]> =
            self.keys.iter().map(|key| key.as_bytes().as_slice()).chain([day.as_slice()]).collect();
        HEXLOWER.encode(&tagged_hash("countersign/namespace", &parts))
    }

    /// Returns the untweaked aggregate key.
    pub fn aggregate(&self) -> &KeyAgg {
        &self.aggregate
    }

    /// Returns the slots, from 0.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + use<> {
        (0..self.keys.len()).map(slot)
    }

    /// Returns where `key` sits, if it is a participant's.
    pub fn slot_of(&self, key: &ParticipantKey) -> Option<Slot> {
        self.keys.binary_search(key).ok().map(slot)
    }

    /// Returns the key at `slot`, if the wallet has that slot.
    pub fn key(&self, slot: Slot) -> Option<&ParticipantKey> {
        self.keys.get(slot.index())
    }

    /// Returns the key under which an item with `path` is signed.
    ///
    /// # Errors
    ///
    /// Returns [`TweakFault`] if the path leads to no key.
    pub fn output_key(&self, path: &KeyPath) -> Result<XOnlyKey, TweakFault> {
        Ok(self.aggregate.at(path)?.x_only())
    }

    /// Returns every item's tweaked key, ready to sign with; equal paths share one.
    ///
    /// # Errors
    ///
    /// Returns [`TweakFault`] if a path leads to no key.
    pub(crate) fn item_keys(&self, payload: &Payload) -> Result<ItemKeys, TweakFault> {
        let mut by_path: BTreeMap<&KeyPath, KeyAgg> = BTreeMap::new();
        let mut items = Vec::with_capacity(payload.items.len());
        for item in &payload.items {
            let key = match by_path.entry(&item.key) {
                Entry::Occupied(shared) => shared.get().clone(),
                Entry::Vacant(empty) => empty.insert(self.aggregate.at(&item.key)?).clone(),
            };
            items.push((key, item.digest));
        }
        Ok(ItemKeys(items))
    }
}

/// The keys and messages of a payload's items, ready to sign.
#[derive(Default)]
pub(crate) struct ItemKeys(Vec<(KeyAgg, [u8; 32])>);

impl ItemKeys {
    /// Returns how many items there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns each item's key and message, in the payload's order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyAgg, &[u8; 32])> {
        self.0.iter().map(|(key, digest)| (key, digest))
    }
}

/// Returns the slot at an index that is below [`MAX_SIGNERS`].
fn slot(index: usize) -> Slot {
    Slot(u8::try_from(index).expect("a wallet has at most 100 slots"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn all_participants_derive_one_wallet_whatever_the_order() {
        let wallet = Wallet::new("a".into(), keys(3)).expect("three keys");
        let reversed = Wallet::new("b".into(), keys(3).into_iter().rev().collect()).expect("three keys");

        assert_eq!(wallet.id(), reversed.id());
        assert_eq!(wallet.aggregate().aggregate(), reversed.aggregate().aggregate());
        assert_ne!(wallet.id(), Wallet::new("a".into(), keys(2)).expect("two keys").id());
    }

    #[test]
    fn a_wallet_of_one_of_a_hundred_and_one_and_of_twins_is_refused() {
        let fault = |keys| Wallet::new(String::new(), keys).err();

        assert_eq!(fault(keys(1)), Some(CallerFault::SignerCount(1)));
        assert_eq!(fault(keys(101)), Some(CallerFault::SignerCount(101)));
        let twins = [keys(2), keys(1)].concat();
        assert!(matches!(fault(twins), Some(CallerFault::DuplicateKey { .. })));
    }

    #[test]
    fn every_key_knows_its_slot() {
        let wallet = Wallet::new(String::new(), keys(5)).expect("five keys");

        for slot in wallet.slots() {
            assert_eq!(wallet.key(slot).and_then(|key| wallet.slot_of(key)), Some(slot));
        }
        assert_eq!(wallet.key(Slot(5)), None);
    }

    fn keys(count: u8) -> Vec<ParticipantKey> {
        let key = |n: u8| SigningKey::from_bytes(&[n; 32]).expect("a valid secret").participant();
        (1..=count).map(key).collect()
    }
}
