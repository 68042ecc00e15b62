//! The data's scalar members by dotted name, typed. No I/O.

use model::{Facts, JsonRef, Value};
use std::collections::BTreeMap;

/// Attributes of one event at most.
const MOST: usize = 256;
/// Longest dotted name in bytes; longer ones are left out, since nobody writes a rule over them.
const LONGEST_NAME: usize = 200;
/// Longest value in bytes; longer texts are cut.
const LONGEST_VALUE: usize = 1_024;
/// Members that became fields of the event; kept once.
const FIELDS: &[&str] = &["title", "text"];

/// Flattens `data`: `{"geo":{"country":"DE"}}` is `geo.country`. Arrays are left out. Extension attributes follow
/// as `extension.<name>`. Beyond 256 attributes the rest is left out, in the order of the data.
pub(crate) fn flatten(data: Option<JsonRef<'_>>, extensions: &BTreeMap<String, String>) -> Facts {
    let mut facts = Facts::new();
    if let Some(members) = data.and_then(JsonRef::members) {
        let mut name = String::new();
        for (own, value) in members {
            if !(FIELDS.contains(&own) && value.as_str().is_some()) {
                member(&mut facts, &mut name, own, value);
            }
        }
    } else if let Some(value) = data
        .and_then(JsonRef::scalar)
        .filter(|value| !matches!(value, Value::Null))
    {
        keep(&mut facts, "value", value);
    }
    for (name, value) in extensions {
        keep(
            &mut facts,
            &format!("extension.{name}"),
            Value::String(value.clone()),
        );
    }
    facts
}

/// Adds a member, or those below it, to what is known; `name` is where it stands, and is left as it was. The
/// recursion ends at the depth that the payload was checked for.
fn member(facts: &mut Facts, name: &mut String, own: &str, value: JsonRef<'_>) {
    if facts.len() >= MOST {
        return;
    }
    let outer = name.len();
    if outer > 0 {
        name.push('.');
    }
    name.push_str(own);
    if let Some(members) = value.members() {
        members.for_each(|(inner, value)| member(facts, name, inner, value));
    } else if let Some(value) = value.scalar() {
        keep(facts, name, value);
    }
    name.truncate(outer);
}

fn keep(facts: &mut Facts, name: &str, value: Value) {
    if name.is_empty() || name.len() > LONGEST_NAME || name.contains('\0') || facts.len() >= MOST {
        return;
    }
    let value = match value {
        Value::String(text) => Value::String(printable(text)),
        other => other,
    };
    facts.insert(name.to_owned(), value);
}

/// Without NUL, which no database takes as text, and cut to its limit.
fn printable(text: String) -> String {
    let mut text = if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    };
    text.truncate(text.floor_char_boundary(LONGEST_VALUE));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(data: &serde_json::Value) -> Facts {
        let text = data.to_string();
        let json = model::Json::read(&text, 64).unwrap();
        flatten(Some(json.root()), &BTreeMap::new())
    }

    #[test]
    fn scalars_keep_their_type() {
        let facts =
            of(&json!({"a": 1, "b": 1.5, "c": true, "d": null, "e": "x", "f": {"g": {"h": 2}}, "i": [1]}));
        assert_eq!(facts["a"], Value::Long(1));
        assert_eq!(facts["b"], Value::Double(1.5));
        assert_eq!(facts["c"], Value::Bool(true));
        assert_eq!(facts["d"], Value::Null);
        assert_eq!(facts["f.g.h"], Value::Long(2));
        assert_eq!(facts.len(), 6);
        assert_eq!(
            of(&json!({"big": u64::MAX}))["big"],
            Value::Double(u64::MAX as f64)
        );
        assert_eq!(of(&json!(7))["value"], Value::Long(7));
    }

    #[test]
    fn limits_hold() {
        let many: serde_json::Map<String, serde_json::Value> =
            (0..10_000).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(of(&many.into()).len(), MOST);
        let facts =
            of(&json!({"text": "kept elsewhere", "nul": "a\u{0}b", "long": "é".repeat(5_000), "": 1}));
        assert_eq!(facts["nul"], Value::from("ab"));
        assert_eq!(facts["long"].as_str().map(str::len), Some(LONGEST_VALUE));
        assert_eq!(facts.len(), 2);
    }

    #[test]
    fn extensions_follow() {
        let extensions = BTreeMap::from([("priority".to_owned(), "3".to_owned())]);
        assert_eq!(flatten(None, &extensions)["extension.priority"], Value::from("3"));
    }
}
