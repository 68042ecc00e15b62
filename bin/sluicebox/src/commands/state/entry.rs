//! One entry of a store as its changelog holds it. No I/O.

use crate::commands::shown::{Shown, hex_of, rfc3339, text_of};
use runtime::admin::StoredRecord;
use serde_json::{Value, json};

/// Whether a record of a changelog is of this key: as text, or as hexadecimal digits after `0x`.
pub(super) fn has_key(record: &StoredRecord, wanted: &str) -> bool {
    record.key == wanted.as_bytes() || hex_of(&record.key).eq_ignore_ascii_case(wanted)
}

/// The entry with its place; `value` is null where the newest record is a tombstone.
pub(super) fn described(record: &StoredRecord) -> Value {
    let value = record.value.as_deref().map(value_of);
    json!({
        "key": text_of(&record.key),
        "value": value,
        "partition": record.partition,
        "offset": record.offset,
        "time": rfc3339(record.time),
    })
}

/// A value of a store is MessagePack with named fields; one that cannot be read is shown as it is.
fn value_of(bytes: &[u8]) -> Value {
    rmp_serde::from_slice(stage::message_pack(bytes))
        .map_or_else(|_| hex_of(bytes).into(), |Shown(value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{AnyStore, Expiring};

    fn stored(key: &[u8], value: Option<&[u8]>) -> StoredRecord {
        StoredRecord {
            topic: String::new(),
            partition: 1,
            offset: 7,
            time: 0,
            written: None,
            key: key.to_vec(),
            value: value.map(<[u8]>::to_vec),
            headers: Vec::new(),
        }
    }

    #[test]
    fn what_a_store_writes_can_be_read() {
        let mut store = Expiring::new("windows", 1_000);
        store.put("user:1".to_owned(), vec![1, 2]);
        let mut shown = Vec::new();
        store
            .changes(&mut |(key, value)| shown.push(described(&stored(key, value))))
            .unwrap();
        assert_eq!(shown[0]["key"], "user:1");
        assert_eq!(shown[0]["value"], json!({"until": 1_000, "value": [1, 2]}));
    }

    #[test]
    fn a_key_of_bytes_is_found_by_its_digits() {
        let record = stored(&0xAB_u128.to_be_bytes(), None);
        assert!(has_key(&record, "0x000000000000000000000000000000AB"));
        assert!(has_key(&stored(b"user:1", None), "user:1") && !has_key(&record, "ab"));
        assert_eq!(described(&record)["value"], Value::Null);
    }
}
