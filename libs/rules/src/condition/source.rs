//! The text of a condition, read into a syntax tree within limits. No I/O.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};

use super::compile::{Problem, dotted_name};
use super::dialect;
use crate::error::Fault;

const MAX_BYTES: usize = 4096;
const MAX_BRACKETS: usize = 32;

/// A condition as written, with its syntax tree.
pub(super) struct Source<'a> {
    text: &'a str,
    pub(super) tree: IdedExpr,
}

impl<'a> Source<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        check_size(text)?;
        let parsed = parser().parse(&dialect::to_cel(text));
        let tree = parsed.map_err(|errors| says(text, first_error(&errors)))?;
        Ok(Self { text, tree })
    }

    /// The result with the condition's text in its mistake.
    pub(super) fn said<T>(&self, result: Result<T, Problem>) -> Result<T, Fault> {
        result.map_err(|problem| match problem {
            Problem::Says(problem) => says(self.text, problem),
            Problem::Type(problem) => Fault::Type {
                condition: self.text.trim().to_owned(),
                problem,
            },
            Problem::Fault(fault) => fault,
        })
    }
}

pub(super) fn says(text: &str, problem: String) -> Fault {
    Fault::Condition {
        condition: text.trim().to_owned(),
        problem,
    }
}

/// The names an expression spells, whether anybody knows them or not; none if it does not parse.
pub(crate) fn names_in(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(source) = Source::read(text) {
        collect(&source.tree, &mut names);
    }
    names
}

fn collect(tree: &IdedExpr, names: &mut Vec<String>) {
    if let Some(name) = dotted_name(&tree.expr) {
        names.push(name);
        return;
    }
    match &tree.expr {
        Expr::Select(select) => collect(&select.operand, names),
        Expr::List(list) => list.elements.iter().for_each(|item| collect(item, names)),
        Expr::Call(call) => {
            let parts = call.target.as_deref().into_iter().chain(&call.args);
            parts.for_each(|part| collect(part, names));
        }
        Expr::Map(map) => map.entries.iter().for_each(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => [&entry.key, &entry.value]
                .into_iter()
                .for_each(|part| collect(part, names)),
            EntryExpr::StructField(field) => collect(&field.value, names),
        }),
        Expr::Comprehension(inner) => {
            let parts = [
                &inner.iter_range,
                &inner.accu_init,
                &inner.loop_cond,
                &inner.loop_step,
                &inner.result,
            ];
            for part in parts {
                collect(part, names);
            }
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
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
