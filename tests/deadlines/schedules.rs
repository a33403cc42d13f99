//! Criterion 4: random schedules of sleep, restarts, deaths, reboots, moved clocks, consents and ends.

use std::thread;

use super::{DAY, HOUR, MINUTE, SECOND};

#[path = "life.rs"]
mod life;
#[path = "template.rs"]
mod template;

use life::{Act, Life};
use template::{Dice, Template};

/// How many phones live through a schedule, with two sessions each, on each of two threads.
const SCHEDULES: u64 = 50_000;
/// Every so manieth phone knows its co-signer, which takes ten times as long.
const WITH_CARDS: u64 = 64;

#[test]
fn criterion_4_whatever_happens_each_warning_comes_once_or_collapses_and_no_time_is_given_back() {
    let runs = [0, SCHEDULES].map(|first| thread::spawn(move || live(first..first + SCHEDULES)));
    for run in runs {
        run.join().expect("a schedule failed: see above");
    }
}

fn live(seeds: std::ops::Range<u64>) {
    let lasting = [
        [(5 * MINUTE, 5 * MINUTE), (11 * MINUTE, MINUTE)],
        [(MINUTE, 10 * MINUTE), (10 * MINUTE, HOUR)],
        [(HOUR, DAY), (26 * HOUR, HOUR)],
        [(299 * SECOND, 20 * SECOND), (12 * MINUTE, 90 * SECOND)],
    ];
    let templates = |cards| lasting.map(|sessions| Template::new(1, sessions, cards));
    let (fast, full) = (templates(false), templates(true));
    for seed in seeds {
        let mut dice = Dice::new(seed);
        let cards = seed % WITH_CARDS == 0;
        let pick = dice.below(lasting.len() as u64) as usize;
        let template = if cards { &full[pick] } else { &fast[pick] };
        let own = (dice.below(8) == 0).then(|| vec![20 * MINUTE, 100 * SECOND, 7 * SECOND]);
        let mut life = Life::new(template, seed, own);
        for _ in 0..2 + dice.below(6) {
            life.act(draw(&mut dice, cards));
        }
        life.finish();
    }
}

fn draw(dice: &mut Dice, cards: bool) -> Act {
    match dice.below(32) {
        0..6 => Act::Run(span(dice)),
        6..10 => Act::Sleep(span(dice)),
        10..13 => Act::Slice(span(dice)),
        13..16 => Act::Restart(span(dice)),
        16..20 => Act::Kill(1 + dice.below(4) as usize),
        20..23 => {
            let (off_ms, late_ms) = (span(dice), span(dice));
            Act::Reboot { off_ms, late_ms, named: dice.below(3) > 0 }
        }
        23 | 24 => Act::SetClock([0, 2 * HOUR as i64, -2 * (HOUR as i64), 40_000][dice.below(4) as usize]),
        25 => Act::Background,
        26 => Act::Foreground,
        27 => Act::Extend(dice.below(2) as usize),
        28 => Act::Approve(dice.below(2) as usize),
        29 if cards => Act::Complete(dice.below(2) as usize),
        29 => Act::Decline(dice.below(2) as usize),
        30 => Act::Acknowledge(1 + dice.below(3) as usize),
        _ => Act::Dismiss(dice.below(3) as usize),
    }
}

/// Draws a span of time: often short, sometimes an exact number of minutes.
fn span(dice: &mut Dice) -> u64 {
    let longest = [2 * SECOND, 90 * SECOND, 5 * MINUTE, 20 * MINUTE, HOUR, 20 * HOUR];
    let longest = longest[dice.below(longest.len() as u64) as usize];
    let span = dice.below(longest);
    if dice.below(4) == 0 { span / MINUTE * MINUTE } else { span }
}
