//! Three days with four channels, by a clock of the test: one is away all the time, one is slow, one takes a message
//! every ten minutes, one is well. All is delivered once, and in due time.

use super::*;
use topology::Topic;

const LIMITS: Limits = Limits {
    performing: 2,
    records: 4_096,
    bytes: 1 << 24,
};
const TASK: Task = Task {
    topic: Topic::NotificationsOutbox,
    partition: 0,
};
const HOUR: u64 = 3_600;
const BACK: u64 = 72 * HOUR;
const OVER: u64 = BACK + 2 * HOUR;
/// The default schedule of a channel.
const WAITS: [u64; 9] = [
    5,
    300,
    1_800,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];
const CHANNELS: [&str; 4] = ["away", "slow", "limited", "well"];

#[derive(Clone, Copy)]
enum Answer {
    Taken,
    /// It failed, and the receiver asks for so many seconds.
    Failed(u64),
}

/// One notification.
#[derive(Default)]
struct Sent {
    arrived: u64,
    scheduled: usize,
    requests: u32,
    delivered: Vec<u64>,
}

struct Days {
    queue: Queue,
    now: u64,
    sent: BTreeMap<i64, Sent>,
    /// What is under way: when it ends, and how.
    under_way: Vec<(u64, Started, Answer)>,
    /// When the limited channel takes the next one.
    room: u64,
}

fn channel(offset: i64) -> &'static str {
    CHANNELS[usize::try_from(offset % 4).unwrap()]
}

const fn at(second: u64) -> Moment {
    Duration::from_secs(second)
}

impl Days {
    fn arrive(&mut self) {
        for name in CHANNELS {
            let offset = i64::try_from(self.sent.len()).unwrap();
            let sent = Sent {
                arrived: self.now,
                ..Sent::default()
            };
            self.sent.insert(offset, sent);
            let (task, key) = (TASK, format!("{name}|{}", offset % 20));
            let held = Held { task, offset };
            self.queue
                .arrive(held, Some(key.as_bytes()), Part::named(name), 1, at(self.now));
        }
    }

    /// How a channel answers a request that is made now, and after how long.
    fn answer(&mut self, offset: i64) -> (u64, Answer) {
        match channel(offset) {
            "away" if self.now < BACK => (5, Answer::Failed(0)),
            "slow" => (240, Answer::Taken),
            "limited" if self.now < self.room => (1, Answer::Failed(self.room - self.now)),
            "limited" => {
                self.room = self.now + 600;
                (1, Answer::Taken)
            }
            _ => (1, Answer::Taken),
        }
    }

    fn begin(&mut self) {
        while let Some(started) = self.queue.start(at(self.now)) {
            let offset = started.held.offset;
            let sent = self.sent.get_mut(&offset).unwrap();
            sent.requests += 1;
            sent.scheduled += usize::from(started.was_due);
            let (takes, answer) = self.answer(offset);
            self.under_way.push((self.now + takes, started, answer));
        }
    }

    fn end(&mut self) {
        let now = self.now;
        let ended: Vec<_> = self.under_way.extract_if(.., |(end, ..)| *end <= now).collect();
        for (_, started, answer) in ended {
            let held = started.held;
            let sent = self.sent.get_mut(&held.offset).unwrap();
            match answer {
                Answer::Taken => {
                    sent.delivered.push(now);
                    self.queue.succeed(held, at(now));
                }
                Answer::Failed(rest) => {
                    let wait = WAITS.get(sent.scheduled - 1).unwrap();
                    let next = at(now + (*wait).max(rest));
                    let due = if started.was_due {
                        next
                    } else {
                        started.due.max(at(now))
                    };
                    self.queue.part_failed(held, due, at(now), at(rest));
                }
            }
        }
    }
}

#[test]
fn four_channels_one_of_them_away_get_everything_once_and_in_due_time() {
    let mut days = Days {
        queue: Queue::new(LIMITS),
        now: 0,
        sent: BTreeMap::new(),
        under_way: Vec::new(),
        room: 0,
    };
    while days.now < OVER {
        if days.now < BACK && days.now.is_multiple_of(HOUR / 2) {
            days.arrive();
        }
        days.end();
        days.begin();
        days.now += 1;
    }
    let mut asked_in_vain = 0;
    for (offset, sent) in &days.sent {
        let channel = channel(*offset);
        let [delivered] = sent.delivered[..] else {
            panic!("{channel}: delivered {} times", sent.delivered.len());
        };
        let (after, most) = match channel {
            "well" => (delivered - sent.arrived, 2),
            "slow" => (delivered - sent.arrived, 300),
            "limited" => (delivered - sent.arrived, 1_800),
            _ => (delivered - BACK, 360),
        };
        assert!(after <= most, "{channel}: after {after} s");
        if channel == "away" {
            asked_in_vain += sent.requests - 1;
        }
    }
    assert_eq!(days.sent.len(), 4 * 144);
    assert!(asked_in_vain < 1_000, "{asked_in_vain} requests to who was away");
}
