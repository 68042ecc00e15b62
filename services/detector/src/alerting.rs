//! Conditions over the windows of a subject: when they begin to hold, and when they hold no more. No Kafka, no clock,
//! no I/O.
//!
//! A condition is asked when an event of the subject comes, for the time of its newest event; and while it holds, also
//! whenever its windows change as event time passes. Before that nothing is asked without an event, so that a subject of
//! which nothing is wrong sets no timers.

use model::{Detection, Event};
use rules::{AlertRule, Fact, Facts, Inquiry, Measures};
use windows::{Added, Closed, Input, Outcome, Windows};

use crate::decide::TooLate;
use crate::found::{Told, told};
use crate::pattern::Place;
use crate::watch::{Kept, Watch};

/// What was measured over the windows, as the condition asks for it.
struct Measured<'a> {
    tenant: &'a str,
    subject: &'a str,
    values: Vec<(&'a str, Outcome)>,
}

impl Facts for Measured<'_> {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        match name {
            "subject" => Some(Fact::Str(self.subject)),
            "tenant" => Some(Fact::Str(self.tenant)),
            _ => match self.values.iter().find(|(known, _)| *known == name) {
                Some((_, Outcome::Number(number))) => Some(Fact::Double(*number)),
                _ => None,
            },
        }
    }
}

/// Counts the event, and says whether it makes the condition hold or end.
pub(crate) fn observe<'a>(
    place: Place<'a>,
    alert: &'a AlertRule,
    inquiry: &Inquiry<'_>,
    event: &'a Event,
    watch: &mut Watch,
) -> Result<Option<Detection>, TooLate> {
    fit(alert, watch);
    let newest = watch.newest.max(event.time);
    let mut counts = false;
    for (measures, windows) in alert.measures.iter().zip(windows_of(watch)) {
        counts |= add(measures, windows, inquiry, event.time, newest);
    }
    if !counts {
        return Err(TooLate);
    }
    watch.note(event.time, &event.id, place.rule.telling.evidence);
    let now = watch.newest;
    Ok(judge(place, alert, now, Some(event), watch))
}

/// Event time has come to `due` without an event.
pub(crate) fn pass(place: Place<'_>, alert: &AlertRule, due: i64, watch: &mut Watch) -> Option<Detection> {
    fit(alert, watch);
    let now = due.max(watch.newest);
    for (measures, windows) in alert.measures.iter().zip(windows_of(watch)) {
        windows.forget(&measures.plan, now);
    }
    if watch.alert.is_idle() {
        return None;
    }
    watch.newest = now;
    judge(place, alert, now, None, watch)
}

/// When the condition is to be asked again though nothing happens.
pub(crate) fn due(place: Place<'_>, alert: &AlertRule, watch: &Watch) -> Option<i64> {
    if watch.alert.is_idle() {
        return None;
    }
    let Kept::Windows(windows) = &watch.kept else {
        return None;
    };
    let each = alert.measures.iter().zip(windows);
    let changes = each.filter_map(|(measures, windows)| windows.next_change(&measures.plan, watch.newest));
    changes.chain(watch.alert.due(place.policy())).min()
}

/// The longest window.
pub(crate) fn longest_ms(alert: &AlertRule) -> i64 {
    let sizes = alert.measures.iter().map(|measures| measures.plan.shape.size());
    sizes.max().unwrap_or(0)
}

fn add(measures: &Measures, windows: &mut Windows, inquiry: &Inquiry<'_>, at: i64, newest: i64) -> bool {
    let brings = inquiry.brings(measures);
    let inputs: Vec<Input<'_>> = brings.iter().map(rules::Brings::as_input).collect();
    let added = windows.add(&measures.plan, at, &inputs, newest);
    windows.forget(&measures.plan, newest);
    added != Added::Late
}

/// Windows of a rule that was changed begin anew.
fn fit(alert: &AlertRule, watch: &mut Watch) {
    let fits = matches!(&watch.kept, Kept::Windows(windows) if windows.len() == alert.measures.len());
    if !fits || watch.plan != alert.plan_hash {
        let new = alert.measures.iter().map(|measures| Windows::new(&measures.plan));
        watch.kept = Kept::Windows(new.collect());
        watch.plan = alert.plan_hash;
    }
}

fn windows_of(watch: &mut Watch) -> &mut [Windows] {
    match &mut watch.kept {
        Kept::Windows(windows) => windows,
        _ => &mut [],
    }
}

fn judge<'a>(
    place: Place<'a>,
    alert: &'a AlertRule,
    now: i64,
    event: Option<&'a Event>,
    watch: &mut Watch,
) -> Option<Detection> {
    let looked = look(alert, watch, now);
    let measured = measured(place, alert, &looked);
    let holds = place.rules.holds(alert, &measured);
    let news = watch.alert.judge(now, holds, place.policy())?;
    let told_of = Told {
        news,
        now,
        count: events_in(&looked),
        values: &measured.values,
        watch,
    };
    told(&place.origin(event), &told_of)
}

fn look(alert: &AlertRule, watch: &Watch, now: i64) -> Vec<Closed> {
    let Kept::Windows(windows) = &watch.kept else {
        return Vec::new();
    };
    let each = alert.measures.iter().zip(windows);
    each.map(|(measures, windows)| windows.look(&measures.plan, now))
        .collect()
}

/// The first aggregate of each plan counts the events that the rule looks at.
fn measured<'a>(place: Place<'a>, alert: &'a AlertRule, looked: &[Closed]) -> Measured<'a> {
    let each = alert.measures.iter().zip(looked);
    let values =
        each.flat_map(|(measures, closed)| measures.names().zip(closed.outcomes.iter().skip(1).cloned()));
    Measured {
        tenant: place.tenant,
        subject: place.subject,
        values: values.collect(),
    }
}

fn events_in(looked: &[Closed]) -> i64 {
    match looked.first().and_then(|closed| closed.outcomes.first()) {
        #[expect(clippy::cast_possible_truncation, reason = "a count")]
        Some(Outcome::Number(number)) => *number as i64,
        _ => 0,
    }
}
