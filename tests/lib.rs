//! Judges: helpers shared by the judged behaviour beside this file.

pub mod rig;
