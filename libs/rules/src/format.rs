//! Rule files in one form: indents of two, no trailing blanks, no double blank lines, conditions with single blanks
//! around their operators. Remarks, quotes, order and line breaks stay. What comes out reads exactly as what went in,
//! or nothing comes out. No I/O.

use crate::condition::tidy;
use crate::error::{Fault, RuleError};
use crate::file::error;
use crate::node::{Node, Place, Yaml, read};

/// The text of a rule file in its form; fails when it is not YAML.
pub fn format(file: &str, text: &str) -> Result<String, Box<RuleError>> {
    if !is_yaml(file) {
        return Ok(text.to_owned());
    }
    let failed = |(place, fault)| Box::new(error(file, place, fault));
    // All three are line breaks to YAML, and one is to a reader of lines.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let root = read(&text).map_err(failed)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    tidy_conditions(&root, &mut lines);
    let tree = read(&(lines.join("\n") + "\n")).map_err(failed)?;
    let formatted = blank_lines(&indented(&tree, &lines));
    let again = read(&formatted).map_err(failed)?;
    if same(&tree, &again) {
        Ok(formatted)
    } else {
        let fault =
            Fault::Yaml("cannot be formatted without changing what it says; indent it by hand".to_owned());
        Err(Box::new(error(file, Place { line: 1, column: 1 }, fault)))
    }
}

fn is_yaml(file: &str) -> bool {
    !matches!(file.rsplit('.').next(), Some("txt" | "csv"))
}

/// Conditions that stand on one line as they are.
fn tidy_conditions(node: &Node, lines: &mut [String]) {
    match &node.value {
        Yaml::Scalar { .. } => {}
        Yaml::List(items) => items.iter().for_each(|item| tidy_conditions(item, lines)),
        Yaml::Map(entries) => {
            // From the last to the first, so that columns of those still to come stay right.
            for (key, value) in entries.iter().rev() {
                match key.text() {
                    Some("when" | "condition") => tidy_one(value, lines),
                    _ => tidy_conditions(value, lines),
                }
            }
        }
    }
}

fn tidy_one(node: &Node, lines: &mut [String]) {
    let (Some(text), Some(inset)) = (node.text(), node.inset) else {
        return;
    };
    let Some(line) = lines.get_mut(node.place.line - 1) else {
        return;
    };
    let start = line
        .char_indices()
        .nth(node.place.column - 1 + inset)
        .map(|(at, _)| at);
    // Escapes make the text differ from what is written; such conditions are left alone.
    if let Some(start) = start.filter(|start| line[*start..].starts_with(text)) {
        let tidied = tidy(text);
        let quoted_blank = text.contains("  ") && tidied.is_empty();
        if !quoted_blank {
            line.replace_range(start..start + text.len(), &tidied);
        }
    }
}

/// Each line where a block begins moves to the indent of its depth; lines within a text move along.
fn indented(root: &Node, lines: &[String]) -> String {
    let mut starts = Vec::new();
    collect_starts(root, 0, &mut starts);
    let mut out = String::new();
    let mut shift = 0_isize;
    let mut pending: Vec<&String> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let content = line.trim_start();
        let own = indent_of(line);
        if content.is_empty() || content.starts_with('#') {
            pending.push(line);
            continue;
        }
        let begins = starts.iter().find(|(begins, _)| *begins == at + 1);
        if let Some((_, wanted)) = begins {
            shift = wanted.cast_signed() - own.cast_signed();
        }
        for remark in pending.drain(..) {
            push(&mut out, indent_of(remark), shift, remark);
        }
        let line = if begins.is_some() {
            dashes_close_by(line)
        } else {
            line.clone()
        };
        push(&mut out, own, shift, &line);
    }
    for remark in pending {
        push(&mut out, indent_of(remark), 0, remark);
    }
    out
}

/// `-   id: a` is `- id: a`.
fn dashes_close_by(line: &str) -> String {
    let (blanks, mut content) = line.split_at(indent_of(line));
    let mut out = blanks.to_owned();
    while let Some(rest) = content.strip_prefix("- ") {
        out.push_str("- ");
        content = rest.trim_start();
    }
    out + content
}

fn push(out: &mut String, own: usize, shift: isize, line: &str) {
    let content = line.trim();
    if !content.is_empty() {
        out.extend(std::iter::repeat_n(' ', own.saturating_add_signed(shift)));
        out.push_str(content);
    }
    out.push('\n');
}

/// The lines on which block entries begin, with the indent each should have.
fn collect_starts(node: &Node, indent: usize, starts: &mut Vec<(usize, usize)>) {
    match &node.value {
        Yaml::Scalar { .. } => {}
        Yaml::Map(entries) => {
            for (key, value) in entries {
                note(starts, key.place, indent);
                if value.place.line > key.place.line {
                    collect_starts(value, indent + 2, starts);
                } else {
                    collect_starts(value, indent, starts);
                }
            }
        }
        Yaml::List(items) => {
            for item in items {
                note(starts, item.place, indent);
                collect_starts(item, indent + 2, starts);
            }
        }
    }
}

fn note(starts: &mut Vec<(usize, usize)>, place: Place, indent: usize) {
    if !starts.iter().any(|(line, _)| *line == place.line) {
        starts.push((place.line, indent));
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn blank_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines() {
        let empty = line.trim().is_empty();
        if !(empty && blank) {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        blank = empty;
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (
            Yaml::Scalar { text, plain },
            Yaml::Scalar {
                text: text2,
                plain: plain2,
            },
        ) => text == text2 && plain == plain2,
        (Yaml::List(items), Yaml::List(items2)) => {
            items.len() == items2.len() && items.iter().zip(items2).all(|(item, item2)| same(item, item2))
        }
        (Yaml::Map(entries), Yaml::Map(entries2)) => {
            let pairs = entries.iter().zip(entries2);
            entries.len() == entries2.len()
                && pairs
                    .into_iter()
                    .all(|((key, value), (key2, value2))| same(key, key2) && same(value, value2))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIDY: &str = "# Ours.\r\ngroups:\n    - name: g   \n      # Why.\n      rules:\n        -   id: a\n            when: \"data.x>5   and  text=='a  b'\" # remark\n            score: 1\n\n\n\n        -   {id: b, when: 'not data.y', score: 2}\n            \n";
    const TIDY: &str = "# Ours.\ngroups:\n  - name: g\n    # Why.\n    rules:\n      - id: a\n        when: \"data.x > 5 and text == 'a  b'\" # remark\n        score: 1\n\n      - {id: b, when: 'not data.y', score: 2}\n";

    #[test]
    fn files_are_put_into_their_form_and_stay_in_it() {
        let tidied = format("r.yml", UNTIDY).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(tidied, TIDY);
        assert_eq!(
            format("r.yml", &tidied).as_deref(),
            Ok(tidied.as_str()),
            "once is enough"
        );
    }

    #[test]
    fn texts_of_several_lines_keep_their_lines() {
        let text = "groups:\n- name: g\n  rules:\n  - id: a\n    when: >-\n      data.x > 5 and\n      data.y > 6\n    score: 1\n";
        let tidied = format("r.yml", text).unwrap_or_else(|error| panic!("{error}"));
        assert!(tidied.contains(">-\n"), "{tidied}");
        assert_eq!(format("r.yml", &tidied).as_deref(), Ok(tidied.as_str()));
    }

    #[test]
    fn a_lone_carriage_return_breaks_a_line() {
        let tidied = format("r.yml", "a:\n  \r {b: 1}\n").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(format("r.yml", &tidied).as_deref(), Ok(tidied.as_str()));
    }

    #[test]
    fn what_is_no_yaml_is_told() {
        assert!(format("r.yml", "a: [").is_err());
        assert_eq!(format("vip.txt", "a  \n\n\n").as_deref(), Ok("a  \n\n\n"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_changes_its_meaning(parts in proptest::collection::vec(proptest::sample::select(vec![
            "groups:\n", "- ", "  ", "    ", "\n", "name: g\n", "rules:\n", "when: ", "'a>1 and b'", "score: 1\n", "# remark\n",
            "{a: 1}\n", "[1, 2]\n", ">-\n", "x\n", "|\n", "\"y  z\"\n",
        ]), 0..30)) {
            let text = parts.concat();
            if let Ok(tidied) = format("r.yml", &text) {
                proptest::prop_assert_eq!(format("r.yml", &tidied), Ok(tidied.clone()), "{:?}", text);
            }
        }
    }
}
