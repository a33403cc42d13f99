//! Scripts: what happens to a few phones, told in bytes. Every input of a fuzzer is one.
//!
//! The first byte picks the scene in which it begins, the second how; then each step takes four bytes, the first of
//! which says what happens, and some take more. What is missing is zero, and what is too much is left out.

use std::sync::OnceLock;

use countersign_machine::id::SessionId;
use countersign_machine::{Fault, Input, Node};

use super::steps;
use crate::rig::{Step, Topology, Vault, World, payload};

/// Most steps of a script.
const MAX_STEPS: usize = 160;
/// Most sessions that a script's phones propose.
pub(super) const MAX_SESSIONS: usize = 4;
/// Most frames that one input to one phone leads to, all that it sets off at once included.
const MAX_FRAMES: usize = 400;
/// Most frames until the world comes to rest.
const MAX_FRAMES_TO_REST: usize = 4000;
/// Most losses of nonces in a session that must still be signed: fewer than its attempts.
const MAX_LOSSES: usize = 6;
/// Most milliseconds that may pass in a session that must still be signed.
const MAX_DELAY_MS: u64 = 60_000;
/// Most nonces forged: the oracle tries each with each.
const MAX_LIES: usize = 12;

/// A world to which a script happens.
pub(super) struct Run<'a> {
    pub(super) world: World,
    pub(super) sessions: Vec<SessionId>,
    /// How many records each journal had when the script began.
    pub(super) before: Vec<usize>,
    script: &'a [u8],
    /// Whether nobody has lied yet, given up or lost patience: then all sessions are signed in the end.
    honest: bool,
    losses: usize,
    delay_ms: u64,
    lies: usize,
}

/// A moment at which scripts begin.
struct Scene {
    world: World,
    sessions: Vec<SessionId>,
}

/// Makes the scenes in which scripts begin.
pub(super) fn get_ready() {
    scenes();
}

/// Lets a script happen.
///
/// # Panics
///
/// Panics if something does not hold: see [`play`].
pub fn node(script: &[u8]) {
    play(script);
}

/// Lets a script happen and makes everything well at its end; returns the world and its sessions.
///
/// # Panics
///
/// Panics if a node does, if the oracle saw a nonce sign twice, if something due is left undone, if one input leads
/// to too many frames, or if phones that were honest all the time do not sign.
pub fn play(script: &[u8]) -> (World, Vec<SessionId>) {
    let mut run = Run::new(script);
    for _ in 0..MAX_STEPS {
        if run.script.is_empty() {
            break;
        }
        let (sent, bytes) = (run.world.sent.len(), [run.byte(), run.byte(), run.byte(), run.byte()]);
        let most = if steps::happen(&mut run, bytes) { MAX_FRAMES_TO_REST } else { MAX_FRAMES };
        run.check(sent, most);
    }
    run.end();
    (run.world, run.sessions)
}

impl<'a> Run<'a> {
    fn new(script: &'a [u8]) -> Self {
        let scenes = scenes();
        let scene = &scenes[usize::from(script.first().copied().unwrap_or(0)) % scenes.len()];
        let how = script.get(1).copied().unwrap_or(0);
        let mut world = scene.world.asleep();
        world.last_words_arrive = how & 1 != 0;
        world.wake_up();
        if how & 2 == 0 {
            world.settle();
        }
        Self {
            before: world.phones.iter().map(|phone| phone.journal.len()).collect(),
            world,
            sessions: scene.sessions.clone(),
            script: script.get(2..).unwrap_or(&[]),
            honest: true,
            losses: 0,
            delay_ms: 0,
            lies: 0,
        }
    }

    /// Takes the next byte of the script.
    pub(super) fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    /// Takes the next `count` bytes of the script, or what is left of it.
    pub(super) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, left) = self.script.split_at(count.min(self.script.len()));
        self.script = left;
        taken
    }

    /// Returns the phone of this number.
    pub(super) fn who(&self, number: u8) -> usize {
        usize::from(number) % self.world.phones.len()
    }

    /// Returns two phones.
    pub(super) fn two(&self, number: u8) -> (usize, usize) {
        let count = self.world.phones.len();
        (usize::from(number) % count, usize::from(number) / count % count)
    }

    /// Returns the session of this number, or one that there is not.
    pub(super) fn session(&self, number: u8) -> SessionId {
        let known = self.sessions.get(usize::from(number) % (self.sessions.len() + 1));
        known.copied().unwrap_or(SessionId([number; 32]))
    }

    /// Returns the place, in a list of `count`, that is `number` from its end.
    pub(super) fn from_end(count: usize, number: u8) -> Option<usize> {
        (count > 0).then(|| count - 1 - usize::from(number) % count)
    }

    pub(super) fn is_alive(&self, who: usize) -> bool {
        self.world.phones[who].node.is_some()
    }

    /// Notes that from now on nobody needs to sign.
    pub(super) fn spoil(&mut self) {
        self.honest = false;
    }

    /// Notes that an attempt's nonces may be lost; returns whether they may be.
    pub(super) fn lose(&mut self) -> bool {
        self.losses += 1;
        self.losses <= MAX_LOSSES
    }

    /// Notes that a lie is told; returns whether it may be.
    pub(super) fn lie(&mut self) -> bool {
        self.spoil();
        self.lies += 1;
        self.lies <= MAX_LIES
    }

    /// Lets time pass.
    pub(super) fn pass_ms(&mut self, ms: u64) {
        self.delay_ms += ms;
        if self.delay_ms > MAX_DELAY_MS {
            self.spoil();
        }
        self.world.pass_ms(ms);
    }

    /// Kills a phone, if it has lives left.
    pub(super) fn die(&mut self, who: usize) {
        if self.is_alive(who) && self.lose() {
            self.world.crash(who);
        }
    }

    /// Starts a phone that is dead.
    pub(super) fn restart(&mut self, who: usize) {
        if !self.is_alive(who) {
            self.world.restart(who);
        }
    }

    /// Lets a phone propose, if there is room for one more session.
    pub(super) fn propose(&mut self, who: usize, items: u8) {
        if self.is_alive(who) && self.sessions.len() < MAX_SESSIONS {
            self.sessions.extend(self.world.try_propose(who, payload(u32::from(items))));
        }
    }

    /// Lets a phone do something that may end with a journal which it does not trust: then it stops, as a driver
    /// would stop it.
    pub(super) fn act(&mut self, who: usize, act: impl FnOnce(&mut Node) -> Result<(), Fault>) {
        if let Some(Err(Fault::Store(_))) = self.world.act(who, |node, _| act(node)) {
            self.spoil();
            self.world.crash(who);
        }
    }

    /// Lets a phone do what is due, and asserts that nothing is then.
    pub(super) fn wake(&mut self, who: usize) {
        let left = self.world.act(who, |node, now| {
            node.handle_timeout(now);
            node.poll_timeout().filter(|(next, _)| *next <= now.boot)
        });
        assert_eq!(left.flatten(), None, "what was due is done");
    }

    fn check(&mut self, sent: usize, most: usize) {
        self.world.oracle.assert_silent();
        let frames = self.world.sent.len() - sent;
        assert!(frames <= most, "{frames} frames at once");
        for node in self.world.phones.iter_mut().filter_map(|phone| phone.node.as_mut()) {
            assert!(node.poll_effect().is_none(), "every order has been carried out");
        }
    }

    /// Makes everything well, lets all users approve, and lets honest phones sign.
    fn end(&mut self) {
        let sent = self.world.sent.len();
        self.world.spare();
        for who in 0..self.world.phones.len() {
            self.world.phones[who].vault = Vault::Open;
            self.restart(who);
            self.world.feed(who, Input::CameToForeground);
        }
        self.world.settle();
        for a in 0..self.world.phones.len() {
            for b in a + 1..self.world.phones.len() {
                self.world.mend(a, b);
                self.world.settle();
            }
        }
        for who in 0..self.world.phones.len() {
            self.wake(who);
        }
        self.check(sent, MAX_FRAMES_TO_REST);
        if !self.honest {
            return;
        }
        for session in &self.sessions {
            self.world.approve_at_once(*session);
            let known = (0..self.world.phones.len()).any(|who| self.world.session(who, *session).is_some());
            if known {
                self.world.assert_flawless(*session);
            }
        }
        self.check(sent, MAX_FRAMES_TO_REST);
    }
}

/// Returns the scenes, made once.
fn scenes() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(|| {
        let fresh = |count| Scene { world: World::new(1, count, Topology::Mesh), sessions: Vec::new() };
        let proposed = |count| {
            let Scene { mut world, .. } = fresh(count);
            let session = world.propose(0, payload(1));
            world.settle();
            Scene { world, sessions: vec![session] }
        };
        let signed_by_one = |count| {
            let Scene { mut world, sessions } = proposed(count);
            (1..count).for_each(|who| world.approve(who, sessions[0]));
            while world.oracle.partials() == 0 {
                world.take(world.steps()[0]);
            }
            Scene { world, sessions }
        };
        let ended = |count| {
            let Scene { mut world, sessions } = proposed(count);
            world.approve_at_once(sessions[0]);
            Scene { world, sessions }
        };
        let all =
            [fresh(2), fresh(3), proposed(2), proposed(3), signed_by_one(2), signed_by_one(3), ended(3)];
        all.into_iter().map(|scene| Scene { world: scene.world.asleep(), ..scene }).collect()
    })
}

/// Returns the first frame on each way, in the order in which they were sent.
pub(super) fn firsts(world: &World) -> Vec<Step> {
    let mut steps = world.steps_in_order();
    steps.retain(|step| matches!(step, Step::Frame(_)));
    steps
}
