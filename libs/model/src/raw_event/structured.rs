//! Reading raw events from CloudEvents in structured JSON. No I/O.
//!
//! Source: CloudEvents 1.0.2, "JSON Event Format for CloudEvents".

use super::{RawEvent, RawEventError};
use crate::{DEFAULT_TENANT, Media, Millis};
use base64::Engine;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// UTF-8's byte order mark, which some write before JSON.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

type Attributes<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl RawEvent {
    /// Reads one CloudEvent in structured JSON. A missing `id` stays empty; a missing `specversion` is taken as 1.0. The
    /// `tenant` extension becomes the tenant. An attribute that is null is left out (section 2.2), and so is such data; so is a
    /// byte order mark at the beginning (RFC 8259, section 8.1).
    pub fn from_json(json: &[u8]) -> Result<Self, RawEventError> {
        let mut event = Self::from_json_as_sent(json)?;
        if event.tenant.is_empty() {
            DEFAULT_TENANT.clone_into(&mut event.tenant);
        }
        Ok(event)
    }

    /// The same, with an empty tenant where the event names none, for whoever knows whose it is.
    pub fn from_json_as_sent(json: &[u8]) -> Result<Self, RawEventError> {
        let json = json.strip_prefix(MARK).unwrap_or(json);
        let mut attributes: Attributes<'_> =
            serde_json::from_slice(json).map_err(|error| RawEventError::NotAnObject(error.to_string()))?;
        attributes.retain(|_, value| value.get() != "null");
        check_version(text(&mut attributes, "specversion")?)?;
        let datacontenttype = text(&mut attributes, "datacontenttype")?;
        Ok(Self {
            id: text(&mut attributes, "id")?.unwrap_or_default(),
            source: required(&mut attributes, "source")?,
            kind: required(&mut attributes, "type")?,
            subject: text(&mut attributes, "subject")?,
            time: text(&mut attributes, "time")?
                .map(|time| parse_time(&time))
                .transpose()?,
            tenant: text(&mut attributes, "tenant")?.unwrap_or_default(),
            data: payload(&mut attributes, datacontenttype.as_deref())?,
            datacontenttype,
            extensions: extensions(&attributes)?,
            ..Self::default()
        })
    }
}

/// Refuses a `specversion` other than 1.x; none is taken as 1.0.
pub fn check_version(version: Option<String>) -> Result<(), RawEventError> {
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
    match plain(raw.get()) {
        Some(text) => Ok(Some(text.to_owned())),
        None => serde_json::from_str(raw.get()).map(Some).map_err(wrong),
    }
}

/// What stands between the quotes of a text that has no escapes, which most are.
fn plain(raw: &str) -> Option<&str> {
    let text = raw.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

/// A time as CloudEvents write it: RFC 3339, of which more than milliseconds are cut.
pub fn parse_time(time: &str) -> Result<Millis, RawEventError> {
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
    let text = match Media::of(datacontenttype.unwrap_or_default()) {
        Media::Json => None,
        Media::Text | Media::Other(_) => serde_json::from_str::<String>(json.get()).ok(),
    };
    text.map_or_else(|| json.get().as_bytes().to_vec(), String::into_bytes)
}

fn extensions(attributes: &Attributes<'_>) -> Result<BTreeMap<String, String>, RawEventError> {
    let scalar = |(name, raw): (&Cow<'_, str>, &&RawValue)| match serde_json::from_str(raw.get()) {
        Ok(serde_json::Value::String(text)) => Ok((name.to_string(), text)),
        Ok(serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => {
            Ok((name.to_string(), raw.get().to_owned()))
        }
        _ => Err(RawEventError::WrongType {
            name: name.to_string(),
            wanted: "a string, a number or a boolean (an extension attribute); put structures into `data`",
        }),
    };
    attributes.iter().map(scalar).collect()
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
    fn what_is_null_is_not_there() {
        let event = read(
            r#"{"specversion":null,"id":null,"source":"s","type":"t","subject":null,"time":null,"tenant":null,
                "datacontenttype":null,"flag":null,"data":null,"data_base64":"eyJhIjoxfQ=="}"#,
        )
        .unwrap();
        assert_eq!(
            event,
            RawEvent {
                source: "s".into(),
                kind: "t".into(),
                tenant: "default".into(),
                data: Some(br#"{"a":1}"#.to_vec()),
                ..RawEvent::default()
            }
        );
        assert_eq!(
            read(r#"{"source":"s","type":null}"#),
            Err(RawEventError::Missing("type"))
        );
        assert_eq!(
            read(r#"{"source":"s","type":"t","data":null}"#).unwrap().data,
            None
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_content() {
        assert_eq!(
            read("\u{feff}{\"source\":\"s\",\"type\":\"t\"}").unwrap().source,
            "s"
        );
    }

    #[test]
    fn media_types_are_compared_without_case() {
        let data = |kind: &str| {
            let event = format!(r#"{{"source":"s","type":"t","datacontenttype":"{kind}","data":"a"}}"#);
            read(&event).unwrap().data.unwrap()
        };
        assert_eq!(data("Application/JSON"), br#""a""#);
        assert_eq!(data("application/Vnd.X+Json; a=b"), br#""a""#);
        assert_eq!(data("TEXT/Plain; charset=utf-8"), b"a");
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
        fn texts_are_what_a_reader_of_json_makes_of_them(text: String, escaped: bool) {
            let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = if escaped {
                format!("\"{}\"", units.concat())
            } else {
                serde_json::to_string(&text).unwrap()
            };
            let event = read(&format!(r#"{{"source":"s","type":"t","id":{json}}}"#)).unwrap();
            prop_assert_eq!(event.id, text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RawEvent::from_json(&bytes);
        }
    }
}
