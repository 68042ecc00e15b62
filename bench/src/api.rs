//! The API over a database that is full, and what its indexes cost the sink.
//!
//! Millions of events and signals of skewed tenants, with rare values, are made in a database of this run alone; then
//! every list is asked by every filter, and deep pages are read. Beside it, the same batches are stored into the tables
//! as they are and as they were before lists had indexes of their own.

mod ask;
mod batches;
mod fill;
mod store;

use crate::{parts, say};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::json;
use settings::{Secret, Settings};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

#[derive(Args)]
pub(crate) struct ApiArgs {
    /// Events in the database; a tenth as many signals
    #[arg(long, default_value_t = 10_000_000)]
    events: i64,
    /// Pages that are read of each list
    #[arg(long, default_value_t = 40)]
    pages: usize,
    /// A database of this name is filled if it is not there, and kept for the next time
    #[arg(long)]
    keep: Option<String>,
    /// Measure the lists alone, or what the indexes cost the sink
    #[arg(long)]
    only: Option<Half>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Half {
    Lists,
    Sink,
}

pub(crate) fn run(args: &ApiArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measured(args))
}

async fn measured(args: &ApiArgs) -> Result<()> {
    let server = parts::environment()?
        .into_iter()
        .find_map(|(name, value)| (name == "SLUICEBOX__POSTGRES__URL").then_some(value))
        .context("the local parts name no PostgreSQL")?;
    let place = Place { server };
    let mut figures = json!({ "events": args.events });
    if args.only != Some(Half::Sink) {
        let worst = all_lists(&place, args).await?;
        say(format_args!("\nworst p95 {worst:.1} ms"));
        figures["api_p95_ms"] = json!(worst);
    }
    if args.only != Some(Half::Lists) {
        let ratio = store::compared(&place, args.events / 50).await?;
        say(format_args!(
            "the sink stores {ratio:.2} of what it stored before"
        ));
        figures["sink_vs_before"] = json!(ratio);
    }
    say(figures);
    Ok(())
}

/// Over a database of this run alone, or over one that is kept.
async fn all_lists(place: &Place, args: &ApiArgs) -> Result<f64> {
    let Some(name) = &args.keep else {
        let asked = lists(&place.fresh("lists").await?, args, true).await;
        place.drop("lists").await?;
        return asked;
    };
    let empty = !place.has(name).await?;
    if empty {
        place.run(format!("CREATE DATABASE {name}")).await?;
    }
    lists(&place.url(name)?, args, empty).await
}

async fn lists(url: &str, args: &ApiArgs, empty: bool) -> Result<f64> {
    let pool = PgPool::connect(url).await?;
    sink::migrate(&pool).await?;
    if empty {
        fill::fill(&pool, args.events).await?;
    }
    let mut settings = Settings::default();
    settings.postgres.url = Secret::new(url);
    settings.api.query_time = std::time::Duration::from_hours(1);
    let worst = ask::worst(&settings, args.pages).await;
    pool.close().await;
    worst
}

/// A server, and the databases of this run on it.
struct Place {
    server: String,
}

impl Place {
    fn name(what: &str) -> String {
        format!("bench_api_{}_{what}", std::process::id())
    }

    /// An empty database; its address.
    async fn fresh(&self, what: &str) -> Result<String> {
        let name = Self::name(what);
        self.run(format!("CREATE DATABASE {name}")).await?;
        self.url(&name)
    }

    fn url(&self, name: &str) -> Result<String> {
        let parted = self.server.rsplit_once('/');
        let (server, _) = parted.context("an address without a database")?;
        Ok(format!("{server}/{name}"))
    }

    async fn has(&self, name: &str) -> Result<bool> {
        let mut connection = PgConnection::connect(&self.server).await?;
        let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
        Ok(there.bind(name).fetch_one(&mut connection).await?)
    }

    async fn drop(&self, what: &str) -> Result<()> {
        self.run(format!("DROP DATABASE {} WITH (FORCE)", Self::name(what)))
            .await
    }

    async fn run(&self, statement: String) -> Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }
}
