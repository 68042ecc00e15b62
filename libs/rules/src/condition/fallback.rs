//! What our own expressions do not cover goes to the `cel` crate, whose names no module outside `condition` knows
//! (docs/rules/ENGINE.md). No I/O.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use cel::common::ast::{EntryExpr, Expr};
use cel::{Context, Env, IdedExpr, Value as CelValue};

use super::bounds;
use super::compile::{Problem, dotted_name};
use super::evaluate::Value;
use super::expression::Slot;
use super::values::Values;
use super::variables::Variables;
use crate::error::Fault;
use crate::fact::Fact;
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
const OURS: &[&str] = &["hasWord", "lower", "lowerAscii"];

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

/// A CEL expression whose free variables were replaced by names of a rule set.
#[derive(Debug)]
pub(super) struct CelExpression {
    tree: IdedExpr,
    variables: Vec<(String, Slot)>,
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
        for (name, slot) in &self.variables {
            let Some(fact) = values.get(*slot) else {
                return Value::Unknown;
            };
            context.add_variable_from_value(name.as_str(), cel_value(fact));
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
            _ => Value::Unknown,
        }
    }
}

fn cel_value(fact: Fact<'_>) -> CelValue {
    match fact {
        Fact::Null => CelValue::Null,
        Fact::Bool(value) => CelValue::Bool(value),
        Fact::Long(value) => CelValue::Int(value),
        Fact::Double(value) => CelValue::Float(value),
        Fact::Str(text) => CelValue::from(text),
        Fact::StrList(items) => list(items.iter().map(String::as_str)),
        Fact::Addresses(items) => list(items.iter().map(|item| item.address.as_str())),
    }
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> CelValue {
    CelValue::List(items.map(CelValue::from).collect::<Vec<_>>().into())
}

fn table(rows: &NamedTable) -> CelValue {
    let rows = rows
        .rows()
        .map(|(key, value)| (key.to_owned(), cel_value(value.as_fact())));
    rows.collect::<std::collections::HashMap<String, CelValue>>()
        .into()
}

/// Finds the variables that no macro binds, and gives each a single name.
struct FreeVariables<'a> {
    bound: Vec<String>,
    found: Vec<(String, Slot)>,
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
            Expr::Call(call) => {
                check_function(&call.func_name)?;
                bounds::pattern_is_written(&call.func_name, &call.args)?;
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
        if !self.found.iter().any(|(_, known)| *known == slot) {
            self.found.push((flat, slot));
        }
        Ok(())
    }
}
