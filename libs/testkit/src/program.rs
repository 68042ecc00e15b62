//! The program under test.

use crate::error::TestkitError;
use crate::repository;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Names the program, such as a release build.
const VARIABLE: &str = "SLUICEBOX_PROGRAM";

/// Cargo builds programs only for tests of their own package. A test is named beside the program so that its libraries
/// have the features that tests give them: `cargo test --workspace` has built those already.
const BUILD: [&str; 8] = [
    "build",
    "--quiet",
    "--locked",
    "--workspace",
    "--bin",
    "sluicebox",
    "--test",
    "fences",
];

/// Where the program is: what `SLUICEBOX_PROGRAM` names, else what is built beside the test or the tool that asks. A
/// test builds it first.
///
/// # Errors
/// It does not build.
pub fn program() -> Result<PathBuf, TestkitError> {
    static PROGRAM: OnceLock<Result<PathBuf, TestkitError>> = OnceLock::new();
    PROGRAM.get_or_init(found).clone()
}

fn found() -> Result<PathBuf, TestkitError> {
    if let Some(given) = std::env::var_os(VARIABLE) {
        return Ok(given.into());
    }
    let own = std::env::current_exe().unwrap_or_default();
    let folder = own.parent().unwrap_or(Path::new("."));
    // A test stands in target/<profile>/deps, a program one above.
    if !folder.ends_with("deps") {
        return Ok(folder.join("sluicebox"));
    }
    build()?;
    Ok(folder.with_file_name("sluicebox"))
}

fn build() -> Result<(), TestkitError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(BUILD).current_dir(repository()).output();
    let failed = |reason: String| TestkitError::Program { reason };
    let output = output.map_err(|why| failed(why.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()))
}
