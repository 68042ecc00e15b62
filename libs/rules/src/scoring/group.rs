//! A group of rules: what its rules have in common, and reading it from a file. No I/O.

use super::mode::Mode;
use super::named_rules::NamedRules;
use super::rule::read_rule;
use crate::condition::Variables;
use crate::error::Fault;
use crate::file::{Fields, Reader};
use crate::node::{Node, Place, Yaml};

pub(crate) const GROUP_KEYS: &[&str] = &[
    "name",
    "description",
    "priority",
    "weight",
    "cap",
    "floor",
    "exclusive",
    "mode",
    "rules",
];
const MODES: &str = "`live`, `shadow`, `canary 10%` or `{canary: 10%}`";

/// What the rules of a group have in common.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) priority: f64,
    /// The most and the least points of the group together.
    pub(crate) cap: Option<f64>,
    pub(crate) floor: Option<f64>,
    /// Only the first rule that is true counts.
    pub(crate) exclusive: bool,
    pub(crate) mode: Mode,
    pub(crate) file: String,
    pub(crate) place: Place,
}

impl Group {
    /// A sum of points within the group's bounds.
    pub(crate) fn bounded(&self, sum: f64) -> f64 {
        let sum = self.cap.map_or(sum, |cap| sum.min(cap));
        self.floor.map_or(sum, |floor| sum.max(floor))
    }
}

/// Reads the groups of a file, a list or (as the reference system allows) a mapping by name, and their rules.
pub(super) fn read_groups(
    reader: &mut Reader<'_>,
    root: &Fields<'_>,
    variables: &mut Variables,
    groups: &mut Vec<Group>,
    rules: &mut NamedRules,
) {
    let of_file = read_mode(reader, root).unwrap_or_default();
    let by_name = root.get("groups").and_then(|node| match &node.value {
        Yaml::Map(entries) => Some(
            entries
                .iter()
                .map(|(key, node)| (key.text(), node))
                .collect::<Vec<_>>(),
        ),
        _ => None,
    });
    let items = by_name.unwrap_or_else(|| {
        reader
            .list(root, "groups")
            .iter()
            .map(|node| (None, node))
            .collect()
    });
    for (name, node) in items {
        let Some(fields) = reader.fields(node, "a group", GROUP_KEYS) else {
            continue;
        };
        let group = read_group(reader, &fields, name, of_file);
        let weight = reader.number(&fields, "weight").unwrap_or(1.0);
        let items = reader.list(&fields, "rules");
        rules.expect(items.len());
        for (at, item) in items.iter().enumerate() {
            let fallback_id = format!("{}.{}", group.name, at + 1);
            if let Some(mut rule) = read_rule(reader, item, variables, fallback_id) {
                (rule.group, rule.priority) = (groups.len(), group.priority);
                rule.points *= weight;
                rules.add(reader, rule);
            }
        }
        groups.push(group);
    }
}

fn read_group(reader: &mut Reader<'_>, fields: &Fields<'_>, name: Option<&str>, of_file: Mode) -> Group {
    let name = match name {
        Some(name) => name.to_owned(),
        None => reader.required_text(fields, "name").unwrap_or_default(),
    };
    let (cap, floor) = (reader.number(fields, "cap"), reader.number(fields, "floor"));
    if let Some((cap, floor)) = cap.zip(floor).filter(|(cap, floor)| cap < floor) {
        reader.fail(fields.place, Fault::Bounds { cap, floor });
    }
    Group {
        name,
        priority: reader.number(fields, "priority").unwrap_or(0.0),
        cap,
        floor,
        exclusive: reader.switch(fields, "exclusive"),
        mode: read_mode(reader, fields).unwrap_or(of_file),
        file: reader.file.to_owned(),
        place: fields.place,
    }
}

/// `mode: shadow`, `mode: canary 10%` or `mode: {canary: 10%}`.
fn read_mode(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Mode> {
    let node = fields.get("mode")?;
    let mode = match &node.value {
        Yaml::Scalar { text, .. } => Mode::read(text),
        Yaml::Map(entries) => read_canary(entries),
        Yaml::List(_) => None,
    };
    if mode.is_none() {
        reader.wrong_kind(node, "mode", MODES);
    }
    mode
}

fn read_canary(entries: &[(Node, Node)]) -> Option<Mode> {
    match entries {
        [(key, share)] if key.text() == Some("canary") => Mode::read_share(share.text()?),
        _ => None,
    }
}
