//! No record's time ends state before its day.

use crate::harness::*;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::run_stage;
use std::sync::Arc;
use std::time::SystemTime;
use testkit::Sandbox;
use topology::StageName;

const DAY: i64 = 86_400_000;

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_millis()).unwrap()
}

/// Event 1, one that claims to be of another time, and event 1 again; on a topic where producers say the time.
fn produce_around(sandbox: &Sandbox, time: i64) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .create()
        .unwrap();
    let topic = format!("{}events.scored", sandbox.topic_prefix());
    for (id, time) in [(1, now()), (2, time), (1, now())] {
        let value = scored_event(id);
        let record = BaseRecord::<(), _>::to(&topic)
            .partition(0)
            .payload(&value)
            .timestamp(time);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

async fn counted_around(name: &str, time: i64) -> (u64, u64) {
    let sandbox = Sandbox::new(name).await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce_around(&sandbox, time);
    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    let counts = watcher.wait_for(3);
    shared.stop.set();
    running.join().unwrap();
    (counts.out, counts.duplicate)
}

/// What is remembered for a day is remembered although a record claims to be of the day after tomorrow.
#[tokio::test]
async fn a_record_from_the_future_does_not_end_a_day_of_state() {
    assert_eq!(counted_around("future", now() + 2 * DAY).await, (2, 1));
}

#[tokio::test]
async fn a_record_from_the_past_turns_nothing_back() {
    assert_eq!(counted_around("past", 1_000).await, (2, 1));
}
