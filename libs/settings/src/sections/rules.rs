//! Where the rules of the scorer and of the detector are.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// From events to scored events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScorerSettings {
    /// A rule file or a folder of them. Default `rules/scoring`.
    pub rules: PathBuf,
}

impl Default for ScorerSettings {
    fn default() -> Self {
        Self {
            rules: "rules/scoring".into(),
        }
    }
}

/// From events to detections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectorSettings {
    /// A rule file or a folder of them. Default `rules/detections`.
    pub rules: PathBuf,
    /// How late an event may come and still be counted in its window. Default `1m`.
    #[serde(with = "humantime_serde")]
    pub allowed_lateness: Duration,
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self {
            rules: "rules/detections".into(),
            allowed_lateness: Duration::from_mins(1),
        }
    }
}
