//! Runs a stage without Kafka: the fold that the runtime's committed output must equal. For tests and oracles.

use crate::{Cx, Emit, FlowCounts, Poison, Stage, Stores, apply_and_fire, fire, take_back};
use model::Millis;

/// What became of one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled<O> {
    /// Outputs.
    Out(Vec<O>),
    /// No output, by this reason.
    Filtered(&'static str),
    /// Seen before.
    Duplicate,
    /// A dead letter.
    Dead(Poison),
}

impl<O> From<Result<Emit<O>, Poison>> for Settled<O> {
    fn from(verdict: Result<Emit<O>, Poison>) -> Self {
        match verdict {
            Ok(Emit::One(output)) => Self::Out(vec![output]),
            Ok(Emit::Many(outputs)) => Self::Out(outputs),
            Ok(Emit::Filtered(reason)) => Self::Filtered(reason),
            Ok(Emit::Duplicate) => Self::Duplicate,
            Err(poison) => Self::Dead(poison),
        }
    }
}

/// A changelog, as records.
pub type Log = Vec<(&'static str, Vec<u8>, Option<Vec<u8>>)>;

/// One task of a stage, folding records in order.
pub struct Driver<S: Stage> {
    stage: S,
    stores: S::Stores,
    log: Log,
    /// What timers led to, in order.
    pub fired: Vec<S::Out>,
    /// What became of the records so far.
    pub counts: FlowCounts,
}

impl<S: Stage> Driver<S> {
    /// A task with empty stores.
    pub fn new(stage: S) -> Self {
        Self {
            stage,
            stores: S::Stores::default(),
            log: Vec::new(),
            fired: Vec::new(),
            counts: FlowCounts::default(),
        }
    }

    /// Applies one record in a transaction of its own.
    pub fn apply(&mut self, input: S::In, cx: &Cx<'_>) -> Settled<S::Out> {
        self.apply_if(input, cx, |_| Ok(()))
    }

    /// The same, for a record whose outputs may be refused: then it is a dead letter, and nothing else is left of it.
    pub fn apply_if(
        &mut self,
        input: S::In,
        cx: &Cx<'_>,
        accept: impl FnOnce(&[S::Out]) -> Result<(), Poison>,
    ) -> Settled<S::Out> {
        let settled = self.settle(input, cx, accept);
        self.commit();
        settled
    }

    /// Applies one record and leaves the transaction open.
    pub fn apply_uncommitted(&mut self, input: S::In, cx: &Cx<'_>) -> Settled<S::Out> {
        self.settle(input, cx, |_| Ok(()))
    }

    fn settle(
        &mut self,
        input: S::In,
        cx: &Cx<'_>,
        accept: impl FnOnce(&[S::Out]) -> Result<(), Poison>,
    ) -> Settled<S::Out> {
        let (verdict, fired) = apply_and_fire(&mut self.stage, input, &mut self.stores, cx);
        let mut settled = Settled::from(verdict);
        let refused = match &settled {
            Settled::Out(outputs) => accept(outputs).err(),
            _ => None,
        };
        match refused {
            None => self.fired.extend(fired),
            Some(poison) => {
                take_back(&mut self.stores);
                settled = Settled::Dead(poison);
            }
        }
        for rule in self.stage.late() {
            self.counts.count_late(&rule);
        }
        self.counts.time_corrected += u64::from(self.stage.time_corrected());
        self.count(&settled);
        settled
    }

    fn count(&mut self, settled: &Settled<S::Out>) {
        match settled {
            Settled::Out(outputs) => {
                self.counts.count_out(outputs.len() as u64);
                self.counts.count_topics(outputs);
            }
            Settled::Filtered(reason) => self.counts.count_filtered(reason),
            Settled::Duplicate => self.counts.count_duplicate(),
            Settled::Dead(poison) => self.counts.count_dead(poison.reason, poison.blame.fault()),
        }
    }

    /// No record came, and it is `wall` by the wall clock; timers fire, in a transaction of their own.
    pub fn tell_time(&mut self, wall: Millis) {
        if let Some(timers) = self.stores.timers() {
            timers.tell_time(wall, wall, false);
        }
        let fired = fire(&mut self.stage, &mut self.stores, Some(wall));
        self.fired.extend(fired);
        self.commit();
    }

    /// Commits the open transaction: changes go to the log.
    pub fn commit(&mut self) {
        let log = &mut self.log;
        self.stores.each(&mut |store| {
            let name = store.name();
            store.expire(usize::MAX);
            let written =
                store.changes(&mut |(key, value)| log.push((name, key.to_vec(), value.map(<[u8]>::to_vec))));
            debug_assert!(written.is_ok(), "a store cannot be written: {written:?}");
            store.commit();
        });
    }

    /// Aborts the open transaction: changes are dropped. The counts keep what they counted.
    pub fn abort(&mut self) {
        self.stores.each(&mut |store| store.abort());
    }

    /// The same task after a restart: stores rebuilt from the log alone.
    #[must_use]
    pub fn restarted(self) -> Self {
        let mut stores = S::Stores::default();
        stores.each(&mut |store| {
            for (name, key, value) in &self.log {
                if *name == store.name() {
                    let read = store.restore(key, value.as_deref());
                    debug_assert!(read.is_ok(), "a store cannot be read back: {read:?}");
                }
            }
        });
        Self { stores, ..self }
    }

    /// The changelog so far, oldest first: a store's name, a key, and its value or a tombstone.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The stores, to look at.
    pub fn stores(&mut self) -> &mut S::Stores {
        &mut self.stores
    }
}
