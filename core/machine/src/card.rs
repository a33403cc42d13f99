//! Cards: a participant key's signed word on which phone speaks for it.

use minicbor::{Decode, Encode};

use crate::codec;
use crate::fault::PeerFault;
use crate::id::TransportKey;
use crate::key::{ParticipantKey, Seed, Signature, SigningKey, tagged_hash};
use crate::limits::{MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_CARD_AHEAD_MS, MAX_CARD_BYTES, MAX_NAME_BYTES};
use crate::message::TransportSecret;
use crate::time::WallTime;

/// How a card begins in text and QR codes; base64url without padding follows (RFC 4648, section 5).
const TEXT_PREFIX: &str = "countersign:";

/// The only version of a card's statement.
const VERSION: u16 = 1;

/// What a card says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Statement {
    /// Version of this layout: 1.
    #[n(0)]
    version: u16,
    /// Who makes the statement.
    #[n(1)]
    pub participant: ParticipantKey,
    /// Which transport key speaks for it.
    #[n(2)]
    pub transport: TransportKey,
    /// When it was issued: of two cards of one participant the later holds.
    #[n(3)]
    pub issued: WallTime,
    /// First moment at which it does not hold any more.
    #[n(4)]
    pub until: WallTime,
    /// What people call the participant: at most [`MAX_NAME_BYTES`] bytes, chosen by itself.
    #[n(5)]
    pub nickname: String,
    /// Where to dial, as libp2p multiaddresses, best first: at most [`MAX_ADDRESSES`].
    #[n(6)]
    pub addresses: Vec<String>,
}

/// A statement signed by both keys that it joins, verified when it was made or read: the participant's BIP-340
/// signature says who may speak, the transport key's Ed25519 signature that it agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    statement: Statement,
    bytes: Vec<u8>,
}

/// A card's form on the wire: the statement's exact bytes, then both signatures of its hash.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    statement: Vec<u8>,
    #[n(1)]
    participant: Signature,
    #[cbor(n(2), with = "minicbor::bytes")]
    transport: [u8; 64],
}

impl Card {
    /// Signs a card for `transport` with the participant's `key`, and with `transport` itself.
    ///
    /// # Errors
    ///
    /// Returns [`PeerFault::TooLong`] or [`PeerFault::Malformed`] if a name or address breaks a limit, as
    /// every receiver would.
    pub fn issue(
        key: &SigningKey,
        aux: Seed,
        transport: &TransportSecret,
        nickname: String,
        addresses: Vec<String>,
        (issued, until): (WallTime, WallTime),
    ) -> Result<Self, PeerFault> {
        let statement = Statement {
            version: VERSION,
            participant: key.participant(),
            transport: transport.public(),
            issued,
            until,
            nickname,
            addresses,
        };
        statement.check()?;
        let bytes = codec::encode(&statement);
        let hash = signing_hash(&bytes);
        let (participant, transport) = (key.sign(&hash, aux), transport.sign(&hash));
        let bytes = codec::encode(&Signed { statement: bytes, participant, transport });
        check_length(&bytes)?;
        Ok(Self { statement, bytes })
    }

    /// Reads a card and verifies both signatures.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it. Whether it is in date is for [`Card::check_date`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PeerFault> {
        check_length(bytes)?;
        let malformed = PeerFault::Malformed { what: "card" };
        let signed: Signed = codec::decode(bytes).ok_or(malformed)?;
        let statement: Statement = codec::decode(&signed.statement).ok_or(malformed)?;
        if statement.version != VERSION {
            return Err(PeerFault::UnknownVersion { found: statement.version });
        }
        statement.check()?;
        let hash = signing_hash(&signed.statement);
        if !signed.participant.verify(&statement.participant.x_only(), &hash)
            || !statement.transport.verifies(&hash, &signed.transport)
        {
            return Err(PeerFault::BadCard);
        }
        Ok(Self { statement, bytes: bytes.to_vec() })
    }

    /// Reads a card from the text that [`Card::to_text`] writes, spaces around it allowed.
    ///
    /// # Errors
    ///
    /// As [`Card::parse`].
    pub fn from_text(text: &str) -> Result<Self, PeerFault> {
        let malformed = PeerFault::Malformed { what: "card" };
        let encoded = text.trim().strip_prefix(TEXT_PREFIX).ok_or(malformed)?;
        let bytes = data_encoding::BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| malformed)?;
        Self::parse(&bytes)
    }

    /// Returns the card as text, to show, copy or put into a QR code.
    pub fn to_text(&self) -> String {
        format!("{TEXT_PREFIX}{}", data_encoding::BASE64URL_NOPAD.encode(&self.bytes))
    }

    /// Returns the card's bytes: at most [`MAX_CARD_BYTES`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what the card says.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Returns whether this card replaces `other` of the same participant.
    pub fn replaces(&self, other: &Self) -> bool {
        self.statement.issued > other.statement.issued
    }

    /// Checks that the card holds at `now`. One from a clock ahead of ours holds already, within
    /// [`MAX_CARD_AHEAD_MS`].
    ///
    /// # Errors
    ///
    /// Returns [`PeerFault::CardOutOfDate`].
    pub fn check_date(&self, now: WallTime) -> Result<(), PeerFault> {
        let Statement { issued, until, .. } = self.statement;
        if now < until && issued.ms_from(now) <= MAX_CARD_AHEAD_MS {
            Ok(())
        } else {
            Err(PeerFault::CardOutOfDate { from: issued, until })
        }
    }
}

impl Statement {
    /// Checks the limits of the parts.
    fn check(&self) -> Result<(), PeerFault> {
        let fits = |bytes: usize, limit: usize| {
            if bytes <= limit { Ok(()) } else { Err(PeerFault::TooLong { bytes, limit }) }
        };
        fits(self.nickname.len(), MAX_NAME_BYTES)?;
        fits(self.addresses.len(), MAX_ADDRESSES)?;
        self.addresses.iter().try_for_each(|address| fits(address.len(), MAX_ADDRESS_BYTES))?;
        if self.issued < self.until { Ok(()) } else { Err(PeerFault::Malformed { what: "card dates" }) }
    }
}

fn check_length(bytes: &[u8]) -> Result<(), PeerFault> {
    if bytes.len() <= MAX_CARD_BYTES {
        Ok(())
    } else {
        Err(PeerFault::TooLong { bytes: bytes.len(), limit: MAX_CARD_BYTES })
    }
}

/// Returns the 32 bytes that both keys sign.
fn signing_hash(statement: &[u8]) -> [u8; 32] {
    tagged_hash("countersign/card", &[statement])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_survives_text_and_bytes() {
        let card = card();

        assert_eq!(Card::parse(card.as_bytes()), Ok(card.clone()));
        assert_eq!(Card::from_text(&format!(" {}\n", card.to_text())), Ok(card));
    }

    #[test]
    fn any_changed_byte_of_a_card_is_noticed() {
        let good = card();
        for at in 0..good.as_bytes().len() {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] ^= 1;

            assert!(Card::parse(&bytes).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_card_for_another_key_is_refused() {
        let mut signed: Signed = codec::decode(card().as_bytes()).expect("a card");
        let mut statement: Statement = codec::decode(&signed.statement).expect("a statement");
        statement.participant = key(2).participant();
        signed.statement = codec::encode(&statement);

        assert_eq!(Card::parse(&codec::encode(&signed)), Err(PeerFault::BadCard));
    }

    #[test]
    fn a_card_that_names_another_phone_without_its_consent_is_refused() {
        let mut signed: Signed = codec::decode(card().as_bytes()).expect("a card");
        let mut statement: Statement = codec::decode(&signed.statement).expect("a statement");
        statement.transport = TransportSecret::new(&[8; 32]).public();
        signed.statement = codec::encode(&statement);
        signed.participant = key(1).sign(&signing_hash(&signed.statement), Seed::new([0; 32]));

        assert_eq!(Card::parse(&codec::encode(&signed)), Err(PeerFault::BadCard));
    }

    #[test]
    fn a_card_over_a_limit_is_neither_issued_nor_read() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        let issued = issue(long, vec![]);
        assert_eq!(issued, Err(PeerFault::TooLong { bytes: 65, limit: 64 }));

        let many = vec!["/ip4/127.0.0.1/tcp/1".to_owned(); MAX_ADDRESSES + 1];
        assert_eq!(issue(String::new(), many), Err(PeerFault::TooLong { bytes: 9, limit: 8 }));

        let huge = vec![0; MAX_CARD_BYTES + 1];
        assert_eq!(Card::parse(&huge), Err(PeerFault::TooLong { bytes: 1025, limit: 1024 }));
    }

    #[test]
    fn a_card_ends_on_time() {
        let card = card();

        assert_eq!(card.check_date(WallTime(1999)), Ok(()));
        assert!(card.check_date(WallTime(2000)).is_err());
    }

    #[test]
    fn a_card_from_more_than_a_day_ahead_waits_for_its_day() {
        let ahead = MAX_CARD_AHEAD_MS + 1000;
        let dates = (WallTime(ahead), WallTime(ahead + 1000));
        let transport = TransportSecret::new(&[9; 32]);
        let card = Card::issue(&key(1), Seed::new([0; 32]), &transport, String::new(), vec![], dates)
            .expect("within the limits");

        assert_eq!(card.check_date(WallTime(1000)), Ok(()));
        assert!(card.check_date(WallTime(999)).is_err());
    }

    fn key(number: u8) -> SigningKey {
        SigningKey::from_bytes(&[number; 32]).expect("a valid secret")
    }

    fn issue(nickname: String, addresses: Vec<String>) -> Result<Card, PeerFault> {
        let transport = TransportSecret::new(&[9; 32]);
        let dates = (WallTime(1000), WallTime(2000));
        Card::issue(&key(1), Seed::new([0; 32]), &transport, nickname, addresses, dates)
    }

    fn card() -> Card {
        issue("Ada".into(), vec!["/ip4/127.0.0.1/tcp/4001".into()]).expect("within the limits")
    }
}
