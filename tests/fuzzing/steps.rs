//! What can happen in a script.

use countersign_machine::Input;
use countersign_machine::card::Card;
use countersign_machine::id::{EventId, SessionId, TransportKey, WalletId};
use countersign_machine::key::{ParticipantKey, SigningKey};
use countersign_machine::link::{DialFault, LinkPath, Tried};
use countersign_machine::message::{DeclineReason, Payload};
use countersign_machine::plan::{Capabilities, Notice, NotificationKey};
use countersign_machine::session::Custody;
use countersign_machine::time::WallTime;

use super::forger::{self, Lie};
use super::script::{Run, firsts};
use crate::rig::{Step, Vault, payload};

/// The kinds of steps, each with its number in a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever is first on one of the ways arrives.
    Arrives,
    /// A vault or a journal answers.
    Answers,
    /// All that is due happens.
    Settles,
    Approves,
    Proposes,
    /// A link goes down, and its road is closed.
    Cuts,
    Mends,
    Dies,
    Restarts,
    /// A vault opens, refuses or falls silent.
    Locks,
    /// A while passes.
    Passes,
    /// A phone will die before one of its next effects.
    Fuses,
    /// A phone is woken, due or not.
    Wakes,
    /// What is in flight arrives out of its order.
    Overtakes,
    /// What is in flight arrives, and stays in flight.
    Doubles,
    /// What is in flight never arrives.
    Vanishes,
    /// A frame that was sent before arrives with one byte changed.
    Damages,
    /// A frame that was sent before arrives once more, at whomever, from whomever.
    Repeats,
    /// Bytes arrive as a frame.
    Junk,
    /// A phone says what no honest one would.
    Lies,
    Declines,
    Cancels,
    /// A user asks for what cannot be done.
    Errs,
    /// The journal gives back something else than was asked for.
    ReadsBack,
    /// A key comes that was asked for by another phone, or before, or is another's.
    Unlocks,
    /// A question for a key is refused.
    Refuses,
    /// A card is issued or comes, a wallet is created.
    Introduces,
    /// The transport says something about a peer.
    Links,
    /// An old copy of the journal comes back.
    RollsBack,
    /// Every deadline passes while all phones sleep.
    Sleeps,
    /// A user consents to a later deadline.
    Extends,
    /// The wall clock falls back, or is set right.
    Falls,
    /// An app goes to the background, its key kept in one way or another.
    Backgrounds,
    Foregrounds,
    /// A phone dies, is booted, and starts again.
    Boots,
    /// The shell has made the system equal to the plan, but for some notifications; or speaks of another plan.
    Plans,
    /// A notification is put away.
    Dismisses,
    /// The program has dealt with an event.
    Handles,
    /// The user chooses when to be warned.
    Warns,
    /// The user wants to be shown as present, or no more.
    Presents,
}

/// Every kind, in the order of their numbers.
const KINDS: [Kind; 40] = {
    use Kind::{
        Answers, Approves, Arrives, Backgrounds, Boots, Cancels, Cuts, Damages, Declines, Dies, Dismisses,
        Doubles, Errs, Extends, Falls, Foregrounds, Fuses, Handles, Introduces, Junk, Lies, Links, Locks,
        Mends, Overtakes, Passes, Plans, Presents, Proposes, ReadsBack, Refuses, Repeats, Restarts,
        RollsBack, Settles, Sleeps, Unlocks, Vanishes, Wakes, Warns,
    };
    [
        Arrives,
        Answers,
        Settles,
        Approves,
        Proposes,
        Cuts,
        Mends,
        Dies,
        Restarts,
        Locks,
        Passes,
        Fuses,
        Wakes,
        Overtakes,
        Doubles,
        Vanishes,
        Damages,
        Repeats,
        Junk,
        Lies,
        Declines,
        Cancels,
        Errs,
        ReadsBack,
        Unlocks,
        Refuses,
        Introduces,
        Links,
        RollsBack,
        Sleeps,
        Extends,
        Falls,
        Backgrounds,
        Foregrounds,
        Boots,
        Plans,
        Dismisses,
        Handles,
        Warns,
        Presents,
    ]
};

impl Kind {
    /// Returns the kind's number.
    pub(super) fn number(self) -> u8 {
        self as u8
    }
}

/// Lets one step happen; returns whether the whole world may have moved, not only what one input sets off.
pub(super) fn happen(run: &mut Run<'_>, [kind, a, b, c]: [u8; 4]) -> bool {
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    match kind {
        Kind::Arrives => {
            let firsts = firsts(&run.world);
            if !firsts.is_empty() {
                run.world.take(firsts[usize::from(a) % firsts.len()]);
            }
        }
        Kind::Answers => run.world.take(Step::Answer(run.who(a))),
        Kind::Settles => run.world.settle(),
        Kind::Approves => {
            let session = run.session(b);
            run.world.act(run.who(a), |node, now| node.approve(session, now));
        }
        Kind::Proposes => run.propose(run.who(a), 1 + b % 3),
        Kind::Cuts | Kind::Mends => road(run, kind, a),
        Kind::Dies => run.die(run.who(a)),
        Kind::Restarts => run.restart(run.who(a)),
        Kind::Locks => lock(run, a, b, c),
        Kind::Passes => run.pass_ms(u64::from(a) << 8 | u64::from(b)),
        Kind::Fuses => {
            if run.lose() {
                run.world.kill_before_effect(run.who(a), 1 + usize::from(b % 16));
            }
        }
        Kind::Wakes => run.wake(run.who(a)),
        Kind::Overtakes | Kind::Doubles | Kind::Vanishes => in_flight(run, kind, a),
        Kind::Damages => damage(run, a, b, c),
        Kind::Repeats => {
            run.spoil();
            if let Some(at) = Run::from_end(run.world.sent.len(), a) {
                let (bytes, (from, to)) = (run.world.sent[at].bytes.clone(), run.two(b));
                run.world.arrive(from, to, &bytes);
            }
        }
        Kind::Junk => {
            run.spoil();
            let (bytes, (from, to)) = (run.bytes(usize::from(c) << 8 | usize::from(b)), run.two(a));
            run.world.arrive(from, to, bytes);
        }
        Kind::Lies => lie(run, a, b, c),
        Kind::Declines | Kind::Cancels => withdraw(run, kind, a, b),
        Kind::Errs => err(run, a, b, c),
        Kind::ReadsBack => read_back(run, a, b, c),
        Kind::Unlocks => unlock(run, a, b, c),
        Kind::Refuses => {
            run.spoil();
            let (who, from) = (run.who(a), run.who(c));
            let tickets = &run.world.phones[from].tickets;
            if let Some(at) = Run::from_end(tickets.len(), b) {
                let ticket = tickets[at];
                run.world.feed(who, Input::KeyRefused { ticket });
            }
        }
        Kind::Introduces => introduce(run, a, b, c),
        Kind::Links => link(run, a, b, c),
        Kind::RollsBack => roll_back(run, a, b),
        Kind::Sleeps => {
            run.spoil();
            for _ in 0..=a % 16 {
                run.world.sleep_past_every_deadline();
            }
            if b & 1 != 0 {
                run.world.expire_without_answers();
            }
        }
        Kind::Extends => {
            let (session, until) = (run.session(b), WallTime(run.world.now.wall.0 + (u64::from(c) << 16)));
            run.world.act(run.who(a), |node, now| node.extend(session, until, now));
        }
        Kind::Falls => {
            run.spoil();
            let wall = &mut run.world.now.wall.0;
            let ms = u64::from(b) << 13;
            *wall = if a & 1 == 0 { wall.saturating_sub(ms) } else { wall.saturating_add(ms) };
        }
        Kind::Backgrounds => {
            let custody = [Custody::Step, Custody::Background, Custody::Session][usize::from(b % 3)];
            run.world.act(run.who(a), |node, now| {
                node.set_custody(custody);
                node.handle_input(Input::WentToBackground, now)
            });
        }
        Kind::Foregrounds => run.world.feed(run.who(a), Input::CameToForeground),
        Kind::Boots => {
            run.die(run.who(a));
            if !run.is_alive(run.who(a)) {
                run.world.boot(run.who(a));
            }
            run.restart(run.who(a));
        }
        Kind::Plans | Kind::Dismisses | Kind::Handles => notify(run, kind, a, b),
        Kind::Warns => {
            let own = (b > 0).then(|| (0..b % 10).map(|at| u64::from(c) * 900 + u64::from(at) * 7_000));
            let own = own.map(Iterator::collect);
            run.world.act(run.who(a), |node, now| node.set_warnings(own, now));
        }
        Kind::Presents => {
            run.world.act(run.who(a), |node, now| match b {
                0 => node.stop_presence(now),
                _ => node.start_presence(u64::from(b) << (c % 32), now).unwrap_or_default(),
            });
        }
    }
    let many = [Kind::Settles, Kind::Passes, Kind::Sleeps, Kind::Restarts, Kind::RollsBack, Kind::Boots];
    many.contains(&kind)
}

fn road(run: &mut Run<'_>, kind: Kind, a: u8) {
    let (one, other) = run.two(a);
    if one == other {
        return;
    }
    if kind == Kind::Mends {
        run.world.mend(one, other);
    } else {
        run.world.cut(one, other);
    }
}

fn lock(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    let who = run.who(a);
    let vault = [Vault::Open, Vault::Locked, Vault::Silent][usize::from(b % 3)];
    match vault {
        Vault::Open => {}
        Vault::Locked if run.lose() => {}
        Vault::Locked => return,
        Vault::Silent => run.spoil(),
    }
    run.world.phones[who].vault = vault;
    if c & 1 != 0 {
        run.world.phones[who].replace_answers();
    }
}

fn in_flight(run: &mut Run<'_>, kind: Kind, a: u8) {
    run.spoil();
    if run.world.flying.is_empty() {
        return;
    }
    let at = usize::from(a) % run.world.flying.len();
    if kind == Kind::Overtakes {
        run.world.take(Step::Frame(at));
    } else if let Some(flight) = run.world.flying.get(at).cloned() {
        if kind == Kind::Doubles {
            run.world.arrive(flight.from, flight.to, &flight.bytes);
        } else {
            run.world.flying.remove(at);
        }
    }
}

/// A damaged frame can show nobody new nonces, as its signature is wrong: the oracle need not hear it.
fn damage(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    run.spoil();
    let Some(at) = Run::from_end(run.world.sent.len(), a) else { return };
    let flight = run.world.sent[at].clone();
    let mut bytes = flight.bytes.to_vec();
    let place = bytes.len() * usize::from(b) / 256;
    bytes[place] = c;
    let peer = run.world.phones[flight.from].transport();
    run.world.feed(flight.to, Input::FrameArrived { peer, bytes });
}

fn lie(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    let (author, to) = run.two(a);
    let (attempt, source) = (run.byte(), run.byte());
    if !run.lie() {
        return;
    }
    let slot = if c & 0x80 == 0 { author as u8 } else { c & 0x7f };
    let lie = Lie { author, slot, session: run.session(b >> 3), kind: b & 7, attempt, source };
    let frame = forger::tell(&run.world, &lie);
    run.world.arrive(author, to, &frame);
}

fn withdraw(run: &mut Run<'_>, kind: Kind, a: u8, b: u8) {
    run.spoil();
    let session = run.session(b);
    let cancels = kind == Kind::Cancels;
    run.world.act(run.who(a), |node, now| {
        if cancels { node.cancel(session, now) } else { node.decline(session, DeclineReason::User, now) }
    });
}

fn err(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    let (who, unknown, wallet) = (run.who(a), SessionId([c; 32]), run.world.wallet);
    let soon = WallTime(run.world.now.wall.0 + 10_000);
    let late = WallTime(u64::from(c));
    let empty = Payload { items: vec![], text: String::new() };
    let long = Payload { text: "x".repeat(4097), ..payload(1) };
    let many = Payload { items: vec![payload(1).items.remove(0); 1001], text: String::new() };
    let refused = run.world.act(who, |node, now| match b % 10 {
        0 => node.approve(unknown, now),
        1 => node.decline(unknown, DeclineReason::Policy, now),
        2 => node.cancel(unknown, now),
        3 => node.propose(WalletId([c; 32]), payload(1), soon, [c; 32], now).map(drop),
        4 => node.propose(wallet, empty, soon, [c; 32], now).map(drop),
        5 => node.propose(wallet, long, soon, [c; 32], now).map(drop),
        6 => node.propose(wallet, many, soon, [c; 32], now).map(drop),
        7 => node.propose(wallet, payload(1), late, [c; 32], now).map(drop),
        8 => node.propose(wallet, payload(1), WallTime(u64::MAX), [c; 32], now).map(drop),
        _ => node.issue_card("x".repeat(65)),
    });
    assert!(refused.is_none_or(|refused| refused.is_err()), "what cannot be done is refused");
}

fn read_back(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    let who = run.who(a);
    let journal = &run.world.phones[who].journal;
    let bytes = match b % 4 {
        0 => None,
        1 => Some(vec![]),
        2 => Some(vec![c; 40]),
        _ => Run::from_end(journal.len(), c).map(|at| journal[at].clone()),
    };
    let now = run.world.now;
    run.world.phones[who].drop_read_back();
    run.act(who, |node| node.handle_input(Input::ReadBack(bytes), now));
}

fn unlock(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    run.spoil();
    let (who, from, owner) = (run.who(a), run.who(c), run.who(c >> 4));
    let tickets = &run.world.phones[from].tickets;
    let Some(at) = Run::from_end(tickets.len(), b) else { return };
    let ticket = tickets[at];
    let (key, seed) = (run.world.phones[owner].key(), run.world.phones[who].draw());
    run.world.feed(who, Input::KeyGiven { ticket, key, seed });
}

fn introduce(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    run.spoil();
    let (who, other) = (run.who(a), run.who(c));
    let keys: Vec<ParticipantKey> = run.world.phones.iter().map(|phone| phone.participant()).collect();
    let card: Card = run.world.phones[other].card();
    let now = run.world.now;
    let stranger = SigningKey::from_bytes(&[1 + c % 99; 32]).expect("in range").participant();
    run.world.act(who, |node, _| match b % 6 {
        0 => node.issue_card("again".into()),
        1 => node.add_card(card, now).map(drop),
        2 => node.create_wallet("again".into(), keys, now).map(drop),
        3 => node.create_wallet("more".into(), vec![keys[who], stranger], now).map(drop),
        4 => node.create_wallet("none".into(), vec![stranger; usize::from(c % 4)], now).map(drop),
        _ => {
            node.connect(now);
            Ok(())
        }
    });
}

fn link(run: &mut Run<'_>, a: u8, b: u8, c: u8) {
    run.spoil();
    let (who, other) = (run.who(a), usize::from(c) % (run.world.phones.len() + 1));
    let peer = run.world.phones.get(other).map_or(TransportKey([c; 32]), |phone| phone.transport());
    let input = match b % 5 {
        0 => Input::LinkUp { peer, path: LinkPath::Relay },
        1 => Input::LinkDown { peer },
        2 => {
            let tried = vec![Tried { address: "x".repeat(usize::from(c)), why: DialFault::WrongPeer }];
            Input::DialFailed { peer, tried }
        }
        3 => Input::Listening(vec!["x".repeat(usize::from(c)); usize::from(b >> 3)]),
        _ => Input::Listening(vec![]),
    };
    run.world.feed(who, input);
}

/// What the shell and the user do with notifications and events.
fn notify(run: &mut Run<'_>, kind: Kind, a: u8, b: u8) {
    let shell =
        Capabilities { max_pending: usize::from(b), can_preschedule: b & 1 == 0, live_update: b & 2 == 0 };
    run.world.act(run.who(a), |node, now| {
        let plan = node.plan(now);
        let of_plan = plan.items.get(usize::from(b) % plan.items.len().max(1)).map(|item| item.key);
        let of_nobody = NotificationKey::new(SessionId([b; 32]), Notice::Warning { threshold_ms: 1_000 });
        if kind == Kind::Dismisses {
            return node.dismiss(of_plan.unwrap_or(of_nobody), now);
        }
        if kind == Kind::Handles {
            let first = node.next_event().map(|event| event.id);
            node.event_handled(first.unwrap_or(EventId([b; 16])), now);
            return Ok(());
        }
        node.handle_input(Input::ShellKnown(shell), now).expect("no shell is refused");
        node.wake_plan(now);
        node.ack_plan(plan.revision, of_plan.as_slice(), now)
    });
}

fn roll_back(run: &mut Run<'_>, a: u8, b: u8) {
    run.spoil();
    let who = run.who(a);
    run.die(who);
    if !run.is_alive(who) {
        let shortest = run.before[who];
        let longest = run.world.phones[who].journal.len();
        let kept = shortest + usize::from(b) % (longest - shortest + 1);
        run.world.phones[who].journal.truncate(kept);
    }
    run.restart(who);
}
