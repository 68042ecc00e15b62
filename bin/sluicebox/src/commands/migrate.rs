//! `sluicebox migrate`: the tables of the sink.

use crate::app::App;
use crate::failure::Failure;
use crate::output::{say, tell};
use clap::{Args, Subcommand};
use settings::{PostgresSettings, Settings};
use sqlx::PgPool;
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(subcommand)]
    command: MigrateCommand,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Bring the database up to what this program needs
    Up,
    /// Take back migrations, with their data
    #[command(after_help = "Example, everything:\n  sluicebox migrate down --to 0 --yes")]
    Down {
        /// The last version to keep; 0 keeps none
        #[arg(long, value_name = "VERSION")]
        to: i64,
        /// Yes, the data of what is taken back is lost
        #[arg(long)]
        yes: bool,
    },
    /// Print which migrations are applied; exit code 1 if one is missing
    Status,
    /// Print which days and months are to be made and dropped, as sink.retention says; a running sink does it every hour
    #[command(after_help = "Example:\n  sluicebox migrate partitions --apply")]
    Partitions {
        /// Make and drop them now, and delete what is too old in other tables
        #[arg(long)]
        apply: bool,
    },
}

pub(crate) async fn run(args: MigrateArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let pool = connect(&settings.postgres).await?;
    match args.command {
        MigrateCommand::Up => up(&pool).await,
        MigrateCommand::Down { to, yes } => down(&pool, to, yes).await,
        MigrateCommand::Status => status(&pool).await,
        MigrateCommand::Partitions { apply: false } => planned(&pool, &settings).await,
        MigrateCommand::Partitions { apply: true } => maintained(&settings).await,
    }
}

/// A pool that has answered once.
pub(crate) async fn connect(settings: &PostgresSettings) -> Result<PgPool, Failure> {
    let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(PATIENCE);
    pool.connect_with(options(settings)?).await.map_err(|error| {
        let why = database::explain(&error);
        Failure::Unreachable(format!(
            "PostgreSQL cannot be reached: {why}; start it, or mend postgres.* in the settings"
        ))
    })
}

/// Versions and names of the migrations that the database lacks.
pub(crate) async fn missing(pool: &PgPool) -> Result<Vec<(i64, String)>, Failure> {
    let applied = applied(pool).await?;
    let known = sink::migrations()
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration());
    let missing = known.filter(|migration| !applied.contains(&migration.version));
    Ok(missing
        .map(|migration| (migration.version, migration.description.to_string()))
        .collect())
}

async fn applied(pool: &PgPool) -> Result<BTreeSet<i64>, Failure> {
    let table = sqlx::query_scalar::<_, bool>("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !table.fetch_one(pool).await? {
        return Ok(BTreeSet::new());
    }
    let versions = sqlx::query_scalar::<_, i64>("SELECT version FROM _sqlx_migrations WHERE success");
    Ok(versions.fetch_all(pool).await?.into_iter().collect())
}

async fn up(pool: &PgPool) -> Result<(), Failure> {
    let missing = missing(pool).await?;
    sink::migrate(pool).await.map_err(|error| failed(&error))?;
    for (version, name) in &missing {
        say(format_args!("applied {version} {name}"));
    }
    if missing.is_empty() {
        tell("the database is up to date");
    }
    Ok(())
}

async fn down(pool: &PgPool, to: i64, yes: bool) -> Result<(), Failure> {
    let lost: Vec<i64> = applied(pool)
        .await?
        .into_iter()
        .filter(|version| *version > to)
        .collect();
    if lost.is_empty() {
        tell("nothing is to be taken back");
        return Ok(());
    }
    if !yes {
        let message =
            format!("taking back {lost:?} loses the data in those tables; say --yes if that is meant");
        return Err(Failure::Usage(message));
    }
    sink::revert(pool, to).await.map_err(|error| failed(&error))?;
    for version in lost.iter().rev() {
        say(format_args!("took back {version}"));
    }
    Ok(())
}

async fn status(pool: &PgPool) -> Result<(), Failure> {
    let missing: BTreeSet<i64> = missing(pool)
        .await?
        .into_iter()
        .map(|(version, _)| version)
        .collect();
    for migration in sink::migrations()
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration())
    {
        let state = if missing.contains(&migration.version) {
            "missing"
        } else {
            "applied"
        };
        say(format_args!(
            "{state}  {} {}",
            migration.version, migration.description
        ));
    }
    match missing.len() {
        0 => Ok(()),
        count => Err(Failure::Check(format!(
            "{count} migrations are missing; run `sluicebox migrate up`"
        ))),
    }
}

async fn planned(pool: &PgPool, settings: &Settings) -> Result<(), Failure> {
    let changes = sink::changes(pool, &settings.sink.retention).await;
    let changes = changes.map_err(|error| unanswered(&error))?;
    changes.iter().for_each(say);
    if changes.is_empty() {
        tell("nothing is to be made or dropped");
    }
    Ok(())
}

async fn maintained(settings: &Settings) -> Result<(), Failure> {
    let options = options(&settings.postgres)?;
    let done = sink::maintain(&options, &settings.sink.retention).await;
    let Some(done) = done.map_err(|error| unanswered(&error))? else {
        tell("a sink is at it just now");
        return Ok(());
    };
    done.changes.iter().for_each(say);
    for (table, rows) in &done.deleted {
        say(format_args!("deleted {rows} rows of {table}"));
    }
    if done == sink::Done::default() {
        tell("nothing is to be made or dropped");
    }
    Ok(())
}

fn unanswered(error: &sqlx::Error) -> Failure {
    let why = database::explain(error);
    Failure::Unreachable(format!(
        "PostgreSQL: {why}; run `sluicebox migrate up` if tables are missing"
    ))
}

fn options(settings: &PostgresSettings) -> Result<PgConnectOptions, Failure> {
    let options = database::options(settings, "sluicebox");
    options.map_err(|error| Failure::Configuration(error.to_string()))
}

fn failed(error: &MigrateError) -> Failure {
    Failure::Check(format!("the database cannot be migrated: {error}"))
}
