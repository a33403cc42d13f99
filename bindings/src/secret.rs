//! Bytes that are wiped wherever they have been.

use countersign_driver::vault::{Secret32, VaultError};
use uniffi::{FfiConverter, MetadataBuffer, RustBuffer, TypeId};
use zeroize::{Zeroize, Zeroizing};

/// A secret on its way in: a byte array in the other languages. The buffer that brings it is wiped, too, which UniFFI's own bytes are
/// not. It never goes out.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Returns the secret as the driver has it.
    ///
    /// # Errors
    ///
    /// [`VaultError::Corrupt`] if it has not 32 bytes.
    pub(crate) fn into_32(self) -> Result<Secret32, VaultError> {
        let bytes = self.0.as_slice().try_into().map_err(|_| VaultError::Corrupt("a secret has 32 bytes"))?;
        Ok(Secret32::new(bytes))
    }
}

// SAFETY: the foreign side writes these as it writes bytes, an `i32` of their number and then as many, and the metadata say so; `lower`
// and `write` write nothing else.
unsafe impl<T> FfiConverter<T> for Secret {
    type FfiType = RustBuffer;

    const TYPE_ID_META: MetadataBuffer = <Vec<u8> as TypeId<T>>::TYPE_ID_META;

    fn lower(_: Self) -> RustBuffer {
        RustBuffer::from_vec(vec![0; size_of::<i32>()])
    }

    fn try_lift(buffer: RustBuffer) -> uniffi::Result<Self> {
        let mut held = buffer.destroy_into_vec();
        let read = <Self as FfiConverter<T>>::try_read(&mut held.as_slice());
        held.zeroize();
        read
    }

    fn write(_: Self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&0_i32.to_be_bytes());
    }

    fn try_read(buffer: &mut &[u8]) -> uniffi::Result<Self> {
        let bytes = Zeroizing::new(<Vec<u8> as uniffi::Lift<T>>::try_read(buffer)?);
        Ok(Self(bytes))
    }
}

uniffi::derive_ffi_traits!(blanket Secret);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::FileExt;
    use std::path::PathBuf;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::time::Duration;

    use countersign_driver as driver;
    use countersign_driver::machine::effect::KeyPurpose;

    use super::*;
    use crate::error::VaultFault;
    use crate::node::{Config, Node};
    use crate::ports::Vault;

    /// What hides the secrets of this test from its own search.
    const MASK: u8 = 0xa5;
    const MASKED: [[u8; 32]; 2] =
        [*b"one of thirty-two bytes, masked:", *b"the other of as many, masked too"];

    /// Hands secrets over as the other languages do: in a buffer of the library's.
    struct Keeper;

    impl Keeper {
        fn hand_over(which: usize) -> Secret {
            let mut written = 32_i32.to_be_bytes().to_vec();
            written.reserve_exact(32);
            written.extend(MASKED[which].iter().map(|byte| byte ^ MASK));
            let lifted = <Secret as FfiConverter<crate::UniFfiTag>>::try_lift(RustBuffer::from_vec(written));
            lifted.expect("as it is written elsewhere")
        }
    }

    #[async_trait::async_trait]
    impl Vault for Keeper {
        fn transport_secret(&self) -> Result<Secret, VaultFault> {
            Ok(Self::hand_over(0))
        }

        async fn signing_secret(&self, _: KeyPurpose) -> Result<Secret, VaultFault> {
            Ok(Self::hand_over(1))
        }
    }

    impl countersign_driver::vault::Vault for Keeper {
        fn transport_secret(&self) -> Result<Secret32, VaultError> {
            Self::hand_over(0).into_32()
        }

        fn signing_secret(
            &self,
            _: KeyPurpose,
        ) -> Pin<Box<dyn Future<Output = Result<Secret32, VaultError>> + Send>> {
            Box::pin(async { Self::hand_over(1).into_32() })
        }
    }

    /// Counts pieces of eight bytes of the two secrets in all that this process may write to.
    fn pieces() -> (usize, usize) {
        (pieces_of(0), pieces_of(1))
    }

    fn pieces_of(which: usize) -> usize {
        let memory = File::open("/proc/self/mem").expect("our own memory");
        let maps = fs::read_to_string("/proc/self/maps").expect("our own regions");
        let mut found = 0;
        for region in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, rest) = region.split_once('-').expect("a range");
            let number = |text: &str| u64::from_str_radix(text, 16).expect("hex");
            let (from, to) = (number(from), number(rest.split(' ').next().expect("an end")));
            let mut bytes = vec![0; usize::try_from(to - from).expect("it fits into memory")];
            // Some regions are the kernel's.
            if memory.read_exact_at(&mut bytes, from).is_err() {
                continue;
            }
            // Unmasked on the way: what is found must not be what the search has written.
            for piece in MASKED[which].chunks_exact(8) {
                let begins = bytes.iter().enumerate().filter(|(_, byte)| **byte ^ MASK == piece[0]);
                let is =
                    |window: &[u8]| window.iter().zip(piece).all(|(byte, masked)| byte ^ MASK == *masked);
                found += begins.filter(|(at, _)| bytes.get(*at..at + 8).is_some_and(is)).count();
            }
        }
        found
    }

    #[test]
    fn nothing_is_left_of_secrets_that_came_in_once_a_node_is_closed() {
        let held = Keeper::hand_over(1);
        assert!(pieces_of(1) >= 4, "the search finds what is there");
        drop(held);
        let folder = std::env::temp_dir().join(format!("countersign-secret-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        assert_eq!(found_after_opening(folder.join("one.db")), (0, 0), "just opened, and dropped");

        let journal = folder.join("other.db").to_str().expect("text").to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let config = Config { journal, listen: vec![], relays: vec![], boot: None };
            let node = Node::open(config, Arc::new(Keeper), None, None).await.expect("it opens");
            node.issue_card("Ada".to_owned()).await.expect("the vault gives the key");
            for _ in 0..500 {
                if node.status().await.expect("it runs").card.is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert!(node.status().await.expect("it runs").card.is_some());
            node.close().await.expect("it closes");
        });
        drop(runtime);
        fs::remove_dir_all(&folder).expect("it is ours");

        assert_eq!(pieces(), (0, 0));
    }

    /// Opens a co-signer that listens and drops it, on a thread that does nothing else, and searches while that thread's stack is as the
    /// opening left it.
    fn found_after_opening(journal: PathBuf) -> (usize, usize) {
        let (opened, wait) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let listen = vec!["/ip4/127.0.0.1/tcp/0".to_owned()];
            let config = driver::Config { journal, listen, relays: vec![], mdns: false, boot: None };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let opening = driver::Node::open(&config, Arc::new(Keeper), |_| ());
            drop(runtime.expect("a runtime").block_on(opening).expect("it opens"));
            opened.send(()).expect("somebody waits");
            ended.recv().ok();
        });
        wait.recv().expect("it opens");
        let found = pieces();
        drop(end);
        thread.join().expect("it has ended");
        found
    }
}
