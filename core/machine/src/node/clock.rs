//! Whether the wall clock can be trusted. People can move it; the boot clock they cannot.

use std::collections::BTreeMap;

use crate::id::TransportKey;
use crate::limits::{FORGET_AFTER_MS, MAX_CLOCK_BEHIND_MS, MAX_CLOCK_FALL_MS, MAX_CLOCK_SKEW_MS};
use crate::time::{Boot, BootId, BootTime, Moment, Now, WallTime};

/// Watches the wall clock against the boot clock, and against what the journal has seen.
///
/// A session's time left is read off the wall clock when it is taken, or read back after a boot, and counted on the boot clock
/// from then on. So a clock that has fallen back would let new ones outlive their deadlines: nothing is signed by it. One
/// that runs ahead gives new ones less time, and the others none less: it is believed.
#[derive(Default)]
pub(super) struct Clock {
    boot_id: Option<BootId>,
    /// The latest wall time that was ever shown, and when: what it should have become by now at least.
    expected: Option<(WallTime, BootTime)>,
    /// What the clocks showed last.
    last: Option<(WallTime, BootTime)>,
    doubt: Doubt,
    /// What the clocks showed when the co-signers confirmed a wall clock that had fallen.
    confirmed: Option<(WallTime, BootTime)>,
    /// When we began to watch.
    began: BootTime,
    /// By how much each co-signer's clock is ahead of ours, as it has told since ours was last moved.
    answers: BTreeMap<TransportKey, i64>,
}

/// Why the wall clock is not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doubt {
    #[default]
    None,
    /// It fell behind what was seen before, and most co-signers do not say that it is right.
    Fell,
    /// It fell, and the co-signers have confirmed it: they may change their minds.
    Cleared,
}

impl Doubt {
    fn is_suspect(self) -> bool {
        self == Self::Fell
    }
}

fn run_on((wall, boot): (WallTime, BootTime), now: BootTime) -> WallTime {
    WallTime(wall.0.saturating_add(now.0.saturating_sub(boot.0) / 1000))
}

impl Clock {
    /// Starts in the boot that has this name, with the journal's last look at the clocks.
    pub(super) fn start(seen: Option<Moment>, boot_id: Option<BootId>, now: Now) -> Self {
        let mut clock = Self { boot_id, began: now.boot, ..Self::default() };
        let moment = Moment { wall: now.wall, boot: now.boot, boot_id };
        match seen.map(|seen| (seen, seen.boot_until(&moment))) {
            None => {}
            Some((seen, Boot::Same)) => clock.expected = Some((seen.wall, seen.boot)),
            Some((seen, Boot::Other | Boot::Unsure)) => {
                clock.expected = Some((seen.wall.max(now.wall), now.boot));
                if now.wall.0.saturating_add(MAX_CLOCK_BEHIND_MS) < seen.wall.0 {
                    clock.doubt = Doubt::Fell;
                }
            }
        }
        clock.look(now);
        clock
    }

    /// Looks at both clocks; returns whether that changed what we think of the wall clock.
    pub(super) fn look(&mut self, now: Now) -> bool {
        let was = self.doubt;
        let expected = self.expected.map_or(now.wall, |then| run_on(then, now.boot));
        let moved_since = |then| run_on(then, now.boot).0.abs_diff(now.wall.0) > MAX_CLOCK_FALL_MS;
        let moved = self.last.is_some_and(moved_since);
        if moved {
            self.answers.clear();
            self.began = now.boot;
        }
        self.doubt = match self.doubt {
            _ if now.wall.0.saturating_add(MAX_CLOCK_BEHIND_MS) >= expected.0 => Doubt::None,
            Doubt::None if now.wall.0.saturating_add(MAX_CLOCK_FALL_MS) >= expected.0 => Doubt::None,
            Doubt::None => Doubt::Fell,
            Doubt::Cleared if self.confirmed.is_some_and(moved_since) => Doubt::Fell,
            doubt @ (Doubt::Fell | Doubt::Cleared) => doubt,
        };
        if self.doubt == Doubt::Fell && was != Doubt::Fell {
            self.answers.clear();
        }
        // Only a later time moves the mark: to run it on at every look would lose what is less than a millisecond each time.
        if self.expected.is_none() || now.wall > expected {
            self.expected = Some((now.wall, now.boot));
        }
        self.last = Some((now.wall, now.boot));
        was.is_suspect() != self.is_suspect() || was == Doubt::Cleared && self.doubt == Doubt::None
    }

    /// Takes a co-signer's authenticated word on how far its clock is ahead of ours; returns whether that changed what we
    /// think of it. What most of them say counts: one that lies is outvoted as soon as others have spoken.
    pub(super) fn confirm(&mut self, peer: TransportKey, ahead_ms: i64) -> bool {
        let was = self.is_suspect();
        self.answers.insert(peer, ahead_ms);
        self.count_answers();
        was != self.is_suspect()
    }

    /// Forgets what a phone told that is no co-signer's any more; returns whether that changed what we think of the clock.
    pub(super) fn forget(&mut self, peer: &TransportKey) -> bool {
        let was = self.is_suspect();
        if self.answers.remove(peer).is_some() {
            self.count_answers();
        }
        was != self.is_suspect()
    }

    fn count_answers(&mut self) {
        let was = self.doubt;
        self.doubt = match (was, self.is_confirmed()) {
            (Doubt::None, _) => Doubt::None,
            (Doubt::Fell | Doubt::Cleared, true) => Doubt::Cleared,
            (Doubt::Fell | Doubt::Cleared, false) => Doubt::Fell,
        };
        if self.doubt == Doubt::Cleared && was != Doubt::Cleared {
            self.confirmed = self.last;
        }
    }

    /// Returns whether what the wall clock calls long past may be forgotten: the co-signers agree with it, or it has
    /// run for an hour before our eyes.
    pub(super) fn is_sure(&self, now: Now) -> bool {
        let watched = now.boot >= self.began.after_ms(FORGET_AFTER_MS);
        !self.is_suspect() && (self.is_confirmed() || watched)
    }

    /// Returns whether the wall clock cannot be trusted.
    pub(super) fn is_suspect(&self) -> bool {
        self.doubt.is_suspect()
    }

    /// Returns whether the wall clock has fallen, and if it is but the co-signers who say that it is right.
    pub(super) fn is_doubted(&self) -> bool {
        self.doubt != Doubt::None
    }

    /// Returns what the clocks showed when they were last looked at, for the journal: what they should have shown, if they
    /// are not believed.
    pub(super) fn last_look(&self) -> Option<Moment> {
        let (wall, boot) = self.last?;
        let wall = self.expected.filter(|_| self.is_suspect()).map_or(wall, |then| run_on(then, boot));
        Some(Moment { wall, boot, boot_id: self.boot_id })
    }

    /// Returns what names this run of the boot clock, if the system does.
    pub(super) fn boot_id(&self) -> Option<BootId> {
        self.boot_id
    }

    /// Returns whether the median of what the co-signers told agrees with our clock; of two medians the worse counts.
    fn is_confirmed(&self) -> bool {
        let mut all: Vec<i64> = self.answers.values().copied().collect();
        all.sort_unstable();
        let count = all.len();
        let medians = all.get(count.saturating_sub(1) / 2..=count / 2).unwrap_or_default();
        let near = |ahead: &i64| ahead.unsigned_abs() <= MAX_CLOCK_SKEW_MS;
        !medians.is_empty() && medians.iter().all(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_falls_back_is_suspect_until_it_is_set_right() {
        let mut clock = started(None, at(1_000_000, 0));

        assert!(!clock.look(at(1_030_000, 60_000)), "half a minute is a correction");
        assert!(clock.look(at(1_000_000, 120_000)), "a minute and a half is none");
        assert!(clock.is_suspect());
        assert!(!clock.look(at(1_089_000, 121_000)), "still behind");
        assert!(clock.look(at(1_121_000, 121_000)));
        assert!(!clock.is_suspect());
    }

    #[test]
    fn a_clock_that_falls_back_in_small_steps_is_suspect_once_they_make_a_large_one() {
        let mut clock = started(None, at(1_000_000, 0));

        assert!(!clock.look(at(970_000, 1)));
        assert!(!clock.look(at(941_000, 2)));
        assert!(clock.look(at(930_000, 3)));
    }

    #[test]
    fn a_clock_that_jumps_ahead_is_not_suspect() {
        let mut clock = started(None, at(1_000_000, 0));

        assert!(!clock.look(at(9_000_000, 1)));
    }

    #[test]
    fn a_clock_behind_the_journal_after_a_boot_is_suspect_until_a_co_signer_confirms_it() {
        let mut clock = started(Some(seen(2_000_000, 9_000, "before")), at(1_000_000, 0));
        assert!(clock.is_suspect());

        assert!(!clock.confirm(peer(1), 1_000_000), "it says that we are behind, too");
        assert!(clock.confirm(peer(1), -2_000));
        assert!(!clock.is_suspect());
        assert!(!clock.look(at(1_000_001, 6)));
    }

    #[test]
    fn two_seconds_behind_the_journal_are_an_honest_clock() {
        assert!(!started(Some(seen(1_002_000, 9_000, "before")), at(1_000_000, 0)).is_suspect());
        assert!(started(Some(seen(1_002_001, 9_000, "before")), at(1_000_000, 0)).is_suspect());
    }

    #[test]
    fn within_one_boot_the_boot_clock_says_how_far_the_wall_clock_must_be() {
        let before = seen(1_000_000, 0, "now");

        assert!(!started(Some(before), at(1_540_000, 600_000)).is_suspect());
        assert!(started(Some(before), at(1_539_999, 600_000)).is_suspect());
    }

    #[test]
    fn who_confirms_a_suspect_clock_alone_is_outvoted_by_those_who_speak_later() {
        let mut clock = started(Some(seen(9_000_000, 9_000, "before")), at(1_000_000, 0));

        assert!(clock.confirm(peer(1), 0));
        assert!(clock.confirm(peer(2), 8_000_000), "one against one: suspect again");
        assert!(clock.is_suspect());
        assert!(!clock.look(at(1_000_000, 7)), "looking does not help");
        assert!(!clock.confirm(peer(3), 8_000_000));
        assert!(clock.confirm(peer(2), 0), "two of three agree");
        assert!(!clock.is_suspect());
    }

    #[test]
    fn a_clock_that_was_never_in_doubt_is_not_put_into_it_by_others() {
        let mut clock = started(None, at(1_000_000, 0));

        assert!(!clock.confirm(peer(1), 8_000_000));
        assert!(!clock.is_suspect());
        assert!(!clock.is_sure(at(1_000_000, 6)));
    }

    #[test]
    fn an_outvoted_clock_is_suspect_after_a_restart_too() {
        let mut clock = started(Some(seen(9_000_000, 9_000, "before")), at(1_000_000, 0));
        clock.confirm(peer(1), 0);
        clock.confirm(peer(2), 8_000_000);
        clock.look(at(1_000_001, 7));
        assert!(clock.is_suspect());

        assert!(started(clock.last_look(), at(1_000_002, 8)).is_suspect());
    }

    #[test]
    fn an_outvoted_clock_that_is_set_right_is_trusted() {
        let mut clock = started(Some(seen(9_000_000, 9_000, "before")), at(1_000_000, 0));
        clock.confirm(peer(1), 0);
        clock.confirm(peer(2), 8_000_000);
        assert!(clock.is_suspect());

        assert!(clock.look(at(9_000_010, 10)));
        assert!(!clock.is_suspect());
    }

    #[test]
    fn a_clock_that_was_confirmed_and_moves_again_is_suspect_again() {
        let mut clock = started(Some(seen(9_000_000, 9_000, "before")), at(1_000_000, 0));
        clock.confirm(peer(1), 0);
        assert!(!clock.look(at(1_000_005, 5)));

        assert!(clock.look(at(2_000_000, 6)), "in whatever direction");
    }

    #[test]
    fn what_co_signers_said_before_a_clock_moved_does_not_make_it_sure() {
        let mut clock = started(None, at(1_000_000, 0));
        clock.confirm(peer(1), 0);
        assert!(clock.is_sure(at(1_000_005, 5)));

        clock.look(at(900_000_000, 10));

        assert!(!clock.is_sure(at(900_000_000, 10)));
    }

    #[test]
    fn a_phone_that_is_no_co_signers_any_more_has_no_vote() {
        let mut clock = started(Some(seen(9_000_000, 9_000, "before")), at(1_000_000, 0));
        clock.confirm(peer(1), 0);
        assert!(clock.confirm(peer(2), 8_000_000));

        assert!(clock.forget(&peer(2)));

        assert!(!clock.is_suspect());
    }

    #[test]
    fn a_flood_of_looks_does_not_make_a_fallen_clock_right() {
        let us = |wall: u64, boot_us: u64| Now { wall: WallTime(wall), boot: BootTime(boot_us) };
        let mut clock = started(None, us(10_000_000, 0));
        assert!(clock.look(us(9_900_000, 1_000)), "100 s back");
        let mut t = 1_000;
        for _ in 0..250_000 {
            t += 900;
            clock.look(us(9_900_000 + t / 1_000, t));
        }
        assert!(clock.is_suspect(), "225 s later the clock is as wrong as before");
    }

    #[test]
    fn a_clock_set_right_but_for_a_correction_of_some_ms_is_trusted() {
        let mut clock = started(None, at(10_000_000, 0));
        assert!(!clock.look(at(10_009_995, 10_000)), "NTP took five ms back");
        assert!(clock.look(at(6_420_000, 20_000)), "an hour back");
        clock.look(at(10_029_995, 30_000));
        assert!(!clock.is_suspect(), "it is what it was before");
    }

    #[test]
    fn a_confirmed_clock_that_falls_in_small_steps_is_suspect() {
        let mut clock = started(Some(seen(900_000_000, 9_000, "before")), at(100_000_000, 0));
        clock.confirm(peer(1), 0);
        for step in 1..=60 {
            clock.look(at(100_000_000 - step * 50_000, step));
        }
        assert!(clock.is_suspect(), "fifty minutes back");
    }

    #[test]
    fn an_hour_watched_before_a_jump_does_not_make_a_clock_sure() {
        let mut clock = started(None, at(1_000_000, 0));
        clock.look(at(1_000_000 + FORGET_AFTER_MS, FORGET_AFTER_MS));
        let jump = at(900_000_000_000, FORGET_AFTER_MS + 1);
        clock.look(jump);
        assert!(!clock.is_sure(jump));
    }

    #[test]
    fn who_alone_confirmed_and_is_no_co_signer_any_more_confirms_nothing() {
        let mut clock = started(Some(seen(9_000_000, 9_000, "before")), at(1_000_000, 0));
        assert!(clock.confirm(peer(1), 0));
        assert!(clock.forget(&peer(1)));
        assert!(clock.is_suspect());
    }

    #[test]
    fn answers_of_before_many_small_steps_confirm_nothing() {
        let mut clock = started(None, at(100_000_000, 0));
        clock.confirm(peer(2), 0);
        clock.confirm(peer(3), 0);
        for step in 1..=60 {
            clock.look(at(100_000_000 - step * 50_000, step));
        }
        assert!(clock.is_suspect(), "fifty minutes back");
        clock.confirm(peer(1), 0);
        clock.confirm(peer(2), 3_000_000);
        assert!(clock.is_suspect(), "one against one, and one who has said nothing since");
    }

    fn started(seen: Option<Moment>, now: Now) -> Clock {
        Clock::start(seen, Some(BootId::of("now")), now)
    }

    fn seen(wall: u64, boot_ms: u64, boot: &str) -> Moment {
        let Now { wall, boot: at } = at(wall, boot_ms);
        Moment { wall, boot: at, boot_id: Some(BootId::of(boot)) }
    }

    fn peer(number: u8) -> TransportKey {
        TransportKey([number; 32])
    }

    fn at(wall: u64, boot_ms: u64) -> Now {
        Now { wall: WallTime(wall), boot: BootTime(boot_ms * 1000) }
    }
}
