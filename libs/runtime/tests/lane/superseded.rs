//! Restores that nobody wants any more, and restores that panic.

use crate::harness::*;
use model::ScoredEvent;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::run_stage;
use stage::{AnyStore, Change, Cx, Emit, Poison, Stage, Store, StoreError, Stores};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use testkit::Sandbox;
use topology::StageName;

/// How many copies of state there are, and how many were ever made.
static COPIES: Mutex<(usize, usize)> = Mutex::new((0, 0));
static CHANGED: Condvar = Condvar::new();

/// A store whose copies are counted.
struct Copied(Store<String, i64>);

impl Default for Copied {
    fn default() -> Self {
        let mut copies = COPIES.lock().unwrap();
        *copies = (copies.0 + 1, copies.1 + 1);
        CHANGED.notify_all();
        Self(Store::new("parts"))
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        COPIES.lock().unwrap().0 -= 1;
        CHANGED.notify_all();
    }
}

impl Stores for Copied {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.0);
    }
}

/// A restore that stands still gives up after a minute; what is waited for here comes long before that.
const SOON: Duration = Duration::from_secs(30);

fn wait_for_copies(wanted: impl Fn(usize, usize) -> bool) {
    let copies = COPIES.lock().unwrap();
    let (copies, outcome) = CHANGED
        .wait_timeout_while(copies, SOON, |copies| !wanted(copies.0, copies.1))
        .unwrap();
    assert!(!outcome.timed_out(), "copies and copies ever made: {copies:?}");
}

/// Passes records over.
struct Idle<S>(std::marker::PhantomData<S>);

impl<S> Idle<S> {
    const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<S: Stores> Stage for Idle<S> {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = S;

    fn apply(&mut self, _: ScoredEvent, _: &mut S, _: &Cx<'_>) -> Result<Emit<Counted>, Poison> {
        Ok(Emit::Filtered("idle"))
    }
}

/// A transactional producer whose transactions stay open for longer than any of these tests waits.
fn predecessor(sandbox: &Sandbox) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set("transaction.timeout.ms", "600000")
        .set("message.timeout.ms", "60000")
        .set(
            "transactional.id",
            format!("{}predecessor", sandbox.topic_prefix()),
        )
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    producer
}

/// One record of the store in each partition.
fn write_state(sandbox: &Sandbox, producer: &BaseProducer) {
    let changelog = format!("{}dedup-aggregator.parts.changelog", sandbox.topic_prefix());
    for partition in 0..PARTITIONS {
        let record = BaseRecord::to(&changelog)
            .partition(partition)
            .key("s")
            .payload(&[7_u8][..]);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// A partition goes away and comes back while its changelog is not settled: the first restore of it must let it go.
#[tokio::test]
async fn a_restore_that_was_superseded_keeps_no_state() {
    let sandbox = Sandbox::new("superseded").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let open = predecessor(&sandbox);
    write_state(&sandbox, &open);

    let watcher = Arc::new(Watcher::default());
    let first = shared(&sandbox, &watcher);
    let running = run_stage(&first, StageName::DedupAggregator, Idle::<Copied>::new).unwrap();
    wait_for_copies(|copies, _| copies == 3);
    let guest = shared(&sandbox, &Arc::new(Watcher::default()));
    let guest = runtime::Shared {
        instance: "guest".to_owned(),
        ..guest
    };
    let visiting = run_stage(&guest, StageName::DedupAggregator, Idle::<Copied>::new).unwrap();
    wait_for_copies(|_, made| made == 4);
    guest.stop.set();
    visiting.join().unwrap();
    wait_for_copies(|_, made| made == 5);
    wait_for_copies(|copies, _| copies == 3);

    open.abort_transaction(PATIENCE).unwrap();
    watcher.wait_for_word(|state| state == "running 3 tasks");
    first.stop.set();
    running.join().unwrap();
}

/// A store that cannot be restored without a panic.
struct Fragile(Store<String, i64>);

impl Default for Fragile {
    fn default() -> Self {
        Self(Store::new("parts"))
    }
}

impl Stores for Fragile {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(self);
    }
}

impl AnyStore for Fragile {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn restore(&mut self, _: &[u8], _: Option<&[u8]>) -> Result<(), StoreError> {
        panic!("a fault of the program");
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.0.changes(show)
    }

    fn commit(&mut self) {
        self.0.commit();
    }

    fn abort(&mut self) {
        self.0.abort();
    }

    fn savepoint(&mut self) {
        self.0.savepoint();
    }

    fn rollback(&mut self) {
        self.0.rollback();
    }

    fn changes_since_savepoint(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.0.changes_since_savepoint(show)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn advance(&mut self, _: model::Millis) {}
}

#[tokio::test]
async fn a_restore_that_panics_quarantines_its_task() {
    let sandbox = Sandbox::new("restore_panics").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let producer = predecessor(&sandbox);
    write_state(&sandbox, &producer);
    producer.commit_transaction(PATIENCE).unwrap();
    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, Idle::<Fragile>::new).unwrap();
    watcher.wait_for_word(|state| state.starts_with("degraded") && state.contains("restoring panicked"));
    shared.stop.set();
    running.join().unwrap();
}
