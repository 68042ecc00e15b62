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
fn a_task_that_cannot_go_on_is_quarantined_once_what_came_before_is_committed() {
    let mut lane = running();
    lane.step(applied(), at(0));
    assert_eq!(lane.step(Event::Quarantine(7), at(0)), [Command::Pause(7)]);
    assert_eq!(lane.step(Event::Drained, at(1)), [Command::Commit]);
    assert_eq!(
        lane.step(Event::Committed { doubtful: false }, at(2)),
        [Command::Quarantine(7)]
    );
    assert_eq!(lane.step(Event::Quarantine(7), at(3)), [], "it is already");
    assert_eq!(
        lane.step(Event::Retry(7), at(4)),
        [Command::Restore {
            tasks: vec![7],
            attempt: 2
        }]
    );
    assert_eq!(
        lane.step(Event::Restored { task: 7, attempt: 2 }, at(5)),
        [Command::Fetch(7)]
    );
}

#[test]
fn a_task_that_cannot_be_restored_is_quarantined_and_the_others_run() {
    let mut lane = running();
    lane.step(Event::Assigned(vec![8]), at(0));
    assert_eq!(lane.step(Event::Quarantine(8), at(0)), [Command::Quarantine(8)]);
    assert_eq!(lane.step(Event::Restored { task: 8, attempt: 2 }, at(1)), []);
    assert_eq!(lane.step(applied(), at(1)), []);
    assert_eq!(lane.step(Event::Retry(7), at(1)), [], "it runs");
    assert_eq!(
        lane.step(Event::Revoked(vec![8]), at(1)),
        [Command::Release(vec![8])]
    );
}

/// An abort of a transaction that task 7 has a part in, for which it is to blame if so.
fn aborted(lane: &mut Lane, blamed: bool) -> Commands<u8> {
    lane.step(applied(), at(0));
    if blamed {
        assert_eq!(
            lane.step(Event::Blamed(7), at(0)).len(),
            usize::from(lane.aborts() == 4)
        );
    }
    assert_eq!(lane.step(Event::Failed(Recovery::Abort), at(0)), [Command::Abort]);
    lane.step(Event::Aborted { doubtful: false }, at(0))
}

#[test]
fn aborts_in_a_row_make_the_tasks_rest_and_a_commit_ends_that() {
    let mut lane = running();
    assert_eq!(aborted(&mut lane, false), [], "one says nothing");
    assert_eq!(aborted(&mut lane, false), [Command::Pause(7)]);
    assert_eq!(lane.rests_until(), Some(at(100)));
    assert_eq!(lane.step(Event::Rested, at(100)), [Command::Resume(7)]);
    for (commit, aborts) in [(150, 2), (200, 0)] {
        lane.step(applied(), at(commit));
        lane.step(Event::Drained, at(commit));
        lane.step(Event::Committed { doubtful: false }, at(commit));
        assert_eq!(lane.aborts(), aborts, "it may be of others that never failed");
    }
    assert_eq!(aborted(&mut lane, false), []);
}

/// Some other task, or a timer, commits between any two aborts.
#[test]
fn what_others_commit_meanwhile_does_not_shorten_the_rest() {
    let mut lane = running();
    let mut now = 0;
    for rest in [0, 100, 200, 400, 800] {
        lane.step(applied(), at(now));
        lane.step(Event::Failed(Recovery::Abort), at(now));
        lane.step(Event::Aborted { doubtful: false }, at(now));
        assert_eq!(lane.rests_until(), (rest > 0).then(|| at(now + rest)));
        now += rest;
        lane.step(Event::Rested, at(now));
        if rest > 0 {
            lane.step(applied(), at(now));
            lane.step(Event::Drained, at(now));
            lane.step(Event::Committed { doubtful: false }, at(now));
        }
    }
}

#[test]
fn a_task_that_is_to_blame_again_and_again_rests_alone_and_is_quarantined_at_last() {
    let mut lane = running();
    lane.step(Event::Assigned(vec![8]), at(0));
    lane.step(Event::Restored { task: 8, attempt: 2 }, at(0));
    aborted(&mut lane, true);
    for _ in 0..3 {
        assert_eq!(aborted(&mut lane, true), [Command::Pause(7)]);
        // What another task commits meanwhile excuses nothing.
        lane.step(
            Event::Applied {
                tasks: vec![8],
                records: 1,
                bytes: 1,
            },
            at(0),
        );
        lane.step(Event::Drained, at(200));
        lane.step(Event::Committed { doubtful: false }, at(200));
        assert_eq!(lane.step(Event::Rested, at(900)), [Command::Resume(7)]);
    }
    assert_eq!(aborted(&mut lane, true), [Command::Quarantine(7)]);
    assert_eq!(lane.step(Event::Rested, at(9_000)), []);
}

#[test]
fn a_full_task_is_paused_once_and_resumed_once() {
    let mut lane = running();
    assert_eq!(lane.step(Event::Full(7), at(0)), [Command::Pause(7)]);
    assert_eq!(lane.step(Event::Full(7), at(0)), []);
    assert_eq!(lane.step(Event::Full(9), at(0)), [], "it is not ours");
    assert_eq!(lane.step(Event::Eased(7), at(0)), [Command::Resume(7)]);
}
