//! A key that waits holds back nobody else.

use crate::stream::{STAGE, Stream, run, stop};
use crate::watcher::Watcher;
use crate::world::{World, once_each};
use runtime::admin::Admin;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_key_holds_back_neither_the_others_nor_their_offsets() {
    let (stream, _sandbox) = Stream::create("slow_key", 1).await;
    let others: Vec<String> = (0..500).map(|id| format!("ok-{id}/{}", id % 20)).collect();
    stream.write(["stuck-1/slow", "ok-behind/slow"]);
    stream.write(others.iter().map(String::as_str));

    let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(World::new()));
    let shared = stream.process("one", &watcher);
    let running = run(&shared, &world, 8);
    let counts = watcher.wait_until(|counts| counts.read == 502 && counts.out == 500);
    assert_eq!(counts.waiting(), 2);
    let lags = Admin::new(&shared.kafka, &shared.prefix)
        .unwrap()
        .lag()
        .await
        .unwrap();
    let lag = lags.iter().find(|lag| lag.stage == STAGE).unwrap();
    assert_eq!((lag.total(), &lag.counts), (0, &counts), "the offsets are passed");

    world.let_go();
    let counts = watcher.wait_until(|counts| counts.out == 502);
    stop(&shared, running);
    assert_eq!(
        (counts.read, counts.waiting(), counts.conserves()),
        (502, 0, true)
    );
    let receipts = stream.receipts();
    assert_eq!(once_each(&receipts).len(), 502);
    let done = world.done();
    assert_eq!(done["slow"], ["stuck-1/slow", "ok-behind/slow"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_holds_too_much_is_paused_until_there_is_room() {
    let (stream, _sandbox) = Stream::create("full", 1).await;
    let behind: Vec<String> = (0..6_000).map(|id| format!("ok-{id}/slow")).collect();
    stream.write(["stuck-1/slow"]);
    stream.write(behind.iter().map(String::as_str));

    let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(World::new()));
    let shared = stream.process("one", &watcher);
    let running = run(&shared, &world, 8);
    let held = watcher.wait_until(|counts| counts.read >= 4_096).read;
    assert!(held < 6_001, "{held} records are held at once");
    world.let_go();
    watcher.wait_until(|counts| counts.out == 6_001);
    stop(&shared, running);
    let done = world.done();
    assert_eq!((done["slow"].len(), &done["slow"][1..]), (6_001, &behind[..]));
}
