//! What a condition may cost at most, read off its tree: loops multiply, and what one loop adds to a text the next can
//! add again. Conditions beyond it are refused when they are loaded, so that none is slow or big when it is decided.
//! No I/O.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, operators};
use cel::{IdedExpr, Value as CelValue};

use super::compile::{Problem, constant_of};
use super::expression::Constant;
use crate::error::Fault;

/// Rounds of all loops of a condition, for the longest lists that an event can have.
const MAX_ROUNDS: usize = 10_000;
/// Loops of a condition, wherever they stand.
const MAX_LOOPS: usize = 4;
/// Additions within loops: each can double a text or a list.
const MAX_ADDITIONS: usize = 16;
/// Items of a list that an event carries, at most.
const ITEMS_OF_EVENTS: usize = 64;

/// Checks a tree in which lists and tables that the files name stand under these names.
pub(super) fn check(tree: &IdedExpr, named: &[(String, CelValue)]) -> Result<(), Problem> {
    let mut counted = Counted {
        named,
        loops: 0,
        additions: 0,
        rounds: 0,
    };
    counted.visit(tree, 1, false);
    let within = [
        ("the rounds of a condition's loops", counted.rounds, MAX_ROUNDS),
        ("the number of loops of a condition", counted.loops, MAX_LOOPS),
        (
            "the additions within loops of a condition",
            counted.additions,
            MAX_ADDITIONS,
        ),
    ];
    match within.into_iter().find(|(_, count, limit)| count > limit) {
        Some((what, _, limit)) => Err(Fault::TooBig { what, limit }.into()),
        None => Ok(()),
    }
}

/// A pattern that stands in the condition can be checked when it is loaded; one that comes with an event cannot.
pub(super) fn pattern_is_written(function: &str, arguments: &[IdedExpr]) -> Result<(), Problem> {
    let written = |argument: &IdedExpr| matches!(constant_of(argument), Some(Constant::Text(_)));
    if function == "matches" && !arguments.last().is_some_and(written) {
        return Err(Problem::Says(
            "matches() takes a pattern in quotes: text.matches('a+b')".to_owned(),
        ));
    }
    Ok(())
}

struct Counted<'a> {
    named: &'a [(String, CelValue)],
    loops: usize,
    additions: usize,
    rounds: usize,
}

impl Counted<'_> {
    /// `times` is how often this part is computed at most.
    fn visit(&mut self, tree: &IdedExpr, times: usize, in_loop: bool) {
        match &tree.expr {
            Expr::Select(select) => self.visit(&select.operand, times, in_loop),
            Expr::List(list) => list
                .elements
                .iter()
                .for_each(|item| self.visit(item, times, in_loop)),
            Expr::Call(call) => {
                self.additions += usize::from(in_loop && call.func_name == operators::ADD);
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                parts.for_each(|part| self.visit(part, times, in_loop));
            }
            Expr::Map(map) => map.entries.iter().for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key, times, in_loop);
                    self.visit(&entry.value, times, in_loop);
                }
                EntryExpr::StructField(field) => self.visit(&field.value, times, in_loop),
            }),
            Expr::Comprehension(inner) => self.visit_loop(inner, times, in_loop),
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
        }
    }

    fn visit_loop(&mut self, inner: &ComprehensionExpr, times: usize, in_loop: bool) {
        self.visit(&inner.iter_range, times, in_loop);
        self.visit(&inner.accu_init, times, in_loop);
        let times = times.saturating_mul(self.items(&inner.iter_range));
        self.loops += 1;
        self.rounds = self.rounds.saturating_add(times);
        for part in [&inner.loop_cond, &inner.loop_step, &inner.result] {
            self.visit(part, times, true);
        }
    }

    /// How many items a range has at most.
    fn items(&self, range: &IdedExpr) -> usize {
        match &range.expr {
            Expr::List(list) => list.elements.len(),
            Expr::Map(map) => map.entries.len(),
            Expr::Ident(name) => {
                self.named
                    .iter()
                    .find(|(own, _)| own == name)
                    .map_or(ITEMS_OF_EVENTS, |(_, value)| match value {
                        CelValue::List(items) => items.len(),
                        CelValue::Map(rows) => rows.map.len(),
                        _ => ITEMS_OF_EVENTS,
                    })
            }
            Expr::Call(call)
                if matches!(call.func_name.as_str(), operators::ADD | operators::CONDITIONAL) =>
            {
                call.args
                    .iter()
                    .fold(0, |sum, part| sum.saturating_add(self.items(part)))
            }
            Expr::Comprehension(inner) => self.items(&inner.iter_range),
            _ => ITEMS_OF_EVENTS,
        }
    }
}
