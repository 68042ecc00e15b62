//! Functions of conditions that are decided here rather than by the `cel` crate. No I/O.

use cel::IdedExpr;
use cel::common::ast::Expr;

use super::compile::{Problem, constant_of};
use super::expression::{Constant, TextTest};
use super::patterns::Patterns;
use super::time::Zone;

/// A test of a text whose arguments are all constant texts.
pub(super) fn text_test(
    name: &str,
    arguments: &[IdedExpr],
    patterns: &mut Patterns,
) -> Result<Option<TextTest>, Problem> {
    let [argument] = arguments else { return Ok(None) };
    let Some(Constant::Text(text)) = constant_of(argument) else {
        return Ok(None);
    };
    Ok(match name {
        "contains" => Some(TextTest::Contains(text)),
        "startsWith" => Some(TextTest::StartsWith(text)),
        "endsWith" => Some(TextTest::EndsWith(text)),
        "matches" => Some(TextTest::Matches(patterns.compile(&text)?)),
        _ => None,
    })
}

/// `hasWord('a', 'b')` and `hasWord(['a', 'b'])`.
pub(super) fn words(arguments: &[IdedExpr]) -> Result<Vec<String>, Problem> {
    let listed = match arguments {
        [
            IdedExpr {
                expr: Expr::List(list),
                ..
            },
        ] => list.elements.as_slice(),
        other => other,
    };
    let word = |word: &IdedExpr| match constant_of(word) {
        Some(Constant::Text(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let words: Option<Vec<String>> = listed.iter().map(word).collect();
    let problem = || Problem::Says("hasWord() takes words in quotes, none of them empty".to_owned());
    words.filter(|words| !words.is_empty()).ok_or_else(problem)
}

/// The zone that the parts of a time are asked in: none, or one constant text.
pub(super) fn zone(arguments: &[IdedExpr]) -> Result<Zone, Problem> {
    let wanted = || Problem::Says("a time zone is '+02:00' or a name such as 'Europe/Berlin'".to_owned());
    match arguments {
        [] => Ok(Zone::UTC),
        [zone] => match constant_of(zone) {
            Some(Constant::Text(text)) => Zone::read(&text).ok_or_else(wanted),
            _ => Err(wanted()),
        },
        _ => Err(wanted()),
    }
}
