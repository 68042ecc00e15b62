//! Whether JSON is sound to its last string and number, without building it: a lone surrogate or a number beyond
//! 64-bit floats is refused here, at the sender, instead of somewhere behind. No I/O.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::nesting;
use crate::rejection::Rejection;

/// Refuses bytes that are not one sound JSON document of at most `depth` levels.
pub(crate) fn check(json: &[u8], depth: usize) -> Result<(), Rejection> {
    nesting::check(json, depth)?;
    let unsound = |error: serde_json::Error| Rejection::UnsoundData(error.to_string());
    serde_json::from_slice::<Sound>(json).map(|_| ()).map_err(unsound)
}

struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Everything)
    }
}

struct Everything;

impl<'de> Visitor<'de> for Everything {
    type Value = Sound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_str<E>(self, _: &str) -> Result<Sound, E> {
        Ok(Sound)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Sound, A::Error> {
        while elements.next_element::<Sound>()?.is_some() {}
        Ok(Sound)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Sound, A::Error> {
        while members.next_entry::<Name, Sound>()?.is_some() {}
        Ok(Sound)
    }
}

/// A member's name, which is a string like any other.
struct Name;

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Everything).map(|_| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lazy_reader_lets_through_is_refused() {
        for json in [
            r#"{"a":"\ud800"}"#,
            r#"{"\udfff":1}"#,
            "[1e999]",
            "{\"a\":1}}",
            "[\"\u{1}\"]",
            "",
        ] {
            assert!(
                matches!(check(json.as_bytes(), 64), Err(Rejection::UnsoundData(_))),
                "{json}"
            );
        }
        assert!(check(b"[\"\xff\"]", 64).is_err());
    }

    #[test]
    fn sound_json_passes_whatever_it_holds() {
        for json in [
            r#"{"a":[1,-2.5e3,true,null,"\u0000😀"],"a":{}}"#,
            "1",
            "\"x\"",
            "18446744073709551616",
        ] {
            assert_eq!(check(json.as_bytes(), 64), Ok(()), "{json}");
        }
    }
}
