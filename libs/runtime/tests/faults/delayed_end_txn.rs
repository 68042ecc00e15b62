//! A commit that arrives late: KIP-890's hole, in librdkafka and not in a lane.

use crate::place::{OwnBroker, STAGE};
use crate::tally::Tally;
use crate::watcher::{PATIENCE, Watcher};
use proxy::ApiKey;
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::run_stage;
use std::sync::Arc;
use topology::Topic;

fn send(producer: &BaseProducer, topic: &str, value: &str) {
    let record = BaseRecord::<(), str>::to(topic).partition(0).payload(value);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(PATIENCE).unwrap();
}

/// This test holds as long as the hole is there. When it fails, librdkafka or Kafka has mended it: read
/// docs/FAULTS.md and see what of our own protection is still needed.
#[test]
fn librdkafka_alone_lets_a_late_commit_end_the_next_transaction() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    let topic = place.topic(Topic::EventsNormalized);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.proxy.address().to_string())
        .set("transactional.id", "bare")
        .set("transaction.timeout.ms", "60000")
        .set("socket.timeout.ms", "2000")
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();

    producer.begin_transaction().unwrap();
    send(&producer, &topic, "first");
    let first_commit = broker.proxy.hold_next(ApiKey::END_TXN);
    producer.commit_transaction(PATIENCE).unwrap();
    first_commit.arrived(PATIENCE).unwrap();
    assert_eq!(
        broker.proxy.count(ApiKey::END_TXN),
        2,
        "the client asked again, unseen by its user"
    );

    producer.begin_transaction().unwrap();
    send(&producer, &topic, "second, never committed by its producer");
    first_commit.release(PATIENCE).unwrap();
    let aborted = producer.abort_transaction(PATIENCE);

    let mended = "the late commit of the first transaction did not end the second: the hole is closed; \
                  read docs/FAULTS.md";
    let code = aborted.expect_err(mended).rdkafka_error_code();
    assert_eq!(
        code,
        Some(RDKafkaErrorCode::InvalidTransactionalState),
        "{mended}"
    );
    let seen = place.committed(&topic, 1);
    let seen: Vec<_> = seen.iter().map(|value| String::from_utf8_lossy(value)).collect();
    assert_eq!(
        seen,
        ["first", "second, never committed by its producer"],
        "{mended}"
    );
}

/// The same, and the late commit comes while outputs and state of the next transaction are written and its offsets
/// are not: with the hole it would commit those outputs without the offsets, and they would come twice.
#[test]
fn a_late_commit_ends_nothing_of_a_lane() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let shared = broker.behind_proxy(place.shared(&watcher));
    let first_commit = broker.proxy.hold_next(ApiKey::END_TXN);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    first_commit.arrived(PATIENCE).unwrap();
    watcher.wait_for_records(1_000);

    let offsets = broker.proxy.hold_next(ApiKey::TXN_OFFSET_COMMIT);
    place.produce(1_000..2_000);
    offsets.arrived(PATIENCE).unwrap();
    first_commit.release(PATIENCE).unwrap();
    offsets.release(PATIENCE).unwrap();

    place.produce(2_000..3_000);
    watcher.wait_for_records(3_000);
    place.stop_and_count(&shared, running, 3_000);
}

/// The client says the same of a connection once in 30 s: what breaks again during the next transaction is not heard.
#[test]
fn a_producer_whose_connection_broke_between_two_transactions_is_replaced_too() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let shared = broker.behind_proxy(place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);
    let producers = broker.proxy.count(ApiKey::INIT_PRODUCER_ID);
    broker.proxy.cut();
    place.produce(1_000..2_000);
    watcher.wait_for_records(2_000);
    let replaced = broker
        .proxy
        .wait_for(ApiKey::INIT_PRODUCER_ID, producers + 1, PATIENCE);
    replaced.unwrap();
    watcher.is_as_it_began();
    place.stop_and_count(&shared, running, 2_000);
}

/// A lane whose connections are cut and reset in the middle of its commits.
#[test]
fn connections_that_break_during_commits_lose_and_double_nothing() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    let watcher = Arc::new(Watcher::default());
    let shared = broker.behind_proxy(place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    for round in 0..6 {
        let commits = broker.proxy.count(ApiKey::END_TXN);
        place.produce(round * 500..(round + 1) * 500);
        broker
            .proxy
            .wait_for(ApiKey::END_TXN, commits + 1, PATIENCE)
            .unwrap();
        if round % 2 == 0 {
            broker.proxy.cut();
        } else {
            broker.proxy.reset();
        }
    }
    watcher.wait_for_records(3_000);
    place.stop_and_count(&shared, running, 3_000);
}
