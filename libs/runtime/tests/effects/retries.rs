//! What is to be tried again outlives the process that tried it.

use crate::stream::{Stream, run, stop};
use crate::watcher::Watcher;
use crate::world::World;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_survives_a_restart_with_its_attempt_count() {
    let (stream, _sandbox) = Stream::create("retry_restart", 1).await;
    let id = "again8-1/ops";
    stream.write([id]);
    let world = Arc::new(World::new());
    for process in 1..=3 {
        let watcher = Arc::new(Watcher::default());
        let shared = stream.process("one", &watcher);
        let running = run(&shared, &world, 4);
        world.wait_for(process * 2);
        stop(&shared, running);
    }
    let watcher = Arc::new(Watcher::default());
    let shared = stream.process("one", &watcher);
    let running = run(&shared, &world, 4);
    watcher.wait_until(|counts| counts.out == 1);
    stop(&shared, running);
    assert_eq!(world.attempts(id), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(
        world
            .asked()
            .iter()
            .all(|asked| asked.key == "key of again8-1/ops")
    );
    let receipts = stream.receipts();
    assert_eq!((receipts.len(), receipts[0].attempts), (1, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_done_is_a_dead_letter_and_its_key_goes_on() {
    let (stream, _sandbox) = Stream::create("poison", 1).await;
    stream.write(["again3-1/ops", "poison-2/ops", "ok-3/ops"]);
    let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(World::new()));
    let shared = stream.process("one", &watcher);
    let running = run(&shared, &world, 4);
    let counts = watcher.wait_until(|counts| counts.out == 2);
    stop(&shared, running);
    assert_eq!(
        (counts.dead["as_asked"], counts.waiting(), counts.conserves()),
        (1, 0, true)
    );
    let asked: Vec<_> = world.asked().into_iter().map(|asked| asked.id).collect();
    let expected = [
        "again3-1/ops",
        "again3-1/ops",
        "again3-1/ops",
        "poison-2/ops",
        "ok-3/ops",
    ];
    assert_eq!(asked, expected);
}
