//! The protocol's answers, one at a time; their interleavings are in [`super::model`].

use super::*;
use std::time::Duration;

type Lane = Protocol<u8>;

fn at(ms: u64) -> Moment {
    Duration::from_millis(ms)
}

/// A lane that runs task 7.
fn running() -> Lane {
    let mut lane = Lane::new(CommitPolicy {
        least_interval: Duration::from_millis(20),
        greatest_age: Duration::from_millis(100),
        records: 5,
        bytes: 1000,
    });
    let restore = Command::Restore {
        tasks: vec![7],
        attempt: 1,
    };
    assert_eq!(lane.step(Event::Assigned(vec![7]), at(0)), [restore]);
    assert_eq!(
        lane.step(Event::Restored { task: 7, attempt: 1 }, at(0)),
        [Command::Fetch(7)]
    );
    lane
}

fn applied() -> Event<u8> {
    Event::Applied {
        tasks: vec![7],
        records: 1,
        bytes: 1,
    }
}

#[test]
fn a_drained_lane_commits_at_once() {
    let mut lane = running();
    assert_eq!(lane.step(applied(), at(0)), []);
    assert_eq!(lane.step(Event::Drained, at(1)), [Command::Commit]);
    assert_eq!(lane.step(Event::Committed { doubtful: false }, at(2)), []);
    assert_eq!(lane.step(Event::Drained, at(3)), [], "nothing is open");
}

#[test]
fn revoked_tasks_are_never_committed() {
    let mut lane = running();
    lane.step(applied(), at(0));
    assert_eq!(
        lane.step(Event::Revoked(vec![7]), at(1)),
        [Command::Release(vec![7]), Command::Abort]
    );
    assert_eq!(lane.step(Event::Drained, at(200)), []);
}

#[test]
fn a_task_without_part_in_the_transaction_is_let_go_without_a_word() {
    let mut lane = running();
    lane.step(Event::Assigned(vec![8]), at(0));
    lane.step(applied(), at(0));
    assert_eq!(
        lane.step(Event::Revoked(vec![8]), at(1)),
        [Command::Release(vec![8])]
    );
    assert_eq!(
        lane.step(Event::Restored { task: 8, attempt: 2 }, at(2)),
        [],
        "too late"
    );
}

#[test]
fn a_stop_commits_what_is_done_and_then_leaves() {
    let mut lane = running();
    lane.step(applied(), at(0));
    assert_eq!(lane.step(Event::Stop, at(1)), [Command::Commit]);
    assert_eq!(
        lane.step(Event::Committed { doubtful: false }, at(2)),
        [Command::Leave]
    );
    assert_eq!(lane.step(Event::Stop, at(3)), []);
}

#[test]
fn a_doubtful_commit_asks_for_a_new_producer() {
    let mut lane = running();
    lane.step(applied(), at(0));
    lane.step(Event::Drained, at(1));
    assert_eq!(
        lane.step(Event::Committed { doubtful: true }, at(2)),
        [Command::Renew]
    );
    assert_eq!(lane.step(Event::Renewed, at(3)), []);
    assert_eq!(lane.step(applied(), at(3)), []);
}

#[test]
fn a_failed_abort_trusts_nothing_any_more() {
    let mut lane = running();
    lane.step(applied(), at(0));
    assert_eq!(lane.step(Event::Failed(Recovery::Abort), at(1)), [Command::Abort]);
    assert_eq!(
        lane.step(Event::Failed(Recovery::Abort), at(2)),
        [Command::Rebuild]
    );
}

#[test]
fn a_full_task_is_paused_once_and_resumed_once() {
    let mut lane = running();
    assert_eq!(lane.step(Event::Full(7), at(0)), [Command::Pause(7)]);
    assert_eq!(lane.step(Event::Full(7), at(0)), []);
    assert_eq!(lane.step(Event::Full(9), at(0)), [], "it is not ours");
    assert_eq!(lane.step(Event::Eased(7), at(0)), [Command::Resume(7)]);
}
