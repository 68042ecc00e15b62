//! Which records were replayed before, by whom and when. No I/O.

use model::{DeadLetter, Millis, Replay, ReplayedLetter};
use std::collections::{BTreeMap, HashMap};

/// Where a record stood before it died. Its time tells it from one of a topic that was made again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    topic: String,
    partition: i32,
    offset: i64,
    time: Millis,
}

impl From<&DeadLetter> for Origin {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            topic: letter.topic.clone(),
            partition: letter.partition,
            offset: letter.offset,
            time: letter.time,
        }
    }
}

impl From<&ReplayedLetter> for Origin {
    fn from(letter: &ReplayedLetter) -> Self {
        Self {
            topic: letter.origin_topic.clone(),
            partition: letter.origin_partition,
            offset: letter.origin_offset,
            time: letter.origin_time,
        }
    }
}

/// One replay, all its transactions together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) by: String,
    pub(crate) note: Option<String>,
    pub(crate) started: Millis,
    /// When its last transaction was written.
    pub(crate) last: Millis,
    pub(crate) filters: BTreeMap<String, String>,
    /// The letters that were replayed, as `partition:offset`.
    pub(crate) letters: Vec<String>,
}

/// Every replay there was.
#[derive(Debug, Default)]
pub(crate) struct Past {
    runs: BTreeMap<String, Run>,
    origins: HashMap<Origin, String>,
    records: BTreeMap<String, u64>,
}

impl Past {
    /// Takes one transaction of a replay, written at this time.
    pub(crate) fn add(&mut self, replay: Replay, written: Millis) {
        for letter in &replay.letters {
            *self.records.entry(letter.origin_topic.clone()).or_default() += 1;
            self.origins.insert(Origin::from(letter), replay.id.clone());
        }
        let run = self.runs.entry(replay.id.clone()).or_insert_with(|| Run {
            id: replay.id,
            by: replay.by,
            note: replay.note,
            started: replay.started,
            last: written,
            filters: replay.filters,
            letters: Vec::new(),
        });
        run.last = run.last.max(written);
        let letters = replay.letters.iter();
        run.letters
            .extend(letters.map(|letter| format!("{}:{}", letter.partition, letter.offset)));
    }

    /// The replay that put this record back.
    pub(crate) fn replay_of(&self, origin: &Origin) -> Option<&Run> {
        self.runs.get(self.origins.get(origin)?)
    }

    /// Every replay, in the order in which they began.
    pub(crate) fn runs(&self) -> Vec<&Run> {
        let mut runs: Vec<&Run> = self.runs.values().collect();
        runs.sort_by_key(|run| (run.started, &run.id));
        runs
    }

    /// How many records were put back on this topic, named with the prefix.
    pub(crate) fn records_on(&self, topic: &str) -> u64 {
        self.records.get(topic).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(id: &str, number: i32, offsets: std::ops::Range<i64>) -> Replay {
        let letters = offsets.map(|offset| ReplayedLetter {
            offset,
            origin_topic: "t".to_owned(),
            origin_offset: offset + 100,
            ..ReplayedLetter::default()
        });
        Replay {
            id: id.to_owned(),
            number,
            by: "me".to_owned(),
            letters: letters.collect(),
            ..Replay::default()
        }
    }

    #[test]
    fn transactions_of_one_replay_are_one_run() {
        let mut past = Past::default();
        past.add(replay("a", 0, 0..2), 5);
        past.add(replay("a", 1, 2..3), 9);
        past.add(replay("b", 0, 3..4), 7);
        let runs = past.runs();
        assert_eq!((runs.len(), runs[0].letters.len(), runs[0].last), (2, 3, 9));
        assert_eq!((past.records_on("t"), past.records_on("u")), (4, 0));
        let origin = Origin {
            topic: "t".to_owned(),
            partition: 0,
            offset: 103,
            time: 0,
        };
        assert_eq!(past.replay_of(&origin).map(|run| run.id.as_str()), Some("b"));
        let made_again = Origin { time: 1, ..origin };
        assert_eq!(past.replay_of(&made_again), None);
    }
}
