//! What it costs to cross the border to other languages, and how long a node takes to open with so many sessions in its journal; with the
//! library as it ships.

use std::process::{Command, Stdio};

use countersign_tests::foreign::words;
use countersign_tests::{library, programs};
use serde_json::Value;

/// With how many stored sessions a node is opened.
const SESSIONS: [usize; 3] = [0, 100, 1000];
/// What is measured besides, as the programs in Kotlin and Swift call it.
const CALLS: [(&str, &str, &str); 4] = [
    ("sync", "call", "a synchronous call"),
    ("async", "status", "an asynchronous call"),
    ("event", "event", "an event, until it is handled"),
    ("told", "", "a change, until the observer's status is read"),
];

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journals = Vec::new();
    for count in SESSIONS {
        let journal = folder.path().join(format!("{count}.db"));
        let Some(mut fill) = library::python("fill.py") else { return };
        run(fill.arg(&journal).arg(count.to_string()));
        journals.push(journal.display().to_string());
    }
    let mobile = programs::mobile_library(&["panics"]);
    let mobile = mobile.parent().expect("it lies in a folder");
    println!("| what | Kotlin | Swift |");
    println!("|---|---:|---:|");
    let opened = |at: usize| format!("opening with {} stored sessions", SESSIONS[at]);
    let kotlin = |what: &str| measure(library::kotlin_program("BenchKt", mobile), &[what]);
    let swift = |what: &[&str]| measure(library::swift_bench(mobile), what);
    for (in_kotlin, in_swift, words) in CALLS {
        let swift = if in_swift.is_empty() { "-".to_owned() } else { swift(&[in_swift]) };
        println!("| {words} | {} | {swift} |", kotlin(in_kotlin));
    }
    for (at, journal) in journals.iter().enumerate() {
        let (kotlin, swift) = (kotlin(&format!("open={journal}")), swift(&["open", journal]));
        println!("| {} | {kotlin} | {swift} |", opened(at));
    }
}

/// Returns the median that a program prints, in words.
fn measure(program: Option<Command>, arguments: &[&str]) -> String {
    let Some(mut program) = program else { return "-".to_owned() };
    let said = run(program.args(arguments));
    let figure: Value = serde_json::from_str(said.trim()).expect("one object");
    format!("{:.1} µs", figure["median_ns"].as_f64().expect("a number") / 1000.0)
}

fn run(command: &mut Command) -> String {
    let run = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(run.status.success(), "{}", words(&run));
    String::from_utf8(run.stdout).expect("text")
}
