//! The whole history of one id: every record in which it occurs, and every row.

use crate::outbox::origin;
use crate::{Finding, History, OwnSchemas, Place, Rows};
use model::DeadLetter;
use runtime::admin::StoredRecord;
use topology::Topic;

/// How much of a value is shown.
const SHOWN: usize = 160;

/// Lines that tell everything about what a finding is about, in the order of the stream.
pub fn tell(finding: &Finding, history: &History, rows: &Rows, schemas: OwnSchemas) -> Vec<String> {
    let mut lines = vec![finding.to_string()];
    let is_meant = |record: &StoredRecord| {
        finding.place.as_ref() == Some(&Place::of(record))
            || finding
                .place
                .as_ref()
                .is_some_and(|place| stands_for(record, place, schemas))
            || mentions(&record.key, &finding.id)
            || record
                .value
                .as_deref()
                .is_some_and(|value| mentions(value, &finding.id))
    };
    lines.extend(history.all().filter(|record| is_meant(record)).map(line));
    lines.extend(rows.mentioning(&finding.id));
    lines
}

fn stands_for(record: &StoredRecord, place: &Place, schemas: OwnSchemas) -> bool {
    record.topic == Topic::DeadLetters.name()
        && record.value.as_deref().is_some_and(|value| {
            let letter = schemas.decoder().decode::<DeadLetter>(value);
            letter.is_ok_and(|letter| origin(&letter) == *place)
        })
}

/// Whether the id occurs as a whole: `day1-12` does not occur in `day1-123`.
pub(crate) fn mentions(bytes: &[u8], id: &str) -> bool {
    if id.is_empty() || bytes.len() < id.len() {
        return false;
    }
    let word = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    bytes
        .windows(id.len())
        .enumerate()
        .any(|(at, window)| window == id.as_bytes() && !word(bytes.get(at + id.len())))
}

fn line(record: &StoredRecord) -> String {
    let value = record.value.as_deref().map_or("(deleted)".into(), |value| {
        let shown = &value[..value.len().min(SHOWN)];
        String::from_utf8_lossy(shown).replace(char::is_control, "·")
    });
    let key = String::from_utf8_lossy(&record.key).replace(char::is_control, "·");
    format!("  {} at {} key {key}: {value}", Place::of(record), record.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_whole_word() {
        assert!(mentions(b"..day1-12\x02..", "day1-12"));
        assert!(!mentions(b"..day1-123..", "day1-12"));
        assert!(mentions(b"day1-123 day1-12", "day1-12"));
        assert!(!mentions(b"anything", ""));
    }
}
