//! What it costs to know what is due next: the ordered structure beside what one would take instead, and a node with many
//! sessions.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use countersign_machine::deadline::Deadlines;
use countersign_machine::id::SessionId;
use countersign_machine::limits::MAX_OPEN_SESSIONS;
use countersign_machine::status::RequestState;
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::{Node, Wake};
use countersign_tests::rig::{Topology, World, forge, payload};
use criterion::Criterion;
use rustix::time::{ClockId, clock_gettime};

#[path = "deadlines/queues.rs"]
mod queues;

use queues::{Heap, Keyed, Named, Ours, Queue, WINDOW_MS};

/// How many deadlines there are at once.
const COUNTS: [usize; 3] = [100, 10_000, 1_000_000];
/// Deadlines from which on there are but so many rounds: one takes a second.
const FEW_FROM: usize = 1_000_000;
const FEW: usize = 3;
/// What is done with each, in this order.
const OPERATIONS: [&str; 3] = ["insert", "move", "fire"];
/// Those that are compared, ours first.
const NAMES: [&str; 4] = [Ours::NAME, Keyed::NAME, Named::NAME, Heap::NAME];
/// How many sessions are open at once, and whether all of them sign the same.
const SESSIONS: [(usize, bool); 5] =
    [(1, false), (100, false), (1_000, false), (4_000, false), (1_000, true)];
/// Wakes that are timed, at most.
const WAKES: usize = 500;

/// Nanoseconds an operation, round by round.
type Rounds = BTreeMap<(&'static str, usize), Vec<[f64; 3]>>;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    if wanted("structures") {
        structures(&mut criterion);
    }
    if wanted("nodes") {
        nodes(&mut criterion);
    }
    criterion.final_summary();
}

fn structures(criterion: &mut Criterion) {
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut rounds = Rounds::new();
    let (mut ours, mut heap) = (Ours::default(), Heap::default());
    let (mut keyed, mut named) = (Keyed::new(&clock), Named::new(&clock));
    clock.block_on(async { tokio::time::sleep(Duration::from_millis(WINDOW_MS + 100)).await });
    for count in COUNTS {
        let things = Things::new(count);
        live(criterion, &mut rounds, &things, &mut ours);
        live(criterion, &mut rounds, &things, &mut keyed);
        live(criterion, &mut rounds, &things, &mut named);
        live(criterion, &mut rounds, &things, &mut heap);
    }
    report_structures(&rounds);
}

/// What is inserted, and when; then in which order what is moved, and where to.
struct Things {
    inserts: Vec<(usize, Wake, BootTime)>,
    moves: Vec<(usize, Wake, BootTime)>,
}

impl Things {
    fn new(count: usize) -> Self {
        let mut dice = Dice(7);
        let mut things = |number: usize| {
            let id = SessionId(forge::tagged_hash("bench/session", &[&number.to_be_bytes()]));
            (number, Wake::Deadline(id), dice.moment())
        };
        let inserts: Vec<_> = (0..count).map(&mut things).collect();
        let mut moves: Vec<_> = (0..count).map(&mut things).collect();
        let mut dice = Dice(8);
        (1..count).for_each(|at| moves.swap(at, dice.below(at as u64 + 1) as usize));
        Self { inserts, moves }
    }
}

/// A row of numbers that is always the same (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn moment(&mut self) -> BootTime {
        BootTime(1_000 + self.below((WINDOW_MS - 2) * 1_000))
    }
}

/// Times the whole life of `things` in `queue` through criterion, or a few times if it is long.
fn live<Q: Queue>(criterion: &mut Criterion, rounds: &mut Rounds, things: &Things, queue: &mut Q) {
    let count = things.inserts.len();
    let seen = rounds.entry((Q::NAME, count)).or_default();
    let mut round = || {
        let times = round(things, queue);
        seen.push(times.map(|time| time.as_secs_f64() * 1e9 / count as f64));
        times.iter().sum::<Duration>()
    };
    if count >= FEW_FROM {
        let times: Vec<Duration> = (0..FEW).map(|_| round()).collect();
        println!("life/{}/{count}: {times:?}", Q::NAME);
        return;
    }
    criterion.bench_function(&format!("life/{}/{count}", Q::NAME), |bencher| {
        bencher.iter_custom(|runs| (0..runs).map(|_| round()).sum());
    });
}

fn round(things: &Things, queue: &mut impl Queue) -> [Duration; 3] {
    let start = spent();
    things.inserts.iter().for_each(|(number, what, at)| queue.insert(*number, *what, *at));
    let inserted = spent();
    things.moves.iter().for_each(|(number, what, at)| queue.reset(*number, *what, *at));
    let moved = spent();
    let fired = queue.fire_all();
    let times = [inserted - start, moved - inserted, spent() - moved];
    assert_eq!(fired, things.inserts.len(), "each is due once");
    times
}

fn report_structures(rounds: &Rounds) {
    let ns = |name, count, operation: usize| {
        let rounds = rounds.get(&(name, count)).filter(|rounds| !rounds.is_empty());
        rounds.map_or(f64::NAN, |rounds| median(rounds.iter().map(|round| round[operation]).collect()))
    };
    println!("\n| operation | deadlines | {} | others / ours |", NAMES.join(" | "));
    println!("|---|{}", "---:|".repeat(NAMES.len() + 2));
    for (operation, called) in OPERATIONS.iter().enumerate() {
        for count in COUNTS {
            let all = NAMES.map(|name| ns(name, count, operation));
            let shown = all.map(|ns| format!("{ns:.0} ns")).join(" | ");
            let ratios: Vec<String> = all[1..].iter().map(|other| format!("{:.2}", other / all[0])).collect();
            println!("| {called} | {count} | {shown} | {} |", ratios.join(", "));
        }
    }
    let [least, _, most] = COUNTS;
    let comparisons = COUNTS.map(|count| comparisons(&Things::new(count)));
    println!("\n| from {least} to {most}, times | {} | log n | our comparisons |", NAMES.join(" | "));
    println!("|---|{}", "---:|".repeat(NAMES.len() + 2));
    for (operation, called) in OPERATIONS.iter().enumerate() {
        let growth = NAMES.map(|name| ns(name, most, operation) / ns(name, least, operation));
        let log = (most as f64).log2() / (least as f64).log2();
        let growth = growth.map(|times| format!("{times:.1}")).join(" | ");
        let counts = comparisons.map(|counts| format!("{:.1}", counts[operation])).join(", ");
        println!("| {called} | {growth} | {log:.1} | {counts} |");
    }
}

/// Counts how often our structure compares two things an operation: what grows faster than that is the memory's. All are due
/// at one moment and are moved to one other, since of two that are not, the moments alone are compared, which cannot be counted.
fn comparisons(things: &Things) -> [f64; 3] {
    let mut deadlines = Deadlines::default();
    let mut counts = [0; 3];
    for (operation, all) in [&things.inserts, &things.moves].into_iter().enumerate() {
        let at = BootTime(operation as u64);
        all.iter().for_each(|(_, what, _)| deadlines.set(Counted(*what), Some(at)));
        counts[operation] = COMPARISONS.take();
    }
    while deadlines.take_due(BootTime(1)).is_some() {}
    counts[2] = COMPARISONS.take();
    counts.map(|count| count as f64 / things.inserts.len() as f64)
}

thread_local! {
    static COMPARISONS: Cell<u64> = const { Cell::new(0) };
}

/// A thing that counts how often it is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Counted(Wake);

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn nodes(criterion: &mut Criterion) {
    let mut table = Vec::new();
    for (count, alike) in SESSIONS {
        let mut world = open_sessions(count, alike);
        let now = world.now_of(0);
        let node = world.phones[0].node.as_mut().expect("it lives");
        let sort = if alike { ", all alike" } else { "" };
        let plan = measure(criterion, &format!("plan/{count}{sort}"), || {
            black_box(node.plan(now));
        });
        let wake_plan = measure(criterion, &format!("wake_plan/{count}{sort}"), || {
            black_box(node.wake_plan(now));
        });
        let status = measure(criterion, &format!("status/{count}{sort}"), || {
            black_box(node.status(now));
        });
        let wake = wake(node, now);
        table.push((format!("{count}{sort}"), [plan, wake_plan, status, wake]));
    }
    println!("\n| open sessions | plan | wake plan | status | one wake |\n|---|---:|---:|---:|---:|");
    for (sessions, times) in table {
        println!("| {sessions} | {} |", times.map(|us| format!("{us:.1} µs")).join(" | "));
    }
}

/// Opens sessions on the first of some phones, half of them its own, each with a deadline of its own between one hour and a
/// day: it shares a wallet with each of the others, and both propose as much as they may.
fn open_sessions(count: usize, alike: bool) -> World {
    let others = count.div_ceil(2 * MAX_OPEN_SESSIONS);
    let mut world = World::new(7, 1 + others, Topology::Star);
    let wallets: Vec<_> = (1..=others).map(|other| world.wallet_of(&[0, other])).collect();
    for number in 0..count {
        let at = number / (2 * MAX_OPEN_SESSIONS);
        let mut payload = payload(1);
        if !alike {
            payload.items[0].digest = forge::tagged_hash("bench/item", &[&number.to_be_bytes()]);
        }
        world.wallet = wallets[at];
        let proposer = if number % 2 == 0 { 1 + at } else { 0 };
        let lasts_ms = 3_600_000 + 20_001 * number as u64;
        world.try_propose_for(proposer, payload, lasts_ms).expect("as many as it may");
        if number % MAX_OPEN_SESSIONS == 0 {
            world.settle();
        }
    }
    world.settle();
    let shown = world.status(0);
    assert_eq!(shown.sessions.iter().filter(|session| session.outcome.is_none()).count(), count);
    assert_eq!(shown.inbox.len(), count.div_ceil(2));
    let superseded = shown.inbox.iter().filter(|request| request.state == RequestState::Superseded).count();
    assert_eq!(superseded, if alike { shown.inbox.len() - others } else { 0 }, "but one of each proposer");
    world
}

/// Times `run` through criterion; returns the median of the samples' means in microseconds.
fn measure(criterion: &mut Criterion, name: &str, mut run: impl FnMut()) -> f64 {
    let mut means = vec![];
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let start = spent();
            (0..runs).for_each(|_| run());
            let total = spent() - start;
            means.push(total.as_secs_f64() * 1e6 / runs as f64);
            total
        });
    });
    median(means)
}

/// Lets the first wakes of a node come, each at its moment; returns the median microseconds of asking for one and doing
/// what is due then.
fn wake(node: &mut Node, begin: Now) -> f64 {
    let mut times = Vec::new();
    while times.len() < WAKES {
        let start = spent();
        let Some((at, _)) = black_box(node.poll_timeout()) else { break };
        let wall = WallTime(begin.wall.0 + at.ms_from(begin.boot));
        node.handle_timeout(Now { wall, boot: at });
        times.push((spent() - start).as_secs_f64() * 1e6);
        while node.poll_effect().is_some() {}
    }
    median(times)
}

/// Returns the processor's time that this thread has had: others that want the processor do not count, though they cost us
/// caches. A clock would count them in long measurements alone, since the median passes over short ones that were disturbed.
fn spent() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(spent).expect("time is positive")
}

/// Returns whether the half named in the environment, as `COUNTERSIGN_BENCH=nodes`, is this one; both are if none is named.
fn wanted(half: &str) -> bool {
    std::env::var("COUNTERSIGN_BENCH").map_or(true, |named| named == half)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
