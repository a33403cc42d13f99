//! Who may hold a reservation and open a circuit.
//!
//! libp2p's relay counts its reservations and circuits, but knows no addresses, and refuses a full relay's phones the renewal of what
//! they hold. It asks this quota instead, through its rate limiters.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libp2p::{Multiaddr, PeerId, relay};

use crate::admission::address_of;
use crate::config::{Circuits, Config, Reservations};
use crate::rate::Rate;

/// Counts reservations and circuits by address.
pub(crate) struct Quota {
    reservations: Reservations,
    circuits: Circuits,
    reservation_rate: Rate<IpAddr>,
    circuit_rate: Rate<IpAddr>,
    /// Who holds a reservation, from where.
    holders: HashMap<PeerId, IpAddr>,
    /// How many circuits are open from one phone to another, and from where.
    open: HashMap<(PeerId, PeerId), (IpAddr, usize)>,
    used: HashMap<IpAddr, Used>,
}

/// What the phones of one address hold.
#[derive(Default)]
struct Used {
    reservations: usize,
    circuits: usize,
}

/// A quota that libp2p's relay and the engine share.
#[derive(Clone)]
pub(crate) struct SharedQuota(Arc<Mutex<Quota>>);

impl SharedQuota {
    pub(crate) fn new(config: &Config) -> Self {
        Self(Arc::new(Mutex::new(Quota::new(config.reservations.clone(), config.circuits.clone()))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Quota> {
        // A quota is whole between any two of its steps.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the settings of a libp2p relay that asks this quota.
    pub(crate) fn relay_config(&self, config: &Config) -> relay::Config {
        let (reservations, circuits) = (self.clone(), self.clone());
        let reserve = move |peer: PeerId, remote: &Multiaddr, now: Instant| {
            reservations.lock().reserve(peer, address_of(remote), now)
        };
        let open = move |_: PeerId, remote: &Multiaddr, now: Instant| {
            circuits.lock().may_open(address_of(remote), now)
        };
        relay::Config {
            // The quota counts them: libp2p would refuse renewals, too, once there are so many.
            max_reservations: usize::MAX,
            // libp2p refuses what is more than one over these two.
            max_reservations_per_peer: config.reservations.per_peer - 1,
            max_circuits_per_peer: config.circuits.per_peer - 1,
            reservation_duration: Duration::from_secs(config.reservations.duration_s),
            reservation_rate_limiters: vec![Box::new(reserve)],
            max_circuits: config.circuits.total,
            max_circuit_duration: Duration::from_secs(config.circuits.duration_s),
            max_circuit_bytes: config.circuits.bytes,
            circuit_src_rate_limiters: vec![Box::new(open)],
        }
    }
}

impl Quota {
    fn new(reservations: Reservations, circuits: Circuits) -> Self {
        Self {
            reservation_rate: Rate::per_minute(reservations.per_ip_minute),
            circuit_rate: Rate::per_minute(circuits.per_ip_minute),
            reservations,
            circuits,
            holders: HashMap::new(),
            open: HashMap::new(),
            used: HashMap::new(),
        }
    }

    /// Returns whether the phone may have a reservation, and counts it if so. Whoever holds one may renew it.
    fn reserve(&mut self, peer: PeerId, address: IpAddr, now: Instant) -> bool {
        if !self.reservation_rate.take(address, now) {
            return false;
        }
        let held_from = self.holders.get(&peer).copied();
        let here = self.used.get(&address).map_or(0, |used| used.reservations);
        let full = held_from.is_none() && self.holders.len() >= self.reservations.total;
        if full || held_from != Some(address) && here >= self.reservations.per_ip {
            return false;
        }
        self.release(peer);
        self.holders.insert(peer, address);
        self.used.entry(address).or_default().reservations += 1;
        true
    }

    /// Forgets the phone's reservation: it has run out, or the phone is gone.
    pub(crate) fn release(&mut self, peer: PeerId) {
        if let Some(address) = self.holders.remove(&peer) {
            self.reduce(address, |used| used.reservations -= 1);
        }
    }

    fn may_open(&mut self, address: IpAddr, now: Instant) -> bool {
        self.circuit_rate.take(address, now)
            && self.used.get(&address).is_none_or(|used| used.circuits < self.circuits.per_ip)
    }

    /// Counts a circuit.
    pub(crate) fn opened(&mut self, from: PeerId, to: PeerId, address: IpAddr) {
        let (address, count) = self.open.entry((from, to)).or_insert((address, 0));
        *count += 1;
        self.used.entry(*address).or_default().circuits += 1;
    }

    /// Forgets a circuit. libp2p says of some twice that they have ended: the second time changes nothing.
    pub(crate) fn closed(&mut self, from: PeerId, to: PeerId) -> bool {
        let Some((address, count)) = self.open.get_mut(&(from, to)) else { return false };
        let address = *address;
        *count -= 1;
        if *count == 0 {
            self.open.remove(&(from, to));
        }
        self.reduce(address, |used| used.circuits -= 1);
        true
    }

    /// Returns how many phones hold a reservation.
    pub(crate) fn reservations(&self) -> usize {
        self.holders.len()
    }

    /// Returns how many circuits are open.
    pub(crate) fn circuits(&self) -> usize {
        self.open.values().map(|(_, count)| count).sum()
    }

    fn reduce(&mut self, address: IpAddr, by: impl FnOnce(&mut Used)) {
        let Some(used) = self.used.get_mut(&address) else { return };
        by(used);
        if used.reservations == 0 && used.circuits == 0 {
            self.used.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_full_relay_still_renews_what_it_has_given() {
        let limits = Reservations { total: 3, per_ip: 2, ..Reservations::default() };
        let mut quota = Quota::new(limits, Circuits::default());
        let (now, [ada, bob, cleo, dora]) = (Instant::now(), std::array::from_fn(|_| PeerId::random()));
        assert!(quota.reserve(ada, HERE, now) && quota.reserve(bob, HERE, now));
        assert!(!quota.reserve(cleo, HERE, now), "too many of one address");
        assert!(quota.reserve(cleo, THERE, now));
        assert!(!quota.reserve(dora, THERE, now), "too many");
        assert!(quota.reserve(ada, HERE, now), "hers already");
        assert!(!quota.reserve(cleo, HERE, now), "not there");
        quota.release(bob);
        quota.release(bob);
        assert!(quota.reserve(cleo, HERE, now), "she has moved");
        assert_eq!(quota.reservations(), 2);
        assert!(quota.reserve(dora, THERE, now));
    }

    #[test]
    fn a_circuit_that_ended_twice_was_one() {
        let mut quota = Quota::new(Reservations::default(), Circuits { per_ip: 2, ..Circuits::default() });
        let (now, [ada, bob, cleo]) = (Instant::now(), std::array::from_fn(|_| PeerId::random()));
        quota.opened(ada, bob, HERE);
        quota.opened(ada, cleo, HERE);
        assert!(!quota.may_open(HERE, now), "too many of one address");
        assert!(quota.may_open(THERE, now));
        assert!(quota.closed(ada, bob) && !quota.closed(ada, bob));
        assert_eq!(quota.circuits(), 1);
        assert!(quota.may_open(HERE, now));
        assert!(quota.closed(ada, cleo) && quota.used.is_empty());
    }
}
