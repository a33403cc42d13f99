//! What carries connections: TCP always, relays' circuits, and by feature QUIC, WebRTC and memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use countersign_machine::limits::DIAL_TIMEOUT_MS;

use futures::future::{BoxFuture, FutureExt};
use futures::io::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::transport::{Boxed, Transport};
use libp2p::core::upgrade::Version;

use libp2p::identity::Keypair;
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::swarm::derive_prelude::Either;
use libp2p::{PeerId, noise, relay, tcp, yamux};
use tokio::sync::mpsc;

use super::NetError;
use super::aside::Aside;
#[cfg(any(feature = "quic", feature = "webrtc"))]
use super::aside::Beside;
use super::circuit::{Ask, Circuits};
use super::names::Names;

/// How long a connection may take to close in good order: one whose other side has gone would take minutes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a QUIC connection says that it is there: most NATs forget a UDP mapping after 30 s, and a lost packet
/// must leave time for a second.
#[cfg(feature = "quic")]
const QUIC_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// When a QUIC connection that hears nothing is given up, in milliseconds: three keep-alives.
#[cfg(feature = "quic")]
const QUIC_IDLE_MS: u32 = 45_000;

type Wire = Boxed<(PeerId, StreamMuxerBox)>;

/// Everything that connections need.
pub(super) struct Wires {
    pub(super) transport: Wire,
    /// Keeps reservations at relays.
    pub(super) relay: relay::client::Behaviour,
    /// The relays that dials wait for.
    pub(super) asked: mpsc::UnboundedReceiver<Ask>,
}

/// Builds the transports.
#[cfg_attr(
    not(any(feature = "quic", feature = "webrtc")),
    expect(unused_variables, reason = "what there is starts no tasks")
)]
pub(super) fn build(keypair: &Keypair, aside: &Aside) -> Result<Wires, NetError> {
    #[cfg(any(feature = "quic", feature = "webrtc"))]
    choose_cryptography();
    let (client, relay) = relay::client::new(keypair.public().to_peer_id());
    let (circuits, asked) = Circuits::new(client);
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let wire = or(secured(circuits, keypair)?, secured(tcp, keypair)?);
    #[cfg(feature = "quic")]
    let wire = or(wire, Beside(quic(keypair), aside.clone()).boxed());
    #[cfg(feature = "webrtc")]
    let wire = or(wire, Beside(webrtc(keypair)?, aside.clone()).boxed());
    #[cfg(any(test, feature = "memory"))]
    let wire = or(wire, secured(libp2p::core::transport::MemoryTransport::new(), keypair)?);
    let timeout = Duration::from_millis(DIAL_TIMEOUT_MS);
    let transport = TransportTimeout::new(Names::new(wire), timeout)
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(Closing::new(connection))))
        .boxed();
    Ok(Wires { transport, relay, asked })
}

/// Returns whether an address to listen at stands for all addresses of the machine.
pub(super) fn is_unspecified(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => ip.is_unspecified(),
        Some(Protocol::Ip6(ip)) => ip.is_unspecified(),
        _ => false,
    }
}

/// Puts Noise and Yamux on a transport of bytes.
fn secured<T>(bytes: T, keypair: &Keypair) -> Result<Wire, NetError>
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Error: Send + Sync + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
{
    let noise = noise::Config::new(keypair).map_err(|error| NetError::Transport(error.to_string()))?;
    Ok(bytes
        .upgrade(Version::V1Lazy)
        .authenticate(noise)
        .multiplex(yamux::Config::default())
        // These hide what caused them.
        .map_err(|error| match error {
            Either::Left(Either::Left(error)) => io::Error::other(error),
            Either::Left(Either::Right(error)) => io::Error::other(error),
            Either::Right(error) => io::Error::other(error),
        })
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed())
}

/// Lets the first of two transports that knows an address have it.
fn or(first: Wire, second: Wire) -> Wire {
    first.or_transport(second).map(|output, _| output.into_inner()).map_err(Either::into_inner).boxed()
}

#[cfg(feature = "quic")]
fn quic(keypair: &Keypair) -> Wire {
    let mut config = libp2p::quic::Config::new(keypair);
    config.keep_alive_interval = QUIC_KEEP_ALIVE;
    config.max_idle_timeout = QUIC_IDLE_MS;
    libp2p::quic::tokio::Transport::new(config)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed()
}

/// WebRTC with a certificate of this run's own: addresses name its hash, so they are new after a restart.
#[cfg(feature = "webrtc")]
fn webrtc(keypair: &Keypair) -> Result<Wire, NetError> {
    let certificate = libp2p_webrtc::tokio::Certificate::generate(&mut rand::rng())
        .map_err(|error| NetError::Transport(error.to_string()))?;
    Ok(libp2p_webrtc::tokio::Transport::new(keypair.clone(), certificate)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed())
}

/// Chooses one of the two libraries of cryptography that QUIC and WebRTC link between them; else rustls panics for not
/// knowing which.
#[cfg(any(feature = "quic", feature = "webrtc"))]
fn choose_cryptography() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the program has chosen its cryptography before");
    }
}

/// A connection that closes in good order or after [`CLOSE_TIMEOUT`].
struct Closing {
    inner: StreamMuxerBox,
    overdue: Option<BoxFuture<'static, ()>>,
}

impl Closing {
    fn new(inner: StreamMuxerBox) -> Self {
        Self { inner, overdue: None }
    }
}

impl StreamMuxer for Closing {
    type Substream = SubstreamBox;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<SubstreamBox, io::Error>> {
        Pin::new(&mut self.inner).poll_inbound(context)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<SubstreamBox, io::Error>> {
        Pin::new(&mut self.inner).poll_outbound(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        if let Poll::Ready(result) = Pin::new(&mut self.inner).poll_close(context) {
            return Poll::Ready(result);
        }
        let overdue = self.overdue.get_or_insert_with(|| tokio::time::sleep(CLOSE_TIMEOUT).boxed());
        overdue.poll_unpin(context).map(Ok)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, io::Error>> {
        Pin::new(&mut self.inner).poll(context)
    }
}
