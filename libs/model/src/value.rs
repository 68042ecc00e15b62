//! A typed fact: what rules compare and people read.

use crate::Decimal;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Facts by dotted name, in the order of their names.
pub type Facts = BTreeMap<String, Value>;

/// A scalar with its type; the Avro union `["null","boolean","long","double","string","Decimal"]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Known to be nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// Any other number that a double stands for.
    Double(f64),
    /// Text.
    String(String),
    /// A number with more digits than these hold.
    Decimal(Decimal),
}

impl Value {
    /// The value as a number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Long(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Decimal(number) => Some(number.to_double()),
            _ => None,
        }
    }

    /// The value as text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value as true or false, if it is that.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The number that a text spells in JSON, with all its digits; `None` for what is none, or beyond any double.
    pub fn of_number(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse() {
            return Some(Self::Long(whole));
        }
        let double: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
        Some(Decimal::beyond_double(text, double).map_or(Self::Double(double), Self::Decimal))
    }

    /// The scalar of a JSON value; `None` for arrays and objects.
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        match json {
            serde_json::Value::Null => Some(Self::Null),
            serde_json::Value::Bool(flag) => Some(Self::Bool(*flag)),
            serde_json::Value::Number(number) => number
                .as_i64()
                .map(Self::Long)
                .or_else(|| Self::of_number(&number.to_string()))
                .or_else(|| number.as_f64().map(Self::Double)),
            serde_json::Value::String(text) => Some(Self::String(text.clone())),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        }
    }
}

/// In JSON a number is a number, however many digits it has.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Long(number) => serializer.serialize_i64(*number),
            Self::Double(number) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Decimal(number) if serializer.is_human_readable() => {
                let json = RawValue::from_string(number.to_string()).map_err(serde::ser::Error::custom)?;
                json.serialize(serializer)
            }
            Self::Decimal(number) => number.serialize(serializer),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => flag.fmt(f),
            Self::Long(number) => number.fmt(f),
            Self::Double(number) => number.fmt(f),
            Self::String(text) => f.write_str(text),
            Self::Decimal(number) => number.fmt(f),
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Long(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_in_json_and_in_stores() {
        for (text, is_decimal) in [
            ("5", false),
            ("0.5", false),
            ("1000000000000000000001", true),
            ("0.1234567890123456781", true),
        ] {
            let value = Value::of_number(text).unwrap();
            assert_eq!(matches!(value, Value::Decimal(_)), is_decimal, "{text}");
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
            assert_eq!(value.to_string(), text);
        }
        let decimal = Value::of_number("18446744073709551615").unwrap();
        let json: serde_json::Value = serde_json::from_str("18446744073709551615").unwrap();
        assert_eq!(Value::from_json(&json), Some(decimal));
        assert_eq!(Value::of_number("1e999"), None);
        assert_eq!(Value::of_number("x"), None);
    }
}
