//! Fuzzes `countersign_tests::fuzzing::node`.

#![no_main]

countersign_fuzz::fuzz!("node");
