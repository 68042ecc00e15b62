//! Which event types a condition is about, so that other events need not pay for it. No I/O.

use super::expression::{Comparison, Constant, Expression};
use super::variables::Variables;

/// The types of which one must be the event's for the expression to be anything but false.
/// `None`: any type may do.
pub(super) fn types(expression: &Expression, variables: &Variables) -> Option<Vec<String>> {
    let is_type =
        |side: &Expression| matches!(side, Expression::Variable(slot) if variables.name(*slot) == "type");
    match expression {
        Expression::Compare(Comparison::Equal, sides) => match &**sides {
            (variable, Expression::Constant(Constant::Text(text)))
            | (Expression::Constant(Constant::Text(text)), variable)
                if is_type(variable) =>
            {
                Some(vec![text.clone()])
            }
            _ => None,
        },
        Expression::InConstants(item, list) if is_type(item) => list.iter().map(text_of).collect(),
        Expression::And(parts) => parts.iter().find_map(|part| types(part, variables)),
        Expression::Or(parts) => {
            let every: Option<Vec<_>> = parts.iter().map(|part| types(part, variables)).collect();
            every.map(|every| every.concat())
        }
        _ => None,
    }
}

fn text_of(constant: &Constant) -> Option<String> {
    match constant {
        Constant::Text(text) => Some(text.clone()),
        _ => None,
    }
}
