//! `sluicebox notifications`: channels and what was sent to them; `docs/NOTIFICATIONS.md` is the page for people.

mod channels;
mod resend;

use crate::app::App;
use crate::failure::Failure;
use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  sluicebox notifications channels                        which are disabled, and since when one fails
  sluicebox notifications enable ops                      its receiver is there again
  sluicebox notifications resend --channel ops --from 3h --dry-run
  sluicebox notifications resend --id ntf_00000000000000000000000000000001

What was given up is a dead letter: `sluicebox dlq replay --stage notifier-deliver` sends it again. See
docs/NOTIFICATIONS.md.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NotificationsArgs {
    #[command(subcommand)]
    command: NotificationsCommand,
}

#[derive(Debug, Subcommand)]
enum NotificationsCommand {
    /// List the channels that something is known of: disabled, failing, recovered
    Channels(channels::ChannelsArgs),
    /// Let notifications go to a channel again that was disabled
    Enable(channels::NamedArgs),
    /// Let no notification go to a channel; what is for it becomes a dead letter
    Disable(channels::NamedArgs),
    /// Send notifications of the last seven days again, delivered or not
    Resend(resend::ResendArgs),
}

pub(crate) async fn run(args: NotificationsArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        NotificationsCommand::Channels(args) => channels::list(args, app).await,
        NotificationsCommand::Enable(args) => channels::set(args, true, app).await,
        NotificationsCommand::Disable(args) => channels::set(args, false, app).await,
        NotificationsCommand::Resend(args) => resend::run(args, app).await,
    }
}
