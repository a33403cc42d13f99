//! What every step of a session needs from its node.

use std::collections::BTreeMap;

use super::{Custody, Said};
use crate::card::Card;
use crate::deadline::Warnings;
use crate::key::ParticipantKey;
use crate::message::TransportSecret;
use crate::node::Mode;
use crate::time::{BootId, Now};

/// What every step of a session needs from its node.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    /// Whether the wall clock cannot be trusted: nothing is signed then.
    pub(crate) clock_suspect: bool,
    /// Whether nobody ever had a reason to doubt it: what co-signers confirm they may take back.
    pub(crate) clock_sure: bool,
    pub(crate) custody: Custody,
    /// Whether the program runs.
    pub(crate) mode: Mode,
    /// Names this run of the boot clock, if the system does.
    pub(crate) boot_id: Option<BootId>,
    pub(crate) warnings: &'a Warnings,
    pub(crate) secret: &'a TransportSecret,
    pub(crate) cards: &'a BTreeMap<ParticipantKey, Card>,
    pub(crate) said: &'a mut Vec<Said>,
}

impl Context<'_> {
    /// Returns whether anything may be signed now.
    pub(crate) fn may_sign(&self) -> bool {
        !self.clock_suspect && !matches!(self.mode, Mode::Slice { .. })
    }
}
