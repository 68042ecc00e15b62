//! What the threads of one search share: the broker, the network between it and its clients, and a trace of what
//! happened.

use super::broker::{Broker, Place};
use super::dice::Dice;
use super::schedule;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Whoever waits for something to happen at the broker is woken by this channel.
pub(super) const BROKER: u64 = u64::MAX;
/// A restore stops so long after its task was taken away.
const RESTORES_ON: Duration = Duration::from_millis(500);
/// The trace keeps the newest lines.
const LINES: usize = 400;

/// See the module.
pub(super) struct World {
    pub(super) broker: Broker,
    pub(super) dice: Dice,
    /// One call in so many meets trouble; none does where this is 0.
    pub(super) trouble: usize,
    /// One request in so many to end a transaction arrives twice, the second time late; none does where this is 0.
    pub(super) late: usize,
    /// No broker answers before this.
    pub(super) away_until: Duration,
    /// The network is so slow, at most.
    pub(super) latency: Duration,
    /// Replicas lag.
    pub(super) lagging: bool,
    /// Which member of which group each process is, and what the group reads.
    pub(super) members: BTreeMap<u64, Member>,
    /// The first thing that must never happen and did.
    pub(super) violation: Option<String>,
    clients: u64,
    trace: VecDeque<String>,
}

/// As whom a process takes part in a group.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) group: String,
    pub(super) instance: String,
    pub(super) input: String,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

impl World {
    pub(super) fn new(mut dice: Dice) -> Self {
        Self {
            broker: Broker::new(dice.split()),
            dice,
            trouble: 0,
            late: 0,
            away_until: Duration::ZERO,
            latency: Duration::from_millis(2),
            lagging: false,
            members: BTreeMap::new(),
            violation: None,
            clients: 0,
            trace: VecDeque::new(),
        }
    }

    /// Makes it the world of this thread.
    pub(super) fn begin(self) {
        WORLD.set(Some(self));
    }

    /// Takes it away again.
    pub(super) fn end() -> Option<Self> {
        WORLD.take()
    }

    pub(super) fn next_client(&mut self) -> u64 {
        self.clients += 1;
        self.clients
    }

    pub(super) fn note(&mut self, line: &str) {
        if self.trace.len() == LINES {
            self.trace.pop_front();
        }
        let at = self.broker.now;
        self.trace
            .push_back(format!("{:>10.3} ms  {line}", at.as_secs_f64() * 1e3));
    }

    pub(super) fn trace(self) -> Vec<String> {
        self.trace.into()
    }

    /// A process reads a changelog, as whoever restores a task does; not for long after the task was taken away.
    pub(super) fn restores(&mut self, process: u64, (topic, partition): &Place) {
        let Some(member) = self.members.get(&process).cloned() else {
            return;
        };
        let (input, now) = ((member.input, *partition), self.broker.now);
        let parted = self
            .broker
            .group(&member.group)
            .parted_since(&member.instance, &input, now);
        // A lane that waits for a broker that is away hears of nothing before it is back.
        let parted = parted.map(|parted| parted.min(now.saturating_sub(self.away_until)));
        if let Some(parted) = parted.filter(|parted| *parted > RESTORES_ON) {
            let instance = member.instance;
            let why = format!("{instance} restores from {topic}-{partition}, taken away {parted:?} ago");
            self.violation.get_or_insert(why);
        }
    }

    /// Whether a call meets trouble.
    fn is_troubled(&mut self) -> bool {
        self.trouble > 0 && self.dice.one_in(self.trouble)
    }
}

/// Looks at the world of this thread as it is now.
pub(super) fn world<T>(look: impl FnOnce(&mut World) -> T) -> T {
    let now = schedule::now().unwrap_or_default();
    let (seen, happened) = WORLD.with_borrow_mut(|world| {
        let world = world.as_mut().expect("a search runs on this thread");
        let happened = world.broker.advance(now);
        (look(world), happened)
    });
    if happened {
        schedule::wake(BROKER);
    }
    seen
}

pub(super) fn note(line: &str) {
    world(|world| world.note(line));
}

/// Whether this call meets trouble.
pub(super) fn troubled() -> bool {
    world(World::is_troubled)
}

/// Whether this request to end a transaction arrives twice.
pub(super) fn comes_late() -> bool {
    world(|world| world.late > 0 && world.dice.one_in(world.late))
}

/// One of so many.
pub(super) fn choose(many: usize) -> usize {
    world(|world| world.dice.below(many))
}

/// A request and its answer are on their way; `false` if no answer came within this time.
pub(super) fn travel(limit: Duration) -> bool {
    let (now, away, latency) = world(|world| {
        let latency = world.dice.time(world.latency);
        (world.broker.now, world.away_until, latency)
    });
    let wait = away.saturating_sub(now) + latency;
    schedule::sleep(wait.min(limit));
    wait < limit
}
