//! How far the stages of this process are behind, in records and seconds, measured beside the lanes every few seconds:
//! a lane that stands still cannot say so itself.

use super::target::Target;
use crate::app;
use crate::failure::Failure;
use database::Way;
use runtime::admin::{Admin, StageLag};
use settings::Settings;
use sink::TaskFlow;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use stage::FlowCounts;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use telemetry::Metrics;
use topology::StageName;

const LOOK_UP: Duration = Duration::from_secs(5);

/// Measures the lag of some stages.
pub(super) struct LagWatch {
    admin: Admin,
    stages: Vec<StageName>,
    /// The sink keeps its offsets there.
    stored: Option<(Way, PgPool)>,
}

/// What the database shows of us.
const APPLICATION: &str = "sluicebox-lag";

impl LagWatch {
    /// For the stages of these services; `database` is where the sink stores.
    pub(super) fn new(
        settings: &Settings,
        services: &BTreeSet<Target>,
        database: Option<Way>,
    ) -> Result<Self, Failure> {
        let stored = database.map(|way| {
            let one = PgPoolOptions::new().max_connections(1);
            let pool = one.connect_lazy_with(way.options(APPLICATION));
            (way, pool)
        });
        Ok(Self {
            admin: app::admin(settings)?,
            stages: services
                .iter()
                .flat_map(|service| service.stages())
                .filter(|stage| !stage.inputs().is_empty())
                .collect(),
            stored,
        })
    }

    /// Shows the lag in the metrics, again and again. Servers that are away show in health; here they only leave the
    /// last figure standing.
    pub(super) async fn show(self, metrics: Metrics) {
        let kept = self.stored.clone();
        let keep = async move {
            if let Some((way, pool)) = kept {
                way.keep(pool, APPLICATION, |options| options).await;
            }
        };
        tokio::join!(keep, self.show_lags(&metrics));
    }

    async fn show_lags(&self, metrics: &Metrics) {
        let mut look_up = tokio::time::interval(LOOK_UP);
        look_up.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look_up.tick().await;
            match self.look().await {
                Ok(lags) => {
                    for lag in &lags {
                        tell(lag, metrics);
                    }
                    metrics.lag_measured(now() as f64 / 1_000.0);
                }
                Err(error) => tracing::debug!(%error, "lag cannot be measured now"),
            }
        }
    }

    async fn look(&self) -> Result<Vec<StageLag>, Failure> {
        let mut lags = self.admin.lag_of(&self.stages).await?;
        if let Some((_, pool)) = &self.stored {
            let flow = sink::flow(pool).await?;
            lags.extend(lag_of_sink(&self.admin, &flow).await?);
        }
        Ok(lags)
    }
}

fn tell(lag: &StageLag, metrics: &Metrics) {
    let (stage, topic) = (lag.stage.as_str(), lag.topic.name());
    metrics.lag(stage, topic, lag.total(), lag.seconds(now()));
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The lag of the sink, whose offsets stand in its database.
pub(crate) async fn lag_of_sink(admin: &Admin, flow: &[TaskFlow]) -> Result<Vec<StageLag>, Failure> {
    let mut lags = Vec::new();
    for topic in StageName::Sink.inputs() {
        let flows = || flow.iter().filter(|flow| flow.task.topic == topic);
        let next = flows()
            .map(|flow| (flow.task.partition, flow.next_offset))
            .collect();
        let mut counts = FlowCounts::default();
        flows().for_each(|flow| counts.add(&flow.counts));
        lags.push(admin.lag_from(StageName::Sink, topic, next, counts).await?);
    }
    Ok(lags)
}
