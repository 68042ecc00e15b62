//! What is usual for a subject: numbers that are far from it, and values that it never or hardly had. No I/O, no clock.

use windows::{Habit, Prediction, Rarity};

use super::measure::{Measures, hash, read_tumbling};
use super::reading::{choice, event_condition, field, span_or};
use crate::condition::{Condition, Slot, Values, Variables};
use crate::error::Fault;
use crate::file::{Fields, Reader};

/// Values that are learnt before a rare one is told, unless the rule says how many.
const LEARN_VALUES: u32 = 20;
/// What was not seen for this long is as if it never was, unless the rule says how long.
const FORGET_MS: i64 = 90 * 24 * 60 * 60 * 1000;

const SEASONS: &[(&str, Prediction)] = &[
    ("none", Prediction::Level),
    ("day", Prediction::Hour),
    ("week", Prediction::Weekday),
    ("best", Prediction::Best),
];

/// Numbers of a subject that are far from what is usual for it.
#[derive(Debug)]
pub struct BaselineRule {
    /// How far, and after how many.
    pub habit: Habit,
    /// Windows that tumble, of which each gives one number; without them each event does.
    pub measures: Option<Measures>,
    /// Hash of what is judged, which tells whether what was learnt is of this rule.
    pub plan_hash: u64,
    value: Option<Slot>,
}

impl BaselineRule {
    /// The number of an event, where each event gives one.
    pub(super) fn number(&self, values: &Values<'_>) -> Option<f64> {
        super::measure::number(values.get(self.value?))
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        fields: &Fields<'_>,
        variables: &mut Variables,
    ) -> Option<Self> {
        let (value, measures) = match (fields.get("value"), fields.get("measure")) {
            (Some(_), None) => (Some(field(reader, fields, "value", variables)?), None),
            (None, Some(node)) => (None, Some(read_tumbling(reader, node, variables)?)),
            _ => {
                let problem = "or `measure` must be there, and not both: the field whose numbers are judged, or what is \
                               measured of each window";
                let (key, problem) = ("value".to_owned(), problem.to_owned());
                reader.fail(fields.place, Fault::Detection { key, problem });
                return None;
            }
        };
        let standard = Habit::default();
        let habit = Habit {
            by: season(reader, fields)?,
            learn: reader.count(fields, "learn").unwrap_or(standard.learn),
            beyond: positive(reader, fields, "deviations").unwrap_or(standard.beyond),
            least: positive(reader, fields, "least_difference").unwrap_or(standard.least),
            freeze: reader.count(fields, "freeze").unwrap_or(standard.freeze),
        };
        let name = value.map_or("", |slot| variables.name(slot));
        Some(Self {
            habit,
            plan_hash: hash(measures.as_slice(), name),
            measures,
            value,
        })
    }
}

fn season(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Prediction> {
    match fields.get("season") {
        Some(_) => choice(reader, fields, "season", SEASONS, "none, day, week or best"),
        None => Some(Prediction::Best),
    }
}

/// A number that is not negative.
fn positive(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &'static str) -> Option<f64> {
    let node = fields.get(key)?;
    let number = reader.number(fields, key)?;
    if number < 0.0 {
        reader.wrong_kind(node, key, "a number from 0");
        return None;
    }
    Some(number)
}

/// Values that a subject never or hardly had.
#[derive(Debug)]
pub struct RareRule {
    /// How seldom, and after how many.
    pub rarity: Rarity,
    /// Whether the values are hours of the day, of which the one before and the one behind count as the same.
    pub is_of_hours: bool,
    value: Slot,
    until_learnt: Option<Condition>,
}

impl RareRule {
    /// The value of an event; `None` where it is not known.
    pub(super) fn item(&self, values: &Values<'_>) -> Option<String> {
        super::measure::item(values.get(self.value))
    }

    /// What is told of an event while too little is learnt.
    pub(super) fn tells_unlearnt(&self, values: &Values<'_>) -> bool {
        let condition = self.until_learnt.as_ref();
        condition.is_some_and(|condition| condition.decide(values) == Some(true))
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        fields: &Fields<'_>,
        variables: &mut Variables,
    ) -> Option<Self> {
        let value = field(reader, fields, "value", variables)?;
        let share = positive(reader, fields, "share").unwrap_or(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number from 0 that a file writes"
        )]
        let at_most = positive(reader, fields, "at_most").unwrap_or(0.0) as u64;
        Some(Self {
            rarity: Rarity {
                learn: u64::from(reader.count(fields, "learn").unwrap_or(LEARN_VALUES)),
                at_most,
                share,
                forget: span_or(reader, fields, "forget", FORGET_MS),
            },
            is_of_hours: variables.name(value) == "hour",
            value,
            until_learnt: event_condition(reader, fields, "until_learnt", variables),
        })
    }
}
