//! What the app implements.

use std::sync::Arc;

use countersign_driver::machine::effect::KeyPurpose;
use countersign_driver::vault::{self, Secret32, VaultError};
use tokio::sync::Notify;

use crate::error::{PortFault, VaultFault};
use crate::secret::Secret;

/// Keeps the two secrets of a co-signer, each of 32 random bytes that stay the same for ever. What it returns is wiped here; it wipes its
/// own copies.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait Vault: Send + Sync {
    /// Returns the secret that connections are made with. It is asked for without the user, also in the background: only the phone's first
    /// unlock may stand before it.
    fn transport_secret(&self) -> Result<Secret, VaultFault>;

    /// Returns the secret that signs. May ask the user, and take as long as that does.
    async fn signing_secret(&self, purpose: KeyPurpose) -> Result<Secret, VaultFault>;
}

/// Hears that something has changed, and then reads what it shows.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// Something has changed: `status`, `plan` or `wake_plan` may be others now. Called from a thread of the library's, not more often than
    /// ten times a second.
    fn on_change(&self) -> Result<(), PortFault>;
}

/// Finds co-signers in the local network by what the system has for it; answers by `Node.add_lan_candidate`.
#[uniffi::export(foreign)]
pub trait LanDiscovery: Send + Sync {
    /// Begins to look for services of this type (`_countersign._tcp`), and to announce ours.
    fn start(&self, service: String) -> Result<(), PortFault>;

    /// Ends both.
    fn stop(&self) -> Result<(), PortFault>;
}

/// The app's vault as the driver has it.
pub(crate) struct ForeignVault(pub(crate) Arc<dyn Vault>);

impl vault::Vault for ForeignVault {
    fn transport_secret(&self) -> Result<Secret32, VaultError> {
        self.0.transport_secret()?.into_32()
    }

    fn signing_secret(
        &self,
        why: KeyPurpose,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Secret32, VaultError>> + Send + '_>> {
        Box::pin(async move { self.0.signing_secret(why).await?.into_32() })
    }
}

/// How long changes are collected before the app hears of them.
const COALESCE: std::time::Duration = std::time::Duration::from_millis(100);

/// Tells the app of changes until it is ended.
pub(crate) async fn tell(changed: Arc<Notify>, observer: Arc<dyn Observer>) {
    loop {
        changed.notified().await;
        let told = Arc::clone(&observer);
        // What the app does there may block.
        let heard = tokio::task::spawn_blocking(move || told.on_change()).await;
        if !matches!(heard, Ok(Ok(()))) {
            tracing::warn!("the observer failed");
        }
        tokio::time::sleep(COALESCE).await;
    }
}
