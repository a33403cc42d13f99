//! The page with figures: `/metrics` for Prometheus, `/health` for whoever restarts what has died.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

/// Most readers at once.
const MAX_READERS: usize = 16;
/// Longest time for one question and its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause after a connection that could not be taken: the system has no more files.
const PAUSE: Duration = Duration::from_millis(100);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page; it is gone when this is dropped.
pub(crate) struct Page {
    /// Where it is.
    pub(crate) address: SocketAddr,
    task: AbortHandle,
}

impl Page {
    /// Shows `registry` at `listen`.
    pub(crate) async fn open(listen: SocketAddr, registry: Registry) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener, Arc::new(registry))).abort_handle();
        Ok(Self { address, task })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers until it is aborted, and its readers with it.
async fn serve(listener: TcpListener, registry: Arc<Registry>) {
    let room = Arc::new(Semaphore::new(MAX_READERS));
    let mut readers = JoinSet::new();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let registry = Arc::clone(&registry);
                readers.spawn(async move {
                    let _permit = permit;
                    // A reader that is slow, or gone, is nobody's concern.
                    let _ = tokio::time::timeout(PATIENCE, talk(stream, registry)).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "nobody can read the figures");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while readers.try_join_next().is_some() {}
    }
}

async fn talk(stream: TcpStream, registry: Arc<Registry>) -> hyper::Result<()> {
    let answer = service_fn(move |request| {
        let answer = answer(&request, &registry);
        async move { Ok::<_, Infallible>(answer) }
    });
    hyper::server::conn::http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await
}

fn answer(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            let mut text = String::new();
            match prometheus_client::encoding::text::encode(&mut text, registry) {
                Ok(()) => (StatusCode::OK, OPEN_METRICS, text),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, "text/plain", error.to_string()),
            }
        }
        (&Method::GET, "/health") => (StatusCode::OK, "text/plain", "ok\n".into()),
        (_, "/metrics" | "/health") => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only\n".into()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "/metrics or /health\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
