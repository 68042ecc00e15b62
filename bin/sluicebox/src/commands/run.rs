//! `sluicebox run`.

use crate::app::App;
use crate::failure::Failure;
use crate::wiring::{Process, Target};
use clap::Args;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long lanes and what is left may take, beyond what the settings give to the listeners.
const GRACE: Duration = Duration::from_secs(4);

const EXAMPLES: &str = "\
Examples:
  sluicebox run all                      every service in one process; they still meet on the broker only
  sluicebox run normalizer scorer        two services
  SLUICEBOX__OPS__LISTEN=127.0.0.1:9465 sluicebox run sink     a second process on one machine

Whether the process is alive and ready is told at /livez and /readyz of ops.listen; the parts of its health and /metrics
only to clients on this machine, or with ops.token set to who sends it. SIGTERM and Ctrl-C stop gracefully: /readyz says
503 for ops.drain_delay before the listeners close.
A service that cannot go on ends the process, unless --stay-up is given: then /readyz and the log go on saying why.
Several processes of one service share its partitions; give each its own instance_id.";

/// Run services: one, several, or all in one process
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// What to run
    #[arg(required = true, value_enum)]
    targets: Vec<Target>,
    /// Let `auth: none` listen on other addresses than loopback, as access.insecure does
    #[arg(long)]
    insecure: bool,
    /// Stay up, and not ready, when a service cannot go on: for who would start the process again and again
    #[arg(long)]
    stay_up: bool,
}

pub(crate) async fn run(args: RunArgs, app: &App) -> Result<(), Failure> {
    let insecure = args.insecure.then_some(("SLUICEBOX__ACCESS__INSECURE", "true"));
    let settings = app.settings_with(insecure.as_slice())?;
    let names: Vec<String> = args.targets.iter().map(|target| target.name()).collect();
    let _telemetry = telemetry::init(&settings.telemetry, &names.join("+"))
        .map_err(|error| Failure::Configuration(error.to_string()))?;
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    let process = tokio::select! {
        process = Process::start(&settings, &args.targets, app.reload(insecure.as_slice())) => process?,
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    };
    tracing::info!(services = ?names, addresses = ?process.addresses, "running");
    let notice = tokio::select! {
        () = halted(&process, args.stay_up) => Duration::ZERO,
        _ = terminate.recv() => {
            tracing::info!("SIGTERM: stopping");
            settings.ops.drain_delay
        }
        _ = interrupt.recv() => {
            tracing::info!("Ctrl-C: stopping");
            Duration::ZERO
        }
    };
    let patience = notice + settings.listeners.drain_timeout + GRACE;
    match tokio::time::timeout(patience, process.stop(notice)).await {
        Ok(stopped) => stopped,
        Err(_) => Err(Failure::Check(format!(
            "the services did not stop within {} s; what was not committed is done again at the next start",
            patience.as_secs()
        ))),
    }
}

/// Resolves when a service has ended by itself and the process is to end with it.
async fn halted(process: &Process, stay_up: bool) {
    process.ended().await;
    if stay_up {
        tracing::error!("a service ended by itself; staying up until SIGTERM, /readyz says why");
        std::future::pending::<()>().await;
    }
    tracing::error!("a service ended by itself; stopping");
}

fn handler(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::File(format!("signals cannot be handled: {error}")))
}
