//! The command line as people type it; each subcommand's own arguments stand in its own file.

use crate::commands::{
    cards, completion, config, demo, detect, dlq, doctor, events, flow, keys, migrate, notifications, replay,
    rules, run, schemas, signals, smoke, sources, state, tasks, topics, wait,
};
use crate::failure::EXIT_CODES;
use crate::output::Color;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// The version, and the commit with its date where they are known.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("SLUICEBOX_BUILT_FROM"));

const EXAMPLES: &str = "\
Examples:
  sluicebox doctor                              is everything there, and how to mend what is not
  sluicebox topics apply && sluicebox migrate up
  sluicebox run all                             every service in one process
  sluicebox events generate --rate 1000 --count 10000 --seed 1
  sluicebox replay posts.csv --format csv --map id=ID,time=DATE,text=BODY --type post --source archive
  sluicebox dlq list --from 2h                  what died, where and why; `dlq replay` puts it back
  sluicebox flow --wait                         what each stage read, wrote, filtered; done when it is drained
";

/// Raw events in; scored, de-duplicated signals, detections and notifications out: over Kafka, exactly once.
#[derive(Debug, Parser)]
#[command(name = "sluicebox", version = VERSION, propagate_version = true, max_term_width = 110)]
#[command(after_help = format!("{EXAMPLES}\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    #[expect(clippy::doc_markdown, reason = "the help shows it as it is written")]
    /// Configuration file (YAML); SLUICEBOX__SECTION__KEY variables override it
    #[arg(long, short, global = true, env = "SLUICEBOX_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[expect(clippy::doc_markdown, reason = "the help shows it as it is written")]
    /// When to use colours; NO_COLOR is obeyed
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run services: one, several, or all in one process
    Run(run::RunArgs),
    /// A day in the life of a token community and a web shop, with known truth: expected and got side by side
    Demo(demo::DemoArgs),
    /// What each stage read, wrote and left out, and whether it adds up
    Flow(flow::FlowArgs),
    /// Dead letters: look at them, put them back
    Dlq(dlq::DlqArgs),
    /// Channels: which are disabled, enabling them; sending notifications again
    Notifications(notifications::NotificationsArgs),
    /// Sources that are polled: how they fare, trying them, pausing and resuming them
    Sources(sources::SourcesArgs),
    /// What channels would send of a signal, for a look at it
    Cards(cards::CardsArgs),
    /// Why a signal is what it is, and what an event belongs to
    Signals(signals::SignalsArgs),
    /// Why there is a detection
    Detect(detect::DetectArgs),
    /// What stages remember, key by key
    State(state::StateArgs),
    /// Partitions that are put aside until a person has mended something; asking for another try
    Tasks(tasks::TasksArgs),
    /// Rules: lint, format, test, explain, backtest, measure, convert
    Rules(rules::RulesArgs),
    /// Topics: as they should be, as they are, and making them so
    Topics(topics::TopicsArgs),
    /// Avro schemas: whether older records stay readable, and registering them
    Schemas(schemas::SchemasArgs),
    /// The configuration that is in force
    Config(config::ConfigArgs),
    /// API keys: make, list, revoke
    Keys(keys::KeysArgs),
    /// The database's tables: make, revert, look
    Migrate(migrate::MigrateArgs),
    /// Check broker, registry, database, versions, topics and clock, and say how to mend what is wrong
    Doctor(doctor::DoctorArgs),
    /// Wait until what services need is there: topics, schemas, tables
    Wait(wait::WaitArgs),
    /// Send one event through the whole stream, and wait until it is a row and a notification
    Smoke(smoke::SmokeArgs),
    /// Send or generate events
    Events(events::EventsArgs),
    /// Put a file of anybody's events on the ingest topic; running it twice creates no second event
    Replay(replay::ReplayArgs),
    /// Print a completion script for a shell
    Completion(completion::CompletionArgs),
}
