//! Parts of the outside world that hang, fail, rest and come back.

use super::*;
use topology::Topic;

const LIMITS: Limits = Limits {
    performing: 2,
    records: 4,
    bytes: 1_000,
};
const TASK: Task = Task {
    topic: Topic::NotificationsOutbox,
    partition: 0,
};

const fn at(seconds: u64) -> Moment {
    Duration::from_secs(seconds)
}

const fn held(offset: i64) -> Held {
    Held { task: TASK, offset }
}

fn part(name: &str) -> Part {
    Part::named(name)
}

/// A queue with a record for each of these parts, by offset.
fn queue(parts: &[&str]) -> Queue {
    let mut queue = Queue::new(LIMITS);
    for (offset, name) in (0..).zip(parts) {
        queue.arrive(held(offset), None, part(name), 1, at(0));
    }
    queue
}

fn starts(queue: &mut Queue, now: Moment) -> Vec<i64> {
    let started = std::iter::from_fn(|| queue.start(now));
    started.map(|started| started.held.offset).collect()
}

/// Lets the part fail until it is closed, with the record at this offset.
fn close(queue: &mut Queue, offset: i64) {
    for second in 0..3 {
        assert_eq!(queue.start(at(second)).unwrap().held, held(offset));
        let due = if second < 2 { at(second + 1) } else { at(7_200) };
        queue.part_failed(held(offset), due, at(second), Duration::ZERO);
    }
}

#[test]
fn a_part_that_hangs_takes_no_slot_of_another() {
    let mut queue = queue(&["hangs", "hangs", "hangs", "well", "well", "well"]);
    let started = starts(&mut queue, at(0));
    assert_eq!(started.len(), 4, "two of each");
    for offset in started.into_iter().filter(|offset| *offset >= 3) {
        queue.succeed(held(offset), at(0));
    }
    assert_eq!(starts(&mut queue, at(0)), [5], "only what is well goes on");
}

#[test]
fn a_closed_part_is_probed_before_anything_is_due_and_all_goes_out_once_it_is_back() {
    let mut queue = queue(&["away"]);
    close(&mut queue, 0);
    for offset in 1..4 {
        queue.arrive(held(offset), None, part("away"), 1, at(3));
    }
    assert_eq!(queue.start(at(21)), None, "what is due waits too");
    let probe = queue.start(at(22)).unwrap();
    assert_eq!((probe.held, probe.was_due), (held(1), true));
    assert_eq!(queue.start(at(22)), None, "one at a time");
    queue.part_failed(held(1), at(9_000), at(23), Duration::ZERO);
    let probe = queue.start(at(43)).unwrap();
    assert_eq!(probe.held, held(2));
    queue.succeed(held(2), at(44));
    assert_eq!(starts(&mut queue, at(44)), [3, 0]);
    queue.succeed(held(3), at(44));
    assert_eq!(starts(&mut queue, at(44)), [1], "none waits for its schedule");
}

#[test]
fn a_probe_that_is_not_due_says_so() {
    let mut queue = queue(&["away"]);
    close(&mut queue, 0);
    let probe = queue.start(at(22)).unwrap();
    assert_eq!((probe.was_due, probe.due), (false, at(7_200)));
}

#[test]
fn one_record_that_fails_among_others_that_succeed_keeps_to_its_schedule() {
    let mut queue = queue(&["well", "well", "well"]);
    assert_eq!(starts(&mut queue, at(0)), [0, 1]);
    queue.part_failed(held(0), at(300), at(0), Duration::ZERO);
    queue.succeed(held(1), at(0));
    assert_eq!(starts(&mut queue, at(1)), [2]);
    queue.succeed(held(2), at(1));
    assert_eq!(starts(&mut queue, at(299)), [0_i64; 0]);
    assert_eq!(starts(&mut queue, at(300)), [0]);
}

#[test]
fn a_part_that_rests_is_left_alone_and_nobody_else_is() {
    let mut queue = queue(&["busy", "busy", "well"]);
    let first = queue.start(at(0)).unwrap();
    queue.part_rests(first.held, first.due, at(10));
    assert_eq!(starts(&mut queue, at(9)), [2]);
    assert_eq!(starts(&mut queue, at(10)), [0, 1]);
}

#[test]
fn a_closed_part_overflows_and_an_open_one_pauses_its_partition() {
    let mut queue = queue(&["away", "well"]);
    assert_eq!(starts(&mut queue, at(0)), [0, 1]);
    for offset in 2..5 {
        queue.arrive(held(offset), None, part("away"), 1, at(0));
    }
    assert_eq!(queue.full().collect::<Vec<_>>(), [TASK]);
    assert_eq!(queue.overflow(TASK, &part("away")), None, "it may be just slow");
    let mut tried = 0;
    for second in 0..3 {
        queue.part_failed(held(tried), at(100), at(second), Duration::ZERO);
        if let Some(next) = queue.start(at(second)) {
            tried = next.held.offset;
        }
    }
    assert_eq!(queue.full().next(), None);
    assert_eq!(queue.overflow(TASK, &part("away")), Some(4));
    assert_eq!(queue.overflow(TASK, &part("well")), None);
}

#[test]
fn what_failed_before_a_restart_is_probed_soon_after() {
    let mut queue = Queue::new(LIMITS);
    queue.arrive(held(0), None, part("away"), 1, at(7_200));
    queue.suspect(&part("away"), at(0));
    assert_eq!(queue.start(at(19)), None);
    assert_eq!(queue.start(at(20)).map(|probe| probe.was_due), Some(false));
}
