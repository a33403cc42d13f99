//! Fuzzes `countersign_tests::fuzzing::frame`.

#![no_main]

countersign_fuzz::fuzz!("frame");
