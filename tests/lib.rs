//! Judges: helpers shared by the judged behaviour beside this file.

pub mod foreign;
pub mod fuzzing;
pub mod library;
pub mod network;
pub mod programs;
pub mod relay;
pub mod rig;
pub mod talk;
pub mod world;
