//! Every task of the network, so that all can be ended and their end awaited.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::swarm::Executor;
use tokio::task::{AbortHandle, JoinSet};

/// The tasks of one network: libp2p's connections, and what reads and writes streams. Dropping the last handle ends them.
#[derive(Clone, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    /// Starts a task.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What has ended is let go of here: there is no other place that sees every task.
        while let Some(ended) = set.try_join_next() {
            tell(ended);
        }
        set.spawn(task)
    }

    /// Ends every task and waits for that, but no longer than `within`; returns how many are left.
    pub(super) async fn stop(&self, within: Duration) -> usize {
        let mut set = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        set.abort_all();
        // What is left after that is counted below.
        let _ = tokio::time::timeout(within, async {
            while let Some(ended) = set.join_next().await {
                tell(ended);
            }
        })
        .await;
        set.len()
    }
}

impl Executor for Tasks {
    fn exec(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.spawn(task);
    }
}

fn tell(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a task of the network panicked");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stopping_ends_the_tasks_that_wait_for_ever() {
        let tasks = Tasks::default();
        let (held, gone) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn(async move {
            std::future::pending::<()>().await;
            drop(held);
        });

        assert_eq!(tasks.stop(Duration::from_secs(5)).await, 0);

        assert!(gone.await.is_err(), "what the task held is dropped");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_task_that_cannot_be_ended_in_time_is_counted() {
        let tasks = Tasks::default();
        let (started, starts) = tokio::sync::oneshot::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        tasks.spawn(async move {
            started.send(()).expect("the test waits");
            released.recv().expect("the test lets go");
        });
        starts.await.expect("the task runs");

        let left = tasks.stop(Duration::from_millis(10)).await;

        release.send(()).expect("the task waits");
        assert_eq!(left, 1);
    }

    #[tokio::test]
    async fn tasks_that_have_ended_are_forgotten() {
        let tasks = Tasks::default();
        for _ in 0..100 {
            tasks.spawn(async {});
            tokio::task::yield_now().await;
        }
        assert!(tasks.0.lock().expect("no panic").len() < 10);
    }
}
