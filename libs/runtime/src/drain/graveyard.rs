//! The dead letters of a drain: on the topic of dead letters like those of every stage, each once.
//!
//! A drain has no transaction that its rows and a topic share. So the letters come first, in a Kafka transaction of
//! their own with the offset of the group: below the group's offset every dead record has its letter. A batch that is
//! read again, because it was not stored or its lane died, writes only what is not below it. The group's generation
//! goes with the offset, so a former owner, whose rows the store would refuse, is refused here too.

use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::lane::{Intake, Outbox};
use crate::observer::Death;
use crate::work::{Budget, Burial, Carried, Letter};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::{Advance, Cx, Input, Poison, Task};
use std::collections::{BTreeMap, HashMap};

/// The letter of a record that stands here.
pub(super) struct Dead {
    pub(super) task: Task,
    pub(super) offset: i64,
    pub(super) letter: Letter,
}

/// See the module.
pub(super) struct Graveyard<'a> {
    config: &'a LaneConfig,
    budget: Budget<'a>,
    burial: Burial,
    /// How many records of each task were stored since the lane began.
    stored: HashMap<Task, u64>,
    /// What the group was last shown of each task.
    shown: BTreeMap<Task, i64>,
    /// Below this every dead record of the task has its letter; not here before it was asked for.
    buried: HashMap<Task, i64>,
    /// Made for the first dead letter: most drains never have one.
    outbox: Option<Outbox>,
    doubtful: bool,
}

impl<'a> Graveyard<'a> {
    /// For records that are read as `I`.
    pub(super) fn new<I: Input>(config: &'a LaneConfig) -> Self {
        Self {
            config,
            budget: Budget::new(config),
            burial: Burial::new::<I>(config),
            stored: HashMap::new(),
            shown: BTreeMap::new(),
            buried: HashMap::new(),
            outbox: None,
            doubtful: false,
        }
    }

    /// Says why this dead letter is one too many, if it is; `in_batch` is how many records of the task the batch has,
    /// this one included.
    pub(super) fn spend(&mut self, cx: &Cx<'_>, poison: &Poison, in_batch: u64) -> Option<String> {
        let (topic, partition) = (cx.topic, cx.partition);
        let stored = self.stored.get(&Task { topic, partition });
        let number = stored.copied().unwrap_or_default() + in_batch;
        self.budget.spend(cx, poison, number)
    }

    /// The letter of a record, and what is counted of it.
    pub(super) fn letter(&mut self, cx: &Cx<'_>, carried: Carried<'_>, poison: Poison) -> (Letter, Death) {
        self.burial.of(cx, carried, poison)
    }

    /// A batch was stored, and the group is shown how far.
    pub(super) fn stored(&mut self, advances: &[Advance]) {
        for advance in advances {
            *self.stored.entry(advance.task).or_default() += advance.counts.read;
            self.shown.insert(advance.task, advance.to);
        }
    }

    /// A person asks for another try of a task.
    pub(super) fn retry(&mut self, task: Task) {
        self.budget.forget(task);
    }

    /// Others may write letters of these tasks from now on.
    pub(super) fn let_go(&mut self, tasks: &[Task]) {
        for task in tasks {
            self.buried.remove(task);
            self.shown.remove(task);
        }
    }

    /// Writes the letters that are not on the topic yet. Returns once they are committed.
    pub(super) fn bury(&mut self, intake: &Intake, mut letters: Vec<Dead>) -> Result<(), Fault> {
        if letters.is_empty() {
            return Ok(());
        }
        self.ask_where_they_stand(intake, &letters)?;
        letters.retain(|dead| dead.offset >= self.buried.get(&dead.task).copied().unwrap_or_default());
        if letters.is_empty() {
            return Ok(());
        }
        let reached: BTreeMap<Task, i64> = letters.iter().map(|dead| (dead.task, dead.offset + 1)).collect();
        // What was shown last must not arrive after what is committed now, or letters would be written again.
        let shown = reached.keys().filter_map(|task| self.shown.remove_entry(task));
        intake.await_progress(&shown.collect::<Vec<_>>(), self.config.limit)?;
        self.write(intake, letters, &reached)?;
        self.buried.extend(reached);
        Ok(())
    }

    fn write(
        &mut self,
        intake: &Intake,
        letters: Vec<Dead>,
        reached: &BTreeMap<Task, i64>,
    ) -> Result<(), Fault> {
        let mut offsets = TopicPartitionList::new();
        for (task, offset) in reached {
            let topic = self.config.names.topic(task.topic);
            let added = offsets.add_partition_offset(topic, task.partition, Offset::Offset(*offset));
            added.map_err(|error| Fault::of("listing offsets", &error))?;
        }
        let outbox = self.outbox()?;
        for dead in letters {
            dead.letter.send(outbox)?;
        }
        let doubtful = outbox.commit(offsets, intake.group()?)?;
        self.doubtful = doubtful;
        Ok(())
    }

    /// A producer that may begin a transaction.
    fn outbox(&mut self) -> Result<&mut Outbox, Fault> {
        if self.outbox.is_none() || std::mem::take(&mut self.doubtful) {
            let (config, names) = (self.config, self.config.names.clone());
            let made = Outbox::new(
                &config.producer,
                config.limit,
                config.stop.clone(),
                names,
                config.ids,
            )?;
            self.outbox = Some(made);
        }
        let outbox = self.outbox.as_mut();
        outbox.ok_or_else(|| Fault::rebuild("there is no producer for dead letters"))
    }

    fn ask_where_they_stand(&mut self, intake: &Intake, letters: &[Dead]) -> Result<(), Fault> {
        let mut unknown: Vec<Task> = letters.iter().map(|dead| dead.task).collect();
        unknown.retain(|task| !self.buried.contains_key(task));
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        self.buried.extend(intake.progress(&unknown)?);
        Ok(())
    }
}
