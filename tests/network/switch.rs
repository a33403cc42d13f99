//! The links between namespaces: a thread that carries packets from one device to another, as the lines let it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::line::{Conditions, Line};
use super::namespace::Namespace;

/// Most packets on their way at once; what comes then is dropped.
const MAX_ON_THE_WAY: usize = 16 * 1024;
/// Most packets taken from one device before the others have their turn.
const MAX_AT_ONCE: usize = 64;
/// Most bytes of a packet, as the devices are told.
const MTU: u16 = 1400;

/// One end of a link: the n-th namespace that was plugged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port(usize);

/// What became of the packets, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Delivered, copies included.
    pub carried: u64,
    /// Lost by chance, or in a full buffer.
    pub lost: u64,
    /// Delivered once more than they were sent.
    pub doubled: u64,
    /// Dropped by a cut.
    pub cut: u64,
    /// For an address that nobody here has.
    pub astray: u64,
}

/// A net that joins namespaces, each with each. Its devices vanish with it.
pub struct Switch {
    state: Arc<Mutex<State>>,
    wake: Option<PipeWriter>,
    carrier: Option<JoinHandle<()>>,
}

struct State {
    seed: u64,
    started: Instant,
    ports: Vec<Plugged>,
    /// Where packets go that are for no address in this net.
    gateway: Option<Port>,
    usual: Conditions,
    lines: BTreeMap<(Port, Port), Line>,
    cuts: BTreeSet<(Port, Port)>,
    on_the_way: BinaryHeap<Reverse<Packet>>,
    sent: u64,
    counts: Counts,
}

#[derive(Clone)]
struct Plugged {
    device: Arc<SyncDevice>,
    address: Ipv4Addr,
}

/// In the order in which they arrive.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Packet {
    arrives: Duration,
    number: u64,
    way: (Port, Port),
    bytes: Arc<[u8]>,
}

impl Switch {
    /// Makes a net of good lines that nobody is plugged into yet. The seed determines the fate of every packet.
    ///
    /// # Errors
    ///
    /// Returns why the system gives no pipe or thread.
    pub fn new(seed: u64) -> io::Result<Self> {
        let state = State {
            seed,
            started: Instant::now(),
            ports: Vec::new(),
            gateway: None,
            usual: Conditions::default(),
            lines: BTreeMap::new(),
            cuts: BTreeSet::new(),
            on_the_way: BinaryHeap::new(),
            sent: 0,
            counts: Counts::default(),
        };
        let state = Arc::new(Mutex::new(state));
        let (woken, wake) = io::pipe()?;
        let shared = Arc::clone(&state);
        let carrier =
            std::thread::Builder::new().name("switch".into()).spawn(move || carry(&shared, &woken))?;
        Ok(Self { state, wake: Some(wake), carrier: Some(carrier) })
    }

    /// Gives a namespace a device in this net with an address, of whose first 24 bits the net is.
    ///
    /// # Errors
    ///
    /// Returns why the kernel gives no device, or refuses the address.
    pub fn plug(&self, namespace: &Namespace, address: Ipv4Addr) -> io::Result<Port> {
        let device = namespace.run(|| DeviceBuilder::new().packet_information(false).build_sync())?;
        device.set_nonblocking(true)?;
        let name = device.name()?;
        namespace.command("ip", &format!("link set {name} mtu {MTU} up"))?;
        namespace.command("ip", &format!("address add {address}/24 dev {name}"))?;
        let mut state = self.state();
        let port = Port(state.ports.len());
        for other in (0..port.0).map(Port) {
            for (from, to) in [(other, port), (port, other)] {
                let line = Line::new(state.seed, from.0 as u64, to.0 as u64, state.usual);
                state.lines.insert((from, to), line);
            }
        }
        state.ports.push(Plugged { device: Arc::new(device), address });
        drop(state);
        self.wake.as_ref().expect("it runs").write_all(&[0])?;
        Ok(port)
    }

    /// Gives the namespace at a port another address, in the same net or not, as a phone that goes to another network
    /// gets one. Connections of the old address break without a word. Routes but that of the net go with it.
    ///
    /// # Errors
    ///
    /// Returns why the kernel refuses the address.
    pub fn readdress(&self, namespace: &Namespace, port: Port, address: Ipv4Addr) -> io::Result<()> {
        let name = self.device(port)?;
        namespace.command("ip", &format!("address flush dev {name}"))?;
        namespace.command("ip", &format!("address add {address}/24 dev {name}"))?;
        self.state().ports[port.0].address = address;
        Ok(())
    }

    /// Makes a port's namespace the way out: it gets the packets that are for nobody in this net.
    pub fn set_gateway(&self, port: Port) {
        self.state().gateway = Some(port);
    }

    /// Returns what the device at a port is called in its namespace.
    ///
    /// # Errors
    ///
    /// Returns why the kernel does not say.
    pub fn device(&self, port: Port) -> io::Result<String> {
        let device = Arc::clone(&self.state().ports[port.0].device);
        device.name()
    }

    /// Sets how every line treats packets that are sent from now on, those of later ports, too.
    pub fn set_all(&self, conditions: Conditions) {
        let mut state = self.state();
        state.usual = conditions;
        state.lines.values_mut().for_each(|line| line.set(conditions));
    }

    /// Sets how the line from one port to another treats packets that are sent from now on.
    pub fn set(&self, from: Port, to: Port, conditions: Conditions) {
        self.state().lines.get_mut(&(from, to)).expect("two ports of this net").set(conditions);
    }

    /// Drops whatever goes from one port to another, also what is on its way.
    pub fn cut_one_way(&self, from: Port, to: Port) {
        self.state().cuts.insert((from, to));
    }

    /// Drops whatever a port sends.
    pub fn mute(&self, port: Port) {
        let mut state = self.state();
        let others = (0..state.ports.len()).map(Port).filter(|other| *other != port);
        state.cuts.extend(others.map(|other| (port, other)));
    }

    /// Drops whatever goes between a port and all others.
    pub fn isolate(&self, port: Port) {
        self.mute(port);
        let mut state = self.state();
        let others = (0..state.ports.len()).map(Port).filter(|other| *other != port);
        state.cuts.extend(others.map(|other| (other, port)));
    }

    /// Ends all cuts.
    pub fn heal(&self) {
        self.state().cuts.clear();
    }

    /// Returns what became of the packets so far.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(carrier) = self.carrier.take() {
            // If it panicked it has said so.
            let _ = carrier.join();
        }
    }
}

/// Carries packets until nobody holds the other end of the pipe.
fn carry(state: &Mutex<State>, mut woken: &PipeReader) {
    let mut buffer = [0; 64 * 1024];
    loop {
        let (ports, wait) = {
            let state = state.lock().expect("nobody panics while holding it");
            let next = state.on_the_way.peek().map(|Reverse(packet)| packet.arrives);
            let wait = next.map(|arrives| arrives.saturating_sub(state.started.elapsed()));
            (state.ports.clone(), wait)
        };
        let mut awaited = vec![PollFd::new(woken, PollFlags::IN)];
        awaited.extend(ports.iter().map(|port| PollFd::new(&*port.device, PollFlags::IN)));
        let wait = wait.map(|wait| Timespec::try_from(wait).expect("a packet is not on its way for ages"));
        if poll(&mut awaited, wait.as_ref()).is_err() {
            // A signal: look again.
            continue;
        }
        let ready: Vec<bool> = awaited.iter().map(|one| !one.revents().is_empty()).collect();
        if ready[0] && woken.read(&mut [0; 16]).is_ok_and(|length| length == 0) {
            return;
        }
        let mut state = state.lock().expect("nobody panics while holding it");
        for (port, plugged) in ports.iter().enumerate().filter(|(port, _)| ready[port + 1]) {
            for _ in 0..MAX_AT_ONCE {
                let Ok(length) = plugged.device.recv(&mut buffer) else { break };
                state.take(Port(port), &buffer[..length]);
            }
        }
        state.deliver();
    }
}

impl State {
    /// Takes a packet that a port has sent. What is not IPv4 needs no carrying.
    fn take(&mut self, from: Port, packet: &[u8]) {
        let Some(&[a, b, c, d]) = packet.get(16..20) else { return };
        if packet[0] >> 4 != 4 {
            return;
        }
        let address = Ipv4Addr::new(a, b, c, d);
        let owner = self.ports.iter().position(|port| port.address == address).map(Port);
        let to = owner.or(self.gateway);
        let Some((to, line)) = to.and_then(|to| Some((to, self.lines.get_mut(&(from, to))?))) else {
            self.counts.astray += 1;
            return;
        };
        let mut arrivals = line.take(self.started.elapsed(), packet.len());
        if self.cuts.contains(&(from, to)) {
            self.counts.cut += 1;
            return;
        }
        arrivals.truncate(MAX_ON_THE_WAY.saturating_sub(self.on_the_way.len()));
        match arrivals.len() {
            0 => self.counts.lost += 1,
            times => self.counts.doubled += times as u64 - 1,
        }
        let bytes: Arc<[u8]> = packet.into();
        for arrives in arrivals {
            self.sent += 1;
            let packet = Packet { arrives, number: self.sent, way: (from, to), bytes: Arc::clone(&bytes) };
            self.on_the_way.push(Reverse(packet));
        }
    }

    /// Hands over what has arrived.
    fn deliver(&mut self) {
        while let Some(Reverse(packet)) = self.on_the_way.peek() {
            if packet.arrives > self.started.elapsed() {
                return;
            }
            let Some(Reverse(packet)) = self.on_the_way.pop() else { return };
            if self.cuts.contains(&packet.way) {
                self.counts.cut += 1;
            } else if self.ports[packet.way.1.0].device.send(&packet.bytes).is_ok() {
                self.counts.carried += 1;
            } else {
                // Its device is down, or takes no more.
                self.counts.lost += 1;
            }
        }
    }
}
