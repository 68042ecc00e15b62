//! Data of a record is read as `serde_json` reads it, and becomes an event or a dead letter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Json, JsonError, JsonNumber, JsonRef, RawEvent, Value};
use normalizer::{Lists, Normalizer};
use serde_json::Value as Tree;
use settings::{AdmissionSettings, NormalizerSettings, Watched};
use sluicebox_fuzz::{Counting, within_bounds};
use stage::{Cx, Driver};
use topology::Topic;

#[global_allocator]
static MEMORY: Counting = Counting;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        match (within_bounds(data.len(), || Json::read(text, 100)), serde_json::from_str::<Tree>(text)) {
            (Ok(json), Ok(wanted)) => same(json.root(), &wanted),
            (Err(_), Err(_)) | (Err(JsonError::TooDeep(_)), _) => {}
            (got, wanted) => panic!("{got:?} is not {wanted:?}"),
        }
    }
    let normalizer = Normalizer::new(&NormalizerSettings::default(), &AdmissionSettings::default(), &Watched::fixed(Lists::default()));
    let raw = RawEvent {
        source: "fuzz".to_owned(),
        kind: "post".to_owned(),
        data: Some(data.to_vec()),
        ..RawEvent::default()
    };
    let mut driver = Driver::new(normalizer);
    within_bounds(data.len(), || driver.apply(raw, &Cx::at(Topic::IngestEvents, 1_790_000_000_000)));
    assert!(driver.counts.conserves());
});

fn same(json: JsonRef<'_>, wanted: &Tree) {
    match wanted {
        Tree::Object(members) => members.iter().for_each(|(name, value)| {
            same(json.get(name).expect("a member"), value);
        }),
        Tree::Array(items) => {
            let own: Vec<JsonRef<'_>> = json.items().expect("a list").collect();
            assert_eq!(own.len(), items.len());
            own.into_iter().zip(items).for_each(|(own, item)| same(own, item));
        }
        Tree::String(text) => assert_eq!(json.as_str(), Some(text.as_str())),
        Tree::Number(number) => match json.as_number().expect("a number") {
            JsonNumber::Long(own) => assert_eq!(number.as_i64(), Some(own)),
            JsonNumber::Unsigned(own) => assert_eq!(number.as_u64(), Some(own)),
            // Theirs may be the next one beside the nearest.
            JsonNumber::Double(own) => {
                let theirs = number.as_f64().expect("a double");
                assert!(own == theirs || (own - theirs).abs() <= own.abs() * 1e-15, "{own} is not {theirs}");
            }
        },
        Tree::Bool(flag) => assert_eq!(json.scalar(), Some(Value::Bool(*flag))),
        Tree::Null => assert_eq!(json.scalar(), Some(Value::Null)),
    }
}
