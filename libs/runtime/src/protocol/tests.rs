//! The protocol against a model of Kafka: what is committed, and what must never be.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

fn protocol() -> Protocol {
    Protocol::new(CommitPolicy {
        least_interval: Duration::from_millis(20),
        greatest_age: Duration::from_millis(100),
        records: 5,
        bytes: 1000,
    })
}

fn at(ms: u64) -> Moment {
    Duration::from_millis(ms)
}

#[test]
fn a_drained_lane_commits_at_once() {
    let mut lane = protocol();
    assert_eq!(lane.step(&Event::Applied { bytes: 1 }, at(0)), None);
    assert_eq!(lane.step(&Event::Drained, at(1)), Some(Command::Commit));
    assert_eq!(lane.step(&Event::Committed, at(2)), None);
    assert!(lane.needs_transaction());
}

#[test]
fn revoked_partitions_are_never_committed() {
    let mut lane = protocol();
    lane.step(&Event::Applied { bytes: 1 }, at(0));
    assert_eq!(lane.step(&Event::Revoked, at(1)), Some(Command::Abort));
    assert_eq!(lane.step(&Event::Drained, at(200)), None);
}

#[test]
fn a_stop_commits_what_is_done_and_then_leaves() {
    let mut lane = protocol();
    lane.step(&Event::Applied { bytes: 1 }, at(0));
    assert_eq!(lane.step(&Event::Stop, at(1)), Some(Command::Commit));
    assert_eq!(lane.step(&Event::Committed, at(2)), Some(Command::Leave));
    assert_eq!(lane.step(&Event::Stop, at(3)), None);
}

#[test]
fn a_failed_abort_trusts_nothing_any_more() {
    let mut lane = protocol();
    lane.step(&Event::Applied { bytes: 1 }, at(0));
    assert_eq!(
        lane.step(&Event::Failed(Recovery::Abort), at(1)),
        Some(Command::Abort)
    );
    assert_eq!(
        lane.step(&Event::Failed(Recovery::Abort), at(2)),
        Some(Command::Rebuild)
    );
}

/// Offsets that Kafka holds committed, and those of the open transaction.
#[derive(Default)]
struct Model {
    committed: Vec<u64>,
    open: Vec<u64>,
    next: u64,
    ended: bool,
}

#[derive(Debug, Clone)]
enum Happening {
    Record,
    Quiet,
    Time(u64),
    Revoked,
    Lost,
    Stop,
    Broken(Recovery),
}

fn happening() -> impl Strategy<Value = Happening> {
    let recovery = prop_oneof![
        Just(Recovery::Abort),
        Just(Recovery::Rebuild),
        Just(Recovery::Halt)
    ];
    prop_oneof![
        8 => Just(Happening::Record),
        3 => Just(Happening::Quiet),
        3 => (0u64..150).prop_map(Happening::Time),
        1 => Just(Happening::Revoked),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Stop),
        1 => recovery.prop_map(Happening::Broken),
    ]
}

impl Model {
    /// Executes a command as the shell does; `fails` breaks it.
    fn execute(&mut self, command: Command, fails: Option<Recovery>) -> Option<Event> {
        match command {
            Command::Commit | Command::Abort if fails.is_some() => fails.map(Event::Failed),
            Command::Commit => {
                self.committed.append(&mut self.open);
                Some(Event::Committed)
            }
            Command::Abort => {
                self.rewind();
                Some(Event::Aborted)
            }
            Command::Rebuild | Command::Leave | Command::Halt => {
                assert!(
                    command != Command::Leave || self.open.is_empty(),
                    "left with work undone"
                );
                self.rewind();
                self.ended = true;
                None
            }
        }
    }

    fn rewind(&mut self) {
        self.open.clear();
        self.next = self.committed.len() as u64;
    }
}

proptest! {
    #[test]
    fn the_committed_history_has_no_gap_and_no_repeat(
        happenings in proptest::collection::vec((happening(), proptest::option::weighted(0.1, Just(Recovery::Abort))), 1..200)
    ) {
        let (mut lane, mut model, mut now) = (protocol(), Model::default(), 0);
        for (happening, fails) in happenings {
            let event = match happening {
                Happening::Record => {
                    model.open.push(model.next);
                    model.next += 1;
                    Event::Applied { bytes: 10 }
                }
                Happening::Quiet => Event::Drained,
                Happening::Time(ms) => { now += ms; Event::Tick }
                Happening::Revoked => Event::Revoked,
                Happening::Lost => Event::Lost,
                Happening::Stop => Event::Stop,
                Happening::Broken(recovery) => Event::Failed(recovery),
            };
            let must_not_commit = matches!(event, Event::Revoked | Event::Lost | Event::Failed(_));
            let mut next = Some(event);
            let mut commands = 0;
            while let Some(event) = next.take() {
                let command = lane.step(&event, at(now));
                prop_assert!(!(must_not_commit && command == Some(Command::Commit)));
                next = command.and_then(|command| model.execute(command, fails));
                commands += 1;
                prop_assert!(commands < 5, "commands without end");
            }
            let expected: Vec<u64> = (0..model.committed.len() as u64).collect();
            prop_assert_eq!(&model.committed, &expected);
            prop_assert!(model.open.len() <= 5, "a transaction outgrew its limit");
            if model.ended {
                prop_assert_eq!(lane.step(&Event::Applied { bytes: 1 }, at(now)), None);
                break;
            }
        }
    }
}
