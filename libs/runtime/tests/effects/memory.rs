//! What an effect keeps goes from process to process, with the records that it was learned from and no others.

use crate::stream::{Stream, run, stop};
use crate::watcher::Watcher;
use crate::world::{World, once_each};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_is_known_to_the_next_process() {
    let (stream, _sandbox) = Stream::create("effect_memory", 1).await;
    stream.write(["ok-1/a", "again2-2/a", "poison-3/a", "ok-4/b"]);
    for (process, out) in [("one", 3), ("two", 2)] {
        let (watcher, world) = (Arc::new(Watcher::default()), Arc::new(World::new()));
        let shared = stream.process(process, &watcher);
        let running = run(&shared, &world, 4);
        watcher.wait_until(|counts| counts.out == out);
        stop(&shared, running);
        if process == "one" {
            stream.write(["ok-5/a", "ok-6/b"]);
        }
    }
    let receipts = stream.receipts();
    assert_eq!(once_each(&receipts).len(), 5);
    let of = |id: &str| {
        let receipt = receipts.iter().find(|receipt| receipt.notification_id == id);
        receipt.map(|receipt| receipt.detail.as_str())
    };
    assert_eq!((of("ok-5/a"), of("ok-6/b")), (Some("2"), Some("1")));
}
