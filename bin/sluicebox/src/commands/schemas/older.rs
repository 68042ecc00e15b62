//! Older versions of the schemas: the previous one in git, and the golden ones that were released.

use crate::failure::Failure;
use std::path::Path;
use std::process::Command;
use topology::Schema;

/// A version of a schema that records may have been written with.
pub(super) struct Older {
    /// Where it comes from, for people.
    pub name: String,
    /// The schema.
    pub text: String,
}

const GOLDEN: &str = "libs/model/tests/golden";

/// The version of the git revision (none outside git, or if the file is new there) and all golden versions.
pub(super) fn in_tree(schema: Schema, git_rev: &str) -> Result<Vec<Older>, Failure> {
    let mut versions = Vec::new();
    if let Some(text) = in_git(schema, git_rev) {
        versions.push(Older {
            name: format!("git {git_rev}"),
            text,
        });
    }
    for number in 1.. {
        let path = Path::new(GOLDEN).join(format!("{}.v{number}.avsc", schema.file_stem()));
        if !path.exists() {
            break;
        }
        versions.push(Older {
            name: format!("golden version {number}"),
            text: read(&path)?,
        });
    }
    Ok(versions)
}

fn in_git(schema: Schema, git_rev: &str) -> Option<String> {
    // A revision never begins with a dash; an option would.
    if git_rev.starts_with('-') {
        return None;
    }
    let object = format!("{git_rev}:schemas/{}.avsc", schema.file_stem());
    let shown = Command::new("git").args(["show", &object]).output().ok()?;
    shown
        .status
        .success()
        .then(|| String::from_utf8(shown.stdout).ok())?
}

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::File(format!("cannot read {}: {error}", path.display())))
}
