//! What the system is to show while the program does not run, and when it is to wake it.

use countersign_machine::fault::CallerFault;
use countersign_machine::id::SessionId;
use countersign_machine::message::DeclineReason;
use countersign_machine::plan::{Capabilities, Due, Notice, NotificationKey, Plan, WakePlan};
use countersign_machine::time::WallTime;
use countersign_machine::{Input, Node};
use countersign_tests::rig::{Topology, World, payload};

#[path = "plan/contents.rs"]
mod contents;
#[path = "plan/corpus.rs"]
mod corpus;
#[path = "plan/fate.rs"]
mod fate;
#[path = "plan/reconcile.rs"]
mod reconcile;
#[path = "plan/room.rs"]
mod room;
#[path = "plan/shell.rs"]
mod shell;
#[path = "plan/wake.rs"]
mod wake;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

#[test]
fn the_same_state_and_clocks_give_the_same_bytes_in_a_node_that_was_read_back_too() {
    let mut world = World::new(1, 3, Topology::Mesh);
    busy(&mut world);
    let mut seen = 0;
    for ms in [0, MINUTE, 9 * MINUTE, 6 * MINUTE, 90_000, 3 * MINUTE, HOUR] {
        world.pass_ms(ms);
        for who in 0..3 {
            let now = world.now_of(who);
            let phone = &world.phones[who];
            let bytes = text(&plan_of(&world, who));
            assert_eq!(text(&plan_of(&world, who)), bytes);
            let twin = phone.node_from(&phone.journal, [9; 32], now).expect("a journal that a node wrote");
            assert_eq!(text(&twin.plan(now)), bytes, "phone {who} after {ms} ms more");
            seen += plan_of(&world, who).items.len();
        }
    }
    assert!(seen > 50, "{seen} notifications were compared");
}

#[test]
fn asking_for_the_plan_changes_nothing_that_comes_after() {
    let run = |asks: bool| {
        let mut world = World::new(1, 3, Topology::Mesh);
        let mut plans = Vec::new();
        for round in 0..6 {
            if round == 0 {
                busy(&mut world);
            }
            for _ in 0..if asks { 20 } else { 0 } {
                (0..3).for_each(|who| drop((plan_of(&world, who), wake_plan_of(&world, who))));
            }
            world.pass_ms(4 * MINUTE);
            plans.push((0..3).map(|who| text(&plan_of(&world, who))).collect::<Vec<_>>());
        }
        let done: Vec<_> = world.phones.iter().map(|phone| phone.effects.clone()).collect();
        let journals: Vec<_> = world.phones.iter().map(|phone| phone.journal.clone()).collect();
        (plans, done, journals, world.sent.len())
    };

    assert_eq!(run(true), run(false));
}

/// Lets a world have a session of every kind: asked, approved, extended, declined, cancelled, proposed anew, of five minutes
/// and of two days, some notices shown and put away.
fn busy(world: &mut World) {
    let ids: Vec<SessionId> = [5 * MINUTE, 20 * MINUTE, 20 * MINUTE, 48 * HOUR, 30 * MINUTE, 10 * MINUTE]
        .into_iter()
        .enumerate()
        .map(|(number, ms)| world.try_propose_for(number % 3, payload(number as u32 + 1), ms).expect("taken"))
        .collect();
    world.try_propose_for(0, payload(1), 15 * MINUTE).expect("taken");
    world.settle();
    world.approve(2, ids[0]);
    world.command(2, |node, now| node.cancel(ids[5], now)).expect("its own");
    world.command(0, |node, now| node.decline(ids[4], DeclineReason::User, now)).expect("open");
    for who in 0..3 {
        extend(world, who, ids[1], 10 * MINUTE).expect("later");
    }
    world.settle();
    acknowledge(world, 1, &[]);
    let key = NotificationKey::new(ids[3], Notice::Request);
    world.command(1, |node, now| node.dismiss(key, now)).expect("known");
}

/// Makes two phones and a session of `ms` milliseconds that the first has proposed; the second is asked.
fn asked(ms: u64) -> (World, SessionId) {
    let mut world = World::new(1, 2, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), ms).expect("within the limits");
    world.settle();
    (world, session)
}

fn node(world: &World, who: usize) -> &Node {
    world.phones[who].node.as_ref().expect("the phone is alive")
}

fn plan_of(world: &World, who: usize) -> Plan {
    node(world, who).plan(world.now_of(who))
}

fn wake_plan_of(world: &World, who: usize) -> WakePlan {
    node(world, who).wake_plan(world.now_of(who))
}

/// Says that all of the plan but `failed` is done.
fn acknowledge(world: &mut World, who: usize, failed: &[NotificationKey]) {
    let revision = plan_of(world, who).revision;
    world
        .command(who, |node, now| node.ack_plan(revision, failed, now))
        .expect("it is the plan of this moment");
}

fn know_shell(world: &mut World, who: usize, change: impl FnOnce(&mut Capabilities)) {
    let mut shell = Capabilities::default();
    change(&mut shell);
    world.feed(who, Input::ShellKnown(shell));
}

/// Consents to a deadline that is so much later than the one that holds.
fn extend(world: &mut World, who: usize, session: SessionId, ms: u64) -> Result<(), CallerFault> {
    let deadline = node(world, who).terms(session).expect("known").deadline;
    world.command(who, |node, now| node.extend(session, WallTime(deadline.0 + ms), now))
}

/// Returns what the plan says of a session, and whether it is there.
fn notices(plan: &Plan, session: SessionId) -> Vec<(Notice, Due)> {
    let of_session = plan.items.iter().filter(|item| item.link.session == session);
    of_session.map(|item| (item.notice, item.due)).collect()
}

fn warning(minutes: u64) -> Notice {
    Notice::Warning { threshold_ms: minutes * MINUTE }
}

fn text(plan: &Plan) -> String {
    serde_json::to_string(plan).expect("a plan is plain data")
}
