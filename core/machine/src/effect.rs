//! Orders that the machine gives to the driver, to be carried out in this order.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fault::PeerFault;
use crate::frame::Refusal;
use crate::id::{SessionId, Slot, TransportKey, WalletId};
use crate::input::KeyTicket;
use crate::network::Connected;
use crate::preflight::{PreflightId, PreflightReport};
use crate::record::Record;
use crate::session::Happening;

/// An order.
#[derive(Debug)]
pub enum Effect {
    /// Append these records, all or none; durable before the next effect starts.
    Persist(Vec<Record>),
    /// Read the newest record from the store and bring it as [`crate::input::Input::ReadBack`].
    ReadBack,
    /// Ask the vault for the signing key, with fresh entropy.
    AskKey {
        /// Goes into the answer.
        ticket: KeyTicket,
        /// What for; the vault may show it.
        purpose: KeyPurpose,
    },
    /// Bring fresh entropy as [`crate::input::Input::SeedGiven`]; the vault is not asked.
    AskSeed {
        /// Goes into the answer.
        ticket: KeyTicket,
    },
    /// Rewrite the journal as [`crate::record::survivors`] leaves it without these sessions, all or nothing;
    /// durable before the next effect starts.
    Compact(BTreeSet<SessionId>),
    /// Let this peer connect. Nobody else may.
    Admit(TransportKey),
    /// Let this peer connect no more, and cut its connection.
    Exclude(TransportKey),
    /// Dial the peer at all these addresses at once. Answered by `LinkUp` or `DialFailed`.
    Dial {
        /// Whom.
        peer: TransportKey,
        /// Where.
        addresses: Vec<String>,
    },
    /// Close every connection to the peer: it does not answer. Nothing need be said of that.
    Cut(TransportKey),
    /// Ask a relay for a place, at which co-signers can reach us. Answered by `RelayUp` or `RelayDown`.
    Reserve {
        /// Which.
        relay: TransportKey,
        /// Its multiaddress.
        address: String,
    },
    /// Let co-signers find us at a rendezvous point. Answered by `Registered`.
    Register {
        /// Which: a relay that has a place for us.
        relay: TransportKey,
        /// Under which names.
        namespaces: Vec<String>,
        /// For how long, in milliseconds.
        ttl_ms: u64,
    },
    /// Let co-signers find us no more at a rendezvous point.
    Unregister {
        /// Which.
        relay: TransportKey,
        /// Under which names.
        namespaces: Vec<String>,
    },
    /// Ask a rendezvous point for co-signers. Each one found is a `Found`.
    Discover {
        /// Which.
        relay: TransportKey,
        /// Under which names.
        namespaces: Vec<String>,
    },
    /// Stop the network and start it again, bringing `NetworkStopped` and `NetworkStarted`: the phone has these IP addresses now.
    RestartNetwork(Vec<String>),
    /// Send a frame. Lost if the link is down: the exchange on the next connection makes up for it.
    Send {
        /// To whom.
        peer: TransportKey,
        /// The frame's bytes.
        frame: Arc<[u8]>,
    },
    /// Tell the user's program.
    Tell(Event),
}

/// What the signing key is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// To sign our card.
    Card,
    /// To sign our card anew, because we listen at other addresses. The user has not asked for it: a vault that would have to ask
    /// them refuses, and our presence tells co-signers instead.
    Addresses,
    /// To make a session's nonces.
    Nonces,
    /// To make its partial signatures.
    Sign,
}

/// What the user's program is told.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Event {
    /// Our card was issued: it can be shown to others.
    CardIssued(CardIssued),
    /// A link's state changed: see [`crate::status::Status`].
    Link(LinkChanged),
    /// Something happened in a session.
    Session(SessionEvent),
    /// The wall clock became suspect, or is trusted again.
    Clock(ClockChanged),
    /// Our presence was said again, or would have been.
    Presence(PresenceRefreshed),
    /// A pre-flight is over.
    Preflight(PreflightDone),
    /// How well we are connected has changed otherwise than by a link: see [`crate::status::Status::connectivity`].
    Connectivity(ConnectivityChanged),
    /// A frame was refused; nothing has changed.
    Refused(RefusedEvent),
    /// A peer refused a frame of ours.
    RefusedByPeer(RefusedByPeer),
}

/// See [`Event::CardIssued`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "card_issued")]
pub struct CardIssued {
    /// The card as text.
    pub card: String,
}

/// See [`Event::Link`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "link")]
pub struct LinkChanged {
    /// Whose link.
    pub peer: TransportKey,
}

/// See [`Event::Session`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SessionEvent {
    /// Which wallet.
    pub wallet: WalletId,
    /// Which session.
    pub session: SessionId,
    /// What.
    #[serde(flatten)]
    pub what: Happening,
}

/// See [`Event::Clock`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "clock")]
pub struct ClockChanged {
    /// Whether it is suspect: nothing is signed until a co-signer's time confirms it, or it is set right.
    pub suspect: bool,
}

/// See [`Event::Presence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "presence")]
pub struct PresenceRefreshed {
    /// Whether it reached a co-signer.
    pub reached: bool,
    /// Milliseconds until it is said again.
    pub next_in_ms: u64,
}

/// See [`Event::Preflight`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "preflight")]
pub struct PreflightDone {
    /// Which.
    pub id: PreflightId,
    /// What it found out.
    #[serde(flatten)]
    pub report: PreflightReport,
}

/// See [`Event::Connectivity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "connectivity")]
pub struct ConnectivityChanged {
    /// How well we are connected now.
    pub state: Connected,
}

/// See [`Event::Refused`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "refused")]
pub struct RefusedEvent {
    /// Over whose link it came.
    pub peer: TransportKey,
    /// Whose envelope it was, if that is proven.
    pub slot: Option<Slot>,
    /// What is wrong.
    #[serde(serialize_with = "in_words")]
    pub fault: PeerFault,
}

/// See [`Event::RefusedByPeer`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "event", rename = "refused_by_peer")]
pub struct RefusedByPeer {
    /// Who refused.
    pub peer: TransportKey,
    /// Why.
    pub why: Refusal,
}

fn in_words<S: serde::Serializer>(fault: &PeerFault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}
