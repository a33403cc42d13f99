//! A vault in memory, with refusals on demand.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::{KeyPurpose, Secret32, Vault, VaultError};

/// A vault that keeps its secrets in memory and asks nobody. For tests and simulations.
#[derive(Debug)]
pub struct MemoryVault {
    transport: Secret32,
    signing: Secret32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    transport_refusal: Option<VaultError>,
    signing_refusal: Option<VaultError>,
    asked: Vec<KeyPurpose>,
}

impl MemoryVault {
    /// Makes a vault of these two secrets.
    pub fn new(transport: Secret32, signing: Secret32) -> Self {
        MemoryVault { transport, signing, state: Mutex::default() }
    }

    /// Refuses the transport secret with `error` from now on; `None` gives it again.
    pub fn refuse_transport(&self, error: Option<VaultError>) {
        self.state().transport_refusal = error;
    }

    /// Refuses the signing secret with `error` from now on; `None` gives it again.
    pub fn refuse_signing(&self, error: Option<VaultError>) {
        self.state().signing_refusal = error;
    }

    /// Returns what the signing secret was asked for, oldest first, refused or not.
    pub fn asked(&self) -> Vec<KeyPurpose> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, why: KeyPurpose) -> Result<Secret32, VaultError> {
        let mut state = self.state();
        state.asked.push(why);
        give(&self.signing, &state.signing_refusal)
    }
}

impl Vault for MemoryVault {
    fn transport_secret(&self) -> Result<Secret32, VaultError> {
        give(&self.transport, &self.state().transport_refusal)
    }

    fn signing_secret(&self, why: KeyPurpose) -> BoxFuture<'_, Result<Secret32, VaultError>> {
        ready(self.answer(why)).boxed()
    }
}

fn give(secret: &Secret32, refusal: &Option<VaultError>) -> Result<Secret32, VaultError> {
    match refusal {
        Some(error) => Err(error.clone()),
        None => Ok(Secret32::new(secret.expose())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_each_secret_and_remembers_what_the_signing_one_was_for() {
        let vault = MemoryVault::new(Secret32::new(&[1; 32]), Secret32::new(&[2; 32]));
        assert_eq!(vault.transport_secret().expect("nothing is refused").expose(), &[1; 32]);
        let signing = ask(&vault, KeyPurpose::Sign).expect("nothing is refused");
        assert_eq!(signing.expose(), &[2; 32]);
        assert_eq!(vault.asked(), [KeyPurpose::Sign]);
    }

    #[test]
    fn it_refuses_either_secret_until_told_otherwise() {
        let vault = MemoryVault::new(Secret32::new(&[1; 32]), Secret32::new(&[2; 32]));

        vault.refuse_signing(Some(VaultError::UserCancelled));
        assert_eq!(ask(&vault, KeyPurpose::Card).err(), Some(VaultError::UserCancelled));
        assert!(vault.transport_secret().is_ok());

        vault.refuse_signing(None);
        vault.refuse_transport(Some(VaultError::NotAvailableBeforeFirstUnlock));
        assert!(ask(&vault, KeyPurpose::Nonces).is_ok());
        assert_eq!(vault.transport_secret().err(), Some(VaultError::NotAvailableBeforeFirstUnlock));
        assert_eq!(vault.asked(), [KeyPurpose::Card, KeyPurpose::Nonces]);
    }

    fn ask(vault: &MemoryVault, why: KeyPurpose) -> Result<Secret32, VaultError> {
        vault.signing_secret(why).now_or_never().expect("memory answers at once")
    }
}
