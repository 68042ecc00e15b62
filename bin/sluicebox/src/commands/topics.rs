//! `sluicebox topics`: the one table of topics against the cluster.

use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::{self, BAD, GOOD, WARNING, say, styled, tell};
use clap::{Args, Subcommand};
use runtime::admin::{Change, Plan, wanted};
use topology::StageName;

#[derive(Debug, Args)]
pub(crate) struct TopicsArgs {
    #[command(subcommand)]
    command: TopicsCommand,
}

#[derive(Debug, Subcommand)]
enum TopicsCommand {
    /// Print the topics as they should be; asks no server
    List,
    /// Print what differs in the cluster; exit code 1 if anything does
    #[command(
        after_help = "Lines begin with:\n  +  missing\n  ~  a setting differs\n  !  too few partitions\n  x  cannot be mended here"
    )]
    Diff,
    /// Create and configure topics; doing it twice changes nothing, and partitions are never taken away
    #[command(
        after_help = "Examples:\n  sluicebox topics apply\n  SLUICEBOX__KAFKA__PARTITIONS=24 sluicebox topics apply --grow"
    )]
    Apply {
        /// Add partitions too: keys move to other partitions, so drain the stream before
        #[arg(long)]
        grow: bool,
    },
    /// Print the least rights that each stage needs, as lines for Kafka's own `kafka-acls`; asks no server
    #[command(
        after_help = "Examples:\n  sluicebox topics acls\n  sluicebox topics acls normalizer --principal User:normalizer | sh\n\n`notifier` stands for its two stages. Without --principal, each stage has a user of its own, named after it. Whoever runs `topics apply` needs more: Create, Alter, Describe, AlterConfigs and DescribeConfigs on the topics."
    )]
    Acls {
        /// The services; all without any
        #[arg(value_name = "SERVICE")]
        services: Vec<String>,
        /// Who gets the rights, in Kafka's words
        #[arg(long, value_name = "TYPE:NAME")]
        principal: Option<String>,
    },
}

pub(crate) async fn run(args: TopicsArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        TopicsCommand::List => list(app),
        TopicsCommand::Diff => diff(app).await,
        TopicsCommand::Apply { grow } => apply(app, grow).await,
        TopicsCommand::Acls { services, principal } => acls(app, &services, principal.as_deref()),
    }
}

fn list(app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let topics = wanted(&settings.kafka, &app::prefix(&settings));
    let width = topics
        .iter()
        .map(|topic| topic.name.len())
        .max()
        .unwrap_or_default();
    for topic in topics {
        let config: Vec<String> = topic
            .config
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let (partitions, copies) = (topic.partitions, topic.replication);
        say(format_args!(
            "{:width$}  {partitions:>3} x {copies}  {}",
            topic.name,
            config.join(" ")
        ));
    }
    Ok(())
}

fn acls(app: &App, services: &[String], principal: Option<&str>) -> Result<(), Failure> {
    let settings = app.settings()?;
    let (prefix, brokers) = (app::prefix(&settings), &settings.kafka.brokers);
    for stage in stages_of(services)? {
        let principal = principal.map_or_else(|| format!("User:{stage}"), str::to_owned);
        for right in stage.rights(&prefix) {
            say(format_args!(
                "kafka-acls.sh --bootstrap-server {brokers} --add --allow-principal {principal} {right}"
            ));
        }
    }
    Ok(())
}

/// The stages of these services, in the order of the stream; all of them of none.
fn stages_of(services: &[String]) -> Result<Vec<StageName>, Failure> {
    let all = || std::iter::once(StageName::Adapters).chain(StageName::RUNNERS);
    let names = |stage: StageName, service: &str| {
        stage.as_str() == service
            || stage
                .as_str()
                .strip_prefix(service)
                .is_some_and(|rest| rest.starts_with('-'))
    };
    if let Some(unknown) = services
        .iter()
        .find(|service| !all().any(|stage| names(stage, service)))
    {
        let known = all().map(StageName::as_str).collect::<Vec<_>>().join(", ");
        return Err(Failure::Usage(format!(
            "{unknown} is no service that uses Kafka; there are {known}"
        )));
    }
    let meant =
        |stage: &StageName| services.is_empty() || services.iter().any(|service| names(*stage, service));
    Ok(all().filter(meant).collect())
}

async fn diff(app: &App) -> Result<(), Failure> {
    let plan = app::admin(&app.settings()?)?.plan().await?;
    show(&plan);
    match plan.0.len() {
        0 => Ok(()),
        count => Err(Failure::Check(format!(
            "{count} differences; `sluicebox topics apply` mends what can be mended"
        ))),
    }
}

async fn apply(app: &App, grow: bool) -> Result<(), Failure> {
    let admin = app::admin(&app.settings()?)?;
    let plan = admin.plan().await?;
    show(&plan);
    admin.apply(&plan, grow).await?;
    let left = |change: &&Change| change.is_refused() || (!grow && matches!(change, Change::Grow { .. }));
    match plan.0.iter().filter(left).count() {
        0 => Ok(()),
        count => Err(Failure::Check(format!(
            "{count} differences were left as they are, each for the reason it gives"
        ))),
    }
}

fn show(plan: &Plan) {
    if plan.0.is_empty() {
        tell("every topic is as it should be");
    }
    for change in &plan.0 {
        let style = match change {
            Change::Create(_) => GOOD,
            Change::Configure { .. } | Change::Grow { .. } => WARNING,
            Change::Shrink { .. } | Change::Replicate { .. } => BAD,
        };
        output::say(styled(style, change));
    }
}
