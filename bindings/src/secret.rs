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
        let mut bytes = Zeroizing::new([0; 32]);
        if self.0.len() != bytes.len() {
            return Err(VaultError::Corrupt("a secret has 32 bytes"));
        }
        bytes.copy_from_slice(&self.0);
        Ok(Secret32::new(*bytes))
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
