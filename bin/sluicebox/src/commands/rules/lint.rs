//! `sluicebox rules lint`: what is suspicious about rules that load.

use super::{files, normalizing};
use crate::app::App;
use crate::failure::Failure;
use crate::output::{GOOD, STRONG, WARNING, say, styled};
use clap::{Args, ValueEnum};
use rules::{Finding, Normalize, explain, lint, lint_detections};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "Each check has a page in docs/rules/lint.\n\nExample:\n  sluicebox rules lint rules/scoring --deny --allow no-reason"
)]
pub(crate) struct LintArgs {
    /// Rule file or folder; without it, the scorer's and the detector's
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Leave a check out; may be given several times
    #[arg(long, value_name = "CHECK", value_parser = check_name)]
    allow: Vec<String>,
    /// Exit with 1 when something is found
    #[arg(long)]
    deny: bool,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// Print the names of all checks and what they find
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn check_name(name: &str) -> Result<String, String> {
    let known = rules::CHECKS.iter().any(|check| check.name == name);
    known
        .then(|| name.to_owned())
        .ok_or_else(|| "there is no such check; --list names them".to_owned())
}

pub(crate) fn run(args: &LintArgs, app: &App) -> Result<(), Failure> {
    if args.list {
        for check in rules::CHECKS {
            say(format_args!("{:<22} {}", check.name, check.finds));
        }
        return Ok(());
    }
    let mut found = Vec::new();
    for path in files::all_paths(&args.paths, app)? {
        found.extend(look_at(&path, &normalizing::of_tests(app)?)?);
    }
    found.retain(|finding| !args.allow.iter().any(|allowed| allowed == finding.check));
    report(&found, args.output);
    if args.deny && !found.is_empty() {
        return Err(Failure::Check(format!("{} findings", found.len())));
    }
    Ok(())
}

/// A folder may hold scoring rules and detections. Mistakes of both are told at once.
fn look_at(path: &std::path::Path, normalize: Normalize<'_>) -> Result<Vec<Finding>, Failure> {
    let texts = files::read(path)?;
    let sorted = rules::sorted_files(&texts);
    let both = !sorted.scoring.is_empty() && !sorted.detections.is_empty();
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    let mut looked = Vec::new();
    if !sorted.scoring.is_empty() {
        looked.push(lint(&sorted.scoring, &files::environment, Some(normalize)));
    }
    if !sorted.detections.is_empty() {
        looked.push(lint_detections(&sorted.detections, &files::environment));
    }
    for one in looked {
        match one {
            Ok(findings) => found.push(findings),
            Err(errors) => mistakes.extend(errors),
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::Check(explain(&mistakes)));
    }
    if both {
        keep_unused_by_both(&mut found);
    }
    Ok(found.concat())
}

/// A list that scores do not name may be named by detections.
fn keep_unused_by_both(found: &mut [Vec<Finding>]) {
    let [scoring, detections] = found else { return };
    let is_unused = |finding: &Finding| finding.check == "unused-name";
    scoring.retain(|finding| !is_unused(finding) || detections.contains(finding));
    detections.retain(|finding| !is_unused(finding));
}

fn report(found: &[Finding], output: Output) {
    if output == Output::Json {
        let json = found.iter().map(|finding| {
            serde_json::json!({"check": finding.check, "file": finding.file, "line": finding.line,
                "column": finding.column, "message": finding.message})
        });
        return say(serde_json::Value::Array(json.collect()));
    }
    for finding in found {
        let place = format!("{}:{}:{}", finding.file, finding.line, finding.column);
        say(format_args!(
            "{}: {} {}",
            styled(STRONG, place),
            finding.message,
            styled(WARNING, format_args!("[{}]", finding.check))
        ));
    }
    if found.is_empty() {
        say(styled(GOOD, "nothing suspicious"));
    }
}
