//! Dialling by name and by key: a transport around all others.
//!
//! Names are resolved by the system (`getaddrinfo`), which needs no resolver of our own and nothing that a phone must set up first.
//! Whoever answers at an address must be the one that the address names, so that a wrong one spoils no other address.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt};
use libp2p::PeerId;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, DialOpts, ListenerId, Transport, TransportError, TransportEvent};
use libp2p::multiaddr::{Multiaddr, Protocol};

use super::fault::Fault;

/// Most addresses of one name that are tried.
const MAX_ANSWERS: usize = 8;

type Output = (PeerId, StreamMuxerBox);

/// Resolves names and checks who answers.
pub(super) struct Names(Arc<Mutex<Boxed<Output>>>);

impl Names {
    /// Wraps every other transport.
    pub(super) fn new(inner: Boxed<Output>) -> Self {
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Boxed<Output>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Names {
    type Output = Output;
    type Error = io::Error;
    type ListenerUpgrade = <Boxed<Output> as Transport>::ListenerUpgrade;
    type Dial = BoxFuture<'static, Result<Output, io::Error>>;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
        self.inner().listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner().remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<io::Error>> {
        let named = if let Some(Protocol::P2p(id)) = address.iter().last() { Some(id) } else { None };
        let connecting = if address.iter().any(|part| part == Protocol::P2pCircuit) || !has_name(&address) {
            self.inner().dial(address, options)?
        } else {
            by_name(Arc::clone(&self.0), address, options).boxed()
        };
        Ok(async move {
            let (id, connection) = connecting.await?;
            match named {
                Some(named) if named != id => Err(Fault::WrongPeer.into()),
                Some(_) | None => Ok((id, connection)),
            }
        }
        .boxed())
    }

    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
        Pin::new(&mut *self.inner()).poll(context)
    }
}

fn has_name(address: &Multiaddr) -> bool {
    matches!(address.iter().next(), Some(Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_)))
}

/// Resolves the name that an address begins with, and dials all that it stands for at once; the first that answers counts.
async fn by_name(
    inner: Arc<Mutex<Boxed<Output>>>,
    address: Multiaddr,
    options: DialOpts,
) -> Result<Output, io::Error> {
    let mut dials = Vec::new();
    let mut fault = io::Error::from(Fault::NoAnswer);
    for resolved in resolve(&address).await?.into_iter().take(MAX_ANSWERS) {
        match inner.lock().unwrap_or_else(PoisonError::into_inner).dial(resolved, options) {
            Ok(dial) => dials.push(dial),
            Err(TransportError::MultiaddrNotSupported(_)) => fault = Fault::NotSupported.into(),
            Err(TransportError::Other(error)) => fault = error,
        }
    }
    if dials.is_empty() {
        return Err(fault);
    }
    futures::future::select_ok(dials).await.map(|(output, _)| output)
}

/// Returns an address with each IP address that its name stands for in its place.
async fn resolve(address: &Multiaddr) -> Result<Vec<Multiaddr>, io::Error> {
    let (name, wanted): (String, fn(&IpAddr) -> bool) = match address.iter().next() {
        Some(Protocol::Dns(name)) => (name.into_owned(), |_| true),
        Some(Protocol::Dns4(name)) => (name.into_owned(), IpAddr::is_ipv4),
        Some(Protocol::Dns6(name)) => (name.into_owned(), IpAddr::is_ipv6),
        _ => return Err(Fault::NotSupported.into()),
    };
    // The port is not asked for: any will do.
    let found = tokio::net::lookup_host((name, 0)).await?;
    let with = |ip: IpAddr| Multiaddr::from(ip).into_iter().chain(address.iter().skip(1)).collect();
    Ok(found.map(|socket| socket.ip()).filter(wanted).map(with).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_becomes_the_addresses_that_it_stands_for() {
        let address: Multiaddr = "/dns4/localhost/tcp/7/p2p-circuit".parse().expect("an address");

        let found = resolve(&address).await.expect("an answer");

        assert!(
            found.contains(&"/ip4/127.0.0.1/tcp/7/p2p-circuit".parse().expect("an address")),
            "{found:?}"
        );
        assert!(found.iter().all(|address| matches!(address.iter().next(), Some(Protocol::Ip4(_)))));
    }

    #[tokio::test]
    async fn what_has_no_name_is_not_resolved() {
        for address in ["/dnsaddr/localhost", "/ip4/127.0.0.1/tcp/7"] {
            assert!(resolve(&address.parse().expect("an address")).await.is_err(), "{address}");
        }
    }
}
