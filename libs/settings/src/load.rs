//! From defaults, a file and an environment to settings that can be used.

use std::path::Path;

use config::{Config, File, FileFormat, Map, Value, ValueKind};
use serde::Deserialize;

use crate::environment::{self, Override};
use crate::problem::{Problem, Problems, SettingsError};
use crate::secret_files;
use crate::sections::Settings;
use crate::shape;

/// A configuration longer than this is some other file.
const MAX_FILE_BYTES: usize = 1024 * 1024;
/// Deeper nesting than any of ours; the YAML parser recurses, so it is stopped before.
const MAX_BRACKETS: usize = 64;

/// The environment of this process; variables that are not UTF-8 are left out (ours never are).
pub fn process_environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

impl Settings {
    /// Reads defaults ◀ `file` ◀ `environment` and checks the whole.
    ///
    /// # Errors
    /// The file cannot be read or is no YAML, or anything in it or in the environment cannot be used; then every
    /// problem is listed at once.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut problems = Problems::default();
        let mut tree = match file {
            Some(path) => tree_of_file(path)?,
            None => Value::new(None, Map::<String, Value>::new()),
        };
        for Override { path, value } in environment::overrides(environment, &mut problems) {
            put(&mut tree, &path, value);
        }
        secret_files::settle(&mut tree, &shape::SETTINGS, "", &mut problems);
        let settings =
            Self::deserialize(tree).map_err(|error| problems.add_hidden("configuration", error.to_string()));
        match settings {
            Ok(settings) => settings.checked(problems),
            Err(()) => Err(SettingsError::Invalid { problems: problems.0 }),
        }
    }

    /// Everything that is wrong with the values.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.0
    }

    fn checked(self, mut problems: Problems) -> Result<Self, SettingsError> {
        self.check(&mut problems);
        if problems.0.is_empty() {
            Ok(self)
        } else {
            Err(SettingsError::Invalid { problems: problems.0 })
        }
    }
}

fn tree_of_file(path: &Path) -> Result<Value, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })?;
    let syntax = |message: String| SettingsError::Syntax {
        path: path.to_owned(),
        message,
    };
    if text.len() > MAX_FILE_BYTES || too_deep(&text) {
        return Err(syntax(
            "it is too large or too deeply nested to be a configuration".to_owned(),
        ));
    }
    let built = Config::builder()
        .add_source(File::from_str(&text, FileFormat::Yaml))
        .build();
    built
        .map(|config| config.cache)
        .map_err(|error| syntax(error.to_string()))
}

fn too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_BRACKETS
    })
}

/// Sets one key; what is missing on the way is made, a list grows by at most one item.
fn put(tree: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *tree = value;
        return;
    };
    if let (ValueKind::Array(items), Ok(index)) = (&mut tree.kind, first.parse::<usize>()) {
        if index >= items.len() {
            items.push(Value::new(None, ValueKind::Nil));
        }
        let last = items.len() - 1;
        return put(&mut items[index.min(last)], rest, value);
    }
    if !matches!(tree.kind, ValueKind::Table(_)) {
        tree.kind = ValueKind::Table(Map::new());
    }
    if let ValueKind::Table(map) = &mut tree.kind {
        put(
            map.entry(first.clone())
                .or_insert_with(|| Value::new(None, ValueKind::Nil)),
            rest,
            value,
        );
    }
}
