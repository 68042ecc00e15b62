//! A place of its own for the demo: topics, database, tables of facts, channels.

use super::receiver::Receiver;
use crate::app;
use crate::commands::migrate;
use crate::failure::Failure;
use crate::output::tell;
use scenario::day::{Day, truth};
use settings::{AuthMode, ChannelKind, ChannelSettings, Secret, Settings, Subscription, TableSource};
use sqlx::{AssertSqlSafe, Executor};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use topology::Prefix;
use url::Url;

/// The API key of the demo's HTTP edge.
pub(super) const KEY: &str = "demo-key";
/// Few partitions, so that a laptop makes the topics quickly.
const PARTITIONS: u16 = 4;
const WEBHOOK_KEY: &str = "whsec_ZGVtby1vbmx5LW5vdC1hLXNlY3JldC0wMTIzNDU=";

/// The settings of the demo, with everything made that they name.
pub(super) async fn prepare(
    mut settings: Settings,
    day: &Day,
    hooks: &Receiver,
    once: bool,
) -> Result<Settings, Failure> {
    let family = format!("{}demo.", settings.topic_prefix);
    settings.topic_prefix = format!("{family}{}.", now());
    settings.kafka.partitions = PARTITIONS.into();
    settings.adapters.auth = AuthMode::Required;
    settings.api.auth = Some(AuthMode::None);
    settings.adapters.api_keys = vec![Secret::new(KEY)];
    // Reaching the end of a partition is how the comparison knows that it has read all; the client calls it an error.
    "warn,rdkafka::client=off".clone_into(&mut settings.telemetry.log_level);
    settings.enricher.tables = write_tables(day)?;
    settings.notifier.channels = channels(hooks);
    if once {
        for listen in [
            &mut settings.adapters.listen,
            &mut settings.api.listen,
            &mut settings.ops.listen,
        ] {
            listen.set_port(0);
        }
    }
    make_topics(&settings, &family).await?;
    settings.postgres.url = make_database(&settings).await?;
    let pool = migrate::connect(&settings.postgres).await?;
    let migrated = sink::migrate(&pool).await;
    migrated.map_err(|error| {
        Failure::Unreachable(format!("the demo's database cannot be made ready: {error}"))
    })?;
    Ok(settings)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Topics of earlier demos go; fresh names, because Kafka deletes later than it says.
async fn make_topics(settings: &Settings, family: &str) -> Result<(), Failure> {
    let earlier = runtime::admin::Admin::new(&settings.kafka, &Prefix::new(family))?;
    let gone = earlier.delete_all().await?;
    if gone > 0 {
        tell(format_args!("{gone} topics of an earlier demo deleted"));
    }
    let admin = app::admin(settings)?;
    let plan = admin.plan().await?;
    Ok(admin.apply(&plan, false).await?)
}

/// A fresh database beside the configured one.
async fn make_database(settings: &Settings) -> Result<Secret, Failure> {
    let configured = settings.postgres.url.expose();
    let mut url = Url::parse(configured)
        .map_err(|error| Failure::Configuration(format!("postgres.url cannot be read: {error}")))?;
    let name = format!("{}_demo", url.path().trim_start_matches('/'));
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(Failure::Configuration(format!(
            "postgres.url: a demo cannot use the database name {name:?}"
        )));
    }
    let pool = migrate::connect(&settings.postgres).await?;
    for statement in [
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name}"),
    ] {
        let done = pool.execute(AssertSqlSafe(statement.clone())).await;
        done.map_err(|error| Failure::Unreachable(format!("PostgreSQL refuses `{statement}`: {error}")))?;
    }
    url.set_path(&name);
    Ok(Secret::new(url.as_str()))
}

fn write_tables(day: &Day) -> Result<Vec<TableSource>, Failure> {
    let folder = std::env::temp_dir().join(format!("sluicebox-demo-{}", std::process::id()));
    let failed =
        |path: &PathBuf, error: std::io::Error| Failure::File(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    let write = |table: &scenario::day::Table| {
        let path = folder.join(format!("{}.csv", table.name));
        std::fs::write(&path, &table.csv).map_err(|error| failed(&path, error))?;
        Ok(TableSource {
            name: table.name.to_owned(),
            path,
            key: table.key.to_owned(),
            on: table.on.to_owned(),
        })
    };
    day.tables.iter().map(write).collect()
}

fn channels(hooks: &Receiver) -> Vec<ChannelSettings> {
    let channel = |name: &str| ChannelSettings {
        name: name.to_owned(),
        kind: ChannelKind::Webhook,
        url: Some(Secret::new(hooks.url(name))),
        secret: Secret::new(WEBHOOK_KEY).into(),
        allow_private: true,
        ..ChannelSettings::default()
    };
    let alerts = ChannelSettings {
        min_level: Some("high".to_owned()),
        kinds: vec![Subscription::Signal],
        ..channel(truth::ALERTS)
    };
    vec![
        alerts,
        ChannelSettings {
            kinds: vec![Subscription::Detection],
            ..channel(truth::SECURITY)
        },
    ]
}
