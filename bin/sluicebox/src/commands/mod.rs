//! One file a subcommand.

pub(crate) mod cards;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod detect;
pub(crate) mod dlq;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod flow;
pub(crate) mod keys;
mod lines;
pub(crate) mod migrate;
pub(crate) mod notifications;
pub(crate) mod replay;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod schemas;
mod shown;
pub(crate) mod signals;
pub(crate) mod smoke;
pub(crate) mod sources;
pub(crate) mod state;
mod table;
pub(crate) mod tasks;
pub(crate) mod topics;
pub(crate) mod wait;

use crate::app::App;
use crate::cli::{Cli, Command};
use crate::failure::Failure;
use std::time::Duration;

/// What a command may leave running in the background when it is done.
const LEFT_OVER: Duration = Duration::from_millis(200);

/// Runs the command inside a Tokio runtime.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::File(format!("cannot start threads: {error}")))?;
    let done = runtime.block_on(dispatch(cli));
    runtime.shutdown_timeout(LEFT_OVER);
    done
}

async fn dispatch(cli: Cli) -> Result<(), Failure> {
    let app = App::new(cli.config);
    match cli.command {
        Command::Rules(args) => rules::run(args, &app).await,
        Command::Run(args) => run::run(args, &app).await,
        Command::Demo(args) => demo::run(args, &app).await,
        Command::Flow(args) => flow::run(args, &app).await,
        Command::Dlq(args) => dlq::run(args, &app).await,
        Command::Notifications(args) => notifications::run(args, &app).await,
        Command::Cards(args) => cards::run(args, &app),
        Command::Sources(args) => sources::run(args, &app).await,
        Command::Signals(args) => signals::run(args, &app).await,
        Command::Detect(args) => detect::run(args, &app).await,
        Command::State(args) => state::run(args, &app).await,
        Command::Tasks(args) => tasks::run(args, &app).await,
        Command::Topics(args) => topics::run(args, &app).await,
        Command::Schemas(args) => schemas::run(args, &app).await,
        Command::Config(args) => config::run(&args, &app),
        Command::Keys(args) => keys::run(args, &app),
        Command::Migrate(args) => migrate::run(args, &app).await,
        Command::Doctor(args) => doctor::run(args, &app).await,
        Command::Wait(args) => wait::run(args, &app).await,
        Command::Smoke(args) => smoke::run(args, &app).await,
        Command::Events(args) => events::run(args, &app).await,
        Command::Replay(args) => replay::run(args, &app).await,
        Command::Completion(args) => {
            completion::run(&args);
            Ok(())
        }
    }
}
