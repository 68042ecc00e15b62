//! Lists and tables in files of their own beside the rules: `vip.txt`, `tiers.csv`. They are read as the rule file
//! that would say the same. No I/O.

use super::table;
use crate::error::Fault;
use crate::lists::MAX_ITEMS;
use crate::node::{Node, Place, Yaml};

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
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let stem = plain(name, 1);
        let (kind, content) = match self {
            Self::List => ("lists", list(text)?),
            Self::Table => ("tables", table::read(text)?),
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
    // Old files end their lines with carriage returns alone.
    let ends = if text.contains('\n') { '\n' } else { '\r' };
    let items = text.split(ends).enumerate().filter_map(|(at, line)| {
        let item = trimmed(line.split_once(" #").map_or(line, |(item, _)| item));
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
pub(super) fn room_for(items: usize, line: usize) -> Result<(), (Place, Fault)> {
    if items <= MAX_ITEMS {
        return Ok(());
    }
    let (what, limit) = ("the number of items of a list or table", MAX_ITEMS);
    Err((Place { line, column: 1 }, Fault::TooBig { what, limit }))
}

/// Without blanks, and without the marks that nobody sees: of byte order, of direction, of zero width.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|next: char| {
        next.is_whitespace() || matches!(next, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
    })
}

pub(super) fn map(line: usize, entries: Vec<(Node, Node)>) -> Node {
    Node::new(Place { line, column: 1 }, Yaml::Map(entries))
}

pub(super) fn quoted(text: &str, line: usize) -> Node {
    scalar(text, line, false)
}

fn plain(text: &str, line: usize) -> Node {
    scalar(text, line, true)
}

pub(super) fn scalar(text: &str, line: usize, plain: bool) -> Node {
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
    fn a_list_of_very_many_items_is_refused_where_it_is_too_long() {
        let (place, fault) = Beside::List
            .read("t.txt", &"a\n".repeat(MAX_ITEMS + 5))
            .expect_err("too long");
        assert_eq!(place.line, MAX_ITEMS + 1);
        assert!(matches!(fault, Fault::TooBig { limit: MAX_ITEMS, .. }));
    }

    #[test]
    fn lists_are_read_whoever_wrote_them() {
        for text in [
            "a\nb\n",
            "\u{feff}a\r\nb\r\n",
            "a\rb\r",
            "\u{200b}a\u{200b}\n\u{feff}b",
        ] {
            let node = list(text.strip_prefix('\u{feff}').unwrap_or(text)).expect("a list");
            let Yaml::List(items) = &node.value else {
                panic!("a list")
            };
            let items: Vec<_> = items.iter().filter_map(Node::text).collect();
            assert_eq!(items, ["a", "b"], "{text:?}");
        }
    }
}
