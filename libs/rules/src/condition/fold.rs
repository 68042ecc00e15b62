//! Constant parts of an expression are computed once, when it is compiled. No I/O.

use super::evaluate::Value;
use super::expression::{Constant, Expression};
use super::variables::Variables;
use crate::fact::FactList;

/// The expression with its constant parts computed. What comes to nothing known, such as `1 / 0`, stays as it is.
pub(super) fn folded(expression: Expression) -> Expression {
    match expression {
        Expression::And(parts) => joined(parts, false, Expression::And),
        Expression::Or(parts) => joined(parts, true, Expression::Or),
        Expression::If(parts) => match *parts {
            [Expression::Constant(Constant::Bool(true)), chosen, _]
            | [Expression::Constant(Constant::Bool(false)), _, chosen] => chosen,
            open => Expression::If(Box::new(open)),
        },
        other if is_constant(&other) => computed(&other).map_or(other, Expression::Constant),
        other => other,
    }
}

/// In `&&` a false part decides and true ones say nothing; in `||` the other way round.
fn joined(mut parts: Vec<Expression>, decides: bool, join: fn(Vec<Expression>) -> Expression) -> Expression {
    let is = |part: &Expression, truth: bool| matches!(part, Expression::Constant(Constant::Bool(value)) if *value == truth);
    if parts.iter().any(|part| is(part, decides)) {
        return Expression::Constant(Constant::Bool(decides));
    }
    parts.retain(|part| !is(part, !decides));
    match parts.len() {
        0 => Expression::Constant(Constant::Bool(!decides)),
        _ => join(parts),
    }
}

fn is_constant(expression: &Expression) -> bool {
    let below = expression.children();
    !below.is_empty()
        && below
            .into_iter()
            .all(|child| matches!(child, Expression::Constant(_)))
}

/// The constant that an expression over constants comes to; `None` if that is nothing known.
pub(super) fn computed(expression: &Expression) -> Option<Constant> {
    let (variables, nothing) = (Variables::default(), FactList::default());
    let values = variables.over(&nothing);
    Some(match expression.value(&values) {
        Value::Null => Constant::Null,
        Value::Bool(value) => Constant::Bool(value),
        Value::Long(value) => Constant::Long(value),
        Value::Double(value) => Constant::Double(value),
        Value::Decimal(value) => Constant::Decimal(value.into_owned()),
        Value::Text(text) => Constant::Text(text.into_owned()),
        Value::Moment(time) => Constant::Moment(time),
        Value::Span(span) => Constant::Span(span),
        Value::Unknown | Value::Beginning(_) | Value::List(_) => return None,
    })
}
