//! Makes the topics as they should be, and takes away those of a prefix.

use super::plan::{Change, Plan};
use super::read::is_passing;
use super::wanted::wanted;
use super::{Admin, AdminError, blocking, options};
use crate::client;
use rdkafka::Offset;
use rdkafka::admin::{AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long new partitions may take to get leaders: a busy broker makes hundreds of them one after the other.
const IN_FORCE: Duration = Duration::from_mins(1);

type Outcomes = Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, KafkaError>;

impl Admin {
    /// Creates and configures what the plan says; adds partitions only if `grow`, and only where no key moves away from its
    /// state: otherwise nothing is changed. Never shrinks and never copies.
    /// Applying a plan twice changes nothing the second time.
    pub async fn apply(&self, plan: &Plan, grow: bool) -> Result<(), AdminError> {
        if grow {
            self.refuse_moving_keys(plan).await?;
        }
        self.create(plan).await?;
        if grow {
            self.grow(plan).await?;
        }
        self.configure(plan).await?;
        self.wait_until_in_force(plan, grow).await
    }

    /// Brokers learn of changes one after the other; until then a new partition has no leader.
    async fn wait_until_in_force(&self, asked: &Plan, grow: bool) -> Result<(), AdminError> {
        let mendable =
            |change: &Change| !change.is_refused() && (grow || !matches!(change, Change::Grow { .. }));
        if !asked.0.iter().any(mendable) {
            return Ok(());
        }
        let deadline = Instant::now() + IN_FORCE;
        loop {
            let left = self.plan().await?;
            if !left.0.iter().any(mendable) && self.is_led().await? {
                return Ok(());
            }
            if Instant::now() > deadline {
                let change = left.0.iter().find(|change| mendable(change));
                let what = change.map_or("a partition has no leader".to_owned(), ToString::to_string);
                let doing = "applying the topics".to_owned();
                return Err(AdminError::Refused {
                    doing,
                    why: format!("it is not in force: {what}; look at the broker's log"),
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Whether every partition of every topic answers; a leader may be named before it has taken up its work.
    async fn is_led(&self) -> Result<bool, AdminError> {
        let inner = Arc::clone(&self.0);
        let ask = move || {
            let reader = inner.reader("unused")?;
            let names = wanted(&inner.kafka, &inner.prefix)
                .into_iter()
                .map(|topic| topic.name);
            for name in names {
                // One request for all partitions of a topic: one for each would take longer than anybody waits.
                let partitions = inner.partitions(&reader, &name)?;
                match client::offsets_at(&reader, &name, &partitions, Offset::End) {
                    Ok(_) => {}
                    Err(error) if is_passing(&error) => return Ok(false),
                    Err(error) => return Err(inner.unreachable("looking for leaders", &error)),
                }
            }
            Ok(true)
        };
        blocking("looking for leaders", ask).await
    }

    async fn create(&self, plan: &Plan) -> Result<(), AdminError> {
        let new = plan.0.iter().filter_map(|change| match change {
            Change::Create(topic) => {
                let new = NewTopic::new(
                    &topic.name,
                    topic.partitions,
                    TopicReplication::Fixed(topic.replication),
                );
                Some(
                    topic
                        .config
                        .iter()
                        .fold(new, |new, (key, value)| new.set(key, value)),
                )
            }
            _ => None,
        });
        let new: Vec<NewTopic<'_>> = new.collect();
        if new.is_empty() {
            return Ok(());
        }
        // Somebody else may have been faster.
        let fine = [RDKafkaErrorCode::TopicAlreadyExists];
        self.settled(
            "creating",
            &fine,
            self.0.client.create_topics(&new, &options()).await,
        )
    }

    async fn grow(&self, plan: &Plan) -> Result<(), AdminError> {
        let more = plan.0.iter().filter_map(|change| match change {
            Change::Grow { topic, wanted, .. } => Some(NewPartitions::new(
                topic,
                usize::try_from(*wanted).unwrap_or_default(),
            )),
            _ => None,
        });
        let more: Vec<NewPartitions<'_>> = more.collect();
        if more.is_empty() {
            return Ok(());
        }
        self.settled(
            "adding partitions to",
            &[],
            self.0.client.create_partitions(&more, &options()).await,
        )
    }

    /// Kafka's request replaces all settings of a topic, so those that somebody else made are sent along.
    async fn configure(&self, plan: &Plan) -> Result<(), AdminError> {
        let changed = plan.0.iter().filter_map(|change| match change {
            Change::Configure {
                topic, key, wanted, ..
            } => Some((topic.as_str(), *key, wanted.as_str())),
            _ => None,
        });
        let changed: Vec<_> = changed.collect();
        if changed.is_empty() {
            return Ok(());
        }
        let found = self.topics().await?;
        let names: BTreeSet<&str> = changed.iter().map(|(topic, _, _)| *topic).collect();
        let altered = names.into_iter().map(|name| {
            let mut entries: BTreeMap<&str, &str> = BTreeMap::new();
            if let Some(topic) = found.get(name) {
                entries.extend(
                    topic
                        .own
                        .iter()
                        .map(|(key, value)| (key.as_str(), value.as_str())),
                );
            }
            entries.extend(
                changed
                    .iter()
                    .filter(|change| change.0 == name)
                    .map(|(_, key, value)| (*key, *value)),
            );
            let config = AlterConfig::new(ResourceSpecifier::Topic(name));
            entries
                .into_iter()
                .fold(config, |config, (key, value)| config.set(key, value))
        });
        let altered: Vec<AlterConfig<'_>> = altered.collect();
        let outcome = self.0.client.alter_configs(&altered, &options()).await;
        let outcome = outcome.map_err(|error| self.0.unreachable("configuring topics", &error))?;
        for result in outcome {
            result.map_err(|(topic, code)| refused("configuring", &format!("{topic:?}"), code))?;
        }
        Ok(())
    }

    /// Deletes every topic whose name begins with the prefix; there must be one. For tests, and for taking an
    /// installation away.
    pub async fn delete_all(&self) -> Result<usize, AdminError> {
        if self.0.prefix == topology::Prefix::default() {
            let why = "without a topic_prefix that would be every topic of the cluster".to_owned();
            return Err(AdminError::Refused {
                doing: "deleting topics".to_owned(),
                why,
            });
        }
        let topics = self.topics().await?;
        let names: Vec<&str> = topics.keys().map(String::as_str).collect();
        if !names.is_empty() {
            let fine = [RDKafkaErrorCode::UnknownTopicOrPartition];
            self.settled(
                "deleting",
                &fine,
                self.0.client.delete_topics(&names, &options()).await,
            )?;
        }
        Ok(names.len())
    }

    fn settled(&self, doing: &str, fine: &[RDKafkaErrorCode], outcome: Outcomes) -> Result<(), AdminError> {
        for result in outcome.map_err(|error| self.0.unreachable(&format!("{doing} topics"), &error))? {
            match result {
                Err((topic, code)) if !fine.contains(&code) => return Err(refused(doing, &topic, code)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn refused(doing: &str, topic: &str, code: RDKafkaErrorCode) -> AdminError {
    AdminError::Refused {
        doing: format!("{doing} {topic}"),
        why: client::why(&KafkaError::AdminOp(code)),
    }
}
