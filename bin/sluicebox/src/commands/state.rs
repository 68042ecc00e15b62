//! `sluicebox state`: what stages remember, read from the changelogs that are its truth.

mod entry;
mod export;
mod show;

use crate::app::App;
use crate::failure::Failure;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use topology::{Changelog, StageName};

const EXAMPLES: &str = "\
Examples:
  sluicebox state show detector windows user:42
  sluicebox state show dedup-aggregator signals sig_0af7651916cd43dd8448eb211c80319c --json
  sluicebox state export detector windows --out windows.jsonl

What is shown is committed: everything that was written when the command began, also what was in open transactions then.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StateArgs {
    #[command(subcommand)]
    command: StateCommand,
}

#[derive(Debug, Subcommand)]
enum StateCommand {
    /// Print what a stage remembers of a key; exit code 1 if that is nothing
    Show(show::ShowArgs),
    /// Write all that a store holds, one JSON object a line
    Export(export::ExportArgs),
}

/// A store of a stage.
#[derive(Debug, Args)]
struct StoreArgs {
    /// The stage
    #[arg(value_name = "STAGE", value_parser = stages())]
    stage: String,
    /// One of its stores
    #[arg(value_name = "STORE")]
    store: String,
}

pub(crate) async fn run(args: StateArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        StateCommand::Show(args) => show::run(args, app).await,
        StateCommand::Export(args) => export::run(args, app).await,
    }
}

fn with_stores() -> impl Iterator<Item = StageName> {
    StageName::RUNNERS
        .into_iter()
        .filter(|stage| !stage.stores().is_empty())
}

fn stages() -> PossibleValuesParser {
    PossibleValuesParser::new(with_stores().map(StageName::as_str))
}

impl StoreArgs {
    fn changelog(&self) -> Result<Changelog, Failure> {
        let logs = Changelog::all().filter(|log| log.stage.as_str() == self.stage);
        let known: Vec<Changelog> = logs.collect();
        let found = known.iter().find(|log| log.store == self.store).copied();
        found.ok_or_else(|| {
            let near = known
                .iter()
                .map(|log| (strsim::jaro_winkler(log.store, &self.store), log.store))
                .max_by(|one, other| one.0.total_cmp(&other.0))
                .filter(|(likeness, _)| *likeness > 0.7);
            let near = near.map_or_else(|| ".".to_owned(), |(_, store)| format!("; did you mean {store}?"));
            let all: Vec<&str> = known.iter().map(|log| log.store).collect();
            let (stage, store) = (&self.stage, &self.store);
            Failure::Usage(format!(
                "{stage} has no store {store}{near} Its stores are {}",
                all.join(", ")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_not_there_is_guessed_and_all_are_named() {
        let args = |store: &str| StoreArgs {
            stage: "detector".to_owned(),
            store: store.to_owned(),
        };
        assert_eq!(
            args("windows").changelog().map(|log| log.store).ok(),
            Some("windows")
        );
        let complaint = args("window").changelog().unwrap_err().to_string();
        assert!(
            complaint.contains("did you mean windows?") && complaint.contains("seen, windows"),
            "{complaint}"
        );
        let complaint = args("xyz").changelog().unwrap_err().to_string();
        assert!(!complaint.contains("did you mean"), "{complaint}");
    }
}
