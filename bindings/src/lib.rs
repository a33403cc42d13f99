//! Translates the driver for Kotlin, Swift and Python: one object, [`Node`](node::Node), with records, errors grouped by what the caller can do, and
//! traits that the app implements. Nothing is decided here.
//!
//! No panic crosses: each call runs as a task of a runtime of the library's own, and one that panics ends as
//! [`NodeError::Internal`](error::NodeError::Internal); the next call works. Secrets come in once, as bytes, and are wiped.

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

mod border;
pub mod error;
pub mod event;
pub mod ids;
pub mod log;
pub mod model;
pub mod node;
pub mod payload;
pub mod plan;
pub mod ports;
pub mod secret;
mod system_log;

uniffi::setup_scaffolding!("countersign");

/// Wipes what is freed. Libraries hand keys about by value, and what they keep on the heap has gaps that are filled with what lay on the stack.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);
