//! One detection rule, and reading it from a file. No I/O.

use super::pattern::{self, Pattern};
use super::reading::{choice, event_condition, refuse_late, types};
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
    "by",
    "for",
    "windows",
    "threshold",
    "evidence",
    "send_resolved",
    "level",
    "channels",
    "escalation",
    "suppression_minutes",
    "steps",
    "without",
    "within",
    "value",
    "measure",
    "season",
    "learn",
    "deviations",
    "least_difference",
    "freeze",
    "share",
    "at_most",
    "forget",
    "until_learnt",
];
const KINDS: &[(&str, Kind)] = &[
    ("each", Kind::Each),
    ("count", Kind::Count),
    ("streak", Kind::Streak),
    ("condition", Kind::Condition),
    ("absent", Kind::Absent),
    ("sequence", Kind::Sequence),
    ("baseline", Kind::Baseline),
    ("rare", Kind::Rare),
];
const WANTED_KIND: &str = "each, count or streak, or condition, absent, sequence, baseline or rare";
const SEVERITIES: &[(&str, &str)] = &[
    ("low", "low"),
    ("medium", "medium"),
    ("high", "high"),
    ("critical", "critical"),
];

/// The type that stands for all types.
pub(super) const ANY_TYPE: &str = "*";

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
    /// A condition over windows of the subject, while it holds.
    Condition,
    /// The subject falls silent.
    Absent,
    /// One event after another within a time.
    Sequence,
    /// A number far from what is usual for the subject.
    Baseline,
    /// A value that the subject never or hardly had.
    Rare,
}

/// How a pattern that was found is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// It holds this many milliseconds of event time before it is told.
    pub hold_ms: i64,
    /// The newest events that a detection names, at most.
    pub evidence: usize,
    /// Whether it is told, too, that it holds no more.
    pub sends_resolved: bool,
    /// What is passed on with the detection as it is written, such as channels.
    pub carried: Vec<(String, String)>,
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
    /// The number that a detection tells as its threshold.
    pub limit: f64,
    /// The count from which it is a detection: 11 for `more_than: 10`.
    pub reached_at: u32,
    /// Span of the window in milliseconds; `None` for a streak without one.
    pub window_ms: Option<i64>,
    /// The window as the rule writes it; empty where it has none.
    pub window_text: String,
    /// low, medium, high or critical.
    pub severity: String,
    /// At least this many milliseconds of event time lie between two detections of one group.
    pub cooldown_ms: i64,
    /// What is looked for by kinds that do more than count.
    pub pattern: Option<Pattern>,
    /// How a pattern is told.
    pub telling: Telling,
    pub(crate) condition: Option<Condition>,
    pub(super) group_by: Vec<Slot>,
    pub(super) description: Template,

    pub(crate) file: String,
    pub(crate) place: Place,
}

impl DetectionRule {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node, variables: &mut Variables) -> Option<Self> {
        let fields = reader.fields(node, "a detection", KEYS)?;
        if let Some(by) = fields.get("by") {
            reader.fail(by.place, Fault::Regroups);
            return None;
        }
        let name_key = if fields.get("name").is_none() && fields.get("id").is_some() {
            "id"
        } else {
            "name"
        };
        let name = reader.required_text(&fields, name_key);
        let kind = read_kind(reader, &fields, node);
        pattern::check_keys(reader, &fields, kind, KINDS);
        let window_ms = reader.span_ms(&fields, "window");
        if kind == Some(Kind::Count) && fields.get("window").is_none() {
            reader.missing::<()>(&fields, "window");
        }
        let pattern = pattern::read(reader, &fields, kind?, window_ms, variables);
        let (threshold, reached_at) = if kind?.is_counted() {
            read_threshold(reader, &fields, kind)?
        } else {
            (0, 0)
        };
        let group_by = read_group(reader, &fields, variables);
        let own = pattern.as_ref().map(Pattern::names).unwrap_or_default();
        Some(Self {
            types: match &pattern {
                Some(Pattern::Sequence(sequence)) => sequence.types(),
                _ => read_types(reader, &fields, node)?,
            },
            condition: read_when(reader, &fields, kind?, variables),
            severity: read_severity(reader, &fields)?,
            description: read_description(reader, &fields, name.as_deref(), &own, variables)?,
            window_text: reader.text(&fields, "window").unwrap_or_default(),
            cooldown_ms: pattern::cooldown_ms(reader, &fields),
            telling: pattern::telling(reader, &fields),
            limit: if kind?.is_counted() {
                f64::from(threshold)
            } else {
                pattern::limit(reader, &fields)
            },
            name: name?,
            kind: kind?,
            pattern: if kind?.is_counted() { None } else { Some(pattern?) },
            threshold,
            reached_at,
            window_ms,
            group_by,
            file: reader.file.to_owned(),
            place: fields.place,
        })
    }
}

impl Kind {
    /// Whether single events or counts of them are told, and not a pattern.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Each | Self::Count | Self::Streak)
    }
}

fn read_kind(reader: &mut Reader<'_>, fields: &Fields<'_>, node: &Node) -> Option<Kind> {
    if super::alert::is_stream_flow(node) {
        return Some(Kind::Condition);
    }
    choice(reader, fields, "kind", KINDS, WANTED_KIND)
}

fn read_severity(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    if fields.get("severity").is_none() && fields.get("level").is_some() {
        return pattern::severity_of_level(reader, fields);
    }
    let wanted = "low, medium, high or critical";
    choice(reader, fields, "severity", SEVERITIES, wanted).map(str::to_owned)
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

/// An alert rule of StreamFlow looks at all types.
fn read_types(reader: &mut Reader<'_>, fields: &Fields<'_>, node: &Node) -> Option<Vec<String>> {
    let says = |key: &str| fields.get(key).is_some();
    if super::alert::is_stream_flow(node) && !says("type") && !says("types") {
        return Some(vec![ANY_TYPE.to_owned()]);
    }
    types(reader, fields)
}

/// A detection is decided with the event alone, so its condition may name only what an event has.
fn read_when(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    kind: Kind,
    variables: &mut Variables,
) -> Option<Condition> {
    if !kind.is_counted() {
        return event_condition(reader, fields, "when", variables);
    }
    let node = fields.get("when").or_else(|| fields.get("condition"))?;
    let condition = read_condition(reader, fields, variables)?.condition;
    if condition.scope == Scope::Signal {
        refuse_late(reader, node, &condition, variables);
    }
    Some(condition)
}

/// The name of the rule stands for a description where StreamFlow has none.
fn read_description(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    name: Option<&str>,
    own: &[&str],
    variables: &mut Variables,
) -> Option<Template> {
    let text = match (fields.get("description"), fields.get("level"), name) {
        (None, Some(_), Some(name)) => name.to_owned(),
        _ => reader.required_text(fields, "description")?,
    };
    let place = fields.get("description").map_or(fields.place, |node| node.place);
    let template = Template::parse(&text, &[EXTRAS, own].concat(), variables);
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
