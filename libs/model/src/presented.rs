//! The members of data as rules, queries and people see them: scalars by dotted name, typed. No I/O.
//!
//! `{"geo":{"country":"DE"}}` is `geo.country`. Lists are left out, and so are names and texts beyond the limits: of them
//! nothing is known, which rules tell from false. Nothing else is: data with more members than are kept, or with two
//! values under one name, is refused by [`check`], since whoever wrote it could choose what rules see. The edge and the
//! normalizer ask before anything is presented; tests of rules are presented by the same code.

use crate::json::JsonRef;
use crate::value::{Facts, Value};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Members of one event at most.
pub const MOST: usize = 4_096;
/// Bytes of all names and values together, at most; texts that are left out do not count.
pub const MOST_BYTES: usize = 512 * 1024;
/// Longest dotted name in bytes; longer ones are left out, and no condition can name them.
pub const LONGEST_NAME: usize = 200;
/// Longest text in bytes; longer ones are left out. The text of an event is kept beside its members.
pub const LONGEST_TEXT: usize = 64 * 1024;
/// Members that became fields of the event; kept once.
const FIELDS: [&str; 2] = ["title", "text"];

/// Why data cannot be presented so that nothing in it hides anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Hiding {
    /// More than [`MOST`] scalar members.
    #[error("the data has more than {MOST} members; send fewer, or send them as several events")]
    TooMany,
    /// Names and values of more than [`MOST_BYTES`] together.
    #[error(
        "the names and values of the data are more than {MOST_BYTES} bytes together; send less, or send several events"
    )]
    TooLong,
    /// One name with two values: `a.b` beside `{"a":{"b":…}}`.
    #[error("the data has two values for `{0}`, one under a name with a dot; send one of them")]
    Twice(String),
}

/// Whether rules would see all of it, each name with one value. Of a member that stands twice the last counts, as for
/// every reader of JSON.
pub fn check(data: JsonRef<'_>) -> Result<(), Hiding> {
    let mut seen: Vec<(u64, u64, JsonRef<'_>)> = Vec::new();
    let mut bytes = 0usize;
    let mut fits = true;
    each(data, &mut |name, ends, value| {
        let name = composed(name);
        let length = value.as_str().map_or(8, |text| composed(text).len());
        bytes = bytes.saturating_add(name.len() + if length > LONGEST_TEXT { 0 } else { length });
        fits = seen.len() < MOST && bytes <= MOST_BYTES;
        seen.push((hash(&name), ends, value));
        fits
    });
    if !fits {
        return Err(if bytes > MOST_BYTES {
            Hiding::TooLong
        } else {
            Hiding::TooMany
        });
    }
    seen.sort_by_key(|(name, way, _)| (*name, *way));
    // Values are looked at only where names meet, which is rare.
    let differ = |pair: &&[(u64, u64, JsonRef<'_>)]| {
        let [(name, way, value), (other, other_way, other_value)] = pair else {
            return false;
        };
        name == other && way != other_way && written(*value) != written(*other_value)
    };
    match seen.windows(2).find(differ) {
        Some(pair) => Err(Hiding::Twice(named(data, pair[0].0))),
        None => Ok(()),
    }
}

fn named(data: JsonRef<'_>, wanted: u64) -> String {
    let mut found = String::new();
    each(data, &mut |name, _, _| {
        if hash(&composed(name)) == wanted {
            name.clone_into(&mut found);
        }
        found.is_empty()
    });
    found
}

fn hash(of: &str) -> u64 {
    xxh3_64(of.as_bytes())
}

/// A scalar as text, and whether it is one.
fn written(value: JsonRef<'_>) -> (bool, String) {
    let text = value.scalar().map_or_else(String::new, |value| value.to_string());
    (value.as_str().is_some(), text)
}

/// The members that rules see. What [`check`] refuses is presented as far as it goes, the later of two values.
pub fn present(data: JsonRef<'_>) -> Facts {
    let mut facts = Facts::new();
    if let Some(value) = data.scalar() {
        if !matches!(value, Value::Null) {
            keep(&mut facts, "value", value);
        }
        return facts;
    }
    each(data, &mut |name, _, value| {
        let is_field = FIELDS.contains(&name) && value.as_str().is_some();
        if !is_field && let Some(value) = value.scalar() {
            keep(&mut facts, name, value);
        }
        facts.len() < MOST
    });
    facts
}

/// Adds one member, in the form in which names and texts are compared.
pub fn keep(facts: &mut Facts, name: &str, value: Value) {
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains('\0') {
        return;
    }
    let value = match value {
        Value::String(text) => match printable(&text) {
            text if text.len() > LONGEST_TEXT => return,
            text => Value::String(text),
        },
        other => other,
    };
    facts.insert(composed(name).into_owned(), value);
}

/// Without NUL, which no database takes as text, and in composed form.
fn printable(text: &str) -> String {
    if text.contains('\0') {
        composed(&text.replace('\0', "")).into_owned()
    } else {
        composed(text).into_owned()
    }
}

/// The text as most editors write it: letters and their marks as one character where there is one (NFC).
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// What is called with a member's dotted name, with a number for the way there, and with its value; false ends it.
type Visit<'v, 'j> = dyn FnMut(&str, u64, JsonRef<'j>) -> bool + 'v;

/// Every scalar member below an object.
fn each<'j>(data: JsonRef<'j>, visit: &mut Visit<'_, 'j>) {
    let mut name = String::new();
    for (own, value) in data.members().into_iter().flatten() {
        if !member(&mut name, 0, (own, value), visit) {
            return;
        }
    }
}

/// One member or those below it; `name` is where it stands, and is left as it was. `way` tells `a.b` from `a` with `b`
/// below it. The recursion ends at the depth that the data was read with.
fn member<'j>(
    name: &mut String,
    way: u64,
    (own, value): (&'j str, JsonRef<'j>),
    visit: &mut Visit<'_, 'j>,
) -> bool {
    let outer = name.len();
    if outer > 0 {
        name.push('.');
    }
    name.push_str(own);
    let way = xxh3_64_with_seed(composed(own).as_bytes(), way);
    let goes_on = match value.members() {
        Some(mut members) => members.all(|inner| member(name, way, inner, visit)),
        None => value.items().is_some() || visit(name, way, value),
    };
    name.truncate(outer);
    goes_on
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;
    use proptest::prelude::*;
    use serde_json::json;

    fn presented(text: &str) -> Facts {
        present(Json::read(text, 64).unwrap().root())
    }

    fn checked(text: &str) -> Result<(), Hiding> {
        check(Json::read(text, 64).unwrap().root())
    }

    #[test]
    fn scalars_keep_their_type() {
        let data = json!({"a": 1, "b": 1.5, "c": true, "d": null, "e": "x", "f": {"g": {"h": 2}}, "i": [1]});
        let facts = presented(&data.to_string());
        assert_eq!(facts["a"], Value::Long(1));
        assert_eq!(facts["b"], Value::Double(1.5));
        assert_eq!(facts["c"], Value::Bool(true));
        assert_eq!(facts["d"], Value::Null);
        assert_eq!(facts["f.g.h"], Value::Long(2));
        assert_eq!(facts.len(), 6);
        assert_eq!(presented("7")["value"], Value::Long(7));
    }

    #[test]
    fn junk_before_a_member_does_not_hide_it() {
        let junk = |many: usize| {
            (0..many)
                .map(|n| format!("\"k{n}\":{n},"))
                .collect::<Vec<_>>()
                .concat()
        };
        let data = format!("{{{}\"amount\":5000}}", junk(MOST - 1));
        assert_eq!(checked(&data), Ok(()));
        assert_eq!(presented(&data)["amount"], Value::Long(5000));
        assert_eq!(
            checked(&format!("{{{}\"amount\":5000}}", junk(MOST))),
            Err(Hiding::TooMany)
        );
        let long = format!("{{\"{}\":1}}", "x".repeat(MOST_BYTES));
        assert_eq!(checked(&long), Err(Hiding::TooLong));
    }

    #[test]
    fn a_name_has_one_value() {
        for twice in [
            r#"{"a.b":1,"a":{"b":2}}"#,
            r#"{"a":{"b":2},"a.b":1}"#,
            r#"{"a":{"b.c":1,"b":{"c":true}}}"#,
            "{\"caf\u{e9}.x\":1,\"cafe\u{301}\":{\"x\":2}}",
        ] {
            assert!(matches!(checked(twice), Err(Hiding::Twice(_))), "{twice}");
        }
        for once in [
            r#"{"a":1,"a":2}"#,
            r#"{"a.b":1,"a":{"b":1}}"#,
            r#"{"a":{"b":1},"a":{"c":2}}"#,
            r#"{"a":[1],"b":[2]}"#,
            "[1,1]",
            "5",
        ] {
            assert_eq!(checked(once), Ok(()), "{once}");
        }
        assert_eq!(
            presented(r#"{"a":1,"a":2}"#)["a"],
            Value::Long(2),
            "the last counts"
        );
        assert_eq!(
            checked(r#"{"a.b":1,"a":{"b":2}}"#),
            Err(Hiding::Twice("a.b".to_owned()))
        );
    }

    #[test]
    fn long_texts_are_whole_or_unknown() {
        let text = |bytes: usize| json!({"a": "x".repeat(bytes - 1) + "!", "nul": "a\u{0}b", "text": "kept elsewhere", "": 1});
        let facts = presented(&text(LONGEST_TEXT).to_string());
        assert!(facts["a"].as_str().is_some_and(|a| a.ends_with('!')));
        assert_eq!(facts["nul"], Value::from("ab"));
        assert_eq!(facts.len(), 2);
        assert!(!presented(&text(LONGEST_TEXT + 1).to_string()).contains_key("a"));
    }

    proptest! {
        #[test]
        fn what_passes_the_check_is_seen_whatever_its_order(
            members in prop::collection::btree_map("[ab.]{1,3}", 0i64..3, 0..8), nested in prop::option::of(0i64..3))
        {
            let mut parts: Vec<String> = members
                .iter()
                .filter(|(name, _)| *name != "a")
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            parts.extend(nested.map(|value| format!("\"a\":{{\"b\":{value}}}")));
            let text = format!("{{{}}}", parts.join(","));
            parts.reverse();
            let reversed = format!("{{{}}}", parts.join(","));
            let differ = members.get("a.b").zip(nested).is_some_and(|(dotted, nested)| *dotted != nested);
            prop_assert_eq!(checked(&text).is_err(), differ);
            prop_assert_eq!(checked(&reversed).is_err(), differ);
            if !differ {
                prop_assert_eq!(presented(&text), presented(&reversed));
            }
        }
    }
}
