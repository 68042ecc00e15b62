//! What an event may be.

use std::time::Duration;

use admission::Limits;
use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// What an event may be: held to by the HTTP edge, which refuses with a 4xx, and by the normalizer for what comes by
/// Kafka. Lengths are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionSettings {
    /// A time further ahead of the clock is refused at the edge; from Kafka it is replaced by the broker's. Default `5m`.
    #[serde(with = "humantime_serde")]
    pub max_ahead: Duration,
    /// Longest id. Default 1024.
    pub max_id_bytes: usize,
    /// Longest source, type and tenant. Default 1024.
    pub max_name_bytes: usize,
    /// Longest other attribute. Default 4096.
    pub max_attribute_bytes: usize,
    /// Most extension attributes. Default 64.
    pub max_extensions: usize,
    /// Largest data. Default 2 MiB, which is what the topics hold.
    pub max_data_bytes: usize,
    /// Deepest nesting of data that is JSON. Default 64.
    pub max_depth: usize,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            max_ahead: Duration::from_millis(limits.max_ahead.unsigned_abs()),
            max_id_bytes: limits.id,
            max_name_bytes: limits.name,
            max_attribute_bytes: limits.attribute,
            max_extensions: limits.extensions,
            max_data_bytes: limits.data,
            max_depth: limits.depth,
        }
    }
}

impl AdmissionSettings {
    /// The same as the table that decides.
    pub fn limits(&self) -> Limits {
        Limits {
            id: self.max_id_bytes,
            name: self.max_name_bytes,
            attribute: self.max_attribute_bytes,
            extensions: self.max_extensions,
            data: self.max_data_bytes,
            depth: self.max_depth,
            max_ahead: i64::try_from(self.max_ahead.as_millis()).unwrap_or(i64::MAX),
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, value) in [
            ("admission.max_id_bytes", self.max_id_bytes),
            ("admission.max_name_bytes", self.max_name_bytes),
            ("admission.max_attribute_bytes", self.max_attribute_bytes),
            ("admission.max_data_bytes", self.max_data_bytes),
        ] {
            problems.at_least_one(key, value as u64);
        }
        let depth = self.max_depth;
        problems.unless(
            (1..=128).contains(&depth),
            "admission.max_depth",
            depth,
            "must be from 1 to 128",
        );
    }
}
