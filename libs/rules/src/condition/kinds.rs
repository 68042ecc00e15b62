//! Types of expressions, as far as they are known before any event: what can never be compared is a mistake when rules
//! are loaded, not a condition that is silently unknown for ever. No I/O.

use super::compile::Problem;
use super::expression::{Arithmetic, Comparison, Constant, Expression, Slot, TextTest};
use super::variables::Variables;
use crate::names::{self, Kind};

/// Refuses a condition whose parts do not fit each other, or that is no condition.
pub(super) fn check_condition(expression: &Expression, variables: &Variables) -> Result<(), Problem> {
    let kinds = Kinds { variables };
    kinds.check(expression)?;
    kinds.wants_truth(expression)
}

struct Kinds<'a> {
    variables: &'a Variables,
}

impl Kinds<'_> {
    fn check(&self, expression: &Expression) -> Result<(), Problem> {
        for child in expression.children() {
            self.check(child)?;
        }
        match expression {
            Expression::And(parts) | Expression::Or(parts) => {
                parts.iter().try_for_each(|part| self.wants_truth(part))
            }
            Expression::Not(of) => self.wants_truth(of),
            Expression::Compare(operator, sides) => self.compared(*operator, &sides.0, &sides.1),
            Expression::Arithmetic(operator, sides) => self.computed(*operator, &sides.0, &sides.1),
            Expression::InConstants(item, list) => self.listed(item, list),
            Expression::Text(test, of) => self.tested(test, of),
            Expression::Lower(of) => self.wants(of, "lowerAscii()", &[Kind::Text]),
            Expression::Negate(of) => self.wants(of, "a minus", &[Kind::Number]),
            Expression::Part(part, _, of) if part.is_of_spans() => {
                self.wants(of, "a part of a time", &[Kind::Moment, Kind::Span, Kind::Number])
            }
            Expression::Part(_, _, of) => self.wants(of, "a part of a time", &[Kind::Moment, Kind::Number]),
            Expression::Timestamp(of) => {
                self.wants(of, "timestamp()", &[Kind::Text, Kind::Number, Kind::Moment])
            }
            Expression::Decimal(of) => self.wants(of, "decimal()", &[Kind::Text, Kind::Number]),
            Expression::Duration(of) => self.wants(of, "duration()", &[Kind::Text, Kind::Span]),
            Expression::HasWord(slot, _) => self.word(*slot),
            Expression::InVariable(sides) => self.contained(&sides.0, &sides.1),
            Expression::InList(item, _) => {
                self.wants(item, "membership in a list of texts", &[Kind::Text, Kind::Number])
            }
            Expression::Size(of) => self.wants(of, "size()", &[Kind::Text, Kind::List]),
            _ => Ok(()),
        }
    }

    fn wants_truth(&self, of: &Expression) -> Result<(), Problem> {
        match self.kind(of) {
            Kind::Any | Kind::Truth => Ok(()),
            kind => Err(Problem::Type(format!(
                "{} is {}, not true or false; compare it with something",
                self.spelled(of),
                kind.with_article()
            ))),
        }
    }

    fn wants(&self, of: &Expression, function: &str, fitting: &[Kind]) -> Result<(), Problem> {
        let kind = self.kind(of);
        if kind == Kind::Any || kind == Kind::Null || fitting.contains(&kind) {
            return Ok(());
        }
        Err(Problem::Type(format!(
            "{function} cannot be asked of {}, which is {}",
            self.spelled(of),
            kind.with_article()
        )))
    }

    fn tested(&self, test: &TextTest, of: &Expression) -> Result<(), Problem> {
        if let (Kind::List, TextTest::Contains(part)) = (self.kind(of), test) {
            let list = self.spelled(of);
            return Err(Problem::Type(format!(
                "{list} is a list; write '{part}' in {}",
                list.trim_matches('`')
            )));
        }
        self.wants(of, "a text function", &[Kind::Text])
    }

    fn compared(&self, operator: Comparison, left: &Expression, right: &Expression) -> Result<(), Problem> {
        let (one, other) = (self.kind(left), self.kind(right));
        let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        let either = |kind| one == kind || other == kind;
        // Beside a number, times and spans count in milliseconds.
        let in_millis = either(Kind::Number) && (either(Kind::Moment) || either(Kind::Span));
        let fits = either(Kind::Any)
            || in_millis
            || one == other && (equality || one != Kind::List)
            || equality && either(Kind::Null);
        if fits {
            return Ok(());
        }
        let hint = if either(Kind::Moment) && either(Kind::Text) {
            "; a time in a text is written timestamp('2026-01-01T00:00:00Z')"
        } else if either(Kind::Span) && either(Kind::Text) {
            "; a span in a text is written duration('5m')"
        } else {
            ""
        };
        Err(Problem::Type(format!(
            "{} is {}, {} is {}: they cannot be compared so{hint}",
            self.spelled(left),
            one.with_article(),
            self.spelled(right),
            other.with_article()
        )))
    }

    fn word(&self, slot: Slot) -> Result<(), Problem> {
        self.wants(&Expression::Variable(slot), "hasWord()", &[Kind::Text])
    }

    /// `'UNI' in cashtags`: lists of events hold texts.
    fn contained(&self, item: &Expression, list: &Expression) -> Result<(), Problem> {
        if self.kind(list) == Kind::Text {
            let (item, text) = (self.spelled(item), self.spelled(list));
            let text = text.trim_matches('`');
            return Err(Problem::Type(format!(
                "`{text}` is a text, not a list; write {text}.contains({item})"
            )));
        }
        if let Expression::Variable(slot) = list
            && !self.variables.derived.contains_key(slot)
            && let Some(problem) = names::not_a_list(self.variables.name(*slot))
        {
            return Err(Problem::Type(problem));
        }
        self.wants(list, "`in`", &[Kind::List])?;
        if self.kind(list) == Kind::List {
            self.wants(item, "membership in a list of texts", &[Kind::Text])?;
        }
        Ok(())
    }

    fn computed(&self, operator: Arithmetic, left: &Expression, right: &Expression) -> Result<(), Problem> {
        let kinds = (self.kind(left), self.kind(right));
        if result(operator, kinds).is_some() {
            return Ok(());
        }
        let alone = |side: &&Expression| result(operator, (self.kind(side), Kind::Any)).is_none();
        if let Some(side) = [left, right].into_iter().find(alone) {
            return Err(Problem::Type(format!(
                "{} is {}, which cannot be computed with",
                self.spelled(side),
                self.kind(side).with_article()
            )));
        }
        Err(Problem::Type(format!(
            "{} is {}, {} is {}: they cannot be computed with so",
            self.spelled(left),
            kinds.0.with_article(),
            self.spelled(right),
            kinds.1.with_article()
        )))
    }

    fn listed(&self, item: &Expression, list: &[Constant]) -> Result<(), Problem> {
        let kind = self.kind(item);
        let fits = |constant: &Constant| {
            matches!((kind, of_constant(constant)), (Kind::Any, _) | (_, Kind::Null))
                || of_constant(constant) == kind
        };
        if list.is_empty() || list.iter().any(fits) {
            return Ok(());
        }
        Err(Problem::Type(format!(
            "{} is {} and equals nothing in that list",
            self.spelled(item),
            kind.with_article()
        )))
    }

    fn kind(&self, of: &Expression) -> Kind {
        match of {
            Expression::Constant(constant) => of_constant(constant),
            Expression::Variable(slot) => match self.variables.derived.get(slot) {
                Some(derived) => self.kind(derived.expression()),
                None => names::kind_of(self.variables.name(*slot)),
            },
            Expression::If(parts) => {
                let (then, other) = (self.kind(&parts[1]), self.kind(&parts[2]));
                if then == other { then } else { Kind::Any }
            }
            Expression::Moment(_) | Expression::Timestamp(_) => Kind::Moment,
            Expression::Duration(_) => Kind::Span,
            Expression::Negate(_) | Expression::Size(_) | Expression::Part(..) | Expression::Decimal(_) => {
                Kind::Number
            }
            Expression::Lower(_) => Kind::Text,
            Expression::Arithmetic(operator, sides) => {
                result(*operator, (self.kind(&sides.0), self.kind(&sides.1))).unwrap_or(Kind::Any)
            }
            Expression::Row(table, _) => table.kind(),
            Expression::Cel(_) => Kind::Any,
            _ => Kind::Truth,
        }
    }

    fn spelled(&self, of: &Expression) -> String {
        match of {
            Expression::Variable(slot) | Expression::Moment(slot) => {
                format!("`{}`", self.variables.name(*slot))
            }
            Expression::Constant(Constant::Text(text)) => format!("'{text}'"),
            Expression::Constant(Constant::Long(number)) => number.to_string(),
            Expression::Constant(Constant::Double(number)) => number.to_string(),
            Expression::Constant(Constant::Decimal(number)) => number.to_string(),
            Expression::Constant(Constant::Bool(truth)) => truth.to_string(),
            _ => "a part of it".to_owned(),
        }
    }
}

/// What two kinds computed with give; `None` where nothing ever comes of it.
fn result(operator: Arithmetic, kinds: (Kind, Kind)) -> Option<Kind> {
    let adds = operator == Arithmetic::Add;
    let sums = adds || operator == Arithmetic::Subtract;
    let timed = |kind| matches!(kind, Kind::Moment | Kind::Span);
    Some(match kinds {
        (Kind::Number, Kind::Number) => Kind::Number,
        (Kind::Text, Kind::Text) if adds => Kind::Text,
        (Kind::Moment, Kind::Moment) if operator == Arithmetic::Subtract => Kind::Span,
        (Kind::Moment, Kind::Span) if sums => Kind::Moment,
        (Kind::Span, Kind::Moment) if adds => Kind::Moment,
        (Kind::Span, Kind::Span) if sums => Kind::Span,
        (one, Kind::Number) | (Kind::Number, one) if timed(one) => Kind::Number,
        (Kind::Any, other) | (other, Kind::Any) => match other {
            Kind::Text if !adds => return None,
            Kind::Truth | Kind::List | Kind::Null => return None,
            _ => Kind::Any,
        },
        _ => return None,
    })
}

fn of_constant(constant: &Constant) -> Kind {
    match constant {
        Constant::Null => Kind::Null,
        Constant::Bool(_) => Kind::Truth,
        Constant::Long(_) | Constant::Double(_) | Constant::Decimal(_) => Kind::Number,
        Constant::Text(_) => Kind::Text,
        Constant::Moment(_) => Kind::Moment,
        Constant::Span(_) => Kind::Span,
    }
}
