//! Phones on bad networks: namespaces of the kernel's, links that delay, lose, repeat and cut, and routers between.

#[path = "networks/box.rs"]
mod box_itself;
#[path = "networks/homes.rs"]
mod homes;
#[path = "networks/nat.rs"]
mod nat;
#[path = "networks/reach.rs"]
mod reach;
#[path = "networks/traces.rs"]
mod traces;
#[path = "networks/trouble.rs"]
mod trouble;
