//! How long a session has. It counts on the boot clock, and is kept so that no reboot and no moved wall clock gives it more.

use super::{Context, Happening, Said, Session};
use crate::deadline::Warnings;
use crate::record::{Outcome, Record};
use crate::time::{Boot, BootTime, Moment, Now, WallTime};

/// What is left of a session's time, and which warnings of that were given.
pub(crate) struct Timer {
    /// The deadline that it counts down to.
    deadline: WallTime,
    /// When that comes, by the boot clock of this run.
    expires: BootTime,
    /// How long there was when the deadline was set, in milliseconds: as the proposer said, or less if this phone saw it late.
    lasts_ms: u64,
    /// What the proposer said of that; the others' clocks may differ from its own.
    said_ms: u64,
    /// The last warning given for this deadline, in milliseconds before it.
    warned_ms: Option<u64>,
    /// Whether the wall clock that `expires` was read off could be trusted; `None` until somebody has judged.
    sure: Option<bool>,
    /// When the journal was told all this; `None` if it has not been.
    kept: Option<Moment>,
}

impl Timer {
    /// Reads the time left off the wall clock, of a session that was to last from `created` to `deadline`.
    pub(super) fn new(created: WallTime, deadline: WallTime, now: Now) -> Self {
        let (left_ms, said_ms) = (deadline.ms_from(now.wall), deadline.ms_from(created));
        let (expires, lasts_ms) = (now.boot.after_ms(left_ms), left_ms.min(said_ms));
        Self { deadline, expires, lasts_ms, said_ms, warned_ms: None, sure: None, kept: None }
    }

    /// Takes what the journal was told at `at`.
    pub(super) fn recall(&mut self, deadline: WallTime, at: Moment, expires: BootTime, sure: bool) {
        if self.kept.is_none() || deadline != self.deadline {
            self.said_ms = if deadline == self.deadline { self.said_ms } else { u64::MAX };
            (self.lasts_ms, self.warned_ms) = (expires.ms_from(at.boot).min(self.said_ms), None);
        }
        (self.deadline, self.expires, self.sure, self.kept) = (deadline, expires, Some(sure), Some(at));
    }

    /// Notes that the journal knows of a warning.
    pub(super) fn recall_warning(&mut self, deadline: WallTime, threshold_ms: u64) {
        if deadline == self.deadline {
            self.warned_ms = Some(threshold_ms);
        }
    }

    /// Finds out how much is left after a restart. `seen` is the journal's last look at the clocks.
    ///
    /// Within one boot the boot clock alone counts. After another the wall clock says how long the phone was off, but never
    /// gives back time that had passed before; where nobody can tell, the smaller result holds.
    pub(super) fn resume(&mut self, seen: Moment, now: Moment) {
        let Some(kept) = self.kept else { return };
        // The journal's last look may be of a later boot, if the session was over by then.
        let last = match kept.boot_until(&seen) {
            Boot::Same | Boot::Unsure => seen,
            Boot::Other => kept,
        };
        let left_then = self.expires.ms_from(last.boot);
        let by_boot = self.expires.ms_from(now.boot);
        let by_wall = self.deadline.ms_from(now.wall).min(left_then);
        let named = last.boot_id.is_some() && now.boot_id.is_some();
        let boot = last.boot_until(&now);
        let left = match boot {
            Boot::Same if named => by_boot,
            // A boot within a minute of that look goes unnoticed, and then the next one, too.
            Boot::Same => by_boot.min(left_then.saturating_sub(now.wall.ms_from(last.wall))),
            Boot::Other => by_wall,
            Boot::Unsure => by_boot.min(by_wall),
        };
        if boot == Boot::Same && left == by_boot {
            return;
        }
        self.expires = now.boot.after_ms(left);
        self.kept = None;
        if boot != Boot::Same {
            self.sure = None;
        }
    }

    /// Notes that nothing is left, whatever the clocks said.
    fn lapse(&mut self, now: BootTime) {
        self.expires = self.expires.min(now);
    }

    /// Moves on to a later deadline: its warnings are still to come.
    fn extend(&mut self, deadline: WallTime, now: BootTime) {
        self.expires = self.expires.after_ms(deadline.ms_from(self.deadline));
        self.lasts_ms = self.expires.ms_from(now);
        (self.deadline, self.warned_ms, self.kept) = (deadline, None, None);
    }

    /// Counts by the wall clock, too, which can be trusted, where it could not when it was read. That takes time away, and
    /// never gives any; who had us believe too early is corrected the next time.
    fn recount(&mut self, now: Now) {
        let by_wall = now.boot.after_ms(self.deadline.ms_from(now.wall));
        if self.sure == Some(false) && by_wall < self.expires {
            (self.expires, self.kept) = (by_wall, None);
        }
    }
}

impl Session {
    /// Returns when the session expires.
    pub(crate) fn expires(&self) -> BootTime {
        self.timer.expires
    }

    /// Returns when its user is to be warned next: in the background of nothing that the open program alone shows.
    pub(crate) fn next_warning(&self, warnings: &Warnings, background: bool) -> Option<BootTime> {
        let seen = |threshold: &u64| !background || warnings.is_for_system(*threshold);
        let next = self.warnings_to_come(warnings).find(seen)?;
        Some(self.timer.expires.before_ms(next))
    }

    /// Returns the warnings that are still to come, in milliseconds before it expires, longest first.
    pub(crate) fn warnings_to_come(&self, warnings: &Warnings) -> impl Iterator<Item = u64> {
        let open = self.outcome().is_none();
        warnings.to_come(self.timer.lasts_ms, self.timer.warned_ms).filter(move |_| open)
    }

    /// Returns all its warnings, given or not, in milliseconds before it expires, longest first.
    pub(crate) fn all_warnings(&self, warnings: &Warnings) -> impl Iterator<Item = u64> {
        warnings.to_come(self.timer.lasts_ms, None)
    }

    /// Returns the last warning given for the deadline that holds, in milliseconds before it.
    pub(crate) fn warned_ms(&self) -> Option<u64> {
        self.timer.warned_ms
    }

    /// Warns the user if it is time; durable before it is told.
    pub(super) fn warn(&mut self, cx: &mut Context<'_>) {
        let left_ms = self.timer.expires.ms_from(cx.now.boot);
        let Timer { lasts_ms, warned_ms, deadline, .. } = self.timer;
        if let Some(threshold_ms) = cx.warnings.due(lasts_ms, warned_ms, left_ms) {
            self.timer.warned_ms = Some(threshold_ms);
            let record = Record::Warned { session: self.id, deadline, threshold_ms, left_ms };
            cx.said.push(Said::Persist(vec![record]));
            cx.said.push(Said::Tell(Happening::Expiring { deadline, threshold_ms, left_ms }));
        }
    }

    /// Ends the session if its deadline has passed; returns whether it is over.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) -> bool {
        if self.outcome().is_none() && cx.now.boot >= self.timer.expires {
            self.close(Outcome::Expired, None, [], cx);
        }
        self.outcome().is_some()
    }

    /// Tells the journal what is left, if it does not know.
    pub(super) fn keep_time(&mut self, cx: &mut Context<'_>) {
        if self.timer.kept.is_none() {
            let at = Moment { wall: cx.now.wall, boot: cx.now.boot, boot_id: cx.boot_id };
            let sure = *self.timer.sure.get_or_insert(cx.clock_sure);
            self.timer.kept = Some(at);
            let Timer { deadline, expires, .. } = self.timer;
            let record = Record::Timed { session: self.id, deadline, at, expires, sure };
            cx.said.push(Said::Persist(vec![record]));
        }
    }

    /// Takes from the journal how much time was left at `at`.
    pub(super) fn recall_time(&mut self, deadline: WallTime, at: Moment, expires: BootTime, sure: bool) {
        if deadline != self.timer.deadline {
            self.notices.retain(|notice, _| !notice.is_of_deadline());
        }
        self.timer.recall(deadline, at, expires, sure);
    }

    /// Takes from the journal that the user was warned.
    pub(super) fn recall_warning(&mut self, deadline: WallTime, threshold_ms: u64) {
        self.timer.recall_warning(deadline, threshold_ms);
    }

    /// Finds out how much is left after a restart, by the journal's last look at the clocks, and tells the journal.
    pub(crate) fn resume_time(&mut self, seen: Option<Moment>, cx: &mut Context<'_>) {
        let now = Moment { wall: cx.now.wall, boot: cx.now.boot, boot_id: cx.boot_id };
        if self.timer.kept.is_none() {
            self.timer = Timer::new(self.terms.created, self.deadline, cx.now);
        }
        if let Some(seen) = seen.or(self.timer.kept) {
            self.timer.resume(seen, now);
        }
        self.follow_deadline(cx.now.boot);
        if let Some(outcome) = self.outcome() {
            if *outcome == Outcome::Expired {
                self.timer.lapse(cx.now.boot);
            }
            return;
        }
        if !cx.clock_suspect {
            self.timer.recount(cx.now);
        }
        self.keep_time(cx);
    }

    /// Lives on for as long as all have consented to; returns whether that is longer.
    pub(super) fn follow_deadline(&mut self, now: BootTime) -> bool {
        let longer = self.deadline > self.timer.deadline;
        if longer {
            self.timer.extend(self.deadline, now);
            self.notices.retain(|notice, _| !notice.is_of_deadline());
        }
        longer
    }

    /// Counts the time left by the wall clock, too, which can be trusted again, and goes on.
    pub(crate) fn recount(&mut self, cx: &mut Context<'_>) {
        if self.outcome().is_none() {
            self.timer.recount(cx.now);
            self.keep_time(cx);
            self.proceed(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::BootId;

    const MINUTE: u64 = 60_000;

    #[test]
    fn within_one_boot_the_wall_clock_changes_nothing() {
        let before = at(100 * MINUTE, 10 * MINUTE, "a");
        for wall in [0, 100 * MINUTE, 10_000 * MINUTE] {
            let mut timer = kept(before);
            timer.resume(before, at(wall, 13 * MINUTE, "a"));
            assert_eq!(timer.expires.ms_from(BootTime(13 * MINUTE * 1000)), 7 * MINUTE);
            assert!(timer.kept.is_some(), "the journal knows it all");
        }
    }

    #[test]
    fn after_a_boot_the_wall_clock_says_how_long_the_phone_was_off() {
        let before = at(100 * MINUTE, 10 * MINUTE, "a");
        let mut timer = kept(before);

        timer.resume(before, at(104 * MINUTE, MINUTE, "b"));

        assert_eq!(timer.expires, BootTime(7 * MINUTE * 1000), "six minutes from the first after the boot");
        assert_eq!(timer.kept, None, "the journal must know");
    }

    #[test]
    fn a_wall_clock_set_back_over_a_boot_gives_no_time_back() {
        let seen = at(108 * MINUTE, 18 * MINUTE, "a");
        let mut timer = kept(at(100 * MINUTE, 10 * MINUTE, "a"));

        timer.resume(seen, at(48 * MINUTE, MINUTE, "b"));

        assert_eq!(timer.expires, BootTime(3 * MINUTE * 1000), "two minutes were left when it was last seen");
    }

    #[test]
    fn a_wall_clock_set_ahead_over_a_boot_takes_what_it_says() {
        let before = at(100 * MINUTE, 10 * MINUTE, "a");
        let mut timer = kept(before);

        timer.resume(before, at(200 * MINUTE, MINUTE, "b"));

        assert_eq!(timer.expires, BootTime(MINUTE * 1000));
    }

    #[test]
    fn without_a_name_of_the_boot_the_smaller_result_holds() {
        let nameless = |wall, boot| Moment { boot_id: None, ..at(wall, boot, "") };
        let before = nameless(100 * MINUTE, 10 * MINUTE);
        for (now, left) in [
            (nameless(103 * MINUTE, 13 * MINUTE), 7 * MINUTE),
            (nameless(108 * MINUTE, 13 * MINUTE), 2 * MINUTE),
            (nameless(98 * MINUTE, 13 * MINUTE), 7 * MINUTE),
            (nameless(104 * MINUTE, 9 * MINUTE), 6 * MINUTE),
        ] {
            let mut timer = kept(before);
            timer.resume(before, now);
            assert_eq!(timer.expires.ms_from(now.boot), left, "{now:?}");
        }
    }

    #[test]
    fn without_a_name_a_boot_within_a_minute_takes_the_time_that_the_wall_clock_has_counted() {
        let nameless = |wall, boot| Moment { boot_id: None, ..at(wall, boot, "") };
        let mut timer = kept(nameless(100 * MINUTE, 10 * MINUTE));

        timer.resume(nameless(100 * MINUTE, 10 * MINUTE), nameless(100 * MINUTE + MINUTE / 2, 10 * MINUTE));

        assert_eq!(timer.expires, BootTime((19 * MINUTE + MINUTE / 2) * 1000));
        assert_eq!(timer.kept, None, "the journal must know");
    }

    #[test]
    fn without_a_name_a_restart_does_not_forget_that_the_time_was_read_off_a_wrong_clock() {
        // Suspect: an hour back. The journal's look says what it should have shown.
        let nameless = |wall, boot| Moment { boot_id: None, ..at(wall, boot, "") };
        let mut timer = kept(nameless(40 * MINUTE, 10 * MINUTE));
        timer.sure = Some(false);
        let seen = nameless(100 * MINUTE, 10 * MINUTE);
        let now = nameless(101 * MINUTE + 1, 11 * MINUTE);

        timer.resume(seen, now);
        timer.recount(Now { wall: now.wall, boot: now.boot });

        let deadline_by_wall = timer.deadline.ms_from(now.wall);
        assert!(
            timer.expires.ms_from(now.boot) <= deadline_by_wall,
            "{} > {deadline_by_wall}, sure {:?}",
            timer.expires.ms_from(now.boot),
            timer.sure
        );
    }

    #[test]
    fn a_look_at_the_clocks_of_a_later_boot_says_nothing_of_what_was_left_in_an_earlier_one() {
        let mut timer = kept(at(100 * MINUTE, 10 * MINUTE, "a"));

        timer.resume(at(103 * MINUTE, MINUTE, "b"), at(104 * MINUTE, 2 * MINUTE, "b"));

        assert_eq!(timer.expires, BootTime(8 * MINUTE * 1000), "six minutes from two after the boot");
    }

    #[test]
    fn a_second_boot_counts_from_what_the_first_has_left() {
        let before = at(100 * MINUTE, 10 * MINUTE, "a");
        let mut timer = kept(before);
        let second = at(101 * MINUTE, MINUTE, "b");
        timer.recall(timer.deadline, second, BootTime(10 * MINUTE * 1000), true);

        timer.resume(at(103 * MINUTE, 3 * MINUTE, "b"), at(99 * MINUTE, 0, "c"));

        assert_eq!(timer.expires, BootTime(7 * MINUTE * 1000));
        assert_eq!(timer.lasts_ms, 10 * MINUTE, "its warnings are those of the whole session");
    }

    #[test]
    fn a_later_deadline_has_warnings_of_its_own() {
        let mut timer = kept(at(100 * MINUTE, 10 * MINUTE, "a"));
        timer.recall_warning(WallTime(110 * MINUTE), 2 * MINUTE);

        timer.extend(WallTime(115 * MINUTE), BootTime(18 * MINUTE * 1000));

        assert_eq!((timer.lasts_ms, timer.warned_ms), (7 * MINUTE, None));
        assert_eq!(timer.expires, BootTime(25 * MINUTE * 1000));
        timer.recall_warning(WallTime(110 * MINUTE), MINUTE);
        assert_eq!(timer.warned_ms, None, "that was the earlier deadline's");
    }

    #[test]
    fn a_clock_behind_the_proposers_makes_no_session_longer_than_it_said() {
        let now = at(99 * MINUTE, 10 * MINUTE, "a");
        let deadline = WallTime(110 * MINUTE);
        let mut timer = Timer::new(WallTime(100 * MINUTE), deadline, Now { wall: now.wall, boot: now.boot });
        assert_eq!((timer.lasts_ms, timer.expires.ms_from(now.boot)), (10 * MINUTE, 11 * MINUTE));

        timer.recall(deadline, now, timer.expires, true);
        assert_eq!(timer.lasts_ms, 10 * MINUTE);
    }

    #[test]
    fn a_clock_that_is_trusted_again_takes_time_away_only_where_it_was_not() {
        let now = Now { wall: WallTime(107 * MINUTE), boot: BootTime(12 * MINUTE * 1000) };
        let mut sure = kept(at(100 * MINUTE, 10 * MINUTE, "a"));
        sure.recount(now);
        assert_eq!(sure.expires.ms_from(now.boot), 8 * MINUTE);

        let mut unsure = kept(at(100 * MINUTE, 10 * MINUTE, "a"));
        unsure.sure = Some(false);
        unsure.recount(now);
        assert_eq!(unsure.expires.ms_from(now.boot), 3 * MINUTE);
        unsure.recount(Now { wall: WallTime(0), ..now });
        assert_eq!(unsure.expires.ms_from(now.boot), 3 * MINUTE);
    }

    /// A timer of ten minutes that the journal was told of at `at`.
    fn kept(at: Moment) -> Timer {
        let deadline = WallTime(at.wall.0 + 10 * MINUTE);
        let mut timer = Timer::new(at.wall, deadline, Now { wall: at.wall, boot: at.boot });
        timer.recall(timer.deadline, at, timer.expires, true);
        timer
    }

    fn at(wall: u64, boot_ms: u64, boot: &str) -> Moment {
        Moment { wall: WallTime(wall), boot: BootTime(boot_ms * 1000), boot_id: Some(BootId::of(boot)) }
    }
}
