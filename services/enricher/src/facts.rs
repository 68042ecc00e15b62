//! From what others write to facts: names in our form, values with their types. No I/O.

use model::{Facts, Value};
use serde_json::Value as Json;

/// Members of members of … are left out from here.
const MAX_DEPTH: usize = 4;
/// Longer texts are no facts to compare.
const MAX_TEXT: usize = 1024;

/// A name in our form: `priceUsd`, `Price USD` and `price-usd` are all `price_usd`.
pub(crate) fn name(theirs: &str) -> String {
    let mut ours = String::with_capacity(theirs.len() + 4);
    let mut after_lower = false;
    for c in theirs.trim().chars().take(100) {
        if !c.is_alphanumeric() {
            push_gap(&mut ours);
            after_lower = false;
            continue;
        }
        if c.is_uppercase() && after_lower {
            push_gap(&mut ours);
        }
        after_lower = c.is_lowercase() || c.is_numeric();
        ours.extend(c.to_lowercase());
    }
    ours.trim_end_matches('_').to_owned()
}

fn push_gap(name: &mut String) {
    if !name.is_empty() && !name.ends_with('_') {
        name.push('_');
    }
}

/// The facts of a JSON object under a prefix; `{"liquidity": {"usd": 5}}` is `<prefix>.liquidity_usd`. Lists are left out.
pub(crate) fn of_json(prefix: &str, json: &Json) -> Facts {
    let mut facts = Facts::new();
    collect(&format!("{prefix}."), json, 0, &mut facts);
    facts
}

fn collect(at: &str, json: &Json, depth: usize, facts: &mut Facts) {
    let Json::Object(members) = json else { return };
    for (key, member) in members {
        let full = format!("{at}{}", name(key));
        match Value::from_json(member) {
            Some(Value::Null) => {}
            Some(Value::String(text)) if text.len() > MAX_TEXT => {}
            Some(value) => drop(facts.insert(full, value)),
            None if depth < MAX_DEPTH => collect(&format!("{full}_"), member, depth + 1, facts),
            None => {}
        }
    }
}

/// The value of a text without types: a number or a switch where it is written as one, nothing where it is empty.
pub(crate) fn of_text(text: &str) -> Option<Value> {
    let text = text.trim();
    match text {
        "" => None,
        "true" | "TRUE" | "True" => Some(Value::Bool(true)),
        "false" | "FALSE" | "False" => Some(Value::Bool(false)),
        _ if text.len() > MAX_TEXT => None,
        _ => Some(number(text).unwrap_or_else(|| Value::String(text.to_owned()))),
    }
}

/// `007` and `+1` are names and phone numbers, not numbers; so are `inf` and `nan`.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let written_as_number = digits
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if !written_as_number || padded || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(whole) = text.parse() {
        return Some(Value::Long(whole));
    }
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .map(Value::Double)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_take_our_form() {
        for (theirs, ours) in [
            ("priceUsd", "price_usd"),
            ("Price USD", "price_usd"),
            ("price-usd", "price_usd"),
            ("liquidity_usd", "liquidity_usd"),
            ("h24", "h24"),
            ("is_honeypot?", "is_honeypot"),
            ("__x__", "x"),
        ] {
            assert_eq!(name(theirs), ours);
        }
    }

    #[test]
    fn members_become_facts_under_the_prefix() {
        let json = serde_json::json!({
            "liquidity": {"usd": 98_107_272.35}, "pairs": [1], "fdv": 5, "gone": null, "ok": true, "symbol": "WETH",
        });
        let facts = of_json("market", &json);
        assert_eq!(facts["market.liquidity_usd"], Value::Double(98_107_272.35));
        assert_eq!(facts["market.fdv"], Value::Long(5));
        assert_eq!(facts.len(), 4);
        assert!(of_json("market", &serde_json::json!([1, 2])).is_empty());
    }

    #[test]
    fn texts_get_the_type_they_are_written_in() {
        let read = |text| of_text(text);
        assert_eq!(read(" 12 "), Some(Value::Long(12)));
        assert_eq!(read("-1.5"), Some(Value::Double(-1.5)));
        assert_eq!(read("1e3"), Some(Value::Double(1000.0)));
        assert_eq!(read("0"), Some(Value::Long(0)));
        assert_eq!(read("false"), Some(Value::Bool(false)));
        assert_eq!(read(""), None);
        for name in ["007", "+1", "inf", "NaN", "1.2.3", "0x1", "1e999", "-"] {
            assert_eq!(read(name), Some(Value::String(name.to_owned())), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_name_panics(text in ".*") {
            let _ = (of_text(&text), name(&text));
        }
    }
}
