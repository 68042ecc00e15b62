//! The labelled headlines: text, event time, and what people said belongs together.

use crate::quality::read_if_there;
use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDateTime};
use std::collections::BTreeSet;
use std::path::Path;

/// One headline.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) text: String,
    /// Its true story or topic; hidden from what is measured.
    pub(super) truth: String,
    /// Event time, ms.
    pub(super) time: i64,
}

/// How many true ones there are.
pub(super) fn true_ones(items: &[Item]) -> usize {
    items
        .iter()
        .map(|item| &item.truth)
        .collect::<BTreeSet<_>>()
        .len()
        .max(1)
}

/// In the order of the file: `id,title,url,publisher,category,story,hostname,timestamp_ms`.
pub(super) fn news(path: &Path) -> Result<Vec<Item>> {
    let Some(text) = read_if_there(path)? else {
        return Ok(Vec::new());
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let item = |record: csv::StringRecord| {
        let field = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let time = field(7).parse().context("a timestamp that is no number")?;
        Ok(Item {
            text: field(1),
            truth: field(5),
            time,
        })
    };
    reader.records().map(|record| item(record?)).collect()
}

/// In the order of their publication.
pub(super) fn scoop(path: &Path) -> Result<Vec<Item>> {
    let Some(text) = read_if_there(path)? else {
        return Ok(Vec::new());
    };
    let item = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let field = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let published = field(&line["item"]["published_at"]);
        let time = DateTime::parse_from_rfc3339(&published)
            .context(published)?
            .timestamp_millis();
        Ok(Item {
            text: field(&line["item"]["title"]),
            truth: field(&line["story_gt_id"]),
            time,
        })
    };
    in_order(text.lines().map(item).collect())
}

/// In the order of their dates: `date;sentiment;source;subject;text;title;url`, `day-month-year hour:minute`.
pub(super) fn crypto(path: &Path) -> Result<Vec<Item>> {
    let Some(text) = read_if_there(path)? else {
        return Ok(Vec::new());
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .flexible(true)
        .from_reader(text.as_bytes());
    let item = |record: csv::StringRecord| {
        let field = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let date = NaiveDateTime::parse_from_str(&field(0), "%d-%m-%Y %H:%M").context(field(0))?;
        Ok(Item {
            text: field(5),
            truth: String::new(),
            time: date.and_utc().timestamp_millis(),
        })
    };
    in_order(reader.records().map(|record| item(record?)).collect())
}

fn in_order(items: Result<Vec<Item>>) -> Result<Vec<Item>> {
    let mut items = items?;
    items.sort_by_key(|item| item.time);
    Ok(items)
}
