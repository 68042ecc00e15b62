//! The registry is away while a record comes whose schema nobody has asked for yet.

use crate::stream::{IDS, OwnSchemas, Stream, run, stop};
use crate::watcher::Watcher;
use crate::world::{World, once_each};
use model::{SchemaIds, SchemaLookup, SchemaSource};
use runtime::Shared;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ids from here on are our own schemas again, but only a registry that is there can say so.
const ELSEWHERE: u32 = 100;

#[derive(Default)]
struct Registry {
    there: AtomicBool,
}

impl SchemaSource for Registry {
    fn schema(&self, id: u32) -> SchemaLookup {
        match id.checked_sub(ELSEWHERE) {
            None => OwnSchemas.schema(id),
            Some(own) if self.there.load(Ordering::Relaxed) => OwnSchemas.schema(own),
            Some(_) => SchemaLookup::Unavailable("connection refused".to_owned()),
        }
    }
}

/// All of them in one partition, so that the others pass the one that waits; it waits on in the next process.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_waits_for_the_registry_holds_back_its_key_alone_and_outlives_its_process() {
    let (stream, _sandbox) = Stream::create("effect_registry_away", 1).await;
    let elsewhere = SchemaIds(IDS.0.map(|id| id + ELSEWHERE));
    stream.write(["ok-1/a"]);
    stream.write_with(elsewhere, ["ok-2/b"]);
    stream.write(["ok-3/b", "ok-4/c"]);
    let (registry, world) = (Arc::new(Registry::default()), Arc::new(World::new()));
    let process = |watcher| Shared {
        schemas: Arc::<Registry>::clone(&registry),
        ..stream.process("one", watcher)
    };
    let first = Arc::new(Watcher::default());
    let shared = process(&first);
    let running = run(&shared, &world, 4);
    first.wait_for_waiting(true);
    let counts = first.wait_until(|counts| counts.out == 2);
    assert_eq!(counts.waiting(), 2);
    stop(&shared, running);

    let second = Arc::new(Watcher::default());
    let shared = process(&second);
    let running = run(&shared, &world, 4);
    second.wait_for_waiting(true);
    registry.there.store(true, Ordering::Relaxed);
    second.wait_until(|counts| counts.out == 2);
    second.wait_for_waiting(false);
    stop(&shared, running);
    assert_eq!(once_each(&stream.receipts()).len(), 4);
    assert_eq!(world.attempts("ok-2/b"), [1], "to wait is no attempt");
}
