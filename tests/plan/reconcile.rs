//! What a shell does to make its system equal to the plan. The shells in Kotlin and Swift do the same: `corpus.json` holds them to it.

use std::collections::BTreeMap;

use countersign_machine::plan::{Due, Plan, PlannedNotification};

/// What the system has of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// What it will show: keys, and the hashes of what that says.
    pub pending: BTreeMap<String, u64>,
    /// What is on the screen, by its place: its key and its hash.
    pub shown: BTreeMap<String, (String, u64)>,
}

/// One thing to do at the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation<'a> {
    /// Give it something to show later.
    Hold(&'a PlannedNotification),
    /// Show something, with a sound.
    Show(&'a PlannedNotification),
    /// Change what is on the screen, without a sound.
    Update(&'a PlannedNotification),
    /// Let it hold the notification of this key no more.
    Release(String),
    /// Take away what stands at this place.
    TakeAway(String),
}

/// What a shell's system is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct System {
    /// Whether it shows a notification at a time of its own.
    pub preschedules: bool,
    /// Whether what is shown in a slot takes another's place there. If not, every key has a place of its own.
    pub by_slot: bool,
}

impl System {
    pub(super) fn place_of(self, item: &PlannedNotification) -> String {
        if self.by_slot { item.slot.clone() } else { item.key.to_string() }
    }

    /// Lists what is to be done so that the system holds and shows what the plan says.
    pub(super) fn reconcile<'a>(self, plan: &'a Plan, held: &Held) -> Vec<Operation<'a>> {
        let mut operations: Vec<Operation<'a>> =
            plan.items
                .iter()
                .filter_map(|item| {
                    let content = (item.key.to_string(), item.content_hash);
                    match item.due {
                        Due::Later if !self.preschedules => None,
                        Due::Later => (held.pending.get(&content.0) != Some(&content.1))
                            .then_some(Operation::Hold(item)),
                        Due::Now => Some(Operation::Show(item)),
                        Due::Shown => {
                            let shown = held.shown.get(&self.place_of(item));
                            shown.is_some_and(|shown| *shown != content).then_some(Operation::Update(item))
                        }
                    }
                })
                .collect();
        let mut after = held.clone();
        operations.iter().for_each(|operation| self.apply(operation, &mut after));
        let wanted = |key: &str, later: bool| {
            plan.items.iter().any(|item| item.key.to_string() == key && (item.due == Due::Later) == later)
        };
        let released = after.pending.keys().filter(|key| !self.preschedules || !wanted(key, true));
        operations.extend(released.cloned().map(Operation::Release));
        let gone = after.shown.iter().filter(|(_, (key, _))| !wanted(key, false));
        operations.extend(gone.map(|(place, _)| Operation::TakeAway(place.clone())));
        operations
    }

    /// Does one thing at a system.
    pub(super) fn apply(self, operation: &Operation<'_>, held: &mut Held) {
        match operation {
            Operation::Hold(item) => drop(held.pending.insert(item.key.to_string(), item.content_hash)),
            Operation::Show(item) | Operation::Update(item) => {
                held.shown.insert(self.place_of(item), (item.key.to_string(), item.content_hash));
            }
            Operation::Release(key) => drop(held.pending.remove(key)),
            Operation::TakeAway(place) => drop(held.shown.remove(place)),
        }
    }
}
