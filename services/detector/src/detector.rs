//! Detecting as a stage. A client's retry is counted once; events no rule looks at leave no trace.

use std::time::Duration;

use model::{Detection, Event, Millis};
use rules::DetectionRules;
use sameness::IdempotencyKey;
use settings::{CachedReader, Watched};
use stage::{Cx, Emit, Lateness, Poison, Stage, Timer};

use crate::decide::decide;
use crate::pattern;
use crate::stores::{DetectorStores, IDLE_AFTER_MS};

/// Filter reason: no rule looks at events of this type.
const NO_RULE: &str = "no_rule";
/// Filter reason: rules looked and found nothing.
const NO_DETECTION: &str = "no_detection";

/// The detector. Each lane has its own; they share the rules.
pub struct DetectorStage {
    rules: CachedReader<DetectionRules>,
    lateness_ms: i64,
    ahead_ms: i64,
    /// The rules that the last event came too late for.
    late: Vec<String>,
}

/// How far ahead of its record an event may say that it happened, unless told otherwise.
const MAX_AHEAD: Duration = Duration::from_mins(5);

impl DetectorStage {
    /// A detector that follows these rules, and counts events that come up to this much after a newer one
    /// of their window.
    pub fn new(rules: &Watched<DetectionRules>, allowed_lateness: Duration) -> Self {
        Self {
            rules: rules.cached(),
            lateness_ms: millis(allowed_lateness),
            ahead_ms: millis(MAX_AHEAD),
            late: Vec::new(),
        }
    }

    /// The same, for events that may say that they happened this much after their record was written. What is further
    /// ahead counts as having happened then: one event from the future must not make those of today late.
    #[must_use]
    pub fn with_max_ahead(self, max_ahead: Duration) -> Self {
        let ahead_ms = millis(max_ahead);
        Self { ahead_ms, ..self }
    }

    fn lateness(&self) -> Lateness {
        Lateness {
            allowed: self.lateness_ms,
            idle_after: IDLE_AFTER_MS,
            ahead: self.ahead_ms,
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Stage for DetectorStage {
    type In = Event;
    type Out = Detection;
    type Stores = DetectorStores;

    fn apply(
        &mut self,
        mut input: Event,
        stores: &mut DetectorStores,
        cx: &Cx<'_>,
    ) -> Result<Emit<Detection>, Poison> {
        let time = self.event_time(&input, cx);
        let lateness = self.lateness();
        let rules = self.rules.load();
        stores.timers.set_lateness(lateness);
        stores.is_timed = rules.has_patterns();
        if !rules.watches(&input.kind) {
            return Ok(Emit::Filtered(NO_RULE));
        }
        let identity = IdempotencyKey::of(&input.tenant, &input.source, &input.id);
        if !stores.seen.insert(identity.number()) {
            return Ok(Emit::Duplicate);
        }
        input.time = time;
        let decided = decide(rules, self.lateness_ms, &input, stores);
        self.late = decided.late;
        Ok(Emit::many_or(decided.detections, NO_DETECTION))
    }

    fn event_time(&self, input: &Event, cx: &Cx<'_>) -> Millis {
        input.time.min(cx.time.saturating_add(self.ahead_ms))
    }

    fn on_timer(&mut self, timer: Timer, stores: &mut DetectorStores) -> Vec<Detection> {
        pattern::pass(timer.name, timer.fired_at, self.rules.load(), stores)
    }

    fn late(&mut self) -> Vec<String> {
        std::mem::take(&mut self.late)
    }
}
