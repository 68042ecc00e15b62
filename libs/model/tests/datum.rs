//! Data read and written by the order of their members are what a library makes of them that walks the schema.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use model::{
    Decoder, Detection, Encoder, Facts, RawEvent, Record, SchemaIds, SchemaLookup, SchemaSource, Value,
    WriterSchema, schema_text,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::fmt::Debug;
use std::sync::Arc;

struct OneSchema(WriterSchema);

impl SchemaSource for OneSchema {
    fn schema(&self, _: u32) -> SchemaLookup {
        SchemaLookup::Known(self.0.clone())
    }
}

fn decoder<R: Record>() -> Decoder {
    let schema = WriterSchema::parse(schema_text(R::SCHEMA)).unwrap();
    Decoder::new(Arc::new(OneSchema(schema)))
}

fn encoded<R: Record>(record: &R) -> Vec<u8> {
    Encoder::new(SchemaIds([1; 14])).encoded(record)
}

fn reads_as_written<R: Record + PartialEq + Debug>(record: &R) {
    let bytes = encoded(record);
    assert_eq!(&decoder::<R>().decode::<R>(&bytes).unwrap(), record);
    assert_eq!(&decoder::<R>().decode_any::<R>(&bytes).unwrap(), record);
}

/// Whatever is read without the schema is read the same with it.
fn reads_no_more_than_the_schema<R: Record>(bytes: &[u8]) {
    if let Ok(read) = decoder::<R>().decode::<R>(bytes) {
        let walked: R = decoder::<R>().decode_any(bytes).unwrap();
        assert_eq!(encoded(&read), encoded(&walked));
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Long),
        any::<f64>().prop_map(Value::Double),
        any::<String>().prop_map(Value::String),
        "-?[1-9][0-9]{20,40}1".prop_map(|digits| Value::of_number(&digits).unwrap()),
        "0\\.[1-9][0-9]{20,40}1".prop_map(|digits| Value::of_number(&digits).unwrap()),
    ]
}

fn facts() -> impl Strategy<Value = Facts> {
    btree_map(any::<String>(), values(), 0..5)
}

prop_compose! {
    fn detections()(
        rule in any::<String>(),
        time in any::<i64>(),
        count in any::<i64>(),
        threshold in any::<f64>(),
        event_ids in vec(any::<String>(), 0..200),
        attributes in facts(),
    ) -> Detection {
        Detection { rule, time, count, threshold, event_ids, attributes, ..Detection::default() }
    }
}

prop_compose! {
    fn raw_events()(
        id in any::<String>(),
        subject in option::of(any::<String>()),
        time in option::of(any::<i64>()),
        data in option::of(vec(any::<u8>(), 0..300)),
        extensions in btree_map(any::<String>(), any::<String>(), 0..5),
    ) -> RawEvent {
        RawEvent { id, subject, time, data, extensions, ..RawEvent::default() }
    }
}

proptest! {
    #[test]
    fn any_detection_reads_as_written(detection in detections()) {
        reads_as_written(&detection);
    }

    #[test]
    fn any_raw_event_reads_as_written(event in raw_events()) {
        reads_as_written(&event);
    }

    #[test]
    fn a_changed_byte_reads_alike_or_not_at_all(detection in detections(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = encoded(&detection);
        let at = 5 + at.index(bytes.len() - 5);
        bytes[at] = byte;
        reads_no_more_than_the_schema::<Detection>(&bytes);
    }
}

/// `strings` as blocks of these counts, the count of each below zero and its bytes after it.
fn in_sized_blocks(strings: &[&str], sizes: &[usize]) -> Vec<u8> {
    let (mut out, mut strings) = (Vec::new(), strings.iter());
    for size in sizes {
        let block: Vec<u8> = strings
            .by_ref()
            .take(*size)
            .flat_map(|text| encoded_text(text))
            .collect();
        out.push(u8::try_from(size * 2 - 1).unwrap());
        out.push(u8::try_from(block.len() * 2).unwrap());
        out.extend(block);
    }
    out.push(0);
    out
}

fn encoded_text(text: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(text.len() * 2).unwrap()];
    out.extend_from_slice(text.as_bytes());
    out
}

#[test]
fn arrays_of_several_blocks_that_say_their_size_are_read() {
    let detection = |event_ids: &[&str]| Detection {
        event_ids: event_ids.iter().map(ToString::to_string).collect(),
        ..Detection::default()
    };
    let (none, all) = (encoded(&detection(&[])), detection(&["a", "bc", ""]));
    // The empty array, the empty map, the empty version of the rules and the empty state stand last.
    let (before, after) = (&none[..none.len() - 4], &none[none.len() - 3..]);
    let blocks = in_sized_blocks(&["a", "bc", ""], &[2, 1]);
    let bytes = [before, &blocks, after].concat();
    assert_eq!(decoder::<Detection>().decode::<Detection>(&bytes).unwrap(), all);
    assert_eq!(
        decoder::<Detection>().decode_any::<Detection>(&bytes).unwrap(),
        all
    );
}

#[test]
fn what_is_claimed_and_not_there_is_refused_without_memory_for_it() {
    let none = encoded(&Detection::default());
    let claims = [
        ([0xfe_u8, 0xff, 0xff, 0xff, 0x0f].as_slice(), "elements"),
        ([0xff; 10].as_slice(), "out of range"),
        ([0x80].as_slice(), "middle"),
    ];
    for (claim, why) in claims {
        let bytes = [&none[..none.len() - 4], claim].concat();
        let error = decoder::<Detection>().decode::<Detection>(&bytes).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}
