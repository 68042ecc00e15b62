//! What a stage is: a decision over one record and the keyed state of its partition.
//!
//! No Kafka, no clock, no I/O. The runtime decodes, applies, and puts outputs, changes of state, dead letters and
//! offsets into one transaction.

mod drain;
mod driver;
mod effect;
mod flow;
mod record;
mod store;
mod verdict;

pub use drain::{Advance, Batch, Drain, DrainError, Drained, Task};
pub use driver::{Driver, Log, Settled};
pub use effect::{Attempt, Effect, Outcome};
pub use flow::FlowCounts;
pub use record::{Cx, Input, Output};
pub use store::{AnyStore, Change, Expiring, Store, StoreError, StoreKey, StoreValue, Stores};
pub use verdict::{Emit, Poison};

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
}
