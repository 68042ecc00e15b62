//! `sluicebox signals`: why a signal is what it is, and what an event belongs to, from the rows of the sink; and what a person
//! says against it.

mod corrections;
mod rows;

use super::migrate;
use super::shown::rfc3339;
use super::table;
use crate::app::App;
use crate::failure::Failure;
use crate::output::say;
use clap::{Args, Subcommand};
use corrections::{Said, correct};
use model::CorrectionAction as Action;
use rows::{Belongs, Change, Found, Link, Named};
use serde_json::{Value, json};
use sqlx::PgPool;

const EXAMPLES: &str = "\
Examples:
  sluicebox signals explain story_0d9c…-118        its evidence, its reasons, and how its story came together
  sluicebox signals why 1790000000123 --source x   which story and topic the text of an event belongs to now, and why
  sluicebox signals merge story_a… story_b… --reason 'one launch, told twice'
  sluicebox signals split story_a… --reason 'another company of that name'
  sluicebox signals pin story_a… --reason 'its topic took in everything'

explain and why read PostgreSQL, so they say what the sink has stored; `sluicebox flow` says how far that is. Exit code 1: there is no
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
    /// Make one story of those of two signals, and one topic of theirs
    Merge {
        /// A signal's key
        #[arg(value_name = "KEY")]
        key: String,
        /// The key of the signal that it is one with
        #[arg(value_name = "WITH")]
        with: String,
        #[command(flatten)]
        said: Said,
    },
    /// Take a signal's story out of its topic, into one of its own
    Split {
        /// The signal's key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        said: Said,
    },
    /// Let a signal's story and its topic merge with no other by themselves
    Pin {
        /// The signal's key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        said: Said,
    },
    /// Let them merge again
    Unpin {
        /// The signal's key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        said: Said,
    },
}

pub(crate) async fn run(args: SignalsArgs, app: &App) -> Result<(), Failure> {
    match args.command {
        SignalsCommand::Explain { key, json } => explain(&pool(app).await?, &key, json).await,
        SignalsCommand::Why { event, source, json } => {
            why(&pool(app).await?, &event, source.as_deref(), json).await
        }
        SignalsCommand::Merge { key, with, said } => {
            correct(Action::Merge, &key, Some(&with), said, app).await
        }
        SignalsCommand::Split { key, said } => correct(Action::Split, &key, None, said, app).await,
        SignalsCommand::Pin { key, said } => correct(Action::Pin, &key, None, said, app).await,
        SignalsCommand::Unpin { key, said } => correct(Action::Unpin, &key, None, said, app).await,
    }
}

async fn pool(app: &App) -> Result<PgPool, Failure> {
    migrate::connect(&app.settings()?.postgres).await
}

fn missing(key: &str) -> Failure {
    Failure::Check(format!(
        "there is no signal {key}: its retention is over, it was never told, or the sink has not stored it yet"
    ))
}

async fn explain(pool: &PgPool, key: &str, as_json: bool) -> Result<(), Failure> {
    let signal = rows::signal(pool, key).await?.ok_or_else(|| missing(key))?;
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
        "by",
        "reason",
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
    lines.extend(heat(signal));
    lines.extend(langs(signal));
    for change in list(signal.changes.as_ref()) {
        let text = |name: &str| change[name].as_str().unwrap_or_default();
        let time = change["time"].as_i64().map(rfc3339).unwrap_or_default();
        lines.push(format!(
            "became    {} at {time}: {}",
            text("state"),
            text("reason")
        ));
    }
    for reason in list(signal.reasons.as_ref()) {
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

fn list(values: Option<&Value>) -> impl Iterator<Item = &Value> {
    values.into_iter().filter_map(Value::as_array).flatten()
}

fn heat(signal: &rows::Signal) -> Option<String> {
    let (ten, thirty) = (signal.heat_10m?, signal.heat_30m?);
    Some(format!(
        "heat      {ten} events in ten minutes ({:+.1} a minute), {thirty} in thirty ({:+.1} a minute)",
        signal.slope_10m.unwrap_or_default(),
        signal.slope_30m.unwrap_or_default()
    ))
}

/// The languages of its events, the most frequent first.
fn langs(signal: &rows::Signal) -> Option<String> {
    let counted = signal.langs.as_ref()?.as_object()?;
    let mut counted: Vec<(i64, &String)> = counted
        .iter()
        .map(|(lang, events)| (events.as_i64().unwrap_or_default(), lang))
        .collect();
    counted.sort_by(|a, b| b.cmp(a));
    let shown: Vec<String> = counted
        .iter()
        .map(|(events, lang)| format!("{lang} {events}"))
        .collect();
    (!shown.is_empty()).then(|| format!("languages {}", shown.join(", ")))
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
