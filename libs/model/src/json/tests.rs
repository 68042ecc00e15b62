use super::*;
use proptest::prelude::*;
use serde_json::Value as Tree;

fn tree(json: JsonRef<'_>) -> Tree {
    if let Some(members) = json.members() {
        return members
            .map(|(name, value)| (name.to_owned(), tree(value)))
            .collect();
    }
    if let Some(items) = json.items() {
        return items.map(tree).collect();
    }
    match (json.as_number(), json.scalar()) {
        (Some(JsonNumber::Long(number)), _) => number.into(),
        (Some(JsonNumber::Unsigned(number)), _) => number.into(),
        (Some(JsonNumber::Double(number)), _) => number.into(),
        (_, Some(Value::Bool(flag))) => flag.into(),
        (_, Some(Value::String(text))) => text.into(),
        _ => Tree::Null,
    }
}

/// Both refuse it, or both read the same.
fn agrees(text: &str) {
    let wanted: Result<Tree, _> = serde_json::from_str(text);
    match (Json::read(text, 100), wanted) {
        (Ok(json), Ok(wanted)) => assert_eq!(tree(json.root()), wanted, "{text}"),
        (Err(JsonError::NotJson(why)), Err(_)) => assert!(!why.is_empty(), "{text}"),
        (Err(JsonError::TooDeep(_)), _) => {}
        (got, wanted) => panic!("{text:?}: {got:?} is not {wanted:?}"),
    }
}

#[test]
fn what_is_json_is_read_and_the_rest_is_refused() {
    for text in [
        r#"{"a": [1, -2.5, true, false, null, "x", {}], "b": {"c": []}}"#,
        r#" [ { "a" : 1 } , "\u00e9\n\ud83d\ude80" ] "#,
        "[]",
        "{}",
        "0",
        "-0",
        "-0.0",
        "1e5",
        "1E+2",
        "0.1e-7",
        "123456789012345678901234567890",
        "\"\"",
        "\t1\r\n",
        "18446744073709551615",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "",
        " ",
        "{",
        "[",
        "]",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[1 2]",
        "{\"a\" 1}",
        "[}",
        "{]",
        "nul",
        "nulls",
        "truefalse",
        "01",
        "-",
        "-a",
        "1.",
        ".5",
        "1.e5",
        "1e",
        "1e+",
        "1e999",
        "-1e999",
        "+1",
        "1 1",
        "{}{}",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\u12\"",
        "\"a\nb\"",
        "\"\u{7f}\"",
        "\u{feff}1",
        "[1],",
        "\"12345678\\",
        "\"é\\é\"",
    ] {
        agrees(text);
    }
}

#[test]
fn a_name_that_is_given_twice_counts_as_it_was_given_last() {
    let json = Json::read(r#"{"a": [1, 2], "b": "\tx", "a": 3}"#, 8).unwrap();
    assert_eq!(
        json.root().get("a").and_then(JsonRef::scalar),
        Some(Value::Long(3))
    );
    assert_eq!(json.root().get("b").and_then(JsonRef::as_str), Some("\tx"));
    assert!(json.root().get("c").is_none());
    assert!(json.root().get("a").and_then(JsonRef::members).is_none());
}

#[test]
fn depth_is_limited_without_recursion() {
    assert!(Json::read("[[[1]]]", 3).is_ok());
    assert_eq!(Json::read("[[{\"a\":[]}]]", 3), Err(JsonError::TooDeep(3)));
    assert!(Json::read(&("[],".repeat(9).replacen("[]", "[[],[]", 1) + "1]"), 2).is_ok());
    let deep = "[".repeat(1_000_000);
    assert_eq!(Json::read(&deep, 500_000), Err(JsonError::TooDeep(500_000)));
}

#[test]
fn numbers_are_written_as_json_writes_them() {
    for text in ["7", "-7", "18446744073709551615", "1.0", "0.25", "-3.5"] {
        let json = Json::read(text, 1).unwrap();
        assert_eq!(
            json.root()
                .as_number()
                .map(|number| number.to_string())
                .as_deref(),
            Some(text)
        );
    }
}

proptest! {
    #[test]
    fn any_mixture_is_read_as_others_read_it(parts in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\"", "\"b\":", "1", "-", ".", "e", "0", "null", "true", " ", "\n", "é",
        "\\u00e9", "\\ud83d\\ude80", "12345678", "0.1", "{\"a\":1}", "[1,2]", "\u{1}", "\"long enough for words\"",
    ]), 0..12)) {
        agrees(&parts.concat());
    }

    #[test]
    fn numbers_are_the_nearest(number in any::<f64>(), whole in any::<i64>(), shift in 0..30_usize) {
        for text in [number.to_string(), format!("{number:e}"), whole.to_string()] {
            if number.is_finite() {
                let json = Json::read(&text, 1).unwrap();
                let read = json.root().scalar().and_then(|value| value.as_f64());
                prop_assert_eq!(read, text.parse().ok(), "{}", text);
            }
        }
        let digits = whole.unsigned_abs().to_string();
        let text = format!("{}.{}", &digits[..digits.len().min(shift.max(1))], &digits[digits.len().min(shift.max(1))..]);
        if !text.ends_with('.') {
            let json = Json::read(&text, 1).unwrap();
            prop_assert_eq!(json.root().scalar().and_then(|value| value.as_f64()), text.parse().ok(), "{}", text);
        }
    }
}
