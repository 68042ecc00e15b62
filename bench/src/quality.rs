//! `quality`: how well texts are read and what belongs together is found, on data that people labelled. Prints a table, keeps it in docs/QUALITY.md.

mod behaviour;
mod correlation;
mod entities;
mod hostile;
mod hostile_rules;
mod language;
mod near;
mod report;
mod rules;
mod sentiment;
mod spam;
mod stories;

use crate::say;
use anyhow::Result;
use clap::Args;
use report::Row;
use std::path::{Path, PathBuf};

/// How well texts are read and put together: languages, sentiment, spam, stories, copies, entities
#[derive(Args)]
pub(crate) struct QualityArgs {
    /// Folder with the labelled data; what is not there is reported as skipped
    #[arg(long, env = "SLUICEBOX_SHARED_DATA", default_value = "../shared/data")]
    data: PathBuf,
    /// The document whose tables are replaced
    #[arg(long, default_value = "docs/QUALITY.md")]
    document: PathBuf,
    /// Print only; leave the document as it is
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: &QualityArgs) -> Result<()> {
    let rows = rows(&args.data)?;
    say(report::table(&rows));
    if !args.dry_run {
        report::keep(&args.document, &rows)?;
    }
    say(report::json(&rows));
    Ok(())
}

/// Every figure, in the order of the table. The language comes first: its memory is read before others add theirs.
fn rows(data: &Path) -> Result<Vec<Row>> {
    let mut rows = language::rows(&data.join("language/lingua_testdata"))?;
    rows.extend(sentiment::rows(&data.join("sentiment"))?);
    rows.extend(spam::rows(&data.join("spam"))?);
    rows.extend(stories::rows(data)?);
    rows.extend(near::rows(data)?);
    rows.extend(entities::rows()?);
    rows.extend(rules::rows(data)?);
    rows.extend(behaviour::rows(&data.join("behaviour"))?);
    rows.extend(hostile::rows());
    rows.extend(hostile_rules::rows());
    Ok(rows)
}

/// Whether single texts are shown as well, for those who work on them.
fn wants_details() -> bool {
    std::env::var_os("SLUICEBOX_BENCH_DETAILS").is_some()
}

/// The labelled file, or `None` where it is absent.
fn read_if_there(path: &Path) -> Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow::Error::new(error).context(path.display().to_string())),
    }
}
