//! Where calls come in: a runtime of our own, and panics that go no further.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use once_cell::sync::Lazy;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{AbortHandle, JoinError};

use crate::error::NodeError;

/// Threads of the runtime: one carries the engine, one whoever waits for a vault or the disk.
const THREADS: usize = 2;

/// The runtime, while anybody needs it.
static SHARED: Lazy<Mutex<Weak<Home>>> = Lazy::new(Mutex::default);

/// The runtime that everything runs on. Its threads end with the last holder.
pub(crate) struct Home(Option<Runtime>);

impl Home {
    /// Returns the runtime that runs, or starts one.
    ///
    /// # Errors
    ///
    /// [`NodeError::Internal`] if the system gives no threads.
    pub(crate) fn shared() -> Result<Arc<Self>, NodeError> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(home) = shared.upgrade() {
            return Ok(home);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("countersign")
            .enable_all()
            .build();
        let home = Arc::new(Self(Some(runtime.map_err(|error| NodeError::internal(&error))?)));
        *shared = Arc::downgrade(&home);
        Ok(home)
    }

    /// Runs a command to its end, whether or not its caller still waits: it is never half done.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        command: impl Future<Output = Result<T, NodeError>> + Send + 'static,
    ) -> Result<T, NodeError> {
        self.runtime()?.spawn(checked(command)).await.unwrap_or_else(|error| Err(panicked(&error)))
    }

    /// Waits for something as long as the caller does.
    pub(crate) async fn wait<T: Send + 'static>(
        &self,
        wait: impl Future<Output = Result<T, NodeError>> + Send + 'static,
    ) -> Result<T, NodeError> {
        let waiting = self.runtime()?.spawn(checked(wait));
        let _ends_with_us = Abort(waiting.abort_handle());
        waiting.await.unwrap_or_else(|error| Err(panicked(&error)))
    }

    /// Lets something run beside the calls until it is told to end.
    pub(crate) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<Abort, NodeError> {
        Ok(Abort(self.runtime()?.spawn(work).abort_handle()))
    }

    fn runtime(&self) -> Result<&Runtime, NodeError> {
        self.0.as_ref().ok_or(NodeError::Stopped)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The last holder may be one of its own threads, which cannot wait for themselves.
            runtime.shutdown_background();
        }
    }
}

/// Ends a task when it is dropped.
pub(crate) struct Abort(AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn checked<T>(call: impl Future<Output = Result<T, NodeError>>) -> Result<T, NodeError> {
    #[cfg(feature = "panics")]
    panics::take();
    call.await
}

fn panicked(error: &JoinError) -> NodeError {
    NodeError::internal(error)
}

#[cfg(feature = "panics")]
mod panics {
    use std::sync::atomic::{AtomicBool, Ordering};

    static NEXT: AtomicBool = AtomicBool::new(false);

    /// Lets the next exported call panic.
    #[uniffi::export]
    fn panic_next() {
        NEXT.store(true, Ordering::Relaxed);
    }

    pub(super) fn take() {
        assert!(!NEXT.swap(false, Ordering::Relaxed), "a test wants it so");
    }
}
