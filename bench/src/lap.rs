//! One lap: input that becomes readable all at once, timed until the last output is readable.
//!
//! The records are written in one open transaction while the contender idles; its commit starts the clock. The clock
//! stops at the last advance of the output's last stable offset. Then the output is counted: a lap that loses or doubles
//! a record is no lap.

use crate::contender::Contender;
use crate::course::Course;
use crate::driver::{Broker, Ends, Feeder, Reader, Record};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// How often the output's end is asked for.
const LOOK: Duration = Duration::from_millis(10);
/// Without an advance for this long, the output is complete or will never be.
const QUIET: Duration = Duration::from_secs(2);
/// After the input is written, until it is made readable: the broker's own work on it settles.
const SETTLE: Duration = Duration::from_secs(1);

/// What was seen in one lap.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Lap {
    pub(crate) records: u64,
    pub(crate) seconds: f64,
    /// CPU seconds of the contender.
    pub(crate) cpu_s: f64,
    pub(crate) broker_cpu_s: f64,
}

impl Lap {
    pub(crate) fn per_s(&self) -> f64 {
        self.records as f64 / self.seconds
    }

    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu_s * 1e6 / self.records as f64
    }

    pub(crate) fn broker_us(&self) -> f64 {
        self.broker_cpu_s * 1e6 / self.records as f64
    }
}

/// Where laps are run: a course, its input and its output.
pub(crate) struct Track {
    broker: Broker,
    feeder: Feeder,
    ends: Ends,
    input: String,
    output: String,
}

impl Track {
    /// Over this course; `compression` of the input as librdkafka names it.
    pub(crate) fn new(broker: &Broker, course: &Course, compression: &str) -> Result<Self> {
        Ok(Self {
            broker: broker.clone(),
            feeder: Feeder::new(broker, &course.prefix.apply("feeder"), compression)?,
            ends: Ends::new(broker, course.output()?, course.partitions)?,
            input: course.input()?,
            output: course.output()?,
        })
    }

    /// The output's ends now.
    pub(crate) fn ends(&self) -> Result<Vec<i64>> {
        self.ends.now()
    }

    /// One lap of this contender, who makes `expected` records of those that are put in.
    pub(crate) fn lap(
        &self,
        contender: &Contender,
        records: impl Iterator<Item = Result<Record>>,
        expected: u64,
    ) -> Result<Lap> {
        let mut put_in = 0;
        self.feeder.fill(&self.input, records.inspect(|_| put_in += 1))?;
        std::thread::sleep(SETTLE);
        let before = self.ends.now()?;
        let (cpu, broker_cpu) = (contender.cpu_seconds(), self.broker.cpu_seconds());
        let began = Instant::now();
        self.feeder.release()?;
        let lap = self.watch(contender, before.iter().sum(), began)?;
        Reader::new(&self.broker, &self.output, &before)?
            .expect(expected)
            .context("counting the output")?;
        Ok(Lap {
            records: put_in,
            cpu_s: lap.cpu_s - cpu,
            broker_cpu_s: lap.broker_cpu_s - broker_cpu,
            ..lap
        })
    }

    /// The time and the CPU at the last advance.
    fn watch(&self, contender: &Contender, before: i64, began: Instant) -> Result<Lap> {
        let (mut end, mut advanced, mut lap) = (before, Instant::now(), Lap::default());
        while advanced.elapsed() < QUIET || end == before {
            let now = self.ends.now()?.iter().sum();
            if now != end {
                (end, advanced) = (now, Instant::now());
                lap.seconds = began.elapsed().as_secs_f64();
                lap.cpu_s = contender.cpu_seconds();
                lap.broker_cpu_s = self.broker.cpu_seconds();
            }
            if advanced.elapsed() > 30 * QUIET {
                anyhow::bail!("no output came");
            }
            std::thread::sleep(LOOK);
        }
        Ok(lap)
    }
}
