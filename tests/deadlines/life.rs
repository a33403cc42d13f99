//! One phone that lives through a schedule: its clocks, its deaths, and what must hold whenever somebody looks.

use std::collections::BTreeSet;
use std::thread;

use countersign_machine::effect::{Effect, Event};
use countersign_machine::id::SessionId;
use countersign_machine::limits::{IN_APP_ONLY_MS, WARNINGS_MS};
use countersign_machine::link::LinkPath;
use countersign_machine::message::DeclineReason;
use countersign_machine::plan::{Due, Notice};
use countersign_machine::record::{Outcome, Record};
use countersign_machine::session::Happening;
use countersign_machine::time::{BootTime, Now, WallTime};
use countersign_machine::{Input, Node};
use countersign_tests::rig::{Phone, forge};

use super::template::{Asked, Template};

/// What happens to the phone next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// It is awake: every wake-up comes at its moment.
    Run(u64),
    /// It sleeps, and wakes late.
    Sleep(u64),
    /// It looks at the time at an odd moment.
    Slice(u64),
    /// The program is closed, and opened after a while.
    Restart(u64),
    /// The program dies before its `n`th effect from now, and comes back at the next opportunity.
    Kill(usize),
    /// The phone is off for a while, and the program is opened so long after the boot; its system names the boot or not.
    Reboot {
        off_ms: u64,
        late_ms: u64,
        named: bool,
    },
    /// The wall clock is set so far ahead of the true time, or back.
    SetClock(i64),
    Background,
    Foreground,
    Approve(usize),
    Extend(usize),
    Decline(usize),
    /// A co-signer brings the signatures.
    Complete(usize),
    /// The shell has made the system equal to the plan, all but every `n`th notification.
    Acknowledge(usize),
    /// The user puts the `n`th notification away.
    Dismiss(usize),
}

/// What is known of a session from outside.
struct Seen {
    /// The deadline that holds, how long there was when it was set, and the last warning for it in the journal.
    deadline: WallTime,
    lasts_ms: u64,
    warned_ms: Option<u64>,
    /// The most that may be left, and when that was so.
    most: (u64, u64),
    /// What was left at the journal's last look.
    durable_ms: u64,
    /// When it expires by the clock of the boot with this number, as the journal has it, and what was left then.
    timed: (BootTime, u64, u64),
    /// When it truly ends; `None` once a clock that was moved, or a boot without a name, may have shortened it.
    ends: Option<u64>,
    over: bool,
    told: Vec<Happening>,
}

/// The phone. Times are in milliseconds since the schedule began, unless they say otherwise.
pub(super) struct Life<'a> {
    template: &'a Template,
    seed: u64,
    acts: Vec<Act>,
    phone: Phone,
    node: Option<Node>,
    thresholds: Vec<u64>,
    at: u64,
    booted: i64,
    boots: u64,
    ahead: i64,
    moved: bool,
    awake: bool,
    /// When it was last looked at, right after it had done everything that is due.
    looked_at: Option<u64>,
    fuse: Option<usize>,
    starts: u64,
    sessions: Vec<Seen>,
    told: BTreeSet<(SessionId, WallTime, u64)>,
}

impl<'a> Life<'a> {
    /// Opens the journal with warnings of the user's own, or the usual ones.
    pub(super) fn new(template: &'a Template, seed: u64, own: Option<Vec<u64>>) -> Self {
        let seen = |asked: &Asked| Seen {
            deadline: asked.deadline,
            lasts_ms: asked.lasts_ms,
            warned_ms: None,
            most: (asked.lasts_ms, 0),
            durable_ms: asked.lasts_ms,
            timed: (template.now.boot.after_ms(asked.lasts_ms), 0, asked.lasts_ms),
            ends: Some(asked.lasts_ms),
            over: false,
            told: Vec::new(),
        };
        let mut life = Self {
            template,
            seed,
            acts: Vec::new(),
            phone: template.phone.twin(),
            node: None,
            thresholds: own.clone().unwrap_or(WARNINGS_MS.to_vec()),
            at: 0,
            booted: -((template.now.boot.0 / 1000) as i64),
            boots: 0,
            ahead: 0,
            moved: false,
            awake: false,
            looked_at: None,
            fuse: None,
            starts: 0,
            sessions: template.sessions.iter().map(seen).collect(),
            told: BTreeSet::new(),
        };
        if let Some(own) = own {
            life.phone.journal.push(Record::WarningsChosen { thresholds_ms: Some(own) }.to_bytes());
        }
        life.start();
        life
    }

    /// Lets something happen, and looks whether all is as it must be.
    pub(super) fn act(&mut self, act: Act) {
        self.acts.push(act);
        (self.awake, self.looked_at) = (false, None);
        match act {
            Act::Run(ms) => self.run(ms),
            Act::Sleep(ms) => {
                self.at += ms;
                self.look_at_plan();
                self.wake();
            }
            Act::Slice(ms) => {
                let next = self.next_wake().unwrap_or(u64::MAX);
                self.at = (self.at + ms).min(next.saturating_sub(1)).max(self.at);
                self.wake();
            }
            Act::Restart(ms) => {
                self.node = None;
                self.at += ms;
            }
            Act::Kill(effects) => self.fuse = Some(effects),
            Act::Reboot { off_ms, late_ms, named } => {
                self.node = None;
                self.at += off_ms;
                self.boots += 1;
                self.booted = self.at as i64;
                let was_named = self.phone.boots.is_some();
                self.phone.boots = named.then_some(self.boots);
                if !named || !was_named {
                    self.forget_truth();
                }
                self.at += late_ms;
            }
            Act::SetClock(ahead) => {
                self.ahead = ahead;
                self.moved |= ahead != 0;
            }
            Act::Background => self.feed(Input::WentToBackground),
            Act::Foreground => self.feed(Input::CameToForeground),
            Act::Approve(of) => {
                let id = self.template.sessions[of].id;
                self.command(|node, now| node.approve(id, now).is_ok());
            }
            Act::Extend(of) => {
                let Asked { id, later, .. } = self.template.sessions[of];
                self.command(|node, now| node.extend(id, later, now).is_ok());
            }
            Act::Decline(of) => {
                let id = self.template.sessions[of].id;
                self.command(|node, now| node.decline(id, DeclineReason::User, now).is_ok());
            }
            Act::Complete(of) => {
                let Template { peer, hello, sessions, .. } = self.template;
                self.feed(Input::LinkUp { peer: *peer, path: LinkPath::Direct });
                self.feed(Input::FrameArrived { peer: *peer, bytes: hello.clone() });
                self.feed(Input::FrameArrived { peer: *peer, bytes: sessions[of].complete.clone() });
                self.feed(Input::LinkDown { peer: *peer });
            }
            Act::Acknowledge(nth) => {
                // A clock that is found moved while the first is acknowledged makes that another plan.
                for newest in [false, true] {
                    self.command(|node, now| {
                        let plan = node.plan(now);
                        let failed: Vec<_> = plan.items.iter().step_by(nth).map(|item| item.key).collect();
                        let noted = node.ack_plan(plan.revision, &failed, now).is_ok();
                        assert!(noted || !newest, "it is the newest plan");
                    });
                }
            }
            Act::Dismiss(nth) => {
                self.command(|node, now| {
                    let key = node.plan(now).items.get(nth).map(|item| item.key);
                    key.map(|key| node.dismiss(key, now).expect("a session has it"))
                });
            }
        }
        if self.node.is_none() {
            self.start();
        }
        if self.looked_at != Some(self.at) {
            self.look(false);
        }
        if self.acts.len().is_multiple_of(3) {
            self.look_at_plan();
        }
    }

    /// Lets all sessions end, and looks whether everything was told.
    pub(super) fn finish(mut self) {
        self.fuse = None;
        self.act(Act::Foreground);
        let left = self.node.as_ref().expect("alive").status(self.now()).sessions;
        let left = left.into_iter().map(|shown| shown.remaining_ms).max();
        self.act(Act::Run(left.unwrap_or(0) + 1));
        assert!(self.sessions.iter().all(|seen| seen.over), "every session has ended");
        self.look_at_plan();
        let template = self.template;
        let node = self.node.as_mut().expect("alive");
        if !template.has_cards() {
            assert_eq!(node.poll_timeout(), None, "what is over wakes nobody");
        }
        let mut waiting = BTreeSet::new();
        while let Some(kept) = node.next_event().cloned() {
            node.event_handled(kept.id, Now { wall: WallTime(u64::MAX), boot: BootTime(u64::MAX) });
            if let Happening::Expiring { deadline, threshold_ms, .. } = kept.event.what {
                assert!(waiting.insert((kept.event.session, deadline, threshold_ms)), "an event came twice");
            }
        }
        let mut durable = BTreeSet::new();
        for bytes in &self.phone.journal {
            if let Some(Record::Warned { session, deadline, threshold_ms, .. }) = Record::parse(bytes) {
                assert!(durable.insert((session, deadline, threshold_ms)), "a warning was given twice");
            }
        }
        assert_eq!(waiting, durable, "every warning waits for the program, told or not");
        assert!(self.told.is_subset(&durable), "none was told that was not durable");
    }

    fn now(&self) -> Now {
        let wall = self.template.now.wall.0 + self.at;
        let boot = (self.at as i64 - self.booted) as u64;
        Now { wall: WallTime(wall.saturating_add_signed(self.ahead)), boot: BootTime(boot * 1000) }
    }

    fn start(&mut self) {
        self.starts += 1;
        if self.moved {
            self.forget_truth();
        }
        for seen in &mut self.sessions {
            // A session that is over is not timed anew: no more is left than when it was timed.
            let most = if seen.over { seen.timed.2 } else { seen.durable_ms };
            seen.most = (most, self.at);
        }
        let seed =
            forge::tagged_hash("deadlines/start", &[&self.seed.to_be_bytes(), &self.starts.to_be_bytes()]);
        let node = self.phone.node_from(&self.phone.journal, seed, self.now());
        self.node = Some(node.expect("a journal that a node wrote"));
        self.carry_out();
        self.look(true);
    }

    fn run(&mut self, ms: u64) {
        let end = self.at + ms;
        for count in 0.. {
            assert!(count < 1_000, "it spins");
            let Some(next) = self.next_wake().filter(|next| *next <= end) else { break };
            self.at = self.at.max(next);
            self.wake();
            self.awake = true;
        }
        self.awake = false;
        self.at = end;
    }

    fn wake(&mut self) {
        self.command(|node, now| node.handle_timeout(now));
        self.look(true);
    }

    fn feed(&mut self, input: Input) {
        self.command(|node, now| node.handle_input(input, now).expect("the machine takes it"));
    }

    fn command<T>(&mut self, command: impl FnOnce(&mut Node, Now) -> T) {
        let now = self.now();
        if let Some(node) = &mut self.node {
            command(node, now);
            self.carry_out();
        }
    }

    fn next_wake(&self) -> Option<u64> {
        let (at, _) = self.node.as_ref()?.poll_timeout()?;
        Some(self.at + at.ms_from(self.now().boot))
    }

    fn forget_truth(&mut self) {
        self.sessions.iter_mut().for_each(|seen| seen.ends = None);
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.node.as_mut().and_then(Node::poll_effect) {
            if let Some(left) = &mut self.fuse {
                *left -= 1;
                if *left == 0 {
                    (self.fuse, self.node) = (None, None);
                    return;
                }
            }
            match effect {
                Effect::Persist(records) => records.iter().for_each(|record| self.write(record)),
                Effect::Tell(Event::Session(event)) => self.hear(event.session, event.what),
                Effect::Tell(_)
                | Effect::ReadBack
                | Effect::AskKey { .. }
                | Effect::AskSeed { .. }
                | Effect::Compact(_)
                | Effect::Admit(_)
                | Effect::Exclude(_)
                | Effect::Dial { .. }
                | Effect::Cut(_)
                | Effect::Reserve { .. }
                | Effect::Register { .. }
                | Effect::Unregister { .. }
                | Effect::Discover { .. }
                | Effect::RestartNetwork(_)
                | Effect::Send { .. } => {}
            }
        }
    }

    fn place(&self, id: SessionId) -> usize {
        self.template.sessions.iter().position(|asked| asked.id == id).expect("one of two")
    }

    fn write(&mut self, record: &Record) {
        self.phone.journal.push(record.to_bytes());
        let (now, boots, moved) = (self.at, self.boots, self.moved);
        if let Record::Looked { at } = record {
            for seen in self.sessions.iter_mut().filter(|seen| seen.timed.1 == boots) {
                seen.durable_ms = seen.timed.0.ms_from(at.boot);
            }
        } else if let Record::Timed { session, deadline, at, expires, .. } = record {
            let place = self.place(*session);
            let seen = &mut self.sessions[place];
            let left = expires.ms_from(at.boot);
            if *deadline != seen.deadline {
                let more = deadline.ms_from(seen.deadline);
                let most = seen.most.0.saturating_sub(now - seen.most.1) + more;
                assert!(more > 0 && left <= most, "{left} of {most} ms are left until the later deadline");
                (seen.deadline, seen.lasts_ms, seen.warned_ms) = (*deadline, left, None);
                seen.most = (left, now);
                seen.ends = seen.ends.filter(|_| !moved).map(|ends| ends + more);
            }
            (seen.timed, seen.durable_ms) = ((*expires, boots, left), left);
        } else if let Record::Warned { session, deadline, threshold_ms, left_ms } = record {
            let place = self.place(*session);
            let (seen, fits) = (&mut self.sessions[place], self.thresholds.contains(threshold_ms));
            assert!(!seen.over && *deadline == seen.deadline && fits, "{record:?}");
            assert!(*threshold_ms < seen.lasts_ms, "it is as long as the session: {record:?}");
            assert!((1..=*threshold_ms).contains(left_ms), "{record:?}");
            assert!(!self.awake || left_ms == threshold_ms, "who is awake warns in time: {record:?}");
            assert!(seen.warned_ms.is_none_or(|former| *threshold_ms < former), "{record:?}");
            seen.warned_ms = Some(*threshold_ms);
        } else if let Record::Ended { session, outcome, .. } = record {
            let place = self.place(*session);
            let seen = &mut self.sessions[place];
            let completes = matches!(outcome, Outcome::Completed { .. });
            assert!(!seen.over || completes, "it ended before: {record:?}");
            if let (Some(ends), Outcome::Expired) = (seen.ends, outcome) {
                assert!(now >= ends, "{now} is before the deadline {ends}");
                assert!(!self.awake || now == ends, "who is awake ends it in time: {now}, {ends}");
            }
            seen.over = true;
        }
    }

    fn hear(&mut self, id: SessionId, what: Happening) {
        let place = self.place(id);
        if let Happening::Expiring { deadline, threshold_ms, .. } = what {
            assert!(self.told.insert((id, deadline, threshold_ms)), "told twice: {what:?}");
            assert!(!self.sessions[place].over, "told after the end: {what:?}");
        }
        if matches!(what, Happening::Ended { .. } | Happening::RequestExpired) {
            let told = &mut self.sessions[place].told;
            assert!(!told.contains(&what), "told twice: {what:?}");
            told.push(what);
        }
    }

    /// Looks at what the phone shows of its sessions. `woken`: it has just done everything that is due.
    fn look(&mut self, woken: bool) {
        let now = self.now();
        let Some(node) = &self.node else { return };
        let status = node.status(now);
        assert_eq!(status.sessions.len(), self.sessions.len());
        self.looked_at = woken.then_some(self.at);
        for shown in &status.sessions {
            let place = self.place(shown.id);
            let seen = &mut self.sessions[place];
            assert_eq!(shown.outcome.is_some(), seen.over, "as the journal says");
            let left = shown.remaining_ms;
            let most = seen.most.0.saturating_sub(self.at - seen.most.1);
            assert!(left <= most, "{left} ms are left of {most}");
            seen.most = (left, self.at);
            if seen.over {
                assert_eq!(shown.warned_ms, None);
                continue;
            }
            if let Some(ends) = seen.ends {
                assert_eq!(left, ends.saturating_sub(self.at), "no clock was moved");
            }
            if woken {
                assert!(left > 0, "it has to end");
                let due = self.thresholds.iter().copied().filter(|ms| *ms < seen.lasts_ms && left <= *ms);
                let waits = status.background && self.thresholds == WARNINGS_MS;
                let without = due.clone().filter(|ms| *ms != IN_APP_ONLY_MS).min();
                let may_wait = waits && shown.warned_ms == without;
                assert!(shown.warned_ms == due.min() || may_wait, "{left} ms left: {:?}", shown.warned_ms);
            }
        }
    }

    /// Looks at what the system is to show.
    fn look_at_plan(&self) {
        let now = self.now();
        let Some(node) = &self.node else { return };
        let plan = node.plan(now);
        let keys: BTreeSet<_> = plan.items.iter().map(|item| item.key).collect();
        assert_eq!(keys.len(), plan.items.len(), "a name is given twice");
        for item in &plan.items {
            let later = item.due == Due::Later;
            assert!(item.fire_at >= now.wall && (item.fire_in_ms > 0) == later, "in the past: {item:?}");
            let over = self.sessions[self.place(item.link.session)].over;
            assert!(!over || item.notice == Notice::Expired && !later, "after the end: {item:?}");
        }
    }
}

impl Drop for Life<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("schedule {}: {:?}", self.seed, self.acts);
        }
    }
}
