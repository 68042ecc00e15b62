//! The services, and how many of each usually run.

use crate::plan::Replica;
use std::fmt;

/// A service: one target of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The HTTP edge.
    Adapters,
    /// Raw events become events.
    Normalizer,
    /// Events become scored events.
    Scorer,
    /// Scored events become signals, and texts parts of stories.
    DedupAggregator,
    /// Parts of stories become stories, topics and signals.
    StoryMerger,
    /// Events become detections.
    Detector,
    /// Signals become enriched signals.
    Enricher,
    /// Notifications are planned and delivered.
    Notifier,
    /// Everything goes to the database.
    Sink,
}

impl Service {
    /// All of them, in the order of the stream.
    pub const ALL: [Self; 9] = [
        Self::Adapters,
        Self::Normalizer,
        Self::Scorer,
        Self::DedupAggregator,
        Self::StoryMerger,
        Self::Detector,
        Self::Enricher,
        Self::Notifier,
        Self::Sink,
    ];

    /// Those that run twice: whatever keeps state, here or in the database.
    pub const REPLICATED: [Self; 6] = [
        Self::DedupAggregator,
        Self::StoryMerger,
        Self::Detector,
        Self::Enricher,
        Self::Notifier,
        Self::Sink,
    ];

    /// The target's name on the command line.
    pub const fn target(self) -> &'static str {
        match self {
            Self::Adapters => "adapters",
            Self::Normalizer => "normalizer",
            Self::Scorer => "scorer",
            Self::DedupAggregator => "dedup-aggregator",
            Self::StoryMerger => "story-merger",
            Self::Detector => "detector",
            Self::Enricher => "enricher",
            Self::Notifier => "notifier",
            Self::Sink => "sink",
        }
    }

    /// How many replicas usually run.
    pub fn replicas(self) -> usize {
        if Self::REPLICATED.contains(&self) { 2 } else { 1 }
    }

    /// Every replica that usually runs.
    pub fn usual() -> Vec<Replica> {
        let replicas = |service: Self| (0..service.replicas()).map(move |number| Replica { service, number });
        Self::ALL.into_iter().flat_map(replicas).collect()
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.target())
    }
}
