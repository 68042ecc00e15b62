//! What a stage has written against what its fold says must be written.

use super::{Due, Folded};
use crate::outbox::{origin, read};
use crate::{History, OwnSchemas, Place, Verdict};
use model::DeadLetter;
use runtime::admin::StoredRecord;
use std::collections::{BTreeSet, HashMap, VecDeque};
use topology::{StageName, Topic};

/// Records by topic, key and value; equal ones in the order of their offsets.
type Written<'a> = HashMap<(Topic, &'a [u8], &'a [u8]), VecDeque<&'a StoredRecord>>;

impl Folded {
    /// The committed output is the folded one: nothing lost, nothing doubled, nothing changed; in the order of the
    /// input within each task and partition; every key in one partition.
    pub fn output(&self, history: &History) -> Verdict {
        let mut verdict = Verdict::of(format!("{}: output is the fold of its input", self.stage));
        let mut there = self.written(history);
        let mut order: HashMap<_, i64> = HashMap::new();
        for due in &self.due {
            verdict.saw(1);
            let same = there.get_mut(&(due.topic, due.key.as_slice(), due.value.as_slice()));
            let Some(record) = same.and_then(VecDeque::pop_front) else {
                let what = format!("lost: {} of {} is not on {}", due.id, due.from, due.topic.name());
                verdict.wrong(&due.id, Some(due.from.clone()), what);
                continue;
            };
            let from = (due.from.topic.as_str(), due.from.partition);
            let line = (from, due.topic, record.partition, self.line_of(due));
            let before = order.insert(line, record.offset);
            if before.is_some_and(|before| before > record.offset) {
                let what = format!("out of order: of {}, stands before an earlier one", due.from);
                verdict.wrong(&due.id, Some(Place::of(record)), what);
            }
        }
        for record in there.into_values().flatten() {
            let what = format!("written, and not by one fold of the input of {}", self.stage);
            verdict.wrong(self.id_of(record), Some(Place::of(record)), what);
        }
        self.keys_stay(history, &mut verdict);
        verdict
    }

    /// A stage keeps the order of its whole task; an effect that of each key, so that a slow key holds no other.
    fn line_of<'a>(&self, due: &'a Due) -> &'a [u8] {
        match self.stage {
            StageName::Enricher | StageName::NotifierDeliver => &due.key,
            _ => &[],
        }
    }

    fn written<'a>(&self, history: &'a History) -> Written<'a> {
        let own = Topic::all()
            .filter(|topic| *topic != Topic::DeadLetters && topic.spec().writers.contains(&self.stage));
        let mut there: HashMap<_, VecDeque<_>> = HashMap::new();
        for topic in own {
            for record in history
                .topic(topic.name())
                .filter(|record| self.may_have_written(record))
            {
                let value = record.value.as_deref().unwrap_or_default();
                there
                    .entry((topic, record.key.as_slice(), value))
                    .or_default()
                    .push_back(record);
            }
        }
        there
    }

    /// Two stages write signals: those of texts, which are stories, and the others.
    fn may_have_written(&self, record: &StoredRecord) -> bool {
        record.topic != Topic::Signals.name()
            || record.key.starts_with(b"story_") == (self.stage == StageName::StoryMerger)
    }

    fn keys_stay(&self, history: &History, verdict: &mut Verdict) {
        let topics: BTreeSet<Topic> = self.due.iter().map(|due| due.topic).collect();
        for topic in topics {
            let mut home: HashMap<&[u8], i32> = HashMap::new();
            for record in history.topic(topic.name()) {
                let first = *home.entry(&record.key).or_insert(record.partition);
                if first != record.partition {
                    let what = format!("its key is in partition {first} too");
                    verdict.wrong(self.id_of(record), Some(Place::of(record)), what);
                }
            }
        }
    }

    /// What a written record is about, as far as the fold knows its key.
    fn id_of(&self, record: &StoredRecord) -> String {
        let known = self
            .due
            .iter()
            .find(|due| due.key == record.key && Some(due.value.as_slice()) == record.value.as_deref());
        known.map_or_else(
            || String::from_utf8_lossy(&record.key).into_owned(),
            |due| due.id.clone(),
        )
    }

    /// The dead letters of the stage are those of the fold, each once, with its reason and the record's bytes.
    pub fn dead_letters(&self, history: &History, schemas: OwnSchemas) -> Verdict {
        let mut verdict = Verdict::of(format!("{}: dead letters are those of the fold", self.stage));
        let mut there: HashMap<Place, Vec<(Place, DeadLetter)>> = HashMap::new();
        for (place, letter) in read::<DeadLetter>(history, Topic::DeadLetters, schemas) {
            if letter.stage == self.stage.as_str() {
                there.entry(origin(&letter)).or_default().push((place, letter));
            }
        }
        for (place, reason) in &self.dead {
            let letters = there.remove(place).unwrap_or_default();
            let source = history
                .partition(&place.topic, place.partition)
                .iter()
                .find(|record| record.offset == place.offset);
            let right = |letter: &DeadLetter| {
                reason.is_none_or(|reason| reason == letter.reason)
                    && source.is_some_and(|source| letter.payload.is_none() || letter.payload == source.value)
            };
            let right = letters.len() == 1 && letters.iter().all(|(_, letter)| right(letter));
            verdict.expect(right, "", Some(place.clone()), || {
                let found: Vec<_> = letters
                    .iter()
                    .map(|(at, letter)| format!("{at} {}", letter.reason))
                    .collect();
                format!(
                    "must have one dead letter ({reason:?}); has: [{}]",
                    found.join(", ")
                )
            });
        }
        for (place, letters) in there {
            verdict.wrong(
                "",
                Some(place),
                format!("{} dead letters for a record that is not dead", letters.len()),
            );
        }
        verdict
    }
}
