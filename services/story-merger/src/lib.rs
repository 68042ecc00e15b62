//! The parts of stories of all partitions become stories of their tenant, topics and signals. A pure stage: no Kafka, no
//! clock, no I/O.
//!
//! What a part says is added to its story; as stories and topics grow, whole ones merge (`sameness::Topics`). All parts of
//! a tenant come in one order, so all agree. What a person says of stories comes in the same order. A story with enough evidence is a signal; where two stories become one, so do
//! their signals: the one that was told of stays, and of two the other is closed and says which took it in.

mod correcting;
mod merging;
mod output;
mod stores;

pub use correcting::REFUSED;
pub use output::Merged;
pub use stores::MergerStores;

use merging::Folding;
use model::{Millis, StoryPart};
use sameness::{Representative, TopicLimits};
use settings::DedupSettings;
use signals::Policy;
use stage::{Cx, Emit, Poison, Stage, Timer};
use std::time::Duration;

/// Filtered: what a part says changed nothing that is told.
pub const COUNTED: &str = "counted";
/// Dead: a part whose sums cannot be read.
pub const UNREADABLE: &str = "unreadable_part";

/// The story-merger. Cheap to clone: each lane has its own.
#[derive(Debug, Clone)]
pub struct StoryMerger {
    topics: TopicLimits,
    policy: Policy,
}

impl StoryMerger {
    /// A story-merger with these settings, which are the dedup-aggregator's.
    pub fn new(settings: &DedupSettings) -> Self {
        let topics = TopicLimits {
            idle: millis(settings.story_idle),
            most: settings.max_open_stories.saturating_mul(4),
            ..TopicLimits::default()
        };
        Self {
            topics,
            policy: settings.policy(),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Stage for StoryMerger {
    type In = StoryPart;
    type Out = Merged;
    type Stores = MergerStores;

    fn apply(
        &mut self,
        input: StoryPart,
        stores: &mut MergerStores,
        cx: &Cx<'_>,
    ) -> Result<Emit<Merged>, Poison> {
        if let Some(correction) = &input.correction {
            let folding = Folding::at(cx.time, cx.time, cx.offset, &self.policy);
            let merged = correcting::take(stores, &input.tenant, correction, self.topics, &folding)?;
            return Ok(Emit::many_or(merged, COUNTED));
        }
        let said = Representative::from_bytes(&input.representative)
            .map_err(|why| Poison::ours(UNREADABLE, format!("part {} of a story: {why}", input.part)))?;
        let merged = merging::take(stores, &said, input, cx, self.topics, &self.policy);
        Ok(Emit::many_or(merged, COUNTED))
    }

    fn event_time(&self, input: &StoryPart, cx: &Cx<'_>) -> Millis {
        let said = Representative::last_in(&input.representative);
        // What a person says is no event.
        said.unwrap_or(if input.correction.is_some() {
            Millis::MIN
        } else {
            cx.time
        })
    }

    fn on_timer(&mut self, timer: Timer, stores: &mut MergerStores) -> Vec<Merged> {
        merging::end_silent(stores, &timer, self.topics, &self.policy)
    }
}
