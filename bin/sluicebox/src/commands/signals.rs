//! `sluicebox signals`: why a signal is what it is, and what an event belongs to, from the rows of the sink.

mod rows;

use super::migrate;
use super::shown::rfc3339;
use super::table;
use crate::app::App;
use crate::failure::Failure;
use crate::output::say;
use clap::{Args, Subcommand};
use rows::{Belongs, Change, Found, Link, Named};
use serde_json::{Value, json};
use sqlx::PgPool;

const EXAMPLES: &str = "\
Examples:
  sluicebox signals explain story_0d9c…-118        its evidence, its reasons, and how its story came together
  sluicebox signals why 1790000000123 --source x   which story and topic the text of an event belongs to now, and why

Both read PostgreSQL, so they say what the sink has stored; `sluicebox flow` says how far that is. Exit code 1: there is no
such signal or event.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SignalsArgs {
    #[command(subcommand)]
    command: SignalsCommand,
}

#[derive(Debug, Subcommand)]
enum SignalsCommand {
    /// Why a signal has its state and score, and how its story came together
    Explain {
        /// The signal's key
        #[arg(value_name = "KEY")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Which part, story and topic the text of an event belongs to, and why
    Why {
        /// The event's id
        #[arg(value_name = "EVENT")]
        event: String,
        /// Its source, where several have events of this id
        #[arg(long)]
        source: Option<String>,
        /// Print one JSON object an event
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(args: SignalsArgs, app: &App) -> Result<(), Failure> {
    let pool = migrate::connect(&app.settings()?.postgres).await?;
    match args.command {
        SignalsCommand::Explain { key, json } => explain(&pool, &key, json).await,
        SignalsCommand::Why { event, source, json } => why(&pool, &event, source.as_deref(), json).await,
    }
}

async fn explain(pool: &PgPool, key: &str, as_json: bool) -> Result<(), Failure> {
    let missing = || {
        Failure::Check(format!(
            "there is no signal {key}: its retention is over, it was never told, or the sink has not stored it yet"
        ))
    };
    let signal = rows::signal(pool, key).await?.ok_or_else(missing)?;
    let evidence = rows::evidence(pool, key).await?;
    let changes = match &signal.story_key {
        Some(story) => rows::changes(pool, &signal.tenant, story).await?,
        None => Vec::new(),
    };
    if as_json {
        say(json!({"signal": signal, "evidence": evidence, "changes": changes}));
        return Ok(());
    }
    told(&signal).into_iter().for_each(say);
    let headings = ["time", "score", "source", "by", "text"];
    listed(
        "evidence, the best first",
        &headings,
        evidence.iter().map(Found::cells),
    );
    let headings = [
        "time",
        "change",
        "what",
        "into",
        "compared by",
        "alike",
        "words of both",
    ];
    listed(
        "how its story came together",
        &headings,
        changes.iter().map(Change::cells),
    );
    Ok(())
}

fn told(signal: &rows::Signal) -> Vec<String> {
    let mut lines = vec![
        format!("signal    {}: {}", signal.key, signal.title),
        format!(
            "about     {} ({}), tenant {}",
            signal.subject, signal.kind, signal.tenant
        ),
        format!(
            "state     {}, level {}, score {}, version {}",
            signal.state, signal.level, signal.score, signal.version
        ),
        format!(
            "events    {} from {} sources and {} independent senders; {} of them copies",
            signal.evidence_count, signal.source_count, signal.independent_count, signal.suppressed
        ),
        format!(
            "seen      {} to {}",
            rfc3339(signal.first_seen.timestamp_millis()),
            rfc3339(signal.last_seen.timestamp_millis())
        ),
    ];
    for reason in signal.reasons.iter().filter_map(Value::as_array).flatten() {
        let text = |name: &str| reason[name].as_str().unwrap_or_default().to_owned();
        lines.push(format!(
            "because   {:+} {}: {}",
            reason["points"].as_f64().unwrap_or_default(),
            text("rule"),
            text("text")
        ));
    }
    let known = [
        ("story", &signal.story_key),
        ("topic", &signal.topic_key),
        ("merged into", &signal.merged_into),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, key)| Some((name, key.as_ref()?)));
    lines.extend(known.map(|(name, key)| format!("{name:<9} {key}")));
    lines
}

fn listed<const N: usize>(title: &str, headings: &[&str; N], rows: impl Iterator<Item = [String; N]>) {
    let rows: Vec<[String; N]> = rows.collect();
    if !rows.is_empty() {
        say(format_args!("\n{title}"));
        table::lines(headings, &rows).into_iter().for_each(say);
    }
}

async fn why(pool: &PgPool, event: &str, source: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let found = rows::belongs(pool, event, source).await?;
    if found.is_empty() {
        return Err(Failure::Check(format!(
            "no text of an event {event} is stored: it has no words, its retention is over, or the sink has not stored it yet"
        )));
    }
    for belongs in found {
        let links = rows::links(pool, &belongs).await?;
        let signals = rows::signals(pool, &belongs).await?;
        if as_json {
            say(json!({"event": belongs, "links": links, "signals": signals}));
        } else {
            show(&belongs, &links, &signals);
        }
    }
    Ok(())
}

fn show(belongs: &Belongs, links: &[Link], signals: &[Named]) {
    let Belongs {
        source,
        event_id,
        tenant,
        ..
    } = belongs;
    say(format_args!("event     {event_id} of {source}, tenant {tenant}"));
    let copy = if belongs.copy {
        "; it repeats a text that the part has"
    } else {
        ""
    };
    say(format_args!("part      {}{copy}", belongs.part));
    say(format_args!("story     {}", belongs.story_key));
    say(format_args!("topic     {}", belongs.topic_key));
    for Named {
        signal_key,
        state,
        title,
    } in signals
    {
        say(format_args!("signal    {signal_key} ({state}): {title}"));
    }
    let headings = [
        "level",
        "what",
        "into",
        "compared by",
        "alike",
        "words of both",
        "since",
    ];
    listed("by these links", &headings, links.iter().map(Link::cells));
}
