//! Fuzzes `countersign_tests::fuzzing::record`.

#![no_main]

countersign_fuzz::fuzz!("record");
