//! Lists and tables in files of their own beside the rules: `vip.txt`, `tiers.csv`. They are read as the rule file
//! that would say the same. No I/O.

use crate::error::Fault;
use crate::lists::MAX_ITEMS;
use crate::node::{Node, Place, Yaml};

/// Bytes of a column's name.
const LONGEST_COLUMN: usize = 64;

/// What a file beside the rules is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// One item a line; `#` begins a remark.
    List,
    /// The first column is the key, the first line names the columns.
    Table,
}

impl Beside {
    pub(super) fn of(name: &str) -> Option<Self> {
        match extension(name).as_str() {
            "txt" => Some(Self::List),
            "csv" => Some(Self::Table),
            _ => None,
        }
    }

    /// The rule file that says the same.
    pub(super) fn read(self, name: &str, text: &str) -> Result<Node, (Place, Fault)> {
        let stem = plain(name, 1);
        let (kind, content) = match self {
            Self::List => ("lists", list(text)?),
            Self::Table => ("tables", table(text)?),
        };
        Ok(map(
            1,
            vec![(plain(kind, 1), map(1, vec![(stem_of(stem), content)]))],
        ))
    }
}

/// The part of a file's name after its last dot, in lower case.
pub(super) fn extension(name: &str) -> String {
    name.rsplit_once('.')
        .map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

/// `lists/vip-authors.txt` is the list `vip_authors`.
fn stem_of(mut node: Node) -> Node {
    if let Yaml::Scalar { text, .. } = &mut node.value {
        let file = text.rsplit(['/', '\\']).next().unwrap_or(text);
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        *text = stem
            .chars()
            .map(|next| if next.is_alphanumeric() { next } else { '_' })
            .collect();
    }
    node
}

fn list(text: &str) -> Result<Node, (Place, Fault)> {
    let items = text.lines().enumerate().filter_map(|(at, line)| {
        let item = line.split_once(" #").map_or(line, |(item, _)| item).trim();
        (!item.is_empty() && !item.starts_with('#')).then_some((at + 1, item))
    });
    let mut nodes = Vec::new();
    for (line, item) in items {
        room_for(nodes.len() + 1, line)?;
        nodes.push(quoted(item, line));
    }
    Ok(Node::new(Place { line: 1, column: 1 }, Yaml::List(nodes)))
}

/// Checked while reading: what is refused afterwards has been held until then.
fn room_for(items: usize, line: usize) -> Result<(), (Place, Fault)> {
    if items <= MAX_ITEMS {
        return Ok(());
    }
    let (what, limit) = ("the number of items of a list or table", MAX_ITEMS);
    Err((Place { line, column: 1 }, Fault::TooBig { what, limit }))
}

/// Each row is told by these names, so a long one would be held as often as there are rows.
fn short_names(columns: &csv::StringRecord) -> Result<(), (Place, Fault)> {
    match columns.iter().find(|column| column.len() > LONGEST_COLUMN) {
        Some(_) => {
            let fault = Fault::Table(format!("a column's name has more than {LONGEST_COLUMN} bytes"));
            Err((Place { line: 1, column: 1 }, fault))
        }
        None => Ok(()),
    }
}

fn table(text: &str) -> Result<Node, (Place, Fault)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let bad = |error: &csv::Error| {
        let line = error
            .position()
            .map_or(1, |at| usize::try_from(at.line()).unwrap_or(1));
        (Place { line, column: 1 }, Fault::Table(error.to_string()))
    };
    let columns = reader.headers().map_err(|error| bad(&error))?.clone();
    short_names(&columns)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(&error))?;
        let line = record
            .position()
            .map_or(1, |at| usize::try_from(at.line()).unwrap_or(1));
        room_for((rows.len() + 1) * columns.len(), line)?;
        let cells: Vec<(Node, Node)> = columns
            .iter()
            .zip(&record)
            .skip(1)
            .map(|(column, cell)| (quoted(column, line), plain(cell, line)))
            .collect();
        let value = match <[(Node, Node); 1]>::try_from(cells) {
            Ok([(_, only)]) => only,
            Err(cells) => map(line, cells),
        };
        rows.push((quoted(record.get(0).unwrap_or_default(), line), value));
    }
    Ok(map(1, rows))
}

fn map(line: usize, entries: Vec<(Node, Node)>) -> Node {
    Node::new(Place { line, column: 1 }, Yaml::Map(entries))
}

fn quoted(text: &str, line: usize) -> Node {
    scalar(text, line, false)
}

fn plain(text: &str, line: usize) -> Node {
    scalar(text, line, true)
}

fn scalar(text: &str, line: usize, plain: bool) -> Node {
    let text = text.to_owned();
    Node::new(Place { line, column: 1 }, Yaml::Scalar { text, plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_an_item_a_line() {
        let node = Beside::List
            .read("lists/vip-authors.txt", "# ours\nalice\n\n b ob # since May\n")
            .expect("a list");
        let Yaml::Map(root) = &node.value else {
            panic!("a mapping")
        };
        let Yaml::Map(lists) = &root[0].1.value else {
            panic!("a mapping")
        };
        assert_eq!(lists[0].0.text(), Some("vip_authors"));
        let Yaml::List(items) = &lists[0].1.value else {
            panic!("a list")
        };
        let texts: Vec<_> = items.iter().filter_map(Node::text).collect();
        assert_eq!(texts, ["alice", "b ob"]);
        assert_eq!(items[1].place.line, 4);
    }

    #[test]
    fn columns_have_short_names_because_every_row_repeats_them() {
        let text = format!("who,{}\nalice,1\n", "n".repeat(65));
        let (place, fault) = Beside::Table.read("t.csv", &text).expect_err("too long");
        assert_eq!(place.line, 1);
        assert!(fault.to_string().contains("more than 64 bytes"), "{fault}");
    }

    #[test]
    fn a_list_of_very_many_items_is_refused_where_it_is_too_long() {
        let (place, fault) = Beside::List
            .read("t.txt", &"a\n".repeat(MAX_ITEMS + 5))
            .expect_err("too long");
        assert_eq!(place.line, MAX_ITEMS + 1);
        assert!(matches!(fault, Fault::TooBig { limit: MAX_ITEMS, .. }));
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
