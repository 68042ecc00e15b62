//! CEL's conformance suite, as far as rules can express it.

mod textproto;

use std::path::Path;

use rules::{FactList, OwnedFact, evaluate};
use textproto::{Field, Message};

/// Files of the suite that are about what rules do not have, and why they do not.
pub(crate) const OTHER_FILES: &[(&str, &str)] = &[
    (
        "bindings_ext",
        "an extension: rules have `derived:` for named parts",
    ),
    ("block_ext", "an extension for optimizers"),
    ("dynamic", "protobuf messages: payloads are JSON"),
    ("encoders_ext", "an extension: base64"),
    ("enums", "protobuf enums: payloads are JSON"),
    (
        "fields",
        "fields of maps and messages by type: payload members are names of their own, `data.a`",
    ),
    ("math_ext", "an extension"),
    ("namespace", "containers: names of rules are whole"),
    ("network_ext", "an extension"),
    ("optionals", "an extension: rules have unknown and `is null`"),
    ("proto2", "protobuf messages"),
    ("proto2_ext", "protobuf messages"),
    ("proto3", "protobuf messages"),
    ("string_ext", "an extension: of it rules have lowerAscii()"),
    ("type_deduction", "types of a checker, not values"),
    ("unknowns", "empty"),
    ("wrappers", "protobuf wrappers"),
    (
        "macros2",
        "macros of two variables over lists and maps, an extension",
    ),
];

/// Why a test of a file that counts is out.
pub(crate) const OTHER_TESTS: &[(&str, &str)] = &[
    (
        "message",
        "protobuf messages, wrappers and well-known types other than times",
    ),
    ("unsigned", "unsigned numbers: JSON has none"),
    ("bytes", "bytes: JSON has none"),
    ("type", "types as values"),
    ("container", "containers, functions and checkers of the caller"),
    (
        "collection",
        "lists and maps as results: a condition is true or false, a derived value a scalar",
    ),
    (
        "unbound",
        "names and functions that nobody knows: a mistake when rules are loaded, not an error of an event",
    ),
    (
        "division",
        "a division by zero is unknown, of 0.0 as of 0: payloads write both for the same number",
    ),
];

/// What came of the suite.
#[derive(Debug, Default)]
pub(crate) struct Conformance {
    /// Tests that rules can express.
    pub(crate) inside: usize,
    /// Of those, tests that do not give what CEL demands: file, section, test, and what came.
    pub(crate) failed: Vec<String>,
    /// Tests that are out, by the reason's name.
    pub(crate) outside: std::collections::BTreeMap<&'static str, usize>,
}

/// Runs every file of the suite; `None` if it is not there.
pub(crate) fn run(folder: &Path) -> Option<Conformance> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    let mut conformance = Conformance::default();
    for path in files {
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        if OTHER_FILES.iter().any(|(name, _)| *name == stem) {
            continue;
        }
        let file = Message::read(&std::fs::read_to_string(&path).ok()?)?;
        for section in file.messages("section") {
            for test in section.messages("test") {
                let place = format!("{stem}/{}/{}", section.text("name"), test.text("name"));
                conformance.take(&place, test);
            }
        }
    }
    Some(conformance)
}

impl Conformance {
    fn take(&mut self, place: &str, test: &Message) {
        if let Some(reason) = outside(place, test) {
            *self.outside.entry(reason).or_default() += 1;
            return;
        }
        self.inside += 1;
        let got = evaluate(&expression(test), &bindings(test));
        let as_demanded = match (wanted(test), &got) {
            // An error is an unknown value, or already a mistake when rules are loaded.
            (None, Ok(None) | Err(_)) => true,
            (Some(wanted), Ok(Some(got))) => same(&wanted, got),
            _ => false,
        };
        if !as_demanded {
            self.failed
                .push(format!("{place}: {} gives {got:?}", test.text("expr")));
        }
    }
}

fn outside(place: &str, test: &Message) -> Option<&'static str> {
    let expression = test.text("expr");
    let has = |part: &str| expression.contains(part);
    let value = test
        .messages("value")
        .next()
        .and_then(Message::first)
        .map_or("", |(kind, _)| kind);
    if test.has("container")
        || test.has("type_env") && test.has("check_only")
        || test.has("typed_result") && !test.has("value")
    {
        return Some("container");
    }
    if [
        "TestAllTypes",
        "google.protobuf",
        "NestedEnum",
        "GlobalEnum",
        "cel.expr",
        "proto",
    ]
    .iter()
    .any(|part| has(part))
        || value == "object_value"
        || value == "enum_value"
    {
        return Some("message");
    }
    if value == "type_value"
        || has("type(")
        || matches!(
            expression,
            "bool" | "int" | "uint" | "double" | "string" | "bytes" | "list" | "map" | "null_type" | "type"
        )
    {
        return Some("type");
    }
    if value == "uint64_value" || has("uint(") || has_literal_suffix(expression) {
        return Some("unsigned");
    }
    if value == "bytes_value" || has("bytes(") || has("b'") || has("b\"") || has("B'") || has("B\"") {
        return Some("bytes");
    }
    if matches!(value, "list_value" | "map_value") || bindings_are_collections(test) {
        return Some("collection");
    }
    OUTSIDE
        .iter()
        .find(|(out, _)| place.starts_with(out))
        .map(|(_, reason)| *reason)
}

/// Single tests that are out, by how their place begins, with the reason's name.
const OUTSIDE: &[(&str, &str)] = &[
    ("basic/variables/unbound", "unbound"),
    ("basic/functions/unbound", "unbound"),
    ("parse/receiver_function_names/", "unbound"),
    ("comparisons/eq_literal/not_eq_double_nan", "division"),
    ("comparisons/ne_literal/not_ne_double_nan", "division"),
    ("comparisons/ne_literal/ne_double_nan", "division"),
    ("fp_math/fp_math/divide_zero", "division"),
];

/// `1u`
fn has_literal_suffix(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    bytes.windows(2).any(|pair| {
        (pair[0].is_ascii_digit() || pair[0].is_ascii_hexdigit()) && matches!(pair[1], b'u' | b'U')
    }) && !expression.contains('\'')
}

fn bindings_are_collections(test: &Message) -> bool {
    let values = test
        .messages("bindings")
        .flat_map(|binding| binding.messages("value"))
        .flat_map(|outer| outer.messages("value"));
    values.filter_map(Message::first).any(|(kind, _)| {
        !matches!(
            kind,
            "bool_value" | "int64_value" | "double_value" | "string_value" | "null_value"
        )
    })
}

/// The bindings, under the names that payload members have.
fn bindings(test: &Message) -> FactList {
    let mut facts = FactList::default();
    for binding in test.messages("bindings") {
        let value = binding
            .messages("value")
            .flat_map(|outer| outer.messages("value"))
            .next();
        if let Some(fact) = value.and_then(fact) {
            facts = facts.with(&format!("data.{}", binding.text("key")), fact);
        }
    }
    facts
}

/// The expression, with bindings called as payload members are.
fn expression(test: &Message) -> String {
    let mut expression = test.text("expr").to_owned();
    for binding in test.messages("bindings") {
        let key = binding.text("key");
        // Constants keep their meaning, whatever is bound to their names.
        if !matches!(key, "true" | "false" | "null") {
            expression = with_prefix(&expression, key);
        }
    }
    expression
}

fn with_prefix(expression: &str, key: &str) -> String {
    let joins = |next: char| next.is_alphanumeric() || next == '_' || next == '.';
    let mut out = String::new();
    let mut rest = expression;
    while let Some(at) = rest.find(key) {
        let before = rest[..at].chars().next_back().or_else(|| out.chars().next_back());
        let after = rest[at + key.len()..].chars().next();
        let alone =
            !before.is_some_and(joins) && !after.is_some_and(|next| next.is_alphanumeric() || next == '_');
        out.push_str(&rest[..at]);
        out.push_str(if alone { "data." } else { "" });
        out.push_str(key);
        rest = &rest[at + key.len()..];
    }
    out + rest
}

/// What CEL demands; `None` for an error.
fn wanted(test: &Message) -> Option<OwnedFact> {
    if test.has("eval_error") || test.has("any_eval_errors") {
        return None;
    }
    // Without a value, the test demands `true`.
    test.messages("value")
        .next()
        .map_or(Some(OwnedFact::Bool(true)), fact)
}

fn fact(value: &Message) -> Option<OwnedFact> {
    let (kind, field) = value.first()?;
    let text = match field {
        Field::Text(text) | Field::Word(text) => text.as_str(),
        Field::Message(_) => "",
    };
    Some(match kind {
        "bool_value" => OwnedFact::Bool(text == "true"),
        "int64_value" => OwnedFact::Long(text.parse().ok()?),
        "double_value" => OwnedFact::Double(double(text)?),
        "string_value" => OwnedFact::Str(text.to_owned()),
        "null_value" => OwnedFact::Null,
        _ => return None,
    })
}

fn double(text: &str) -> Option<f64> {
    match text {
        "inf" | "infinity" | "Infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" | "-Infinity" => Some(f64::NEG_INFINITY),
        other => other.trim_end_matches('f').parse().ok(),
    }
}

fn same(wanted: &OwnedFact, got: &OwnedFact) -> bool {
    match (wanted, got) {
        (OwnedFact::Double(one), OwnedFact::Double(other)) => {
            one.total_cmp(other).is_eq()
                || (one - other).abs() < f64::EPSILON
                || one.is_nan() && other.is_nan()
        }
        (one, other) => one == other,
    }
}
