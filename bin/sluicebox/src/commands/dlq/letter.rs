//! A dead letter as it stands in its topic, and how it is named and shown. No I/O.

use super::past::{Origin, Past};
use crate::commands::shown::{rfc3339, text_of};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use model::{DeadLetter, Millis};
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// The name of a dead letter: its place in the topic of dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LetterId {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.offset)
    }
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':');
        let id = parts.and_then(|(partition, offset)| {
            Some(Self {
                partition: partition.parse().ok().filter(|partition| *partition >= 0)?,
                offset: offset.parse().ok().filter(|offset| *offset >= 0)?,
            })
        });
        id.ok_or_else(|| "write PARTITION:OFFSET, as `sluicebox dlq list` shows it, such as 3:17".to_owned())
    }
}

/// A dead letter in its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    pub(super) id: LetterId,
    /// When it was written.
    pub(super) died: Millis,
    pub(super) content: DeadLetter,
}

impl Letter {
    pub(super) fn origin(&self) -> Origin {
        Origin::from(&self.content)
    }

    /// Where the record stood, for people.
    pub(super) fn place(&self) -> String {
        let letter = &self.content;
        format!("{}-{}@{}", letter.topic, letter.partition, letter.offset)
    }

    pub(super) fn key_text(&self) -> String {
        self.content
            .key
            .as_deref()
            .map_or_else(|| "-".to_owned(), text_of)
    }

    /// Its description as JSON, without the record's bytes.
    pub(super) fn described(&self, past: &Past) -> Value {
        let letter = &self.content;
        let replayed = past
            .replay_of(&self.origin())
            .map(|run| json!({ "replay": run.id, "by": run.by, "at": rfc3339(run.last) }));
        json!({
            "letter": self.id.to_string(),
            "died": rfc3339(self.died),
            "stage": letter.stage,
            "reason": letter.reason,
            "fault": letter.fault.as_str(),
            "tenant": letter.tenant,
            "source": letter.source,
            "message": letter.message,
            "attempts": letter.attempts,
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
            "time": rfc3339(letter.time),
            "trace_id": letter.trace_id,
            "key": letter.key.as_deref().map(text_of),
            "payload_bytes": letter.payload.as_ref().map(Vec::len),
            "replayed": replayed,
        })
    }

    /// Everything that it holds as JSON; bytes in base64.
    pub(super) fn whole(&self, past: &Past) -> Value {
        let mut described = self.described(past);
        let letter = &self.content;
        let headers = letter.headers.iter();
        let headers: Vec<Value> = headers
            .map(
                |header| json!({ "key": header.key, "value_base64": header.value.as_deref().map(base64_of) }),
            )
            .collect();
        described["key_base64"] = letter.key.as_deref().map(base64_of).into();
        described["headers"] = headers.into();
        described["payload_base64"] = letter.payload.as_deref().map(base64_of).into();
        described
    }
}

fn base64_of(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        let id: LetterId = "3:17".parse().unwrap();
        assert_eq!(
            (id.partition, id.offset, id.to_string().as_str()),
            (3, 17, "3:17")
        );
        for wrong in ["", "3", "3:", ":17", "a:1", "-1:3", "3:-1"] {
            assert!(wrong.parse::<LetterId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_whole_letter_keeps_its_bytes() {
        let letter = Letter {
            id: "0:1".parse().unwrap(),
            died: 0,
            content: DeadLetter {
                key: Some(b"k".to_vec()),
                payload: Some(vec![0, 255]),
                ..DeadLetter::default()
            },
        };
        let whole = letter.whole(&Past::default());
        assert_eq!(
            (&whole["payload_base64"], &whole["key"]),
            (&json!("AP8="), &json!("k"))
        );
        assert_eq!(whole["died"], "1970-01-01T00:00:00.000Z");
    }
}
