//! One co-signer's reachability: whether a connection stands, what the other side knows, when to dial again.

use std::collections::BTreeSet;

use crate::frame::{Frame, Holding, Refusal, pong_hash};
use crate::id::{Dice, EnvelopeId, TransportKey};
use crate::key::ParticipantKey;
use crate::limits::{
    DOUBT_SILENCES, FRAME_BURST, FRAMES_PER_SECOND, HAVE_BURST, HAVES_PER_SECOND, HEAD_START_MS,
    MAX_ADDRESSES, MAX_INVALID, MAX_KNOWN_PER_LINK, PROBE_AFTER_MS, REDIAL_MAX_MS, SILENCE_MS,
};
use crate::presence::{Here, Presence};
use crate::time::{BootTime, Now, WallTime};

mod allowance;
mod backoff;
mod route;
mod state;

pub(crate) use allowance::Allowance;
pub(crate) use backoff::Backoff;
pub(crate) use route::{Found, Route};
pub use state::{DialFault, LinkPath, LinkState, Source, Tried};

/// The link to one co-signer's phone.
pub(crate) struct Link {
    /// For whom the phone speaks.
    pub(crate) participant: ParticipantKey,
    stage: Stage,
    /// Whether its hello has come since the connection stands.
    heard: bool,
    /// A hello's list that came before our side of the connection stood.
    early: Option<Vec<Holding>>,
    /// Why its greeting was refused: said again whenever frames take another connection, since it may be lost with the former.
    refused: Option<Refusal>,
    known: BTreeSet<EnvelopeId>,
    /// What we have said ourselves while it could not be reached.
    owed: BTreeSet<EnvelopeId>,
    /// Whether the other side has ever said hello.
    was_heard: bool,
    /// Whether the other side has lost a link: what others were to send it may be lost with it.
    has_lost: bool,
    /// The ping that waits for an answer: its number, its challenge and when it was sent.
    ping: Option<(u64, [u8; 32], Now)>,
    /// When an envelope was sent after which nothing has come yet: it may be lost.
    unanswered: Option<BootTime>,
    /// How many pings were sent.
    pings: u64,
    rtt_us: Option<u64>,
    clock_ahead_ms: Option<i64>,
    /// Pings in a row that were not answered in time.
    silences: u32,
    /// When anything last came from it.
    heard_at: Option<Now>,
    /// The number of the last ping that it has answered over this connection.
    proven: Option<u64>,
    backoff: Backoff,
    /// How often it could not be reached, in all.
    failed_dials: u64,
    failed_at: Option<BootTime>,
    why: Option<DialFault>,
    /// The addresses that were dialled in vain since it was last reached, or since the last round of dials.
    tried: Vec<Tried>,
    found: Found,
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

enum Stage {
    Down {
        redial: Option<BootTime>,
    },
    /// No address is known: only the other side can dial.
    Homeless,
    /// A race of all addresses: the direct ones first, and after a head start those through relays.
    Dialling {
        /// How many dials have neither failed nor led to a connection.
        under_way: u32,
        relayed: Option<(BootTime, Vec<String>)>,
    },
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
            refused: None,
            known: BTreeSet::new(),
            owed: BTreeSet::new(),
            was_heard: false,
            has_lost: false,
            ping: None,
            unanswered: None,
            pings: 0,
            rtt_us: None,
            clock_ahead_ms: None,
            silences: 0,
            heard_at: None,
            proven: None,
            backoff: Backoff::default(),
            failed_dials: 0,
            failed_at: None,
            why: None,
            tried: Vec::new(),
            found: Found::default(),
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
        if self.presence.as_ref().is_some_and(|(held, _)| presence == *held) {
            return false;
        }
        let until = now.boot.after_ms(presence.left_ms(now.wall));
        self.presence = Some((presence, until));
        true
    }

    /// Returns what the other side last said of being there, and for how many milliseconds that still holds.
    pub(crate) fn presence(&self, now: Now) -> Option<(&Presence, u64)> {
        let (presence, until) = self.presence.as_ref()?;
        let left_ms = until.ms_from(now.boot);
        (left_ms > 0 && presence.here != Here::Withdrawn).then_some((presence, left_ms))
    }

    /// Counts a frame against what a peer may send; returns whether it may be read.
    pub(crate) fn admits(&mut self, now: Now) -> bool {
        self.heard_at = Some(now);
        self.unanswered = None;
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

    /// Notes that a frame is refused.
    pub(crate) fn refuses(&mut self, why: Refusal) {
        if !self.heard {
            self.refused.get_or_insert(why);
        }
    }

    /// Returns why its greeting was refused, if it was.
    pub(crate) fn refused(&self) -> Option<Refusal> {
        self.refused
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

    /// Returns when to dial next: never while a connection stands; while a dial is under way, when its second half begins.
    pub(crate) fn redial(&self) -> Option<BootTime> {
        match &self.stage {
            Stage::Down { redial } => *redial,
            Stage::Dialling { relayed, .. } => relayed.as_ref().map(|(at, _)| *at),
            Stage::Homeless | Stage::Up(_) => None,
        }
    }

    /// Makes a link that is down due at `now`, whatever the pause was.
    pub(crate) fn hurry(&mut self, now: Now) {
        if matches!(self.stage, Stage::Down { .. } | Stage::Homeless) {
            self.stage = Stage::Down { redial: Some(now.boot) };
            self.backoff.reset();
        }
    }

    /// Dials no more until [`Link::hurry`]; returns whether a dial was under way.
    pub(crate) fn rest(&mut self) -> bool {
        let under_way = matches!(self.stage, Stage::Dialling { .. });
        if under_way || matches!(self.stage, Stage::Down { .. }) {
            self.stage = Stage::Down { redial: None };
        }
        under_way
    }

    /// Notes addresses at which it was found; returns whether there is a new one.
    pub(crate) fn found(&mut self, addresses: Vec<String>, source: Source, until: BootTime) -> bool {
        self.found.take(addresses, source, until)
    }

    /// Returns where it can be dialled: `card` is what its card says.
    pub(crate) fn route(&self, card: &[String], lan_allowed: bool, now: Now) -> Route {
        let said = self.presence.iter().flat_map(|(presence, _)| &presence.addresses);
        Route::of(said.chain(card), &self.found, lan_allowed, now)
    }

    /// Begins to dial, or goes on with the addresses through relays; returns what to dial now, if there is anything.
    pub(crate) fn dial(&mut self, route: Route, now: Now) -> Option<Vec<String>> {
        if let Stage::Dialling { under_way, relayed } = &mut self.stage {
            let (_, addresses) = relayed.take()?;
            *under_way += 1;
            return Some(addresses);
        }
        let Route { direct, relayed } = route;
        self.tried.clear();
        let (first, second) = if direct.is_empty() { (relayed, Vec::new()) } else { (direct, relayed) };
        if first.is_empty() {
            self.stage = Stage::Homeless;
            return None;
        }
        let head_start = now.boot.after_ms(HEAD_START_MS);
        let relayed = Some((head_start, second)).filter(|(_, second)| !second.is_empty());
        self.stage = Stage::Dialling { under_way: 1, relayed };
        Some(first)
    }

    /// Notes that a dial failed. If it was the last of its race the next comes after a pause that doubles.
    pub(crate) fn dial_failed(&mut self, tried: Vec<Tried>, dice: &mut Dice, now: Now) {
        let Stage::Dialling { under_way, relayed } = &mut self.stage else { return };
        *under_way = under_way.saturating_sub(1);
        let others = *under_way > 0;
        if let Some((at, _)) = relayed {
            *at = now.boot;
        }
        let last = !others && relayed.is_none();
        let room = 2 * MAX_ADDRESSES - self.tried.len().min(2 * MAX_ADDRESSES);
        self.tried.extend(tried.into_iter().take(room));
        if last {
            let why = self.tried.iter().map(|tried| tried.why).min();
            self.pause(why.unwrap_or(DialFault::NoUsableAddress), dice, now);
        }
    }

    fn pause(&mut self, why: DialFault, dice: &mut Dice, now: Now) {
        self.stage = Stage::Down { redial: Some(self.backoff.pause(dice, now)) };
        self.failed_dials += 1;
        self.failed_at = Some(now.boot);
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
        self.refused = None;
        self.known.clear();
        self.has_lost = false;
        self.vouched.clear();
        self.shown.clear();
        self.ping = None;
        self.unanswered = None;
        self.proven = None;
        self.rtt_us = None;
    }

    /// Notes that no connection stands and no dial is under way any more: the network was started anew, or stopped.
    pub(crate) fn reset(&mut self, dice: &mut Dice, now: Now) {
        if self.is_up() {
            self.down(dice, now);
        }
        self.early = None;
        self.refused = None;
        self.stage = Stage::Down { redial: Some(now.boot) };
        self.backoff.reset();
    }

    /// Notes that an envelope was sent.
    pub(crate) fn sent(&mut self, at: BootTime) {
        self.unanswered.get_or_insert(at);
    }

    /// Notes that the next ping asks about an envelope: it is given more time.
    pub(crate) fn doubt(&mut self) {
        self.silences = self.silences.max(DOUBT_SILENCES);
    }

    /// Returns whether a ping waits for its answer.
    pub(crate) fn is_asked(&self) -> bool {
        self.ping.is_some()
    }

    /// Returns until when something is waited for, if it is: an answer to our ping, for which each that does not come doubles the
    /// time, or anything at all after an envelope: until nothing has come for [`PROBE_AFTER_MS`].
    pub(crate) fn waits_until(&self) -> Option<BootTime> {
        if !self.is_up() || !self.heard {
            return None;
        }
        let Some((_, _, asked)) = self.ping else {
            let quiet = self.heard_at.map_or(BootTime(0), |heard| heard.boot.after_ms(PROBE_AFTER_MS));
            return self.unanswered.map(|sent| sent.max(quiet));
        };
        let since = self.heard_at.map_or(asked.boot, |heard| heard.boot.max(asked.boot));
        Some(since.after_ms((SILENCE_MS << self.silences.min(8)).min(REDIAL_MAX_MS)))
    }

    /// Notes that our ping was not answered: the connection is dead, though nobody has said so.
    pub(crate) fn fall_silent(&mut self, dice: &mut Dice, now: Now) {
        self.silences += 1;
        self.why = Some(DialFault::NoAnswer);
        self.down(dice, now);
    }

    /// Returns whether nothing has come for so long that it is worth asking whether the connection still stands.
    pub(crate) fn is_quiet(&self, now: BootTime) -> bool {
        let heard = self.heard_at.is_some_and(|heard| heard.boot.after_ms(PROBE_AFTER_MS) > now);
        self.is_up() && self.heard && self.ping.is_none() && !heard
    }

    /// Returns how many pings were sent.
    pub(crate) fn pings(&self) -> u64 {
        self.pings
    }

    /// Returns whether it has answered a ping after the first so many, over the connection that stands.
    pub(crate) fn is_proven_after(&self, pings: u64) -> bool {
        self.is_up() && self.heard && self.proven.is_some_and(|proven| proven > pings)
    }

    /// Returns when anything last came from it.
    pub(crate) fn last_seen(&self) -> Option<WallTime> {
        self.heard_at.map(|heard| heard.wall)
    }

    /// Returns how often it could not be reached, in all and in a row.
    pub(crate) fn failed_dials(&self) -> (u64, u32) {
        (self.failed_dials, self.backoff.failures())
    }

    /// Returns whether it could not be reached at `since` or later.
    pub(crate) fn failed_since(&self, since: BootTime) -> bool {
        self.failed_at.is_some_and(|failed| failed >= since)
    }

    /// Returns the addresses that were dialled in vain in the last round.
    pub(crate) fn tried(&self) -> &[Tried] {
        &self.tried
    }

    /// Returns whether no address is known at which to dial it.
    pub(crate) fn is_homeless(&self) -> bool {
        matches!(self.stage, Stage::Homeless)
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
        self.refused = None;
        self.backoff.reset();
        self.tried.clear();
        self.why = None;
        self.incompatible = false;
        if again {
            self.known.clear();
        }
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

    /// Notes that we have said something which the other side is to get as soon as a connection stands.
    pub(crate) fn owe(&mut self, id: EnvelopeId) {
        if self.owed.len() < MAX_KNOWN_PER_LINK {
            self.owed.insert(id);
        }
    }

    /// Returns what the other side is to get, and owes it no more.
    pub(crate) fn take_owed(&mut self) -> BTreeSet<EnvelopeId> {
        std::mem::take(&mut self.owed)
    }

    /// Makes a ping.
    pub(crate) fn ping(&mut self, dice: &mut Dice, now: Now) -> Frame {
        let challenge = dice.roll();
        self.pings += 1;
        self.ping = Some((self.pings, challenge, now));
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
        self.ping.is_some_and(|(_, asked, _)| asked == *challenge)
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
        let Some((number, asked, at)) = self.ping else { return false };
        if asked != challenge || !peer.verifies(&pong_hash(&challenge, me, peer, wall), signature) {
            return false;
        }
        let rtt_us = now.boot.0.saturating_sub(at.boot.0);
        let ours_at_answer = now.wall.0.saturating_sub(rtt_us / 2000);
        self.rtt_us = Some(rtt_us);
        self.clock_ahead_ms = i64::try_from(i128::from(wall.0) - i128::from(ours_at_answer)).ok();
        self.ping = None;
        self.silences = 0;
        self.proven = Some(number);
        true
    }

    /// Returns where the link stands, for people.
    pub(crate) fn state(&self, now: Now) -> LinkState {
        let away = || self.presence(now).is_some_and(|(presence, _)| presence.here == Here::Away);
        match &self.stage {
            _ if self.incompatible => LinkState::Incompatible,
            _ if self.is_muted() => LinkState::Muted,
            Stage::Up(path) if self.heard => {
                LinkState::Reachable { path: *path, rtt_us: self.rtt_us, clock_ahead_ms: self.clock_ahead_ms }
            }
            Stage::Up(_) | Stage::Dialling { .. } => LinkState::Dialling,
            Stage::Homeless | Stage::Down { .. } if away() => LinkState::Away,
            Stage::Homeless => LinkState::NoAddress,
            Stage::Down { .. } => LinkState::Unreachable { why: self.why },
        }
    }
}

#[cfg(test)]
mod tests;
