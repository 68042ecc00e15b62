//! Stories: which texts are about one thing in the world, and which stories belong together.

use crate::{Millis, Record, Signal, avro, default_tenant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// Which story an event's text belongs to, within its partition. `schemas/story_member.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct StoryMember {
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub source: String,
    pub event_id: String,
    pub time: Millis,
    pub part: String,
    pub copy: bool,
}

avro::record!(StoryMember {
    tenant,
    source,
    event_id,
    time,
    part,
    copy
});

impl Record for StoryMember {
    const SCHEMA: Schema = Schema::StoryMember;

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.part)
    }
}

/// What a partition's part of a story says since it was last heard of. `schemas/story_part.avsc` says what each field
/// means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct StoryPart {
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub part: String,
    #[serde(with = "serde_bytes")]
    pub representative: Vec<u8>,
    #[serde(default)]
    pub signal: Option<Signal>,
    #[serde(default)]
    pub sources: Vec<i64>,
    #[serde(default)]
    pub senders: Vec<i64>,
    #[serde(default)]
    pub unnamed: i64,
    #[serde(default)]
    pub per_minute: Vec<MinuteCount>,
    #[serde(default)]
    pub correction: Option<Correction>,
}

/// What is to be done with a story, as a person says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionAction {
    /// It is one with another.
    #[default]
    Merge,
    /// It is no part of its topic.
    Split,
    /// It and its topic merge with no other by themselves.
    Pin,
    /// They may again.
    Unpin,
}

avro::symbols!(CorrectionAction {
    Merge,
    Split,
    Pin,
    Unpin
});

/// What a person says of stories. `schemas/story_part.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct Correction {
    pub action: CorrectionAction,
    pub story: String,
    #[serde(default)]
    pub with: Option<String>,
    pub by: String,
    pub reason: String,
}

avro::record!(Correction {
    action,
    story,
    with,
    by,
    reason
});

/// Events of one minute. `schemas/story_part.avsc` says what each field means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct MinuteCount {
    pub minute: i64,
    pub events: i64,
}

avro::record!(MinuteCount { minute, events });

avro::record!(StoryPart {
    tenant,
    part,
    representative,
    signal,
    sources,
    senders,
    unnamed,
    per_minute,
    correction,
});

impl Record for StoryPart {
    const SCHEMA: Schema = Schema::StoryPart;

    /// The stories of a tenant are compared with each other, so that all of them come in one order.
    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.tenant)
    }
}

/// What changed of what belongs together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoryChangeKind {
    /// A story began.
    #[default]
    StoryOpened,
    /// A part is of a story that is known.
    PartLinked,
    /// A story went into another.
    StoriesMerged,
    /// A story was silent for too long, or too many were open.
    StoryEnded,
    /// A topic began.
    TopicOpened,
    /// A story is of a topic that is known.
    StoryGrouped,
    /// A topic went into another.
    TopicsMerged,
    /// A topic was silent for too long, or too many were open.
    TopicEnded,
}

avro::symbols!(StoryChangeKind {
    StoryOpened,
    PartLinked,
    StoriesMerged,
    StoryEnded,
    TopicOpened,
    StoryGrouped,
    TopicsMerged,
    TopicEnded,
});

impl StoryChangeKind {
    /// The kind's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoryOpened => "story_opened",
            Self::PartLinked => "part_linked",
            Self::StoriesMerged => "stories_merged",
            Self::StoryEnded => "story_ended",
            Self::TopicOpened => "topic_opened",
            Self::StoryGrouped => "story_grouped",
            Self::TopicsMerged => "topics_merged",
            Self::TopicEnded => "topic_ended",
        }
    }
}

/// One change of what belongs together. `schemas/story_change.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct StoryChange {
    #[serde(default = "default_tenant")]
    pub tenant: String,
    pub time: Millis,
    pub kind: StoryChangeKind,
    pub id: String,
    #[serde(default)]
    pub into: Option<String>,
    #[serde(default)]
    pub tier: Option<String>,
    #[serde(default)]
    pub similarity: Option<f64>,
    #[serde(default)]
    pub shared: Vec<String>,
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default)]
    pub reason: Option<String>,
}

avro::record!(StoryChange {
    tenant,
    time,
    kind,
    id,
    into,
    tier,
    similarity,
    shared,
    by,
    reason,
});

impl Record for StoryChange {
    const SCHEMA: Schema = Schema::StoryChange;

    /// So that the changes of a tenant come in their order.
    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.tenant)
    }
}
