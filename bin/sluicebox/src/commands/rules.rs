//! `sluicebox rules`: rules are software, and this is what one does with software.

mod backtest;
mod bench;
mod convert;
mod explain;
mod files;
mod format;
mod lint;
mod normalizing;
mod status;
mod test;

use crate::app::App;
use crate::failure::Failure;
use crate::output::say;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Load rules and tell what is suspicious in them
    Lint(lint::LintArgs),
    /// Put rule files into their form; remarks stay
    Fmt(format::FormatArgs),
    /// Run the tests beside the rules
    Test(test::TestArgs),
    /// Say of one event what each condition was, with its values and points
    Explain(explain::ExplainArgs),
    /// Score the history of the stream by other rules, and show what would change
    Backtest(backtest::BacktestArgs),
    /// Measure what the rules cost an event
    Bench(bench::BenchArgs),
    /// The rules that running services use, and why newer ones are refused
    Status(status::StatusArgs),
    /// Write a rule file of event-stream-starter in our form
    Convert(convert::ConvertArgs),
    /// Print the JSON Schema of rule files, for editors
    Schema,
}

pub(crate) async fn run(args: RulesArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        RulesCommand::Lint(args) => lint::run(&args, app),
        RulesCommand::Fmt(args) => format::run(&args, app),
        RulesCommand::Test(args) => test::run(&args, app),
        RulesCommand::Explain(args) => explain::run(&args, app),
        RulesCommand::Backtest(args) => backtest::run(args, app).await,
        RulesCommand::Bench(args) => bench::run(&args, app),
        RulesCommand::Status(args) => status::run(&args, app).await,
        RulesCommand::Convert(args) => convert::run(&args),
        RulesCommand::Schema => {
            say(rules::json_schema().trim_end());
            Ok(())
        }
    }
}
