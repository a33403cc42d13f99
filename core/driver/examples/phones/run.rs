//! From nothing to checked signatures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_driver::entropy::{Entropy, SystemEntropy};
use countersign_driver::machine::limits::MAX_ATTEMPT;
use serde_json::json;
use tempfile::TempDir;

use super::app::boot_us;
use super::child::Phone;
use super::crowd::Crowd;
use super::fault::{Fault, refused};
use super::report::{Item, Report};
use super::table::Table;
use super::{Args, absence, check, journals, relay};

/// What the phones may take beyond the session's time.
const GRACE_MS: u64 = 30_000;
/// Pause before the counters are read at the end: frames that repeat what is known are still on their way.
pub(crate) const REST: Duration = Duration::from_millis(50);
/// What the phones are called; those beyond are numbered.
const NAMES: [&str; 12] =
    ["ada", "bob", "cleo", "dan", "eve", "finn", "gus", "hana", "ivo", "june", "kim", "lou"];

/// Runs the phones and prints the result.
pub(crate) async fn run(args: &Args) -> Result<(), Fault> {
    let folder = TempDir::with_prefix("phones-").map_err(refused("No temporary folder can be made"))?;
    let mut phones = Vec::new();
    for index in 0..usize::from(args.count) {
        let name = NAMES.get(index).map_or_else(|| format!("phone{}", index + 1), |name| (*name).to_owned());
        let dir = folder.path().join(&name);
        std::fs::create_dir(&dir).map_err(refused("No temporary folder can be made"))?;
        phones.push(Phone::new(index, name, dir));
    }
    let table = Table::open(phones.len(), !args.json);
    let mut crowd = Crowd::new(phones, args.kill.clone(), args.keep, table);
    let relay = if args.relay { Some(relay::start(folder.path()).await?) } else { None };
    crowd.relay = relay.as_ref().map(|(_, address)| address.clone());
    let limit_ms = args.deadline.saturating_add(GRACE_MS);
    let limit = Duration::from_millis(limit_ms);
    let items = folder.path().join("items.json");
    let result = tokio::select! {
        result = tokio::time::timeout(limit, go(args, &mut crowd, items)) => result,
        _ = tokio::signal::ctrl_c() => Ok(Err(Fault::Interrupted)),
    };
    crowd.draw();
    crowd.table.close();
    let timed_out = Fault::TimedOut { seconds: limit_ms / 1000, waiting: crowd.waiting.clone() };
    let result = result.unwrap_or(Err(timed_out));
    // Whatever still runs is killed, so that nothing writes to the folders any more.
    for phone in &mut crowd.phones {
        phone.kill().await?;
    }
    if let Some((relay, _)) = relay {
        relay.close().await;
    }
    if args.keep {
        eprintln!("The phones' folders are kept in {}.", folder.keep().display());
    }
    let shown = result?;
    println!("{}", if args.json { shown.json } else { shown.sentence });
    shown.wrong.map_or(Ok(()), Err)
}

/// What comes out, for programs and for people.
pub(crate) struct Shown {
    pub(crate) json: String,
    pub(crate) sentence: String,
    /// What should not have come out.
    pub(crate) wrong: Option<Fault>,
}

async fn go(args: &Args, crowd: &mut Crowd, items: PathBuf) -> Result<Shown, Fault> {
    let aggregate_key = gather(args, crowd).await?;
    connect(crowd).await?;
    write_items(&items, args.items)?;
    if !args.absent.is_empty() {
        return absence::expire(args, crowd, &items).await;
    }
    let report = sign(args, crowd, &items, aggregate_key).await?;
    let json = serde_json::to_string(&report).expect("a report has text keys only");
    Ok(Shown { json, sentence: report.sentence(u64::from(MAX_ATTEMPT) + 1), wrong: None })
}

/// Lets the proposer propose; returns when that was, by the boot clock, as far as we know.
pub(crate) async fn propose(args: &Args, crowd: &mut Crowd, file: &Path) -> Result<u64, Fault> {
    let taken = boot_us();
    let lasts_s = args.deadline.div_ceil(1000);
    let proposal = format!("propose shared \"@{}\" --for {lasts_s}s", file.display());
    crowd.table.expires_us = Some(taken.saturating_add(lasts_s.saturating_mul(1_000_000)));
    crowd.phones[usize::from(args.proposer)].type_line(&proposal).await?;
    Ok(taken)
}

async fn sign(args: &Args, crowd: &mut Crowd, file: &Path, aggregate_key: String) -> Result<Report, Fault> {
    let count = crowd.phones.len();
    let round_trip_us = median(crowd.table.links.iter().filter_map(|links| links.rtt_us).collect());

    let before = crowd.ask_all("counters").await?;
    let lives: Vec<u32> = crowd.phones.iter().map(|phone| phone.life).collect();
    let proposer = usize::from(args.proposer);
    let taken = propose(args, crowd, file).await?;
    finish(crowd).await?;
    crowd.table.expires_us = None;
    let taken =
        crowd.phones[proposer].answers.get("propose").and_then(|a| a["taken_us"].as_u64()).unwrap_or(taken);
    let last = crowd.phones.iter().filter_map(|phone| phone.session.ended.as_ref()).map(|(_, at)| *at).max();

    tokio::time::sleep(REST).await;
    let after = crowd.ask_all("counters").await?;
    let spent = |name: &str| -> Vec<u64> {
        let phones = crowd.phones.iter().zip(&lives).zip(before.iter().zip(&after));
        phones
            .map(|((phone, life), (before, after))| {
                // A phone that was started again counts from zero.
                let before = if phone.life == *life { before[name].as_u64() } else { None };
                after[name].as_u64().unwrap_or_default() - before.unwrap_or_default()
            })
            .collect()
    };
    let most_ms = |name| spent(name).into_iter().max().unwrap_or_default() as f64 / 1000.0;
    let (crypto_ms, sync_ms) = (most_ms("machine_us"), most_ms("sync_us"));
    let (messages, bytes) = (spent("frames_sent").iter().sum(), spent("bytes_sent").iter().sum());

    "checking what they signed".clone_into(&mut crowd.waiting);
    crowd.ask_all("status").await?;
    let (items, attempts) = results(crowd, proposer).await?;
    let participants: Vec<String> = crowd.phones.iter().map(|phone| phone.participant.clone()).collect();
    check::check(&participants, &aggregate_key, &items)?;
    quit(crowd).await?;
    let partials_checked = journals::check(crowd.phones.iter().map(|phone| phone.dir.as_path()))?;
    "done".clone_into(&mut crowd.waiting);
    Ok(Report {
        count,
        aggregate_key,
        participants,
        items,
        elapsed_ms: last.unwrap_or_default().saturating_sub(taken) as f64 / 1000.0,
        crypto_ms,
        sync_ms,
        round_trip_ms: round_trip_us as f64 / 1000.0,
        messages,
        bytes,
        attempts,
        killed: crowd.killed,
        partials_checked,
    })
}

/// Starts the phones, gives everybody everybody's card, and creates the wallet. Returns its aggregate key.
async fn gather(args: &Args, crowd: &mut Crowd) -> Result<String, Fault> {
    let count = crowd.phones.len();
    crowd.waiting = format!("starting {count} phones");
    crowd.draw();
    for at in 0..count {
        crowd.start(at, None)?;
    }
    crowd.until(|crowd| crowd.phones.iter().all(|phone| phone.card.is_some())).await?;
    crowd.sort().await?;
    crowd.until(|crowd| crowd.phones.iter().all(|phone| phone.card.is_some())).await?;
    "exchanging cards".clone_into(&mut crowd.waiting);
    let cards: Vec<String> = crowd.phones.iter().filter_map(|phone| phone.card.clone()).collect();
    for (slot, card) in cards.iter().enumerate() {
        for phone in
            crowd.phones.iter_mut().enumerate().filter(|(other, _)| *other != slot).map(|(_, phone)| phone)
        {
            phone.type_line(&format!("add {card}")).await?;
        }
    }
    crowd.settle().await?;
    let mut keys =
        crowd.ask_all("wallet shared").await?.into_iter().map(|answer| answer["aggregate_key"].clone());
    let key = keys.next().unwrap_or_default();
    if !args.warn.is_empty() {
        let times: Vec<String> = args.warn.iter().map(|ms| format!("{}s", ms / 1000)).collect();
        crowd.ask_all(&format!("warn {}", times.join(" "))).await?;
    }
    match keys.position(|other| other != key) {
        Some(at) => Err(Fault::Differs { name: crowd.phones[at + 1].name.clone() }),
        None => Ok(key.as_str().unwrap_or_default().to_owned()),
    }
}

/// Waits until every phone reaches every other and has measured the round trip.
async fn connect(crowd: &mut Crowd) -> Result<(), Fault> {
    let count = crowd.phones.len();
    loop {
        crowd.ask_all("status").await?;
        let ways: usize = crowd.table.links.iter().map(|links| links.reached).sum();
        let all = count * (count - 1);
        crowd.waiting = format!("connecting: {ways} of {all} ways");
        crowd.draw();
        if ways == all {
            return Ok(());
        }
        crowd.until(|crowd| crowd.phones.iter().any(|phone| phone.stale)).await?;
    }
}

/// Waits until the session has ended at every phone, with signatures.
async fn finish(crowd: &mut Crowd) -> Result<(), Fault> {
    let count = crowd.phones.len();
    loop {
        let seen = |what: fn(&Phone) -> bool| crowd.phones.iter().filter(|phone| what(phone)).count();
        let ended = seen(|phone| phone.session.ended.is_some());
        let nonces = seen(|phone| phone.session.nonces || phone.session.ended.is_some());
        let partials = seen(|phone| phone.session.partials || phone.session.ended.is_some());
        crowd.waiting = format!("signing: {nonces} nonces, {partials} partials, {ended} of {count} done");
        if ended == count {
            break;
        }
        let before = (nonces, partials, ended);
        crowd
            .until(|crowd| {
                let seen = |what: fn(&Phone) -> bool| crowd.phones.iter().filter(|phone| what(phone)).count();
                let now = (
                    seen(|phone| phone.session.nonces || phone.session.ended.is_some()),
                    seen(|phone| phone.session.partials || phone.session.ended.is_some()),
                    seen(|phone| phone.session.ended.is_some()),
                );
                now != before
            })
            .await?;
    }
    for phone in &crowd.phones {
        if let Some((outcome, _)) =
            phone.session.ended.as_ref().filter(|(outcome, _)| outcome["how"] != "completed")
        {
            return Err(Fault::Unsigned { name: phone.name.clone(), outcome: outcome["how"].to_string() });
        }
    }
    Ok(())
}

/// Takes the session's detail from every phone: all must hold the same. Returns it and the number of attempts.
async fn results(crowd: &mut Crowd, proposer: usize) -> Result<(Vec<Item>, u64), Fault> {
    let session = crowd.phones[proposer].session.id.clone().unwrap_or_default();
    let answers = crowd.ask_all(&format!("session {session}")).await?;
    let mut all = Vec::new();
    for (phone, answer) in crowd.phones.iter().zip(&answers) {
        let items: Vec<Item> = serde_json::from_value(answer["items"].clone())
            .map_err(|_| Fault::Garbled { name: phone.name.clone(), expected: "signed items" })?;
        all.push(items);
    }
    if let Some(other) = all.iter().position(|items| *items != all[proposer]) {
        return Err(Fault::Differs { name: crowd.phones[other].name.clone() });
    }
    let attempt = answers.iter().filter_map(|answer| answer["attempt"].as_u64()).max().unwrap_or_default();
    Ok((all.swap_remove(proposer), attempt + 1))
}

/// Lets every phone that is there quit.
pub(crate) async fn quit(crowd: &mut Crowd) -> Result<(), Fault> {
    crowd.ask_all("quit").await?;
    for phone in crowd.phones.iter_mut().filter(|phone| !phone.absent) {
        phone.end().await?;
    }
    Ok(())
}

/// Writes random digests under keys of all kinds; the first is the most usual one.
fn write_items(file: &Path, count: u16) -> Result<(), Fault> {
    let random = || {
        let mut bytes = [0; 32];
        SystemEntropy
            .fill(&mut bytes)
            .map_err(|error| refused("The system gives no randomness")(std::io::Error::other(error)))?;
        Ok::<_, Fault>(hex::encode(bytes))
    };
    let mut items = Vec::new();
    for index in 0..u32::from(count) {
        let (path, taproot) = match index % 6 {
            0 => (vec![0, index], json!("key_spend")),
            1 => (vec![1, index], json!({ "script_tree": random()? })),
            2 => (vec![], json!("untweaked")),
            3 => (vec![0, index], json!("untweaked")),
            4 => (vec![], json!("key_spend")),
            _ => (vec![index, 0, index], json!({ "script_tree": random()? })),
        };
        items.push(json!({ "digest": random()?, "path": path, "taproot": taproot }));
    }
    std::fs::write(file, json!(items).to_string()).map_err(refused("The items cannot be written"))
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
