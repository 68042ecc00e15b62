//! `sluicebox config`: what is in force, without its secrets.

use crate::app::App;
use crate::failure::Failure;
use crate::output;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print defaults, file and environment as one; secrets are redacted
    #[command(after_help = "Example:\n  SLUICEBOX__KAFKA__LANES=4 sluicebox config print -c production.yml")]
    Print,
    /// Say everything that is wrong with it, and how to mend it
    Check,
}

pub(crate) fn run(args: &ConfigArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    match args.command {
        ConfigCommand::Print => output::say(settings.redacted_yaml().trim_end()),
        ConfigCommand::Check => output::say("the configuration is fine"),
    }
    Ok(())
}
