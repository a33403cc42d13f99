//! Makes the plan: what the system is to show and when it is to wake us. A pure function of the state and the clocks.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Node;
use crate::fault::CallerFault;
use crate::id::{SessionId, Slot};
use crate::key::tagged_hash;
use crate::limits::{EXPIRY_TOLERANCE_MS, PLAN_RESERVE, REFRESH_MS, STICKY_MS, TOLERANCE_PART, URGENT_MS};
use crate::plan::{
    Action, Arg, DeepLink, Due, Importance, Message, MessageKey, Notice, NotificationKey, Plan,
    PlannedNotification, PlannedWake, WakePlan, WakeReason,
};
use crate::record::Outcome;
use crate::session::Session;
use crate::time::{BootTime, Now, WallTime};

/// A notification that the plan may hold.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    at: BootTime,
    notice: Notice,
    due: Due,
    session: &'a Session,
}

impl Candidate<'_> {
    /// Compares when they come, then how urgent they are. There are thousands, and hardly two come at one moment: all but
    /// that is looked up only where it decides.
    fn by_moment(&self, other: &Self) -> Ordering {
        let rest = |one: &Self| (one.notice.rank(), one.session.expires(), one.session.id());
        self.at.cmp(&other.at).then_with(|| rest(self).cmp(&rest(other)))
    }

    /// Compares when their sessions end, then when they come.
    fn by_end(&self, other: &Self) -> Ordering {
        self.session.expires().cmp(&other.session.expires()).then_with(|| self.by_moment(other))
    }
}

impl Node {
    /// Returns every notification that should be on the screen or at the system now. The same state and clocks give the
    /// same plan, byte for byte.
    pub fn plan(&self, now: Now) -> Plan {
        let (shown, later, truncated) = self.select(now);
        let items: Vec<PlannedNotification> =
            shown.iter().chain(&later).map(|candidate| self.show(candidate, now)).collect();
        let parts = items.iter().flat_map(|item| {
            [
                item.key.to_string().into_bytes(),
                item.content_hash.to_be_bytes().into(),
                vec![u8::from(item.due == Due::Later)],
            ]
        });
        let parts: Vec<Vec<u8>> = parts.collect();
        Plan { revision: short_hash(parts.iter().map(Vec::as_slice)), items, truncated }
    }

    /// Notes what the shell has made of the plan with this revision: all but the notifications in `failed` are at the system,
    /// or on the screen. Durable.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::StalePlan`] if the plan is another by now; nothing is noted then.
    pub fn ack_plan(
        &mut self,
        revision: u64,
        failed: &[NotificationKey],
        now: Now,
    ) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        let plan = self.plan(now);
        if plan.revision != revision {
            return Err(CallerFault::StalePlan);
        }
        let preschedules = self.shell.can_preschedule;
        let held = |item: &&PlannedNotification| {
            !failed.contains(&item.key) && (item.due != Due::Later || preschedules)
        };
        let mut sessions: BTreeMap<SessionId, Vec<Notice>> =
            self.sessions.keys().map(|session| (*session, Vec::new())).collect();
        for item in plan.items.iter().filter(held) {
            sessions.entry(item.link.session).or_default().push(item.notice);
        }
        for (session, notices) in sessions {
            self.step(session, now, |session, cx| session.hold(notices, cx));
        }
        Ok(())
    }

    /// Notes that the user put a notification away: it does not come back. Durable.
    ///
    /// # Errors
    ///
    /// Returns [`CallerFault::UnknownNotice`] if no session has it.
    pub fn dismiss(&mut self, key: NotificationKey, now: Now) -> Result<(), CallerFault> {
        self.look_at_clock(now);
        let known = match key.notice() {
            Notice::Warning { threshold_ms } => self.warnings.has(threshold_ms),
            Notice::Request | Notice::Ongoing | Notice::Expired => true,
        };
        let session = self.sessions.keys().copied().find(|id| known && key.is_of(*id));
        let session = session.ok_or(CallerFault::UnknownNotice)?;
        self.step(session, now, |session, cx| session.dismiss(key.notice(), cx));
        Ok(())
    }

    /// Returns when the system is to wake the program next.
    pub fn wake_plan(&self, now: Now) -> WakePlan {
        let to_come = self.noticed_sessions().flat_map(|session| self.to_come(session, now));
        let next = to_come.min_by(Candidate::by_moment);
        let due = next.map_or(0, |next| next.at.0);
        let next = next.map(|Candidate { at, notice, session, .. }| PlannedWake {
            in_ms: at.ms_from(now.boot),
            at: wall_at(at, now),
            tolerance_ms: tolerance_ms(notice),
            user_visible: true,
            needs_network: false,
            reason: WakeReason::Notice { session: session.id(), notice },
        });
        let refresh = self.open_sessions().next().is_some().then(|| PlannedWake {
            in_ms: REFRESH_MS,
            at: wall_at(now.boot.after_ms(REFRESH_MS), now),
            tolerance_ms: REFRESH_MS,
            user_visible: false,
            needs_network: true,
            reason: WakeReason::Refresh,
        });
        let what = next.as_ref().map(|next| format!("{:?}", next.reason)).unwrap_or_default();
        let parts = [due.to_be_bytes().to_vec(), what.into_bytes(), vec![u8::from(refresh.is_some())]];
        WakePlan { revision: short_hash(parts.iter().map(Vec::as_slice)), next, refresh }
    }

    /// Selects what the system holds: what should be there now, then what comes later, and whether something is left out.
    fn select(&self, now: Now) -> (Vec<Candidate<'_>>, Vec<Candidate<'_>>, bool) {
        let most = self.shell.max_pending.saturating_sub(PLAN_RESERVE);
        let (mut shown, mut later): (Vec<_>, Vec<_>) =
            self.candidates(now).partition(|candidate| candidate.due != Due::Later);
        let all = shown.len() + later.len();
        shown.sort_unstable_by(Candidate::by_end);
        if all > most {
            shown.truncate(most.div_ceil(2).max(most.saturating_sub(later.len())));
        }
        prune(&mut later, most - shown.len().min(most));
        later.sort_unstable_by(Candidate::by_moment);
        let truncated = shown.len() + later.len() < all;
        (shown, later, truncated)
    }

    fn candidates(&self, now: Now) -> impl Iterator<Item = Candidate<'_>> {
        self.noticed_sessions().flat_map(move |session| {
            let current = self.current(session, now);
            current.into_iter().chain(self.to_come(session, now))
        })
    }

    /// Returns the sessions that the user is to hear of: not of those whose place another has taken.
    fn noticed_sessions(&self) -> impl Iterator<Item = &Session> {
        let superseded = self.superseded();
        self.sessions.values().filter(move |session| !superseded.contains(&session.id()))
    }

    /// Returns the notification of a session that should be on the screen now.
    fn current<'a>(&self, session: &'a Session, now: Now) -> Option<Candidate<'a>> {
        let expires = session.expires();
        let open = session.outcome().is_none();
        let passed = open && expires <= now.boot || matches!(session.outcome(), Some(Outcome::Expired));
        let (notice, at) = if passed {
            (Notice::Expired, expires)
        } else if !open {
            return None;
        } else if let Some(threshold_ms) = self.last_warning(session, now) {
            (Notice::Warning { threshold_ms }, expires.before_ms(threshold_ms))
        } else if session.is_unanswered() {
            (Notice::Request, BootTime(0))
        } else if self.shell.live_update {
            (Notice::Ongoing, BootTime(0))
        } else {
            return None;
        };
        let fate = session.fate(notice);
        let due = if fate.held { Due::Shown } else { Due::Now };
        (!fate.dismissed).then_some(Candidate { at, notice, due, session })
    }

    /// Returns the warning that the system shows of a session now, whether or not the session has noticed that it is due.
    fn last_warning(&self, session: &Session, now: Now) -> Option<u64> {
        let left_ms = session.expires().ms_from(now.boot);
        let all = session.all_warnings(&self.warnings).filter(|threshold| left_ms <= *threshold);
        all.filter(|threshold| self.warnings.is_for_system(*threshold)).last()
    }

    /// Returns the notifications of a session that are still to come.
    fn to_come<'a>(&'a self, session: &'a Session, now: Now) -> impl Iterator<Item = Candidate<'a>> {
        let expires = session.expires();
        let left_ms = expires.ms_from(now.boot);
        let open = session.outcome().is_none() && left_ms > 0;
        let warnings = session
            .warnings_to_come(&self.warnings)
            .filter(move |threshold| *threshold < left_ms && self.warnings.is_for_system(*threshold))
            .map(move |threshold_ms| (Notice::Warning { threshold_ms }, expires.before_ms(threshold_ms)));
        warnings
            .chain([(Notice::Expired, expires)])
            .filter(move |(notice, _)| open && !session.fate(*notice).dismissed)
            .map(move |(notice, at)| Candidate { at, notice, due: Due::Later, session })
    }

    fn show(&self, candidate: &Candidate<'_>, now: Now) -> PlannedNotification {
        let Candidate { at, notice, due, session } = *candidate;
        let (id, expires) = (session.id(), session.expires());
        let key = NotificationKey::new(id, notice);
        let (message, redacted) = self.words_of(session, notice);
        let left_ms = expires.ms_from(now.boot);
        let over = notice == Notice::Expired;
        let content = [
            key.to_string().into_bytes(),
            at.0.to_be_bytes().to_vec(),
            expires.0.to_be_bytes().to_vec(),
            format!("{message:?}").into_bytes(),
        ];
        PlannedNotification {
            key,
            slot: key.slot(),
            notice,
            due,
            fire_in_ms: at.ms_from(now.boot),
            fire_at: if due == Due::Later { wall_at(at, now) } else { now.wall },
            remove_in_ms: (!over).then_some(left_ms),
            countdown_to_in_ms: (!over).then_some(left_ms),
            importance: importance(notice),
            sticky: is_sticky(notice),
            message,
            redacted,
            actions: vec![Action::View, Action::Dismiss],
            link: DeepLink { wallet: session.wallet().id(), session: id },
            rank: notice.rank(),
            content_hash: short_hash(content.iter().map(Vec::as_slice)),
        }
    }

    fn words_of(&self, session: &Session, notice: Notice) -> (Message, MessageKey) {
        match notice {
            Notice::Request => (self.request_from(session), MessageKey::RequestRedacted),
            Notice::Ongoing => (ongoing(session), MessageKey::OngoingRedacted),
            Notice::Warning { threshold_ms } => (expiring(threshold_ms), MessageKey::ExpiringRedacted),
            Notice::Expired if session.is_unanswered() => {
                (Message::plain(MessageKey::RequestExpired), MessageKey::ExpiredRedacted)
            }
            Notice::Expired => (Message::plain(MessageKey::Expired), MessageKey::ExpiredRedacted),
        }
    }

    /// Says who asks for a signature.
    pub(super) fn request_from(&self, session: &Session) -> Message {
        match self.nickname(session, session.terms().proposer) {
            Some(name) => Message::of(MessageKey::RequestFrom, Arg::Name(name)),
            None => Message::plain(MessageKey::Request),
        }
    }

    /// Returns what a participant of a session calls itself.
    pub(super) fn nickname(&self, session: &Session, slot: Slot) -> Option<String> {
        let card = self.cards.get(session.wallet().key(slot)?)?;
        Some(card.statement().nickname.clone()).filter(|name| !name.trim().is_empty())
    }
}

/// Says how far a session is.
pub(super) fn ongoing(session: &Session) -> Message {
    let slots = session.wallet().slots();
    let signed = slots.filter(|slot| session.progress(*slot).1).count() as u64;
    let all = session.wallet().keys().len() as u64;
    Message { key: MessageKey::Ongoing, args: vec![Arg::Count(signed), Arg::Count(all)] }
}

/// Says when a session expires, in the largest unit that says it exactly.
pub(super) fn expiring(threshold_ms: u64) -> Message {
    let (key, count) = match threshold_ms {
        ms if ms % 3_600_000 == 0 => (MessageKey::ExpiringHours, ms / 3_600_000),
        ms if ms % 60_000 == 0 => (MessageKey::ExpiringMinutes, ms / 60_000),
        ms => (MessageKey::ExpiringSeconds, ms / 1_000),
    };
    Message::of(key, Arg::Count(count))
}

/// Leaves at most `room`: the soonest half as they are, and of the others first those of two minutes go, then all but the
/// five-minute warnings and the ends, then the last.
fn prune(later: &mut Vec<Candidate<'_>>, room: usize) {
    if later.len() <= room {
        return;
    }
    let near = room / 2;
    later.select_nth_unstable_by(near, Candidate::by_moment);
    let mut far = later.split_off(near);
    far.retain(|candidate| candidate.notice != Notice::Warning { threshold_ms: STICKY_MS });
    if near + far.len() > room {
        let keeps = [Notice::Warning { threshold_ms: URGENT_MS }, Notice::Expired];
        far.retain(|candidate| keeps.contains(&candidate.notice));
    }
    if near + far.len() > room {
        far.select_nth_unstable_by(room - near, Candidate::by_moment);
        far.truncate(room - near);
    }
    later.append(&mut far);
}

fn importance(notice: Notice) -> Importance {
    match notice {
        Notice::Ongoing => Importance::Silent,
        Notice::Warning { threshold_ms } if threshold_ms > URGENT_MS => Importance::Default,
        Notice::Request | Notice::Warning { .. } => Importance::TimeSensitive,
        Notice::Expired => Importance::Default,
    }
}

fn is_sticky(notice: Notice) -> bool {
    match notice {
        Notice::Request | Notice::Ongoing => true,
        Notice::Warning { threshold_ms } => threshold_ms <= STICKY_MS,
        Notice::Expired => false,
    }
}

fn tolerance_ms(notice: Notice) -> u64 {
    match notice {
        Notice::Warning { threshold_ms } => threshold_ms / TOLERANCE_PART,
        Notice::Request | Notice::Ongoing | Notice::Expired => EXPIRY_TOLERANCE_MS,
    }
}

/// Returns what the wall clock will show then, if nobody moves it.
fn wall_at(at: BootTime, now: Now) -> WallTime {
    WallTime(now.wall.0.saturating_add(at.ms_from(now.boot)))
}

fn short_hash<'a>(parts: impl Iterator<Item = &'a [u8]>) -> u64 {
    let lengths = parts.map(|part| [&(part.len() as u32).to_be_bytes(), part].concat());
    let bytes: Vec<u8> = lengths.flatten().collect();
    let hash = tagged_hash("countersign/plan", &[&bytes]);
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}
