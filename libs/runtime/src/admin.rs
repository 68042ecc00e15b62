//! The cluster as it is and as the table of topics wants it: topics, configuration, lag, contents.
//!
//! Everything that compares and decides is in `wanted` and `plan` and knows no Kafka.

mod apply;
mod cluster;
mod found;
mod growth;
mod history;
mod lag;
mod open_transactions;
mod plan;
mod quarantine;
mod read;
mod replay;
mod wanted;

pub use cluster::ClusterInfo;
pub use found::FoundTopic;
pub use history::Span;
pub use lag::{PartitionEnds, StageLag};
pub use open_transactions::OpenTransaction;
pub use plan::{Change, Plan};
pub use quarantine::QuarantinedTask;
pub use read::{Selection, StoredRecord};
pub use replay::Replayer;
pub use wanted::{WantedTopic, wanted};

use crate::client::{self, EndSeeker};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use settings::KafkaSettings;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use topology::{Prefix, StageName};

/// How long one question to the cluster may take.
const CALL: Duration = Duration::from_secs(10);

/// Why the cluster could not be looked at or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// No client can be made of these settings.
    #[error("{0}")]
    Settings(String),
    /// The cluster does not answer, or not as it should.
    #[error(
        "Kafka at {brokers} does not answer ({doing}: {why}); start it, or mend kafka.brokers in the settings"
    )]
    Unreachable {
        /// Where it should be.
        brokers: String,
        /// What was being done.
        doing: String,
        /// What the client said.
        why: String,
    },
    /// The cluster does not do what it was asked.
    #[error("Kafka refuses {doing}: {why}")]
    Refused {
        /// What was being done.
        doing: String,
        /// What the cluster said.
        why: String,
    },
}

/// Looks at the cluster and changes it; cheap to clone.
#[derive(Clone)]
pub struct Admin(Arc<Inner>);

struct Inner {
    kafka: KafkaSettings,
    prefix: Prefix,
    config: ClientConfig,
    client: AdminClient<DefaultClientContext>,
    glancer: Mutex<Option<BaseConsumer<EndSeeker>>>,
    uncommitted: Mutex<Option<BaseConsumer<EndSeeker>>>,
    groups: Mutex<HashMap<StageName, Arc<BaseConsumer<EndSeeker>>>>,
}

impl Admin {
    /// A client for the cluster of these settings and the topics of this prefix; nothing is sent yet.
    pub fn new(kafka: &KafkaSettings, prefix: &Prefix) -> Result<Self, AdminError> {
        let config = client::base(kafka);
        let client = config
            .create()
            .map_err(|error| AdminError::Settings(client::why(&error)))?;
        Ok(Self(Arc::new(Inner {
            kafka: kafka.clone(),
            prefix: prefix.clone(),
            config,
            client,
            glancer: Mutex::default(),
            uncommitted: Mutex::default(),
            groups: Mutex::default(),
        })))
    }
}

impl Inner {
    fn unreachable(&self, doing: &str, error: &KafkaError) -> AdminError {
        let (brokers, doing) = (self.kafka.brokers.clone(), doing.to_owned());
        AdminError::Unreachable {
            brokers,
            doing,
            why: client::why(error),
        }
    }

    /// A consumer without a group of its own that ends where a partition ends.
    fn reader(&self, group: &str) -> Result<BaseConsumer<EndSeeker>, AdminError> {
        self.reader_of(group, "read_committed")
    }

    fn reader_of(&self, group: &str, isolation: &str) -> Result<BaseConsumer<EndSeeker>, AdminError> {
        reader_config(&self.config, group, isolation)
            .create_with_context(EndSeeker)
            .map_err(|error| AdminError::Settings(client::why(&error)))
    }

    /// Lends the reader that looks at the first record of partitions and fetches little else. It is kept, because
    /// whoever glances does so often; one at a time.
    fn glancing<T>(
        &self,
        look: impl FnOnce(&BaseConsumer<EndSeeker>) -> Result<T, AdminError>,
    ) -> Result<T, AdminError> {
        self.lend(&self.glancer, "read_committed", look)
    }

    /// The same of one that sees what is in open transactions too.
    fn glancing_uncommitted<T>(
        &self,
        look: impl FnOnce(&BaseConsumer<EndSeeker>) -> Result<T, AdminError>,
    ) -> Result<T, AdminError> {
        self.lend(&self.uncommitted, "read_uncommitted", look)
    }

    fn lend<T>(
        &self,
        kept: &Mutex<Option<BaseConsumer<EndSeeker>>>,
        isolation: &str,
        look: impl FnOnce(&BaseConsumer<EndSeeker>) -> Result<T, AdminError>,
    ) -> Result<T, AdminError> {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(glancer) = &*kept {
            return look(glancer);
        }
        let mut config = reader_config(&self.config, "unused", isolation);
        config
            .set("queued.min.messages", "1")
            .set("fetch.message.max.bytes", "65536");
        let made = config.create_with_context(EndSeeker);
        let glancer = made.map_err(|error| AdminError::Settings(client::why(&error)))?;
        look(kept.insert(glancer))
    }
}

fn reader_config(base: &ClientConfig, group: &str, isolation: &str) -> ClientConfig {
    let mut config = base.clone();
    config
        .set("group.id", group)
        .set("isolation.level", isolation)
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("fetch.wait.max.ms", "50")
        // Markers of transactions fill the queue too, and then the client would wait a second to ask for more.
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.max.messages.kbytes", "4096");
    config
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(CALL))
        .operation_timeout(Some(CALL))
}

/// Runs what blocks where blocking harms nobody.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, AdminError> + Send + 'static,
) -> Result<T, AdminError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|stopped| {
        Err(AdminError::Refused {
            doing: doing.to_owned(),
            why: stopped.to_string(),
        })
    })
}
