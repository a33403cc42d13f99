//! What somebody who typed a command can do about its refusal.

use countersign_driver::machine::fault::CallerFault;

/// Returns what to do; empty if the fault says it already.
pub(crate) fn advice(fault: &CallerFault) -> &'static str {
    match fault {
        CallerFault::SignerCount(_) => "Add the cards of all co-signers first, then create the wallet.",
        CallerFault::DuplicateKey { .. } => "Make a vault of its own for each device.",
        CallerFault::NoAggregate => "Check the keys: no honest set does this.",
        CallerFault::NotParticipant => "Name our own key among the wallet's.",
        CallerFault::UnknownWallet(_) => "Type wallets to see those there are.",
        CallerFault::UnknownSession(_) => "Type status to see those there are.",
        CallerFault::Card(_) => "Ask its owner to type card and send the whole text.",
        CallerFault::Payload(_) => "Propose 1 to 1000 items with a text of at most 4096 bytes.",
        CallerFault::Deadline => "Say --for 300s, for example.",
        CallerFault::Ended(_) => "Propose again.",
        CallerFault::AlreadySigned => "It now ends by itself, completed or expired.",
        CallerFault::NotProposer => "Type reject instead.",
        CallerFault::TooLong(_) => "Choose a shorter one.",
        CallerFault::TooMany(_) => "Wait until some have ended.",
        CallerFault::OutOfRange(_) => "Choose another length of time.",
        CallerFault::UnknownNotice => "Type plan to see those there are.",
        CallerFault::StalePlan => "Ask for the plan again.",
        CallerFault::OtherKey => "Open the vault that this journal was begun with.",
        CallerFault::NoCardOf(_) => "Add its card first; nobody dials themselves.",
        CallerFault::NoCard => "It is issued as soon as an address is listened at.",
    }
}
