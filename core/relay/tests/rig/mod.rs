//! No test: phones as plain libp2p programs that only dial, and a relay to try them on.
#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "libp2p's enums grow, and tests wait for one thing at a time"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use countersign_relay::{Config, Relay};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{
    PeerId, Stream, StreamProtocol, Swarm, SwarmBuilder, identify, noise, relay, rendezvous, tcp, yamux,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Longest wait for what must come, far over any machine's pauses.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What a phone sends back as it came.
pub const ECHO: StreamProtocol = StreamProtocol::new("/echo/1");

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub struct Behaviour {
    pub identify: identify::Behaviour,
    pub relay: relay::client::Behaviour,
    pub rendezvous: rendezvous::client::Behaviour,
    pub streams: libp2p_stream::Behaviour,
}

type Event = SwarmEvent<BehaviourEvent>;
type Command = Box<dyn FnOnce(&mut Swarm<Behaviour>) + Send>;

/// A phone.
pub struct Phone {
    pub peer: PeerId,
    pub streams: libp2p_stream::Control,
    /// Where it listens, if it does.
    pub listening: Option<Multiaddr>,
    commands: mpsc::UnboundedSender<Command>,
    events: mpsc::UnboundedReceiver<Event>,
    tasks: [AbortHandle; 2],
}

impl Phone {
    /// A phone that listens nowhere.
    pub fn new() -> Self {
        Self::with_key(Keypair::generate_ed25519())
    }

    pub fn with_key(key: Keypair) -> Self {
        let peer = key.public().to_peer_id();
        let mut swarm = SwarmBuilder::with_existing_identity(key)
            .with_tokio()
            .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
            .expect("a transport")
            .with_relay_client(noise::Config::new, yamux::Config::default)
            .expect("a transport")
            .with_behaviour(|key, relay| Behaviour {
                identify: identify::Behaviour::new(identify::Config::new("/test/1".into(), key.public())),
                relay,
                rendezvous: rendezvous::client::Behaviour::new(key.clone()),
                streams: libp2p_stream::Behaviour::new(),
            })
            .expect("a behaviour")
            .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
            .build();
        let streams = swarm.behaviour().streams.new_control();
        let mut called = streams.clone().accept(ECHO).expect("the first");
        let echo = tokio::spawn(async move {
            while let Some((_, stream)) = called.next().await {
                tokio::spawn(echo(stream));
            }
        });
        let (commands, mut orders) = mpsc::unbounded_channel::<Command>();
        let (report, events) = mpsc::unbounded_channel();
        let life = tokio::spawn(async move {
            loop {
                tokio::select! {
                    event = swarm.select_next_some() => drop(report.send(event)),
                    order = orders.recv() => match order {
                        Some(order) => order(&mut swarm),
                        None => return,
                    },
                }
            }
        });
        Self {
            peer,
            streams,
            listening: None,
            commands,
            events,
            tasks: [echo.abort_handle(), life.abort_handle()],
        }
    }

    /// A phone that others can dial.
    pub async fn listening() -> Self {
        let mut phone = Self::new();
        let listen = "/ip4/127.0.0.1/tcp/0".parse().expect("an address");
        phone.tell(move |swarm| {
            swarm.listen_on(listen).expect("it is ours");
        });
        let listening = phone
            .wait(|event| match event {
                SwarmEvent::NewListenAddr { address, .. } => Some(address.clone()),
                _ => None,
            })
            .await;
        phone.listening = listening.with_p2p(phone.peer).ok();
        phone
    }

    pub fn tell(&self, order: impl FnOnce(&mut Swarm<Behaviour>) + Send + 'static) {
        self.commands.send(Box::new(order)).expect("it lives");
    }

    /// Waits for the first event for which `pick` returns something.
    pub async fn wait<T>(&mut self, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        let picked = async {
            loop {
                let event = self.events.recv().await.expect("it lives");
                if let Some(picked) = pick(&event) {
                    return picked;
                }
            }
        };
        tokio::time::timeout(PATIENCE, picked).await.expect("in time")
    }

    /// Dials, and returns what went wrong.
    pub async fn dial(&mut self, address: &Multiaddr) -> Result<(), String> {
        let peer = match address.iter().last() {
            Some(Protocol::P2p(peer)) => peer,
            _ => panic!("{address} names nobody"),
        };
        let options =
            DialOpts::peer_id(peer).addresses(vec![address.clone()]).condition(PeerCondition::Always).build();
        let id = options.connection_id();
        self.tell(move |swarm| drop(swarm.dial(options)));
        self.wait(|event| match event {
            SwarmEvent::ConnectionEstablished { connection_id, .. } if *connection_id == id => Some(Ok(())),
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } if *connection_id == id => {
                Some(Err(format!("{error:?}")))
            }
            _ => None,
        })
        .await
    }

    /// Asks for a reservation, and returns what went wrong.
    pub async fn reserve(&mut self, relay: &Multiaddr) -> Result<(), String> {
        let address = relay.clone().with(Protocol::P2pCircuit);
        self.tell(move |swarm| {
            swarm.listen_on(address).expect("an address");
        });
        self.wait(|event| match event {
            SwarmEvent::Behaviour(BehaviourEvent::Relay(relay::client::Event::ReservationReqAccepted {
                ..
            })) => Some(Ok(())),
            SwarmEvent::ListenerClosed { reason: Err(error), .. } => Some(Err(format!("{error:?}"))),
            _ => None,
        })
        .await
    }

    /// Opens a circuit to a phone, and returns what went wrong.
    pub async fn call(&mut self, relay: &Multiaddr, peer: PeerId) -> Result<(), String> {
        self.dial(&through(relay, peer)).await
    }

    /// Sends bytes to a phone, which sends them back.
    pub async fn echo(&mut self, peer: PeerId, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let talk = async {
            let mut stream = self.streams.open_stream(peer, ECHO).await.map_err(|error| error.to_string())?;
            let mut answer = vec![0; bytes.len()];
            stream.write_all(bytes).await.map_err(|error| error.to_string())?;
            stream.flush().await.map_err(|error| error.to_string())?;
            stream.read_exact(&mut answer).await.map_err(|error| error.to_string())?;
            Ok(answer)
        };
        tokio::time::timeout(PATIENCE, talk).await.expect("in time")
    }

    /// Waits until the last connection to a peer is gone.
    pub async fn lose(&mut self, peer: PeerId) {
        self.wait(|event| match event {
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } if *peer_id == peer => Some(()),
            _ => None,
        })
        .await;
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn echo(mut stream: Stream) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..length]).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// The address of a phone behind a relay.
pub fn through(relay: &Multiaddr, peer: PeerId) -> Multiaddr {
    relay.clone().with(Protocol::P2pCircuit).with(Protocol::P2p(peer))
}

/// Another way to a relay: who takes it comes from `ip`, an address of this computer, and what is said takes `delay` each way.
pub async fn door(relay: &Multiaddr, ip: [u8; 4], delay: Duration) -> Multiaddr {
    let inside = SocketAddr::from(([127, 0, 0, 1], port(relay)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let outside = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((one, _)) = listener.accept().await {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind((ip, 0).into()).expect("ours");
            let Ok(other) = socket.connect(inside).await else { continue };
            let ((from_one, to_one), (from_other, to_other)) = (one.into_split(), other.into_split());
            // Whoever ends it ends it for both.
            tokio::spawn(async move {
                tokio::select! {
                    () = carry(from_one, to_other, delay) => {}
                    () = carry(from_other, to_one, delay) => {}
                }
            });
        }
    });
    let address: Multiaddr = format!("/ip4/127.0.0.1/tcp/{outside}").parse().expect("an address");
    address.with(relay.iter().last().expect("its name"))
}

/// Carries bytes until either end is gone, each `delay` after it came.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (late, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let take = async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if late.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    };
    let give = async move {
        while let Some((at, bytes)) = due.recv().await {
            tokio::time::sleep_until(at.into()).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(take, give);
}

/// The TCP port of an address.
pub fn port(address: &Multiaddr) -> u16 {
    let port = address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    });
    port.expect("a TCP address")
}

/// A relay with a folder of its own, on this computer alone.
pub struct House {
    pub relay: Relay,
    pub address: Multiaddr,
    pub config: Config,
    folder: TempDir,
}

impl House {
    pub async fn new(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = config_in(&folder);
        change(&mut config);
        Self::start(config, folder).await
    }

    async fn start(config: Config, folder: TempDir) -> Self {
        let relay = Relay::start(&config).await.expect("it starts");
        let address = relay.addresses().first().expect("it listens").clone();
        Self { relay, address, config, folder }
    }

    /// Closes the relay and starts it again.
    pub async fn again(self) -> Self {
        self.relay.close().await;
        Self::start(self.config, self.folder).await
    }

    /// A phone that can be called through the relay.
    pub async fn resident(&self) -> Phone {
        let mut phone = Phone::new();
        phone.reserve(&self.address).await.expect("there is room");
        phone
    }

    /// Reads the page with figures.
    pub async fn page(&self) -> String {
        get(self.relay.metrics_address().expect("it has one"), "/metrics").await
    }

    /// Reads one figure by its name and labels; 0 if it was never counted.
    pub async fn figure(&self, name: &str) -> u64 {
        figure(&self.page().await, name)
    }

    /// Waits until a figure is what it must become.
    pub async fn await_figure(&self, name: &str, value: u64) {
        let became = async {
            while self.figure(name).await != value {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, became).await.is_err() {
            panic!("{name} is {}, not {value}", self.figure(name).await);
        }
    }
}

/// Settings for tests: any free port, and no limit that fifteen phones on one computer could meet.
pub fn config_in(folder: &TempDir) -> Config {
    let mut config = Config {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().expect("an address")],
        key_file: folder.path().join("relay.key"),
        ..Config::default()
    };
    config.metrics.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

pub fn figure(page: &str, name: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().expect("a count"))
}

/// Asks for a page, as any browser would, and returns its text after the head.
pub async fn get(address: SocketAddr, path: &str) -> String {
    let (head, body) = ask(address, &format!("GET {path} HTTP/1.1\r\nhost: relay\r\n\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body
}

/// Sends a request and returns the answer's head and body.
pub async fn ask(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("somebody listens");
    stream.write_all(request.as_bytes()).await.expect("it is read");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}
