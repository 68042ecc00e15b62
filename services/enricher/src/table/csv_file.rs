//! Reads a table from CSV (RFC 4180) with a header line.

use model::Facts;
use settings::TableSource;

use super::{Rows, TableError};
use crate::facts;

/// The rows of a CSV text; every value gets the type that it is written in.
pub(super) fn rows(source: &TableSource, text: &str) -> Result<Rows, TableError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader
        .headers()
        .map_err(|error| TableError::Csv(error.to_string()))?
        .clone();
    let no_key = || TableError::NoKey {
        key: source.key.clone(),
        known: header.iter().collect::<Vec<_>>().join(", "),
    };
    let key_at = header
        .iter()
        .position(|column| column == source.key)
        .ok_or_else(no_key)?;
    let names: Vec<_> = header
        .iter()
        .map(|column| format!("{}.{}", source.name, facts::name(column)))
        .collect();
    let mut rows = Rows::default();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| TableError::Csv(error.to_string()))?;
        let values = names
            .iter()
            .zip(&record)
            .enumerate()
            .filter(|(at, _)| *at != key_at);
        let row: Facts = values
            .filter_map(|(_, (name, text))| Some((name.clone(), facts::of_text(text)?)))
            .collect();
        rows.add(source, index + 1, record.get(key_at).unwrap_or_default(), row)?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use model::Value;
    use proptest::prelude::*;

    use super::*;

    fn source() -> TableSource {
        TableSource {
            name: "accounts".to_owned(),
            key: "id".to_owned(),
            on: "author".to_owned(),
            path: "a.csv".into(),
        }
    }

    #[test]
    fn columns_become_typed_facts_under_the_tables_name() {
        let rows = rows(
            &source(),
            "id,Tier,followers,verified,note\nann,gold,1200,true,\"a, b\"\nbob,,,,\n",
        )
        .unwrap();
        let ann = rows.get("ann").unwrap();
        assert_eq!(ann["accounts.tier"], Value::from("gold"));
        assert_eq!(ann["accounts.followers"], Value::Long(1200));
        assert_eq!(ann["accounts.verified"], Value::Bool(true));
        assert_eq!(ann["accounts.note"], Value::from("a, b"));
        assert!(rows.get("bob").unwrap().is_empty(), "an empty field is unknown");
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let told = |text| rows(&source(), text).unwrap_err().to_string();
        assert!(told("name,tier\nx,y\n").contains("no column `id`; there are: name, tier"));
        assert!(told("id,tier\nann,gold,3\n").contains("line: 2"));
        assert!(told("id\nann\nann\n").contains("row 2: the key `ann`"));
        assert!(told("").contains("no column `id`"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", rest in "id,a\n(.{0,5},.{0,5}\n){0,3}") {
            drop((rows(&source(), &text), rows(&source(), &rest)));
        }
    }
}
