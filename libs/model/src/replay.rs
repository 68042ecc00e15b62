//! Replays of dead letters: who put which of them back, and when.

use crate::{Millis, Record, avro};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use topology::Schema;

/// Dead letters that were put back on the topics they came from, in one transaction with their records.
/// `schemas/replay.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Replay {
    pub id: String,
    pub number: i32,
    pub by: String,
    #[serde(default)]
    pub note: Option<String>,
    pub started: Millis,
    #[serde(default)]
    pub filters: BTreeMap<String, String>,
    pub letters: Vec<ReplayedLetter>,
}

avro::record!(Replay {
    id,
    number,
    by,
    note,
    started,
    filters,
    letters
});

/// One dead letter that was replayed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct ReplayedLetter {
    pub partition: i32,
    pub offset: i64,
    pub origin_topic: String,
    pub origin_partition: i32,
    pub origin_offset: i64,
    pub origin_time: Millis,
}

avro::record!(ReplayedLetter {
    partition,
    offset,
    origin_topic,
    origin_partition,
    origin_offset,
    origin_time,
});

impl Record for Replay {
    const SCHEMA: Schema = Schema::Replay;

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}/{}", self.id, self.number))
    }
}
