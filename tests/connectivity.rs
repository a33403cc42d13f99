//! Whether co-signers can be reached, found out before a session and watched during one: in virtual time, with the real machines.
//! Tests over real connections are in `networks.rs` and `phones.rs`.

#[path = "connectivity/before.rs"]
mod before;
#[path = "connectivity/during.rs"]
mod during;
#[path = "connectivity/finding.rs"]
mod finding;
#[path = "connectivity/life.rs"]
mod life;

use countersign_machine::effect::Event;
use countersign_machine::link::LinkState;
use countersign_machine::preflight::{PreflightId, PreflightReport};
use countersign_machine::status::ParticipantStatus;
use countersign_tests::rig::World;

/// Lets a phone look whether all others answer, and the world go on for `ms` milliseconds.
fn preflight(world: &mut World, who: usize, budget_ms: u64, ms: u64) -> Option<PreflightReport> {
    let wallet = world.wallet;
    let id =
        world.command(who, |node, now| node.preflight(wallet, budget_ms, now)).expect("a wallet of ours");
    world.settle();
    world.pass_ms(ms);
    report_of(world, who, id)
}

/// Returns what a pre-flight has found out, once it is over.
fn report_of(world: &World, who: usize, id: PreflightId) -> Option<PreflightReport> {
    world.phones[who].events.iter().find_map(|event| {
        if let Event::Preflight(done) = event
            && done.id == id
        {
            return Some(done.report.clone());
        }
        None
    })
}

fn row(world: &World, who: usize, of: usize) -> ParticipantStatus {
    world.status(who).wallets[0].participants[of].clone()
}

fn is_reachable(world: &World, who: usize, of: usize) -> bool {
    matches!(row(world, who, of).link, LinkState::Reachable { .. })
}

/// Returns how often one phone has dialled another.
fn dials(world: &World, who: usize, of: usize) -> usize {
    let peer = world.phones[of].transport();
    world.dials.iter().filter(|(dialler, dialled, _)| *dialler == who && *dialled == peer).count()
}
