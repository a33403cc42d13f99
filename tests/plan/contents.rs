//! What each notification says.

use std::collections::BTreeSet;

use countersign_machine::id::SessionId;
use countersign_machine::plan::{
    Action, Arg, DeepLink, Due, Importance, Message, MessageKey, Notice, NotificationKey, Plan,
    PlannedNotification,
};
use countersign_machine::session::Happening;
use countersign_machine::time::WallTime;
use countersign_tests::rig::{Topology, World, payload};

use super::{HOUR, MINUTE, asked, extend, know_shell, notices, plan_of, warning};

#[test]
fn a_request_of_twenty_minutes_is_told_at_once_and_warned_of_at_five_two_and_one_and_at_its_end() {
    let (world, session) = asked(20 * MINUTE);
    let plan = plan_of(&world, 1);
    let urgent = Importance::TimeSensitive;
    let minutes = |count| Message { key: MessageKey::ExpiringMinutes, args: vec![Arg::Count(count)] };
    let name = Message { key: MessageKey::RequestFrom, args: vec![Arg::Name("phone 0".into())] };
    let over = Message { key: MessageKey::RequestExpired, args: vec![] };
    let expiring = MessageKey::ExpiringRedacted;
    let table = [
        (Notice::Request, "request", 0, urgent, true, name, MessageKey::RequestRedacted),
        (warning(5), "warning300000", 15 * MINUTE, urgent, false, minutes(5), expiring),
        (warning(2), "warning120000", 18 * MINUTE, urgent, true, minutes(2), expiring),
        (warning(1), "warning60000", 19 * MINUTE, urgent, true, minutes(1), expiring),
        (
            Notice::Expired,
            "expired",
            20 * MINUTE,
            Importance::Default,
            false,
            over,
            MessageKey::ExpiredRedacted,
        ),
    ];
    let prefix: String = session.to_string().chars().take(32).collect();
    let wall = world.now_of(1).wall.0;
    assert_eq!(plan.items.len(), table.len(), "{:?}", notices(&plan, session));
    assert!(!plan.truncated);

    for (item, (notice, name, fire_in_ms, importance, sticky, message, redacted)) in
        plan.items.iter().zip(table)
    {
        let over = notice == Notice::Expired;
        let expected = PlannedNotification {
            key: NotificationKey::new(session, notice),
            slot: format!("s{prefix}"),
            notice,
            due: if fire_in_ms == 0 { Due::Now } else { Due::Later },
            fire_in_ms,
            fire_at: WallTime(wall + fire_in_ms),
            remove_in_ms: (!over).then_some(20 * MINUTE),
            countdown_to_in_ms: (!over).then_some(20 * MINUTE),
            importance,
            sticky,
            message,
            redacted,
            actions: vec![Action::View, Action::Dismiss],
            link: DeepLink { wallet: world.wallet, session },
            rank: item.rank,
            content_hash: item.content_hash,
        };
        assert_eq!(*item, expected);
        assert_eq!(item.key.to_string(), format!("s{prefix}:{name}"));
    }
    let ranks: Vec<u8> = plan.items.iter().map(|item| item.rank).collect();
    assert_eq!(ranks, [5, 3, 2, 1, 0], "the most urgent is 0");
}

#[test]
fn the_sentence_for_a_locked_screen_gives_nothing_away() {
    let (mut world, _) = asked(20 * MINUTE);
    know_shell(&mut world, 0, |shell| shell.live_update = true);
    let items = [plan_of(&world, 0), plan_of(&world, 1)].map(|plan| plan.items).concat();
    let mut seen = BTreeSet::new();
    for item in items {
        let redacted = serde_json::to_value(item.redacted).expect("a name");
        assert!(redacted.as_str().is_some_and(|name| name.ends_with("_redacted")), "{redacted}");
        seen.insert(item.redacted);
    }
    assert_eq!(seen.len(), 4, "request, ongoing, expiring and expired: {seen:?}");
}

#[test]
fn a_request_of_somebody_without_a_name_says_so_and_a_new_name_changes_its_contents() {
    let (mut world, session) = asked(20 * MINUTE);
    let of = |plan: Plan| plan.items.into_iter().find(|item| item.notice == Notice::Request).expect("asked");
    let named = of(plan_of(&world, 1));
    world.pass_ms(1_000);
    for (nickname, message) in [
        (" ", Message { key: MessageKey::Request, args: vec![] }),
        ("Ada", Message { key: MessageKey::RequestFrom, args: vec![Arg::Name("Ada".into())] }),
    ] {
        world.command(0, |node, _| node.issue_card(nickname.into())).expect("short");
        world.settle();
        let request = of(plan_of(&world, 1));
        assert_eq!((&request.message, request.key), (&message, named.key), "{nickname:?}");
        assert_ne!(request.content_hash, named.content_hash);
    }
    assert_eq!(notices(&plan_of(&world, 1), session).len(), 5);
}

#[test]
fn ten_minutes_before_the_end_the_program_is_told_and_the_system_is_not() {
    let (mut world, session) = asked(20 * MINUTE);
    world.pass_ms(10 * MINUTE);
    let told = world.told(1, session);
    let ten = |told: &Happening| matches!(told, Happening::Expiring { threshold_ms: 600_000, .. });
    assert_eq!(told.iter().filter(|told| ten(told)).count(), 1);
    assert_eq!(world.session(1, session).expect("known").warned_ms, Some(10 * MINUTE));

    let five = [(Notice::Request, Due::Now), (warning(5), Due::Later)];
    assert_eq!(notices(&plan_of(&world, 1), session)[..2], five);
    world.pass_ms(5 * MINUTE);
    assert_eq!(
        notices(&plan_of(&world, 1), session)[..2],
        [(warning(5), Due::Now), (warning(2), Due::Later)]
    );
}

#[test]
fn only_warnings_shorter_than_the_session_are_planned() {
    let later = |ms: u64| {
        let (world, session) = asked(ms);
        let plan = plan_of(&world, 0);
        notices(&plan, session).into_iter().map(|(notice, _)| notice).collect::<Vec<_>>()
    };
    let warnings = |minutes: &[u64]| {
        minutes.iter().map(|minutes| warning(*minutes)).chain([Notice::Expired]).collect::<Vec<_>>()
    };

    assert_eq!(later(MINUTE), warnings(&[]));
    assert_eq!(later(2 * MINUTE), warnings(&[1]));
    assert_eq!(later(5 * MINUTE), warnings(&[2, 1]));
    assert_eq!(later(5 * MINUTE + 1), warnings(&[5, 2, 1]));
    assert_eq!(later(HOUR), warnings(&[5, 2, 1]));
    assert_eq!(later(24 * HOUR), warnings(&[60, 5, 2, 1]));
    assert_eq!(later(72 * HOUR), warnings(&[24 * 60, 60, 5, 2, 1]));
}

#[test]
fn a_session_of_days_is_warned_of_a_day_and_an_hour_before_and_quietly() {
    let (world, _) = asked(72 * HOUR);
    let plan = plan_of(&world, 0);
    for (item, hours) in plan.items.iter().zip([24, 1]) {
        assert_eq!(item.notice, warning(hours * 60));
        assert_eq!(item.fire_in_ms, (72 - hours) * HOUR);
        let said = Message { key: MessageKey::ExpiringHours, args: vec![Arg::Count(hours)] };
        assert_eq!((&item.message, item.importance, item.sticky), (&said, Importance::Default, false));
        assert_eq!(item.rank, 4);
    }
}

#[test]
fn a_list_of_the_callers_own_is_shown_by_the_system_as_a_whole() {
    let (mut world, session) = asked(20 * MINUTE);
    let own = Some(vec![30_000, 90_000, 10 * MINUTE, 5_000]);
    world.command(0, |node, now| node.set_warnings(own, now)).expect("a list within the limits");
    world.crash(0);
    world.restart(0);
    world.settle();

    let plan = plan_of(&world, 0);
    let said = |key, count| Message { key, args: vec![Arg::Count(count)] };
    let expected = [
        said(MessageKey::ExpiringMinutes, 10),
        said(MessageKey::ExpiringSeconds, 90),
        said(MessageKey::ExpiringSeconds, 30),
        said(MessageKey::ExpiringSeconds, 5),
        Message { key: MessageKey::Expired, args: vec![] },
    ];
    assert_eq!(plan.items.iter().map(|item| item.message.clone()).collect::<Vec<_>>(), expected);

    world.command(0, |node, now| node.set_warnings(Some(vec![]), now)).expect("none");
    assert_eq!(notices(&plan_of(&world, 0), session), [(Notice::Expired, Due::Later)]);
    world.command(0, |node, now| node.set_warnings(None, now)).expect("the usual");
    assert_eq!(notices(&plan_of(&world, 0), session)[0], (warning(5), Due::Later));
}

#[test]
fn a_live_shell_has_one_notification_for_as_long_as_the_session_lives() {
    let mut world = World::new(1, 3, Topology::Mesh);
    let session = world.try_propose_for(0, payload(1), 20 * MINUTE).expect("within the limits");
    world.settle();
    assert!(notices(&plan_of(&world, 0), session).iter().all(|(notice, _)| *notice != Notice::Ongoing));
    (0..3).for_each(|who| know_shell(&mut world, who, |shell| shell.live_update = true));
    assert_eq!(notices(&plan_of(&world, 1), session)[0], (Notice::Request, Due::Now), "asked comes first");
    world.pass_ms(MINUTE);
    let ongoing = plan_of(&world, 0).items[0].clone();
    let said = |signed| Message { key: MessageKey::Ongoing, args: vec![Arg::Count(signed), Arg::Count(3)] };
    assert_eq!((ongoing.notice, ongoing.due, &ongoing.message), (Notice::Ongoing, Due::Now, &said(0)));
    assert_eq!((ongoing.importance, ongoing.sticky), (Importance::Silent, true));
    assert_eq!((ongoing.countdown_to_in_ms, ongoing.remove_in_ms), (Some(19 * MINUTE), Some(19 * MINUTE)));

    let mut contents = vec![(ongoing.message, ongoing.content_hash)];
    (1..3).for_each(|who| world.approve(who, session));
    while let Some(step) = world.steps().first().copied() {
        world.take(step);
        if let Some(item) = plan_of(&world, 0).items.first()
            && contents.last().is_none_or(|(message, _)| *message != item.message)
        {
            assert_eq!(item.key, NotificationKey::new(session, Notice::Ongoing));
            contents.push((item.message.clone(), item.content_hash));
        }
    }

    world.assert_flawless(session);
    assert!(contents.len() > 1 && contents.iter().any(|(message, _)| *message == said(1)), "{contents:?}");
    let hashes: BTreeSet<u64> = contents.iter().map(|(_, hash)| *hash).collect();
    assert_eq!(hashes.len(), contents.len(), "each count is news");
    assert_eq!(plan_of(&world, 0).items, [], "it ends with the session");
}

#[test]
fn a_session_has_one_slot_and_its_keys_stay_the_same_over_time_and_restarts() {
    let mut world = World::new(1, 2, Topology::Mesh);
    let sessions: Vec<SessionId> = (1..4)
        .map(|number| world.try_propose_for(0, payload(number), 20 * MINUTE).expect("within the limits"))
        .collect();
    world.settle();
    let before = names(&plan_of(&world, 1));
    assert_eq!(before.len(), 15);
    let slots: BTreeSet<&str> = before.iter().map(|(slot, ..)| slot.as_str()).collect();
    assert_eq!(slots.len(), sessions.len());
    for (slot, key, _) in &before {
        assert!(key.is_ascii() && key.len() <= 64 && key.starts_with(&format!("{slot}:")), "{key}");
        assert!(key.parse::<NotificationKey>().is_ok_and(|parsed| parsed.to_string() == *key));
    }
    for _ in 0..3 {
        world.pass_ms(4 * MINUTE);
        assert_eq!(names(&plan_of(&world, 1)), before, "time alone changes nothing");
        world.crash(1);
        world.restart(1);
        world.settle();
        assert_eq!(names(&plan_of(&world, 1)), before, "nor does a restart");
    }
}

#[test]
fn a_deadline_that_moves_changes_the_contents_and_no_key() {
    let (mut world, session) = asked(20 * MINUTE);
    let before = names(&plan_of(&world, 1));
    let revision = plan_of(&world, 1).revision;
    for who in 0..2 {
        extend(&mut world, who, session, 10 * MINUTE).expect("later");
    }
    world.settle();

    let after = plan_of(&world, 1);
    assert_ne!(after.revision, revision);
    assert_eq!(
        after.items.iter().map(|item| item.fire_in_ms / MINUTE).collect::<Vec<_>>(),
        [0, 25, 28, 29, 30]
    );
    let after = names(&after);
    assert_eq!(after.len(), before.len());
    for ((_, key, hash), (_, former_key, former_hash)) in after.iter().zip(&before) {
        assert_eq!(key, former_key);
        assert_ne!(hash, former_hash, "{key}");
    }
}

#[test]
fn countdowns_and_removals_come_nearer_as_time_passes_and_the_moment_itself_stays() {
    let (mut world, _) = asked(20 * MINUTE);
    let before = plan_of(&world, 1);
    world.pass_ms(7 * MINUTE);
    for (now, then) in plan_of(&world, 1).items.iter().zip(&before.items) {
        assert_eq!(now.countdown_to_in_ms, then.countdown_to_in_ms.map(|ms| ms - 7 * MINUTE));
        assert_eq!(now.remove_in_ms, then.remove_in_ms.map(|ms| ms - 7 * MINUTE));
        if now.due == Due::Later {
            assert_eq!((now.fire_in_ms, now.fire_at), (then.fire_in_ms - 7 * MINUTE, then.fire_at));
        }
    }
    world.pass_ms(20 * MINUTE);
    let expired = plan_of(&world, 1).items;
    assert_eq!(expired.len(), 1);
    assert_eq!((expired[0].notice, expired[0].due, expired[0].fire_in_ms), (Notice::Expired, Due::Now, 0));
    assert_eq!(expired[0].remove_in_ms, None, "it stays until somebody looks");
    assert_eq!(expired[0].message.key, MessageKey::RequestExpired);
    assert_eq!(
        plan_of(&world, 0).items[0].message.key,
        MessageKey::Expired,
        "the proposer was asked nothing"
    );
}

/// Returns the slot, the key and the hash of the contents of each.
fn names(plan: &Plan) -> Vec<(String, String, u64)> {
    plan.items.iter().map(|item| (item.slot.clone(), item.key.to_string(), item.content_hash)).collect()
}
