//! A relay that runs, as the program that started it sees it.

use std::net::SocketAddr;
use std::path::PathBuf;

use libp2p::metrics::Registry;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::engine::Engine;
use crate::http::Page;
use crate::key;

/// Why a relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be read: change it.
    #[error("the configuration is wrong: {0}")]
    Config(String),
    /// A setting makes no sense: change it.
    #[error("{field} {problem}")]
    Setting {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The file of the identity is no good: mend it, or name another.
    #[error("key_file {} {problem}", path.display())]
    Key {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system does not let us listen there: choose another address, or stop who has it.
    #[error("{field}: cannot listen at {address}: {problem}")]
    Listen {
        /// Which setting names the address.
        field: &'static str,
        /// The address.
        address: String,
        /// What the system says.
        problem: String,
    },
    /// The transport cannot be built.
    #[error("the transport cannot be built: {0}")]
    Transport(String),
}

/// A relay. It stops when it is closed or dropped; only [`Relay::close`] waits for the end.
pub struct Relay {
    peer_id: PeerId,
    addresses: watch::Receiver<Vec<Multiaddr>>,
    metrics_address: Option<SocketAddr>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Starts a relay on the current tokio runtime, and returns once it listens.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn start(config: &Config) -> Result<Self, Error> {
        config.check()?;
        let keypair = key::load_or_make(&config.key_file)
            .map_err(|problem| Error::Key { path: config.key_file.clone(), problem })?;
        let peer_id = keypair.public().to_peer_id();
        let mut registry = Registry::default();
        let (engine, addresses) = Engine::start(keypair, config, &mut registry).await?;
        let page = if config.metrics.enabled {
            let listen = config.metrics.listen;
            let opened = Page::open(listen, registry).await;
            Some(opened.map_err(|error| Error::Listen {
                field: "metrics.listen",
                address: listen.to_string(),
                problem: error.to_string(),
            })?)
        } else {
            None
        };
        let metrics_address = page.as_ref().map(|page| page.address);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            engine.run(stopped).await;
            drop(page);
        });
        Ok(Self { peer_id, addresses, metrics_address, stop, task })
    }

    /// Returns the relay's name, which its key file keeps.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// Returns the addresses to give to phones, each with the relay's name at its end.
    #[must_use]
    pub fn addresses(&self) -> Vec<Multiaddr> {
        self.addresses.borrow().clone()
    }

    /// Returns where the page with figures is.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Waits until the relay ends by itself, which it does only if there is a defect in it.
    pub async fn ended(&mut self) {
        // Why it ended is on standard error.
        let _ = (&mut self.task).await;
    }

    /// Lets nobody in any more, closes every connection, and returns when all are closed or the configured time is over.
    pub async fn close(self) {
        // It may have ended by itself: then there is nobody to tell.
        let _ = self.stop.send(());
        if !self.task.is_finished() {
            let _ = self.task.await;
        }
    }
}
