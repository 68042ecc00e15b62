//! What a condition can be, whatever the event: never true, never false, true whenever another is. Sound but not
//! complete: what it does not understand may be anything. No I/O.

use std::collections::HashMap;

use super::expression::{Comparison, Constant, Expression, Slot, TextTest};
use super::operators;

/// More alternatives than this are not followed.
const MAX_CLAUSES: usize = 64;

/// Something that holds of an event, or does not.
#[derive(Debug, Clone)]
struct Atom<'e> {
    of: &'e Expression,
    holds: bool,
}

type Clause<'e> = Vec<Atom<'e>>;

/// Whether no event can make it true.
pub(super) fn is_never_true(expression: &Expression) -> bool {
    clauses(expression, true).is_some_and(|clauses| clauses.iter().all(contradicts_itself))
}

/// Whether no event of which all is known can make it false.
pub(super) fn is_never_false(expression: &Expression) -> bool {
    clauses(expression, false).is_some_and(|clauses| clauses.iter().all(contradicts_itself))
}

/// Whether the other is true whenever this one is.
pub(super) fn implies(this: &Expression, other: &Expression) -> bool {
    let both = clauses(this, true).zip(clauses(other, false));
    both.and_then(|(this, other)| all_pairs(&this, &other))
        .is_some_and(|clauses| clauses.iter().all(contradicts_itself))
}

/// The alternatives in which the expression holds (or not), each a list of atoms that hold together.
fn clauses(of: &Expression, holds: bool) -> Option<Vec<Clause<'_>>> {
    match (of, holds) {
        (Expression::Constant(Constant::Bool(value)), _) => Some(if *value == holds {
            vec![Vec::new()]
        } else {
            Vec::new()
        }),
        (Expression::Not(inner), _) => clauses(inner, !holds),
        (Expression::And(parts), true) | (Expression::Or(parts), false) => {
            parts.iter().try_fold(vec![Vec::new()], |done, part| {
                all_pairs(&done, &clauses(part, holds)?)
            })
        }
        (Expression::And(parts), false) | (Expression::Or(parts), true) => {
            let mut any = Vec::new();
            for part in parts {
                any.extend(clauses(part, holds)?);
            }
            (any.len() <= MAX_CLAUSES).then_some(any)
        }
        (of, holds) => Some(vec![vec![Atom { of, holds }]]),
    }
}

fn all_pairs<'e>(left: &[Clause<'e>], right: &[Clause<'e>]) -> Option<Vec<Clause<'e>>> {
    if left.len().saturating_mul(right.len()) > MAX_CLAUSES {
        return None;
    }
    let pairs = left
        .iter()
        .flat_map(|one| right.iter().map(move |other| [one.as_slice(), other].concat()));
    Some(pairs.collect())
}

fn contradicts_itself(clause: &Clause<'_>) -> bool {
    let mut domains: HashMap<Slot, Domain> = HashMap::new();
    let mut opaque: HashMap<String, bool> = HashMap::new();
    for atom in clause {
        if let Some((slot, constraint)) = constraint(atom) {
            domains.entry(slot).or_default().add(constraint);
            continue;
        }
        let before = opaque.insert(format!("{:?}", atom.of), atom.holds);
        if before.is_some_and(|before| before != atom.holds) {
            return true;
        }
    }
    domains.values().any(Domain::is_empty)
}

/// What an atom says about one variable.
enum Constraint<'e> {
    Null(bool),
    Order(Comparison, f64),
    OneOf(Vec<&'e Constant>),
    NoneOf(Vec<&'e Constant>),
}

fn constraint<'e>(atom: &Atom<'e>) -> Option<(Slot, Constraint<'e>)> {
    match atom.of {
        Expression::IsNull(slot) => Some((*slot, Constraint::Null(atom.holds))),
        Expression::Variable(slot) => {
            let truth = if atom.holds {
                &Constant::Bool(true)
            } else {
                &Constant::Bool(false)
            };
            Some((*slot, Constraint::OneOf(vec![truth])))
        }
        Expression::InConstants(of, list) => {
            let Expression::Variable(slot) = **of else {
                return None;
            };
            Some((slot, membership(list.iter().collect(), atom.holds)))
        }
        Expression::Compare(operator, sides) => match &**sides {
            (Expression::Variable(slot), Expression::Constant(constant)) => {
                Some((*slot, comparison(*operator, constant, atom.holds)?))
            }
            (Expression::Constant(constant), Expression::Variable(slot)) => {
                Some((*slot, comparison(mirrored(*operator), constant, atom.holds)?))
            }
            _ => None,
        },
        _ => None,
    }
}

fn membership(list: Vec<&Constant>, holds: bool) -> Constraint<'_> {
    if holds {
        Constraint::OneOf(list)
    } else {
        Constraint::NoneOf(list)
    }
}

fn comparison(operator: Comparison, constant: &Constant, holds: bool) -> Option<Constraint<'_>> {
    let operator = if holds { operator } else { opposite(operator) };
    match operator {
        Comparison::Equal => Some(Constraint::OneOf(vec![constant])),
        Comparison::NotEqual => Some(Constraint::NoneOf(vec![constant])),
        _ => number(constant).map(|number| Constraint::Order(operator, number)),
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

/// What a variable can still be.
#[derive(Default)]
struct Domain<'e> {
    null: Option<bool>,
    compared: bool,
    conflict: bool,
    orders: Vec<(Comparison, f64)>,
    one_of: Option<Vec<&'e Constant>>,
    none_of: Vec<&'e Constant>,
}

impl<'e> Domain<'e> {
    fn add(&mut self, constraint: Constraint<'e>) {
        match constraint {
            Constraint::Null(null) => {
                self.conflict |= self.null.is_some_and(|before| before != null);
                self.null = Some(null);
            }
            Constraint::Order(operator, number) => {
                self.compared = true;
                self.orders.push((operator, number));
            }
            Constraint::OneOf(list) => {
                self.compared |= !list.contains(&&Constant::Null);
                self.one_of = Some(match self.one_of.take() {
                    None => list,
                    Some(before) => before.into_iter().filter(|item| list.contains(item)).collect(),
                });
            }
            Constraint::NoneOf(list) => self.none_of.extend(list),
        }
    }

    fn is_empty(&self) -> bool {
        if self.conflict || self.null == Some(true) && self.compared {
            return true;
        }
        let fits = |item: &&Constant| {
            let in_order = self
                .orders
                .iter()
                .all(|(operator, bound)| number(item).is_some_and(|number| holds(*operator, number, *bound)));
            in_order && !self.none_of.contains(item)
        };
        match &self.one_of {
            Some(list) => !list.iter().any(fits),
            None => self.range_is_empty(),
        }
    }

    fn range_is_empty(&self) -> bool {
        let lowest = self
            .orders
            .iter()
            .filter(|(operator, _)| matches!(operator, Comparison::Greater | Comparison::GreaterOrEqual));
        let highest = self
            .orders
            .iter()
            .filter(|(operator, _)| matches!(operator, Comparison::Less | Comparison::LessOrEqual));
        let highest: Vec<_> = highest.collect();
        lowest.into_iter().any(|(low, from)| {
            highest.iter().any(|(high, to)| {
                let touching = *low == Comparison::GreaterOrEqual && *high == Comparison::LessOrEqual;
                from > to || (from >= to && !touching)
            })
        })
    }
}

fn holds(operator: Comparison, left: f64, right: f64) -> bool {
    let (left, right) = (Constant::Double(left), Constant::Double(right));
    operators::compare(operator, &(&left).into(), &(&right).into()) == Some(true)
}

fn number(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Long(value) => Some(*value as f64),
        Constant::Double(value) => Some(*value),
        _ => None,
    }
}

/// What strikes a reader of a condition, apart from its meaning.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Oddities {
    /// A part is left to the `cel` crate, which takes many times as long.
    pub(crate) slow: bool,
    /// Patterns of `matches()` that are plain texts.
    pub(crate) plain_patterns: Vec<String>,
    /// Items that a list has twice.
    pub(crate) repeated: Vec<String>,
    /// Fractions that something must equal exactly.
    pub(crate) exact_fractions: Vec<f64>,
}

impl Oddities {
    pub(super) fn look_at(&mut self, expression: &Expression) {
        match expression {
            Expression::Cel(_) => self.slow = true,
            Expression::Text(TextTest::Matches(pattern), _) if is_plain(pattern.as_str()) => {
                self.plain_patterns.push(pattern.as_str().to_owned());
            }
            Expression::InConstants(_, list) => {
                let repeated = list
                    .iter()
                    .enumerate()
                    .filter(|(at, item)| list[..*at].contains(item));
                self.repeated.extend(repeated.map(|(_, item)| spelled(item)));
            }
            Expression::Compare(Comparison::Equal | Comparison::NotEqual, sides) => {
                for side in [&sides.0, &sides.1] {
                    if let Expression::Constant(Constant::Double(number)) = side
                        && number.fract() != 0.0
                    {
                        self.exact_fractions.push(*number);
                    }
                }
            }
            _ => {}
        }
        for child in expression.children() {
            self.look_at(child);
        }
    }
}

fn spelled(constant: &Constant) -> String {
    match constant {
        Constant::Text(text) => format!("'{text}'"),
        Constant::Long(number) => number.to_string(),
        Constant::Double(number) => number.to_string(),
        Constant::Bool(truth) => truth.to_string(),
        Constant::Null => "null".to_owned(),
    }
}

fn is_plain(pattern: &str) -> bool {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    !inner.is_empty() && !inner.contains(regex_syntax::is_meta_character)
}

#[cfg(test)]
mod tests {
    use crate::condition::{Condition, Variables};

    fn compiled(conditions: [&str; 2]) -> [Condition; 2] {
        let mut variables = Variables::default();
        conditions
            .map(|text| Condition::compile(text, &mut variables).unwrap_or_else(|fault| panic!("{fault}")))
    }

    fn one(condition: &str) -> Condition {
        let [condition, _] = compiled([condition, "true"]);
        condition
    }

    #[test]
    fn contradictions_are_seen() {
        for never in [
            "data.x > 10 and data.x < 5",
            "data.x > 10 and data.x <= 10",
            "type == 'a' and type == 'b'",
            "type == 'a' and type in ['b', 'c']",
            "data.x == null and data.x > 1",
            "data.ok and not data.ok",
            "text.contains('a') and not text.contains('a')",
            "(data.x > 10 or data.x > 20) and 5 > data.x",
            "1 > 2",
        ] {
            assert!(one(never).is_never_true(), "{never}");
        }
        for open in [
            "data.x >= 10 and data.x <= 10",
            "data.x > 5 or data.x < 3",
            "type == 'a' or type == 'b'",
            "data.x > data.y",
        ] {
            assert!(!one(open).is_never_true(), "{open}");
        }
    }

    #[test]
    fn what_is_always_true_is_seen() {
        for always in [
            "true",
            "data.x > 5 or data.x <= 5",
            "data.x == null or data.x != null",
            "type != 'a' or type != 'b'",
        ] {
            assert!(one(always).is_never_false(), "{always}");
        }
        assert!(!one("data.x > 5 or data.x < 5").is_never_false());
    }

    #[test]
    fn implications_are_seen() {
        for (this, other) in [
            ("data.x > 100", "data.x > 10"),
            ("type == 'a' and data.x > 1", "type in ['a', 'b']"),
            ("data.x == 7", "data.x > 5"),
            ("text.hasWord('a') and data.x > 3", "text.hasWord('a')"),
        ] {
            let [this_, other_] = compiled([this, other]);
            assert!(this_.implies(&other_), "{this} implies {other}");
            assert!(!other_.implies(&this_), "{other} does not imply {this}");
        }
    }
}
