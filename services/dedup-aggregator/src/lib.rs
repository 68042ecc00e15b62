//! Scored events become signals: duplicates counted once, copies folded. A pure stage: no Kafka, no clock, no I/O.
//!
//! A signal is one thing in the world. Within a tenant and subject, an event belongs to the signal whose first
//! text is near its own; without a text, to the signal of its type. A signal that hears nothing for `quiet_after`,
//! in event time, is over, and the next such event begins a new one.
//!
//! Every record ends as one of three: `unscored` (no rule matched: filtered, nothing is kept), a duplicate (its
//! tenant, source and id were seen), or one new version of one signal. The output depends on the input's order and
//! the records' times only.

mod evidence;
mod facts;
mod fold;
mod independence;
mod placing;
mod stores;
mod update;

pub use stores::DedupStores;
pub use update::SignalUpdate;

use model::{Event, Millis, ScoredEvent};
use placing::Shape;
use sameness::IdempotencyKey;
use settings::DedupSettings;
use stage::{Cx, Emit, Poison, Stage};
use std::time::Duration;
use stores::Cluster;

/// Filtered: no rule matched the event, so there is nothing to signal.
pub const UNSCORED: &str = "unscored";

/// The dedup-aggregator. Cheap to clone: each lane has its own.
#[derive(Debug, Clone)]
pub struct DedupAggregator {
    limits: Limits,
}

/// When things are the same, believed, over, or too many.
#[derive(Debug, Clone, Copy)]
struct Limits {
    exact_window: Millis,
    similarity: f64,
    verified_evidence: i64,
    verified_sources: i64,
    quiet_after: Millis,
    evidence: usize,
}

impl DedupAggregator {
    /// A dedup-aggregator with these settings.
    pub fn new(settings: &DedupSettings) -> Self {
        let limits = Limits {
            exact_window: millis(settings.exact_window),
            similarity: settings.similarity,
            verified_evidence: settings.verified_evidence.into(),
            verified_sources: settings.verified_sources.into(),
            quiet_after: millis(settings.quiet_after),
            evidence: settings.max_evidence.max(1),
        };
        Self { limits }
    }

    /// The signal with this event as its newest evidence.
    fn fold(&self, scored: ScoredEvent, stores: &mut DedupStores, now: Millis) -> SignalUpdate {
        let place = placing::place(&scored.event);
        let shape = Shape::of(&scored.event);
        let found = placing::find(stores, &place, &shape, scored.event.time, &self.limits);
        let standing = if let Some((key, mut standing)) = found {
            fold::add(&mut standing, scored, &shape, &self.limits);
            stores.refresh(&place, now, self.limits.quiet_after);
            stores.signals.put(key, standing.clone());
            standing
        } else {
            let standing = fold::open(scored, now, &self.limits);
            let cluster = Cluster {
                signal_key: standing.signal.signal_key.clone(),
                shape: shape.into(),
            };
            stores.signals.put(cluster.signal_key.clone(), standing.clone());
            stores.add_cluster(place, cluster, now);
            standing
        };
        SignalUpdate(standing.signal)
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

impl Stage for DedupAggregator {
    type In = ScoredEvent;
    type Out = SignalUpdate;
    type Stores = DedupStores;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut DedupStores,
        cx: &Cx<'_>,
    ) -> Result<Emit<SignalUpdate>, Poison> {
        if input.matched <= 0 {
            return Ok(Emit::Filtered(UNSCORED));
        }
        stores.set_lives(&self.limits);
        if !stores.seen.insert(key(&input.event).number()) {
            return Ok(Emit::Duplicate);
        }
        Ok(Emit::One(self.fold(input, stores, cx.time)))
    }
}

fn key(event: &Event) -> IdempotencyKey {
    IdempotencyKey::of(&event.tenant, &event.source, &event.id)
}
