//! From CEL's syntax tree to an expression of ours. No I/O.

use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use model::Decimal;

use super::expression::{Arithmetic, Comparison, Constant, Expression};
use super::fallback::CelExpression;
use super::fold::{computed, folded};
use super::functions::{text_test, words, zone};
use super::time::TimePart;
use super::variables::Variables;
use crate::error::Fault;
use crate::lists::NamedList;
use crate::names;

const MAX_DEPTH: usize = 64;

/// What can go wrong below the level that knows the condition's text.
#[derive(Debug)]
pub(super) enum Problem {
    Says(String),
    Type(String),
    Fault(Fault),
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Problem::Fault(fault)
    }
}

type Compiled = Result<Expression, Problem>;

/// Compiles a tree, entering the variables it names into the table.
pub(super) fn compile(tree: &IdedExpr, variables: &mut Variables) -> Compiled {
    Compiler { variables }.expression(tree, 0)
}

/// The name that an identifier or a chain of selections spells: `data.amount`.
pub(super) fn dotted_name(tree: &Expr) -> Option<String> {
    match tree {
        Expr::Ident(name) => Some(name.trim_start_matches('.').to_owned()),
        Expr::Select(select) if !select.test => {
            dotted_name(&select.operand.expr).map(|root| format!("{root}.{}", select.field))
        }
        Expr::Call(call) if call.func_name == operators::INDEX => indexed_name(&call.args),
        _ => None,
    }
}

/// `data['user-agent']` is the member `user-agent` of the data; lists are not indexed by texts.
fn indexed_name(arguments: &[IdedExpr]) -> Option<String> {
    let [of, key] = arguments else { return None };
    let root = dotted_name(&of.expr)?;
    match constant_of(key) {
        Some(Constant::Text(key)) if !names::EVENT_FIELDS.contains(&root.as_str()) => {
            Some(format!("{root}.{key}"))
        }
        _ => None,
    }
}

struct Compiler<'a> {
    variables: &'a mut Variables,
}

impl Compiler<'_> {
    fn expression(&mut self, tree: &IdedExpr, depth: usize) -> Compiled {
        self.unfolded(tree, depth).map(folded)
    }

    fn unfolded(&mut self, tree: &IdedExpr, depth: usize) -> Compiled {
        if depth > MAX_DEPTH {
            return Err(Fault::TooBig {
                what: "the nesting of a condition",
                limit: MAX_DEPTH,
            }
            .into());
        }
        match &tree.expr {
            Expr::Literal(literal) => match constant(literal) {
                Some(constant) => Ok(Expression::Constant(constant)),
                None => self.fallback(tree),
            },
            Expr::Call(call) if call.func_name == operators::INDEX && self.is_table(&call.args) => {
                self.row(&call.args, depth + 1)
            }
            Expr::Ident(_) => self.value_of(&tree.expr),
            Expr::Select(select) if select.test => match dotted_name(&select.operand.expr) {
                Some(root) => {
                    let slot = self.name(&format!("{root}.{}", select.field))?;
                    Ok(Expression::Not(Box::new(Expression::IsNull(slot))))
                }
                None => self.fallback(tree),
            },
            Expr::Select(_) | Expr::Call(_) if dotted_name(&tree.expr).is_some() => self.value_of(&tree.expr),
            Expr::Call(call) => self.call(tree, call, depth + 1),
            _ => self.fallback(tree),
        }
    }

    fn variable(&mut self, tree: &Expr) -> Result<usize, Problem> {
        let name = dotted_name(tree).unwrap_or_default();
        self.name(&name)
    }

    fn value_of(&mut self, tree: &Expr) -> Compiled {
        let slot = self.variable(tree)?;
        Ok(if self.variables.is_moment(slot) {
            Expression::Moment(slot)
        } else {
            Expression::Variable(slot)
        })
    }

    fn name(&mut self, name: &str) -> Result<usize, Problem> {
        Ok(self.variables.resolve(name)?)
    }

    fn is_table(&mut self, arguments: &[IdedExpr]) -> bool {
        let name = arguments.first().and_then(|table| dotted_name(&table.expr));
        name.is_some_and(|name| self.variables.table(&name).is_some())
    }

    /// `tier[author]`
    fn row(&mut self, arguments: &[IdedExpr], depth: usize) -> Compiled {
        let [table, key] = arguments else {
            return Err(Problem::Says(
                "a table is asked with one key: tier[author]".to_owned(),
            ));
        };
        let table = dotted_name(&table.expr).and_then(|name| self.variables.table(&name));
        let table = table.ok_or_else(|| Problem::Says("there is no such table".to_owned()))?;
        Ok(Expression::Row(table, Box::new(self.expression(key, depth)?)))
    }

    fn fallback(&mut self, tree: &IdedExpr) -> Compiled {
        CelExpression::new(tree, self.variables).map(|cel| Expression::Cel(Box::new(cel)))
    }

    fn call(&mut self, tree: &IdedExpr, call: &CallExpr, depth: usize) -> Compiled {
        let name = call.func_name.as_str();
        match (name, &call.target, call.args.as_slice()) {
            (operators::LOGICAL_AND, None, parts) => self.parts(parts, depth, name).map(Expression::And),
            (operators::LOGICAL_OR, None, parts) => self.parts(parts, depth, name).map(Expression::Or),
            (operators::LOGICAL_NOT, None, [inner]) => {
                Ok(Expression::Not(Box::new(self.expression(inner, depth)?)))
            }
            (operators::NEGATE, None, [inner]) => {
                Ok(Expression::Negate(Box::new(self.expression(inner, depth)?)))
            }
            (operators::CONDITIONAL, None, [if_, then, else_]) => Ok(Expression::If(Box::new([
                self.expression(if_, depth)?,
                self.expression(then, depth)?,
                self.expression(else_, depth)?,
            ]))),
            (operators::IN, None, [item, list]) => self.membership(tree, item, list, depth),
            (_, None, [left, right]) => {
                let sides = self.pair(left, right, depth)?;
                match (comparison(name), arithmetic(name)) {
                    _ if by_cel(&sides.0) || by_cel(&sides.1) => self.fallback(tree),
                    (Some(operator), _) => Ok(compare(operator, sides)),
                    (_, Some(operator)) => Ok(Expression::Arithmetic(operator, sides)),
                    _ => self.fallback(tree),
                }
            }
            ("size", None, [of]) => self.size(tree, of, depth),
            ("size", Some(of), []) => self.size(tree, of, depth),
            ("lower" | "lowerAscii", Some(of), []) => {
                Ok(Expression::Lower(Box::new(self.expression(of, depth)?)))
            }
            ("timestamp" | "duration" | "decimal", None, [of]) => self.converted(tree, name, of, depth),
            ("hasWord", Some(of), arguments) => self.has_word(of, arguments),
            (_, Some(of), arguments) if TimePart::named(name).is_some() => {
                self.time_part(tree, name, (of, arguments), depth)
            }
            (_, Some(of), arguments) => match text_test(name, arguments, &mut self.variables.patterns)? {
                Some(test) => Ok(Expression::Text(test, Box::new(self.expression(of, depth)?))),
                None => self.fallback(tree),
            },
            _ => self.fallback(tree),
        }
    }

    /// The sides of `&&` or `||`, nested ones of the same kind made flat, the cheap ones first.
    fn parts(
        &mut self,
        parts: &[IdedExpr],
        depth: usize,
        operator: &str,
    ) -> Result<Vec<Expression>, Problem> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match (self.expression(part, depth)?, operator) {
                (Expression::And(inner), operators::LOGICAL_AND)
                | (Expression::Or(inner), operators::LOGICAL_OR) => flat.extend(inner),
                (other, _) => flat.push(other),
            }
        }
        flat.sort_by_key(Expression::price);
        Ok(flat)
    }

    fn pair(
        &mut self,
        left: &IdedExpr,
        right: &IdedExpr,
        depth: usize,
    ) -> Result<Box<(Expression, Expression)>, Problem> {
        Ok(Box::new((
            self.expression(left, depth)?,
            self.expression(right, depth)?,
        )))
    }

    fn time_part(
        &mut self,
        tree: &IdedExpr,
        name: &str,
        (of, arguments): (&IdedExpr, &[IdedExpr]),
        depth: usize,
    ) -> Compiled {
        let part = TimePart::named(name)
            .ok_or_else(|| Problem::Says(format!("no part of a time is called {name}")))?;
        let zone = zone(arguments)?;
        match self.expression(of, depth)? {
            Expression::Cel(_) => self.fallback(tree),
            of => Ok(Expression::Part(part, zone, Box::new(of))),
        }
    }

    /// `timestamp(…)`, `duration(…)` and `decimal(…)`; a text in quotes that is none is a mistake now, not unknown later.
    fn converted(&mut self, tree: &IdedExpr, function: &str, of: &IdedExpr, depth: usize) -> Compiled {
        let of = match self.expression(of, depth)? {
            Expression::Cel(_) => return self.fallback(tree),
            of => of,
        };
        let of = Box::new(of);
        let (made, example) = match function {
            "timestamp" => (Expression::Timestamp(of), "timestamp('2026-01-01T00:00:00Z')"),
            "decimal" => (Expression::Decimal(of), "decimal('1000.50')"),
            _ => (Expression::Duration(of), "duration('1h30m')"),
        };
        let never = made
            .children()
            .iter()
            .all(|of| matches!(of, Expression::Constant(_)))
            && computed(&made).is_none();
        if never {
            return Err(Problem::Type(format!("{function}() is written {example}")));
        }
        Ok(made)
    }

    fn has_word(&mut self, of: &IdedExpr, arguments: &[IdedExpr]) -> Compiled {
        if dotted_name(&of.expr).is_none() {
            return Err(Problem::Says(
                "hasWord() is asked of a name: text.hasWord('a')".to_owned(),
            ));
        }
        let (slot, words) = (self.variable(&of.expr)?, words(arguments)?);
        let set = self.variables.enter_words(slot, words);
        let problem = || Problem::Says("too many different hasWord() lists; join some".to_owned());
        set.map(|set| Expression::HasWord(slot, set)).ok_or_else(problem)
    }

    fn size(&mut self, tree: &IdedExpr, of: &IdedExpr, depth: usize) -> Compiled {
        match self.expression(of, depth)? {
            Expression::Cel(_) => self.fallback(tree),
            of => Ok(Expression::Size(Box::new(of))),
        }
    }

    fn list(&mut self, tree: &Expr) -> Option<Arc<NamedList>> {
        dotted_name(tree).and_then(|name| self.variables.list(&name))
    }

    fn membership(&mut self, tree: &IdedExpr, item: &IdedExpr, list: &IdedExpr, depth: usize) -> Compiled {
        match &list.expr {
            Expr::List(list) => {
                let constants: Option<Vec<Constant>> = list.elements.iter().map(constant_of).collect();
                match constants {
                    Some(constants) => Ok(Expression::InConstants(
                        Box::new(self.expression(item, depth)?),
                        constants,
                    )),
                    None => self.fallback(tree),
                }
            }
            named if self.list(named).is_some() => {
                let item = Box::new(self.expression(item, depth)?);
                let problem = || Problem::Says("there is no such list".to_owned());
                self.list(named)
                    .map(|list| Expression::InList(item, list))
                    .ok_or_else(problem)
            }
            Expr::Ident(_) | Expr::Select(_) => Ok(Expression::InVariable(self.pair(item, list, depth)?)),
            _ => self.fallback(tree),
        }
    }
}

/// What `cel` computes may be a list or a map, which only `cel` can work on further.
fn by_cel(expression: &Expression) -> bool {
    matches!(expression, Expression::Cel(_))
}

fn compare(operator: Comparison, sides: Box<(Expression, Expression)>) -> Expression {
    let null_test = match &*sides {
        (Expression::Variable(slot) | Expression::Moment(slot), Expression::Constant(Constant::Null))
        | (Expression::Constant(Constant::Null), Expression::Variable(slot) | Expression::Moment(slot)) => {
            Some(*slot)
        }
        _ => None,
    };
    match (operator, null_test) {
        (Comparison::Equal, Some(slot)) => Expression::IsNull(slot),
        (Comparison::NotEqual, Some(slot)) => Expression::Not(Box::new(Expression::IsNull(slot))),
        _ => Expression::Compare(operator, sides),
    }
}

fn constant(literal: &LiteralValue) -> Option<Constant> {
    match literal {
        LiteralValue::Boolean(value) => Some(Constant::Bool(*value.inner())),
        LiteralValue::Int(value) => Some(Constant::Long(*value.inner())),
        LiteralValue::UInt(value) => match i64::try_from(*value.inner()) {
            Ok(number) => Some(Constant::Long(number)),
            Err(_) => Decimal::parse(&value.inner().to_string()).map(Constant::Decimal),
        },
        LiteralValue::Double(value) => Some(Constant::Double(*value.inner())),
        LiteralValue::String(value) => Some(Constant::Text(value.inner().to_owned())),
        LiteralValue::Null => Some(Constant::Null),
        LiteralValue::Bytes(_) => None,
    }
}

pub(super) fn constant_of(tree: &IdedExpr) -> Option<Constant> {
    match &tree.expr {
        Expr::Literal(literal) => constant(literal),
        Expr::Call(call) if call.target.is_none() && call.func_name == "decimal" => {
            match call.args.as_slice() {
                [of] => decimal_constant(constant_of(of)?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `decimal('…')`, as which long numbers reach this place.
fn decimal_constant(of: Constant) -> Option<Constant> {
    let Constant::Text(text) = of else { return None };
    match model::Value::of_number(text.trim())? {
        model::Value::Long(number) => Some(Constant::Long(number)),
        model::Value::Double(number) => Some(Constant::Double(number)),
        model::Value::Decimal(number) => Some(Constant::Decimal(number)),
        _ => None,
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        operators::MODULO => Arithmetic::Modulo,
        _ => return None,
    })
}
