//! What was measured, where and when: figures without these mean nothing.

use std::process::Command;

/// One line: machine, date, commit.
pub(crate) fn line() -> String {
    format!("{}; {}; commit {}", hardware(), date(), commit())
}

fn hardware() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = meminfo.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?
            .trim()
            .strip_suffix(" kB")?
            .parse()
            .ok()
    });
    let gib = kib.unwrap_or(0_u64) / (1024 * 1024);
    format!("{model}, {cores} cores, {gib} GiB")
}

/// UTC, to the minute.
pub(crate) fn date() -> String {
    said("date", &["-u", "+%Y-%m-%dT%H:%MZ"])
}

/// The commit, with `+` when there are changes beside it.
pub(crate) fn commit() -> String {
    let changed = !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    format!(
        "{}{}",
        said("git", &["rev-parse", "--short=12", "HEAD"]),
        if changed { "+" } else { "" }
    )
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
