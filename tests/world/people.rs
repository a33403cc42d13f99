//! The users: they propose, approve at once or late, decline, cancel.

use countersign_machine::id::SessionId;
use countersign_machine::message::{DeclineReason, Terms};
use countersign_machine::session::{Happening, Phase};
use countersign_machine::time::WallTime;

use super::judge::asks;
use super::network::MS;
use super::schedule::{Decision, LONG_MS};
use super::{Event, World};

/// A session that was proposed.
pub(super) struct Known {
    /// Its number, in the order in which they were proposed.
    pub(super) number: usize,
    /// Whether nothing but time could end it.
    pub(super) lasts: bool,
    /// Whether somebody wanted to decline or cancel it.
    pub(super) withdrawn: bool,
}

impl World<'_> {
    pub(super) fn propose(&mut self, who: usize, number: u64, items: u64, lasts_ms: u64) {
        let wallet = self.kit.wallet.id();
        let payload = self.kit.payloads[items as usize - 1].clone();
        let random = self.schedule.dice(&[30, number]).bytes();
        let now = self.clock(who);
        let deadline = WallTime(now.wall.0 + lasts_ms);
        let known = Known { number: number as usize, lasts: lasts_ms == LONG_MS, withdrawn: false };
        let slot = self.kit.wallet.slots().nth(who).expect("every phone has a slot");
        let terms =
            Terms { wallet, proposer: slot, created: now.wall, deadline, random, payload: payload.clone() };
        self.sessions.insert(terms.session_id(), known);
        if let Some(Ok(session)) =
            self.act(who, |node, now| node.propose(wallet, payload, deadline, random, now))
        {
            self.count("sessions proposed");
            let mut dice = self.schedule.dice(&[31, number]);
            let (session_number, ms) = (number as usize, dice.between(1, 20_000));
            if dice.yes(self.odds.cancels)
                && self.takes(Decision::Cancels { who, session: session_number, ms })
            {
                self.later(ms * MS, Event::Withdraws { who, session });
            }
        }
    }

    /// A user reads what the program tells.
    pub(super) fn hear(&mut self, who: usize, session: SessionId, what: &Happening) {
        if asks(what) {
            self.ask(who, session);
        }
    }

    /// The user makes up their mind: the same whenever asked, but that nobody declines once all is well.
    fn ask(&mut self, who: usize, session: SessionId) {
        let Some(number) = self.sessions.get(&session).map(|known| known.number) else { return };
        let mut dice = self.schedule.dice(&[32, who as u64, number as u64]);
        let (declines, hesitates) = (dice.yes(self.odds.declines), dice.yes(150));
        let soon = dice.between(50, 3_000);
        let late = dice.between(3_000, 40_000);
        if declines && self.takes(Decision::Declines { who, session: number, ms: soon }) {
            self.later(soon * MS, Event::Withdraws { who, session });
        } else if hesitates && self.takes(Decision::Hesitates { who, session: number, ms: late }) {
            self.later(late * MS, Event::Approves { who, session });
        } else {
            self.later(soon * MS, Event::Approves { who, session });
        }
    }

    /// The user of a phone that has just started looks at what is open.
    pub(super) fn ask_again(&mut self, who: usize) {
        let now = self.clock(who);
        let Some(node) = &self.phones[who].phone.node else { return };
        let shown = node.status(now).sessions.into_iter();
        let open = shown.filter(|session| session.phase == Phase::Requested).map(|session| session.id);
        let open: Vec<SessionId> = open.collect();
        open.into_iter().for_each(|session| self.ask(who, session));
    }

    /// Everybody opens the program: it connects, and they approve what waits for them.
    pub(super) fn look(&mut self) {
        for who in 0..self.phones.len() {
            self.act(who, |node, now| node.connect(now));
            self.ask_again(who);
        }
    }

    pub(super) fn approve(&mut self, who: usize, session: SessionId) {
        self.act(who, |node, now| node.approve(session, now));
    }

    pub(super) fn withdraw(&mut self, who: usize, session: SessionId) {
        let proposer =
            self.phones[who].phone.node.as_ref().and_then(|node| Some(node.terms(session)?.proposer));
        let cancels = proposer.is_some_and(|proposer| proposer.index() == who);
        if let Some(known) = self.sessions.get_mut(&session) {
            known.withdrawn = true;
        }
        self.act(who, |node, now| {
            if cancels { node.cancel(session, now) } else { node.decline(session, DeclineReason::User, now) }
        });
    }
}
