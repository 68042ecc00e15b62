//! The connections of the process's listeners.

use std::sync::{Mutex, PoisonError};

use listen::{Closed, Figures};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::sync::Arc;

use super::instruments::described;

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
        let mut open = described(&mut encoder, "connections_open")?;
        for (name, figures) in &all {
            let gauge = ConstGauge::new(i64::try_from(figures.open()).unwrap_or(i64::MAX));
            gauge.encode(open.encode_family(&[("listener", *name)])?)?;
        }
        let mut accepted = described(&mut encoder, "connections_accepted")?;
        for (name, figures) in &all {
            ConstCounter::new(figures.accepted()).encode(accepted.encode_family(&[("listener", *name)])?)?;
        }
        let mut closed = described(&mut encoder, "connections_closed")?;
        for (name, figures) in &all {
            for why in Closed::ALL {
                let labels = [("listener", *name), ("reason", why.as_str())];
                ConstCounter::new(figures.count(why)).encode(closed.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
