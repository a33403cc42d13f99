//! A client of rendezvous points (libp2p's `/rendezvous/1.0.0`): says where we are under names that only our wallets' members
//! know, and asks who else is there.
//!
//! It keeps nothing, sets no timer and dials nobody. The records are libp2p's own, signed by the peer that they are about.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use countersign_machine::key::wiped_after;
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::core::{PeerRecord, SignedEnvelope};
use libp2p::identity::Keypair;
use libp2p::multiaddr::Multiaddr;
use libp2p::request_response::{self, OutboundRequestId, ProtocolSupport};
use libp2p::{PeerId, StreamProtocol};
use prost::Message as _;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/rendezvous/1.0.0");
/// Largest answer, in bytes: every signer of the largest wallet, with room for a stranger's garbage.
const MAX_MESSAGE_BYTES: usize = 262_144;
/// Most registrations asked for at once.
const MAX_REGISTRATIONS: u64 = 256;
/// How long a rendezvous point may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

const REGISTER: i32 = 0;
const REGISTER_RESPONSE: i32 = 1;
const UNREGISTER: i32 = 2;
const DISCOVER: i32 = 3;
const DISCOVER_RESPONSE: i32 = 4;
const OK: i32 = 0;

/// What a rendezvous point has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Whether it has taken a registration.
    Registered(bool),
    /// Who is there: addresses, and for how many milliseconds they hold.
    Found(Vec<(PeerId, Vec<Multiaddr>, u64)>),
}

enum Question {
    Register,
    Unregister,
    Discover { namespace: String },
}

/// The questions that are not answered yet. Each is answered or given up within [`ANSWER_TIMEOUT`].
#[derive(Default)]
pub(super) struct Questions(HashMap<OutboundRequestId, Question>);

/// The behaviour to be part of the swarm.
pub(super) type Behaviour = request_response::Behaviour<Codec>;

/// Its events.
pub(super) type Event = request_response::Event<Message, Message>;

/// Makes the behaviour.
pub(super) fn behaviour() -> Behaviour {
    let config = request_response::Config::default().with_request_timeout(ANSWER_TIMEOUT);
    Behaviour::with_codec(Codec, [(PROTOCOL, ProtocolSupport::Outbound)], config)
}

impl Questions {
    /// Registers these addresses of ours under a name for `ttl_ms` milliseconds. Returns `false` if they cannot be signed.
    pub(super) fn register(
        &mut self,
        behaviour: &mut Behaviour,
        point: &PeerId,
        (namespace, ttl_ms): (&str, u64),
        (keypair, addresses): (&Keypair, &[Multiaddr]),
    ) -> bool {
        let record = wiped_after(|| PeerRecord::new(keypair, addresses.to_vec()));
        let Ok(record) = record else { return false };
        let register = Register {
            namespace: Some(namespace.to_owned()),
            record: Some(record.into_signed_envelope().into_protobuf_encoding()),
            ttl_s: Some(ttl_ms / 1000),
        };
        let message = Message { kind: Some(REGISTER), register: Some(register), ..Message::default() };
        self.0.insert(behaviour.send_request(point, message), Question::Register);
        true
    }

    /// Takes a registration back. A rendezvous point does not answer that.
    pub(super) fn unregister(&mut self, behaviour: &mut Behaviour, point: &PeerId, namespace: &str) {
        let unregister = Unregister { namespace: Some(namespace.to_owned()), id: None };
        let message = Message { kind: Some(UNREGISTER), unregister: Some(unregister), ..Message::default() };
        self.0.insert(behaviour.send_request(point, message), Question::Unregister);
    }

    /// Asks who is registered under a name.
    pub(super) fn discover(&mut self, behaviour: &mut Behaviour, point: &PeerId, namespace: &str) {
        let namespace = namespace.to_owned();
        let discover =
            Discover { namespace: Some(namespace.clone()), limit: Some(MAX_REGISTRATIONS), cookie: None };
        let message = Message { kind: Some(DISCOVER), discover: Some(discover), ..Message::default() };
        self.0.insert(behaviour.send_request(point, message), Question::Discover { namespace });
    }

    /// Takes an event; returns which rendezvous point has said what, if it matters to anybody.
    pub(super) fn event(&mut self, event: Event) -> Option<(PeerId, Answer)> {
        match event {
            Event::Message { peer, message, .. } => match message {
                request_response::Message::Response { request_id, response } => {
                    Some((peer, self.0.remove(&request_id)?.answer(response)?))
                }
                // None can come: our side of the protocol is the asking one.
                request_response::Message::Request { .. } => None,
            },
            Event::OutboundFailure { peer, request_id, error, .. } => {
                tracing::debug!(%peer, %error, "no answer from the rendezvous point");
                Some((peer, self.0.remove(&request_id)?.unanswered()?))
            }
            Event::InboundFailure { .. } | Event::ResponseSent { .. } => None,
        }
    }
}

impl Question {
    fn answer(self, message: Message) -> Option<Answer> {
        match self {
            Question::Register => {
                let taken = message.kind == Some(REGISTER_RESPONSE)
                    && message.register_response.is_some_and(|response| response.status == Some(OK));
                Some(Answer::Registered(taken))
            }
            Question::Unregister => None,
            Question::Discover { namespace } => {
                let response = message.discover_response.filter(|response| {
                    message.kind == Some(DISCOVER_RESPONSE) && response.status == Some(OK)
                })?;
                let here = response
                    .registrations
                    .into_iter()
                    .filter(|one| one.namespace.as_deref() == Some(&namespace));
                let limit = usize::try_from(MAX_REGISTRATIONS).unwrap_or(usize::MAX);
                Some(Answer::Found(here.take(limit).filter_map(Register::open).collect()))
            }
        }
    }

    fn unanswered(self) -> Option<Answer> {
        match self {
            Question::Register => Some(Answer::Registered(false)),
            Question::Unregister | Question::Discover { .. } => None,
        }
    }
}

impl Register {
    /// Verifies whose it is; `None` for a record that its peer has not signed.
    fn open(self) -> Option<(PeerId, Vec<Multiaddr>, u64)> {
        let envelope = SignedEnvelope::from_protobuf_encoding(&self.record?).ok()?;
        let record = PeerRecord::from_signed_envelope(envelope).ok()?;
        Some((record.peer_id(), record.addresses().to_vec(), self.ttl_s?.saturating_mul(1000)))
    }
}

/// A message of the rendezvous protocol, either way.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Message {
    #[prost(int32, optional, tag = "1")]
    kind: Option<i32>,
    #[prost(message, optional, tag = "2")]
    register: Option<Register>,
    #[prost(message, optional, tag = "3")]
    register_response: Option<RegisterResponse>,
    #[prost(message, optional, tag = "4")]
    unregister: Option<Unregister>,
    #[prost(message, optional, tag = "5")]
    discover: Option<Discover>,
    #[prost(message, optional, tag = "6")]
    discover_response: Option<DiscoverResponse>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Register {
    #[prost(string, optional, tag = "1")]
    namespace: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    record: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "3")]
    ttl_s: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RegisterResponse {
    #[prost(int32, optional, tag = "1")]
    status: Option<i32>,
    #[prost(string, optional, tag = "2")]
    text: Option<String>,
    #[prost(uint64, optional, tag = "3")]
    ttl_s: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Unregister {
    #[prost(string, optional, tag = "1")]
    namespace: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    id: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Discover {
    #[prost(string, optional, tag = "1")]
    namespace: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    limit: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "3")]
    cookie: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DiscoverResponse {
    #[prost(message, repeated, tag = "1")]
    registrations: Vec<Register>,
    #[prost(bytes = "vec", optional, tag = "2")]
    cookie: Option<Vec<u8>>,
    #[prost(int32, optional, tag = "3")]
    status: Option<i32>,
    #[prost(string, optional, tag = "4")]
    text: Option<String>,
}

/// Puts messages on a stream: their length as an unsigned varint before each.
#[derive(Clone)]
pub(super) struct Codec;

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Message;
    type Response = Message;

    async fn read_request<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
    ) -> io::Result<Message> {
        read(stream).await
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
    ) -> io::Result<Message> {
        read(stream).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        message: Message,
    ) -> io::Result<()> {
        stream.write_all(&message.encode_length_delimited_to_vec()).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(
        &mut self,
        _: &StreamProtocol,
        stream: &mut T,
        message: Message,
    ) -> io::Result<()> {
        stream.write_all(&message.encode_length_delimited_to_vec()).await
    }
}

/// Reads one message; its length is checked before anything is allocated for it.
async fn read<T: AsyncRead + Unpin + Send>(stream: &mut T) -> io::Result<Message> {
    let length = unsigned_varint::aio::read_usize(&mut *stream).await.map_err(io::Error::other)?;
    if length > MAX_MESSAGE_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Message::decode(&bytes[..]).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(namespace: &str, keypair: &Keypair, ttl_s: u64) -> Register {
        let address = "/ip4/127.0.0.1/tcp/7".parse().expect("an address");
        let record = PeerRecord::new(keypair, vec![address]).expect("a record");
        Register {
            namespace: Some(namespace.into()),
            record: Some(record.into_signed_envelope().into_protobuf_encoding()),
            ttl_s: Some(ttl_s),
        }
    }

    fn found(registrations: Vec<Register>) -> Option<Answer> {
        let response = DiscoverResponse { registrations, status: Some(OK), ..DiscoverResponse::default() };
        let message = Message {
            kind: Some(DISCOVER_RESPONSE),
            discover_response: Some(response),
            ..Message::default()
        };
        Question::Discover { namespace: "ours".into() }.answer(message)
    }

    #[test]
    fn only_signed_records_under_the_name_that_was_asked_for_are_found() {
        let keypair = Keypair::generate_ed25519();
        let mut forged = registration("ours", &keypair, 7);
        *forged.record.as_mut().and_then(|record| record.last_mut()).expect("a record") ^= 1;

        let answer = found(vec![
            forged,
            registration("theirs", &keypair, 7),
            registration("ours", &keypair, u64::MAX),
        ]);

        let Some(Answer::Found(found)) = answer else { panic!("{answer:?}") };
        let [(peer, addresses, ttl_ms)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((*peer, addresses.len(), *ttl_ms), (keypair.public().to_peer_id(), 1, u64::MAX));
    }

    #[test]
    fn an_answer_to_something_else_is_no_answer() {
        for kind in [None, Some(REGISTER), Some(DISCOVER_RESPONSE), Some(99)] {
            let message = Message { kind, ..Message::default() };
            assert_eq!(Question::Register.answer(message.clone()), Some(Answer::Registered(false)));
            assert_eq!(Question::Discover { namespace: "ours".into() }.answer(message), None);
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_not_read() {
        let mut length = unsigned_varint::encode::usize_buffer();
        let mut bytes = unsigned_varint::encode::usize(MAX_MESSAGE_BYTES + 1, &mut length);
        let error = read(&mut bytes).await.expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
