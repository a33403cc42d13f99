//! What comes of a session when somebody is not there: warnings, then its end, at everybody else, as planned.

use std::path::Path;

use countersign_driver::machine::limits::{IN_APP_ONLY_MS, WARNINGS_MS};
use serde_json::Value;

use super::app::view::{countdown, short};
use super::app::{tell, words};
use super::child::Phone;
use super::crowd::Crowd;
use super::fault::Fault;
use super::run::{REST, Shown, propose, quit};
use super::{Args, journals};

/// The result, as `--json` prints it.
#[derive(serde::Serialize)]
struct Report {
    count: usize,
    /// The slots of those who had left.
    absent: Vec<u8>,
    deadline_ms: u64,
    /// The warnings that a session of this length has, in milliseconds before its deadline.
    fitting_ms: Vec<u64>,
    /// The proposer's notifications right after the proposal.
    plan: Vec<Value>,
    warnings: Vec<Warning>,
    expired: Vec<Expiry>,
    /// How the session ended: `expired`, or `otherwise` if a phone says so.
    outcome: &'static str,
    /// What should have been otherwise.
    faults: Vec<String>,
}

#[derive(serde::Serialize)]
struct Warning {
    slot: usize,
    threshold_ms: u64,
    left_ms: u64,
}

#[derive(serde::Serialize)]
struct Expiry {
    slot: usize,
    /// From the proposal, in milliseconds.
    after_ms: f64,
}

/// Lets the absent leave, proposes, and watches the session until it has expired for the others.
pub(crate) async fn expire(args: &Args, crowd: &mut Crowd, items: &Path) -> Result<Shown, Fault> {
    let mut absent = args.absent.clone();
    absent.sort_unstable();
    absent.dedup();
    "letting the absent leave".clone_into(&mut crowd.waiting);
    for slot in &absent {
        crowd.leave(usize::from(*slot)).await?;
    }
    let proposer = usize::from(args.proposer);
    let typed = propose(args, crowd, items).await?;
    crowd.until(|crowd| crowd.phones[proposer].session.id.is_some()).await?;
    crowd.settle().await?;
    crowd.phones[proposer].type_line("plan").await?;
    crowd.settle().await?;
    let plan = crowd.phones[proposer].answers.get("plan").cloned().unwrap_or_default();
    let plan_at = plan["boot_us"].as_u64().unwrap_or_default();
    let plan: Vec<Value> = plan["items"].as_array().cloned().unwrap_or_default();
    show_plan(crowd, proposer, &plan);
    watch(crowd).await?;
    crowd.table.expires_us = None;
    tokio::time::sleep(REST).await;
    let events = crowd.ask_all("events").await?;
    let taken = crowd.phones[proposer].answers.get("propose").and_then(|a| a["taken_us"].as_u64());
    let taken = taken.unwrap_or(typed);

    let expected = Expected::of(args);
    let mut faults = expected.compare_plan(&plan, plan_at.saturating_sub(taken) / 1000);
    let there = || crowd.phones.iter().enumerate().filter(|(_, phone)| !phone.absent);
    for ((slot, phone), events) in there().zip(&events) {
        faults.extend(expected.compare_phone(slot, phone, events));
    }
    let is_expired =
        |phone: &Phone| phone.session.ended.as_ref().is_some_and(|(how, _)| how["how"] == "expired");
    let report = Report {
        count: crowd.phones.len(),
        absent,
        deadline_ms: args.deadline,
        warnings: there().flat_map(|(slot, phone)| warnings(slot, phone)).collect(),
        expired: there().filter_map(|(slot, phone)| expiry(slot, phone, taken)).collect(),
        outcome: if there().all(|(_, phone)| is_expired(phone)) { "expired" } else { "otherwise" },
        fitting_ms: expected.fitting_ms,
        plan,
        faults,
    };
    quit(crowd).await?;
    if journals::check(crowd.phones.iter().map(|phone| phone.dir.as_path()))? > 0 {
        return Err(Fault::NotExpired("somebody signed".to_owned()));
    }
    "done".clone_into(&mut crowd.waiting);
    let wrong = (!report.faults.is_empty()).then(|| Fault::NotExpired(report.faults.join("; ")));
    let json = serde_json::to_string(&report).expect("a report has text keys only");
    Ok(Shown { json, sentence: report.sentence(), wrong })
}

/// Waits until the session has ended for everybody who is there, and shows each warning as it comes.
async fn watch(crowd: &mut Crowd) -> Result<(), Fault> {
    let mut shown = vec![0; crowd.phones.len()];
    loop {
        for (slot, phone) in crowd.phones.iter().enumerate() {
            let id = short(&phone.session.id.clone().unwrap_or_default());
            for warned in &phone.session.warnings[shown[slot]..] {
                let text = tell::expiring(&id, warned.threshold_ms, warned.left_ms);
                crowd.table.note(&format!("{} (slot {slot}): {text}", phone.name));
            }
            shown[slot] = phone.session.warnings.len();
        }
        let there = crowd.phones.iter().filter(|phone| !phone.absent);
        let (ended, count) =
            (there.clone().filter(|phone| phone.session.ended.is_some()).count(), there.count());
        crowd.waiting = format!("waiting for the deadline: over at {ended} of {count}");
        if ended == count {
            return Ok(());
        }
        let before = (ended, shown.iter().sum::<usize>());
        crowd
            .until(|crowd| {
                let ended = crowd.phones.iter().filter(|phone| phone.session.ended.is_some()).count();
                let warned: usize = crowd.phones.iter().map(|phone| phone.session.warnings.len()).sum();
                (ended, warned) != before
            })
            .await?;
    }
}

fn show_plan(crowd: &mut Crowd, proposer: usize, plan: &[Value]) {
    let name = crowd.phones[proposer].name.clone();
    crowd
        .table
        .note(&format!("What {name} (slot {proposer}) asks its system to say, whether or not it runs:"));
    for item in plan {
        let time = countdown(item["fire_in_ms"].as_u64().unwrap_or_default());
        let word = |name: &str| item[name].as_str().unwrap_or_default().replace('_', " ");
        let stays = if item["sticky"] == true { ", stays until touched" } else { "" };
        let time = time.trim_end_matches(" left");
        crowd.table.note(&format!("  in {time:<6}  {:<40}  {}{stays}", word("text"), word("importance")));
    }
}

/// What is to come of it.
struct Expected {
    deadline_ms: u64,
    fitting_ms: Vec<u64>,
    /// Those of the fitting that the system shows, too.
    planned_ms: Vec<u64>,
}

impl Expected {
    fn of(args: &Args) -> Self {
        let mut fitting_ms = if args.warn.is_empty() { WARNINGS_MS.to_vec() } else { args.warn.clone() };
        fitting_ms.retain(|threshold| *threshold < args.deadline);
        fitting_ms.sort_unstable_by(|a, b| b.cmp(a));
        fitting_ms.dedup();
        let mut planned_ms = fitting_ms.clone();
        planned_ms.retain(|threshold| !args.warn.is_empty() || *threshold != IN_APP_ONLY_MS);
        Self { deadline_ms: args.deadline, fitting_ms, planned_ms }
    }

    /// Compares the proposer's plan, which was made at most `age_ms` after the proposal.
    fn compare_plan(&self, plan: &[Value], age_ms: u64) -> Vec<String> {
        let planned = self.planned_ms.iter().map(|threshold| format!("warning{threshold}"));
        let wanted: Vec<String> = planned.chain(["expired".to_owned()]).collect();
        let key =
            |item: &Value| item["key"].as_str().and_then(|key| key.split(':').nth(1)).map(str::to_owned);
        let found: Vec<String> = plan.iter().filter_map(key).collect();
        if found != wanted {
            return vec![format!("the plan is {}, not {}", found.join(", "), wanted.join(", "))];
        }
        let moments = self.planned_ms.iter().chain([&0]).map(|threshold| self.deadline_ms - threshold);
        let off = plan.iter().zip(moments).filter(|(item, in_ms)| {
            let earliest = in_ms.saturating_sub(age_ms + 1);
            !item["fire_in_ms"].as_u64().is_some_and(|fires| (earliest..=*in_ms).contains(&fires))
        });
        off.map(|(item, in_ms)| {
            format!("the plan has {} in {} ms, not just under {in_ms} ms", item["key"], item["fire_in_ms"])
        })
        .collect()
    }

    /// Compares what a phone said, and the events that waited there.
    fn compare_phone(&self, slot: usize, phone: &Phone, events: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let told: Vec<u64> = phone.session.warnings.iter().map(|warned| warned.threshold_ms).collect();
        let kept = |name: &str| {
            let events = events["events"].as_array().into_iter().flatten();
            events.filter(|event| event["event"] == name).cloned().collect::<Vec<Value>>()
        };
        let waited: Vec<u64> =
            kept("expiring").iter().filter_map(|event| event["threshold_ms"].as_u64()).collect();
        for (what, warned) in [("told", &told), ("kept", &waited)] {
            if *warned != self.fitting_ms {
                faults
                    .push(format!("slot {slot} {what} warnings at {warned:?} ms, not {:?}", self.fitting_ms));
            }
        }
        let ends = kept("ended");
        let expired = ends.iter().filter(|event| event["outcome"]["how"] == "expired").count();
        if (phone.session.ends, ends.len(), expired) != (1, 1, 1) {
            let times = phone.session.ends;
            faults.push(format!("slot {slot} told {times} ends, and kept {}, {expired} expired", ends.len()));
        }
        let early = phone.session.warnings.iter().filter(|warned| warned.left_ms > warned.threshold_ms);
        faults.extend(early.map(|warned| format!("slot {slot} warned early: {} ms left", warned.left_ms)));
        faults
    }
}

fn warnings(slot: usize, phone: &Phone) -> impl Iterator<Item = Warning> {
    let warnings = phone.session.warnings.iter();
    warnings.map(move |warned| Warning { slot, threshold_ms: warned.threshold_ms, left_ms: warned.left_ms })
}

fn expiry(slot: usize, phone: &Phone, taken: u64) -> Option<Expiry> {
    let (outcome, at) = phone.session.ended.as_ref()?;
    (outcome["how"] == "expired").then(|| Expiry { slot, after_ms: at.saturating_sub(taken) as f64 / 1000.0 })
}

impl Report {
    /// Returns the result in one line for people.
    fn sentence(&self) -> String {
        if !self.faults.is_empty() {
            return "The session was not signed.".to_owned();
        }
        let last = self.expired.iter().map(|expiry| expiry.after_ms).fold(0.0, f64::max);
        let slots: Vec<String> = self.absent.iter().map(u8::to_string).collect();
        let who = match slots.as_slice() {
            [slot] => format!("slot {slot} was absent"),
            many => format!("slots {} were absent", and(many)),
        };
        let warned = match self.fitting_ms.as_slice() {
            [] => "without a warning".to_owned(),
            [one] => format!("warned at {}", words::span(*one)),
            many => format!("warned at {}", thresholds(many)),
        };
        let told = match self.expired.len() {
            1 => "1 phone told once".to_owned(),
            many => format!("{many} phones told once each"),
        };
        format!("The session expired after {:.0} s, as {who}: {warned}, {told}.", last / 1000.0)
    }
}

/// Lists lengths of time, in one unit if it says them all exactly.
fn thresholds(all_ms: &[u64]) -> String {
    let units = [(3_600_000, "hours"), (60_000, "minutes"), (1_000, "seconds")];
    match units.into_iter().find(|(unit_ms, _)| all_ms.iter().all(|ms| ms % unit_ms == 0)) {
        Some((unit_ms, unit)) => {
            let counts: Vec<String> = all_ms.iter().map(|ms| (ms / unit_ms).to_string()).collect();
            format!("{} {unit}", and(&counts))
        }
        None => and(&all_ms.iter().map(|ms| words::span(*ms)).collect::<Vec<_>>()),
    }
}

fn and(all: &[String]) -> String {
    match all {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        one => one.concat(),
    }
}
