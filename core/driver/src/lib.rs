//! Does: carries out what the machine decides, over tokio, libp2p and SQLite.
//!
//! [`Node::open`] reads the journal back, connects and runs until [`Node::close`]. All waiting, reading, writing
//! and rolling of dice of Countersign is in this crate; no decision is.

pub mod clock;
mod engine;
pub mod entropy;
pub mod journal;
pub mod life;
mod net;
mod node;
pub mod vault;

pub use countersign_machine as machine;
pub use engine::Counters;
pub use node::{Config, Error, Node};

/// Compiles the example that README.md shows.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
