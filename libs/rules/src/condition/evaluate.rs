//! Three-valued evaluation (Kleene): true, false, or unknown. No I/O, no panic, no error.
//!
//! Unknown is what a missing value, a type that does not fit, an overflow or a division by zero gives.
//! `a || b` is true when `b` is, whatever `a` is.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use model::Decimal;

use super::expression::{Comparison, Constant, Expression, TextTest};
use super::moment;
use super::operators;
use super::time::{TimePart, Zone};
use super::values::Values;
use crate::fact::Fact;
use crate::lists::{NamedList, NamedTable};

/// A value while a condition is evaluated.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Unknown,
    Null,
    Bool(bool),
    Long(i64),
    Double(f64),
    Decimal(Cow<'a, Decimal>),
    Text(Cow<'a, str>),
    /// The first characters of a text.
    Beginning(Cow<'a, str>),
    Moment(DateTime<Utc>),
    Span(TimeDelta),
    List(Fact<'a>),
}

impl<'a> From<Fact<'a>> for Value<'a> {
    fn from(fact: Fact<'a>) -> Self {
        match fact {
            Fact::Null => Value::Null,
            Fact::Bool(value) => Value::Bool(value),
            Fact::Long(value) => Value::Long(value),
            Fact::Double(value) => Value::Double(value),
            Fact::Decimal(value) => Value::Decimal(Cow::Borrowed(value)),
            Fact::Str(text) => Value::Text(Cow::Borrowed(text)),
            Fact::Beginning(text) => Value::Beginning(Cow::Borrowed(text)),
            Fact::Moment(time) => Value::Moment(time),
            Fact::Span(span) => Value::Span(span),
            list @ (Fact::StrList(_) | Fact::Addresses(_)) => Value::List(list),
        }
    }
}

impl<'a> From<&'a Constant> for Value<'a> {
    fn from(constant: &'a Constant) -> Self {
        match constant {
            Constant::Null => Value::Null,
            Constant::Bool(value) => Value::Bool(*value),
            Constant::Long(value) => Value::Long(*value),
            Constant::Double(value) => Value::Double(*value),
            Constant::Decimal(value) => Value::Decimal(Cow::Borrowed(value)),
            Constant::Text(text) => Value::Text(Cow::Borrowed(text)),
            Constant::Moment(time) => Value::Moment(*time),
            Constant::Span(span) => Value::Span(*span),
        }
    }
}

impl From<Option<bool>> for Value<'_> {
    fn from(known: Option<bool>) -> Self {
        known.map_or(Value::Unknown, Value::Bool)
    }
}

impl Expression {
    /// True, false, or `None` for unknown. A value that is no truth value is unknown.
    pub(super) fn truth(&self, values: &Values<'_>) -> Option<bool> {
        match self {
            Expression::IsNull(slot) => Some(values.is_null(*slot)),
            Expression::Not(inner) => inner.truth(values).map(|truth| !truth),
            Expression::And(parts) => all(parts, values),
            Expression::Or(parts) => any(parts, values),
            Expression::Compare(operator, sides) => compare(*operator, &sides.0, &sides.1, values),
            Expression::InConstants(item, list) => in_constants(&item.value(values), list),
            Expression::InList(item, list) => in_named(&item.value(values), list),
            Expression::InVariable(sides) => in_list(&sides.0.value(values), &sides.1.value(values)),
            Expression::HasWord(slot, set) => {
                let found = values.words(*slot).map(|found| found & set != 0);
                found.filter(|found| *found || !values.is_beginning(*slot))
            }
            Expression::Text(test, of) => test_text(test, &of.value(values)),
            other => match other.value(values) {
                Value::Bool(truth) => Some(truth),
                _ => None,
            },
        }
    }

    pub(super) fn value<'a>(&'a self, values: &'a Values<'_>) -> Value<'a> {
        match self {
            Expression::Constant(constant) => constant.into(),
            Expression::Variable(slot) => values.get(*slot).map_or(Value::Unknown, Value::from),
            Expression::If(parts) => match parts[0].truth(values) {
                Some(true) => parts[1].value(values),
                Some(false) => parts[2].value(values),
                None => Value::Unknown,
            },
            Expression::Arithmetic(operator, sides) => {
                operators::arithmetic(*operator, sides.0.value(values), sides.1.value(values))
            }
            Expression::Negate(inner) => operators::negate(&inner.value(values)),
            Expression::Size(of) => size(&of.value(values)),
            Expression::Lower(of) => match of.value(values) {
                Value::Text(text) => Value::Text(Cow::Owned(text.to_lowercase())),
                Value::Beginning(text) => Value::Beginning(Cow::Owned(text.to_lowercase())),
                _ => Value::Unknown,
            },
            Expression::Row(table, key) => row(table, &key.value(values)),
            Expression::Moment(slot) => moment_of(values.get(*slot)),
            Expression::Part(part, zone, of) => part_of(*part, *zone, &of.value(values)),
            Expression::Timestamp(of) => match of.value(values) {
                Value::Text(text) => moment::of_text(&text).map_or(Value::Unknown, Value::Moment),
                Value::Long(seconds) => moment::of_seconds(seconds).map_or(Value::Unknown, Value::Moment),
                Value::Moment(time) => Value::Moment(time),
                _ => Value::Unknown,
            },
            Expression::Decimal(of) => decimal_of(of.value(values)),
            Expression::Duration(of) => match of.value(values) {
                Value::Text(text) => moment::span(&text).map_or(Value::Unknown, Value::Span),
                Value::Span(span) => Value::Span(span),
                _ => Value::Unknown,
            },
            Expression::Cel(cel) => cel.value(values),
            truth => truth.truth(values).into(),
        }
    }
}

fn all(parts: &[Expression], values: &Values<'_>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part.truth(values) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

fn any(parts: &[Expression], values: &Values<'_>) -> Option<bool> {
    let mut known = true;
    for part in parts {
        match part.truth(values) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = false,
        }
    }
    known.then_some(false)
}

fn compare(operator: Comparison, left: &Expression, right: &Expression, values: &Values<'_>) -> Option<bool> {
    operators::compare(operator, &left.value(values), &right.value(values))
}

fn in_constants(item: &Value<'_>, list: &[Constant]) -> Option<bool> {
    match item {
        Value::Unknown => None,
        item => {
            let mut known = true;
            for constant in list {
                match operators::equal(item, &constant.into()) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => known = false,
                }
            }
            known.then_some(false)
        }
    }
}

fn in_list(item: &Value<'_>, list: &Value<'_>) -> Option<bool> {
    let Value::List(list) = list else { return None };
    match (item, list) {
        (Value::Unknown | Value::Beginning(_), _) => None,
        (Value::Text(text), Fact::StrList(items)) => Some(items.iter().any(|item| *item == **text)),
        (Value::Text(text), Fact::Addresses(items)) => Some(items.iter().any(|item| item.address == **text)),
        _ => Some(false),
    }
}

/// Nothing is in no list; a number is where its plain spelling is.
fn in_named(item: &Value<'_>, list: &NamedList) -> Option<bool> {
    match item {
        Value::Unknown | Value::Beginning(_) => None,
        Value::Text(text) => Some(list.holds(text)),
        number => Some(number_key(number).is_some_and(|number| list.holds(&number))),
    }
}

/// How lists and tables spell a number: 5 and 5.0 are `5`.
fn number_key(of: &Value<'_>) -> Option<String> {
    match of {
        Value::Long(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        Value::Decimal(number) => Some(number.to_string()),
        _ => None,
    }
}

fn row<'a>(table: &'a NamedTable, key: &Value<'_>) -> Value<'a> {
    match key {
        Value::Unknown | Value::Beginning(_) => Value::Unknown,
        Value::Text(key) => Value::from(table.get(key).as_fact()),
        number => number_key(number).map_or(Value::Null, |key| Value::from(table.get(&key).as_fact())),
    }
}

/// A text that is known not to be there contains nothing.
fn test_text(wanted: &TextTest, of: &Value<'_>) -> Option<bool> {
    match of {
        Value::Text(text) => Some(match wanted {
            TextTest::Contains(part) => text.contains(part.as_str()),
            TextTest::StartsWith(part) => text.starts_with(part.as_str()),
            TextTest::EndsWith(part) => text.ends_with(part.as_str()),
            TextTest::Matches(pattern) => pattern.is_match(text),
        }),
        Value::Beginning(text) => test_beginning(wanted, text),
        Value::Null => Some(false),
        _ => None,
    }
}

/// What is found in the beginning is in the text; what is not may follow.
fn test_beginning(wanted: &TextTest, text: &str) -> Option<bool> {
    let found = match wanted {
        TextTest::Contains(part) => text.contains(part.as_str()),
        TextTest::StartsWith(part) if text.len() >= part.len() => {
            return Some(text.starts_with(part.as_str()));
        }
        TextTest::StartsWith(part) if !part.starts_with(text) => return Some(false),
        TextTest::StartsWith(_) | TextTest::EndsWith(_) => false,
        TextTest::Matches(pattern) => !pattern.as_str().contains(['$', 'z']) && pattern.is_match(text),
    };
    found.then_some(true)
}

/// Fields hold times as milliseconds; a derived value may hold one as it is.
pub(super) fn moment_of(fact: Option<Fact<'_>>) -> Value<'_> {
    match fact {
        Some(Fact::Long(millis)) => moment::of_millis(millis).map_or(Value::Unknown, Value::Moment),
        other => other.map_or(Value::Unknown, Value::from),
    }
}

/// A number, or the number that a text spells as JSON does.
fn decimal_of(of: Value<'_>) -> Value<'_> {
    match of {
        Value::Text(text) => match model::Value::of_number(text.trim()) {
            Some(model::Value::Long(number)) => Value::Long(number),
            Some(model::Value::Double(number)) => Value::Double(number),
            Some(model::Value::Decimal(number)) => Value::Decimal(Cow::Owned(number)),
            _ => Value::Unknown,
        },
        number @ (Value::Long(_) | Value::Double(_) | Value::Decimal(_)) => number,
        _ => Value::Unknown,
    }
}

/// A number counts as milliseconds since 1970, since payloads carry times so.
fn part_of(part: TimePart, zone: Zone, of: &Value<'_>) -> Value<'static> {
    let found = match of {
        Value::Moment(time) => Some(part.of_time(*time, zone)),
        Value::Long(millis) => part.of(*millis, zone),
        Value::Span(span) => part.of_span(*span),
        _ => None,
    };
    found.map_or(Value::Unknown, Value::Long)
}

fn size(of: &Value<'_>) -> Value<'static> {
    let size = match of {
        Value::Text(text) => text.chars().count(),
        Value::List(Fact::StrList(items)) => items.len(),
        Value::List(Fact::Addresses(items)) => items.len(),
        _ => return Value::Unknown,
    };
    i64::try_from(size).map_or(Value::Unknown, Value::Long)
}
