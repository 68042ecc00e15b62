//! The three stages on this runtime, in one process as the twin's are, measured as the twin measures itself.

use super::posts::{Order, post};
use crate::contender::{Contender, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Reader, Record, Steady, Timestamps, Topics};
use crate::lap::{Lap, Track};
use crate::percentiles::Percentiles;
use crate::say;
use anyhow::{Context, Result};
use rdkafka::Message;
use serde::Deserialize;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PARTITIONS: i32 = 4;
const WARM_UP: Duration = Duration::from_secs(10);
/// The batch number and the seed of the twin's steady load.
const STEADY: (u32, u64) = (99, 7);

/// The stages, ready.
pub(super) struct Ours {
    broker: Broker,
    contender: Contender,
    track: Track,
    course: Course,
    _topics: Topics,
}

/// What is read of a signal.
#[derive(Deserialize)]
struct Signal {
    event_time: i64,
}

impl Ours {
    pub(super) fn start(broker: &Broker) -> Result<Self> {
        let course = Course::new("streams", Work::Pipeline.stages(), PARTITIONS)?;
        let topics = Topics::create(broker, &course, Timestamps::Broker)?;
        let contender = Contender::start(broker, &course, Work::Pipeline, &Tuning::default())?;
        for _ in &course.stages {
            contender.wait_for(|partitions| partitions == course.partition_count())?;
        }
        Ok(Self {
            broker: broker.clone(),
            contender,
            // The twin's input is not compressed.
            track: Track::new(broker, &course, "none")?,
            course,
            _topics: topics,
        })
    }

    /// Batches at full speed.
    pub(super) fn throughput(&self, events: u32, batches: u32) -> Result<Vec<Lap>> {
        (0..batches).map(|batch| self.batch(batch, events)).collect()
    }

    fn batch(&self, batch: u32, events: u32) -> Result<Lap> {
        let (now, mut order) = (now(), Order::new(batch.into()));
        let mut counted = order.clone();
        (0..events).for_each(|_| {
            counted.next();
        });
        let posts = (0..events).map(|_| Ok(post(batch, order.next().0, now)));
        let lap = self.track.lap(&self.contender, posts, counted.unique.into())?;
        say(format_args!(
            "batch {batch}: {:.0} events/s, {:.1} us CPU",
            lap.per_s(),
            lap.cpu_us()
        ));
        Ok(lap)
    }

    /// From the making of a post to the reading of its signal, at a steady rate.
    pub(super) fn latency(&self, rate: u32, seconds: u64) -> Result<Percentiles> {
        let output = self.course.output()?;
        let reader = Reader::new(&self.broker, &output, &self.track.ends()?)?;
        let (mut order, mut sent) = (Order::new(STEADY.1), Vec::<Record>::new());
        let make = move |_| {
            let (number, again) = order.next();
            if !again {
                sent.push(post(STEADY.0, number, now()));
            }
            sent.get(number as usize).cloned().unwrap_or_default()
        };
        let sender = Steady::start(&self.broker, &self.course.input()?, rate, make)?;
        let (began, warm) = (Instant::now(), now() + i64::try_from(WARM_UP.as_millis())?);
        let mut latencies = Vec::new();
        while began.elapsed() < WARM_UP + Duration::from_secs(seconds) {
            let Some(message) = reader.next()? else { continue };
            let signal: Signal = serde_json::from_slice(message.payload().unwrap_or_default())?;
            if signal.event_time >= warm {
                latencies.push((now() - signal.event_time) as f64);
            }
        }
        drop(sender);
        Percentiles::new(latencies).context("nothing came through")
    }
}

/// Milliseconds since the epoch.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
