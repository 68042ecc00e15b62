//! A day that went well, made in memory: what the folds say must be written is written.

use crate::fold::Folded;
use crate::{History, OwnSchemas, outbox, stages};
use model::{DeadLetter, Encoder, Notification, Receipt, Record, SchemaIds};
use runtime::admin::StoredRecord;
use scenario::day::{Day, Shipment, Value};
use settings::{ChannelKind, ChannelSettings, Settings, Subscription};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use topology::{Changelog, Topic};

pub(super) const PARTITIONS: i32 = 3;
pub(super) const SCHEMAS: OwnSchemas = OwnSchemas(SchemaIds([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]));

/// A day that went well.
pub(super) struct Whole {
    pub(super) history: History,
    pub(super) settings: Settings,
    pub(super) flow: serde_json::Value,
}

pub(super) static WHOLE: LazyLock<Whole> = LazyLock::new(whole);

fn settings() -> Settings {
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut settings = Settings::default();
    settings.kafka.partitions = 3;
    settings.scorer.rules = repository.join("rules/scoring");
    settings.enricher.rules = repository.join("rules/scoring");
    settings.detector.rules = repository.join("rules/detections");
    settings.notifier.channels = vec![ChannelSettings {
        name: "security".to_owned(),
        kind: ChannelKind::Console,
        kinds: vec![Subscription::Detection],
        ..ChannelSettings::default()
    }];
    settings
}

/// The records that the day puts straight onto the topic; what it posts needs the edge.
fn ingested() -> Vec<(Vec<u8>, Vec<u8>)> {
    let encoder = Encoder::new(SCHEMAS.0);
    let puts = Day::new(5, 2_000)
        .shipments
        .into_iter()
        .filter_map(|shipment| match shipment {
            Shipment::Put(put) => Some(put),
            Shipment::Post(_) => None,
        });
    let value = |value: Value| match value {
        Value::Bytes(bytes) => bytes,
        Value::Avro(event) => encoder.encoded(event.as_ref()),
        Value::CutAvro(event) => {
            let mut whole = encoder.encoded(event.as_ref());
            whole.truncate(whole.len() / 2);
            whole
        }
    };
    puts.map(|put| (put.key, value(put.value))).collect()
}

/// A log that grows as a broker's does.
#[derive(Default)]
struct Log {
    records: Vec<StoredRecord>,
    ends: BTreeMap<(String, i32), i64>,
}

impl Log {
    fn append(&mut self, topic: &str, partition: i32, key: Vec<u8>, value: Option<Vec<u8>>) {
        let end = self.ends.entry((topic.to_owned(), partition)).or_default();
        self.records.push(StoredRecord {
            topic: topic.to_owned(),
            partition,
            offset: *end,
            time: 1_760_000_000_000 + i64::try_from(self.records.len()).unwrap(),
            written: None,
            key,
            value,
            headers: Vec::new(),
        });
        // Transaction markers take offsets, too.
        *end += 2;
    }

    fn write(&mut self, topic: &str, key: Vec<u8>, value: Vec<u8>) {
        let sum: i32 = key.iter().map(|byte| i32::from(*byte)).sum();
        self.append(topic, sum % PARTITIONS, key, Some(value));
    }

    fn write_record<R: Record>(&mut self, topic: Topic, record: &R) {
        let value = Encoder::new(SCHEMAS.0).encoded(record);
        self.write(topic.name(), record.key().as_bytes().to_vec(), value);
    }

    fn history(&self) -> History {
        History::new(self.records.clone())
    }
}

fn whole() -> Whole {
    let settings = settings();
    let mut log = Log::default();
    for (key, value) in ingested() {
        log.write(Topic::IngestEvents.name(), key, value);
    }
    let stages = stages::fold_all(&log.history(), SCHEMAS, &settings)
        .unwrap()
        .len();
    for at in 0..stages {
        let history = log.history();
        let folded = stages::fold_all(&history, SCHEMAS, &settings)
            .unwrap()
            .swap_remove(at);
        commit(&mut log, &history, &folded);
    }
    deliver(&mut log);
    let history = log.history();
    let folded = stages::fold_all(&history, SCHEMAS, &settings).unwrap();
    let stages: Vec<_> = folded.iter().map(counters).collect();
    let flow = serde_json::json!({"conserves": true, "drained": true, "stages": stages});
    Whole {
        history,
        settings,
        flow,
    }
}

/// Writes what a fold says must be written.
fn commit(log: &mut Log, history: &History, folded: &Folded) {
    for due in folded.due() {
        log.write(due.topic.name(), due.key.clone(), due.value.clone());
    }
    for (place, reason) in folded.dead() {
        let source = history.partition(&place.topic, place.partition);
        let source = source
            .iter()
            .find(|record| record.offset == place.offset)
            .unwrap();
        let letter = DeadLetter {
            stage: folded.stage().to_string(),
            topic: place.topic.clone(),
            partition: place.partition,
            offset: place.offset,
            reason: reason.unwrap_or_default().to_owned(),
            payload: source.value.clone(),
            ..DeadLetter::default()
        };
        log.write_record(Topic::DeadLetters, &letter);
    }
    for ((store, partition), content) in folded.stores() {
        let stage = folded.stage();
        let topic = Changelog { stage, store }.topic_name();
        for (key, value) in content {
            log.append(&topic, *partition, key.clone(), Some(value.clone()));
        }
    }
}

fn deliver(log: &mut Log) {
    let history = log.history();
    for (_, planned) in outbox::read::<Notification>(&history, Topic::NotificationsOutbox, SCHEMAS) {
        let receipt = Receipt {
            notification_id: planned.id,
            tenant: planned.tenant,
            channel: planned.channel,
            attempts: 1,
            ..Receipt::default()
        };
        log.write_record(Topic::NotificationsReceipts, &receipt);
    }
}

fn counters(folded: &Folded) -> serde_json::Value {
    let counts = &folded.counts;
    serde_json::json!({
        "stage": folded.stage().as_str(), "in": counts.read, "out": counts.out, "emitted": counts.emitted, "emitted_to": counts.emitted_to,
        "duplicate": counts.duplicate, "filtered": counts.filtered, "dead": counts.dead,
    })
}
