//! The brokers, and whether their clocks agree with ours.

use super::{Admin, AdminError, CALL, blocking};
use rdkafka::Timestamp;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use topology::Topic;

/// The cluster in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterInfo {
    /// The cluster's id, if it says so.
    pub id: Option<String>,
    /// Its brokers: id and `host:port` as they advertise themselves.
    pub brokers: Vec<(i32, String)>,
    /// Version of the Kafka client library.
    pub client_version: String,
}

impl Admin {
    /// Asks the cluster who it is.
    pub async fn cluster(&self) -> Result<ClusterInfo, AdminError> {
        let inner = Arc::clone(&self.0);
        let ask = move || {
            let client = inner.client.inner();
            let metadata = client.fetch_metadata(None, CALL);
            let metadata = metadata.map_err(|error| inner.unreachable("asking for the brokers", &error))?;
            let brokers = metadata.brokers().iter();
            let brokers = brokers.map(|broker| (broker.id(), format!("{}:{}", broker.host(), broker.port())));
            let client_version = rdkafka::util::get_rdkafka_version().1;
            Ok(ClusterInfo {
                id: client.fetch_cluster_id(CALL),
                brokers: brokers.collect(),
                client_version,
            })
        };
        blocking("asking for the brokers", ask).await
    }

    /// How far the broker's clock is ahead of ours, in ms, to about the time of a round trip. Writes one record to
    /// the ingest topic in a transaction and aborts it, so that no reader of the stream ever sees it.
    pub async fn clock_ahead(&self) -> Result<i64, AdminError> {
        const DOING: &str = "asking for the broker's time";
        let failed = |error: &rdkafka::error::KafkaError| self.0.unreachable(DOING, error);
        let mut config = self.0.config.clone();
        config
            .set("transactional.id", self.0.prefix.apply("doctor"))
            .set("linger.ms", "0");
        let producer: FutureProducer = config.create().map_err(|error| failed(&error))?;
        let beginning = producer.clone();
        let begun = tokio::task::spawn_blocking(move || {
            beginning.init_transactions(CALL)?;
            beginning.begin_transaction()
        });
        let begun = begun.await.unwrap_or(Ok(()));
        begun.map_err(|error| failed(&error))?;
        let topic = self.0.prefix.apply(Topic::IngestEvents.name());
        let record = FutureRecord::<(), [u8]>::to(&topic).payload(b"{}".as_slice());
        let before = now();
        let sent = producer.send(record, CALL).await;
        let halfway = before + (now() - before) / 2;
        let aborting = producer.clone();
        let aborted = tokio::task::spawn_blocking(move || aborting.abort_transaction(CALL)).await;
        aborted.unwrap_or(Ok(())).map_err(|error| failed(&error))?;
        match sent.map_err(|(error, _)| failed(&error))?.timestamp {
            Timestamp::LogAppendTime(time) => Ok(time - halfway),
            Timestamp::CreateTime(_) | Timestamp::NotAvailable => Err(AdminError::Refused {
                doing: DOING.to_owned(),
                why: format!("{topic} does not keep the broker's time; run `sluicebox topics apply`"),
            }),
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
