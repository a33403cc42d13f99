//! How the files of cases say what is refused: each of our faults in BIP-327's terms.

use crate::session::nonce::{NonceAggFault, NonceFault, SignFault};
use crate::session::partial::{AggregateFault, PartialFault};
use crate::wallet::key_agg::{KeyAggFault, TweakFault};

/// What is refused, and whose contribution it is where BIP-327 blames one.
#[derive(Debug, PartialEq, serde::Deserialize)]
pub(super) struct Refusal {
    what: String,
    signer: Option<usize>,
}

pub(super) fn refusal(what: &str) -> Refusal {
    Refusal { what: what.to_owned(), signer: None }
}

fn blame(what: &str, signer: usize) -> Refusal {
    Refusal { what: what.to_owned(), signer: Some(signer) }
}

impl From<KeyAggFault> for Refusal {
    fn from(fault: KeyAggFault) -> Self {
        match fault {
            KeyAggFault::Empty => refusal("no_key"),
            KeyAggFault::Key { signer, .. } => blame("key", signer),
            KeyAggFault::Infinite => refusal("infinite_key"),
        }
    }
}

impl From<TweakFault> for Refusal {
    fn from(fault: TweakFault) -> Self {
        match fault {
            TweakFault::OutOfRange => refusal("tweak_range"),
            TweakFault::Infinite => refusal("tweak_infinite"),
            TweakFault::Hardened { .. } | TweakFault::TooDeep { .. } => refusal("path"),
        }
    }
}

impl From<NonceFault> for Refusal {
    fn from(_: NonceFault) -> Self {
        refusal("aggregate_nonce")
    }
}

impl From<NonceAggFault> for Refusal {
    fn from(fault: NonceAggFault) -> Self {
        blame("public_nonce", fault.signer)
    }
}

impl From<SignFault> for Refusal {
    fn from(fault: SignFault) -> Self {
        match fault {
            SignFault::UnknownSigner => refusal("unknown_signer"),
            SignFault::WrongKey => refusal("wrong_key"),
            SignFault::ZeroNonce => refusal("secret_nonce"),
            SignFault::InfiniteOthers => refusal("others_infinite"),
            SignFault::SelfCheck => refusal("self_check"),
        }
    }
}

impl From<PartialFault> for Refusal {
    fn from(fault: PartialFault) -> Self {
        match fault {
            PartialFault::Length { .. } => refusal("partial_length"),
            PartialFault::OutOfRange => refusal("partial_range"),
            PartialFault::UnknownSigner => refusal("unknown_signer"),
            PartialFault::Invalid => refusal("partial_wrong"),
        }
    }
}

impl From<AggregateFault> for Refusal {
    fn from(fault: AggregateFault) -> Self {
        match fault {
            AggregateFault::Partial { signer, fault } => Self { signer: Some(signer), ..Self::from(fault) },
            AggregateFault::Invalid => refusal("aggregate"),
        }
    }
}
