//! A lane that drains into a store, while the registry is away, or the group does not answer.

use crate::place::{OwnBroker, PARTITIONS, Place};
use crate::registry::{Registry, count_out_early, produce_unknown};
use crate::tally::{OwnSchemas, subject};
use crate::watcher::{PATIENCE, Watcher};
use model::{DeadLetter, Decoder, ScoredEvent};
use proxy::ApiKey;
use runtime::admin::Admin;
use runtime::{RunningStage, Shared, run_drain};
use stage::{Batch, Drain, DrainError, Task};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use topology::{StageName, Topic};

/// What a store outside Kafka holds: rows, and whose each task is and where it stands.
#[derive(Default)]
struct Stored {
    events: Vec<(Task, i64, String)>,
    tasks: BTreeMap<Task, (usize, Option<i64>)>,
    owners: usize,
}

/// One owner of a store in memory.
struct Memory {
    owner: usize,
    stored: Arc<Mutex<Stored>>,
    /// How long it takes for anything.
    takes: Duration,
}

impl Drain for Memory {
    type In = ScoredEvent;

    fn another(&self) -> Self {
        let stored = Arc::clone(&self.stored);
        let mut known = stored.lock().unwrap();
        known.owners += 1;
        let owner = known.owners;
        drop(known);
        let takes = self.takes;
        Self { owner, stored, takes }
    }

    async fn take_over(&mut self, tasks: &[Task]) -> Result<Vec<Option<i64>>, DrainError> {
        tokio::time::sleep(self.takes).await;
        let mut stored = self.stored.lock().unwrap();
        let stand = tasks.iter().map(|task| {
            let (owner, next) = stored.tasks.entry(*task).or_default();
            *owner = self.owner;
            *next
        });
        Ok(stand.collect())
    }

    async fn store(&mut self, batch: Batch<ScoredEvent>) -> Result<(), DrainError> {
        tokio::time::sleep(self.takes).await;
        let mut stored = self.stored.lock().unwrap();
        for advance in &batch.advances {
            let (owner, next) = stored.tasks[&advance.task];
            if owner != self.owner || next.is_some_and(|next| next != advance.from) {
                return Err(DrainError::Moved(format!("{:?}", advance.task)));
            }
        }
        for record in batch.records {
            let event = record.input.event.id;
            stored.events.push((record.task, record.offset, event));
        }
        for advance in &batch.advances {
            stored.tasks.insert(advance.task, (self.owner, Some(advance.to)));
        }
        drop(stored);
        Ok(())
    }
}

/// A drain that runs.
struct Draining {
    shared: Shared,
    running: RunningStage,
}

impl Draining {
    fn start(runtime: &Runtime, shared: Shared, stored: &Arc<Mutex<Stored>>) -> Self {
        Self::with(runtime, shared, stored, Duration::ZERO)
    }

    fn with(runtime: &Runtime, shared: Shared, stored: &Arc<Mutex<Stored>>, takes: Duration) -> Self {
        let drain = Memory {
            owner: 0,
            stored: Arc::clone(stored),
            takes,
        };
        let running = run_drain(&shared, StageName::Sink, vec![drain], runtime.handle()).unwrap();
        Self { shared, running }
    }

    fn stop(self) {
        self.shared.stop.set();
        self.running.join().unwrap();
    }
}

/// Until so many events are stored; each must be there once, those of a partition in their order.
fn stored_once(stored: &Mutex<Stored>, events: usize) {
    let began = Instant::now();
    while stored.lock().unwrap().events.len() < events {
        assert!(began.elapsed() < PATIENCE, "events are missing");
        std::thread::sleep(Duration::from_millis(20));
    }
    let stored = stored.lock().unwrap();
    let mut ids: Vec<&String> = stored.events.iter().map(|(_, _, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), stored.events.len()), (events, events));
    let mut places: BTreeMap<Task, i64> = BTreeMap::new();
    for (task, offset, _) in &stored.events {
        let last = places.insert(*task, *offset);
        assert!(
            last.is_none_or(|last| last < *offset),
            "{task:?} out of its order"
        );
    }
}

#[test]
fn a_drain_that_waits_for_the_registry_stays_in_its_group_and_goes_on_with_that_very_record() {
    let place = Place::in_sandbox("drain_registry_away", &[]);
    place.produce(0..500);
    produce_unknown(&place, 500..501);
    place.produce(501..1_000);
    let (registry, watcher) = (Arc::new(Registry::default()), Arc::new(Watcher::default()));
    let (runtime, stored) = (Runtime::new().unwrap(), Arc::<Mutex<Stored>>::default());
    let mut shared = Shared {
        schemas: Arc::<Registry>::clone(&registry),
        ..place.shared(&watcher)
    };
    let longest = count_out_early(&mut shared);
    let draining = Draining::start(&runtime, shared, &stored);
    let why = watcher.wait_for_waiting(0);
    assert!(why.contains("connection refused"), "{why}");
    watcher.wait_for_records(501);
    std::thread::sleep(longest * 2);
    watcher.still_waits_as_it_began();

    let before = watcher.states();
    registry.comes_back();
    stored_once(&stored, 1_000);
    watcher.wait_for_running(before);
    watcher.is_as_it_began();
    draining.stop();
}

#[test]
fn whoever_joins_while_a_drain_waits_for_the_registry_gets_its_share_at_once() {
    let place = Place::in_sandbox("drain_registry_away_join", &[]);
    produce_unknown(&place, 0..600);
    let registry = Arc::new(Registry::default());
    let [first_watcher, second_watcher] = [(); 2].map(|()| Arc::new(Watcher::default()));
    let (runtime, stored) = (Runtime::new().unwrap(), Arc::<Mutex<Stored>>::default());
    let shared = |watcher, instance: &str| Shared {
        schemas: Arc::<Registry>::clone(&registry),
        instance: instance.to_owned(),
        ..place.shared(watcher)
    };
    let first = Draining::start(&runtime, shared(&first_watcher, "first"), &stored);
    first_watcher.wait_for_waiting(0);
    let second = Draining::start(&runtime, shared(&second_watcher, "second"), &stored);
    second_watcher.wait_for_running(0);
    first_watcher.is_as_it_began();

    registry.comes_back();
    stored_once(&stored, 600);
    first_watcher.is_as_it_began();
    first.stop();
    second.stop();
}

/// While a slow store is waited for, nothing is taken of any partition, whenever it came.
#[test]
fn a_drain_with_a_slow_store_hears_its_group_and_does_not_begin_anew() {
    const TAKES: Duration = Duration::from_millis(450);
    let place = Place::in_sandbox("drain_slow_store", &[]);
    let watcher = Arc::new(Watcher::default());
    let (runtime, stored) = (Runtime::new().unwrap(), Arc::<Mutex<Stored>>::default());
    place.produce(0..1_000);
    let first = Draining::with(&runtime, place.shared(&watcher), &stored, TAKES);
    watcher.wait_for_records(1);
    for round in 0..3 {
        let other = Arc::new(Watcher::default());
        let shared = Shared {
            instance: format!("other-{round}"),
            ..place.shared(&other)
        };
        let second = Draining::with(&runtime, shared, &stored, TAKES);
        other.wait_for_running(0);
        place.produce(1_000 * (round + 1)..1_000 * (round + 2));
        second.stop();
        other.is_as_it_began();
    }
    stored_once(&stored, 4_000);
    watcher.is_as_it_began();
    first.stop();
}

/// A task whose place in its topic is gone is put aside, and the others are drained.
#[test]
fn a_drain_puts_a_task_aside_whose_records_were_deleted_and_goes_on_with_it_once_it_is_asked() {
    let place = Place::in_sandbox("drain_quarantine", &[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let (runtime, stored) = (Runtime::new().unwrap(), Arc::<Mutex<Stored>>::default());
    let draining = Draining::start(&runtime, place.shared(&watcher), &stored);
    stored_once(&stored, 1_000);
    draining.stop();
    let spoilt = |stored: &Stored| {
        let input = |task: &&Task| task.topic == Topic::EventsScored;
        stored.tasks.keys().find(input).copied().unwrap()
    };
    // The store says that it stands where the topic never was.
    let (task, right) = {
        let mut stored = stored.lock().unwrap();
        let task = spoilt(&stored);
        let (owner, right) = stored.tasks[&task];
        stored.tasks.insert(task, (owner, Some(1_000_000)));
        (task, right)
    };

    let watcher = Arc::new(Watcher::default());
    let shared = place.shared(&watcher);
    let admin = Admin::new(&shared.kafka, &shared.prefix).unwrap();
    let draining = Draining::start(&runtime, shared, &stored);
    let why = watcher.wait_for_quarantined(1);
    assert!(why.contains("the store stands at 1000000"), "{why}");
    place.produce(1_000..2_000);
    watcher.wait_for_records(1);

    let (owner, _) = stored.lock().unwrap().tasks[&task];
    stored.lock().unwrap().tasks.insert(task, (owner, right));
    let noted = runtime.block_on(async {
        loop {
            let noted = admin.quarantined(&[StageName::Sink]).await.unwrap();
            if !noted.is_empty() {
                break noted;
            }
        }
    });
    assert_eq!((noted[0].topic, noted[0].partition), (task.topic, task.partition));
    runtime.block_on(admin.retry(&noted)).unwrap();
    stored_once(&stored, 2_000);
    draining.stop();
}

/// Before it writes a dead letter, a drain waits until the group has heard of what it showed before. The client would
/// wait for that answer without an end.
#[test]
fn a_drain_that_the_group_does_not_hear_begins_anew_and_buries_a_record_once() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..100);
    let watcher = Arc::new(Watcher::default());
    let (runtime, stored) = (Runtime::new().unwrap(), Arc::<Mutex<Stored>>::default());
    let shared = broker.behind_proxy(place.shared(&watcher));
    let draining = Draining::start(&runtime, shared, &stored);
    watcher.wait_for_records(100);

    let shown = broker.proxy.count(ApiKey::OFFSET_COMMIT);
    broker
        .proxy
        .wait_for(ApiKey::OFFSET_COMMIT, shown.max(1), PATIENCE)
        .unwrap();
    let unheard = broker.proxy.hold_next(ApiKey::OFFSET_COMMIT);
    let before = watcher.states();
    place.produce_records(std::iter::once((subject(0), b"no event".to_vec())));
    unheard.arrived(PATIENCE).unwrap();
    let why = watcher.wait_for_waiting(before);
    assert!(why.contains("did not hear"), "{why}");

    watcher.wait_for_records(101);
    stored_once(&stored, 100);
    draining.stop();
    // This drain knows events alone, so it buries letters too.
    let letters = place.committed(&place.topic(Topic::DeadLetters), PARTITIONS);
    let mut decoder = Decoder::new(Arc::new(OwnSchemas));
    let letters = letters
        .iter()
        .map(|letter| decoder.decode::<DeadLetter>(letter).unwrap());
    let of_events = letters.filter(|letter| letter.topic == place.topic(Topic::EventsScored));
    assert_eq!(of_events.count(), 1);
}
