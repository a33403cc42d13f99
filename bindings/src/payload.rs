//! What is to be signed.

use countersign_driver::machine::message;
use countersign_driver::machine::wallet::derive::{self, KeyPath};

use crate::error::NodeError;

/// What a session signs.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Payload {
    /// 1 to 1000 items, in the order in which signatures come out.
    pub items: Vec<Item>,
    /// The proposer's words about them, at most 4096 bytes: nothing checks them.
    pub text: String,
}

/// One thing to be signed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Item {
    /// The 32 bytes that BIP-340 signs: for Bitcoin the BIP-341 signature hash.
    pub digest: Vec<u8>,
    /// Unhardened steps from the wallet's aggregate key (BIP-328).
    #[uniffi(default = [])]
    pub path: Vec<u32>,
    /// What the key at the end of the path is made into.
    pub taproot: Taproot,
}

/// How a key becomes a Taproot output key.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Taproot {
    /// Not at all: it signs as it is.
    Untweaked,
    /// As an internal key without scripts (BIP-86).
    KeySpend,
    /// As an internal key with the script tree of this Merkle root, of 32 bytes (BIP-341).
    ScriptTree {
        /// The root.
        root: Vec<u8>,
    },
}

impl TryFrom<Payload> for message::Payload {
    type Error = NodeError;

    fn try_from(payload: Payload) -> Result<Self, NodeError> {
        let items = payload.items.into_iter().map(message::Item::try_from).collect::<Result<_, _>>()?;
        Ok(Self { items, text: payload.text })
    }
}

impl TryFrom<Item> for message::Item {
    type Error = NodeError;

    fn try_from(item: Item) -> Result<Self, NodeError> {
        let taproot = match item.taproot {
            Taproot::Untweaked => derive::Taproot::Untweaked,
            Taproot::KeySpend => derive::Taproot::KeySpend,
            Taproot::ScriptTree { root } => derive::Taproot::ScriptTree(bytes_32(&root, "a Merkle root")?),
        };
        let key = KeyPath::new(item.path, taproot).map_err(|fault| NodeError::invalid(&fault))?;
        Ok(Self { digest: bytes_32(&item.digest, "a digest")?, key })
    }
}

impl From<message::Payload> for Payload {
    fn from(payload: message::Payload) -> Self {
        let item = |item: message::Item| Item {
            digest: item.digest.to_vec(),
            path: item.key.path().to_vec(),
            taproot: match item.key.taproot() {
                derive::Taproot::Untweaked => Taproot::Untweaked,
                derive::Taproot::KeySpend => Taproot::KeySpend,
                derive::Taproot::ScriptTree(root) => Taproot::ScriptTree { root: root.to_vec() },
            },
        };
        Self { items: payload.items.into_iter().map(item).collect(), text: payload.text }
    }
}

fn bytes_32(bytes: &[u8], what: &str) -> Result<[u8; 32], NodeError> {
    bytes.try_into().map_err(|_| NodeError::Invalid { reason: format!("{what} has 32 bytes") })
}
