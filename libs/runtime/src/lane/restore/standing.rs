//! Where the group stands in the input of each task, and whether that place still exists.

use super::layout::Layout;
use super::{BEGIN_ANEW, CALL, Job};
use crate::client::ends;
use crate::fault::Fault;
use crate::kafka::{Kafka, Reader};
use crate::lane::task::{Running, changelog_partition};
use crate::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::{Stores, Task};
use std::collections::BTreeSet;

/// A broker that was killed may hold the offsets back until a person ends what it forgot.
const DOING: &str = "reading committed offsets (if this lasts: docs/FAULTS.md, \"The broker is away\")";

impl<S: Stores, K: Kafka> Job<S, K> {
    /// Fresh tasks that stand where their last commit left them.
    pub(super) fn standing(&self) -> Result<Vec<Running<S>>, Fault> {
        let stateful = !self.names.stage.stores().is_empty();
        let answer = self.ask(stateful)?;
        let committed = self.tasks.iter().map(|task| self.standing_of(*task, &answer));
        let committed = committed.collect::<Result<Vec<_>, _>>()?;
        if stateful {
            self.refuse_moved_keys(&answer)?;
        }
        let stand = |(task, committed): (&Task, Option<(i64, Metadata)>)| {
            let partition = changelog_partition(self.names.stage, *task, self.partitions);
            let mut running = Running::new(*task, partition, S::default());
            if let Some((offset, kept)) = committed {
                self.refuse_gap(*task, offset)
                    .map_err(|fault| fault.of_task(*task))?;
                running.stand_at(offset, kept);
            }
            running.partitions = stateful.then_some(self.partitions);
            Ok(running)
        };
        self.tasks.iter().zip(committed).map(stand).collect()
    }

    /// The offsets that the group committed and what is kept beside them. While a predecessor's transaction holds an
    /// offset that is not decided yet, the client asks again by itself.
    fn ask(&self, stateful: bool) -> Result<TopicPartitionList, Fault> {
        // A partition that was added knows nothing of those that were there before; the first one does.
        let first = |task: &Task| Task {
            partition: 0,
            ..*task
        };
        let firsts = self.tasks.iter().filter(|_| stateful).map(first);
        let asked: BTreeSet<Task> = self.tasks.iter().copied().chain(firsts).collect();
        let mut list = TopicPartitionList::new();
        for task in asked {
            list.add_partition(self.names.topic(task.topic), task.partition);
        }
        let answer = self.group.committed_offsets(list, CALL);
        answer.map_err(|error| Fault::of(DOING, &error))
    }

    /// Before the first record: are the partitions those by which the state was written?
    fn refuse_moved_keys(&self, answer: &TopicPartitionList) -> Result<(), Fault> {
        let topics: BTreeSet<_> = self.tasks.iter().map(|task| task.topic).collect();
        for topic in topics {
            let name = self.names.topic(topic);
            let found = self.group.partitions(name, CALL);
            let found =
                found.map_err(|error| Fault::of(&format!("reading the partitions of {name}"), &error))?;
            let kept = answer.elements_for_topic(name).into_iter();
            let mut kept = kept.filter_map(|element| Metadata::read(element.metadata()).ok());
            let layout = Layout {
                found: i32::try_from(found.len()).unwrap_or(i32::MAX),
                configured: self.partitions,
                committed: kept.find_map(|kept| kept.partitions),
            };
            if let Some(why) = layout.refusal(name).filter(|_| !found.is_empty()) {
                return Err(Fault::halt(why));
            }
        }
        Ok(())
    }

    /// An error of one partition stands beside an offset that elsewhere means that nothing was ever committed.
    fn standing_of(&self, task: Task, answer: &TopicPartitionList) -> Result<Option<(i64, Metadata)>, Fault> {
        let topic = self.names.topic(task.topic);
        let at = format!("{topic}-{}", task.partition);
        let element = answer.find_partition(topic, task.partition);
        let element = element.ok_or_else(|| Fault::rebuild(format!("{at}: the broker names no offset")))?;
        let read = element.error();
        read.map_err(|error| Fault::of(&format!("reading the committed offset of {at}"), &error))?;
        let Offset::Offset(offset) = element.offset() else {
            return Ok(None);
        };
        let kept = Metadata::read(element.metadata());
        let kept = kept.map_err(|why| Fault::halt(format!("{at}: {why}")).of_task(task))?;
        Ok(Some((offset, kept)))
    }

    /// Records that were deleted before they were read are lost, and a topic that was made anew holds other records
    /// under the same offsets; going on would hide it.
    fn refuse_gap(&self, task: Task, committed: i64) -> Result<(), Fault> {
        let name = self.names.topic(task.topic);
        let (low, high) = ends(&*self.group, name, task.partition)?;
        let at = format!(
            "{name}-{}: the group stands at {committed}, but the topic",
            task.partition
        );
        if committed < low {
            let lost = low - committed;
            return Err(Fault::halt(format!(
                "{at} begins at {low}: {lost} records were deleted unread; lengthen the retention, and set the group \
                 to {low} to accept the loss"
            )));
        }
        if committed > high {
            return Err(Fault::halt(format!(
                "{at} ends at {high}: it was deleted and made anew, or is another cluster's; if that was meant, \
                 {BEGIN_ANEW}"
            )));
        }
        Ok(())
    }
}
