//! Who is registered under which name, and until when. Nothing here looks at a clock.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use libp2p::PeerId;

use crate::config::Rendezvous;

/// There is no room for another registration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// What a phone leaves.
pub(super) struct Registration {
    /// Where it came from.
    pub(super) address: IpAddr,
    /// Its signed record.
    pub(super) record: Vec<u8>,
}

struct Entry {
    /// Counts up over all registrations: later ones have higher numbers.
    number: u64,
    ends_at: Instant,
    what: Registration,
}

/// At most one registration a name and phone, each until its end.
pub(super) struct Book {
    limits: Rendezvous,
    names: HashMap<String, HashMap<PeerId, Entry>>,
    /// The same, by their ends.
    ends: BTreeMap<(Instant, u64), (String, PeerId)>,
    peers: HashMap<PeerId, usize>,
    addresses: HashMap<IpAddr, usize>,
    next: u64,
}

impl Book {
    pub(super) fn new(limits: Rendezvous, first: u64) -> Self {
        Self {
            limits,
            names: HashMap::new(),
            ends: BTreeMap::new(),
            peers: HashMap::new(),
            addresses: HashMap::new(),
            next: first.max(1),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the number of the latest registration, or one less than the first.
    pub(super) fn last(&self) -> u64 {
        self.next - 1
    }

    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(first) = self.ends.first_entry()
            && first.key().0 <= now
        {
            let (name, peer) = first.get().clone();
            self.remove(&name, peer);
        }
    }

    /// Registers a phone, in place of what it had registered under the name.
    pub(super) fn add(
        &mut self,
        name: String,
        peer: PeerId,
        what: Registration,
        ttl_s: u64,
        now: Instant,
    ) -> Result<(), Full> {
        let former = self.names.get(&name).and_then(|phones| phones.get(&peer));
        let moved = former.is_none_or(|entry| entry.what.address != what.address);
        let new = former.is_none();
        let count = |of: Option<&usize>| of.copied().unwrap_or(0);
        if new && (self.len() >= self.limits.total || count(self.peers.get(&peer)) >= self.limits.per_peer)
            || moved && count(self.addresses.get(&what.address)) >= self.limits.per_ip
        {
            return Err(Full);
        }
        self.remove(&name, peer);
        let (number, ends_at) = (self.next, now + Duration::from_secs(ttl_s));
        self.next += 1;
        *self.peers.entry(peer).or_default() += 1;
        *self.addresses.entry(what.address).or_default() += 1;
        self.ends.insert((ends_at, number), (name.clone(), peer));
        self.names.entry(name).or_default().insert(peer, Entry { number, ends_at, what });
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str, peer: PeerId) {
        let Some(phones) = self.names.get_mut(name) else { return };
        let Some(entry) = phones.remove(&peer) else { return };
        if phones.is_empty() {
            self.names.remove(name);
        }
        self.ends.remove(&(entry.ends_at, entry.number));
        lower(&mut self.peers, &peer);
        lower(&mut self.addresses, &entry.what.address);
    }

    /// Returns the records under a name whose numbers are higher than `after`, oldest first, each with the seconds that it has left; and
    /// the number of the last of them.
    pub(super) fn find(
        &self,
        name: &str,
        after: u64,
        limit: usize,
        now: Instant,
    ) -> (Vec<(Vec<u8>, u64)>, u64) {
        let mut entries: Vec<&Entry> = self
            .names
            .get(name)
            .into_iter()
            .flat_map(HashMap::values)
            .filter(|entry| entry.number > after && entry.ends_at > now)
            .collect();
        entries.sort_unstable_by_key(|entry| entry.number);
        entries.truncate(limit);
        let last = entries.last().map_or(after, |entry| entry.number);
        let left_s = |entry: &Entry| entry.ends_at.duration_since(now).as_secs_f64().ceil() as u64;
        (entries.iter().map(|entry| (entry.what.record.clone(), left_s(entry))).collect(), last)
    }
}

/// Takes one off a count, and forgets the count at zero.
fn lower<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
impl Book {
    /// Whether every index holds the same registrations as every other.
    pub(super) fn is_sound(&self) -> bool {
        let all: Vec<_> = self
            .names
            .iter()
            .flat_map(|(name, phones)| phones.iter().map(move |(peer, entry)| (name, peer, entry)))
            .collect();
        all.len() == self.ends.len()
            && all.len() == self.peers.values().sum::<usize>()
            && all.len() == self.addresses.values().sum::<usize>()
            && self.names.values().all(|phones| !phones.is_empty())
            && all.iter().all(|(name, peer, entry)| {
                self.ends.get(&(entry.ends_at, entry.number)) == Some(&((*name).clone(), **peer))
            })
    }
}
