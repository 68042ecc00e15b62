//! `sluicebox dlq export`: dead letters with their bytes, one JSON object a line.

use super::filter::Filter;
use super::letter::Letter;
use super::letters::Letters;
use super::past::Past;
use crate::app::App;
use crate::commands::lines::Lines;
use crate::failure::Failure;
use crate::output::tell;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sluicebox dlq export --stage normalizer --out letters.jsonl\n  sluicebox dlq export --reason undecodable | jq -r .payload_base64 | base64 -d"
)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    filter: Filter,
    /// Where to write; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Where letters are written, and what is told of each.
struct Export {
    lines: Lines,
    past: Past,
}

pub(super) async fn run(args: ExportArgs, app: &App) -> Result<(), Failure> {
    let letters = Letters::connect(&app.settings()?)?;
    let past = letters.past().await?;
    let export = Export {
        lines: Lines::open(args.out)?,
        past,
    };
    let write = |export: &mut Export, letter: Letter| {
        let whole = letter.whole(&export.past);
        export.lines.write(&whole)
    };
    let export = letters.each(&args.filter, export, write).await?;
    let written = export.lines.finish()?;
    tell(format_args!("{written} dead letters"));
    Ok(())
}
