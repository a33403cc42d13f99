//! Where a co-signer is dialled: what its card and its presence say, and what was found.

use std::collections::BTreeMap;

use super::Source;
use crate::limits::{MAX_ADDRESS_BYTES, MAX_ADDRESSES};
use crate::time::{BootTime, Now};

/// The addresses at which a co-signer was found, by how.
#[derive(Default)]
pub(crate) struct Found {
    by: BTreeMap<Source, (Vec<String>, BootTime)>,
}

impl Found {
    /// Takes the addresses that were found in one way, in place of earlier ones; returns whether there is a new one.
    pub(crate) fn take(&mut self, addresses: Vec<String>, source: Source, until: BootTime) -> bool {
        let fits = |address: &String| address.len() <= MAX_ADDRESS_BYTES;
        let addresses: Vec<String> = addresses.into_iter().filter(fits).take(MAX_ADDRESSES).collect();
        let held = self.by.insert(source, (addresses.clone(), until)).map(|(held, _)| held);
        let held = held.unwrap_or_default();
        addresses.iter().any(|address| !held.contains(address))
    }

    fn of(&self, source: Source, now: Now) -> impl Iterator<Item = &String> {
        let found = self.by.get(&source).filter(|(_, until)| *until > now.boot);
        found.into_iter().flat_map(|(addresses, _)| addresses)
    }
}

/// Where to dial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Addresses of the phone itself, the nearest first.
    pub(crate) direct: Vec<String>,
    /// Addresses through a relay.
    pub(crate) relayed: Vec<String>,
}

impl Route {
    /// Puts all known addresses in order, each once: the local network's first, if it may be used, then what the phone says
    /// itself, then what a rendezvous point has heard of it.
    pub(crate) fn of<'a>(
        own_words: impl Iterator<Item = &'a String>,
        found: &'a Found,
        lan_allowed: bool,
        now: Now,
    ) -> Self {
        let lan = found.of(Source::Lan, now).filter(|_| lan_allowed);
        let mut route = Self::default();
        for address in lan.chain(own_words).chain(found.of(Source::Rendezvous, now)) {
            let known = if is_relayed(address) { &mut route.relayed } else { &mut route.direct };
            if !known.contains(address) {
                known.push(address.clone());
            }
        }
        route
    }
}

/// Returns whether a multiaddress leads through a relay.
fn is_relayed(address: &str) -> bool {
    address.split('/').any(|part| part == "p2p-circuit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_addresses_come_first_each_once_and_those_through_a_relay_apart() {
        let mut found = Found::default();
        let now = Now::default();
        let later = now.boot.after_ms(1);
        let lan = text(&["/ip4/192.168.0.7/tcp/1"]);
        assert!(found.take(lan, Source::Lan, later));
        assert!(found.take(
            text(&["/ip4/203.0.113.9/tcp/1", "/relay/p2p-circuit"]),
            Source::Rendezvous,
            later
        ));
        let card = text(&["/other/p2p-circuit/p2p/x", "/ip4/198.51.100.7/tcp/1", "/ip4/203.0.113.9/tcp/1"]);

        let route = Route::of(card.iter(), &found, true, now);

        let direct = ["/ip4/192.168.0.7/tcp/1", "/ip4/198.51.100.7/tcp/1", "/ip4/203.0.113.9/tcp/1"];
        assert_eq!(route.direct, text(&direct));
        assert_eq!(route.relayed, text(&["/other/p2p-circuit/p2p/x", "/relay/p2p-circuit"]));
        let apart = Route::of(card.iter(), &found, false, now);
        assert_eq!(apart.direct, text(&direct[1..]), "without the local network");
    }

    #[test]
    fn what_was_found_long_ago_is_not_dialled() {
        let mut found = Found::default();
        found.take(text(&["/ip4/192.168.0.7/tcp/1"]), Source::Lan, BootTime(5));
        let at = |us| Now { boot: BootTime(us), ..Now::default() };

        assert_eq!(Route::of([].iter(), &found, true, at(4)).direct.len(), 1);
        assert_eq!(Route::of([].iter(), &found, true, at(5)), Route::default());
    }

    #[test]
    fn however_much_is_found_little_is_kept_and_the_same_again_is_no_news() {
        let mut found = Found::default();
        let many: Vec<String> = (0..100).map(|number| format!("/memory/{number}")).collect();
        assert!(found.take(many.clone(), Source::Lan, BootTime(5)));
        assert!(!found.take(many, Source::Lan, BootTime(9)));
        assert!(!found.take(vec!["x".repeat(MAX_ADDRESS_BYTES + 1)], Source::Rendezvous, BootTime(9)));

        let now = Now { boot: BootTime(8), ..Now::default() };
        assert_eq!(Route::of([].iter(), &found, true, now).direct.len(), MAX_ADDRESSES);
    }

    fn text(addresses: &[&str]) -> Vec<String> {
        addresses.iter().map(|address| (*address).to_owned()).collect()
    }
}
