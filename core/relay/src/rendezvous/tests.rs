//! The meeting point by itself, with a clock of the test's own.

use std::net::Ipv4Addr;
use std::time::Duration;

use libp2p::identity::Keypair;

use super::wire::{Discover, Unregister};
use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

struct Rig {
    meeting: MeetingPoint,
    now: Instant,
}

impl Rig {
    fn new(limits: Rendezvous) -> Self {
        Self { meeting: MeetingPoint::new(limits, 1000), now: Instant::now() }
    }

    fn ask(&mut self, key: &Keypair, address: IpAddr, request: Message) -> Option<Message> {
        let peer = key.public().to_peer_id();
        let (_, answer) = self.meeting.answer(peer, address, request, self.now);
        assert!(self.meeting.book.is_sound());
        answer
    }

    fn register(&mut self, key: &Keypair, from: IpAddr, name: &str, ttl_s: u64) -> Result<u64, Status> {
        let register = Register { name: Some(name.into()), record: Some(record(key)), ttl_s: Some(ttl_s) };
        self.send(key, from, register)
    }

    fn send(&mut self, key: &Keypair, from: IpAddr, register: Register) -> Result<u64, Status> {
        let request =
            Message { kind: Some(Kind::Register.into()), register: Some(register), ..Message::default() };
        let answer = self.ask(key, from, request).and_then(|answer| answer.registered).expect("an answer");
        if answer.status() == Status::Ok { Ok(answer.ttl_s()) } else { Err(answer.status()) }
    }

    fn unregister(&mut self, key: &Keypair, name: &str) {
        let unregister = Some(Unregister { name: Some(name.into()) });
        let request = Message { kind: Some(Kind::Unregister.into()), unregister, ..Message::default() };
        assert_eq!(self.ask(key, HERE, request), None);
    }

    fn discover(&mut self, name: &str, limit: Option<u64>, cookie: Option<Vec<u8>>) -> Result<Found, Status> {
        let discover = Some(Discover { name: Some(name.into()), limit, cookie });
        let request = Message { kind: Some(Kind::Discover.into()), discover, ..Message::default() };
        let asks = Keypair::generate_ed25519();
        let answer = self.ask(&asks, THERE, request).and_then(|answer| answer.discovered).expect("an answer");
        if answer.status() != Status::Ok {
            return Err(answer.status());
        }
        Ok(Found {
            who: answer.registrations.iter().map(|found| signer(found.record()).expect("a record")).collect(),
            left_s: answer.registrations.iter().map(Register::ttl_s).collect(),
            cookie: answer.cookie().to_vec(),
        })
    }

    fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

#[derive(Debug, PartialEq)]
struct Found {
    who: Vec<PeerId>,
    left_s: Vec<u64>,
    cookie: Vec<u8>,
}

fn record(key: &Keypair) -> Vec<u8> {
    let addresses = vec!["/ip4/192.0.2.1/tcp/1".parse().expect("an address")];
    PeerRecord::new(key, addresses).expect("a record").into_signed_envelope().into_protobuf_encoding()
}

fn keys<const N: usize>() -> [Keypair; N] {
    std::array::from_fn(|_| Keypair::generate_ed25519())
}

fn id(key: &Keypair) -> PeerId {
    key.public().to_peer_id()
}

#[test]
fn who_registers_is_found_until_the_end_and_no_longer() {
    let (mut rig, [ada, bob]) = (Rig::new(Rendezvous::default()), keys());
    assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&bob, HERE, "other", 600), Ok(600));
    rig.wait(59);
    let found = rig.discover("wallet", None, None).expect("an answer");
    assert_eq!(
        (found.who, found.left_s),
        (vec![id(&ada)], vec![1]),
        "what is left is told, not what was asked for"
    );
    rig.wait(1);
    assert_eq!(rig.discover("wallet", None, None).expect("an answer").who, []);
    assert_eq!(rig.meeting.len(), 1);
    assert_eq!(rig.meeting.next_end(), Some(rig.now + Duration::from_secs(540)));
}

#[test]
fn who_registers_again_replaces_what_was_and_needs_no_room() {
    let limits = Rendezvous { total: 2, per_peer: 1, per_ip: 2, ..Rendezvous::default() };
    let (mut rig, [ada, bob, cleo]) = (Rig::new(limits), keys());
    assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&bob, HERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&cleo, THERE, "wallet", 60), Err(Status::Unavailable), "full");
    for _ in 0..1000 {
        rig.wait(1);
        assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
    }
    assert_eq!(rig.meeting.len(), 1, "bob's is over");
    assert_eq!(rig.register(&ada, HERE, "second", 60), Err(Status::Unavailable), "one a phone");
    assert_eq!(rig.register(&cleo, HERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&bob, HERE, "wallet", 60), Err(Status::Unavailable), "full");
    rig.unregister(&cleo, "wallet");
    assert_eq!(rig.register(&bob, HERE, "wallet", 60), Ok(60));
}

#[test]
fn one_address_does_not_take_all_the_room() {
    let limits = Rendezvous { per_ip: 2, ..Rendezvous::default() };
    let (mut rig, [ada, bob, cleo]) = (Rig::new(limits), keys());
    assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&bob, HERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&cleo, HERE, "wallet", 60), Err(Status::Unavailable));
    assert_eq!(rig.register(&cleo, THERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&cleo, HERE, "wallet", 60), Err(Status::Unavailable), "nor by moving there");
    assert_eq!(rig.register(&ada, THERE, "wallet", 60), Ok(60));
    assert_eq!(rig.register(&cleo, HERE, "wallet", 60), Ok(60));
}

#[test]
fn who_names_nothing_is_told_nothing() {
    let (mut rig, [ada]) = (Rig::new(Rendezvous::default()), keys());
    assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
    let request = Message {
        kind: Some(Kind::Discover.into()),
        discover: Some(Discover::default()),
        ..Message::default()
    };
    let answer = rig.ask(&ada, HERE, request).and_then(|answer| answer.discovered).expect("an answer");
    assert_eq!((answer.status(), answer.registrations), (Status::NotAuthorized, vec![]));
    assert_eq!(rig.discover("", None, None), Err(Status::NotAuthorized));
    assert_eq!(rig.register(&ada, HERE, "", 60), Err(Status::NotAuthorized));
}

#[test]
fn a_cookie_brings_what_came_later_and_only_under_its_name() {
    let (mut rig, [ada, bob, cleo]) = (Rig::new(Rendezvous::default()), keys());
    for key in [&ada, &bob] {
        assert_eq!(rig.register(key, HERE, "wallet", 60), Ok(60));
    }
    let first = rig.discover("wallet", Some(1), None).expect("an answer");
    assert_eq!(first.who, [id(&ada)]);
    let second = rig.discover("wallet", None, Some(first.cookie)).expect("an answer");
    assert_eq!(second.who, [id(&bob)]);
    let nobody = rig.discover("wallet", None, Some(second.cookie)).expect("an answer");
    assert_eq!(nobody.who, []);
    for key in [&cleo, &ada] {
        assert_eq!(rig.register(key, HERE, "wallet", 60), Ok(60));
    }
    let cookie = nobody.cookie;
    assert_eq!(
        rig.discover("wallet", None, Some(cookie.clone())).expect("an answer").who,
        [id(&cleo), id(&ada)]
    );

    assert_eq!(rig.discover("other", None, Some(cookie)), Err(Status::InvalidCookie));
    for wrong in [vec![1], vec![0; 8], [&u64::MAX.to_be_bytes(), "wallet".as_bytes()].concat()] {
        assert_eq!(rig.discover("wallet", None, Some(wrong)), Err(Status::InvalidCookie));
    }
}

#[test]
fn an_answer_is_bounded_and_goes_on_where_it_stopped() {
    let (mut rig, phones) = (Rig::new(Rendezvous::default()), keys::<150>());
    for key in &phones {
        assert_eq!(rig.register(key, HERE, "wallet", 60), Ok(60));
    }
    let first = rig.discover("wallet", Some(u64::MAX), None).expect("an answer");
    let second = rig.discover("wallet", None, Some(first.cookie)).expect("an answer");
    assert_eq!((first.who.len(), second.who.len()), (MAX_DISCOVERED, 150 - MAX_DISCOVERED));
    let all: Vec<PeerId> = first.who.into_iter().chain(second.who).collect();
    assert_eq!(all, phones.iter().map(id).collect::<Vec<_>>());
}

#[test]
fn what_is_no_registration_is_refused_for_what_is_wrong_with_it() {
    let (mut rig, [ada, bob]) = (Rig::new(Rendezvous::default()), keys());
    let good = Register { name: Some("wallet".into()), record: Some(record(&ada)), ttl_s: None };
    let mut forged = record(&ada);
    let end = forged.len() - 1;
    forged[end] ^= 1;
    for (register, status) in [
        (Register { ttl_s: Some(59), ..good.clone() }, Status::InvalidTtl),
        (Register { ttl_s: Some(86_401), ..good.clone() }, Status::InvalidTtl),
        (Register { name: Some("n".repeat(256)), ..good.clone() }, Status::InvalidNamespace),
        (Register { record: None, ..good.clone() }, Status::InvalidSignedPeerRecord),
        (Register { record: Some(forged), ..good.clone() }, Status::InvalidSignedPeerRecord),
        (
            Register { record: Some(vec![0; MAX_RECORD_BYTES + 1]), ..good.clone() },
            Status::InvalidSignedPeerRecord,
        ),
        (Register { record: Some(record(&bob)), ..good.clone() }, Status::NotAuthorized),
    ] {
        assert_eq!(rig.send(&ada, HERE, register), Err(status));
    }
    assert_eq!(rig.meeting.len(), 0);
    let newer = PeerRecord::new_interop(&ada, vec![]).expect("a record");
    let newer = newer.into_signed_envelope().into_protobuf_encoding();
    assert_eq!(rig.send(&ada, HERE, Register { record: Some(newer), ..good.clone() }), Ok(DEFAULT_TTL_S));
    assert_eq!(rig.send(&ada, HERE, good), Ok(DEFAULT_TTL_S));
}

#[test]
fn an_address_that_asks_too_often_is_told_to_wait() {
    let (mut rig, [ada]) = (Rig::new(Rendezvous { per_ip_minute: 3, ..Rendezvous::default() }), keys());
    for _ in 0..3 {
        assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
    }
    assert_eq!(rig.register(&ada, HERE, "wallet", 60), Err(Status::Unavailable));
    assert_eq!(rig.register(&ada, THERE, "wallet", 60), Ok(60), "another address");
    rig.wait(20);
    assert_eq!(rig.register(&ada, HERE, "wallet", 60), Ok(60));
}

#[test]
fn messages_that_are_no_requests_are_not_answered() {
    let (mut rig, [ada]) = (Rig::new(Rendezvous::default()), keys());
    for kind in [None, Some(1), Some(4), Some(77)] {
        assert_eq!(rig.ask(&ada, HERE, Message { kind, ..Message::default() }), None);
    }
}
