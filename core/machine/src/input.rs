//! Facts that the driver brings to the machine.

use crate::id::TransportKey;
use crate::key::{Seed, SigningKey};
use crate::link::{DialFault, LinkPath, Source, Tried};
use crate::network::NetworkState;
use crate::plan::Capabilities;

/// Names one question to the vault, or to the system's generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyTicket(pub(crate) u64);

/// Something that happened outside.
pub enum Input {
    /// The newest record of the journal, as [`crate::effect::Effect::ReadBack`] asked; `None` if there is no
    /// record at all. A journal that cannot be read answers nothing: the driver stops instead.
    ReadBack(Option<Vec<u8>>),
    /// The vault gave the signing key, with 32 fresh random bytes.
    KeyGiven {
        /// Which question this answers.
        ticket: KeyTicket,
        /// The key.
        key: SigningKey,
        /// Fresh entropy for this use alone.
        seed: Seed,
    },
    /// The vault refused, or its user did.
    KeyRefused {
        /// Which question this answers.
        ticket: KeyTicket,
    },
    /// 32 fresh random bytes, for the nonces of a session that still holds its key.
    SeedGiven {
        /// Which question this answers.
        ticket: KeyTicket,
        /// Fresh entropy for this use alone.
        seed: Seed,
    },
    /// The app went to the background: nobody is dialled any more, no attempt begun, and co-signers hear that we are away. An
    /// attempt that has begun goes on while it may. See also [`crate::session::Custody::Background`].
    WentToBackground,
    /// The app is in the foreground again, where it also starts.
    CameToForeground,
    /// The system lets the program run for a moment in the background: co-signers are dialled and what they have is taken, but
    /// nothing is signed.
    SliceBegan {
        /// Whether the network may be used.
        network: bool,
    },
    /// That moment is over.
    SliceEnded,
    /// What the phone's network is like, as far as its system knows.
    NetworkChanged(NetworkState),
    /// The network was stopped: no connection stands, nobody is admitted, no relay has a place for us.
    NetworkStopped,
    /// The network was started, after it had been stopped.
    NetworkStarted,
    /// The relays of the configuration, with their multiaddresses: the whole list, at most [`crate::limits::MAX_RELAYS`] of them.
    RelaysKnown(Vec<(TransportKey, String)>),
    /// A relay has a place for us.
    RelayUp {
        /// Which.
        relay: TransportKey,
    },
    /// A relay has no place for us, or none any more.
    RelayDown {
        /// Which.
        relay: TransportKey,
        /// Why.
        why: DialFault,
    },
    /// A rendezvous point has answered [`crate::Effect::Register`].
    Registered {
        /// Whether co-signers can find us there now.
        found: bool,
    },
    /// A co-signer was found at these addresses, in place of those found in the same way before.
    Found {
        /// Who.
        peer: TransportKey,
        /// Where: multiaddresses, best first.
        addresses: Vec<String>,
        /// How.
        source: Source,
        /// For how long that holds, in milliseconds.
        ttl_ms: u64,
    },
    /// What the shell's system can do: [`crate::Node::plan`] follows it.
    ShellKnown(Capabilities),
    /// The phone listens at these multiaddresses now: the whole list.
    Listening(Vec<String>),
    /// A connection to the peer stands and takes frames; or another one does from now on, and what was on its way may be lost.
    LinkUp {
        /// Who.
        peer: TransportKey,
        /// How.
        path: LinkPath,
    },
    /// The connection is gone, or frames sent over it may be lost.
    LinkDown {
        /// Whose.
        peer: TransportKey,
    },
    /// A dial failed.
    DialFailed {
        /// Whom it was to reach.
        peer: TransportKey,
        /// Every address that was dialled, and why in vain.
        tried: Vec<Tried>,
    },
    /// A frame came.
    FrameArrived {
        /// From whom, as the transport has proven.
        peer: TransportKey,
        /// Its bytes, at most [`crate::limits::MAX_FRAME_BYTES`].
        bytes: Vec<u8>,
    },
}
