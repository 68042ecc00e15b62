//! Secrets that are given as the name of a file (`password_file: /run/secrets/db`) are read into their keys.

use std::fs;

use config::{Map, Value, ValueKind};

use crate::problem::Problems;
use crate::shape::Shape;

/// No secret of ours is longer; a wrong path to a large file is refused.
const MAX_BYTES: u64 = 64 * 1024;

/// Looks through a tree: drops unknown keys with a problem each, and puts the content of files in place of `x_file`.
pub(crate) fn settle(tree: &mut Value, shape: &Shape, at: &str, problems: &mut Problems) {
    match (&mut tree.kind, shape) {
        (ValueKind::Table(map), Shape::Section(_) | Shape::Open(_)) => {
            drop_unknown(map, shape, at, problems);
            read_files(map, shape, at, problems);
            for (key, value) in map {
                if let Some(below) = shape.under(key) {
                    settle(value, below, &join(at, key), problems);
                }
            }
        }
        (ValueKind::Array(items), Shape::List(item)) => {
            for (index, value) in items.iter_mut().enumerate() {
                settle(value, item, &format!("{at}[{index}]"), problems);
            }
        }
        _ => {}
    }
}

fn drop_unknown(map: &mut Map<String, Value>, shape: &Shape, at: &str, problems: &mut Problems) {
    map.retain(|key, value| {
        let known = shape.under(key).is_some();
        if !known {
            problems.add_hidden(join(at, key), shape.advice(key));
        }
        // A key with nothing behind it (`kafka:`) means its default.
        known && value.kind != ValueKind::Nil
    });
}

fn read_files(map: &mut Map<String, Value>, shape: &Shape, at: &str, problems: &mut Problems) {
    for (key, below) in may_be_files(map, shape) {
        let file_key = format!("{key}_file");
        let Some(path) = map.remove(&file_key) else {
            continue;
        };
        let at_file = join(at, &file_key);
        if map.contains_key(&key) {
            problems.add_hidden(at_file, format!("give either `{key}` or `{file_key}`, not both"));
            continue;
        }
        let Ok(path) = path.into_string() else {
            problems.add_hidden(at_file, "must be the path of a file");
            continue;
        };
        match read(&path) {
            Ok(text) => drop(map.insert(key, as_value(&text, below))),
            Err(error) => problems.add(at_file, path, format!("the secret cannot be read: {error}")),
        }
    }
}

/// The keys whose value may be in a file: those of a section, or those of a map of secrets that are written so.
fn may_be_files<'a>(map: &Map<String, Value>, shape: &'a Shape) -> Vec<(String, &'a Shape)> {
    match shape {
        Shape::Section(keys) => {
            let secret = keys.iter().filter(|(_, below)| below.may_be_a_file());
            secret.map(|(key, below)| (key.clone(), below)).collect()
        }
        Shape::Open(any) if any.may_be_a_file() => {
            let files = map.keys().filter_map(|key| key.strip_suffix("_file"));
            files.map(|key| (key.to_owned(), &**any)).collect()
        }
        _ => Vec::new(),
    }
}

fn read(path: &str) -> std::io::Result<String> {
    if fs::metadata(path)?.len() > MAX_BYTES {
        return Err(std::io::Error::other(
            "the file is larger than 64 KiB, so it holds no secret of ours",
        ));
    }
    let text = fs::read_to_string(path)?;
    // A file that is just being written anew is no change of a secret to nothing.
    if text.trim().is_empty() {
        return Err(std::io::Error::other("the file is empty"));
    }
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn as_value(text: &str, shape: &Shape) -> Value {
    match shape {
        Shape::List(_) => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Value::new(None, lines.map(str::to_owned).collect::<Vec<_>>())
        }
        _ => Value::new(None, text),
    }
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() {
        key.to_owned()
    } else {
        format!("{at}.{key}")
    }
}
