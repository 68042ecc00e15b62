//! Raw events that others wrote with schemas of their own, read by the rules of Avro's schema resolution.
//!
//! Source: Apache Avro 1.12 specification, "Schema Resolution".
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use apache_avro::Schema;
use apache_avro::types::{Record, Value};
use apache_avro::writer::datum::GenericDatumWriter;
use model::{DecodeError, Decoder, RawEvent, SchemaLookup, SchemaSource, WriterSchema, schema_text};
use serde_json::{Value as Json, json};
use std::sync::Arc;

const ID: u32 = 77;

struct Only(WriterSchema);

impl SchemaSource for Only {
    fn schema(&self, _: u32) -> SchemaLookup {
        SchemaLookup::Known(self.0.clone())
    }
}

fn schema_of(fields: &[(&str, Json)]) -> Json {
    let fields: Vec<Json> = fields
        .iter()
        .map(|(name, kind)| json!({"name": name, "type": kind}))
        .collect();
    json!({"type": "record", "name": "Shop", "namespace": "demo", "fields": fields})
}

fn wire(schema: &Json, values: Vec<(&str, Value)>) -> Vec<u8> {
    let parsed = Schema::parse(schema).unwrap();
    let mut record = Record::new(&parsed).unwrap();
    for (name, value) in values {
        record.put(name, value);
    }
    framed(&datum(&parsed, record.into()))
}

fn datum(schema: &Schema, value: Value) -> Vec<u8> {
    let writer = GenericDatumWriter::builder(schema).build().unwrap();
    writer.write_value_to_vec(value).unwrap()
}

fn framed(datum: &[u8]) -> Vec<u8> {
    [&[0][..], &ID.to_be_bytes(), datum].concat()
}

fn read(schema: &Json, bytes: &[u8]) -> Result<RawEvent, DecodeError> {
    let schema = WriterSchema::parse(&schema.to_string()).unwrap();
    let mut decoder = Decoder::new(Arc::new(Only(schema)));
    RawEvent::from_record(&[], bytes, &mut decoder)
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Required members, and this one.
fn with(name: &str, kind: Json, value: Value) -> Result<RawEvent, DecodeError> {
    let schema = schema_of(&[
        ("type", json!("string")),
        ("id", json!("string")),
        (name, kind),
        ("source", json!("string")),
    ]);
    let values = vec![
        ("type", text("post")),
        ("id", text("1")),
        (name, value),
        ("source", text("/shop")),
    ];
    read(&schema, &wire(&schema, values))
}

#[test]
fn another_order_missing_and_unknown_members_are_read() {
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2});
    let event = with("price", decimal, Value::Decimal(vec![1, 2].into())).unwrap();
    assert_eq!(
        event,
        RawEvent {
            id: "1".to_owned(),
            source: "/shop".to_owned(),
            kind: "post".to_owned(),
            tenant: "default".to_owned(),
            ..RawEvent::default()
        }
    );
}

#[test]
fn numbers_and_texts_are_promoted() {
    assert_eq!(
        with("time", json!("int"), Value::Int(86_400_000)).unwrap().time,
        Some(86_400_000)
    );
    let union = json!(["null", "int"]);
    let five = Value::Union(1, Box::new(Value::Int(5)));
    assert_eq!(with("time", union, five).unwrap().time, Some(5));
    let data = with("data", json!("string"), text("{\"a\":5}")).unwrap().data;
    assert_eq!(data.as_deref(), Some(&b"{\"a\":5}"[..]));
    let subject = with("subject", json!("bytes"), Value::Bytes(b"user:7".to_vec()))
        .unwrap()
        .subject;
    assert_eq!(subject.as_deref(), Some("user:7"));
}

#[test]
fn times_are_milliseconds_whatever_they_were_written_in() {
    const NOW: i64 = 1_790_000_000_123;
    let time = |logical: &str, value: Value| {
        let kind = json!({"type": "long", "logicalType": logical});
        with("time", kind, value).unwrap().time
    };
    assert_eq!(time("timestamp-millis", Value::TimestampMillis(NOW)), Some(NOW));
    assert_eq!(
        time("timestamp-micros", Value::TimestampMicros(NOW * 1_000 + 999)),
        Some(NOW)
    );
    assert_eq!(
        time("timestamp-nanos", Value::TimestampNanos(NOW * 1_000_000 + 1)),
        Some(NOW)
    );
    assert_eq!(
        time("local-timestamp-micros", Value::LocalTimestampMicros(NOW * 1_000)),
        Some(NOW)
    );
    let date = json!({"type": "int", "logicalType": "date"});
    assert_eq!(
        with("time", date, Value::Date(2)).unwrap().time,
        Some(172_800_000)
    );
}

#[test]
fn our_own_schema_with_another_unit_is_not_our_own() {
    let schema: Json = serde_json::from_str(schema_text(topology::Schema::RawEvent)).unwrap();
    let micros = schema.to_string().replace("timestamp-millis", "timestamp-micros");
    let micros: Json = serde_json::from_str(&micros).unwrap();
    let none = || Value::Union(0, Box::new(Value::Null));
    let values = vec![
        ("id", text("1")),
        ("source", text("/s")),
        ("type", text("post")),
        ("subject", none()),
        (
            "time",
            Value::Union(1, Box::new(Value::TimestampMicros(1_790_000_000_123_456))),
        ),
        ("tenant", text("default")),
        ("datacontenttype", none()),
        ("data", none()),
        ("extensions", Value::Map([].into())),
        ("principal", none()),
        ("trusted", Value::Boolean(false)),
    ];
    let event = read(&micros, &wire(&micros, values)).unwrap();
    assert_eq!(event.time, Some(1_790_000_000_123));
}

#[test]
fn what_cannot_be_resolved_says_why_and_by_which_schema() {
    let why = |result: Result<RawEvent, DecodeError>| {
        let error = result.unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { id: ID, .. }), "{error}");
        error.to_string()
    };
    assert!(why(with("time", json!("double"), Value::Double(1.5))).contains("floating point"));
    assert!(why(with("time", json!("string"), text("now"))).contains("string"));
    let of_day = json!({"type": "int", "logicalType": "time-millis"});
    assert!(why(with("time", of_day, Value::TimeMillis(5))).contains("time-millis"));
    assert!(why(with("subject", json!("long"), Value::Long(5))).contains("integer"));
    let lacking = schema_of(&[("id", json!("string")), ("type", json!("string"))]);
    let bytes = wire(&lacking, vec![("id", text("1")), ("type", text("t"))]);
    assert!(why(read(&lacking, &bytes)).contains("source"));
    let alone = json!("string");
    let datum = datum(&Schema::parse(&alone).unwrap(), text("just a text"));
    why(read(&alone, &framed(&datum)));
}

#[test]
fn a_datum_that_is_cut_is_malformed_at_every_length() {
    let schema = schema_of(&[
        ("source", json!("string")),
        ("id", json!("string")),
        ("type", json!("string")),
    ]);
    let values = vec![("source", text("/s")), ("id", text("1")), ("type", text("post"))];
    let bytes = wire(&schema, values);
    for end in 5..bytes.len() {
        assert!(
            matches!(
                read(&schema, &bytes[..end]),
                Err(DecodeError::Malformed { id: ID, .. })
            ),
            "{end}"
        );
    }
}

#[test]
fn a_datum_that_ends_early_says_so_and_in_which_unit_it_counts() {
    let micros = json!({"type": "long", "logicalType": "timestamp-micros"});
    let schema = schema_of(&[
        ("id", json!("string")),
        ("time", micros),
        ("source", json!("string")),
    ]);
    let values = vec![
        ("id", text("1")),
        ("time", Value::TimestampMicros(1)),
        ("source", text("")),
    ];
    let bytes = wire(&schema, values);
    let error = read(&schema, &bytes[..bytes.len() - 1]).unwrap_err().to_string();
    assert!(
        error.contains("ends before") && error.contains("microseconds"),
        "{error}"
    );
}
