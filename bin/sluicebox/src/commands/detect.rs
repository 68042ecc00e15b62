//! `sluicebox detect`: why there is a detection, from the rows of the sink and the rules of the detector.

use super::migrate;
use super::shown::rfc3339;
use super::table;
use crate::app::App;
use crate::failure::Failure;
use crate::output::say;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{FromRow, PgPool};

const EXAMPLES: &str = "\
Examples:
  sluicebox detect explain det_2f0c…            rule, window, what was counted, and the events that it names
  sluicebox detect explain det_2f0c… --json

Reads PostgreSQL, so it says what the sink has stored. `sluicebox rules test` and `rules backtest` try a rule on other events.
Exit code 1: there is no such detection.";

/// Events that are shown.
const MOST: i64 = 50;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DetectArgs {
    #[command(subcommand)]
    command: DetectCommand,
}

#[derive(Debug, Subcommand)]
enum DetectCommand {
    /// Why there is a detection: its rule, its window, its values and its events
    Explain {
        /// The detection's id
        #[arg(value_name = "ID")]
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(FromRow, Serialize)]
struct Detection {
    id: String,
    tenant: String,
    rule: String,
    subject: String,
    severity: String,
    state: String,
    description: String,
    time: DateTime<Utc>,
    window_start: DateTime<Utc>,
    window_end: DateTime<Utc>,
    count: i64,
    threshold: f64,
    attributes: Option<Value>,
    rules_version: String,
}

/// An event that a detection names.
#[derive(FromRow, Serialize)]
struct Named {
    id: String,
    source: String,
    #[sqlx(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    time: DateTime<Utc>,
    attributes: Option<Value>,
}

pub(crate) async fn run(args: DetectArgs, app: &App) -> Result<(), Failure> {
    let DetectCommand::Explain { id, json } = args.command;
    let settings = app.settings()?;
    let pool = migrate::connect(&settings.postgres).await?;
    let missing = || {
        Failure::Check(format!(
            "there is no detection {id}: its retention is over, or the sink has not stored it yet"
        ))
    };
    let detection = detection(&pool, &id).await?.ok_or_else(missing)?;
    let events = events(&pool, &detection).await?;
    let rules = detector::open_rules(&settings.detector.rules).ok();
    let in_use = rules.map(|rules| rules.load().version().to_owned());
    let changed = in_use.is_some_and(|version| version != detection.rules_version);
    if json {
        say(json!({"detection": detection, "events": events, "rules_changed": changed}));
    } else {
        lines(&detection, changed).into_iter().for_each(say);
        show(&events);
    }
    Ok(())
}

fn lines(detection: &Detection, changed: bool) -> Vec<String> {
    let Detection {
        id,
        rule,
        subject,
        tenant,
        severity,
        state,
        ..
    } = detection;
    let time = |time: DateTime<Utc>| rfc3339(time.timestamp_millis());
    let rules = if changed {
        "; the detector's rules are others by now"
    } else {
        ""
    };
    let mut lines = vec![
        format!("detection  {id}: {}", detection.description),
        format!("rule       {rule}, of rules {}{rules}", detection.rules_version),
        format!("about      {subject}, tenant {tenant}"),
        format!(
            "state      {state}, severity {severity}, at {}",
            time(detection.time)
        ),
        format!(
            "window     {} to {}",
            time(detection.window_start),
            time(detection.window_end)
        ),
        format!("counted    {}, limit {}", detection.count, detection.threshold),
    ];
    let values = detection.attributes.iter().filter_map(Value::as_object).flatten();
    lines.extend(values.map(|(name, value)| format!("value      {name} = {value}")));
    lines
}

fn show(events: &[Named]) {
    let rows: Vec<[String; 5]> = events.iter().map(Named::cells).collect();
    if !rows.is_empty() {
        say("\nevents that it names");
        let headings = ["time", "id", "source", "type", "data"];
        table::lines(&headings, &rows).into_iter().for_each(say);
    }
}

impl Named {
    fn cells(&self) -> [String; 5] {
        let data = self.attributes.as_ref().map(Value::to_string);
        [
            rfc3339(self.time.timestamp_millis()),
            self.id.clone(),
            self.source.clone(),
            self.kind.clone(),
            data.unwrap_or_default(),
        ]
    }
}

async fn detection(pool: &PgPool, id: &str) -> Result<Option<Detection>, sqlx::Error> {
    let asked = "SELECT id, tenant, rule, subject, severity, state, description, time, window_start, window_end, count, \
                 threshold, attributes, rules_version FROM detections WHERE id = $1";
    sqlx::query_as(asked).bind(id).fetch_optional(pool).await
}

/// Those of its events that are stored, in the order of their times.
async fn events(pool: &PgPool, of: &Detection) -> Result<Vec<Named>, sqlx::Error> {
    // As the index has it; the window keeps the search to few partitions.
    let asked = "SELECT id, source, type, time, attributes FROM events \
                 WHERE hashtextextended(subject, hashtextextended(tenant, 0)) = hashtextextended($2, hashtextextended($1, 0)) \
                     AND tenant = $1 AND subject = $2 AND time BETWEEN $3 AND $4 \
                     AND id IN (SELECT jsonb_array_elements_text(event_ids) FROM detections WHERE id = $5) \
                 ORDER BY time LIMIT $6";
    let asked = sqlx::query_as(asked).bind(&of.tenant).bind(&of.subject);
    let asked = asked.bind(of.window_start).bind(of.window_end);
    asked.bind(&of.id).bind(MOST).fetch_all(pool).await
}
