//! Frames on a stream: their length as an unsigned varint, then their bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_machine::limits::MAX_FRAME_BYTES;
use countersign_machine::link::LinkPath;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use libp2p::{PeerId, Stream};
use tokio::sync::{mpsc, oneshot};

/// Longest wait for frames that a connection brought before it ended.
const LAST_FRAMES: Duration = Duration::from_millis(500);

/// Most bytes of one write over WebRTC: libp2p's side of it reads no message of more than 8 KiB, its own head included, and says
/// nothing of one that it could not read.
const WEBRTC_PIECE: usize = 7 * 1024;

/// What a reading or writing task reports of its stream, which a number names.
pub(super) struct Report {
    pub(super) peer: PeerId,
    pub(super) stream: u64,
    pub(super) what: Said,
}

/// What happened to a stream.
pub(super) enum Said {
    /// A frame came.
    Frame(Vec<u8>),
    /// Something came that is no frame.
    Unreadable,
    /// It has ended.
    Ended,
}

/// Writes every queued frame. The other side writes nothing on our stream: reading from it tells when it ends.
///
/// `queued` is the number of bytes that wait or are not yet flushed.
pub(super) async fn write(
    stream: Stream,
    mut queue: mpsc::UnboundedReceiver<Arc<[u8]>>,
    queued: &AtomicUsize,
    path: LinkPath,
) -> std::io::Result<()> {
    let (mut reading, mut writing) = stream.split();
    let mut piece = usize::MAX;
    if path == LinkPath::Webrtc {
        piece = WEBRTC_PIECE;
        // The other side may wait for our stream before it opens its own.
        writing.flush().await?;
    }
    let (mut buffer, mut nothing) = (Vec::new(), [0]);
    loop {
        let first = tokio::select! {
            frame = queue.recv() => frame,
            end = reading.read(&mut nothing) => return end.map(drop),
        };
        let Some(first) = first else { return writing.close().await };
        let (mut next, mut taken) = (Some(first), 0);
        while let Some(frame) = next {
            taken += frame.len();
            let mut length = unsigned_varint::encode::usize_buffer();
            buffer.extend_from_slice(unsigned_varint::encode::usize(frame.len(), &mut length));
            buffer.extend_from_slice(&frame);
            next = if buffer.len() < MAX_FRAME_BYTES { queue.try_recv().ok() } else { None };
        }
        for piece in buffer.chunks(piece) {
            writing.write_all(piece).await?;
            writing.flush().await?;
        }
        queued.fetch_sub(taken, Ordering::Relaxed);
        buffer.clear();
    }
}

/// Reads frames until the stream ends, and says so then. Once `closed` is dropped, its connection has ended: what it
/// brought before is read, and nothing waited for.
pub(super) async fn read(
    peer: PeerId,
    number: u64,
    stream: Stream,
    reports: mpsc::Sender<Report>,
    closed: oneshot::Receiver<()>,
) {
    let report = |what| reports.send(Report { peer, stream: number, what });
    let reading = async {
        if read_frames(stream, |bytes| report(Said::Frame(bytes))).await.is_err() {
            // Nobody is left to be told when the network has been dropped: here and below.
            let _ = report(Said::Unreadable).await;
        }
    };
    tokio::pin!(reading);
    let late = async {
        let _ = closed.await;
        tokio::time::sleep(LAST_FRAMES).await;
    };
    tokio::select! {
        () = &mut reading => {}
        () = late => {}
    }
    let _ = report(Said::Ended).await;
}

/// Something that is no frame.
struct NoFrame;

/// Reads until the stream ends or nobody takes frames. A length is checked before anything is allocated for it.
async fn read_frames<Taken, E>(
    mut stream: Stream,
    mut take: impl FnMut(Vec<u8>) -> Taken,
) -> Result<(), NoFrame>
where
    Taken: Future<Output = Result<(), E>>,
{
    loop {
        let length = match unsigned_varint::aio::read_usize(&mut stream).await {
            Ok(length) if length <= MAX_FRAME_BYTES => length,
            Err(unsigned_varint::io::ReadError::Io(_)) => return Ok(()),
            Ok(_) | Err(_) => return Err(NoFrame),
        };
        let mut bytes = vec![0; length];
        if stream.read_exact(&mut bytes).await.is_err() || take(bytes).await.is_err() {
            return Ok(());
        }
    }
}
