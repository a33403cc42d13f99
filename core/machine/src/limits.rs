//! Every number somebody may want to change, with its unit, reason and source.

/// Fewest signers of a wallet. One signer needs no session.
pub const MIN_SIGNERS: usize = 2;
/// Most signers of a wallet: a proposal of one item to a hundred people still fits every other limit.
pub const MAX_SIGNERS: usize = 100;
/// Most items of a payload: a batch of a thousand inputs is one session.
pub const MAX_ITEMS: usize = 1000;
/// Highest attempt number, so eight runs in all: whoever loses nonces eight times keeps losing them.
pub const MAX_ATTEMPT: u8 = 7;
/// Time after which a signer that has signed asks its neighbours for what it lacks, in ms; it doubles each time. Frames
/// may be lost without a trace, and a liar may keep them from one of us.
pub const ASK_AGAIN_MS: u64 = 5_000;
/// Longest time between two such questions, in ms: a day's session costs a few dozen wake-ups at most.
pub const ASK_AGAIN_MAX_MS: u64 = 60 * 60 * 1000;
/// Pause before attempt 2, in ms; each later attempt waits twice as long. Attempt 1 begins at once: one lost
/// nonce is a killed app, more are a phone in trouble.
pub const ATTEMPT_PAUSE_MS: u64 = 1_000;
/// Most bytes of a payload's descriptive text. It comes from a peer and is only ever shown.
pub const MAX_TEXT_BYTES: usize = 4096;

/// Most bytes of one frame on the wire, checked before anything is allocated. A proposal of
/// [`MAX_ITEMS`] items with the longest paths and its nonces needs about 190 KiB.
pub const MAX_FRAME_BYTES: usize = 256 * 1024;
/// Most bytes of an envelope: a frame less its own head.
pub const MAX_ENVELOPE_BYTES: usize = MAX_FRAME_BYTES - 256;
/// Most bytes of the list of what a phone holds. A longer list is cut: what it does not name comes again.
pub const MAX_HAVE_BYTES: usize = 128 * 1024;
/// Most unhardened steps of a key path. Wallets use two: change and index.
pub const MAX_PATH: usize = 10;
/// Most bytes of a card, so that it fits one QR code with room to spare.
pub const MAX_CARD_BYTES: usize = 1024;
/// Most addresses on a card.
pub const MAX_ADDRESSES: usize = 8;
/// Most bytes of one address.
pub const MAX_ADDRESS_BYTES: usize = 128;
/// Most bytes of all addresses of a card that we issue, so that it stays within [`MAX_CARD_BYTES`].
pub const MAX_ISSUED_ADDRESS_BYTES: usize = 640;
/// Most bytes of a nickname or a wallet's name.
pub const MAX_NAME_BYTES: usize = 64;

/// Most cards kept: every signer of several full wallets.
pub const MAX_CARDS: usize = 1024;
/// Most wallets.
pub const MAX_WALLETS: usize = 256;
/// Most sessions of one proposer open at once in one wallet, so that nobody can fill the memory, or another's
/// share of it.
pub const MAX_OPEN_SESSIONS: usize = 64;
/// Most sessions of one proposer remembered in one wallet, the ended ones included: one a second for an hour. One is
/// forgotten [`FORGET_AFTER_MS`] after its deadline.
pub const MAX_KNOWN_SESSIONS: usize = 4096;
/// Most items of all of these sessions: about 12 MiB.
pub const MAX_KNOWN_ITEMS: usize = 65_536;
/// Most envelopes kept per wallet for sessions whose proposal has not come yet: one round of the largest
/// wallet. More are dropped and asked for again once the proposal is there.
pub const MAX_EARLY_ENVELOPES: usize = MAX_SIGNERS;
/// Most bytes of all early envelopes of one wallet.
pub const MAX_EARLY_BYTES: usize = 1024 * 1024;
/// Most envelope ids remembered per link as known to the other side. Forgetting costs a repeated send.
pub const MAX_KNOWN_PER_LINK: usize = 4096;

/// Consents to a later deadline that one participant may give in a session.
pub const MAX_EXTENSIONS: usize = 16;
/// Most bytes of a piece of evidence: every nonce of the largest session, its terms and two envelopes.
pub const MAX_EVIDENCE_BYTES: usize = 8 * 1024 * 1024;
/// Pieces of evidence kept per session and slot: a forged completion, a first equivocation, and what ends the
/// session.
pub const MAX_EVIDENCE_PER_SLOT: usize = 3;
/// Invalid messages after which a peer is muted until the user connects again or the program restarts.
pub const MAX_INVALID: u32 = 10;
/// Frames that a peer may send at once: more than any exchange holds but one of many signers with full quotas, which
/// goes on once there is room.
pub const FRAME_BURST: u64 = 16_384;
/// Frames a second that a peer may send for ever: far over any honest one, far under what the curve takes.
pub const FRAMES_PER_SECOND: u64 = 1_000;
/// Lists of what it holds that a peer may send at once: one for every other link of the largest wallet, and room. Each
/// is answered with all that it lacks.
pub const HAVE_BURST: u64 = 256;
/// Such lists a second that a peer may send for ever.
pub const HAVES_PER_SECOND: u64 = 4;
/// New cards of one participant that are taken at once from peers: addresses change, and change back.
pub const CARD_BURST: u64 = 16;
/// New cards of one participant an hour that are taken from peers for ever.
pub const CARDS_PER_HOUR: u64 = 60;
/// Pause between pings while the wall clock is suspect, in ms: their answers may confirm it.
pub const CLOCK_PING_MS: u64 = 30_000;

/// Time after its deadline for which an ended session is remembered, in ms: an hour. A phone whose clock is that
/// far behind would take its proposal for a new one, and ask its user.
pub const FORGET_AFTER_MS: u64 = 60 * 60 * 1000;
/// Sessions and cards to be forgotten that make the journal worth rewriting without them.
pub const COMPACT_AFTER: usize = 64;

/// Milliseconds by which the wall clock may fall behind the boot clock before it is suspect: more than a
/// correction by the network ever is.
pub const MAX_CLOCK_FALL_MS: u64 = 60_000;
/// Milliseconds by which the wall clock may be behind what the journal has seen before it is suspect.
pub const MAX_CLOCK_BEHIND_MS: u64 = 2_000;

/// How long before a session expires its users are warned, in ms, longest first: 24 h, 1 h, 10, 5, 2 and 1 min. A session
/// has those that are shorter than it.
pub const WARNINGS_MS: [u64; 6] = [86_400_000, 3_600_000, 600_000, 300_000, 120_000, 60_000];
/// The one of these that the open program alone shows, in ms: ten minutes before the end nobody need be called.
pub const IN_APP_ONLY_MS: u64 = 600_000;
/// Warnings from here on, in ms, may break through a phone's quiet: five minutes.
pub const URGENT_MS: u64 = 300_000;
/// Warnings from here on, in ms, stay until they are touched: two minutes.
pub const STICKY_MS: u64 = 120_000;
/// Most warnings of a list of the caller's own.
pub const MAX_WARNINGS: usize = 8;
/// Notifications that a program may hold at the system, if the shell does not say: iOS keeps the soonest 64.
pub const MAX_PENDING: usize = 64;
/// How many of those the plan leaves to the program.
pub const PLAN_RESERVE: usize = 4;
/// How late the alarm of a warning may come, as a part of the time that it warns of: a tenth.
pub const TOLERANCE_PART: u64 = 10;
/// How late the alarm of an expiry may come, in ms: nothing can be done any more.
pub const EXPIRY_TOLERANCE_MS: u64 = 60_000;
/// Pause after which a phone in the background looks whether co-signers have answered, in ms: no system grants more.
pub const REFRESH_MS: u64 = 15 * 60 * 1000;
/// Most events kept for a program that takes none; the oldest go first, and [`crate::Node::status`] shows what they said.
pub const MAX_EVENTS: usize = 1024;

/// Shortest validity of a presence, in ms: its refreshes are 4 s apart.
pub const MIN_PRESENCE_MS: u64 = 10_000;
/// Longest validity of a presence, in ms: a day. It is no promise to be there for longer.
pub const MAX_PRESENCE_MS: u64 = 24 * 60 * 60 * 1000;
/// Usual validity of a presence, in ms: an hour.
pub const DEFAULT_PRESENCE_MS: u64 = 60 * 60 * 1000;
/// When a presence is refreshed, in hundredths of its validity.
pub const PRESENCE_REFRESH_PERCENT: u64 = 40;
/// First pause after a presence that reached nobody, in ms; it doubles up to the usual one.
pub const PRESENCE_RETRY_MS: u64 = 5_000;

/// Shortest time from proposal to deadline, in ms: both rounds over one relayed link.
pub const MIN_SESSION_MS: u64 = 1_000;
/// Longest time from proposal to deadline, in ms: 30 days.
pub const MAX_SESSION_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// Usual time from proposal to deadline, in ms: 5 minutes.
pub const DEFAULT_SESSION_MS: u64 = 5 * 60 * 1000;
/// Most milliseconds by which a proposer's clock may be ahead of ours: 5 minutes.
pub const MAX_CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;
/// Most milliseconds by which a card may come from the future: a day, for a clock set to another zone. One from
/// next year could not be replaced until then.
pub const MAX_CARD_AHEAD_MS: u64 = 24 * 60 * 60 * 1000;
/// Usual validity of a card, in ms: a year.
pub const DEFAULT_CARD_MS: u64 = 365 * 24 * 60 * 60 * 1000;

/// By how much the direct addresses are dialled before those through a relay, in ms: RFC 8305's delay between attempts.
pub const HEAD_START_MS: u64 = 250;
/// How long a ping may stay without an answer, in ms, before the connection counts as dead; doubles with every one that does.
pub const SILENCE_MS: u64 = 5_000;
/// How long nothing must have come over a link for a message on it to be followed by a ping, in ms. A slow line needs some seconds for each.
pub const PROBE_AFTER_MS: u64 = 15_000;
/// How many pings in vain one that asks about an envelope counts as: it stands behind that on a slow line, and is waited for
/// `SILENCE_MS` doubled so often.
pub const DOUBT_SILENCES: u32 = 2;
/// Usual time for a pre-flight, in ms.
pub const PREFLIGHT_MS: u64 = 5_000;
/// Longest time for a pre-flight, in ms.
pub const MAX_PREFLIGHT_MS: u64 = 60_000;
/// Dials to one co-signer in a pre-flight; the pauses between them are 1 s and 2 s.
pub const PREFLIGHT_DIALS: u64 = 3;
/// Most pre-flights at a time.
pub const MAX_PREFLIGHTS: usize = 16;
/// Most relays.
pub const MAX_RELAYS: usize = 8;
/// Pause between two questions to the rendezvous points for co-signers that cannot be reached, in ms.
pub const DISCOVER_EVERY_MS: u64 = 5_000;
/// Shortest registration at a rendezvous point, in ms: two refreshes of the shortest presence that is worth one.
pub const MIN_REGISTRATION_MS: u64 = 120_000;
/// Time for which addresses must stay as they are before they go onto a new card, and a network before everybody is dialled
/// anew, in ms: a change comes in several steps.
pub const SETTLE_MS: u64 = 300;

/// First pause before dialling again, in ms.
pub const REDIAL_FIRST_MS: u64 = 1_000;
/// Longest pause before dialling again, in ms.
pub const REDIAL_MAX_MS: u64 = 60_000;
/// Longest wait for one dial, in ms.
pub const DIAL_TIMEOUT_MS: u64 = 5_000;
