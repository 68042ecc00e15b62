//! `sluicebox dlq`: dead letters, to be looked at and put back; `docs/DEAD_LETTERS.md` is the page for people.

mod export;
mod filter;
mod letter;
mod letters;
mod list;
mod note;
mod past;
mod plan;
mod replay;
mod replays;
mod show;

use crate::app::App;
use crate::failure::Failure;
use clap::{Args, Subcommand};

pub(super) use filter::time;
pub(super) use letters::Letters;
pub(super) use note::NoteArgs;
pub(super) use past::Past;

const EXAMPLES: &str = "\
Examples:
  sluicebox dlq list --stage scorer --from 2h            what died in the last two hours, and why
  sluicebox dlq show 3:17                                one of them, with its record decoded
  sluicebox dlq export --reason undecodable --out bad.jsonl
  sluicebox dlq replay --stage scorer --from 2h --dry-run
  sluicebox dlq replay --stage scorer --from 2h --rate 100 --note 'rules mended'
  sluicebox dlq replays                                  who put what back

A dead letter is named by its place in the topic of dead letters, PARTITION:OFFSET. See docs/DEAD_LETTERS.md.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DlqArgs {
    #[command(subcommand)]
    command: DlqCommand,
}

#[derive(Debug, Subcommand)]
enum DlqCommand {
    /// List dead letters, newest first, and count them by stage and reason
    List(list::ListArgs),
    /// Print one dead letter with its record
    Show(show::ShowArgs),
    /// Write dead letters with their bytes, one JSON object a line
    Export(export::ExportArgs),
    /// Put records back on the topics they came from, each once
    Replay(replay::ReplayArgs),
    /// List the replays there were
    Replays(replays::ReplaysArgs),
}

pub(crate) async fn run(args: DlqArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        DlqCommand::List(args) => list::run(args, app).await,
        DlqCommand::Show(args) => show::run(args, app).await,
        DlqCommand::Export(args) => export::run(args, app).await,
        DlqCommand::Replay(args) => replay::run(args, app).await,
        DlqCommand::Replays(args) => replays::run(args, app).await,
    }
}
