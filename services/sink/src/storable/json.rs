//! Our own values as JSON that `jsonb` takes.

use serde::Serialize;
use serde_json::Value;

/// The escape that `jsonb` refuses.
const NUL: &str = "\\u0000";

/// JSON that `jsonb` takes; bound to a statement it is text.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Json(pub(crate) String);

/// The value as JSON, NUL replaced by U+FFFD.
pub(crate) fn jsonb(value: &impl Serialize) -> Json {
    let json = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    Json(if json.contains(NUL) {
        without_nul(&json)
    } else {
        json
    })
}

/// The list or map as JSON, or nothing when it is empty.
pub(crate) fn json_or_null<'a, C>(values: &'a C) -> Option<Json>
where
    C: Serialize,
    &'a C: IntoIterator,
{
    let mut items = values.into_iter();
    items.next().map(|_| jsonb(values))
}

fn without_nul(json: &str) -> String {
    let mut value: Value = serde_json::from_str(json).unwrap_or_default();
    replace(&mut value);
    value.to_string()
}

fn replace(value: &mut Value) {
    match value {
        Value::String(text) => *text = super::text(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(replace),
        Value::Object(members) => {
            let cleaned = std::mem::take(members).into_iter().map(|(name, mut member)| {
                replace(&mut member);
                (super::text(name), member)
            });
            *members = cleaned.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_nul_goes_and_an_escaped_backslash_before_u0000_stays() {
        let facts = BTreeMap::from([("a\0", "b\0"), ("c", "\\u0000")]);
        assert_eq!(
            jsonb(&facts).0,
            "{\"a\u{fffd}\":\"b\u{fffd}\",\"c\":\"\\\\u0000\"}"
        );
    }

    #[test]
    fn nothing_is_stored_for_nothing() {
        assert_eq!(json_or_null(&Vec::<String>::new()), None);
        assert_eq!(json_or_null(&vec![f64::NAN]), Some(Json("[null]".to_owned())));
    }
}
