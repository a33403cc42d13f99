//! What comes out.

use serde_json::Value;

use super::app::view::millis;

/// The result, as `--json` prints it. Times are in milliseconds.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Report {
    /// How many phones signed.
    pub(crate) count: usize,
    /// The wallet's untweaked aggregate key, x-only.
    pub(crate) aggregate_key: String,
    /// The participants' plain keys, by slot.
    pub(crate) participants: Vec<String>,
    pub(crate) items: Vec<Item>,
    /// From the proposer's taking the proposal to the last phone's having all signatures.
    pub(crate) elapsed_ms: f64,
    /// Spent deciding, which is mostly cryptography, by the phone that spent most.
    pub(crate) crypto_ms: f64,
    /// Spent making the journal durable, by the phone that spent most.
    pub(crate) sync_ms: f64,
    /// Median of all links before the session.
    pub(crate) round_trip_ms: f64,
    /// Frames sent by all phones. What a killed process had sent is not among them.
    pub(crate) messages: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Attempts that were begun.
    pub(crate) attempts: u64,
    /// Processes that were killed on the way.
    pub(crate) killed: usize,
    /// Partial signatures that were checked for a nonce used twice.
    pub(crate) partials_checked: usize,
}

/// One signed item, as every phone shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Item {
    pub(crate) digest: String,
    pub(crate) path: Vec<u32>,
    pub(crate) taproot: Value,
    /// From the aggregate key to the output key, in the order in which they are applied.
    pub(crate) tweaks: Vec<Tweak>,
    /// The key that the signature is valid under, x-only.
    pub(crate) output_key: String,
    pub(crate) signature: String,
}

/// One tweak.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Tweak {
    pub(crate) tweak: String,
    /// Whether the key's Y coordinate is made even first (BIP-341), or it is a step of BIP-32.
    pub(crate) xonly: bool,
}

impl Report {
    /// Returns the result in one line for people.
    pub(crate) fn sentence(&self, most_attempts: u64) -> String {
        let items =
            if self.items.len() == 1 { "1 item".to_owned() } else { format!("{} items", self.items.len()) };
        let us = (self.elapsed_ms * 1000.0).round() as u64;
        let begin = format!(
            "{} phones signed {items} in {} ms (attempt {} of at most {most_attempts})",
            self.count,
            millis(us),
            self.attempts,
        );
        let result = self.items.first().map(|item| {
            let Item { signature, output_key, .. } = item;
            match self.items.len() {
                1 => format!("{signature} verifies under {output_key}"),
                many => format!("{many} signatures verify, the first, {signature:.16}…, under {output_key}"),
            }
        });
        format!("{begin}: {}", result.unwrap_or_default())
    }
}
