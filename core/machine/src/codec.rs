//! One deterministic CBOR encoding for everything that is signed, sent or kept (RFC 8949, 4.2.1).

use minicbor::{Decode, Encode};

/// Encodes `value`.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    minicbor::encode(value, &mut bytes).expect("writing to memory does not fail");
    bytes
}

/// Decodes a `T` that fills `bytes` and is encoded as [`encode`] would.
///
/// One meaning has one form: what was signed can be rebuilt from what was understood.
pub(crate) fn decode<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<T> {
    let value: T = minicbor::decode(bytes).ok()?;
    (encode(&value) == bytes).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_form_of_the_same_value_is_refused() {
        assert_eq!(decode::<u8>(&[0x05]), Some(5));
        assert_eq!(decode::<u8>(&[0x18, 0x05]), None, "a longer integer");
        assert_eq!(decode::<u8>(&[0x05, 0x00]), None, "a trailing byte");
        assert_eq!(decode::<u8>(&[]), None, "nothing");
    }
}
