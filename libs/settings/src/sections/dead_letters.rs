//! How many dead letters a stage may write before it stops.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use topology::StageName;

use crate::problem::Problems;
use crate::shape::ANY_KEY;

/// How many dead letters a stage may write before it stops. Each partition is counted for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeadLetterSettings {
    /// The share of the records of the window that may be dead letters, 0 to 1; 1 allows any share. Default 0.5.
    pub ratio: f64,
    /// The newest records of a partition that the ratio is taken of. Default 2000.
    pub window: u64,
    /// Dead letters in a row that a partition may have; 0 allows any number. Default 1000.
    pub consecutive: u64,
    /// Other limits for single stages, by the stage's name.
    pub stages: BTreeMap<String, StageDeadLetterSettings>,
}

/// What is different for one stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StageDeadLetterSettings {
    /// Instead of `dead_letters.ratio`.
    pub ratio: Option<f64>,
    /// Instead of `dead_letters.window`.
    pub window: Option<u64>,
    /// Instead of `dead_letters.consecutive`.
    pub consecutive: Option<u64>,
}

impl Default for DeadLetterSettings {
    fn default() -> Self {
        Self {
            ratio: 0.5,
            window: 2_000,
            consecutive: 1_000,
            stages: BTreeMap::new(),
        }
    }
}

impl DeadLetterSettings {
    /// The limits of one stage: its own where it has any.
    #[must_use]
    pub fn of(&self, stage: &str) -> Self {
        let own = self.stages.get(stage).cloned().unwrap_or_default();
        Self {
            ratio: own.ratio.unwrap_or(self.ratio),
            window: own.window.unwrap_or(self.window),
            consecutive: own.consecutive.unwrap_or(self.consecutive),
            stages: BTreeMap::new(),
        }
    }

    pub(crate) fn specimen() -> Self {
        let own = StageDeadLetterSettings {
            ratio: Some(1.0),
            window: Some(1),
            consecutive: Some(1),
        };
        Self {
            stages: BTreeMap::from([(ANY_KEY.to_owned(), own)]),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for stage in self
            .stages
            .keys()
            .filter(|stage| StageName::from_name(stage).is_none())
        {
            let stages = StageName::RUNNERS.map(StageName::as_str).join(", ");
            problems.add(
                "dead_letters.stages",
                stage,
                format!("is no stage; the stages are {stages}"),
            );
        }
        let general = ("dead_letters".to_owned(), self.clone());
        let each = self
            .stages
            .keys()
            .map(|stage| (format!("dead_letters.stages.{stage}"), self.of(stage)));
        for (key, limits) in each.chain([general]) {
            problems.unless(
                (0.0..=1.0).contains(&limits.ratio),
                format!("{key}.ratio"),
                limits.ratio,
                "must be between 0 and 1; 1 allows any share",
            );
            problems.at_least_one(&format!("{key}.window"), limits.window);
        }
    }
}
