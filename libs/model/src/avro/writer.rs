//! Schemas that somebody wrote with: which of our own each is, and what it says of units. No registry.

use super::schema_text;
use serde_avro_fast::Schema as AvroSchema;
use serde_json::Value as Json;
use std::sync::{Arc, LazyLock};
use topology::Schema;

/// What tells a schema apart: the fingerprint of names, types and their order, which decide the bytes, and the logical
/// types, which decide what they mean and are no part of the fingerprint (Avro 1.12, "Parsing Canonical Form").
type Signature = ([u8; 8], Vec<(String, String)>);

static OWN: LazyLock<[Signature; Schema::ALL.len()]> = LazyLock::new(|| Schema::ALL.map(own_signature));

#[expect(
    clippy::panic,
    reason = "the texts are compiled in, and a test parses every one of them"
)]
fn own_signature(schema: Schema) -> Signature {
    let signed = signed(schema_text(schema));
    let signed = signed.unwrap_or_else(|error| panic!("schemas/{}.avsc: {error}", schema.file_stem()));
    signed.1
}

fn signed(json: &str) -> Result<(AvroSchema, Signature), String> {
    let parsed: AvroSchema = json
        .parse()
        .map_err(|error: serde_avro_fast::schema::SchemaError| error.to_string())?;
    let tree = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut logical = Vec::new();
    logical_types(&tree, "", &mut logical);
    let signature = (*parsed.rabin_fingerprint(), logical);
    Ok((parsed, signature))
}

/// The logical types by where they stand. `serde_json` has bounded the depth.
fn logical_types(json: &Json, at: &str, out: &mut Vec<(String, String)>) {
    match json {
        Json::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Json::as_str);
                let name = name.map_or_else(|| number.to_string(), str::to_owned);
                logical_types(item, &format!("{at}/{name}"), out);
            }
        }
        Json::Object(members) => {
            if let Some(Json::String(logical)) = members.get("logicalType") {
                out.push((at.to_owned(), logical.clone()));
            }
            for name in ["type", "fields", "items", "values"] {
                if let Some(inner) = members.get(name) {
                    logical_types(inner, &format!("{at}/{name}"), out);
                }
            }
        }
        _ => {}
    }
}

/// In which unit a schema's `time` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    /// Milliseconds since 1970, as our own does; also where nothing is said.
    Millis,
    /// So many of them are a millisecond.
    PerMilli(i64),
    /// Days since 1970.
    Days,
    /// A logical type that is no point in time.
    Other(String),
}

impl TimeUnit {
    fn of(logical: &str) -> Self {
        match logical {
            "timestamp-millis" | "local-timestamp-millis" => Self::Millis,
            "timestamp-micros" | "local-timestamp-micros" => Self::PerMilli(1_000),
            "timestamp-nanos" | "local-timestamp-nanos" => Self::PerMilli(1_000_000),
            "date" => Self::Days,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The unit in words, if it is another one than ours.
    pub(crate) fn told(&self) -> Option<String> {
        match self {
            Self::Millis => None,
            Self::PerMilli(1_000) => Some("its `time` is in microseconds, by its logical type".to_owned()),
            Self::PerMilli(_) => Some("its `time` is in nanoseconds, by its logical type".to_owned()),
            Self::Days => Some("its `time` is in days, by its logical type".to_owned()),
            Self::Other(logical) => Some(format!("its `time` has the logical type {logical}")),
        }
    }

    /// The time in milliseconds, or why it is none.
    pub(crate) fn millis(&self, time: i64) -> Result<i64, String> {
        match self {
            Self::Millis => Ok(time),
            Self::PerMilli(units) => Ok(time.div_euclid(*units)),
            Self::Days => Ok(time.saturating_mul(86_400_000)),
            Self::Other(logical) => Err(format!(
                "`time` has the logical type {logical}, which is no point in time; write timestamp-millis"
            )),
        }
    }
}

/// The unit of the member `time` of a record, itself or a branch of its union.
fn time_unit(logical: &[(String, String)], json: &str) -> TimeUnit {
    let is_record = serde_json::from_str::<Json>(json).is_ok_and(|json| json["type"] == "record");
    let of_time = logical
        .iter()
        .find(|(at, _)| is_record && (at == "/fields/time" || at.starts_with("/fields/time/type")));
    of_time.map_or(TimeUnit::Millis, |(_, logical)| TimeUnit::of(logical))
}

/// A schema that somebody wrote with.
#[derive(Debug, Clone)]
pub struct WriterSchema {
    pub(super) parsed: Arc<AvroSchema>,
    /// Which of our own it is, if any: its data are read without it.
    pub(super) own: Option<Schema>,
    pub(super) time_unit: TimeUnit,
}

impl WriterSchema {
    /// Parses the JSON of a schema; the error says what is wrong with it.
    pub fn parse(json: &str) -> Result<Self, String> {
        let (parsed, signature) = signed(json)?;
        let of_own = OWN.iter().position(|own| *own == signature);
        Ok(Self {
            parsed: Arc::new(parsed),
            own: of_own.map(|at| Schema::ALL[at]),
            time_unit: time_unit(&signature.1, json),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_schemas_are_known_as_such_and_others_are_not() {
        for schema in Schema::ALL {
            let parsed = WriterSchema::parse(schema_text(schema)).unwrap();
            assert_eq!((parsed.own, parsed.time_unit), (Some(schema), TimeUnit::Millis));
        }
        let longer = schema_text(Schema::Replay).replacen(
            "\"fields\": [",
            "\"fields\": [{\"name\": \"more\", \"type\": \"int\"},",
            1,
        );
        assert_eq!(WriterSchema::parse(&longer).unwrap().own, None);
    }

    #[test]
    fn one_that_differs_in_units_alone_is_another() {
        let micros = schema_text(Schema::RawEvent).replace("timestamp-millis", "timestamp-micros");
        let parsed = WriterSchema::parse(&micros).unwrap();
        assert_eq!((parsed.own, parsed.time_unit), (None, TimeUnit::PerMilli(1_000)));
    }

    #[test]
    fn the_unit_is_that_of_the_member_time() {
        let unit = |time: &str| {
            let schema = format!(
                r#"{{"type":"record","name":"r","fields":[
                    {{"name":"seen","type":{{"type":"long","logicalType":"timestamp-micros"}}}},
                    {{"name":"time","type":{time}}}]}}"#
            );
            WriterSchema::parse(&schema).unwrap().time_unit
        };
        assert_eq!(unit("\"long\""), TimeUnit::Millis);
        assert_eq!(
            unit(r#"["null",{"type":"long","logicalType":"timestamp-nanos"}]"#),
            TimeUnit::PerMilli(1_000_000)
        );
        assert_eq!(unit(r#"{"type":"int","logicalType":"date"}"#), TimeUnit::Days);
        let of_day = unit(r#"{"type":"int","logicalType":"time-millis"}"#);
        assert!(of_day.millis(1).is_err_and(|why| why.contains("time-millis")));
        assert_eq!(TimeUnit::PerMilli(1_000).millis(-1), Ok(-1));
    }
}
