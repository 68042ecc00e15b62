//! Where the counts are: beside the offsets of the stages, in Kafka and in the sink's database.

use super::report::{OpenReport, Read, Report};
use crate::app;
use crate::commands::dlq::{Letters, Past};
use crate::commands::migrate;
use crate::failure::Failure;
use crate::wiring;
use runtime::admin::{Admin, PartitionEnds};
use settings::Settings;
use sqlx::PgPool;
use std::collections::BTreeMap;
use tokio::sync::Mutex;
use topology::{Prefix, Topic};

/// Reads the counts.
pub(crate) struct Gatherer {
    admin: Admin,
    pool: PgPool,
    prefix: String,
    letters: Letters,
    replayed: Mutex<Replayed>,
}

/// Records that replays put back, by topic, as they were when the topic of replays ended so.
#[derive(Default)]
struct Replayed {
    ends: Vec<PartitionEnds>,
    records: BTreeMap<Topic, u64>,
}

impl Gatherer {
    /// Connects to the servers of these settings.
    pub(crate) async fn connect(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            admin: app::admin(settings)?,
            pool: migrate::connect(&settings.postgres).await?,
            prefix: settings.topic_prefix.clone(),
            letters: Letters::connect(settings)?,
            replayed: Mutex::default(),
        })
    }

    /// The stream as it is committed now.
    pub(crate) async fn gather(&self) -> Result<Report, Failure> {
        let mut lags = self.admin.lag().await?;
        let sink = sink::flow(&self.pool).await?;
        lags.extend(wiring::lag_of_sink(&self.admin, &sink).await?);
        let now = wiring::now();
        let reads = lags.into_iter().map(|lag| Read {
            stage: lag.stage,
            topic: lag.topic,
            lag: lag.total(),
            lag_seconds: lag.seconds(now),
            counts: lag.counts,
        });
        let reads: Vec<_> = reads.collect();
        let open = self.admin.open_transactions().await?;
        let open = open.into_iter().map(|open| OpenReport::of(&open, now)).collect();
        Ok(Report::of(&self.prefix, &reads, &self.replayed().await?, open))
    }

    /// The replays are read again only when there are new ones: who waits looks often.
    async fn replayed(&self) -> Result<BTreeMap<Topic, u64>, Failure> {
        let ends = self.admin.ends(Topic::DeadLetterReplays).await?;
        let mut known = self.replayed.lock().await;
        if ends.iter().all(|ends| ends.low == ends.end) {
            return Ok(BTreeMap::new());
        }
        if known.ends != ends {
            let past = self.letters.past().await?;
            known.records = by_topic(&past, &Prefix::new(&self.prefix));
            known.ends = ends;
        }
        Ok(known.records.clone())
    }
}

fn by_topic(past: &Past, prefix: &Prefix) -> BTreeMap<Topic, u64> {
    let records = Topic::all().map(|topic| (topic, past.records_on(&prefix.apply(topic.name()))));
    records.collect()
}
