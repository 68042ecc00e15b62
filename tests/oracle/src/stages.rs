//! The stages whose output is determined by their input, each with its fold.

use crate::fold::{Content, Fold, Folded, fold};
use crate::{History, OwnSchemas};
use dedup_aggregator::{DedupAggregator, Told};
use detector::DetectorStage;
use enricher::{EnrichedSignal, EnricherEffect, EnricherError};
use model::Signal;
use normalizer::Normalizer;
use notifier::{Channels, PlanStage};
use scorer::ScorerStage;
use settings::{Settings, WatchError, Watched};
use stage::{Attempt, Cx, Driver, Effect, Outcome, Poison, Settled};
use std::collections::BTreeMap;
use story_merger::{Merged, StoryMerger};
use tokio::runtime::{Builder, Runtime};
use topology::StageName;

/// Why nothing can be folded.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Rules or templates cannot be read.
    #[error("{0}; give the oracle the settings that the services ran with")]
    Files(#[from] WatchError),
    /// The enricher's rules or tables cannot be read.
    #[error("enricher: {0}; give the oracle the settings that the services ran with")]
    Enricher(#[from] EnricherError),
    /// The enricher's future cannot be run.
    #[error("no Tokio runtime for the enricher: {0}; free some memory or file descriptors")]
    Runtime(#[from] std::io::Error),
}

/// Folds every determined stage with the settings that the services ran with.
pub fn fold_all(
    history: &History,
    schemas: OwnSchemas,
    settings: &Settings,
) -> Result<Vec<Folded>, StageError> {
    let partitions = i32::try_from(settings.kafka.partitions).unwrap_or(i32::MAX);
    let lists = normalizer::lists_of(&settings.normalizer)?;
    let scoring = scorer::open_rules(&settings.scorer.rules)?;
    let aggregator = DedupAggregator::new(&settings.dedup, settings.admission.max_ahead);
    let merger = StoryMerger::new(&settings.dedup);
    let detections = detector::open_rules(&settings.detector.rules)?;
    let (lateness, ahead) = (settings.detector.allowed_lateness, settings.admission.max_ahead);
    let cards = notifier::open_cards(&settings.notifier)?;
    let channels = Watched::fixed(Channels::for_planning(&settings.notifier.channels));
    let enricher = Enriching::open(settings)?;
    Ok(vec![
        fold(
            history,
            schemas,
            StageName::Normalizer,
            partitions,
            || Driver::new(Normalizer::new(&settings.normalizer, &settings.admission, &lists)),
            |event| event.id.clone(),
        ),
        fold(
            history,
            schemas,
            StageName::Scorer,
            partitions,
            || Driver::new(ScorerStage::new(&scoring)),
            |scored| scored.event.id.clone(),
        ),
        fold(
            history,
            schemas,
            StageName::DedupAggregator,
            partitions,
            || Driver::new(aggregator.clone()),
            about_told,
        ),
        fold(
            history,
            schemas,
            StageName::StoryMerger,
            partitions,
            || Driver::new(merger.clone()),
            about_merged,
        ),
        fold(
            history,
            schemas,
            StageName::Detector,
            partitions,
            || Driver::new(DetectorStage::new(&detections, lateness).with_max_ahead(ahead)),
            |detection| detection.id.clone(),
        ),
        fold(
            history,
            schemas,
            StageName::Enricher,
            partitions,
            || &enricher,
            |signal| signal.0.signal_key.clone(),
        ),
        fold(
            history,
            schemas,
            StageName::NotifierPlan,
            partitions,
            || Driver::new(PlanStage::new(&channels, &cards)),
            |notification| notification.id.clone(),
        ),
    ])
}

fn about_told(told: &Told) -> String {
    match told {
        Told::Signal(signal) => signal.signal_key.clone(),
        Told::Member(member) => member.event_id.clone(),
        Told::Part(part) => part.part.clone(),
    }
}

fn about_merged(merged: &Merged) -> String {
    match merged {
        Merged::Signal(signal) => signal.signal_key.clone(),
        Merged::Change(change) => change.id.clone(),
    }
}

/// The enricher without an HTTP source: its tables and rules determine the answer.
struct Enriching {
    effect: EnricherEffect,
    runtime: Runtime,
}

impl Enriching {
    fn open(settings: &Settings) -> Result<Self, StageError> {
        Ok(Self {
            effect: EnricherEffect::open(&settings.enricher, &enricher::Reach::default())?,
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }
}

impl Fold for &Enriching {
    type In = Signal;
    type Out = EnrichedSignal;

    /// What its tables know of a signal is no state of the fold, so that nothing is to be taken back.
    fn apply(
        &mut self,
        input: Signal,
        cx: &Cx<'_>,
        _: impl FnOnce(&[EnrichedSignal]) -> Result<(), Poison>,
    ) -> Settled<EnrichedSignal> {
        let key = self.effect.idempotency_key(&input);
        let attempt = Attempt::first();
        match self
            .runtime
            .block_on(self.effect.perform(&input, &key, attempt, None, cx))
        {
            Outcome::Done(emit) | Outcome::Learned(emit, _) => Settled::from(Ok(emit)),
            // A look-up is made once.
            Outcome::Again { outputs, .. } => Settled::Out(outputs),
            Outcome::Poison(poison) => Settled::Dead(poison),
            Outcome::Retry { why, .. } | Outcome::Wait { why, .. } | Outcome::Fatal(why) => {
                Settled::Dead(Poison::ours("undetermined", why))
            }
        }
    }

    fn stores(self) -> BTreeMap<&'static str, Content> {
        BTreeMap::new()
    }
}
