//! What our own expressions do not cover goes to the `cel` crate, whose names no module outside `condition` knows
//! (docs/rules/ENGINE.md). No I/O.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::{Context, Env, IdedExpr, Value as CelValue};

use super::bounds;
use super::compile::{Problem, constant_of, dotted_name};
use super::evaluate::{Value, moment_of};
use super::expression::{Constant, Slot};
use super::values::Values;
use super::variables::Variables;
use crate::error::Fault;
use crate::lists::NamedTable;
use crate::names;

const MAX_DEPTH: usize = 96;

/// Functions of CEL's standard library; operators are told by their first character.
const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "type",
    "dyn",
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "min",
    "max",
];
/// Functions of ours, which only texts outside CEL's macros have.
const OURS: &[&str] = &["hasWord", "lower", "lowerAscii", "decimal"];

/// Building the standard library costs far more than an evaluation.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

fn check_function(name: &str) -> Result<(), Problem> {
    if name.starts_with(|first: char| !first.is_ascii_alphabetic()) || FUNCTIONS.contains(&name) {
        return Ok(());
    }
    let hint = names::nearest(name, FUNCTIONS.iter().chain(OURS).copied());
    let hint = hint.map_or(String::new(), |hint| format!("; did you mean `{hint}`?"));
    Err(Problem::Says(format!(
        "the function `{name}` cannot be used here{hint}"
    )))
}

/// A variable under a name that only the tree has.
#[derive(Debug)]
struct Free {
    name: String,
    slot: Slot,
    /// It holds a time in milliseconds, which CEL takes as a timestamp.
    is_moment: bool,
}

/// A CEL expression whose free variables were replaced by names of a rule set.
#[derive(Debug)]
pub(super) struct CelExpression {
    tree: IdedExpr,
    variables: Vec<Free>,
    /// Lists and tables it names, ready for use.
    named: Vec<(String, CelValue)>,
}

impl CelExpression {
    pub(super) fn new(tree: &IdedExpr, variables: &mut Variables) -> Result<Self, Problem> {
        let mut tree = tree.clone();
        let mut free = FreeVariables {
            bound: Vec::new(),
            found: Vec::new(),
            named: Vec::new(),
            variables,
        };
        free.visit(&mut tree, 0)?;
        let (mut variables, named) = (free.found, free.named);
        variables.shrink_to_fit();
        bounds::check(&tree, &named)?;
        Ok(Self {
            tree,
            variables,
            named,
        })
    }

    /// A missing variable or an error of any kind is unknown.
    pub(super) fn value<'a>(&self, values: &Values<'_>) -> Value<'a> {
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        for free in &self.variables {
            let fact = values.get(free.slot);
            let value = if free.is_moment {
                moment_of(fact)
            } else {
                fact.map_or(Value::Unknown, Value::from)
            };
            let Some(value) = cel_value(value) else {
                return Value::Unknown;
            };
            context.add_variable_from_value(free.name.as_str(), value);
        }
        for (name, value) in &self.named {
            context.add_variable_from_value(name.as_str(), value.clone());
        }
        match CelValue::resolve(&self.tree, &context) {
            Ok(CelValue::Bool(value)) => Value::Bool(value),
            Ok(CelValue::Int(value)) => Value::Long(value),
            Ok(CelValue::UInt(value)) => i64::try_from(value).map_or(Value::Unknown, Value::Long),
            Ok(CelValue::Float(value)) => Value::Double(value),
            Ok(CelValue::String(text)) => Value::Text(Cow::Owned(text.as_str().to_owned())),
            Ok(CelValue::Null) => Value::Null,
            Ok(CelValue::Timestamp(time)) => Value::Moment(time.to_utc()),
            Ok(CelValue::Duration(span)) => Value::Span(span),
            _ => Value::Unknown,
        }
    }
}

fn cel_value(value: Value<'_>) -> Option<CelValue> {
    Some(match value {
        Value::Unknown | Value::Beginning(_) => return None,
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(value),
        Value::Long(value) => CelValue::Int(value),
        Value::Double(value) => CelValue::Float(value),
        Value::Decimal(value) => CelValue::Float(value.to_double()),
        Value::Text(text) => CelValue::from(text.as_ref()),
        Value::Moment(time) => CelValue::Timestamp(time.fixed_offset()),
        Value::Span(span) => CelValue::Duration(span),
        Value::List(items) => list(items.texts().iter().map(String::as_str)),
    })
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> CelValue {
    CelValue::List(items.map(CelValue::from).collect::<Vec<_>>().into())
}

fn table(rows: &NamedTable) -> CelValue {
    let rows = rows
        .rows()
        .filter_map(|(key, value)| Some((key.to_owned(), cel_value(value.as_fact().into())?)));
    rows.collect::<std::collections::HashMap<String, CelValue>>()
        .into()
}

/// CEL itself knows no numbers as times, so such a comparison would be unknown for ever.
fn unlike(call: &CallExpr) -> Result<(), Problem> {
    let [left, right] = call.args.as_slice() else {
        return Ok(());
    };
    let is_number = |side: &IdedExpr| {
        matches!(
            constant_of(side),
            Some(Constant::Long(_) | Constant::Double(_) | Constant::Decimal(_))
        )
    };
    let computes = call.target.is_none() && !call.func_name.starts_with(|first: char| first.is_alphabetic());
    if computes && (is_timed(left) && is_number(right) || is_number(left) && is_timed(right)) {
        return Err(Problem::Type(
            "beside what only CEL computes, such as exists(), a time is compared with timestamp('2026-01-01T00:00:00Z') \
             and a span with duration('5m'), not with a number"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A long number is the nearest double to CEL.
fn decimal(call: &CallExpr) -> Result<LiteralValue, Problem> {
    let number = match call.args.as_slice() {
        [of] => match &of.expr {
            Expr::Literal(LiteralValue::String(text)) => text.inner().parse::<f64>().ok(),
            _ => None,
        },
        _ => None,
    };
    number
        .map(|number| LiteralValue::Double(number.into()))
        .ok_or_else(|| Problem::Says("decimal() cannot be used here but of a number in quotes".to_owned()))
}

fn is_timed(side: &IdedExpr) -> bool {
    match &side.expr {
        Expr::Call(call) if call.target.is_none() => {
            matches!(call.func_name.as_str(), "timestamp" | "duration")
                || call.args.len() == 2 && call.args.iter().all(is_timed)
        }
        other => dotted_name(other).is_some_and(|name| names::kind_of(&name) == names::Kind::Moment),
    }
}

/// Finds the variables that no macro binds, and gives each a single name.
struct FreeVariables<'a> {
    bound: Vec<String>,
    found: Vec<Free>,
    named: Vec<(String, CelValue)>,
    variables: &'a mut Variables,
}

impl FreeVariables<'_> {
    fn visit(&mut self, tree: &mut IdedExpr, depth: usize) -> Result<(), Problem> {
        if depth > MAX_DEPTH {
            return Err(Fault::TooBig {
                what: "the nesting of a condition",
                limit: MAX_DEPTH,
            }
            .into());
        }
        if let Some(name) = dotted_name(&tree.expr) {
            return self.replace(tree, &name);
        }
        let below = depth + 1;
        match &mut tree.expr {
            Expr::Select(select) => self.visit(&mut select.operand, below),
            Expr::List(list) => list
                .elements
                .iter_mut()
                .try_for_each(|item| self.visit(item, below)),
            Expr::Call(call) if call.func_name == "decimal" => {
                let nearest = decimal(call)?;
                tree.expr = Expr::Literal(nearest);
                Ok(())
            }
            Expr::Call(call) => {
                check_function(&call.func_name)?;
                bounds::pattern_is_written(&call.func_name, &call.args)?;
                self.as_re2(call)?;
                unlike(call)?;
                if let (operators::IN, [_, of]) | (operators::INDEX, [of, _]) =
                    (call.func_name.as_str(), call.args.as_slice())
                {
                    self.has_items(of)?;
                }
                let target = call.target.as_deref_mut().into_iter();
                target
                    .chain(call.args.iter_mut())
                    .try_for_each(|part| self.visit(part, below))
            }
            Expr::Map(map) => map
                .entries
                .iter_mut()
                .try_for_each(|entry| match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        self.visit(&mut entry.key, below)?;
                        self.visit(&mut entry.value, below)
                    }
                    EntryExpr::StructField(field) => self.visit(&mut field.value, below),
                }),
            Expr::Comprehension(inner) => {
                self.has_items(&inner.iter_range)?;
                self.visit(&mut inner.iter_range, below)?;
                self.visit(&mut inner.accu_init, below)?;
                let before = self.bound.len();
                self.bound
                    .extend([inner.iter_var.clone(), inner.accu_var.clone()]);
                self.bound.extend(inner.iter_var2.clone());
                for part in [&mut inner.loop_cond, &mut inner.loop_step, &mut inner.result] {
                    self.visit(part, below)?;
                }
                self.bound.truncate(before);
                Ok(())
            }
            Expr::Struct(_) => Err(Problem::Says("message types are not known here".to_owned())),
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
        }
    }

    /// A pattern is checked and counted as one outside a loop is, and means the same.
    fn as_re2(&mut self, call: &mut CallExpr) -> Result<(), Problem> {
        let Some(pattern) = call.args.last_mut().filter(|_| call.func_name == "matches") else {
            return Ok(());
        };
        if let Some(Constant::Text(text)) = constant_of(pattern) {
            let compiled = self.variables.patterns.compile(&text)?;
            pattern.expr = Expr::Literal(LiteralValue::String(compiled.translated().to_owned().into()));
        }
        Ok(())
    }

    /// Refuses to go through a name that is never a list.
    fn has_items(&mut self, of: &IdedExpr) -> Result<(), Problem> {
        let Some(name) = dotted_name(&of.expr) else {
            return Ok(());
        };
        let root = name.split('.').next().unwrap_or_default();
        let is_own = self.bound.iter().any(|bound| bound == root)
            || self.named_value(&name).is_some()
            || self.variables.is_derived(&name);
        match names::not_a_list(&name).filter(|_| !is_own) {
            Some(problem) => Err(Problem::Type(problem)),
            None => Ok(()),
        }
    }

    /// The list or table of this name; conditions that name the same one share it.
    fn named_value(&mut self, name: &str) -> Option<CelValue> {
        // Asked for even where it is known, because asking notes that it is used.
        let items = self.variables.list(name);
        let rows = self.variables.table(name);
        if let Some(known) = self.variables.for_cel.get(name) {
            return Some(known.clone());
        }
        let made = items
            .map(|items| list(items.items()))
            .or_else(|| rows.map(|rows| table(&rows)))?;
        self.variables.for_cel.insert(name.to_owned(), made.clone());
        Some(made)
    }

    fn replace(&mut self, tree: &mut IdedExpr, name: &str) -> Result<(), Problem> {
        let root = name.split('.').next().unwrap_or(name);
        if self.bound.iter().any(|bound| bound == root) {
            return Ok(());
        }
        if let Some(value) = self.named_value(name) {
            let flat = format!("@named{}", self.named.len());
            tree.expr = Expr::Ident(flat.clone());
            self.named.push((flat, value));
            return Ok(());
        }
        let slot = self.variables.resolve(name)?;
        // A name no condition can spell, without dots: the `cel` crate takes a dot for a selection.
        let flat = format!("@fact{slot}");
        tree.expr = Expr::Ident(flat.clone());
        if !self.found.iter().any(|known| known.slot == slot) {
            let is_moment = self.variables.is_moment(slot);
            self.found.push(Free {
                name: flat,
                slot,
                is_moment,
            });
        }
        Ok(())
    }
}
