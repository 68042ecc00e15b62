//! Subjects that fell silent: heard of, and then not for a time. No Kafka, no clock, no I/O.
//!
//! That nothing came is known once event time has come to when something ought to have come, which other subjects of the
//! partition see to; a partition without any event follows the wall clock after a while.

use model::{Detection, Event};
use rules::AbsentRule;
use windows::{News, Policy};

use crate::found::{Told, told};
use crate::pattern::Place;
use crate::watch::Watch;

/// The subject is heard of. If it was told to be silent, it is no more.
pub(crate) fn observe(place: Place<'_>, event: &Event, watch: &mut Watch) -> Option<Detection> {
    let heard = watch.newest;
    watch.note(event.time, &event.id, place.rule.telling.evidence);
    let now = watch.newest;
    let news = watch.alert.judge(now, false, told_at_once(place))?;
    tell(place, news, heard, now, Some(event), watch)
}

/// Event time has come to `due` without an event of the subject.
pub(crate) fn pass(place: Place<'_>, rule: AbsentRule, due: i64, watch: &mut Watch) -> Option<Detection> {
    if silent_at(place, rule, watch).is_none_or(|silent| due < silent) {
        return None;
    }
    let news = watch.alert.judge(due, true, told_at_once(place))?;
    tell(place, news, watch.newest, due, None, watch)
}

/// When it is to be told that the subject is silent.
pub(crate) fn due(place: Place<'_>, rule: AbsentRule, watch: &Watch) -> Option<i64> {
    if watch.alert.is_idle() {
        silent_at(place, rule, watch)
    } else {
        watch.alert.due(told_at_once(place))
    }
}

fn silent_at(place: Place<'_>, rule: AbsentRule, watch: &Watch) -> Option<i64> {
    let silent = watch.newest.saturating_add(place.rule.telling.hold_ms);
    (watch.count >= rule.at_least).then_some(silent)
}

/// The silence has lasted when it is told.
fn told_at_once(place: Place<'_>) -> Policy {
    Policy {
        hold: 0,
        ..place.policy()
    }
}

/// Silence begins with the last event before it, which is how it and its end are known to be one.
fn tell(
    place: Place<'_>,
    news: News,
    heard: i64,
    now: i64,
    event: Option<&Event>,
    watch: &Watch,
) -> Option<Detection> {
    let news = match news {
        News::Fires(_) => News::Fires(heard),
        News::Resolves(_) => News::Resolves(heard),
    };
    let told_of = Told {
        news,
        now,
        count: i64::try_from(watch.count).unwrap_or(i64::MAX),
        values: &[],
        watch,
    };
    told(&place.origin(event), &told_of)
}
