//! Which field breaks, and how to mend it. No I/O.
//!
//! Source: Apache Avro specification, "Schema Resolution".

use apache_avro::Schema;
use apache_avro::error::CompatibilityError;
use apache_avro::schema::RecordSchema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};

/// Why the new schema cannot read everything that was written with the old one; empty if it can.
pub(super) fn breaks(old: &str, new: &str) -> Vec<String> {
    match (Schema::parse_str(old), Schema::parse_str(new)) {
        (Err(error), _) => vec![format!("the older schema cannot be parsed: {error}")],
        (_, Err(error)) => vec![format!("the new schema cannot be parsed: {error}; mend the file")],
        (Ok(old), Ok(new)) => between(&old, &new),
    }
}

fn between(old: &Schema, new: &Schema) -> Vec<String> {
    let (Schema::Record(old), Schema::Record(new)) = (old, new) else {
        return vec!["both must be records".to_owned()];
    };
    if old.name.name() != new.name.name() {
        return vec![format!(
            "the record is called {}, but was {}; give it its old name back",
            new.name.name(),
            old.name.name()
        )];
    }
    let reasons: Vec<String> = new
        .fields
        .iter()
        .filter_map(|field| of_field(old, field))
        .collect();
    if reasons.is_empty() {
        of_whole(old, new)
    } else {
        reasons
    }
}

fn of_field(old: &RecordSchema, field: &apache_avro::schema::RecordField) -> Option<String> {
    let name = &field.name;
    let Some(before) = old
        .fields
        .iter()
        .find(|before| before.name == *name || field.aliases.contains(&before.name))
    else {
        return field.default.is_none().then(|| {
            format!("field `{name}` is new and has no default; give it one, best by a union with null first")
        });
    };
    match SchemaCompatibility::can_read(&before.schema, &field.schema) {
        Ok(Compatibility::Full) => None,
        Ok(Compatibility::Partial) => Some(format!(
            "the type of field `{name}` became narrower: some of what was written does not fit; keep the old type, or \
             add a new field beside it"
        )),
        Err(error) => Some(format!(
            "the type of field `{name}` changed ({}); keep the old type, or add a new field beside it",
            innermost(&error)
        )),
    }
}

/// What the fields one by one do not show.
fn of_whole(old: &RecordSchema, new: &RecordSchema) -> Vec<String> {
    let (old, new) = (Schema::Record(old.clone()), Schema::Record(new.clone()));
    match SchemaCompatibility::can_read(&old, &new) {
        Ok(Compatibility::Full) => Vec::new(),
        Ok(Compatibility::Partial) => {
            vec!["some of what was written does not fit; keep the old types".to_owned()]
        }
        Err(error) => vec![format!("{}; keep the old types", innermost(&error))],
    }
}

fn innermost(error: &CompatibilityError) -> String {
    match error {
        CompatibilityError::FieldTypeMismatch(_, inner) => innermost(inner),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &str) -> String {
        format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#)
    }

    fn only_break(old: &str, new: &str) -> String {
        let reasons = breaks(&record(old), &record(new));
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        reasons[0].clone()
    }

    const LONG: &str = r#"{"name":"a","type":"long"}"#;

    #[test]
    fn what_may_change() {
        let with_new = format!(r#"{LONG},{{"name":"b","type":["null","string"],"default":null}}"#);
        assert_eq!(breaks(&record(LONG), &record(&with_new)), Vec::<String>::new());
        assert_eq!(
            breaks(&record(&with_new), &record(LONG)),
            Vec::<String>::new(),
            "a field may go"
        );
        let int = r#"{"name":"a","type":"int"}"#;
        assert_eq!(
            breaks(&record(int), &record(LONG)),
            Vec::<String>::new(),
            "int widens to long"
        );
    }

    #[test]
    fn what_breaks_is_named_with_its_mending() {
        let without_default = format!(r#"{LONG},{{"name":"b","type":"string"}}"#);
        assert!(only_break(LONG, &without_default).contains("`b` is new and has no default"));
        assert!(only_break(LONG, r#"{"name":"a","type":"int"}"#).contains("type of field `a`"));
        assert!(only_break(LONG, r#"{"name":"a","type":"string"}"#).contains("type of field `a`"));
        let optional = r#"{"name":"a","type":["null","long"]}"#;
        assert!(only_break(optional, LONG).contains("`a` became narrower"));
    }

    #[test]
    fn every_schema_of_ours_reads_itself() {
        for schema in topology::Schema::ALL {
            let text = model::schema_text(schema);
            assert_eq!(breaks(text, text), Vec::<String>::new(), "{}", schema.file_stem());
        }
    }

    #[test]
    fn nonsense_is_no_panic() {
        assert_eq!(breaks("", "{").len(), 1);
        assert_eq!(breaks("\"string\"", "\"string\"").len(), 1);
    }
}
