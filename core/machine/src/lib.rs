//! Decides: the deterministic core of Countersign.
//!
//! [`Node`] is fed facts with the time ([`Node::handle_input`] and the user's commands), gives orders
//! ([`Node::poll_effect`]) and says when and why to wake it next ([`Node::poll_timeout`]). It has no clock, socket,
//! disk, thread or entropy of its own: the same facts always lead to the same orders.
//!
//! The driver keeps one rule: effects run in order, and a [`Effect::Persist`] is durable before the next effect
//! starts. That alone makes a crash at any point safe.

#[cfg(all(feature = "without-consumed-record", not(debug_assertions)))]
compile_error!("a machine that breaks the nonce law is for debug tests alone");

pub mod card;
mod codec;
pub mod deadline;
pub mod effect;
pub mod evidence;
pub mod fault;
pub mod frame;
pub mod hex;
pub mod id;
pub mod input;
pub mod key;
pub mod limits;
pub mod link;
pub mod message;
pub mod network;
pub mod node;
pub mod plan;
pub mod preflight;
pub mod presence;
pub mod record;
mod relay;
pub mod session;
pub mod status;
pub mod time;
pub mod wallet;

#[cfg(doctest)]
mod secrets;
#[cfg(test)]
mod vectors;

pub use effect::Effect;
pub use fault::Fault;
pub use input::Input;
pub use node::{Node, Wake};
