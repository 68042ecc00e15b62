//! Reading rule files: from YAML nodes to typed parts, collecting every mistake on the way. No I/O.

mod beside;
mod keys;
mod sorted;
mod table;
mod vocabulary;

pub(crate) use keys::{Fields, Reader};
pub use sorted::{SortedFiles, detection_files, scoring_files, sorted_files};
pub(crate) use vocabulary::vocabulary;

use crate::error::{Fault, RuleError};
use crate::node::{self, Node, Place};
use crate::reference::as_native;
use crate::substitute::substitute;
use beside::{Beside, extension};

/// A file as read: its name, its tree with the environment put in.
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) root: Node,
}

/// Reads the files and computes the hash of what they say, environment included.
pub(crate) fn read_all<'a>(
    files: &[(&'a str, &str)],
    env: &dyn Fn(&str) -> Option<String>,
    errors: &mut Vec<RuleError>,
) -> (Vec<Source<'a>>, String) {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    let mut sources = Vec::with_capacity(files.len());
    for (name, text) in files {
        hash.update(text.as_bytes());
        hash.update(&[0]);
        match read_one(name, text) {
            Ok(mut root) => {
                for (name, value) in put_in_environment(name, &mut root, env, errors) {
                    hash.update(format!("{name}={value}\0").as_bytes());
                }
                sources.extend(as_native(name, root, errors).map(|root| Source { name, root }));
            }
            Err((place, fault)) => note(errors, error(name, place, fault)),
        }
    }
    (sources, format!("{:032x}", hash.digest128()))
}

fn read_one(name: &str, text: &str) -> Result<Node, (Place, Fault)> {
    match Beside::of(name) {
        Some(kind) => kind.read(name, text),
        None => node::read(text),
    }
}

fn put_in_environment(
    file: &str,
    root: &mut Node,
    env: &dyn Fn(&str) -> Option<String>,
    errors: &mut Vec<RuleError>,
) -> Vec<(String, String)> {
    let mut used = Vec::new();
    root.scalars_mut(&mut |place, text| match substitute(text, env, &mut used) {
        Ok(done) => *text = done,
        Err(fault) => note(errors, error(file, place, fault)),
    });
    used
}

/// Mistakes that are told of a set of files; nobody reads more, and each may be longer than what made it.
const MOST_MISTAKES: usize = 100;

/// Notes a mistake, unless there are enough of them.
pub(crate) fn note(errors: &mut Vec<RuleError>, mut mistake: RuleError) {
    if errors.len() > MOST_MISTAKES {
        return;
    }
    if errors.len() == MOST_MISTAKES {
        mistake.fault = Fault::More;
    }
    errors.push(mistake);
}

pub(crate) fn error(file: &str, place: Place, fault: Fault) -> RuleError {
    RuleError {
        file: file.to_owned(),
        line: place.line,
        column: place.column,
        fault,
    }
}

/// The rule files among the files of a folder, with the lists (`.txt`) and tables (`.csv`) beside them: by name, so that
/// a README or an `.example.yml` may stand there too. A single file is a rule file whatever its name.
pub fn rule_files(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    let counts = |name: &str| {
        matches!(extension(name).as_str(), "yml" | "yaml" | "txt" | "csv") && !name.contains(".example.")
    };
    let chosen = texts.iter().filter(|(name, _)| texts.len() == 1 || counts(name));
    chosen
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}
