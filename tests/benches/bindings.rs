//! What it costs to cross the border to other languages, and how long a node takes to open with so many sessions in its journal; with the
//! library as it ships.

use std::process::{Command, Stdio};

use countersign_tests::foreign::words;
use countersign_tests::{library, programs};
use serde_json::Value;

/// With how many stored sessions a node is opened.
const SESSIONS: [usize; 3] = [0, 100, 1000];
/// What is measured besides.
const CALLS: [(&str, &str); 4] = [
    ("sync", "a synchronous call"),
    ("async", "an asynchronous call"),
    ("told", "a change, until its status is read"),
    ("event", "an event, until it is handled"),
];

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let journals = SESSIONS.map(|count| {
        let journal = folder.path().join(format!("{count}.db"));
        let Some(mut fill) = library::python("fill.py") else { return String::new() };
        run(fill.arg(&journal).arg(count.to_string()));
        format!("open={}", journal.display())
    });
    if journals.iter().any(String::is_empty) {
        return;
    }
    let mobile = programs::mobile_library(&["panics"]);
    let mobile = mobile.parent().expect("it lies in a folder");
    let languages = [
        ("Kotlin", library::kotlin_program("BenchKt", mobile)),
        ("Swift", library::swift_program("Bench", mobile)),
    ];
    println!("| language | what | median |");
    println!("|---|---|---:|");
    for (language, command) in languages {
        let Some(mut command) = command else { continue };
        let arguments = CALLS.iter().map(|(name, _)| (*name).to_owned()).chain(journals.clone());
        let said = run(command.args(arguments));
        let figures: Vec<f64> = said
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("one object a line"))
            .map(|figure| figure["median_ns"].as_f64().expect("a number"))
            .collect();
        let opened = SESSIONS.map(|count| format!("open and close with {count} stored sessions"));
        let names = CALLS.iter().map(|(_, words)| (*words).to_owned()).chain(opened);
        for (name, ns) in names.zip(figures) {
            println!("| {language} | {name} | {:.1} µs |", ns / 1000.0);
        }
    }
}

fn run(command: &mut Command) -> String {
    let run = command.stdin(Stdio::null()).output().expect("it runs");
    assert!(run.status.success(), "{}", words(&run));
    String::from_utf8(run.stdout).expect("text")
}
