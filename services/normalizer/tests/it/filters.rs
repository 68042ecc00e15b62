//! What does not go on, each with its counted reason; the lists, also the reference system's.

use model::{Event, RawEvent};
use normalizer::filter::reason;
use normalizer::{Lists, Normalizer, open_lists};
use settings::{AdmissionSettings, NormalizerSettings, Watched};
use stage::{Cx, Driver, Settled};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use topology::Topic;

const NOW: i64 = 1_790_000_000_000;

fn raw(source: &str, text: &str) -> RawEvent {
    RawEvent {
        id: "1".to_owned(),
        source: source.to_owned(),
        kind: "post".to_owned(),
        data: Some(
            serde_json::json!({ "text": text, "author": "alice" })
                .to_string()
                .into_bytes(),
        ),
        ..RawEvent::default()
    }
}

fn lists(text: &str) -> Watched<Lists> {
    Watched::fixed(Lists::parse(&[("lists.yml".to_owned(), text.to_owned())]).unwrap())
}

fn settle(settings: &NormalizerSettings, lists: &Watched<Lists>, raw: RawEvent) -> Settled<Event> {
    Driver::new(Normalizer::new(settings, &AdmissionSettings::default(), lists))
        .apply(raw, &Cx::at(Topic::IngestEvents, NOW))
}

fn filtered(settings: &NormalizerSettings, lists: &Watched<Lists>, raw: RawEvent) -> Option<&'static str> {
    match settle(settings, lists, raw) {
        Settled::Filtered(reason) => Some(reason),
        _ => None,
    }
}

fn event(lists: &Watched<Lists>, text: &str) -> Event {
    match settle(&NormalizerSettings::default(), lists, raw("web", text)) {
        Settled::Out(mut events) => events.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_filter_has_its_reason() {
    let settings = NormalizerSettings {
        languages: vec!["en".to_owned()],
        max_spam: Some(0.9),
        max_age_ms: 60_000,
        ..NormalizerSettings::default()
    };
    let lists = lists("blocked_sources: ['bot:*']\ntrusted_sources: [desk]\nblacklist: [gm, fren, wagmi]");
    let german = "Die Börse hat nach dem Angriff alle Auszahlungen gestoppt";
    let spam =
        "WINNER! Claim your FREE $1000 prize now, click http://win.example.top and subscribe to my channel";
    assert_eq!(
        filtered(&settings, &lists, raw("bot:7", "news")),
        Some(reason::BLOCKED_SOURCE)
    );
    assert_eq!(
        filtered(&settings, &lists, raw("web", german)),
        Some(reason::LANGUAGE)
    );
    assert_eq!(filtered(&settings, &lists, raw("web", spam)), Some(reason::SPAM));
    assert_eq!(
        filtered(&settings, &lists, raw("web", "GM fren! wagmi")),
        Some(reason::BLOCKED_ENTITIES)
    );
    let old = RawEvent {
        time: Some(NOW - 60_001),
        ..raw("desk", "news")
    };
    assert_eq!(filtered(&settings, &lists, old), Some(reason::TOO_OLD));
    assert_eq!(
        filtered(&settings, &lists, raw("desk", german)),
        None,
        "a trusted source"
    );
    assert_eq!(
        filtered(
            &settings,
            &lists,
            raw("web", "The exchange paused withdrawals today")
        ),
        None
    );
}

#[test]
fn authors_weigh_and_entities_are_told() {
    let lists = lists("authors: {Alice: 2.5}\nwhitelist: [etf, bitcoin etf]\nblacklist: [fomo]");
    let event = event(&lists, "A Bitcoin ETF is approved, $FOMO and $BTC rise");
    assert_eq!(event.author_weight, Some(2.5));
    assert_eq!(event.listed, ["etf", "bitcoin etf"]);
    assert_eq!(event.cashtags, ["BTC"]);
    let blocked = self::lists("authors: {alice: 0}");
    let settings = NormalizerSettings::default();
    assert_eq!(
        filtered(&settings, &blocked, raw("web", "news")),
        Some(reason::BLOCKED_AUTHOR)
    );
}

#[test]
fn a_changed_list_is_taken_and_a_broken_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lists.yml");
    fs::write(&file, "blocked_sources: [a]").unwrap();
    let lists = open_lists(folder.path()).unwrap();
    let settings = NormalizerSettings::default();
    assert_eq!(
        filtered(&settings, &lists, raw("a", "news")),
        Some(reason::BLOCKED_SOURCE)
    );
    fs::write(&file, "blocked_sources: [b").unwrap();
    assert!(lists.wait_until(Duration::from_secs(20), |status| status.last_error.is_some()));
    assert_eq!(
        filtered(&settings, &lists, raw("a", "news")),
        Some(reason::BLOCKED_SOURCE)
    );
    fs::write(&file, "blocked_sources: [b]").unwrap();
    assert!(
        lists.wait_until(Duration::from_secs(20), |status| status.last_error.is_none()
            && status.reloads > 0)
    );
    assert_eq!(filtered(&settings, &lists, raw("a", "news")), None);
    assert_eq!(
        filtered(&settings, &lists, raw("b", "news")),
        Some(reason::BLOCKED_SOURCE)
    );
}

#[test]
fn the_reference_systems_lists_load_as_they_are() {
    let Some(folder) = crate::shared_data::shared("reference/event-stream-starter") else {
        return;
    };
    let read = |name: &str| {
        let path: PathBuf = folder.join(name);
        (name.to_owned(), fs::read_to_string(path).unwrap())
    };
    let files = [read("topic_blacklist.yml"), read("topic_whitelist.yml")];
    let lists = Watched::fixed(Lists::parse(&files).unwrap());
    let settings = NormalizerSettings::default();
    assert_eq!(
        filtered(&settings, &lists, raw("web", "gm anon, wen rekt")),
        Some(reason::BLOCKED_ENTITIES)
    );
    let listed = event(&lists, "SEC decides on the Bitcoin ETF").listed;
    assert_eq!(listed, ["etf", "sec", "bitcoin etf"]);
}
