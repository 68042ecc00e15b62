//! Traces by OTLP over HTTP.

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use settings::TelemetrySettings;

use crate::logs::TelemetryError;

/// The path that OTLP over HTTP has for traces.
const TRACES: &str = "/v1/traces";

/// Makes the provider that sends spans to `endpoint`; nothing is sent yet.
pub(crate) fn provider(
    settings: &TelemetrySettings,
    endpoint: &str,
    service: &str,
) -> Result<SdkTracerProvider, TelemetryError> {
    // Another part of the process may have installed it already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(traces_url(endpoint))
        .build()
        .map_err(|error| TelemetryError::Exporter {
            endpoint: endpoint.to_owned(),
            reason: error.to_string(),
        })?;
    let namespace = KeyValue::new("service.namespace", settings.service_namespace.clone());
    let resource = Resource::builder()
        .with_service_name(service.to_owned())
        .with_attribute(namespace)
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

/// Users give the collector's base address, as with `OTEL_EXPORTER_OTLP_ENDPOINT`; the exporter wants the whole.
fn traces_url(endpoint: &str) -> String {
    let base = endpoint.trim_end_matches('/');
    if base.ends_with(TRACES) {
        base.to_owned()
    } else {
        format!("{base}{TRACES}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_and_whole_addresses_both_work() {
        for endpoint in ["http://c:4318", "http://c:4318/", "http://c:4318/v1/traces"] {
            assert_eq!(traces_url(endpoint), "http://c:4318/v1/traces");
        }
    }
}
