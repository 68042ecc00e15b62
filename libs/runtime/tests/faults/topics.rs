//! Topics that are deleted, made anew, cut short or too small. Records that are gone unread are never skipped in silence.

use crate::place::{OwnBroker, Place, STAGE};
use crate::tally::{IDS, Tally, counted_once, encoded};
use crate::watcher::Watcher;
use runtime::{RunningStage, Shared, run_stage};
use std::sync::Arc;
use topology::Topic;

/// A stage that has read a thousand records.
fn has_read(place: &Place, watcher: &Arc<Watcher>) -> (Shared, RunningStage) {
    place.produce(0..1_000);
    let shared = place.shared(watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);
    (shared, running)
}

fn says(why: &str, words: &[&str]) {
    for word in words {
        assert!(why.contains(word), "no {word:?} in: {why}");
    }
}

#[test]
fn an_input_that_is_deleted_stops_the_stage() {
    let place = Place::in_sandbox("input_deleted", &[]);
    let watcher = Arc::new(Watcher::default());
    let (_shared, running) = has_read(&place, &watcher);
    place.delete_input();
    let why = watcher.wait_for_failed();
    says(
        &why,
        &[&place.topic(Topic::EventsScored), "sluicebox topics apply"],
    );
    running.join().unwrap_err();
}

/// The group's offsets are beyond the end of the new topic.
#[test]
fn an_input_that_is_deleted_and_made_anew_quarantines_its_tasks() {
    let place = Place::in_sandbox("input_made_anew", &[]);
    let watcher = Arc::new(Watcher::default());
    let (shared, running) = has_read(&place, &watcher);
    place.delete_input();
    place.create_input();
    place.produce(0..100);
    let why = watcher.wait_for_quarantined(3);
    // The broker forgets the group's offsets too, sooner or later.
    let says_so = why.contains("deleted and made anew") || why.contains("no offset any more");
    assert!(
        says_so && why.contains(&place.topic(Topic::EventsScored)),
        "{why}"
    );
    shared.stop.set();
    running.join().unwrap();
    counted_once(&place.outputs(), 1_000);
}

/// The broker forgets the group's offsets together with the topic, and only the state is left to tell.
#[test]
fn an_input_that_was_made_anew_while_the_stage_was_down_quarantines_its_tasks() {
    let place = Place::in_sandbox("input_made_anew_meanwhile", &[]);
    let watcher = Arc::new(Watcher::default());
    let (shared, running) = has_read(&place, &watcher);
    shared.stop.set();
    running.join().unwrap();
    place.delete_input();
    place.create_input();
    place.produce(0..100);
    let shared = place.shared(&watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    let why = watcher.wait_for_quarantined(3);
    says(&why, &[&place.topic(Topic::EventsScored), "no offset any more"]);
    shared.stop.set();
    running.join().unwrap();
    counted_once(&place.outputs(), 1_000);
}

/// Retention overtakes a stage that runs and lags.
#[test]
fn records_that_are_deleted_unread_quarantine_their_tasks() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let shared = broker.behind_proxy(place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);
    broker.proxy.pause();
    place.produce(1_000..2_000);
    place.delete_input_records();
    place.produce(2_000..3_000);
    broker.proxy.resume();
    let why = watcher.wait_for_quarantined(3);
    says(&why, &[&place.topic(Topic::EventsScored), "deleted unread"]);
    shared.stop.set();
    running.join().unwrap();
    counted_once(&place.outputs(), 1_000);
}

/// The broker's limit is lower than the one that we check ourselves. It is one of whole batches, compressed.
#[test]
fn an_output_that_the_broker_finds_too_large_quarantines_its_task_alone() {
    let place = Place::in_sandbox("output_too_large", &[("max.message.bytes", "60000")]);
    let watcher = Arc::new(Watcher::default());
    let (shared, running) = has_read(&place, &watcher);
    // Hexadecimal digits of pseudo-random numbers, because equal ones would be compressed to nothing.
    let numbers = std::iter::successors(Some(1_u64), |n| {
        Some(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1))
    });
    let digits = numbers.take(8_000).map(|number| format!("{number:016x}"));
    let long = digits.collect::<Vec<_>>().concat();
    place.produce_records(std::iter::once((long.clone(), encoded(1_000, long, IDS))));
    let why = watcher.wait_for_quarantined(1);
    says(&why, &[&place.topic(Topic::Signals), "max.message.bytes"]);
    shared.stop.set();
    running.join().unwrap();
    counted_once(&place.outputs(), 1_000);
}
