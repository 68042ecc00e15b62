//! A table in CSV (RFC 4180): the first line names the columns, the first column is the key. Spelling decides what a cell
//! is, and no spelling is lost. No I/O.

use super::beside::{map, quoted, room_for, scalar, trimmed};
use crate::error::Fault;
use crate::node::{Node, Place};

/// Bytes of a column's name.
const LONGEST_COLUMN: usize = 64;

/// The mapping of keys to values, or to one value for each column.
pub(super) fn read(text: &str) -> Result<Node, (Place, Fault)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(columns) => columns.iter().map(|column| trimmed(column).to_owned()).collect(),
        Err(error) => return Err(unreadable(&error)),
    };
    check_columns(&columns)?;
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = line_of(record.position());
        room_for((records.len() + 1) * columns.len(), line)?;
        check_row(&record, line)?;
        if record.iter().any(|cell| !cell.is_empty()) {
            records.push((line, record));
        }
    }
    let codes: Vec<bool> = (0..columns.len())
        .map(|at| {
            records
                .iter()
                .any(|(_, record)| record.get(at).is_some_and(is_code))
        })
        .collect();
    let row = |(line, record): &(usize, csv::StringRecord)| row(&columns, &codes, record, *line);
    Ok(map(1, records.iter().map(row).collect()))
}

/// A key and what stands beside it: one value, or one for each column.
fn row(columns: &[String], codes: &[bool], record: &csv::StringRecord, line: usize) -> (Node, Node) {
    let cells = columns.iter().zip(codes).zip(record).skip(1);
    let mut cells = cells.map(|((column, codes), cell)| {
        let is_text = *codes || !is_typed(cell);
        (quoted(column, line), scalar(trimmed(cell), line, !is_text))
    });
    let key = quoted(trimmed(record.get(0).unwrap_or_default()), line);
    match (cells.next(), cells.next()) {
        (Some((_, only)), None) => (key, only),
        (first, second) => {
            let all = first.into_iter().chain(second).chain(cells);
            (key, map(line, all.collect()))
        }
    }
}

/// Cells that are no text: nothing at all, plain decimal numbers, true and false. `inf`, `null`, `NO` and `1e5` are words,
/// as in `sluicebox replay`.
fn is_typed(cell: &str) -> bool {
    matches!(cell, "" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE") || is_plain_number(cell)
}

fn is_plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// Digits that are no number: `01067`, `+49`. A column with one holds codes, so that all of its cells are texts.
fn is_code(cell: &str) -> bool {
    let digits = cell.strip_prefix('+').unwrap_or(cell);
    all_digits(digits) && (digits.len() < cell.len() || digits.len() > 1 && digits.starts_with('0'))
}

fn all_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_columns(columns: &[String]) -> Result<(), (Place, Fault)> {
    short_names(columns)?;
    let twice = columns
        .iter()
        .enumerate()
        .find(|(at, column)| columns[..*at].contains(column));
    let problem = match (columns, twice) {
        (_, Some((_, column))) => format!("the column `{column}` stands twice"),
        ([only], None) if only.contains([';', '\t']) => {
            "its columns are parted by another sign than commas".to_owned()
        }
        ([] | [_], None) => {
            "it has a key and no column beside it; a list of keys alone is a .txt file".to_owned()
        }
        _ => return Ok(()),
    };
    Err((Place { line: 1, column: 1 }, Fault::Table(problem)))
}

fn check_row(record: &csv::StringRecord, line: usize) -> Result<(), (Place, Fault)> {
    let mut cells = record.iter();
    let problem = if cells.any(|cell| cell.contains(['\n', '\r'])) {
        "a cell goes on over the end of its line; is a quote missing"
    } else if record.get(0).is_none_or(|key| trimmed(key).is_empty())
        && record.iter().any(|cell| !cell.is_empty())
    {
        "a row has no key"
    } else {
        return Ok(());
    };
    Err((Place { line, column: 1 }, Fault::Table(problem.to_owned())))
}

fn unreadable(error: &csv::Error) -> (Place, Fault) {
    let line = line_of(error.position());
    (Place { line, column: 1 }, Fault::Table(error.to_string()))
}

fn line_of(position: Option<&csv::Position>) -> usize {
    position.map_or(1, |at| usize::try_from(at.line()).unwrap_or(1))
}

/// Each row is told by these names, so a long one would be held as often as there are rows.
fn short_names(columns: &[String]) -> Result<(), (Place, Fault)> {
    match columns.iter().find(|column| column.len() > LONGEST_COLUMN) {
        Some(_) => {
            let fault = Fault::Table(format!("a column's name has more than {LONGEST_COLUMN} bytes"));
            Err((Place { line: 1, column: 1 }, fault))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::beside::Beside;
    use crate::node::Yaml;

    fn rows(text: &str) -> Vec<(String, crate::OwnedFact)> {
        let node = Beside::Table.read("t.csv", text).expect("a table");
        let Yaml::Map(root) = &node.value else {
            panic!("a mapping")
        };
        let Yaml::Map(tables) = &root[0].1.value else {
            panic!("a mapping")
        };
        let Yaml::Map(rows) = &tables[0].1.value else {
            panic!("a mapping")
        };
        let row = |(key, value): &(Node, Node)| Some((key.text()?.to_owned(), value.scalar()?));
        rows.iter().filter_map(row).collect()
    }

    fn values(cells: &[&str]) -> Vec<crate::OwnedFact> {
        let lines: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| format!("k{at},{cell}\r\n"))
            .collect();
        let lines = lines.concat();
        rows(&format!("\u{feff}key,value\r\n{lines}"))
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    #[test]
    fn cells_are_numbers_only_where_they_are_written_as_such() {
        use crate::OwnedFact::{Bool, Double, Long, Null, Str};
        let text = |text: &str| Str(text.to_owned());
        assert_eq!(
            values(&["1500.50", "-3", "0"]),
            [Double(1500.5), Long(-3), Long(0)]
        );
        assert_eq!(values(&["TRUE", "false", ""]), [Bool(true), Bool(false), Null]);
        for word in [
            "inf", "NaN", "null", "~", "NO", "yes", "1e5", "0x1F", "1_000", "-", ".5", "5.", "tRUE",
        ] {
            assert_eq!(values(&[word]), [text(word)], "{word}");
        }
        assert_eq!(
            values(&["01067", "53111"]),
            [text("01067"), text("53111")],
            "a column of codes"
        );
        assert_eq!(values(&["+49", "30"]), [text("+49"), text("30")]);
        assert_eq!(values(&["n/a", "30"]), [text("n/a"), Long(30)]);
    }

    #[test]
    fn what_is_no_table_is_told() {
        for (text, line, problem) in [
            ("who;tier\nalice;gold\n", 1, "another sign than commas"),
            ("who\nalice\n", 1, "no column beside it"),
            ("who,tier,tier\nalice,gold,none\n", 1, "`tier` stands twice"),
            ("who,tier\n,gold\n", 2, "no key"),
            ("who,tier\nalice,\"gold\nbob,silver\n", 2, "is a quote missing"),
        ] {
            let (place, fault) = Beside::Table.read("t.csv", text).expect_err(text);
            assert_eq!(place.line, line, "{text}");
            assert!(fault.to_string().contains(problem), "{fault}");
        }
        assert_eq!(
            rows("who,tier\nalice,gold\n,\n\n").len(),
            1,
            "rows without anything are left out"
        );
    }

    #[test]
    fn columns_have_short_names_because_every_row_repeats_them() {
        let text = format!("who,{}\nalice,1\n", "n".repeat(65));
        let (place, fault) = Beside::Table.read("t.csv", &text).expect_err("too long");
        assert_eq!(place.line, 1);
        assert!(fault.to_string().contains("more than 64 bytes"), "{fault}");
    }

    #[test]
    fn a_ragged_table_is_a_mistake_with_its_line() {
        let (place, fault) = Beside::Table
            .read("t.csv", "who,tier\nalice,gold\nbob\n")
            .expect_err("ragged");
        assert_eq!(place.line, 3);
        assert!(matches!(fault, Fault::Table(_)));
    }
}
