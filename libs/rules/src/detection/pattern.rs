//! What the kinds of detections that do more than count look for, and how they are told: the keys that they share.
//! No I/O, no clock.

use super::alert::{self, AlertRule};
use super::habit::{BaselineRule, RareRule};
use super::reading::choice;
use super::rule::{Kind, Telling};
use super::sequence::SequenceRule;
use crate::condition::Variables;
use crate::error::Fault;
use crate::file::{Fields, Reader};

/// Events that a detection names unless the rule says how many, and at most.
const EVIDENCE: usize = 10;
const MOST_EVIDENCE: u32 = 100;

const MINUTE_MS: i64 = 60 * 1000;

/// What is looked for.
#[derive(Debug)]
pub enum Pattern {
    /// A condition over windows that holds.
    Alert(AlertRule),
    /// Silence.
    Absent(AbsentRule),
    /// One event after another.
    Sequence(SequenceRule),
    /// A number far from what is usual.
    Baseline(BaselineRule),
    /// A value that is new or nearly so.
    Rare(RareRule),
}

/// A subject that was heard of and fell silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsentRule {
    /// So many events it must have had before.
    pub at_least: u64,
}

impl Pattern {
    /// The values of its own that a description may name.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Alert(rule) => rule.names(),
            Self::Absent(_) | Self::Sequence(_) => Vec::new(),
            Self::Baseline(_) => vec!["value", "expected", "score", "season"],
            Self::Rare(_) => vec!["value", "before", "of"],
        }
    }
}

/// Which kinds read which keys, of those that not all do.
const KEYS_OF: &[(&str, &[Kind])] = &[
    ("for", &[Kind::Condition, Kind::Absent, Kind::Baseline]),
    ("windows", &[Kind::Condition]),
    ("threshold", &[Kind::Condition]),
    ("evidence", &[Kind::Condition, Kind::Absent, Kind::Baseline]),
    ("send_resolved", &[Kind::Condition, Kind::Absent, Kind::Baseline]),
    ("level", &[Kind::Condition]),
    ("channels", &[Kind::Condition]),
    ("escalation", &[Kind::Condition]),
    ("suppression_minutes", &[Kind::Condition]),
    ("at_least", &[Kind::Each, Kind::Count, Kind::Streak, Kind::Absent]),
    ("more_than", &[Kind::Each, Kind::Count, Kind::Streak]),
    (
        "condition",
        &[Kind::Each, Kind::Count, Kind::Streak, Kind::Condition],
    ),
    (
        "window",
        &[Kind::Each, Kind::Count, Kind::Streak, Kind::Condition],
    ),
    ("steps", &[Kind::Sequence]),
    ("without", &[Kind::Sequence]),
    ("within", &[Kind::Sequence]),
    ("value", &[Kind::Baseline, Kind::Rare]),
    ("measure", &[Kind::Baseline]),
    ("season", &[Kind::Baseline]),
    ("learn", &[Kind::Baseline, Kind::Rare]),
    ("deviations", &[Kind::Baseline]),
    ("least_difference", &[Kind::Baseline]),
    ("freeze", &[Kind::Baseline]),
    ("share", &[Kind::Rare]),
    ("at_most", &[Kind::Rare]),
    ("forget", &[Kind::Rare]),
    ("until_learnt", &[Kind::Rare]),
];

/// Refuses keys that the kind does not read: they would do nothing.
pub(super) fn check_keys(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    kind: Option<Kind>,
    names: &[(&str, Kind)],
) {
    let Some(kind) = kind else { return };
    for (key, readers) in KEYS_OF.iter().filter(|(_, readers)| !readers.contains(&kind)) {
        let Some(node) = fields.get(key) else { continue };
        let readers = names.iter().filter(|(_, kind)| readers.contains(kind));
        let readers = readers.map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let problem =
            format!("is read by detections of `kind: {readers}` only; take it out or change the kind");
        let key = (*key).to_owned();
        reader.fail(node.place, Fault::Detection { key, problem });
    }
}

/// What the rule looks for; `None` for kinds that count, and where it is a mistake.
pub(super) fn read(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    kind: Kind,
    window_ms: Option<i64>,
    variables: &mut Variables,
) -> Option<Pattern> {
    match kind {
        Kind::Each | Kind::Count | Kind::Streak => None,
        Kind::Condition => AlertRule::read(reader, fields, window_ms, variables).map(Pattern::Alert),
        Kind::Absent => absent(reader, fields).map(Pattern::Absent),
        Kind::Sequence => SequenceRule::read(reader, fields, variables).map(Pattern::Sequence),
        Kind::Baseline => BaselineRule::read(reader, fields, variables).map(Pattern::Baseline),
        Kind::Rare => RareRule::read(reader, fields, variables).map(Pattern::Rare),
    }
}

/// `for` is what it is silent for, so it must be there.
fn absent(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<AbsentRule> {
    if fields.get("for").is_none() {
        return reader.missing(fields, "for");
    }
    let at_least = reader.count(fields, "at_least").map_or(1, u64::from);
    Some(AbsentRule { at_least })
}

/// How it is told.
pub(super) fn telling(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Telling {
    let evidence = reader.count(fields, "evidence");
    let evidence = evidence.and_then(|most| usize::try_from(most.min(MOST_EVIDENCE)).ok());
    let carried = ["channels", "escalation"].into_iter().filter_map(|key| {
        let node = fields.get(key)?;
        let text = node.text().map_or_else(|| node.to_json(), str::to_owned);
        Some((format!("alert.{key}"), text))
    });
    Telling {
        hold_ms: alert::hold_ms(reader, fields),
        evidence: evidence.unwrap_or(EVIDENCE),
        sends_resolved: reader.switch(fields, "send_resolved"),
        carried: carried.collect(),
    }
}

/// `cooldown: 30m`, or `suppression_minutes: 30` as StreamFlow writes it.
pub(super) fn cooldown_ms(reader: &mut Reader<'_>, fields: &Fields<'_>) -> i64 {
    let Some(node) = fields.get("suppression_minutes") else {
        return reader.span_ms(fields, "cooldown").unwrap_or(0);
    };
    match node.text().map(|text| text.trim().parse::<i64>()) {
        Some(Ok(minutes)) if minutes >= 0 => minutes.saturating_mul(MINUTE_MS),
        _ => {
            reader.wrong_kind(node, "suppression_minutes", "a whole number of minutes from 0");
            0
        }
    }
}

/// The number that a pattern tells as its threshold.
pub(super) fn limit(reader: &mut Reader<'_>, fields: &Fields<'_>) -> f64 {
    reader.number(fields, "threshold").unwrap_or(0.0)
}

/// StreamFlow's levels by our severities.
const LEVELS: &[(&str, &str)] = &[
    ("info", "low"),
    ("warning", "medium"),
    ("error", "high"),
    ("critical", "critical"),
];

pub(super) fn severity_of_level(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<String> {
    let wanted = "info, warning, error or critical";
    choice(reader, fields, "level", LEVELS, wanted).map(str::to_owned)
}
