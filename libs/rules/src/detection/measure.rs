//! What a rule measures over the windows of a subject: `error_rate: {ratio: "data.status >= 500", window: 5m}`.
//! No I/O, no clock.

use windows::{Aggregate, Input, Plan, Shape};

use super::reading::{event_condition, field, required_span};
use crate::condition::{Condition, Slot, Values, Variables};
use crate::error::Fault;
use crate::fact::Fact;
use crate::file::{Fields, Reader};
use crate::node::Node;
use crate::template::shown;

/// Windows of one rule at most.
const MOST: usize = 16;

pub(crate) const KEYS: &[&str] = &[
    "window", "when", "count", "rate", "ratio", "sum", "avg", "min", "max", "first", "last", "distinct",
    "p50", "p90", "p95", "p99",
];

const FUNCTIONS: &[(&str, Aggregate)] = &[
    ("count", Aggregate::Count),
    ("rate", Aggregate::Rate),
    ("ratio", Aggregate::Ratio),
    ("sum", Aggregate::Sum),
    ("avg", Aggregate::Avg),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("first", Aggregate::First),
    ("last", Aggregate::Last),
    ("distinct", Aggregate::Distinct),
    ("p50", Aggregate::Quantile(0.5)),
    ("p90", Aggregate::Quantile(0.9)),
    ("p95", Aggregate::Quantile(0.95)),
    ("p99", Aggregate::Quantile(0.99)),
];

/// What an event brings to a measure.
#[derive(Debug)]
enum Takes {
    /// Whether a condition is true for it.
    Counts(Condition),
    /// Whether a condition is true or false for it.
    Asks(Condition),
    /// The number of a field.
    Number(Slot),
    /// The value of a field.
    Item(Slot),
}

impl Takes {
    fn events(aggregate: Aggregate, of: Condition) -> Self {
        match aggregate {
            Aggregate::Ratio => Self::Asks(of),
            _ => Self::Counts(of),
        }
    }

    fn field(aggregate: Aggregate, of: Slot) -> Self {
        match aggregate {
            Aggregate::Distinct => Self::Item(of),
            _ => Self::Number(of),
        }
    }
}

/// One measure: a name, and what its events bring.
#[derive(Debug)]
struct Measure {
    name: String,
    takes: Takes,
    when: Option<Condition>,
}

/// The measures of a rule that have windows of one length.
#[derive(Debug)]
pub struct Measures {
    /// What is counted over which windows, with a lateness of 0. The first aggregate counts the events that are looked at.
    pub plan: Plan,
    measures: Vec<Measure>,
}

/// What an event brings, owned.
#[derive(Debug, Clone, PartialEq)]
pub enum Brings {
    /// See [`Input::Nothing`].
    Nothing,
    /// See [`Input::Hit`].
    Hit,
    /// See [`Input::Asked`].
    Asked(bool),
    /// See [`Input::Number`].
    Number(f64),
    /// See [`Input::Item`].
    Item(String),
}

impl Brings {
    /// As windows take it.
    pub fn as_input(&self) -> Input<'_> {
        match self {
            Self::Nothing => Input::Nothing,
            Self::Hit => Input::Hit,
            Self::Asked(counts) => Input::Asked(*counts),
            Self::Number(number) => Input::Number(*number),
            Self::Item(item) => Input::Item(item),
        }
    }
}

impl Measures {
    fn new(shape: Shape) -> Self {
        Self {
            plan: Plan {
                shape,
                aggregates: vec![Aggregate::Count],
                lateness: 0,
            },
            measures: Vec::new(),
        }
    }

    /// The names of the measures, in the order of the aggregates behind the first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.measures.iter().map(|measure| measure.name.as_str())
    }

    pub(super) fn brings(&self, values: &Values<'_>) -> Vec<Brings> {
        let own = self.measures.iter().map(|measure| measure.brings(values));
        std::iter::once(Brings::Hit).chain(own).collect()
    }
}

impl Measure {
    fn brings(&self, values: &Values<'_>) -> Brings {
        let is_looked_at = |when: &Condition| when.decide(values) == Some(true);
        if !self.when.as_ref().is_none_or(is_looked_at) {
            return Brings::Nothing;
        }
        match &self.takes {
            Takes::Counts(condition) if condition.decide(values) == Some(true) => Brings::Hit,
            Takes::Counts(_) => Brings::Nothing,
            Takes::Asks(condition) => condition.decide(values).map_or(Brings::Nothing, Brings::Asked),
            Takes::Number(slot) => number(values.get(*slot)).map_or(Brings::Nothing, Brings::Number),
            Takes::Item(slot) => item(values.get(*slot)).map_or(Brings::Nothing, Brings::Item),
        }
    }
}

/// Hash of what is measured over which windows, and of a name beside.
pub(super) fn hash(groups: &[Measures], name: &str) -> u64 {
    let plans = groups
        .iter()
        .map(|group| (&group.plan, group.names().collect::<Vec<_>>()));
    xxhash_rust::xxh3::xxh3_64(format!("{:?}{name}", plans.collect::<Vec<_>>()).as_bytes())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers are measured as the nearest double"
)]
pub(super) fn number(fact: Option<Fact<'_>>) -> Option<f64> {
    match fact? {
        Fact::Long(number) => Some(number as f64),
        Fact::Double(number) => Some(number),
        Fact::Decimal(number) => Some(number.to_double()),
        _ => None,
    }
}

/// A value as it is told apart from others; what is not known or is a list is none.
pub(super) fn item(fact: Option<Fact<'_>>) -> Option<String> {
    match fact? {
        Fact::Null | Fact::StrList(_) | Fact::Addresses(_) => None,
        fact => Some(shown(fact)),
    }
}

/// The windows under `windows`; `otherwise` is the length of those that do not say theirs.
pub(super) fn read(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    otherwise: Option<i64>,
    variables: &mut Variables,
) -> Vec<Measures> {
    let mut groups = Vec::new();
    let entries = reader.entries(fields, "windows", "a mapping of names to windows");
    if entries.len() > MOST {
        let limit = MOST;
        let what = "the number of windows of a detection";
        reader.fail(fields.place, Fault::TooBig { what, limit });
        return groups;
    }
    for (key, node) in entries {
        let Some(name) = own_name(reader, key, variables) else {
            continue;
        };
        if let Some((length, aggregate, measure)) = read_one(reader, name, node, otherwise, variables) {
            add(&mut groups, Shape::sliding(length), aggregate, measure);
        }
    }
    groups
}

/// A name that means nothing else where conditions of the rule are read.
fn own_name(reader: &mut Reader<'_>, key: &Node, variables: &Variables) -> Option<String> {
    let name = reader.new_name(key)?;
    if variables.is_derived(name) {
        let problem = "is the name of a derived value; give the window another".to_owned();
        let key_text = name.to_owned();
        reader.fail(
            key.place,
            Fault::Detection {
                key: key_text,
                problem,
            },
        );
        return None;
    }
    Some(name.to_owned())
}

/// Adds what an aggregate makes of the events that a condition is true for.
pub(super) fn add_events(
    groups: &mut Vec<Measures>,
    length: i64,
    name: &str,
    aggregate: Aggregate,
    of: Condition,
) {
    add_named(groups, length, name, aggregate, Takes::events(aggregate, of));
}

/// The same for the values of a field.
pub(super) fn add_field(groups: &mut Vec<Measures>, length: i64, name: &str, aggregate: Aggregate, of: Slot) {
    add_named(groups, length, name, aggregate, Takes::field(aggregate, of));
}

fn add_named(groups: &mut Vec<Measures>, length: i64, name: &str, aggregate: Aggregate, takes: Takes) {
    let measure = Measure {
        name: name.to_owned(),
        takes,
        when: None,
    };
    add(groups, Shape::sliding(length), aggregate, measure);
}

/// Puts a measure beside those of the same shape, so that they share their panes.
fn add(groups: &mut Vec<Measures>, shape: Shape, aggregate: Aggregate, measure: Measure) {
    let place = groups.iter().position(|group| group.plan.shape == shape);
    let place = place.unwrap_or_else(|| {
        groups.push(Measures::new(shape));
        groups.len() - 1
    });
    if let Some(group) = groups.get_mut(place) {
        group.plan.aggregates.push(aggregate);
        group.measures.push(measure);
    }
}

/// One measure over windows that tumble, each of which gives a number.
pub(super) fn read_tumbling(
    reader: &mut Reader<'_>,
    node: &Node,
    variables: &mut Variables,
) -> Option<Measures> {
    let (size, aggregate, measure) = read_one(reader, "value".to_owned(), node, None, variables)?;
    let mut measures = Measures::new(Shape::Tumbling { size });
    measures.plan.aggregates.push(aggregate);
    measures.measures.push(measure);
    Some(measures)
}

fn read_one(
    reader: &mut Reader<'_>,
    name: String,
    node: &Node,
    otherwise: Option<i64>,
    variables: &mut Variables,
) -> Option<(i64, Aggregate, Measure)> {
    let fields = reader.fields(node, "a window", KEYS)?;
    let length = match otherwise {
        Some(length) if fields.get("window").is_none() => length,
        _ => required_span(reader, &fields, "window")?,
    };
    let mut given = FUNCTIONS
        .iter()
        .copied()
        .filter(|(key, _)| fields.get(key).is_some());
    let (Some((key, aggregate)), None) = (given.next(), given.next()) else {
        let problem =
            "needs one of count, rate, ratio, sum, avg, min, max, first, last, distinct, p50, p90, p95, p99";
        let problem = problem.to_owned();
        reader.fail(fields.place, Fault::Detection { key: name, problem });
        return None;
    };
    let takes = match aggregate {
        Aggregate::Count | Aggregate::Rate | Aggregate::Ratio => {
            Takes::events(aggregate, event_condition(reader, &fields, key, variables)?)
        }
        _ => Takes::field(aggregate, field(reader, &fields, key, variables)?),
    };
    let when = event_condition(reader, &fields, "when", variables);
    let measure = Measure { name, takes, when };
    Some((length, aggregate, measure))
}
