//! What has to change so that the topics are as they should be. No Kafka, no I/O.

use super::found::FoundTopic;
use super::wanted::WantedTopic;
use std::collections::BTreeMap;
use std::fmt;

/// One difference between what is and what should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The topic is missing.
    Create(WantedTopic),
    /// One of its settings differs.
    Configure {
        /// The topic.
        topic: String,
        /// The setting, by Kafka's name.
        key: &'static str,
        /// What it is.
        is: String,
        /// What it should be.
        wanted: String,
    },
    /// It has too few partitions. Keys would move to other partitions, away from their state.
    Grow {
        /// The topic.
        topic: String,
        /// What it has.
        is: i32,
        /// What it should have.
        wanted: i32,
    },
    /// It has too many partitions; Kafka cannot take any away.
    Shrink {
        /// The topic.
        topic: String,
        /// What it has.
        is: i32,
        /// What it should have.
        wanted: i32,
    },
    /// It has another number of copies; moving copies is the work of `kafka-reassign-partitions`.
    Replicate {
        /// The topic.
        topic: String,
        /// What it has.
        is: i32,
        /// What it should have.
        wanted: i32,
    },
}

/// All differences; empty means that nothing is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan(pub Vec<Change>);

impl Change {
    /// Whether Kafka is never asked for it: shrinking and copying.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Shrink { .. } | Self::Replicate { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(topic) => {
                let policy = topic.config.get("cleanup.policy").map_or("", String::as_str);
                write!(f, "+ {}  {} partitions, {policy}", topic.name, topic.partitions)
            }
            Self::Configure {
                topic,
                key,
                is,
                wanted,
            } => write!(f, "~ {topic}  {key}: {is} -> {wanted}"),
            Self::Grow { topic, is, wanted } => write!(
                f,
                "! {topic}  partitions: {is} -> {wanted} (keys move to other partitions, away from their order; \
                 drain the stream first, then apply with --grow, which refuses where they have state)"
            ),
            Self::Shrink { topic, is, wanted } => write!(
                f,
                "x {topic}  partitions: {is} -> {wanted} (refused: Kafka cannot take partitions away; set \
                 kafka.partitions to {is}, or use another topic_prefix)"
            ),
            Self::Replicate { topic, is, wanted } => write!(
                f,
                "x {topic}  copies: {is} -> {wanted} (not done here; use kafka-reassign-partitions)"
            ),
        }
    }
}

/// Compares each wanted topic with the one found.
pub(super) fn plan(wanted: Vec<WantedTopic>, found: &BTreeMap<String, FoundTopic>) -> Plan {
    Plan(
        wanted
            .into_iter()
            .flat_map(|topic| changes(topic, found))
            .collect(),
    )
}

fn changes(wanted: WantedTopic, found: &BTreeMap<String, FoundTopic>) -> Vec<Change> {
    let Some(found) = found.get(&wanted.name) else {
        return vec![Change::Create(wanted)];
    };
    let topic = wanted.name.clone();
    let mut changes = Vec::new();
    let (is, should) = (found.partitions, wanted.partitions);
    if is < should {
        changes.push(Change::Grow {
            topic: topic.clone(),
            is,
            wanted: should,
        });
    } else if is > should {
        changes.push(Change::Shrink {
            topic: topic.clone(),
            is,
            wanted: should,
        });
    }
    if found.replication != wanted.replication {
        let (is, wanted) = (found.replication, wanted.replication);
        changes.push(Change::Replicate {
            topic: topic.clone(),
            is,
            wanted,
        });
    }
    for (key, should) in wanted.config {
        let is = found.config.get(key).cloned().unwrap_or_default();
        if !same(&is, &should) {
            changes.push(Change::Configure {
                topic: topic.clone(),
                key,
                is,
                wanted: should,
            });
        }
    }
    changes
}

/// Lists such as `compact,delete` have no order.
fn same(one: &str, other: &str) -> bool {
    let sorted = |list: &str| {
        let mut items: Vec<String> = list.split(',').map(|item| item.trim().to_owned()).collect();
        items.sort();
        items
    };
    sorted(one) == sorted(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(partitions: i32) -> WantedTopic {
        let config = BTreeMap::from([("cleanup.policy", "compact,delete".to_owned())]);
        WantedTopic {
            name: "t".to_owned(),
            partitions,
            replication: 1,
            config,
        }
    }

    fn found(partitions: i32, policy: &str) -> BTreeMap<String, FoundTopic> {
        let config = BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]);
        BTreeMap::from([(
            "t".to_owned(),
            FoundTopic {
                partitions,
                replication: 1,
                config,
                own: BTreeMap::new(),
            },
        )])
    }

    #[test]
    fn what_is_as_it_should_be_is_left_alone() {
        assert_eq!(
            plan(vec![wanted(3)], &found(3, "delete,compact")),
            Plan::default()
        );
    }

    #[test]
    fn what_is_missing_is_created() {
        assert_eq!(
            plan(vec![wanted(3)], &BTreeMap::new()).0,
            vec![Change::Create(wanted(3))]
        );
    }

    #[test]
    fn partitions_are_never_taken_away() {
        let plan = plan(vec![wanted(3)], &found(4, "compact,delete"));
        assert!(plan.0[0].is_refused());
        assert!(plan.0[0].to_string().contains("kafka.partitions to 4"));
    }

    #[test]
    fn growth_and_settings_are_told_apart() {
        let plan = plan(vec![wanted(3)], &found(2, "delete"));
        assert!(matches!(plan.0[0], Change::Grow { is: 2, wanted: 3, .. }));
        assert_eq!(
            plan.0[1].to_string(),
            "~ t  cleanup.policy: delete -> compact,delete"
        );
    }
}
