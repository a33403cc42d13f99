//! The meeting point: phones leave signed records of their addresses under a name, and whoever knows the name finds them.
//!
//! It speaks libp2p's rendezvous protocol. libp2p's own server keeps what was registered anew until its old end, in messages of up to
//! a megabyte, and tells anybody every name that is registered; this one keeps one bounded record a name and phone, and tells nothing
//! to those who name nothing.

mod book;
mod wire;

use std::net::IpAddr;
use std::time::Instant;

use libp2p::core::{PeerRecord, SignedEnvelope};
use libp2p::{PeerId, StreamProtocol};

use crate::config::Rendezvous;
use crate::rate::Rate;
use book::{Book, Registration};
pub(crate) use wire::{Codec, Message};
use wire::{Discovered, Kind, Register, Status};

/// The protocol's name.
pub(crate) const PROTOCOL: StreamProtocol = StreamProtocol::new("/rendezvous/1.0.0");

/// Most bytes of a name: the protocol's own bound.
const MAX_NAME_BYTES: usize = 255;
/// Most bytes of a record: eight addresses of 128 bytes, a key and a signature, with room.
const MAX_RECORD_BYTES: usize = 4096;
/// Most records in one answer, which then stays under half a megabyte.
const MAX_DISCOVERED: usize = 128;
/// Validity in s of a registration that asks for none: the protocol's own.
const DEFAULT_TTL_S: u64 = 7200;

/// The registrations, and how often each address may ask.
pub(crate) struct MeetingPoint {
    limits: Rendezvous,
    rate: Rate<IpAddr>,
    book: Book,
}

/// What was answered, for the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    /// What was asked for.
    pub(crate) what: &'static str,
    /// How it ended.
    pub(crate) how: &'static str,
}

impl MeetingPoint {
    /// Numbers registrations from `first` on. It must be higher than after any earlier start, so that cookies given out then stay good.
    pub(crate) fn new(limits: Rendezvous, first: u64) -> Self {
        let rate = Rate::per_minute(limits.per_ip_minute);
        Self { book: Book::new(limits.clone(), first), rate, limits }
    }

    /// Returns how many registrations there are.
    pub(crate) fn len(&self) -> usize {
        self.book.len()
    }

    /// Returns when the next registration runs out.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.book.next_end()
    }

    /// Forgets what has run out.
    pub(crate) fn expire(&mut self, now: Instant) {
        self.book.expire(now);
    }

    /// Answers what a phone at `address` asks. To some things there is no answer.
    pub(crate) fn answer(
        &mut self,
        peer: PeerId,
        address: IpAddr,
        request: Message,
        now: Instant,
    ) -> (Answered, Option<Message>) {
        self.book.expire(now);
        let may = self.rate.take(address, now);
        match Kind::try_from(request.kind.unwrap_or(-1)) {
            Ok(Kind::Register) => {
                let register = request.register.unwrap_or_default();
                let outcome =
                    if may { self.register(peer, address, register, now) } else { Err(Status::Unavailable) };
                (answered("register", outcome.err()), Some(Message::registered(outcome)))
            }
            Ok(Kind::Discover) => {
                let discover = request.discover.unwrap_or_default();
                let outcome = if may { self.discover(discover, now) } else { Err(Status::Unavailable) };
                (answered("discover", outcome.as_ref().err().copied()), Some(Message::discovered(outcome)))
            }
            Ok(Kind::Unregister) => {
                let name = request.unregister.and_then(|unregister| unregister.name).unwrap_or_default();
                self.book.remove(&name, peer);
                (answered("unregister", None), None)
            }
            Ok(Kind::RegisterResponse | Kind::DiscoverResponse) | Err(_) => {
                (Answered { what: "unknown", how: "ignored" }, None)
            }
        }
    }

    fn register(
        &mut self,
        peer: PeerId,
        address: IpAddr,
        register: Register,
        now: Instant,
    ) -> Result<u64, Status> {
        let name = good_name(register.name)?;
        let ttl_s =
            register.ttl_s.unwrap_or(DEFAULT_TTL_S.clamp(self.limits.min_ttl_s, self.limits.max_ttl_s));
        if !(self.limits.min_ttl_s..=self.limits.max_ttl_s).contains(&ttl_s) {
            return Err(Status::InvalidTtl);
        }
        let record = register.record.unwrap_or_default();
        match signer(&record) {
            None => return Err(Status::InvalidSignedPeerRecord),
            Some(signer) if signer != peer => return Err(Status::NotAuthorized),
            Some(_) => {}
        }
        let full = self.book.add(name, peer, Registration { address, record }, ttl_s, now).is_err();
        if full { Err(Status::Unavailable) } else { Ok(ttl_s) }
    }

    fn discover(&self, discover: wire::Discover, now: Instant) -> Result<Discovered, Status> {
        let name = good_name(discover.name)?;
        let after = match discover.cookie.filter(|cookie| !cookie.is_empty()) {
            None => 0,
            Some(cookie) => self.number_in(&cookie, &name).ok_or(Status::InvalidCookie)?,
        };
        let limit = discover.limit.map_or(MAX_DISCOVERED, |limit| {
            usize::try_from(limit).unwrap_or(MAX_DISCOVERED).min(MAX_DISCOVERED)
        });
        let (found, last) = self.book.find(&name, after, limit, now);
        let registrations = found
            .into_iter()
            .map(|(record, left_s)| Register {
                name: Some(name.clone()),
                record: Some(record),
                ttl_s: Some(left_s),
            })
            .collect();
        let cookie = [&last.to_be_bytes(), name.as_bytes()].concat();
        Ok(Discovered { registrations, cookie: Some(cookie), ..Discovered::default() })
    }

    /// Returns the number of the last registration that the holder of a cookie has seen: its first eight bytes. The name follows.
    fn number_in(&self, cookie: &[u8], name: &str) -> Option<u64> {
        let (number, rest) = cookie.split_first_chunk()?;
        let number = u64::from_be_bytes(*number);
        (rest == name.as_bytes() && number <= self.book.last()).then_some(number)
    }
}

fn good_name(name: Option<String>) -> Result<String, Status> {
    // Who names nothing asks for everything: for those who meet here, and where they are.
    let name = name.filter(|name| !name.is_empty()).ok_or(Status::NotAuthorized)?;
    if name.len() > MAX_NAME_BYTES { Err(Status::InvalidNamespace) } else { Ok(name) }
}

/// Returns who signed a peer record, in libp2p's older or newer encoding; `None` if it is none, or too long.
fn signer(record: &[u8]) -> Option<PeerId> {
    if record.len() > MAX_RECORD_BYTES {
        return None;
    }
    let envelope = SignedEnvelope::from_protobuf_encoding(record).ok()?;
    let record = PeerRecord::from_signed_envelope(envelope.clone())
        .or_else(|_| PeerRecord::from_signed_envelope_interop(envelope))
        .ok()?;
    Some(record.peer_id())
}

fn answered(what: &'static str, error: Option<Status>) -> Answered {
    Answered { what, how: error.map_or("ok", Status::name) }
}

#[cfg(test)]
mod tests;
