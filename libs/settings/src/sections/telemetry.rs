//! Logs and traces.

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Logs and traces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Default `human`.
    pub log_format: LogFormat,
    /// A level, or directives like `info,sluicebox_runtime=debug`. Default `info`.
    pub log_level: String,
    /// Where traces go by OTLP over HTTP, such as `http://localhost:4318`; none are sent if left away.
    pub otlp_endpoint: Option<String>,
    /// OpenTelemetry's `service.namespace`. Default `sluicebox`.
    pub service_namespace: String,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Human,
            log_level: "info".to_owned(),
            otlp_endpoint: None,
            service_namespace: "sluicebox".to_owned(),
        }
    }
}

impl TelemetrySettings {
    pub(crate) fn specimen() -> Self {
        Self {
            otlp_endpoint: Some(String::new()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        if let Some(endpoint) = &self.otlp_endpoint {
            problems.base_url("telemetry.otlp_endpoint", endpoint);
        }
        problems.unless(
            !self.log_level.trim().is_empty(),
            "telemetry.log_level",
            "\"\"",
            "use error, warn, info, debug, trace or directives",
        );
    }
}
