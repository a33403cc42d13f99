//! The networks themselves: what is set is what is measured.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use countersign_tests::network::is_permitted;
use countersign_tests::network::line::Conditions;
use countersign_tests::network::namespace::Namespace;
use countersign_tests::network::switch::{Port, Switch};

/// How long a packet may take on top of what was set: this machine has other things to do.
const SLACK: Duration = Duration::from_millis(150);
/// How many packets are under way at once: no socket's buffer is to overflow, it has its own idea of loss.
const BATCH: u64 = 50;
/// How long to wait for what does not come.
const SILENCE: Duration = Duration::from_millis(300);

#[test]
fn a_round_trip_takes_what_was_set_and_changes_with_it() {
    let Some(pair) = Pair::new() else { return };

    for delay_ms in [0, 50, 120] {
        pair.switch.set_all(Conditions::delayed(delay_ms));
        let least = Duration::from_millis(2 * delay_ms);
        let fastest = (0..5).map(|_| pair.round_trip().expect("an echo")).min().expect("five");

        assert!((least..least + SLACK).contains(&fastest), "{fastest:?} for {least:?}");
    }
}

#[test]
fn each_direction_has_its_own_delay() {
    let Some(pair) = Pair::new() else { return };
    pair.switch.set(pair.ports[0], pair.ports[1], Conditions::delayed(150));

    let trip = pair.round_trip().expect("an echo");

    assert!((Duration::from_millis(150)..Duration::from_millis(150) + SLACK).contains(&trip), "{trip:?}");
}

#[test]
fn packets_are_lost_and_doubled_as_often_as_was_set_and_the_seed_says_which() {
    let bad = Conditions { lost: 200, doubled: 100, held_back: 100, ..Conditions::default() };
    let run = || {
        let pair = Pair::new()?;
        pair.switch.set(pair.ports[0], pair.ports[1], bad);
        let received = pair.send_numbers(2_000);
        let counts = pair.switch.counts();
        assert_eq!(received.len() as u64, counts.carried);
        Some((received, counts))
    };

    let Some((received, counts)) = run() else { return };
    assert!((320..480).contains(&counts.lost), "{counts:?}");
    assert!((110..210).contains(&counts.doubled), "{counts:?}");
    assert!(!received.is_sorted(), "some were held back");
    let (mut again, counts_again) = run().expect("as before");
    let mut before = received;
    before.sort_unstable();
    again.sort_unstable();
    assert_eq!((again, counts_again), (before, counts), "one seed, one fate");
}

#[test]
fn a_cut_drops_also_what_is_on_its_way_one_way_or_both_until_it_heals() {
    let Some(pair) = Pair::new() else { return };
    let [here, there] = pair.ports;
    let comes = |from: usize| {
        pair.send(from, b"hello");
        pair.receive(1 - from).is_some()
    };

    pair.switch.cut_one_way(here, there);
    assert_eq!((comes(0), comes(1)), (false, true));
    pair.switch.isolate(there);
    assert_eq!((comes(0), comes(1)), (false, false));
    pair.switch.heal();
    assert_eq!((comes(0), comes(1)), (true, true));

    pair.switch.set_all(Conditions::delayed(100));
    pair.send(0, b"too late");
    std::thread::sleep(Duration::from_millis(20));
    pair.switch.isolate(here);
    assert_eq!(pair.receive(1), None);
    assert_eq!(pair.switch.counts().cut, 4);
}

#[test]
fn a_slow_line_drips() {
    let Some(pair) = Pair::new() else { return };
    let slow = Conditions { bits_per_second: Some(8_000), ..Conditions::default() };
    pair.switch.set(pair.ports[0], pair.ports[1], slow);

    let began = Instant::now();
    (0..3).for_each(|_| pair.send(0, &[7; 222]));
    let came = (0..3).filter(|_| pair.receive(1).is_some()).count();

    // With their heads, 250 bytes each.
    assert_eq!(came, 3);
    let took = began.elapsed();
    assert!((Duration::from_millis(750)..Duration::from_millis(750) + SLACK).contains(&took), "{took:?}");
}

#[test]
fn who_gets_another_address_is_found_there_and_no_more_at_the_old_one() {
    let Some(pair) = Pair::new() else { return };
    let moved = Ipv4Addr::new(10, 0, 0, 77);

    pair.switch.readdress(&pair.namespaces[1], pair.ports[1], moved).expect("an address");
    pair.send(0, b"hello");

    assert_eq!(pair.receive(1), None);
    assert_eq!(pair.switch.counts().astray, 1);
    let target = pair.namespaces[1].run(move || UdpSocket::bind((moved, 5_000))).expect("a socket");
    target.set_read_timeout(Some(Duration::from_secs(5))).expect("a time");
    pair.sockets[0].send_to(b"hello", (moved, 5_000)).expect("it is sent");
    assert_eq!(target.recv(&mut [0; 16]).expect("it comes"), 5);
}

/// Two namespaces with a socket each.
struct Pair {
    // Before the namespaces: sockets keep theirs alive.
    sockets: [UdpSocket; 2],
    ports: [Port; 2],
    switch: Switch,
    namespaces: [Namespace; 2],
}

impl Pair {
    /// Makes them, or returns `None` where that is not permitted.
    fn new() -> Option<Self> {
        is_permitted().then(|| {
            let switch = Switch::new(1).expect("a switch");
            let namespaces = [(); 2].map(|()| Namespace::new().expect("a namespace"));
            let ports = [0, 1].map(|at| switch.plug(&namespaces[at], address(at)).expect("a port"));
            let sockets = [0, 1].map(|at| {
                let socket = namespaces[at].run(move || UdpSocket::bind((address(at), 5_000)));
                let socket = socket.expect("a socket");
                socket.set_read_timeout(Some(SILENCE)).expect("a time");
                socket
            });
            Self { sockets, ports, switch, namespaces }
        })
    }

    fn send(&self, from: usize, bytes: &[u8]) {
        self.sockets[from].send_to(bytes, (address(1 - from), 5_000)).expect("it is sent");
    }

    /// Returns what comes, if something does.
    fn receive(&self, at: usize) -> Option<Vec<u8>> {
        let mut buffer = [0; 2_000];
        match self.sockets[at].recv(&mut buffer) {
            Ok(length) => Some(buffer[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn round_trip(&self) -> Option<Duration> {
        let began = Instant::now();
        self.send(0, b"there");
        self.receive(1)?;
        self.send(1, b"and back");
        self.receive(0)?;
        Some(began.elapsed())
    }

    /// Sends so many packets from the first to the second, and returns the numbers of those that come.
    fn send_numbers(&self, count: u32) -> Vec<u32> {
        let mut received = Vec::new();
        for number in 0..count {
            self.send(0, &number.to_be_bytes());
            let sent = u64::from(number) + 1;
            if sent.is_multiple_of(BATCH) {
                let carried = self.await_fates(sent);
                while (received.len() as u64) < carried {
                    let packet = self.receive(1).expect("it was carried");
                    received.push(u32::from_be_bytes(packet.try_into().expect("four bytes")));
                }
            }
        }
        received
    }

    /// Waits until every packet that was sent is carried or lost, and returns how many were carried.
    fn await_fates(&self, sent: u64) -> u64 {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            let counts = self.switch.counts();
            if counts.lost + counts.carried == sent + counts.doubled {
                return counts.carried;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("{sent} packets and {:?}", self.switch.counts());
    }
}

fn address(at: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, 1 + at as u8)
}
