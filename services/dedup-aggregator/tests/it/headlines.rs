//! Parts of real headlines hold one story each. Skipped where the data is absent.

use dedup_aggregator::{DedupAggregator, Told};
use model::{Event, ScoredEvent};
use settings::DedupSettings;
use stage::{Cx, Driver, Settled};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;
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

#[test]
fn headlines_of_a_part_tell_the_same_story() {
    let Some(headlines) = headlines() else { return };
    let stage = DedupAggregator::new(&DedupSettings::default(), Duration::ZERO);
    let mut driver = Driver::new(stage);
    let mut parts: HashMap<String, Vec<String>> = HashMap::new();
    for (number, (title, story)) in headlines.into_iter().enumerate() {
        let event = Event {
            id: number.to_string(),
            subject: format!("story:{number}"),
            title: Some(title),
            ..Event::default()
        };
        let scored = ScoredEvent {
            event,
            ..ScoredEvent::default()
        };
        let Settled::Out(told) = driver.apply(scored, &Cx::at(Topic::EventsScored, 1_000)) else {
            continue;
        };
        for told in told {
            if let Told::Member(member) = told {
                parts.entry(member.part).or_default().push(story.clone());
            }
        }
    }
    let shared: Vec<&Vec<String>> = parts.values().filter(|part| part.len() > 1).collect();
    let all: usize = shared.iter().map(|part| part.len()).sum();
    let same: usize = shared
        .iter()
        .map(|part| part.iter().filter(|story| **story == part[0]).count())
        .sum();
    assert!(all > 800, "{all} with others");
    assert!(
        same * 100 >= all * 95,
        "{same} of {all} in the story of their part's first"
    );
}
