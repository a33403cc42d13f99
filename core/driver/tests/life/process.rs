//! What another process holds, as the system itself says.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

/// What a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Sockets that others can reach; those between its own parts are not counted.
    pub(super) sockets: usize,
    /// Descriptors of any kind.
    pub(super) descriptors: usize,
    /// Locks on files.
    pub(super) locks: usize,
    /// Threads.
    pub(super) threads: usize,
}

/// Returns what a process holds.
pub(super) fn held(id: u32) -> Held {
    let links: Vec<String> = fs::read_dir(format!("/proc/{id}/fd"))
        .expect("it runs")
        .filter_map(|entry| Some(fs::read_link(entry.ok()?.path()).ok()?.to_string_lossy().into_owned()))
        .collect();
    let own = fs::read_to_string(format!("/proc/{id}/net/unix")).expect("a list");
    let own: BTreeSet<String> = own
        .lines()
        .filter_map(|line| Some(format!("socket:[{}]", line.split_whitespace().nth(6)?)))
        .collect();
    let sockets = links.iter().filter(|link| link.starts_with("socket:") && !own.contains(*link)).count();
    let locks = fs::read_to_string("/proc/locks").expect("a list");
    let holds = |line: &&str| line.split_whitespace().any(|word| word == id.to_string());
    Held {
        sockets,
        descriptors: links.len(),
        locks: locks.lines().filter(holds).count(),
        threads: threads(id).len(),
    }
}

/// Returns how much memory of its own a process holds, in KiB.
pub(super) fn memory_kib(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let held = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a figure");
    held.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Returns how often the threads of a process have woken up since they were started.
pub(super) fn wakes(id: u32) -> u64 {
    let of = |thread: &String| {
        let status = fs::read_to_string(format!("/proc/{id}/task/{thread}/status")).unwrap_or_default();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or_default()
    };
    threads(id).iter().map(of).sum()
}

/// Returns the system calls of those threads of a process that will wake up by themselves, or run: with a timer to come a thread
/// waits for only so long. `None` if the system does not say.
pub(super) fn timed(id: u32) -> Option<Vec<String>> {
    let mut timed = Vec::new();
    for thread in threads(id) {
        let call = fs::read_to_string(format!("/proc/{id}/task/{thread}/syscall")).ok()?;
        if !waits_for_ever(&call)? {
            timed.push(call);
        }
    }
    Some(timed)
}

/// Returns whether a system call, as the system writes it, ends only when somebody else does something. `None` if the numbers of this
/// machine's calls are not known here.
fn waits_for_ever(call: &str) -> Option<bool> {
    let (read, futex, epolls): (&str, &str, &[&str]) = match std::env::consts::ARCH {
        "x86_64" => ("0", "202", &["232", "281"]),
        "aarch64" => ("63", "98", &["22"]),
        _ => return None,
    };
    let words: Vec<&str> = call.split_whitespace().collect();
    // A call's number, then its arguments: the fourth is how long it waits.
    let (number, time) = (*words.first()?, words.get(4).copied().unwrap_or_default());
    let endless = u64::from(u32::MAX);
    let time = u64::from_str_radix(time.trim_start_matches("0x"), 16).unwrap_or(1);
    Some(
        number == read
            || number == futex && time == 0
            || epolls.contains(&number) && time & endless == endless,
    )
}

fn threads(id: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("it runs");
    tasks.filter_map(|task| Some(task.ok()?.file_name().to_string_lossy().into_owned())).collect()
}

#[test]
fn a_process_that_sleeps_wakes_up_by_itself_and_one_that_reads_does_not() {
    let start = |program: &str, time: &[&str]| {
        Command::new(program).args(time).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs")
    };
    let (mut sleeps, mut reads) = (start("sleep", &["60"]), start("cat", &[]));
    // Both begin with other calls.
    thread::sleep(Duration::from_millis(500));
    let found = [sleeps.id(), reads.id()].map(timed);
    for process in [&mut sleeps, &mut reads] {
        process.kill().expect("it runs");
        process.wait().expect("it was killed");
    }
    if let [Some(sleeping), Some(reading)] = found {
        assert_eq!((sleeping.len(), reading.len()), (1, 0), "{sleeping:?} {reading:?}");
    }
}
