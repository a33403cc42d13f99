//! A crowd from one address, and everybody else meanwhile.

mod rig;

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libp2p::multiaddr::Multiaddr;
use rig::{House, PATIENCE, Phone, figure, get};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, Command};

const CROWD: usize = 1000;
/// Most that the relay's memory may grow by, in MiB: 256 connections of the two addresses, and what their refused ones leave to the
/// allocator.
const MAX_GROWTH_MIB: u64 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_from_one_address_cost_little_and_harm_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (relay, address, page) = start(folder.path()).await;
    let mut before = Conversation::begin(&address).await;
    let calm = before.round_trips().await;
    let memory_before = memory_mib(&relay);

    // From one address those who never say who they are, from another real phones that stay.
    let silent = strangers(&address).await;
    let door = rig::door(&address, [127, 0, 0, 77], Duration::ZERO).await;
    let mut phones = Vec::new();
    let mut refused = 0;
    for _ in 0..CROWD {
        let mut phone = Phone::new();
        match phone.dial(&door).await {
            Ok(()) => phones.push(phone),
            Err(_) => refused += 1,
        }
    }
    // And again and again, as fast as this computer can, while others talk.
    let flood = Flood::begin(&address);
    let crowded = before.round_trips().await;
    let mut new = Conversation::begin(&address).await;
    new.round_trips().await;
    let more = flood.end();

    let memory = memory_mib(&relay);
    let figures = get(page, "/metrics").await;
    let connections = figure(&figures, "countersign_relay_connections");
    println!(
        "{CROWD} silent and {CROWD} real connections, and {more} more meanwhile: {refused} of the real refused, {connections} stand; \
         memory {memory_before} MiB, then {memory} MiB; round trip of others {calm:?} (99 of 100), then {crowded:?}"
    );
    assert!(connections <= 128 + 4, "{connections} connections");
    assert!(refused >= CROWD - 128 - 32, "{refused} refused");
    assert!(memory - memory_before <= MAX_GROWTH_MIB, "{memory_before} MiB, then {memory} MiB");
    assert!(crowded <= 2 * calm + Duration::from_millis(50), "{calm:?}, then {crowded:?}");
    drop((silent, phones));
}

#[tokio::test]
async fn above_its_memory_a_relay_lets_nobody_new_in() {
    let house = House::new(|config| config.connections.memory_mib = 1).await;
    assert!(Phone::new().dial(&house.address).await.is_err());
    assert_eq!(
        house.figure("countersign_relay_refused_total{what=\"connection\",why=\"memory_mib\"}").await,
        1
    );
}

/// Two phones of other addresses that talk through the relay.
struct Conversation {
    ada: Phone,
    bob: Phone,
}

impl Conversation {
    async fn begin(address: &Multiaddr) -> Self {
        let (mut ada, mut bob) = (Phone::new(), Phone::new());
        bob.reserve(address).await.expect("there is room");
        ada.call(address, bob.peer).await.expect("a circuit");
        Self { ada, bob }
    }

    /// Returns how long the slowest but one of a hundred round trips took.
    async fn round_trips(&mut self) -> Duration {
        let mut took = Vec::new();
        for _ in 0..100 {
            let begun = Instant::now();
            self.ada.echo(self.bob.peer, b"partial signature").await.expect("an echo");
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        took[98]
    }
}

/// A thread that connects and goes away, as fast as it can.
struct Flood {
    over: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<usize>,
}

impl Flood {
    fn begin(address: &Multiaddr) -> Self {
        let relay = ([127, 0, 0, 1], rig::port(address)).into();
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let thread = std::thread::spawn(move || {
            let mut count = 0;
            while !ends.load(Ordering::Relaxed) {
                count += usize::from(runtime.block_on(stranger(relay)).is_ok());
            }
            count
        });
        Self { over, thread }
    }

    /// Returns how often it has connected.
    fn end(self) -> usize {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("it does nothing else")
    }
}

/// Connects again and again and says nothing.
async fn strangers(address: &Multiaddr) -> Vec<TcpStream> {
    let relay = ([127, 0, 0, 1], rig::port(address)).into();
    let mut streams = Vec::new();
    for _ in 0..CROWD {
        // A relay whose door is crowded may not answer at all.
        if let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(1), stranger(relay)).await {
            streams.push(stream);
        }
    }
    streams
}

/// A connection from an address that nobody else has.
async fn stranger(relay: std::net::SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 66], 0).into())?;
    socket.connect(relay).await
}

/// Starts the program, with the usual limits.
async fn start(folder: &std::path::Path) -> (Child, Multiaddr, std::net::SocketAddr) {
    let settings = "listen = [\"/ip4/127.0.0.1/tcp/0\"]\n[metrics]\nlisten = \"127.0.0.1:0\"\n";
    let config = folder.join("relay.toml");
    std::fs::write(&config, settings).expect("ours");
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign-relay"))
        .args(["--json", "--config"])
        .arg(config)
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("in time");
    let line = line.expect("text").expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("an address").to_owned();
    let address = text(&ready["addresses"][0]).parse().expect("an address");
    (child, address, text(&ready["metrics"]).parse().expect("an address"))
}

/// Returns how much memory of its own the program holds.
fn memory_mib(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().expect("it runs")));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}
