//! `sluicebox sources list`: what the lanes committed of each source, and those that no lane has heard of.

use crate::app::{self, App};
use crate::commands::shown::rfc3339;
use crate::commands::table;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use model::Millis;
use runtime::admin::StoredRecord;
use serde_json::json;
use settings::Settings;
use sources::Poll;
use std::collections::BTreeMap;
use topology::{Changelog, StageName};

const HEADINGS: [&str; 8] = [
    "source",
    "state",
    "items",
    "last item",
    "last answer",
    "next try",
    "budget",
    "error",
];

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print one JSON object a source
    #[arg(long)]
    json: bool,
}

/// A source, as far as something is known of it.
struct Known {
    name: String,
    configured: bool,
    poll: Poll,
    time: Millis,
}

pub(super) async fn run(args: ListArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let polls = Changelog {
        stage: StageName::Sources,
        store: "polls",
    };
    let records = app::admin(&settings)?.read_latest(&[polls.topic_name()]).await?;
    let known = known(&settings, records);
    if args.json {
        known.iter().map(described).for_each(say);
    } else if known.is_empty() {
        say("no sources are configured, and none was polled; see docs/SOURCES.md");
    } else {
        let rows: Vec<_> = known.iter().map(row).collect();
        table::lines(&HEADINGS, &rows).into_iter().for_each(say);
    }
    Ok(())
}

fn known(settings: &Settings, records: Vec<StoredRecord>) -> Vec<Known> {
    let mut known = BTreeMap::new();
    for record in records {
        let name = String::from_utf8_lossy(&record.key).into_owned();
        let poll = record
            .value
            .as_deref()
            .and_then(sources::poll_of)
            .unwrap_or_default();
        let (configured, time) = (false, record.time);
        known.insert(
            name.clone(),
            Known {
                name,
                configured,
                poll,
                time,
            },
        );
    }
    for source in &settings.sources.polled {
        let entry = known.entry(source.name.clone()).or_insert_with(|| Known {
            name: source.name.clone(),
            configured: true,
            poll: Poll::default(),
            time: 0,
        });
        entry.configured = true;
    }
    known.into_values().collect()
}

fn state(known: &Known) -> &'static str {
    let Poll {
        paused,
        stopped,
        failures,
        answered_at,
        ..
    } = &known.poll;
    match () {
        () if !known.configured => "not configured here",
        () if paused.is_some() => "paused",
        () if stopped.is_some() => "stopped",
        () if *failures > 0 => "failing",
        () if answered_at.is_none() => "not polled yet",
        () => "polled",
    }
}

/// Why it is so, for people.
fn why(poll: &Poll) -> Option<String> {
    let paused = poll.paused.as_ref().map(|paused| {
        let (by, since, reason) = (&paused.by, rfc3339(paused.since), &paused.reason);
        format!("paused by {by} at {since} {reason}")
            .trim_end()
            .to_owned()
    });
    let failing = || {
        let error = poll.error.clone()?;
        Some(match poll.failures {
            0 => error,
            failures => format!("{failures} in a row: {error}"),
        })
    };
    let refused = || {
        let why = poll.refusal.clone()?;
        Some(format!("{} refused, the last because of {why}", poll.refused))
    };
    paused
        .or_else(|| poll.stopped.clone())
        .or_else(failing)
        .or_else(refused)
}

fn time(time: Option<Millis>) -> String {
    time.map_or_else(|| "-".to_owned(), rfc3339)
}

fn row(known: &Known) -> [String; 8] {
    let poll = &known.poll;
    [
        known.name.clone(),
        state(known).to_owned(),
        poll.items.to_string(),
        time(poll.last_item_at),
        time(poll.answered_at),
        time(poll.next_at),
        poll.budget
            .map_or_else(|| "-".to_owned(), |budget| budget.to_string()),
        why(poll).unwrap_or_else(|| "-".to_owned()),
    ]
}

fn described(known: &Known) -> serde_json::Value {
    let poll = &known.poll;
    json!({
        "source": known.name,
        "configured": known.configured,
        "state": state(known),
        "why": why(poll),
        "items": poll.items,
        "refused": poll.refused,
        "requests": poll.requests,
        "unchanged": poll.unchanged,
        "failures": poll.failures,
        "budget": poll.budget,
        "last_item": poll.last_item,
        "last_item_at": poll.last_item_at.map(rfc3339),
        "polled_at": poll.polled_at.map(rfc3339),
        "answered_at": poll.answered_at.map(rfc3339),
        "next_at": poll.next_at.map(rfc3339),
        "told_at": (known.time > 0).then(|| rfc3339(known.time)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_and_what_was_polled_are_both_listed() {
        let mut settings = Settings::default();
        for name in ["a", "b"] {
            settings.sources.polled.push(settings::SourceSettings {
                name: name.to_owned(),
                ..settings::SourceSettings::default()
            });
        }
        let record = |key: &str| StoredRecord {
            topic: String::new(),
            partition: 0,
            offset: 0,
            time: 7,
            written: None,
            key: key.as_bytes().to_vec(),
            value: Some(Vec::new()),
            headers: Vec::new(),
        };
        let listed = known(&settings, vec![record("b"), record("z")]);
        let states: Vec<_> = listed
            .iter()
            .map(|known| (known.name.as_str(), state(known)))
            .collect();
        assert_eq!(
            states,
            [
                ("a", "not polled yet"),
                ("b", "not polled yet"),
                ("z", "not configured here")
            ]
        );
    }

    #[test]
    fn a_pause_says_by_whom() {
        let mut poll = Poll::default();
        (poll.failures, poll.error) = (2, Some("busy".to_owned()));
        assert_eq!(why(&poll).as_deref(), Some("2 in a row: busy"));
        let paused = sources::Paused {
            by: "ann".to_owned(),
            reason: "maintenance".to_owned(),
            since: 0,
        };
        poll.paused = Some(paused);
        assert_eq!(
            why(&poll).as_deref(),
            Some("paused by ann at 1970-01-01T00:00:00.000Z maintenance")
        );
    }
}
