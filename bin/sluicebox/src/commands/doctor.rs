//! `sluicebox doctor`: is everything there, and how to mend what is not.

use super::migrate;
use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::{BAD, GOOD, WARNING, say, styled};
use clap::Args;
use registry::Registry;
use runtime::admin::Admin;
use settings::Settings;
use sqlx::PgPool;

/// More than this, and time windows see events as late or as from the future.
const CLOCK_TOLERANCE_MS: i64 = 1_000;
/// The oldest PostgreSQL that is still maintained.
const OLDEST_POSTGRES: i32 = 140_000;

#[derive(Debug, Args)]
#[command(
    after_help = "Each line is ok, warn or fail, and says how to mend it. Exit code 1 if a line fails, 3 if the \
                        configuration cannot be used."
)]
pub(crate) struct DoctorArgs {}

/// What came of one check.
enum Finding {
    Ok(String),
    Warn(String),
    Fail(String),
}

use Finding::{Fail, Ok as Fine, Warn};

pub(crate) async fn run(_: DoctorArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let mut findings = vec![("settings", Fine("can be used".to_owned()))];
    findings.push(("version", Fine(format!("sluicebox {}", crate::cli::VERSION))));
    broker(&settings, &mut findings).await;
    findings.push(("registry", registry(&settings).await));
    database(&settings, &mut findings).await;
    report(&findings)
}

fn report(findings: &[(&str, Finding)]) -> Result<(), Failure> {
    let mut failed = 0;
    for (name, finding) in findings {
        let (word, text) = match finding {
            Fine(text) => (styled(GOOD, "ok  "), text),
            Warn(text) => (styled(WARNING, "warn"), text),
            Fail(text) => (styled(BAD, "fail"), text),
        };
        failed += usize::from(matches!(finding, Fail(_)));
        say(format_args!("{word}  {name:<9} {text}"));
    }
    match failed {
        0 => Ok(()),
        count => Err(Failure::Check(format!(
            "{count} of {} checks failed",
            findings.len()
        ))),
    }
}

async fn broker(settings: &Settings, findings: &mut Vec<(&'static str, Finding)>) {
    let admin = match app::admin(settings) {
        Ok(admin) => admin,
        Err(error) => return findings.push(("kafka", Fail(error.to_string()))),
    };
    match admin.cluster().await {
        Err(error) => return findings.push(("kafka", Fail(error.to_string()))),
        Ok(cluster) => {
            let brokers: Vec<String> = cluster.brokers.into_iter().map(|(_, address)| address).collect();
            let text = format!(
                "{} answer, librdkafka {}",
                brokers.join(", "),
                cluster.client_version
            );
            findings.push(("kafka", Fine(text)));
        }
    }
    let topics = topics(&admin).await;
    let complete = matches!(topics, Fine(_));
    findings.push(("topics", topics));
    if complete {
        findings.push(("clock", clock(&admin).await));
    }
}

async fn topics(admin: &Admin) -> Finding {
    match admin.plan().await {
        Err(error) => Fail(error.to_string()),
        Ok(plan) if plan.0.is_empty() => Fine("as they should be".to_owned()),
        Ok(plan)
            if plan
                .0
                .iter()
                .all(|change| matches!(change, runtime::admin::Change::Configure { .. })) =>
        {
            Warn(format!(
                "{} settings differ; see `sluicebox topics diff`, run `sluicebox topics apply`",
                plan.0.len()
            ))
        }
        Ok(plan) => Fail(format!(
            "{} differences; see `sluicebox topics diff`, run `sluicebox topics apply`",
            plan.0.len()
        )),
    }
}

async fn clock(admin: &Admin) -> Finding {
    match admin.clock_ahead().await {
        Err(error) => Warn(error.to_string()),
        Ok(ahead) if ahead.abs() <= CLOCK_TOLERANCE_MS => {
            Fine(format!("the broker's is {ahead} ms ahead of ours"))
        }
        Ok(ahead) => Warn(format!(
            "the broker's is {ahead} ms ahead of ours; synchronise both with NTP"
        )),
    }
}

async fn registry(settings: &Settings) -> Finding {
    let client = match Registry::connect(&settings.registry) {
        Ok(client) => client,
        Err(error) => return Fail(error.to_string()),
    };
    match client.check().await {
        Ok(()) => Fine(format!("{} answers", settings.registry.url)),
        Err(error) => Fail(error.to_string()),
    }
}

async fn database(settings: &Settings, findings: &mut Vec<(&'static str, Finding)>) {
    let pool = match migrate::connect(&settings.postgres).await {
        Ok(pool) => pool,
        Err(error) => return findings.push(("postgres", Fail(error.to_string()))),
    };
    findings.push(("postgres", version(&pool).await));
    findings.push((
        "tables",
        match migrate::missing(&pool).await {
            Err(error) => Fail(error.to_string()),
            Ok(missing) if missing.is_empty() => Fine("up to date".to_owned()),
            Ok(missing) => Fail(format!(
                "{} migrations are missing; run `sluicebox migrate up`",
                missing.len()
            )),
        },
    ));
}

async fn version(pool: &PgPool) -> Finding {
    let query = "SELECT current_setting('server_version'), current_setting('server_version_num')::int";
    match sqlx::query_as::<_, (String, i32)>(query).fetch_one(pool).await {
        Err(error) => Fail(format!("PostgreSQL does not say its version: {error}")),
        Ok((name, number)) if number < OLDEST_POSTGRES => Warn(format!(
            "PostgreSQL {name} is older than what this is tested with; use 14 or later"
        )),
        Ok((name, _)) => Fine(format!("PostgreSQL {name} answers")),
    }
}
