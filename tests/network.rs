//! Networks in a box: namespaces of the kernel's, joined by links that are as bad as a test wants them, and routers
//! that translate addresses between them.
//!
//! Everything belongs to the process that makes it: a namespace is a thread, a link two devices whose other ends this
//! process holds. Whatever becomes of the process, nothing of it stays.

use std::io::{ErrorKind, Write};

pub mod line;
pub mod namespace;
pub mod router;
pub mod switch;

use namespace::Namespace;
use switch::Switch;

/// Returns whether networks can be made here; if not, writes `skipped` and why, past the capture of tests' output.
///
/// They can as root, and as anybody under `unshare -Urn` who may open `/dev/net/tun`.
///
/// # Panics
///
/// Panics if they cannot for any other reason than a permission or a missing device.
pub fn is_permitted() -> bool {
    let tried = Namespace::new().and_then(|namespace| {
        let switch = Switch::new(0)?;
        switch.plug(&namespace, [10, 0, 0, 1].into()).map(drop)
    });
    match tried {
        Ok(()) => true,
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => {
            // Nobody may be listening.
            let _ = writeln!(std::io::stderr(), "skipped: networks in a box cannot be made here: {error}");
            false
        }
        Err(error) => panic!("networks in a box cannot be made: {error}"),
    }
}
