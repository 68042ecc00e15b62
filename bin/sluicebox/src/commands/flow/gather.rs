//! Where the counts are: beside the offsets of the stages, in Kafka and in the sink's database.

use super::report::{Read, Report};
use crate::app;
use crate::commands::migrate;
use crate::failure::Failure;
use runtime::admin::{Admin, StageLag};
use settings::Settings;
use sink::TaskFlow;
use sqlx::PgPool;
use stage::FlowCounts;
use topology::StageName;

/// Reads the counts.
pub(crate) struct Gatherer {
    admin: Admin,
    pool: PgPool,
    prefix: String,
}

impl Gatherer {
    /// Connects to the servers of these settings.
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            admin: app::admin(settings)?,
            pool: migrate::connect(&settings.postgres).await?,
            prefix: settings.topic_prefix.clone(),
        })
    }

    /// The stream as it is committed now.
    pub(crate) async fn gather(&self) -> Result<Report, Failure> {
        let mut lags = self.admin.lag().await?;
        let sink = sink::flow(&self.pool).await;
        let sink = sink.map_err(|error| {
            Failure::Unreachable(format!("PostgreSQL: {error}; run `sluicebox migrate up`"))
        })?;
        lags.extend(self.lag_of_sink(&sink).await?);
        let reads = lags.into_iter().map(|lag| Read {
            stage: lag.stage,
            topic: lag.topic,
            lag: lag.total(),
            counts: lag.counts,
        });
        Ok(Report::of(&self.prefix, &reads.collect::<Vec<_>>()))
    }

    async fn lag_of_sink(&self, flow: &[TaskFlow]) -> Result<Vec<StageLag>, Failure> {
        let mut lags = Vec::new();
        for topic in StageName::Sink.inputs() {
            let flows = || flow.iter().filter(|flow| flow.task.topic == topic);
            let next = flows()
                .map(|flow| (flow.task.partition, flow.next_offset))
                .collect();
            let mut counts = FlowCounts::default();
            flows().for_each(|flow| counts.add(&flow.counts));
            lags.push(self.admin.lag_from(StageName::Sink, topic, next, counts).await?);
        }
        Ok(lags)
    }
}
