//! The connections of the process's listeners.

use std::sync::{Mutex, PoisonError};

use listen::{Closed, Figures};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::sync::Arc;

/// Listeners by name. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Listeners(Arc<Mutex<Vec<(&'static str, Figures)>>>);

impl Listeners {
    pub(super) fn add(&self, name: &'static str, figures: Figures) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, figures));
    }

    fn all(&self) -> Vec<(&'static str, Figures)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Collector for Listeners {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let all = self.all();
        let help = "Connections that are open";
        let mut open = encoder.encode_descriptor("connections_open", help, None, MetricType::Gauge)?;
        for (name, figures) in &all {
            let gauge = ConstGauge::new(i64::try_from(figures.open()).unwrap_or(i64::MAX));
            gauge.encode(open.encode_family(&[("listener", *name)])?)?;
        }
        let help = "Connections that got a place";
        let mut accepted =
            encoder.encode_descriptor("connections_accepted", help, None, MetricType::Counter)?;
        for (name, figures) in &all {
            ConstCounter::new(figures.accepted()).encode(accepted.encode_family(&[("listener", *name)])?)?;
        }
        let help = "Connections that the listener ended or refused, by reason";
        let mut closed = encoder.encode_descriptor("connections_closed", help, None, MetricType::Counter)?;
        for (name, figures) in &all {
            for why in Closed::ALL {
                let labels = [("listener", *name), ("reason", why.as_str())];
                ConstCounter::new(figures.count(why)).encode(closed.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
