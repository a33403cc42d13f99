//! Fuzzes `countersign_tests::fuzzing::envelope`.

#![no_main]

countersign_fuzz::fuzz!("envelope");
