//! The members of one line, each value as the line spells it: no digit of a number is lost on its way. No I/O.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// Names and JSON texts, in the order of the line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Members(Vec<(String, String)>);

impl Members {
    /// The object that a line is.
    pub(crate) fn of_json(line: &str) -> Result<Self, String> {
        let members: Self =
            serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))?;
        match members.twice() {
            Some(name) => Err(format!(
                "the member {name:?} stands twice; no reader agrees on which one counts"
            )),
            None => Ok(members),
        }
    }

    pub(crate) fn push(&mut self, name: &str, json: String) {
        self.0.push((name.to_owned(), json));
    }

    /// A member, or a path through objects (`author.name`).
    pub(crate) fn find(&self, path: &str) -> Option<String> {
        if let Some((_, json)) = self.0.iter().find(|(name, _)| name == path) {
            return Some(json.clone());
        }
        let (first, rest) = path.split_once('.')?;
        let (_, inner) = self.0.iter().find(|(name, _)| name == first)?;
        serde_json::from_str::<Self>(inner).ok()?.find(rest)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// Gives a member another name; the one that had it before is replaced. A path brings the inner value out.
    pub(crate) fn rename(&mut self, path: &str, name: &str) {
        let Some(json) = self.find(path) else { return };
        self.0.retain(|(own, _)| own != path && own != name);
        self.push(name, json);
    }

    /// A name that stands twice.
    fn twice(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, (name, json)) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{}:{json}", Value::from(name.as_str()))?;
        }
        f.write_str("}")
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collector;
        impl<'de> Visitor<'de> for Collector {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some((name, json)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.0.push((name, json.get().to_owned()));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collector)
    }
}

/// A text as JSON.
pub(crate) fn text(field: &str) -> String {
    Value::from(field).to_string()
}

/// A plain decimal number as it is spelt; anything else is text: `007` and `+5` are codes, `1,000` and `1e5` are not
/// plain, and what is beyond any double no reader takes for a number.
pub(crate) fn typed(field: &str) -> String {
    if is_plain_number(field) {
        field.to_owned()
    } else {
        text(field)
    }
}

fn is_plain_number(field: &str) -> bool {
    let digits = field.strip_prefix('-').unwrap_or(field);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole)
        && all_digits(fraction)
        && (whole == "0" || !whole.starts_with('0'))
        && field.parse().is_ok_and(f64::is_finite)
}

/// The scalar of a JSON text as an attribute has it: a number as it is spelt.
pub(crate) fn scalar(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(json)
            .ok()
            .filter(|text| !text.trim().is_empty()),
        b'-' | b'0'..=b'9' | b't' | b'f' => Some(json.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_numbers_are_numbers_however_many_zeros_they_end_with() {
        for number in [
            "1500.5",
            "1500.50",
            "2000.00",
            "-2000.00",
            "0",
            "0.10",
            "-0",
            "123456789012345678901234567890.10",
        ] {
            assert_eq!(typed(number), number);
        }
        for code in [
            "007",
            "00420",
            "+5",
            "1e5",
            "1,000",
            ".5",
            "5.",
            "",
            "-",
            "1.2.3",
            "0x10",
            " 5",
            "NaN",
            &"9".repeat(400),
        ] {
            assert_eq!(typed(code), format!("{code:?}"));
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let line = r#"{"id":12345678901234567890123,"a":{"b": 1.10},"é":"\u0041"}"#;
        let mut members = Members::of_json(line).unwrap();
        assert_eq!(members.to_string(), line);
        assert_eq!(
            members.find("id").and_then(|json| scalar(&json)).as_deref(),
            Some("12345678901234567890123")
        );
        assert_eq!(
            members.find("é").and_then(|json| scalar(&json)).as_deref(),
            Some("A")
        );
        members.rename("a.b", "b");
        assert_eq!(members.find("b").as_deref(), Some("1.10"));
        assert!(
            Members::of_json(r#"{"a":1,"b":2,"a":3}"#)
                .unwrap_err()
                .contains("\"a\"")
        );
    }

    proptest! {
        #[test]
        fn a_number_is_spelt_as_before(whole in "-?(0|[1-9][0-9]{0,40})", fraction in "(\\.[0-9]{1,40})?") {
            let number = whole + &fraction;
            let mut members = Members::default();
            members.push("n", typed(&number));
            prop_assert_eq!(members.to_string(), format!("{{\"n\":{number}}}"));
            prop_assert!(serde_json::from_str::<Value>(&members.to_string()).is_ok_and(|json| json["n"].is_number()));
        }

        #[test]
        fn every_field_makes_json(name in ".{0,20}", field in ".{0,60}") {
            let mut members = Members::default();
            members.push(&name, typed(&field));
            prop_assert_eq!(Members::of_json(&members.to_string()), Ok(members));
        }
    }
}
