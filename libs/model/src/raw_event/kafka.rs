//! Reading raw events from records of a topic that anybody writes.
//!
//! Source: CloudEvents 1.0.2, "Kafka Protocol Binding", section 3.

use super::structured::{MARK, check_version, parse_time};
use super::{RawEvent, RawEventError};
use crate::{DEFAULT_TENANT, DecodeError, Decoder, WireHeader};
use std::collections::BTreeMap;

/// A record's headers, in their order; a value may be missing.
pub type Headers<'a> = &'a [(&'a str, Option<&'a [u8]>)];

/// Attributes stand in headers that begin so.
const PREFIX: &str = "ce_";
const CONTENT_TYPE: &str = "content-type";

/// Whether a record is an event by its headers alone, so that it may have no value.
pub fn is_in_headers(headers: Headers<'_>) -> bool {
    headers.iter().any(|(name, _)| name.starts_with(PREFIX)) && !is_structured(content_type(headers))
}

impl RawEvent {
    /// Reads a record: a CloudEvent in binary mode (`ce_` headers) or structured mode (content type
    /// `application/cloudevents+json`), or without either a CloudEvent as JSON, else Confluent Avro.
    pub fn from_record(
        headers: Headers<'_>,
        value: &[u8],
        decoder: &mut Decoder,
    ) -> Result<Self, DecodeError> {
        let json = |value| Self::from_json(value).map_err(|error| DecodeError::Json(error.to_string()));
        let content_type = content_type(headers);
        let plain = value.strip_prefix(MARK).unwrap_or(value);
        if is_structured(content_type) {
            return match essence(content_type).as_str() {
                "application/cloudevents" | "application/cloudevents+json" => json(value),
                "application/cloudevents-batch+json" => Err(batch()),
                other => Err(DecodeError::Unrecognized(format!(
                    "content type {other}: of the formats of CloudEvents only JSON is read"
                ))),
            };
        }
        if is_in_headers(headers) {
            return binary(headers, value).map_err(|error| DecodeError::Json(error.to_string()));
        }
        match plain.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => json(value),
            Some(b'[') => Err(batch()),
            _ => avro(value, decoder),
        }
    }
}

/// Confluent Avro of any schema that can be resolved against ours.
fn avro(value: &[u8], decoder: &mut Decoder) -> Result<RawEvent, DecodeError> {
    let (mut event, unit): (RawEvent, _) = decoder.decode_with_unit(value)?;
    let time = event.time.map(|time| unit.millis(time)).transpose();
    event.time = time.map_err(|why| {
        let id = WireHeader::split(value).map_or(0, |(id, _)| id);
        DecodeError::Malformed { id, why }
    })?;
    Ok(event)
}

fn batch() -> DecodeError {
    DecodeError::Unrecognized("a batch; a record holds one event, so send each by itself".to_owned())
}

fn binary(headers: Headers<'_>, value: &[u8]) -> Result<RawEvent, RawEventError> {
    let mut attributes = attributes(headers)?;
    check_version(attributes.remove("specversion"))?;
    // The content type says it (section 3.2.1).
    attributes.remove("datacontenttype");
    let mut required = |name: &'static str| attributes.remove(name).ok_or(RawEventError::Missing(name));
    Ok(RawEvent {
        source: required("source")?,
        kind: required("type")?,
        id: attributes.remove("id").unwrap_or_default(),
        subject: attributes.remove("subject"),
        time: attributes
            .remove("time")
            .map(|time| parse_time(&time))
            .transpose()?,
        tenant: attributes
            .remove("tenant")
            .unwrap_or_else(|| DEFAULT_TENANT.to_owned()),
        datacontenttype: Some(content_type(headers).to_owned()).filter(|kind| !kind.is_empty()),
        data: (!value.is_empty()).then(|| value.to_vec()),
        extensions: attributes,
        ..RawEvent::default()
    })
}

/// Values are texts in UTF-8 as they are (section 3.2.3); an empty one is as good as none.
fn attributes(headers: Headers<'_>) -> Result<BTreeMap<String, String>, RawEventError> {
    let mut attributes = BTreeMap::new();
    for (header, value) in headers {
        let Some(name) = header.strip_prefix(PREFIX) else {
            continue;
        };
        let wrong = |wanted| RawEventError::WrongType {
            name: (*header).to_owned(),
            wanted,
        };
        let text = std::str::from_utf8(value.unwrap_or_default()).map_err(|_| wrong("text in UTF-8"))?;
        if !text.is_empty() && attributes.insert(name.to_owned(), text.to_owned()).is_some() {
            return Err(wrong("given once"));
        }
    }
    Ok(attributes)
}

fn content_type(headers: Headers<'_>) -> &str {
    let header = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE));
    let value = header.and_then(|(_, value)| std::str::from_utf8((*value)?).ok());
    value.unwrap_or_default()
}

fn is_structured(content_type: &str) -> bool {
    essence(content_type).starts_with("application/cloudevents")
}

fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SchemaLookup, SchemaSource};
    use std::sync::Arc;

    struct NoSchemas;

    impl SchemaSource for NoSchemas {
        fn schema(&self, _: u32) -> SchemaLookup {
            SchemaLookup::Unknown("none".to_owned())
        }
    }

    fn read(headers: &[(&str, &str)], value: &[u8]) -> Result<RawEvent, DecodeError> {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, Some(value.as_bytes())))
            .collect();
        RawEvent::from_record(&headers, value, &mut Decoder::new(Arc::new(NoSchemas)))
    }

    const BINARY: [(&str, &str); 6] = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_source", "/café"),
        ("ce_type", "post"),
        ("ce_time", "2026-01-02T03:04:05.678Z"),
        ("content-type", "Application/JSON; charset=utf-8"),
    ];

    #[test]
    fn binary_mode_takes_attributes_from_headers_and_the_value_as_data() {
        // Data that looks like an event is data all the same.
        let data = br#"{"id":"other","source":"other","type":"other"}"#;
        let headers = [&BINARY[..], &[("ce_priority", "100%25"), ("x", "y")]].concat();
        let event = read(&headers, data).unwrap();
        assert_eq!((event.id.as_str(), event.source.as_str()), ("1", "/café"));
        assert_eq!(event.time, Some(1_767_323_045_678));
        assert_eq!(event.data.as_deref(), Some(&data[..]));
        assert_eq!(
            event.extensions,
            [("priority".to_owned(), "100%25".to_owned())].into(),
            "nothing is decoded here as it is over HTTP"
        );
        let avro = [&BINARY[..5], &[("content-type", "application/avro")]].concat();
        assert_eq!(read(&avro, b"\0\0\0\0\x01x").unwrap().id, "1");
        assert_eq!(read(&BINARY, b"").unwrap().data, None);
    }

    #[test]
    fn binary_mode_names_what_is_wrong() {
        let wrong = |headers: &[(&str, &str)]| read(headers, b"{}").unwrap_err().to_string();
        assert!(wrong(&[("ce_type", "t")]).contains("`source`"));
        assert!(wrong(&[&BINARY[..], &[("ce_id", "2")]].concat()).contains("ce_id"));
        assert!(wrong(&[&BINARY[1..], &[("ce_specversion", "0.3")]].concat()).contains("0.3"));
        assert!(wrong(&[("ce_source", "s"), ("ce_type", "t"), ("ce_time", "now")]).contains("3339"));
        let bytes = [("ce_source", Some(&b"\xff"[..]))];
        let mut decoder = Decoder::new(Arc::new(NoSchemas));
        let error = RawEvent::from_record(&bytes, b"", &mut decoder).unwrap_err();
        assert!(error.to_string().contains("ce_source"), "{error}");
    }

    #[test]
    fn structured_mode_is_told_by_its_content_type() {
        let event = br#"{"specversion":"1.0","id":"2","source":"s","type":"t"}"#;
        for kind in [
            "application/cloudevents+json",
            "Application/CloudEvents+JSON; charset=UTF-8",
        ] {
            let headers = [&BINARY[..5], &[("Content-Type", kind)]].concat();
            assert_eq!(read(&headers, event).unwrap().id, "2");
        }
        let error = read(&[("content-type", "application/cloudevents+avro")], event).unwrap_err();
        assert!(error.to_string().contains("only JSON"), "{error}");
        assert!(matches!(
            read(&[("content-type", "application/cloudevents+json")], b"x"),
            Err(DecodeError::Json(_))
        ));
    }

    #[test]
    fn without_headers_the_value_tells() {
        let event = b"\xef\xbb\xbf {\"id\":\"3\",\"source\":\"s\",\"type\":\"t\"}";
        assert_eq!(read(&[], event).unwrap().id, "3");
        assert!(matches!(read(&[], b"[{}]"), Err(DecodeError::Unrecognized(_))));
        assert!(matches!(read(&[], b"\0\0"), Err(DecodeError::Unrecognized(_))));
        assert!(matches!(read(&[], b""), Err(DecodeError::Unrecognized(_))));
        assert!(matches!(
            read(&[], b"\0\0\0\0\x07x"),
            Err(DecodeError::UnknownSchema { id: 7, .. })
        ));
    }
}
