//! Whoever means harm: crowds, connections that never become any, co-signers that send what is no frame. Others sign meanwhile, and
//! what it costs stays bounded.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use countersign_driver::Node;
use countersign_driver::machine::id::WalletId;
use futures::{AsyncWriteExt, StreamExt};
use libp2p::identity::{Keypair, ed25519};
use libp2p::multiaddr::Multiaddr;
use libp2p::{PeerId, StreamProtocol, SwarmBuilder, noise, tcp, yamux};
use libp2p_stream::{Behaviour, Control};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::child::Child;
use super::process::{held, memory_kib};
use super::rig::{
    ANY_PORT, LASTS_MS, PATIENCE, all_signed, introduce, journal, open, payload, port_of, until, vault,
};

const PROTOCOL: StreamProtocol = StreamProtocol::new("/countersign/1");
/// How many malformed frames a co-signer sends.
const FRAMES: usize = 10_000;
/// How many connections come from one address.
const CROWD: usize = 1_000;
/// How many strangers prove who they are, and are nobody to us.
const STRANGERS: usize = 100;
/// Most that any of it may cost in memory, in KiB: what the allocator keeps of the busiest moment among it.
const MAX_GROWTH_KIB: u64 = 8 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_frames_of_a_co_signer_harm_nobody_else_and_cost_little() {
    let mut scene = Scene::start().await;
    let before = memory_kib(scene.victim.id());
    let (address, peer) = (scene.address.clone(), scene.peer);

    let flood = tokio::spawn(async move {
        let mut foe = Foe::start(Some(2));
        let mut junk = Junk(1);
        let (mut sent, mut cut) = (0, 0);
        while sent < FRAMES && cut < FRAMES {
            foe.dial(&address).await;
            let Ok(mut stream) = foe.control.open_stream(peer, PROTOCOL).await else {
                cut += 1;
                continue;
            };
            while sent < FRAMES && stream.write_all(&junk.frame()).await.is_ok() {
                sent += 1;
            }
            // What is queued here is still to be read there.
            let _ = timeout(Duration::from_secs(5), stream.close()).await;
            cut += 1;
        }
        (sent, cut)
    });
    scene.sign(1).await;
    let (sent, cut) = timeout(PATIENCE, flood).await.expect("in time").expect("no panic");
    scene.sign(2).await;

    let after = memory_kib(scene.victim.id());
    println!("{sent} malformed frames over {cut} connections: {before} KiB, then {after} KiB");
    assert_eq!(sent, FRAMES);
    assert!(after.saturating_sub(before) <= MAX_GROWTH_KIB, "{before} KiB, then {after} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_from_one_address_that_say_nothing_or_nonsense_harm_nobody_else() {
    let mut scene = Scene::start().await;
    let before = (memory_kib(scene.victim.id()), held(scene.victim.id()).sockets);
    let port = scene.port;

    let crowd = tokio::task::spawn_blocking(move || {
        // Half-open for good; half of a greeting; what is no greeting.
        let words: [&[u8]; 3] = [b"", b"\x13/multistream/1", b"\x05GET / HTTP/1.1\r\n\r\n"];
        let call = |number: usize| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
            stream.write_all(words[number % words.len()]).ok()?;
            Some(stream)
        };
        (0..CROWD).filter_map(call).collect::<Vec<_>>()
    });
    let crowd = crowd.await.expect("no panic");
    let most = held(scene.victim.id()).sockets;
    scene.sign(1).await;

    let after = memory_kib(scene.victim.id());
    println!(
        "{} of {CROWD} connections, of which {most} were held: {} KiB, then {after} KiB",
        crowd.len(),
        before.0
    );
    assert!(crowd.len() >= CROWD / 2, "the system takes them: {}", crowd.len());
    // A TCP backlog holds the rest, and the system pays for it.
    assert!(most <= before.1 + 200, "{most} sockets");
    assert!(after.saturating_sub(before.0) <= MAX_GROWTH_KIB, "{} KiB, then {after} KiB", before.0);
    drop(crowd);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_strangers_who_prove_who_they_are_are_let_in_by_nobody() {
    let mut scene = Scene::start().await;
    let before = memory_kib(scene.victim.id());

    let mut strangers = Vec::new();
    for _ in 0..STRANGERS {
        let mut stranger = Foe::start(None);
        stranger.dial(&scene.address).await;
        strangers.push(stranger);
    }
    scene.sign(1).await;

    let sockets = held(scene.victim.id()).sockets;
    let after = memory_kib(scene.victim.id());
    println!("{STRANGERS} strangers: {sockets} sockets are left; {before} KiB, then {after} KiB");
    assert!(sockets < STRANGERS / 2, "{sockets} sockets");
    assert!(after.saturating_sub(before) <= MAX_GROWTH_KIB, "{before} KiB, then {after} KiB");
}

/// A co-signer in a process of its own, a friend of it, and another co-signer of it whose keys a foe has.
struct Scene {
    victim: Child,
    friend: Node,
    wallet: WalletId,
    port: u16,
    address: Multiaddr,
    peer: PeerId,
    _folder: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |who| journal(folder.path(), who);
        let victim = open(&path(0), 0, &[ANY_PORT]).await;
        let friend = open(&path(1), 1, &[ANY_PORT]).await;
        let wallet = introduce(&[&victim, &friend]).await;
        let foe = open(&path(2), 2, &[ANY_PORT]).await;
        introduce(&[&victim, &foe]).await;
        let port = port_of(&victim);
        for node in [victim, foe] {
            node.close().await.expect("a quiet end");
        }
        let listen = format!("/ip4/127.0.0.1/tcp/{port}");
        let mut victim = Child::start(Path::new(&path(0)), 0, &listen).await;
        victim.reaches(1).await;
        let address = listen.parse().expect("an address");
        Self {
            victim,
            friend,
            wallet,
            port,
            address,
            peer: identity(0).public().to_peer_id(),
            _folder: folder,
        }
    }

    /// Lets the victim and its friend sign, for the n-th time.
    async fn sign(&mut self, count: u8) {
        self.friend.propose(self.wallet, payload(count), LASTS_MS).await.expect("a session");
        let is_asked = |status: &Value| {
            let inbox = status["inbox"].as_array().expect("a list");
            inbox.iter().any(|request| request["state"] == "pending")
        };
        self.victim.shows("the request", is_asked).await;
        self.victim.ask("approve").await;
        until(&self.friend, "signatures", |status| all_signed(status, count.into())).await;
    }
}

/// Somebody who speaks libp2p and nothing of the rest. It takes whatever streams are opened to it, and reads nothing.
struct Foe {
    control: Control,
    dials: mpsc::UnboundedSender<Multiaddr>,
    /// Each dial's end.
    ends: mpsc::UnboundedReceiver<()>,
    runs: JoinHandle<()>,
}

impl Foe {
    /// Starts one with the keys of a co-signer, or with its own.
    fn start(who: Option<u8>) -> Self {
        let keypair = who.map_or_else(Keypair::generate_ed25519, identity);
        let mut swarm = SwarmBuilder::with_existing_identity(keypair)
            .with_tokio()
            .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
            .expect("a transport")
            .with_behaviour(|_| Behaviour::new())
            .expect("a behaviour")
            .build();
        let mut control = swarm.behaviour().new_control();
        let mut incoming = control.accept(PROTOCOL).expect("nobody else takes them");
        let (dials, mut wanted) = mpsc::unbounded_channel::<Multiaddr>();
        let (ended, ends) = mpsc::unbounded_channel();
        let runs = tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                tokio::select! {
                    address = wanted.recv() => match address {
                        Some(address) => swarm.dial(address).expect("it begins"),
                        None => return,
                    },
                    Some((_, stream)) = incoming.next() => held.push(stream),
                    event = swarm.select_next_some() => {
                        use libp2p::swarm::SwarmEvent::{ConnectionEstablished, OutgoingConnectionError};
                        if matches!(event, ConnectionEstablished { .. } | OutgoingConnectionError { .. }) {
                            // The test may have seen enough.
                            let _ = ended.send(());
                        }
                    }
                }
            }
        });
        Self { control, dials, ends, runs }
    }

    /// Dials, and waits for what comes of it.
    async fn dial(&mut self, address: &Multiaddr) {
        self.dials.send(address.clone()).expect("it runs");
        timeout(PATIENCE, self.ends.recv()).await.expect("in time");
        // Whoever is let in by nobody finds out a moment later.
        sleep(Duration::from_millis(1)).await;
    }
}

impl Drop for Foe {
    fn drop(&mut self) {
        self.runs.abort();
    }
}

/// What is no frame, or none that makes sense; the number determines what comes next.
struct Junk(u64);

impl Junk {
    fn next(&mut self) -> u64 {
        // Knuth's MMIX generator; its high bits are good enough here.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Returns the next frame, its length first.
    fn frame(&mut self) -> Vec<u8> {
        let bytes: Vec<u8> = match self.next() % 4 {
            0 => Vec::new(),
            1 => (0..self.next() % 300).map(|_| self.next() as u8).collect(),
            // Deep nesting.
            2 => vec![0x81; 1 + (self.next() % 1_000) as usize],
            // A list of something, as every frame is.
            _ => [0x82, (self.next() % 24) as u8]
                .into_iter()
                .chain((0..40).map(|_| self.next() as u8))
                .collect(),
        };
        let mut length = unsigned_varint::encode::usize_buffer();
        [unsigned_varint::encode::usize(bytes.len(), &mut length), &bytes].concat()
    }
}

fn identity(who: u8) -> Keypair {
    use countersign_driver::vault::Vault;

    let mut seed = *vault(who).transport_secret().expect("a secret").expose();
    let secret = ed25519::SecretKey::try_from_bytes(&mut seed).expect("a seed");
    ed25519::Keypair::from(secret).into()
}
