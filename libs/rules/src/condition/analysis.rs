//! What a condition can be, whatever the event: never true, never false, true whenever another is. Sound but not
//! complete: what it does not understand may be anything. No I/O.

use std::collections::HashMap;

use super::domain::{self, Constraint, Domain};
use super::expression::{Constant, Expression};
use super::subject::key;
use super::variables::Variables;

/// More alternatives than this are not followed.
const MAX_CLAUSES: usize = 64;

/// Something that holds of an event, or does not.
#[derive(Debug, Clone)]
pub(super) struct Atom<'e> {
    pub(super) of: &'e Expression,
    pub(super) holds: bool,
}

type Clause<'e> = Vec<Atom<'e>>;

/// Whether no event can make it true.
pub(super) fn is_never_true(expression: &Expression, variables: &Variables) -> bool {
    clauses(expression, true)
        .is_some_and(|clauses| clauses.iter().all(|clause| contradicts_itself(clause, variables)))
}

/// Whether no event of which all is known can make it false.
pub(super) fn is_never_false(expression: &Expression, variables: &Variables) -> bool {
    clauses(expression, false)
        .is_some_and(|clauses| clauses.iter().all(|clause| contradicts_itself(clause, variables)))
}

/// Whether the other is true whenever this one is.
pub(super) fn implies(this: &Expression, other: &Expression, variables: &Variables) -> bool {
    let both = clauses(this, true).zip(clauses(other, false));
    both.and_then(|(this, other)| all_pairs(&this, &other))
        .is_some_and(|clauses| clauses.iter().all(|clause| contradicts_itself(clause, variables)))
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

fn contradicts_itself(clause: &Clause<'_>, variables: &Variables) -> bool {
    let mut domains: HashMap<String, Domain<'_>> = HashMap::new();
    let mut opaque: HashMap<String, bool> = HashMap::new();
    for atom in clause {
        if domain::is_impossible(atom, variables) {
            return true;
        }
        if let Expression::IsNull(slot) = atom.of {
            let of = key(&Expression::Variable(*slot));
            domains.entry(of).or_default().add(Constraint::Null(atom.holds));
            continue;
        }
        if let Some((of, constraint)) = domain::constraint(atom) {
            let domain = domains
                .entry(key(of))
                .or_insert_with(|| Domain::of(of, variables));
            domain.add(constraint);
            continue;
        }
        let before = opaque.insert(key(atom.of), atom.holds);
        if before.is_some_and(|before| before != atom.holds) {
            return true;
        }
    }
    domains.values().any(Domain::is_empty)
}

#[cfg(test)]
mod tests {
    use crate::condition::{Condition, Variables};

    fn compiled(conditions: [&str; 2]) -> ([Condition; 2], Variables) {
        let mut variables = Variables::default();
        let conditions = conditions
            .map(|text| Condition::compile(text, &mut variables).unwrap_or_else(|fault| panic!("{fault}")));
        (conditions, variables)
    }

    fn is_never_true(condition: &str) -> bool {
        let ([condition, _], variables) = compiled([condition, "true"]);
        condition.is_never_true(&variables)
    }

    fn is_never_false(condition: &str) -> bool {
        let ([condition, _], variables) = compiled([condition, "true"]);
        condition.is_never_false(&variables)
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
            "data.x > 10 and data.x > 'a'",
            "data.s > 'b' and data.s < 'a'",
            "data.x >= 5 and data.x <= 5.0 and data.x != 5",
            "time > timestamp('2026-02-01T00:00:00Z') and time < timestamp('2026-01-01T00:00:00Z')",
            "received_at - time > duration('1h') and received_at - time < duration('5m')",
            "hour == 24",
            "hour > 3 and hour < 4",
            "time.getMonth('Europe/Berlin') == 12",
            "weekday == 'Monday'",
            "weekday in ['Sat', 'Sun']",
            "size(text) < 0",
            "size(text) > 5 and size(text) < 3",
            "text.lowerAscii() == 'Binance'",
            "text.lower().contains('Binance')",
            "'uni' in cashtags",
            "'DeFi' in hashtags",
            "state == 'open'",
        ] {
            assert!(is_never_true(never), "{never}");
        }
        for open in [
            "data.x >= 10 and data.x <= 10",
            "data.x == 5 and data.x == 5.0",
            "data.x == 5 and data.x in [5.0, 6]",
            "data.s > 'a' and data.s < 'b'",
            "hour == 23 and weekday == 'mon'",
            "hour > 3 and hour < 5",
            "(received_at - time).getHours() > 100",
            "size(text) > 5 and size(title) < 3",
            "text.lower() == 'binance' and 'UNI' in cashtags",
            "time >= timestamp('2026-01-01T00:00:00Z') and time < 1767225600001",
            "data.x > 5 or data.x < 3",
            "type == 'a' or type == 'b'",
            "data.x > data.y",
        ] {
            assert!(!is_never_true(open), "{open}");
        }
    }

    #[test]
    fn what_is_always_true_is_seen() {
        for always in [
            "true",
            "data.x > 5 or data.x <= 5",
            "data.x == null or data.x != null",
            "type != 'a' or type != 'b'",
            "hour >= 0",
            "size(text) >= 0",
        ] {
            assert!(is_never_false(always), "{always}");
        }
        assert!(!is_never_false("data.x > 5 or data.x < 5"));
    }

    #[test]
    fn implications_are_seen() {
        for (this, other) in [
            ("data.x > 100", "data.x > 10"),
            ("type == 'a' and data.x > 1", "type in ['a', 'b']"),
            ("data.x == 7", "data.x > 5"),
            ("text.hasWord('a') and data.x > 3", "text.hasWord('a')"),
        ] {
            let ([this_, other_], variables) = compiled([this, other]);
            assert!(this_.implies(&other_, &variables), "{this} implies {other}");
            assert!(
                !other_.implies(&this_, &variables),
                "{other} does not imply {this}"
            );
        }
    }
}
