//! The engines, and the same conditions in the words of each.

use crate::Decide;
use anyhow::{Result, anyhow};
use serde_json::{Value, json};
use std::fmt::Display;

/// Every engine by its crate.
pub const ALL: &[(&str, fn() -> Result<Decide>)] = &[
    ("cel", cel),
    ("rhai", rhai),
    ("zen-expression", zen_expression),
    ("datalogic-rs", datalogic),
    ("minijinja", minijinja),
];

fn event() -> Value {
    json!({
        "kind": "post", "lang": "en", "text": "gm, $PEPE to the moon", "amount": 5000.0, "success": true,
        "count": 12, "cashtags": ["PEPE"],
    })
}

/// Conditions as people write them: comparisons, membership, words, arithmetic beside a comparison of text.
fn conditions(forms: [fn(usize) -> String; 5]) -> impl Iterator<Item = String> {
    (0..100).map(move |at| forms[at % 5](at))
}

/// Every condition compiled; an error says which one it was.
fn all_of<C, E: Display>(
    texts: impl Iterator<Item = String>,
    compile: impl Fn(&str) -> Result<C, E>,
) -> Result<Vec<C>> {
    texts
        .map(|text| compile(&text).map_err(|error| anyhow!("{text}: {error}")))
        .collect()
}

/// How many conditions are true.
fn count<C, E: Display>(conditions: &[C], mut holds: impl FnMut(&C) -> Result<bool, E>) -> Result<usize> {
    let mut hold = 0;
    for condition in conditions {
        hold += usize::from(holds(condition).map_err(|error| anyhow!("{error}"))?);
    }
    Ok(hold)
}

fn cel() -> Result<Decide> {
    let texts = conditions([
        |at| format!("amount > {at}.0 && success == true"),
        |at| format!("kind in ['post', 'news{at}']"),
        |at| format!("amount * 2.0 > {at}.0 || lang == 'x{at}'"),
        |at| format!("text.contains('PEPE') && lang != 'x{at}'"),
        |at| format!("size(cashtags) > 0 && count >= {}", at / 10),
    ]);
    let programs = all_of(texts, |text| cel::Program::compile(text))?;
    let mut context = cel::Context::default();
    context.add_variable_from_value("kind", "post");
    context.add_variable_from_value("lang", "en");
    context.add_variable_from_value("text", "gm, $PEPE to the moon");
    context.add_variable_from_value("amount", 5000.0);
    context.add_variable_from_value("success", true);
    context.add_variable_from_value("count", 12_i64);
    context.add_variable_from_value("cashtags", vec!["PEPE"]);
    Ok(Box::new(move || {
        let holds = |program: &&cel::Program| program.execute(&context) == Ok(cel::Value::Bool(true));
        Ok(programs.iter().filter(holds).count())
    }))
}

fn rhai() -> Result<Decide> {
    let texts = conditions([
        |at| format!("amount > {at}.0 && success == true"),
        |at| format!("kind in [\"post\", \"news{at}\"]"),
        |at| format!("amount * 2.0 > {at}.0 || lang == \"x{at}\""),
        |at| format!("text.contains(\"PEPE\") && lang != \"x{at}\""),
        |at| format!("cashtags.len() > 0 && count >= {}", at / 10),
    ]);
    let engine = rhai::Engine::new();
    let compiled = all_of(texts, |text| engine.compile_expression(text))?;
    let mut scope = rhai::Scope::new();
    scope
        .push("kind", "post".to_owned())
        .push("lang", "en".to_owned());
    scope
        .push("text", "gm, $PEPE to the moon".to_owned())
        .push("amount", 5000.0_f64);
    scope.push("success", true).push("count", 12_i64);
    scope.push("cashtags", vec![rhai::Dynamic::from("PEPE".to_owned())]);
    Ok(Box::new(move || {
        count(&compiled, |condition| {
            engine.eval_ast_with_scope::<bool>(&mut scope, condition)
        })
    }))
}

fn zen_expression() -> Result<Decide> {
    let texts = conditions([
        |at| format!("amount > {at} and success == true"),
        |at| format!("kind in ['post', 'news{at}']"),
        |at| format!("amount * 2 > {at} or lang == 'x{at}'"),
        |at| format!("contains(text, 'PEPE') and lang != 'x{at}'"),
        |at| format!("len(cashtags) > 0 and count >= {}", at / 10),
    ]);
    let compiled = all_of(texts, |text| zen_expression::compile_expression(text))?;
    let context: zen_expression::Variable = event().into();
    let mut machine = zen_expression::vm::VM::new();
    Ok(Box::new(move || {
        count(&compiled, |condition| {
            let value = condition.evaluate_with(context.clone(), &mut machine);
            value.map(|value| matches!(value, zen_expression::Variable::Bool(true)))
        })
    }))
}

fn datalogic() -> Result<Decide> {
    let texts = conditions([
        |at| json!({"and": [{">": [{"var": "amount"}, at]}, {"==": [{"var": "success"}, true]}]}).to_string(),
        |at| json!({"in": [{"var": "kind"}, ["post", format!("news{at}")]]}).to_string(),
        |at| {
            let twice = json!({">": [{"*": [{"var": "amount"}, 2]}, at]});
            json!({"or": [twice, {"==": [{"var": "lang"}, format!("x{at}")]}]}).to_string()
        },
        |at| {
            let named = json!({"in": ["PEPE", {"var": "text"}]});
            json!({"and": [named, {"!=": [{"var": "lang"}, format!("x{at}")]}]}).to_string()
        },
        |at| {
            let tagged = json!({"!!": [{"var": "cashtags"}]});
            json!({"and": [tagged, {">=": [{"var": "count"}, at / 10]}]}).to_string()
        },
    ]);
    let engine = datalogic_rs::Engine::new();
    let compiled = all_of(texts, |text| engine.compile(text))?;
    let event =
        datalogic_rs::ParsedData::from_json(&event().to_string()).map_err(|error| anyhow!("{error}"))?;
    let mut arena = bumpalo::Bump::new();
    Ok(Box::new(move || {
        let hold = count(&compiled, |condition| {
            let value = engine.evaluate(condition, &event, &arena);
            value.map(|value| value.as_bool() == Some(true))
        });
        arena.reset();
        hold
    }))
}

fn minijinja() -> Result<Decide> {
    let texts = conditions([
        |at| format!("amount > {at} and success == true"),
        |at| format!("kind in ['post', 'news{at}']"),
        |at| format!("amount * 2 > {at} or lang == 'x{at}'"),
        |at| format!("'PEPE' in text and lang != 'x{at}'"),
        |at| format!("cashtags|length > 0 and count >= {}", at / 10),
    ]);
    // Compiled expressions borrow it, and the bench is over when it is.
    let environment: &'static _ = Box::leak(Box::new(minijinja::Environment::new()));
    let compiled: Result<Vec<_>, _> = texts
        .map(|text| environment.compile_expression_owned(text))
        .collect();
    let compiled = compiled?;
    let context = minijinja::Value::from(minijinja::value::Serde(event()));
    Ok(Box::new(move || {
        count(&compiled, |condition| {
            condition.eval(&context).map(|value| value.is_true())
        })
    }))
}
