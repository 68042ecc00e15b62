//! What a part of a condition can still be, after some comparisons with constants: `hour` is a whole number from 0 to 23,
//! and after `hour > 3` one from 4 on. No I/O.

use super::analysis::Atom;
use super::expression::{Comparison, Constant, Expression, TextTest};
use super::operators;
use super::time::{TimePart, WEEKDAYS};
use super::variables::Variables;

/// The states that a signal can have.
const STATES: [&str; 3] = ["candidate", "verified", "downgraded"];

/// What an atom says about one part.
pub(super) enum Constraint<'e> {
    Null(bool),
    Order(Comparison, &'e Constant),
    OneOf(Vec<&'e Constant>),
    NoneOf(Vec<&'e Constant>),
}

const TRUTHS: [Constant; 2] = [Constant::Bool(false), Constant::Bool(true)];

/// The part that a comparison is about, and what it says of it.
pub(super) fn constraint<'e>(atom: &Atom<'e>) -> Option<(&'e Expression, Constraint<'e>)> {
    match atom.of {
        Expression::Variable(_) => {
            let truth = &TRUTHS[usize::from(atom.holds)];
            Some((atom.of, Constraint::OneOf(vec![truth])))
        }
        Expression::InConstants(of, list) => Some((of, membership(list.iter().collect(), atom.holds))),
        Expression::Compare(operator, sides) => match &**sides {
            (Expression::Constant(_), Expression::Constant(_)) => None,
            (of, Expression::Constant(constant)) => Some((of, comparison(*operator, constant, atom.holds))),
            (Expression::Constant(constant), of) => {
                Some((of, comparison(mirrored(*operator), constant, atom.holds)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether an atom alone can never be as it is said to be: a text in lower case has no capitals, symbols have nothing
/// else.
pub(super) fn is_impossible(atom: &Atom<'_>, variables: &Variables) -> bool {
    let is_lower = |text: &str| text.to_lowercase() == text;
    match atom.of {
        Expression::Text(test, of) if atom.holds && matches!(**of, Expression::Lower(_)) => match test {
            TextTest::Contains(part) | TextTest::StartsWith(part) | TextTest::EndsWith(part) => {
                !is_lower(part)
            }
            TextTest::Matches(_) => false,
        },
        Expression::InVariable(sides) if atom.holds => {
            let (Expression::Constant(Constant::Text(text)), Expression::Variable(slot)) = &**sides else {
                return false;
            };
            match variables.name(*slot) {
                "cashtags" => text.to_ascii_uppercase() != *text,
                "hashtags" | "mentions" | "ens_names" => !is_lower(text),
                _ => false,
            }
        }
        _ => false,
    }
}

fn membership(list: Vec<&Constant>, holds: bool) -> Constraint<'_> {
    if holds {
        Constraint::OneOf(list)
    } else {
        Constraint::NoneOf(list)
    }
}

fn comparison(operator: Comparison, constant: &Constant, holds: bool) -> Constraint<'_> {
    let operator = if holds { operator } else { opposite(operator) };
    match operator {
        Comparison::Equal => Constraint::OneOf(vec![constant]),
        Comparison::NotEqual => Constraint::NoneOf(vec![constant]),
        _ => Constraint::Order(operator, constant),
    }
}

fn opposite(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

fn mirrored(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// What a part can still be.
#[derive(Default)]
pub(super) struct Domain<'e> {
    compared: bool,
    conflict: bool,
    null: Option<bool>,
    orders: Vec<(Comparison, &'e Constant)>,
    one_of: Option<Vec<&'e Constant>>,
    none_of: Vec<&'e Constant>,
    /// Whole numbers only, between these.
    whole: Option<(f64, f64)>,
    /// These texts only.
    texts: Option<&'static [&'static str]>,
    lower: bool,
}

impl<'e> Domain<'e> {
    /// What a part can be before anything is said of it.
    pub(super) fn of(part: &Expression, variables: &Variables) -> Self {
        let mut domain = Self::default();
        match part {
            Expression::Size(_) => domain.whole = Some((0.0, f64::INFINITY)),
            Expression::Lower(_) => domain.lower = true,
            Expression::Part(part, _, of)
                if matches!(**of, Expression::Moment(_) | Expression::Timestamp(_)) =>
            {
                domain.whole = Some(part.range());
            }
            Expression::Variable(slot) => match variables.name(*slot) {
                "hour" => domain.whole = Some(TimePart::Hours.range()),
                "weekday" => domain.texts = Some(&WEEKDAYS),
                "state" => domain.texts = Some(&STATES),
                "evidence_count" | "source_count" | "suppressed" => domain.whole = Some((0.0, f64::INFINITY)),
                _ => {}
            },
            _ => {}
        }
        domain
    }

    pub(super) fn add(&mut self, constraint: Constraint<'e>) {
        match constraint {
            Constraint::Null(null) => {
                self.conflict |= self.null.is_some_and(|before| before != null);
                self.null = Some(null);
            }
            Constraint::Order(operator, bound) => {
                self.compared = true;
                self.orders.push((operator, bound));
            }
            Constraint::OneOf(list) => {
                self.compared |= !list.contains(&&Constant::Null);
                self.one_of = Some(match self.one_of.take() {
                    None => list,
                    Some(before) => before.into_iter().filter(|item| has(&list, item)).collect(),
                });
            }
            Constraint::NoneOf(list) => self.none_of.extend(list),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        if self.conflict || self.null == Some(true) && self.compared {
            return true;
        }
        match &self.one_of {
            Some(list) => !list.iter().any(|item| self.holds(item)),
            None => self.range_is_empty(),
        }
    }

    fn holds(&self, item: &Constant) -> bool {
        let in_order = self
            .orders
            .iter()
            .all(|(operator, bound)| ordered(*operator, item, bound));
        in_order && !has(&self.none_of, item) && self.may_be(item)
    }

    /// Whether it could be this before anything was said of it.
    fn may_be(&self, item: &Constant) -> bool {
        match item {
            Constant::Text(text) => {
                self.texts.is_none_or(|texts| texts.contains(&text.as_str()))
                    && !(self.lower && text.to_lowercase() != *text)
            }
            _ => match (self.whole, number(item)) {
                (Some((least, most)), Some(number)) => {
                    number.fract() == 0.0 && (least..=most).contains(&number)
                }
                _ => true,
            },
        }
    }

    fn range_is_empty(&self) -> bool {
        if let Some((least, most)) = self.whole {
            return self.whole_range_is_empty(least, most);
        }
        if let Some(texts) = self.texts {
            let mut texts = texts.iter().map(|text| Constant::Text((*text).to_owned()));
            return !texts.any(|text| self.holds(&text));
        }
        let (lowest, highest): (Vec<_>, Vec<_>) = self
            .orders
            .iter()
            .partition(|(operator, _)| matches!(operator, Comparison::Greater | Comparison::GreaterOrEqual));
        let kinds_differ =
            self.orders
                .iter()
                .zip(self.orders.iter().skip(1))
                .any(|((_, one), (_, other))| {
                    operators::compare_constants(Comparison::Less, one, other).is_none()
                });
        kinds_differ
            || lowest
                .iter()
                .any(|low| highest.iter().any(|high| self.nothing_between(low, high)))
    }

    fn nothing_between(&self, low: &(Comparison, &Constant), high: &(Comparison, &Constant)) -> bool {
        let closed = low.0 == Comparison::GreaterOrEqual && high.0 == Comparison::LessOrEqual;
        let at_a_point = operators::same(low.1, high.1);
        ordered(Comparison::Greater, low.1, high.1) || at_a_point && (!closed || has(&self.none_of, low.1))
    }

    fn whole_range_is_empty(&self, mut least: f64, mut most: f64) -> bool {
        for (operator, bound) in &self.orders {
            let Some(bound) = number(bound) else { continue };
            match operator {
                Comparison::Greater => least = least.max(bound.floor() + 1.0),
                Comparison::GreaterOrEqual => least = least.max(bound.ceil()),
                Comparison::Less => most = most.min(bound.ceil() - 1.0),
                _ => most = most.min(bound.floor()),
            }
        }
        least > most
    }
}

fn has(list: &[&Constant], item: &Constant) -> bool {
    list.iter().any(|other| operators::same(other, item))
}

fn ordered(operator: Comparison, left: &Constant, right: &Constant) -> bool {
    operators::compare_constants(operator, left, right) == Some(true)
}

fn number(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Long(value) => Some(*value as f64),
        Constant::Double(value) => Some(*value),
        Constant::Decimal(value) => Some(value.to_double()),
        _ => None,
    }
}
