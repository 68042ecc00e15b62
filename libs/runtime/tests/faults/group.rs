//! A member of the group dies in the midst of a rebalance.

use crate::place::{OwnBroker, PARTITIONS, Place, STAGE};
use crate::tally::Tally;
use crate::watcher::{PATIENCE, Watcher};
use proxy::ApiKey;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use runtime::{RunningStage, Shared, run_stage};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use topology::Topic;

const STEP: Duration = Duration::from_millis(20);

/// A static member that is none of ours, and last by its name.
fn member(brokers: &str, group: &str, topic: &str) -> BaseConsumer {
    let member: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("group.instance.id", "zz")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "30000")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    member.subscribe(&[topic]).unwrap();
    member
}

fn poll_until(member: &BaseConsumer, what: &str, holds: impl Fn(i32) -> bool) {
    let began = Instant::now();
    let owned = || i32::try_from(member.assignment().unwrap().count()).unwrap();
    while !holds(owned()) {
        assert!(
            began.elapsed() < PATIENCE,
            "{what}: it has {} partitions",
            owned()
        );
        let _ = member.poll(STEP);
    }
}

/// It gave partitions back and died before it could join again; come back, it is given what it kept, without a
/// rebalance. So what it gave back is nobody's.
#[test]
fn a_partition_that_a_dead_member_gave_back_finds_an_owner() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    let (watcher, topic) = (Arc::new(Watcher::default()), place.topic(Topic::EventsScored));
    let shared = place.shared(&watcher);
    let group = shared.prefix.apply(STAGE.as_str());
    let former = member(&broker.proxy.address().to_string(), &group, &topic);
    poll_until(&former, "all alone", |owned| owned == PARTITIONS);

    // It joins the rebalance that the other one causes, gives back what that takes from it, and would join again.
    let joined = broker.proxy.count(ApiKey::JOIN_GROUP);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    let rebalance = broker.proxy.wait_for(ApiKey::JOIN_GROUP, joined + 1, PATIENCE);
    rebalance.unwrap();
    let joins_again = broker.proxy.hold_next(ApiKey::JOIN_GROUP);
    poll_until(&former, "beside another", |owned| owned < PARTITIONS);
    let began = Instant::now();
    while joins_again.arrived(STEP).is_err() {
        assert!(began.elapsed() < PATIENCE, "it does not join again");
        let _ = former.poll(STEP);
    }
    broker.proxy.refuse();
    broker.proxy.cut();

    let (back, over) = (
        member(&shared.kafka.brokers, &group, &topic),
        AtomicBool::new(false),
    );
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let _ = back.poll(STEP);
            }
            back.unsubscribe();
            poll_until(&back, "left", |owned| owned == 0);
        });
        watcher.wait_for_running(0);
        over.store(true, Ordering::Relaxed);
    });
    place.produce(0..1_000);
    watcher.wait_for_records(1_000);
    place.stop_and_count(&shared, running, 1_000);
    drop(former);
}

/// Two processes that were given one id fence each other. One of them says so and ends, and the other goes on.
#[test]
fn of_two_processes_with_one_id_one_ends_and_names_it() {
    let place = Place::in_sandbox("same_id", &[]);
    let [first_watcher, second_watcher] = [(); 2].map(|()| Arc::new(Watcher::default()));
    let (first, second) = (place.shared(&first_watcher), place.shared(&second_watcher));
    place.produce(0..1_000);
    let mut running = vec![
        run_stage(&first, STAGE, || Tally).unwrap(),
        run_stage(&second, STAGE, || Tally).unwrap(),
    ];
    let began = Instant::now();
    let ended = loop {
        if let Some(ended) = running.iter().position(RunningStage::has_ended) {
            break ended;
        }
        assert!(began.elapsed() < PATIENCE, "both go on");
        std::thread::sleep(STEP);
    };
    let why = running.remove(ended).join().unwrap_err().why;
    let id = first.prefix.apply(&format!("{STAGE}-test-0"));
    assert!(why.contains(&id) && why.contains("instance_id"), "{why}");
    let left = if ended == 0 { &second } else { &first };
    place.produce(1_000..2_000);
    let began = Instant::now();
    while first_watcher.read() + second_watcher.read() < 2_000 {
        assert!(began.elapsed() < PATIENCE, "the other does not go on");
        std::thread::sleep(STEP);
    }
    place.stop_and_count(left, running.remove(0), 2_000);
}

/// There are three partitions and four processes.
#[test]
fn a_process_to_which_no_partition_falls_is_ready() {
    let place = Place::in_sandbox("no_partition", &[]);
    place.produce(0..1_000);
    let watchers = [(); 4].map(|()| Arc::new(Watcher::default()));
    let processes = watchers.iter().zip(["a", "b", "c", "d"]);
    let processes: Vec<_> = processes
        .map(|(watcher, instance)| {
            let shared = Shared {
                instance: instance.to_owned(),
                ..place.shared(watcher)
            };
            let running = run_stage(&shared, STAGE, || Tally).unwrap();
            (shared, running)
        })
        .collect();
    for watcher in &watchers {
        watcher.wait_for_ready();
    }
    let began = Instant::now();
    while watchers.iter().map(|watcher| watcher.read()).sum::<u64>() < 1_000 {
        assert!(began.elapsed() < PATIENCE, "records are missing");
        std::thread::sleep(STEP);
    }
    for (shared, running) in processes {
        shared.stop.set();
        running.join().unwrap();
    }
}
