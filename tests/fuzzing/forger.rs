//! A liar's words inside a script: validly signed envelopes and cards that no honest phone would write.

use countersign_machine::card::Statement;
use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, Slot};
use countersign_machine::key::{Seed, SigningKey};
use countersign_machine::message::{Body, DeclineReason, Message, Terms};
use countersign_machine::time::WallTime;
use countersign_machine::wallet::derive::{KeyPath, Taproot};
use ed25519_dalek::{Signer, SigningKey as TransportSigner};

use crate::rig::forge::{sealed_frame, tagged_hash};
use crate::rig::{Flight, World, payload};

/// What to forge: a few numbers that the fuzzer turns.
pub(super) struct Lie {
    /// Whose phone lies.
    pub(super) author: usize,
    /// Which slot it claims.
    pub(super) slot: u8,
    /// Which session it speaks of.
    pub(super) session: SessionId,
    /// What kind of message it is.
    pub(super) kind: u8,
    /// For which attempt.
    pub(super) attempt: u8,
    /// Which earlier words it takes its contents from, or junk.
    pub(super) source: u8,
}

/// Signs `statement`, the bytes of a card's content, with the keys that it names if a phone of `world` has them.
pub(super) fn sign_statement(world: &World, statement: &Statement, bytes: &[u8]) -> Vec<u8> {
    let hash = tagged_hash("countersign/card", &[bytes]);
    let first = &world.phones[0];
    let author = world.phones.iter().find(|phone| phone.participant() == statement.participant);
    let signer: SigningKey = author.unwrap_or(first).key();
    let phone = world.phone_of(&statement.transport).map_or(first, |who| &world.phones[who]);
    let transport = TransportSigner::from_bytes(phone.transport_seed()).sign(&hash).to_bytes();
    let participant = signer.sign(&hash, Seed::new([3; 32]));
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let written = encoder.array(3).and_then(|e| e.bytes(bytes)).and_then(|e| e.encode(participant));
    written.and_then(|e| e.bytes(&transport)).expect("writing to memory does not fail");
    encoder.into_writer()
}

/// Returns the frame in which a phone tells `lie`.
pub(super) fn tell(world: &World, lie: &Lie) -> Vec<u8> {
    let (session, message) = match lie.kind % 8 {
        0 => {
            let terms = terms(world, lie);
            (terms.session_id(), Message::Propose { nonces: nonces(world, lie), terms })
        }
        kind => (lie.session, message(world, lie, kind)),
    };
    let body = Body { wallet: world.wallet, session, slot: Slot(lie.slot), message };
    sealed_frame(world.phones[lie.author].transport_seed(), &body)
}

fn message(world: &World, lie: &Lie, kind: u8) -> Message {
    let attempt = Attempt(lie.attempt);
    let (set, partials) = partials(world, lie);
    match kind {
        1 => Message::Nonces { attempt, nonces: nonces(world, lie) },
        2 => Message::Partials { attempt, set, partials },
        3 => Message::Answer { attempt, set, nonces: nonces(world, lie), partials },
        4 => Message::Complete { signatures: vec![lie.source; 64 * usize::from(lie.attempt % 3)] },
        5 => Message::Decline { reason: DeclineReason::Policy },
        7 => Message::Extend { until: WallTime(world.now.wall.0 + (u64::from(lie.source) << 24)) },
        _ => Message::Cancel,
    }
}

/// Returns terms of a session of one item, some of them beyond a limit.
fn terms(world: &World, lie: &Lie) -> Terms {
    let wall = world.now.wall.0;
    let mut payload = payload(1);
    let (mut created, mut lasts) = (wall, 300_000);
    match lie.source % 8 {
        0 => payload.items.clear(),
        1 => created = wall + 301_000,
        2 => created = wall.saturating_sub(301_000),
        3 => lasts = 999,
        4 => lasts = u64::from(u32::MAX),
        5 => payload.items[0].key = KeyPath::new(vec![7; 10], Taproot::KeySpend).expect("ten steps"),
        _ => {}
    }
    Terms {
        wallet: world.wallet,
        proposer: Slot(lie.slot),
        created: WallTime(created),
        deadline: WallTime(created + lasts),
        random: [lie.attempt; 32],
        payload,
    }
}

/// Returns nonces that somebody has sent, or bytes that are none.
fn nonces(world: &World, lie: &Lie) -> Vec<u8> {
    let heard = heard(world, lie, |message| message.nonces().map(|(_, nonces)| nonces.to_vec()));
    heard.unwrap_or_else(|| vec![lie.source; 66])
}

/// Returns partial signatures that somebody has sent and their set, or bytes that are none.
fn partials(world: &World, lie: &Lie) -> (NonceSetDigest, Vec<u8>) {
    let heard =
        heard(world, lie, |message| message.partials().map(|(_, set, partials)| (set, partials.to_vec())));
    heard.unwrap_or_else(|| (NonceSetDigest([lie.source; 32]), vec![lie.source; 32]))
}

fn heard<T>(world: &World, lie: &Lie, pick: impl Fn(&Message) -> Option<T>) -> Option<T> {
    let envelopes = world.sent.iter().rev().filter_map(Flight::envelope);
    let mut fitting = envelopes.filter_map(|envelope| pick(&envelope.body().message));
    fitting.nth(usize::from(lie.source >> 3)).filter(|_| lie.source & 4 == 0)
}
