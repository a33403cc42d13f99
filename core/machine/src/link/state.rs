//! Where a link stands, in words that people and programs are shown.

/// How two phones are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPath {
    /// Over the internet, or within one computer.
    Direct,
    /// Within the local network.
    Lan,
    /// Over WebRTC.
    Webrtc,
    /// Through a relay.
    Relay,
}

/// Why a dial failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DialFault {
    /// Nobody answered in time.
    NoAnswer,
    /// The other side refused the connection.
    Refused,
    /// Somebody else answered at that address.
    WrongPeer,
    /// No address could be used.
    NoUsableAddress,
    /// Any other failure of the transport.
    Transport,
}

/// One address that was dialled in vain.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tried {
    /// The multiaddress.
    pub address: String,
    /// What came of it.
    pub why: DialFault,
}

/// How an address that stands on no card was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the local network.
    Lan,
    /// At a rendezvous point.
    Rendezvous,
}

/// Where a link stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "link")]
pub enum LinkState {
    /// It is ourselves.
    #[serde(rename = "self")]
    Myself,
    /// We have no card of this participant.
    Unknown,
    /// Its card gives no address: it must dial us.
    NoAddress,
    /// A dial is under way, or a connection stands without a hello yet.
    Dialling,
    /// It answers.
    Reachable {
        /// How.
        path: LinkPath,
        /// Round trip in microseconds, once measured by a signed ping.
        rtt_us: Option<u64>,
        /// Milliseconds by which its wall clock is ahead of ours, once measured.
        clock_ahead_ms: Option<i64>,
    },
    /// It does not answer; we dial again on our own.
    Unreachable {
        /// Why the last dial failed, if one has.
        why: Option<DialFault>,
    },
    /// It is not connected, and has said that its program is in the background.
    Away,
    /// It speaks another version: one of the two needs an update.
    Incompatible,
    /// It sent too much that is invalid: nothing that it sends is read until the user connects again.
    Muted,
}
