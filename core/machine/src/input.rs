//! Facts that the driver brings to the machine.

use crate::id::TransportKey;
use crate::key::{Seed, SigningKey};
use crate::link::{DialFault, LinkPath};
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
    /// What the shell's system can do: [`crate::Node::plan`] follows it.
    ShellKnown(Capabilities),
    /// The phone listens at these multiaddresses now: the whole list.
    Listening(Vec<String>),
    /// A connection to the peer stands and takes frames.
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
        /// Why.
        why: DialFault,
    },
    /// A frame came.
    FrameArrived {
        /// From whom, as the transport has proven.
        peer: TransportKey,
        /// Its bytes, at most [`crate::limits::MAX_FRAME_BYTES`].
        bytes: Vec<u8>,
    },
}
