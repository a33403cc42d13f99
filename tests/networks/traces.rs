//! What is left of a network: nothing, however its process ends.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_tests::network::is_permitted;
use countersign_tests::network::namespace::Namespace;
use countersign_tests::network::switch::Switch;

use countersign_tests::network::group::listen;
use countersign_tests::network::phone::Phone;

/// Set for the process that is to be killed.
const VICTIM: &str = "COUNTERSIGN_NETWORK_VICTIM";
/// How long the kernel may take to clean up.
const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn nothing_is_left_of_a_network_that_is_dropped() {
    if !is_permitted() {
        return;
    }
    let (ids, phone) = {
        let network = Network::new();
        assert!(network.ids().is_subset(&namespaces()), "they are seen while they are there");
        (network.ids(), network.phone.id())
    };

    assert!(is_gone(&ids, phone));
}

#[test]
fn nothing_is_left_of_a_network_whose_test_panics() {
    if !is_permitted() {
        return;
    }
    let (ids, phone) = {
        let (told, tells) = std::sync::mpsc::channel();
        let test = std::thread::spawn(move || {
            let network = Network::new();
            told.send((network.ids(), network.phone.id())).expect("somebody listens");
            panic!("as a failing test does");
        });
        assert!(test.join().is_err());
        tells.recv().expect("it told")
    };

    assert!(is_gone(&ids, phone));
}

#[test]
fn nothing_is_left_of_a_network_whose_process_is_killed() {
    if std::env::var_os(VICTIM).is_some() {
        let network = Network::new();
        let ids: Vec<String> = network.ids().iter().map(u64::to_string).collect();
        println!("\nvictim {} {}", network.phone.id(), ids.join(" "));
        std::thread::sleep(Duration::from_secs(120));
        return;
    }
    if !is_permitted() {
        return;
    }
    let name = std::thread::current().name().expect("a test has a name").to_owned();
    let mut victim = Command::new(std::env::current_exe().expect("a program"))
        .args(["--exact", &name, "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let numbers = told(&mut victim);
    let (phone, ids) = numbers.split_first().expect("it told");
    let ids: BTreeSet<u64> = ids.iter().copied().collect();
    assert!(ids.len() == 2 && ids.is_subset(&namespaces()), "they are there: {ids:?}");

    victim.kill().expect("it is killed");

    assert_eq!(victim.wait().expect("it ends").signal(), Some(9));
    assert!(is_gone(&ids, u32::try_from(*phone).expect("a process")));
}

/// Two namespaces, a link, and a phone in one of them.
struct Network {
    phone: Phone,
    _switch: Switch,
    namespaces: [Namespace; 2],
    _folder: tempfile::TempDir,
}

impl Network {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let switch = Switch::new(3).expect("a switch");
        let namespaces = [(); 2].map(|()| Namespace::new().expect("a namespace"));
        let addresses = [1, 2].map(|last| Ipv4Addr::new(10, 0, 3, last));
        for (namespace, address) in namespaces.iter().zip(addresses) {
            switch.plug(namespace, address).expect("a port");
        }
        let phone = Phone::start("ada", &namespaces[0], folder.path(), &listen(addresses[0]));
        Self { phone, _switch: switch, namespaces, _folder: folder }
    }

    fn ids(&self) -> BTreeSet<u64> {
        self.namespaces.iter().map(Namespace::id).collect()
    }
}

/// Reads the line in which the victim says who it is.
fn told(victim: &mut Child) -> Vec<u64> {
    let stdout = BufReader::new(victim.stdout.take().expect("a pipe"));
    let line = stdout.lines().map_while(Result::ok).find(|line| line.starts_with("victim "));
    let line = line.expect("it tells");
    line.split(' ').skip(1).map(|word| word.parse().expect("a number")).collect()
}

/// Waits until nobody on this machine is in one of these namespaces, and the process is gone. A device is gone with its
/// namespace.
fn is_gone(ids: &BTreeSet<u64>, process: u32) -> bool {
    let began = Instant::now();
    while began.elapsed() < LIMIT {
        let is_running =
            fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        if !is_running && namespaces().is_disjoint(ids) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Returns the network namespaces of every thread on this machine.
fn namespaces() -> BTreeSet<u64> {
    let entries = |path: &std::path::Path| fs::read_dir(path).into_iter().flatten().flatten();
    let tasks = entries("/proc".as_ref()).flat_map(|process| entries(&process.path().join("task")));
    tasks
        .filter_map(|task| fs::read_link(task.path().join("ns/net")).ok())
        .filter_map(|link| link.to_string_lossy().trim_matches(|c: char| !c.is_ascii_digit()).parse().ok())
        .collect()
}
