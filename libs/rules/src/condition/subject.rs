//! What two parts of a condition are about: the same key means the same value, whatever the event. No I/O.

use std::sync::Arc;

use super::expression::Expression;

/// A text that stands for an expression. Lists and tables are told by where they are, since they may be long.
pub(super) fn key(of: &Expression) -> String {
    match of {
        Expression::Variable(slot) | Expression::Moment(slot) => format!("${slot}"),
        Expression::Size(of) => format!("size({})", key(of)),
        Expression::Lower(of) => format!("lower({})", key(of)),
        Expression::Negate(of) => format!("-({})", key(of)),
        Expression::Part(part, zone, of) => format!("{part:?}({zone:?},{})", key(of)),
        Expression::Row(table, of) => format!("{:p}[{}]", Arc::as_ptr(table), key(of)),
        Expression::InList(of, list) => format!("{} in {:p}", key(of), Arc::as_ptr(list)),
        Expression::Arithmetic(operator, sides) => {
            format!("({} {operator:?} {})", key(&sides.0), key(&sides.1))
        }
        other => format!("{other:?}"),
    }
}
