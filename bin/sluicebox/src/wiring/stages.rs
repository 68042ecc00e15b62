//! One function a stage: its rules, its state, its lanes.

use super::changes;
use super::channels::ChannelWatch;
use super::process::{Process, Stages};
use super::sources::SourceWatch;
use super::upkeep::upkeep;
use crate::failure::Failure;
use database::Way;
use model::Decoder;
use notifier::{Channels, Ledger};
use outbound::Reach;
use runtime::{Publisher, Shared, run_drain, run_effect, run_stage};
use settings::{Settings, WatchError, Watched};
use sink::{SinkDrain, SinkError};
use sources::Sources;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use telemetry::Component;
use tokio::runtime::Handle;
use topology::StageName;

/// How long a database that is away at the start is left alone before it is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// Signals that are looked up at once on each lane of the enricher; most are answered from caches.
const LOOKUPS: usize = 64;

impl Process {
    pub(super) fn sources(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let load = |settings: &Settings| Ok::<_, Failure>((settings.sources.clone(), self::reach(settings)?));
        let sources = Sources::follow(&settings.sources, &reach(settings)?, self.reload.made(load));
        let sources = sources.map_err(|error| Failure::Configuration(format!("sources.polled: {error}")))?;
        self.followed.follow("sources", "polled", &sources);
        let metrics = self.metrics.clone();
        let tell = move |outcome: &'static str, took: Duration| {
            metrics.outbound("sources", outcome, took.as_secs_f64());
        };
        let admitting = sources::Admitting::new(settings.admission.limits());
        let effect = Arc::new(sources::SourcesEffect::new(&sources, admitting, Arc::new(tell)));
        let watch = SourceWatch {
            sources,
            effect: Arc::clone(&effect),
            publisher: Publisher::new(&shared.kafka, &shared.prefix, shared.ids)?,
            health: self.health.clone(),
            metrics: self.metrics.clone(),
        };
        self.beside(watch.go_on());
        self.stages.keep(run_effect(
            shared,
            StageName::Sources,
            effect,
            settings.sources.concurrency,
            &Handle::current(),
        ))
    }

    pub(super) fn normalizer(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let (settings, admission) = (settings.normalizer.clone(), settings.admission.clone());
        let lists = match &settings.lists {
            Some(path) => {
                let lists = normalizer::open_lists(path);
                lists.map_err(|error| unusable("normalizer.lists", path, &error))?
            }
            None => Watched::fixed(normalizer::Lists::default()),
        };
        if settings.lists.is_some() {
            self.followed.follow("normalizer", "lists", &lists);
        }
        self.stages
            .keep(run_stage(shared, StageName::Normalizer, move || {
                normalizer::Normalizer::new(&settings, &admission, &lists)
            }))
    }

    pub(super) fn scorer(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let rules = scorer::open_rules(&settings.scorer.rules);
        let rules = rules.map_err(|error| unusable("scorer.rules", &settings.scorer.rules, &error))?;
        let trials = scorer::Trials::default();
        self.followed.follow_rules("scorer", &rules, trials.clone());
        self.stages.keep(run_stage(shared, StageName::Scorer, move || {
            scorer::ScorerStage::new(&rules).counting(trials.clone())
        }))
    }

    pub(super) fn dedup_aggregator(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let ahead = settings.admission.max_ahead;
        let aggregator = dedup_aggregator::DedupAggregator::new(&settings.dedup, ahead);
        self.stages
            .keep(run_stage(shared, StageName::DedupAggregator, move || {
                aggregator.clone()
            }))
    }

    pub(super) fn story_merger(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let merger = story_merger::StoryMerger::new(&settings.dedup);
        self.stages
            .keep(run_stage(shared, StageName::StoryMerger, move || merger.clone()))
    }

    pub(super) fn detector(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let ahead = settings.admission.max_ahead;
        let settings = &settings.detector;
        let rules = detector::open_rules(&settings.rules);
        let rules = rules.map_err(|error| unusable("detector.rules", &settings.rules, &error))?;
        self.followed.follow("detector", "rules", &rules);
        let lateness = settings.allowed_lateness;
        let make = move || detector::DetectorStage::new(&rules, lateness).with_max_ahead(ahead);
        self.stages.keep(run_stage(shared, StageName::Detector, make))
    }

    pub(super) fn enricher(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let effect = enricher::EnricherEffect::open(&settings.enricher, &reach(settings)?);
        let effect = effect.map_err(|error| Failure::Configuration(format!("enricher: {error}")))?;
        let load = |settings: &Settings| Ok::<_, Failure>((settings.enricher.clone(), reach(settings)?));
        let effect = Arc::new(effect.following(self.reload.made(load)));
        let files = Arc::clone(&effect);
        self.followed.add("enricher", move || files.watched());
        self.stages.keep(run_effect(
            shared,
            StageName::Enricher,
            effect,
            LOOKUPS,
            &Handle::current(),
        ))
    }

    pub(super) fn notifier(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let ledger = self.channel_states(settings, shared)?;
        let reach = reach(settings)?;
        let settings = &settings.notifier;
        let cards = notifier::open_cards(settings);
        let cards = cards.map_err(|error| Failure::Configuration(format!("notifier.templates: {error}")))?;
        self.followed.follow("notifier-plan", "templates", &cards);
        let load =
            |settings: &Settings| Ok::<_, Failure>((settings.notifier.clone(), self::reach(settings)?));
        let load = self.reload.made(load);
        let channels = Channels::follow(settings, &notifier::Console::stdout(), &reach, load);
        let channels =
            channels.map_err(|error| Failure::Configuration(format!("notifier.channels: {error}")))?;
        self.followed.follow("notifier-deliver", "channels", &channels);
        let deliver = Arc::new(notifier::DeliverEffect::new(&channels, &ledger));
        let plan = move || notifier::PlanStage::new(&channels, &cards);
        self.stages
            .keep(run_stage(shared, StageName::NotifierPlan, plan))?;
        self.stages.keep(run_effect(
            shared,
            StageName::NotifierDeliver,
            deliver,
            settings.concurrency,
            &Handle::current(),
        ))
    }

    /// What is known of the channels, read before anything is delivered, and shared with other processes from then on.
    fn channel_states(&self, settings: &Settings, shared: &Shared) -> Result<Ledger, Failure> {
        let ledger = Ledger::unread();
        let watch = ChannelWatch {
            ledger: ledger.clone(),
            publisher: Publisher::new(&shared.kafka, &shared.prefix, shared.ids)?,
            admin: crate::app::admin(settings)?,
            decoder: Decoder::new(Arc::clone(&shared.schemas)),
            health: self.health.clone(),
        };
        self.beside(watch.go_on());
        Ok(ledger)
    }

    /// The sink begins when its database answers, which nothing else waits for.
    pub(super) fn sink(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let component = self.health.component("postgres");
        let (way, retention) = (self.database(settings)?, settings.sink.retention.clone());
        let (shared, stages) = (shared.clone(), self.stages.clone());
        self.beside(async move {
            if let Err(failure) = begin_sink(&way, &shared, &component, &stages).await {
                component.failed(failure.to_string());
                return stages.fail(failure);
            }
            upkeep(way, retention).await;
        });
        Ok(())
    }

    /// The way to the database, followed; one for the whole process.
    pub(super) fn database(&mut self, settings: &Settings) -> Result<Way, Failure> {
        if let Some(way) = &self.database {
            return Ok(way.clone());
        }
        let load = self.reload.part(|settings| settings.postgres.clone());
        let way = Way::follow(&settings.postgres, load);
        let way = way.map_err(|error| Failure::Configuration(error.to_string()))?;
        let followed = way.clone();
        let status = move || vec![("login".to_owned(), followed.status())];
        self.followed.add("postgres", status);
        self.database = Some(way.clone());
        Ok(way)
    }

    /// Says in health what of the settings was changed and is not followed.
    pub(super) fn tell_of_changes(&self, settings: &Settings) {
        let first = settings.clone();
        let load = self.reload.part(move |now| changes::waiting(&first, now));
        let changes = Watched::part("settings", Vec::new(), load).described(changes::told);
        self.followed.follow("process", "settings", &changes);
    }
}

async fn begin_sink(
    way: &Way,
    shared: &Shared,
    component: &Component,
    stages: &Stages,
) -> Result<(), Failure> {
    let mut drains = Vec::new();
    for _ in 0..shared.kafka.lanes {
        drains.push(connect(way, component).await?);
    }
    component.ready("connected");
    stages.keep(run_drain(shared, StageName::Sink, drains, &Handle::current()))
}

/// A connection of the sink; a database that is away is waited for, one without tables is not.
async fn connect(way: &Way, component: &Component) -> Result<SinkDrain, Failure> {
    loop {
        match sink::connect_by(way).await {
            Ok(drain) => return Ok(drain),
            Err(error @ SinkError::Unreachable(_)) => {
                tracing::warn!(%error, "waiting for PostgreSQL");
                component.waiting(error.to_string());
                tokio::time::sleep(ASK_AGAIN).await;
            }
            Err(error) => return Err(Failure::Configuration(error.to_string())),
        }
    }
}

/// Where the process may call.
pub(crate) fn reach(settings: &Settings) -> Result<Reach, Failure> {
    let outbound = &settings.outbound;
    let proxy = outbound.proxy.as_ref().map(settings::Secret::expose);
    Reach::new(outbound.networks(), proxy, &outbound.no_proxy)
        .map_err(|error| Failure::Configuration(format!("outbound.proxy: {error}")))
}

fn unusable(key: &str, path: &Path, error: &WatchError) -> Failure {
    Failure::Configuration(format!("{key} = {}: {error}", path.display()))
}
