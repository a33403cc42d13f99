//! What happens when: warnings, ends and wake-ups, to the millisecond, over sleep, restarts and moved clocks.

use countersign_machine::Wake;
use countersign_machine::id::SessionId;
use countersign_machine::record::{Outcome, Record};
use countersign_machine::session::Happening;
use countersign_machine::time::WallTime;
use countersign_tests::rig::World;

#[path = "deadlines/clocks.rs"]
mod clocks;
#[path = "deadlines/exact.rs"]
mod exact;
#[path = "deadlines/idle.rs"]
mod idle;
#[path = "deadlines/late.rs"]
mod late;
#[path = "deadlines/schedules.rs"]
mod schedules;
#[path = "deadlines/suspect.rs"]
mod suspect;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Lets time pass, every wake-up at its moment, and returns what each phone's user was told of the session, with the
/// milliseconds that had passed.
fn watch(world: &mut World, session: SessionId, ms: u64) -> Vec<Vec<(u64, Happening)>> {
    let count = world.phones.len();
    let mut known: Vec<usize> = (0..count).map(|who| world.told(who, session).len()).collect();
    let mut heard = vec![Vec::new(); count];
    let begin = world.now.boot;
    loop {
        let passed = world.now.boot.ms_from(begin);
        for who in 0..count {
            let news = world.told(who, session).split_off(known[who]);
            known[who] += news.len();
            heard[who].extend(news.into_iter().map(|what| (passed, what)));
        }
        if passed == ms {
            return heard;
        }
        let next = wakes(world).into_iter().map(|(_, in_ms, _)| in_ms).min();
        world.pass_ms(next.unwrap_or(ms).clamp(1, ms - passed));
    }
}

/// Returns every living phone's next wake-up: whose, in how many milliseconds, and what for.
fn wakes(world: &World) -> Vec<(usize, u64, Wake)> {
    let next = |who: usize| {
        let (at, wake) = world.phones[who].node.as_ref()?.poll_timeout()?;
        Some((who, at.ms_from(world.now_of(who).boot), wake))
    };
    (0..world.phones.len()).filter_map(next).collect()
}

/// Lets time pass while every phone sleeps: nobody is woken.
fn sleep(world: &mut World, ms: u64) {
    world.now.wall.0 += ms;
    world.now.boot = world.now.boot.after_ms(ms);
}

/// Lets every living phone look at the time, after a sleep.
fn wake_all(world: &mut World) {
    for who in 0..world.phones.len() {
        world.act(who, |node, now| node.handle_timeout(now));
    }
    world.settle();
}

/// Returns a warning of the session, given when so much was left.
fn warning(deadline: WallTime, threshold_ms: u64, left_ms: u64) -> Happening {
    Happening::Expiring { deadline, threshold_ms, left_ms }
}

/// Returns what a phone's user hears at the end of a session: `asked` if it was a co-signer's and had no answer.
fn end(asked: bool) -> Vec<Happening> {
    let expired = asked.then_some(Happening::RequestExpired);
    expired.into_iter().chain([Happening::Ended { outcome: Outcome::Expired }]).collect()
}

/// Returns the deadline that a phone shows.
fn deadline(world: &World, who: usize, session: SessionId) -> WallTime {
    world.session(who, session).expect("known").deadline
}

/// Returns how much time a phone shows, in milliseconds.
fn remaining(world: &World, who: usize, session: SessionId) -> u64 {
    world.session(who, session).expect("known").remaining_ms
}

/// Deals with every event that waits at a phone, and returns those of the session, oldest first.
fn deal_with_events(world: &mut World, who: usize, session: SessionId) -> Vec<Happening> {
    let mut all = Vec::new();
    while let Some(kept) = world.phones[who].node.as_ref().and_then(|node| node.next_event().cloned()) {
        world.act(who, |node, now| node.event_handled(kept.id, now));
        all.extend((kept.event.session == session).then_some(kept.event.what));
    }
    all
}

/// Returns what a phone's journal says.
fn records(world: &World, who: usize) -> impl Iterator<Item = Record> {
    world.phones[who].journal.iter().map(|bytes| Record::parse(bytes).expect("what we wrote we read"))
}

/// Returns how often a phone has shown nonces of the session, used some up, and signed.
fn contributions(world: &World, who: usize, session: SessionId) -> [usize; 3] {
    let mut counts = [0; 3];
    for record in records(world, who) {
        let kinds = [
            matches!(record, Record::NonceCommitted { .. }),
            matches!(record, Record::NonceSpent { .. }),
            matches!(record, Record::Signed { .. }),
        ];
        if record.session() == Some(session) {
            counts.iter_mut().zip(kinds).for_each(|(count, is)| *count += usize::from(is));
        }
    }
    counts
}
