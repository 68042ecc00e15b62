//! The stages, in the order of the stream; each is a consumer group of its own.

use crate::Topic;
use std::fmt;

/// A stage of the stream. Its name is its consumer group, its label in metrics, and the owner of its changelogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StageName {
    /// The edge: other people's dialects become raw events.
    Adapters,
    /// What others have to tell is asked for and becomes raw events.
    Sources,
    /// Raw events become events.
    Normalizer,
    /// Events become scored events.
    Scorer,
    /// Scored events become signals; texts become parts of stories.
    DedupAggregator,
    /// Parts of stories become stories, topics and signals.
    StoryMerger,
    /// Events become detections.
    Detector,
    /// Signals become enriched signals.
    Enricher,
    /// Signals and detections become notifications.
    NotifierPlan,
    /// Notifications reach the world and become receipts.
    NotifierDeliver,
    /// Everything worth asking about reaches PostgreSQL.
    Sink,
}

impl StageName {
    /// The stages that consume, in the order of the stream.
    pub const RUNNERS: [Self; 10] = [
        Self::Sources,
        Self::Normalizer,
        Self::Scorer,
        Self::DedupAggregator,
        Self::StoryMerger,
        Self::Detector,
        Self::Enricher,
        Self::NotifierPlan,
        Self::NotifierDeliver,
        Self::Sink,
    ];

    /// The stage's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adapters => "adapters",
            Self::Sources => "sources",
            Self::Normalizer => "normalizer",
            Self::Scorer => "scorer",
            Self::DedupAggregator => "dedup-aggregator",
            Self::StoryMerger => "story-merger",
            Self::Detector => "detector",
            Self::Enricher => "enricher",
            Self::NotifierPlan => "notifier-plan",
            Self::NotifierDeliver => "notifier-deliver",
            Self::Sink => "sink",
        }
    }

    /// The group, without members, whose offsets carry notes about the stage's quarantined tasks.
    pub fn quarantine_group(self) -> String {
        format!("{self}.quarantine")
    }

    /// The stage of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        std::iter::once(Self::Adapters)
            .chain(Self::RUNNERS)
            .find(|stage| stage.as_str() == name)
    }

    /// The topics the stage reads, in the order of the stream. A task is one partition of one of them.
    pub fn inputs(self) -> Vec<Topic> {
        let reads = |topic: &Topic| topic.spec().readers.contains(&self);
        Topic::all().filter(reads).collect()
    }

    /// The keyed stores the stage keeps.
    pub const fn stores(self) -> &'static [&'static str] {
        match self {
            Self::Sources => &["parked", "cursors", "polls"],
            Self::DedupAggregator => &["seen", "signals", "parts", "words", "timers"],
            Self::StoryMerger => &[
                "stories",
                "topics",
                "story-links",
                "topic-links",
                "signals",
                "timers",
            ],
            Self::Detector => &["seen", "windows", "alerts", "timers"],
            Self::NotifierPlan => &["planned"],
            // Parked are, kept by the runtime for every effect, the records that wait for the outside world.
            Self::Enricher => &["parked", "known"],
            Self::NotifierDeliver => &["parked"],
            _ => &[],
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
