//! The topics as they are.

use super::plan::{Plan, plan};
use super::wanted::wanted;
use super::{Admin, AdminError, CALL, Inner, blocking, options};
use rdkafka::admin::{ConfigSource, ResourceSpecifier};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A topic as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTopic {
    /// How many partitions.
    pub partitions: i32,
    /// How many copies of each.
    pub replication: i32,
    /// Its settings in force, by Kafka's names.
    pub config: BTreeMap<String, String>,
    /// Those of them that were set for this topic; the others are the broker's.
    pub own: BTreeMap<String, String>,
}

impl Admin {
    /// The topics whose names begin with the prefix, by name.
    pub async fn topics(&self) -> Result<BTreeMap<String, FoundTopic>, AdminError> {
        let inner = Arc::clone(&self.0);
        let mut topics = blocking("listing topics", move || inner.sizes()).await?;
        let names: Vec<String> = topics.keys().cloned().collect();
        let resources: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        if resources.is_empty() {
            return Ok(topics);
        }
        let described = self.0.client.describe_configs(&resources, &options()).await;
        let described =
            described.map_err(|error| self.0.unreachable("reading the topics' settings", &error))?;
        for (name, described) in names.iter().zip(described) {
            let (Ok(resource), Some(topic)) = (described, topics.get_mut(name)) else {
                continue;
            };
            for entry in resource.entries {
                let value = entry.value.unwrap_or_default();
                if matches!(entry.source, ConfigSource::DynamicTopic) {
                    topic.own.insert(entry.name.clone(), value.clone());
                }
                topic.config.insert(entry.name, value);
            }
        }
        Ok(topics)
    }

    /// The names of the topics that begin with the prefix, as far as whoever asks may see them; asks for no settings.
    pub async fn names(&self) -> Result<BTreeSet<String>, AdminError> {
        let inner = Arc::clone(&self.0);
        let sizes = blocking("listing topics", move || inner.sizes()).await?;
        Ok(sizes.into_keys().collect())
    }

    /// What has to change so that all topics are as the table wants them.
    pub async fn plan(&self) -> Result<Plan, AdminError> {
        let all = wanted(&self.0.kafka, &self.0.prefix);
        Ok(plan(all, &self.topics().await?))
    }
}

impl Inner {
    fn sizes(&self) -> Result<BTreeMap<String, FoundTopic>, AdminError> {
        let metadata = self.client.inner().fetch_metadata(None, CALL);
        let metadata = metadata.map_err(|error| self.unreachable("listing topics", &error))?;
        let ours = metadata
            .topics()
            .iter()
            .filter(|topic| self.prefix.strip(topic.name()).is_some());
        let size = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let topics = ours.map(|topic| {
            let copies = topic
                .partitions()
                .iter()
                .map(|partition| partition.replicas().len())
                .min();
            let found = FoundTopic {
                partitions: size(topic.partitions().len()),
                replication: size(copies.unwrap_or_default()),
                config: BTreeMap::new(),
                own: BTreeMap::new(),
            };
            (topic.name().to_owned(), found)
        });
        Ok(topics.collect())
    }
}
