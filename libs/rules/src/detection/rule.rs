//! One detection rule, and reading it from a file. No I/O.

use crate::condition::{Condition, Slot, Variables};
use crate::error::Fault;
use crate::file::{Fields, Reader};
use crate::names::{Scope, nearest, resolve};
use crate::node::{Node, Place};
use crate::scoring::read_condition;
use crate::template::Template;

const KEYS: &[&str] = &[
    "name",
    "id",
    "type",
    "types",
    "when",
    "condition",
    "kind",
    "more_than",
    "at_least",
    "window",
    "group_by",
    "severity",
    "description",
    "cooldown",
];
const KINDS: &[(&str, Kind)] = &[
    ("each", Kind::Each),
    ("count", Kind::Count),
    ("streak", Kind::Streak),
];
const SEVERITIES: &[&str] = &["low", "medium", "high", "critical"];

/// Values that a description may name besides facts.
pub(super) const EXTRAS: &[&str] = &["count", "threshold", "window"];

/// How events add up to a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every event that the condition is true for.
    Each,
    /// Enough such events within the window.
    Count,
    /// Enough such events in a row; an event of the rule's types that the condition is false for ends it.
    Streak,
}

/// A compiled detection rule.
#[derive(Debug)]
pub struct DetectionRule {
    /// Unique name, such as `high_frequency_login`.
    pub name: String,
    /// The event types it looks at.
    pub types: Vec<String>,
    /// How events add up.
    pub kind: Kind,
    /// The number as the rule writes it: `more_than: 10` and `at_least: 10` both give 10.
    pub threshold: u32,
    /// The count from which it is a detection: 11 for `more_than: 10`.
    pub reached_at: u32,
    /// Span of the window in milliseconds; `None` for a streak without one.
    pub window_ms: Option<i64>,
    /// low, medium, high or critical.
    pub severity: String,
    /// At least this many milliseconds of event time lie between two detections of one group.
    pub cooldown_ms: i64,
    pub(crate) condition: Option<Condition>,
    pub(super) group_by: Vec<Slot>,
    pub(super) description: Template,
    pub(super) window_text: String,
    pub(crate) file: String,
    pub(crate) place: Place,
}

impl DetectionRule {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, variables: &mut Variables) -> Option<Self> {
        let fields = reader.fields(node, "a detection", KEYS)?;
        let name_key = if fields.get("name").is_none() && fields.get("id").is_some() {
            "id"
        } else {
            "name"
        };
        let name = reader.required_text(&fields, name_key);
        let kind = read_kind(reader, &fields);
        let (threshold, reached_at) = read_threshold(reader, &fields, kind)?;
        let window_ms = reader.span_ms(&fields, "window");
        if kind == Some(Kind::Count) && fields.get("window").is_none() {
            reader.missing::<()>(&fields, "window");
        }
        let group_by = read_group(reader, &fields, variables);
        Some(Self {
            types: read_types(reader, &fields)?,
            condition: read_when(reader, &fields, variables),
            severity: read_severity(reader, &fields)?,
            description: read_description(reader, &fields, variables)?,
            window_text: reader.text(&fields, "window").unwrap_or_default(),
            cooldown_ms: reader.span_ms(&fields, "cooldown").unwrap_or(0),
            name: name?,
            kind: kind?,
            threshold,
            reached_at,
            window_ms,
            group_by,
            file: reader.file.to_owned(),
            place: fields.place,
        })
    }
}

fn read_kind(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Kind> {
    choice(
        reader,
        fields,
        "kind",
        KINDS.iter().map(|(name, _)| *name),
        "each, count or streak",
    )
    .and_then(|text| {
        KINDS
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, kind)| *kind)
    })
}

fn read_severity(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    choice(
        reader,
        fields,
        "severity",
        SEVERITIES.iter().copied(),
        "low, medium, high or critical",
    )
}

fn choice(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    mut options: impl Iterator<Item = &'static str>,
    wanted: &'static str,
) -> Option<String> {
    let text = reader.required_text(fields, key)?;
    if options.any(|option| option == text) {
        return Some(text);
    }
    let place = fields.get(key).map_or(fields.place, |node| node.place);
    reader.fail(
        place,
        Fault::WrongKind {
            key: key.to_owned(),
            wanted,
        },
    );
    None
}

/// `more_than: 10` is reached at 11, `at_least: 10` at 10.
fn read_threshold(reader: &mut Reader<'_>, fields: &Fields<'_>, kind: Option<Kind>) -> Option<(u32, u32)> {
    match (fields.get("more_than"), fields.get("at_least")) {
        (Some(_), Some(node)) => {
            reader.fail(
                node.place,
                Fault::DuplicateKey("at_least` beside `more_than".to_owned()),
            );
            None
        }
        (Some(_), None) => reader
            .count(fields, "more_than")
            .map(|most| (most, most.saturating_add(1))),
        (None, Some(_)) => reader.count(fields, "at_least").map(|least| (least, least)),
        (None, None) if kind == Some(Kind::Each) => Some((1, 1)),
        (None, None) => reader.missing(fields, "at_least"),
    }
}

fn read_types(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Vec<String>> {
    let mut types = reader.texts(fields, "type");
    types.extend(reader.texts(fields, "types"));
    if types.is_empty() {
        reader.missing(fields, "type")
    } else {
        Some(types)
    }
}

/// A detection is decided with the event alone, so its condition may name only what an event has.
fn read_when(reader: &mut Reader<'_>, fields: &Fields<'_>, variables: &mut Variables) -> Option<Condition> {
    let node = fields.get("when").or_else(|| fields.get("condition"))?;
    let condition = read_condition(reader, fields, variables)?.condition;
    if condition.scope == Scope::Signal {
        let named = condition.named.iter().map(|slot| variables.name(*slot));
        let late = named
            .filter(|name| crate::names::scope_of(name) == Scope::Signal)
            .collect::<Vec<_>>()
            .join(", ");
        let problem = format!("{late} is known only after detection; use event fields and data.*");
        let text = node.text().unwrap_or_default().to_owned();
        reader.fail(
            node.place,
            Fault::Condition {
                condition: text,
                problem,
            },
        );
    }
    Some(condition)
}

fn read_description(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    variables: &mut Variables,
) -> Option<Template> {
    let text = reader.required_text(fields, "description")?;
    let place = fields.get("description").map_or(fields.place, |node| node.place);
    let template = Template::parse(&text, EXTRAS, variables);
    reader.keep(place, template)
}

/// Events of one subject are together in one partition, so groups can only be finer than the subject.
fn read_group(reader: &mut Reader<'_>, fields: &Fields<'_>, variables: &mut Variables) -> Vec<Slot> {
    let mut slots = Vec::new();
    for name in reader
        .texts(fields, "group_by")
        .iter()
        .filter(|name| *name != "subject")
    {
        let place = fields.get("group_by").map_or(fields.place, |node| node.place);
        if nearest(name, ["subject"].into_iter()).is_some() {
            reader.fail(
                place,
                Fault::UnknownName {
                    name: name.clone(),
                    hint: Some("subject".to_owned()),
                },
            );
        } else if let Some(known) = reader.keep(place, resolve(name).map(str::to_owned)) {
            slots.push(variables.enter(&known));
        }
    }
    slots
}
