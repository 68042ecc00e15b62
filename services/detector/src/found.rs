//! The record of a detection. No clock, no I/O.

use std::sync::Arc;

use model::{Detection, Event, Id};
use rules::{DetectionRule, Inquiry};
use windows::Run;

/// What led to a detection: the events of a window.
pub(crate) struct Evidence {
    pub(crate) count: usize,
    pub(crate) first_at: i64,
    pub(crate) last_at: i64,
    pub(crate) event_ids: Vec<String>,
}

impl Evidence {
    pub(crate) fn of_run(run: &Run<'_, Arc<str>>) -> Self {
        Self {
            count: run.count(),
            first_at: run.first_at(),
            last_at: run.last_at(),
            event_ids: named(run),
        }
    }

    pub(crate) fn of_one(event: &Event) -> Self {
        Self {
            count: 1,
            first_at: event.time,
            last_at: event.time,
            event_ids: vec![event.id.clone()],
        }
    }
}

/// Bytes of ids that a detection names. Strangers choose how long they are, and with the attributes of an event it must
/// still fit its topic; the count says how many there were.
const MOST_BYTES: usize = 512 * 1024;

/// The events of a run by their ids; the newest of them where those are too long.
fn named(run: &Run<'_, Arc<str>>) -> Vec<String> {
    let mut over = run
        .items()
        .map(|id| id.len())
        .sum::<usize>()
        .saturating_sub(MOST_BYTES);
    let kept = run.items().skip_while(|id| {
        let skips = over > 0;
        over = over.saturating_sub(id.len());
        skips
    });
    kept.map(ToString::to_string).collect()
}

/// The detection. Its identity is made from the rule and the event that tipped it, so that telling it again
/// is telling the same.
pub(crate) fn detection(
    event: &Event,
    rule: &DetectionRule,
    inquiry: &Inquiry<'_>,
    evidence: Evidence,
    rules_version: &str,
) -> Detection {
    let id = Id::new()
        .part(&rule.name)
        .part(&event.tenant)
        .part(&event.subject)
        .part(&event.source)
        .part(&event.id)
        .text("det_");
    Detection {
        id,
        tenant: event.tenant.clone(),
        rule: rule.name.clone(),
        subject: event.subject.clone(),
        severity: rule.severity.clone(),
        description: inquiry.describe(rule, evidence.count),
        time: event.time,
        window_start: evidence.first_at,
        window_end: evidence.last_at,
        count: i64::try_from(evidence.count).unwrap_or(i64::MAX),
        threshold: f64::from(rule.threshold),
        event_ids: evidence.event_ids,
        attributes: event.attributes.clone(),
        rules_version: rules_version.to_owned(),
    }
}
