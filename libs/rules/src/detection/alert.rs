//! A condition over the windows of a subject that is told while it holds, as alerting rules of Prometheus are; and the
//! alert rules of StreamFlow, which are such. No I/O, no clock.

use std::collections::BTreeSet;

use windows::Aggregate;

use super::measure::{self, Measures};
use super::reading::{compiled, refuse, span_or};
use crate::condition::{Condition, Variables, names_in};
use crate::file::{Fields, Reader};
use crate::node::{Node, Yaml};

/// Names beside those of windows that such a condition may have: they are the same for all events of a subject.
const FIXED: &[&str] = &["subject", "tenant"];

/// The window of an alert rule of StreamFlow that does not say its own.
const STREAM_FLOW_WINDOW_MS: i64 = 5 * 60 * 1000;

/// What StreamFlow takes for an error, said of any event. What an event does not say is no error.
const ERROR: &str = "(severity is not null and severity in ['error', 'critical']) \
    or (data.status_code is not null and data.status_code >= 500) \
    or (data.success is not null and data.success == false)";

/// Aggregates that a name of StreamFlow may begin with: `avg_latency` is the mean of `data.latency`.
const PREFIXES: &[(&str, Aggregate)] = &[
    ("avg_", Aggregate::Avg),
    ("sum_", Aggregate::Sum),
    ("min_", Aggregate::Min),
    ("max_", Aggregate::Max),
    ("p95_", Aggregate::Quantile(0.95)),
    ("p99_", Aggregate::Quantile(0.99)),
    ("distinct_", Aggregate::Distinct),
];

/// A condition over windows.
#[derive(Debug)]
pub struct AlertRule {
    /// The windows, those of one length together.
    pub measures: Vec<Measures>,
    /// Hash of the windows, which tells whether those that are kept are of this rule.
    pub plan_hash: u64,
    pub(super) condition: Condition,
}

impl AlertRule {
    /// The names of all measures.
    pub(super) fn names(&self) -> Vec<&str> {
        self.measures.iter().flat_map(Measures::names).collect()
    }

    /// Reads `windows` and `condition`; `window_ms` is the length of windows that do not say theirs.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        fields: &Fields<'_>,
        window_ms: Option<i64>,
        variables: &mut Variables,
    ) -> Option<Self> {
        let Some(node) = fields.get("condition") else {
            return reader.missing(fields, "condition");
        };
        let measures = match fields.get("windows") {
            Some(_) => measure::read(reader, fields, window_ms, variables),
            None => stream_flow(
                reader,
                node,
                window_ms.unwrap_or(STREAM_FLOW_WINDOW_MS),
                variables,
            ),
        };
        let own: Vec<&str> = measures.iter().flat_map(Measures::names).collect();
        let condition = variables.with_own(&own, |variables| {
            let condition = compiled(reader, node, "condition", variables)?;
            let other = condition.named.iter().map(|slot| variables.name(*slot));
            let other = other.filter(|name| !own.contains(name) && !FIXED.contains(name));
            let other = other.collect::<Vec<_>>().join(", ");
            if other.is_empty() {
                return Some(condition);
            }
            refuse_names(reader, node, &other);
            None
        });
        Some(Self {
            condition: condition?,
            plan_hash: measure::hash(&measures, ""),
            measures,
        })
    }
}

fn refuse_names(reader: &mut Reader<'_>, node: &Node, names: &str) {
    let problem = format!(
        "{names} is of one event, and this condition is about windows; count or sum it under `windows` and name the window"
    );
    refuse(reader, node, problem);
}

/// Windows for the names that StreamFlow's conditions have without saying what they are.
fn stream_flow(
    reader: &mut Reader<'_>,
    node: &Node,
    window_ms: i64,
    variables: &mut Variables,
) -> Vec<Measures> {
    let mut measures = Vec::new();
    let named: BTreeSet<String> = names_in(node.text().unwrap_or_default()).into_iter().collect();
    for name in named {
        let events = match name.as_str() {
            "error_rate" => Some((Aggregate::Ratio, ERROR)),
            "error_count" => Some((Aggregate::Count, ERROR)),
            "event_rate" => Some((Aggregate::Rate, "true")),
            "event_count" => Some((Aggregate::Count, "true")),
            _ => None,
        };
        if let Some((aggregate, of)) = events {
            let of = reader.keep(node.place, Condition::compile(of, variables));
            let add = |of| measure::add_events(&mut measures, window_ms, &name, aggregate, of);
            of.map(add);
        } else if let Some((member, aggregate)) = aggregated(&name) {
            let of = reader.keep(node.place, variables.resolve(&format!("data.{member}")));
            let add = |of| measure::add_field(&mut measures, window_ms, &name, aggregate, of);
            of.map(add);
        }
    }
    measures
}

/// The member of the data, and what is made of it, that a name says.
fn aggregated(name: &str) -> Option<(&str, Aggregate)> {
    let mut known = PREFIXES.iter();
    known.find_map(|(prefix, aggregate)| Some((name.strip_prefix(prefix)?, *aggregate)))
}

/// Whether a detection is written as an alert rule of StreamFlow.
pub(super) fn is_stream_flow(node: &Node) -> bool {
    let Yaml::Map(entries) = &node.value else {
        return false;
    };
    let has = |name: &str| entries.iter().any(|(key, _)| key.text() == Some(name));
    !has("kind") && has("condition") && (has("level") || has("suppression_minutes") || has("channels"))
}

/// `for`, or nothing where the condition is told at once.
pub(super) fn hold_ms(reader: &mut Reader<'_>, fields: &Fields<'_>) -> i64 {
    span_or(reader, fields, "for", 0)
}
