//! Detections: anomalies of one subject.

use crate::value::Facts;
use crate::{Millis, Record, avro, default_tenant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// An anomaly of one subject, found by a window rule. `schemas/detection.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Detection {
    pub id: String,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub rule: String,
    pub subject: String,
    pub severity: String,
    pub description: String,
    pub time: Millis,
    pub window_start: Millis,
    pub window_end: Millis,
    pub count: i64,
    pub threshold: f64,
    #[serde(default)]
    pub event_ids: Vec<String>,
    #[serde(default)]
    pub attributes: Facts,
    #[serde(default)]
    pub rules_version: String,
    #[serde(default = "firing")]
    pub state: String,
}

fn firing() -> String {
    Detection::FIRING.to_owned()
}

impl Detection {
    /// The state of a detection of something that happened, or of a condition that began to hold.
    pub const FIRING: &str = "firing";
    /// The state of one that says that a condition holds no more.
    pub const RESOLVED: &str = "resolved";
    /// What the id of a resolved detection has behind the id of the one that it resolves.
    pub const RESOLVES: &str = "_resolved";

    /// The id of the detection that began it: its own, or that of the one which it resolves.
    pub fn began_as(&self) -> &str {
        self.id.strip_suffix(Self::RESOLVES).unwrap_or(&self.id)
    }
}

avro::record!(Detection {
    id,
    tenant,
    rule,
    subject,
    severity,
    description,
    time,
    window_start,
    window_end,
    count,
    threshold,
    event_ids,
    attributes,
    rules_version,
    state,
});

impl Record for Detection {
    const SCHEMA: Schema = Schema::Detection;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.subject)
    }
}
