//! Numbers of a subject that are far from what is usual for it. No Kafka, no clock, no I/O.

use model::{Detection, Event};
use rules::{BaselineRule, Brings, Measures};
use windows::{Added, Baseline, Input, Judged, News, Outcome, Prediction, Windows};

use crate::decide::TooLate;
use crate::found::{Told, told};
use crate::pattern::Place;
use crate::watch::{Kept, Watch};

/// Judges the number of an event.
pub(crate) fn observe(
    place: Place<'_>,
    rule: &BaselineRule,
    number: f64,
    event: &Event,
    watch: &mut Watch,
) -> Option<Detection> {
    fit(rule, watch);
    watch.note(event.time, &event.id, place.rule.telling.evidence);
    let now = watch.newest;
    judge(place, rule, (event.time, now), number, Some(event), watch)
}

/// Counts an event in the window whose number is judged when it closes; `settled` is before which windows are closed.
pub(crate) fn count(
    place: Place<'_>,
    rule: &BaselineRule,
    measures: &Measures,
    brings: &[Brings],
    settled: i64,
    event: &Event,
    watch: &mut Watch,
) -> Result<(), TooLate> {
    fit(rule, watch);
    if !add(measures, brings, settled, event, watch) {
        return Err(TooLate);
    }
    watch.note(event.time, &event.id, place.rule.telling.evidence);
    Ok(())
}

/// Event time has come to `due`: windows close, and what held long enough is told.
pub(crate) fn pass(place: Place<'_>, rule: &BaselineRule, due: i64, watch: &mut Watch) -> Option<Detection> {
    fit(rule, watch);
    let mut found = None;
    for (start, end, number) in closed(rule, due, watch) {
        found = judge(place, rule, (start, end), number, None, watch).or(found);
    }
    // What is anomalous stays so until the next number.
    if found.is_none() && !watch.alert.is_idle() {
        let news = watch.alert.judge(due, true, place.policy())?;
        return tell(place, news, due, None, &[], watch);
    }
    found
}

/// When the next window closes, or what holds is to be told.
pub(crate) fn due(place: Place<'_>, rule: &BaselineRule, watch: &Watch) -> Option<i64> {
    let ends = match (&rule.measures, &watch.kept) {
        (Some(measures), Kept::Baseline(_, windows)) => {
            let ends = windows
                .iter()
                .filter_map(|windows| windows.next_end(&measures.plan));
            ends.min()
        }
        _ => None,
    };
    ends.into_iter().chain(watch.alert.due(place.policy())).min()
}

fn add(measures: &Measures, brings: &[Brings], settled: i64, event: &Event, watch: &mut Watch) -> bool {
    let Kept::Baseline(_, windows) = &mut watch.kept else {
        return false;
    };
    let inputs: Vec<Input<'_>> = brings.iter().map(Brings::as_input).collect();
    let mut added = windows
        .iter_mut()
        .map(|windows| windows.add(&measures.plan, event.time, &inputs, settled));
    added.all(|added| added != Added::Late)
}

/// Windows of a rule that was changed begin anew, and so does what is usual for them.
fn fit(rule: &BaselineRule, watch: &mut Watch) {
    let fits =
        matches!(&watch.kept, Kept::Baseline(_, windows) if windows.len() == rule.measures.iter().len());
    if !fits || watch.plan != rule.plan_hash {
        let new = rule.measures.iter().map(|measures| Windows::new(&measures.plan));
        watch.kept = Kept::Baseline(Box::default(), new.collect());
        watch.plan = rule.plan_hash;
    }
}

/// The windows that are complete: where they begin and end, and their numbers.
fn closed(rule: &BaselineRule, due: i64, watch: &mut Watch) -> Vec<(i64, i64, f64)> {
    let (Some(measures), Kept::Baseline(_, windows)) = (&rule.measures, &mut watch.kept) else {
        return Vec::new();
    };
    let closed = windows
        .iter_mut()
        .flat_map(|windows| windows.close(&measures.plan, due));
    let numbered = closed.filter_map(|closed| match closed.outcomes.get(1) {
        Some(Outcome::Number(number)) => Some((closed.start, closed.end, *number)),
        _ => None,
    });
    numbered.collect()
}

/// Judges and learns a number of `at`; the alert is asked for `now`.
fn judge(
    place: Place<'_>,
    rule: &BaselineRule,
    (at, now): (i64, i64),
    number: f64,
    event: Option<&Event>,
    watch: &mut Watch,
) -> Option<Detection> {
    let Kept::Baseline(baseline, _) = &mut watch.kept else {
        return None;
    };
    let judged = Baseline::judge(baseline, at, number, &rule.habit)?;
    let news = watch.alert.judge(now, judged.anomalous, place.policy())?;
    tell(place, news, now, event, &values(number, judged), watch)
}

fn values(number: f64, judged: Judged) -> [(&'static str, Outcome); 4] {
    let season = match judged.by {
        Prediction::Hour => "day",
        Prediction::Weekday => "week",
        Prediction::Level | Prediction::Best => "none",
    };
    [
        ("value", Outcome::Number(number)),
        ("expected", Outcome::Number(judged.expected)),
        ("score", Outcome::Number(judged.score)),
        ("season", Outcome::Items(vec![(season.to_owned(), 1)])),
    ]
}

fn tell(
    place: Place<'_>,
    news: News,
    now: i64,
    event: Option<&Event>,
    values: &[(&str, Outcome)],
    watch: &Watch,
) -> Option<Detection> {
    let told_of = Told {
        news,
        now,
        count: 1,
        values,
        watch,
    };
    told(&place.origin(event), &told_of)
}
