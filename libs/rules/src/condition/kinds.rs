//! Types of expressions, as far as they are known before any event: what can never be compared is a mistake when rules
//! are loaded, not a condition that is silently unknown for ever. No I/O.

use super::compile::Problem;
use super::expression::{Arithmetic, Comparison, Constant, Expression, TextTest};
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
        let fits = either(Kind::Any)
            || one == other && (equality || one != Kind::List)
            || equality && either(Kind::Null);
        if fits {
            return Ok(());
        }
        Err(Problem::Type(format!(
            "{} is {}, {} is {}: they cannot be compared so",
            self.spelled(left),
            one.with_article(),
            self.spelled(right),
            other.with_article()
        )))
    }

    fn computed(&self, operator: Arithmetic, left: &Expression, right: &Expression) -> Result<(), Problem> {
        let fits = |kind| match kind {
            Kind::Any | Kind::Number => true,
            Kind::Text => operator == Arithmetic::Add,
            _ => false,
        };
        let misfit = [left, right].into_iter().find(|side| !fits(self.kind(side)));
        misfit.map_or(Ok(()), |side| {
            let kind = self.kind(side).with_article();
            Err(Problem::Type(format!(
                "{} is {kind}, which cannot be computed with",
                self.spelled(side)
            )))
        })
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
            Expression::Negate(_) | Expression::Size(_) | Expression::Time(..) => Kind::Number,
            Expression::Lower(_) => Kind::Text,
            Expression::Arithmetic(..) | Expression::Row(..) | Expression::Cel(_) => Kind::Any,
            _ => Kind::Truth,
        }
    }

    fn spelled(&self, of: &Expression) -> String {
        match of {
            Expression::Variable(slot) => format!("`{}`", self.variables.name(*slot)),
            Expression::Constant(Constant::Text(text)) => format!("'{text}'"),
            Expression::Constant(Constant::Long(number)) => number.to_string(),
            Expression::Constant(Constant::Double(number)) => number.to_string(),
            Expression::Constant(Constant::Bool(truth)) => truth.to_string(),
            _ => "a part of it".to_owned(),
        }
    }
}

fn of_constant(constant: &Constant) -> Kind {
    match constant {
        Constant::Null => Kind::Null,
        Constant::Bool(_) => Kind::Truth,
        Constant::Long(_) | Constant::Double(_) => Kind::Number,
        Constant::Text(_) => Kind::Text,
    }
}
