//! What lanes tell of themselves becomes health and metrics.

use runtime::{Committed, LaneState, Observer};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use telemetry::{Component, Health, Metrics, TransactionOutcome};
use topology::StageName;

/// The process's health and metrics, as lanes see them.
pub(crate) struct LaneObserver {
    health: Health,
    metrics: Metrics,
    lanes: Mutex<HashMap<(StageName, u16), Component>>,
}

impl LaneObserver {
    pub(crate) fn new(health: Health, metrics: Metrics) -> Self {
        Self {
            health,
            metrics,
            lanes: Mutex::default(),
        }
    }
}

impl Observer for LaneObserver {
    fn lane(&self, stage: StageName, lane: u16, now: &LaneState) {
        tracing::info!(%stage, lane, "{now}");
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let component = lanes
            .entry((stage, lane))
            .or_insert_with(|| self.health.component(format!("{stage}-{lane}")));
        let detail = now.to_string();
        if let LaneState::Restoring { progress, .. } = now {
            let left = progress.left().unwrap_or_default().as_secs_f64();
            let (read, of) = (progress.read, progress.of);
            self.metrics.restore(stage.as_str(), lane, read, of, left);
        }
        let quarantined = match now {
            LaneState::Degraded { quarantined, .. } => quarantined.len(),
            _ => 0,
        };
        self.metrics.quarantined(stage.as_str(), lane, quarantined);
        match now {
            LaneState::Running { .. } => component.ready(detail),
            LaneState::Degraded { .. } => component.degraded(detail),
            LaneState::Starting
            | LaneState::Restoring { .. }
            | LaneState::Waiting(_)
            | LaneState::Stopped => {
                component.waiting(detail);
            }
            LaneState::Failed(_) => component.failed(detail),
        }
    }

    fn committed(&self, committed: &Committed<'_>) {
        let (stage, counts, metrics) = (committed.stage.as_str(), committed.counts, &self.metrics);
        metrics.read(stage, counts.read);
        metrics.out(stage, counts.out, counts.emitted);
        metrics.duplicate(stage, counts.duplicate);
        for (reason, records) in &counts.filtered {
            metrics.filtered(stage, reason, *records);
        }
        for (reason, records) in &counts.dead {
            metrics.dead(stage, reason, *records);
        }
        for (death, records) in committed.deaths {
            let (fault, sender) = (death.fault.as_str(), &death.sender);
            metrics.dead_of(
                stage,
                fault,
                sender.tenant.as_deref(),
                sender.source.as_deref(),
                *records,
            );
        }
        for (rule, records) in &counts.late {
            metrics.late(stage, rule, *records);
        }
        metrics.time_corrected(stage, counts.time_corrected);
        metrics.commit(stage, committed.took.as_secs_f64());
    }

    fn aborted(&self, stage: StageName, why: &str) {
        tracing::warn!(%stage, why, "a transaction is aborted");
        self.metrics
            .transaction(stage.as_str(), TransactionOutcome::Aborted);
    }
}
