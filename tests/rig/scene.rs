//! A session in its middle, and a liar who wants to disturb it.

use countersign_machine::Input;
use countersign_machine::evidence::Offence;
use countersign_machine::fault::{Fault, PeerFault, StoreFault};
use countersign_machine::frame::{Frame, Refusal};
use countersign_machine::id::{Attempt, NonceSetDigest, SessionId, Slot};
use countersign_machine::link::LinkState;
use countersign_machine::message::{Body, DeclineReason, Envelope, Message};
use countersign_machine::time::WallTime;

use super::{Flight, Topology, World, forge, payload};

/// Who has proposed.
pub const PROPOSER: usize = 0;
/// Who has approved and sent nonces, and lies from now on.
pub const LIAR: usize = 1;
/// Who is asked for approval, and hears the lies.
pub const VICTIM: usize = 2;
/// How many items the session signs.
pub const ITEMS: usize = 2;

/// Three phones in the middle of a session: the proposer and the liar have given nonces, the victim is asked.
pub struct Scene {
    /// The phones.
    pub world: World,
    /// The session.
    pub session: SessionId,
    /// Its proposal.
    pub proposal: Envelope,
    /// The liar's nonces.
    pub nonces: Envelope,
    /// How many records the liar's journal had before the session.
    pub before: usize,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new(World::new(1, 3, Topology::Mesh))
    }
}

impl Scene {
    /// Sets the scene in a world of at least three phones.
    pub fn new(mut world: World) -> Self {
        let before = world.phones[LIAR].journal.len();
        let session = world.propose(PROPOSER, payload(ITEMS as u32));
        world.settle();
        world.approve(LIAR, session);
        world.settle();
        let envelope = |name| {
            let all = world.sent.iter().filter_map(Flight::envelope);
            let mut all = all.filter(|envelope| envelope.body().session == session);
            all.find(|envelope| envelope.body().message.name() == name).expect("it was sent")
        };
        Self { session, proposal: envelope("propose"), nonces: envelope("nonces"), before, world }
    }

    /// Brings `bytes` and asserts that they are refused, told to the sender and to the user, and change nothing.
    /// Returns why.
    ///
    /// # Panics
    ///
    /// Panics if it is not so.
    pub fn refuse(&mut self, from: usize, to: usize, bytes: &[u8]) -> PeerFault {
        let before = self.world.status(to);
        let kind = self.refuse_with(from, to, bytes, &["send", "tell refused"]);
        assert_eq!(self.world.status(to), before, "a refused frame changes nothing");
        kind
    }

    fn refuse_with(&mut self, from: usize, to: usize, bytes: &[u8], effects: &[&str]) -> PeerFault {
        let world = &mut self.world;
        world.forgive(to);
        let (done, sent) = (world.phones[to].effects.len(), world.sent.len());

        world.arrive(from, to, bytes);

        let fault = world.phones[to].faults.pop().expect("the frame was accepted");
        let Fault::Peer { peer, kind, .. } = fault else { panic!("not a peer's fault: {fault}") };
        assert_eq!(peer, world.phones[from].transport());
        assert_eq!(world.phones[to].effects[done..], *effects);
        let sent = &world.sent[sent..];
        let answer = Frame::parse(&sent.last().expect("an answer").bytes).expect("a frame");
        let Frame::Refuse { why, .. } = answer else { panic!("not a refusal: {answer:?}") };
        assert_eq!(why, Refusal::from(kind));
        for _ in 0..effects.iter().filter(|effect| **effect == "send").count() {
            world.flying.pop_back();
        }
        kind
    }

    /// Lets the liar say something that is refused and makes the victim ask both others what they hold.
    pub fn refuse_and_search(&mut self, message: Message) -> PeerFault {
        let frame = self.sealed(LIAR, message);
        self.refuse_with(LIAR, VICTIM, &frame, &["tell", "send", "send", "send", "tell refused"])
    }

    /// Brings a frame of an unknown version from the liar: the link is shown as incompatible, no session changes.
    ///
    /// # Panics
    ///
    /// Panics if it is not so.
    pub fn refuse_version(&mut self, bytes: &[u8]) -> PeerFault {
        let before = self.world.status(VICTIM).sessions;
        let kind = self.refuse_with(LIAR, VICTIM, bytes, &["tell", "send", "tell refused", "tell"]);
        assert_eq!(self.world.status(VICTIM).sessions, before);
        assert_eq!(self.link(), LinkState::Incompatible);
        kind
    }

    /// Signs `body` as `from`, whatever slot it names, and asserts that it is refused.
    pub fn refuse_body(&mut self, from: usize, to: usize, body: &Body) -> PeerFault {
        let frame = forge::sealed_frame(self.world.phones[from].transport_seed(), body);
        self.refuse(from, to, &frame)
    }

    /// Lets the liar say something in the session, in its own name, and asserts that it is refused.
    pub fn refuse_message(&mut self, message: Message) -> PeerFault {
        let frame = self.sealed(LIAR, message);
        self.refuse(LIAR, VICTIM, &frame)
    }

    /// Lets the liar say something in the session that convicts it in the eyes of the victim, and then of everybody.
    /// Returns of what.
    ///
    /// # Panics
    ///
    /// Panics if a phone is not convinced.
    pub fn convict(&mut self, message: Message) -> Offence {
        let frame = self.sealed(LIAR, message);
        self.world.arrive(LIAR, VICTIM, &frame);
        self.world.settle();
        let blamed = |who: usize| self.world.session(who, self.session).expect("known").blamed;
        let [found] = blamed(VICTIM)[..] else { panic!("one offence: {:?}", blamed(VICTIM)) };
        assert_eq!(found.slot, Slot(LIAR as u8));
        for honest in (0..self.world.phones.len()).filter(|who| *who != LIAR) {
            assert_eq!(blamed(honest), [found], "phone {honest}");
            assert_eq!(self.world.phones[honest].faults, [], "phone {honest}");
        }
        found.offence
    }

    /// Lets the liar greet with a card and asserts that it is refused.
    pub fn refuse_hello(&mut self, card: &[u8]) -> PeerFault {
        let hello = Frame::Hello { version: 1, card: card.to_vec().into(), have: vec![], lost: false };
        self.refuse(LIAR, VICTIM, &hello.to_bytes())
    }

    /// Feeds the victim a fact and asserts that a peer's fault is all that comes of it. Returns the fault.
    ///
    /// # Panics
    ///
    /// Panics if it is not so.
    pub fn ignore(&mut self, input: Input) -> Fault {
        let (status, sent) = (self.world.status(VICTIM), self.world.sent.len());
        self.world.feed(VICTIM, input);
        assert_eq!(self.world.status(VICTIM), status);
        assert_eq!(self.world.sent.len(), sent, "it is not even answered");
        self.world.phones[VICTIM].faults.pop().expect("it was accepted")
    }

    /// Returns a message of every kind that fits the session, each as true as it can be without a secret.
    pub fn every_message(&self) -> Vec<Message> {
        let Message::Propose { terms, nonces } = self.proposal.body().message.clone() else {
            panic!("a proposal")
        };
        let (attempt, set) = (Attempt(0), NonceSetDigest([7; 32]));
        let (partials, reason) = (vec![1; 32 * ITEMS], DeclineReason::User);
        vec![
            Message::Extend { until: WallTime(terms.deadline.0 + 1) },
            Message::Propose { terms, nonces: nonces.clone() },
            Message::Nonces { attempt, nonces: nonces.clone() },
            Message::Partials { attempt, set, partials: partials.clone() },
            Message::Answer { attempt, set, nonces, partials },
            Message::Complete { signatures: vec![7; 64 * ITEMS] },
            Message::Decline { reason },
            Message::Cancel,
        ]
    }

    /// Returns a frame in which a phone says something in the session.
    pub fn sealed(&self, who: usize, message: Message) -> Vec<u8> {
        let body = Body { message, slot: Slot(who as u8), ..self.nonces.body().clone() };
        forge::sealed_frame(self.world.phones[who].transport_seed(), &body)
    }

    /// Returns how the victim sees its link to the liar.
    pub fn link(&self) -> LinkState {
        self.world.status(VICTIM).wallets[0].participants[LIAR].link
    }

    /// Tries to start a phone from other records than its own.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with them.
    pub fn open(&self, who: usize, records: &[Vec<u8>]) -> Result<(), StoreFault> {
        self.world.phones[who].node_from(records, [0; 32], self.world.now).map(|_| ())
    }

    /// Asserts that the session goes on to its signatures.
    pub fn finish(mut self) {
        self.world.phones.iter_mut().for_each(|phone| phone.faults.clear());
        self.world.approve_at_once(self.session);
        self.world.assert_flawless(self.session);
    }
}
