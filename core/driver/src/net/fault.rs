//! What came of each address that was dialled.

use std::error::Error;
use std::io;

use countersign_machine::link::{DialFault, Tried};
use libp2p::core::transport::timeout::TransportTimeoutError;
use libp2p::multiaddr::Multiaddr;
use libp2p::relay::outbound::hop::{ConnectError, ReserveError};
use libp2p::swarm::DialError;
use libp2p::{PeerId, TransportError};

/// What our own transports fail with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// Somebody else answered.
    #[error("somebody else answered")]
    WrongPeer,
    /// Nobody answered.
    #[error("nobody answered")]
    NoAnswer,
    /// No transport knows such an address.
    #[error("no transport knows such an address")]
    NotSupported,
    /// The relay could not be reached.
    #[error("the relay could not be reached: {0:?}")]
    Relay(DialFault),
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// Returns each address of a dial, as it was given, with the reason why it led nowhere.
pub(super) fn tried(given: &[String], peer: PeerId, error: &DialError) -> Vec<Tried> {
    let reason = |address: &String| {
        let Ok(parsed) = address.parse::<Multiaddr>() else { return DialFault::NoUsableAddress };
        let Ok(dialled) = parsed.with_p2p(peer) else { return DialFault::WrongPeer };
        let DialError::Transport(errors) = error else { return of_dial(error) };
        let found = errors.iter().find(|(tried, _)| tried.clone().with_p2p(peer).as_ref() == Ok(&dialled));
        // What was not even tried is an address of our own.
        found.map_or(DialFault::NoUsableAddress, |(_, error)| of_transport(error))
    };
    given.iter().map(|address| Tried { address: address.clone(), why: reason(address) }).collect()
}

/// Returns why a dial of one address failed.
pub(super) fn of_dial(error: &DialError) -> DialFault {
    match error {
        DialError::WrongPeerId { .. } | DialError::LocalPeerId { .. } => DialFault::WrongPeer,
        DialError::NoAddresses => DialFault::NoUsableAddress,
        DialError::Denied { .. } | DialError::Aborted | DialError::DialPeerConditionFalse(_) => {
            DialFault::Transport
        }
        DialError::Transport(errors) => {
            errors.last().map_or(DialFault::Transport, |(_, error)| of_transport(error))
        }
    }
}

fn of_transport(error: &TransportError<io::Error>) -> DialFault {
    match error {
        TransportError::MultiaddrNotSupported(_) => DialFault::NoUsableAddress,
        TransportError::Other(error) => of_error(error),
    }
}

/// Returns what an error of a transport comes down to: the first of its causes that says so.
pub(super) fn of_error(error: &(dyn Error + 'static)) -> DialFault {
    causes(error).find_map(of_cause).unwrap_or(DialFault::Transport)
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<DialFault> {
    if let Some(fault) = cause.downcast_ref::<Fault>() {
        return Some(match fault {
            Fault::WrongPeer => DialFault::WrongPeer,
            Fault::NoAnswer => DialFault::NoAnswer,
            Fault::NotSupported => DialFault::NoUsableAddress,
            Fault::Relay(why) => *why,
        });
    }
    if let Some(TransportTimeoutError::Timeout) = cause.downcast_ref::<TransportTimeoutError<io::Error>>() {
        return Some(DialFault::NoAnswer);
    }
    if let Some(error) = cause.downcast_ref::<ConnectError>() {
        return match error {
            ConnectError::Io(_) => None,
            ConnectError::ResourceLimitExceeded
            | ConnectError::ConnectionFailed
            | ConnectError::NoReservation
            | ConnectError::PermissionDenied
            | ConnectError::Unsupported
            | ConnectError::Protocol(_) => Some(DialFault::Refused),
        };
    }
    if let Some(error) = cause.downcast_ref::<ReserveError>() {
        return match error {
            ReserveError::Io(_) => None,
            ReserveError::Refused
            | ReserveError::ResourceLimitExceeded
            | ReserveError::Unsupported
            | ReserveError::Protocol(_) => Some(DialFault::Refused),
        };
    }
    of_kind(cause.downcast_ref::<io::Error>()?.kind())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the system's errors grow; what is not named here says nothing of the other side"
)]
fn of_kind(kind: io::ErrorKind) -> Option<DialFault> {
    match kind {
        io::ErrorKind::ConnectionRefused => Some(DialFault::Refused),
        io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Some(DialFault::NoAnswer)
        }
        _ => None,
    }
}

/// Returns an error and what caused it, outermost first; what an [`io::Error`] was made of counts as its cause.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| -> &(dyn Error + 'static) { inner }).or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_not_dialled_is_of_no_use() {
        let peer = PeerId::random();
        let other = format!("/ip4/127.0.0.1/tcp/2/p2p/{}", PeerId::random());
        let given = ["no address".to_owned(), "/ip4/127.0.0.1/tcp/1".to_owned(), other];

        let tried = tried(&given, peer, &DialError::Transport(Vec::new()));

        let why: Vec<DialFault> = tried.iter().map(|tried| tried.why).collect();
        assert_eq!(why, [DialFault::NoUsableAddress, DialFault::NoUsableAddress, DialFault::WrongPeer]);
        assert!(tried.iter().map(|tried| &tried.address).eq(&given));
    }

    #[test]
    fn what_the_system_said_is_found_however_deep_it_is_wrapped() {
        let deep = |error: io::Error| io::Error::other(io::Error::other(error));
        let refused = deep(io::ErrorKind::ConnectionRefused.into());
        assert_eq!(of_error(&refused), DialFault::Refused);
        assert_eq!(of_error(&deep(Fault::Relay(DialFault::NoAnswer).into())), DialFault::NoAnswer);
        assert_eq!(of_error(&deep(io::ErrorKind::BrokenPipe.into())), DialFault::Transport);
    }
}
