//! Refuses to add partitions where keys would move away from their state. What is refused is decided without Kafka.
//!
//! A key's partition follows from the number of partitions, and a task's state from its partition. More partitions move
//! keys to tasks that have not seen what they sent before: known events would count anew, and what was sent to people
//! would be sent again.

use super::plan::{Change, Plan};
use super::{Admin, AdminError, blocking};
use crate::client;
use std::collections::BTreeSet;
use std::sync::Arc;
use topology::{Changelog, Prefix, StageName};

/// The changelogs of the stages one of whose inputs grows.
fn concerned(plan: &Plan, prefix: &Prefix) -> Vec<Changelog> {
    let topic_of = |change: &Change| match change {
        Change::Grow { topic, .. } => Some(topic.clone()),
        _ => None,
    };
    let grown: BTreeSet<String> = plan.0.iter().filter_map(topic_of).collect();
    let moves = |stage: StageName| {
        let mut inputs = stage.inputs().into_iter();
        inputs.any(|topic| grown.contains(&prefix.apply(topic.name())))
    };
    Changelog::all()
        .filter(|changelog| moves(changelog.stage))
        .collect()
}

impl Admin {
    /// An error if a plan adds partitions to an input of a stage that has state.
    pub(super) async fn refuse_moving_keys(&self, plan: &Plan) -> Result<(), AdminError> {
        let changelogs = concerned(plan, &self.0.prefix);
        let found = self.topics().await?;
        let inner = Arc::clone(&self.0);
        let look = move || {
            let reader = inner.reader("unused")?;
            for changelog in changelogs {
                let name = inner.prefix.apply(&changelog.topic_name());
                let partitions: Vec<i32> =
                    (0..found.get(&name).map_or(0, |topic| topic.partitions)).collect();
                let ends = client::watermarks_of(&reader, &name, &partitions);
                let ends = ends.map_err(|error| inner.unreachable("looking at changelogs", &error))?;
                if ends.iter().any(|(low, high)| low < high) {
                    return Err(refused(changelog, &name));
                }
            }
            Ok(())
        };
        blocking("looking at changelogs", look).await
    }
}

fn refused(changelog: Changelog, name: &str) -> AdminError {
    AdminError::Refused {
        doing: "adding partitions".to_owned(),
        why: format!(
            "{} has state in {name}, and keys would move away from it: known events would count anew. Nothing was \
             changed. Use another topic_prefix for a stream with more partitions, or give the state up \
             (docs/FAULTS.md, \"More partitions\")",
            changelog.stage
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(topics: &[&str]) -> BTreeSet<StageName> {
        let grow = |topic: &&str| Change::Grow {
            topic: (*topic).to_owned(),
            is: 3,
            wanted: 4,
        };
        let plan = Plan(topics.iter().map(grow).collect());
        let concerned = concerned(&plan, &Prefix::new("p."));
        concerned.into_iter().map(|changelog| changelog.stage).collect()
    }

    #[test]
    fn a_stage_is_concerned_when_one_of_its_inputs_grows() {
        assert_eq!(stages(&["p.events.scored"]), [StageName::DedupAggregator].into());
        assert_eq!(stages(&["p.detections"]), [StageName::NotifierPlan].into());
        assert_eq!(
            stages(&["p.ingest.events", "p.detector.seen.changelog"]),
            BTreeSet::new()
        );
    }
}
