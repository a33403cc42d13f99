//! The life of the app that holds a co-signer: to the background and back, moments that the system grants, networks that come and
//! go, kills, and whoever means harm. Over real connections, with journals on the disk; what a whole process holds is counted in a process of its own.
#![cfg(target_os = "linux")]

#[path = "life/background.rs"]
mod background;
#[path = "life/before.rs"]
mod before;
#[path = "life/child.rs"]
mod child;
#[path = "life/criteria.rs"]
mod criteria;
#[path = "life/dead.rs"]
mod dead;
#[path = "life/glance.rs"]
mod glance;
#[path = "life/hostile.rs"]
mod hostile;
#[path = "life/idle.rs"]
mod idle;
#[path = "life/process.rs"]
mod process;
#[path = "life/proxy.rs"]
mod proxy;
#[path = "life/rig.rs"]
mod rig;
#[path = "life/slices.rs"]
mod slices;
