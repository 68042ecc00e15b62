//! Log lines on standard error, for people or for machines; standard output is left to what a command prints.

use std::io::IsTerminal;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use settings::{LogFormat, TelemetrySettings};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::traces;

/// Spans that are not sent by then are given up when a process stops.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// The libraries of traces tell at `info` what concerns only themselves; directives of the user come after and win.
const QUIET: &str = "opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry_otlp=warn";

/// Why telemetry cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The log level is neither a level nor directives.
    #[error(
        "telemetry.log_level = {directives}: {reason}; use error, warn, info, debug, trace or `info,target=debug`"
    )]
    LogLevel {
        /// The level as configured.
        directives: String,
        /// What the parser said.
        reason: String,
    },
    /// The exporter of traces cannot be made.
    #[error("telemetry.otlp_endpoint = {endpoint}: {reason}")]
    Exporter {
        /// The address as configured.
        endpoint: String,
        /// What is in the way.
        reason: String,
    },
    /// Something else in this process took the logs already.
    #[error("logs are initialised already; call telemetry::init once a process")]
    Twice,
}

/// Keeps telemetry going; sends the last spans when dropped.
#[derive(Debug)]
pub struct Guard {
    tracer: Option<SdkTracerProvider>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(tracer) = &self.tracer {
            // A collector that is away must not keep a process from stopping.
            drop(tracer.shutdown_with_timeout(LAST_SPANS));
        }
    }
}

/// Begins logs, and traces if an endpoint is set. `service` names the process in traces.
pub fn init(settings: &TelemetrySettings, service: &str) -> Result<Guard, TelemetryError> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", settings.log_level)).map_err(|error| {
        TelemetryError::LogLevel {
            directives: settings.log_level.clone(),
            reason: error.to_string(),
        }
    })?;
    let endpoint = settings.otlp_endpoint.as_deref();
    let tracer = endpoint
        .map(|endpoint| traces::provider(settings, endpoint, service))
        .transpose()?;
    let spans = tracer.as_ref().map(|provider| {
        let tracer = provider.tracer("sluicebox");
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_filter(ours())
            .boxed()
    });
    Registry::default()
        .with(spans)
        .with(lines(settings.log_format).with_filter(filter))
        .try_init()
        .map_err(|_| TelemetryError::Twice)?;
    if let Some(provider) = &tracer {
        opentelemetry::global::set_tracer_provider(provider.clone());
    }
    Ok(Guard { tracer })
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registered> + Send + Sync> {
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Human => layer.with_ansi(colours()).boxed(),
        LogFormat::Json => layer
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    }
}

/// The registry with the layer of spans on it.
type Registered =
    tracing_subscriber::layer::Layered<Option<Box<dyn Layer<Registry> + Send + Sync>>, Registry, Registry>;

/// <https://no-color.org>: any value that is not empty forbids colours.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The exporter's own requests must not make spans, or each export would lead to the next.
fn ours() -> Targets {
    let quiet = [
        "hyper",
        "hyper_util",
        "reqwest",
        "h2",
        "rustls",
        "opentelemetry",
        "opentelemetry_sdk",
        "tower",
    ];
    quiet.into_iter().fold(
        Targets::new().with_default(LevelFilter::INFO),
        |targets, target| targets.with_target(target, LevelFilter::OFF),
    )
}
