//! What a fuzzer feeds the machine, and what must hold whatever it makes up.
//!
//! `fuzz/` calls these functions with inputs that nobody thought of; the test `corpora` calls them with those that
//! are kept in `fuzz/corpus/`, so that whatever was found once stays found.

use std::alloc::System;

use cap::Cap;

mod decode;
mod forger;
mod script;
pub mod seeds;
mod steps;

pub use decode::{card, envelope, evidence, frame, record};
pub use script::{node, play};

/// One kind of input.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: of the fuzzer's program and of the folder with the inputs that are kept.
    pub name: &'static str,
    /// What to do with an input. Panics if something does not hold.
    pub run: fn(&[u8]),
    /// Bytes of memory that any input may take, however short it is.
    pub base: usize,
    /// Bytes of memory that each byte of an input may take besides.
    pub each: usize,
}

/// Every kind of input.
pub const TARGETS: [Target; 6] = [
    Target { name: "frame", run: frame, base: 64 << 10, each: 64 },
    Target { name: "envelope", run: envelope, base: 64 << 10, each: 64 },
    Target { name: "card", run: card, base: 64 << 10, each: 64 },
    Target { name: "evidence", run: evidence, base: 1 << 20, each: 1 << 10 },
    Target { name: "record", run: record, base: 1 << 20, each: 64 },
    Target { name: "node", run: node, base: 64 << 20, each: 64 << 10 },
];

/// Makes what is made once and kept, so that no input has to answer for its memory.
pub fn get_ready() {
    decode::get_ready();
    script::get_ready();
}

impl Target {
    /// Returns the target of this name.
    ///
    /// # Panics
    ///
    /// Panics if there is none.
    pub fn named(name: &str) -> Self {
        TARGETS.into_iter().find(|target| target.name == name).expect("a target of this name")
    }

    /// Runs one input in as much memory as it may take: `allocator` is the program's own, and a request for more
    /// ends the program.
    ///
    /// # Panics
    ///
    /// Panics if something does not hold.
    pub fn run_within(&self, allocator: &Cap<System>, input: &[u8]) {
        let room = self.base + self.each * input.len();
        allocator.set_limit(allocator.allocated() + room).expect("more than is taken already");
        (self.run)(input);
        allocator.set_limit(usize::MAX).expect("more than any limit");
    }
}
