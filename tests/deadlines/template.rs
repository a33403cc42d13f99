//! Where schedules begin, and what draws them.

use countersign_machine::frame::Frame;
use countersign_machine::id::{SessionId, TransportKey};
use countersign_machine::record::Record;
use countersign_machine::time::{Now, WallTime};
use countersign_tests::rig::{Flight, Phone, Topology, World, forge, payload};

/// A journal in which two sessions wait for the user's answer, to each of which the other participant has already offered
/// a later deadline.
pub(super) struct Template {
    pub(super) phone: Phone,
    pub(super) now: Now,
    pub(super) peer: TransportKey,
    pub(super) hello: Vec<u8>,
    pub(super) sessions: Vec<Asked>,
}

/// A session of which the user is asked.
pub(super) struct Asked {
    pub(super) id: SessionId,
    pub(super) lasts_ms: u64,
    pub(super) deadline: WallTime,
    /// The deadline that the other participant has offered.
    pub(super) later: WallTime,
    /// The frame that brings the signatures.
    pub(super) complete: Vec<u8>,
}

impl Template {
    /// Makes it of sessions that last so long and are offered so much more. `cards`: whether the phone knows its co-signer,
    /// who can bring the signatures then; a phone without cards opens much faster.
    pub(super) fn new(seed: u64, sessions: [(u64, u64); 2], cards: bool) -> Self {
        let mut world = World::new(seed, 2, Topology::Mesh);
        let proposed = sessions.map(|(lasts_ms, more_ms)| {
            let id = world.try_propose_for(0, payload(1), lasts_ms).expect("within the limits");
            let deadline = world.session(0, id).expect("known").deadline;
            let later = WallTime(deadline.0 + more_ms);
            world.command(0, |node, now| node.extend(id, later, now)).expect("later");
            (id, lasts_ms, deadline, later)
        });
        world.settle();
        let (mut phone, now) = (world.phones[1].twin(), world.now);
        if !cards {
            let is_card = |bytes: &Vec<u8>| matches!(Record::parse(bytes), Some(Record::CardKept { .. }));
            phone.journal.retain(|bytes| !is_card(bytes));
        }
        let hello = |flight: &&Flight| matches!(Frame::parse(&flight.bytes), Ok(Frame::Hello { .. }));
        let from_peer = |world: &World, pick: &dyn Fn(&&Flight) -> bool| {
            let mut sent = world.sent.iter().rev().filter(|flight| flight.from == 0);
            sent.find(pick).expect("it was sent").bytes.to_vec()
        };
        let hello = from_peer(&world, &hello);
        let sessions = proposed.map(|(id, lasts_ms, deadline, later)| {
            world.approve_at_once(id);
            let of = |flight: &&Flight| {
                flight.carries("complete") && flight.envelope().is_some_and(|all| all.body().session == id)
            };
            Asked { id, lasts_ms, deadline, later, complete: from_peer(&world, &of) }
        });
        Self { phone, now, peer: world.phones[0].transport(), hello, sessions: sessions.into() }
    }

    /// Returns whether the phone knows its co-signer.
    pub(super) fn has_cards(&self) -> bool {
        self.phone.journal.iter().any(|bytes| matches!(Record::parse(bytes), Some(Record::CardKept { .. })))
    }
}

/// Numbers that a seed determines.
pub(super) struct Dice {
    seed: u64,
    count: u64,
    left: Vec<u8>,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, count: 0, left: Vec::new() }
    }

    /// Draws a number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        if self.left.len() < 8 {
            self.count += 1;
            let parts = [self.seed.to_be_bytes(), self.count.to_be_bytes()];
            self.left = forge::tagged_hash("deadlines/dice", &[&parts[0], &parts[1]]).to_vec();
        }
        let rest = self.left.split_off(self.left.len() - 8);
        u64::from_be_bytes(rest.try_into().expect("8 bytes")) % bound
    }
}
