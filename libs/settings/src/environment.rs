//! `SLUICEBOX__SECTION__KEY` variables as overrides of single keys.

use config::{Config, File, FileFormat, Value};

use crate::problem::Problems;
use crate::shape::{SETTINGS, Shape};

/// What begins the name of every variable that is ours.
pub(crate) const PREFIX: &str = "SLUICEBOX__";

/// One key set by one variable.
#[derive(Debug)]
pub(crate) struct Override {
    /// Path of the key; numbers are positions in lists.
    pub(crate) path: Vec<String>,
    /// Its value, still without a type where it is a scalar.
    pub(crate) value: Value,
}

/// Reads our variables out of an environment; unknown and unreadable ones become problems.
pub(crate) fn overrides(
    environment: impl IntoIterator<Item = (String, String)>,
    problems: &mut Problems,
) -> Vec<Override> {
    let mut ours: Vec<_> = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    ours.sort();
    ours.into_iter()
        .filter_map(|(name, text)| one(&name, &text, problems))
        .collect()
}

fn one(name: &str, text: &str, problems: &mut Problems) -> Option<Override> {
    let mut shape = &*SETTINGS;
    let mut path = Vec::new();
    for part in name[PREFIX.len()..].split("__") {
        let mut key = part.to_ascii_lowercase();
        // Names of librdkafka properties have dots and those of headers have hyphens, which a shell does not allow in a
        // name.
        match shape {
            Shape::Open(any) if any.may_be_a_file() => key = header_name(&key),
            Shape::Open(_) => key = key.replace('_', "."),
            _ => {}
        }
        let Some(next) = shape.under(&key) else {
            problems.add_hidden(name, shape.advice(&key));
            return None;
        };
        path.push(key);
        shape = next;
    }
    let value = typed(name, text, shape, problems)?;
    Some(Override { path, value })
}

/// `x_api_key` is the header `x-api-key`, and `x_api_key_file` the file with it.
fn header_name(key: &str) -> String {
    match key.strip_suffix("_file") {
        Some(name) => format!("{}_file", name.replace('_', "-")),
        None => key.replace('_', "-"),
    }
}

fn typed(name: &str, text: &str, shape: &Shape, problems: &mut Problems) -> Option<Value> {
    let structured = text.trim_start().starts_with(['{', '[']);
    match shape {
        Shape::Leaf | Shape::Secret => Some(Value::new(Some(&name.to_owned()), text)),
        Shape::List(item) if !structured && matches!(**item, Shape::Leaf | Shape::Secret) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(Value::new(None, items.map(str::to_owned).collect::<Vec<_>>()))
        }
        _ if !structured => {
            problems.add_hidden(name, "takes JSON here, such as {\"key\": \"value\"} or [..]");
            None
        }
        _ => inline(name, text, problems),
    }
}

fn inline(name: &str, text: &str, problems: &mut Problems) -> Option<Value> {
    if serde_json::from_str::<serde_json::Value>(text).is_err() {
        problems.add_hidden(name, "is not valid JSON");
        return None;
    }
    let wrapped = File::from_str(&format!("{{\"value\": {text}}}"), FileFormat::Yaml);
    let parsed = Config::builder()
        .add_source(wrapped)
        .build()
        .and_then(|config| config.get("value"));
    match parsed {
        Ok(value) => Some(value),
        Err(error) => {
            problems.add_hidden(name, format!("cannot be read: {error}"));
            None
        }
    }
}
