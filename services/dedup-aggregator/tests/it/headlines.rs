//! Signals of real headlines hold one story each. Skipped where the data is absent.

use dedup_aggregator::DedupAggregator;
use model::{Event, ScoredEvent};
use settings::DedupSettings;
use stage::{Cx, Driver, Settled};
use std::collections::HashMap;
use std::path::PathBuf;
use topology::Topic;

/// Headlines with their story, from `SLUICEBOX_SHARED_DATA` or beside the repository.
fn headlines() -> Option<Vec<(String, String)>> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let root = std::env::var_os("SLUICEBOX_SHARED_DATA").map_or_else(beside, PathBuf::from);
    let path = root.join("news-stories/news.csv");
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    };
    Some(
        reader
            .records()
            .flatten()
            .map(|row| (row[1].to_owned(), row[5].to_owned()))
            .collect(),
    )
}

/// All headlines under one subject, so that only sameness keeps stories apart.
#[test]
fn near_headlines_tell_the_same_story() {
    let Some(headlines) = headlines() else { return };
    let mut driver = Driver::new(DedupAggregator::new(&DedupSettings::default()));
    let mut stories: HashMap<String, Vec<String>> = HashMap::new();
    for (number, (title, story)) in headlines.into_iter().enumerate() {
        let event = Event {
            id: number.to_string(),
            subject: "story:all".to_owned(),
            title: Some(title),
            ..Event::default()
        };
        let scored = ScoredEvent {
            event,
            matched: 1,
            ..ScoredEvent::default()
        };
        if let Settled::Out(updates) = driver.apply(scored, &Cx::at(Topic::EventsScored, 1_000)) {
            stories
                .entry(updates[0].0.signal_key.clone())
                .or_default()
                .push(story);
        }
    }
    let folded: Vec<&Vec<String>> = stories.values().filter(|signal| signal.len() > 1).collect();
    let all: usize = folded.iter().map(|signal| signal.len()).sum();
    let same: usize = folded
        .iter()
        .map(|signal| signal.iter().filter(|story| **story == signal[0]).count())
        .sum();
    assert!(all > 300, "{all} folded");
    assert!(
        same * 100 >= all * 95,
        "{same} of {all} in the story of their signal's first"
    );
}
