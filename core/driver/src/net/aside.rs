//! A runtime, with a thread, for the parts of libp2p that start tasks by themselves: QUIC, WebRTC and mDNS.
//!
//! What they start nobody else can end, and it goes on, with its sockets, when they are dropped: some for a while, some for ever.
//! So it runs here, and ends with this.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;
#[cfg(any(feature = "quic", feature = "webrtc", feature = "mdns"))]
use tokio::runtime::{Builder, Handle};
use tokio::time::Instant;

/// The runtime; it is there from its first use on. Dropping the last handle ends it.
#[derive(Clone, Default)]
pub(super) struct Aside(Arc<Slot>);

#[derive(Default)]
struct Slot(Mutex<Option<Runtime>>);

impl Aside {
    /// Returns the runtime's handle, and starts it if need be.
    #[cfg(any(feature = "quic", feature = "webrtc", feature = "mdns"))]
    pub(super) fn handle(&self) -> std::io::Result<Handle> {
        let mut slot = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*slot {
            return Ok(runtime.handle().clone());
        }
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("countersign-aside").enable_all().build()?;
        Ok(slot.insert(runtime).handle().clone())
    }

    /// Returns the runtime's handle, if it was started.
    #[cfg(any(feature = "quic", feature = "webrtc"))]
    fn started(&self) -> Option<Handle> {
        let slot = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().map(|runtime| runtime.handle().clone())
    }

    /// Ends every task, and waits for that until `end`.
    pub(super) async fn stop(&self, end: Instant) {
        let runtime = self.0.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            let within = end.saturating_duration_since(Instant::now());
            // It fails only by a panic, and then there is nothing left to end.
            let _ = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(within)).await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(any(feature = "quic", feature = "webrtc"))]
pub(super) use carrier::Beside;

#[cfg(any(feature = "quic", feature = "webrtc"))]
mod carrier {
    use std::future::{Future, poll_fn};
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures::future::{BoxFuture, FutureExt};
    use libp2p::core::transport::{Boxed, DialOpts, ListenerId, Transport, TransportError, TransportEvent};
    use libp2p::multiaddr::Multiaddr;
    use tokio::runtime::Handle;

    use super::Aside;

    /// A transport whose tasks run aside.
    pub(in super::super) struct Beside<O>(pub(in super::super) Boxed<O>, pub(in super::super) Aside);

    impl<O: 'static> Transport for Beside<O> {
        type Output = O;
        type Error = io::Error;
        type ListenerUpgrade = BoxFuture<'static, Result<O, io::Error>>;
        type Dial = BoxFuture<'static, Result<O, io::Error>>;

        fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
            let handle = self.1.handle().map_err(TransportError::Other)?;
            let _inside = handle.enter();
            self.0.listen_on(id, address)
        }

        fn remove_listener(&mut self, id: ListenerId) -> bool {
            self.0.remove_listener(id)
        }

        fn dial(
            &mut self,
            address: Multiaddr,
            options: DialOpts,
        ) -> Result<Self::Dial, TransportError<io::Error>> {
            let handle = self.1.handle().map_err(TransportError::Other)?;
            let inside = handle.enter();
            let dial = self.0.dial(address, options)?;
            drop(inside);
            Ok(inside_of(handle, dial))
        }

        fn poll(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
            // Before it is used there is nothing to do.
            let Some(handle) = self.1.started() else { return Poll::Pending };
            let _inside = handle.enter();
            Pin::new(&mut self.0)
                .poll(context)
                .map(|event| event.map_upgrade(|upgrade| inside_of(handle.clone(), upgrade)))
        }
    }

    /// Lets a future start its tasks in a runtime, wherever it is polled.
    fn inside_of<T>(
        handle: Handle,
        mut future: impl Future<Output = T> + Send + Unpin + 'static,
    ) -> BoxFuture<'static, T> {
        poll_fn(move |context| {
            let _inside = handle.enter();
            future.poll_unpin(context)
        })
        .boxed()
    }
}
