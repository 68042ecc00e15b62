//! Any bytes are a record or are refused, without more memory than their size warrants; what was read can be written
//! and reads the same, and a library that walks the schema reads the same. The first byte chooses the type, the next five are the header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{
    DeadLetter, Decoder, Detection, Encoder, Event, Notification, RawEvent, Receipt, Record, ScoredEvent, SchemaIds,
    SchemaLookup, SchemaSource, Signal, WriterSchema, schema_text,
};
use sluicebox_fuzz::{Counting, within_bounds};
use std::sync::{Arc, LazyLock};
use topology::Schema;

#[global_allocator]
static MEMORY: Counting = Counting;

/// Our own schemas by their number, then others that somebody may have written with.
struct Known(Vec<WriterSchema>);

impl SchemaSource for Known {
    fn schema(&self, id: u32) -> SchemaLookup {
        let known = usize::try_from(id).ok().and_then(|id| self.0.get(id));
        known.map_or_else(
            || SchemaLookup::Unknown("unknown".to_owned()),
            |schema| SchemaLookup::Known(schema.clone()),
        )
    }
}

/// An older writer, one that says more, and one whose values nest without end or take no bytes at all.
const OTHERS: &[&str] = &[
    r#"{"type":"record","name":"RawEvent","fields":[{"name":"id","type":"string"},{"name":"source","type":"string"},
        {"name":"type","type":"string"}]}"#,
    r#"{"type":"record","name":"RawEvent","fields":[{"name":"more","type":{"type":"array","items":"null"}},
        {"name":"id","type":"string"},{"name":"source","type":"bytes"},{"name":"type","type":"string"},
        {"name":"data","type":["null","bytes"]},
        {"name":"deep","type":{"type":"record","name":"Deep","fields":[{"name":"in","type":["null","Deep"]}]}}]}"#,
    r#"{"type":"record","name":"Signal","fields":[{"name":"evidence","type":{"type":"array","items":
        {"type":"record","name":"Nothing","fields":[]}}},{"name":"keyphrases","type":{"type":"array","items":"null"}}]}"#,
];

static SOURCE: LazyLock<Arc<Known>> = LazyLock::new(|| {
    let texts = Schema::ALL.iter().map(|schema| schema_text(*schema)).chain(OTHERS.iter().copied());
    let schemas = texts.map(|text| WriterSchema::parse(text).expect("a schema"));
    Arc::new(Known(schemas.collect()))
});

fuzz_target!(|data: &[u8]| {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    match kind % 8 {
        0 => read::<RawEvent>(bytes),
        1 => read::<Event>(bytes),
        2 => read::<ScoredEvent>(bytes),
        3 => read::<Signal>(bytes),
        4 => read::<Detection>(bytes),
        5 => read::<Notification>(bytes),
        6 => read::<Receipt>(bytes),
        _ => read::<DeadLetter>(bytes),
    }
});

fn read<R: Record>(bytes: &[u8]) {
    let source: Arc<Known> = Arc::clone(&SOURCE);
    let mut decoder = Decoder::new(source);
    let Ok(record) = within_bounds(bytes.len(), || decoder.decode::<R>(bytes)) else {
        return;
    };
    let walked = decoder.decode_any::<R>(bytes).expect("what was read without the schema can be read by it");
    let encoder = Encoder::new(SchemaIds(std::array::from_fn(|at| at as u32)));
    let first = encoder.encoded(&record);
    assert_eq!(first, encoder.encoded(&walked));
    let again = decoder.decode::<R>(&first).expect("what was written can be read");
    // Bytes, because NaN is not equal to itself.
    assert_eq!(first, encoder.encoded(&again));
}
