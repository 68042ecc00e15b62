//! Signals: one thing in the world that one or more events are evidence for.

use crate::value::Facts;
use crate::{Millis, Reason, Record, avro, default_tenant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use topology::Schema;

/// How far a signal is confirmed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignalState {
    /// Seen, not yet confirmed.
    #[default]
    Candidate,
    /// Confirmed by enough evidence.
    Verified,
    /// What was learnt later speaks against it.
    Downgraded,
    /// Over: nothing was heard of it for long, or another signal took it in.
    Closed,
}

avro::symbols!(SignalState {
    Candidate,
    Verified,
    Downgraded,
    Closed
});

impl SignalState {
    /// The state's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Verified => "verified",
            Self::Downgraded => "downgraded",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for SignalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One event that a signal rests on. `schemas/signal.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Evidence {
    pub event_id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub time: Millis,
    #[serde(default)]
    pub author: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    pub score: f64,
    #[serde(default)]
    pub principal: Option<String>,
    #[serde(default)]
    pub lang: Option<String>,
}

avro::record!(Evidence {
    event_id,
    source,
    kind,
    time,
    author,
    url,
    text,
    score,
    principal,
    lang,
});

/// A change of a signal's state. `schemas/signal.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct SignalChange {
    pub time: Millis,
    pub state: SignalState,
    pub reason: String,
}

avro::record!(SignalChange { time, state, reason });

/// A signal. `schemas/signal.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Signal {
    pub signal_key: String,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub subject: String,
    pub title: String,
    #[serde(default)]
    pub lang: Option<String>,
    pub state: SignalState,
    pub score: f64,
    pub level: String,
    #[serde(default)]
    pub reasons: Vec<Reason>,
    #[serde(default)]
    pub unknown: Vec<String>,
    #[serde(default)]
    pub rules_version: String,
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    pub evidence_count: i64,
    pub source_count: i64,
    pub suppressed: i64,
    pub first_seen: Millis,
    pub last_seen: Millis,
    pub version: i64,
    #[serde(default)]
    pub facts: Facts,
    #[serde(default)]
    pub independent_count: i64,
    #[serde(default)]
    pub story_key: Option<String>,
    #[serde(default)]
    pub topic_key: Option<String>,
    #[serde(default)]
    pub merged_into: Option<String>,
    #[serde(default)]
    pub subjects: Vec<String>,
    #[serde(default)]
    pub langs: BTreeMap<String, i64>,
    #[serde(default)]
    pub heat_10m: i64,
    #[serde(default)]
    pub heat_30m: i64,
    #[serde(default)]
    pub slope_10m: f64,
    #[serde(default)]
    pub slope_30m: f64,
    #[serde(default)]
    pub changes: Vec<SignalChange>,
}

avro::record!(Signal {
    signal_key,
    tenant,
    kind,
    subject,
    title,
    lang,
    state,
    score,
    level,
    reasons,
    unknown,
    rules_version,
    evidence,
    evidence_count,
    source_count,
    suppressed,
    first_seen,
    last_seen,
    version,
    facts,
    independent_count,
    story_key,
    topic_key,
    merged_into,
    subjects,
    langs,
    heat_10m,
    heat_30m,
    slope_10m,
    slope_30m,
    changes,
});

impl Record for Signal {
    const SCHEMA: Schema = Schema::Signal;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.signal_key)
    }
}
