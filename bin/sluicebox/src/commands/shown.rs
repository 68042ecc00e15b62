//! Values that describe themselves (Avro by its schema, MessagePack) as JSON. No I/O.

use chrono::{DateTime, SecondsFormat};
use model::Millis;
use serde::de::{Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Number, Value, json};
use std::fmt;

/// Bytes for people: text where they are text, else hexadecimal digits after `0x`.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => text.to_owned(),
        _ => hex_of(bytes),
    }
}

/// Bytes as hexadecimal digits after `0x`.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A time as RFC 3339.
pub(crate) fn rfc3339(time: Millis) -> String {
    let time = DateTime::from_timestamp_millis(time);
    time.map_or_else(
        || "-".to_owned(),
        |time| time.to_rfc3339_opts(SecondsFormat::Millis, true),
    )
}

/// Any value as JSON; bytes become text or hexadecimal digits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown(pub(crate) Value);

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(format!("{value:#034x}").into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(text_of(value).into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Shown(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((Shown(key), Shown(value))) = entries.next_entry()? {
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            object.insert(key, value);
        }
        Ok(object.into())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (Shown(name), variant) = data.variant()?;
        let Shown(value) = variant.newtype_variant()?;
        Ok(json!({ text_of(name.as_str().unwrap_or_default().as_bytes()): value }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_where_they_can_be() {
        assert_eq!(text_of("user:1".as_bytes()), "user:1");
        assert_eq!(text_of(&[0, 255]), "0x00ff");
        assert_eq!(text_of(b"{\n}"), "{\n}");
    }

    #[test]
    fn messagepack_becomes_json() {
        // {"n": 3, "when": nil, "raw": bin [0, 1], "list": [true, 1.5]}
        let bytes = b"\x84\xa1n\x03\xa4when\xc0\xa3raw\xc4\x02\x00\x01\xa4list\x92\xc3\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00";
        let Shown(value) = rmp_serde::from_slice(bytes).unwrap();
        assert_eq!(
            value,
            json!({"n": 3, "when": null, "raw": "0x0001", "list": [true, 1.5]})
        );
    }
}
