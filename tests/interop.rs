//! A co-signer that is not ours: a program in JavaScript, written from `PROTOCOL.md` alone, signs with `phone`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use countersign_tests::foreign::{self, folder, node, words};
use countersign_tests::programs;
use countersign_tests::relay::RelayProcess;
use countersign_tests::talk::Talk;
use k256::schnorr::{Signature, VerifyingKey};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn every_byte_of_the_worked_example_is_the_same_in_another_language() {
    assert_its_own_tests_pass("example");
}

#[test]
fn another_reader_refuses_what_the_encoding_forbids() {
    assert_its_own_tests_pass("strict");
}

#[test]
fn foreign_signers_sign_with_each_other_over_every_transport() {
    assert_its_own_tests_pass("transports");
}

#[test]
fn a_foreign_proposal_is_answered_and_completed() {
    let Some((_folder, mut phone, mut js)) = pair(&[]) else { return };
    let digests = ["d0", "d1"].map(|byte| byte.repeat(32)).join(",");

    let session = id(&js.ask(&format!("propose shared {digests} --path m/0/7 --text \"Rent for May\"")));
    requested(&mut phone, &session);
    phone.ask(&format!("approve {session}"));

    assert_completed(&session, &mut phone, &mut [&mut js]);
}

#[test]
fn a_foreign_signer_answers_in_one_message_or_in_two_rounds() {
    for (style, message) in [("answer", "answer"), ("rounds", "nonces")] {
        let Some((_folder, mut phone, mut js)) = pair(&["--style", style]) else { return };

        let session = id(&phone.ask(&format!("propose shared {}", "d2".repeat(32))));
        requested(&mut js, &session);
        js.say(&format!("approve {session}"));

        assert_eq!(js.read(|value| value["event"] == "published")["kind"], message, "{style}");
        assert_completed(&session, &mut phone, &mut [&mut js]);
    }
}

#[test]
fn one_phone_and_two_foreign_signers_sign_whoever_proposes() {
    let Some((_folder, mut phone)) = phone() else { return };
    let [mut first, mut second] =
        ["answer", "rounds"].map(|style| foreign(&["--style", style, "--name", style]));
    acquaint(&mut [&mut phone, &mut first, &mut second]);

    let session = id(&phone.ask(&format!("propose shared {}", "d3".repeat(32))));
    for js in [&mut first, &mut second] {
        requested(js, &session);
        js.ask(&format!("approve {session}"));
    }
    assert_completed(&session, &mut phone, &mut [&mut first, &mut second]);

    let session = id(&second.ask(&format!("propose shared {}", "d4".repeat(32))));
    for other in [&mut phone, &mut first] {
        requested(other, &session);
        other.ask(&format!("approve {session}"));
    }
    assert_completed(&session, &mut phone, &mut [&mut first, &mut second]);
}

#[test]
fn foreign_signers_that_only_a_phone_reaches_sign_through_it() {
    let Some((_folder, mut phone)) = phone() else { return };
    let [mut first, mut second] =
        ["first", "second"].map(|name| foreign(&["--listen", "none", "--name", name]));
    exchange_cards(&mut [&mut phone, &mut first, &mut second]);
    for js in [&mut first, &mut second] {
        js.read(|value| value["event"] == "pong");
    }

    let session = id(&first.ask(&format!("propose shared {}", "de".repeat(32))));
    for other in [&mut phone, &mut second] {
        requested(other, &session);
        other.ask(&format!("approve {session}"));
    }

    assert_completed(&session, &mut phone, &mut [&mut first, &mut second]);
    for js in [&mut first, &mut second] {
        assert_eq!(list(&js.ask("links")["links"]).len(), 1, "only the phone");
    }
}

#[test]
fn a_phone_and_a_foreign_signer_that_listen_nowhere_sign_through_our_relay() {
    if node().is_none() {
        return;
    }
    let relay = RelayProcess::start("/ip4/127.0.0.1/tcp/0", "", |mut command| command.spawn());
    let folder = tempfile::tempdir().expect("a folder");
    let mut phone = start(folder.path(), &["--dial-only", "--relay", &relay.address]);
    let circuit = format!("{}/p2p-circuit", relay.address);
    let through = ["--transports", "tcp,relay", "--relay", relay.peer_id(), "--listen", &circuit];
    let mut js = foreign(&through);

    sign_over(&mut phone, &mut js, "relay", "/p2p-circuit");
}

#[test]
fn a_phone_and_a_foreign_signer_sign_over_webrtc_direct() {
    if node().is_none() {
        return;
    }
    let listen = "/ip4/127.0.0.1/udp/0/webrtc-direct";
    let folder = tempfile::tempdir().expect("a folder");
    let mut phone = start(folder.path(), &["--listen", listen]);
    let mut js = foreign(&["--transports", "webrtc-direct", "--listen", listen]);

    sign_over(&mut phone, &mut js, "webrtc", "/webrtc-direct");
}

/// Lets a phone and a foreign co-signer meet, and sign what each proposes; asserts which way their streams go.
fn sign_over(phone: &mut Talk, js: &mut Talk, path: &str, part: &str) {
    acquaint(&mut [phone, js]);
    assert_eq!(participant(phone, js)["path"], path);

    let session = id(&phone.ask(&format!("propose shared {}", "e0".repeat(32))));
    requested(js, &session);
    js.ask(&format!("approve {session}"));
    assert_completed(&session, phone, &mut [js]);

    let session = id(&js.ask(&format!("propose shared {}", "e1".repeat(32))));
    requested(phone, &session);
    phone.ask(&format!("approve {session}"));
    assert_completed(&session, phone, &mut [js]);

    let links = js.ask("links");
    let ways = list(&links["ways"]);
    assert!(ways.iter().all(|way| way.as_str().is_some_and(|way| way.contains(part))), "{links}");
    assert_eq!(participant(phone, js)["path"], path);
}

#[test]
fn whoever_rejects_or_cancels_ends_the_session_for_the_other_implementation_too() {
    let Some((_folder, mut phone, mut js)) = pair(&[]) else { return };
    let propose = |who: &mut Talk, byte: &str| id(&who.ask(&format!("propose shared {}", byte.repeat(32))));

    let declined = propose(&mut js, "d5");
    requested(&mut phone, &declined);
    phone.ask(&format!("reject {declined} policy"));
    let end = ended(&mut js, &declined);
    assert_eq!((&end["end"], &end["reason"]), (&"declined".into(), &2.into()), "{end}");

    let declined = propose(&mut phone, "d6");
    requested(&mut js, &declined);
    js.ask(&format!("reject {declined} unrecognised"));
    let end = ended(&mut phone, &declined);
    assert_eq!(end["outcome"]["how"], "declined", "{end}");
    assert_eq!(end["outcome"]["reason"], "unrecognised", "{end}");

    let cancelled = propose(&mut js, "d7");
    requested(&mut phone, &cancelled);
    js.ask(&format!("cancel {cancelled}"));
    assert_eq!(ended(&mut phone, &cancelled)["outcome"]["how"], "cancelled");

    let cancelled = propose(&mut phone, "d8");
    requested(&mut js, &cancelled);
    phone.ask(&format!("cancel {cancelled}"));
    assert_eq!(ended(&mut js, &cancelled)["end"], "cancelled");
}

#[test]
fn nonces_lost_with_a_killed_phone_begin_the_next_attempt_at_the_foreign_signer() {
    let Some((folder, mut phone)) = phone() else { return };
    let mut js = foreign(&[]);
    acquaint(&mut [&mut phone, &mut js]);
    let session = id(&phone.ask(&format!("propose shared {}", "d9".repeat(32))));
    requested(&mut js, &session);

    drop(phone);
    js.read(|value| value["event"] == "link" && value["state"] == "lost");
    let mut phone = start(folder.path(), &[]);
    js.read(|value| value["event"] == "pong");
    js.ask(&format!("approve {session}"));

    assert_completed(&session, &mut phone, &mut [&mut js]);
    assert_eq!(phone.ask(&format!("session {session}"))["attempt"], 1);
    assert_eq!(js.ask(&format!("session {session}"))["attempt"], 1);
}

#[test]
fn a_foreign_signer_that_has_forgotten_everything_proposes_no_second_set_of_nonces() {
    let Some((_folder, mut phone)) = phone() else { return };
    let keys = ["--secret", &"2a".repeat(32), "--seed", &"2b".repeat(32)];
    let mut js = foreign(&keys);
    acquaint(&mut [&mut phone, &mut js]);
    let session = id(&js.ask(&format!("propose shared {}", "da".repeat(32))));
    requested(&mut phone, &session);

    drop(js);
    let mut js = foreign(&keys);
    exchange_cards(&mut [&mut phone, &mut js]);
    requested(&mut js, &session);
    for one in [&mut js, &mut phone] {
        one.ask(&format!("approve {session}"));
    }

    assert_completed(&session, &mut phone, &mut [&mut js]);
    assert_eq!(js.ask(&format!("session {session}"))["attempt"], 1);
}

#[test]
fn each_implementation_hears_that_the_other_is_there() {
    let Some((_folder, mut phone, mut js)) = pair(&[]) else { return };

    phone.ask("presence 1h");
    let heard = js.read(|value| value["event"] == "presence");
    js.ask("presence 30m");

    assert_eq!((&heard["here"], &heard["ttl"]), (&0.into(), &3_600_000.into()), "{heard}");
    assert_eq!(heard["addresses"], phone.ready["listening"]);
    let mut shown = || {
        std::thread::sleep(Duration::from_millis(20));
        Some(participant(&mut phone, &js)["presence"].clone()).filter(|shown| !shown.is_null())
    };
    let shown = (0..500).find_map(|_| shown()).expect("it is heard within ten seconds");
    assert_eq!(shown["here"], "online", "{shown}");
    assert!(shown["left_ms"].as_u64().is_some_and(|left| left <= 1_800_000), "{shown}");
}

#[test]
fn a_wrong_partial_signature_is_named_and_both_implementations_find_the_evidence_convincing() {
    let Some((_folder, mut phone, mut js)) = pair(&["--lie", "wrong-partial"]) else { return };
    let slot = slot_of(&mut phone, &js);

    let session = id(&phone.ask(&format!("propose shared {}", "db".repeat(32))));
    requested(&mut js, &session);
    js.ask(&format!("approve {session}"));

    let why = ended(&mut phone, &session)["outcome"]["why"].clone();
    assert_eq!((&why["culprit"], &why["offence"]), (&slot, &"wrong_partial".into()), "{why}");
    let evidence = phone.ask(&format!("evidence {session}"))["evidence"].clone();
    let [piece] = evidence.as_array().expect("a list").as_slice() else { panic!("{evidence}") };
    let piece = piece.as_str().expect("hex");
    for judge in [&mut phone, &mut js] {
        let verdict = judge.ask(&format!("judge {piece}"))["verdict"].clone();
        assert_eq!((&verdict["slot"], &verdict["session"]), (&slot, &session.clone().into()), "{verdict}");
    }
    let mut bent = hex::decode(piece).expect("hex");
    bent.iter_mut().last().into_iter().for_each(|byte| *byte ^= 1);
    let bent = hex::encode(bent);
    for judge in [&mut phone, &mut js] {
        assert!(judge.ask(&format!("judge {bent}"))["error"].is_object(), "a bent one proves nothing");
    }
}

#[test]
fn frames_that_come_three_times_change_nothing() {
    let Some((_folder, mut phone, mut js)) = pair(&["--lie", "repeat"]) else { return };

    let session = id(&phone.ask(&format!("propose shared {}", "dc".repeat(32))));
    requested(&mut js, &session);
    js.ask(&format!("approve {session}"));

    assert_completed(&session, &mut phone, &mut [&mut js]);
    assert_eq!(phone.ask(&format!("evidence {session}"))["evidence"], Value::Array(Vec::new()));
    assert_eq!(link_to(&mut phone, &js), "reachable");
}

#[test]
fn a_hello_of_a_later_version_is_shown_as_incompatible_and_answered() {
    let Some((_folder, mut phone)) = phone() else { return };
    let mut js = foreign(&["--lie", "version"]);
    exchange_cards(&mut [&mut phone, &mut js]);

    let refused = js.read(|value| value["event"] == "refused");

    assert_eq!(refused["why"], 0, "{refused}");
    assert_eq!(link_to(&mut phone, &js), "incompatible");
}

#[test]
fn an_envelope_signed_or_encoded_wrongly_is_refused_by_both_implementations() {
    for (lie, why) in [("wrong-signature", 2), ("long-head", 1)] {
        let Some((_folder, mut phone)) = phone() else { return };
        let mut liar = foreign(&["--lie", lie]);
        acquaint(&mut [&mut phone, &mut liar]);

        liar.ask(&format!("propose shared {}", "dd".repeat(32)));

        assert_eq!(liar.read(|value| value["event"] == "refused")["why"], why, "{lie}");
        assert_eq!(phone.ask("status")["sessions"], Value::Array(Vec::new()), "{lie}");

        let mut liar = foreign(&["--lie", lie]);
        let mut honest = foreign(&[]);
        acquaint(&mut [&mut honest, &mut liar]);

        let session = id(&liar.ask(&format!("propose shared {}", "dd".repeat(32))));

        assert_eq!(honest.read(|value| value["event"] == "refusing")["why"], why, "{lie}");
        assert_eq!(liar.read(|value| value["event"] == "refused")["why"], why, "{lie}");
        assert!(honest.ask(&format!("session {session}"))["error"].is_object(), "{lie}");
    }
}

/// Runs one file of the program's own tests.
fn assert_its_own_tests_pass(name: &str) {
    let Some(node) = node() else { return };
    let run = Command::new(node)
        .args(["--test", "--test-timeout=60000", &format!("test/{name}.test.js")])
        .current_dir(folder())
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = words(&run);
    assert!(run.status.success() && said.contains("fail 0") && !said.contains("pass 0"), "{said}");
}

/// A phone and a foreign co-signer that are connected and share a wallet; none where there is no Node.
fn pair(arguments: &[&str]) -> Option<(TempDir, Talk, Talk)> {
    let (folder, mut phone) = phone()?;
    let mut js = foreign(arguments);
    acquaint(&mut [&mut phone, &mut js]);
    Some((folder, phone, js))
}

fn exchange_cards(all: &mut [&mut Talk]) {
    for at in 0..all.len() {
        for other in (0..all.len()).filter(|other| *other != at) {
            let card = all[other].ready["card"].as_str().expect("a card").to_owned();
            let added = all[at].ask(&format!("add {card}"));
            assert!(added.get("error").is_none(), "{added}");
        }
    }
    let wallets: Vec<Value> = all.iter_mut().map(|one| one.ask("wallet shared")).collect();
    for wallet in wallets.iter().filter(|wallet| wallet.get("error").is_none()) {
        for name in ["wallet", "aggregate_key"] {
            assert_eq!(wallet[name], wallets.last().expect("somebody's")[name], "{name}");
        }
    }
}

/// Has all exchange their cards, make the same wallet and meet; all but the first are foreign.
fn acquaint(all: &mut [&mut Talk]) {
    exchange_cards(all);
    let meetings = all.len() - 1;
    let (_, foreigners) = all.split_first_mut().expect("somebody");
    for js in foreigners {
        for _ in 0..meetings {
            js.read(|value| value["event"] == "pong");
        }
    }
}

fn requested(who: &mut Talk, session: &str) {
    who.read(|value| value["event"] == "requested" && value["session"] == session);
}

fn ended(who: &mut Talk, session: &str) -> Value {
    who.read(|value| value["event"] == "ended" && value["session"] == session)
}

/// Waits until all have completed with the same signatures, which verify.
fn assert_completed(session: &str, phone: &mut Talk, foreigners: &mut [&mut Talk]) {
    assert_eq!(ended(phone, session)["outcome"]["how"], "completed");
    let items = phone.ask(&format!("session {session}"))["items"].clone();
    for js in foreigners {
        assert_eq!(ended(js, session)["end"], "completed");
        let theirs = js.ask(&format!("session {session}"))["items"].clone();
        for (ours, theirs) in list(&items).iter().zip(list(&theirs)) {
            for name in ["digest", "output_key", "signature"] {
                assert_eq!(ours[name], theirs[name], "{name}");
            }
        }
    }
    for item in list(&items) {
        let bytes = |name: &str| hex::decode(item[name].as_str().expect("hex")).expect("hex");
        let key: [u8; 32] = bytes("output_key").try_into().expect("an x-only key");
        let key = VerifyingKey::from_bytes(&key.into()).expect("a key");
        let signature = Signature::try_from(bytes("signature").as_slice()).expect("a signature");
        key.verify_raw(&bytes("digest"), &signature).expect("it verifies");
    }
}

fn list(value: &Value) -> &[Value] {
    let list = value.as_array().expect("a list");
    assert!(!list.is_empty(), "something");
    list
}

fn id(proposed: &Value) -> String {
    proposed["session"].as_str().unwrap_or_else(|| panic!("{proposed}")).to_owned()
}

/// Returns what the phone's status says of another participant.
fn participant(phone: &mut Talk, other: &Talk) -> Value {
    let wallets = phone.ask("status")["wallets"].clone();
    let participants = list(&list(&wallets)[0]["participants"]).to_vec();
    participants.into_iter().find(|one| one["key"] == other.ready["participant"]).expect("a participant")
}

fn slot_of(phone: &mut Talk, other: &Talk) -> Value {
    participant(phone, other)["slot"].clone()
}

fn link_to(phone: &mut Talk, other: &Talk) -> Value {
    participant(phone, other)["link"].clone()
}

/// Starts a phone in a folder of its own; none where there is no Node for the others.
fn phone() -> Option<(TempDir, Talk)> {
    node()?;
    let folder = tempfile::tempdir().expect("a folder");
    let phone = start(folder.path(), &[]);
    Some((folder, phone))
}

fn start(folder: &Path, arguments: &[&str]) -> Talk {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PROGRAMS.get_or_init(|| programs::build(false)).join("phone"));
    command.args(["--json", "--dir"]).arg(folder).args(arguments);
    command.env("COUNTERSIGN_PASSPHRASE", "a test's own");
    Talk::start(&mut command)
}

/// Starts a co-signer in JavaScript.
fn foreign(arguments: &[&str]) -> Talk {
    Talk::start(&mut foreign::command(arguments).expect("there was a Node before"))
}
