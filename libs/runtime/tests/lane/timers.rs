//! Timers survive a restart, fire once, and a silent partition does not hold them up.

use crate::harness::*;
use model::{ScoredEvent, Signal};
use runtime::run_stage;
use stage::{AnyStore, Clock, Cx, Emit, Lateness, Poison, Stage, Stores, Timer, Timers};
use std::sync::Arc;
use testkit::Sandbox;
use topology::StageName;

/// Sets two timers for each event: one that its own time makes due once the partition falls silent, one for the wall
/// clock far in the past.
struct Reminder {
    allowed: i64,
}

struct Reminders(Timers);

impl Default for Reminders {
    fn default() -> Self {
        let lateness = Lateness {
            allowed: 0,
            idle_after: 300,
            ahead: 300_000,
        };
        Self(Timers::new("parts", lateness))
    }
}

impl Stores for Reminders {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.0);
    }

    fn timers(&mut self) -> Option<&mut Timers> {
        Some(&mut self.0)
    }
}

impl Stage for Reminder {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Reminders;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Reminders,
        cx: &Cx<'_>,
    ) -> Result<Emit<Counted>, Poison> {
        stores.0.set(
            Clock::EventTime,
            &format!("event-{}", input.event.id),
            cx.time + self.allowed,
        );
        stores.0.set(
            Clock::WallClock,
            &format!("wall-{}", input.event.id),
            cx.time + self.allowed,
        );
        Ok(Emit::Filtered("remembered"))
    }

    fn on_timer(&mut self, timer: Timer, _: &mut Reminders) -> Vec<Counted> {
        assert!(timer.fired_at >= timer.due, "{timer:?} fired too early");
        vec![Counted(Signal {
            signal_key: timer.name,
            ..Signal::default()
        })]
    }
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    let mut names: Vec<_> = committed(sandbox, "signals")
        .into_iter()
        .map(|signal| signal.signal_key)
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn timers_survive_a_restart_and_fire_once() {
    let sandbox = Sandbox::new("timers").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce(&sandbox, scored(0..50));

    let watcher = Arc::new(Watcher::default());
    let first = shared(&sandbox, &watcher);
    let far = || Reminder { allowed: 2_000 };
    let running = run_stage(&first, StageName::DedupAggregator, far).unwrap();
    watcher.wait_for(50);
    first.stop.set();
    running.join().unwrap();
    assert!(names(&sandbox).is_empty(), "nothing was due yet");

    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, far).unwrap();
    watcher.wait_until(|total| total.emitted == 100);
    second.stop.set();
    running.join().unwrap();
    let mut expected: Vec<_> = (0..50)
        .flat_map(|id| [format!("event-{id}"), format!("wall-{id}")])
        .collect();
    expected.sort();
    assert_eq!(names(&sandbox), expected);
}

/// Panics at each of its timers.
struct Exploding(Reminder);

impl Stage for Exploding {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Reminders;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Reminders,
        cx: &Cx<'_>,
    ) -> Result<Emit<Counted>, Poison> {
        self.0.apply(input, stores, cx)
    }

    fn on_timer(&mut self, timer: Timer, _: &mut Reminders) -> Vec<Counted> {
        panic!("as it was told to: {timer:?}")
    }
}

#[tokio::test]
async fn a_timer_that_panics_quarantines_its_task_alone() {
    let sandbox = Sandbox::new("timer_panics").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce_to(&sandbox, 1, scored(0..1));
    let watcher = Arc::new(Watcher::default());
    let first = shared(&sandbox, &watcher);
    let make = || Exploding(Reminder { allowed: 1_000 });
    let running = run_stage(&first, StageName::DedupAggregator, make).unwrap();
    watcher.wait_for_word(|state| {
        state.starts_with("degraded: 2 tasks run, 1 quarantined") && state.contains("firing a timer panicked")
    });
    first.stop.set();
    running.join().unwrap();

    let second = shared(&sandbox, &watcher);
    let mended = || Reminder { allowed: 1_000 };
    let running = run_stage(&second, StageName::DedupAggregator, mended).unwrap();
    watcher.wait_until(|total| total.emitted == 2);
    second.stop.set();
    running.join().unwrap();
    assert_eq!(names(&sandbox), ["event-0", "wall-0"]);
}
