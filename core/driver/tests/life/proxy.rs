//! A way between two phones that can go dark: what stood before stays open, and nothing passes any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The way. It ends when this is dropped.
pub(super) struct Proxy {
    /// How often it has gone dark: a connection lives as long as that stays as it was.
    darkness: watch::Sender<u64>,
    accepted: Arc<Mutex<Vec<Instant>>>,
    /// Held for their end.
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Leads from one port to another of this machine; there need not be anybody yet.
    pub(super) async fn start(from: u16, to: watch::Receiver<u16>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", from)).await.expect("the port is free");
        let (darkness, dark) = watch::channel(0);
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&accepted);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (near, _) = listener.accept().await.expect("a connection");
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                connections.spawn(lead(near, *to.borrow(), dark.clone()));
            }
        });
        Self { darkness, accepted, _tasks: tasks }
    }

    /// Lets nothing pass any more on the connections that stand; new ones are as good as the first.
    pub(super) fn go_dark(&self) {
        self.darkness.send_modify(|times| *times += 1);
    }

    /// Returns when each connection came.
    pub(super) fn accepted(&self) -> Vec<Instant> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn lead(mut near: TcpStream, to: u16, mut dark: watch::Receiver<u64>) {
    let stands = *dark.borrow();
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
    let goes_dark = tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => false,
        changed = dark.wait_for(|times| *times != stands) => changed.is_ok(),
    };
    if goes_dark {
        // Both ends stay open, and hear nothing.
        std::future::pending::<()>().await;
    }
}
