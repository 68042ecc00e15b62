//! What one event, or the passing of event time, means to a rule that does more than count. No Kafka, no clock, no I/O.

use model::{Detection, Event};
use rules::{DetectionRule, DetectionRules, Inquiry, Pattern};
use stage::{Clock, Timers};
use windows::Policy;

use crate::alerting;
use crate::decide::{SEPARATOR, TooLate};
use crate::found::Origin;
use crate::stores::{DAY_MS, DetectorStores, HOUR_MS};
use crate::watch::Watch;

/// Steps that one timer takes at most where event time went far at once; the rest is left to the next timer.
const MOST_STEPS: usize = 256;

/// A rule at one subject.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) rules: &'a DetectionRules,
    pub(crate) rule: &'a DetectionRule,
    pub(crate) tenant: &'a str,
    pub(crate) subject: &'a str,
    /// The key of its state.
    pub(crate) key: &'a str,
}

impl<'a> Place<'a> {
    /// The place that a key names; `None` where there is no such rule any more.
    fn of(key: &'a str, rules: &'a DetectionRules) -> Option<Self> {
        let mut parts = key.split(SEPARATOR);
        let rule = rules.named(parts.next()?)?;
        Some(Self {
            rules,
            rule,
            tenant: parts.next()?,
            subject: parts.next()?,
            key,
        })
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            hold: self.rule.telling.hold_ms,
            suppress: self.rule.cooldown_ms,
        }
    }

    pub(crate) fn origin(&self, event: Option<&'a Event>) -> Origin<'a> {
        Origin { place: *self, event }
    }
}

/// What follows for one rule from an event that its condition is true for.
pub(crate) fn observe(
    place: Place<'_>,
    pattern: &Pattern,
    inquiry: &Inquiry<'_>,
    event: &Event,
    stores: &mut DetectorStores,
) -> Result<Option<Detection>, TooLate> {
    let known = stores.alerts.get(&place.key.to_owned());
    let mut watch = known.cloned().unwrap_or_default();
    let found = match pattern {
        Pattern::Alert(alert) => alerting::observe(place, alert, inquiry, event, &mut watch)?,
    };
    keep(place, pattern, watch, stores);
    Ok(found)
}

/// What follows from event time having come to `now`.
pub(crate) fn pass(
    key: &str,
    now: i64,
    rules: &DetectionRules,
    stores: &mut DetectorStores,
) -> Vec<Detection> {
    let mut found = Vec::new();
    let Some(mut watch) = stores.alerts.get(&key.to_owned()).cloned() else {
        return found;
    };
    let place = Place::of(key, rules);
    let Some((place, pattern)) = place.and_then(|place| Some((place, place.rule.pattern.as_ref()?))) else {
        stores.alerts.delete(key.to_owned());
        return found;
    };
    for _ in 0..MOST_STEPS {
        let Some(due) = watch.timer.take().or_else(|| next_due(place, pattern, &watch)) else {
            break;
        };
        if due > now {
            watch.timer = None;
            break;
        }
        let news = match pattern {
            Pattern::Alert(alert) => alerting::pass(place, alert, due, &mut watch),
        };
        found.extend(news);
    }
    keep(place, pattern, watch, stores);
    found
}

/// When the rule is to be asked again though nothing happens.
fn next_due(place: Place<'_>, pattern: &Pattern, watch: &Watch) -> Option<i64> {
    match pattern {
        Pattern::Alert(alert) => alerting::due(place, alert, watch),
    }
}

/// Writes the state, and sets its timer unless an earlier one is set: that one will see to it.
fn keep(place: Place<'_>, pattern: &Pattern, mut watch: Watch, stores: &mut DetectorStores) {
    let due = next_due(place, pattern, &watch);
    if let Some(due) = due.filter(|due| watch.timer.is_none_or(|set| set > *due)) {
        set(&mut stores.timers, place.key, due);
        watch.timer = Some(due);
    }
    stores.alerts.set_ttl(lifetime_ms(place.rule, pattern));
    stores.alerts.put(place.key.to_owned(), watch);
}

fn set(timers: &mut Timers, key: &str, due: i64) {
    timers.set(Clock::EventTime, key, due);
}

/// At least a day, since a stream may be replayed slower than it happened.
fn lifetime_ms(rule: &DetectionRule, pattern: &Pattern) -> i64 {
    let span = match pattern {
        Pattern::Alert(alert) => alerting::longest_ms(alert),
    };
    let told = rule.telling.hold_ms.saturating_add(rule.cooldown_ms);
    span.saturating_add(told)
        .saturating_mul(2)
        .saturating_add(HOUR_MS)
        .max(DAY_MS)
}
