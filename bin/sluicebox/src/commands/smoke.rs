//! `sluicebox smoke`: one event through the whole stream, as a check of an installation.

use super::flow::Gatherer;
use super::migrate;
use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::RawEvent;
use serde_json::{Value, json};
use settings::Settings;
use sqlx::PgPool;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Where the event comes from, unless its file says so.
const SOURCE: &str = "sluicebox-smoke";

const AFTER_HELP: &str = "\
Examples:
  sluicebox smoke                          a purchase of 5000, which the rules that come with the program detect
  sluicebox smoke --event event.json       an event that your rules and channels make a notification of
  sluicebox smoke --rows-only              where no rule and no channel are meant to hear of it

The event gets an id of its own, and the subject `user:smoke-…` unless it has one. Counted are rows and notifications from
the start of the command on. Exit code 1 when --timeout came first or records are not accounted for.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SmokeArgs {
    /// A CloudEvent in JSON, to be sent instead of the purchase
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Do not wait for a notification
    #[arg(long)]
    rows_only: bool,
    /// Give up after this long
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

pub(crate) async fn run(args: SmokeArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let event = event(&args)?;
    let pool = migrate::connect(&settings.postgres).await?;
    let began = Instant::now();
    app::publisher(&settings).await?.publish(&event, None).await?;
    say(format_args!("sent      {} about {}", event.id, subject(&event)));
    let deadline = began + args.timeout;
    until("row in `events`", deadline, || row(&pool, &event)).await?;
    say(format_args!(
        "stored    after {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    if !args.rows_only {
        let what = "notification that was delivered (does a rule match the event, and a channel hear of it?)";
        until(what, deadline, || delivered(&pool, subject(&event))).await?;
        say(format_args!(
            "notified  after {:.1} s",
            began.elapsed().as_secs_f64()
        ));
    }
    conserves(&settings).await
}

fn event(args: &SmokeArgs) -> Result<RawEvent, Failure> {
    let mut event = match &args.event {
        None => json!({
            "source": SOURCE,
            "type": "user.purchase",
            "data": {"amount": 5000, "currency": "EUR", "product": "smoke"},
        }),
        Some(path) => {
            let failed = |why: String| Failure::File(format!("{}: {why}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
            serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?
        }
    };
    let Value::Object(members) = &mut event else {
        return Err(Failure::Usage("--event: a CloudEvent is an object".to_owned()));
    };
    let id = format!("smoke-{}", uuid::Uuid::now_v7());
    members.insert("specversion".to_owned(), json!("1.0"));
    members
        .entry("subject")
        .or_insert_with(|| json!(format!("user:{id}")));
    members.insert("id".to_owned(), json!(id));
    RawEvent::from_json(event.to_string().as_bytes())
        .map_err(|error| Failure::Usage(format!("the event cannot be sent: {error}")))
}

fn subject(event: &RawEvent) -> &str {
    event.subject.as_deref().unwrap_or_default()
}

async fn row(pool: &PgPool, event: &RawEvent) -> Result<bool, sqlx::Error> {
    let found = "SELECT EXISTS (SELECT 1 FROM events WHERE source = $1 AND id = $2)";
    let found = sqlx::query_scalar(found).bind(&*event.source).bind(&*event.id);
    found.fetch_one(pool).await
}

/// Whether something about the subject was planned since this event, and was delivered.
async fn delivered(pool: &PgPool, subject: &str) -> Result<bool, sqlx::Error> {
    let found = "SELECT EXISTS (SELECT 1 FROM notifications n JOIN receipts r ON r.notification_id = n.id \
                 WHERE n.subject = $1 AND r.status = 'delivered')";
    sqlx::query_scalar(found).bind(subject).fetch_one(pool).await
}

async fn until<F: Future<Output = Result<bool, sqlx::Error>>>(
    what: &str,
    deadline: Instant,
    look: impl Fn() -> F,
) -> Result<(), Failure> {
    loop {
        if look().await? {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let mend = "see `sluicebox flow` for where it stopped, `sluicebox dlq list` for why";
            return Err(Failure::Check(format!("there is no {what}; {mend}")));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn conserves(settings: &Settings) -> Result<(), Failure> {
    let report = Gatherer::connect(settings).await?.gather().await?;
    if !report.conserves {
        let losses = report.losses().join("; ");
        return Err(Failure::Check(format!("records are not accounted for: {losses}")));
    }
    say("conserves every stage accounts for every record");
    Ok(())
}
