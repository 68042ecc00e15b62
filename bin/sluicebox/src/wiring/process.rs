//! A process that runs services: starts them, notices when one ends, stops them all.

use super::edge::{EdgeTally, KafkaIngest};
use super::lag::LagWatch;
use super::observer::LaneObserver;
use super::reloads::{self, Followed};
use super::stages::reach;
use super::target::Target;
use crate::app::{self, Reload};
use crate::failure::Failure;
use access::Gate;
use registry::Registry;
use runtime::{Publisher, RunningStage, Shared, Stop};
use settings::{AuthMode, Settings};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{Health, Metrics};
use tokio::net::TcpListener;
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
    stop: Stop,
    stop_http: watch::Sender<bool>,
    stages: Vec<RunningStage>,
    pub(super) followed: Vec<Followed>,
    pub(super) reload: Reload,
    servers: Vec<JoinHandle<Result<(), String>>>,
}

impl Process {
    /// Starts the services of these targets. Servers that are away are waited for, and health says so.
    /// What is followed while it runs is loaded anew with `reload`.
    pub(crate) async fn start(
        settings: &Settings,
        targets: &[Target],
        reload: Reload,
    ) -> Result<Self, Failure> {
        let services = Target::services(targets);
        let (health, metrics) = (Health::default(), Metrics::new());
        let (stop_http, _) = watch::channel(false);
        let mut process = Self {
            addresses: Addresses::default(),
            stop: Stop::default(),
            stop_http,
            stages: Vec::new(),
            followed: Vec::new(),
            reload,
            servers: Vec::new(),
        };
        process.serve_ops(settings, &health, &metrics).await?;
        let shared = shared(settings, &health, &metrics, process.stop.clone()).await?;
        process
            .start_stages(settings, &services, &shared, &health)
            .await?;
        process.show_reloads(health.clone(), metrics.clone());
        process.show_lag(LagWatch::new(settings, &services)?, metrics.clone());
        if services.contains(&Target::Adapters) {
            process
                .serve_adapters(settings, &shared, &health, &metrics)
                .await?;
        }
        if services.contains(&Target::Api) {
            process.serve_api(settings, &health, &metrics).await?;
        }
        Ok(process)
    }

    /// Resolves when a service has ended by itself.
    pub(crate) async fn ended(&self) {
        let mut look_up = tokio::time::interval(LOOK_UP);
        while !self.stages.iter().any(RunningStage::has_ended) {
            look_up.tick().await;
        }
    }

    /// Stops everything in good order: requests are answered, transactions committed.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.stop.set();
        self.stop_http.send_replace(true);
        let stages = self.stages;
        let joined = tokio::task::spawn_blocking(move || {
            stages.into_iter().map(RunningStage::join).collect::<Vec<_>>()
        });
        for server in self.servers {
            let served = server.await.unwrap_or_else(|panic| Err(panic.to_string()));
            served.map_err(|error| Failure::Unreachable(format!("an HTTP server failed: {error}")))?;
        }
        let ended = joined
            .await
            .map_err(|error| Failure::Unreachable(format!("a lane panicked: {error}")))?;
        ended
            .into_iter()
            .collect::<Result<(), _>>()
            .map_err(|error| Failure::Unreachable(error.to_string()))
    }

    fn show_reloads(&mut self, health: Health, metrics: Metrics) {
        let (followed, stopping) = (std::mem::take(&mut self.followed), self.stopping());
        tokio::spawn(async move {
            tokio::select! {
                () = reloads::show(followed, health, metrics) => {}
                () = stopping => {}
            }
        });
    }

    fn show_lag(&self, lag: LagWatch, metrics: Metrics) {
        self.beside(lag.show(metrics));
    }

    /// Does this beside the stages until the process stops.
    pub(super) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping => {}
            }
        });
    }

    pub(super) fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop_http.subscribe();
        async move {
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    async fn serve_ops(
        &mut self,
        settings: &Settings,
        health: &Health,
        metrics: &Metrics,
    ) -> Result<(), Failure> {
        let listen = settings.ops.listen;
        let served = telemetry::serve_ops(listen, health.clone(), metrics.clone(), self.stopping()).await;
        let (address, answering) = served.map_err(|error| in_use("ops.listen", listen, &error))?;
        self.addresses.ops = Some(address);
        self.watch(async {
            answering
                .await
                .unwrap_or_else(|panic| Err(std::io::Error::other(panic)))
        });
        Ok(())
    }

    async fn serve_adapters(
        &mut self,
        settings: &Settings,
        shared: &Shared,
        health: &Health,
        metrics: &Metrics,
    ) -> Result<(), Failure> {
        let listener = bind("adapters.listen", settings.adapters.listen).await?;
        self.addresses.adapters = listener.local_addr().ok();
        let publisher = Publisher::new(&shared.kafka, &shared.prefix, shared.ids)?;
        let tally = Arc::new(EdgeTally(metrics.clone()));
        let router = adapters::router(
            Arc::new(KafkaIngest(publisher)),
            &settings.adapters,
            &settings.admission,
            gate(settings, settings.adapters.auth, health)?,
            tally,
        )
        .map_err(|error| Failure::Configuration(format!("adapters.webhooks: {error}")))?;
        self.watch(adapters::serve(listener, router, self.stopping()));
        health.component("adapters").ready("listening");
        Ok(())
    }

    async fn serve_api(
        &mut self,
        settings: &Settings,
        health: &Health,
        metrics: &Metrics,
    ) -> Result<(), Failure> {
        let listener = bind("api.listen", settings.api.listen).await?;
        self.addresses.api = listener.local_addr().ok();
        let pool = api::pool(&settings.postgres, &settings.api)
            .map_err(|error| Failure::Configuration(error.to_string()))?;
        let ops = telemetry::ops_router(health.clone(), metrics.clone());
        let refusals = metrics.clone();
        let gate = gate(settings, settings.api_auth(), health)?;
        let entry = api::Entry::new(gate, move |reason| refusals.filtered("api", reason, 1));
        self.watch(api::serve(
            listener,
            api::router(pool, &settings.api, entry, ops),
            self.stopping(),
        ));
        health.component("api").ready("listening");
        Ok(())
    }

    fn watch<E: Display>(&mut self, server: impl Future<Output = Result<(), E>> + Send + 'static) {
        self.servers.push(tokio::spawn(async {
            server.await.map_err(|error| error.to_string())
        }));
    }

    async fn start_stages(
        &mut self,
        settings: &Settings,
        services: &BTreeSet<Target>,
        shared: &Shared,
        health: &Health,
    ) -> Result<(), Failure> {
        for service in services {
            match service {
                Target::Normalizer => self.normalizer(settings, shared)?,
                Target::Scorer => self.scorer(settings, shared)?,
                Target::DedupAggregator => self.dedup_aggregator(settings, shared)?,
                Target::Detector => self.detector(settings, shared)?,
                Target::Enricher => self.enricher(settings, shared)?,
                Target::Notifier => self.notifier(settings, shared, health)?,
                Target::Sink => self.sink(settings, shared, health).await?,
                Target::Adapters | Target::Api | Target::All => {}
            }
        }
        Ok(())
    }

    pub(super) fn keep(&mut self, started: std::io::Result<RunningStage>) -> Result<(), Failure> {
        let stage = started.map_err(|error| Failure::File(format!("a thread cannot be started: {error}")))?;
        self.stages.push(stage);
        Ok(())
    }
}

async fn shared(
    settings: &Settings,
    health: &Health,
    metrics: &Metrics,
    stop: Stop,
) -> Result<Shared, Failure> {
    let registry = Registry::connect(&settings.registry)?;
    let component = health.component("schema-registry");
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
        observer: Arc::new(LaneObserver::new(health.clone(), metrics.clone())),
        stop,
    })
}

/// Who is let in: by the keys file, the configured issuers, and the keys of the configuration.
fn gate(settings: &Settings, auth: AuthMode, health: &Health) -> Result<Arc<Gate>, Failure> {
    let keys = &settings.adapters.api_keys;
    let gate = Gate::open(
        &settings.access,
        keys,
        auth == AuthMode::Required,
        &reach(settings)?,
    )
    .map_err(|error| Failure::Configuration(error.to_string()))?;
    if let Some(status) = gate.keys_status() {
        health.component("keys").ready(status.content.unwrap_or_default());
    }
    Ok(Arc::new(gate))
}

async fn bind(key: &str, listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen)
        .await
        .map_err(|error| in_use(key, listen, &error))
}

fn in_use(key: &str, listen: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::Configuration(format!(
        "cannot listen on {listen}: {error}; set {key} to a free address"
    ))
}
