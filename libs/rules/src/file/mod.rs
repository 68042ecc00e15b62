//! Reading rule files: from YAML nodes to typed parts, collecting every mistake on the way. No I/O.

mod keys;

pub(crate) use keys::{Fields, Reader};

use crate::error::{Fault, RuleError};
use crate::node::{self, Node, Place};
use crate::substitute::substitute;

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
        match node::read(text) {
            Ok(mut root) => {
                for (name, value) in put_in_environment(name, &mut root, env, errors) {
                    hash.update(format!("{name}={value}\0").as_bytes());
                }
                sources.push(Source { name, root });
            }
            Err((place, fault)) => errors.push(error(name, place, fault)),
        }
    }
    (sources, format!("{:032x}", hash.digest128()))
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
        Err(fault) => errors.push(error(file, place, fault)),
    });
    used
}

pub(crate) fn error(file: &str, place: Place, fault: Fault) -> RuleError {
    RuleError {
        file: file.to_owned(),
        line: place.line,
        column: place.column,
        fault,
    }
}

/// The rule files among the files of a folder: YAML by name, so that a README may stand beside them. A
/// single file is a rule file whatever its name.
pub fn rule_files(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    let is_yaml = |name: &str| {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        extension.eq_ignore_ascii_case("yml") || extension.eq_ignore_ascii_case("yaml")
    };
    let chosen = texts.iter().filter(|(name, _)| texts.len() == 1 || is_yaml(name));
    chosen
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}
