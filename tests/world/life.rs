//! How phones live and die: their stores, their vaults, and what they find when they start again.

use countersign_machine::Input;
use countersign_machine::input::KeyTicket;
use countersign_machine::key::Seed;
use countersign_machine::record::Record;

use super::judge::Violation;
use super::network::MS;
use super::schedule::{Decision, Disk};
use super::{Event, World};
use crate::rig::forge::tagged_hash;

impl World<'_> {
    /// Stops all faults: the network is whole, clocks are right, stores write, the dead start again.
    pub(super) fn heal(&mut self) {
        self.healed = true;
        self.parts.clear();
        for who in 0..self.phones.len() {
            let handset = &mut self.phones[who];
            handset.ahead_ms = 0;
            handset.full = false;
            if handset.disk == (Disk::Unreadable { for_good: false }) {
                handset.disk = Disk::Good;
            }
            self.restart(who);
            self.feed(who, Input::CameToForeground);
        }
        self.renew_links();
        self.later(500 * MS, Event::Looks);
    }

    pub(super) fn start(&mut self, who: usize) {
        let mut dice = self.schedule.dice(&[21, who as u64, self.phones[who].life]);
        let seed = dice.bytes();
        if dice.yes(250) {
            self.phones[who].booted = self.now - 1_000 * MS;
            self.phones[who].phone.boots = self.phones[who].phone.boots.map(|boots| boots + 1);
        }
        let now = self.clock(who);
        let handset = &mut self.phones[who];
        if let Err(fault) = handset.phone.open(seed, now) {
            return self.judge.object(Violation::JournalRefused { who, fault });
        }
        handset.life += 1;
        if handset.liar.is_none() {
            let phone = &handset.phone;
            self.judge.reread(who, &phone.participant(), &phone.journal);
        }
        self.carry_out(who);
        self.feed(who, Input::Listening(vec![format!("/memory/{}", who + 1)]));
        if dice.yes(300) {
            self.act(who, |node, now| node.start_presence(20_000, now));
        }
    }

    /// Starts a dead phone from what it finds on its disk.
    pub(super) fn restart(&mut self, who: usize) {
        let handset = &mut self.phones[who];
        if handset.phone.node.is_some() {
            return;
        }
        match handset.disk {
            Disk::Good => {}
            Disk::Old { percent } => {
                let written = handset.phone.journal.len() - handset.before;
                handset.phone.journal.truncate(handset.before + written * percent as usize / 100);
                self.judge.suspects.insert(who);
                self.count("rollbacks");
            }
            Disk::Unreadable { .. } => return self.refuse_damage(who),
        }
        self.phones[who].disk = Disk::Good;
        self.start(who);
        self.count("restarts");
        self.ask_again(who);
    }

    /// Damages the newest record: the phone must not start from it.
    fn refuse_damage(&mut self, who: usize) {
        let now = self.clock(who);
        let phone = &mut self.phones[who].phone;
        let whole = phone.journal.clone();
        if let Some(newest) = phone.journal.last_mut() {
            newest.pop();
        }
        assert!(phone.open([0; 32], now).is_err(), "half a record was read as one");
        phone.journal = whole;
        self.count("journals refused");
    }

    /// Kills a phone: what it had in memory is gone. It starts again later.
    pub(super) fn crash(&mut self, who: usize, down_ms: u64, disk: Disk) {
        let handset = &mut self.phones[who];
        handset.phone.node = None;
        handset.wake = None;
        handset.life += 1;
        handset.disk = disk;
        self.losses += 1;
        self.count("crashes");
        self.leave(who);
        self.later(down_ms * MS, Event::Restarts { who });
    }

    pub(super) fn persist(&mut self, who: usize, records: &[Record]) {
        let handset = &mut self.phones[who];
        if handset.liar.is_none() {
            self.judge.read(who, &handset.phone.participant(), records);
        }
        for record in records {
            let bytes = record.to_bytes();
            self.note_bytes(&bytes);
            self.phones[who].phone.journal.push(bytes);
        }
    }

    pub(super) fn read_back(&mut self, who: usize) {
        let handset = &mut self.phones[who];
        handset.reads += 1;
        let (life, number) = (handset.life, handset.reads);
        let mut newest = handset.phone.journal.last().cloned();
        let mut dice = self.schedule.dice(&[22, who as u64, number]);
        if dice.yes(self.odds.forgets) && self.takes(Decision::Forgets { who, number }) {
            newest = self.phones[who].phone.journal.iter().rev().nth(1).cloned();
            self.losses += 1;
        }
        self.later(0, Event::Answer { who, life, input: Input::ReadBack(newest) });
    }

    pub(super) fn draw_seed(&mut self, who: usize, ticket: KeyTicket) {
        let handset = &mut self.phones[who];
        handset.phone.draws += 1;
        let (life, number) = (handset.life, handset.phone.draws);
        let mut dice = self.schedule.dice(&[25, who as u64, number]);
        let seed = Seed::new(tagged_hash("world/vault", &[&dice.bytes()]));
        self.later(0, Event::Answer { who, life, input: Input::SeedGiven { ticket, seed } });
    }

    pub(super) fn ask_vault(&mut self, who: usize, ticket: KeyTicket) {
        let handset = &mut self.phones[who];
        handset.phone.draws += 1;
        let (life, number) = (handset.life, handset.phone.draws);
        let mut dice = self.schedule.dice(&[23, who as u64, number]);
        let mut delay = dice.between(MS, 5 * MS);
        let mut input = Input::KeyGiven {
            ticket,
            key: handset.phone.key(),
            seed: Seed::new(tagged_hash("world/vault", &[&dice.bytes()])),
        };
        if dice.yes(self.odds.refuses) && self.takes(Decision::Refuses { who, number }) {
            self.losses += 1;
            input = Input::KeyRefused { ticket };
        }
        let ms = dice.between(100, 20_000);
        if dice.yes(self.odds.dawdles) && self.takes(Decision::Dawdles { who, number, ms }) {
            delay += ms * MS;
        }
        self.later(delay, Event::Answer { who, life, input });
    }
}
