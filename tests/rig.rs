//! A world of phones: real nodes, a virtual clock, journals in memory and a network that a test holds in its hand.
//!
//! One seed determines everything. Frames wait in flight until a test delivers them or lets the world
//! [`World::settle`]; a phone can die before any effect and comes back from its journal alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use countersign_machine::effect::{Effect, Event};
use countersign_machine::fault::{CallerFault, Fault};
use countersign_machine::id::{SessionId, TransportKey, WalletId};
use countersign_machine::limits::{DEFAULT_SESSION_MS, MAX_SESSION_MS};
use countersign_machine::message::Payload;
use countersign_machine::session::{Happening, Phase};
use countersign_machine::status::{SessionStatus, Status};
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::wallet::Wallet;
use countersign_machine::{Input, Node};

mod extract;
pub mod forge;
mod judge;
mod liar;
mod network;
pub mod oracle;
mod phone;
pub mod scene;

pub use judge::payload;
use liar::Lie;
pub use liar::Word;
pub use network::{Flight, Topology};
use oracle::Oracle;
pub use phone::{Phone, Vault};

/// Something a test can let happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The oldest answer of this phone's own vault or journal reaches its node.
    Answer(usize),
    /// The frame at this place in flight arrives.
    Frame(usize),
}

/// Some phones, each with a key of one wallet; a phone's number is its slot.
pub struct World {
    /// The phones, by slot.
    pub phones: Vec<Phone>,
    /// The wallet that all share.
    pub wallet: WalletId,
    /// What has been sent and not arrived, oldest first.
    pub flying: VecDeque<Flight>,
    /// Every frame ever sent, oldest first.
    pub sent: Vec<Flight>,
    /// Whoever watches what is signed with which nonce.
    pub oracle: Oracle,
    /// Whether frames that a phone sent right before it died arrive all the same.
    pub last_words_arrive: bool,
    /// The clocks.
    pub now: Now,
    /// Time that all nodes together took to decide, for benchmarks: no test looks at it.
    pub spent: Duration,
    /// The relay and rendezvous point, if there is one.
    pub relay: Option<TransportKey>,
    /// Who is registered there, under which names.
    pub registered: BTreeSet<(String, usize)>,
    /// Every dial: who, whom, where.
    pub dials: Vec<(usize, TransportKey, Vec<String>)>,
    /// Whose network is stopped.
    resting: BTreeSet<usize>,
    /// Whether a dial on a closed road is never answered, as by a network that swallows everything.
    pub silent_dials: bool,
    /// The ways, each from one to another, on which everything is lost though nobody says so: frames, dials and the ends of connections.
    pub deaf: BTreeSet<(usize, usize)>,
    roads: BTreeSet<(usize, usize)>,
    links: BTreeSet<(usize, usize)>,
    entropy: Entropy,
    /// Which phone dies, and before how many more effects.
    fuse: Option<(usize, usize)>,
    /// How many frames each has sent to each.
    counts: BTreeMap<(usize, usize), usize>,
    /// Whose next wake-up may have changed.
    touched: BTreeSet<usize>,
    /// What liars make of their words.
    lie: Option<Lie>,
}

/// Never the same 32 bytes twice, and always the same row from one seed.
#[derive(Clone)]
struct Entropy {
    seed: u64,
    count: u64,
}

impl Entropy {
    fn draw(&mut self) -> [u8; 32] {
        self.count += 1;
        forge::tagged_hash("rig/entropy", &[&self.seed.to_be_bytes(), &self.count.to_be_bytes()])
    }
}

impl World {
    /// Makes `count` phones that hold each other's cards and a wallet, and connects those that can be.
    pub fn new(seed: u64, count: usize, topology: Topology) -> Self {
        let mut entropy = Entropy { seed, count: 0 };
        let now = Now { wall: WallTime(1_700_000_000_000), boot: BootTime(1_000_000) };
        let mut phones: Vec<Phone> =
            (0..count).map(|_| Phone::new(entropy.draw(), entropy.draw(), entropy.draw(), now)).collect();
        phones.sort_by_key(Phone::participant);
        let keys: Vec<_> = phones.iter().map(Phone::participant).collect();
        let wallet = Wallet::new("wallet".into(), keys).expect("two to a hundred different keys");
        let mut world = Self {
            phones,
            wallet: wallet.id(),
            flying: VecDeque::new(),
            sent: Vec::new(),
            oracle: Oracle::default(),
            last_words_arrive: false,
            now,
            spent: Duration::ZERO,
            relay: None,
            registered: BTreeSet::new(),
            dials: Vec::new(),
            silent_dials: false,
            deaf: BTreeSet::new(),
            resting: BTreeSet::new(),
            roads: BTreeSet::new(),
            links: BTreeSet::new(),
            entropy,
            fuse: None,
            counts: BTreeMap::new(),
            touched: BTreeSet::new(),
            lie: None,
        };
        world.introduce(&wallet);
        world.build_roads(topology);
        world.connect();
        world.settle();
        world
    }

    /// Copies the world as it is while every phone is off and nothing flies: from one past, many futures.
    pub fn asleep(&self) -> Self {
        Self {
            phones: self.phones.iter().map(Phone::asleep).collect(),
            wallet: self.wallet,
            flying: VecDeque::new(),
            sent: self.sent.clone(),
            oracle: self.oracle.clone(),
            last_words_arrive: self.last_words_arrive,
            now: self.now,
            spent: Duration::ZERO,
            relay: self.relay,
            registered: self.registered.clone(),
            dials: Vec::new(),
            silent_dials: self.silent_dials,
            deaf: self.deaf.clone(),
            resting: BTreeSet::new(),
            roads: self.roads.clone(),
            links: BTreeSet::new(),
            entropy: self.entropy.clone(),
            fuse: None,
            lie: None,
            counts: self.counts.clone(),
            touched: BTreeSet::new(),
        }
    }

    /// Starts every phone of a world that is asleep; the greetings are in flight.
    pub fn wake_up(&mut self) {
        (0..self.phones.len()).for_each(|who| self.start(who));
        self.connect();
    }

    fn introduce(&mut self, wallet: &Wallet) {
        for who in 0..self.phones.len() {
            self.feed(who, Input::Listening(vec![format!("/memory/{}", who + 1)]));
            let issued = self.command(who, |node, _| node.issue_card(format!("phone {who}")));
            issued.expect("a short nickname");
        }
        self.settle();
        let cards: Vec<_> = self.phones.iter().map(Phone::card).collect();
        for who in 0..self.phones.len() {
            for card in &cards {
                let added = self.command(who, |node, now| node.add_card(card.clone(), now));
                added.expect("a card that was just issued");
            }
        }
        self.create_wallet(wallet);
    }

    fn create_wallet(&mut self, wallet: &Wallet) {
        self.oracle.learn_wallet(wallet.clone());
        for who in 0..self.phones.len() {
            if wallet.slot_of(&self.phones[who].participant()).is_some() {
                let keys = wallet.keys().to_vec();
                let created =
                    self.command(who, |node, now| node.create_wallet(wallet.name().into(), keys, now));
                created.expect("the keys make a wallet");
            }
        }
    }

    /// Creates one more wallet, of these phones, on all of them.
    pub fn wallet_of(&mut self, members: &[usize]) -> WalletId {
        let keys = members.iter().map(|who| self.phones[*who].participant()).collect();
        let wallet = Wallet::new("another".into(), keys).expect("two to a hundred different keys");
        self.create_wallet(&wallet);
        self.settle();
        wallet.id()
    }

    /// Lets everything happen that is due, until nothing is: answers, then wake-ups, then frames in the order
    /// in which they were sent.
    pub fn settle(&mut self) {
        for _ in 0..10_000_000 {
            let deaf = &self.deaf;
            self.flying.retain(|flight| !deaf.contains(&(flight.from, flight.to)));
            if let Some(who) = self.phones.iter().position(Phone::has_answer) {
                self.take(Step::Answer(who));
            } else if let Some(who) = self.touched.pop_first() {
                if self.is_due(who) {
                    self.wake(who);
                }
            } else if !self.flying.is_empty() {
                self.take(Step::Frame(0));
            } else {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Lets vaults and journals answer, and no frame arrive.
    pub fn settle_answers(&mut self) {
        while let Some(step) = self.steps().into_iter().find(|step| matches!(step, Step::Answer(_))) {
            self.take(step);
        }
    }

    /// Returns what can happen next, time standing still.
    pub fn steps(&self) -> Vec<Step> {
        let answers = (0..self.phones.len()).filter(|who| self.phones[*who].has_answer());
        answers.map(Step::Answer).chain((0..self.flying.len()).map(Step::Frame)).collect()
    }

    /// Returns what can happen next if no frame overtakes another on its way.
    pub fn steps_in_order(&self) -> Vec<Step> {
        let mut ways = BTreeSet::new();
        let mut steps = self.steps();
        steps.retain(|step| match step {
            Step::Answer(_) => true,
            Step::Frame(at) => ways.insert((self.flying[*at].from, self.flying[*at].to)),
        });
        steps
    }

    /// Lets one thing happen.
    pub fn take(&mut self, step: Step) {
        match step {
            Step::Answer(who) => {
                if let Some(answer) = self.phones[who].take_answer() {
                    self.feed(who, answer);
                }
            }
            Step::Frame(at) => {
                if let Some(flight) = self.flying.remove(at) {
                    self.arrive(flight.from, flight.to, &flight.bytes);
                }
            }
        }
    }

    /// Feeds a phone one fact; a refusal is noted, a broken journal is a bug.
    pub fn feed(&mut self, who: usize, input: Input) {
        match self.act(who, |node, now| node.handle_input(input, now)) {
            None | Some(Ok(())) => {}
            Some(Err(Fault::Store(fault))) => panic!("phone {who} was told to stop: {fault}"),
            Some(Err(fault)) => self.phones[who].faults.push(fault),
        }
    }

    /// Gives a phone a command.
    ///
    /// # Errors
    ///
    /// Returns why it was refused.
    pub fn command<T>(
        &mut self,
        who: usize,
        command: impl FnOnce(&mut Node, Now) -> Result<T, CallerFault>,
    ) -> Result<T, CallerFault> {
        self.act(who, command).expect("the phone is alive")
    }

    /// Lets `time` pass, every wake-up at its moment.
    pub fn pass_ms(&mut self, ms: u64) {
        let end = self.now.boot.after_ms(ms);
        self.settle();
        while let Some(next) = self.next_wake().filter(|next| *next <= end) {
            self.move_clock(next);
            self.settle();
        }
        self.move_clock(end);
    }

    /// Lets the last deadline pass while vaults and journals say nothing.
    pub fn expire_without_answers(&mut self) {
        self.sleep_past_every_deadline();
        (0..self.phones.len()).for_each(|who| self.wake(who));
    }

    /// Lets the last deadline pass, nobody noticing yet.
    pub fn sleep_past_every_deadline(&mut self) {
        self.move_clock(self.now.boot.after_ms(MAX_SESSION_MS));
    }

    /// Sets a phone's wall clock ahead of the world's, or back; its node notices when it next looks.
    pub fn set_clock(&mut self, who: usize, ahead_ms: i64) {
        self.phones[who].ahead_ms = ahead_ms;
        self.touched.insert(who);
    }

    /// Returns what a phone's clocks show.
    pub fn now_of(&self, who: usize) -> Now {
        let wall = self.now.wall.0.saturating_add_signed(self.phones[who].ahead_ms);
        Now { wall: WallTime(wall), boot: BootTime(self.now.boot.0 - self.phones[who].booted.0) }
    }

    fn move_clock(&mut self, to: BootTime) {
        self.now.wall.0 += (to.0 - self.now.boot.0) / 1000;
        self.now.boot = to;
        self.touched.extend(0..self.phones.len());
    }

    fn next_wake(&self) -> Option<BootTime> {
        let wakes = self.phones.iter().filter_map(|phone| {
            let (at, _) = phone.node.as_ref()?.poll_timeout()?;
            Some(BootTime(at.0.saturating_add(phone.booted.0)))
        });
        wakes.min()
    }

    fn is_due(&self, who: usize) -> bool {
        let wake = self.phones[who].node.as_ref().and_then(Node::poll_timeout);
        wake.is_some_and(|(at, _)| at <= self.now_of(who).boot)
    }

    fn wake(&mut self, who: usize) {
        self.act(who, |node, now| node.handle_timeout(now));
    }

    /// Kills a phone before its `count`th effect from now.
    pub fn kill_before_effect(&mut self, who: usize, count: usize) {
        self.fuse = Some((who, count));
    }

    /// Takes the threat away; returns whether the phone has died of it.
    pub fn spare(&mut self) -> bool {
        self.fuse.take().is_none()
    }

    /// Kills a phone: all it had in memory is gone.
    pub fn crash(&mut self, who: usize) {
        self.phones[who].die();
        if self.last_words_arrive {
            while let Some(at) = self.flying.iter().position(|flight| flight.from == who) {
                self.take(Step::Frame(at));
            }
        }
        for other in 0..self.phones.len() {
            self.drop_link(who, other);
        }
    }

    /// Starts a dead phone from its journal; it and the others dial, and the greetings are in flight.
    pub fn restart(&mut self, who: usize) {
        self.start(who);
        self.connect();
    }

    fn start(&mut self, who: usize) {
        let (seed, now) = (self.entropy.draw(), self.now_of(who));
        let phone = &mut self.phones[who];
        phone.open(seed, now).expect("a journal that a node wrote");
        self.oracle.reread(&phone.participant(), &phone.journal);
        self.carry_out(who);
        self.feed(who, Input::Listening(vec![format!("/memory/{}", who + 1)]));
    }

    /// Boots a phone: it dies, its boot clock starts over, and it comes back from its journal. Its system names the boot, if it
    /// did before.
    pub fn reboot(&mut self, who: usize) {
        self.crash(who);
        self.boot(who);
        self.restart(who);
    }

    /// Boots a phone whose node is dead: its boot clock starts over.
    pub fn boot(&mut self, who: usize) {
        let phone = &mut self.phones[who];
        phone.boots = phone.boots.map(|boots| boots + 1);
        phone.booted = self.now.boot;
    }

    /// Gives a participant a new phone: its key is the same, all else is gone. The others are shown its card.
    pub fn replace_phone(&mut self, who: usize) {
        self.crash(who);
        let (transport, seed) = (self.entropy.draw(), self.entropy.draw());
        self.phones[who] = self.phones[who].successor(transport, seed, self.now_of(who));
        let wallet = self.oracle.wallet(&self.wallet).clone();
        self.introduce(&wallet);
        self.connect();
    }

    /// Proposes a payload, due in five minutes, and leaves the frames in flight.
    pub fn propose(&mut self, who: usize, payload: Payload) -> SessionId {
        self.try_propose(who, payload).expect("a payload within the limits")
    }

    /// Proposes a payload, due in five minutes.
    ///
    /// # Errors
    ///
    /// Returns why it was refused.
    pub fn try_propose(&mut self, who: usize, payload: Payload) -> Result<SessionId, CallerFault> {
        self.try_propose_for(who, payload, DEFAULT_SESSION_MS)
    }

    /// Proposes a payload, due in so many milliseconds.
    ///
    /// # Errors
    ///
    /// Returns why it was refused.
    pub fn try_propose_for(
        &mut self,
        who: usize,
        payload: Payload,
        ms: u64,
    ) -> Result<SessionId, CallerFault> {
        let (wallet, random) = (self.wallet, self.entropy.draw());
        let deadline = WallTime(self.now_of(who).wall.0.saturating_add(ms));
        self.command(who, |node, now| node.propose(wallet, payload, deadline, random, now))
    }

    /// Lets every user who is asked approve, all before anything arrives anywhere, until nobody is asked.
    pub fn approve_at_once(&mut self, session: SessionId) {
        self.settle();
        loop {
            let asked: Vec<usize> =
                (0..self.phones.len()).filter(|who| self.is_asked(*who, session)).collect();
            for who in &asked {
                self.approve(*who, session);
            }
            self.settle();
            if asked.is_empty() && !self.pass_pause() {
                return;
            }
        }
    }

    /// Lets one user after the other approve, everything settled in between, until nobody is asked.
    pub fn approve_in_turn(&mut self, session: SessionId) {
        self.settle();
        loop {
            if let Some(who) = (0..self.phones.len()).find(|who| self.is_asked(*who, session)) {
                self.approve(who, session);
                self.settle();
            } else if !self.pass_pause() {
                return;
            }
        }
    }

    /// Lets the pause before an attempt pass that ends first; returns whether there was one.
    pub fn pass_pause(&mut self) -> bool {
        let alive = (0..self.phones.len()).filter(|who| self.phones[*who].node.is_some());
        let pauses = alive.flat_map(|who| self.status(who).sessions).filter_map(|shown| shown.begins_in_ms);
        let next = pauses.min();
        if let Some(ms) = next {
            self.pass_ms(ms);
        }
        next.is_some()
    }

    /// Lets a user approve; dead phones have none.
    pub fn approve(&mut self, who: usize, session: SessionId) {
        if let Some(result) = self.act(who, |node, now| node.approve(session, now)) {
            result.expect("the session is open");
        }
    }

    /// Returns whether the user of a living phone is asked about this session.
    pub fn is_asked(&self, who: usize, session: SessionId) -> bool {
        self.phones[who].node.is_some()
            && self.session(who, session).is_some_and(|session| session.phase == Phase::Requested)
    }

    /// Returns what a living phone shows.
    pub fn status(&self, who: usize) -> Status {
        self.phones[who].node.as_ref().expect("the phone is alive").status(self.now_of(who))
    }

    /// Returns what a living phone shows of a session, if it knows it.
    pub fn session(&self, who: usize, session: SessionId) -> Option<SessionStatus> {
        self.status(who).sessions.into_iter().find(|shown| shown.id == session)
    }

    /// Does something on a living phone and carries out what its node orders.
    pub fn act<T>(&mut self, who: usize, act: impl FnOnce(&mut Node, Now) -> T) -> Option<T> {
        self.touched.insert(who);
        let now = self.now_of(who);
        let start = Instant::now();
        let result = act(self.phones[who].node.as_mut()?, now);
        self.spent += start.elapsed();
        self.carry_out(who);
        Some(result)
    }

    fn carry_out(&mut self, who: usize) {
        while let Some(effect) = self.phones[who].node.as_mut().and_then(Node::poll_effect) {
            if let Some((_, left)) = self.fuse.as_mut().filter(|(victim, _)| *victim == who) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    self.fuse = None;
                    return self.crash(who);
                }
            }
            self.execute(who, effect);
        }
    }

    fn execute(&mut self, who: usize, effect: Effect) {
        self.phones[who].effects.push(phone::name_of(&effect));
        match effect {
            Effect::Persist(records) => {
                self.oracle.read(&self.phones[who].participant(), &records);
                records.iter().for_each(|record| self.phones[who].write(record));
            }
            Effect::ReadBack => self.phones[who].read_back(),
            Effect::Compact(forgotten) => self.phones[who].compact(&forgotten),
            Effect::AskKey { ticket, purpose: _ } => self.phones[who].give_key(ticket),
            Effect::AskSeed { ticket } => self.phones[who].give_seed(ticket),
            Effect::Admit(_) => {}
            Effect::Exclude(peer) => {
                if let Some(other) = self.phone_of(&peer) {
                    self.drop_link(who, other);
                }
            }
            Effect::Dial { peer, addresses } => self.dial(who, peer, addresses),
            Effect::Cut(peer) => {
                if let Some(other) = self.phone_of(&peer) {
                    self.drop_link(who, other);
                }
            }
            Effect::Reserve { relay, .. } => self.reserve(who, relay),
            Effect::Register { relay, namespaces, .. } => self.register(who, relay, namespaces),
            Effect::Unregister { relay, namespaces } => self.unregister(who, relay, &namespaces),
            Effect::Discover { relay, namespaces } => self.discover(who, relay, &namespaces),
            Effect::RestartNetwork(_) => {
                (0..self.phones.len()).for_each(|other| self.drop_link(who, other));
                self.phones[who].answer(Input::NetworkStopped);
                self.phones[who].answer(Input::NetworkStarted);
            }
            Effect::Send { peer, frame } => self.send(who, peer, frame),
            Effect::Tell(event) => self.phones[who].events.push(event),
        }
    }

    /// Returns every fault that any phone has noted.
    pub fn faults(&self) -> Vec<(usize, Fault)> {
        let all = self.phones.iter().enumerate();
        all.flat_map(|(who, phone)| phone.faults.iter().map(move |fault| (who, fault.clone()))).collect()
    }

    /// Returns what a phone's user was told about a session, oldest first.
    pub fn told(&self, who: usize, session: SessionId) -> Vec<Happening> {
        let mut told = Vec::new();
        for event in &self.phones[who].events {
            if let Event::Session(event) = event
                && event.session == session
            {
                told.push(event.what.clone());
            }
        }
        told
    }
}
