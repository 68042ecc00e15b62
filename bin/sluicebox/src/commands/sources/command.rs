//! `sluicebox sources pause`, `resume`, `poll` and `rewind`: one record of the source, which its lane obeys once.

use super::configured;
use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::{SourceAction, SourceCommand};

#[derive(Debug, Args)]
pub(super) struct CommandArgs {
    /// The source's name in the settings
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Who asks for it; the user and the host without it
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(super) async fn send(args: CommandArgs, action: SourceAction, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    configured(&settings, &args.source)?;
    let command = SourceCommand {
        source: args.source,
        action,
        time: chrono::Utc::now().timestamp_millis(),
        reason: args.reason,
        by: args.by.unwrap_or_else(|| app::who(&settings)),
    };
    let publisher = app::publisher(&settings).await?;
    let told = publisher.publish(&command, None).await;
    told.map_err(|error| Failure::Unreachable(error.to_string()))?;
    let what = match action {
        SourceAction::Announce => "announced",
        SourceAction::Pause => "paused",
        SourceAction::Resume => "resumed",
        SourceAction::Poll => "polled",
        SourceAction::Rewind => "read from its beginning",
    };
    say(format_args!(
        "{} is {what} as soon as its lane reads this; `sluicebox sources list` shows it",
        command.source
    ));
    Ok(())
}
