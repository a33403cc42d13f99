//! Co-signers in the local network, found by libp2p's mDNS. For hosts: phones have discovery of their own.
//!
//! libp2p's behaviour starts a task and two sockets for each interface and never ends them: it runs aside. Outside the swarm it gives
//! addresses to nobody but us.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;

use libp2p::PeerId;
use libp2p::mdns::{self, Event};
use libp2p::multiaddr::Multiaddr;
use libp2p::swarm::behaviour::{ExpiredListenAddr, NewListenAddr};
use libp2p::swarm::derive_prelude::ListenerId;
use libp2p::swarm::{FromSwarm, NetworkBehaviour, ToSwarm};
use tokio::runtime::Handle;

use super::aside::Aside;
use super::{MAX_FOUND, NetError, without_peer};

/// How long what was found holds, in milliseconds: libp2p's own figure for what it answers.
pub(super) const TTL_MS: u64 = 6 * 60 * 1000;
/// Most peers whose addresses are kept, strangers among them: one of them may be admitted later.
const MAX_PEERS: usize = 256;

/// Looks for peers, and is found by them.
pub(super) struct Lan {
    mdns: mdns::tokio::Behaviour,
    aside: Handle,
    here: HashMap<PeerId, Vec<String>>,
    /// Those of them whose addresses are new.
    news: VecDeque<PeerId>,
}

impl Lan {
    /// Starts looking.
    pub(super) fn start(me: PeerId, aside: &Aside) -> Result<Self, NetError> {
        let failed = |error: std::io::Error| NetError::Listen(format!("mDNS: {error}"));
        let aside = aside.handle().map_err(failed)?;
        let inside = aside.enter();
        let mdns = mdns::tokio::Behaviour::new(mdns::Config::default(), me).map_err(failed)?;
        drop(inside);
        Ok(Self { mdns, aside, here: HashMap::new(), news: VecDeque::new() })
    }

    /// Takes an address at which we listen from now on, or no more.
    pub(super) fn listens(&mut self, listener_id: ListenerId, addr: &Multiaddr, listens: bool) {
        self.mdns.on_swarm_event(if listens {
            FromSwarm::NewListenAddr(NewListenAddr { listener_id, addr })
        } else {
            FromSwarm::ExpiredListenAddr(ExpiredListenAddr { listener_id, addr })
        });
    }

    /// Returns where a peer is now, if it is here.
    pub(super) fn addresses_of(&self, id: &PeerId) -> Option<Vec<String>> {
        self.here.get(id).cloned()
    }

    /// Returns the next peer that is found, with all its addresses. Safe to drop and call again.
    async fn found(&mut self) -> (PeerId, Vec<String>) {
        loop {
            while let Some(id) = self.news.pop_front() {
                if let Some(addresses) = self.addresses_of(&id) {
                    return (id, addresses);
                }
            }
            let order = poll_fn(|context| {
                let _inside = self.aside.enter();
                self.mdns.poll(context)
            });
            // Its other orders are for a swarm.
            if let ToSwarm::GenerateEvent(event) = order.await {
                self.take(event);
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Discovered(found) => {
                for (id, address) in found {
                    if self.here.len() < MAX_PEERS || self.here.contains_key(&id) {
                        let addresses = self.here.entry(id).or_default();
                        addresses.truncate(MAX_FOUND - 1);
                        addresses.push(without_peer(address, id).to_string());
                        if !self.news.contains(&id) {
                            self.news.push_back(id);
                        }
                    }
                }
            }
            Event::Expired(gone) => {
                for (id, address) in gone {
                    let gone = without_peer(address, id).to_string();
                    if let Some(addresses) = self.here.get_mut(&id) {
                        addresses.retain(|address| *address != gone);
                    }
                }
                self.here.retain(|_, addresses| !addresses.is_empty());
            }
        }
    }
}

/// Waits for the next peer that is found, for ever if nobody looks.
pub(super) async fn next(lan: &mut Option<Lan>) -> (PeerId, Vec<String>) {
    match lan {
        Some(lan) => lan.found().await,
        None => std::future::pending().await,
    }
}
