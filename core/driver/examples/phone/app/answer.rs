//! Carries out what was typed.

use countersign_driver::machine::card::Card;
use countersign_driver::machine::evidence::verify_evidence;
use countersign_driver::machine::fault::CallerFault;
use countersign_driver::machine::id::{SessionId, WalletId};
use countersign_driver::machine::key::ParticipantKey;
use countersign_driver::machine::limits::PREFLIGHT_MS;
use countersign_driver::machine::status::Status;
use countersign_driver::{Error, Node};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::{Value, json};

use super::command::{Command, HELP};
use super::fault::{Failure, Kind};
use super::{detail, network, notices, output, view, words};

/// An answer, for programs and for people.
pub(crate) struct Answer {
    /// A JSON object.
    pub(crate) json: Value,
    pub(crate) text: String,
}

/// Carries out `command`.
///
/// # Errors
///
/// Returns what went wrong, in a sentence.
pub(crate) async fn answer(node: &Node, command: &Command) -> Result<Answer, Failure> {
    let done = |text: String| Ok(Answer { json: json!({}), text });
    match command {
        Command::Help => Ok(Answer { json: json!({ "text": HELP }), text: HELP.to_owned() }),
        Command::Card => card(node).await,
        Command::Add { card } => {
            let participant = node.add_card(card).await?;
            let text = format!("Added {}.", name_of(node, &participant).await?);
            Ok(Answer { json: json!({ "participant": participant }), text })
        }
        Command::Wallet { name, holders } => create_wallet(node, name, holders).await,
        Command::Wallets => {
            let status = node.status().await?;
            let mut lines: Vec<String> = Vec::new();
            for wallet in &status.wallets {
                lines.extend(view::wallet(wallet).iter().map(ToString::to_string));
                lines.extend(
                    wallet.participants.iter().map(|one| format!("     {} is {}", one.slot, one.key)),
                );
            }
            let text = if lines.is_empty() { "There is no wallet yet.".to_owned() } else { lines.join("\n") };
            Ok(Answer { json: json!({ "wallets": status.wallets }), text })
        }
        Command::Connect { who: None } => {
            node.connect().await?;
            done("Dialling everybody who is not connected.".to_owned())
        }
        Command::Connect { who: Some(who) } => {
            node.connect_to(find_key(node, who).await?).await?;
            done(format!("Dialling {who}, unless connected."))
        }
        Command::Disconnect { who } => {
            node.stop_connecting(find_key(node, who).await?).await?;
            done(format!("{who} is not dialled any more."))
        }
        Command::Preflight { wallet, budget_ms } => {
            let wallet = find_wallet(&node.status().await?, wallet)?;
            Ok(network::preflight(&node.preflight(wallet, *budget_ms).await?))
        }
        Command::Propose { wallet, payload, lasts_ms, check } => {
            let wallet = find_wallet(&node.status().await?, wallet)?;
            let session = if *check {
                node.initiate(wallet, payload.clone(), *lasts_ms, PREFLIGHT_MS).await?
            } else {
                node.propose(wallet, payload.clone(), *lasts_ms).await?
            };
            Ok(Answer { json: json!({ "session": session }), text: format!("Proposed session {session}.") })
        }
        Command::Approve { session } => {
            let session = find_session(&node.status().await?, session)?;
            node.approve(session).await?;
            done(format!("Approved session {}.", view::short(&session)))
        }
        Command::Reject { session, reason } => {
            let session = find_session(&node.status().await?, session)?;
            node.decline(session, *reason).await?;
            done(format!("Rejected session {}.", view::short(&session)))
        }
        Command::Cancel { session } => {
            let session = find_session(&node.status().await?, session)?;
            node.cancel(session).await?;
            done(format!("Cancelled session {}.", view::short(&session)))
        }
        Command::Extend { session, lasts_ms } => {
            let session = find_session(&node.status().await?, session)?;
            match lasts_ms {
                Some(lasts_ms) => node.extend(session, *lasts_ms).await?,
                None => node.agree_to_extension(session).await?,
            }
            done(format!("Consented to a later deadline of session {}.", view::short(&session)))
        }
        Command::Inbox => notices::inbox(node).await,
        Command::Plan => notices::plan(node).await,
        Command::Wakes => notices::wakes(node).await,
        Command::Events => notices::events(node).await,
        Command::Dismiss { key } => {
            node.dismiss(*key).await?;
            done(format!("Put {key} away."))
        }
        Command::Warn { thresholds_ms } => {
            node.set_warnings(thresholds_ms.clone()).await?;
            done(warnings_text(thresholds_ms.as_deref()))
        }
        Command::Presence { ttl_ms: Some(ttl_ms) } => {
            node.start_presence(*ttl_ms).await?;
            done(format!("Co-signers hear that we are here, each time for {}.", words::span(*ttl_ms)))
        }
        Command::Presence { ttl_ms: None } => {
            node.stop_presence().await?;
            done("Co-signers hear no more whether we are here.".to_owned())
        }
        Command::Background => network::background(node).await,
        Command::Foreground => network::foreground(node).await,
        Command::Slice { budget_ms } => network::slice(node, *budget_ms).await,
        Command::Network(state) => network::network(node, state.clone()).await,
        Command::Evidence { session } => {
            let session = find_session(&node.status().await?, session)?;
            let pieces: Vec<String> = node.evidence(session).await?.iter().map(hex::encode).collect();
            let text = if pieces.is_empty() { "There is none.".to_owned() } else { pieces.join("\n") };
            Ok(Answer { json: json!({ "evidence": pieces }), text })
        }
        Command::Judge { evidence } => {
            let verdict = verify_evidence(evidence)
                .map_err(|fault| caller(format!("This proves nothing: {fault}.")))?;
            let text = format!(
                "Guilty: participant {} ({}), {}, in session {}.",
                verdict.slot,
                verdict.participant,
                view::offence_words(verdict.offence),
                verdict.session
            );
            Ok(Answer { json: json!({ "verdict": verdict }), text })
        }
        Command::Status => {
            let status = node.status().await?;
            let text = view::lines(&status).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            Ok(Answer { json: output::to_json(&status), text })
        }
        Command::Session { session } => {
            let status = node.status().await?;
            let session = find_session(&status, session)?;
            detail::answer(node, &status, session).await
        }
        Command::Counters => {
            let json = output::to_json(&node.counters().await?);
            let text = counter_lines("", &json).join("\n");
            Ok(Answer { json, text })
        }
        Command::Quit => done(String::new()),
    }
}

fn warnings_text(thresholds_ms: Option<&[u64]>) -> String {
    match thresholds_ms {
        None => "Warnings come as usual.".to_owned(),
        Some([]) => "No warnings come before a session expires.".to_owned(),
        Some(own) => {
            let spans: Vec<String> = own.iter().map(|threshold| words::span(*threshold)).collect();
            format!("Warnings come before a session expires: {}.", spans.join(", "))
        }
    }
}

/// Returns a line for each counter; those within another carry its name, too.
fn counter_lines(within: &str, counters: &Value) -> Vec<String> {
    let lines = counters.as_object().into_iter().flatten().flat_map(|(name, counter)| match counter {
        Value::Object(_) => counter_lines(&format!("{within}{name} "), counter),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            vec![format!("{within}{name} {counter}")]
        }
    });
    lines.collect()
}

async fn card(node: &Node) -> Result<Answer, Failure> {
    let card = node.status().await?.card.ok_or(Error::Caller(CallerFault::NoCard))?;
    let code = QrCode::with_error_correction_level(card.as_bytes(), EcLevel::L);
    // Light modules are drawn, dark ones left out: terminals write light on dark.
    let drawn =
        code.map(|code| code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
    let text = drawn.map_or_else(|_| card.clone(), |drawn| format!("{drawn}\n{card}"));
    Ok(Answer { json: json!({ "card": card }), text })
}

async fn create_wallet(node: &Node, name: &str, holders: &[String]) -> Result<Answer, Failure> {
    let me = node.status().await?.participant;
    let cards = node.cards().await?;
    let mut keys = vec![me];
    if holders.is_empty() {
        keys.extend(cards.iter().map(|card| card.statement().participant));
    }
    for holder in holders {
        keys.push(key_of(&cards, holder)?);
    }
    // Naming ourselves is no mistake; naming another twice is for the machine to refuse.
    let mut rest = keys.split_off(1);
    rest.retain(|key| *key != me);
    keys.append(&mut rest);
    let wallet = node.create_wallet(name.to_owned(), keys).await?;
    let aggregate_key = node.wallet(wallet).await?.aggregate().x_only();
    let text = format!("Created wallet {wallet} with the aggregate key {aggregate_key}.");
    Ok(Answer { json: json!({ "wallet": wallet, "aggregate_key": aggregate_key }), text })
}

async fn find_key(node: &Node, holder: &str) -> Result<ParticipantKey, Failure> {
    key_of(&node.cards().await?, holder)
}

/// Returns the key that was typed, or that of who is called so.
fn key_of(cards: &[Card], holder: &str) -> Result<ParticipantKey, Failure> {
    let named: Vec<ParticipantKey> = cards
        .iter()
        .map(|card| card.statement())
        .filter(|statement| statement.nickname == *holder)
        .map(|statement| statement.participant)
        .collect();
    match (holder.parse::<ParticipantKey>(), named.as_slice()) {
        (Ok(key), _) => Ok(key),
        (Err(_), [key]) => Ok(*key),
        (Err(_), []) => {
            Err(caller(format!("Nobody is called '{holder}'. Add their card first, or type their key.")))
        }
        (Err(_), [_, _, ..]) => Err(caller(format!("Several are called '{holder}'. Type the key instead."))),
    }
}

async fn name_of(node: &Node, participant: &ParticipantKey) -> Result<String, Failure> {
    let cards = node.cards().await?;
    let held = cards.iter().map(|card| card.statement()).find(|held| held.participant == *participant);
    Ok(held.map_or_else(|| participant.to_string(), |held| format!("{} ({participant})", held.nickname)))
}

fn find_wallet(status: &Status, typed: &str) -> Result<WalletId, Failure> {
    let ids = status.wallets.iter().map(|wallet| (wallet.id, wallet.name.as_str()));
    one(ids, "wallet", typed)
}

fn find_session(status: &Status, typed: &str) -> Result<SessionId, Failure> {
    one(status.sessions.iter().map(|session| (session.id, "")), "session", typed)
}

/// Finds the one thing with the name, or whose id begins as typed.
fn one<T: Copy + std::fmt::Display>(
    among: impl Iterator<Item = (T, impl AsRef<str>)> + Clone,
    what: &str,
    typed: &str,
) -> Result<T, Failure> {
    let pick = |fits: &dyn Fn(&T, &str) -> bool| -> Vec<T> {
        among.clone().filter(|(id, name)| fits(id, name.as_ref())).map(|(id, _)| id).collect()
    };
    let named = pick(&|_, name| name == typed);
    let found = if named.is_empty() {
        pick(&|id, _| id.to_string().starts_with(&typed.to_lowercase()))
    } else {
        named
    };
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(caller(format!("There is no {what} '{typed}'. Type status to see those there are."))),
        [_, _, ..] => {
            Err(caller(format!("There are several {what}s '{typed}'. Type more digits of the id.")))
        }
    }
}

fn caller(text: String) -> Failure {
    Failure::new(Kind::Caller, text)
}
