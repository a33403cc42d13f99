//! What the library weighs that phones carry, for each set of features, beside what `size.txt` says.
//!
//! With `--check` it fails if one is more than 3 % larger: whoever means that writes the new size there, and into the commit why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, exit};

use countersign_tests::programs;

const LEDGER: &str = include_str!("size.txt");
/// By how much a library may grow unexplained, in percent.
const MOST_PERCENT: f64 = 3.0;

/// The sets of features, and what they are called.
const SETS: [(&str, &[&str]); 4] = [
    ("phone", &[]),
    ("phone+quic", &["countersign-driver/quic"]),
    ("phone+webrtc", &["countersign-driver/webrtc"]),
    ("host", &["host"]),
];

fn main() {
    let ledger: BTreeMap<&str, u64> = LEDGER
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, bytes)| (name, bytes.trim().parse().expect("a number of bytes")))
        .collect();
    let check = std::env::args().any(|argument| argument == "--check");
    println!("| features | stripped | compressed | beside the ledger |");
    println!("|---|---:|---:|---:|");
    let mut grown = Vec::new();
    for (name, features) in SETS {
        let library = programs::mobile_library(features);
        let bytes = fs::metadata(&library).expect("it was built").len();
        let noted = *ledger.get(name).expect("every set is in the ledger");
        let percent = (bytes as f64 / noted as f64 - 1.0) * 100.0;
        let compressed = megabytes(compressed(&library));
        println!("| {name} | {} MB ({bytes}) | {compressed} MB | {percent:+.1} % |", megabytes(bytes));
        grown.extend((percent > MOST_PERCENT).then_some(name));
    }
    if check && !grown.is_empty() {
        println!("larger by more than {MOST_PERCENT} %: {grown:?}");
        exit(1);
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2}", bytes as f64 / 1e6)
}

fn compressed(library: &Path) -> u64 {
    let run = Command::new("gzip").args(["-9", "-c"]).arg(library).output().expect("gzip runs");
    run.stdout.len() as u64
}
