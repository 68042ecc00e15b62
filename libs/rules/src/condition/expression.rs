//! Conditions as trees of ours: what the common cases compile to, with CEL for the rest.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use model::Decimal;

use super::fallback::CelExpression;
use super::patterns::Pattern;
use super::time::{TimePart, Zone};
use crate::lists::{NamedList, NamedTable};
use crate::words::Found;

/// Place of a variable in the table of its rule set.
pub(crate) type Slot = usize;

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Null,
    Bool(bool),
    Long(i64),
    Double(f64),
    Decimal(Decimal),
    Text(String),
    Moment(DateTime<Utc>),
    Span(TimeDelta),
}

/// Order comparisons and equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Arithmetic on two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A test of a text against something constant.
#[derive(Debug)]
pub(super) enum TextTest {
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    Matches(Pattern),
}

/// A compiled expression.
#[derive(Debug)]
pub(super) enum Expression {
    Constant(Constant),
    Variable(Slot),
    /// A field that holds a time in milliseconds since 1970.
    Moment(Slot),
    /// `x == null`: true also when nothing is known of `x`, and so never unknown.
    IsNull(Slot),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    If(Box<[Expression; 3]>),
    Compare(Comparison, Box<(Expression, Expression)>),
    Arithmetic(Arithmetic, Box<(Expression, Expression)>),
    Negate(Box<Expression>),
    /// `x in ['a', 'b']`
    InConstants(Box<Expression>, Vec<Constant>),
    /// `author in vip`
    InList(Box<Expression>, Arc<NamedList>),
    /// `tier[author]`
    Row(Arc<NamedTable>, Box<Expression>),
    /// `time.getHours('Europe/Berlin')`
    Part(TimePart, Zone, Box<Expression>),
    /// `timestamp('2026-01-01T00:00:00Z')`
    Timestamp(Box<Expression>),
    /// `decimal('1000000000000000000001')`
    Decimal(Box<Expression>),
    /// `duration('5m')`
    Duration(Box<Expression>),
    /// `'UNI' in cashtags`
    InVariable(Box<(Expression, Expression)>),
    Text(TextTest, Box<Expression>),
    /// `text.hasWord('a', 'b')`: one of the variable's sets of words.
    HasWord(Slot, Found),
    Size(Box<Expression>),
    Lower(Box<Expression>),
    /// Everything else CEL can say, evaluated by the `cel` crate.
    Cel(Box<CelExpression>),
}

impl Expression {
    /// Rough price of an evaluation, so that `&&` and `||` try the cheap sides first.
    pub(super) fn price(&self) -> u32 {
        match self {
            Expression::Constant(_) | Expression::IsNull(_) => 1,
            Expression::Variable(_) | Expression::Moment(_) => 2,
            Expression::Not(inner) | Expression::Negate(inner) => 1 + inner.price(),
            Expression::And(parts) | Expression::Or(parts) => {
                parts.iter().fold(1, |sum, part| sum.saturating_add(part.price()))
            }
            Expression::If(parts) => parts.iter().fold(1, |sum, part| sum.saturating_add(part.price())),
            Expression::Compare(_, sides)
            | Expression::Arithmetic(_, sides)
            | Expression::InVariable(sides) => 2 + sides.0.price() + sides.1.price(),
            Expression::InConstants(item, list) => {
                item.price() + u32::try_from(list.len()).unwrap_or(u32::MAX / 2)
            }
            Expression::InList(of, _) | Expression::Row(_, of) => 10 + of.price(),
            Expression::Size(of)
            | Expression::Lower(of)
            | Expression::Part(_, _, of)
            | Expression::Timestamp(of)
            | Expression::Decimal(of)
            | Expression::Duration(of) => 20 + of.price(),
            Expression::Text(TextTest::StartsWith(_) | TextTest::EndsWith(_), of) => 5 + of.price(),
            Expression::Text(TextTest::Contains(_), of) => 50 + of.price(),
            Expression::HasWord(..) => 100,
            Expression::Text(_, of) => 200 + of.price(),
            Expression::Cel(_) => 2000,
        }
    }

    /// What stands directly below.
    pub(super) fn children(&self) -> Vec<&Expression> {
        match self {
            Expression::Constant(_)
            | Expression::Variable(_)
            | Expression::Moment(_)
            | Expression::IsNull(_)
            | Expression::HasWord(..)
            | Expression::Cel(_) => Vec::new(),
            Expression::And(parts) | Expression::Or(parts) => parts.iter().collect(),
            Expression::If(parts) => parts.iter().collect(),
            Expression::Compare(_, sides)
            | Expression::Arithmetic(_, sides)
            | Expression::InVariable(sides) => vec![&sides.0, &sides.1],
            Expression::Not(of)
            | Expression::Negate(of)
            | Expression::InConstants(of, _)
            | Expression::InList(of, _)
            | Expression::Row(_, of)
            | Expression::Text(_, of)
            | Expression::Size(of)
            | Expression::Part(_, _, of)
            | Expression::Timestamp(of)
            | Expression::Decimal(of)
            | Expression::Duration(of)
            | Expression::Lower(of) => vec![of],
        }
    }
}
