//! A record that becomes a dead letter leaves nothing in the state, so that it counts when it is put back.

use crate::harness::*;
use model::{ScoredEvent, Signal};
use runtime::run_stage;
use stage::{AnyStore, Cx, Emit, Poison, Stage, Store, Stores};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::Sandbox;
use topology::StageName;

/// Counts, and then rejects some and writes too much for others.
struct Choosy;

impl Stage for Choosy {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Counts;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Counts,
        cx: &Cx<'_>,
    ) -> Result<Emit<Counted>, Poison> {
        let id = input.event.id.clone();
        let mut counted = Count.apply(input, stores, cx)?;
        if id.ends_with("51") {
            return Err(Poison::producer("rejected", "as it was told to"));
        }
        if id.ends_with("52")
            && let Emit::One(Counted(signal)) = &mut counted
        {
            signal.title = "x".repeat(3 << 20);
        }
        Ok(counted)
    }
}

#[tokio::test]
async fn a_rejected_record_leaves_no_state_and_counts_when_it_comes_again() {
    const EVENTS: usize = 400;
    let sandbox = Sandbox::new("rejected").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce_to(&sandbox, 0, scored(1..EVENTS));
    let watcher = Arc::new(Watcher::default());
    let first = shared(&sandbox, &watcher);
    let running = run_stage(&first, StageName::DedupAggregator, || Choosy).unwrap();
    let counts = watcher.wait_for(EVENTS as u64 - 1);
    first.stop.set();
    running.join().unwrap();
    assert_eq!((counts.dead["rejected"], counts.dead["output_too_large"]), (4, 4));

    let again = (1..EVENTS).filter(|id| id.to_string().ends_with("51") || id.to_string().ends_with("52"));
    produce_to(&sandbox, 0, again.map(|id| (id, scored_event(id))));
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    let counts = watcher.wait_for(EVENTS as u64 + 7);
    second.stop.set();
    running.join().unwrap();
    assert_eq!(
        counts.duplicate, 0,
        "a replay is taken for a duplicate: {counts:?}"
    );

    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    for signal in committed(&sandbox, "signals") {
        let count = counted.entry(signal.signal_key).or_default();
        *count += 1;
        assert_eq!(signal.evidence_count, *count, "a rejected record was counted");
    }
    assert_eq!(counted.values().sum::<i64>(), 360);
}

/// What it keeps of a subject grows by a mebibyte with each event.
struct Growing;

struct Texts(Store<String, String>);

impl Default for Texts {
    fn default() -> Self {
        Self(Store::new("parts"))
    }
}

impl Stores for Texts {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.0);
    }
}

impl Stage for Growing {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Texts;

    fn apply(&mut self, input: ScoredEvent, stores: &mut Texts, _: &Cx<'_>) -> Result<Emit<Counted>, Poison> {
        let text = stores
            .0
            .get_or_insert_with(input.event.subject.clone(), String::new);
        text.push_str(&"x".repeat(1 << 20));
        Ok(Emit::One(Counted(Signal {
            signal_key: input.event.subject,
            evidence_count: i64::try_from(text.len() >> 20).unwrap(),
            ..Signal::default()
        })))
    }
}

#[tokio::test]
async fn a_record_that_makes_a_value_too_large_for_the_changelog_is_a_dead_letter_and_the_others_go_on() {
    let sandbox = Sandbox::new("state_too_large").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce_to(&sandbox, 0, scored(0..49));
    let watcher = Arc::new(Watcher::default());
    let first = shared(&sandbox, &watcher);
    let running = run_stage(&first, StageName::DedupAggregator, || Growing).unwrap();
    watcher.wait_for(49);
    first.stop.set();
    running.join().unwrap();

    produce_to(&sandbox, 0, scored(49..56));
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Growing).unwrap();
    let counts = watcher.wait_for(56);
    second.stop.set();
    running.join().unwrap();
    assert_eq!(
        (counts.out, counts.dead["state_too_large"]),
        (21, 35),
        "three of each subject fit"
    );
    let aborted = watcher.aborted.lock().unwrap().clone();
    assert!(
        !aborted.is_empty() && aborted.iter().all(|why| why.contains("too large for")),
        "{aborted:?}"
    );
    let mut sizes: Vec<i64> = committed(&sandbox, "signals")
        .iter()
        .map(|signal| signal.evidence_count)
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [[1; 7], [2; 7], [3; 7]].concat());
}
