//! A relay for phones that reach each other no other way.

use std::path::Path;

use countersign_relay::{Config, Relay};

use super::fault::Fault;

/// Starts a relay on this computer; all phones may use it though they share an address. Returns it with its multiaddress.
pub(crate) async fn start(folder: &Path) -> Result<(Relay, String), Fault> {
    let listen = vec!["/ip4/127.0.0.1/tcp/0".parse().map_err(|_| Fault::NoRelay("no address".to_owned()))?];
    let mut config = Config { listen, key_file: folder.join("relay.key"), ..Config::default() };
    config.metrics.enabled = false;
    config.connections.per_ip = config.connections.total;
    config.connections.pending_per_ip = config.connections.pending;
    config.reservations.per_ip = config.reservations.total;
    config.circuits.per_ip = config.circuits.total;
    for a_minute in [
        &mut config.connections.per_ip_minute,
        &mut config.reservations.per_ip_minute,
        &mut config.circuits.per_ip_minute,
        &mut config.rendezvous.per_ip_minute,
    ] {
        *a_minute = 1_000_000;
    }
    let relay = Relay::start(&config).await.map_err(|error| Fault::NoRelay(error.to_string()))?;
    let address = relay.addresses().first().map(ToString::to_string);
    Ok((relay, address.ok_or_else(|| Fault::NoRelay("it listens nowhere".to_owned()))?))
}
