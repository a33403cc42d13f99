//! One co-signer's reachability: whether a connection stands, what the other side knows, when to dial again.

use std::collections::BTreeSet;

use crate::frame::{Frame, Holding, pong_hash};
use crate::id::{Dice, EnvelopeId, TransportKey};
use crate::key::ParticipantKey;
use crate::limits::{
    FRAME_BURST, FRAMES_PER_SECOND, HAVE_BURST, HAVES_PER_SECOND, MAX_INVALID, MAX_KNOWN_PER_LINK,
    REDIAL_FIRST_MS, REDIAL_MAX_MS,
};
use crate::presence::{Here, Presence};
use crate::time::{BootTime, Now, WallTime};

/// How two phones are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPath {
    /// Over the internet, or within one computer.
    Direct,
    /// Within the local network.
    Lan,
    /// Over WebRTC.
    Webrtc,
    /// Through a relay.
    Relay,
}

/// Why a dial failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DialFault {
    /// Nobody answered in time.
    NoAnswer,
    /// The other side refused the connection.
    Refused,
    /// Somebody else answered at that address.
    WrongPeer,
    /// No address could be used.
    NoUsableAddress,
    /// Any other failure of the transport.
    Transport,
}

/// One address that was dialled in vain.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tried {
    /// The multiaddress.
    pub address: String,
    /// What came of it.
    pub why: DialFault,
}

/// How an address that stands on no card was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In the local network.
    Lan,
    /// At a rendezvous point.
    Rendezvous,
}

/// Where a link stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "link")]
pub enum LinkState {
    /// It is ourselves.
    #[serde(rename = "self")]
    Myself,
    /// We have no card of this participant.
    Unknown,
    /// Its card gives no address: it must dial us.
    NoAddress,
    /// A dial is under way, or a connection stands without a hello yet.
    Dialling,
    /// It answers.
    Reachable {
        /// How.
        path: LinkPath,
        /// Round trip in microseconds, once measured by a signed ping.
        rtt_us: Option<u64>,
        /// Milliseconds by which its wall clock is ahead of ours, once measured.
        clock_ahead_ms: Option<i64>,
    },
    /// It does not answer; we dial again on our own.
    Unreachable {
        /// Why the last dial failed, if one has.
        why: Option<DialFault>,
    },
    /// It speaks another version: one of the two needs an update.
    Incompatible,
    /// It sent too much that is invalid: nothing that it sends is read until the user connects again.
    Muted,
}

/// The link to one co-signer's phone.
pub(crate) struct Link {
    /// For whom the phone speaks.
    pub(crate) participant: ParticipantKey,
    stage: Stage,
    /// Whether its hello has come since the connection stands.
    heard: bool,
    /// A hello's list that came before our side of the connection stood.
    early: Option<Vec<Holding>>,
    known: BTreeSet<EnvelopeId>,
    /// Whether the other side has ever said hello.
    was_heard: bool,
    /// Whether the other side has lost a link: what others were to send it may be lost with it.
    has_lost: bool,
    ping: Option<([u8; 32], Now)>,
    rtt_us: Option<u64>,
    clock_ahead_ms: Option<i64>,
    failures: u32,
    why: Option<DialFault>,
    incompatible: bool,
    /// Invalid messages since the user last connected.
    invalid: u32,
    frames: Allowance,
    haves: Allowance,
    /// Whether frames were lost because it sent too many.
    choked: bool,
    /// The participants whose cards we have sent, on this connection, because ours are not believed.
    vouched: BTreeSet<ParticipantKey>,
    /// The pieces of evidence that the other side holds, as far as this connection has shown.
    shown: BTreeSet<EnvelopeId>,
    /// What it last said of being there, and until when that holds.
    presence: Option<(Presence, BootTime)>,
}

/// What somebody may still do, and since when that has been counted.
pub(crate) struct Allowance {
    left: u64,
    counted: BootTime,
}

impl Allowance {
    /// Starts full.
    pub(crate) fn new(burst: u64, now: Now) -> Self {
        Self { left: burst, counted: now.boot }
    }

    /// Takes one, of at most `burst` that come back at `count` in `per_us` microseconds; returns whether there was one.
    pub(crate) fn take(&mut self, burst: u64, count: u64, per_us: u64, now: Now) -> bool {
        let elapsed_us = now.boot.0.saturating_sub(self.counted.0);
        let earned = elapsed_us.saturating_mul(count) / per_us;
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(burst);
            self.counted = BootTime(self.counted.0.saturating_add(earned.saturating_mul(per_us) / count));
        }
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}

enum Stage {
    Down { redial: Option<BootTime> },
    Dialling,
    Up(LinkPath),
}

impl Link {
    /// Makes a link that is down and due to be dialled at `now`.
    pub(crate) fn new(participant: ParticipantKey, now: Now) -> Self {
        Self {
            participant,
            stage: Stage::Down { redial: Some(now.boot) },
            heard: false,
            early: None,
            known: BTreeSet::new(),
            was_heard: false,
            has_lost: false,
            ping: None,
            rtt_us: None,
            clock_ahead_ms: None,
            failures: 0,
            why: None,
            incompatible: false,
            invalid: 0,
            frames: Allowance::new(FRAME_BURST, now),
            haves: Allowance::new(HAVE_BURST, now),
            choked: false,
            vouched: BTreeSet::new(),
            shown: BTreeSet::new(),
            presence: None,
        }
    }

    /// Takes the other side's word on whether it is there; returns whether that is news. A link carries its own phone's words
    /// alone, in their order: the last one counts, whatever that phone's clock shows.
    pub(crate) fn take_presence(&mut self, presence: Presence, now: Now) -> bool {
        if self.presence.is_some_and(|(held, _)| presence == held) {
            return false;
        }
        self.presence = Some((presence, now.boot.after_ms(presence.left_ms(now.wall))));
        true
    }

    /// Returns what the other side last said of being there, and for how many milliseconds that still holds.
    pub(crate) fn presence(&self, now: Now) -> Option<(Presence, u64)> {
        let (presence, until) = self.presence?;
        let left_ms = until.ms_from(now.boot);
        (left_ms > 0 && presence.here != Here::Withdrawn).then_some((presence, left_ms))
    }

    /// Counts a frame against what a peer may send; returns whether it may be read.
    pub(crate) fn admits(&mut self, now: Now) -> bool {
        self.frames.take(FRAME_BURST, FRAMES_PER_SECOND, 1_000_000, now)
    }

    /// Counts a list of what a peer holds; returns whether it is to be answered.
    pub(crate) fn admits_have(&mut self, now: Now) -> bool {
        self.haves.take(HAVE_BURST, HAVES_PER_SECOND, 1_000_000, now)
    }

    /// Notes that the other side holds a piece of evidence; returns whether that is news on this connection.
    pub(crate) fn shows(&mut self, id: EnvelopeId) -> bool {
        if self.shown.len() >= MAX_KNOWN_PER_LINK && !self.shown.contains(&id) {
            self.shown.clear();
        }
        self.shown.insert(id)
    }

    /// Notes whether a frame was lost because there were too many; returns whether it was otherwise before.
    pub(crate) fn choke(&mut self, choked: bool) -> bool {
        std::mem::replace(&mut self.choked, choked) != choked
    }

    /// Counts an invalid message.
    pub(crate) fn offend(&mut self) {
        self.invalid += 1;
    }

    /// Returns whether nothing that the peer sends is to be read.
    pub(crate) fn is_muted(&self) -> bool {
        self.invalid >= MAX_INVALID
    }

    /// Forgives what was invalid; returns whether the peer was muted.
    pub(crate) fn unmute(&mut self) -> bool {
        let muted = self.is_muted();
        self.invalid = 0;
        muted
    }

    /// Returns whether a connection stands on which no hello was taken.
    pub(crate) fn is_deaf(&self) -> bool {
        self.is_up() && !self.heard
    }

    /// Notes that we send another participant's card; returns whether that is the first time on this connection.
    pub(crate) fn vouches(&mut self, participant: ParticipantKey) -> bool {
        self.vouched.insert(participant)
    }

    /// Returns whether the other side is known to hold an envelope.
    pub(crate) fn is_known(&self, id: &EnvelopeId) -> bool {
        self.known.contains(id)
    }

    /// Forgets that the other side holds an envelope: it refused it.
    pub(crate) fn lacks(&mut self, id: &EnvelopeId) {
        self.known.remove(id);
    }

    /// Returns by how many milliseconds its clock is ahead of ours, once measured.
    pub(crate) fn clock_ahead_ms(&self) -> Option<i64> {
        self.clock_ahead_ms
    }

    /// Returns when to dial next: never while a connection stands or a dial is under way.
    pub(crate) fn redial(&self) -> Option<BootTime> {
        match self.stage {
            Stage::Down { redial } => redial,
            Stage::Dialling | Stage::Up(_) => None,
        }
    }

    /// Makes a link that is down due at `now`, whatever the pause was.
    pub(crate) fn hurry(&mut self, now: Now) {
        if let Stage::Down { redial } = &mut self.stage {
            *redial = Some(now.boot);
            self.failures = 0;
        }
    }

    /// Notes that a dial has begun, or that there is no address to dial.
    pub(crate) fn dialling(&mut self, begun: bool) {
        self.stage = if begun { Stage::Dialling } else { Stage::Down { redial: None } };
    }

    /// Notes that a dial failed; the next comes after a pause that doubles, with a quarter of jitter.
    pub(crate) fn dial_failed(&mut self, why: DialFault, dice: &mut Dice, now: Now) {
        if matches!(self.stage, Stage::Dialling) {
            self.pause(why, dice, now);
        }
    }

    fn pause(&mut self, why: DialFault, dice: &mut Dice, now: Now) {
        let pause = REDIAL_FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(REDIAL_MAX_MS);
        let jitter = dice.below(pause / 4 + 1);
        self.stage = Stage::Down { redial: Some(now.boot.after_ms(pause - pause / 8 + jitter)) };
        self.failures += 1;
        self.why = Some(why);
    }

    /// Notes that a connection stands; returns what the other side said it holds, if its hello came first.
    pub(crate) fn up(&mut self, path: LinkPath) -> Option<Vec<Holding>> {
        self.stage = Stage::Up(path);
        self.known.clear();
        self.early.take()
    }

    /// Notes that the connection is gone: dial again at once. One that goes before the other side has said hello
    /// counts as a failed dial: whoever has not taken our card yet closes every one.
    pub(crate) fn down(&mut self, dice: &mut Dice, now: Now) {
        if self.heard {
            self.stage = Stage::Down { redial: Some(now.boot) };
        } else {
            self.pause(DialFault::Refused, dice, now);
        }
        self.heard = false;
        self.early = None;
        self.known.clear();
        self.has_lost = false;
        self.vouched.clear();
        self.shown.clear();
        self.ping = None;
        self.rtt_us = None;
    }

    /// Returns whether frames can be sent.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up(_))
    }

    /// Returns whether the other side has said hello.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard
    }

    /// Notes a hello with what the other side holds. Returns whether it is a second one on this connection:
    /// its stream was renewed, so it may have missed what we sent, and we what it sent.
    pub(crate) fn hello(&mut self, have: &[Holding]) -> bool {
        let again = self.heard && self.is_up();
        self.heard = true;
        self.was_heard = true;
        self.failures = 0;
        self.why = None;
        self.incompatible = false;
        self.known.clear();
        if !self.is_up() {
            self.early = Some(have.to_vec());
        }
        again
    }

    /// Notes that the other side speaks a version that we do not.
    pub(crate) fn incompatible(&mut self) {
        self.incompatible = true;
    }

    /// Notes that the other side holds an envelope; returns whether that is news.
    pub(crate) fn knows(&mut self, id: EnvelopeId) -> bool {
        if self.known.len() >= MAX_KNOWN_PER_LINK && !self.known.contains(&id) {
            self.known.clear();
        }
        self.known.insert(id)
    }

    /// Makes a ping.
    pub(crate) fn ping(&mut self, dice: &mut Dice, now: Now) -> Frame {
        let challenge = dice.roll();
        self.ping = Some((challenge, now));
        Frame::Ping { challenge }
    }

    /// Forgets what the other side was known to hold: it has said so anew.
    pub(crate) fn knows_nothing(&mut self) {
        self.known.clear();
    }

    /// Returns whether the other side was there and is not any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.was_heard && !self.is_up()
    }

    /// Notes whether the other side has lost a link.
    pub(crate) fn set_lost(&mut self, lost: bool) {
        self.has_lost = lost;
    }

    /// Returns whether the other side has lost a link.
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost
    }

    /// Returns whether a pong answers our last ping. An answer to an earlier one is late, and no fault.
    pub(crate) fn awaits(&self, challenge: &[u8; 32]) -> bool {
        self.ping.is_some_and(|(asked, _)| asked == *challenge)
    }

    /// Takes the answer to our ping; returns whether it is genuine.
    pub(crate) fn pong(
        &mut self,
        (me, peer): (&TransportKey, &TransportKey),
        challenge: [u8; 32],
        wall: WallTime,
        signature: &[u8; 64],
        now: Now,
    ) -> bool {
        let Some((asked, at)) = self.ping else { return false };
        if asked != challenge || !peer.verifies(&pong_hash(&challenge, me, peer, wall), signature) {
            return false;
        }
        let rtt_us = now.boot.0.saturating_sub(at.boot.0);
        let ours_at_answer = now.wall.0.saturating_sub(rtt_us / 2000);
        self.rtt_us = Some(rtt_us);
        self.clock_ahead_ms = i64::try_from(i128::from(wall.0) - i128::from(ours_at_answer)).ok();
        self.ping = None;
        true
    }

    /// Returns where the link stands, for people.
    pub(crate) fn state(&self) -> LinkState {
        match self.stage {
            _ if self.incompatible => LinkState::Incompatible,
            _ if self.is_muted() => LinkState::Muted,
            Stage::Up(path) if self.heard => {
                LinkState::Reachable { path, rtt_us: self.rtt_us, clock_ahead_ms: self.clock_ahead_ms }
            }
            Stage::Up(_) | Stage::Dialling => LinkState::Dialling,
            Stage::Down { redial: None } => LinkState::NoAddress,
            Stage::Down { redial: Some(_) } => LinkState::Unreachable { why: self.why },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn pauses_between_dials_double_up_to_a_minute() {
        let mut link = link();
        let mut dice = Dice::new([1; 32]);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            link.dialling(true);
            link.dial_failed(DialFault::NoAnswer, &mut dice, Now::default());
            pauses.push(link.redial().expect("a next dial").ms_from(BootTime(0)));
        }

        for (pause, expected) in pauses.iter().zip([1, 2, 4, 8, 16, 32, 60, 60, 60]) {
            let expected = expected * 1000;
            assert!((expected * 7 / 8..=expected * 9 / 8).contains(pause), "{pause} for {expected}");
        }
    }

    #[test]
    fn a_phone_that_hangs_up_before_its_hello_is_dialled_with_growing_pauses() {
        let mut link = link();
        let mut dice = Dice::new([1; 32]);
        let mut pause = || {
            link.dialling(true);
            link.up(LinkPath::Direct);
            link.down(&mut dice, Now::default());
            link.redial().expect("a next dial").ms_from(BootTime(0))
        };

        let first = pause();
        assert!((875..=1125).contains(&first), "{first}");
        assert!(pause() > first);
    }

    #[test]
    fn a_connection_lost_after_the_hello_is_dialled_again_at_once() {
        let mut link = link();
        link.up(LinkPath::Direct);
        link.hello(&[]);

        link.down(&mut Dice::new([1; 32]), Now::default());

        assert_eq!(link.redial(), Some(BootTime(0)));
    }

    #[test]
    fn what_the_other_side_knows_is_remembered_up_to_a_limit() {
        let mut link = link();
        let id = |number: usize| {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&number.to_be_bytes());
            EnvelopeId(id)
        };
        assert!((0..MAX_KNOWN_PER_LINK).all(|number| link.knows(id(number)) && link.shows(id(number))));
        assert!(!link.knows(id(0)) && !link.shows(id(0)), "it is no news");

        assert!(link.knows(id(MAX_KNOWN_PER_LINK)) && link.shows(id(MAX_KNOWN_PER_LINK)));

        assert!(link.knows(id(0)) && link.shows(id(0)), "it was forgotten to make room");
    }

    #[test]
    fn no_dial_is_due_while_one_is_under_way_or_a_connection_stands() {
        let mut link = link();
        assert!(link.redial().is_some());

        link.dialling(true);
        assert_eq!(link.redial(), None);

        link.up(LinkPath::Direct);
        assert_eq!(link.redial(), None);
    }

    #[test]
    fn a_pong_counts_only_for_the_ping_that_was_sent_and_only_once() {
        let secret = crate::message::TransportSecret::new(&[3; 32]);
        let me = TransportKey([4; 32]);
        let peer = secret.public();
        let mut link = link();
        link.up(LinkPath::Direct);
        link.hello(&[]);
        let sent = Now { wall: WallTime(1000), boot: BootTime(0) };
        let Frame::Ping { challenge } = link.ping(&mut Dice::new([1; 32]), sent) else { panic!("a ping") };
        let Frame::Pong { wall, signature, .. } = Frame::pong(&secret, &me, challenge, WallTime(1507)) else {
            panic!("a pong")
        };
        let back = Now { wall: WallTime(1004), boot: BootTime(4000) };

        assert!(!link.pong((&me, &peer), [0; 32], wall, &signature, back), "another challenge");
        assert!(!link.pong((&me, &peer), challenge, WallTime(9), &signature, back), "another time");
        assert!(link.pong((&me, &peer), challenge, wall, &signature, back));
        assert!(!link.pong((&me, &peer), challenge, wall, &signature, back), "a second time");
        let expected =
            LinkState::Reachable { path: LinkPath::Direct, rtt_us: Some(4000), clock_ahead_ms: Some(505) };
        assert_eq!(link.state(), expected);
    }

    fn link() -> Link {
        let key = SigningKey::from_bytes(&[1; 32]).expect("a valid secret");
        Link::new(key.participant(), Now::default())
    }
}
