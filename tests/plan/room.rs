//! What is left of the plan where the system holds less than there is to say.

use std::collections::BTreeSet;

use countersign_machine::id::{SessionId, WalletId};
use countersign_machine::limits::{MAX_OPEN_SESSIONS, PLAN_RESERVE};
use countersign_machine::message::{Body, Message, Terms};
use countersign_machine::plan::{Due, Notice, NotificationKey, Plan, PlannedNotification};
use countersign_machine::status::{RequestState, Status};
use countersign_machine::time::WallTime;
use countersign_tests::rig::{Topology, World, forge, payload};

use super::{HOUR, MINUTE, know_shell, plan_of, warning};

/// What an independent reckoning says is to come, soonest first: in how many milliseconds, how urgent, of which session.
type ToCome = (u64, u8, u64, SessionId, Notice);

#[test]
fn of_a_thousand_requests_the_soonest_are_kept() {
    let (mut world, count) = crowd();
    for max_pending in [64, 8, 4, 0] {
        know_shell(&mut world, 0, |shell| shell.max_pending = max_pending);
        let most = max_pending - PLAN_RESERVE.min(max_pending);
        let plan = plan_of(&world, 0);
        let status = world.status(0);
        assert_sound(&plan, most, &status);
        assert_eq!((plan.items.len(), plan.truncated), (most, true), "of {count} sessions");

        let shown: Vec<SessionId> = shown(&plan).map(|item| item.link.session).collect();
        let mut soonest: Vec<(u64, SessionId)> =
            status.sessions.iter().map(|session| (session.remaining_ms, session.id)).collect();
        soonest.sort_unstable();
        let soonest: Vec<SessionId> = soonest.into_iter().map(|(_, id)| id).take(most / 2).collect();
        assert_eq!(shown, soonest, "half of the room is for what is there now, the nearest end first");
        assert_kept(&plan, most - shown.len(), &status);
    }

    let requests: Vec<SessionId> = world.status(0).sessions.iter().map(|session| session.id).collect();
    for id in requests {
        let key = NotificationKey::new(id, Notice::Request);
        world.command(0, |node, now| node.dismiss(key, now)).expect("known");
    }
    for max_pending in [64, 8, 4, 0] {
        know_shell(&mut world, 0, |shell| shell.max_pending = max_pending);
        let most = max_pending - PLAN_RESERVE.min(max_pending);
        let plan = plan_of(&world, 0);
        assert_sound(&plan, most, &world.status(0));
        assert_eq!(shown(&plan).count(), 0);
        assert_kept(&plan, most, &world.status(0));
    }
}

#[test]
fn a_thousand_sessions_are_planned_soundly_as_their_time_passes() {
    let (mut world, _) = crowd();
    for ms in [90_000, 10 * MINUTE, HOUR, 20 * HOUR, 300 * HOUR] {
        world.now.boot = world.now.boot.after_ms(ms);
        world.now.wall.0 += ms;
        let plan = plan_of(&world, 0);
        assert_sound(&plan, 60, &world.status(0));
        world.act(0, |node, now| node.handle_timeout(now));
        world.flying.clear();
        assert_eq!(plan_of(&world, 0), plan, "whether or not the node has noticed the time, after {ms} ms");
        let revision = plan.revision;
        world
            .command(0, |node, now| node.ack_plan(revision, &[], now))
            .expect("it is the plan of this moment");
        assert!(shown(&plan_of(&world, 0)).all(|item| item.due == Due::Shown));
    }
}

#[test]
fn where_there_is_room_for_all_nothing_is_left_out_and_over_it_distant_two_minutes_go_first() {
    for (sessions, kept, left_out) in [(15_u64, 60, false), (16, 55, true)] {
        let mut world = World::new(1, 2, Topology::Mesh);
        for number in 0..sessions {
            let ms = (20 + 2 * number) * MINUTE;
            world.try_propose_for(0, payload(1 + number as u32), ms).expect("within the limits");
        }
        world.settle();

        let plan = plan_of(&world, 0);

        assert_sound(&plan, 60, &world.status(0));
        assert_eq!((plan.items.len(), plan.truncated), (kept, left_out), "{sessions} sessions");
        assert_kept(&plan, 60, &world.status(0));
        for ends in [warning(5), warning(1), Notice::Expired] {
            let of_kind = plan.items.iter().filter(|item| item.notice == ends).count() as u64;
            assert_eq!(of_kind, sessions, "all of {ends:?} are there");
        }
    }
}

#[test]
fn with_less_room_distant_sessions_keep_five_minutes_and_their_end() {
    let mut world = World::new(1, 2, Topology::Mesh);
    for number in 0..10 {
        let ms = (20 + 2 * number) * MINUTE;
        world.try_propose_for(0, payload(1 + number as u32), ms).expect("within the limits");
    }
    world.settle();
    let count = |plan: &Plan, notice: Notice| plan.items.iter().filter(|item| item.notice == notice).count();
    for (max_pending, kinds) in [
        (44, [10, 10, 10, 10]),
        (43, [10, 5, 10, 10]),
        (34, [10, 4, 3, 10]),
        (8, [3, 0, 0, 1]),
        (5, [1, 0, 0, 0]),
        (4, [0, 0, 0, 0]),
        (0, [0, 0, 0, 0]),
    ] {
        know_shell(&mut world, 0, |shell| shell.max_pending = max_pending);
        let plan = plan_of(&world, 0);
        assert_sound(&plan, max_pending.saturating_sub(PLAN_RESERVE), &world.status(0));
        let found = [warning(5), warning(2), warning(1), Notice::Expired].map(|notice| count(&plan, notice));
        assert_eq!(found, kinds, "room for {max_pending}");
    }
}

/// Asserts what holds of every plan.
fn assert_sound(plan: &Plan, most: usize, status: &Status) {
    assert!(plan.items.len() <= most, "{} of {most}", plan.items.len());
    let keys: BTreeSet<String> = plan.items.iter().map(|item| item.key.to_string()).collect();
    assert_eq!(keys.len(), plan.items.len(), "no key twice");
    let later: Vec<_> = plan.items.iter().filter(|item| item.due == Due::Later).collect();
    let shown = plan.items.len() - later.len();
    assert!(plan.items[..shown].iter().all(|item| item.due != Due::Later), "what is there now comes first");
    assert!(later.is_sorted_by_key(|item| (item.fire_in_ms, item.rank)));
    assert!(later.iter().all(|item| item.fire_in_ms > 0), "nothing past");
    let slots: BTreeSet<&str> = plan.items[..shown].iter().map(|item| item.slot.as_str()).collect();
    assert_eq!(slots.len(), shown, "one for each session");
    for item in &plan.items {
        let session = status.sessions.iter().find(|session| session.id == item.link.session).expect("known");
        let left = match item.notice {
            Notice::Warning { threshold_ms } => threshold_ms,
            Notice::Request | Notice::Ongoing | Notice::Expired => 0,
        };
        match item.due {
            Due::Later => assert_eq!(item.fire_in_ms, session.remaining_ms - left),
            Due::Now | Due::Shown if item.notice == Notice::Expired => assert_eq!(session.remaining_ms, 0),
            Due::Now | Due::Shown if left > 0 => assert!(session.remaining_ms <= left),
            Due::Now | Due::Shown => assert!(session.remaining_ms > 0),
        }
    }
}

/// Asserts that what is still to come is what an independent reckoning keeps in this room.
fn assert_kept(plan: &Plan, room: usize, status: &Status) {
    let mut wanted = to_come(status);
    let fits = wanted.len() <= room;
    let mut far = wanted.split_off(if fits { wanted.len() } else { room / 2 });
    far.retain(|(.., notice)| *notice != warning(2));
    if wanted.len() + far.len() > room {
        far.retain(|(.., notice)| [warning(5), Notice::Expired].contains(notice));
    }
    wanted.extend(far);
    wanted.truncate(room);
    let wanted: Vec<NotificationKey> =
        wanted.into_iter().map(|(.., id, notice)| NotificationKey::new(id, notice)).collect();
    let planned: Vec<NotificationKey> =
        plan.items.iter().filter(|item| item.due == Due::Later).map(|item| item.key).collect();

    assert_eq!(planned, wanted);
}

/// Reckons from the read model what is to come of its sessions, whose warnings have not begun.
fn to_come(status: &Status) -> Vec<ToCome> {
    let mut all = Vec::new();
    for session in status.sessions.iter().filter(|session| session.outcome.is_none()) {
        let kinds = [(0, 0), (1, 1), (2, 2), (5, 3), (60, 4), (24 * 60, 4)];
        for (minutes, rank) in kinds {
            let left = minutes * MINUTE;
            if left < session.remaining_ms {
                let notice = if minutes == 0 { Notice::Expired } else { warning(minutes) };
                all.push((session.remaining_ms - left, rank, session.remaining_ms, session.id, notice));
            }
        }
    }
    all.sort_unstable_by_key(|(fire, rank, ends, id, _)| (*fire, *rank, *ends, *id));
    all
}

fn shown(plan: &Plan) -> impl Iterator<Item = &PlannedNotification> {
    plan.items.iter().filter(|item| item.due != Due::Later)
}

/// Makes a phone that is asked for a thousand signatures, in fifteen wallets, by up to four others in each; the sessions last
/// from ten seconds to thirty days.
fn crowd() -> (World, usize) {
    let mut world = World::new(1, 5, Topology::Mesh);
    let mut proposers: Vec<(WalletId, usize)> = Vec::new();
    for others in 1..16_usize {
        let members: Vec<usize> = (1..5).filter(|who| others & (1 << (who - 1)) != 0).collect();
        let all: Vec<usize> = [0].into_iter().chain(members.iter().copied()).collect();
        let wallet = world.wallet_of(&all);
        proposers.extend(members.into_iter().map(|who| (wallet, who)));
    }
    let count = 1_000;
    assert!(proposers.len() * MAX_OPEN_SESSIONS >= count);
    for number in 0..count {
        let (wallet, proposer) = proposers[number % proposers.len()];
        let random = forge::tagged_hash("plan/number", &[&number.to_be_bytes()]);
        let draw = u64::from_be_bytes(random[..8].try_into().expect("eight bytes"));
        let longest: u64 = [MINUTE / 2, 10 * MINUTE, 2 * HOUR, 720 * HOUR][number % 4];
        propose(&mut world, wallet, proposer, (random, 10_000 + draw % (longest - 10_000)));
    }
    let status = world.status(0);
    assert!(status.inbox.iter().all(|request| request.state == RequestState::Pending));
    assert_eq!((status.sessions.len(), status.badge), (count, count));
    assert_eq!(world.faults(), []);
    world.flying.clear();
    (world, count)
}

/// Lets a phone ask the first for a signature that nobody else is told of. Each signs something else.
fn propose(world: &mut World, wallet: WalletId, proposer: usize, (random, ms): ([u8; 32], u64)) {
    let key = world.phones[proposer].participant();
    let slot = super::node(world, 0).wallet(wallet).and_then(|wallet| wallet.slot_of(&key)).expect("its own");
    let mut payload = payload(1);
    payload.items[0].digest = random;
    let created = world.now.wall;
    let terms =
        Terms { wallet, proposer: slot, created, deadline: WallTime(created.0 + ms), random, payload };
    let session = terms.session_id();
    let message = Message::Propose { terms, nonces: forge::nonces(1, &random) };
    let body = Body { wallet, session, slot, message };
    let frame = forge::sealed_frame(world.phones[proposer].transport_seed(), &body);
    world.arrive(proposer, 0, &frame);
}
