//! `sluicebox tasks`: partitions that are put aside until a person has mended something, and asking for another try.

use crate::app::{self, App};
use crate::commands::shown::rfc3339;
use crate::failure::Failure;
use crate::output::{STRONG, say, styled};
use clap::{Args, Subcommand};
use runtime::admin::QuarantinedTask;
use serde_json::json;
use topology::StageName;

const EXAMPLES: &str = "\
Examples:
  sluicebox tasks                                       which tasks are quarantined, since when, why, and what mends it
  sluicebox tasks retry scorer/events.normalized-3      the lane that has it tries again within seconds
  sluicebox tasks retry --all

A task is one partition of one input of a stage. One that cannot go on is quarantined, and everything else goes on. It
stands where it stood: nothing of it is skipped. docs/FAULTS.md says what leads there.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TasksArgs {
    /// Print one JSON object a task
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<TasksCommand>,
}

#[derive(Debug, Subcommand)]
enum TasksCommand {
    /// Ask for another try, once what the reason says is mended
    Retry(RetryArgs),
}

#[derive(Debug, Args)]
struct RetryArgs {
    /// Tasks as they are listed: STAGE/TOPIC-PARTITION
    #[arg(value_name = "TASK", required_unless_present = "all")]
    tasks: Vec<String>,
    /// All that are quarantined
    #[arg(long, conflicts_with = "tasks")]
    all: bool,
}

pub(crate) async fn run(args: TasksArgs, app: &App) -> Result<(), Failure> {
    let admin = app::admin(&app.settings()?)?;
    let quarantined = admin.quarantined(&StageName::RUNNERS).await?;
    if let Some(TasksCommand::Retry(args)) = args.command {
        let chosen = chosen(&args, quarantined)?;
        admin.retry(&chosen).await?;
        for task in &chosen {
            say(format_args!("{} is tried again", name(task)));
        }
    } else if args.json {
        quarantined.iter().map(described).for_each(say);
    } else if quarantined.is_empty() {
        say("no task is quarantined");
    } else {
        quarantined.iter().flat_map(lines).for_each(say);
    }
    Ok(())
}

fn name(task: &QuarantinedTask) -> String {
    format!("{}/{}-{}", task.stage, task.topic.name(), task.partition)
}

fn chosen(args: &RetryArgs, quarantined: Vec<QuarantinedTask>) -> Result<Vec<QuarantinedTask>, Failure> {
    let unknown = |wanted: &&String| !quarantined.iter().any(|task| name(task) == **wanted);
    if let Some(unknown) = args.tasks.iter().find(unknown) {
        let known: Vec<_> = quarantined.iter().map(name).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(Failure::Check(format!(
            "{unknown} is not quarantined; of those that can be tried again there are: {known}"
        )));
    }
    let wanted = |task: &QuarantinedTask| args.all || args.tasks.contains(&name(task));
    Ok(quarantined.into_iter().filter(wanted).collect())
}

fn lines(task: &QuarantinedTask) -> [String; 2] {
    let since = rfc3339(task.since);
    let asked = if task.retry {
        ", another try is asked for"
    } else {
        ""
    };
    [
        format!(
            "{}  since {since}, found by {}{asked}",
            styled(STRONG, name(task)),
            task.by
        ),
        format!("  {}", task.why),
    ]
}

fn described(task: &QuarantinedTask) -> serde_json::Value {
    json!({
        "task": name(task),
        "stage": task.stage.as_str(),
        "topic": task.topic.name(),
        "partition": task.partition,
        "why": task.why,
        "since": rfc3339(task.since),
        "by": task.by,
        "retry": task.retry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Topic;

    fn task(partition: i32) -> QuarantinedTask {
        QuarantinedTask {
            stage: StageName::Scorer,
            topic: Topic::EventsNormalized,
            partition,
            why: "because".to_owned(),
            since: 0,
            by: "scorer-one-0".to_owned(),
            retry: false,
        }
    }

    fn partitions(tasks: &[&str], all: bool) -> Result<Vec<i32>, String> {
        let tasks = tasks.iter().map(|task| (*task).to_owned()).collect();
        let chosen = chosen(&RetryArgs { tasks, all }, vec![task(1), task(2)]);
        let chosen = chosen.map_err(|failure| failure.to_string())?;
        Ok(chosen.iter().map(|task| task.partition).collect())
    }

    #[test]
    fn tasks_are_chosen_by_the_names_that_are_listed() {
        assert_eq!(partitions(&["scorer/events.normalized-2"], false), Ok(vec![2]));
        assert_eq!(partitions(&[], true), Ok(vec![1, 2]));
        let refused = partitions(&["scorer/events.normalized-7"], false).unwrap_err();
        assert!(refused.contains("scorer/events.normalized-1"), "{refused}");
    }
}
