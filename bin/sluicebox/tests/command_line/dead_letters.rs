//! Dead letters as people look at them and put them back.

use super::{Running, Shell, until};
use model::{DeadLetter, Header};
use runtime::Publisher;
use serde_json::Value;
use std::collections::BTreeMap;
use topology::{Prefix, Topic};

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

impl Shell {
    async fn publisher(&self) -> Publisher {
        let settings = self.sandbox.settings();
        let prefix = Prefix::new(&settings.topic_prefix);
        let registry = registry::Registry::connect(&settings.registry).unwrap();
        let ids = registry.register_all(&prefix).await.unwrap();
        Publisher::new(&settings.kafka, &prefix, ids).unwrap()
    }

    /// Dead letters as if a stage had given up this many records of `events.normalized`.
    async fn buried(&self, count: i64) {
        let publisher = self.publisher().await;
        for offset in 0..count {
            let letter = self.letter(offset);
            publisher.publish(&letter, None).await.unwrap();
        }
    }

    fn letter(&self, offset: i64) -> DeadLetter {
        DeadLetter {
            stage: "scorer".to_owned(),
            topic: format!("{}events.normalized", self.sandbox.topic_prefix()),
            partition: i32::try_from(offset % 3).unwrap(),
            offset,
            reason: "malformed_avro".to_owned(),
            key: Some(format!("user:{offset}").into_bytes()),
            payload: Some(offset.to_be_bytes().to_vec()),
            headers: vec![Header {
                key: "traceparent".to_owned(),
                value: Some(TRACE.into()),
            }],
            attempts: 1,
            ..DeadLetter::default()
        }
    }

    /// How often each payload stands on `events.normalized`, with its key and partition.
    async fn put_back(&self) -> BTreeMap<(Vec<u8>, Vec<u8>, i32), u32> {
        let settings = self.sandbox.settings();
        let prefix = Prefix::new(&settings.topic_prefix);
        let admin = runtime::admin::Admin::new(&settings.kafka, &prefix).unwrap();
        let topic = Topic::EventsNormalized.name().to_owned();
        let records = admin.read_every(std::slice::from_ref(&topic)).await;
        let mut counts = BTreeMap::new();
        for record in records.unwrap() {
            *counts
                .entry((record.value.unwrap(), record.key, record.partition))
                .or_default() += 1;
        }
        counts
    }

    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let printed = self.done(arguments);
        printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_died_is_seen_mended_put_back_and_counted_when_it_dies_again() {
    let shell = Shell::with_topics("dlq").await;
    let publisher = shell.publisher().await;
    for (key, value) in [("user:1", "not avro"), ("user:2", "\0\0\0\0\u{1}")] {
        let sent = publisher.publish_raw(Topic::IngestEvents, Some(key.as_bytes()), value.as_bytes());
        sent.await.unwrap();
    }
    let stage = Running::start(&shell, &["run", "normalizer"]);
    until("two dead letters", || {
        shell.json(&["dlq", "list", "--json"]).len() == 2
    });

    let one = &shell.json(&["dlq", "list", "--json", "--key", "user:1"])[0];
    assert_eq!(
        (&one["stage"], &one["reason"], &one["attempts"], &one["replayed"]),
        (
            &"normalizer".into(),
            &"undecodable".into(),
            &1.into(),
            &Value::Null
        )
    );
    let name = one["letter"].as_str().unwrap();
    let shown = shell.done(&["dlq", "show", name]);
    assert!(
        shown.contains("not avro") && shown.contains("ingest.events"),
        "{shown}"
    );
    assert_eq!(shell.done(&["dlq", "show", name, "--payload"]), "not avro");
    let table = shell.done(&["dlq", "list", "--stage", "normalizer", "--from", "1h"]);
    assert!(
        table.contains("2 dead letters") && table.contains("normalizer undecodable 1"),
        "{table}"
    );
    assert!(
        shell
            .done(&["dlq", "list", "--to", "2020-01-01"])
            .contains("no dead letters")
    );

    let dry = shell.json(&["dlq", "replay", "--all", "--dry-run", "--json"]);
    assert_eq!(
        (&dry[0]["replayed"], &dry[0]["replay"]),
        (&2.into(), &Value::Null)
    );
    let done = shell.json(&[
        "dlq", "replay", name, "--json", "--by", "alice", "--note", "mended",
    ]);
    assert_eq!(done[0]["replayed"], 1);
    until("the record to die again", || {
        shell.json(&["dlq", "list", "--json"]).len() == 3
    });
    let again = &shell.json(&["dlq", "list", "--json", "--limit", "1"])[0];
    assert_eq!((&again["attempts"], &again["key"]), (&2.into(), &"user:1".into()));
    stage.stop();

    let exported = shell.json(&["dlq", "export", "--key", "user:1"]);
    assert_eq!(exported.len(), 2);
    assert_eq!(exported[0]["payload_base64"], exported[1]["payload_base64"]);
    assert_eq!(exported[0]["trace_id"], exported[1]["trace_id"]);
    assert_ne!(exported[0]["offset"], exported[1]["offset"]);

    let replays = shell.json(&["dlq", "replays", "--json"]);
    assert_eq!(
        (&replays[0]["by"], &replays[0]["note"], &replays[0]["letters"][0]),
        (&"alice".into(), &"mended".into(), &name.into())
    );
    let tired = shell.json(&[
        "dlq",
        "replay",
        "--key",
        "user:1",
        "--max-attempts",
        "2",
        "--json",
    ]);
    assert_eq!(tired[0]["replayed"], 0);
    assert_eq!(tired[0]["skipped"]["tried_too_often"], 1);
    assert_eq!(tired[0]["skipped"]["already_replayed"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sink_gave_up_is_found_and_put_back_like_the_rest() {
    let shell = Shell::with_topics("dlq sink").await;
    shell.done(&["migrate", "up"]);
    let publisher = shell.publisher().await;
    let sent = publisher.publish_raw(Topic::IngestEvents, Some(b"user:1"), b"not avro");
    sent.await.unwrap();
    let sink = Running::start(&shell, &["run", "sink"]);
    let letters = || shell.json(&["dlq", "list", "--stage", "sink", "--json"]);
    until("a dead letter of the sink", || letters().len() == 1);
    let name = letters()[0]["letter"].as_str().unwrap().to_owned();
    assert_eq!(shell.done(&["dlq", "show", &name, "--payload"]), "not avro");
    assert_eq!(shell.json(&["dlq", "export", "--stage", "sink"]).len(), 1);

    let replay = ["dlq", "replay", "--stage", "sink", "--json", "--note", "mended"];
    assert_eq!(shell.json(&replay)[0]["replayed"], 1);
    until("the record to die again", || letters().len() == 2);
    sink.stop();
    assert_eq!(letters()[0]["attempts"], 2);
    let replays = shell.json(&["dlq", "replays", "--json"]);
    assert_eq!(
        (&replays[0]["note"], &replays[0]["letters"][0]),
        (&"mended".into(), &name.as_str().into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_killed_goes_on_where_it_stopped() {
    let shell = Shell::with_topics("dlq killed").await;
    shell.buried(200).await;
    let replay = Running::start(&shell, &["dlq", "replay", "--all", "--rate", "40"]);
    let noted = || {
        let replays = shell.json(&["dlq", "replays", "--json"]);
        replays
            .first()
            .and_then(|replay| replay["count"].as_u64())
            .unwrap_or_default()
    };
    until("a part to be replayed", || noted() >= 10);
    replay.kill();
    let before: u32 = shell.put_back().await.values().sum();
    assert!(
        (10..200).contains(&before),
        "{before} were replayed before it was killed"
    );

    let rest = shell.json(&["dlq", "replay", "--all", "--json"]);
    assert_eq!(rest[0]["skipped"]["already_replayed"], before);
    let back = shell.put_back().await;
    for offset in 0..200 {
        let letter = shell.letter(offset);
        let place = (letter.payload.unwrap(), letter.key.unwrap(), letter.partition);
        assert_eq!(back.get(&place), Some(&1), "{offset}");
    }
    let nothing = shell.json(&["dlq", "replay", "--all", "--json"]);
    assert_eq!(nothing[0]["replayed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replays_at_a_time_one_is_refused_and_none_writes_what_the_other_wrote() {
    let shell = Shell::with_topics("dlq two").await;
    shell.buried(60).await;
    let slow = Running::start(&shell, &["dlq", "replay", "--all", "--rate", "8"]);
    until("the slow one to begin", || {
        !shell.json(&["dlq", "replays", "--json"]).is_empty()
    });
    let quick = shell.run(&["dlq", "replay", "--all"]);
    let (code, said) = slow.ended();
    let refused = if quick.status.success() {
        assert_eq!(code, Some(1), "{said}");
        said
    } else {
        assert_eq!(code, Some(0), "{said}");
        String::from_utf8(quick.stderr).unwrap()
    };
    assert!(refused.contains("another replay is at work"), "{refused}");
    let back = shell.put_back().await;
    assert_eq!((back.len(), back.values().sum::<u32>()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_with_advice() {
    let shell = Shell::with_topics("dlq wrong").await;
    assert_eq!(shell.fails(&["dlq", "replay"]).0, 2);
    let (code, said) = shell.fails(&["dlq", "list", "--stage", "scorr"]);
    assert!(code == 2 && said.contains("scorer"), "{said}");
    let (code, said) = shell.fails(&["dlq", "show", "0:99"]);
    assert!(code == 1 && said.contains("dlq list"), "{said}");
    assert_eq!(shell.fails(&["dlq", "show", "17"]).0, 2);
}
