//! What the phone's network is like, and why the program is not online.

use crate::id::TransportKey;
use crate::link::DialFault;

/// What the shell knows of the phone's network.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NetworkState {
    /// Whether there is a network.
    pub online: bool,
    /// Whether the system keeps the program from using it, as Android does with one that sleeps.
    pub blocked: bool,
    /// Whether the system has reached the internet over it; it is tried all the same.
    pub validated: bool,
    /// Whether the local network may be used: the user may have refused.
    pub lan_allowed: bool,
    /// Another one for every other network: then no connection of before is worth anything.
    pub generation: u64,
    /// The phone's own IP addresses, as text.
    pub local_addresses: Vec<String>,
}

impl Default for NetworkState {
    fn default() -> Self {
        Self {
            online: true,
            blocked: false,
            validated: true,
            lan_allowed: true,
            generation: 0,
            local_addresses: Vec::new(),
        }
    }
}

impl NetworkState {
    /// Returns whether it is worth dialling anybody.
    pub(crate) fn is_usable(&self) -> bool {
        self.online && !self.blocked
    }

    /// Returns whether connections of before are worth nothing now.
    pub(crate) fn is_another(&self, before: &Self) -> bool {
        self.generation != before.generation || self.local_addresses != before.local_addresses
    }
}

/// How well the phone is connected, and why not better.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Connectivity {
    /// In one word.
    pub state: Connected,
    /// What stands in the way, the weightiest first.
    pub reasons: Vec<Obstacle>,
    /// Its relays.
    pub relays: Vec<RelayStatus>,
}

/// How well a phone is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Connected {
    /// The program is in the background: nobody is connected.
    Resting,
    /// There is no network, or the system does not let us use it.
    Offline,
    /// No co-signer is known.
    Nobody,
    /// No co-signer is connected, and none is being dialled.
    Disconnected,
    /// No co-signer is connected; one is being dialled.
    Connecting,
    /// Some co-signers are connected.
    Partly,
    /// Every co-signer is connected.
    Fully,
}

/// What keeps a phone from being connected to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "obstacle")]
pub enum Obstacle {
    /// The program is in the background.
    InBackground,
    /// There is no network.
    NoNetwork,
    /// The system keeps the program from using the network.
    NetworkBlocked,
    /// The network leads nowhere, as far as the system knows: a sign-in page, perhaps.
    NetworkNotValidated,
    /// Our own card is not issued: nobody would believe us.
    NoCard,
    /// There is no wallet, or no co-signer's card.
    NoCosigner,
    /// We listen nowhere: co-signers cannot dial us.
    NotListening,
    /// No relay has a place for us.
    NoRelay,
    /// Co-signers do not answer.
    Missing {
        /// How many.
        cosigners: usize,
    },
}

/// A relay, which is a rendezvous point, too.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RelayStatus {
    /// Its transport key.
    pub relay: TransportKey,
    /// Its multiaddress.
    pub address: String,
    /// Whether it has a place for us.
    pub up: bool,
    /// Why it had none when it was last asked.
    pub why: Option<DialFault>,
    /// Milliseconds until it is asked again.
    pub retry_in_ms: Option<u64>,
}
