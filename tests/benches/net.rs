//! What connections cost in time: phones in namespaces of their own, on lines as long as is wanted, beside the least it could cost and
//! beside co-signers in JavaScript that do the same.
//!
//! Everything is timed here, from the line that is typed to the line that is read: pipes and processes count for both.
//! `COUNTERSIGN_BENCH=quick` measures once instead of five times.

use std::time::{Duration, Instant};

use countersign_tests::foreign;
use countersign_tests::network::can_translate;
use countersign_tests::network::group::{Group, SOON, address, listen};
use countersign_tests::network::line::Conditions;
use countersign_tests::network::namespace::Namespace;
use countersign_tests::network::switch::{Port, Switch};
use countersign_tests::relay::RelayProcess;
use countersign_tests::talk::{Talk, piped};

/// Round trips between any two phones, in milliseconds.
const TRIPS_MS: [u64; 3] = [0, 50, 100];
/// Phones, and whether they reach each other through a relay alone.
const SIZES: [(usize, bool); 8] =
    [(2, false), (3, false), (5, false), (15, false), (2, true), (3, true), (5, true), (15, true)];
/// Round trips of a session, once connected: the answer of the last signer of two carries everything.
const FLOOR_OF_TWO: f64 = 1.0;
/// Of a session of three and more in a mesh: nonces to all, then partial signatures to all.
const FLOOR_OF_MORE: f64 = 1.5;
/// Round trips of a connection: TCP's, and those of Noise with what is agreed on meanwhile.
const FLOOR_OF_CONNECTION: f64 = 2.0;
/// Of a signed ping, the hello before it included, which rides along with the connection's last flight.
const FLOOR_OF_PING: f64 = 1.0;

fn main() {
    if !can_translate() {
        return;
    }
    if !std::env::args().any(|word| word == "connections") {
        sessions();
    }
    connections();
}

fn sessions() {
    println!(
        "| phones | way | round trip | session, connected | floor | / floor | from disconnected | floor | / floor | JavaScript, connected | JavaScript / ours |"
    );
    println!("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (count, relayed) in SIZES {
        for trip_ms in TRIPS_MS {
            let net = Net::new(count, trip_ms, relayed);
            let mut phones = net.phones(relayed);
            let warm = median(|round| session(&mut phones, round));
            let cold = median(|round| {
                phones.phones[0].ask("background");
                let began = Instant::now();
                phones.phones[0].say("foreground");
                session(&mut phones, 100 + round);
                began.elapsed()
            });
            drop(phones);
            let js = (!relayed && count <= 3).then(|| net.foreigners()).flatten();
            let js = js.map(|mut all| median(|round| foreign_session(&mut all, round)));
            let floor = if count == 2 { FLOOR_OF_TWO } else { FLOOR_OF_MORE };
            let way = if relayed { "relay" } else { "direct" };
            let (warm_floor, cold_floor) = (floor * ms(trip_ms), (floor + FLOOR_OF_CONNECTION) * ms(trip_ms));
            println!(
                "| {count} | {way} | {trip_ms} ms | {} | {} | {} | {} |",
                beside(warm, warm_floor),
                beside(cold, cold_floor),
                js.map_or_else(|| "-".to_owned(), |js| format!("{js:.1} ms")),
                js.map_or_else(|| "-".to_owned(), |js| format!("{:.1}", js / warm)),
            );
        }
    }
    println!();
}

fn connections() {
    println!("| what | round trip | ours | floor | / floor | JavaScript | JavaScript / ours |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for trip_ms in TRIPS_MS {
        let net = Net::new(2, trip_ms, false);
        let mut phones = net.phones(false);
        let ours = median(|_| look_anew(&mut phones));
        drop(phones);
        let js = net.foreigners().map(|mut all| median(|_| reconnect(&mut all)));
        row("connection and signed ping", trip_ms, ours, FLOOR_OF_CONNECTION + FLOOR_OF_PING, js);
    }
    for trip_ms in TRIPS_MS {
        let net = Net::new(9, trip_ms, false);
        let mut phones = net.phones(false);
        let known =
            median(|_| timed(|| assert_eq!(phones.phones[0].ask("preflight shared 5s")["ready"], true)));
        row("pre-flight of 8, connected", trip_ms, known, FLOOR_OF_PING, None);
        let anew = median(|_| look_anew(&mut phones));
        row("pre-flight of 8, from disconnected", trip_ms, anew, FLOOR_OF_CONNECTION + FLOOR_OF_PING, None);
    }
    let net = Net::new(3, 50, false);
    let mut phones = net.phones(false);
    net.switch.isolate(net.ports[1]);
    let dead = timed(|| assert_eq!(phones.phones[0].ask("preflight shared 5s")["missing"][0], "bob"));
    println!(
        "| pre-flight of 2, one of them dead | 50 ms | {:.1} ms | 5000.0 ms (its budget) | {:.2} | - | - |",
        millis(dead),
        millis(dead) / 5000.0
    );
}

fn row(what: &str, trip_ms: u64, ours: f64, floor: f64, js: Option<f64>) {
    let floor = floor * ms(trip_ms);
    println!(
        "| {what} | {trip_ms} ms | {} | {} | {} |",
        beside(ours, floor),
        js.map_or_else(|| "-".to_owned(), |js| format!("{js:.1} ms")),
        js.map_or_else(|| "-".to_owned(), |js| format!("{:.1}", js / ours)),
    );
}

/// Shows a time, its floor and their ratio.
fn beside(took: f64, floor: f64) -> String {
    let ratio = if floor > 0.0 { format!("{:.2}", took / floor) } else { "-".to_owned() };
    format!("{took:.1} ms | {floor:.0} ms | {ratio}")
}

/// Lets the first propose, and returns how long it is until it has the signature.
fn session(group: &mut Group, round: usize) -> Duration {
    let first = &mut group.phones[0];
    timed(|| {
        first.say(&format!("propose shared {}", format!("{round:02x}").repeat(32)));
        let ended = first.read(|value| value["event"] == "ended" || value["what"] == "ended");
        assert_eq!(ended["outcome"]["how"], "completed", "{ended}");
    })
}

/// Lets the first connect anew, and returns how long it is until all have answered a signed ping.
fn look_anew(group: &mut Group) -> Duration {
    let first = &mut group.phones[0];
    first.ask("background");
    timed(|| {
        first.say("foreground");
        let report = first.read(|value| value["answer"] == "foreground");
        assert_eq!(report["restarted"], true);
        let report = first.ask("preflight shared 5s");
        assert_eq!(report["ready"], true, "{report}");
    })
}

fn foreign_session(all: &mut [Talk], round: usize) -> Duration {
    timed(|| {
        all[0].say(&format!("propose shared {}", format!("{round:02x}").repeat(32)));
        assert_eq!(all[0].read(|value| value["event"] == "ended")["end"], "completed");
    })
}

fn reconnect(all: &mut [Talk]) -> Duration {
    all[0].ask("links");
    all[0].forget();
    let took = timed(|| {
        all[0].say("reconnect");
        all[0].read(|value| value["event"] == "pong");
    });
    // The other side dials a second after it lost its connection, unless it is connected by then.
    std::thread::sleep(Duration::from_secs(2));
    took
}

/// Namespaces for phones, and one for a relay, on a net of lines of the same length.
struct Net {
    ports: Vec<Port>,
    switch: Switch,
    namespaces: Vec<Namespace>,
    relay: Option<RelayProcess>,
}

impl Net {
    /// Makes one with room for so many phones and a relay. Through the relay, too, a round trip takes `trip_ms`.
    fn new(count: usize, trip_ms: u64, relayed: bool) -> Self {
        let switch = Switch::new(1).expect("a switch");
        let namespaces: Vec<Namespace> =
            (0..=count).map(|_| Namespace::new().expect("a namespace")).collect();
        let plug = |(at, namespace)| switch.plug(namespace, address(at)).expect("a port");
        let ports = namespaces.iter().enumerate().map(plug).collect();
        let ways = if relayed { 4 } else { 2 };
        switch.set_all(Conditions { delay_ms: trip_ms / ways, ..Conditions::default() });
        let relay = relayed.then(|| {
            let listens = format!("/ip4/{}/tcp/4001", address(count));
            RelayProcess::start(&listens, "", |command| namespaces[count].spawn(command))
        });
        Self { ports, switch, namespaces, relay }
    }

    /// Starts phones that approve unseen, and connects them.
    fn phones(&self, relayed: bool) -> Group {
        let arguments = |at: usize| {
            let way = match self.relay.as_ref().filter(|_| relayed) {
                Some(relay) => vec!["--dial-only".into(), "--relay".into(), relay.address.clone()],
                None => listen(address(at)),
            };
            [way, vec!["--auto-approve".into()]].concat()
        };
        let count = self.namespaces.len() - 1;
        let places: Vec<_> = (0..count).map(|at| (&self.namespaces[at], arguments(at))).collect();
        let mut group = Group::with(&places);
        group.meet();
        group.await_links();
        // New cards go round, and connections that were dialled twice are closed.
        std::thread::sleep(Duration::from_secs(1));
        group
    }

    /// Starts co-signers in JavaScript, and connects them.
    fn foreigners(&self) -> Option<Vec<Talk>> {
        let count = self.namespaces.len() - 1;
        let mut all = Vec::new();
        for at in 0..count {
            let listens = format!("/ip4/{}/tcp/4002", address(at));
            let mut command = foreign::command(&["--auto-approve", "--listen", &listens])?;
            piped(&mut command);
            all.push(Talk::attach(self.namespaces[at].spawn(command).expect("it starts")));
        }
        let cards: Vec<String> =
            all.iter().map(|one| one.ready["card"].as_str().expect("a card").to_owned()).collect();
        for (at, one) in all.iter_mut().enumerate() {
            for card in cards.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, card)| card) {
                one.ask(&format!("add {card}"));
            }
            one.ask("wallet shared");
        }
        for one in &mut all {
            (1..count).for_each(|_| drop(one.read(|value| value["event"] == "pong")));
        }
        std::thread::sleep(Duration::from_secs(2));
        Some(all)
    }
}

fn timed(what: impl FnOnce()) -> Duration {
    let began = Instant::now();
    what();
    began.elapsed().min(SOON)
}

/// Returns the median of some rounds, in milliseconds.
fn median(mut round: impl FnMut(usize) -> Duration) -> f64 {
    let rounds = if std::env::var("COUNTERSIGN_BENCH").is_ok_and(|how| how == "quick") { 1 } else { 5 };
    let mut took: Vec<f64> = (0..rounds).map(|number| millis(round(number))).collect();
    took.sort_by(f64::total_cmp);
    took[rounds / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn ms(whole: u64) -> f64 {
    whole as f64
}
