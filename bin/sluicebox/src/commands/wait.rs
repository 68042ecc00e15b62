//! `sluicebox wait`: until what services need is there, so that nothing is started that can only fail.

use super::migrate;
use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::{say, tell};
use crate::wiring::Target;
use clap::Args;
use registry::Registry;
use runtime::admin::Admin;
use settings::Settings;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use topology::{Prefix, Resource, StageName};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  sluicebox wait normalizer scorer && sluicebox run normalizer scorer\n\nTopics are made by `topics apply`, schemas registered by `schemas register`, tables made by `migrate up`. What is\nmissing is said on standard error whenever it changes. Exit code 4 when the time is over."
)]
pub(crate) struct WaitArgs {
    /// The services
    #[arg(required = true, value_enum)]
    targets: Vec<Target>,
    /// Give up after this long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

/// What some services need.
struct Needs {
    topics: BTreeSet<String>,
    schemas: bool,
    tables: bool,
}

impl Needs {
    fn of(services: &BTreeSet<Target>, prefix: &Prefix) -> Self {
        let stages = services.iter().flat_map(|service| service.stages());
        let rights = stages.flat_map(|stage: StageName| stage.rights(prefix));
        let topics = rights.filter_map(|right| match right.resource {
            Resource::Topic(name) => Some(name),
            Resource::Group(_) | Resource::TransactionalIds(_) => None,
        });
        Self {
            topics: topics.collect(),
            schemas: services.iter().any(|service| *service != Target::Api),
            tables: services.contains(&Target::Sink) || services.contains(&Target::Api),
        }
    }

    /// What is not there yet, and who makes it; nothing if all is there.
    async fn missing(&self, settings: &Settings, admin: &Admin) -> Option<String> {
        if !self.topics.is_empty()
            && let Err(why) = topics(&self.topics, admin).await
        {
            return Some(why);
        }
        if self.schemas
            && let Err(why) = schemas(settings).await
        {
            return Some(why.to_string());
        }
        if self.tables {
            tables(settings).await.err()
        } else {
            None
        }
    }
}

pub(crate) async fn run(args: WaitArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let services = Target::services(&args.targets);
    // The first process of a container ends by no signal that it does not handle.
    let terminate = signal(SignalKind::terminate());
    let mut terminate =
        terminate.map_err(|error| Failure::File(format!("signals cannot be handled: {error}")))?;
    tokio::select! {
        waited = wait(&settings, &services, args.timeout) => waited,
        _ = terminate.recv() => Err(Failure::Check("SIGTERM came first".to_owned())),
    }
}

async fn wait(settings: &Settings, services: &BTreeSet<Target>, timeout: Duration) -> Result<(), Failure> {
    let needs = Needs::of(services, &app::prefix(settings));
    let admin = app::admin(settings)?;
    let (began, mut said) = (Instant::now(), String::new());
    while let Some(missing) = needs.missing(settings, &admin).await {
        if began.elapsed() >= timeout {
            let time = humantime::format_duration(timeout);
            return Err(Failure::Unreachable(format!("not there after {time}: {missing}")));
        }
        if missing != said {
            tell(format_args!("waiting: {missing}"));
            said = missing;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    say("everything is there");
    Ok(())
}

async fn topics(wanted: &BTreeSet<String>, admin: &Admin) -> Result<(), String> {
    let found = admin.names().await.map_err(|error| error.to_string())?;
    let mut missing = wanted.difference(&found);
    let Some(first) = missing.next() else {
        return Ok(());
    };
    Err(match missing.count() {
        0 => format!("topic {first} is missing; `sluicebox topics apply` makes it"),
        more => format!("topic {first} and {more} more are missing; `sluicebox topics apply` makes them"),
    })
}

/// Whether they are registered; registers none.
async fn schemas(settings: &Settings) -> Result<(), Failure> {
    let mut settings = settings.clone();
    settings.registry.register = false;
    let registry = Registry::connect(&settings.registry)?;
    registry.ids_once(&app::prefix(&settings)).await?;
    Ok(())
}

async fn tables(settings: &Settings) -> Result<(), String> {
    let pool = migrate::connect(&settings.postgres).await;
    let pool = pool.map_err(|error| error.to_string())?;
    let missing = migrate::missing(&pool).await;
    pool.close().await;
    match missing.map_err(|error| error.to_string())?.first() {
        None => Ok(()),
        Some((version, name)) => Err(format!(
            "migration {version} {name} is missing; `sluicebox migrate up` applies it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(targets: &[Target]) -> Needs {
        Needs::of(&Target::services(targets), &Prefix::new("p."))
    }

    #[test]
    fn a_service_waits_for_what_it_needs_and_for_nothing_else() {
        let api = of(&[Target::Api]);
        assert!(api.topics.is_empty() && !api.schemas && api.tables);
        let edge = of(&[Target::Adapters]);
        assert_eq!(edge.topics.iter().collect::<Vec<_>>(), ["p.ingest.events"]);
        assert!(edge.schemas && !edge.tables);
        let notifier = of(&[Target::Notifier]).topics;
        for name in [
            "p.signals.enriched",
            "p.notifications.receipts",
            "p.notifier-deliver.parked.changelog",
        ] {
            assert!(notifier.contains(name), "{name} not in {notifier:?}");
        }
        assert!(of(&[Target::All]).topics.is_superset(&notifier));
    }
}
