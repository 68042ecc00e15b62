//! `sluicebox events`: one event by hand, or many from a generator.

mod generate;
mod send;

use crate::app::App;
use crate::failure::Failure;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Send CloudEvents: one from arguments, or one a line from standard input
    Send(send::SendArgs),
    /// Generate logins, purchases, clicks, API calls and file accesses of a shop's users
    Generate(generate::GenerateArgs),
}

pub(crate) async fn run(args: EventsArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        EventsCommand::Send(args) => send::run(args, app).await,
        EventsCommand::Generate(args) => generate::run(args, app).await,
    }
}
