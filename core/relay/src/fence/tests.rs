//! What ends libp2p's relay, done to it slowly enough to happen every time.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::swarm::SwarmEvent;
use libp2p::{StreamProtocol, Swarm, SwarmBuilder, noise, tcp, yamux};
use tokio::time::Sleep;

use super::*;

const HOP: StreamProtocol = StreamProtocol::new("/libp2p/circuit/relay/0.2.0/hop");
/// Asks for a reservation: a message of two bytes.
const RESERVE: [u8; 3] = [2, 8, 0];
/// How long a reservation is good for.
const RESERVED: Duration = Duration::from_secs(2);
/// How long the relay takes for whatever it does.
const LATE: Duration = Duration::from_secs(1);
/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A relay that is so busy that all it says comes late: on a real one it is microseconds, which a phone can meet by trying often.
struct Late {
    relay: Fence,
    held: VecDeque<(Instant, ToSwarm<relay::Event, THandlerInEvent<Fence>>)>,
    timer: Pin<Box<Sleep>>,
}

#[tokio::test]
async fn a_renewal_granted_when_its_reservation_has_just_run_out_ends_its_connection_only() {
    let mut swarm = swarm_of(|peer| {
        let config = relay::Config { reservation_duration: RESERVED, ..relay::Config::default() };
        let mut relay = relay::Behaviour::new(peer, config);
        relay.set_status(Some(relay::Status::Enable));
        let timer = Box::pin(tokio::time::sleep(Duration::ZERO));
        Late { relay: Fence::new(relay), held: VecDeque::new(), timer }
    });
    let relay = *swarm.local_peer_id();
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().expect("an address")).expect("a port");
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    let life = tokio::spawn(async move { while swarm.next().await.is_some() {} });

    let (mut eve, mut bob) = (phone(), phone());
    for phone in [&mut eve, &mut bob] {
        phone.dial(address.clone()).expect("an address");
        until(phone, |event| matches!(event, SwarmEvent::ConnectionEstablished { .. })).await;
    }
    let begun = Instant::now();
    reserve(&mut eve, relay).await;
    assert!(begun.elapsed() >= LATE, "it is late");
    // The reservation runs out while its renewal is being granted.
    tokio::time::sleep(RESERVED - LATE / 2).await;
    let mut control = eve.behaviour().new_control();
    let renewal = tokio::spawn(async move { ask(&mut control, relay).await });
    until(&mut eve, |event| matches!(event, SwarmEvent::ConnectionClosed { .. })).await;
    renewal.abort();

    reserve(&mut bob, relay).await;
    assert!(!life.is_finished(), "the relay lives");
    life.abort();
}

/// Asks for a reservation, which must be given.
async fn reserve(phone: &mut Swarm<libp2p_stream::Behaviour>, relay: PeerId) {
    let mut control = phone.behaviour().new_control();
    let asked = async {
        tokio::select! {
            answer = ask(&mut control, relay) => answer,
            () = async { while phone.next().await.is_some() {} } => None,
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await.expect("in time");
    // Of its fields the last is the status, in two bytes: 100, as it should be.
    assert!(answer.is_some_and(|answer| answer.ends_with(&[40, 100])));
}

async fn ask(control: &mut libp2p_stream::Control, relay: PeerId) -> Option<Vec<u8>> {
    let mut stream = control.open_stream(relay, HOP).await.ok()?;
    stream.write_all(&RESERVE).await.ok()?;
    stream.flush().await.ok()?;
    let mut length = [0];
    stream.read_exact(&mut length).await.ok()?;
    let mut answer = vec![0; length[0].into()];
    stream.read_exact(&mut answer).await.ok()?;
    Some(answer)
}

async fn until<B: NetworkBehaviour>(swarm: &mut Swarm<B>, is_it: impl Fn(&SwarmEvent<B::ToSwarm>) -> bool) {
    let came = async { while !is_it(&swarm.select_next_some().await) {} };
    tokio::time::timeout(PATIENCE, came).await.expect("in time");
}

fn phone() -> Swarm<libp2p_stream::Behaviour> {
    swarm_of(|_| libp2p_stream::Behaviour::new())
}

fn swarm_of<B: NetworkBehaviour>(behaviour: impl FnOnce(PeerId) -> B) -> Swarm<B> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .expect("a transport")
        .with_behaviour(|key| behaviour(key.public().to_peer_id()))
        .expect("a behaviour")
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

impl NetworkBehaviour for Late {
    type ConnectionHandler = <Fence as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = relay::Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.relay.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        remote: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.relay.handle_established_outbound_connection(id, peer, remote, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        self.relay.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.relay.on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        while let Poll::Ready(said) = self.relay.poll(context) {
            self.held.push_back((Instant::now() + LATE, said));
        }
        let Some((at, _)) = self.held.front() else { return Poll::Pending };
        self.timer.as_mut().reset((*at).into());
        if self.timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.held.pop_front().map_or(Poll::Pending, |(_, said)| Poll::Ready(said))
    }
}
