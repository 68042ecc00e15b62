//! What one event means to each rule that looks at it. No Kafka, no clock, no I/O.

use std::sync::Arc;

use model::{Detection, Event};
use rules::{DetectionRule, DetectionRules, Inquiry, Kind, Observation, Pattern};
use windows::{Bounds, Until};

use crate::found::{Evidence, detection};
use crate::pattern::{self, Place};
use crate::stores::{DAY_MS, DetectorStores, HOUR_MS, Window};

/// Events kept beyond the threshold: within the allowed lateness, any may be the neighbour of one to come. Few keys ever
/// have so many, since of a crossing that was told only the edges are kept.
const SPARE: usize = 4096;

/// Bytes of the events that a window keeps, as far as strangers choose them: all of it is one record of the changelog.
const MOST_BYTES: usize = 3 * 1024 * 1024;
/// What an event takes in it beside its id.
const AROUND_ID: usize = 16;

/// A streak without a window is forgotten this long after its last event.
const STREAK_MS: i64 = 14 * DAY_MS;

/// Between the parts of a window's key.
pub(crate) const SEPARATOR: &str = "\u{1f}";

/// What an event leads to.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// The detections that it tips.
    pub(crate) detections: Vec<Detection>,
    /// The rules whose windows have no place for it any more: it came too late, or was older than all there is room for.
    pub(crate) late: Vec<String>,
}

/// What follows from an event that was not seen before.
pub(crate) fn decide(
    rules: &DetectionRules,
    lateness_ms: i64,
    event: &Event,
    stores: &mut DetectorStores,
) -> Decided {
    let inquiry = rules.ask(event);
    let mut decided = Decided::default();
    for seen in inquiry.observations() {
        if let Some(pattern) = &seen.rule.pattern {
            let watched = watch(&seen, pattern, rules, &inquiry, lateness_ms, event, stores);
            let found = watched.unwrap_or_else(|TooLate| {
                decided.late.push(seen.rule.name.clone());
                None
            });
            decided.detections.extend(found);
            continue;
        }
        let evidence = match seen.rule.kind {
            Kind::Each if seen.rule.cooldown_ms == 0 => seen.counts.then(|| Evidence::of_one(event)),
            _ => observe(&seen, &inquiry, lateness_ms, event, stores, &mut decided.late),
        };
        if let Some(evidence) = evidence {
            let found = detection(event, seen.rule, &inquiry, evidence, rules.version());
            decided.detections.push(found);
        }
    }
    decided
}

/// Shows the event to a rule that does more than count.
fn watch(
    seen: &Observation<'_>,
    pattern: &Pattern,
    rules: &DetectionRules,
    inquiry: &Inquiry<'_>,
    lateness_ms: i64,
    event: &Event,
    stores: &mut DetectorStores,
) -> Result<Option<Detection>, TooLate> {
    if !seen.counts {
        return Ok(None);
    }
    let key = key_of(seen.rule, inquiry, event);
    let place = Place {
        rules,
        rule: seen.rule,
        tenant: &event.tenant,
        subject: &event.subject,
        key: &key,
    };
    pattern::observe(place, pattern, inquiry, lateness_ms, event, stores)
}

/// The key of what a rule keeps of a subject and group.
fn key_of(rule: &DetectionRule, inquiry: &Inquiry<'_>, event: &Event) -> String {
    [&rule.name, &event.tenant, &event.subject, &inquiry.group(rule)]
        .map(String::as_str)
        .join(SEPARATOR)
}

/// Counts the event in its window; gives the evidence when that is news.
fn observe(
    seen: &Observation<'_>,
    inquiry: &Inquiry<'_>,
    lateness_ms: i64,
    event: &Event,
    stores: &mut DetectorStores,
    late: &mut Vec<String>,
) -> Option<Evidence> {
    let rule = seen.rule;
    if !seen.counts && rule.kind != Kind::Streak {
        return None;
    }
    let key = key_of(rule, inquiry, event);
    let mut window = stores.windows.get(&key).cloned().unwrap_or_default();
    let bounds = bounds(rule, lateness_ms);
    let heard = if seen.counts {
        hit(rule, &bounds, event, &mut window)
    } else {
        end(rule, &bounds, event, &mut window)
    };
    let news = heard.unwrap_or_else(|TooLate| {
        late.push(rule.name.clone());
        None
    });
    stores.windows.set_ttl(lifetime_ms(rule, lateness_ms));
    stores.windows.put(key, window);
    news
}

/// The window has no place for the event any more.
pub(crate) struct TooLate;

fn hit(
    rule: &DetectionRule,
    bounds: &Bounds,
    event: &Event,
    window: &mut Window,
) -> Result<Option<Evidence>, TooLate> {
    let run = window.events.hit(event.time, event.id.as_str().into(), bounds);
    let run = run.ok_or(TooLate)?;
    let reached = run.reached();
    let news = reached.is_some_and(|reached| window.alarm.ring(reached, until(rule), rule.cooldown_ms));
    let evidence = news.then(|| match rule.kind {
        Kind::Count | Kind::Streak => Evidence::of_run(&run),
        _ => Evidence::of_one(event),
    });
    settle(rule, bounds, window);
    Ok(evidence)
}

/// Drops what no event to come, early or late, can make a difference with.
fn settle(rule: &DetectionRule, bounds: &Bounds, window: &mut Window) {
    let settled = window.events.settled(bounds.lateness_ms);
    window.alarm.forget(settled, until(rule), rule.cooldown_ms);
    if rule.kind == Kind::Each {
        window.events.thin(std::iter::once((i64::MIN, i64::MAX)), 0);
    } else {
        window.events.thin(window.alarm.spans(), bounds.least);
    }
    let weigh = |id: Option<&Arc<str>>| id.map_or(0, |id| id.len()) + AROUND_ID;
    window.events.shed(MOST_BYTES, weigh);
}

fn end(
    rule: &DetectionRule,
    bounds: &Bounds,
    event: &Event,
    window: &mut Window,
) -> Result<Option<Evidence>, TooLate> {
    if !window.events.reset(event.time, bounds) {
        return Err(TooLate);
    }
    window.alarm.end(event.time);
    settle(rule, bounds, window);
    Ok(None)
}

fn bounds(rule: &DetectionRule, lateness_ms: i64) -> Bounds {
    let least = usize::try_from(rule.reached_at).unwrap_or(usize::MAX);
    Bounds {
        window_ms: rule.window_ms,
        lateness_ms,
        least,
        keep: least.saturating_add(SPARE),
    }
}

fn until(rule: &DetectionRule) -> Until {
    match rule.kind {
        Kind::Count => Until::QuietFor(rule.window_ms.unwrap_or(0)),
        Kind::Streak => Until::Ended,
        _ => Until::Never,
    }
}

/// At least a day, since a stream may be replayed slower than it happened.
fn lifetime_ms(rule: &DetectionRule, lateness_ms: i64) -> i64 {
    let window = match (rule.kind, rule.window_ms) {
        (_, Some(window)) => window,
        (Kind::Streak, None) => STREAK_MS,
        (_, None) => 0,
    };
    window
        .saturating_mul(2)
        .saturating_add(rule.cooldown_ms)
        .saturating_add(lateness_ms)
        .saturating_add(HOUR_MS)
        .max(DAY_MS)
}
