//! Detecting as a stage. A client's retry is counted once; events no rule looks at leave no trace.

use std::time::Duration;

use model::{Detection, Event};
use rules::DetectionRules;
use sameness::IdempotencyKey;
use settings::{CachedReader, Watched};
use stage::{Cx, Emit, Poison, Stage};

use crate::decide::detections;
use crate::stores::DetectorStores;

/// Filter reason: no rule looks at events of this type.
const NO_RULE: &str = "no_rule";
/// Filter reason: rules looked and found nothing.
const NO_DETECTION: &str = "no_detection";

/// The detector. Each lane has its own; they share the rules.
pub struct DetectorStage {
    rules: CachedReader<DetectionRules>,
    lateness_ms: i64,
}

impl DetectorStage {
    /// A detector that follows these rules, and counts events that come up to this much after a newer one
    /// of their window.
    pub fn new(rules: &Watched<DetectionRules>, allowed_lateness: Duration) -> Self {
        let lateness_ms = i64::try_from(allowed_lateness.as_millis()).unwrap_or(i64::MAX);
        Self {
            rules: rules.cached(),
            lateness_ms,
        }
    }
}

impl Stage for DetectorStage {
    type In = Event;
    type Out = Detection;
    type Stores = DetectorStores;

    fn apply(
        &mut self,
        input: Event,
        stores: &mut DetectorStores,
        _: &Cx<'_>,
    ) -> Result<Emit<Detection>, Poison> {
        let rules = self.rules.load();
        if !rules.watches(&input.kind) {
            return Ok(Emit::Filtered(NO_RULE));
        }
        let identity = IdempotencyKey::of(&input.tenant, &input.source, &input.id);
        if !stores.seen.insert(identity.number()) {
            return Ok(Emit::Duplicate);
        }
        Ok(Emit::many_or(
            detections(rules, self.lateness_ms, &input, stores),
            NO_DETECTION,
        ))
    }
}
