//! What a stage is: a decision over one record and the keyed state of its partition.
//!
//! No Kafka, no clock, no I/O. The runtime decodes, applies, and puts outputs, changes of state, dead letters and
//! offsets into one transaction.

mod drain;
mod driver;
mod effect;
mod flow;
mod record;
mod silence;
mod store;
mod timers;
mod verdict;

pub use drain::{Advance, Batch, Drain, DrainError, Drained, Task};
pub use driver::{Driver, Log, Settled};
pub use effect::{Attempt, Cause, Effect, IdempotencyKey, Outcome, Part};
pub use flow::FlowCounts;
pub use record::{Cx, Input, ORIGIN_HEADER, Output, Sender, Wire, sender_of};
pub use silence::Silence;
pub use store::{
    AnyStore, Bounded, Change, Expiring, Format, Store, StoreError, StoreKey, StoreValue, Stores, Tracked,
    golden, message_pack,
};
pub use timers::{Clock, Lateness, Timer, Timers};
pub use verdict::{Blame, Emit, Poison};

use model::Millis;

/// A stage: one input, zero or more outputs, keyed state.
///
/// The output and the final state are a function of the inputs in their order: no clock, no randomness, no retry.
pub trait Stage: Send {
    /// What it reads.
    type In: Input;
    /// What it writes.
    type Out: Output;
    /// The keyed stores of one task (one partition of one input topic). `()` for a stage without state.
    type Stores: Stores;

    /// Decides about one record. Reads see the writes of the open transaction; writes stay in the overlay until it
    /// commits.
    fn apply(
        &mut self,
        input: Self::In,
        stores: &mut Self::Stores,
        cx: &Cx<'_>,
    ) -> Result<Emit<Self::Out>, Poison>;

    /// The event time of a record, which drives the watermark of a stage with timers. By default its time in Kafka.
    fn event_time(&self, _input: &Self::In, cx: &Cx<'_>) -> Millis {
        cx.time
    }

    /// The rules for which the record that was applied last came too late to count; asked after every record.
    fn late(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Whether the record that was applied last came with a time that was replaced; asked after every record.
    fn time_corrected(&self) -> bool {
        false
    }

    /// A timer of the task has come due; what follows from it. The stage may set timers anew.
    fn on_timer(&mut self, _timer: Timer, _stores: &mut Self::Stores) -> Vec<Self::Out> {
        Vec::new()
    }
}

/// What became of a record, and what the timers that it made due led to.
pub type Applied<O> = (Result<Emit<O>, Poison>, Vec<O>);

/// Applies a record and fires the timers that it makes due: the step that the runtime and [`Driver`] share. A record that
/// is rejected leaves nothing in the stores, and fires nothing; one that is taken can still be taken back
/// ([`take_back`]).
pub fn apply_and_fire<S: Stage>(
    stage: &mut S,
    input: S::In,
    stores: &mut S::Stores,
    cx: &Cx<'_>,
) -> Applied<S::Out> {
    stores.each(&mut |store| {
        store.savepoint();
        store.advance(cx.clock);
    });
    let event_time = stage.event_time(&input, cx);
    let verdict = stage.apply(input, stores, cx);
    if verdict.is_err() {
        take_back(stores);
        return (verdict, Vec::new());
    }
    if let Some(timers) = stores.timers() {
        timers.observe(event_time, cx.clock);
    }
    (verdict, fire(stage, stores, None))
}

/// Takes back what the record that was applied last changed, and the timers that it fired. Only between its application
/// and the next one.
pub fn take_back(stores: &mut impl Stores) {
    stores.each(&mut |store| store.rollback());
}

/// Fires what is due; `wall` is told when the wall clock may fire as well.
pub fn fire<S: Stage>(stage: &mut S, stores: &mut S::Stores, wall: Option<Millis>) -> Vec<S::Out> {
    let due = stores
        .timers()
        .map(|timers| timers.take_due(wall))
        .unwrap_or_default();
    let fired = due.into_iter().flat_map(|timer| stage.on_timer(timer, stores));
    fired.collect()
}
