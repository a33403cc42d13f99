//! Lower-case hex, the form in which people and JSON see our bytes.

/// Why a text is not the hex that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexFault {
    /// The text has another length.
    #[error("expected {expected} hex digits, got {got}")]
    Length {
        /// Digits that the type has.
        expected: usize,
        /// Digits that were given.
        got: usize,
    },
    /// A character is not a hex digit.
    #[error("not a hex digit at position {at}")]
    Digit {
        /// Byte offset in the text.
        at: usize,
    },
}

/// Writes `bytes` as lower-case hex.
pub(crate) fn write(f: &mut std::fmt::Formatter<'_>, bytes: &[u8]) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `N` bytes of hex, in either case.
///
/// # Errors
///
/// Returns what is wrong with the text: its length or the first digit that is none.
pub(crate) fn parse<const N: usize>(text: &str) -> Result<[u8; N], HexFault> {
    if text.len() != 2 * N {
        return Err(HexFault::Length { expected: 2 * N, got: text.len() });
    }
    let mut bytes = [0; N];
    for (at, digit) in text.bytes().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'A'..=b'F' => digit - b'A' + 10,
            _ => return Err(HexFault::Digit { at }),
        };
        bytes[at / 2] = bytes[at / 2] << 4 | value;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_of_either_case_reads_and_everything_else_is_named() {
        assert_eq!(parse::<2>("0aFf"), Ok([0x0a, 0xff]));
        assert_eq!(parse::<2>("0a"), Err(HexFault::Length { expected: 4, got: 2 }));
        assert_eq!(parse::<2>("0a0g"), Err(HexFault::Digit { at: 3 }));
    }
}
