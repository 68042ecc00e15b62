//! The figures of one run. Pure.

/// One service.
pub(super) struct Used {
    pub(super) name: &'static str,
    pub(super) cpu_s: f64,
    pub(super) peak_mib: f64,
}

/// One run.
pub(super) struct Run {
    pub(super) events: u64,
    /// From the first event sent to the last row stored.
    pub(super) seconds: f64,
    /// Of them, until the last event was acknowledged.
    pub(super) sending: f64,
    pub(super) services: Vec<Used>,
    /// CPU seconds of broker, database, registry.
    pub(super) servers: Vec<(String, f64)>,
    /// Bytes.
    pub(super) growth: u64,
}

impl Run {
    pub(super) fn events_per_s(&self) -> f64 {
        self.events as f64 / self.seconds
    }

    fn us_per_event(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.events as f64
    }

    /// CPU of all services, in microseconds an event.
    pub(super) fn cpu_us_per_event(&self) -> f64 {
        self.us_per_event(self.services.iter().map(|used| used.cpu_s).sum())
    }

    pub(super) fn broker_us_per_event(&self) -> f64 {
        let broker = self.servers.iter().find(|(name, _)| name == "kafka");
        self.us_per_event(broker.map_or(0.0, |(_, seconds)| *seconds))
    }

    /// The larger of the services that keep no state.
    pub(super) fn stateless_mib(&self) -> f64 {
        let stateless = self
            .services
            .iter()
            .filter(|used| ["normalizer", "scorer"].contains(&used.name));
        stateless.map(|used| used.peak_mib).fold(0.0, f64::max)
    }

    pub(super) fn growth_kib_per_1000(&self) -> f64 {
        self.growth as f64 / 1024.0 / (self.events as f64 / 1000.0)
    }

    /// The table.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{:18} {:>8} {:>12} {:>10}",
            "process", "CPU s", "us an event", "peak MiB"
        )];
        for used in &self.services {
            let us = self.us_per_event(used.cpu_s);
            lines.push(format!(
                "{:18} {:>8.2} {us:>12.1} {:>10.1}",
                used.name, used.cpu_s, used.peak_mib
            ));
        }
        for (name, seconds) in &self.servers {
            lines.push(format!(
                "{name:18} {seconds:>8.2} {:>12.1} {:>10}",
                self.us_per_event(*seconds),
                ""
            ));
        }
        lines.push(format!(
            "{:.1} s in all, {:.1} s of them sending; the database grew {:.0} KiB per 1,000 events",
            self.seconds,
            self.sending,
            self.growth_kib_per_1000()
        ));
        lines
    }
}
