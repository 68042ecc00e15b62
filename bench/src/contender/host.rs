//! Runs stages of ours as the product does, without registry, telemetry and settings files.

use super::ContenderArgs;
use crate::course::Course;
use anyhow::{Context, Result, anyhow};
use model::{SchemaIds, SchemaLookup, SchemaSource, WriterSchema, schema_text};
use runtime::{
    Committed, LaneState, Observer, RunningStage, Shared, Stop, run_stage, run_stage_at_least_once,
};
use settings::{DeadLetterSettings, KafkaSettings};
use stage::Stage;
use std::sync::Arc;
use topology::{Schema, StageName};

/// Each schema's id is its number.
pub(crate) const IDS: SchemaIds = {
    let mut ids = [0; Schema::ALL.len()];
    let mut at = 1;
    while at < ids.len() {
        ids[at] = ids[at - 1] + 1;
        at += 1;
    }
    SchemaIds(ids)
};

/// Knows the schemas of the stream without asking.
pub(crate) struct OwnSchemas;

impl SchemaSource for OwnSchemas {
    fn schema(&self, id: u32) -> SchemaLookup {
        let schema = Schema::ALL.get(id as usize);
        let parsed = schema.map(|schema| WriterSchema::parse(schema_text(*schema)));
        match parsed {
            Some(Ok(schema)) => SchemaLookup::Known(schema),
            Some(Err(why)) => SchemaLookup::Unknown(why),
            None => SchemaLookup::Unknown("there is no such schema".to_owned()),
        }
    }
}

/// The stages of a contender.
pub(super) struct Host {
    shared: Shared,
    waiting: Vec<StageName>,
    running: Vec<RunningStage>,
}

impl Host {
    /// Starts the next stage of the course.
    pub(super) fn start<S: Stage + 'static>(
        &mut self,
        make: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<()> {
        let name = self.next()?;
        self.running.push(run_stage(&self.shared, name, make)?);
        Ok(())
    }

    /// Starts it without transactions.
    pub(super) fn start_at_least_once<S: Stage + 'static>(
        &mut self,
        make: impl Fn() -> S + Send + Sync + 'static,
    ) -> Result<()> {
        let name = self.next()?;
        self.running
            .push(run_stage_at_least_once(&self.shared, name, make)?);
        Ok(())
    }

    fn next(&mut self) -> Result<StageName> {
        self.waiting.pop().context("more stages than the course has")
    }
}

/// Starts the stages, and stops them when standard input closes.
pub(super) fn run(
    args: &ContenderArgs,
    course: &Course,
    start: impl FnOnce(&mut Host) -> Result<()>,
) -> Result<()> {
    let stop = Stop::default();
    let shared = Shared {
        dead_letters: DeadLetterSettings::default(),
        kafka: KafkaSettings {
            brokers: args.brokers.clone(),
            partitions: u32::try_from(course.partitions)?,
            min_commit_interval_ms: args.tuning.least_ms,
            ..KafkaSettings::default()
        },
        prefix: course.prefix.clone(),
        instance: args.tuning.instance.clone(),
        ids: IDS,
        schemas: Arc::new(OwnSchemas),
        observer: Arc::new(Teller),
        stop: stop.clone(),
    };
    let mut host = Host {
        shared,
        waiting: course.stages.iter().rev().copied().collect(),
        running: Vec::new(),
    };
    start(&mut host)?;
    super::wait_for_the_end();
    stop.set();
    let ended = host.running.into_iter().map(RunningStage::join);
    ended
        .fold(Ok(()), Result::and)
        .map_err(|failed| anyhow!(failed.to_string()))
}

/// Tells the driver what the lanes do.
struct Teller;

impl Observer for Teller {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        match state {
            LaneState::Running { tasks } | LaneState::Restoring { tasks, .. } => super::running(*tasks),
            LaneState::Waiting(_) | LaneState::Failed(_) => crate::say(state),
            _ => {}
        }
    }

    fn committed(&self, _: &Committed<'_>) {}
}
