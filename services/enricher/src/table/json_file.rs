//! Reads a table from a JSON array of objects.

use serde_json::{Map, Value as Json};
use settings::TableSource;

use super::{Rows, TableError};
use crate::facts;

/// The rows of a JSON text; values keep their types.
pub(super) fn rows(source: &TableSource, text: &str) -> Result<Rows, TableError> {
    let objects: Vec<Map<String, Json>> =
        serde_json::from_str(text).map_err(|error| TableError::Json(error.to_string()))?;
    let mut rows = Rows::default();
    for (index, mut object) in objects.into_iter().enumerate() {
        let key = match object.remove(&source.key) {
            Some(Json::String(key)) => key,
            Some(Json::Number(key)) => key.to_string(),
            _ => {
                let known = object.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(TableError::NoKey {
                    key: source.key.clone(),
                    known,
                });
            }
        };
        rows.add(
            source,
            index + 1,
            &key,
            facts::of_json(&source.name, &Json::Object(object)),
        )?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use model::Value;

    use super::*;

    fn source() -> TableSource {
        TableSource {
            name: "token".to_owned(),
            key: "ca".to_owned(),
            on: "address".to_owned(),
            path: "t.json".into(),
        }
    }

    #[test]
    fn members_become_facts_and_addresses_are_found_in_any_case() {
        let rows = rows(
            &source(),
            r#"[{"ca": "0xABC", "risk": {"score": 7}, "label": "x"}]"#,
        )
        .unwrap();
        assert_eq!(rows.get("0xabc").unwrap()["token.risk_score"], Value::Long(7));
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn what_is_no_array_of_objects_is_refused() {
        for text in [
            "",
            "{}",
            "[1]",
            "[{\"other\": 1}]",
            "[{\"ca\": null}]",
            &"[".repeat(100_000),
        ] {
            assert!(rows(&source(), text).is_err(), "{text:.20}");
        }
    }
}
