//! Changelog topics: `<stage>.<store>.changelog`, read and written by their owner only.

use crate::StageName;

/// The store of flow counters that every runner keeps.
pub const FLOW_STORE: &str = "flow";

/// The changelog of one store of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Changelog {
    /// The owner.
    pub stage: StageName,
    /// The store.
    pub store: &'static str,
}

impl Changelog {
    /// Every changelog of every stage that runs in Kafka transactions.
    /// The sink keeps its counters in PostgreSQL, beside its offsets.
    pub fn all() -> impl Iterator<Item = Self> {
        let runners = StageName::RUNNERS
            .into_iter()
            .filter(|stage| *stage != StageName::Sink);
        runners.flat_map(|stage| {
            let stores = stage.stores().iter().copied().chain([FLOW_STORE]);
            stores.map(move |store| Self { stage, store })
        })
    }

    /// The topic's name, without the prefix.
    pub fn topic_name(self) -> String {
        format!("{}.{}.changelog", self.stage, self.store)
    }

    /// How many partitions it has: one a task, and a task is one partition of one input topic.
    pub fn partitions(self, topic_partitions: i32) -> i32 {
        topic_partitions * i32::try_from(self.stage.inputs().len()).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_of_two_inputs_has_twice_the_changelog_partitions() {
        let plan = Changelog {
            stage: StageName::NotifierPlan,
            store: "planned",
        };
        assert_eq!(plan.topic_name(), "notifier-plan.planned.changelog");
        assert_eq!(plan.partitions(12), 24);
    }

    #[test]
    fn every_runner_but_the_sink_counts_its_flow() {
        let counted: Vec<_> = Changelog::all().filter(|log| log.store == FLOW_STORE).collect();
        assert_eq!(counted.len(), StageName::RUNNERS.len() - 1);
    }
}
