//! `sluicebox events send`: to the HTTP edge as anybody would, or straight to Kafka.

use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::{RawEvent, Request};
use reqwest::Url;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use std::io::{BufRead, stdin};

/// Where the edge takes CloudEvents.
const PATH: &str = "/v1/events";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sluicebox events send --type post --source me --subject token:eth:0xabc --data '{\"text\":\"$PEPE to the moon\"}'\n  \
                        sluicebox events send --to http://127.0.0.1:8080 --api-key KEY - < events.jsonl\n\n\
                        The ids are printed. An event without one gets a new one each time; with --idempotency-key the\n\
                        same content at the same place gets the same one, so that sending it again is a duplicate."
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
    /// Its id; a new one is made if not given
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
    /// HTTP edge to send to: `http://host:port`, with the path before `/v1/events` if there is one; without it, straight to
    /// Kafka
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Key for the HTTP edge
    #[arg(long, env = "SLUICEBOX_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
    /// What this is recognised by when it is sent again: made ids are the same then
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

pub(crate) async fn run(args: SendArgs, app: &App) -> Result<(), Failure> {
    let lines = if args.stdin.is_some() {
        from_stdin()?
    } else {
        vec![(1, from_arguments(&args))]
    };
    let key = args.idempotency_key.clone();
    let request = Request::keyed(key.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()));
    let mut events = Vec::with_capacity(lines.len());
    for (number, json) in lines {
        let event = RawEvent::from_json(json.as_bytes());
        let mut event = event.map_err(|error| Failure::Usage(format!("event {number}: {error}")))?;
        event.ensure_id(&request.at(number));
        events.push((json, event));
    }
    match &args.to {
        Some(url) => over_http(&target(url)?, args.api_key.as_deref(), &events).await?,
        None => to_kafka(app, &events).await?,
    }
    for (_, event) in events {
        say(event.id);
    }
    Ok(())
}

fn from_stdin() -> Result<Vec<(u64, String)>, Failure> {
    let lines: Result<Vec<String>, std::io::Error> = stdin().lock().lines().collect();
    let lines = lines.map_err(|error| Failure::File(format!("standard input cannot be read: {error}")))?;
    let numbered = (1..).zip(lines);
    Ok(numbered.filter(|(_, line)| !line.trim().is_empty()).collect())
}

fn from_arguments(args: &SendArgs) -> String {
    let attributes = [
        ("id", &args.id),
        ("type", &args.kind),
        ("source", &args.source),
        ("subject", &args.subject),
        ("time", &args.time),
    ];
    let given = attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name, json!(value.as_ref()?).to_string())));
    let data = args.data.as_ref().map(|data| ("data", payload(data)));
    let members = given.chain(data);
    let members = members.map(|(name, value)| format!(",\"{name}\":{value}"));
    format!("{{\"specversion\":\"1.0\"{}}}", members.collect::<String>())
}

/// JSON as it was written, to the last digit.
fn payload(data: &str) -> String {
    match serde_json::from_str::<&RawValue>(data.trim()) {
        Ok(raw) => raw.get().to_owned(),
        Err(_) => json!({ "text": data }).to_string(),
    }
}

async fn to_kafka(app: &App, events: &[(String, RawEvent)]) -> Result<(), Failure> {
    let publisher = app::publisher(&app.settings()?).await?;
    for (_, event) in events {
        publisher.publish(event, None).await?;
    }
    Ok(())
}

/// The edge's path for CloudEvents, which may be given or left away.
fn target(url: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| Failure::Usage(format!("--to {url:?} {why}; write it like http://host:port"));
    let mut target = Url::parse(url).map_err(|_| wrong("is no URL"))?;
    if !matches!(target.scheme(), "http" | "https") || !target.has_host() {
        return Err(wrong("does not begin with http:// or https:// and a host"));
    }
    let path = target.path().trim_end_matches('/');
    let path = path.strip_suffix(PATH).unwrap_or(path);
    let path = format!("{path}{PATH}");
    target.set_path(&path);
    Ok(target)
}

/// The event as it was given, with its id if that was made.
fn with_id(json: &str, id: &str) -> Result<String, serde_json::Error> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json)?;
    members.insert("id".to_owned(), to_raw_value(id)?);
    serde_json::to_string(&members)
}

async fn over_http(
    target: &Url,
    api_key: Option<&str>,
    events: &[(String, RawEvent)],
) -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    for (json, event) in events {
        let body = with_id(json, &event.id).map_err(|error| Failure::Usage(error.to_string()))?;
        let mut request = client
            .post(target.clone())
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
        let answer = request.body(body).send().await.map_err(away)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_posted_to_the_path_for_cloudevents() {
        for (given, wanted) in [
            ("http://h:8080", "http://h:8080/v1/events"),
            ("http://h:8080/", "http://h:8080/v1/events"),
            ("http://h:8080/v1/events", "http://h:8080/v1/events"),
            ("https://h/v1/events/", "https://h/v1/events"),
            ("https://h/gateway", "https://h/gateway/v1/events"),
        ] {
            assert_eq!(target(given).unwrap().as_str(), wanted);
        }
        for wrong in ["h:8080", "localhost", "ftp://h", "http://"] {
            assert!(matches!(target(wrong), Err(Failure::Usage(_))), "{wrong}");
        }
    }

    #[test]
    fn an_id_is_added_and_no_digit_is_lost() {
        let event = format!(
            "{{\"type\":\"t\",\"data\":{}}}",
            payload(" 123456789012345678901.50 ")
        );
        assert_eq!(
            with_id(&event, "1").unwrap(),
            r#"{"data":123456789012345678901.50,"id":"1","type":"t"}"#
        );
        assert_eq!(payload("gm $UNI"), r#"{"text":"gm $UNI"}"#);
    }
}
