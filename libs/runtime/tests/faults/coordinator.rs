//! The broker that coordinates a lane's group and its transactions goes away, and another one takes that over.

use crate::place::{OwnBroker, Place, STAGE};
use crate::tally::Tally;
use crate::watcher::{PATIENCE, Watcher};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use runtime::run_stage;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::SecondBroker;

/// One partition each, so that one broker coordinates every group, and one every transaction.
const COORDINATING: [&str; 2] = ["__consumer_offsets", "__transaction_state"];
const PROPERTIES: [(&str, &str); 6] = [
    ("offsets.topic.num.partitions", "1"),
    ("transaction.state.log.num.partitions", "1"),
    ("offsets.topic.replication.factor", "2"),
    ("transaction.state.log.replication.factor", "2"),
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
];

/// Two brokers. The first is the controller, the second coordinates.
struct Pair {
    _first: OwnBroker,
    second: SecondBroker,
    brokers: String,
}

impl Pair {
    fn start() -> Self {
        let first = OwnBroker::start(&PROPERTIES);
        let second = SecondBroker::join(&first.own).unwrap();
        let brokers = format!("{},{}", first.own.addresses().unwrap().brokers, second.address());
        let pair = Self {
            _first: first,
            second,
            brokers,
        };
        pair.make_coordinators();
        pair
    }

    /// The broker that leads a partition is the first of those that hold it.
    fn make_coordinators(&self) {
        let holders: [&[i32]; 1] = [&[SecondBroker::ID, 1]];
        let new = COORDINATING.map(|name| {
            let new = NewTopic::new(name, 1, TopicReplication::Variable(&holders));
            new.set("cleanup.policy", "compact")
                .set("min.insync.replicas", "1")
        });
        let mut client = rdkafka::ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers);
        let admin: AdminClient<DefaultClientContext> = client.create().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for created in runtime
            .block_on(admin.create_topics(&new, &AdminOptions::new()))
            .unwrap()
        {
            created.unwrap();
        }
        self.wait_for_coordinator(SecondBroker::ID);
    }

    /// Until this broker coordinates.
    fn wait_for_coordinator(&self, broker: i32) {
        let mut client = rdkafka::ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers);
        let client: BaseConsumer = client.create().unwrap();
        let began = Instant::now();
        loop {
            let leaders = COORDINATING.map(|name| {
                let metadata = client.fetch_metadata(Some(name), PATIENCE).ok()?;
                let topic = metadata.topics().iter().find(|topic| topic.name() == name)?;
                Some(topic.partitions().first()?.leader())
            });
            if leaders == [Some(broker); 2] {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{leaders:?} lead, not {broker}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Records are processed all the while: before, during and after the move, and after the broker has come back.
fn moves(end: impl FnOnce(&SecondBroker)) {
    let pair = Pair::start();
    let place = Place::on_both(pair.brokers.clone());
    let watcher = Arc::new(Watcher::default());
    let shared = place.shared(&watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    place.produce(0..1_000);
    watcher.wait_for_records(1_000);
    pair.wait_for_coordinator(SecondBroker::ID);

    place.produce(1_000..1_500);
    end(&pair.second);
    pair.wait_for_coordinator(1);
    place.produce(1_500..2_000);
    watcher.wait_for_records(2_000);

    pair.second.up().unwrap();
    place.produce(2_000..3_000);
    watcher.wait_for_records(3_000);
    place.stop_and_count(&shared, running, 3_000);
}

#[test]
fn a_lane_goes_on_when_its_coordinator_moves_in_good_order() {
    moves(|coordinator| coordinator.stop().unwrap());
}

#[test]
fn a_lane_goes_on_when_its_coordinator_is_killed_and_another_broker_takes_over() {
    moves(|coordinator| coordinator.kill().unwrap());
}
