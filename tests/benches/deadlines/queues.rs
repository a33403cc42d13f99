//! The structures that are compared: ours, and what one would take instead.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::future::poll_fn;
use std::hint::black_box;
use std::time::Duration;

use countersign_machine::Wake;
use countersign_machine::deadline::Deadlines;
use countersign_machine::time::BootTime;
use tokio::runtime::Runtime;
use tokio::task::unconstrained;
use tokio::time::Instant;
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

/// All moments lie within so many milliseconds from the start. They have really passed when the measurements begin, because
/// tokio's queue looks at the clock itself.
pub(crate) const WINDOW_MS: u64 = 5_000;

/// Something that says what is due. The things have the numbers from 0.
pub(crate) trait Queue {
    /// What the table calls it.
    const NAME: &'static str;

    /// Sets the moment of a thing that has none.
    fn insert(&mut self, number: usize, what: Wake, at: BootTime);

    /// Sets the moment of a thing to another.
    fn reset(&mut self, number: usize, what: Wake, at: BootTime);

    /// Takes everything, all being due; returns how many things that were.
    fn fire_all(&mut self) -> usize;
}

/// What the machine uses.
#[derive(Default)]
pub(crate) struct Ours(Deadlines<Wake>);

impl Queue for Ours {
    const NAME: &'static str = "ours";

    fn insert(&mut self, _number: usize, what: Wake, at: BootTime) {
        self.0.set(what, Some(at));
    }

    fn reset(&mut self, _number: usize, what: Wake, at: BootTime) {
        self.0.set(what, Some(at));
    }

    fn fire_all(&mut self) -> usize {
        let now = BootTime(WINDOW_MS * 1_000);
        std::iter::from_fn(|| self.0.take_due(now)).map(black_box).count()
    }
}

/// Tokio's queue, a wheel of milliseconds.
pub(crate) struct Wheel<'a> {
    runtime: &'a Runtime,
    start: Instant,
    queue: DelayQueue<Wake>,
}

impl<'a> Wheel<'a> {
    fn new(runtime: &'a Runtime) -> Self {
        let _in_runtime = runtime.enter();
        Self { runtime, start: Instant::now(), queue: DelayQueue::new() }
    }

    fn insert(&mut self, what: Wake, at: BootTime) -> Key {
        let _in_runtime = self.runtime.enter();
        self.queue.insert_at(what, self.start + Duration::from_micros(at.0))
    }

    fn reset(&mut self, key: &Key, at: BootTime) {
        let _in_runtime = self.runtime.enter();
        self.queue.reset_at(key, self.start + Duration::from_micros(at.0));
    }

    /// Hands everything to `taken`; the wheel then stands at its start again, so that all these moments lie ahead of it.
    fn fire_all(&mut self, mut taken: impl FnMut(Wake)) -> usize {
        let queue = &mut self.queue;
        let fired = self.runtime.block_on(unconstrained(async {
            let mut fired = 0;
            while let Some(expired) = poll_fn(|cx| queue.poll_expired(cx)).await {
                taken(black_box(expired.into_inner()));
                fired += 1;
            }
            fired
        }));
        self.queue.clear();
        fired
    }
}

/// Tokio's queue, its caller holding a key for each thing in a row.
pub(crate) struct Keyed<'a> {
    wheel: Wheel<'a>,
    keys: Vec<Key>,
}

impl<'a> Keyed<'a> {
    pub(crate) fn new(runtime: &'a Runtime) -> Self {
        Self { wheel: Wheel::new(runtime), keys: Vec::new() }
    }
}

impl Queue for Keyed<'_> {
    const NAME: &'static str = "DelayQueue";

    fn insert(&mut self, _number: usize, what: Wake, at: BootTime) {
        self.keys.push(self.wheel.insert(what, at));
    }

    fn reset(&mut self, number: usize, _what: Wake, at: BootTime) {
        self.wheel.reset(&self.keys[number], at);
    }

    fn fire_all(&mut self) -> usize {
        self.keys.clear();
        self.wheel.fire_all(|_| {})
    }
}

/// Tokio's queue, its keys found by the things' names.
pub(crate) struct Named<'a> {
    wheel: Wheel<'a>,
    keys: BTreeMap<Wake, Key>,
}

impl<'a> Named<'a> {
    pub(crate) fn new(runtime: &'a Runtime) -> Self {
        Self { wheel: Wheel::new(runtime), keys: BTreeMap::new() }
    }
}

impl Queue for Named<'_> {
    const NAME: &'static str = "DelayQueue, named";

    fn insert(&mut self, _number: usize, what: Wake, at: BootTime) {
        self.keys.insert(what, self.wheel.insert(what, at));
    }

    fn reset(&mut self, _number: usize, what: Wake, at: BootTime) {
        let key = self.keys.get(&what).expect("it was inserted");
        self.wheel.reset(key, at);
    }

    fn fire_all(&mut self) -> usize {
        let keys = &mut self.keys;
        self.wheel.fire_all(|what| {
            keys.remove(&what);
        })
    }
}

/// A heap, in which nothing can be moved: another entry is pushed, and the old one skipped when it comes up.
#[derive(Default)]
pub(crate) struct Heap {
    heap: BinaryHeap<Reverse<(BootTime, Wake)>>,
    moments: BTreeMap<Wake, BootTime>,
}

impl Queue for Heap {
    const NAME: &'static str = "BinaryHeap, named";

    fn insert(&mut self, _number: usize, what: Wake, at: BootTime) {
        self.moments.insert(what, at);
        self.heap.push(Reverse((at, what)));
    }

    fn reset(&mut self, number: usize, what: Wake, at: BootTime) {
        self.insert(number, what, at);
    }

    fn fire_all(&mut self) -> usize {
        let mut fired = 0;
        while let Some(Reverse((at, what))) = self.heap.pop() {
            if self.moments.get(&what) == Some(&at) {
                self.moments.remove(&what);
                black_box(what);
                fired += 1;
            }
        }
        fired
    }
}
