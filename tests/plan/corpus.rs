//! States, clocks and systems, the plans that follow, and what a shell does: `corpus.json`, which every language's shell is held to.

use std::path::Path;

use countersign_machine::Input;
use countersign_machine::message::DeclineReason;
use countersign_machine::plan::{Capabilities, Due, Notice, NotificationKey, Plan, PlannedNotification};
use countersign_machine::time::Now;
use countersign_tests::rig::{Topology, World};
use serde_json::{Value, json};

use super::reconcile::{Held, Operation, System};
use super::shell::below;
use super::{HOUR, MINUTE, acknowledge, busy};

const CORPUS: &str = include_str!("corpus.json");

/// Systems that a shell may stand before: what it can do, and whether a slot has one notification.
const SYSTEMS: [(&str, usize, bool, bool, bool); 3] = [
    ("prescheduled", 64, true, false, false),
    ("in slots, with live updates", 50, false, true, true),
    ("with little room", 8, true, false, false),
];

#[test]
fn states_and_clocks_give_the_plans_and_operations_that_every_shell_is_held_to() {
    let cases: Vec<String> = cases().iter().map(Value::to_string).collect();
    let text = format!("{{\n\"states\": {},\n\"cases\": [\n{}\n]}}\n", states(), cases.join(",\n"));

    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus.json");
    std::fs::write(&path, &text).expect("room");
    assert!(text == CORPUS, "if this is meant, {} becomes tests/plan/corpus.json", path.display());
}

#[test]
fn the_operations_make_the_system_equal_to_the_plan_and_a_second_time_there_are_none() {
    let (plans, mut dice, mut operations) = (plans(), 1, 0);
    for _ in 0..100 {
        for Before { system, plan, .. } in &plans {
            let system = *system;
            let mut held = muddled(plan, system, &mut dice);
            for operation in system.reconcile(plan, &held) {
                system.apply(&operation, &mut held);
                operations += 1;
            }
            let mut told = plan.clone();
            let seen = told.items.iter_mut().filter(|item| item.due == Due::Now);
            seen.for_each(|item| item.due = Due::Shown);
            assert_eq!(system.reconcile(&told, &held), vec![]);
            let wanted = as_wanted(plan, system);
            assert_eq!(held.pending, wanted.pending);
            let missing = wanted.shown.keys().filter(|place| !held.shown.contains_key(*place)).count();
            assert!(held.shown.iter().all(|one| wanted.shown.get_key_value(one.0) == Some(one)));
            assert!(missing <= plan.items.iter().filter(|item| item.due == Due::Shown).count());
        }
    }
    assert!(operations > 10_000, "{operations}");
}

/// A moment in the life of phone 1.
struct Moment {
    name: &'static str,
    journal: Vec<Vec<u8>>,
    now: Now,
}

/// Lives through sessions of every kind, and returns the world and its moments.
fn life() -> (World, Vec<Moment>) {
    let mut world = World::new(1, 3, Topology::Mesh);
    let mut moments = Vec::new();
    let mut note = |name, world: &World| {
        moments.push(Moment { name, journal: world.phones[1].journal.clone(), now: world.now_of(1) });
    };
    note("nothing yet", &world);
    busy(&mut world);
    note("busy", &world);
    world.pass_ms(MINUTE);
    note("a warning is due", &world);
    acknowledge(&mut world, 1, &[]);
    world.pass_ms(150_000);
    note("a later warning is due, and shown by nobody", &world);
    world.pass_ms(90_000);
    note("one has expired", &world);
    acknowledge(&mut world, 1, &[]);
    world.pass_ms(12 * MINUTE);
    note("long asleep", &world);
    let status = super::node(&world, 1).status(world.now_of(1));
    let open = status.sessions.iter().find(|session| session.outcome.is_none()).expect("that of two days");
    let session = open.id;
    world.command(1, |node, now| node.decline(session, DeclineReason::User, now)).expect("it is open");
    note("one was declined", &world);
    world.pass_ms(48 * HOUR);
    note("all is over", &world);
    (world, moments)
}

/// A plan, and what it follows from.
struct Before {
    state: &'static str,
    now: Now,
    kind: &'static str,
    capabilities: Capabilities,
    system: System,
    plan: Plan,
}

/// Every system before every moment's plan.
fn plans() -> Vec<Before> {
    let (world, moments) = life();
    let mut plans = Vec::new();
    for Moment { name: state, journal, now } in moments {
        for (kind, max_pending, can_preschedule, live_update, by_slot) in SYSTEMS {
            let capabilities = Capabilities { max_pending, can_preschedule, live_update };
            let opened = world.phones[1].node_from(&journal, [9; 32], now);
            let mut node = opened.expect("a journal that a node wrote");
            node.handle_input(Input::ShellKnown(capabilities), now).expect("a fact");
            let system = System { preschedules: can_preschedule, by_slot };
            plans.push(Before { state, now, kind, capabilities, system, plan: node.plan(now) });
        }
    }
    plans
}

/// The journal, and how many of its records each moment has.
fn states() -> Value {
    let (world, moments) = life();
    let journal: Vec<String> = world.phones[1].journal.iter().map(hex::encode).collect();
    let lengths = moments.iter().map(|moment| (moment.name.to_owned(), moment.journal.len().into()));
    json!({ "journal": journal, "records": Value::Object(lengths.collect()) })
}

fn cases() -> Vec<Value> {
    let mut dice = 7;
    let mut cases = Vec::new();
    for Before { state, now, kind, capabilities, system, plan } in plans() {
        let held = [
            ("nothing held", Held::default()),
            ("held as it should be", as_wanted(&plan, system)),
            ("held otherwise", muddled(&plan, system, &mut dice)),
        ];
        for (how, held) in held {
            let operations: Vec<Value> = system.reconcile(&plan, &held).iter().map(operation).collect();
            let shown = held
                .shown
                .iter()
                .map(|(place, (key, hash))| (place.clone(), json!({ "key": key, "hash": hash.to_string() })));
            let pending = held.pending.iter().map(|(key, hash)| (key.clone(), hash.to_string().into()));
            cases.push(json!({
                "name": format!("{state}; {kind}; {how}"),
                "state": state,
                "clock": { "wall_ms": now.wall.0, "boot_us": now.boot.0 },
                "capabilities": capabilities,
                "by_slot": system.by_slot,
                "plan": plan_as_json(&plan),
                "held": {
                    "pending": Value::Object(pending.collect()),
                    "shown": Value::Object(shown.collect()),
                },
                "operations": operations,
            }));
        }
    }
    cases
}

/// As the machine writes a plan, but for numbers that JavaScript's do not hold: those are text; and what a notification is about is one
/// object.
fn plan_as_json(plan: &Plan) -> Value {
    let mut json = serde_json::to_value(plan).expect("JSON");
    json["revision"] = plan.revision.to_string().into();
    let written = json["items"].as_array_mut().expect("a list");
    for (item, json) in plan.items.iter().zip(written) {
        json["content_hash"] = item.content_hash.to_string().into();
        json["notice"] = match item.notice {
            Notice::Warning { threshold_ms } => json!({ "kind": "warning", "threshold_ms": threshold_ms }),
            Notice::Request => json!({ "kind": "request" }),
            Notice::Ongoing => json!({ "kind": "ongoing" }),
            Notice::Expired => json!({ "kind": "expired" }),
        };
        json.as_object_mut().expect("an object").remove("threshold_ms");
    }
    json
}

fn operation(operation: &Operation<'_>) -> Value {
    match operation {
        Operation::Hold(item) => json!({ "hold": item.key }),
        Operation::Show(item) => json!({ "show": item.key }),
        Operation::Update(item) => json!({ "update": item.key }),
        Operation::Release(key) => json!({ "release": key }),
        Operation::TakeAway(place) => json!({ "take_away": place }),
    }
}

/// What a system has that equals the plan, everything seen by the user.
fn as_wanted(plan: &Plan, system: System) -> Held {
    let (later, now): (Vec<&PlannedNotification>, Vec<_>) =
        plan.items.iter().partition(|item| item.due == Due::Later);
    let content = |item: &PlannedNotification| (item.key.to_string(), item.content_hash);
    let held = later.into_iter().filter(|_| system.preschedules);
    Held {
        pending: held.map(content).collect(),
        shown: now.into_iter().map(|item| (system.place_of(item), content(item))).collect(),
    }
}

/// What a system may have of an earlier plan, or of nobody's.
fn muddled(plan: &Plan, system: System, dice: &mut u64) -> Held {
    let mut held = as_wanted(plan, system);
    for item in &plan.items {
        let (key, place) = (item.key.to_string(), system.place_of(item));
        let other = NotificationKey::new(item.link.session, Notice::Warning { threshold_ms: 600_000 });
        match below(dice, 8) {
            0 => drop(held.pending.insert(key, 1)),
            1 => drop(held.pending.remove(&key)),
            2 => drop(held.shown.insert(place, (key, 2))),
            3 => drop(held.shown.remove(&place)),
            4 if system.by_slot => drop(held.shown.insert(place, (other.to_string(), 3))),
            4 => drop(held.shown.insert(other.to_string(), (other.to_string(), 3))),
            5 => drop(held.pending.insert(other.to_string(), 4)),
            _ => {}
        }
    }
    let stranger = format!("s{}", "00".repeat(16));
    if below(dice, 2) == 0 {
        let key = format!("{stranger}:request");
        let place = if system.by_slot { stranger } else { key.clone() };
        held.shown.insert(place, (key, 5));
    }
    held
}
