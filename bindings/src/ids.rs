//! Identifiers, keys and numbers as the other languages have them: hex as text, numbers as numbers.

use countersign_driver::machine::id::{Attempt, EventId, SessionId, Slot, TransportKey, WalletId};
use countersign_driver::machine::key::{ParticipantKey, XOnlyKey};
use countersign_driver::machine::plan::NotificationKey;
use countersign_driver::machine::time::WallTime;

/// Says that a type of the core is text elsewhere, as it writes and reads itself.
macro_rules! as_text {
    ($($name:ident),*) => {
        $(uniffi::custom_type!($name, String, {
            remote,
            lower: |value| value.to_string(),
            try_lift: |text| Ok(text.parse()?),
        });)*
    };
}

as_text!(SessionId, WalletId, TransportKey, EventId, ParticipantKey, XOnlyKey, NotificationKey);

uniffi::custom_type!(Slot, u8, { remote, lower: |slot| slot.0, try_lift: |index| Ok(Slot(index)) });
uniffi::custom_type!(Attempt, u8, { remote, lower: |attempt| attempt.0, try_lift: |number| Ok(Attempt(number)) });
uniffi::custom_type!(WallTime, u64, { remote, lower: |time| time.0, try_lift: |ms| Ok(WallTime(ms)) });
uniffi::custom_type!(usize, u64, {
    remote,
    lower: |count| count as u64,
    try_lift: |count| Ok(usize::try_from(count)?),
});
