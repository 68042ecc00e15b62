//! What one process runs.

use clap::ValueEnum;
use std::collections::BTreeSet;
use topology::StageName;

/// A service, or all of them. No service asks which targets run beside it: they meet on the broker only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Target {
    /// The HTTP edge: events in
    Adapters,
    /// What others have to tell is polled and becomes raw events
    Sources,
    /// Raw events become events
    Normalizer,
    /// Events become scored events
    Scorer,
    /// Scored events become signals, and texts parts of stories
    DedupAggregator,
    /// Parts of stories become stories, topics and signals
    StoryMerger,
    /// Events become detections
    Detector,
    /// Signals become enriched signals
    Enricher,
    /// Signals and detections become notifications, and notifications are delivered
    Notifier,
    /// Everything worth asking about goes to PostgreSQL
    Sink,
    /// Questions over HTTP
    Api,
    /// All of the above in one process
    All,
}

impl Target {
    /// Every service, in the order of the stream.
    pub(crate) const SERVICES: [Self; 11] = [
        Self::Adapters,
        Self::Sources,
        Self::Normalizer,
        Self::Scorer,
        Self::DedupAggregator,
        Self::StoryMerger,
        Self::Detector,
        Self::Enricher,
        Self::Notifier,
        Self::Sink,
        Self::Api,
    ];

    /// The services that these targets name.
    pub(crate) fn services(targets: &[Self]) -> BTreeSet<Self> {
        if targets.contains(&Self::All) {
            Self::SERVICES.into()
        } else {
            targets.iter().copied().collect()
        }
    }

    /// The stages of the service that use Kafka; none of the API.
    pub(crate) fn stages(self) -> Vec<StageName> {
        let all = || std::iter::once(StageName::Adapters).chain(StageName::RUNNERS);
        match self {
            Self::All => all().collect(),
            Self::Notifier => vec![StageName::NotifierPlan, StageName::NotifierDeliver],
            service => all().filter(|stage| stage.as_str() == service.name()).collect(),
        }
    }

    /// The target's name, as on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}
