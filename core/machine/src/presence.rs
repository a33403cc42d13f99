//! A phone's signed word on whether it is there, and when it is given again.

use minicbor::{Decode, Encode};

use crate::codec;
use crate::fault::CallerFault;
use crate::id::TransportKey;
use crate::key::tagged_hash;
use crate::limits::{
    MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_PRESENCE_MS, MIN_PRESENCE_MS, PRESENCE_REFRESH_PERCENT,
    PRESENCE_RETRY_MS,
};
use crate::message::TransportSecret;
use crate::time::{BootTime, Now, WallTime};

/// Whether a phone is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, serde::Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Here {
    /// Its program is open.
    #[n(0)]
    Online,
    /// Its program is in the background: it answers when the system lets it.
    #[n(1)]
    Away,
    /// It does not want to be shown any more.
    #[n(2)]
    Withdrawn,
}

/// A phone's word on whether it is there, and where it can be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Presence {
    /// Whether it is.
    #[n(0)]
    pub here: Here,
    /// When it said so, by its wall clock.
    #[n(1)]
    pub at: WallTime,
    /// For how long that holds, in milliseconds.
    #[n(2)]
    pub ttl_ms: u64,
    /// The multiaddresses at which it listens: at most [`MAX_ADDRESSES`] of [`MAX_ADDRESS_BYTES`] each.
    #[n(3)]
    pub addresses: Vec<String>,
    /// The phone's signature of all this.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

impl Presence {
    /// Signs a presence.
    pub(crate) fn sign(
        secret: &TransportSecret,
        here: Here,
        (at, ttl_ms): (WallTime, u64),
        addresses: Vec<String>,
    ) -> Self {
        let mut presence = Self { here, at, ttl_ms, addresses, signature: [0; 64] };
        presence.signature = secret.sign(&presence.hash(&secret.public()));
        presence
    }

    /// Returns whether this phone signed it.
    pub(crate) fn is_signed_by(&self, phone: &TransportKey) -> bool {
        phone.verifies(&self.hash(phone), &self.signature)
    }

    /// Returns whether it has no more and no longer addresses than it may have.
    pub(crate) fn is_within_limits(&self) -> bool {
        self.addresses.len() <= MAX_ADDRESSES
            && self.addresses.iter().all(|address| address.len() <= MAX_ADDRESS_BYTES)
    }

    fn hash(&self, phone: &TransportKey) -> [u8; 32] {
        let here = [self.here as u8];
        let addresses = codec::encode(&self.addresses);
        let (at, ttl_ms) = (self.at.0.to_be_bytes(), self.ttl_ms.to_be_bytes());
        tagged_hash("countersign/presence", &[&phone.0, &here, &at, &ttl_ms, &addresses])
    }

    /// Returns for how long it still holds, in milliseconds: never for longer than it says, whatever the clocks.
    pub(crate) fn left_ms(&self, now: WallTime) -> u64 {
        WallTime(self.at.0.saturating_add(self.ttl_ms)).ms_from(now).min(self.ttl_ms).min(MAX_PRESENCE_MS)
    }
}

/// When our own presence is said again.
#[derive(Default)]
pub(crate) struct Refreshing {
    ttl_ms: Option<u64>,
    next: Option<BootTime>,
    /// When it last reached somebody.
    last: Option<WallTime>,
    /// How often in a row it has reached nobody.
    failures: u32,
}

impl Refreshing {
    /// Starts anew, in place of whatever was there: the first is due at once.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::OutOfRange`] if `ttl_ms` is not from [`MIN_PRESENCE_MS`] to [`MAX_PRESENCE_MS`].
    pub(crate) fn start(&mut self, ttl_ms: u64, now: Now) -> Result<(), CallerFault> {
        if !(MIN_PRESENCE_MS..=MAX_PRESENCE_MS).contains(&ttl_ms) {
            return Err(CallerFault::OutOfRange("a presence"));
        }
        *self = Self { ttl_ms: Some(ttl_ms), next: Some(now.boot), last: self.last, failures: 0 };
        Ok(())
    }

    /// Stops; returns how long each presence held.
    pub(crate) fn stop(&mut self) -> Option<u64> {
        std::mem::take(self).ttl_ms
    }

    /// Waits until [`Refreshing::resume`]; returns how long each presence holds.
    pub(crate) fn pause(&mut self) -> Option<u64> {
        self.next = None;
        self.ttl_ms
    }

    /// Goes on, at once.
    pub(crate) fn resume(&mut self, now: Now) {
        self.next = self.ttl_ms.map(|_| now.boot);
        self.failures = 0;
    }

    /// Returns when the next is due.
    pub(crate) fn next(&self) -> Option<BootTime> {
        self.next
    }

    /// Returns whether somebody who comes now is waited for: the last one reached nobody, or the next is due.
    pub(crate) fn wants_company(&self, now: Now) -> bool {
        self.failures > 0 || self.next.is_some_and(|next| next <= now.boot)
    }

    /// Returns when it last reached somebody.
    pub(crate) fn last(&self) -> Option<WallTime> {
        self.last
    }

    /// Returns for how long each holds.
    pub(crate) fn ttl_ms(&self) -> Option<u64> {
        self.ttl_ms
    }

    /// Notes whether it has reached somebody. One that has not is tried again after a pause that doubles, up to the
    /// usual one.
    pub(crate) fn refreshed(&mut self, reached: bool, now: Now) {
        let Some(interval_ms) = self.ttl_ms.map(|ttl| ttl * PRESENCE_REFRESH_PERCENT / 100) else { return };
        let pause_ms = if reached {
            (self.failures, self.last) = (0, Some(now.wall));
            interval_ms
        } else {
            let pause_ms = PRESENCE_RETRY_MS.saturating_mul(1 << self.failures.min(16)).min(interval_ms);
            self.failures += 1;
            pause_ms
        };
        self.next = Some(now.boot.after_ms(pause_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DEFAULT_PRESENCE_MS;

    #[test]
    fn an_hour_is_refreshed_at_once_and_then_every_twenty_four_minutes() {
        let mut own = Refreshing::default();
        own.start(DEFAULT_PRESENCE_MS, at(7)).expect("an hour");
        assert_eq!(own.next(), Some(at(7).boot));

        own.refreshed(true, at(7));

        assert_eq!(own.next(), Some(at(7 + 1_440_000).boot));
        assert_eq!(own.last(), Some(at(7).wall));
    }

    #[test]
    fn a_new_validity_replaces_the_old_one_and_stopping_leaves_nothing() {
        let mut own = Refreshing::default();
        own.start(MAX_PRESENCE_MS, at(0)).expect("a day");
        own.refreshed(true, at(0));
        own.start(100_000, at(5)).expect("over a minute");
        own.refreshed(true, at(5));
        assert_eq!(own.next(), Some(at(40_005).boot));

        assert_eq!(own.stop(), Some(100_000));
        own.refreshed(true, at(6));
        assert_eq!((own.next(), own.ttl_ms(), own.last()), (None, None, None));
    }

    #[test]
    fn one_that_reached_nobody_comes_again_soon_and_keeps_the_old_time() {
        let mut own = Refreshing::default();
        own.start(100_000, at(0)).expect("over a minute");
        own.refreshed(true, at(0));
        let mut pauses = Vec::new();
        for _ in 0..5 {
            own.refreshed(false, at(9));
            pauses.extend(own.next().map(|next| next.ms_from(at(9).boot)));
        }

        assert_eq!(pauses, [5_000, 10_000, 20_000, 40_000, 40_000]);
        assert_eq!(own.last(), Some(at(0).wall));
        own.refreshed(true, at(10));
        own.refreshed(false, at(10));
        assert_eq!(own.next(), Some(at(5_010).boot), "success forgives");
    }

    #[test]
    fn a_paused_one_is_not_due_until_it_goes_on_and_then_at_once() {
        let mut own = Refreshing::default();
        own.start(100_000, at(0)).expect("over a minute");
        assert_eq!((own.pause(), own.next()), (Some(100_000), None));

        own.resume(at(99));
        assert_eq!(own.next(), Some(at(99).boot));
    }

    #[test]
    fn a_validity_out_of_bounds_is_refused_and_changes_nothing() {
        let mut own = Refreshing::default();
        own.start(100_000, at(0)).expect("over a minute");
        for ttl_ms in [0, 2, MIN_PRESENCE_MS - 1, MAX_PRESENCE_MS + 1] {
            assert_eq!(own.start(ttl_ms, at(1)), Err(CallerFault::OutOfRange("a presence")));
        }
        assert_eq!(own.ttl_ms(), Some(100_000));
    }

    #[test]
    fn a_presence_is_of_the_phone_that_signed_it_and_of_no_other() {
        let secret = TransportSecret::new(&[3; 32]);
        let presence = Presence::sign(&secret, Here::Away, (WallTime(5), 100), vec!["/memory/1".into()]);

        assert!(presence.is_signed_by(&secret.public()));
        assert!(!presence.is_signed_by(&TransportSecret::new(&[4; 32]).public()));
        let altered = [
            Presence { here: Here::Online, ..presence.clone() },
            Presence { at: WallTime(6), ..presence.clone() },
            Presence { ttl_ms: 101, ..presence.clone() },
            Presence { addresses: vec!["/memory/2".into()], ..presence.clone() },
        ];
        assert!(altered.iter().all(|altered| !altered.is_signed_by(&secret.public())));
        assert_eq!(presence.left_ms(WallTime(35)), 70);
        assert_eq!(presence.left_ms(WallTime(0)), 100, "one from the future");
        assert_eq!(presence.left_ms(WallTime(106)), 0);
    }

    fn at(ms: u64) -> Now {
        Now { wall: WallTime(1_000_000 + ms), boot: BootTime(ms * 1000) }
    }
}
