//! What the changelogs of a stage hold, replayed, against the state of its fold.

use super::{Content, Folded};
use crate::{History, Verdict};
use model::Millis;
use runtime::admin::StoredRecord;
use serde::Deserialize;
use std::collections::BTreeMap;
use topology::Changelog;

/// The store in which the runtime keeps what an effect has not settled.
const PARKED: &str = "parked";

impl Folded {
    /// The stage's changelogs, replayed, hold the state of the fold.
    pub fn state(&self, history: &History) -> Verdict {
        let mut verdict = Verdict::of(format!(
            "{}: changelogs replay to the state of the fold",
            self.stage
        ));
        for store in self.stage.stores() {
            let topic = Changelog {
                stage: self.stage,
                store,
            }
            .topic_name();
            let mut replayed: BTreeMap<i32, Content> = history
                .partitions(&topic)
                .map(|(partition, records)| (partition, replay(records)))
                .collect();
            for ((_, at), content) in self.stores.range((*store, i32::MIN)..=(*store, i32::MAX)) {
                let found = replayed.remove(at).unwrap_or_default();
                let end = self.ends.get(at).copied().unwrap_or_default();
                compare(&mut verdict, &topic, *at, content, &found, end);
            }
            for (at, found) in replayed {
                compare(&mut verdict, &topic, at, &Content::new(), &found, 0);
            }
        }
        verdict
    }
}

/// Nothing is parked any more: what the outside world was asked is answered.
pub fn nothing_waits(history: &History) -> Verdict {
    let mut verdict = Verdict::of("no record waits for the outside world");
    for changelog in Changelog::all().filter(|changelog| changelog.store == PARKED) {
        let topic = changelog.topic_name();
        for (partition, records) in history.partitions(&topic) {
            verdict.saw(records.len());
            for key in replay(records).keys() {
                verdict.wrong(
                    "",
                    None,
                    format!("{topic}-{partition} still holds {}", shown(key)),
                );
            }
        }
    }
    verdict
}

/// The newest value of each key; whether the log was compacted makes no difference.
pub fn replay(records: &[StoredRecord]) -> Content {
    let mut content = Content::new();
    for record in records {
        match &record.value {
            Some(value) => content.insert(record.key.clone(), value.clone()),
            None => content.remove(&record.key),
        };
    }
    content
}

/// What lives for a time is deleted when its task next commits, and that may be earlier or later than in the fold.
#[derive(Deserialize)]
struct Mortal {
    until: Millis,
}

fn is_over(value: &[u8], end: Millis) -> bool {
    rmp_serde::from_slice::<Mortal>(value).is_ok_and(|mortal| mortal.until <= end)
}

fn compare(verdict: &mut Verdict, topic: &str, at: i32, due: &Content, found: &Content, end: Millis) {
    for (key, value) in due {
        verdict.saw(1);
        match found.get(key) {
            Some(there) if there == value => {}
            Some(_) => verdict.wrong(
                shown(key),
                None,
                format!("another value in {topic}-{at} than in the fold"),
            ),
            None if is_over(value, end) => {}
            None => verdict.wrong(shown(key), None, format!("not in {topic}-{at}")),
        }
    }
    for (key, value) in found {
        if !due.contains_key(key) && !is_over(value, end) {
            verdict.wrong(shown(key), None, format!("in {topic}-{at} and not in the fold"));
        }
    }
}

fn shown(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) => text.to_owned(),
        Err(_) => key.escape_ascii().to_string(),
    }
}
