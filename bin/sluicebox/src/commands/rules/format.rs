//! `sluicebox rules fmt`: rule files in their form.

use super::files;
use crate::app::App;
use crate::failure::Failure;
use crate::output::{say, tell};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sluicebox rules fmt --check rules/scoring")]
pub(crate) struct FormatArgs {
    /// Rule file or folder; without it, the scorer's and the detector's
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; exit with 1 when a file is not in its form
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &FormatArgs, app: &App) -> Result<(), Failure> {
    let mut changed = Vec::new();
    for path in files::all_paths(&args.paths, app)? {
        let texts = files::read(&path)?;
        for (name, text) in rules::rule_files(&texts) {
            let formatted = rules::format(name, text).map_err(|error| Failure::Check(error.to_string()))?;
            if formatted == text {
                continue;
            }
            let file = if path.is_dir() {
                path.join(name)
            } else {
                path.clone()
            };
            if !args.check {
                write(&file, &formatted)?;
            }
            say(file.display());
            changed.push(file);
        }
    }
    match changed.len() {
        0 => tell("everything is in its form"),
        many if args.check => {
            return Err(Failure::Check(format!(
                "{many} files are not in their form; `sluicebox rules fmt` puts them into it"
            )));
        }
        many => tell(format_args!("{many} files written")),
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::File(format!("{}: {error}", file.display())))
}
