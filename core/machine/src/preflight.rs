//! What a pre-flight finds out: whether every co-signer of a wallet answers.

use crate::id::{Slot, WalletId};
use crate::link::{LinkState, Tried};
use crate::plan::Message;

/// Names one pre-flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct PreflightId(pub u64);

/// Whether every co-signer of a wallet answers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PreflightReport {
    /// The wallet.
    pub wallet: WalletId,
    /// Whether all have answered: a session can begin and need not wait for anybody to come.
    pub ready: bool,
    /// How many are there, ourselves among them.
    pub connected: usize,
    /// How many participants the wallet has.
    pub total: usize,
    /// What those are called who have not answered: their nickname, or else how their key begins.
    pub missing: Vec<String>,
    /// Every participant, by slot.
    pub participants: Vec<Found>,
    /// What to say, if not all have answered.
    pub message: Option<Message>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What a pre-flight found out of one participant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    /// Who.
    pub slot: Slot,
    /// What it is called.
    pub name: String,
    /// Whether it is there: it has answered a ping of this pre-flight, or it is ourselves.
    pub connected: bool,
    /// Where its link stands.
    #[serde(flatten)]
    pub link: LinkState,
    /// How often it was dialled in vain in this pre-flight.
    pub failed_dials: u64,
    /// The addresses that were dialled in vain in the last round.
    pub tried: Vec<Tried>,
}
