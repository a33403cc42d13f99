//! How long phones take from a proposal to everybody's signature, as processes over loopback, beside what cannot be
//! saved: the cryptography and the journal's syncs.
//!
//! `crypto` and `syncs` are the largest of any one phone in the run. Phones wait for each other, so the slowest path through
//! several of them is longer than the largest of one: what is called `rest` holds that, too.

use std::process::Command;

use countersign_tests::programs;
use serde_json::Value;

/// Runs of each size; the median is printed.
const RUNS: usize = 9;
/// Phones of each measured run.
const SIZES: [usize; 4] = [2, 3, 5, 15];

fn main() {
    let program = programs::build(true).join("phones");
    println!("| phones | elapsed | crypto | syncs | rest | frames | bytes |");
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for count in SIZES {
        let runs: Vec<Value> = (0..RUNS)
            .map(|run| {
                eprint!("\r{count} phones: run {} of {RUNS} ", run + 1);
                let output = Command::new(&program)
                    .args(["--json", "--count", &count.to_string()])
                    .output()
                    .expect("phones runs");
                serde_json::from_slice(&output.stdout).expect("one JSON object")
            })
            .collect();
        eprintln!();
        let of = |name: &str| median(runs.iter().map(|run| number(run, name)).collect());
        let rest = runs
            .iter()
            .map(|run| number(run, "elapsed_ms") - number(run, "crypto_ms") - number(run, "sync_ms"));
        println!(
            "| {count} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} ms | {} | {} |",
            of("elapsed_ms"),
            of("crypto_ms"),
            of("sync_ms"),
            median(rest.collect()),
            of("messages"),
            of("bytes"),
        );
    }
}

fn number(run: &Value, name: &str) -> f64 {
    run[name].as_f64().expect("a number")
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
