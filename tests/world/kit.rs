//! Phones that already know each other: made once, copied into every world.

use countersign_machine::message::Payload;
use countersign_machine::wallet::Wallet;

use crate::rig::{Phone, Topology, World, payload};

/// Some phones with each other's cards and a wallet in their journals, none of them running.
pub struct Kit {
    pub(super) phones: Vec<Phone>,
    pub(super) wallet: Wallet,
    /// The payload of one item, of two, of three.
    pub(super) payloads: Vec<Payload>,
}

impl Kit {
    /// Makes `count` phones, two to 64.
    pub fn new(count: usize) -> Self {
        let world = World::new(1, count, Topology::Apart);
        let keys = world.phones.iter().map(Phone::participant).collect();
        Self {
            phones: world.phones.iter().map(Phone::twin).collect(),
            wallet: Wallet::new("wallet".into(), keys).expect("two to 64 different keys"),
            payloads: (1..=3).map(payload).collect(),
        }
    }
}
