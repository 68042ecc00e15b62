//! `deploy/local/parts`, run as a program.

use crate::error::TestkitError;
use crate::repository;
use std::process::Command;

/// Runs one command of the script and gives what it printed.
pub(crate) fn parts_script(
    arguments: &[&str],
    environment: &[(&'static str, String)],
) -> Result<String, TestkitError> {
    let program = repository().join("deploy/local/parts");
    let command = || format!("deploy/local/parts {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .map_err(|error| TestkitError::Script {
            command: command(),
            reason: error.to_string(),
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(TestkitError::Down {
        command: command(),
        reason: said
            .lines()
            .last()
            .unwrap_or("the script said nothing")
            .to_owned(),
    })
}
