//! Keeps the two long-lived secrets, and hands them out one use at a time.

#[cfg(feature = "file-vault")]
mod file;
mod memory;

use std::fmt;

use countersign_machine::effect::KeyPurpose;
use futures::future::BoxFuture;
use zeroize::Zeroize;

#[cfg(feature = "file-vault")]
pub use file::FileVault;
pub use memory::MemoryVault;

/// Thirty-two secret bytes, wiped when dropped.
///
/// Not `Clone` and not serialisable; `Debug` shows no byte of it. They stay at one address, so a move leaves no
/// copy behind.
pub struct Secret32(Box<[u8; 32]>);

impl Secret32 {
    /// Copies `bytes`, from where they are to where they stay. The caller wipes its own copy.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let mut secret = Secret32(Box::default());
        secret.0.copy_from_slice(bytes);
        secret
    }

    /// Returns the bytes. A copy made of them is the caller's to wipe.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret32(..)")
    }
}

impl Drop for Secret32 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Where the secrets are: Keystore, Keychain, or a file.
pub trait Vault: Send + Sync + 'static {
    /// Returns the transport secret, an Ed25519 seed. Needs no user and answers at once, also in the background.
    ///
    /// # Errors
    ///
    /// Any [`VaultError`] but those that speak of the user.
    fn transport_secret(&self) -> Result<Secret32, VaultError>;

    /// Returns the participant's signing secret, a secp256k1 scalar, big-endian. May ask the user, and so may
    /// take as long as the user does. Dropping the future withdraws the question.
    ///
    /// The bytes are as they were stored: whether they are a valid scalar is for the signer to check.
    ///
    /// # Errors
    ///
    /// Any [`VaultError`]. A refusal changes nothing: it may be asked again.
    fn signing_secret(&self, why: KeyPurpose) -> BoxFuture<'_, Result<Secret32, VaultError>>;
}

/// Why a vault gave no secret. Carries nothing secret: it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The user said no. Ask again only when the user starts it.
    #[error("the user cancelled")]
    UserCancelled,
    /// Too many failed attempts. The user waits, or unlocks the device another way.
    #[error("the vault is locked out")]
    LockedOut,
    /// The system destroyed the key, as after a new fingerprint was enrolled. The user restores it from a backup.
    #[error("the key was invalidated")]
    Invalidated,
    /// The device was not unlocked since it booted. Passes when the user unlocks it.
    #[error("not available before the first unlock")]
    NotAvailableBeforeFirstUnlock,
    /// The passphrase does not open this vault. The user types it again.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// There is no vault, or no such secret in it. The user makes one.
    #[error("no such secret")]
    NotFound,
    /// There is something already where a new vault was to be made; it was left alone. The caller opens that.
    #[error("there is a vault already")]
    AlreadyExists,
    /// What is stored is not a vault this version can read. The user restores it from a backup.
    #[error("the vault is damaged: {0}")]
    Corrupt(&'static str),
    /// The system refused. May pass; the text says what the system said.
    #[error("the vault is unavailable: {0}")]
    Unavailable(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_no_byte_of_itself() {
        let secret = Secret32::new(&[0xab; 32]);
        assert_eq!(format!("{secret:?}"), "Secret32(..)");
        assert_eq!(secret.expose(), &[0xab; 32]);
    }
}
