//! The program from outside: its line, its signals, its exit codes.

mod rig;

use std::process::{Output, Stdio};
use std::time::Duration;

use libp2p::Multiaddr;
use rig::{PATIENCE, Phone};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign-relay");
/// Any free ports.
const SETTINGS: &str = "listen = [\"/ip4/127.0.0.1/tcp/0\"]\n[metrics]\nlisten = \"127.0.0.1:0\"\n";

#[tokio::test]
async fn it_serves_until_a_signal_stops_it_and_keeps_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut names = Vec::new();
    for signal in [Signal::TERM, Signal::INT] {
        let (child, ready) = start(&folder, SETTINGS, &[]).await;
        let addresses: Vec<Multiaddr> = ready
            .strip_prefix("ready ")
            .expect("a line that says so")
            .split(' ')
            .map(|address| address.parse().expect("an address"))
            .collect();
        let [address] = &addresses[..] else { panic!("{ready}") };
        names.push(address.iter().last().map(|name| name.to_string()));
        let (mut ada, mut bob) = (Phone::new(), Phone::new());
        bob.reserve(address).await.expect("there is room");
        ada.call(address, bob.peer).await.expect("a circuit");
        assert_eq!(ada.echo(bob.peer, b"partials").await, Ok(b"partials".to_vec()));

        let ended = stop(child, signal).await;
        assert_eq!(ended.status.code(), Some(0));
        let log = String::from_utf8(ended.stderr).expect("text");
        assert!(log.contains("the relay has stopped in_time=true"), "{log}");
        for phone in [&ada, &bob] {
            assert!(!log.contains(&phone.peer.to_string()[40..]), "nobody is named: {log}");
        }
    }
    assert_eq!(names[0], names[1]);
}

#[tokio::test]
async fn its_line_and_its_log_can_be_read_by_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!("{SETTINGS}[log]\nformat = \"json\"\n");
    let (child, ready) = start(&folder, &settings, &["--json"]).await;
    let ready: serde_json::Value = serde_json::from_str(&ready).expect("JSON");
    assert_eq!(ready["ready"], true);
    let page = ready["metrics"].as_str().expect("an address").parse().expect("an address");
    assert_eq!(rig::get(page, "/health").await, "ok\n");
    let address = ready["addresses"][0].as_str().expect("an address");
    assert!(address.ends_with(ready["peer"].as_str().expect("a name")), "{ready}");
    let ended = stop(child, Signal::TERM).await;
    let log = String::from_utf8(ended.stderr).expect("text");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["level"], "INFO", "{line}");
    }
    assert!(log.lines().count() >= 2, "{log}");
}

#[tokio::test]
async fn what_phones_do_is_logged_at_debug_and_by_the_ends_of_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = format!("{SETTINGS}[log]\nlevel = \"debug\"\n");
    let (child, ready) = start(&folder, &settings, &[]).await;
    let mut bob = Phone::new();
    bob.reserve(&ready["ready ".len()..].parse().expect("an address")).await.expect("there is room");
    let ended = stop(child, Signal::TERM).await;
    let log = String::from_utf8(ended.stderr).expect("text");
    let ours: Vec<&str> = log.lines().filter(|line| line.contains(" countersign_relay::")).collect();
    let name = bob.peer.to_string();
    let end = &name[name.len() - 6..];
    assert!(ours.iter().any(|line| line.contains("a reservation") && line.contains(end)), "{log}");
    assert!(ours.iter().all(|line| !line.contains(&name)), "{log}");
}

#[tokio::test]
async fn a_wrong_setting_ends_it_with_2_and_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for (settings, named) in [
        ("[circuits]\nbytes = 1", "circuits.bytes is 1"),
        ("[circuits]\nbites = 1", "unknown field `bites`"),
        ("[circuits\n", "line 1"),
        ("listen = [\"localhost\"]", "listen"),
        ("key_file = \"\"", "key_file"),
        ("key_file = \"relay.toml\"", "key_file"),
    ] {
        let ended = run(&folder, settings, &[]).await;
        let error = String::from_utf8(ended.stderr).expect("text");
        assert_eq!((ended.status.code(), error.contains(named)), (Some(2), true), "{settings}: {error}");
        assert!(ended.stdout.is_empty(), "{settings}");
    }
    let ended = Command::new(PROGRAM).args(["--config", "/nowhere"]).output().await.expect("it runs");
    assert_eq!(ended.status.code(), Some(2));
}

#[tokio::test]
async fn an_address_that_somebody_has_ends_it_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port();
    let folder = tempfile::tempdir().expect("a folder");
    for (settings, named) in [
        (format!("listen = [\"/ip4/127.0.0.1/tcp/{port}\"]\n[metrics]\nenabled = false"), "listen: "),
        (SETTINGS.replace("127.0.0.1:0", &format!("127.0.0.1:{port}")), "metrics.listen: "),
        (SETTINGS.replace("tcp/0", "udp/0/quic-v1"), "QUIC is not built in"),
    ] {
        let ended = run(&folder, &settings, &[]).await;
        let error = String::from_utf8(ended.stderr).expect("text");
        assert_eq!((ended.status.code(), error.contains(named)), (Some(1), true), "{settings}: {error}");
    }
}

#[tokio::test]
async fn checking_settings_writes_them_all_and_touches_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(&folder, "[circuits]\nbytes = 2000000", &["--check"]).await;
    assert_eq!(ended.status.code(), Some(0));
    let written = String::from_utf8(ended.stdout).expect("text");
    let config = countersign_relay::Config::parse(&written).expect("what it wrote");
    assert_eq!((config.circuits.bytes, config.circuits.per_peer), (2_000_000, 32));
    assert!(!folder.path().join("relay.key").exists());
    let ended = run(&folder, "[circuits]\nbytes = 1", &["--check"]).await;
    assert_eq!(ended.status.code(), Some(2));
}

/// Starts the program and returns it with its first line.
async fn start(folder: &TempDir, settings: &str, more: &[&str]) -> (Child, String) {
    let mut child = command(folder, settings, more).spawn().expect("it starts");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let read = tokio::time::timeout(PATIENCE, out.read_line(&mut line)).await.expect("in time");
    if read.expect("it is text") == 0 {
        let mut error = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut error).await.expect("it is text");
        panic!("it said nothing: {error}");
    }
    (child, line.trim_end().to_owned())
}

async fn stop(child: Child, signal: Signal) -> Output {
    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
    kill_process(id, signal).expect("it runs");
    tokio::time::timeout(Duration::from_secs(20), child.wait_with_output())
        .await
        .expect("in time")
        .expect("it ends")
}

/// Runs the program until it ends by itself.
async fn run(folder: &TempDir, settings: &str, more: &[&str]) -> Output {
    let ended = command(folder, settings, more).output();
    tokio::time::timeout(PATIENCE, ended).await.expect("in time").expect("it runs")
}

fn command(folder: &TempDir, settings: &str, more: &[&str]) -> Command {
    let config = folder.path().join("relay.toml");
    std::fs::write(&config, settings).expect("ours");
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(config).arg("--dir").arg(folder.path()).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}
