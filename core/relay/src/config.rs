//! What can be set, what it is if nobody sets it, and why.

use std::net::SocketAddr;
use std::path::PathBuf;

use libp2p::multiaddr::{Multiaddr, Protocol};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A relay's settings. Every one has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen: TCP addresses.
    pub listen: Vec<Multiaddr>,
    /// The addresses that phones are told; those that the relay listens at if there are none. A relay whose system does not know its
    /// public address needs them.
    pub external: Vec<Multiaddr>,
    /// The file of the relay's identity, made if it is not there.
    pub key_file: PathBuf,
    /// Longest time that stopping takes, in s.
    pub stop_s: u64,
    /// Who may connect.
    pub connections: Connections,
    /// Phones that can be reached through the relay.
    pub reservations: Reservations,
    /// What runs between two phones through the relay.
    pub circuits: Circuits,
    /// The meeting point.
    pub rendezvous: Rendezvous,
    /// The page with figures.
    pub metrics: MetricsPage,
    /// What is written to standard error.
    pub log: Log,
}

/// Limits on connections. An "address" is an IPv4 address or an IPv6 network of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Most of them.
    pub total: usize,
    /// Most from one address. Many phones share one behind a mobile operator's NAT.
    pub per_ip: usize,
    /// Most of one phone: the new one, and the old one that it has not yet lost.
    pub per_peer: usize,
    /// Most that have not yet said who they are.
    pub pending: usize,
    /// Most of these from one address.
    pub pending_per_ip: usize,
    /// Most that one address may open in a minute.
    pub per_ip_minute: u32,
    /// Age in s from which a phone's connection is closed once a newer one comes: the phone has changed its network, and would be
    /// looked for at its old place.
    pub replaced_after_s: u64,
    /// Memory of the process in MiB above which nobody new is let in.
    pub memory_mib: usize,
}

/// Limits on reservations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reservations {
    /// Most phones that hold one.
    pub total: usize,
    /// Most of one phone, each on a connection of its own.
    pub per_peer: usize,
    /// Most phones of one address that hold one.
    pub per_ip: usize,
    /// Most requests from one address in a minute.
    pub per_ip_minute: u32,
    /// How long one is good for unless it is renewed, in s. Phones renew at three quarters of it, which also keeps NATs from
    /// forgetting the connection; one that vanished is forgotten after it.
    pub duration_s: u64,
}

/// Limits on circuits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Circuits {
    /// Most of them.
    pub total: usize,
    /// Most of a phone that asks for one, to others and from others: fifteen phones of a wallet need fourteen each, for several
    /// wallets more.
    pub per_peer: usize,
    /// Most that are held by phones of one address.
    pub per_ip: usize,
    /// Most requests from one address in a minute.
    pub per_ip_minute: u32,
    /// Longest life of one, in s: the quarter of an hour in which users are asked and sign.
    pub duration_s: u64,
    /// Most bytes through one, both ways together: every message of a session of 15 phones and 1000 items (99 bytes an item and phone,
    /// 1.5 MB) twice, with room.
    pub bytes: u64,
}

/// Limits on the meeting point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rendezvous {
    /// Shortest validity of a registration, in s: phones that are in the foreground register for minutes.
    pub min_ttl_s: u64,
    /// Longest validity of a registration, in s.
    pub max_ttl_s: u64,
    /// Most registrations.
    pub total: usize,
    /// Most of one phone: one for each of its wallets.
    pub per_peer: usize,
    /// Most of one address.
    pub per_ip: usize,
    /// Most requests from one address in a minute.
    pub per_ip_minute: u32,
}

/// Where figures can be read, over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsPage {
    /// Whether there is such a page at all.
    pub enabled: bool,
    /// Where it is. Only this computer reads it, unless somebody decides otherwise: figures say who is busy when.
    pub listen: SocketAddr,
}

/// What is written to standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// For people or for programs.
    pub format: LogFormat,
    /// How much.
    pub level: Level,
}

/// For whom lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// People.
    #[default]
    Text,
    /// Programs: one JSON object a line.
    Json,
}

/// How much is written. At `info` and above there are counts only, and nothing that names a phone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Whatever ends the relay.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And starting, stopping and counts.
    #[default]
    Info,
    /// And what happens to each phone, by the end of its name; and what libp2p says.
    Debug,
    /// And everything.
    Trace,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec!["/ip4/0.0.0.0/tcp/4001".parse().expect("an address")],
            external: Vec::new(),
            key_file: "relay.key".into(),
            stop_s: 5,
            connections: Connections::default(),
            reservations: Reservations::default(),
            circuits: Circuits::default(),
            rendezvous: Rendezvous::default(),
            metrics: MetricsPage::default(),
            log: Log::default(),
        }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            total: 2048,
            per_ip: 128,
            per_peer: 4,
            pending: 256,
            pending_per_ip: 32,
            per_ip_minute: 600,
            replaced_after_s: 5,
            memory_mib: 1024,
        }
    }
}

impl Default for Reservations {
    fn default() -> Self {
        Self { total: 1024, per_peer: 2, per_ip: 128, per_ip_minute: 300, duration_s: 600 }
    }
}

impl Default for Circuits {
    fn default() -> Self {
        let bytes = 4 * 1024 * 1024;
        Self { total: 1024, per_peer: 32, per_ip: 256, per_ip_minute: 600, duration_s: 900, bytes }
    }
}

impl Default for Rendezvous {
    fn default() -> Self {
        Self {
            min_ttl_s: 60,
            max_ttl_s: 86_400,
            total: 10_000,
            per_peer: 256,
            per_ip: 1024,
            per_ip_minute: 1200,
        }
    }
}

impl Default for MetricsPage {
    fn default() -> Self {
        Self { enabled: true, listen: SocketAddr::from(([127, 0, 0, 1], 4002)) }
    }
}

impl Config {
    /// Reads settings from TOML. What is not there has its default.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is no TOML, or names a setting that does not exist; [`Error::Setting`] as in [`Config::check`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let config: Self = toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// Writes them as TOML.
    ///
    /// # Panics
    ///
    /// Panics if a path is no text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("settings are plain values")
    }

    /// Returns how many files and connections the process may have open at once.
    #[must_use]
    pub fn files(&self) -> u64 {
        // Connections, listeners, the page with figures, the log, and what the runtime holds.
        self.connections.total as u64 + self.connections.pending as u64 + 64
    }

    /// Looks whether the settings make sense.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] names the first one that does not.
    pub fn check(&self) -> Result<(), Error> {
        let Self { connections, reservations, circuits, rendezvous, .. } = self;
        if self.listen.is_empty() {
            return Err(Error::Setting { field: "listen", problem: "names no address".into() });
        }
        let named = self.listen.iter().chain(&self.external).find(|address| {
            address.iter().any(|part| matches!(part, Protocol::P2p(_) | Protocol::P2pCircuit))
        });
        if let Some(address) = named {
            let field = if self.listen.contains(address) { "listen" } else { "external" };
            return Err(Error::Setting { field, problem: format!("names a peer: {address}") });
        }
        between("stop_s", self.stop_s, 1, 3600)?;
        let many = 1_000_000;
        for (field, value) in [
            ("connections.total", connections.total),
            ("connections.per_ip", connections.per_ip),
            ("connections.per_peer", connections.per_peer),
            ("connections.pending", connections.pending),
            ("connections.pending_per_ip", connections.pending_per_ip),
            ("connections.memory_mib", connections.memory_mib),
            ("reservations.total", reservations.total),
            ("reservations.per_peer", reservations.per_peer),
            ("reservations.per_ip", reservations.per_ip),
            ("circuits.total", circuits.total),
            ("circuits.per_peer", circuits.per_peer),
            ("circuits.per_ip", circuits.per_ip),
            ("rendezvous.total", rendezvous.total),
            ("rendezvous.per_peer", rendezvous.per_peer),
            ("rendezvous.per_ip", rendezvous.per_ip),
        ] {
            between(field, value as u64, 1, many)?;
        }
        for (field, value) in [
            ("connections.per_ip_minute", connections.per_ip_minute),
            ("reservations.per_ip_minute", reservations.per_ip_minute),
            ("circuits.per_ip_minute", circuits.per_ip_minute),
            ("rendezvous.per_ip_minute", rendezvous.per_ip_minute),
        ] {
            between(field, value.into(), 1, many)?;
        }
        let day = 86_400;
        between("connections.replaced_after_s", connections.replaced_after_s, 0, day)?;
        between("reservations.duration_s", reservations.duration_s, 1, day)?;
        between("circuits.duration_s", circuits.duration_s, 1, day)?;
        // Less would not carry the handshake of the two phones.
        between("circuits.bytes", circuits.bytes, 1024, 1 << 40)?;
        between("rendezvous.min_ttl_s", rendezvous.min_ttl_s, 1, rendezvous.max_ttl_s)?;
        between("rendezvous.max_ttl_s", rendezvous.max_ttl_s, 1, 30 * day)
    }
}

fn between(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::Setting { field, problem: format!("is {value}, and must be from {least} to {most}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_readme_is_a_configuration() {
        let readme = include_str!("../README.md");
        let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
        let config = Config::parse(example.expect("an example")).expect("it is good");
        assert_ne!(config, Config::default(), "it sets something");
    }

    #[test]
    fn no_settings_are_the_defaults_and_what_is_written_is_read_again() {
        let config = Config::parse("").expect("everything has a default");
        assert_eq!(config, Config::default());
        assert_eq!(Config::parse(&config.to_toml()).expect("what we wrote"), config);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (text, named) in [
            ("[circuits]\nbytes = 5", "circuits.bytes is 5, and must be from 1024"),
            ("listen = []", "listen names no address"),
            ("[rendezvous]\nmin_ttl_s = 100\nmax_ttl_s = 99", "rendezvous.min_ttl_s"),
            ("[connections]\nper_ip_minute = 0", "connections.per_ip_minute"),
            ("[reservations]\ndurations = 5", "unknown field `durations`"),
            ("[log]\nlevel = \"loud\"", "unknown variant `loud`"),
            ("listen = [\"here\"]", "listen"),
            ("external = [\"/ip4/192.0.2.7/tcp/1/p2p-circuit\"]", "external names a peer"),
            ("stop_s = \"soon\"", "stop_s"),
        ] {
            let error = Config::parse(text).expect_err(text).to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_circuit_carries_the_largest_session_of_fifteen_phones_twice() {
        // Two public nonces of 33 bytes, a partial signature of 32, and heads and signatures of envelopes.
        let each = 1000 * (66 + 33) + 1024;
        assert!(Circuits::default().bytes >= 2 * 15 * each);
        assert!(Circuits::default().per_peer >= 2 * 14);
    }
}
