//! Runs worlds, one a seed, on every core, and tells the shortest story of the first violation of each kind.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use countersign_tests::world::{Fault, Kit, Options, Report, Violation, run, shrink};
use indicatif::{ProgressBar, ProgressStyle};

/// Simulates phones that sign together while everything goes wrong.
#[derive(Parser)]
struct Arguments {
    /// The seeds, first..end.
    #[arg(long, value_parser = seeds)]
    seeds: Range<u64>,
    /// How many phones each world has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..=64))]
    phones: u64,
    /// Which kinds of faults happen: all, none, or names with commas between them.
    #[arg(long, default_value = "all")]
    faults: String,
    /// How many threads work.
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    jobs: usize,
    /// How many violations end the run.
    #[arg(long, default_value_t = 1)]
    violations: usize,
}

/// What all threads found.
#[derive(Default)]
struct Found {
    counts: BTreeMap<&'static str, u64>,
    violations: Vec<(u64, Report)>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let faults = match faults(&arguments.faults) {
        Ok(faults) => faults,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    std::panic::set_hook(Box::new(|_| {}));
    let options = Options { faults, only: None };
    let kit = Kit::new(arguments.phones as usize);
    let start = Instant::now();
    let (found, worlds) = simulate(&arguments, &kit, &options);

    let minutes = start.elapsed().as_secs_f64() / 60.0;
    println!("{worlds} worlds, {:.0} a minute", worlds as f64 / minutes);
    found.counts.iter().for_each(|(what, count)| println!("{count:>12}  {what}"));
    let failed = !found.violations.is_empty();
    let mut told: Vec<Violation> = Vec::new();
    for (seed, report) in found.violations {
        let Some(violation) = report.violation.clone() else { continue };
        println!("\nseed {seed}: {violation:?}");
        if !told.iter().any(|told| told.is_like(&violation)) {
            tell(&arguments, &kit, &options, seed, report);
            told.push(violation);
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs all worlds, or as many as it takes to find the violations that were asked for.
fn simulate(arguments: &Arguments, kit: &Kit, options: &Options) -> (Found, u64) {
    let Range { start, end } = arguments.seeds;
    let bar = ProgressBar::new(end - start).with_style(
        ProgressStyle::with_template("{elapsed} {wide_bar} {pos} of {len} worlds, {per_sec}, {eta} left")
            .expect("a valid template"),
    );
    let (next, worlds, stop) = (AtomicU64::new(start), AtomicU64::new(0), AtomicBool::new(false));
    let found = Mutex::new(Found::default());
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                let mut counts = BTreeMap::new();
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let report = run(kit, seed, options);
                    worlds.fetch_add(1, Ordering::Relaxed);
                    bar.inc(1);
                    add(&mut counts, &report.counts);
                    if report.violation.is_some() {
                        let mut found = found.lock().expect("no thread panics here");
                        found.violations.push((seed, report));
                        stop.fetch_or(found.violations.len() >= arguments.violations, Ordering::Relaxed);
                    }
                }
                add(&mut found.lock().expect("no thread panics here").counts, &counts);
            });
        }
        if bar.is_hidden() {
            speak(&worlds, &stop, end - start);
        }
    });
    bar.finish_and_clear();
    let mut found = found.into_inner().expect("no thread panics here");
    found.violations.sort_by_key(|(seed, _)| *seed);
    (found, worlds.into_inner())
}

/// Says a line every few seconds where there is no terminal for a bar.
fn speak(worlds: &AtomicU64, stop: &AtomicBool, all: u64) {
    let mut spoken = Instant::now();
    while worlds.load(Ordering::Relaxed) < all && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        if spoken.elapsed() > Duration::from_secs(5) {
            spoken = Instant::now();
            println!("{} of {all} worlds", worlds.load(Ordering::Relaxed));
        }
    }
}

/// Prints a violation's shortest story and how to see it again.
fn tell(arguments: &Arguments, kit: &Kit, options: &Options, seed: u64, report: Report) {
    let before = report.taken.len();
    let report = shrink(kit, seed, options, report);
    println!("{} of {before} decisions are enough:", report.taken.len());
    for (at, decision) in &report.taken {
        println!("{:>12.3} s  {decision:?}", *at as f64 / 1e6);
    }
    if let Some(violation) = report.violation {
        println!("{violation:?}");
    }
    println!(
        "cargo run --release -p countersign-tests --bin simulate -- --seeds {seed}..{} --phones {} --faults {}",
        seed + 1,
        arguments.phones,
        arguments.faults,
    );
}

fn add(sum: &mut BTreeMap<&'static str, u64>, counts: &BTreeMap<&'static str, u64>) {
    counts.iter().for_each(|(what, count)| *sum.entry(what).or_default() += count);
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (start, end) = text.split_once("..").ok_or("seeds look like 0..1000")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let range = number(start)?..number(end)?;
    if range.is_empty() { Err("there is no seed in it".into()) } else { Ok(range) }
}

fn faults(text: &str) -> Result<BTreeSet<Fault>, String> {
    match text {
        "all" => Ok(Options::default().faults),
        "none" => Ok(BTreeSet::new()),
        names => names.split(',').map(fault).collect(),
    }
}

fn fault(name: &str) -> Result<Fault, String> {
    let found = Fault::ALL.iter().find(|(_, known)| *known == name).map(|(fault, _)| *fault);
    found.ok_or_else(|| {
        let names: Vec<&str> = Fault::ALL.iter().map(|(_, name)| *name).collect();
        format!("no fault is called {name}: there are {}", names.join(", "))
    })
}
