//! The last judgement: once all has been well for a while, every session must have ended or say whom it waits for.

use std::collections::BTreeSet;

use countersign_machine::fault::CallerFault;
use countersign_machine::record::{Failure, Outcome};
use countersign_machine::status::SessionStatus;
use countersign_machine::time::Now;

use super::World;
use super::judge::Violation;

impl World<'_> {
    pub(super) fn judge_the_end(&mut self) {
        let shown: Vec<(usize, Vec<SessionStatus>)> = (0..self.phones.len())
            .filter(|who| self.phones[*who].liar.is_none())
            .filter_map(|who| {
                let node = self.phones[who].phone.node.as_ref()?;
                Some((who, node.status(self.clock(who)).sessions))
            })
            .collect();
        self.judge_contradictions(&shown);
        for (who, sessions) in &shown {
            sessions.iter().for_each(|session| self.judge_one(*who, session));
        }
        self.judge_missing(&shown);
        self.judge_deadlines(&shown);
    }

    /// Whoever is connected with somebody who has the signatures has them, too.
    fn judge_contradictions(&mut self, shown: &[(usize, Vec<SessionStatus>)]) {
        let completed = |session: &SessionStatus| matches!(session.outcome, Some(Outcome::Completed { .. }));
        for (who, sessions) in shown {
            for session in sessions.iter().filter(|session| completed(session)) {
                let reached = self.reached(*who);
                let others = shown.iter().filter(|(other, _)| reached.contains(other));
                let mut theirs = others.flat_map(|(other, all)| all.iter().map(move |one| (*other, one)));
                if let Some((other, theirs)) =
                    theirs.find(|(_, theirs)| theirs.id == session.id && !completed(theirs))
                {
                    let (completed, shown) = (*who, describe(theirs));
                    let session = self.sessions.get(&session.id).map_or(usize::MAX, |known| known.number);
                    self.judge.object(Violation::Contradiction { completed, other, session, shown });
                }
            }
        }
    }

    fn judge_one(&mut self, who: usize, shown: &SessionStatus) {
        let Some(known) = self.sessions.get(&shown.id) else { return };
        let session = known.number;
        let durable = self.judge.ends.get(&who).and_then(|ends| ends.get(&shown.id));
        if durable != shown.outcome.as_ref() {
            return self.judge.object(Violation::EndForgotten { who, session });
        }
        let reached = self.reached(who);
        // Whoever is all by itself since its start shows its nonces to nobody.
        let in_company = reached.len() > 1;
        let waits_for_the_living =
            in_company && shown.waits_for.iter().any(|slot| reached.contains(&slot.index()));
        let unfinished = match &shown.outcome {
            None if shown.waits_for.is_empty() => {
                return self.judge.object(Violation::Nameless { who, session });
            }
            None => known.lasts && self.is_tame() && waits_for_the_living,
            Some(Outcome::Completed { .. }) => false,
            Some(Outcome::Failed { why: Failure::AttemptsUsedUp }) => self.is_tame() && self.losses < 8,
            Some(Outcome::Declined { .. } | Outcome::Cancelled) => self.is_tame() && !known.withdrawn,
            Some(Outcome::Expired) => known.lasts && self.is_tame(),
            Some(Outcome::Failed { why: Failure::Blamed { .. } | Failure::Internal }) => self.is_tame(),
        };
        if unfinished {
            let shown = describe(shown);
            self.judge.object(Violation::Unfinished { who, session, shown });
        }
    }

    /// An open session that one knows all know.
    fn judge_missing(&mut self, shown: &[(usize, Vec<SessionStatus>)]) {
        if !self.is_tame() {
            return;
        }
        for (who, sessions) in shown {
            for open in sessions.iter().filter(|session| session.outcome.is_none()) {
                let knows = |theirs: &[SessionStatus]| theirs.iter().any(|theirs| theirs.id == open.id);
                let reached = self.reached(*who);
                let stranger = shown.iter().find(|(other, theirs)| reached.contains(other) && !knows(theirs));
                if let (Some((who, _)), Some(known)) = (stranger, self.sessions.get(&open.id)) {
                    let (who, session, shown) = (*who, known.number, "nothing".into());
                    self.judge.object(Violation::Unfinished { who, session, shown });
                }
            }
        }
    }

    /// Once its deadline has passed, no session is open any more.
    fn judge_deadlines(&mut self, shown: &[(usize, Vec<SessionStatus>)]) {
        for (who, sessions) in shown {
            for open in sessions.iter().filter(|session| session.outcome.is_none()) {
                let now = self.clock(*who);
                let late = Now { boot: now.boot.after_ms(open.remaining_ms), ..now };
                let node = self.phones[*who].phone.node.as_mut().expect("a phone that shows something lives");
                node.handle_timeout(late);
                if node.approve(open.id, late) != Err(CallerFault::Ended(open.id)) {
                    let session = self.sessions.get(&open.id).map_or(usize::MAX, |known| known.number);
                    self.judge.object(Violation::Overdue { who: *who, session });
                }
            }
        }
    }

    /// Returns the phones that a phone reaches, itself among them, without help of the dead, of liars, and of those
    /// that came back with an old journal: they may know nothing of a session whose deadline has passed.
    fn reached(&self, who: usize) -> BTreeSet<usize> {
        let honest =
            |who: usize| self.phones[who].phone.node.is_some() && !self.judge.suspects.contains(&who);
        let mut reached = BTreeSet::from([who]);
        let mut fresh = vec![who];
        while let Some(from) = fresh.pop() {
            let next = self.roads.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
            let next = next.filter(|(a, b)| *a == from && honest(*b)).map(|(_, b)| b);
            fresh.extend(next.filter(|next| reached.insert(*next)));
        }
        reached
    }

    /// Returns whether nothing in this world could keep a session from its signatures but those who are dead: nobody
    /// lied, no old journal came back, no clock was far off.
    fn is_tame(&self) -> bool {
        self.judge.suspects.is_empty() && !self.far_off
    }
}

fn describe(shown: &SessionStatus) -> String {
    let SessionStatus { phase, attempt, waits_for, outcome, .. } = shown;
    match outcome {
        Some(outcome) => format!("{outcome:?}"),
        None => format!("{phase:?} of {attempt:?}, waits for {waits_for:?}"),
    }
}
