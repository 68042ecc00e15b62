//! What came, as the topics tell it, against what must come of the generated day. Nothing here was asked of a stage.

use crate::fates::Fates;
use crate::outbox::read;
use crate::{History, OwnSchemas, Verdict};
use model::{DeadLetter, Detection, Notification, Signal};
use scenario::day::Truth;
use scenario::day::truth::Counts;
use std::collections::{BTreeMap, BTreeSet};
use topology::{StageName, Topic};

/// Line by line. Who sends a day through faults sends some of it more than once, so repeats are not compared: what
/// they must not change is.
pub fn equals_the_day(truth: &Truth, history: &History, schemas: OwnSchemas, fates: &Fates) -> Verdict {
    let mut verdict = Verdict::of("the sums are those of the generated day");
    let events = fates.by_id.values().filter(|fate| fate.normalized > 0).count() as u64;
    let signals = newest_signals(history, schemas);
    let suppressed: i64 = signals.values().map(|signal| signal.suppressed).sum();
    verdict.expect(truth.events == events, "", None, || {
        format!("distinct events: expected {}, found {events}", truth.events)
    });
    // Which of two cut copies came first decides whether they are copies of each other, and faults change the order.
    let (due, found) = (truth.copies_folded, suppressed.unsigned_abs());
    verdict.expect(found <= due && found * 20 >= due * 19, "", None, || {
        format!("copies folded into signals: expected {due}, or a few less, found {found}")
    });
    let by_level = signals
        .values()
        .map(|signal| format!("{} {}", signal.level, signal.state));
    compare(&mut verdict, "signals", &truth.signals, &count(by_level));
    let detections: Vec<_> = read::<Detection>(history, Topic::Detections, schemas).collect();
    let rules = detections.iter().map(|(_, detection)| detection.rule.clone());
    compare(&mut verdict, "detections", &truth.detections, &count(rules));
    let planned = read::<Notification>(history, Topic::NotificationsOutbox, schemas);
    let channels = planned.map(|(_, notification)| notification.channel);
    compare(
        &mut verdict,
        "notifications",
        &truth.notifications,
        &count(channels),
    );
    dead_letters(&mut verdict, truth, history, schemas);
    verdict
}

fn newest_signals(history: &History, schemas: OwnSchemas) -> BTreeMap<String, Signal> {
    let mut newest: BTreeMap<String, Signal> = BTreeMap::new();
    for (_, signal) in read::<Signal>(history, Topic::SignalsEnriched, schemas) {
        let known = newest.get(&signal.signal_key);
        if known.is_none_or(|known| known.version < signal.version) {
            newest.insert(signal.signal_key.clone(), signal);
        }
    }
    newest
}

/// The day holds some of its unreadable records more than once, and faults may add to that: distinct contents count.
fn dead_letters(verdict: &mut Verdict, truth: &Truth, history: &History, schemas: OwnSchemas) {
    let mut found = Counts::new();
    let mut contents: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for (_, letter) in read::<DeadLetter>(history, Topic::DeadLetters, schemas) {
        if letter.stage == StageName::Normalizer.as_str() {
            *found.entry(letter.reason.clone()).or_default() += 1;
            let content = letter.payload.unwrap_or_default();
            contents.entry(letter.reason).or_default().insert(content);
        }
    }
    for (reason, due) in &truth.dead_letters {
        let found = found.get(reason).copied().unwrap_or_default();
        verdict.expect(found >= *due, "", None, || {
            format!("dead letters {reason}: expected at least {due}, found {found}")
        });
    }
    for reason in contents
        .keys()
        .filter(|reason| !truth.dead_letters.contains_key(*reason))
    {
        verdict.wrong(
            "",
            None,
            format!("dead letters of {reason}, which the day has not"),
        );
    }
}

fn count(names: impl Iterator<Item = String>) -> Counts {
    let mut counts = Counts::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn compare(verdict: &mut Verdict, what: &str, due: &Counts, found: &Counts) {
    let names: BTreeSet<_> = due.keys().chain(found.keys()).collect();
    for name in names {
        let of = |counts: &Counts| counts.get(name).copied().unwrap_or_default();
        verdict.expect(of(due) == of(found), "", None, || {
            format!("{what} {name}: expected {}, found {}", of(due), of(found))
        });
    }
}
