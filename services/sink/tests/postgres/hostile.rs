//! Values that PostgreSQL would refuse must not hold up the batch they come in.

use crate::batches::{Builder, raw, scored_event, signal_of};
use crate::database::Database;
use model::{DeadLetter, StoryChange, StoryChangeKind, StoryMember, Value};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sink::SinkInput;
use stage::Drain;
use std::path::PathBuf;

const NAUGHTY: [&str; 14] = [
    "",
    "\0",
    "a\0b",
    "'; DROP TABLE events; --",
    "\\",
    "\"{},\\N\\.",
    "NULL",
    "\u{feff}\u{202e}\u{ffff}\u{10ffff}",
    "田中さんにあげて下さい 🏳️‍🌈",
    "\\u0000",
    "\\ud800",
    "{\"a\":\"\\u0000\"}",
    "1e999999",
    "\t\r\n\u{b}\u{1b}[31m",
];

fn everywhere(naughty: &str) -> [SinkInput; 6] {
    let mut scored = scored_event(naughty);
    let event = &mut scored.event;
    for text in [
        &mut event.source,
        &mut event.kind,
        &mut event.subject,
        &mut event.tenant,
    ] {
        naughty.clone_into(text);
    }
    for text in [
        &mut event.title,
        &mut event.text,
        &mut event.url,
        &mut event.author,
        &mut event.lang,
    ] {
        *text = Some(naughty.to_owned());
    }
    event.cashtags.push(naughty.to_owned());
    event.attributes.insert(naughty.to_owned(), Value::from(naughty));
    event
        .attributes
        .insert(format!("{naughty}."), Value::Double(f64::INFINITY));
    (event.time, event.received_at, scored.score) = (i64::MIN, i64::MAX, f64::NAN);
    let mut signal = signal_of(naughty, i64::MAX, &[naughty, "other"]);
    signal.facts.insert(naughty.to_owned(), Value::from(naughty));
    signal.subjects.push(naughty.to_owned());
    signal.langs.insert(naughty.to_owned(), i64::MAX);
    (signal.slope_10m, signal.heat_10m) = (f64::NAN, i64::MIN);
    signal.changes.push(model::SignalChange {
        time: i64::MIN,
        state: model::SignalState::Verified,
        reason: naughty.to_owned(),
    });
    for key in [
        &mut signal.story_key,
        &mut signal.topic_key,
        &mut signal.merged_into,
    ] {
        *key = Some(naughty.to_owned());
    }
    let member = StoryMember {
        tenant: naughty.into(),
        source: naughty.into(),
        event_id: naughty.into(),
        time: i64::MIN,
        part: naughty.into(),
        copy: true,
    };
    let change = StoryChange {
        tenant: naughty.into(),
        time: i64::MAX,
        kind: StoryChangeKind::StoriesMerged,
        id: naughty.into(),
        into: Some(format!("{naughty}.")),
        tier: Some(naughty.into()),
        similarity: Some(f64::NAN),
        shared: vec![naughty.into()],
        by: Some(naughty.into()),
        reason: Some(naughty.into()),
    };
    let letter = DeadLetter {
        stage: naughty.into(),
        topic: naughty.into(),
        message: naughty.into(),
        ..<_>::default()
    };
    [
        raw(naughty, naughty.as_bytes()),
        SinkInput::Scored(Box::new(scored)),
        SinkInput::Member(member),
        SinkInput::Change(Box::new(change)),
        SinkInput::Signal(Box::new(signal)),
        SinkInput::DeadLetter(letter),
    ]
}

#[tokio::test]
async fn naughty_strings_are_stored_in_every_field() {
    let mut db = Database::new("sink_naughty").await;
    let long = ["long".repeat(300_000), "é".repeat(3000)];
    let mut batch = Builder::default();
    let all: Vec<&str> = NAUGHTY
        .into_iter()
        .chain(long.iter().map(String::as_str))
        .collect();
    for naughty in &all {
        batch = everywhere(naughty).into_iter().fold(batch, Builder::with);
    }
    db.sink.store(batch.batch()).await.unwrap();
    let count = i64::try_from(all.len()).unwrap();
    assert_eq!(
        (db.count("events").await, db.count("raw_events").await),
        (count, count)
    );
    for table in ["story_members", "story_links", "story_changes"] {
        assert_eq!(db.count(table).await, count, "{table}");
    }
    assert_eq!(
        db.number("SELECT count(*) FROM raw_events WHERE data IS NULL AND data_bytes IS NULL")
            .await,
        0
    );
    assert_eq!(
        db.number("SELECT count(*) FROM events WHERE source = E'\\'; DROP TABLE events; --'")
            .await,
        1
    );
}

/// Payloads as bytes, JSON or not: whatever they are, they come back byte for byte or as the same JSON.
#[tokio::test]
async fn any_payload_is_stored() {
    let mut db = Database::new("sink_payloads").await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
    let mut payloads: Vec<Vec<u8>> = NAUGHTY.iter().map(|text| text.as_bytes().to_vec()).collect();
    payloads.extend([
        deep,
        br#"["\ud800"]"#.to_vec(),
        b"1e-99999".to_vec(),
        b"\xff\xfe".to_vec(),
    ]);
    payloads.extend(nested_json());
    payloads.extend(shared_suites());
    let batch = payloads
        .iter()
        .fold(Builder::default(), |batch, payload| batch.with(raw("1", payload)));
    db.sink.store(batch.batch()).await.unwrap();
    assert_eq!(
        db.count("raw_events").await,
        i64::try_from(payloads.len()).unwrap()
    );
    let kept: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT kafka_offset, data_bytes FROM raw_events WHERE data_bytes IS NOT NULL")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    assert!(
        kept.iter()
            .all(|(offset, bytes)| *bytes == payloads[usize::try_from(*offset).unwrap()])
    );
}

/// Two thousand small JSON texts with escapes and numbers at their edges.
fn nested_json() -> Vec<Vec<u8>> {
    let leaf = proptest::sample::select(vec![
        r#""\ud83e\udd80""#,
        r#""\uD83E""#,
        r#""\u0000""#,
        r#""\\u0000""#,
        "1e400",
        "-0.0",
        "1E-400",
        "1e-9999",
        "123456789012345678901234567890.123456789",
        "true",
        "null",
        "\"é\"",
        "\"\\\"\"",
        "1e5",
    ])
    .prop_map(str::to_owned);
    let tree = leaf.prop_recursive(4, 16, 4, |inner| {
        proptest::collection::vec(inner, 0..4).prop_map(|items| {
            let members: Vec<_> = items
                .iter()
                .enumerate()
                .map(|(at, item)| format!("\"k{at}\":{item}"))
                .collect();
            if items.len() % 2 == 0 {
                format!("[{}]", items.join(","))
            } else {
                format!("{{{}}}", members.join(","))
            }
        })
    });
    let mut runner = TestRunner::deterministic();
    (0..2000)
        .map(|_| tree.new_tree(&mut runner).unwrap().current().into_bytes())
        .collect()
}

/// The JSON test suite and the big list of naughty strings, where they are at hand.
fn shared_suites() -> Vec<Vec<u8>> {
    let data = std::env::var("SLUICEBOX_SHARED_DATA")
        .map_or_else(|_| testkit::repository().join("../shared/data"), PathBuf::from);
    let mut found = Vec::new();
    read_all(&data.join("suites"), &mut found);
    if found.is_empty() {
        eprintln!("skipped: no test suites below {}", data.display());
    }
    found
}

fn read_all(folder: &std::path::Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read_all(&path, found);
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.len() < 1_000_000
        {
            found.extend(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec));
            found.push(bytes);
        }
    }
}
