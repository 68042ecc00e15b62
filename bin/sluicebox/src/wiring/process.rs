//! A process that runs services: starts them, notices when one ends, stops them all.

use super::lag::LagWatch;
use super::observer::LaneObserver;
use super::reloads::{self, FollowedParts};
use super::servers;
use super::target::Target;
use super::threads::Threads;
use crate::app;
use crate::failure::Failure;
use crate::reload::Reload;
use database::Way;
use listen::{Descriptors, Drained};
use registry::Registry;
use runtime::{RunningStage, Shared, Stop};
use settings::Settings;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telemetry::{Health, Metrics};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the process looks whether a lane has ended by itself.
const LOOK_UP: Duration = Duration::from_millis(100);

/// Where the process listens; ports that were configured as 0 are known only here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Addresses {
    /// Health and metrics.
    pub ops: Option<SocketAddr>,
    /// Events in.
    pub adapters: Option<SocketAddr>,
    /// Questions.
    pub api: Option<SocketAddr>,
}

/// Services that run.
pub(crate) struct Process {
    /// Where it listens.
    pub addresses: Addresses,
    pub(super) health: Health,
    pub(super) metrics: Metrics,
    pub(super) descriptors: Descriptors,
    stop: Stop,
    pub(super) stop_http: watch::Sender<bool>,
    pub(super) stop_ops: watch::Sender<bool>,
    pub(super) stages: Stages,
    pub(super) followed: FollowedParts,
    pub(super) reload: Reload,
    pub(super) database: Option<Way>,
    pub(super) servers: Vec<JoinHandle<Drained>>,
    pub(super) ops: Option<JoinHandle<Drained>>,
    /// Of each listener; last, so that they outlive what runs on them.
    pub(super) threads: Vec<Threads>,
}

/// Stages that run, also those that begin only when their database answers, and why one of these could not begin.
#[derive(Clone, Default)]
pub(super) struct Stages(Arc<Mutex<Begun>>);

#[derive(Default)]
struct Begun {
    running: Vec<RunningStage>,
    failed: Option<Failure>,
}

impl Stages {
    fn lock(&self) -> MutexGuard<'_, Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keep(&self, started: std::io::Result<RunningStage>) -> Result<(), Failure> {
        let stage = started.map_err(|error| Failure::File(format!("a thread cannot be started: {error}")))?;
        self.lock().running.push(stage);
        Ok(())
    }

    pub(super) fn fail(&self, failure: Failure) {
        self.lock().failed.get_or_insert(failure);
    }

    fn has_ended(&self) -> bool {
        let begun = self.lock();
        begun.failed.is_some() || begun.running.iter().any(RunningStage::has_ended)
    }

    /// Waits for all, which were told to stop.
    async fn join(&self) -> Result<(), Failure> {
        let begun = std::mem::take(&mut *self.lock());
        let join = || {
            begun
                .running
                .into_iter()
                .map(RunningStage::join)
                .collect::<Vec<_>>()
        };
        let ended = tokio::task::spawn_blocking(join).await;
        let ended = ended.map_err(|error| Failure::Unreachable(format!("a lane panicked: {error}")))?;
        if let Some(failure) = begun.failed {
            return Err(failure);
        }
        ended
            .into_iter()
            .collect::<Result<(), _>>()
            .map_err(|error| Failure::Unreachable(error.to_string()))
    }
}

impl Process {
    /// Starts the services of these targets. Servers that are away are waited for, and health says so: the registry by
    /// all but the API, the database by the sink and the API alone. What is followed while it runs is loaded anew with
    /// `reload`.
    pub(crate) async fn start(
        settings: &Settings,
        targets: &[Target],
        reload: Reload,
    ) -> Result<Self, Failure> {
        let services = Target::services(targets);
        let mut process = Self {
            addresses: Addresses::default(),
            health: Health::default(),
            metrics: Metrics::new(),
            descriptors: listen::raise(),
            stop: Stop::default(),
            stop_http: watch::channel(false).0,
            stop_ops: watch::channel(false).0,
            stages: Stages::default(),
            followed: FollowedParts::default(),
            reload,
            database: None,
            servers: Vec::new(),
            ops: None,
            threads: Vec::new(),
        };
        process.metrics.build(
            env!("CARGO_PKG_VERSION"),
            env!("SLUICEBOX_BUILT_FROM").trim_ascii(),
        );
        process.serve_ops(settings)?;
        let (followed, health, metrics) = (&process.followed, &process.health, &process.metrics);
        process.beside(reloads::show(followed.clone(), health.clone(), metrics.clone()));
        process.tell_of_changes(settings);
        if services.contains(&Target::Api) {
            process.serve_api(settings)?;
        }
        if services.iter().any(|service| *service != Target::Api) {
            process.start_stream(settings, &services).await?;
        }
        Ok(process)
    }

    /// Starts what meets on the broker.
    async fn start_stream(
        &mut self,
        settings: &Settings,
        services: &BTreeSet<Target>,
    ) -> Result<(), Failure> {
        let shared = self.shared(settings).await?;
        if services.contains(&Target::Adapters) {
            self.serve_adapters(settings, &shared)?;
        }
        self.start_stages(settings, services, &shared)?;
        let stored = services.contains(&Target::Sink).then(|| self.database(settings));
        let lag = LagWatch::new(settings, services, stored.transpose()?)?;
        self.beside(lag.show(self.metrics.clone()));
        Ok(())
    }

    /// Resolves when a service has ended by itself.
    pub(crate) async fn ended(&self) {
        let mut look_up = tokio::time::interval(LOOK_UP);
        while !self.stages.has_ended() {
            look_up.tick().await;
        }
    }

    /// Stops everything in good order: for `notice` the process only says that it is not ready, so that load balancers
    /// send nobody any more; then requests are answered and transactions committed; health is told to the end.
    pub(crate) async fn stop(self, notice: Duration) -> Result<(), Failure> {
        self.health.stop();
        tokio::time::sleep(notice).await;
        self.stop.set();
        self.stop_http.send_replace(true);
        let (served, ended) = tokio::join!(servers::ended(self.servers), self.stages.join());
        self.stop_ops.send_replace(true);
        servers::ended(self.ops.into_iter().collect()).await?;
        served.and(ended)
    }

    fn start_stages(
        &mut self,
        settings: &Settings,
        services: &BTreeSet<Target>,
        shared: &Shared,
    ) -> Result<(), Failure> {
        for service in services {
            match service {
                Target::Sources => self.sources(settings, shared)?,
                Target::Normalizer => self.normalizer(settings, shared)?,
                Target::Scorer => self.scorer(settings, shared)?,
                Target::DedupAggregator => self.dedup_aggregator(settings, shared)?,
                Target::StoryMerger => self.story_merger(settings, shared)?,
                Target::Detector => self.detector(settings, shared)?,
                Target::Enricher => self.enricher(settings, shared)?,
                Target::Notifier => self.notifier(settings, shared)?,
                Target::Sink => self.sink(settings, shared)?,
                Target::Adapters | Target::Api | Target::All => {}
            }
        }
        Ok(())
    }

    async fn shared(&self, settings: &Settings) -> Result<Shared, Failure> {
        let load = self.reload.part(|settings| settings.registry.clone());
        let registry = Registry::follow(&settings.registry, load)?;
        let followed = registry.clone();
        self.followed
            .add("registry", move || vec![("client".to_owned(), followed.status())]);
        let component = self.health.component("schema-registry");
        let prefix = app::prefix(settings);
        let ids = registry
            .ids(&prefix, |error| component.waiting(error.to_string()))
            .await?;
        component.ready("schemas are registered");
        Ok(Shared {
            kafka: settings.kafka.clone(),
            dead_letters: settings.dead_letters.clone(),
            prefix,
            instance: settings.instance_id.clone(),
            ids,
            schemas: Arc::new(registry.impatient()),
            observer: Arc::new(LaneObserver::new(self.health.clone(), self.metrics.clone())),
            stop: self.stop.clone(),
        })
    }
}
