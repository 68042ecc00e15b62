//! The JSON Schema of a rule file, for editors: keys, what they hold, and what they are for. No I/O.

use serde_json::{Map, Value, json};

use crate::names::{ALIASES, EVENT_FIELDS, SIGNAL_FIELDS};

/// A key of a mapping: its name, what it holds, and what it is for.
type Key = (&'static str, Value, &'static str);

/// The JSON Schema (2020-12) of a file of scoring rules, as text.
pub fn json_schema() -> String {
    let mut schema = mapping(file_keys(), &[]);
    if let Value::Object(members) = &mut schema {
        members.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        members.insert("title".to_owned(), json!("Scoring rules of Sluicebox"));
        members.insert("$defs".to_owned(), definitions());
    }
    serde_json::to_string_pretty(&schema).map_or_else(|_| String::new(), |text| text + "\n")
}

fn file_keys() -> Vec<Key> {
    let texts = json!({"type": "array", "items": {"type": ["string", "number"]}});
    let cell = json!({"type": ["string", "number", "boolean", "null"]});
    let row = json!({"anyOf": [cell, {"type": "object", "additionalProperties": cell}]});
    let weights = json!({"type": "object", "additionalProperties": {"type": "number", "minimum": 0}});
    vec![
        (
            "version",
            json!({"type": ["string", "number"]}),
            "For people; the version on scored events is a hash of the content.",
        ),
        ("description", text(), "What the file is about."),
        (
            "language",
            text(),
            "The language reasons are given in, if they have it; `en` without it.",
        ),
        (
            "mode",
            reference("mode"),
            "The mode of all groups that do not say their own.",
        ),
        (
            "lists",
            json!({"type": "object", "additionalProperties": texts}),
            "Named lists: `author in vip`.",
        ),
        (
            "tables",
            json!({"type": "object", "additionalProperties": {"type": "object", "additionalProperties": row}}),
            "Named tables: `tier[author] == 'gold'`.",
        ),
        (
            "derived",
            json!({"type": "object", "additionalProperties": {"type": ["string", "boolean", "number"]}}),
            "Named expressions, for conditions, reasons and each other.",
        ),
        (
            "weights",
            mapping(
                vec![
                    (
                        "source",
                        weights.clone(),
                        "How much each source counts; 1 without it.",
                    ),
                    ("author", weights, "How much each author counts; 1 without it."),
                ],
                &[],
            ),
            "How much sources and authors count.",
        ),
        (
            "decay",
            mapping(
                vec![
                    ("half_life", text(), "After this age an event counts half: `6h`."),
                    (
                        "least",
                        json!({"type": "number", "minimum": 0, "maximum": 1}),
                        "What an event counts at least, however old.",
                    ),
                ],
                &["half_life"],
            ),
            "How events lose weight with their age when they come in.",
        ),
        (
            "groups",
            json!({"anyOf": [{"type": "array", "items": reference("group")}, {"type": "object", "additionalProperties": reference("group")}]}),
            "Groups of rules.",
        ),
        (
            "levels",
            json!({"type": "array", "items": reference("level")}),
            "Levels, the worst first.",
        ),
        (
            "scoring",
            json!({"type": "object"}),
            "Levels as event-stream-starter writes them.",
        ),
        (
            "missing_map",
            json!({"type": "object", "additionalProperties": mapping(missing_keys(), &["reason"])}),
            "Notes without points, for what is not known.",
        ),
        (
            "tests",
            json!({"type": "array", "items": reference("test")}),
            "Events with what is expected of them.",
        ),
    ]
}

fn missing_keys() -> Vec<Key> {
    vec![
        ("when", reference("condition"), "When the note is made."),
        ("condition", reference("condition"), "The same as `when`."),
        ("reason", reference("reason"), "The note."),
    ]
}

fn group_keys() -> Vec<Key> {
    vec![
        ("name", text(), "Name of the group."),
        ("description", text(), "What the group is about."),
        (
            "priority",
            number(),
            "Groups of a higher priority come first among the reasons.",
        ),
        (
            "weight",
            number(),
            "What the points of its rules are multiplied by; 1 without it.",
        ),
        ("cap", number(), "The most points of the group together."),
        ("floor", number(), "The least points of the group together."),
        (
            "exclusive",
            json!({"type": "boolean"}),
            "Only the first rule that is true counts.",
        ),
        ("mode", reference("mode"), "Whether the points count."),
        (
            "rules",
            json!({"type": "array", "items": reference("rule")}),
            "The rules, in the order they are decided.",
        ),
    ]
}

fn rule_keys() -> Vec<Key> {
    vec![
        (
            "id",
            text(),
            "Unique name; without it the rule is called after its place.",
        ),
        ("description", text(), "For people who change the rule."),
        ("when", reference("condition"), "The condition."),
        ("condition", reference("condition"), "The same as `when`."),
        ("score", number(), "Points, when the condition is true."),
        (
            "verdict",
            json!({"enum": ["upgrade", "downgrade"]}),
            "What it says about the signal's state.",
        ),
        (
            "reason",
            reference("reason"),
            "Why, for people; `{{ name }}` puts values in.",
        ),
    ]
}

fn level_keys() -> Vec<Key> {
    vec![
        ("name", text(), "Name of the level."),
        ("from", number(), "Reached from this score upwards."),
        ("to", number(), "Reached from this score downwards."),
        ("display", text(), "What people read."),
        ("description", text(), "What it means."),
    ]
}

fn test_keys() -> Vec<Key> {
    let names = json!({"type": "array", "items": {"type": "string"}});
    let expect = mapping(
        vec![
            ("score", number(), "The score."),
            ("level", text(), "The level."),
            ("rules", names.clone(), "The rules that match, in any order."),
            (
                "unknown",
                names,
                "The names that were needed and not known, in any order.",
            ),
            (
                "reasons",
                json!({"type": "array", "items": {"type": "string"}}),
                "The texts of the reasons of the rules that match, in any order.",
            ),
        ],
        &[],
    );
    vec![
        ("name", text(), "What the test shows."),
        ("given", json!({"type": "object"}), "Facts by name."),
        ("expect", expect, "What must come of it."),
    ]
}

fn definitions() -> Value {
    let names: Vec<&str> = EVENT_FIELDS
        .iter()
        .chain(SIGNAL_FIELDS)
        .copied()
        .chain(ALIASES.iter().map(|(theirs, _)| *theirs))
        .collect();
    json!({
        "condition": {
            "type": ["string", "boolean"],
            "description": format!("CEL; `and`, `or`, `not`, `not in` and `is null` may be written too. Names: {}, data.*, attributes.*, market.*, security.*, onchain.*, and those of tables.", names.join(", ")),
        },
        "reason": {"anyOf": [text(), {"type": "object", "additionalProperties": text()}], "description": "One text, or one for each language."},
        "mode": {
            "anyOf": [
                {"type": "string", "pattern": "^ *(live|shadow|canary[: ]+[0-9.]+ *%) *$"},
                {"type": "object", "properties": {"canary": {"type": "string", "pattern": "%"}}, "required": ["canary"], "additionalProperties": false},
            ],
            "description": "`live`: points count. `shadow`: they are noted beside the score. `canary 10%`: they count for that share of the subjects.",
        },
        "group": mapping(group_keys(), &[]),
        "rule": mapping(rule_keys(), &[]),
        "level": mapping(level_keys(), &["name"]),
        "test": mapping(test_keys(), &["given", "expect"]),
    })
}

fn mapping(keys: Vec<Key>, required: &[&str]) -> Value {
    let mut properties = Map::new();
    for (name, mut value, about) in keys {
        if let Value::Object(members) = &mut value {
            members.insert("description".to_owned(), json!(about));
        }
        properties.insert(name.to_owned(), value);
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn number() -> Value {
    json!({"type": ["number", "string"], "pattern": r"^(-?[0-9.]+|.*\$\{.*\}.*)$"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::keys;

    fn names(keys: &[Key]) -> Vec<&'static str> {
        keys.iter().map(|(name, _, _)| *name).collect()
    }

    #[test]
    fn the_schema_has_the_keys_that_files_may_have() {
        assert_eq!(names(&file_keys()), keys::FILE_KEYS);
        assert_eq!(names(&group_keys()), keys::GROUP_KEYS);
        assert_eq!(names(&rule_keys()), keys::RULE_KEYS);
        assert_eq!(names(&level_keys()), keys::LEVEL_KEYS);
        assert_eq!(names(&missing_keys()), keys::MISSING_KEYS);
        assert_eq!(names(&test_keys()), keys::TEST_KEYS);
    }
}
