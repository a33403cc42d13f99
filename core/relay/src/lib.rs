//! A relay: it passes on what phones say to each other when no direct path connects them, and lets them find each other.
//!
//! It speaks libp2p's circuit relay v2 and rendezvous, over TCP. What it passes on is encrypted from phone to phone. Everything that
//! it keeps for others is bounded by its [`Config`], whoever connects.

mod admission;
mod config;
mod engine;
mod fence;
mod http;
mod key;
mod metrics;
mod quota;
mod rate;
mod relay;
mod rendezvous;

pub use config::{
    Circuits, Config, Connections, Level, Log, LogFormat, MetricsPage, Rendezvous, Reservations,
};
pub use relay::{Error, Relay};
