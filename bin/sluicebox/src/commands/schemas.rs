//! `sluicebox schemas`: whether what was written stays readable, and registering what is new.

mod break_of;
mod older;

use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::{BAD, GOOD, say, styled};
use break_of::breaks;
use clap::{Args, Subcommand};
use model::schema_text;
use older::Older;
use registry::{Registry, subject};
use std::path::PathBuf;
use topology::{Schema, Topic};

#[derive(Debug, Args)]
pub(crate) struct SchemasArgs {
    #[command(subcommand)]
    command: SchemasCommand,
}

#[derive(Debug, Subcommand)]
enum SchemasCommand {
    #[expect(clippy::doc_markdown, reason = "the help shows it as it is written")]
    /// Check that everything ever written can be read (BACKWARD_TRANSITIVE); exit code 1 if not
    #[command(
        after_help = "Examples:\n  sluicebox schemas check                      against git HEAD and the golden versions\n  \
                            sluicebox schemas check --git-rev v1.0.0\n  sluicebox schemas check --registry"
    )]
    Check {
        /// Folder with the new schemas; without it, those that this program was built with
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
        /// Git revision to compare with
        #[arg(long, value_name = "REV", default_value = "HEAD")]
        git_rev: String,
        /// Compare with every version in the configured registry too
        #[arg(long)]
        registry: bool,
    },
    /// Register the value schema of every topic; registering twice changes nothing
    Register,
}

pub(crate) async fn run(args: SchemasArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        SchemasCommand::Register => register(app).await,
        SchemasCommand::Check {
            folder,
            git_rev,
            registry,
        } => {
            let asked = if registry { Some(app) } else { None };
            check(folder, &git_rev, asked).await
        }
    }
}

async fn register(app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let prefix = app::prefix(&settings);
    let ids = Registry::connect(&settings.registry)?
        .register_all(&prefix)
        .await?;
    for topic in Topic::all() {
        say(format_args!(
            "{:>6}  {}",
            ids.0[topic.spec().value as usize],
            subject(&prefix, topic)
        ));
    }
    Ok(())
}

async fn check(folder: Option<PathBuf>, git_rev: &str, registry: Option<&App>) -> Result<(), Failure> {
    let mut broken = 0;
    for schema in Schema::ALL {
        let new = match &folder {
            Some(folder) => older::read(&folder.join(format!("{}.avsc", schema.file_stem())))?,
            None => schema_text(schema).to_owned(),
        };
        let mut versions = older::in_tree(schema, git_rev)?;
        if let Some(app) = registry {
            versions.extend(registered(app, schema).await?);
        }
        broken += report(schema, &new, &versions);
    }
    match broken {
        0 => Ok(()),
        count => Err(Failure::Check(format!(
            "{count} breaks: records that were written could not be read"
        ))),
    }
}

async fn registered(app: &App, schema: Schema) -> Result<Vec<Older>, Failure> {
    let settings = app.settings()?;
    let client = Registry::connect(&settings.registry)?;
    let mut versions = Vec::new();
    for topic in Topic::all().filter(|topic| topic.spec().value == schema) {
        let subject = subject(&app::prefix(&settings), topic);
        for (number, text) in client.versions(&subject).await? {
            versions.push(Older {
                name: format!("{subject} version {number}"),
                text,
            });
        }
    }
    Ok(versions)
}

fn report(schema: Schema, new: &str, versions: &[Older]) -> usize {
    let file = format!("{}.avsc", schema.file_stem());
    let mut broken = 0;
    for older in versions {
        for reason in breaks(&older.text, new) {
            say(format_args!(
                "{}  {file} cannot read {}: {reason}",
                styled(BAD, "break"),
                older.name
            ));
            broken += 1;
        }
    }
    if broken == 0 {
        let names: Vec<&str> = versions.iter().map(|older| older.name.as_str()).collect();
        let against = if names.is_empty() {
            "nothing older".to_owned()
        } else {
            names.join(", ")
        };
        say(format_args!("{}     {file} reads {against}", styled(GOOD, "ok")));
    }
    broken
}
