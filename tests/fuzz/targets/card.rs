//! Fuzzes `countersign_tests::fuzzing::card`.

#![no_main]

countersign_fuzz::fuzz!("card");
