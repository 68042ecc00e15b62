//! The record of a detection. No Kafka, no clock, no I/O.

use std::sync::Arc;

use model::{Detection, Event, Facts, Id, Value};
use rules::{DetectionRule, FactList, Inquiry};
use windows::{Chain, News, Outcome, Run};

use crate::pattern::Place;
use crate::watch::Watch;

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
        state: Detection::FIRING.to_owned(),
    }
}

/// Where a pattern was found, and the event that tipped it if it was one.
pub(crate) struct Origin<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) event: Option<&'a Event>,
}

/// What is told of a condition: that it holds, or that it holds no more.
pub(crate) struct Told<'a> {
    pub(crate) news: News,
    pub(crate) now: i64,
    /// Events of the window.
    pub(crate) count: i64,
    pub(crate) values: &'a [(&'a str, Outcome)],
    pub(crate) watch: &'a Watch,
}

/// What was found, as its record says it.
struct Finding<'a> {
    id: String,
    state: &'static str,
    time: i64,
    window: (i64, i64),
    count: i64,
    event_ids: Vec<String>,
    values: &'a [(&'a str, Outcome)],
}

/// The detection of a condition. Its identity is made from the rule, the subject, and since when it holds; that it holds no
/// more has the same id with an end of its own, and is nothing where the rule does not tell it.
pub(crate) fn told(origin: &Origin<'_>, told: &Told<'_>) -> Option<Detection> {
    let (state, end, since) = match told.news {
        News::Fires(since) => (Detection::FIRING, "", since),
        News::Resolves(_) if !origin.place.rule.telling.sends_resolved => return None,
        News::Resolves(since) => (Detection::RESOLVED, Detection::RESOLVES, since),
    };
    let id = Id::new().part(origin.place.key).part(since.to_string());
    let finding = Finding {
        id: id.text("det_") + end,
        state,
        time: told.now,
        window: (since, told.now),
        count: told.count,
        event_ids: told.watch.ids(),
        values: told.values,
    };
    Some(record(origin, finding))
}

/// The detection of a sequence. Its identity is made from the rule, the subject and the events.
pub(crate) fn chained(origin: &Origin<'_>, chain: &Chain) -> Detection {
    let ids = chain.ids.iter();
    let id = ids.fold(Id::new().part(origin.place.key), |id, event| {
        id.part(event.as_bytes())
    });
    record(
        origin,
        Finding {
            id: id.text("det_"),
            state: Detection::FIRING,
            time: chain.last_at,
            window: (chain.first_at, chain.last_at),
            count: i64::try_from(chain.ids.len()).unwrap_or(i64::MAX),
            event_ids: chain.ids.iter().map(ToString::to_string).collect(),
            values: &[],
        },
    )
}

/// The detection of one event. Its identity is made from the rule and the event.
pub(crate) fn single(origin: &Origin<'_>, event: &Event, values: &[(&str, Outcome)]) -> Detection {
    let id = Id::new().part(origin.place.key).part(&event.source);
    record(
        origin,
        Finding {
            id: id.part(&event.id).text("det_"),
            state: Detection::FIRING,
            time: event.time,
            window: (event.time, event.time),
            count: 1,
            event_ids: vec![event.id.clone()],
            values,
        },
    )
}

fn record(origin: &Origin<'_>, finding: Finding<'_>) -> Detection {
    let (place, rule) = (origin.place, origin.place.rule);
    Detection {
        tenant: place.tenant.to_owned(),
        rule: rule.name.clone(),
        subject: place.subject.to_owned(),
        severity: rule.severity.clone(),
        description: describe(origin, &finding),
        attributes: attributes(origin, finding.values),
        id: finding.id,
        time: finding.time,
        window_start: finding.window.0,
        window_end: finding.window.1,
        count: finding.count,
        threshold: rule.limit,
        event_ids: finding.event_ids,
        rules_version: place.rules.version().to_owned(),
        state: finding.state.to_owned(),
    }
}

/// Those of the event, what was measured, and what the rule passes on.
fn attributes(origin: &Origin<'_>, values: &[(&str, Outcome)]) -> Facts {
    let mut facts = origin
        .event
        .map(|event| event.attributes.clone())
        .unwrap_or_default();
    for (name, outcome) in values {
        let value = match outcome {
            Outcome::Number(number) => Value::Double(*number),
            Outcome::Items(_) => Value::from(shown(outcome).as_str()),
            Outcome::Nothing => continue,
        };
        facts.insert(format!("window.{name}"), value);
    }
    let carried = &origin.place.rule.telling.carried;
    facts.extend(
        carried
            .iter()
            .map(|(name, text)| (name.clone(), Value::from(text.as_str()))),
    );
    facts
}

fn describe(origin: &Origin<'_>, finding: &Finding<'_>) -> String {
    let rule = origin.place.rule;
    let values = finding
        .values
        .iter()
        .map(|(name, outcome)| (*name, shown(outcome)));
    let own = [
        ("count", finding.count.to_string()),
        ("threshold", rule.limit.to_string()),
    ];
    let mut extras: Vec<(&str, String)> = own.into_iter().chain(values).collect();
    extras.push(("window", rule.window_text.clone()));
    let extras: Vec<(&str, &str)> = extras
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let text = match origin.event {
        Some(event) => origin.place.rules.describe(rule, event, &extras),
        None => origin.place.rules.describe(rule, &FactList::default(), &extras),
    };
    if finding.state == Detection::RESOLVED {
        format!("resolved: {text}")
    } else {
        text
    }
}

/// A number with the four decimals that people read.
fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Number(number) => ((number * 10_000.0).round() / 10_000.0).to_string(),
        Outcome::Items(items) => items
            .iter()
            .map(|(item, _)| item.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        Outcome::Nothing => "?".to_owned(),
    }
}
