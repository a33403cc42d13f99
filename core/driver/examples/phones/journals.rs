//! Reads the phones' journals and looks for a nonce that was used twice.
//!
//! What a phone has signed is durable before it leaves, so the journals show every partial signature there is,
//! also those of a process that was killed.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_driver::journal::{Journal, SqliteJournal};
use countersign_driver::machine::id::{Attempt, NonceSetDigest, SessionId, Slot};
use countersign_driver::machine::message::{Envelope, Message};
use countersign_driver::machine::record::Record;

use super::fault::Fault;

/// Bytes of one of the two points of a public nonce (BIP-327).
const POINT_BYTES: usize = 33;
/// Bytes of a public nonce.
const NONCE_BYTES: usize = 2 * POINT_BYTES;
/// Bytes of a partial signature.
const PARTIAL_BYTES: usize = 32;

/// One signer in one attempt.
type Turn = (SessionId, Attempt, Slot);

/// What the journals show.
#[derive(Default)]
struct Evidence {
    nonces: BTreeMap<Turn, Vec<u8>>,
    partials: BTreeMap<Turn, (NonceSetDigest, Vec<u8>)>,
}

/// Checks the journals in `dirs`; returns how many partial signatures there were.
///
/// # Errors
///
/// Returns [`Fault::Nonce`] if a public nonce stands behind two different uses, or if a phone signed without
/// having noted before that its nonces are consumed.
pub(crate) fn check<'a>(dirs: impl Iterator<Item = &'a Path>) -> Result<usize, Fault> {
    let mut evidence = Evidence::default();
    for dir in dirs {
        evidence.read(dir)?;
    }
    evidence.judge()
}

impl Evidence {
    fn read(&mut self, dir: &Path) -> Result<(), Fault> {
        let unreadable = |error: String| Fault::Journal { dir: dir.to_owned(), error };
        let journal =
            SqliteJournal::open(dir.join("journal.db")).map_err(|error| unreadable(error.to_string()))?;
        let mut spent: BTreeMap<(SessionId, Attempt), NonceSetDigest> = BTreeMap::new();
        for bytes in journal.replay().map_err(|error| unreadable(error.to_string()))? {
            let record = Record::parse(&bytes).ok_or_else(|| unreadable("a record is none".to_owned()))?;
            match record {
                Record::NonceSpent { session, attempt, set } => {
                    if spent.insert((session, attempt), set).is_some() {
                        return Err(Fault::Nonce(format!(
                            "{} consumed one attempt's nonces twice",
                            dir.display()
                        )));
                    }
                }
                Record::Signed { session, attempt, envelope } => {
                    let envelope =
                        Envelope::parse(&envelope).map_err(|fault| unreadable(fault.to_string()))?;
                    let (Message::Partials { set, .. } | Message::Answer { set, .. }) =
                        &envelope.body().message
                    else {
                        return Err(unreadable("what was signed holds no partial signature".to_owned()));
                    };
                    if spent.get(&(session, attempt)) != Some(set) {
                        return Err(Fault::Nonce(format!(
                            "{} signed with nonces not yet consumed",
                            dir.display()
                        )));
                    }
                    self.take(&envelope)?;
                }
                Record::NonceCommitted { envelope, .. } | Record::EnvelopeKept { envelope } => {
                    self.take(&Envelope::parse(&envelope).map_err(|fault| unreadable(fault.to_string()))?)?;
                }
                Record::OwnerNamed { .. }
                | Record::CardKept { .. }
                | Record::WalletCreated { .. }
                | Record::Proposed { .. }
                | Record::Approved { .. }
                | Record::Ended { .. }
                | Record::Blamed { .. }
                | Record::Looked { .. }
                | Record::Timed { .. }
                | Record::Warned { .. }
                | Record::Held { .. }
                | Record::Dismissed { .. }
                | Record::Handled { .. }
                | Record::WarningsChosen { .. }
                | Record::PresenceChosen { .. } => {}
            }
        }
        Ok(())
    }

    /// Notes what an envelope contributes; two journals may hold the same one.
    fn take(&mut self, envelope: &Envelope) -> Result<(), Fault> {
        let body = envelope.body();
        let (attempt, nonces, partials) = match &body.message {
            Message::Propose { nonces, .. } => (Attempt(0), Some(nonces), None),
            Message::Nonces { attempt, nonces } => (*attempt, Some(nonces), None),
            Message::Partials { attempt, set, partials } => (*attempt, None, Some((*set, partials))),
            Message::Answer { attempt, set, nonces, partials } => {
                (*attempt, Some(nonces), Some((*set, partials)))
            }
            Message::Complete { .. } | Message::Decline { .. } => return Ok(()),
            Message::Cancel | Message::Extend { .. } => return Ok(()),
        };
        let turn = (body.session, attempt, body.slot);
        if let Some(nonces) = nonces {
            let held = self.nonces.entry(turn).or_insert_with(|| nonces.clone());
            if held != nonces {
                return Err(Fault::Nonce(format!(
                    "slot {} sent two sets of nonces in one attempt",
                    body.slot
                )));
            }
        }
        if let Some((set, partials)) = partials {
            let held = self.partials.entry(turn).or_insert_with(|| (set, partials.clone()));
            if *held != (set, partials.clone()) {
                return Err(Fault::Nonce(format!(
                    "slot {} signed twice with the nonces of one attempt",
                    body.slot
                )));
            }
        }
        Ok(())
    }

    /// Looks at each half of each nonce behind a partial signature: none may occur a second time.
    fn judge(&self) -> Result<usize, Fault> {
        let mut uses: BTreeMap<&[u8], (Turn, usize)> = BTreeMap::new();
        let mut checked = 0;
        for (turn, (_, partials)) in &self.partials {
            let (_, attempt, slot) = turn;
            let items = partials.len() / PARTIAL_BYTES;
            let nonces = self.nonces.get(turn).filter(|nonces| nonces.len() == items * NONCE_BYTES);
            let nonces = nonces.ok_or_else(|| {
                Fault::Nonce(format!("no journal has the nonces behind attempt {} of slot {slot}", attempt.0))
            })?;
            for (at, point) in nonces.chunks_exact(POINT_BYTES).enumerate() {
                // The first byte is the point's sign, which signing may flip.
                let (item, x) = (at / 2, &point[1..]);
                if uses.insert(x, (*turn, item)).is_some() {
                    return Err(Fault::Nonce(format!("slot {slot} used the nonce of item {item} twice")));
                }
            }
            checked += items;
        }
        Ok(checked)
    }
}
