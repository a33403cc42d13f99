//! A co-signer that lies: an honest node whose words are changed on their way out, signed with its own key.

use std::sync::Arc;

use countersign_machine::frame::Frame;
use countersign_machine::id::{Attempt, SessionId, Slot, TransportKey};
use countersign_machine::limits::{MAX_CLOCK_SKEW_MS, MAX_TEXT_BYTES};
use countersign_machine::message::{Body, DeclineReason, Envelope, Message};
use countersign_machine::time::WallTime;

use super::dice::Dice;
use crate::rig::forge;

/// A way of lying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trick {
    /// Shows one neighbour other nonces than the rest.
    OtherNonces,
    /// Sends partial signatures that are none.
    WrongPartials,
    /// Sends nonces that are no points.
    InvalidNonces,
    /// Says nothing.
    Withholds,
    /// Claims final signatures that are none, too early.
    FalseCompletion,
    /// Speaks for another slot.
    FalseSlot,
    /// Says it of another attempt.
    OtherAttempt,
    /// Says it of another session.
    OtherSession,
    /// Declines, and goes on.
    Declines,
    /// Lies about its clock.
    FalseClock,
    /// Proposes what is stale, from the future or too large.
    BadProposal,
    /// Repeats something it said or heard before.
    Replays,
    /// Sends bytes that mean nothing.
    Garbage,
    /// Sends the same many times, and words about sessions that nobody knows.
    Floods,
}

const TRICKS: [Trick; 14] = [
    Trick::OtherNonces,
    Trick::WrongPartials,
    Trick::InvalidNonces,
    Trick::Withholds,
    Trick::FalseCompletion,
    Trick::FalseSlot,
    Trick::OtherAttempt,
    Trick::OtherSession,
    Trick::Declines,
    Trick::FalseClock,
    Trick::BadProposal,
    Trick::Replays,
    Trick::Garbage,
    Trick::Floods,
];

/// How many old frames a liar remembers.
const MEMORY: usize = 64;

/// A liar: its keys and its habits.
pub(super) struct Liar {
    seed: [u8; 32],
    me: Slot,
    slots: u8,
    tricks: Vec<Trick>,
    heard: Vec<Arc<[u8]>>,
    /// How many lies it has left: two liars could go on for ever.
    left: u32,
}

/// How often one liar lies.
const LIES: u32 = 100;

impl Liar {
    /// Makes the liar in slot `me`, with one to three habits.
    pub(super) fn new(seed: [u8; 32], me: usize, slots: usize, mut dice: Dice) -> Self {
        let tricks = (0..dice.between(1, 3)).map(|_| TRICKS[dice.index(TRICKS.len())]).collect();
        Self { seed, me: Slot(me as u8), slots: slots as u8, tricks, heard: Vec::new(), left: LIES }
    }

    /// Remembers a frame that it sent or got.
    pub(super) fn hear(&mut self, frame: &Arc<[u8]>) {
        if self.heard.len() < MEMORY {
            self.heard.push(Arc::clone(frame));
        }
    }

    /// Returns what it would send instead of `frame`, and by which trick, if it feels like it.
    pub(super) fn twist(
        &mut self,
        to: &TransportKey,
        frame: &Arc<[u8]>,
        mut dice: Dice,
    ) -> Option<(Trick, Vec<Arc<[u8]>>)> {
        let trick = self.tricks[dice.index(self.tricks.len())];
        if self.left == 0 || dice.yes(500) {
            return None;
        }
        let same = || Arc::clone(frame);
        let said = match trick {
            Trick::Replays => vec![same(), Arc::clone(self.heard.get(dice.index(MEMORY))?)],
            Trick::Garbage => vec![same(), dice.bytes()[..dice.index(33)].into()],
            Trick::FalseClock => match Frame::parse(frame).ok()? {
                Frame::Pong { challenge, wall, .. } => {
                    let wall = WallTime(wall.0.wrapping_add(dice.draw()));
                    vec![forge::pong(&self.seed, to, challenge, wall).to_bytes()]
                }
                Frame::Hello { .. }
                | Frame::Have { .. }
                | Frame::Envelope { .. }
                | Frame::Ping { .. }
                | Frame::Refuse { .. }
                | Frame::Card { .. }
                | Frame::Evidence { .. }
                | Frame::Presence { .. } => return None,
            },
            Trick::Floods => {
                let mut said = vec![same(); 20];
                if let Some(body) = self.own(frame) {
                    said.extend(
                        (0..20).map(|_| self.seal(Body { session: SessionId(dice.bytes()), ..body.clone() })),
                    );
                }
                said
            }
            Trick::OtherNonces
            | Trick::WrongPartials
            | Trick::InvalidNonces
            | Trick::Withholds
            | Trick::FalseCompletion
            | Trick::FalseSlot
            | Trick::OtherAttempt
            | Trick::OtherSession
            | Trick::Declines
            | Trick::BadProposal => self.rephrase(trick, frame, &mut dice)?,
        };
        self.left -= 1;
        Some((trick, said))
    }

    /// Says something else than the envelope of its own in `frame`.
    fn rephrase(&self, trick: Trick, frame: &Arc<[u8]>, dice: &mut Dice) -> Option<Vec<Arc<[u8]>>> {
        let mut body = self.own(frame)?;
        let same = Arc::clone(frame);
        match trick {
            Trick::Withholds => return Some(Vec::new()),
            Trick::OtherNonces => {
                let nonces = nonces(&mut body.message)?;
                let (first, second) = nonces.get_mut(..66)?.split_at_mut(33);
                first.swap_with_slice(second);
            }
            Trick::InvalidNonces => *nonces(&mut body.message)?.first_mut()? = 5,
            Trick::WrongPartials => *partials(&mut body.message)?.get_mut(31)? ^= 1,
            Trick::OtherAttempt => {
                let attempt = attempt(&mut body.message)?;
                *attempt = Attempt(attempt.0.wrapping_add(dice.between(1, 9) as u8));
            }
            Trick::FalseSlot => {
                body.slot =
                    Slot((self.me.0 + dice.between(1, u64::from(self.slots)) as u8) % (self.slots + 1));
            }
            Trick::OtherSession => body.session = self.session_of(dice.index(MEMORY))?,
            Trick::FalseCompletion => {
                let items = match nonces(&mut body.message) {
                    Some(nonces) => nonces.len() / 66,
                    None => partials(&mut body.message)?.len() / 32,
                };
                let signatures = (0..2 * items).flat_map(|_| dice.bytes()).collect();
                body.message = Message::Complete { signatures };
                return Some(vec![same, self.seal(body)]);
            }
            Trick::Declines => {
                body.message = Message::Decline { reason: DeclineReason::Policy };
                return Some(vec![same, self.seal(body)]);
            }
            Trick::BadProposal => {
                let Message::Propose { terms, .. } = &mut body.message else { return None };
                match dice.below(3) {
                    0 => terms.deadline = WallTime(terms.created.0 - 1),
                    1 => terms.created = WallTime(terms.created.0 + 2 * MAX_CLOCK_SKEW_MS),
                    _ => terms.payload.text = "x".repeat(MAX_TEXT_BYTES + 1),
                }
                body.session = terms.session_id();
                return Some(vec![same, self.seal(body)]);
            }
            Trick::FalseClock | Trick::Replays | Trick::Garbage | Trick::Floods => return None,
        }
        Some(vec![self.seal(body)])
    }

    /// Returns what the liar itself says in `frame`.
    fn own(&self, frame: &[u8]) -> Option<Body> {
        let Ok(Frame::Envelope { envelope, .. }) = Frame::parse(frame) else { return None };
        let envelope = Envelope::parse(&envelope).ok()?;
        (envelope.body().slot == self.me).then(|| envelope.body().clone())
    }

    fn session_of(&self, heard: usize) -> Option<SessionId> {
        let Ok(Frame::Envelope { envelope, .. }) = Frame::parse(self.heard.get(heard)?) else { return None };
        Some(Envelope::parse(&envelope).ok()?.body().session)
    }

    fn seal(&self, body: Body) -> Arc<[u8]> {
        forge::sealed_frame(&self.seed, &body).into()
    }
}

fn nonces(message: &mut Message) -> Option<&mut Vec<u8>> {
    match message {
        Message::Propose { nonces, .. } | Message::Nonces { nonces, .. } | Message::Answer { nonces, .. } => {
            Some(nonces)
        }
        Message::Partials { .. } | Message::Complete { .. } | Message::Decline { .. } => None,
        Message::Cancel | Message::Extend { .. } => None,
    }
}

fn partials(message: &mut Message) -> Option<&mut Vec<u8>> {
    match message {
        Message::Partials { partials, .. } | Message::Answer { partials, .. } => Some(partials),
        Message::Propose { .. }
        | Message::Nonces { .. }
        | Message::Complete { .. }
        | Message::Decline { .. }
        | Message::Cancel
        | Message::Extend { .. } => None,
    }
}

fn attempt(message: &mut Message) -> Option<&mut Attempt> {
    match message {
        Message::Nonces { attempt, .. }
        | Message::Partials { attempt, .. }
        | Message::Answer { attempt, .. } => Some(attempt),
        Message::Propose { .. } | Message::Complete { .. } | Message::Decline { .. } => None,
        Message::Cancel | Message::Extend { .. } => None,
    }
}
