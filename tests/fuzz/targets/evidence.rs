//! Fuzzes `countersign_tests::fuzzing::evidence`.

#![no_main]

countersign_fuzz::fuzz!("evidence");
