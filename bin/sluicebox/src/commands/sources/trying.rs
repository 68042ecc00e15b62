//! `sluicebox sources test` and `preview`: one page, asked from here. Nothing is written anywhere.

use super::configured;
use crate::app::App;
use crate::commands::shown::rfc3339;
use crate::failure::Failure;
use crate::output::say;
use crate::wiring::reach;
use clap::Args;
use model::RawEvent;
use outbound::one_line;
use serde_json::{Value, json};
use settings::{Settings, SourceSettings};
use sources::{Admitting, Polled, Preview};

/// Longest data that is shown on one line, in characters.
const SHOWN: usize = 160;

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Sources to ask; all of the configuration without any
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    /// The source's name in the settings
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Print each event as one CloudEvent as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn test(args: TestArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let chosen: Vec<&SourceSettings> = if args.sources.is_empty() {
        settings.sources.polled.iter().collect()
    } else {
        let named = args.sources.iter().map(|name| configured(&settings, name));
        named.collect::<Result<_, _>>()?
    };
    let mut failed = 0;
    for source in &chosen {
        match asked(&settings, source).await? {
            Ok(preview) => say(format_args!("{}: {}", source.name, told(&preview))),
            Err(why) => {
                failed += 1;
                say(format_args!("{}: failed: {why}", source.name));
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(Failure::Check(format!(
            "{failed} of {} sources failed",
            chosen.len()
        ))),
    }
}

pub(super) async fn preview(args: PreviewArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let source = configured(&settings, &args.source)?;
    let preview = asked(&settings, source).await?;
    let preview = preview.map_err(|why| Failure::Check(format!("{}: {why}", source.name)))?;
    for event in &preview.events {
        if args.json {
            say(cloud_event(event));
        } else {
            say(line(event));
        }
    }
    if !args.json {
        say(told(&preview));
    }
    Ok(())
}

async fn asked(settings: &Settings, source: &SourceSettings) -> Result<Result<Preview, String>, Failure> {
    let polled = Polled::new(source, &reach(settings)?);
    let polled = polled.map_err(|error| Failure::Configuration(error.to_string()))?;
    let admitting = Admitting::new(settings.admission.limits());
    let preview = sources::preview(&polled, &admitting).await;
    Ok(preview.map_err(|error| error.to_string()))
}

fn told(preview: &Preview) -> String {
    let refused = preview.refusal.as_ref().map(|why| {
        let refused = preview.refused;
        format!("{refused} items refused, the last because of {why}")
    });
    let more = preview.more.then(|| "and more pages".to_owned());
    let budget = preview.budget.map(|budget| format!("{budget} requests left"));
    let events = Some(format!("{} events", preview.events.len()));
    let all: Vec<String> = [events, refused, more, budget].into_iter().flatten().collect();
    all.join(", ")
}

fn data(event: &RawEvent) -> Value {
    let data = event.data.as_deref().unwrap_or_default();
    serde_json::from_slice(data).unwrap_or_else(|_| String::from_utf8_lossy(data).into())
}

fn line(event: &RawEvent) -> String {
    let time = event.time.map_or_else(|| "-".to_owned(), rfc3339);
    let subject = event.subject.as_deref().unwrap_or("-");
    let data: String = data(event).to_string().chars().take(SHOWN).collect();
    one_line(&format!(
        "{time}  {}  {}  {subject}  {data}",
        event.kind, event.id
    ))
}

fn cloud_event(event: &RawEvent) -> Value {
    json!({
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.kind,
        "subject": event.subject,
        "time": event.time.map(rfc3339),
        "tenant": event.tenant,
        "data": data(event),
    })
}
