//! The end of a transaction: what goes into it last, and what follows for the tasks.

use super::outbox::fits_changelog;
use super::{Lane, Running, Taken};
use crate::fault::Fault;
use crate::host::Instant;
use crate::kafka::Kafka;
use crate::observer::{Committed, Deaths};
use crate::protocol::Event;
use crate::work::Work;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::{FlowCounts, Stores, Task};
use std::time::Duration;
use topology::Changelog;

/// How long after its beginning a lane may still be assigned what the one before it had: rebalances of a group whose
/// members all join anew are over by then.
const KEEP: Duration = Duration::from_mins(1);
/// Keys of a store whose time is over and that become tombstones in one transaction, of all tasks together. What is
/// over at once may be millions, more than a transaction has time for.
const EXPIRED: usize = 16_384;
/// And of one task at least.
const EXPIRED_OF_A_TASK: usize = 64;

/// Keys of a store of one task, where so many tasks have a part in the transaction.
fn share_of_expiry(tasks: usize) -> usize {
    (EXPIRED / tasks.max(1)).max(EXPIRED_OF_A_TASK)
}

impl<W: Work<K>, K: Kafka> Lane<'_, W, K> {
    /// State and offsets go into the transaction, and it is committed.
    pub(super) fn commit(&mut self) -> Result<Event<Task>, Fault> {
        let began = Instant::now();
        self.work.before_commit(&mut self.tasks, &mut self.outbox)?;
        self.write_state()?;
        let (offsets, group) = (self.offsets()?, self.intake.group()?);
        #[cfg(feature = "bench")]
        if !super::transactor::is_transactional(&self.config.producer) {
            return self.commit_offsets(&offsets);
        }
        let doubtful = self.outbox.commit(offsets, group)?;
        self.tell(began);
        let dirty = self.tasks.values_mut().filter(|running| running.is_dirty());
        dirty.for_each(Running::commit);
        if self.began.elapsed() >= KEEP {
            self.kept.clear();
        }
        Ok(Event::Committed { doubtful })
    }

    /// Every task stands where the last commit left it.
    pub(super) fn abort(&mut self) -> Result<Event<Task>, Fault> {
        let doubtful = self.outbox.abort()?;
        self.work.forget();
        // What was taken comes again, and is told then.
        self.taken = Taken::default();
        self.tasks.values_mut().for_each(Running::abort);
        let again = |running: &Running<W::Stores>| Some((running.task, running.rewind_to()?));
        let again: Vec<_> = self.tasks.values().filter_map(again).collect();
        self.intake.rewind(&again)?;
        self.tasks
            .values_mut()
            .for_each(|running| self.work.take_up(running));
        Ok(Event::Aborted { doubtful })
    }

    fn write_state(&mut self) -> Result<(), Fault> {
        let (names, outbox) = (&self.config.names, &mut self.outbox);
        let dirty = self.tasks.values().filter(|running| running.is_dirty());
        let expired = share_of_expiry(dirty.count());
        for running in self.tasks.values_mut().filter(|running| running.is_dirty()) {
            let (task, partition) = (running.task, running.changelog_partition);
            let (mut written, mut outgrown) = (Ok(()), None);
            let changelogs = &mut running.changelogs;
            running.stores.each(&mut |store| {
                let topic = names.changelog(store.name());
                store.expire(expired);
                let mut records = 0;
                let shown = store.changes(&mut |change| {
                    if !fits_changelog(change) {
                        outgrown = Some(topic.clone());
                    } else if written.is_ok() {
                        records += 1;
                        written = outbox.send_change(task, &topic, partition, change);
                    }
                });
                changelogs.wrote(store.name(), records);
                if let Err(error) = shown {
                    written = Err(Fault::halt(error.to_string()).of_task(task));
                }
            });
            written?;
            if let Some(topic) = outgrown {
                return Err(outgrown_fault(running, &topic));
            }
        }
        Ok(())
    }

    /// The offsets of every task with a part in the transaction, also of those that moved no further: with them the
    /// broker checks that the group still counts us in.
    fn offsets(&mut self) -> Result<TopicPartitionList, Fault> {
        let mut offsets = TopicPartitionList::new();
        for running in self.tasks.values_mut().filter(|running| running.is_dirty()) {
            let task = running.task;
            let Some((next, metadata)) = running.ask() else {
                continue;
            };
            let topic = self.config.names.topic(task.topic);
            let mut element = offsets.add_partition(topic, task.partition);
            let set = element.set_offset(Offset::Offset(*next));
            set.map_err(|error| Fault::of("listing offsets", &error))?;
            let written = metadata.write();
            element.set_metadata(written.map_err(|why| Fault::halt(why).of_task(task))?);
        }
        Ok(offsets)
    }

    fn tell(&self, began: Instant) {
        let (stage, took) = (self.config.names.stage, began.elapsed());
        let (mut counts, mut deaths) = (FlowCounts::default(), Deaths::new());
        for running in self.tasks.values().filter(|running| running.is_dirty()) {
            counts.add(&running.pending);
            for (death, count) in &running.deaths {
                *deaths.entry(death.clone()).or_default() += count;
            }
        }
        self.config.observer.committed(&Committed {
            stage,
            counts: &counts,
            deaths: &deaths,
            took,
        });
    }
}

/// A change of state is too large for its changelog. The records of the transaction are applied again, each measured, so
/// that the one which made it so becomes a dead letter.
fn outgrown_fault<S: Stores>(running: &mut Running<S>, changelog: &str) -> Fault {
    let (task, limit) = (running.task, Changelog::MAX_MESSAGE_BYTES);
    let why = format!("{task:?}: a value is too large for {changelog}, {limit} bytes are the limit");
    let fault = if running.measure() {
        Fault::abort(why)
    } else {
        Fault::halt(format!("{why}, and no record made it so: report this"))
    };
    fault.of_task(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_expires_is_shared_by_the_tasks_of_a_transaction() {
        assert_eq!([0, 1, 4].map(share_of_expiry), [EXPIRED, EXPIRED, EXPIRED / 4]);
        assert_eq!(share_of_expiry(100_000), EXPIRED_OF_A_TASK);
    }
}
