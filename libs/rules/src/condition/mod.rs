//! Conditions: CEL read once, decided many times, true, false or unknown. No I/O, no clock.

mod compile;
mod dialect;
mod evaluate;
mod expression;
mod fallback;
mod operators;
#[cfg(test)]
mod tests;
mod type_guard;
mod variables;

pub(crate) use expression::Slot;
pub(crate) use variables::{Values, Variables};

use self::compile::Problem;
use self::expression::{Constant, Expression};
use crate::error::Fault;
use crate::names::{Scope, scope_of};

const MAX_BYTES: usize = 4096;
const MAX_BRACKETS: usize = 32;

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    expression: Expression,
    /// The variables it names.
    pub(crate) named: Vec<Slot>,
    /// Signal as soon as one variable is known only later.
    pub(crate) scope: Scope,
    /// The event types without which it is false, if it names some.
    pub(crate) types: Option<Vec<String>>,
}

impl Condition {
    /// Compiles the text of a condition; its variables enter the table of the rule set.
    pub(crate) fn compile(text: &str, variables: &mut Variables) -> Result<Self, Fault> {
        check_size(text)?;
        let says = |problem: String| Fault::Condition {
            condition: text.trim().to_owned(),
            problem,
        };
        let source = dialect::to_cel(text);
        let tree = parser()
            .parse(&source)
            .map_err(|errors| says(first_error(&errors)))?;
        variables.take_named();
        let expression = compile::compile(&tree, variables).map_err(|problem| match problem {
            Problem::Says(problem) => says(problem),
            Problem::Fault(fault) => fault,
        })?;
        if matches!(&expression, Expression::Constant(constant) if !matches!(constant, Constant::Bool(_))) {
            return Err(says("is a value, not a condition".to_owned()));
        }
        let named = variables.take_named();
        let scope = named
            .iter()
            .map(|slot| scope_of(variables.name(*slot)))
            .max()
            .unwrap_or(Scope::Event);
        let types = type_guard::types(&expression, variables);
        Ok(Self {
            expression,
            named,
            scope,
            types,
        })
    }

    /// True, false, or `None` for unknown.
    pub(crate) fn decide(&self, values: &Values<'_>) -> Option<bool> {
        self.expression.truth(values)
    }
}

/// The parser recurses, so what could exhaust its stack is refused before it runs.
fn check_size(text: &str) -> Result<(), Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault::TooBig {
            what: "the length of a condition in bytes",
            limit: MAX_BYTES,
        });
    }
    let (mut depth, mut deepest) = (0usize, 0usize);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > MAX_BRACKETS {
        return Err(Fault::TooBig {
            what: "the brackets within brackets of a condition",
            limit: MAX_BRACKETS,
        });
    }
    Ok(())
}

/// Names that CEL cannot spell stand in backticks: data.`user-agent`.
fn parser() -> cel::parser::Parser {
    cel::parser::Parser::new().enable_ident_escape_syntax(true)
}

fn first_error(errors: &cel::ParseErrors) -> String {
    errors.errors.first().map_or_else(
        || "does not parse".to_owned(),
        |error| format!("does not parse at character {}: {}", error.pos.1, error.msg),
    )
}
