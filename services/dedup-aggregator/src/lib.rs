//! Scored events become signals, and texts become parts of stories; duplicates are counted once. A pure stage: no Kafka,
//! no clock, no I/O.
//!
//! An event with words belongs to a part of a story: within a tenant, to the open part that has the same text or is most
//! alike, whatever score it has. What is new of a part goes to the story-merger, which joins the parts of all partitions
//! and keeps their signals. Events without words form signals here: within a tenant and subject, those of one type, until
//! nothing comes for `quiet_after` in event time. What falls silent ends by timers of event time.
//!
//! Every record ends as one of: `unscored` (no rule matched, and there are no words), a duplicate (its tenant, source and
//! id were seen), `counted` (evidence of a signal that is not told again, or not yet), or outputs. These depend on the
//! input's order and the records' times only.

mod index;
mod kinds;
mod output;
mod stores;
mod texts;

pub use output::Told;
pub use stores::DedupStores;

use model::{Event, Millis, ScoredEvent};
use sameness::{IdempotencyKey, Method, StoryLimits};
use settings::DedupSettings;
use signals::Policy;
use stage::{Cx, Emit, Lateness, Poison, Stage, Timer};
use std::time::Duration;

/// Filtered: no rule matched the event and it has no words, so there is nothing to signal.
pub const UNSCORED: &str = "unscored";
/// Filtered: evidence of a signal that is not told again for it, or not told yet.
pub const COUNTED: &str = "counted";

/// The dedup-aggregator. Cheap to clone: each lane has its own.
#[derive(Debug, Clone)]
pub struct DedupAggregator {
    limits: Limits,
}

/// When things are the same, over, or too many.
#[derive(Debug, Clone)]
struct Limits {
    exact_window: Millis,
    quiet_after: Millis,
    /// How far ahead of its record an event may say that it happened.
    max_ahead: Millis,
    method: Method,
    stories: StoryLimits,
    policy: Policy,
}

impl DedupAggregator {
    /// A dedup-aggregator with these settings; `max_ahead` is how far ahead of its record an event may say that it
    /// happened.
    pub fn new(settings: &DedupSettings, max_ahead: Duration) -> Self {
        let stories = StoryLimits {
            idle: millis(settings.story_idle),
            most: settings.max_open_stories,
            ..StoryLimits::default()
        };
        let limits = Limits {
            exact_window: millis(settings.exact_window),
            quiet_after: millis(settings.quiet_after),
            max_ahead: millis(max_ahead),
            method: Method::default(),
            stories,
            policy: settings.policy(),
        };
        Self { limits }
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// How far event time may lag behind its newest event before silence counts, and after how long a partition without
/// records follows the wall clock. What ends here ends after hours.
const LATENESS: Lateness = Lateness {
    allowed: 60 * 1000,
    idle_after: 10 * 60 * 1000,
    ahead: 0,
};

impl Stage for DedupAggregator {
    type In = ScoredEvent;
    type Out = Told;
    type Stores = DedupStores;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut DedupStores,
        cx: &Cx<'_>,
    ) -> Result<Emit<Told>, Poison> {
        let time = self.event_time(&input, cx);
        let has_words = input.event.has_text();
        if input.matched <= 0 && !has_words {
            return Ok(Emit::Filtered(UNSCORED));
        }
        stores.set_lives(&self.limits);
        if !stores.seen.insert(key(&input.event).number()) {
            return Ok(Emit::Duplicate);
        }
        let input = if has_words {
            stores.index_anew(self.limits.stories);
            match texts::take(stores, input, time, cx.offset, &self.limits) {
                Ok(told) => return Ok(Emit::many_or(told, COUNTED)),
                Err(wordless) => *wordless,
            }
        } else {
            input
        };
        if input.matched <= 0 {
            return Ok(Emit::Filtered(UNSCORED));
        }
        let told = kinds::take(stores, input, time, cx.time, &self.limits);
        Ok(Emit::many_or(told, COUNTED))
    }

    /// No event moves the time of its stream beyond that of its record and a little.
    fn event_time(&self, input: &ScoredEvent, cx: &Cx<'_>) -> Millis {
        let latest = cx.clock.saturating_add(self.limits.max_ahead);
        input.event.time.min(latest)
    }

    fn on_timer(&mut self, timer: Timer, stores: &mut DedupStores) -> Vec<Told> {
        if let Some(place) = timer.name.strip_prefix(kinds::TIMER) {
            return kinds::end(stores, place, &timer, &self.limits)
                .into_iter()
                .collect();
        }
        stores.index_anew(self.limits.stories);
        let tenant = timer.name.strip_prefix(texts::TIMER);
        tenant.map_or_else(Vec::new, |tenant| {
            texts::end_silent(stores, tenant, &timer, &self.limits)
        })
    }
}

fn key(event: &Event) -> IdempotencyKey {
    IdempotencyKey::of(&event.tenant, &event.source, &event.id)
}
