//! Raw events, and reading them from CloudEvents JSON.
//!
//! Source: CloudEvents 1.0.2, "JSON Event Format for CloudEvents".

use crate::{DEFAULT_TENANT, Id, Millis, Record, avro, default_tenant};
use base64::Engine;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use topology::Schema;

/// What a source sent, in CloudEvents terms. `schemas/raw_event.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct RawEvent {
    pub id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub time: Option<Millis>,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    #[serde(default)]
    pub datacontenttype: Option<String>,
    #[serde(default, with = "serde_bytes")]
    pub data: Option<Vec<u8>>,
    #[serde(default)]
    pub extensions: BTreeMap<String, String>,
    #[serde(default)]
    pub principal: Option<String>,
    #[serde(default)]
    pub trusted: bool,
}

avro::record!(RawEvent {
    id,
    source,
    kind,
    subject,
    time,
    tenant,
    datacontenttype,
    data,
    extensions,
    principal,
    trusted
});

impl Record for RawEvent {
    const SCHEMA: Schema = Schema::RawEvent;

    fn key(&self) -> Cow<'_, str> {
        match self.subject.as_deref() {
            Some(subject) if !subject.is_empty() => Cow::Borrowed(subject),
            _ => Cow::Owned(format!("{}\u{1f}{}", self.source, self.id)),
        }
    }
}

/// Why a JSON text is no CloudEvent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RawEventError {
    /// Not JSON, or not a JSON object.
    #[error("not a JSON object: {0}; send one CloudEvent as a JSON object")]
    NotAnObject(String),
    /// A required attribute is missing or empty.
    #[error("`{0}` is missing or empty; CloudEvents require it")]
    Missing(&'static str),
    /// An attribute is not of its type.
    #[error("`{name}` must be {wanted}")]
    WrongType {
        /// The attribute.
        name: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A `specversion` that is not 1.x.
    #[error("`specversion` is {0:?}; only \"1.0\" is understood")]
    Version(String),
    /// Both `data` and `data_base64`.
    #[error("`data` and `data_base64` are both given; send one of them")]
    TwoPayloads,
}

type Attributes<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl RawEvent {
    /// Reads one CloudEvent in structured JSON. A missing `id` is made from the content; a missing `specversion`
    /// is taken as 1.0. The `tenant` extension becomes the tenant.
    pub fn from_json(json: &[u8]) -> Result<Self, RawEventError> {
        let mut attributes: Attributes<'_> =
            serde_json::from_slice(json).map_err(|error| RawEventError::NotAnObject(error.to_string()))?;
        check_version(text(&mut attributes, "specversion")?)?;
        let datacontenttype = text(&mut attributes, "datacontenttype")?;
        let mut event = Self {
            id: text(&mut attributes, "id")?.unwrap_or_default(),
            source: required(&mut attributes, "source")?,
            kind: required(&mut attributes, "type")?,
            subject: text(&mut attributes, "subject")?,
            time: text(&mut attributes, "time")?
                .map(|time| parse_time(&time))
                .transpose()?,
            tenant: text(&mut attributes, "tenant")?.unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
            data: payload(&mut attributes, datacontenttype.as_deref())?,
            datacontenttype,
            extensions: extensions(&attributes)?,
            ..Self::default()
        };
        event.ensure_id();
        Ok(event)
    }

    /// Gives the event an id made from its content if it has none, so that a client's retry is a duplicate.
    pub fn ensure_id(&mut self) {
        if self.id.is_empty() {
            self.id = self.content_id();
        }
    }

    /// An id made from source, type, subject, the canonical JSON of the data, and the time to the second.
    pub fn content_id(&self) -> String {
        let seconds = self
            .time
            .map(|time| time.div_euclid(1000).to_string())
            .unwrap_or_default();
        let data = self.data.as_deref().map(canonical).unwrap_or_default();
        let id = Id::new().part(&self.source).part(&self.kind);
        id.part(self.subject.as_deref().unwrap_or_default())
            .part(data)
            .part(seconds)
            .text("evt_")
    }
}

fn check_version(version: Option<String>) -> Result<(), RawEventError> {
    match version {
        Some(other) if !other.starts_with("1.") && other != "1" => Err(RawEventError::Version(other)),
        _ => Ok(()),
    }
}

fn required(attributes: &mut Attributes<'_>, name: &'static str) -> Result<String, RawEventError> {
    let value = text(attributes, name)?.filter(|value| !value.is_empty());
    value.ok_or(RawEventError::Missing(name))
}

fn text(attributes: &mut Attributes<'_>, name: &'static str) -> Result<Option<String>, RawEventError> {
    let Some(raw) = attributes.remove(name) else {
        return Ok(None);
    };
    let wrong = |_| RawEventError::WrongType {
        name: name.to_owned(),
        wanted: "a string",
    };
    serde_json::from_str::<Option<String>>(raw.get()).map_err(wrong)
}

fn parse_time(time: &str) -> Result<Millis, RawEventError> {
    let wrong = RawEventError::WrongType {
        name: "time".to_owned(),
        wanted: "an RFC 3339 timestamp",
    };
    chrono::DateTime::parse_from_rfc3339(time)
        .map(|time| time.timestamp_millis())
        .map_err(|_| wrong)
}

fn payload(
    attributes: &mut Attributes<'_>,
    datacontenttype: Option<&str>,
) -> Result<Option<Vec<u8>>, RawEventError> {
    let base64 = text(attributes, "data_base64")?;
    match (attributes.remove("data"), base64) {
        (Some(_), Some(_)) => Err(RawEventError::TwoPayloads),
        (Some(json), None) => Ok(Some(member(json, datacontenttype))),
        (None, Some(base64)) => {
            let wrong = RawEventError::WrongType {
                name: "data_base64".to_owned(),
                wanted: "base64 (RFC 4648)",
            };
            base64::engine::general_purpose::STANDARD
                .decode(base64)
                .map(Some)
                .map_err(|_| wrong)
        }
        (None, None) => Ok(None),
    }
}

/// The payload that a `data` member carries: its JSON, byte for byte; but a string that is not declared to be JSON
/// stands for its text (CloudEvents JSON format, section 3.1.1).
fn member(json: &RawValue, datacontenttype: Option<&str>) -> Vec<u8> {
    let media_type = datacontenttype.unwrap_or("application/json");
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let is_json = media_type.ends_with("/json") || media_type.ends_with("+json");
    let text = if is_json {
        None
    } else {
        serde_json::from_str::<String>(json.get()).ok()
    };
    text.map_or_else(|| json.get().as_bytes().to_vec(), String::into_bytes)
}

fn extensions(attributes: &Attributes<'_>) -> Result<BTreeMap<String, String>, RawEventError> {
    let scalar = |(name, raw): (&Cow<'_, str>, &&RawValue)| match serde_json::from_str(raw.get()) {
        Ok(serde_json::Value::String(text)) => Ok((name.to_string(), text)),
        Ok(serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => {
            Ok((name.to_string(), raw.get().to_owned()))
        }
        Ok(serde_json::Value::Null) => Ok((name.to_string(), String::new())),
        _ => Err(RawEventError::WrongType {
            name: name.to_string(),
            wanted: "a string, a number or a boolean (an extension attribute); put structures into `data`",
        }),
    };
    attributes.iter().map(scalar).collect()
}

/// The data with the members of its objects sorted and without white space; as it is when it is not JSON.
fn canonical(data: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<serde_json::Value>(data) {
        Ok(mut json) => {
            json.sort_all_objects();
            serde_json::to_vec(&json).unwrap_or_else(|_| data.to_vec())
        }
        Err(_) => data.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Result<RawEvent, RawEventError> {
        RawEvent::from_json(json.as_bytes())
    }

    #[test]
    fn a_full_cloudevent_is_read_to_the_last_byte_of_its_data() {
        let event = read(
            r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"user:1","tenant":"acme",
                "time":"2026-01-02T03:04:05.678Z","priority":3,"data":{"a": 1.10}}"#,
        )
        .unwrap();
        assert_eq!(event.time, Some(1_767_323_045_678));
        assert_eq!(event.data.as_deref(), Some(br#"{"a": 1.10}"#.as_slice()));
        assert_eq!(event.extensions["priority"], "3");
        assert_eq!(event.tenant, "acme");
    }

    #[test]
    fn a_string_that_is_not_json_stands_for_its_text() {
        let data = |json: &str| read(json).unwrap().data.unwrap();
        let text =
            r#"{"source":"s","type":"t","datacontenttype":"text/plain; charset=utf-8","data":"a \"b\""}"#;
        assert_eq!(data(text), br#"a "b""#);
        assert_eq!(
            data(r#"{"source":"s","type":"t","datacontenttype":"application/x+json","data":"a"}"#),
            br#""a""#
        );
        assert_eq!(data(r#"{"source":"s","type":"t","data":"a"}"#), br#""a""#);
    }

    #[test]
    fn the_made_id_ignores_order_and_white_space_and_tells_data_apart() {
        let one = read(r#"{"source":"s","type":"t","data":{"a":1,"b":2}}"#).unwrap();
        let same = read(r#"{"type":"t","source":"s","data":{ "b":2, "a":1 }}"#).unwrap();
        let other = read(r#"{"source":"s","type":"t","data":{"a":1,"b":3}}"#).unwrap();
        assert_eq!(one.id, same.id);
        assert_ne!(one.id, other.id);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read(r#"{"type":"t"}"#), Err(RawEventError::Missing("source")));
        assert_eq!(
            read(r#"{"source":"s","type":"t","specversion":"0.3"}"#),
            Err(RawEventError::Version("0.3".into()))
        );
        assert!(matches!(read("[1]"), Err(RawEventError::NotAnObject(_))));
        assert!(matches!(
            read(r#"{"source":1,"type":"t"}"#),
            Err(RawEventError::WrongType { .. })
        ));
        let two = read(r#"{"source":"s","type":"t","data":1,"data_base64":"AA=="}"#);
        assert_eq!(two, Err(RawEventError::TwoPayloads));
    }

    #[test]
    fn depth_is_kept_for_the_reader_of_the_data_and_overflows_nothing() {
        let data = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let event = read(&format!(r#"{{"source":"s","type":"t","data":{data}}}"#)).unwrap();
        assert_eq!(event.data.as_deref(), Some(data.as_bytes()));
        assert!(read(&format!(r#"{{"source":"s","type":"t","other":{data}}}"#)).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RawEvent::from_json(&bytes);
        }
    }
}
