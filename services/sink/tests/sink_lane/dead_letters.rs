//! What the sink cannot read: a dead letter on the topic, once, before its batch is stored; and how many there may be.

use crate::{IDS, OwnSchemas, Place, Watcher, behind_proxy};
use model::{DeadLetter, Decoder, Encoder, RawEvent, Replay, SchemaIds, SchemaLookup, SchemaSource};
use runtime::admin::Admin;
use runtime::{LaneState, Shared};
use settings::DeadLetterSettings;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use topology::{Prefix, Topic};

/// Ids from here on are our own schemas again, once somebody has registered them.
const LATER: u32 = 100;

/// A registry that answers, and does not know every schema yet.
#[derive(Default)]
struct Registry {
    registered: AtomicBool,
}

impl SchemaSource for Registry {
    fn schema(&self, id: u32) -> SchemaLookup {
        match id.checked_sub(LATER) {
            Some(own) if self.registered.load(Ordering::Relaxed) => OwnSchemas.schema(own),
            _ => OwnSchemas.schema(id),
        }
    }
}

impl Place {
    fn admin(&self) -> Admin {
        Admin::new(
            &self.settings.kafka,
            &Prefix::new(self.settings.topic_prefix.clone()),
        )
        .unwrap()
    }

    async fn write_bytes(&self, topic: Topic, value: &[u8]) {
        let sent = self.publisher.publish_raw(topic, Some(b"k"), value);
        sent.await.unwrap();
    }

    /// The dead letters on the topic, in the order of each partition.
    async fn letters(&self) -> Vec<DeadLetter> {
        let topic = Topic::DeadLetters.name().to_owned();
        let records = self.admin().read_every(&[topic]).await.unwrap();
        let mut decoder = Decoder::new(Arc::new(OwnSchemas));
        let values = records.iter().filter_map(|record| record.value.as_deref());
        values.map(|value| decoder.decode(value).unwrap()).collect()
    }

    async fn wait_for_letters(&self, count: usize) -> Vec<DeadLetter> {
        let began = Instant::now();
        loop {
            let letters = self.letters().await;
            if letters.len() >= count {
                return letters;
            }
            assert!(began.elapsed() < crate::PATIENCE, "{letters:?}");
        }
    }

    /// How many rows of the sink's dead letters there are.
    async fn buried(&self) -> i64 {
        let count = "SELECT count(*) FROM dead_letters WHERE stage = 'sink'";
        sqlx::query_scalar(count).fetch_one(&self.pool).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_dead_letter_once_however_often_its_batch_is_tried() {
    let place = Place::new("sink_dead_letters").await;
    let (proxy, database) = behind_proxy(&place.settings.postgres);
    let watcher = Arc::new(Watcher::default());
    let process = place.start("one", &database, &watcher).await;
    place.write(0..10).await;
    watcher.wait_for(10);
    proxy.refuse();
    proxy.cut();
    place.write_bytes(Topic::IngestEvents, b"no avro").await;
    place.wait_for_letters(1).await;
    watcher.wait_until(|states, _| matches!(states.last(), Some(LaneState::Waiting(_))));
    process.stop();
    assert_eq!((place.stored().await, place.buried().await), ((10, 10), 0));

    let second = Arc::new(Watcher::default());
    let successor = place.start("two", &place.settings.postgres, &second).await;
    // The record, and its dead letter, which the sink reads like any other.
    second.wait_for(2);
    place.write_bytes(Topic::IngestEvents, b"no avro either").await;
    second.wait_for(4);
    successor.stop();
    let letters = place.letters().await;
    assert_eq!((letters.len(), place.buried().await), (2, 2), "{letters:?}");
    assert!(letters.iter().all(|letter| letter.stage == "sink"));
    assert_eq!(letters[0].payload.as_deref(), Some(&b"no avro"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_back_once_its_schema_is_known_is_stored_once() {
    let place = Place::new("sink_replay").await;
    let (registry, watcher) = (Arc::new(Registry::default()), Arc::new(Watcher::default()));
    let shared = Shared {
        schemas: Arc::<Registry>::clone(&registry),
        ..place.shared("one", &watcher)
    };
    let process = place.start_with(shared, &place.settings.postgres).await;
    let later = SchemaIds(IDS.0.map(|id| id + LATER));
    let event = RawEvent {
        id: "late".to_owned(),
        source: "/test".to_owned(),
        ..RawEvent::default()
    };
    place
        .write_bytes(Topic::IngestEvents, &Encoder::new(later).encoded(&event))
        .await;
    watcher.wait_for(2);
    assert_eq!(place.stored().await, (0, 0));
    let letters = place.letters().await;
    assert_eq!(letters[0].reason, "unknown_schema_id");

    registry.registered.store(true, Ordering::Relaxed);
    let mut replayer = place.admin().replayer(IDS).await.unwrap();
    replayer.write(letters, &Replay::default()).await.unwrap();
    watcher.wait_for(3);
    process.stop();
    assert_eq!(place.stored().await, (1, 1));
    assert_eq!((place.letters().await.len(), place.buried().await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_stops_no_sink_however_much_of_it_comes_in_a_row() {
    let place = Place::new("sink_limit").await;
    let watcher = Arc::new(Watcher::default());
    let shared = Shared {
        dead_letters: DeadLetterSettings {
            consecutive: 1,
            ..DeadLetterSettings::default()
        },
        ..place.shared("one", &watcher)
    };
    for _ in 0..6 {
        place.write_bytes(Topic::IngestEvents, b"no avro").await;
    }
    place.write(0..10).await;
    let process = place.start_with(shared, &place.settings.postgres).await;
    // The records, the rubbish, and its dead letters, which the sink reads like any other.
    watcher.wait_for(10 + 6 + 6);
    process.stop();
    assert_eq!((place.stored().await, place.buried().await), ((10, 10), 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_stops_before_what_the_stream_itself_wrote_wrong_and_the_others_go_on() {
    let place = Place::new("sink_own_fault").await;
    let watcher = Arc::new(Watcher::default());
    let shared = Shared {
        dead_letters: DeadLetterSettings {
            consecutive: 5,
            ..DeadLetterSettings::default()
        },
        ..place.shared("one", &watcher)
    };
    for _ in 0..6 {
        place.write_bytes(Topic::EventsScored, b"no avro").await;
    }
    let process = place.start_with(shared, &place.settings.postgres).await;
    let stopped = |states: &[LaneState]| {
        let why = states.last().map(ToString::to_string).unwrap_or_default();
        why.contains("6 records in a row of ") && why.contains("dead_letters.stages.sink.consecutive")
    };
    watcher.wait_until(|states, _| stopped(states));
    place.write(0..10).await;
    // Five letters are written and read like any other; the sixth record stays where it is.
    watcher.wait_for(5 + 5 + 10);
    process.stop();
    assert_eq!((place.stored().await, place.buried().await), ((10, 10), 5));
}
