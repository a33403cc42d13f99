//! Deadlines, the inbox, the plan for the system and presence, as the programs show them.

use std::process::Command;

use countersign_tests::talk::Talk;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{phones, program, start, words};

#[test]
fn a_session_that_an_absent_phone_keeps_from_signing_warns_and_expires_at_the_others_as_planned() {
    let report = phones(&["--deadline", "5s", "--warn", "1s,3s,5s", "--absent", "1"]);

    assert_eq!(report["outcome"], "expired", "{report}");
    assert_eq!(report["faults"], json!([]));
    let plan: Vec<(&str, &str)> = list(&report["plan"]).iter().map(notice_and_text).collect();
    assert_eq!(
        plan,
        [
            ("warning", "Signing session expires in 3 seconds"),
            ("warning", "Signing session expires in 1 second"),
            ("expired", "A signing session has expired"),
        ]
    );
    for (item, (after_ms, sticky)) in
        list(&report["plan"]).iter().zip([(2_000, true), (4_000, true), (5_000, false)])
    {
        let in_ms = item["fire_in_ms"].as_u64().expect("a number");
        assert!((after_ms - 1_500..=after_ms).contains(&in_ms), "{item}");
        assert_eq!(item["sticky"], sticky, "{item}");
    }
    for slot in [0, 2] {
        let at = |what: &str| list(&report[what]).iter().filter(|one| one["slot"] == slot).cloned();
        let warned: Vec<Value> = at("warnings").map(|warning| warning["threshold_ms"].clone()).collect();
        assert_eq!(warned, [3_000, 1_000], "slot {slot}");
        let expired: Vec<f64> = at("expired").filter_map(|end| end["after_ms"].as_f64()).collect();
        assert!(matches!(expired[..], [after_ms] if (4_900.0..7_000.0).contains(&after_ms)), "{expired:?}");
    }
    assert_eq!(list(&report["warnings"]).len() + list(&report["expired"]).len(), 6, "none at the absent");
}

#[test]
fn an_absence_that_cannot_be_is_refused_with_what_to_say_instead() {
    for (arguments, said) in [
        (&["--absent", "1", "--kill", "1@nonces"][..], "both killed and absent"),
        (&["--absent", "0"], "Slot 0 proposes"),
        (&["--absent", "3"], "There is no slot 3"),
    ] {
        let run = Command::new(program("phones")).args(arguments).output().expect("it runs");

        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", words(&run));
        assert!(words(&run).contains(said), "{arguments:?}: {}", words(&run));
    }
}

#[test]
fn a_request_is_in_the_inbox_the_plan_and_the_events_until_it_is_dealt_with() {
    let (_folder, mut ada, mut bob) = pair();
    let session = propose(&mut bob, "300s");
    ada.read(|value| value["event"] == "requested");

    let inbox = ada.ask("inbox");
    assert_eq!(inbox["badge"], 1);
    let request = &inbox["inbox"][0];
    assert_eq!((&request["session"], &request["state"]), (&json!(session), &json!("pending")));
    assert_eq!(request["text"], "bob is requesting your signature");
    assert_eq!(request["actions"], json!(["view", "dismiss", "approve", "reject", "extend"]));
    assert!(request["remaining_ms"].as_u64().is_some_and(|left| left <= 300_000), "{request}");

    let events = ada.ask("events");
    let names: Vec<&Value> = list(&events["events"]).iter().map(|event| &event["event"]).collect();
    assert_eq!(names, ["requested"], "{events}");
    assert_eq!(ada.ask("events")["events"], json!([]), "it was dealt with");

    let plan = ada.ask("plan");
    let item = &plan["items"][0];
    assert_eq!((&item["notice"], &item["due"]), (&json!("request"), &json!("now")));
    assert_eq!(item["title"], "Signing Request");
    assert_eq!(item["redacted_text"], "New signing request received", "no name where others read it");
    let notices = |plan: &Value| -> Vec<Value> {
        list(&plan["items"]).iter().map(|item| item["notice"].clone()).collect()
    };
    assert_eq!(notices(&plan), ["request", "warning", "warning", "expired"], "{plan}");

    let key = item["key"].as_str().expect("text").to_owned();
    assert_eq!(ada.ask(&format!("dismiss {key}"))["answer"], "dismiss");
    assert_eq!(notices(&ada.ask("plan")), ["warning", "warning", "expired"]);
    let inbox = ada.ask("inbox");
    assert_eq!((&inbox["badge"], &inbox["inbox"][0]["dismissed"]), (&json!(0), &json!(true)));

    ada.ask(&format!("reject {session}"));
    assert_eq!(ada.ask("inbox")["inbox"][0]["state"], "rejected");
    assert_eq!(notices(&ada.ask("plan")), [""; 0], "what is over is not on the screen");
    assert_eq!(ada.ask("wakes")["next"], Value::Null);
}

#[test]
fn a_list_of_own_warnings_changes_the_plan_and_the_next_wake_and_survives_a_restart() {
    let (folder, mut ada, _bob) = pair();
    propose(&mut ada, "300s");
    let warnings = |phone: &mut Talk| -> Vec<Value> {
        let plan = phone.ask("plan");
        let warnings = list(&plan["items"]).iter().filter(|item| item["notice"] == "warning").cloned();
        warnings.map(|item| item["threshold_ms"].clone()).collect()
    };
    assert_eq!(warnings(&mut ada), [120_000, 60_000]);

    ada.ask("warn 90s 4m 5m");
    ada.say("quit");
    assert!(ada.wait().success());
    let mut ada = start(&folder.path().join("ada"));

    assert_eq!(warnings(&mut ada), [240_000, 90_000]);
    let next = &ada.ask("wakes")["next"];
    assert_eq!(
        (&next["reason"]["notice"], &next["reason"]["threshold_ms"]),
        (&json!("warning"), &json!(240_000))
    );
    assert!(next["in_ms"].as_u64().is_some_and(|in_ms| in_ms <= 60_000), "{next}");
    assert_eq!(ada.ask("warn 0s")["error"]["kind"], "caller");
    assert_eq!(warnings(&mut ada), [240_000, 90_000], "what is refused changes nothing");
    ada.ask("warn none");
    assert_eq!(warnings(&mut ada), [0; 0]);
    ada.ask("warn usual");
    assert_eq!(warnings(&mut ada), [120_000, 60_000]);
    let nobody = "s0000000000000000:request";
    for line in ["warn", "warn soon", "dismiss", "dismiss it", &format!("dismiss {nobody}"), "presence 1s"] {
        assert_eq!(ada.ask(line)["error"]["kind"], "caller", "{line}");
    }
}

#[test]
fn co_signers_see_whether_a_phone_is_there_or_away() {
    let (_folder, mut ada, mut bob) = pair();
    let mut seen = |wanted: Value| {
        let here = |status: &Value| {
            let all = list(&status["wallets"][0]["participants"]).iter();
            all.filter(|one| one["nickname"] == "bob").map(|one| one["presence"]["here"].clone()).next()
        };
        while here(&ada.ask("status")) != Some(wanted.clone()) {
            ada.read(|value| value["event"] == "link");
        }
    };
    assert_eq!(bob.ask("status")["presence"], Value::Null);

    bob.ask("presence 1h");
    seen(json!("online"));
    assert_eq!(bob.ask("status")["presence"]["ttl_ms"], 3_600_000);
    bob.ask("background");
    seen(json!("away"));
    assert_eq!(bob.ask("status")["background"], true);
    bob.ask("foreground");
    seen(json!("online"));
    bob.ask("presence off");
    seen(Value::Null);

    let wakes = &bob.ask("counters")["wakes"];
    let names: Vec<&str> = wakes.as_object().expect("counters").keys().map(String::as_str).collect();
    let known = [
        "clock",
        "deadline",
        "dial",
        "look",
        "moved",
        "network",
        "preflight",
        "presence",
        "relay",
        "session",
        "silence",
        "warning",
    ];
    assert_eq!(names, known);
    assert!(wakes["presence"].as_u64().is_some_and(|woken| woken >= 2), "at once, twice: {wakes}");
}

/// Starts two phones that share a wallet and are linked.
fn pair() -> (TempDir, Talk, Talk) {
    let folder = tempfile::tempdir().expect("a folder");
    let [mut ada, mut bob] = ["ada", "bob"].map(|name| start(&folder.path().join(name)));
    let cards = [&mut ada, &mut bob].map(|phone| phone.ask("card")["card"].clone());
    for (phone, card) in [(&mut ada, &cards[1]), (&mut bob, &cards[0])] {
        phone.ask(&format!("add {}", card.as_str().expect("text")));
        phone.ask("wallet shared");
    }
    for phone in [&mut ada, &mut bob] {
        let reaches = |status: Value| {
            let all = list(&status["wallets"][0]["participants"]).iter();
            all.filter(|one| one["link"] == "reachable").count() == 1
        };
        while !reaches(phone.ask("status")) {
            phone.read(|value| value["event"] == "link");
        }
    }
    (folder, ada, bob)
}

fn propose(phone: &mut Talk, time: &str) -> String {
    let answer = phone.ask(&format!("propose shared {} --for {time}", "5a".repeat(32)));
    answer["session"].as_str().expect("it proposed").to_owned()
}

fn notice_and_text(item: &Value) -> (&str, &str) {
    (item["notice"].as_str().unwrap_or_default(), item["text"].as_str().unwrap_or_default())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
