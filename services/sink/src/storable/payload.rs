//! Whether a payload is JSON that `jsonb` can hold. It refuses NUL, lone surrogates, numbers beyond `numeric` and deep
//! nesting; such payloads, and those that are no JSON, are kept byte for byte instead.

use super::Json;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Deeper nesting is kept as bytes; `jsonb` would end at its stack's depth.
const MAX_DEPTH: u8 = 64;
/// Numbers written longer are kept as bytes; `numeric` ends at 16,383 digits after the point.
const MAX_NUMBER: usize = 400;

/// A payload as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    /// JSON, as it was written.
    Json(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Payload {
    /// Tells the two apart.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) if fits(&text) => Self::Json(text),
            Ok(text) => Self::Bytes(text.into_bytes()),
            Err(error) => Self::Bytes(error.into_bytes()),
        }
    }

    /// The JSON, and the bytes: one of them is there.
    pub(crate) fn split(self) -> (Option<Json>, Option<Vec<u8>>) {
        match self {
            Self::Json(text) => (Some(Json(text)), None),
            Self::Bytes(bytes) => (None, Some(bytes)),
        }
    }
}

fn fits(json: &str) -> bool {
    if !numbers_fit(json.as_bytes()) {
        return false;
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    Fits { depth: MAX_DEPTH }.deserialize(&mut reader).is_ok() && reader.end().is_ok()
}

/// Whether no number is long, and none has an exponent of more than three digits.
fn numbers_fit(json: &[u8]) -> bool {
    let (mut in_string, mut escaped, mut length, mut exponent) = (false, false, 0, None::<usize>);
    for byte in json {
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        match byte {
            b'0'..=b'9' => (length, exponent) = (length + 1, exponent.map(|digits| digits + 1)),
            b'e' | b'E' => exponent = Some(0),
            b'.' | b'+' | b'-' => {}
            _ => (length, exponent, in_string) = (0, None, *byte == b'"'),
        }
        if length > MAX_NUMBER || exponent.is_some_and(|digits| digits > 3) {
            return false;
        }
    }
    true
}

/// Walks through a value without keeping it.
#[derive(Clone, Copy)]
struct Fits {
    depth: u8,
}

impl Fits {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Fits {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fits {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON that jsonb can hold")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            Err(E::custom("NUL"))
        } else {
            Ok(())
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while members.next_key_seed(Fits { depth: 0 })?.is_some() {
            members.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_jsonb_refuses_is_kept_as_bytes() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let digits = format!("0.{}1", "0".repeat(20_000));
        for refused in [
            r#"{"a":"\u0000"}"#,
            r#"{"\u0000":1}"#,
            r#"["\ud800"]"#,
            r#"["\udc00\ud800"]"#,
            "1e999999",
            "1e-99999",
            "[1] x",
            "",
            "NaN",
            "{'a':1}",
            &deep,
            &digits,
        ] {
            assert_eq!(Payload::of(refused.into()), Payload::Bytes(refused.into()));
        }
    }

    #[test]
    fn ordinary_json_is_json() {
        for taken in [
            r#"{"a":[1,-2.5e3,true,null,"\ud83e\udd80 é"],"b":{"c":"0x12e456789"}}"#,
            r#""\\u0000""#,
            r#""a \" 1e99999""#,
            "18446744073709551616",
            " 1e308 ",
        ] {
            assert_eq!(Payload::of(taken.into()), Payload::Json(taken.to_owned()));
        }
        assert_eq!(Payload::of(vec![0xff]), Payload::Bytes(vec![0xff]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_change(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let kept = match Payload::of(bytes.clone()) {
                Payload::Json(text) => text.into_bytes(),
                Payload::Bytes(kept) => kept,
            };
            prop_assert_eq!(kept, bytes);
        }
    }
}
