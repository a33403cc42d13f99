//! Participants that lie: an honest node decides, and what it says is changed on its way out.

use std::collections::BTreeSet;

use countersign_machine::frame::Frame;
use countersign_machine::id::SessionId;
use countersign_machine::message::{Body, Envelope, Message, TransportSecret};
use countersign_machine::status::Blamed;

use super::{Flight, World, forge};

/// What becomes of a frame: the frames that leave instead.
pub(super) type Lie = Box<dyn FnMut(&Flight) -> Vec<Vec<u8>> + Send + Sync>;

/// One of a liar's own messages, on its way to one phone.
pub struct Word {
    /// Who lies.
    pub from: usize,
    /// Who hears it.
    pub to: usize,
    /// What its node would say.
    pub body: Body,
}

impl Word {
    /// Says what the node would say.
    pub fn truth(&self) -> Vec<Message> {
        vec![self.body.message.clone()]
    }

    /// Says what the node would say, but nothing of these names.
    pub fn withhold(&self, names: &[&str]) -> Vec<Message> {
        if names.contains(&self.body.message.name()) { vec![] } else { self.truth() }
    }

    /// Shows every phone other nonces, in the first so many attempts.
    pub fn equivocate(&self, attempts: u8) -> Vec<Message> {
        let mut message = self.body.message.clone();
        match &mut message {
            Message::Propose { nonces, .. } => *nonces = self.other_nonces(nonces, 0),
            Message::Nonces { attempt, nonces } | Message::Answer { attempt, nonces, .. }
                if attempt.0 < attempts =>
            {
                *nonces = self.other_nonces(nonces, attempt.0);
            }
            Message::Nonces { .. }
            | Message::Answer { .. }
            | Message::Partials { .. }
            | Message::Complete { .. }
            | Message::Decline { .. }
            | Message::Cancel
            | Message::Extend { .. } => {}
        }
        vec![message]
    }

    fn other_nonces(&self, nonces: &[u8], attempt: u8) -> Vec<u8> {
        forge::nonces(nonces.len() / 66, &[self.from as u8, self.to as u8, attempt])
    }

    /// Changes the partial signatures by one bit, and keeps the completion back.
    pub fn spoil(&self) -> Vec<Message> {
        let mut message = self.body.message.clone();
        match &mut message {
            Message::Partials { partials, .. } | Message::Answer { partials, .. } => {
                let byte = self.from % partials.len();
                partials[byte] ^= 1;
            }
            Message::Complete { .. } => return vec![],
            Message::Propose { .. }
            | Message::Nonces { .. }
            | Message::Decline { .. }
            | Message::Cancel
            | Message::Extend { .. } => {}
        }
        vec![message]
    }
}

impl World {
    /// Lets the liars say, from now on, what `lie` makes of each of their own messages to each phone: nothing, the
    /// same, or others.
    pub fn lie(
        &mut self,
        liars: &[usize],
        mut lie: impl FnMut(&Word) -> Vec<Message> + Send + Sync + 'static,
    ) {
        let mut seeds: Vec<Option<[u8; 32]>> = vec![None; self.phones.len()];
        liars.iter().for_each(|liar| seeds[*liar] = Some(*self.phones[*liar].transport_seed()));
        self.lie = Some(Box::new(move |flight| {
            let own = seeds[flight.from].and_then(|seed| Some((seed, own_words(flight, &seed)?)));
            let Some((seed, (frame, envelope))) = own else { return vec![flight.bytes.to_vec()] };
            let said = lie(&Word { from: flight.from, to: flight.to, body: envelope.body().clone() });
            let said = said.into_iter().map(|message| {
                let body = Body { message, ..envelope.body().clone() };
                let truth = body == *envelope.body();
                let bytes = if truth { envelope.bytes().to_vec() } else { forge::seal(&seed, &body) };
                let frame = with_envelope(&frame, bytes);
                frame.to_bytes().to_vec()
            });
            said.collect()
        }));
    }

    /// Lets the liars behave from now on.
    pub fn behave(&mut self) {
        self.lie = None;
    }

    /// Returns the phones that are none of the liars.
    pub fn honest(&self, liars: &[usize]) -> Vec<usize> {
        (0..self.phones.len()).filter(|who| !liars.contains(who)).collect()
    }

    /// Returns what was proven in a session, once every honest phone that lives says the same.
    ///
    /// # Panics
    ///
    /// Panics if they differ, or if an honest phone is among the blamed.
    pub fn blamed(&self, session: SessionId, liars: &[usize]) -> Vec<Blamed> {
        let shown = |who| {
            let mut blamed = self.session(who, session).expect("known").blamed;
            blamed.sort_by_key(|blamed| (blamed.slot, blamed.offence));
            blamed
        };
        let honest = self.honest(liars);
        let first = shown(honest[0]);
        for who in honest {
            assert_eq!(shown(who), first, "phone {who} and the first:{}", self.describe(session));
        }
        let culprits: BTreeSet<usize> = first.iter().map(|blamed| blamed.slot.index()).collect();
        assert!(culprits.iter().all(|who| liars.contains(who)), "{culprits:?} of {liars:?}");
        first
    }
}

/// Returns the sender's own envelope in a frame, if it carries one.
fn own_words(flight: &Flight, seed: &[u8; 32]) -> Option<(Frame, Envelope)> {
    let frame = Frame::parse(&flight.bytes).ok()?;
    let envelope = flight.envelope()?;
    envelope.is_signed_by(&TransportSecret::new(seed).public()).then_some((frame, envelope))
}

/// Returns the frame with another envelope in it.
fn with_envelope(frame: &Frame, bytes: Vec<u8>) -> Frame {
    match frame {
        Frame::Envelope { reach, .. } => Frame::Envelope { reach: *reach, envelope: bytes.into() },
        Frame::Hello { .. }
        | Frame::Have { .. }
        | Frame::Ping { .. }
        | Frame::Pong { .. }
        | Frame::Refuse { .. }
        | Frame::Card { .. }
        | Frame::Evidence { .. }
        | Frame::Presence { .. } => frame.clone(),
    }
}
