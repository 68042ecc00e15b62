//! What one event, or the passing of event time, means to a rule that does more than count. No Kafka, no clock, no I/O.

use model::{Detection, Event};
use rules::{
    AlertRule, BaselineRule, DetectionRule, DetectionRules, Inquiry, Measures, Pattern, RareRule,
    SequenceRule,
};
use stage::Clock;
use windows::{Policy, Roles};

use crate::decide::{SEPARATOR, TooLate};
use crate::found::Origin;
use crate::stores::{DAY_MS, DetectorStores, HOUR_MS};
use crate::watch::Watch;
use crate::{absence, alerting, baselines, rarities, sequences};

/// Steps that one timer takes at most where event time went far at once; the rest is left to the next timer.
const MOST_STEPS: usize = 256;

/// What is usual for a subject is forgotten at most twice this long after its last event.
const LEARNT_MS: i64 = 45 * DAY_MS;

/// A rule at one subject.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) rules: &'a DetectionRules,
    pub(crate) rule: &'a DetectionRule,
    pub(crate) tenant: &'a str,
    pub(crate) subject: &'a str,
    /// The key of its state, as the store asks for it.
    pub(crate) key: &'a String,
}

impl<'a> Place<'a> {
    /// The place that a key names; `None` where there is no such rule any more.
    fn of(key: &'a String, rules: &'a DetectionRules) -> Option<Self> {
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

/// What an event is to a rule.
enum Part<'a> {
    Alert(&'a AlertRule),
    Absent,
    Sequence(&'a SequenceRule, Roles),
    /// It counts in a window that gives a number.
    Measured(&'a BaselineRule, &'a Measures),
    Number(&'a BaselineRule, f64),
    Rare(&'a RareRule, String),
}

impl<'a> Part<'a> {
    /// `None` where there is nothing in the event for the rule: of what is nothing to it, no state is kept.
    fn of(pattern: &'a Pattern, inquiry: &Inquiry<'_>, event: &Event) -> Option<Self> {
        Some(match pattern {
            Pattern::Alert(alert) => Self::Alert(alert),
            Pattern::Absent(_) => Self::Absent,
            Pattern::Sequence(rule) => {
                let roles = inquiry.roles(rule, &event.kind);
                return (roles != 0).then_some(Self::Sequence(rule, roles));
            }
            Pattern::Baseline(rule) => match &rule.measures {
                Some(measures) => Self::Measured(rule, measures),
                None => Self::Number(rule, inquiry.number(rule)?),
            },
            Pattern::Rare(rule) => Self::Rare(rule, inquiry.item(rule)?),
        })
    }
}

/// What follows for one rule from an event that its condition is true for.
pub(crate) fn observe(
    place: Place<'_>,
    pattern: &Pattern,
    inquiry: &Inquiry<'_>,
    lateness_ms: i64,
    event: &Event,
    stores: &mut DetectorStores,
) -> Result<Option<Detection>, TooLate> {
    let Some(part) = Part::of(pattern, inquiry, event) else {
        return Ok(None);
    };
    let mut watch = stores.alerts.get(place.key).cloned().unwrap_or_default();
    let is_late = event.time < watch.newest.saturating_sub(lateness_ms);
    let found = match part {
        Part::Alert(alert) => alerting::observe(place, alert, inquiry, event, &mut watch)?,
        Part::Absent => absence::observe(place, event, &mut watch),
        Part::Sequence(rule, roles) => {
            sequences::observe(place, rule, roles, lateness_ms, event, &mut watch)?
        }
        Part::Measured(rule, measures) => {
            let (brings, settled) = (inquiry.brings(measures), stores.timers.watermark());
            baselines::count(place, rule, measures, &brings, settled, event, &mut watch)?;
            None
        }
        Part::Number(..) | Part::Rare(..) if is_late => return Err(TooLate),
        Part::Number(rule, number) => baselines::observe(place, rule, number, event, &mut watch),
        Part::Rare(rule, value) => rarities::observe(place, rule, inquiry, &value, event, &mut watch),
    };
    keep(place, pattern, watch, stores);
    Ok(found)
}

/// What follows from event time having come to `now`.
pub(crate) fn pass(
    key: String,
    now: i64,
    rules: &DetectionRules,
    stores: &mut DetectorStores,
) -> Vec<Detection> {
    let mut found = Vec::new();
    let Some(mut watch) = stores.alerts.get(&key).cloned() else {
        return found;
    };
    let place = Place::of(&key, rules);
    let Some((place, pattern)) = place.and_then(|place| Some((place, place.rule.pattern.as_ref()?))) else {
        stores.alerts.delete(key);
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
            Pattern::Absent(rule) => absence::pass(place, *rule, due, &mut watch),
            Pattern::Baseline(rule) => baselines::pass(place, rule, due, &mut watch),
            Pattern::Sequence(_) | Pattern::Rare(_) => None,
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
        Pattern::Absent(rule) => absence::due(place, *rule, watch),
        Pattern::Baseline(rule) => baselines::due(place, rule, watch),
        Pattern::Sequence(_) | Pattern::Rare(_) => None,
    }
}

/// Writes the state, and sets its timer unless an earlier one is set: that one will see to it.
fn keep(place: Place<'_>, pattern: &Pattern, mut watch: Watch, stores: &mut DetectorStores) {
    let due = next_due(place, pattern, &watch);
    if let Some(due) = due.filter(|due| watch.timer.is_none_or(|set| set > *due)) {
        stores.timers.set(Clock::EventTime, place.key, due);
        watch.timer = Some(due);
    }
    stores.alerts.set_ttl(lifetime_ms(place.rule, pattern));
    stores.alerts.put(place.key.clone(), watch);
}

/// At least a day, since a stream may be replayed slower than it happened.
fn lifetime_ms(rule: &DetectionRule, pattern: &Pattern) -> i64 {
    let span = match pattern {
        Pattern::Alert(alert) => alerting::longest_ms(alert),
        Pattern::Absent(_) => 0,
        Pattern::Sequence(rule) => rule.within_ms,
        Pattern::Baseline(_) => LEARNT_MS,
        Pattern::Rare(rule) => rule.rarity.forget / 2,
    };
    let told = rule.telling.hold_ms.saturating_add(rule.cooldown_ms);
    span.saturating_add(told)
        .saturating_mul(2)
        .saturating_add(HOUR_MS)
        .max(DAY_MS)
}
