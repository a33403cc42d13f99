//! Answers about connections, and about the life of the app.

use countersign_driver::Node;
use countersign_driver::life::{SliceRequest, Trigger};
use countersign_driver::machine::network::NetworkState;
use countersign_driver::machine::preflight::{Found, PreflightReport};
use serde_json::json;

use super::answer::Answer;
use super::fault::Failure;
use super::view::{self, printable};
use super::{output, words};

/// Time to send what is queued when the app goes to the background.
const GRACE_MS: u64 = 4_000;

/// Answers with whether every co-signer of a wallet can be reached.
pub(crate) fn preflight(report: &PreflightReport) -> Answer {
    let sentence = report.message.as_ref().map(words::text);
    let mut json = output::to_json(report);
    json["text"] = json!(sentence);
    let head = sentence.unwrap_or_else(|| "Every co-signer answers.".to_owned());
    let lines = report.participants.iter().map(found);
    let text: Vec<String> = std::iter::once(head).chain(lines).collect();
    Answer { json, text: text.join("\n") }
}

fn found(one: &Found) -> String {
    let (link, path) = view::link(&one.link);
    let line = format!("  {:>2}  {:<14.14}  {}{path}", one.slot, printable(&one.name), link.content);
    let tried = one
        .tried
        .iter()
        .map(|tried| format!("\n        {}: {}", printable(&tried.address), view::fault_word(tried.why)));
    std::iter::once(line.trim_end().to_owned()).chain(tried).collect()
}

/// Goes to the background.
pub(crate) async fn background(node: &Node) -> Result<Answer, Failure> {
    let report = node.on_background(GRACE_MS).await?;
    let text = if report.quiesced {
        format!("In the background after {} ms: no connection, no lock, no timer is left.", report.took_ms)
    } else {
        format!("In the background, but {} connections are left.", report.open_sockets)
    };
    Ok(Answer { json: output::to_json(&report), text })
}

/// Comes to the foreground.
pub(crate) async fn foreground(node: &Node) -> Result<Answer, Failure> {
    let report = node.on_foreground().await?;
    Ok(Answer { json: output::to_json(&report), text: "In the foreground again.".to_owned() })
}

/// Uses a moment in the background.
pub(crate) async fn slice(node: &Node, budget_ms: u64) -> Result<Answer, Failure> {
    let request = SliceRequest { trigger: Trigger::Refresh, budget_ms, network_allowed: true };
    let report = node.run_background_slice(request).await?;
    let text = match (report.ran, report.done) {
        (false, _) => "It is in the foreground, or another program has the journal.".to_owned(),
        (true, true) => format!("Everybody was asked within {} ms.", report.took_ms),
        (true, false) => format!("Not everybody had answered after {} ms.", report.took_ms),
    };
    Ok(Answer { json: output::to_json(&report), text })
}

/// Says what the network is like.
pub(crate) async fn network(node: &Node, network: NetworkState) -> Result<Answer, Failure> {
    let text = if network.online { "On this network now." } else { "Without a network now." };
    node.on_network_changed(network).await?;
    Ok(Answer { json: json!({}), text: text.to_owned() })
}
