//! One scoring rule, and reading it from a file. No I/O.

use super::reason::{Reason, read_reason};
use crate::condition::{Condition, Variables};
use crate::error::Fault;
use crate::file::{Fields, Reader};
use crate::node::{Node, Place};

pub(crate) const RULE_KEYS: &[&str] = &[
    "id",
    "description",
    "when",
    "condition",
    "score",
    "verdict",
    "reason",
];

/// A compiled rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Whether the file names it; otherwise it is called after its place.
    pub(crate) is_named: bool,
    /// Place of its group in the rule set.
    pub(crate) group: usize,
    pub(crate) priority: f64,
    pub(crate) when: When,
    /// With the group's weight.
    pub(crate) points: f64,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) reason: Reason,
    pub(crate) has_reason: bool,
    /// Where it was written.
    pub(crate) file: String,
    pub(crate) place: Place,
}

/// A condition as written, and compiled.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) text: String,
    pub(crate) condition: Condition,
}

/// What a rule says about a signal beyond points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// A candidate is verified.
    Upgrade,
    /// Whatever it was, it is downgraded.
    Downgrade,
}

pub(super) fn read_rule(
    reader: &mut Reader<'_>,
    node: &Node,
    variables: &mut Variables,
    fallback_id: String,
) -> Option<Rule> {
    let fields = reader.fields(node, "a rule", RULE_KEYS)?;
    let given_id = reader.text(&fields, "id");
    let is_named = given_id.is_some();
    let id = given_id.unwrap_or(fallback_id);
    let when = read_condition(reader, &fields, variables);
    let verdict = read_verdict(reader, &fields);
    let points = match fields.get("score") {
        Some(_) => reader.number(&fields, "score"),
        None if verdict.is_some() => Some(0.0),
        None => reader.missing(&fields, "score"),
    };
    let reason = match fields.get("reason") {
        Some(node) => read_reason(reader, node, variables)?,
        None => Reason::plain(&id),
    };
    Some(Rule {
        id,
        is_named,
        group: 0,
        priority: 0.0,
        when: when?,
        points: points?,
        verdict,
        reason,
        has_reason: fields.get("reason").is_some(),
        file: reader.file.to_owned(),
        place: fields.place,
    })
}

fn read_verdict(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Verdict> {
    let node = fields.get("verdict")?;
    match node.text() {
        Some("upgrade") => Some(Verdict::Upgrade),
        Some("downgrade") => Some(Verdict::Downgrade),
        _ => {
            reader.wrong_kind(node, "verdict", "`upgrade` or `downgrade`");
            None
        }
    }
}

/// `when` is ours, `condition` the reference system's; they mean the same.
pub(crate) fn read_condition(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    variables: &mut Variables,
) -> Option<When> {
    let (key, node) = match (fields.get("when"), fields.get("condition")) {
        (Some(node), None) => ("when", node),
        (None, Some(node)) => ("condition", node),
        (None, None) => return reader.missing(fields, "when"),
        (Some(_), Some(node)) => {
            reader.fail(
                node.place,
                Fault::DuplicateKey("condition` beside `when".to_owned()),
            );
            return None;
        }
    };
    let text = reader.required_text(fields, key)?;
    let condition = Condition::compile(&text, variables);
    let place = condition
        .as_ref()
        .err()
        .map_or(node.place, |fault| fault.place_in(node));
    let condition = reader.keep(place, condition)?;
    Some(When { text, condition })
}
