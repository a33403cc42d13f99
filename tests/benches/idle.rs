//! What a connected phone costs while nothing happens: wake-ups, processor time and memory, as the system counts them, beside a co-signer
//! in JavaScript that does as little.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use countersign_tests::talk::Talk;
use countersign_tests::{foreign, programs};

/// How long each idles, in seconds.
const IDLE_S: u64 = 30;
/// How long everything may settle before, in seconds.
const SETTLE_S: u64 = 5;

fn main() {
    println!("| who | wake-ups a minute | processor time a minute | memory of its own |");
    println!("|---|---:|---:|---:|");
    let folder = tempfile::tempdir().expect("a folder");
    let mut phones: Vec<Talk> = ["ada", "bob"].map(|name| phone(&folder.path().join(name))).into();
    acquaint(&mut phones);
    report("phone, foreground, connected", phones[0].id());
    phones.iter_mut().for_each(|phone| assert_eq!(phone.ask("background")["quiesced"], true));
    report("phone, background", phones[0].id());
    drop(phones);
    let foreigners: Option<Vec<Talk>> =
        (0..2).map(|_| foreign::command(&[]).map(|mut command| Talk::start(&mut command))).collect();
    if let Some(mut foreigners) = foreigners {
        acquaint(&mut foreigners);
        report("JavaScript, connected", foreigners[0].id());
    }
}

fn phone(folder: &Path) -> Talk {
    let mut command = Command::new(programs::build(true).join("phone"));
    command.args(["--json", "--dir"]).arg(folder).env("COUNTERSIGN_PASSPHRASE", "a benchmark's own");
    Talk::start(&mut command)
}

/// Lets two add each other and make a wallet.
fn acquaint(two: &mut [Talk]) {
    let cards: Vec<String> =
        two.iter().map(|one| one.ready["card"].as_str().expect("a card").to_owned()).collect();
    for (one, card) in two.iter_mut().zip(cards.iter().rev()) {
        one.ask(&format!("add {card}"));
        one.ask("wallet shared");
    }
    std::thread::sleep(Duration::from_secs(SETTLE_S));
}

fn report(who: &str, id: u32) {
    std::thread::sleep(Duration::from_secs(1));
    let before = (wakes(id), cpu_us(id));
    std::thread::sleep(Duration::from_secs(IDLE_S));
    let (wakes, cpu_us) = (wakes(id) - before.0, cpu_us(id) - before.1);
    let a_minute = 60.0 / IDLE_S as f64;
    println!(
        "| {who} | {:.0} | {:.2} ms | {:.1} MB |",
        wakes as f64 * a_minute,
        cpu_us as f64 / 1000.0 * a_minute,
        memory_kib(id) as f64 / 1024.0
    );
}

/// Returns how often the threads of a process have woken up.
fn wakes(id: u32) -> u64 {
    of_threads(id, "status", |text| number_after(text, "voluntary_ctxt_switches:").unwrap_or_default())
}

/// Returns how long the threads of a process have run, in microseconds.
fn cpu_us(id: u32) -> u64 {
    let run_ns = |text: &str| text.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok());
    of_threads(id, "schedstat", |text| run_ns(text).unwrap_or_default()) / 1000
}

fn of_threads(id: u32, file: &str, figure: impl Fn(&str) -> u64) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("it runs");
    let texts = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join(file)).ok());
    texts.map(|text| figure(&text)).sum()
}

fn memory_kib(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    number_after(&status, "RssAnon:").expect("a figure")
}

/// Returns the number in the line that begins with `name`.
fn number_after(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
