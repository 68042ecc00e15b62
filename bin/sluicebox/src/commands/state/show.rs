//! `sluicebox state show`: what a stage remembers of one key.

use super::StoreArgs;
use super::entry::{described, has_key};
use crate::app::{self, App};
use crate::commands::shown::text_of;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use runtime::admin::{Selection, StoredRecord};
use serde_json::Value;
use std::collections::BTreeMap;
use topology::Changelog;

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The key, as text or as hexadecimal digits after 0x
    #[arg(value_name = "KEY")]
    key: String,
    /// Print one JSON object an entry
    #[arg(long)]
    json: bool,
}

/// What was found of the key, and what the log is like.
#[derive(Default)]
struct Search {
    /// By partition: a stage of two inputs may know the key in a task of each.
    found: BTreeMap<i32, StoredRecord>,
    read: u64,
    /// Some key, for whoever wonders how they look.
    example: Option<Vec<u8>>,
}

pub(super) async fn run(args: ShowArgs, app: &App) -> Result<(), Failure> {
    let changelog = args.store.changelog()?;
    let admin = app::admin(&app.settings()?)?;
    let key = args.key.clone();
    let look = move |search: &mut Search, record: StoredRecord| {
        search.read += 1;
        if has_key(&record, &key) {
            search.found.insert(record.partition, record);
        } else if search.example.is_none() {
            search.example = Some(record.key);
        }
        true
    };
    let selection = Selection::of(changelog.topic_name()).settled();
    let search = admin.read(selection, Search::default(), look).await?;
    let alive = search.found.values().filter(|record| record.value.is_some());
    let entries: Vec<Value> = alive.map(described).collect();
    if entries.is_empty() {
        return Err(nothing(changelog, &args.key, &search));
    }
    for entry in entries {
        if args.json {
            say(entry);
        } else {
            say(format_args!(
                "{} in partition {} at offset {}, {}",
                entry["key"].as_str().unwrap_or_default(),
                entry["partition"],
                entry["offset"],
                entry["time"].as_str().unwrap_or_default()
            ));
            say(format_args!("{:#}", entry["value"]));
        }
    }
    Ok(())
}

fn nothing(changelog: Changelog, key: &str, search: &Search) -> Failure {
    let (stage, store) = (changelog.stage, changelog.store);
    if let Some(deleted) = search.found.values().max_by_key(|record| record.time) {
        let entry = described(deleted);
        let (partition, time) = (deleted.partition, entry["time"].as_str().unwrap_or_default());
        return Failure::Check(format!(
            "{stage} {store} knows nothing of {key}: it was deleted in partition {partition} at {time}"
        ));
    }
    let example = search.example.as_deref().map_or_else(
        || "; the store is empty".to_owned(),
        |example| format!("; keys look like {}", text_of(example)),
    );
    Failure::Check(format!(
        "{stage} {store} knows nothing of {key} ({} records of its changelog were read){example}",
        search.read
    ))
}
