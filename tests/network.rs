//! Networks in a box: namespaces of the kernel's, joined by links that are as bad as a test wants them, and routers
//! that translate addresses between them.
//!
//! Everything belongs to the process that makes it: a namespace is a thread, a link two devices whose other ends this
//! process holds. Whatever becomes of the process, nothing of it stays.

use std::io::{ErrorKind, Result, Write};

pub mod group;
pub mod line;
pub mod namespace;
pub mod phone;
pub mod router;
pub mod switch;

use namespace::Namespace;
use switch::Switch;

/// Returns whether networks can be made here; if not, writes `skipped` and why, past the capture of tests' output.
///
/// They can as root, and as anybody under `unshare -Urn` who may open `/dev/net/tun`, where `ip` is.
///
/// # Panics
///
/// Panics if they cannot for any other reason than a permission, a missing device or a missing program.
pub fn is_permitted() -> bool {
    works("networks in a box", |namespace| Switch::new(0)?.plug(namespace, [10, 0, 0, 1].into()).map(drop))
}

/// Returns whether routers can be made, too, for which `nft` is needed; if not, writes `skipped` and why, as above.
///
/// # Panics
///
/// As [`is_permitted`].
pub fn can_translate() -> bool {
    is_permitted() && works("routers", |namespace| namespace.command("nft", "list ruleset"))
}

fn works(what: &str, attempt: impl FnOnce(&Namespace) -> Result<()>) -> bool {
    match Namespace::new().and_then(|namespace| attempt(&namespace)) {
        Ok(()) => true,
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => {
            // Nobody may be listening.
            let _ = writeln!(std::io::stderr(), "skipped: {what} cannot be made here: {error}");
            false
        }
        Err(error) => panic!("{what} cannot be made: {error}"),
    }
}
