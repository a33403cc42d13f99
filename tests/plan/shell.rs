//! A small shell that makes its system equal to the plan, in thousands of random lives: permissions come and go, the program
//! dies between posting and saying so, and wakes late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use countersign_machine::frame::Frame;
use countersign_machine::id::{SessionId, Slot};
use countersign_machine::link::LinkPath;
use countersign_machine::message::{Body, DeclineReason, Message, TransportSecret};
use countersign_machine::plan::{Capabilities, Due, Notice, NotificationKey, Plan, PlannedNotification};
use countersign_machine::time::{BootId, Now, WallTime};
use countersign_machine::{Effect, Input, Node};
use countersign_tests::rig::{Topology, World, forge, payload};

use super::reconcile::{self, Held, Operation};
use super::{HOUR, MINUTE};

const LIVES: u64 = 4_000;

#[test]
fn ten_thousand_shells_post_nothing_twice_that_they_have_said_is_done() {
    let past = Past::new();
    let next = AtomicU64::new(1);
    let sum = Mutex::new(Counts::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let seed @ 1..=LIVES = next.fetch_add(1, Ordering::Relaxed) {
                    let lived = live(&past, seed);
                    sum.lock().expect("no other life has failed").add(&lived);
                }
            });
        }
    });

    let sum = sum.into_inner().expect("no life has failed");
    println!("{sum:?}");
    let Counts { alerts, failures, deaths, extensions, repeats, idle } = sum;
    let least = alerts.min(failures).min(deaths).min(extensions).min(repeats).min(idle);
    assert!(least > 1_000, "everything has happened");
}

/// What has happened in all lives together.
#[derive(Debug, Default)]
struct Counts {
    /// Notifications that made a sound.
    alerts: usize,
    /// Notifications that the system refused.
    failures: usize,
    /// Deaths between posting and saying so.
    deaths: usize,
    /// Deadlines that moved.
    extensions: usize,
    /// Notifications posted again, because nobody knew that they had been.
    repeats: usize,
    /// Times that the system was equal to the plan already.
    idle: usize,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.alerts += other.alerts;
        self.failures += other.failures;
        self.deaths += other.deaths;
        self.extensions += other.extensions;
        self.repeats += other.repeats;
        self.idle += other.idle;
    }
}

fn live(past: &Past, seed: u64) -> Counts {
    let mut life = Life::new(past, seed);
    for _ in 0..8 {
        life.step();
    }
    life.counts
}

/// From where all lives start: a phone that is asked twice, and has proposed itself.
struct Past {
    world: World,
    sessions: Vec<SessionId>,
}

impl Past {
    fn new() -> Self {
        let mut world = World::new(1, 2, Topology::Mesh);
        let times = [(0, 6 * MINUTE), (0, 20 * MINUTE), (1, 2 * HOUR)];
        let propose = |(number, (who, ms)): (usize, (usize, u64))| {
            world.try_propose_for(who, payload(1 + number as u32), ms).expect("within the limits")
        };
        let sessions = times.into_iter().enumerate().map(propose).collect();
        world.settle();
        world.phones[0].node = None;
        Self { world, sessions }
    }
}

/// What the system has of ours.
#[derive(Default)]
struct System {
    /// What it will show, when, and what that says.
    pending: BTreeMap<NotificationKey, (u64, PlannedNotification)>,
    /// What is on the screen, by its slot.
    delivered: BTreeMap<String, (NotificationKey, u64)>,
}

impl System {
    fn held(&self) -> Held {
        let pending = self.pending.iter().map(|(key, (_, item))| (key.to_string(), item.content_hash));
        let shown = self.delivered.iter().map(|(slot, (key, hash))| (slot.clone(), (key.to_string(), *hash)));
        Held { pending: pending.collect(), shown: shown.collect() }
    }
}

struct Life<'a> {
    past: &'a Past,
    shell: Capabilities,
    node: Node,
    journal: Vec<Vec<u8>>,
    now: Now,
    system: System,
    /// What was said to be done.
    done: BTreeSet<(NotificationKey, u64)>,
    /// What made a sound.
    alerted: BTreeSet<(NotificationKey, u64)>,
    /// What the user put away.
    dismissed: BTreeSet<NotificationKey>,
    counts: Counts,
    dice: u64,
}

impl<'a> Life<'a> {
    fn new(past: &'a Past, seed: u64) -> Self {
        let journal = past.world.phones[1].journal.clone();
        let now = past.world.now_of(1);
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let can_preschedule = below(&mut dice, 2) == 0;
        let live_update = below(&mut dice, 3) == 0;
        let shell = Capabilities { max_pending: 64, can_preschedule, live_update };
        let node = open(past, &journal, now);
        let mut life = Self {
            past,
            shell,
            node,
            journal,
            now,
            system: System::default(),
            done: BTreeSet::new(),
            alerted: BTreeSet::new(),
            dismissed: BTreeSet::new(),
            counts: Counts::default(),
            dice,
        };
        life.start();
        life
    }

    fn step(&mut self) {
        let session = self.past.sessions[below(&mut self.dice, 3) as usize];
        match below(&mut self.dice, 16) {
            0..7 => self.sleep(),
            7 => self.extend(session),
            8 => self.dismiss(),
            9 => {
                self.node.approve(session, self.now).ok();
            }
            10 if below(&mut self.dice, 3) == 0 => {
                self.node.decline(session, DeclineReason::User, self.now).ok();
            }
            11 => self.die(),
            _ => {}
        }
        self.carry_out();
        if below(&mut self.dice, 2) == 0 {
            self.node.handle_timeout(self.now);
            self.carry_out();
        }
        if below(&mut self.dice, 4) > 0 {
            self.reconcile();
        }
    }

    /// Lets time pass while the program does nothing; the system shows what it holds.
    fn sleep(&mut self) {
        let longest = [5_000, 90_000, 4 * MINUTE, 15 * MINUTE][below(&mut self.dice, 4) as usize];
        let ms = 1 + below(&mut self.dice, longest);
        self.now.wall.0 += ms;
        self.now.boot = self.now.boot.after_ms(ms);
        let mut due: Vec<(u64, NotificationKey)> =
            self.system.pending.iter().map(|(key, (at, _))| (*at, *key)).collect();
        due.retain(|(at, _)| *at <= self.now.boot.0);
        due.sort_unstable();
        for (_, key) in due {
            let (_, item) = self.system.pending.remove(&key).expect("it is pending");
            self.alert(&item);
        }
    }

    fn extend(&mut self, session: SessionId) {
        let terms = self.node.terms(session).expect("known");
        let hours = 1 + below(&mut self.dice, 4);
        let until = WallTime(terms.deadline.0 + hours * HOUR);
        let (slot, message) = (Slot(0), Message::Extend { until });
        let body = Body { wallet: self.past.world.wallet, session, slot, message };
        let frame = forge::sealed_frame(self.past.world.phones[0].transport_seed(), &body);
        let before = self.node.plan(self.now);
        if self.node.extend(session, until, self.now).is_ok() {
            self.arrive(frame);
            let of_deadline = |notice| notice != Notice::Request && notice != Notice::Ongoing;
            self.dismissed.retain(|key| !(key.is_of(session) && of_deadline(key.notice())));
            assert_ne!(self.node.plan(self.now), before, "all of them move");
            self.counts.extensions += 1;
        }
    }

    fn dismiss(&mut self) {
        let slots: Vec<String> = self.system.delivered.keys().cloned().collect();
        if slots.is_empty() {
            return;
        }
        let slot = &slots[below(&mut self.dice, slots.len() as u64) as usize];
        let (key, _) = self.system.delivered.remove(slot).expect("it is on the screen");
        self.node.dismiss(key, self.now).expect("its session is known");
        self.dismissed.insert(key);
    }

    /// Kills the program and starts it again.
    fn die(&mut self) {
        self.node = open(self.past, &self.journal, self.now);
        self.start();
    }

    fn start(&mut self) {
        self.node.handle_input(Input::ShellKnown(self.shell), self.now).expect("a fact");
        self.meet();
    }

    /// Lets the co-signer connect. It answers no ping, so the connection does not last for ever.
    fn meet(&mut self) {
        let peer = self.past.world.phones[0].transport();
        let card = self.past.world.phones[0].card().as_bytes().to_vec().into();
        let hello = Frame::Hello { version: 1, card, have: vec![], lost: false };
        let up = Input::LinkUp { peer, path: LinkPath::Direct };
        self.node.handle_input(up, self.now).expect("a fact");
        self.arrive(hello.to_bytes().to_vec());
        self.carry_out();
    }

    fn arrive(&mut self, bytes: Vec<u8>) {
        let peer = self.past.world.phones[0].transport();
        self.node.handle_input(Input::FrameArrived { peer, bytes }, self.now).expect("an honest frame");
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.node.poll_effect() {
            if let Effect::Persist(records) = &effect {
                self.journal.extend(records.iter().map(|record| record.to_bytes()));
            }
            if let Effect::Cut(_) = effect {
                self.meet();
            }
        }
    }

    /// Makes the system equal to the plan, and says so unless the program dies; once nothing was refused, a second time
    /// finds nothing to do.
    fn reconcile(&mut self) {
        let refuses = below(&mut self.dice, 5) == 0;
        let plan = self.node.plan(self.now);
        let (_, failed) = self.make_equal(&plan, refuses);
        if below(&mut self.dice, 8) == 0 {
            self.counts.deaths += 1;
            return self.die();
        }
        self.acknowledge(&plan, &failed);
        if failed.is_empty() {
            let written = self.journal.len();
            let again = self.node.plan(self.now);
            let (operations, failed) = self.make_equal(&again, false);
            assert_eq!((operations, failed, again.revision), (0, vec![], plan.revision));
            self.acknowledge(&again, &[]);
            assert_eq!(self.journal.len(), written, "nor anything to write");
            self.counts.idle += 1;
        }
    }

    fn acknowledge(&mut self, plan: &Plan, failed: &[NotificationKey]) {
        self.node.ack_plan(plan.revision, failed, self.now).expect("the plan of this moment");
        self.carry_out();
        let held = plan
            .items
            .iter()
            .filter(|item| item.due == Due::Now || item.due == Due::Later && self.shell.can_preschedule);
        let held = held.filter(|item| !failed.contains(&item.key));
        self.done.extend(held.map(|item| (item.key, item.content_hash)));
    }

    /// Puts up, holds and takes away what the plan says; returns how many things there were to do, and what was refused.
    fn make_equal(&mut self, plan: &Plan, refuses: bool) -> (usize, Vec<NotificationKey>) {
        let put_away = plan.items.iter().find(|item| self.dismissed.contains(&item.key));
        assert_eq!(put_away, None, "it was put away");
        let system = reconcile::System { preschedules: self.shell.can_preschedule, by_slot: true };
        let operations = system.reconcile(plan, &self.system.held());
        let mut failed = Vec::new();
        for operation in &operations {
            match operation {
                Operation::Hold(item) | Operation::Show(item) if refuses && below(&mut self.dice, 2) == 0 => {
                    failed.push(item.key);
                }
                Operation::Hold(item) => {
                    let at = self.now.boot.after_ms(item.fire_in_ms).0;
                    self.system.pending.insert(item.key, (at, (*item).clone()));
                }
                Operation::Show(item) => {
                    let news = (item.key, item.content_hash);
                    assert!(!self.done.contains(&news), "{} was said to be done", item.key);
                    self.alert(item);
                }
                Operation::Update(item) => {
                    self.system.delivered.insert(item.slot.clone(), (item.key, item.content_hash));
                }
                Operation::Release(key) => {
                    self.system.pending.remove(&key.parse().expect("a key"));
                }
                Operation::TakeAway(slot) => {
                    self.system.delivered.remove(slot);
                }
            }
        }
        self.counts.failures += failed.len();
        (operations.len(), failed)
    }

    fn alert(&mut self, item: &PlannedNotification) {
        let content = (item.key, item.content_hash);
        self.counts.alerts += 1;
        self.counts.repeats += usize::from(!self.alerted.insert(content));
        self.system.delivered.insert(item.slot.clone(), content);
    }
}

fn open(past: &Past, journal: &[Vec<u8>], now: Now) -> Node {
    let secret = TransportSecret::new(past.world.phones[1].transport_seed());
    let records = journal.iter().map(Vec::as_slice);
    Node::open(records, secret, [3; 32], Some(BootId::of("boot 0")), now)
        .expect("a journal that a node wrote")
}

/// Draws a number below `bound` (xorshift).
pub(super) fn below(dice: &mut u64, bound: u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    (*dice >> 16) % bound
}
