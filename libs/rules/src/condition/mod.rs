//! Conditions: CEL read once, decided many times, true, false or unknown. No I/O, no clock.

mod analysis;
mod bounds;
mod compile;
mod dialect;
mod domain;
mod evaluate;
mod expression;
mod fallback;
mod fold;
mod functions;
mod kinds;
mod moment;
mod oddities;
mod operators;
mod patterns;
mod re2;
mod source;
mod subject;
#[cfg(test)]
mod tests;
mod time;
mod type_guard;
mod values;
mod variables;

pub(crate) use dialect::{parts, tidy, to_cel, to_native};
pub(crate) use expression::Slot;
pub(crate) use moment::shown as shown_span;
pub(crate) use oddities::Oddities;
pub(crate) use source::names_in;
pub(crate) use values::Values;
pub(crate) use variables::Variables;

use model::presented;

use self::expression::{Constant, Expression};
use self::source::{Source, says};
use crate::error::Fault;
use crate::fact::{Facts, OwnedFact};
use crate::names::Scope;

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    expression: Expression,
    /// The variables it rests on, none of them derived.
    pub(crate) named: Vec<Slot>,
    /// Signal as soon as one variable is known only later.
    pub(crate) scope: Scope,
    /// The event types without which it is false, if it names some.
    pub(crate) types: Option<Vec<String>>,
}

impl Condition {
    /// Compiles the text of a condition; its variables enter the table of the rule set.
    pub(crate) fn compile(text: &str, variables: &mut Variables) -> Result<Self, Fault> {
        let composed = presented::composed(text);
        let source = Source::read(&composed)?;
        variables.take_named();
        let compiled = compile::compile(&source.tree, variables);
        let expression = source.said(compiled)?;
        if matches!(&expression, Expression::Constant(constant) if !matches!(constant, Constant::Bool(_))) {
            return Err(says(text, "is a value, not a condition".to_owned()));
        }
        source.said(kinds::check_condition(&expression, variables))?;
        let named = variables.take_named();
        let named = variables.underlying(&named);
        Ok(Self {
            scope: variables.scope(&named),
            types: type_guard::types(&expression, variables),
            expression,
            named,
        })
    }

    /// True, false, or `None` for unknown.
    pub(crate) fn decide(&self, values: &Values<'_>) -> Option<bool> {
        self.expression.truth(values)
    }

    /// Whether no event can make it true.
    pub(crate) fn is_never_true(&self, variables: &Variables) -> bool {
        analysis::is_never_true(&self.expression, variables)
    }

    /// Whether no event of which all is known can make it false.
    pub(crate) fn is_never_false(&self, variables: &Variables) -> bool {
        analysis::is_never_false(&self.expression, variables)
    }

    /// Whether the other is true whenever this one is.
    pub(crate) fn implies(&self, other: &Self, variables: &Variables) -> bool {
        analysis::implies(&self.expression, &other.expression, variables)
    }

    /// What strikes a reader, apart from its meaning.
    pub(crate) fn oddities(&self) -> Oddities {
        let mut oddities = Oddities::default();
        oddities.look_at(&self.expression);
        oddities
    }
}

/// Computes one expression over facts, as a condition would: for trying expressions out. `None` is unknown.
pub fn evaluate(expression: &str, facts: &dyn Facts) -> Result<Option<OwnedFact>, Fault> {
    let mut variables = Variables::default();
    let source = Source::read(expression)?;
    let compiled = compile::compile(&source.tree, &mut variables);
    let compiled = source.said(compiled)?;
    let values = variables.over(facts);
    Ok(values::owned(compiled.value(&values)))
}
