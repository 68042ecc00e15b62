//! The figures as a table for people, as a section of a document, and as one JSON object.

use crate::machine;
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- written by `just bench quality`: begin -->";
const END: &str = "<!-- written by `just bench quality`: end -->";

/// One figure.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name in the JSON object.
    pub(crate) name: &'static str,
    /// What is measured.
    pub(crate) what: &'static str,
    /// On what.
    pub(crate) on: &'static str,
    /// Texts it was measured on; 0 where the data is absent.
    pub(crate) n: usize,
    /// The figure; `None` where the data is absent.
    pub(crate) value: Option<f64>,
    /// What is wanted, where there is a wish.
    pub(crate) wanted: Wanted,
}

/// What a figure ought to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
    /// Shown beside others.
    Nothing,
}

impl Row {
    fn wanted(&self) -> String {
        match self.wanted {
            Wanted::AtLeast(least) => format!("≥ {least}"),
            Wanted::AtMost(most) => format!("≤ {most}"),
            Wanted::Nothing => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.value, self.wanted) {
            (None, _) => "skipped",
            (Some(value), Wanted::AtLeast(least)) if value < least => "short",
            (Some(value), Wanted::AtMost(most)) if value > most => "over",
            (Some(_), Wanted::Nothing) => "",
            (Some(_), _) => "met",
        }
    }
}

/// A table in Markdown, which terminals show well enough.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut out = String::from("| what | on | n | got | wanted | |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let got = row
            .value
            .map_or_else(String::new, |value| round(value).to_string());
        let n = if row.n == 0 {
            String::new()
        } else {
            row.n.to_string()
        };
        let (wanted, verdict) = (row.wanted(), row.verdict());
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {n} | {got} | {wanted} | {verdict} |",
            row.what, row.on
        );
    }
    out
}

/// One JSON object: shares as fractions of 1, what was skipped as null.
pub(crate) fn json(rows: &[Row]) -> Value {
    let mut object = Map::new();
    object.insert("bench".to_owned(), json!("quality"));
    object.insert("date".to_owned(), json!(machine::date()));
    object.insert("commit".to_owned(), json!(machine::commit()));
    for row in rows {
        object.insert(row.name.to_owned(), json!(row.value.map(round)));
    }
    let skipped: Vec<&str> = rows
        .iter()
        .filter(|row| row.value.is_none())
        .map(|row| row.name)
        .collect();
    object.insert("skipped".to_owned(), json!(skipped));
    Value::Object(object)
}

fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// Replaces what stands between the two marks of the document, or appends it with them.
pub(crate) fn keep(document: &Path, rows: &[Row]) -> Result<()> {
    let old = super::read_if_there(document)?.unwrap_or_else(|| "# Quality\n".to_owned());
    let section = format!("{BEGIN}\n\n{}.\n\n{}\n{END}", machine::line(), table(rows));
    std::fs::write(document, replaced(&old, &section)).with_context(|| document.display().to_string())
}

fn replaced(old: &str, section: &str) -> String {
    let between = old
        .find(BEGIN)
        .and_then(|begin| Some((begin, begin + old[begin..].find(END)? + END.len())));
    match between {
        Some((begin, end)) => format!("{}{section}{}", &old[..begin], &old[end..]),
        None => format!("{}\n\n{section}\n", old.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_is_replaced() {
        let first = replaced("# Quality\n\nProse.\n", &format!("{BEGIN}1{END}"));
        let second = replaced(&first, &format!("{BEGIN}2{END}"));
        assert_eq!(second, format!("# Quality\n\nProse.\n\n{BEGIN}2{END}\n"));
    }

    #[test]
    fn what_is_absent_is_skipped_not_passed() {
        let row = Row {
            name: "x",
            what: "x",
            on: "y",
            n: 0,
            value: None,
            wanted: Wanted::AtLeast(0.5),
        };
        assert_eq!(row.verdict(), "skipped");
        assert_eq!(json(&[row])["skipped"][0], "x");
    }
}
