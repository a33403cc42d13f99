//! Networks that run on their own, and a relay between them.

use std::future::Future;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use countersign_machine::id::TransportKey;
use countersign_machine::link::LinkPath;
use countersign_machine::message::TransportSecret;
use futures::StreamExt;
use libp2p::identity::Keypair;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Swarm, SwarmBuilder, identify, noise, relay, rendezvous, tcp, yamux};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::super::{Net, NetConfig, NetEvent, keypair};
use crate::vault::Secret32;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const TCP: &str = "/ip4/127.0.0.1/tcp/0";

type Order = Box<dyn FnOnce(&mut Net) + Send>;

/// A network that runs on its own.
pub(super) struct Phone {
    pub(super) key: TransportKey,
    orders: mpsc::UnboundedSender<Order>,
    events: mpsc::UnboundedReceiver<NetEvent>,
    runs: JoinHandle<Net>,
}

impl Phone {
    /// Starts one that lets nobody in. Its key is made of `seed`.
    pub(super) fn start(seed: u8, listen: &[&str]) -> Self {
        let (net, key) = network(seed, listen);
        Self::run(net, key)
    }

    /// As [`Phone::start`], but it looks for others in the local network.
    #[cfg(feature = "mdns")]
    pub(super) fn looking(seed: u8, listen: &[&str]) -> Self {
        let net = Net::start(&secret(seed), &NetConfig { mdns: true, ..config(listen) });
        Self::run(net.expect("it starts"), TransportSecret::new(secret(seed).expose()).public())
    }

    fn run(mut net: Net, key: TransportKey) -> Self {
        let (orders, mut ordered) = mpsc::unbounded_channel::<Order>();
        let (told, events) = mpsc::unbounded_channel();
        let runs = tokio::spawn(async move {
            loop {
                tokio::select! {
                    order = ordered.recv() => match order {
                        Some(order) => order(&mut net),
                        None => return net,
                    },
                    event = net.next() => {
                        // The test may have seen enough.
                        let _ = told.send(event);
                    }
                }
            }
        });
        Self { key, orders, events, runs }
    }

    /// Does something with the network.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Net) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = oneshot::channel();
        let order = move |net: &mut Net| {
            // The test waits for it.
            let _ = answer.send(order(net));
        };
        assert!(self.orders.send(Box::new(order)).is_ok(), "the network runs");
        in_time(answered).await.expect("the network runs")
    }

    pub(super) async fn admit(&self, other: TransportKey) {
        self.ask(move |net| net.admit(other)).await;
    }

    pub(super) async fn dial(&self, other: TransportKey, address: &str) {
        let addresses = [address.to_owned()];
        self.ask(move |net| net.dial(other, &addresses)).await.expect("the dial begins");
    }

    pub(super) async fn reserve(&self, relay: &RelayServer) {
        let (key, address) = (relay.key, relay.address.clone());
        self.ask(move |net| net.reserve(key, &address)).await;
    }

    pub(super) async fn send(&self, other: TransportKey, frame: &[u8]) {
        let frame: Arc<[u8]> = frame.into();
        self.ask(move |net| net.send(&other, frame)).await;
    }

    /// Waits for the event that `pick` takes; skips others.
    pub(super) async fn until<T>(&mut self, mut pick: impl FnMut(NetEvent) -> Option<T>) -> T {
        in_time(async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        })
        .await
    }

    /// Waits for the next event, whatever it is.
    pub(super) async fn next(&mut self) -> NetEvent {
        self.until(Some).await
    }

    /// Returns every event of the next `wait`.
    pub(super) async fn during(&mut self, wait: Duration) -> Vec<NetEvent> {
        tokio::time::sleep(wait).await;
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    pub(super) async fn up(&mut self, other: TransportKey, path: LinkPath) {
        self.until(|event| (event == NetEvent::Up(other, path)).then_some(())).await;
    }

    pub(super) async fn down(&mut self, other: TransportKey) {
        self.until(|event| (event == NetEvent::Down(other)).then_some(())).await;
    }

    /// Waits for the next frame, and returns it.
    pub(super) async fn frame(&mut self) -> Vec<u8> {
        self.until(|event| if let NetEvent::Frame(_, bytes) = event { Some(bytes) } else { None }).await
    }

    /// Waits until it listens, and returns the first address.
    pub(super) async fn address(&mut self) -> String {
        self.until(|event| {
            if let NetEvent::Listening(addresses) = event { addresses.into_iter().next() } else { None }
        })
        .await
    }

    /// Ends the tasks that run the network, and returns it.
    pub(super) async fn into_net(self) -> Net {
        drop(self.orders);
        in_time(self.runs).await.expect("the network runs")
    }
}

/// Starts a network that nobody runs.
pub(super) fn network(seed: u8, listen: &[&str]) -> (Net, TransportKey) {
    let secret = secret(seed);
    let key = TransportSecret::new(secret.expose()).public();
    (Net::start(&secret, &config(listen)).expect("it starts"), key)
}

fn config(listen: &[&str]) -> NetConfig {
    NetConfig { listen: listen.iter().map(|address| (*address).to_owned()).collect(), mdns: false }
}

pub(super) fn secret(seed: u8) -> Secret32 {
    Secret32::new(&[seed; 32])
}

/// Starts two that know each other, of which the first has dialled the second. Over WebRTC nobody dials who does not listen.
pub(super) async fn linked(listen: &str, path: LinkPath) -> (Phone, Phone, String) {
    let listens = [listen];
    let mut near = Phone::start(1, if listen.contains("webrtc") { &listens } else { &[] });
    let mut far = Phone::start(2, &[listen]);
    near.admit(far.key).await;
    far.admit(near.key).await;
    let address = far.address().await;
    near.dial(far.key, &address).await;
    near.up(far.key, path).await;
    far.up(near.key, path).await;
    (near, far, address)
}

/// Waits, but not for ever.
pub(super) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it happens in time")
}

#[derive(NetworkBehaviour)]
struct Server {
    relay: relay::Behaviour,
    rendezvous: rendezvous::server::Behaviour,
    identify: Toggle<identify::Behaviour>,
}

/// A relay and rendezvous point.
pub(super) struct RelayServer {
    pub(super) key: TransportKey,
    pub(super) address: String,
    name: String,
    runs: JoinHandle<()>,
}

impl RelayServer {
    /// Starts one that keeps `reservations` phones at most. One that identifies them tells them what they look like from outside,
    /// which lets them punch holes.
    pub(super) async fn start(seed: u8, reservations: usize, identifies: bool) -> Self {
        let identity = keypair(&secret(seed)).expect("a key");
        let key = TransportSecret::new(secret(seed).expose()).public();
        let name = identity.public().to_peer_id().to_string();
        let mut swarm = server(*identity, reservations, identifies);
        swarm.listen_on(TCP.parse().expect("an address")).expect("it listens");
        let address = in_time(async {
            loop {
                if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                    return address;
                }
            }
        })
        .await;
        swarm.add_external_address(address.clone());
        let runs = tokio::spawn(async move {
            loop {
                swarm.select_next_some().await;
            }
        });
        Self { key, address: address.to_string(), name, runs }
    }

    /// Returns the address of whoever it keeps.
    pub(super) fn circuit(&self) -> String {
        format!("{}/p2p/{}/p2p-circuit", self.address, self.name)
    }

    /// Ends it without a word.
    pub(super) async fn kill(self) {
        self.runs.abort();
        assert!(self.runs.await.is_err(), "it was running");
    }
}

fn server(identity: Keypair, max_reservations: usize, identifies: bool) -> Swarm<Server> {
    SwarmBuilder::with_existing_identity(identity)
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .expect("TCP")
        .with_behaviour(|key| Server {
            relay: relay::Behaviour::new(
                key.public().to_peer_id(),
                relay::Config { max_reservations, ..relay::Config::default() },
            ),
            rendezvous: rendezvous::server::Behaviour::new(rendezvous::server::Config::default()),
            identify: identifies
                .then(|| identify::Behaviour::new(identify::Config::new("relay/1".into(), key.public())))
                .into(),
        })
        .expect("a behaviour")
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

/// The variable that says that a test is run by itself.
const ALONE: &str = "COUNTERSIGN_TEST_ALONE";

/// Returns whether this process runs one test alone.
pub(super) fn is_alone() -> bool {
    std::env::var_os(ALONE).is_some()
}

/// Runs one test in a process of its own, which `program` starts.
pub(super) fn alone(mut program: Command, test: &str) {
    let output = program.args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().expect("it runs");
    let [out, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success() && out.contains("1 passed"), "{out}{errors}");
}

/// Returns what every descriptor of this process stands for, in order; of a socket, only that it is one.
pub(super) fn descriptors() -> Vec<String> {
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux");
    let mut kinds: Vec<String> = open
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.to_string_lossy().split('[').next().unwrap_or_default().to_owned())
        .filter(|target| !target.starts_with("/proc"))
        .collect();
    kinds.sort();
    kinds
}
