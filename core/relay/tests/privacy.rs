//! What a relay could learn or change if it wanted to: a curious one, which writes down all that passes and flips bits.

mod rig;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};
use prost::Message;
use rig::Phone;

const HOP: StreamProtocol = StreamProtocol::new("/libp2p/circuit/relay/0.2.0/hop");
const STOP: StreamProtocol = StreamProtocol::new("/libp2p/circuit/relay/0.2.0/stop");
/// Both protocols' word for a good end.
const OK: Option<i32> = Some(100);

#[tokio::test]
async fn whoever_passes_a_conversation_on_reads_nothing_of_it() {
    let relay = CuriousRelay::start(usize::MAX).await;
    let (mut ada, mut bob) = (Phone::new(), Phone::new());
    bob.reserve(&relay.address).await.expect("it reserves for anybody");
    ada.call(&relay.address, bob.peer).await.expect("a circuit");
    let said = b"wallet 5a17, 120000 sat to bc1qexample, digest 77777777777777777777".repeat(100);
    assert_eq!(ada.echo(bob.peer, &said).await, Ok(said.clone()));

    let heard = relay.heard.lock().expect("whole").clone();
    assert!(heard.len() > 2 * said.len(), "all of it passed: {} bytes", heard.len());
    assert!(contains(&heard, b"/noise"), "it reads what is not encrypted");
    assert!(!contains(&heard, b"/echo/1"), "not even what they speak");
    for part in said[..67].windows(6) {
        assert!(!contains(&heard, part), "{}", String::from_utf8_lossy(part));
    }
}

#[tokio::test]
async fn a_flipped_bit_ends_the_connection_and_nothing_else() {
    let said = [9; 2000];
    // In the handshake, at its end, and in the conversation.
    for flip_at in [40, 300, 1500] {
        let relay = CuriousRelay::start(flip_at).await;
        let (mut ada, mut bob) = (Phone::new(), Phone::new());
        bob.reserve(&relay.address).await.expect("it reserves for anybody");
        let called = ada.call(&relay.address, bob.peer).await;
        let answered = match called {
            Ok(()) => ada.echo(bob.peer, &said).await,
            Err(error) => Err(error),
        };
        assert!(answered.is_err(), "the bit at {flip_at} was taken for good");
        assert!(relay.heard.lock().expect("whole").len() >= flip_at);
        // One bit only: the next circuit is good.
        ada.call(&relay.address, bob.peer).await.expect("another circuit");
        let mut echoed = ada.echo(bob.peer, &said).await;
        if echoed.is_err() {
            // The broken connection had not yet been given up.
            ada.lose(bob.peer).await;
            ada.call(&relay.address, bob.peer).await.expect("another circuit");
            echoed = ada.echo(bob.peer, &said).await;
        }
        assert_eq!(echoed, Ok(said.to_vec()));
    }
}

/// A relay that keeps to the protocol, but for its curiosity.
struct CuriousRelay {
    address: Multiaddr,
    /// All that passed, in the order in which it came.
    heard: Arc<Mutex<Vec<u8>>>,
    _phone: Phone,
}

impl CuriousRelay {
    /// Flips one bit of the byte that comes after `flip_at` others.
    async fn start(flip_at: usize) -> Self {
        let phone = Phone::listening().await;
        let address = phone.listening.clone().expect("it listens");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Ear { heard: Arc::clone(&heard), left: Arc::new(AtomicUsize::new(flip_at)) };
        let (control, here) = (phone.streams.clone(), address.clone());
        let mut asked = control.clone().accept(HOP).expect("the first");
        tokio::spawn(async move {
            while let Some((peer, stream)) = asked.next().await {
                tokio::spawn(serve(peer, stream, control.clone(), here.clone(), ear.clone()));
            }
        });
        Self { address, heard, _phone: phone }
    }
}

async fn serve(
    from: PeerId,
    mut stream: Stream,
    mut control: libp2p_stream::Control,
    here: Multiaddr,
    ear: Ear,
) -> Option<()> {
    let asked: Hop = receive(&mut stream).await?;
    match asked.peer {
        None => {
            let expire = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs() + 3600;
            let reservation = Some(Reservation { expire: Some(expire), addresses: vec![here.to_vec()] });
            send(&mut stream, &Hop { kind: Some(2), reservation, status: OK, ..Hop::default() }).await
        }
        Some(to) => {
            let mut other = control.open_stream(PeerId::from_bytes(&to.id).ok()?, STOP).await.ok()?;
            let peer = Some(Peer { id: from.to_bytes() });
            send(&mut other, &Stop { kind: Some(0), peer, status: None }).await?;
            let answer: Stop = receive(&mut other).await?;
            send(&mut stream, &Hop { kind: Some(2), status: answer.status, ..Hop::default() }).await?;
            let (a, b) = (stream.split(), other.split());
            tokio::join!(pass_on(a.0, b.1, ear.clone()), pass_on(b.0, a.1, ear));
            Some(())
        }
    }
}

/// What listens, and flips a bit once.
#[derive(Clone)]
struct Ear {
    heard: Arc<Mutex<Vec<u8>>>,
    left: Arc<AtomicUsize>,
}

async fn pass_on(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, ear: Ear) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = &mut buffer[..length];
        ear.heard.lock().expect("whole").extend_from_slice(bytes);
        let left = ear.left.load(Ordering::Relaxed);
        if left < length {
            bytes[left] ^= 1;
        }
        let left = if left < length { usize::MAX } else { left.saturating_sub(length) };
        ear.left.store(left, Ordering::Relaxed);
        if to.write_all(bytes).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.close().await;
}

async fn receive<M: Message + Default>(stream: &mut Stream) -> Option<M> {
    let read = async {
        let length = unsigned_varint::aio::read_usize(&mut *stream).await.ok()?;
        let mut bytes = vec![0; length];
        stream.read_exact(&mut bytes).await.ok()?;
        M::decode(bytes.as_slice()).ok()
    };
    tokio::time::timeout(Duration::from_secs(30), read).await.ok()?
}

async fn send(stream: &mut Stream, message: &impl Message) -> Option<()> {
    stream.write_all(&message.encode_length_delimited_to_vec()).await.ok()?;
    stream.flush().await.ok()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[derive(Clone, PartialEq, Message)]
struct Hop {
    #[prost(int32, optional, tag = "1")]
    kind: Option<i32>,
    #[prost(message, optional, tag = "2")]
    peer: Option<Peer>,
    #[prost(message, optional, tag = "3")]
    reservation: Option<Reservation>,
    #[prost(int32, optional, tag = "5")]
    status: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct Stop {
    #[prost(int32, optional, tag = "1")]
    kind: Option<i32>,
    #[prost(message, optional, tag = "2")]
    peer: Option<Peer>,
    #[prost(int32, optional, tag = "4")]
    status: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct Peer {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Reservation {
    #[prost(uint64, optional, tag = "1")]
    expire: Option<u64>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    addresses: Vec<Vec<u8>>,
}
