//! `sluicebox dlq replays`: who put what back, and when.

use super::letters::Letters;
use super::past::Run;
use crate::app::App;
use crate::commands::shown::rfc3339;
use crate::commands::table;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use serde_json::{Value, json};

const HEADINGS: [&str; 6] = ["replay", "began", "by", "letters", "asked for", "note"];

#[derive(Debug, Args)]
pub(super) struct ReplaysArgs {
    /// Print one JSON object a replay, with the dead letters that it put back
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: ReplaysArgs, app: &App) -> Result<(), Failure> {
    let past = Letters::connect(&app.settings()?)?.past().await?;
    let runs = past.runs();
    if args.json {
        runs.into_iter().map(described).for_each(say);
    } else if runs.is_empty() {
        say("no replays");
    } else {
        let rows: Vec<_> = runs.into_iter().map(row).collect();
        table::lines(&HEADINGS, &rows).into_iter().for_each(say);
    }
    Ok(())
}

fn row(run: &Run) -> [String; 6] {
    let filters = run.filters.iter();
    let filters: Vec<String> = filters.map(|(name, value)| format!("{name}={value}")).collect();
    [
        run.id.clone(),
        rfc3339(run.started),
        run.by.clone(),
        run.letters.len().to_string(),
        if filters.is_empty() {
            "all".to_owned()
        } else {
            filters.join(" ")
        },
        run.note.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

fn described(run: &Run) -> Value {
    json!({
        "replay": run.id,
        "started": rfc3339(run.started),
        "last": rfc3339(run.last),
        "by": run.by,
        "note": run.note,
        "filters": run.filters,
        "count": run.letters.len(),
        "letters": run.letters,
    })
}
