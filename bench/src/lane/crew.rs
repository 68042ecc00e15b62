//! Processes that share one stage while records keep coming: they join, stop and are killed, and the output tells what
//! each partition saw of it.

use super::events::Events;
use crate::contender::{Contender, OwnSchemas, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Reader, Steady, Timestamps, Topics};
use crate::outputs::{Outputs, Written};
use anyhow::{Context, Result, bail};
use model::{Decoder, Event};
use rdkafka::Message;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_mins(1);

/// A stage under load, and those who run it.
pub(super) struct Crew {
    broker: Broker,
    course: Course,
    members: BTreeMap<String, Contender>,
    reader: Reader,
    decoder: Decoder,
    _sender: Steady,
    _topics: Topics,
}

impl Crew {
    /// A stage of so many partitions with so many records a second, which nobody runs yet.
    pub(super) fn new(broker: &Broker, name: &str, partitions: i32, rate: u32) -> Result<Self> {
        let course = Course::new(name, Work::Relay.stages(), partitions)?;
        let topics = Topics::create(broker, &course, Timestamps::Broker)?;
        let events = Events::new();
        let make = move |n| events.make(n);
        Ok(Self {
            broker: broker.clone(),
            members: BTreeMap::new(),
            reader: Reader::new(broker, &course.output()?, &course.beginning())?,
            decoder: Decoder::new(Arc::new(OwnSchemas)),
            _sender: Steady::start(broker, &course.input()?, rate, make)?,
            _topics: topics,
            course,
        })
    }

    /// A process joins.
    pub(super) fn join(&mut self, instance: &str) -> Result<()> {
        let tuning = Tuning {
            instance: instance.to_owned(),
            ..Tuning::default()
        };
        let contender = Contender::start(&self.broker, &self.course, Work::Relay, &tuning)?;
        self.members.insert(instance.to_owned(), contender);
        Ok(())
    }

    /// Whether this process is there.
    pub(super) fn has(&self, instance: &str) -> bool {
        self.members.contains_key(instance)
    }

    /// A process is asked to stop, and has.
    pub(super) fn stop(&mut self, instance: &str) -> Result<()> {
        self.take(instance)?.stop()
    }

    /// A process is killed.
    pub(super) fn kill(&mut self, instance: &str) -> Result<()> {
        self.take(instance)?.kill()
    }

    fn take(&mut self, instance: &str) -> Result<Contender> {
        let member = self.members.remove(instance);
        member.with_context(|| format!("there is no process {instance}"))
    }

    /// Reads the output for so long.
    pub(super) fn watch(&mut self, window: Duration) -> Result<Outputs> {
        let (mut outputs, began) = (Outputs::default(), Instant::now());
        while began.elapsed() < window {
            if let Some(written) = self.next()? {
                outputs.push(written);
            }
        }
        Ok(outputs)
    }

    /// Reads the output until a record is as wished.
    pub(super) fn until(&mut self, mut wished: impl FnMut(&Written) -> bool) -> Result<Outputs> {
        let (mut outputs, began) = (Outputs::default(), Instant::now());
        while began.elapsed() < PATIENCE {
            if let Some(written) = self.next()? {
                let found = wished(&written);
                outputs.push(written);
                if found {
                    return Ok(outputs);
                }
            }
        }
        bail!("the records that were waited for did not come")
    }

    /// Reads the output until the partitions, by what is written from now on, are shared as evenly as they can be.
    pub(super) fn until_shared(&mut self) -> Result<Outputs> {
        let (members, partitions) = (self.members.len(), self.course.partition_count());
        let (mut owners, began): (BTreeMap<i32, String>, _) = (BTreeMap::new(), now());
        self.until(|written| {
            if written.at < began {
                return false;
            }
            owners.insert(written.partition, written.by.clone());
            let mut shares: BTreeMap<&str, usize> = BTreeMap::new();
            for owner in owners.values() {
                *shares.entry(owner).or_default() += 1;
            }
            owners.len() == partitions
                && shares.len() == members
                && shares
                    .values()
                    .all(|share| *share <= partitions.div_ceil(members))
        })
    }

    fn next(&mut self) -> Result<Option<Written>> {
        let Some(message) = self.reader.next()? else {
            return Ok(None);
        };
        let event: Event = self.decoder.decode(message.payload().unwrap_or_default())?;
        Ok(Some(Written {
            partition: message.partition(),
            at: message.timestamp().to_millis().unwrap_or_default(),
            by: event.author.unwrap_or_default(),
        }))
    }
}

/// Milliseconds since the epoch; the broker's clock is ours.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
