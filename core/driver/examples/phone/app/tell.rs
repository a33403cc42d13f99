//! Events in sentences.

use countersign_driver::machine::effect::Event;
use countersign_driver::machine::id::{SessionId, Slot};
use countersign_driver::machine::node::KeptEvent;
use countersign_driver::machine::session::Happening;
use countersign_driver::machine::status::Status;

use super::{view, words};

/// By how much what is left may differ from what a warning says before both are told, in milliseconds.
const NEAR_MS: u64 = 1_000;

/// Returns what people want to read of an event as it passes; `None` if the status shows it, or if it is kept
/// ([`kept`]).
pub(crate) fn passing(event: &Event) -> Option<String> {
    match event {
        Event::CardIssued(_) => Some("Our card is issued: type card to show it.".to_owned()),
        Event::Link(_) | Event::Presence(_) | Event::Preflight(_) => None,
        Event::Connectivity(change) => Some(words::connected(change.state).to_owned()),
        Event::Session(event) => {
            let id = view::short(&event.session);
            match &event.what {
                Happening::NonceSetsDiffer => {
                    Some(format!("Session {id}: somebody sent different nonces to different co-signers."))
                }
                Happening::OwnPastFound { .. } => Some(format!(
                    "Session {id}: others hold what we signed and do not know. Is the journal an older copy, or \
                     does another phone use our keys?"
                )),
                Happening::KeyRefused => Some(format!(
                    "Session {id}: the vault refused the key. Approve {id} again once it can be had."
                )),
                Happening::NoncesSent { .. } | Happening::PartialsSent { .. } | Happening::Progressed => None,
                Happening::Requested { .. }
                | Happening::Proposed
                | Happening::Blamed { .. }
                | Happening::ExtensionAsked { .. }
                | Happening::Extended { .. }
                | Happening::Expiring { .. }
                | Happening::RequestExpired
                | Happening::Ended { .. } => None,
            }
        }
        Event::Clock(clock) => Some(match clock.suspect {
            true => {
                "The clock fell back: nothing is signed until a co-signer's clock confirms it.".to_owned()
            }
            false => "The clock is trusted again.".to_owned(),
        }),
        Event::Refused(refused) => {
            Some(format!("Refused what {} sent: {}.", view::short(&refused.peer), refused.fault))
        }
        Event::RefusedByPeer(refused) => {
            Some(format!("{} refused what we sent: {:?}.", view::short(&refused.peer), refused.why))
        }
    }
}

/// Returns what people must read of an event that waits for them; `None` if they did it themselves.
pub(crate) fn kept(KeptEvent { event, .. }: &KeptEvent, status: &Status) -> Option<String> {
    let id = view::short(&event.session);
    let name = |slot: Slot| name(status, event.session, slot);
    match &event.what {
        Happening::Requested { proposer } => Some(format!(
            "{} asks to sign. Look at session {id}, then approve {id} or reject {id}.",
            name(*proposer)
        )),
        Happening::Ended { outcome } => Some(format!("Session {id}: {}.", view::outcome_words(outcome).1)),
        Happening::Blamed { slot, offence } => Some(format!(
            "Session {id}: {} {}. Type evidence {id} for the proof.",
            name(*slot),
            view::offence_words(*offence)
        )),
        Happening::ExtensionAsked { slot, .. } => Some(format!(
            "Session {id}: {} asks for a later deadline. Type extend {id} to agree.",
            name(*slot)
        )),
        Happening::Extended { .. } => Some(format!("Session {id}: the deadline is later now.")),
        Happening::Expiring { threshold_ms, left_ms, .. } => Some(expiring(&id, *threshold_ms, *left_ms)),
        Happening::RequestExpired => Some(format!("Session {id}: nobody answered the request in time.")),
        Happening::Proposed
        | Happening::NoncesSent { .. }
        | Happening::PartialsSent { .. }
        | Happening::Progressed
        | Happening::KeyRefused
        | Happening::NonceSetsDiffer
        | Happening::OwnPastFound { .. } => None,
    }
}

/// Returns a warning, with what is really left if it comes late.
pub(crate) fn expiring(id: &str, threshold_ms: u64, left_ms: u64) -> String {
    let late = if threshold_ms.saturating_sub(left_ms) > NEAR_MS {
        format!(" ({})", view::countdown(left_ms))
    } else {
        String::new()
    };
    format!("Session {id} expires in {}{late}.", words::span(threshold_ms))
}

fn name(status: &Status, session: SessionId, slot: Slot) -> String {
    let session = status.sessions.iter().find(|shown| shown.id == session);
    let wallet = session.and_then(|session| status.wallets.iter().find(|wallet| wallet.id == session.wallet));
    let named = wallet.and_then(|wallet| wallet.participants.get(slot.index())?.nickname.as_deref());
    named.map_or_else(|| format!("Participant {slot}"), view::printable)
}
