//! Dialling through relays: a transport around libp2p's that first waits for the connection to the relay.
//!
//! libp2p's relay client dials a relay itself for each circuit, and of several such dials at once all but the first fail. So one
//! place, the network, connects to a relay, once; every circuit waits for it here.

use std::pin::Pin;
use std::task::{Context, Poll};

use countersign_machine::link::DialFault;
use futures::future::{BoxFuture, FutureExt};
use libp2p::PeerId;
use libp2p::core::transport::{DialOpts, ListenerId, Transport, TransportError, TransportEvent};
use libp2p::multiaddr::{Multiaddr, Protocol};
use libp2p::relay::client;
use tokio::sync::{mpsc, oneshot};

use super::fault::{self, Fault};

/// A question to the network: to be connected to a relay.
pub(super) struct Ask {
    pub(super) relay: PeerId,
    /// Where it can be dialled.
    pub(super) address: Multiaddr,
    pub(super) answer: oneshot::Sender<Result<(), DialFault>>,
}

/// The relay client's transport. Its errors are the faults of [`super::fault`].
pub(super) struct Circuits {
    inner: client::Transport,
    asks: mpsc::UnboundedSender<Ask>,
}

impl Circuits {
    /// Wraps the relay client's transport. There is one question for each circuit address of each dial under way.
    pub(super) fn new(inner: client::Transport) -> (Self, mpsc::UnboundedReceiver<Ask>) {
        let (asks, asked) = mpsc::unbounded_channel();
        (Self { inner, asks }, asked)
    }
}

/// Returns the relay that a circuit's address goes through, and where that can be dialled.
pub(super) fn relay_of(address: &Multiaddr) -> Option<(PeerId, Multiaddr)> {
    let mut before: Multiaddr = address.iter().take_while(|part| *part != Protocol::P2pCircuit).collect();
    if before == *address {
        return None;
    }
    let Protocol::P2p(relay) = before.pop()? else { return None };
    (!before.is_empty()).then_some((relay, before))
}

impl Transport for Circuits {
    type Output = client::Connection;
    type Error = std::io::Error;
    type ListenerUpgrade = BoxFuture<'static, Result<client::Connection, std::io::Error>>;
    type Dial = BoxFuture<'static, Result<client::Connection, std::io::Error>>;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<Self::Error>> {
        self.inner.listen_on(id, address).map_err(|error| error.map(std::io::Error::other))
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        let Some((relay, at)) = relay_of(&address) else {
            return Err(TransportError::MultiaddrNotSupported(address));
        };
        // It does nothing until it is polled.
        let connecting =
            self.inner.dial(address, options).map_err(|error| error.map(std::io::Error::other))?;
        let (answer, answered) = oneshot::channel();
        let asks = self.asks.clone();
        Ok(async move {
            let gone = || std::io::Error::from(Fault::Relay(DialFault::Transport));
            asks.send(Ask { relay, address: at, answer }).map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?.map_err(Fault::Relay)?;
            connecting.await.map_err(std::io::Error::other)
        }
        .boxed())
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Pin::new(&mut self.inner).poll(context).map(|event| {
            event
                .map_upgrade(|upgrade| upgrade.map(|result| result.map_err(std::io::Error::other)).boxed())
                .map_err(std::io::Error::other)
        })
    }
}

/// Returns why a reservation ended.
pub(super) fn why(reason: &Result<(), std::io::Error>) -> DialFault {
    reason.as_ref().err().map_or(DialFault::Transport, |error| fault::of_error(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circuits_address_names_its_relay() {
        let relay = PeerId::random();
        let parse = |text: String| text.parse::<Multiaddr>().expect("an address");
        let at = parse("/dns4/localhost/tcp/7".into());

        let through = parse(format!("{at}/p2p/{relay}/p2p-circuit/p2p/{}", PeerId::random()));
        assert_eq!(relay_of(&through), Some((relay, at.clone())));

        for no_circuit in
            [format!("{at}/p2p/{relay}"), format!("{at}/p2p-circuit"), format!("/p2p/{relay}/p2p-circuit")]
        {
            assert_eq!(relay_of(&parse(no_circuit.clone())), None, "{no_circuit}");
        }
    }
}
