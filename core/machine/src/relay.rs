//! A relay at which we want a place, and when it is asked for one.

use crate::id::{Dice, TransportKey};
use crate::link::{Backoff, DialFault};
use crate::network::RelayStatus;
use crate::time::{BootTime, Now};

/// A relay.
pub(crate) struct Relay {
    address: String,
    stage: Stage,
    backoff: Backoff,
    why: Option<DialFault>,
}

enum Stage {
    Down(BootTime),
    Asked,
    Up,
}

impl Relay {
    /// Makes one that is due to be asked.
    pub(crate) fn new(address: String, now: Now) -> Self {
        Self { address, stage: Stage::Down(now.boot), backoff: Backoff::default(), why: None }
    }

    /// Returns when to ask it next.
    pub(crate) fn due(&self) -> Option<BootTime> {
        match self.stage {
            Stage::Down(due) => Some(due),
            Stage::Asked | Stage::Up => None,
        }
    }

    /// Notes that it is being asked; returns its address.
    pub(crate) fn ask(&mut self) -> String {
        self.stage = Stage::Asked;
        self.address.clone()
    }

    /// Notes that it has a place for us.
    pub(crate) fn up(&mut self) {
        self.stage = Stage::Up;
        self.backoff.reset();
        self.why = None;
    }

    /// Notes that it has none, or none any more: it is asked again after a pause that doubles.
    pub(crate) fn down(&mut self, why: DialFault, dice: &mut Dice, now: Now) {
        self.stage = Stage::Down(self.backoff.pause(dice, now));
        self.why = Some(why);
    }

    /// Makes it due at once: whatever it had for us is gone with the network.
    pub(crate) fn renew(&mut self, now: Now) {
        self.stage = Stage::Down(now.boot);
        self.backoff.reset();
    }

    /// Returns whether it has a place for us.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up)
    }

    /// Shows it.
    pub(crate) fn show(&self, relay: TransportKey, now: Now) -> RelayStatus {
        RelayStatus {
            relay,
            address: self.address.clone(),
            up: self.is_up(),
            why: self.why,
            retry_in_ms: self.due().map(|due| due.ms_from(now.boot)),
        }
    }
}
