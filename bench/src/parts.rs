//! The local parts, as `deploy/local/parts` tells of them.

use anyhow::{Context, Result, bail};
use std::process::Command;

/// Variables that lead every program to these parts: the `export NAME=value` lines of `parts env`.
pub(crate) fn environment() -> Result<Vec<(String, String)>> {
    let text = said("env")?;
    let exports = text
        .lines()
        .filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    Ok(exports
        .map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
        .collect())
}

/// Names and process ids of those that run.
pub(crate) fn pids() -> Result<Vec<(String, u32)>> {
    let text = said("status")?;
    let part = |line: &str| {
        let name = line.split_whitespace().next()?.to_owned();
        Some((name, line.rsplit_once("process ")?.1.trim().parse().ok()?))
    };
    let parts: Vec<_> = text.lines().filter_map(part).collect();
    if parts.is_empty() {
        bail!("the local parts do not run; `./justw up` starts them");
    }
    Ok(parts)
}

fn said(command: &str) -> Result<String> {
    let output = Command::new("deploy/local/parts").arg(command).output();
    let output = output.with_context(|| format!("deploy/local/parts {command}"))?;
    Ok(String::from_utf8(output.stdout)?)
}
