//! The HTTP listeners of a process: health and metrics, events in, questions. All are one kind of listener
//! (`libs/listen`).

use super::edge::{EdgeTally, KafkaIngest};
use super::probes;
use super::process::Process;
use super::stages::reach;
use super::threads::{Share, Threads};
use crate::failure::Failure;
use access::{Gate, GateSettings, Logins};
use adapters::{Paths, Webhooks};
use listen::{Drained, Hosts, Limits, Listener, Role, Tls};
use runtime::{Publisher, Shared};
use settings::{AuthMode, Settings, TlsSettings, Watched};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use telemetry::{Guesses, OpsAccess};
use tokio::sync::watch;

/// How long answers about health may take after the stop: they are the last thing that stops.
const OPS_DRAIN: Duration = Duration::from_millis(500);

/// One listener to open.
struct Door<'a> {
    role: Role,
    /// The section of the settings, which also names its metrics.
    section: &'static str,
    listen: SocketAddr,
    tls: Option<&'a TlsSettings>,
}

impl Process {
    pub(super) fn serve_ops(&mut self, settings: &Settings) -> Result<(), Failure> {
        let door = Door {
            role: Role::Ops,
            section: "ops",
            listen: settings.ops.listen,
            tls: settings.ops.tls.as_ref(),
        };
        let threads = Threads::start(door.section, Share::One)?;
        let inside = threads.enter();
        let listener = self.open(settings, &door)?;
        self.addresses.ops = listener.local_addr().ok();
        let load = self.reload.part(|settings| settings.ops.token.clone());
        let token = Watched::part("ops.token", settings.ops.token.clone(), load);
        self.followed.follow("ops", "token", &token);
        let access = OpsAccess::following(&settings.ops, token).guarded(Arc::new(OpsGuesses::default()));
        let router = telemetry::ops_router(self.health.clone(), self.metrics.clone(), access);
        let stopping = told(&self.stop_ops);
        self.ops = Some(tokio::spawn(listener.serve(router, stopping)));
        drop(inside);
        self.threads.push(threads);
        Ok(())
    }

    pub(super) fn serve_adapters(&mut self, settings: &Settings, shared: &Shared) -> Result<(), Failure> {
        let door = Door {
            role: Role::Edge,
            section: "adapters",
            listen: settings.adapters.listen,
            tls: settings.adapters.tls.as_ref(),
        };
        let threads = Threads::start(door.section, Share::Whole)?;
        let inside = threads.enter();
        let listener = self.open(settings, &door)?;
        self.addresses.adapters = listener.local_addr().ok();
        let publisher = Publisher::new(&shared.kafka, &shared.prefix, shared.ids)?;
        let tally = Arc::new(EdgeTally(self.metrics.clone()));
        let ingest = Arc::new(KafkaIngest(publisher.clone()));
        let gate = self.gate(settings, "adapters", settings.adapters.auth)?;
        let webhooks = self.webhooks(settings)?;
        let (adapters, admission) = (&settings.adapters, &settings.admission);
        let paths = Paths::new(ingest, adapters, admission, gate, tally, &webhooks);
        self.servers
            .push(tokio::spawn(listener.serve(paths, self.stopping())));
        let component = self.health.component("adapters");
        self.beside(probes::broker(publisher, component));
        drop(inside);
        self.threads.push(threads);
        Ok(())
    }

    /// The webhooks that come in, followed.
    fn webhooks(&mut self, settings: &Settings) -> Result<Watched<Webhooks>, Failure> {
        let load = self.reload.part(|settings| settings.adapters.webhooks.clone());
        let webhooks = Webhooks::follow(&settings.adapters.webhooks, load);
        let webhooks =
            webhooks.map_err(|error| Failure::Configuration(format!("adapters.webhooks: {error}")))?;
        self.followed.follow("adapters", "webhooks", &webhooks);
        Ok(webhooks)
    }

    pub(super) fn serve_api(&mut self, settings: &Settings) -> Result<(), Failure> {
        let door = Door {
            role: Role::Api,
            section: "api",
            listen: settings.api.listen,
            tls: settings.api.tls.as_ref(),
        };
        let threads = Threads::start(door.section, Share::Behind)?;
        let inside = threads.enter();
        let listener = self.open(settings, &door)?;
        self.addresses.api = listener.local_addr().ok();
        let unusable = |error: api::ApiError| Failure::Configuration(error.to_string());
        let pool = api::pool(&settings.postgres, &settings.api).map_err(unusable)?;
        let way = self.database(settings)?;
        self.beside(api::follow(pool.clone(), way.clone(), settings.api.clone()));
        let gate = self.gate(settings, "api", settings.api_auth())?;
        let mut router = api::router(pool, &settings.api, api::Entry::new(gate));
        if settings.api_auth() == AuthMode::None {
            let hosts = Hosts::new(settings.api.listen, &settings.api.allowed_hosts);
            router = api::for_hosts(router, hosts);
        }
        let refusals = self.metrics.clone();
        let router = api::counted(router, move |reason| refusals.filtered("api", reason, 1));
        self.servers
            .push(tokio::spawn(listener.serve(router, self.stopping())));
        // Of its own: questions that take all connections are no reason to call the database away.
        let mut one = settings.postgres.clone();
        one.max_connections = 1;
        let pool = api::pool(&one, &settings.api).map_err(unusable)?;
        self.beside(api::follow(pool.clone(), way, settings.api.clone()));
        let component = self.health.component("api");
        self.beside(probes::database(pool, component));
        drop(inside);
        self.threads.push(threads);
        Ok(())
    }

    /// Who is let in: by the keys file, the configured issuers, and the keys of the configuration; all followed.
    fn gate(&self, settings: &Settings, service: &'static str, auth: AuthMode) -> Result<Arc<Gate>, Failure> {
        let load = self.reload.made(gate_settings);
        let gate = Gate::follow(&gate_settings(settings)?, auth == AuthMode::Required, load);
        let gate = Arc::new(gate.map_err(|error| Failure::Configuration(error.to_string()))?);
        let followed = Arc::clone(&gate);
        self.followed.add(service, move || followed.watched());
        Ok(gate)
    }

    /// Opens a listener and shows its connections in the metrics.
    fn open(&self, settings: &Settings, door: &Door<'_>) -> Result<Listener, Failure> {
        let section = door.section;
        let mut limits = Limits::new(door.role, &settings.listeners, self.descriptors);
        if door.role == Role::Ops {
            limits.drain = limits.drain.min(OPS_DRAIN);
        }
        let tls = door.tls.map(Tls::follow).transpose();
        let tls = tls.map_err(|error| Failure::Configuration(format!("{section}.tls: {error}")))?;
        let listen = door.listen;
        let listener = Listener::bind(listen, limits).map_err(|error| {
            Failure::Configuration(format!(
                "cannot listen on {listen}: {error}; set {section}.listen to a free address"
            ))
        })?;
        self.metrics.listener(section, listener.figures());
        Ok(listener.with_tls(tls))
    }

    /// Resolves when the listeners of the edge and the API have to close.
    pub(super) fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        told(&self.stop_http)
    }

    /// Runs something until the process stops.
    pub(super) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopping => {}
            }
        });
    }
}

/// Guesses of the token of health are slowed down like those of keys.
#[derive(Default)]
struct OpsGuesses(Logins);

impl Guesses for OpsGuesses {
    fn wait(&self, from: Option<IpAddr>, shown: &[u8]) -> Option<Duration> {
        self.0.wait(from, shown)
    }

    fn note(&self, from: Option<IpAddr>, shown: &[u8], good: bool) {
        self.0.note(from, shown, good);
    }
}

fn gate_settings(settings: &Settings) -> Result<GateSettings, Failure> {
    Ok(GateSettings {
        access: settings.access.clone(),
        api_keys: settings.adapters.api_keys.clone(),
        reach: reach(settings)?,
    })
}

fn told(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + use<> {
    let mut stop = stop.subscribe();
    async move {
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// Waits for listeners that were told to stop.
pub(super) async fn ended(servers: Vec<tokio::task::JoinHandle<Drained>>) -> Result<(), Failure> {
    for server in servers {
        server
            .await
            .map_err(|panic| Failure::Unreachable(format!("an HTTP server failed: {panic}")))?;
    }
    Ok(())
}
