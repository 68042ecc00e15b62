//! A YAML tree as text: block style, texts quoted only where they must be. No I/O.

use crate::node::{Node, Yaml};

/// The text of a tree, with a line break at its end.
pub(crate) fn write(root: &Node) -> String {
    let mut out = String::new();
    write_block(&mut out, root, 0);
    out
}

/// A text as a YAML scalar: in double quotes unless it reads the same without.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for next in text.chars() {
        match next {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => out.extend(format!("\\u{:04x}", u32::from(control)).chars()),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn write_block(out: &mut String, node: &Node, indent: usize) {
    match &node.value {
        Yaml::Map(entries) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                pad(out, if at == 0 { 0 } else { indent });
                out.push_str(&inline(key));
                out.push(':');
                write_value(out, value, indent);
            }
        }
        Yaml::List(items) => {
            for (at, item) in items.iter().enumerate() {
                pad(out, if at == 0 { 0 } else { indent });
                out.push_str("- ");
                match &item.value {
                    Yaml::Scalar { .. } => {
                        out.push_str(&inline(item));
                        out.push('\n');
                    }
                    _ => write_block(out, item, indent + 2),
                }
            }
        }
        Yaml::Scalar { .. } => {
            out.push_str(&inline(node));
            out.push('\n');
        }
    }
}

fn write_value(out: &mut String, value: &Node, indent: usize) {
    match &value.value {
        Yaml::Scalar { .. } => {
            out.push(' ');
            out.push_str(&inline(value));
            out.push('\n');
        }
        Yaml::List(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        _ => {
            out.push('\n');
            pad(out, indent + 2);
            write_block(out, value, indent + 2);
        }
    }
}

fn inline(node: &Node) -> String {
    match &node.value {
        Yaml::Scalar { text, plain } if *plain && reads_plain(text) => text.clone(),
        Yaml::Scalar { text, .. } => quoted(text),
        Yaml::List(_) | Yaml::Map(_) => String::new(),
    }
}

/// Whether a text needs no quotes wherever it stands.
fn reads_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts = first.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '.' | '/'));
    let number = text.parse::<f64>().is_ok() || text == "~";
    (starts || number)
        && !text.contains([':', '#', '\n', '{', '}', '[', ']', ',', '"', '\''])
        && text.trim_end() == text
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::read;

    fn shape(node: &Node) -> String {
        match &node.value {
            Yaml::Scalar { text, plain } => format!(
                "{text:?}/{}",
                node.scalar()
                    .map_or(*plain, |fact| !matches!(fact, crate::OwnedFact::Str(_)))
            ),
            Yaml::List(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
            Yaml::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{}", shape(key), shape(value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for text in [
            "a: 1\nb: [x, \"1\", 'it''s', \"q\\\"\"]\nc: {d: [], e: {}, f: {g: -5}}\n",
            "- {when: \"a == 'b: c'\", score: -1.5}\n- - nested\n  - \"multi\\nline # no remark\"\n- {x: ~, y: '', z: '- dash'}\n",
        ] {
            let tree = read(text).expect("reads");
            let again = read(&write(&tree))
                .unwrap_or_else(|(place, fault)| panic!("{place:?} {fault}\n{}", write(&tree)));
            assert_eq!(shape(&again), shape(&tree), "{}", write(&tree));
        }
    }
}
