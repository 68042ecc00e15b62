//! Where the counts are: in the changelogs of the stages, and in the sink's database.

use super::report::{Read, Report};
use crate::app;
use crate::commands::migrate;
use crate::failure::Failure;
use runtime::admin::{Admin, StageLag, StoredRecord};
use settings::Settings;
use sink::TaskFlow;
use sqlx::PgPool;
use stage::FlowCounts;
use std::collections::HashMap;
use topology::{Changelog, FLOW_STORE, StageName, Topic};

/// Reads the counts.
pub(crate) struct Gatherer {
    admin: Admin,
    pool: PgPool,
    prefix: String,
}

type ByTask = HashMap<(StageName, Topic), FlowCounts>;

impl Gatherer {
    /// Connects to the servers of these settings.
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            admin: app::admin(settings)?,
            pool: migrate::connect(&settings.postgres).await?,
            prefix: settings.topic_prefix.clone(),
        })
    }

    /// The stream as it is committed now. Lags first: what is committed between the two looks is counted, not missed.
    pub(crate) async fn gather(&self) -> Result<Report, Failure> {
        let mut lags = self.admin.lag().await?;
        let sink = sink::flow(&self.pool).await;
        let sink = sink.map_err(|error| {
            Failure::Unreachable(format!("PostgreSQL: {error}; run `sluicebox migrate up`"))
        })?;
        lags.extend(self.lag_of_sink(&sink).await?);
        let counts = self.counts(&sink).await?;
        let reads = lags.iter().map(|lag| Read {
            stage: lag.stage,
            topic: lag.topic,
            counts: counts.get(&(lag.stage, lag.topic)).cloned().unwrap_or_default(),
            lag: lag.total(),
        });
        Ok(Report::of(&self.prefix, &reads.collect::<Vec<_>>()))
    }

    async fn lag_of_sink(&self, flow: &[TaskFlow]) -> Result<Vec<StageLag>, Failure> {
        let mut lags = Vec::new();
        for topic in StageName::Sink.inputs() {
            let next = flow.iter().filter(|flow| flow.task.topic == topic);
            let next = next.map(|flow| (flow.task.partition, flow.next_offset)).collect();
            lags.push(self.admin.lag_from(StageName::Sink, topic, next).await?);
        }
        Ok(lags)
    }

    async fn counts(&self, sink: &[TaskFlow]) -> Result<ByTask, Failure> {
        let logs: Vec<_> = Changelog::all().filter(|log| log.store == FLOW_STORE).collect();
        let names: Vec<String> = logs.iter().map(|log| log.topic_name()).collect();
        let partitions = self.admin.ends(Topic::IngestEvents).await?.len();
        let mut counts = ByTask::new();
        for record in self.admin.read_latest(&names).await? {
            let stage = logs
                .iter()
                .find(|log| log.topic_name() == record.topic)
                .map(|log| log.stage);
            if let Some((stage, topic)) = stage.and_then(|stage| task(stage, &record, partitions)) {
                counts.entry((stage, topic)).or_default().add(&decode(&record)?);
            }
        }
        for flow in sink {
            counts
                .entry((StageName::Sink, flow.task.topic))
                .or_default()
                .add(&flow.counts);
        }
        Ok(counts)
    }
}

/// The task of a changelog's partition: input topics one after the other, each with all its partitions.
fn task(stage: StageName, record: &StoredRecord, partitions: usize) -> Option<(StageName, Topic)> {
    let index = usize::try_from(record.partition).ok()? / partitions.max(1);
    Some((stage, *stage.inputs().get(index)?))
}

fn decode(record: &StoredRecord) -> Result<FlowCounts, Failure> {
    let value = record.value.as_deref().unwrap_or_default();
    rmp_serde::from_slice(value).map_err(|error| {
        let (topic, offset) = (&record.topic, record.offset);
        Failure::Check(format!(
            "{topic} at offset {offset} holds no counts: {error}; was it written by a newer version?"
        ))
    })
}
