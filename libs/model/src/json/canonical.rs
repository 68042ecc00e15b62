//! One number for all spellings of one JSON text: members in any order, white space, escapes, and numbers as decimal
//! fractions of which every digit counts. No I/O.
//!
//! RFC 8785 writes numbers as 64-bit floats, so that amounts beyond 2^53 run together; here `1500.50` and `1.5005e3` are
//! one number, and `1000000000000000000001` and `1000000000000000000002` are two.

use super::Json;
use super::escape;
use super::scan::special;
use crate::Id;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Deeper texts have no such number: whoever asks takes their bytes.
const DEPTH: usize = 128;

/// The number; `None` where the text is not JSON or nested too deeply. Of members with the same name the last counts.
pub(crate) fn fingerprint(text: &str) -> Option<u128> {
    Json::read(text, DEPTH).ok()?;
    Reader { text, at: 0 }.value()
}

/// Reads a text that is known to be JSON; the recursion ends at [`DEPTH`].
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<u128> {
        self.skip_blanks();
        let id = match self.peek()? {
            b'{' => self.object()?,
            b'[' => self.list()?,
            b'"' => Id::new().part("text").part(&*self.string()?),
            b'-' | b'0'..=b'9' => Id::new()
                .part("number")
                .part(&*decimal(self.word(|byte| b"+-.eE0123456789".contains(&byte))?)),
            _ => Id::new()
                .part("word")
                .part(self.word(|byte| byte.is_ascii_lowercase())?),
        };
        Some(id.number())
    }

    fn object(&mut self) -> Option<Id> {
        let mut members = BTreeMap::new();
        while self.more(b'}')? {
            let name = self.string()?;
            self.skip_blanks();
            self.at += 1;
            members.insert(name, self.value()?);
        }
        let of = |id: Id, (name, value): (&Cow<'_, str>, &u128)| id.part(&**name).part(value.to_le_bytes());
        Some(members.iter().fold(Id::new().part("object"), of))
    }

    fn list(&mut self) -> Option<Id> {
        let mut id = Id::new().part("list");
        while self.more(b']')? {
            id = id.part(self.value()?.to_le_bytes());
        }
        Some(id)
    }

    /// Steps over what opens or separates; whether another item follows before the end.
    fn more(&mut self, end: u8) -> Option<bool> {
        self.skip_blanks();
        if self.peek()? != end {
            self.at += 1;
            self.skip_blanks();
        }
        let over = self.peek()? == end;
        self.at += usize::from(over);
        Some(!over)
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at + 1;
        let end = special(self.text.as_bytes(), start);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.at = end + 1;
            return Some(Cow::Borrowed(self.text.get(start..end)?));
        }
        let mut written = String::new();
        self.at = escape::write(self.text, start, end, &mut written)? + 1;
        Some(Cow::Owned(written))
    }

    fn word(&mut self, belongs: impl Fn(u8) -> bool) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let length = rest.bytes().take_while(|byte| belongs(*byte)).count();
        self.at += length;
        rest.get(..length)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }
}

/// A number of JSON as its significant digits and a power of ten; as it stands where the power is beyond all reason.
fn decimal(number: &str) -> Cow<'_, str> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let Ok(exponent) = exponent.parse::<i64>() else {
        return Cow::Borrowed(number);
    };
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() {
        return Cow::Borrowed("0");
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    let zeros = i64::try_from(zeros).unwrap_or(i64::MAX);
    let power = exponent.saturating_sub(places).saturating_add(zeros);
    Cow::Owned(format!("{sign}{digits}e{power}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(one: &str, other: &str) -> bool {
        let of = |text: &str| fingerprint(text).unwrap_or_else(|| panic!("{text}"));
        of(one) == of(other)
    }

    #[test]
    fn every_digit_counts_and_no_spelling_does() {
        for [one, other] in [
            ["1500.50", "1500.5"],
            ["1500.5", "15.005e2"],
            ["10", "1E+1"],
            ["0", "-0.00e7"],
            ["100", "1e2"],
            [" { \"a\" : [ ] , \"b\":{}}", "{\"b\":{},\"a\":[]}"],
            ["\"\\u00e9\\/\"", "\"é/\""],
            ["{\"a\":1,\"a\":2}", "{\"a\":2}"],
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for [one, other] in [
            ["1000000000000000000001", "1000000000000000000002"],
            ["0.1234567890123456781", "0.1234567890123456782"],
            ["9007199254740993", "9007199254740992"],
            ["1e2", "1e3"],
            ["1", "-1"],
            ["1", "\"1\""],
            ["[1,2]", "[2,1]"],
            ["[[1],2]", "[[1,2]]"],
            ["{\"a\":\"b\"}", "[\"a\",\"b\"]"],
            ["null", "\"null\""],
            ["[]", "{}"],
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_has_none() {
        for text in ["", "{", "1 2", "1e999", &"[".repeat(200)] {
            assert_eq!(fingerprint(text), None);
        }
    }

    proptest! {
        #[test]
        fn white_space_and_order_do_not_matter(members in prop::collection::btree_map("[a-c\"\\\\é]{0,3}", any::<i64>(), 0..5)) {
            let value = serde_json::to_value(&members).unwrap();
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let turned: serde_json::Map<_, _> = members.iter().rev().map(|(name, value)| (name.clone(), (*value).into())).collect();
            prop_assert!(same(&pretty, &value.to_string()));
            prop_assert!(same(&pretty, &serde_json::Value::Object(turned).to_string()));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = fingerprint(&text);
        }
    }
}
