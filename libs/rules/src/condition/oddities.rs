//! What strikes a reader of a condition, apart from its meaning. No I/O.

use super::expression::{Comparison, Constant, Expression, TextTest};
use super::operators;

/// What is odd about a condition.
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
                let earlier = |at: usize, item: &Constant| {
                    list.iter().take(at).any(|other| operators::same(other, item))
                };
                let repeated = list.iter().enumerate().filter(|(at, item)| earlier(*at, item));
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
        Constant::Decimal(number) => number.to_string(),
        Constant::Bool(truth) => truth.to_string(),
        Constant::Null => "null".to_owned(),
        Constant::Moment(time) => format!("timestamp('{}')", time.to_rfc3339()),
        Constant::Span(span) => format!("duration('{}')", super::moment::shown(*span)),
    }
}

fn is_plain(pattern: &str) -> bool {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    !inner.is_empty() && !inner.contains(regex_syntax::is_meta_character)
}
