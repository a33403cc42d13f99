//! Networks against networks: over loopback and memory, and through a relay of libp2p's own.

mod circuits;
mod connections;
#[cfg(all(feature = "mdns", target_os = "linux"))]
mod neighbours;
mod rig;
mod strangers;
mod transports;
