//! The relay's identity: an Ed25519 seed in a file that only its owner reads.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use data_encoding::HEXLOWER_PERMISSIVE;
use libp2p::identity::Keypair;
use zeroize::Zeroizing;

/// Reads the identity from the file, or makes both.
///
/// # Errors
///
/// Says what is wrong with the file.
pub(crate) fn load_or_make(path: &Path) -> Result<Keypair, String> {
    match File::open(path) {
        Ok(file) => read(file),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn read(file: File) -> Result<Keypair, String> {
    let mode = file.metadata().map_err(|error| format!("cannot be read: {error}"))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("can be read by others (mode {:03o}): chmod 600 it", mode & 0o777));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(128).read_to_string(&mut text).map_err(|error| format!("cannot be read: {error}"))?;
    let seed = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map(Zeroizing::new).ok();
    let mut seed = seed.filter(|seed| seed.len() == 32).ok_or("is not 64 hex digits")?;
    Keypair::ed25519_from_bytes(seed.as_mut_slice()).map_err(|error| error.to_string())
}

/// Writes a new seed beside the file and moves it there, so that the file is whole or not there.
fn make(path: &Path) -> Result<Keypair, String> {
    let cannot = |error: std::io::Error| format!("cannot be made: {error}");
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|error| format!("cannot be made: {error}"))?;
    let text = Zeroizing::new(HEXLOWER_PERMISSIVE.encode(seed.as_slice()) + "\n");
    let new = path.with_extension("new");
    // One that a crash has left.
    if let Err(error) = std::fs::remove_file(&new)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(cannot(error));
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
    std::fs::rename(&new, path).map_err(cannot)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    }
    Keypair::ed25519_from_bytes(seed.as_mut_slice()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("relay.key");
        let made = load_or_make(&path).expect("made");
        let read = load_or_make(&path).expect("read");
        assert_eq!(made.public(), read.public());
        let mode = path.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn a_key_that_others_can_read_is_no_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("relay.key");
        load_or_make(&path).expect("made");
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("ours");
            let error = load_or_make(&path).expect_err("others can read it");
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn what_is_no_key_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("relay.key");
        for text in ["", "abcd", &"g".repeat(64), &"a".repeat(66)] {
            std::fs::write(&path, text).expect("ours");
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("ours");
            assert_eq!(load_or_make(&path).expect_err(text), "is not 64 hex digits");
            assert_eq!(std::fs::read_to_string(&path).expect("ours"), text);
        }
    }
}
