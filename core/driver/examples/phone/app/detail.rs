//! Everything about one session: its items with their tweaks, keys and signatures.

use countersign_driver::Node;
use countersign_driver::machine::fault::CallerFault;
use countersign_driver::machine::id::SessionId;
use countersign_driver::machine::key::{Signature, XOnlyKey};
use countersign_driver::machine::message::Item;
use countersign_driver::machine::record::Outcome;
use countersign_driver::machine::status::Status;
use countersign_driver::machine::wallet::Wallet;
use countersign_driver::machine::wallet::derive::KeyPath;
use countersign_driver::machine::wallet::key_agg::{Tweak, TweakFault};
use serde_json::{Value, json};

use super::answer::Answer;
use super::fault::{Failure, Kind};
use super::{output, view};

/// One item as programs see it.
#[derive(serde::Serialize)]
struct ItemDetail {
    digest: String,
    #[serde(flatten)]
    key: KeyPath,
    /// From the aggregate key to the output key, in the order in which they are applied (BIP-327, ApplyTweak).
    tweaks: Vec<TweakDetail>,
    output_key: XOnlyKey,
    signature: Option<Signature>,
}

#[derive(serde::Serialize)]
struct TweakDetail {
    tweak: String,
    xonly: bool,
}

/// Answers with the session's full detail.
pub(crate) async fn answer(node: &Node, status: &Status, id: SessionId) -> Result<Answer, Failure> {
    let unknown = || countersign_driver::Error::Caller(CallerFault::UnknownSession(id));
    let session = status.sessions.iter().find(|session| session.id == id).ok_or_else(unknown)?;
    let wallet = node.wallet(session.wallet).await?;
    let payload = node.terms(id).await?.payload;
    let signatures = session.outcome.as_ref().map(signatures_of).unwrap_or_default();
    let items = payload.items.iter().enumerate();
    let items = items
        .map(|(at, item)| detail(&wallet, item, signatures.get(at).copied()))
        .collect::<Result<Vec<ItemDetail>, TweakFault>>()
        .map_err(|fault| Failure::new(Kind::Caller, format!("A key cannot be shown: {fault}.")))?;
    let participants = status.wallets.iter().find(|held| held.id == session.wallet);
    let lines = view::session(session, participants);
    let mut text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    if !payload.text.is_empty() {
        text.push(format!("  the proposer says, unchecked: {}", view::printable(&payload.text)));
    }
    items.iter().enumerate().for_each(|(at, item)| text.extend(item.lines(at)));
    let mut json = output::to_json(session);
    if let Value::Object(fields) = &mut json {
        fields.insert("items".to_owned(), json!(items));
    }
    Ok(Answer { json, text: text.join("\n") })
}

fn detail(wallet: &Wallet, item: &Item, signature: Option<Signature>) -> Result<ItemDetail, TweakFault> {
    let tweaks = wallet.aggregate().tweaks_for(&item.key)?.into_iter().map(|tweak| match tweak {
        Tweak::Plain(bytes) => TweakDetail { tweak: hex::encode(bytes), xonly: false },
        Tweak::XOnly(bytes) => TweakDetail { tweak: hex::encode(bytes), xonly: true },
    });
    Ok(ItemDetail {
        digest: hex::encode(item.digest),
        key: item.key.clone(),
        tweaks: tweaks.collect(),
        output_key: wallet.output_key(&item.key)?,
        signature,
    })
}

impl ItemDetail {
    fn lines(&self, at: usize) -> Vec<String> {
        let path: String = self.key.path().iter().map(|step| format!("/{step}")).collect();
        let mut lines = vec![
            format!("  item {at}     m{path}, {}", view::taproot(self.key.taproot())),
            format!("    digest   {}", self.digest),
            format!("    key      {}", self.output_key),
        ];
        for TweakDetail { tweak, xonly } in &self.tweaks {
            lines.push(format!("    tweak    {tweak} {}", if *xonly { "x-only" } else { "plain" }));
        }
        lines.extend(self.signature.map(|signature| format!("    signed   {signature}")));
        lines
    }
}

fn signatures_of(outcome: &Outcome) -> Vec<Signature> {
    match outcome {
        Outcome::Completed { signatures } => {
            signatures.chunks_exact(64).filter_map(|bytes| Signature::parse(bytes).ok()).collect()
        }
        Outcome::Declined { .. } | Outcome::Cancelled | Outcome::Expired | Outcome::Failed { .. } => {
            Vec::new()
        }
    }
}
