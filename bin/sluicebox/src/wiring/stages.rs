//! One function a stage: its rules, its state, its lanes.

use super::channels::ChannelWatch;
use super::process::{Process, Stages};
use super::reloads::Followed;
use super::upkeep::upkeep;
use crate::failure::Failure;
use model::Decoder;
use notifier::{Channels, Ledger};
use outbound::Reach;
use runtime::{Publisher, Shared, run_drain, run_effect, run_stage};
use settings::{Settings, WatchError, Watched};
use sink::{SinkDrain, SinkError};
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
            self.follow(StageName::Normalizer, "lists", &lists);
        }
        self.stages
            .keep(run_stage(shared, StageName::Normalizer, move || {
                normalizer::Normalizer::new(&settings, &admission, &lists)
            }))
    }

    pub(super) fn scorer(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let rules = scorer::open_rules(&settings.scorer.rules);
        let rules = rules.map_err(|error| unusable("scorer.rules", &settings.scorer.rules, &error))?;
        self.follow(StageName::Scorer, "rules", &rules);
        let trials = scorer::Trials::default();
        if let Some(followed) = self.followed.last_mut() {
            followed.trials = Some(trials.clone());
        }
        self.stages.keep(run_stage(shared, StageName::Scorer, move || {
            scorer::ScorerStage::new(&rules).counting(trials.clone())
        }))
    }

    pub(super) fn dedup_aggregator(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let aggregator = dedup_aggregator::DedupAggregator::new(&settings.dedup);
        self.stages
            .keep(run_stage(shared, StageName::DedupAggregator, move || {
                aggregator.clone()
            }))
    }

    pub(super) fn detector(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let ahead = settings.admission.max_ahead;
        let settings = &settings.detector;
        let rules = detector::open_rules(&settings.rules);
        let rules = rules.map_err(|error| unusable("detector.rules", &settings.rules, &error))?;
        self.follow(StageName::Detector, "rules", &rules);
        let lateness = settings.allowed_lateness;
        let make = move || detector::DetectorStage::new(&rules, lateness).with_max_ahead(ahead);
        self.stages.keep(run_stage(shared, StageName::Detector, make))
    }

    pub(super) fn enricher(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let reach = reach(settings)?;
        let effect = enricher::EnricherEffect::open(&settings.enricher, &reach);
        let effect = effect.map_err(|error| Failure::Configuration(format!("enricher: {error}")))?;
        let reload = Arc::clone(&self.reload);
        let load = move || reload().map(|settings| settings.enricher);
        let effect = Arc::new(effect.following(&reach, load));
        let files = Arc::clone(&effect);
        let status = Box::new(move || files.watched());
        self.followed.push(Followed {
            stage: StageName::Enricher,
            status,
            trials: None,
        });
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
        self.follow(StageName::NotifierPlan, "templates", &cards);
        let reload = Arc::clone(&self.reload);
        let load = move || reload().map(|settings| settings.notifier);
        let channels = Channels::follow(settings, &notifier::Console::stdout(), &reach, load);
        let channels =
            channels.map_err(|error| Failure::Configuration(format!("notifier.channels: {error}")))?;
        self.follow(StageName::NotifierDeliver, "channels", &channels);
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

    pub(super) fn follow<T: Send + Sync + 'static>(
        &mut self,
        stage: StageName,
        name: &'static str,
        watched: &Watched<T>,
    ) {
        let watched = watched.clone();
        let status = Box::new(move || vec![(name.to_owned(), watched.status())]);
        self.followed.push(Followed {
            stage,
            status,
            trials: None,
        });
    }

    /// The sink begins when its database answers, which nothing else waits for.
    pub(super) fn sink(&mut self, settings: &Settings, shared: &Shared) {
        let component = self.health.component("postgres");
        let (settings, shared, stages) = (settings.clone(), shared.clone(), self.stages.clone());
        self.beside(async move {
            if let Err(failure) = begin_sink(&settings, &shared, &component, &stages).await {
                component.failed(failure.to_string());
                return stages.fail(failure);
            }
            if let Err(failure) = look_after_tables(&settings).await {
                stages.fail(failure);
            }
        });
    }
}

async fn begin_sink(
    settings: &Settings,
    shared: &Shared,
    component: &Component,
    stages: &Stages,
) -> Result<(), Failure> {
    let mut drains = Vec::new();
    for _ in 0..settings.kafka.lanes {
        drains.push(connect(settings, component).await?);
    }
    component.ready("connected");
    stages.keep(run_drain(shared, StageName::Sink, drains, &Handle::current()))
}

/// Makes and drops tables by their time, for ever.
async fn look_after_tables(settings: &Settings) -> Result<(), Failure> {
    let database = database::options(&settings.postgres, "sluicebox-upkeep");
    let database = database.map_err(|error| Failure::Configuration(error.to_string()))?;
    upkeep(database, settings.sink.retention.clone()).await;
    Ok(())
}

/// A connection of the sink; a database that is away is waited for, one without tables is not.
async fn connect(settings: &Settings, component: &Component) -> Result<SinkDrain, Failure> {
    loop {
        match sink::connect(&settings.postgres).await {
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
pub(super) fn reach(settings: &Settings) -> Result<Reach, Failure> {
    let outbound = &settings.outbound;
    let proxy = outbound.proxy.as_ref().map(settings::Secret::expose);
    Reach::new(outbound.networks(), proxy, &outbound.no_proxy)
        .map_err(|error| Failure::Configuration(format!("outbound.proxy: {error}")))
}

fn unusable(key: &str, path: &Path, error: &WatchError) -> Failure {
    Failure::Configuration(format!("{key} = {}: {error}", path.display()))
}
