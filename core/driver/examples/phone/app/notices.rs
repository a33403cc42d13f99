//! Answers about what waits for the user and what the system is to show of it.

use countersign_driver::Node;
use countersign_driver::machine::plan::{
    Action, Due, Importance, Notice, Plan, PlannedNotification, PlannedWake, WakePlan, WakeReason,
};
use countersign_driver::machine::status::{Request, RequestState};
use serde_json::{Value, json};

use super::answer::Answer;
use super::fault::Failure;
use super::{output, tell, view, words};

/// Answers with the requests of co-signers.
pub(crate) async fn inbox(node: &Node) -> Result<Answer, Failure> {
    let status = node.status().await?;
    let lines: Vec<String> = status.inbox.iter().map(request).collect();
    let texts = status.inbox.iter().map(|request| json!({ "text": words::text(&request.message) }));
    let inbox = with(output::to_json(&status.inbox), texts);
    let text = if lines.is_empty() { "The inbox is empty.".to_owned() } else { lines.join("\n") };
    Ok(Answer { json: json!({ "inbox": inbox, "badge": status.badge }), text })
}

/// Answers with the notifications that should be at the system.
pub(crate) async fn plan(node: &Node) -> Result<Answer, Failure> {
    let plan = node.plan().await?;
    let texts = plan.items.iter().map(|item| {
        json!({
            "title": words::title(item.message.key),
            "text": words::text(&item.message),
            "redacted_text": words::redacted(item.redacted),
        })
    });
    let mut json = output::to_json(&plan);
    json["items"] = with(json["items"].take(), texts);
    Ok(Answer { json, text: plan_text(&plan) })
}

/// Answers with when the system should wake the program.
pub(crate) async fn wakes(node: &Node) -> Result<Answer, Failure> {
    let wakes = node.wake_plan().await?;
    let WakePlan { next, refresh, .. } = &wakes;
    let lines: Vec<String> = next.iter().chain(refresh).map(wake).collect();
    let text = if lines.is_empty() { "The system need not wake us.".to_owned() } else { lines.join("\n") };
    Ok(Answer { json: output::to_json(&wakes), text })
}

/// Answers with the events that wait, and lets go of them.
pub(crate) async fn events(node: &Node) -> Result<Answer, Failure> {
    let (mut events, mut lines) = (Vec::new(), Vec::new());
    while let Some(event) = node.waiting_event().await? {
        lines.extend(tell::kept(&event, &node.status().await?));
        events.push(output::to_json(&event));
        node.event_handled(event.id).await?;
    }
    let text = if lines.is_empty() { "No event waits.".to_owned() } else { lines.join("\n") };
    Ok(Answer { json: json!({ "events": events }), text })
}

/// Puts the words beside what they are of.
fn with(mut list: Value, words: impl Iterator<Item = Value>) -> Value {
    for (one, words) in list.as_array_mut().into_iter().flatten().zip(words) {
        output::merge(one, words);
    }
    list
}

fn request(request: &Request) -> String {
    let state = match request.state {
        RequestState::Pending => "waits",
        RequestState::Approved => "approved",
        RequestState::Rejected => "rejected",
        RequestState::Expired => "expired",
        RequestState::Cancelled => "cancelled",
        RequestState::Superseded => "replaced",
    };
    let dismissed = if request.dismissed { " (dismissed)" } else { "" };
    let left = view::countdown(request.remaining_ms);
    let actions: Vec<&str> = request.actions.iter().map(|action| action_word(*action)).collect();
    format!(
        "{}  {:<9} {left:<12} {}{dismissed}\n          {}",
        view::short(&request.session),
        state,
        words::text(&request.message),
        actions.join(", ")
    )
}

fn action_word(action: Action) -> &'static str {
    match action {
        Action::View => "view",
        Action::Dismiss => "dismiss",
        Action::Approve => "approve",
        Action::Reject => "reject",
        Action::Extend => "extend",
    }
}

fn plan_text(plan: &Plan) -> String {
    if plan.items.is_empty() {
        return "The system need not show anything.".to_owned();
    }
    let width = plan.items.iter().map(|item| item.key.to_string().len()).max().unwrap_or_default();
    let head = format!("{:<width$}  {:<8} {:<6} {:<9} message", "key", "in", "due", "weight");
    let rows = plan.items.iter().map(|item| {
        let PlannedNotification { key, due, importance, message, .. } = item;
        let key = key.to_string();
        let due = match due {
            Due::Later => "later",
            Due::Now => "now",
            Due::Shown => "shown",
        };
        let weight = match importance {
            Importance::Silent => "silent",
            Importance::Default => "default",
            Importance::TimeSensitive => "urgent",
        };
        let time = time(item.fire_in_ms);
        format!("{key:<width$}  {time:<8} {due:<6} {weight:<9} {}", words::text(message))
    });
    let left_out = plan.truncated.then(|| "The system holds no more: some are left out.".to_owned());
    std::iter::once(head).chain(rows).chain(left_out).collect::<Vec<_>>().join("\n")
}

fn wake(wake: &PlannedWake) -> String {
    let why = match wake.reason {
        WakeReason::Notice { session, notice } => {
            let what = match notice {
                Notice::Request => "somebody asks for a signature".to_owned(),
                Notice::Ongoing => "it goes on".to_owned(),
                Notice::Warning { threshold_ms } => format!("it expires in {}", words::span(threshold_ms)),
                Notice::Expired => "it has expired".to_owned(),
            };
            format!("session {}: {what}", view::short(&session))
        }
        WakeReason::Refresh => "co-signers may have answered".to_owned(),
    };
    let network = if wake.needs_network { ", with a network" } else { "" };
    format!("in {}, at most {} later{network}: {why}", time(wake.in_ms), time(wake.tolerance_ms))
}

fn time(ms: u64) -> String {
    view::countdown(ms).trim_end_matches(" left").to_owned()
}
