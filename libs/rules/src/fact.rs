//! What is known about an event or a signal, as the rules see it: typed values by name.

use chrono::{DateTime, TimeDelta, Utc};
use model::presented::composed;
use model::{Decimal, Value};

/// One known value, borrowed from whoever knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fact<'a> {
    /// Known to be empty: `x == null` is true, comparisons are unknown.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A number with a fraction.
    Double(f64),
    /// A number with more digits than these hold.
    Decimal(&'a Decimal),
    /// A text.
    Str(&'a str),
    /// The first characters of a text of which nobody knows how it goes on.
    Beginning(&'a str),
    /// A time that a derived value came to; the fields of events hold theirs as [`Fact::Long`], in milliseconds.
    Moment(DateTime<Utc>),
    /// A span of time that a derived value came to.
    Span(TimeDelta),
    /// A list of texts, such as cashtags.
    StrList(&'a [String]),
    /// The chain addresses of an event; each counts as its text.
    Addresses(&'a [model::Address]),
}

impl<'a> Fact<'a> {
    /// The texts of a list; none of anything else.
    pub(crate) fn texts(&self) -> Vec<String> {
        match self {
            Fact::StrList(items) => items.to_vec(),
            Fact::Addresses(items) => items.iter().map(|item| item.address.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// An optional text of an event: its absence is known.
    pub(crate) fn of_text(text: Option<&'a str>) -> Self {
        text.map_or(Fact::Null, Fact::Str)
    }
}

impl<'a> From<&'a Value> for Fact<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Fact::Null,
            Value::Bool(value) => Fact::Bool(*value),
            Value::Long(value) => Fact::Long(*value),
            Value::Double(value) => whole(*value).map_or(Fact::Double(*value), Fact::Long),
            Value::Decimal(value) => Fact::Decimal(value),
            Value::String(text) => Fact::Str(text),
        }
    }
}

/// What is known from outside is the same number however it was spelt: 5.0 and 5e0 are 5.
#[expect(clippy::cast_possible_truncation, reason = "guarded by the range check")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

impl<'a> From<&'a str> for Fact<'a> {
    fn from(text: &'a str) -> Self {
        Fact::Str(text)
    }
}

/// A lookup of facts by their full name: bare event fields (`type`, `text`) and dotted names
/// (`data.amount`, `security.goplus_risk`).
///
/// `None` means "not known", and makes a comparison unknown rather than false.
pub trait Facts {
    /// The value of `name`, without allocating.
    fn get(&self, name: &str) -> Option<Fact<'_>>;
}

/// Two lookups as one: the first answers, and what it does not know the second may.
#[derive(Debug, Clone, Copy)]
pub struct Both<'a, A: ?Sized, B: ?Sized>(pub &'a A, pub &'a B);

impl<A: Facts + ?Sized, B: Facts + ?Sized> Facts for Both<'_, A, B> {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        self.0.get(name).or_else(|| self.1.get(name))
    }
}

impl<A: Facts + ?Sized> Facts for &A {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        (**self).get(name)
    }
}

/// An owned value: what test cases are written with.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnedFact {
    /// See [`Fact::Null`].
    Null,
    /// See [`Fact::Bool`].
    Bool(bool),
    /// See [`Fact::Long`].
    Long(i64),
    /// See [`Fact::Double`].
    Double(f64),
    /// See [`Fact::Decimal`].
    Decimal(Decimal),
    /// See [`Fact::Str`].
    Str(String),
    /// See [`Fact::Moment`].
    Moment(DateTime<Utc>),
    /// See [`Fact::Span`].
    Span(TimeDelta),
    /// See [`Fact::StrList`].
    StrList(Vec<String>),
}

impl OwnedFact {
    /// The same with a whole number as one, however it was spelt.
    pub(crate) fn known(self) -> Self {
        match self {
            OwnedFact::Double(number) => whole(number).map_or(self, OwnedFact::Long),
            other => other,
        }
    }

    /// The same with texts in the form that lists and tables are asked in.
    pub(crate) fn composed(self) -> Self {
        match self {
            OwnedFact::Str(text) => OwnedFact::Str(composed(&text).into_owned()),
            other => other,
        }
    }

    /// The borrowed form.
    pub fn as_fact(&self) -> Fact<'_> {
        match self {
            OwnedFact::Null => Fact::Null,
            OwnedFact::Bool(value) => Fact::Bool(*value),
            OwnedFact::Long(value) => Fact::Long(*value),
            OwnedFact::Double(value) => Fact::Double(*value),
            OwnedFact::Decimal(value) => Fact::Decimal(value),
            OwnedFact::Str(text) => Fact::Str(text),
            OwnedFact::Moment(time) => Fact::Moment(*time),
            OwnedFact::Span(span) => Fact::Span(*span),
            OwnedFact::StrList(items) => Fact::StrList(items),
        }
    }
}

impl From<&Value> for OwnedFact {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => OwnedFact::Null,
            Value::Bool(value) => OwnedFact::Bool(*value),
            Value::Long(value) => OwnedFact::Long(*value),
            Value::Double(value) => whole(*value).map_or(OwnedFact::Double(*value), OwnedFact::Long),
            Value::Decimal(value) => OwnedFact::Decimal(value.clone()),
            Value::String(text) => OwnedFact::Str(text.clone()),
        }
    }
}

/// A plain list of facts, for tests and small lookups.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FactList(pub Vec<(String, OwnedFact)>);

impl FactList {
    /// Adds a fact; the first of a name wins.
    #[must_use]
    pub fn with(mut self, name: &str, value: OwnedFact) -> Self {
        self.0.push((name.to_owned(), value));
        self
    }
}

impl Facts for FactList {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_fact())
    }
}
