//! `${VAR:default}` in rule files, from an environment that is handed in. No I/O.

use crate::error::Fault;

/// Replaces every `${NAME}` and `${NAME:default}` in `text`, and notes what was put in.
///
/// A `$` that opens no brace stays as it is, so `$${MIN:50}` reads `$50`.
pub(crate) fn substitute(
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
    used: &mut Vec<(String, String)>,
) -> Result<String, Fault> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        if after.starts_with('{') {
            // `${{ amount }}`: a dollar sign before a value that is put in later.
            out.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        }
        let end = after.find('}').ok_or_else(|| Fault::Template {
            text: text.to_owned(),
            problem: "`${` has no `}`",
        })?;
        out.push_str(&rest[..start]);
        let value = value_of(text, &after[..end], env)?;
        out.push_str(&value.1);
        used.push(value);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn value_of(
    text: &str,
    inside: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(String, String), Fault> {
    let (name, default) = match inside.split_once(':') {
        Some((name, default)) => (name.trim(), Some(default)),
        None => (inside.trim(), None),
    };
    let named = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !named {
        return Err(Fault::Template {
            text: text.to_owned(),
            problem: "`${…}` must hold the name of a variable",
        });
    }
    let value = env(name).or_else(|| default.map(str::to_owned));
    value
        .map(|value| (name.to_owned(), value))
        .ok_or_else(|| Fault::UnsetVariable(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<String, Fault> {
        let env = |name: &str| (name == "SET").then(|| "7".to_owned());
        substitute(text, &env, &mut Vec::new())
    }

    #[test]
    fn values_defaults_and_dollars() {
        assert_eq!(run("x < ${SET:1} and y").as_deref(), Ok("x < 7 and y"));
        assert_eq!(run("(<$${UNSET:50000})").as_deref(), Ok("(<$50000)"));
        assert_eq!(
            run("${{ data.amount }} spent").as_deref(),
            Ok("${{ data.amount }} spent")
        );
        assert_eq!(run("$5 and 100%").as_deref(), Ok("$5 and 100%"));
        assert_eq!(
            run("${UNSET:-5}").as_deref(),
            Ok("-5"),
            "a default may be negative"
        );
    }

    #[test]
    fn mistakes_are_errors() {
        assert_eq!(run("${UNSET}"), Err(Fault::UnsetVariable("UNSET".to_owned())));
        assert!(matches!(run("${SET"), Err(Fault::Template { .. })));
        assert!(matches!(run("${}"), Err(Fault::Template { .. })));
    }
}
