//! The program under test.

use crate::failure::Failure;
use std::path::PathBuf;

/// Names the program, such as a release build; without it the one beside ours is taken.
const VARIABLE: &str = "SLUICEBOX_PROGRAM";

/// Where it is: given, or in the folder that Cargo builds into.
pub(crate) fn path() -> PathBuf {
    if let Some(given) = std::env::var_os(VARIABLE) {
        return given.into();
    }
    let own = std::env::current_exe().unwrap_or_default();
    let beside = own.parent().map(|folder| folder.join("sluicebox"));
    // A test stands in target/<profile>/deps, a program one above.
    let above = own.ancestors().nth(2).map(|folder| folder.join("sluicebox"));
    beside
        .filter(|path| path.exists())
        .or(above)
        .unwrap_or_else(|| "sluicebox".into())
}

pub(crate) fn cannot_run(why: &std::io::Error) -> Failure {
    Failure::Program {
        path: path(),
        why: why.to_string(),
    }
}
