//! Other people's suites: what is JSON becomes an event, what is not a dead letter, and nothing panics.
//! Skipped where the data is absent.

use model::{Event, RawEvent};
use normalizer::{Lists, Normalizer};
use settings::{AdmissionSettings, NormalizerSettings, Watched};
use stage::{Cx, Driver, Settled};
use std::fs;
use std::path::PathBuf;
use topology::Topic;

/// The folder of shared data, from `SLUICEBOX_SHARED_DATA` or beside the repository.
pub(crate) fn shared(part: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let path = std::env::var_os("SLUICEBOX_SHARED_DATA")
        .map_or_else(beside, PathBuf::from)
        .join(part);
    if !path.exists() {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

fn settle(data: Vec<u8>) -> Settled<Event> {
    let raw = RawEvent {
        id: "1".to_owned(),
        source: "suite".to_owned(),
        kind: "test".to_owned(),
        data: Some(data),
        ..RawEvent::default()
    };
    let normalizer = Normalizer::new(
        &NormalizerSettings::default(),
        &AdmissionSettings::default(),
        &Watched::fixed(Lists::default()),
    );
    Driver::new(normalizer).apply(raw, &Cx::at(Topic::IngestEvents, 1_790_000_000_000))
}

#[test]
fn the_json_parsing_suite() {
    let Some(folder) = shared("suites/json/test_parsing") else {
        return;
    };
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let settled = settle(fs::read(&path).unwrap());
        match name.as_bytes()[0] {
            b'y' => assert!(matches!(settled, Settled::Out(_)), "{name}: {settled:?}"),
            // No data at all is allowed: the envelope alone is an event.
            b'n' if !matches!(name.as_str(), "n_structure_no_data.json" | "n_single_space.json") => {
                assert!(matches!(settled, Settled::Dead(_)), "{name}: {settled:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn the_naughty_strings() {
    let Some(path) = shared("suites/blns/blns.json") else {
        return;
    };
    let strings: Vec<String> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for naughty in strings {
        let data = serde_json::json!({"text": naughty, "title": naughty, "user_id": naughty, "url": naughty,
            "symbol": naughty, "chain": naughty, "token_ca": naughty, "author": naughty, "tags": [naughty]});
        let Settled::Out(events) = settle(data.to_string().into_bytes()) else {
            assert!(naughty.is_empty(), "{naughty:?}");
            continue;
        };
        let kept = serde_json::to_string(&events[0]).unwrap();
        assert!(!kept.contains("\\u0000"), "{naughty:?}");
        assert!((1..=512).contains(&events[0].subject.len()), "{naughty:?}");
    }
}
