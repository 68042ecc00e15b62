//! `rules.yml`: the native form has `when` for `condition`, CEL's operators, our names, and levels from the worst to the
//! best with their thresholds beside them.

use crate::condition::to_native;
use crate::node::{Node, Place, Yaml};
use crate::node_text::write;

/// The native text of a file of groups.
pub(super) fn native(root: &Node) -> String {
    let Yaml::Map(entries) = &root.value else {
        return write(root);
    };
    let converted = entries.iter().map(|(key, value)| match key.text() {
        Some("scoring") => (renamed(key, "levels"), levels(value)),
        _ => (key.clone(), tree(value)),
    });
    write(&Node::new(root.place, Yaml::Map(converted.collect())))
}

fn tree(node: &Node) -> Node {
    let value = match &node.value {
        Yaml::List(items) => Yaml::List(items.iter().map(tree).collect()),
        Yaml::Map(entries) => Yaml::Map(entries.iter().map(|(key, value)| entry(key, value)).collect()),
        scalar @ Yaml::Scalar { .. } => scalar.clone(),
    };
    Node::new(node.place, value)
}

fn entry(key: &Node, value: &Node) -> (Node, Node) {
    match (key.text(), value.text()) {
        (Some("condition" | "when"), Some(text)) => (renamed(key, "when"), scalar(&to_native(text), false)),
        _ => (key.clone(), tree(value)),
    }
}

/// Best first with thresholds beside becomes worst first with thresholds within.
fn levels(scoring: &Node) -> Node {
    let listed = match member(scoring, "levels").map(|levels| &levels.value) {
        Some(Yaml::List(items)) => items.as_slice(),
        _ => &[],
    };
    let mut seen_rest = false;
    let mut levels: Vec<Node> = listed
        .iter()
        .map(|level| {
            let name = member(level, "name").and_then(Node::text).unwrap_or_default();
            let threshold = member(scoring, "thresholds").and_then(|thresholds| member(thresholds, name));
            seen_rest |= threshold.is_none();
            with_threshold(level, if seen_rest { "to" } else { "from" }, threshold)
        })
        .collect();
    levels.reverse();
    Node::new(scoring.place, Yaml::List(levels))
}

fn with_threshold(level: &Node, key: &str, threshold: Option<&Node>) -> Node {
    let mut level = level.clone();
    if let (Yaml::Map(entries), Some(threshold)) = (&mut level.value, threshold) {
        entries.insert(1.min(entries.len()), (scalar(key, true), threshold.clone()));
    }
    level
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Yaml::Map(entries) = &node.value else {
        return None;
    };
    entries
        .iter()
        .find(|(key, _)| key.text() == Some(name))
        .map(|(_, value)| value)
}

fn renamed(key: &Node, name: &str) -> Node {
    let mut renamed = scalar(name, true);
    renamed.place = key.place;
    renamed
}

fn scalar(text: &str, plain: bool) -> Node {
    let text = text.to_owned();
    Node::new(Place::default(), Yaml::Scalar { text, plain })
}
