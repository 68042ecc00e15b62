//! The registry is away while a schema comes that nobody has asked for yet.

use crate::place::{Place, STAGE};
use crate::tally::{OwnSchemas, Tally, counted_once, encoded, subject};
use crate::watcher::{PATIENCE, Watcher};
use model::{SchemaIds, SchemaLookup, SchemaSource};
use runtime::{Shared, run_stage};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Ids from here on are our own schemas again, but only a registry that is there can say so.
const ELSEWHERE: u32 = 100;
/// Within this somebody who joins the group has its share; a member that does not answer would be waited for as long as
/// `max.poll.interval.ms`, which is ten minutes.
const A_MOMENT: Duration = Duration::from_secs(10);

/// A registry that can be away.
#[derive(Default)]
pub(crate) struct Registry {
    there: AtomicBool,
}

impl Registry {
    pub(crate) fn comes_back(&self) {
        self.there.store(true, Ordering::Relaxed);
    }
}

/// Writes the events of these numbers with schema ids that only the registry knows.
pub(crate) fn produce_unknown(place: &Place, numbers: Range<usize>) {
    let elsewhere = SchemaIds(std::array::from_fn(|place| {
        ELSEWHERE + u32::try_from(place).unwrap()
    }));
    place.produce_records(
        numbers.map(|number| (subject(number), encoded(number, subject(number), elsewhere))),
    );
}

/// What lanes need to know whose registry this is.
fn with(registry: &Arc<Registry>, shared: Shared) -> Shared {
    Shared {
        schemas: Arc::<Registry>::clone(registry),
        ..shared
    }
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

/// Lets the group count a lane out that does not ask for records for hardly longer than the session; says how long.
pub(crate) fn count_out_early(shared: &mut Shared) -> Duration {
    let session = shared.kafka.session_timeout_ms;
    let properties = &mut shared.kafka.properties;
    // The second for clients that are in no group: they must agree too.
    for (name, value) in [
        ("max.poll.interval.ms", session + 500),
        ("session.timeout.ms", session),
    ] {
        properties.insert(name.to_owned(), value.to_string());
    }
    Duration::from_millis(session + 500)
}

/// Longer than the transaction lives: the wait itself must not cost what was done before it.
#[test]
fn a_registry_that_is_away_is_waited_for_and_the_lane_says_so() {
    let place = Place::in_sandbox("registry_away", &[]);
    place.produce(0..500);
    produce_unknown(&place, 500..600);
    place.produce(600..1_000);

    let registry = Arc::new(Registry::default());
    let watcher = Arc::new(Watcher::default());
    let shared = with(&registry, place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    let why = watcher.wait_for_waiting(0);
    assert!(why.contains("connection refused"), "{why}");
    let waiting = watcher.states();
    registry.comes_back();
    watcher.wait_for_running(waiting);

    let counts = watcher.wait_for_records(1_000);
    assert!(
        counts.dead.is_empty(),
        "waiting is no reason to give a record up: {counts:?}"
    );
    place.stop_and_count(&shared, running, 1_000);
}

#[test]
fn a_stage_that_waits_for_the_registry_can_be_stopped() {
    let place = Place::in_sandbox("registry_away_stop", &[]);
    produce_unknown(&place, 0..10);
    let watcher = Arc::new(Watcher::default());
    let shared = with(&Arc::default(), place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_waiting(0);
    shared.stop.set();
    running.join().unwrap();
    assert!(place.outputs().is_empty());
}

/// The group counts a member out that does not ask for records within `max.poll.interval.ms`.
#[test]
fn a_lane_that_waits_for_the_registry_stays_in_its_group() {
    let place = Place::in_sandbox("registry_away_long", &[]);
    place.produce(0..500);
    produce_unknown(&place, 500..600);
    let (registry, watcher) = (Arc::new(Registry::default()), Arc::new(Watcher::default()));
    let mut shared = with(&registry, place.shared(&watcher));
    let longest = count_out_early(&mut shared);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_waiting(0);
    std::thread::sleep(longest * 2);
    watcher.still_waits_as_it_began();

    registry.comes_back();
    watcher.wait_for_records(600);
    watcher.is_as_it_began();
    place.stop_and_count(&shared, running, 600);
}

#[test]
fn whoever_joins_while_a_lane_waits_for_the_registry_gets_its_share_at_once() {
    let place = Place::in_sandbox("registry_away_join", &[]);
    produce_unknown(&place, 0..600);
    let registry = Arc::new(Registry::default());
    let [first_watcher, second_watcher] = [(); 2].map(|()| Arc::new(Watcher::default()));
    let first = with(&registry, place.shared(&first_watcher));
    let first_runs = run_stage(&first, STAGE, || Tally).unwrap();
    first_watcher.wait_for_waiting(0);

    let second = Shared {
        instance: "second".to_owned(),
        ..with(&registry, place.shared(&second_watcher))
    };
    let began = Instant::now();
    let second_runs = run_stage(&second, STAGE, || Tally).unwrap();
    second_watcher.wait_for_waiting(0);
    assert!(began.elapsed() < A_MOMENT, "it took {:?}", began.elapsed());
    first_watcher.still_waits_as_it_began();

    registry.comes_back();
    let both = Instant::now();
    while first_watcher.read() + second_watcher.read() < 600 {
        assert!(both.elapsed() < PATIENCE, "records are missing");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(second_watcher.read() > 0, "it had no share");
    for (shared, running) in [(first, first_runs), (second, second_runs)] {
        shared.stop.set();
        running.join().unwrap();
    }
    counted_once(&place.outputs(), 600);
}

#[test]
fn a_record_that_waits_for_the_registry_holds_up_its_own_partition_alone() {
    let place = Place::in_sandbox("registry_away_others", &[]);
    let (registry, watcher) = (Arc::new(Registry::default()), Arc::new(Watcher::default()));
    let shared = with(&registry, place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    place.produce(0..700);
    watcher.wait_for_records(700);
    produce_unknown(&place, 700..701);
    watcher.wait_for_waiting(0);
    place.produce(701..1_401);
    watcher.wait_for_records(701);
    watcher.still_waits_as_it_began();

    registry.comes_back();
    watcher.wait_for_records(1_401);
    place.stop_and_count(&shared, running, 1_401);
}
