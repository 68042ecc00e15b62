//! From raw events to events.

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// From raw events to events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NormalizerSettings {
    /// Longer texts are cut here, at a character. Default 65536.
    pub max_text_bytes: usize,
    /// Event times further ahead of their arrival are refused, ms. Default one day.
    pub max_future_ms: u64,
    /// Deepest nesting of `data`. Default 64.
    pub max_data_depth: usize,
    /// Symbols that are recognised without a `$`.
    pub symbols: Vec<String>,
}

impl Default for NormalizerSettings {
    fn default() -> Self {
        Self {
            max_text_bytes: 65_536,
            max_future_ms: 86_400_000,
            max_data_depth: 64,
            symbols: Vec::new(),
        }
    }
}

impl NormalizerSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("normalizer.max_text_bytes", self.max_text_bytes as u64);
        let depth = self.max_data_depth;
        problems.unless(
            (1..=128).contains(&depth),
            "normalizer.max_data_depth",
            depth,
            "must be from 1 to 128",
        );
    }
}
