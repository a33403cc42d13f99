//! Who may connect: a behaviour that counts connections by address and by phone, and dials nobody.
//!
//! libp2p's own connection limits know no addresses, and remember every phone that was ever there.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{PeerId, swarm};

use crate::config::Connections;
use crate::rate::Rate;

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("total")]
    Total,
    #[error("per_ip")]
    Address,
    #[error("per_peer")]
    Peer,
    #[error("pending")]
    Pending,
    #[error("pending_per_ip")]
    PendingAddress,
    #[error("per_ip_minute")]
    Rate,
    #[error("the relay dials nobody")]
    Dialled,
}

/// Counts connections, and refuses those that are too many.
pub(crate) struct Admission {
    limits: Connections,
    rate: Rate<IpAddr>,
    pending: HashMap<ConnectionId, IpAddr>,
    established: HashMap<ConnectionId, (IpAddr, PeerId)>,
    addresses: HashMap<IpAddr, Count>,
    peers: HashMap<PeerId, usize>,
}

/// The connections of one address.
#[derive(Default)]
struct Count {
    pending: usize,
    all: usize,
}

impl Admission {
    pub(crate) fn new(limits: Connections) -> Self {
        Self {
            rate: Rate::per_minute(limits.per_ip_minute),
            limits,
            pending: HashMap::new(),
            established: HashMap::new(),
            addresses: HashMap::new(),
            peers: HashMap::new(),
        }
    }

    fn knock(&mut self, id: ConnectionId, address: IpAddr, now: Instant) -> Result<(), Refusal> {
        if self.pending.len() + self.established.len() >= self.limits.total {
            return Err(Refusal::Total);
        }
        if self.pending.len() >= self.limits.pending {
            return Err(Refusal::Pending);
        }
        if let Some(count) = self.addresses.get(&address) {
            if count.all >= self.limits.per_ip {
                return Err(Refusal::Address);
            }
            if count.pending >= self.limits.pending_per_ip {
                return Err(Refusal::PendingAddress);
            }
        }
        if !self.rate.take(address, now) {
            return Err(Refusal::Rate);
        }
        let count = self.addresses.entry(address).or_default();
        count.pending += 1;
        count.all += 1;
        self.pending.insert(id, address);
        Ok(())
    }

    fn enter(&mut self, id: ConnectionId, peer: PeerId) -> Result<(), Refusal> {
        if self.peers.get(&peer).is_some_and(|count| *count >= self.limits.per_peer) {
            return Err(Refusal::Peer);
        }
        // Whatever is refused after this, here or by another behaviour, comes to `leave`.
        let Some(address) = self.pending.remove(&id) else { return Ok(()) };
        if let Some(count) = self.addresses.get_mut(&address) {
            count.pending -= 1;
        }
        self.established.insert(id, (address, peer));
        *self.peers.entry(peer).or_default() += 1;
        Ok(())
    }

    /// Forgets a connection that ended, or never came to be.
    fn leave(&mut self, id: ConnectionId) {
        let pending = self.pending.remove(&id);
        let established = self.established.remove(&id);
        if let Some((_, peer)) = established
            && let Some(count) = self.peers.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                self.peers.remove(&peer);
            }
        }
        let Some(address) = pending.or(established.map(|(address, _)| address)) else { return };
        if let Some(count) = self.addresses.get_mut(&address) {
            count.pending -= usize::from(pending.is_some());
            count.all -= 1;
            if count.all == 0 {
                self.addresses.remove(&address);
            }
        }
    }
}

/// Returns whose address it is: an IPv4 address, or the 64 bits of an IPv6 address that a provider gives to one customer.
#[expect(clippy::wildcard_enum_match_arm, reason = "an address is in one of these two parts")]
pub(crate) fn address_of(remote: &Multiaddr) -> IpAddr {
    let ip = remote.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::V6(ip).to_canonical()),
        _ => None,
    });
    match ip {
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Some(ip) => ip,
        // All that have none share one.
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

impl NetworkBehaviour for Admission {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.knock(id, address_of(remote), Instant::now()).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.enter(id, peer).map_err(ConnectionDenied::new)?;
        Ok(dummy::ConnectionHandler)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: Option<PeerId>,
        _: &[Multiaddr],
        _: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        Err(ConnectionDenied::new(Refusal::Dialled))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Err(ConnectionDenied::new(Refusal::Dialled))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p's enum grows; only ends matter here")]
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(closed) => self.leave(closed.connection_id),
            FromSwarm::ListenFailure(failure) => self.leave(failure.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Returns the name of the limit that a connection met, if it was one of ours.
pub(crate) fn refusal(error: &swarm::ListenError) -> Option<String> {
    let swarm::ListenError::Denied { cause } = error else { return None };
    if let Some(refusal) = cause.downcast_ref::<Refusal>() {
        return Some(refusal.to_string());
    }
    cause
        .downcast_ref::<libp2p::memory_connection_limits::MemoryUsageLimitExceeded>()
        .map(|_| "memory_mib".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn each_limit_refuses_what_is_over_it_and_takes_it_once_there_is_room() {
        let limits = Connections {
            total: 6,
            per_ip: 4,
            per_peer: 2,
            pending: 5,
            pending_per_ip: 3,
            per_ip_minute: 1000,
            ..Connections::default()
        };
        let mut admission = Admission::new(limits);
        let (now, [ada, bob]) = (Instant::now(), [PeerId::random(), PeerId::random()]);
        let id = ConnectionId::new_unchecked;
        for n in 0..3 {
            assert_eq!(admission.knock(id(n), HERE, now), Ok(()));
        }
        assert_eq!(admission.knock(id(3), HERE, now), Err(Refusal::PendingAddress));
        assert_eq!(admission.knock(id(3), THERE, now), Ok(()));
        assert_eq!(admission.knock(id(4), THERE, now), Ok(()));
        assert_eq!(admission.knock(id(5), THERE, now), Err(Refusal::Pending));
        assert_eq!(admission.enter(id(0), ada), Ok(()));
        assert_eq!(admission.enter(id(1), ada), Ok(()));
        assert_eq!(admission.enter(id(2), ada), Err(Refusal::Peer));
        admission.leave(id(2));
        assert_eq!(admission.knock(id(2), HERE, now), Ok(()));
        assert_eq!(admission.enter(id(2), bob), Ok(()));
        assert_eq!(admission.knock(id(5), HERE, now), Ok(()));
        assert_eq!(admission.knock(id(6), HERE, now), Err(Refusal::Total));
        admission.leave(id(4));
        assert_eq!(admission.knock(id(6), HERE, now), Err(Refusal::Address));
        admission.leave(id(0));
        assert_eq!(admission.knock(id(6), HERE, now), Ok(()));
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        let mut admission = Admission::new(Connections::default());
        for n in 0..500u32 {
            let (id, address) = (ConnectionId::new_unchecked(n as usize), IpAddr::from(n.to_be_bytes()));
            assert_eq!(admission.knock(id, address, Instant::now()), Ok(()));
            if n % 2 == 0 {
                assert_eq!(admission.enter(id, PeerId::random()), Ok(()));
            }
            admission.leave(id);
            admission.leave(id);
        }
        assert!(admission.pending.is_empty() && admission.established.is_empty());
        assert!(admission.addresses.is_empty() && admission.peers.is_empty());
    }

    #[test]
    fn an_address_that_comes_again_and_again_is_slowed_down() {
        let mut admission = Admission::new(Connections { per_ip_minute: 10, ..Connections::default() });
        let now = Instant::now();
        let taken = (0..50)
            .filter(|n| {
                let taken = admission.knock(ConnectionId::new_unchecked(*n), HERE, now).is_ok();
                admission.leave(ConnectionId::new_unchecked(*n));
                taken
            })
            .count();
        assert_eq!(taken, 10);
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_a_mapped_ipv4_address_is_itself() {
        let of = |text: &str| address_of(&text.parse().expect("an address"));
        assert_eq!(of("/ip6/2001:db8:1:2::5/tcp/1"), of("/ip6/2001:db8:1:2:ffff::1/tcp/2"));
        assert_ne!(of("/ip6/2001:db8:1:2::5/tcp/1"), of("/ip6/2001:db8:1:3::5/tcp/1"));
        assert_eq!(of("/ip6/::ffff:192.0.2.1/tcp/1"), HERE);
        assert_ne!(of("/ip4/192.0.2.1/tcp/1"), of("/ip4/192.0.2.2/tcp/1"));
    }
}
