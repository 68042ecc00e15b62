//! Changelog topics: `<stage>.<store>.changelog`, read and written by their owner only.

use crate::StageName;

/// The changelog of one store of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Changelog {
    /// The owner.
    pub stage: StageName,
    /// The store.
    pub store: &'static str,
}

impl Changelog {
    /// The largest record batch, in bytes (`max.message.bytes`): a parked record wraps a whole record of another topic.
    pub const MAX_MESSAGE_BYTES: u32 = 4 * 1024 * 1024;

    /// Every changelog of every stage.
    pub fn all() -> impl Iterator<Item = Self> {
        StageName::RUNNERS
            .into_iter()
            .flat_map(|stage| stage.stores().iter().map(move |store| Self { stage, store }))
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
    fn a_stage_of_three_inputs_has_thrice_the_changelog_partitions() {
        let plan = Changelog {
            stage: StageName::NotifierPlan,
            store: "planned",
        };
        assert_eq!(plan.topic_name(), "notifier-plan.planned.changelog");
        assert_eq!(plan.partitions(12), 36);
    }
}
