//! Evidence that stages hold back: of signals that nobody was told of yet, and what was counted since they were told of
//! last. Read from the changelogs, by our own understanding of their bytes.
//!
//! What ended in silence before anybody was told of it leaves the stores, and its evidence is counted nowhere: the days that
//! are judged end before `quiet_after` and `story_idle` do.

use crate::History;
use crate::fold::replay;
use serde::Deserialize;
use std::collections::BTreeMap;
use topology::{Changelog, StageName};

/// Stands before values of the second version and later.
const MARK: u8 = 0xc1;

/// What the stores hold.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The evidence of signals that were told of, by key.
    pub(crate) told: BTreeMap<String, i64>,
    /// Evidence of no signal that anybody was told of.
    pub(crate) untold: i64,
}

#[derive(Deserialize)]
struct Mortal {
    value: Standing,
}

#[derive(Deserialize)]
struct Part {
    fresh: Standing,
}

#[derive(Deserialize)]
struct Standing {
    signal: Counted,
}

#[derive(Deserialize)]
struct Counted {
    signal_key: String,
    evidence_count: i64,
}

impl Held {
    pub(crate) fn of(history: &History) -> Self {
        let mut held = Self::default();
        held.add(history, StageName::DedupAggregator, "signals", |value| {
            read::<Mortal>(value).map(|mortal| mortal.value)
        });
        held.add(history, StageName::DedupAggregator, "parts", |value| {
            read::<Part>(value).map(|part| part.fresh)
        });
        held.add(history, StageName::StoryMerger, "signals", read::<Standing>);
        held
    }

    fn add(
        &mut self,
        history: &History,
        stage: StageName,
        store: &'static str,
        read: impl Fn(&[u8]) -> Option<Standing>,
    ) {
        let topic = Changelog { stage, store }.topic_name();
        for (_, records) in history.partitions(&topic) {
            for Standing { signal } in replay(records).values().filter_map(|value| read(value)) {
                if signal.signal_key.is_empty() {
                    self.untold += signal.evidence_count;
                } else {
                    self.told.insert(signal.signal_key, signal.evidence_count);
                }
            }
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: &[u8]) -> Option<T> {
    let body = match value {
        [MARK, _, body @ ..] | body => body,
    };
    rmp_serde::from_slice(body).ok()
}
