//! `sluicebox events send`: to the HTTP edge as anybody would, or straight to Kafka.

use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::RawEvent;
use serde_json::{Map, Value, json};
use std::io::{BufRead, stdin};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sluicebox events send --type post --source me --subject token:eth:0xabc --data '{\"text\":\"$PEPE to the moon\"}'\n  \
                        sluicebox events send --to http://127.0.0.1:8080 --api-key KEY - < events.jsonl\n\n\
                        A made id is printed; sending the same content again is a duplicate."
)]
pub(crate) struct SendArgs {
    /// `-`: read CloudEvents in JSON from standard input, one a line
    #[arg(value_name = "-", value_parser = ["-"], conflicts_with_all = ["kind", "source", "id", "subject", "time", "data"])]
    stdin: Option<String>,
    /// What kind of event it is
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "stdin")]
    kind: Option<String>,
    /// Where it comes from
    #[arg(long, required_unless_present = "stdin")]
    source: Option<String>,
    /// Its id; made from its content if not given
    #[arg(long)]
    id: Option<String>,
    /// What it is about
    #[arg(long)]
    subject: Option<String>,
    /// When it happened, RFC 3339
    #[arg(long)]
    time: Option<String>,
    /// The payload as JSON; anything else is taken as text
    #[arg(long)]
    data: Option<String>,
    /// HTTP edge to send to (`http://host:port`); without it, straight to Kafka
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Key for the HTTP edge
    #[arg(long, env = "SLUICEBOX_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

pub(crate) async fn run(args: SendArgs, app: &App) -> Result<(), Failure> {
    let events = if args.stdin.is_some() {
        from_stdin()?
    } else {
        vec![from_arguments(&args)]
    };
    let mut read = Vec::with_capacity(events.len());
    for (number, json) in events.iter().enumerate() {
        let event = RawEvent::from_json(json.as_bytes());
        read.push(event.map_err(|error| Failure::Usage(format!("event {}: {error}", number + 1)))?);
    }
    match &args.to {
        Some(url) => over_http(url, args.api_key.as_deref(), &events).await?,
        None => to_kafka(app, &read).await?,
    }
    for event in read {
        say(event.id);
    }
    Ok(())
}

fn from_stdin() -> Result<Vec<String>, Failure> {
    let lines: Result<Vec<String>, std::io::Error> = stdin().lock().lines().collect();
    let lines = lines.map_err(|error| Failure::File(format!("standard input cannot be read: {error}")))?;
    Ok(lines.into_iter().filter(|line| !line.trim().is_empty()).collect())
}

fn from_arguments(args: &SendArgs) -> String {
    let mut event = Map::from_iter([("specversion".to_owned(), json!("1.0"))]);
    let attributes = [
        ("id", &args.id),
        ("type", &args.kind),
        ("source", &args.source),
        ("subject", &args.subject),
        ("time", &args.time),
    ];
    for (name, value) in attributes {
        if let Some(value) = value {
            event.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(data) = &args.data {
        let parsed = serde_json::from_str::<Value>(data);
        event.insert(
            "data".to_owned(),
            parsed.unwrap_or_else(|_| json!({ "text": data })),
        );
    }
    Value::Object(event).to_string()
}

async fn to_kafka(app: &App, events: &[RawEvent]) -> Result<(), Failure> {
    let publisher = app::publisher(&app.settings()?).await?;
    for event in events {
        publisher.publish(event, None).await?;
    }
    Ok(())
}

async fn over_http(url: &str, api_key: Option<&str>, events: &[String]) -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let target = format!("{}/events", url.trim_end_matches('/'));
    for event in events {
        let mut request = client
            .post(&target)
            .header("content-type", "application/cloudevents+json");
        if let Some(key) = api_key {
            request = request.header("x-api-key", key);
        }
        let away = |error: reqwest::Error| {
            Failure::Unreachable(format!(
                "{target} does not answer: {}; is `sluicebox run adapters` up?",
                error.without_url()
            ))
        };
        let answer = request.body(event.clone()).send().await.map_err(away)?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.text().await.unwrap_or_default();
            return Err(Failure::Check(format!(
                "{target} answers {status}: {}",
                said.trim()
            )));
        }
    }
    Ok(())
}
