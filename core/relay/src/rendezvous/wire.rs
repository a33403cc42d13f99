//! The rendezvous protocol's messages: protobuf, each behind its length. What a phone sends is bounded before it is read.

use std::io;

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use prost::Message as _;

use super::{MAX_NAME_BYTES, MAX_RECORD_BYTES};

/// Most bytes of a request: a record, a name, and their heads.
const MAX_REQUEST_BYTES: usize = MAX_RECORD_BYTES + MAX_NAME_BYTES + 64;

/// Any of the protocol's messages.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Message {
    #[prost(enumeration = "Kind", optional, tag = "1")]
    pub(super) kind: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub(super) register: Option<Register>,
    #[prost(message, optional, tag = "3")]
    pub(super) registered: Option<Registered>,
    #[prost(message, optional, tag = "4")]
    pub(super) unregister: Option<Unregister>,
    #[prost(message, optional, tag = "5")]
    pub(super) discover: Option<Discover>,
    #[prost(message, optional, tag = "6")]
    pub(super) discovered: Option<Discovered>,
}

/// Which of them it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
pub(crate) enum Kind {
    Register = 0,
    RegisterResponse = 1,
    Unregister = 2,
    Discover = 3,
    DiscoverResponse = 4,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
pub(crate) enum Status {
    Ok = 0,
    InvalidNamespace = 100,
    InvalidSignedPeerRecord = 101,
    InvalidTtl = 102,
    InvalidCookie = 103,
    NotAuthorized = 200,
    Internal = 300,
    Unavailable = 400,
}

/// Leaves a record under a name; in an answer, such a record.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Register {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) record: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) ttl_s: Option<u64>,
}

/// The answer to it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Registered {
    #[prost(enumeration = "Status", optional, tag = "1")]
    pub(super) status: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub(super) text: Option<String>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) ttl_s: Option<u64>,
}

/// Takes it away.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Unregister {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
}

/// Asks who is under a name.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Discover {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(super) limit: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub(super) cookie: Option<Vec<u8>>,
}

/// The answer to it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Discovered {
    #[prost(message, repeated, tag = "1")]
    pub(super) registrations: Vec<Register>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) cookie: Option<Vec<u8>>,
    #[prost(enumeration = "Status", optional, tag = "3")]
    pub(super) status: Option<i32>,
    #[prost(string, optional, tag = "4")]
    pub(super) text: Option<String>,
}

impl Status {
    /// Returns its name in figures.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::InvalidNamespace => "invalid_namespace",
            Self::InvalidSignedPeerRecord => "invalid_record",
            Self::InvalidTtl => "invalid_ttl",
            Self::InvalidCookie => "invalid_cookie",
            Self::NotAuthorized => "not_authorized",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Message {
    /// Answers a registration: with the seconds for which it is good, or why it is not.
    pub(super) fn registered(outcome: Result<u64, Status>) -> Self {
        let status = Some(outcome.err().unwrap_or(Status::Ok).into());
        let registered = Some(Registered { status, text: None, ttl_s: outcome.ok() });
        Self { kind: Some(Kind::RegisterResponse.into()), registered, ..Self::default() }
    }

    /// Answers a discovery.
    pub(super) fn discovered(outcome: Result<Discovered, Status>) -> Self {
        let discovered = match outcome {
            Ok(found) => Discovered { status: Some(Status::Ok.into()), ..found },
            Err(status) => Discovered { status: Some(status.into()), ..Discovered::default() },
        };
        Self { kind: Some(Kind::DiscoverResponse.into()), discovered: Some(discovered), ..Self::default() }
    }
}

/// Reads requests and writes answers. The relay asks nobody.
#[derive(Clone, Default)]
pub(crate) struct Codec;

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Message;
    type Response = Message;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Message>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = unsigned_varint::aio::read_usize(&mut *io).await.map_err(io::Error::other)?;
        if length > MAX_REQUEST_BYTES {
            return Err(io::Error::other("the request is too long"));
        }
        let mut bytes = vec![0; length];
        io.read_exact(&mut bytes).await?;
        Message::decode(bytes.as_slice()).map_err(io::Error::other)
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Message>
    where
        T: AsyncRead + Unpin + Send,
    {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, _: &mut T, _: Message) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, message: Message) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&message.encode_length_delimited_to_vec()).await
    }
}
