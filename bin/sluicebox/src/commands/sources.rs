//! `sluicebox sources`: what is polled and how it fares; `docs/SOURCES.md` is the page for people.

mod command;
mod list;
mod trying;

use crate::app::App;
use crate::failure::Failure;
use clap::{Args, Subcommand};
use model::SourceAction;
use settings::{Settings, SourceSettings};

const EXAMPLES: &str = "\
Examples:
  sluicebox sources list                    last item, next try, errors of each
  sluicebox sources test                    ask each of the configuration once; exit code 1 if one fails
  sluicebox sources preview news --json     what its first page would become; nothing is sent
  sluicebox sources pause news --reason 'their maintenance'
  sluicebox sources resume news

`list` reads what the lanes committed; `test` and `preview` ask from here, with the settings of this machine. See
docs/SOURCES.md.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SourcesArgs {
    #[command(subcommand)]
    command: SourcesCommand,
}

#[derive(Debug, Subcommand)]
enum SourcesCommand {
    /// List how each source fares
    List(list::ListArgs),
    /// Ask sources once and say what came of it
    Test(trying::TestArgs),
    /// Show what the first page of a source would become, without sending it
    Preview(trying::PreviewArgs),
    /// Poll a source no more until it is resumed; its cursor stays
    Pause(command::CommandArgs),
    /// Poll a source again, also one that was stopped because it was gone
    Resume(command::CommandArgs),
    /// Poll a source now, whenever it is due
    Poll(command::CommandArgs),
    /// Forget the cursor of a source: what it holds becomes events again, with the same ids
    Rewind(command::CommandArgs),
}

pub(crate) async fn run(args: SourcesArgs, app: &App) -> Result<(), Failure> {
    let send = |args, action| command::send(args, action, app);
    match args.command {
        SourcesCommand::List(args) => list::run(args, app).await,
        SourcesCommand::Test(args) => trying::test(args, app).await,
        SourcesCommand::Preview(args) => trying::preview(args, app).await,
        SourcesCommand::Pause(args) => send(args, SourceAction::Pause).await,
        SourcesCommand::Resume(args) => send(args, SourceAction::Resume).await,
        SourcesCommand::Poll(args) => send(args, SourceAction::Poll).await,
        SourcesCommand::Rewind(args) => send(args, SourceAction::Rewind).await,
    }
}

/// The source of this name in the settings.
fn configured<'a>(settings: &'a Settings, name: &str) -> Result<&'a SourceSettings, Failure> {
    let polled = &settings.sources.polled;
    polled.iter().find(|source| source.name == name).ok_or_else(|| {
        let names: Vec<_> = polled.iter().map(|source| source.name.as_str()).collect();
        let names = match names.as_slice() {
            [] => "there is none in sources.polled".to_owned(),
            names => format!("there are: {}", names.join(", ")),
        };
        Failure::Usage(format!("no source is called {name}; {names}"))
    })
}
