//! Does: carries out what the machine decides.

pub mod clock;
pub mod entropy;
pub mod journal;
pub mod vault;
