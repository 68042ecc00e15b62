//! The registry is away while a schema comes that nobody has asked for yet.

use crate::place::{Place, STAGE};
use crate::tally::{OwnSchemas, Tally, counted_once, encoded, subject};
use crate::watcher::Watcher;
use model::{SchemaIds, SchemaLookup, SchemaSource};
use runtime::{Shared, run_stage};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ids from here on are our own schemas again, but only a registry that is there can say so.
const ELSEWHERE: u32 = 100;

/// A registry that can be away.
#[derive(Default)]
struct Registry {
    there: AtomicBool,
}

impl SchemaSource for Registry {
    fn schema(&self, id: u32) -> SchemaLookup {
        match id.checked_sub(ELSEWHERE) {
            None => OwnSchemas.schema(id),
            Some(id) if self.there.load(Ordering::Relaxed) => OwnSchemas.schema(id),
            Some(_) => SchemaLookup::Unavailable("connection refused".to_owned()),
        }
    }
}

/// Longer than the transaction lives: the wait itself must not cost what was done before it.
#[test]
fn a_registry_that_is_away_is_waited_for_and_the_lane_says_so() {
    let place = Place::in_sandbox("registry_away", &[]);
    place.produce(0..500);
    let elsewhere = SchemaIds(std::array::from_fn(|place| {
        ELSEWHERE + u32::try_from(place).unwrap()
    }));
    place.produce_records(
        (500..600).map(|number| (subject(number), encoded(number, subject(number), elsewhere))),
    );
    place.produce(600..1_000);

    let registry = Arc::new(Registry::default());
    let watcher = Arc::new(Watcher::default());
    let shared = Shared {
        schemas: Arc::<Registry>::clone(&registry),
        ..place.shared(&watcher)
    };
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    let why = watcher.wait_for_waiting(0);
    assert!(why.contains("connection refused"), "{why}");
    let waiting = watcher.states();
    registry.there.store(true, Ordering::Relaxed);
    watcher.wait_for_running(waiting);

    let counts = watcher.wait_for_records(1_000);
    assert!(
        counts.dead.is_empty(),
        "waiting is no reason to give a record up: {counts:?}"
    );
    shared.stop.set();
    running.join().unwrap();
    counted_once(&place.outputs(), 1_000);
}

#[test]
fn a_stage_that_waits_for_the_registry_can_be_stopped() {
    let place = Place::in_sandbox("registry_away_stop", &[]);
    let elsewhere = SchemaIds(std::array::from_fn(|place| {
        ELSEWHERE + u32::try_from(place).unwrap()
    }));
    place.produce_records(
        (0..10).map(|number| (subject(number), encoded(number, subject(number), elsewhere))),
    );
    let watcher = Arc::new(Watcher::default());
    let shared = Shared {
        schemas: Arc::new(Registry::default()),
        ..place.shared(&watcher)
    };
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_waiting(0);
    shared.stop.set();
    running.join().unwrap();
    assert!(place.outputs().is_empty());
}
