//! Many keys at once, processes that come and go: each key in its order, each record once.

use crate::stream::{Stream, run, stop};
use crate::watcher::Watcher;
use crate::world::{World, once_each};
use std::sync::Arc;

const KEYS: usize = 40;
const RECORDS: usize = 1_500;
const CONCURRENCY: usize = 16;

fn id(number: usize) -> String {
    let what = match number % 11 {
        0 => "again3".to_owned(),
        late @ 1..=5 => format!("late{late}"),
        _ => "ok".to_owned(),
    };
    format!("{what}-{number}/{}", number % KEYS)
}

/// The ids of a key, in the order in which they were written.
fn written(key: usize) -> Vec<String> {
    (key..RECORDS).step_by(KEYS).map(id).collect()
}

/// In the order of their last time: what moved to another process may have been done before, and is done again.
fn last_of_each(done: &[String]) -> Vec<String> {
    let again = |(at, id): &(usize, &String)| !done[at + 1..].contains(id);
    let last = done.iter().enumerate().filter(again);
    last.map(|(_, id)| id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_keeps_its_order_and_no_more_than_allowed_is_performed_at_once() {
    let (stream, _sandbox) = Stream::create("order", 3).await;
    let ids: Vec<String> = (0..RECORDS).map(id).collect();
    stream.write(ids.iter().map(String::as_str));
    let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(World::new()));
    let shared = stream.process("one", &watcher);
    let running = run(&shared, &world, CONCURRENCY);
    let counts = watcher.wait_until(|counts| counts.out == RECORDS as u64);
    stop(&shared, running);
    assert_eq!((counts.read, counts.waiting()), (RECORDS as u64, 0));
    assert!(counts.conserves());
    let (done, (most, overlaps)) = (world.done(), world.at_once());
    assert!(most > 1 && most <= CONCURRENCY, "{most} at once");
    assert_eq!(overlaps, 0, "two records of a key at once");
    for key in 0..KEYS {
        assert_eq!(done[&key.to_string()], written(key), "each once, in its order");
    }
    assert_eq!(once_each(&stream.receipts()).len(), RECORDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_come_and_go_lose_nothing_write_nothing_twice_and_keep_the_order() {
    let (stream, _sandbox) = Stream::create("come_and_go", 3).await;
    let ids: Vec<String> = (0..RECORDS).map(id).collect();
    let (first, second) = ids.split_at(RECORDS / 2);
    stream.write(first.iter().map(String::as_str));
    let world = Arc::new(World::new());
    let [watch_one, watch_two] = [(); 2].map(|()| Arc::new(Watcher::default()));
    let (one, two) = (
        stream.process("one", &watch_one),
        stream.process("two", &watch_two),
    );
    let running_one = run(&one, &world, CONCURRENCY);
    watch_one.wait_until(|counts| counts.out >= 50);
    let running_two = run(&two, &world, CONCURRENCY);
    watch_two.wait_for_tasks();
    stream.write(second.iter().map(String::as_str));
    watch_two.wait_until(|counts| counts.out >= 50);
    stop(&one, running_one);
    let mut counts = watch_one.total();
    let rest = RECORDS as u64 - counts.out;
    counts.add(&watch_two.wait_until(|counts| counts.out == rest));
    stop(&two, running_two);
    assert_eq!(
        (counts.read, counts.waiting(), counts.conserves()),
        (RECORDS as u64, 0, true)
    );
    let done = world.done();
    for key in 0..KEYS {
        assert_eq!(last_of_each(&done[&key.to_string()]), written(key));
    }
    assert_eq!(once_each(&stream.receipts()).len(), RECORDS);
}
